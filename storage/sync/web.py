"""HTTP to one address that the operator wrote down, and to no other.

    request ──▶ resolve ──▶ is it allowed? ──▶ connect to that address ──▶ TLS ──▶ Answer, or NoAnswer

No redirects, no proxies, no .netrc, no cookies, no compression. TLS 1.2 or newer always, but for this machine itself.
Each request has a connection of its own: one that the other side closed meanwhile would leave open whether a note
arrived. What comes back is bounded in bytes and in time, whatever the other side does. Nothing is logged; errors are
codes.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_network
from pathlib import Path
from socket import AF_INET, AF_INET6, AF_UNSPEC, SOCK_STREAM, AddressFamily
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from storage.errors import BadInstallation, StorageError
from storage.sync.addresses import Network, is_host, is_loopback, literal, may_connect
from storage.sync.settings import read_secret

CONNECT_S: Final = 5.0
SILENT_S: Final = 30.0
"""The longest wait for the next byte."""

MOST_BYTES: Final = 64 * 1024
"""Of an answer's body."""

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host name's addresses; raises ``OSError`` where there are none."""


class NoAnswer(StorageError):
    """
    Attributes:
        reason: ``unresolved``, ``refused-connection``, ``timeout``, ``cut-off``, ``too-long``, ``not-http``,
            ``certificate``, ``tls``, ``address``.
        sent: something may have reached the other side.
    """

    code = "sync.no-answer"

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Attributes:
        headers: names in lower case.
        tls_until: when the other side's certificate ends; None without TLS.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    tls_until: datetime | None = None

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """What the body says; None where it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def skew_s(self, now: datetime) -> float | None:
        """Their clock less ``now``, by the ``Date`` header, which knows seconds."""
        at = http_date(self.headers.get("date", ""))
        return None if at is None else (at - now).total_seconds()


def http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def base_url(text: str, networks: Sequence[Network] = ()) -> URL:
    """The address of a system, checked; without a slash at the end.

    Raises:
        ValueError: with what is wrong; it repeats nothing of the address, which may carry a password by mistake.
    """
    try:
        url = URL(text)
        host, port = url.raw_host or "", url.port
    except (ValueError, TypeError):
        raise ValueError("is no address (https://host/path)") from None
    if url.user is not None or url.password is not None or url.query_string or url.fragment:
        raise ValueError("has no user, password, query or fragment; secrets come from files")
    if not is_host(host) or not port:
        raise ValueError("names no host by its name or address")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise ValueError("begins with https://; http:// is for this machine alone")
    if literal(host) is not None and not may_connect(host, loopback=is_loopback(host), networks=networks):
        raise ValueError("is in a network that is private or never allowed; list private ones under networks")
    return url.with_path(url.path.rstrip("/"))


async def look_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, family=AF_UNSPEC, type=SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class _Forbidden(OSError):
    """The name resolved, but to nothing that is allowed."""


class _Checked(AbstractResolver):
    """Resolves once a connection and gives only what is allowed, as numbers: nothing is looked up again."""

    def __init__(self, lookup: Lookup, loopback: bool, networks: Sequence[Network]) -> None:
        self._lookup, self._loopback, self._networks = lookup, loopback, networks

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        found = await self._lookup(host, port)
        allowed = [one for one in found if may_connect(one, loopback=self._loopback, networks=self._networks)]
        if found and not allowed:
            raise _Forbidden
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=AF_INET6 if ":" in one else AF_INET, proto=0, flags=0
            )
            for one in allowed
        ]

    async def close(self) -> None:
        """Holds nothing."""


class Web:
    """
    Args:
        base: where the system is, see ``base_url``; every request goes below it.
        headers: with every request, credentials among them.
        ca_file: the certificates to believe instead of the machine's, PEM.
        client_file: our own certificate and its key, PEM, for systems that ask for one.
        networks: private networks it may be in.
        lookup: resolves names.

    Raises:
        BadInstallation: the address is none, a file cannot be read, or a header is no plain text.
    """

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        client_file: Path | None = None,
        networks: Sequence[str] = (),
        lookup: Lookup = look_up,
    ) -> None:
        try:
            listed = [ip_network(one) for one in networks]
            self._base = base_url(base, listed)
        except ValueError as wrong:
            raise BadInstallation(f"the address of a destination {wrong}") from None
        self._headers = dict(headers or {})
        if not all(value.isascii() and value.isprintable() for value in self._headers.values()):
            raise BadInstallation("a secret for a destination holds more than plain letters, digits and signs")
        self._resolver = _Checked(lookup, is_loopback(self._base.raw_host or ""), listed)
        self._tls = _tls(ca_file, client_file) if self._base.scheme == "https" else None
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        until: float,
        query: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """Ask once; a read that gets no answer is asked twice (aiohttp does so with GET, OPTIONS and PUT).

        Args:
            path: below the base, quoted already, perhaps with a query; begins with a slash, or is empty.
            until: by when it must be over, in the loop's time.

        Raises:
            NoAnswer: see there.
        """
        url = URL(str(self._base) + path, encoded=True)
        if query:
            url = url.with_query(query)
        mark = SimpleNamespace(connected=False)
        failed: NoAnswer
        try:
            async with (
                asyncio.timeout_at(until),
                self._opened().request(
                    method,
                    url,
                    data=body,
                    headers={**self._headers, **(headers or {})},
                    allow_redirects=False,
                    trace_request_ctx=mark,
                ) as response,
            ):
                tls_until = _tls_until(response)
                kept = {name.lower(): value for name, value in response.headers.items()}
                content = await _bounded(response, most_bytes)
                return Answer(response.status, kept, content, tls_until)
        except NoAnswer as error:
            failed = error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            failed = _ours(error, mark.connected)
        raise failed

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(_connected)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self._resolver, use_dns_cache=False, force_close=True, ssl=self._tls or True, limit=8
                ),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity", "User-Agent": "integra"},
                response_class=_Response,
                auto_decompress=False,
                trust_env=False,
                trace_configs=[trace],
            )
        return self._session


async def _connected(session: object, context: SimpleNamespace, parameters: object) -> None:
    context.trace_request_ctx.connected = True


async def _bounded(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    parts, length = [], 0
    async for part in response.content.iter_any():
        length += len(part)
        if length > most_bytes:
            response.close()
            raise NoAnswer("too-long", sent=True)
        parts.append(part)
    return b"".join(parts)


def _no_password() -> str:
    """Instead of a question at the terminal."""
    raise ValueError


def _tls(ca_file: Path | None, client_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise BadInstallation(f"{ca_file} cannot be read as certificates (PEM)") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if client_file is not None:
        read_secret(client_file)  # refused unless it is the owner's alone
        try:
            context.load_cert_chain(client_file, password=_no_password)
        except (OSError, ValueError):
            raise BadInstallation(f"{client_file} should hold a certificate and its key, unlocked (PEM)") from None
    return context


class _Response(aiohttp.ClientResponse):
    """Remembers the certificate; a short answer has given back its connection by the time it can be asked."""

    shown: Any = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        self.shown = connection.transport.get_extra_info("peercert") if connection.transport is not None else None
        return await super().start(connection)


def _tls_until(response: aiohttp.ClientResponse) -> datetime | None:
    if not isinstance(response, _Response) or not response.shown:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(response.shown["notAfter"]), UTC)


def _ours(error: Exception, connected: bool) -> NoAnswer:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return NoAnswer("certificate", sent=False)
        case aiohttp.ClientConnectorSSLError():
            cut = isinstance(error.os_error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError))
            return NoAnswer("refused-connection" if cut else "tls", sent=False)
        case aiohttp.ClientConnectorDNSError():
            return NoAnswer("address" if isinstance(error.os_error, _Forbidden) else "unresolved", sent=False)
        case aiohttp.ClientConnectorError():
            return NoAnswer("refused-connection", sent=False)
        case TimeoutError():
            return NoAnswer("timeout", sent=connected)
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return NoAnswer("not-http" if isinstance(error, aiohttp.ClientResponseError) else "cut-off", sent=connected)
        case _:
            return NoAnswer("cut-off", sent=connected)
