"""HTTP to one address: what it does not do, and when it stops. Real sockets, real TLS."""

import asyncio
import logging
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from fault_proxy import Fault, FaultProxy, drip, endless, fault_proxy, half, lose, reset, silent, status
from ports import free_port

from storage.errors import BadInstallation
from storage.sync.answers import unanswered
from storage.sync.base import Park
from storage.sync.web import Answer, NoAnswer, Web, http_date

SECRET = "token synthetic-secret-5f1e"
WORDS = "Synthetic words that nobody may find elsewhere."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def soon(seconds: float = 5) -> float:
    return asyncio.get_running_loop().time() + seconds


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, host, port, ssl_context=tls).start()
    try:
        yield port
    finally:
        await runner.cleanup()


@asynccontextmanager
async def opened(base: str, **options: object) -> AsyncIterator[Web]:
    made = Web(base, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()


class Kept:
    """What a server was asked."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.requests.append(request)
        return web.Response(text="here")


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def failed(made: Web, until_s: float = 5, **request: object) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        await made.request("POST", "/x", until=soon(until_s), body=WORDS.encode(), **request)  # type: ignore[arg-type]
    return caught.value


@asynccontextmanager
async def broken(fault: Fault) -> AsyncIterator[tuple[Web, FaultProxy]]:
    async with fault_proxy(1) as proxy, opened(f"http://127.0.0.1:{proxy.port}") as made:
        proxy.always = fault
        yield made, proxy


async def test_an_answer_is_what_came(kept: Kept) -> None:
    async with serving(kept.answer) as port, opened(f"http://127.0.0.1:{port}/base/", headers={"X-Key": "1"}) as made:
        answer = await made.request("GET", "/a%20b", until=soon(), query=[("q", "é &")], headers={"X-More": "2"})
    (asked,) = kept.requests
    assert (answer.status, answer.body, answer.fine) == (200, b"here", True)
    assert asked.rel_url.raw_path == "/base/a%20b"
    assert asked.query["q"] == "é &"
    assert (asked.headers["X-Key"], asked.headers["X-More"]) == ("1", "2")
    assert asked.headers["Accept-Encoding"] == "identity"
    assert abs(answer.skew_s(datetime.now(UTC)) or 99) < 5


# 5: bounds


async def test_row_05_an_endless_body_is_cut_at_64_kib() -> None:
    async with broken(endless) as (made, _):
        found = await failed(made)
    assert (found.reason, found.sent) == ("too-long", True)


async def test_row_05_a_slow_drip_meets_the_deadline() -> None:
    async with broken(drip) as (made, _):
        before = asyncio.get_running_loop().time()
        found = await failed(made, 0.3)
        assert asyncio.get_running_loop().time() - before < 10, "it drips for twenty seconds"
    assert (found.reason, found.sent) == ("timeout", True)


async def test_row_05_a_body_of_just_64_kib_is_taken_and_one_byte_more_is_not() -> None:
    async with broken(status(200, body=b"x" * 65_536)) as (made, proxy):
        assert len((await made.request("GET", "/", until=soon())).body) == 65_536
        proxy.always = status(200, body=b"x" * 65_537)
        assert (await failed(made)).reason == "too-long"


async def test_row_05_a_compressed_body_is_not_unpacked() -> None:
    bomb = status(200, "Content-Encoding: gzip", "Content-Type: application/json", body=b"\x1f\x8b" + b"0" * 100)
    async with broken(bomb) as (made, _):
        answer = await made.request("GET", "/", until=soon())
    assert answer.json() is None
    assert len(answer.body) == 102


async def test_row_04_an_answer_that_does_not_come_is_given_up_and_ambiguous() -> None:
    async with broken(silent) as (made, _):
        found = await failed(made, 0.2)
    assert (found.reason, found.sent) == ("timeout", True)


@pytest.mark.parametrize("fault", [lose, reset])
async def test_a_connection_that_ends_is_ambiguous(fault: Fault) -> None:
    async with broken(fault) as (made, proxy):
        assert (await failed(made)).sent
        assert len(proxy.asked) == 1, "asked again by itself"


async def test_half_an_answer_is_ambiguous(kept: Kept) -> None:
    async with (
        serving(kept.answer) as port,
        fault_proxy(port) as proxy,
        opened(f"http://127.0.0.1:{proxy.port}") as made,
    ):
        proxy.faults = [half]
        assert (await failed(made)).sent


async def test_what_never_left_is_not_ambiguous() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async with opened(f"http://127.0.0.1:{free_port()}") as refused:
        assert not (await failed(refused)).sent
    async with opened("https://case.example", lookup=nowhere) as unknown:
        found = await failed(unknown)
    assert (found.reason, found.sent) == ("unresolved", False)


async def test_a_full_queue_of_connections_is_not_ambiguous() -> None:
    """A server whose accept queue is full: the connection is never made."""

    async def slow(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(10)
        return []

    async with opened("https://case.example", lookup=slow) as made:
        found = await failed(made, 0.1)
    assert (found.reason, found.sent) == ("timeout", False)


# 22: TLS


class Authority:
    def __init__(self, folder: Path) -> None:
        self.ca = trustme.CA()
        self.file = folder / "ca.pem"
        self.ca.cert_pem.write_to_path(self.file)

    def server(self, name: str = "localhost", **options: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(name, **options).configure_cert(context)  # type: ignore[arg-type]
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_good_certificate_is_taken_and_its_end_is_told(authority: Authority, kept: Kept) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    async with (
        serving(kept.answer, authority.server(not_after=end)) as port,
        opened(f"https://localhost:{port}", ca_file=authority.file) as made,
    ):
        answer = await made.request("GET", "/", until=soon())
    assert answer.tls_until == end


@pytest.mark.parametrize("flaw", ["expired", "wrong host", "unknown authority"])
async def test_row_22_nothing_is_sent_past_a_bad_certificate(
    flaw: str, authority: Authority, kept: Kept, tmp_path: Path
) -> None:
    server = {
        "expired": lambda: authority.server(
            not_before=datetime.now(UTC) - timedelta(days=9), not_after=datetime.now(UTC) - timedelta(days=1)
        ),
        "wrong host": lambda: authority.server("elsewhere.example"),
        "unknown authority": authority.server,
    }[flaw]()
    (tmp_path / "other").mkdir()
    believed = Authority(tmp_path / "other").file if flaw == "unknown authority" else authority.file
    async with serving(kept.answer, server) as port, opened(f"https://localhost:{port}", ca_file=believed) as made:
        found = await failed(made)
    assert (found.reason, found.sent) == ("certificate", False)
    assert unanswered(found) == Park("certificate", "destination")
    assert kept.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_row_22_nothing_is_sent_over_old_tls(authority: Authority) -> None:
    server = authority.server()
    server.set_ciphers("ALL:@SECLEVEL=0")
    server.minimum_version = server.maximum_version = ssl.TLSVersion.TLSv1
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> str:
            # Not by asyncio, whose server hangs up without the alert that real ones send.
            line, _ = listening.accept()
            with line, pytest.raises(ssl.SSLError) as refused:
                server.wrap_socket(line, server_side=True)
            return str(refused.value.reason)

        answered = asyncio.create_task(asyncio.to_thread(answer))
        async with opened(f"https://localhost:{listening.getsockname()[1]}", ca_file=authority.file) as made:
            found = await failed(made)
        assert "VERSION" in await answered or "PROTOCOL" in await answered
    assert (found.reason, found.sent) == ("tls", False)
    assert unanswered(found) == Park("tls", "destination")


async def test_a_system_that_asks_for_our_certificate_gets_it(authority: Authority, kept: Kept, tmp_path: Path) -> None:
    server = authority.server()
    authority.ca.configure_trust(server)
    server.verify_mode = ssl.CERT_REQUIRED
    ours = tmp_path / "client.pem"
    ours.touch(0o600)
    authority.ca.issue_cert("integra").private_key_and_cert_chain_pem.write_to_path(ours)
    async with serving(kept.answer, server) as port:
        address = f"https://localhost:{port}"
        async with opened(address, ca_file=authority.file, client_file=ours) as made:
            assert (await made.request("GET", "/", until=soon())).fine
        async with opened(address, ca_file=authority.file) as made:
            assert (await failed(made)).reason in ("cut-off", "tls", "refused-connection")
    assert len(kept.requests) == 1
    ours.chmod(0o644)
    with pytest.raises(BadInstallation, match="open to others"):
        Web("https://case.example", client_file=ours)
    ours.chmod(0o600)
    ours.write_text("no certificate")
    with pytest.raises(BadInstallation, match="certificate and its key"):
        Web("https://case.example", client_file=ours)


def test_a_secret_that_cannot_be_a_header_is_refused_without_repeating_it() -> None:
    for secret in ("synthetic\nX-Other: 1", "synthetic é"):
        with pytest.raises(BadInstallation) as caught:
            Web("https://case.example", headers={"Authorization": secret})
        assert "synthetic" not in str(caught.value)


async def test_row_22_a_server_without_tls_gets_nothing(authority: Authority, kept: Kept) -> None:
    async with serving(kept.answer) as port, opened(f"https://localhost:{port}", ca_file=authority.file) as made:
        assert not (await failed(made)).sent
    assert kept.requests == []


def test_plain_http_is_for_this_machine_alone() -> None:
    for address in ("http://case.example/", "http://10.0.0.1/", "ftp://case.example", "case.example", ""):
        with pytest.raises(BadInstallation):
            Web(address, networks=["10.0.0.0/8"])
    for secret in ("https://user:pass@case.example", "https://case.example/?key=hunter2"):
        with pytest.raises(BadInstallation) as caught:
            Web(secret)
        assert "pass" not in str(caught.value).replace("password", "")
        assert "hunter2" not in str(caught.value)


# 23: redirects


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_row_23_a_redirect_is_not_followed(code: int, kept: Kept) -> None:
    async with serving(kept.answer) as trap:
        place = f"Location: http://127.0.0.1:{trap}/steal"
        async with broken(status(code, place)) as (made, _):
            answer = await made.request(
                "POST", "/", until=soon(), body=WORDS.encode(), headers={"Authorization": SECRET}
            )
    assert answer.status == code
    assert kept.requests == []


# 24: addresses


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "127.0.0.1", "::1", "64:ff9b::7f00:1", "10.0.0.1", "::ffff:127.0.0.1"]
)
async def test_row_24_a_name_that_leads_inside_is_refused(address: str, kept: Kept) -> None:
    async def inside(host: str, port: int) -> Sequence[str]:
        return [address]

    async with serving(kept.answer) as port, opened(f"https://case.example:{port}", lookup=inside) as made:
        found = await failed(made)
    assert (found.reason, found.sent) == ("address", False)
    assert unanswered(found) == Park("address", "destination")
    assert kept.requests == []


async def test_row_24_the_address_that_was_checked_is_the_one_that_is_used(kept: Kept) -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with serving(kept.answer) as port, opened(f"http://localhost:{port}", lookup=rebinding) as made:
        assert (await made.request("GET", "/", until=soon())).fine
        assert asked == ["localhost"]
        assert (await failed(made)).reason == "address", "each connection is checked anew"
    assert len(kept.requests) == 1


async def test_row_24_among_several_addresses_only_the_allowed_are_used(kept: Kept) -> None:
    async def mixed(host: str, port: int) -> Sequence[str]:
        return ["169.254.169.254", "93.184.215.14", "127.0.0.1"]

    async with serving(kept.answer) as port, opened(f"http://localhost:{port}", lookup=mixed) as made:
        assert (await made.request("GET", "/", until=soon())).fine


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "[::ffff:7f00:1]", "2130706433", "0x7f.1", "127.1"])
def test_row_24_addresses_inside_are_refused_before_anything_starts(host: str) -> None:
    with pytest.raises(BadInstallation):
        Web(f"https://{host}/")


def test_a_listed_private_network_is_allowed() -> None:
    Web("https://10.3.0.9/", networks=["10.3.0.0/16"])
    with pytest.raises(BadInstallation):
        Web("https://10.4.0.9/", networks=["10.3.0.0/16"])


# 25: the environment


async def test_row_25_proxies_and_netrc_are_ignored(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = Kept()
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login thief password synthetic\ndefault login t password s\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with serving(trap.answer) as trap_port, serving(kept.answer) as port:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{trap_port}")
        async with opened(f"http://127.0.0.1:{port}") as made:
            assert (await made.request("GET", "/", until=soon())).fine
    assert trap.requests == []
    assert "Authorization" not in kept.requests[0].headers


async def test_no_cookie_is_kept(kept: Kept) -> None:
    async with broken(status(200, "Set-Cookie: a=b; Path=/")) as (made, proxy):
        await made.request("GET", "/", until=soon())
        await made.request("GET", "/", until=soon())
    assert b"cookie" not in proxy.asked[1].head.lower()


# 36: the clock


def test_row_36_the_date_header_tells_how_far_the_clocks_are_apart() -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert Answer(200, {"date": "Mon, 23 Nov 2026 12:10:00 GMT"}, b"").skew_s(now) == 600
    assert Answer(200, {"date": "once upon a time"}, b"").skew_s(now) is None
    assert Answer(200, {}, b"").skew_s(now) is None
    assert http_date("Mon, 23 Nov 2026 12:10:00 -0000") == now + timedelta(minutes=10)


# 51: nothing leaks


@pytest.mark.parametrize("fault", [lose, reset, endless, status(500, body=WORDS.encode()), silent])
async def test_row_51_no_word_and_no_secret_stands_in_an_error_or_a_log(
    fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with fault_proxy(1) as proxy:
        proxy.always = fault
        async with opened(f"http://127.0.0.1:{proxy.port}", headers={"Authorization": SECRET}) as made:
            try:
                said = repr(await made.request("POST", "/", until=soon(0.3), body=WORDS.encode()))
            except NoAnswer as error:
                said = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)
            said += repr(made) + caplog.text
    assert WORDS not in said
    assert SECRET not in said
    assert "127.0.0.1" not in said
