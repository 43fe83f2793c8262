"""Any system that takes signed HTTP requests: CloudEvents 1.0, Standard Webhooks. See docs/formats/webhook.md.

    POST url                    one event; 2xx with a receipt (our id and hash) is proof, 409 says what is there
    GET  url/<event id>         what is there under this id            only with ``lookup``
    GET  url?after=…            what is there, in order of change      only with ``lookup``
    OPTIONS url                 a probe

A repeat is harmless because the receiver keeps one record for each event id.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from yarl import URL

from storage.errors import BadInstallation
from storage.sealing.signing import SigningKey
from storage.sync.base import (
    Accepted,
    Caps,
    Delivery,
    DeliveryRef,
    Finding,
    Health,
    Outcome,
    Park,
    Reject,
    Remote,
    RemoteState,
    Sent,
    Unanswered,
    Unsupported,
)
from storage.sync.exchange import Exchange, Settled, WebDestination, members, reading
from storage.sync.given import Given
from storage.sync.settings import read_secret
from storage.sync.signatures import NoKey, Shared, signed, signing_key
from storage.sync.web import Answer

PROBLEM: Final = "urn:integra:problem:"
EVENT_ID: Final = re.compile(r"(?P<note>[0-9a-f]{32})\.v(?P<version>[1-9][0-9]{0,3})")
STATES: Final[Mapping[str, RemoteState]] = {
    "open": "open",
    "closed": "closed",
    "withdrawn": "withdrawn",
    "merged": "merged",
    "gone": "gone",
    "handed-in": "handed-in",
    "refused": "refused",
}
A_PAGE: Final = 100
WITHIN_S: Final = 45.0
MOST_PAGE_BYTES: Final = 256 * 1024


class WebhookDestination(WebDestination):
    """
    Attributes:
        secret_files: each holds a key, ``whsk_…`` or ``whsec_…``; all of them sign. Without any, the key derived from
            the case system's signs; its public half is printed by ``integra sync webhook-key``.
        receipt: ``body``: only an answer that repeats id and hash is proof; ``status``: any 2xx is.
        lookup: the receiver can be asked what it holds.
    """

    kind: Literal["webhook"]
    secret_files: tuple[Path, ...] = ()
    receipt: Literal["body", "status"] = "body"
    lookup: bool = False


class Webhook:
    """See ``storage.sync.base.Connector``."""

    def __init__(
        self,
        settings: WebhookDestination,
        exchange: Exchange,
        keys: Sequence[SigningKey | Shared],
        given: Given,
    ) -> None:
        self._to, self._exchange, self._keys, self._given = settings, exchange, tuple(keys), given
        self._path = URL(settings.url).raw_path.rstrip("/")
        self.caps = Caps(repeat_safety="unique_key", parallel=4, lists=settings.lookup, finds=settings.lookup)

    @property
    def name(self) -> str:
        return self._to.name

    async def probe(self, *, made: str = "") -> Health:
        return await self._exchange.health(self._look)

    async def find(self, ref: DeliveryRef, *, remote_id: str = "") -> Sequence[Remote]:
        if not self._to.lookup:
            raise Unanswered(Park("no-lookup", "destination"))
        async with reading():
            return await self._holding(ref, _until(WITHIN_S))

    async def send(self, deliveries: Sequence[Delivery], *, within_s: float) -> Sequence[Outcome]:
        until = _until(within_s)
        return [await self._one(delivery, until) for delivery in deliveries]

    async def list_since(self, cursor: str | None) -> AsyncIterator[Remote]:
        after = cursor or ""
        while self._to.lookup:
            async with reading():
                answer = await self._get("", (("after", after), ("limit", str(A_PAGE))), _until(WITHIN_S))
                items = members(answer).get("items")
                if not isinstance(items, list):
                    raise Settled(Park("mapping", "destination"))
                remotes = [_remote(item) for item in items]
            for remote in remotes:
                yield remote
            if len(remotes) < A_PAGE or remotes[-1].cursor in ("", after):
                return
            after = remotes[-1].cursor

    async def retire_duplicate(self, keep: Remote, extra: Remote) -> None:
        raise Unsupported("a receiver keeps one record for each id; two are for whoever runs it to look at")

    async def close(self) -> None:
        await self._exchange.close()

    async def _one(self, delivery: Delivery, until: float) -> Outcome:
        key = delivery.ref.key
        headers = {
            **signed(f"msg_{delivery.ref.note_id}_v{delivery.ref.version}", delivery.event, self._keys, self._now()),
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "Idempotency-Key": f'"{key}"',
        }
        try:
            answer = await self._exchange.ask("POST", "", until=until, body=delivery.event, headers=headers)
        except Settled as settled:
            return await self._refused(delivery, settled, until)
        receipt = _receipt(answer, key)
        if self._to.receipt == "status":
            return Accepted(_short(receipt, "remote_id"), _url(receipt), already=receipt.get("already") is True)
        if answer.status == 202:
            return Sent(_short(receipt, "remote_id"))
        if receipt.get("payload_sha256") != delivery.payload_sha256:
            # Somebody else's page blames no note; an answer of the receiver's own to this event does.
            if isinstance(answer.json(), dict):
                return Reject("no-receipt", ambiguous=True)
            return Park("no-receipt", "destination", ambiguous=True)
        return Accepted(_short(receipt, "remote_id"), _url(receipt), already=receipt.get("already") is True)

    async def _refused(self, delivery: Delivery, settled: Settled, until: float) -> Outcome:
        kind = _problem(settled.answer)
        if kind == "unknown-case":
            return Park("unknown-case", "note", 24 * 3600.0)
        if not settled.look:
            return settled.outcome
        there = _receipt(settled.answer, delivery.ref.key)
        hashes = [there["payload_sha256"]] if isinstance(there.get("payload_sha256"), str) else []
        if not hashes and self._to.lookup:
            try:
                found = await self._holding(delivery.ref, until)
            except Settled as failed:
                return failed.after_writing()
            hashes = [one.payload_sha256 for one in found if one.payload_sha256]
        if not hashes:
            return settled.outcome
        if hashes[0] != delivery.payload_sha256:
            return Park("conflict")
        return Accepted(_short(there, "remote_id"), _url(there), already=True)

    async def _holding(self, ref: DeliveryRef, until: float) -> list[Remote]:
        try:
            answer = await self._get(f"/{quote(ref.key)}", (), until)
        except Settled as settled:
            if _problem(settled.answer) == "unknown-event":
                return []
            raise
        return [_remote(members(answer))]

    async def _get(self, path: str, query: Sequence[tuple[str, str]], until: float) -> Answer:
        return await self._asked("GET", path, query, until)

    async def _asked(self, method: str, path: str, query: Sequence[tuple[str, str]], until: float) -> Answer:
        """A request without a body; signed is its method and its target instead."""
        asked = path + (f"?{urlencode(query)}" if query else "")
        content = f"{method} {self._path}{asked}".encode("ascii")
        headers = signed(f"ask_{sha256(content).hexdigest()[:32]}", content, self._keys, self._now())
        return await self._exchange.ask(method, asked, until=until, headers=headers, most_bytes=MOST_PAGE_BYTES)

    async def _look(self, until: float) -> tuple[Answer, Sequence[Finding]]:
        findings: list[Finding] = []
        if self._to.lookup:
            answer = await self._get("", (("after", ""), ("limit", "1")), until)
            if not isinstance(members(answer).get("items"), list):
                findings.append(Finding("trouble", "mapping", "it does not list what it holds; set lookup = false"))
            return answer, [Finding("fine", "reachable", "it answers and takes our signature"), *findings]
        try:
            answer = await self._asked("OPTIONS", "", (), until)
        except Settled as settled:
            if settled.answer is None or settled.answer.status not in (400, 404, 405, 415, 501):
                raise
            return settled.answer, [Finding("warning", "no-probe", "it answers, but cannot be probed without a note")]
        return answer, [Finding("fine", "reachable", "it answers and takes our signature")]

    def _now(self) -> datetime:
        return self._given.clock()


def _remote(item: Any) -> Remote:
    """
    Raises:
        Settled: not an item of this format.
    """
    named = EVENT_ID.fullmatch(str(item.get("id", ""))) if isinstance(item, Mapping) else None
    if named is None:
        raise Settled(Park("mapping", "destination"))
    return Remote(
        remote_id=_short(item, "remote_id"),
        note_id=named["note"],
        version=int(named["version"]),
        payload_sha256=_short(item, "payload_sha256"),
        state=STATES.get(_short(item, "state"), "open"),
        url=_url(item),
        cursor=_short(item, "cursor"),
    )


def _receipt(answer: Answer | None, key: str) -> Mapping[str, Any]:
    """What the answer says of this event; empty where it speaks of another, or of none."""
    found = answer.json() if answer is not None else None
    return found if isinstance(found, Mapping) and found.get("id") == key else {}


def _problem(answer: Answer | None) -> str:
    """The kind of an RFC 9457 problem of ours, or empty."""
    if answer is None or answer.media_type != "application/problem+json":
        return ""
    found = answer.json()
    kind = str(found.get("type", "")) if isinstance(found, Mapping) else ""
    return kind.removeprefix(PROBLEM) if kind.startswith(PROBLEM) else ""


def _short(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) and len(value) <= 200 and value.isprintable() else ""


def _url(item: Mapping[str, Any]) -> str:
    url = _short(item, "url")
    return url if url.startswith("https://") else ""


def _until(within_s: float) -> float:
    return asyncio.get_running_loop().time() + within_s


def open_webhook(settings: WebhookDestination, given: Given) -> Webhook:
    """
    Raises:
        BadInstallation: a key's file, or the certificates', cannot be read.
    """
    keys: list[SigningKey | Shared] = []
    for path in settings.secret_files:
        try:
            keys.append(signing_key(read_secret(path)))
        except NoKey as wrong:
            raise BadInstallation(f"{path}: {wrong}") from None
    return Webhook(settings, Exchange(settings.web(), given.clock), keys or [given.signing], given)
