"""What connectors that speak HTTP share: their settings, one question and its answer, and what a probe reads off it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationInfo, field_validator

from storage.errors import StorageError
from storage.sync.answers import Look, judged, unanswered
from storage.sync.base import DeliveryRef, Finding, Health, Park, Reject, Remote, Retry, Unanswered
from storage.sync.settings import Destination
from storage.sync.web import MOST_BYTES, Answer, NoAnswer, Web, base_url

PROBE_S: Final = 30.0


class WebDestination(Destination):
    """
    Attributes:
        url: https; http for this machine alone. The one address that is connected to.
        ca_file: certificates to believe instead of the machine's (PEM).
        client_file: our own certificate and its key (PEM), where the system asks for one.
        networks: private networks it may be in, ``10.3.0.0/16``; without, only public addresses are connected to.
    """

    networks: tuple[str, ...] = ()
    url: str
    ca_file: Path | None = None
    client_file: Path | None = None

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for one in networks:
                ip_network(one)
        except ValueError:
            raise ValueError("each is written like 10.3.0.0/16") from None
        return networks

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str, info: ValidationInfo) -> str:
        base_url(url, [ip_network(one) for one in info.data.get("networks", ())])
        return url

    def where(self) -> str:
        return self.url

    def web(self, headers: Mapping[str, str] | None = None) -> Web:
        """
        Args:
            headers: with every request, credentials among them.

        Raises:
            BadInstallation: a file cannot be read.
        """
        return Web(
            self.url, headers=headers, ca_file=self.ca_file, client_file=self.client_file, networks=self.networks
        )


class Settled(StorageError):
    """No answer of 2xx.

    Attributes:
        outcome: what that means for a delivery.
        look: 409 or 412: something of this id may be there, and ``find`` decides; ``outcome`` if it finds nothing.
        answer: what came, if anything.
    """

    code = "sync.settled"

    def __init__(self, outcome: Retry | Park | Reject, *, look: bool = False, answer: Answer | None = None) -> None:
        super().__init__("settled")
        self.outcome = outcome
        self.look = look
        self.answer = answer

    def after_writing(self, made: str = "") -> Retry | Park | Reject:
        """An earlier question of the same delivery may have made a record, or did: ``made``."""
        return replace(self.outcome, ambiguous=True, made=made)

    def reading(self) -> Retry | Park:
        """What was asked was no delivery: nobody's note is to blame."""
        if isinstance(self.outcome, Retry):
            return replace(self.outcome, ambiguous=False, made="")
        return Park(self.outcome.reason, "destination")


class Exchange:
    """One system, asked and judged."""

    def __init__(self, web: Web, clock: Callable[[], datetime]) -> None:
        self._web, self._clock = web, clock

    async def ask(
        self,
        method: str,
        path: str,
        *,
        until: float,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
        unknown: str = "",
    ) -> Answer:
        """An answer of 2xx. Arguments: as of ``Web.request`` and ``answers.judged``.

        Raises:
            Settled: any other answer, or none.
        """
        try:
            answer = await self._web.request(
                method, path, until=until, query=query, body=body, headers=headers, most_bytes=most_bytes
            )
        except NoAnswer as failed:
            settled = Settled(unanswered(failed))
        else:
            verdict = judged(answer, self._clock(), unknown=unknown)
            if verdict is None:
                return answer
            if isinstance(verdict, Look):
                settled = Settled(Retry(f"http-{answer.status}", ambiguous=True), look=True, answer=answer)
            else:
                settled = Settled(verdict, answer=answer)
        raise settled

    async def close(self) -> None:
        await self._web.close()

    async def health(self, look: Callable[[float], Awaitable[tuple[Answer, Sequence[Finding]]]]) -> Health:
        """
        Args:
            look: asks what shows that a delivery would get through, until then; its last answer, and what it saw.
        """
        try:
            answer, findings = await look(asyncio.get_running_loop().time() + PROBE_S)
        except Settled as settled:
            trouble = settled.reading()
            said = Finding("trouble", trouble.reason, MEANINGS.get(trouble.reason, OTHERWISE))
            if settled.answer is None:
                return Health((said,), trouble)
            return self._health(settled.answer, [said], trouble)
        except ODD:
            return Health((Finding("trouble", "not-json", OTHERWISE),), Retry("not-json"))
        wrong = next((one for one in findings if one.level == "trouble"), None)
        return self._health(answer, findings, Park(wrong.code, "destination") if wrong else None)

    def _health(self, answer: Answer, findings: Sequence[Finding], trouble: Retry | Park | None) -> Health:
        return Health(tuple(findings), trouble, answer.skew_s(self._clock()), answer.tls_until)


OTHERWISE: Final = "it answered in a way that lets nothing through; ask who runs it"
MEANINGS: Final[Mapping[str, str]] = {
    "unresolved": "its name is not known; check url, and this machine's name server",
    "refused-connection": "nobody listens at that address; check url, ask who runs it, check the firewall",
    "timeout": "it did not answer in time; ask who runs it",
    "cut-off": "it ended the connection without an answer; ask who runs it",
    "certificate": "its certificate is not valid (expired, another name, or signed by nobody we believe); "
    "nothing is sent. Ask who runs it; for a private authority set ca_file",
    "tls": "it speaks no TLS 1.2 or newer; nothing is sent. Ask who runs it",
    "address": "its name leads to an address that is private or never allowed; list private networks under networks",
    "redirect": "it sends us on to another address, which is not followed; set url to where it really is",
    "credentials": "it does not accept our credentials; make new ones there and put them into their file",
    "forbidden": "it knows us but does not let us: a right is missing, or the queue is switched off",
    "no-such-address": "it has nothing at that address; check url",
    "no-receipt": 'it answers without a receipt; see docs/formats/webhook.md, or set receipt = "status"',
    "no-lookup": "it cannot be asked what it holds; set lookup = true where the receiver can list it",
    "switched-off": "it says that this interface is gone for good; ask who runs it",
}


ODD: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What comes of reading JSON that is other than it should be."""


@asynccontextmanager
async def reading() -> AsyncIterator[None]:
    """What ``find``, ``list_since`` and ``retire_duplicate`` do inside raises ``Unanswered`` for any trouble there."""
    failed: Unanswered
    try:
        yield
        return
    except Settled as settled:
        failed = Unanswered(settled.reading())
    except ODD:
        failed = Unanswered(Retry("not-json"))
    raise failed


def as_of(ref: DeliveryRef, remote: Remote) -> Remote:
    """What is said of a version by a record that has gone on to a later one: that it was there, and no hash."""
    return remote if remote.version == ref.version else replace(remote, version=ref.version, payload_sha256="")


def members(answer: Answer) -> dict[str, Any]:
    """The JSON object that an answer is.

    Raises:
        Settled: it is none: half an answer, or the page of a proxy.
    """
    found = answer.json()
    if not isinstance(found, dict):
        raise Settled(Retry("not-json", ambiguous=True))
    return found
