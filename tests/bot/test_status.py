"""The status address over real sockets: what it says, where it may be, and how a process tells of its start and end."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bot_process import process
from bot_site import Desk
from fake_telegram import TOKEN, FakeTelegram
from ports import free_port
from whole_job import CANARY, CASE, CHATS, COORDINATOR, HANDLE, HIDDEN

from bot import logs
from bot.clock import system_clock
from bot.health import Health
from bot.status import Address, Status, StatusError
from bot.trial import Trial
from storage import heartbeat, outbox


async def get(url: str, method: str = "GET") -> tuple[int, str, str]:
    """Status, body, type of the answer."""
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return answer.status, await answer.text(), answer.headers.get("Content-Type", "")


@pytest.fixture
async def status(desk: Desk) -> AsyncIterator[Status]:
    health = Health(desk.app, desk.site.store, desk.site.trial.installation.keyring)
    health.started = True
    await desk.app.timers.run_due()
    status = Status(Address("127.0.0.1", 0), health, desk.app.metrics)
    await status.start()
    yield status
    await status.stop()


# ---------------------------------------------------------------- where


@pytest.mark.parametrize(
    ("text", "public", "url"),
    [
        ("127.0.0.1:9090", False, "http://127.0.0.1:9090"),
        ("127.8.0.1:1", False, "http://127.8.0.1:1"),
        ("localhost:9090", False, "http://127.0.0.1:9090"),
        ("[::1]:65535", False, "http://[::1]:65535"),
        ("0.0.0.0:9090", True, "http://0.0.0.0:9090"),
        ("[::]:9090", True, "http://[::]:9090"),
        ("192.0.2.7:9090", True, "http://192.0.2.7:9090"),
    ],
)
def test_addresses_that_will_do(text: str, public: bool, url: str) -> None:
    assert Address.read(text, public=public).url == url


@pytest.mark.parametrize("text", ["0.0.0.0:9090", "[::]:9090", "10.1.2.3:9090", "192.168.1.1:9090", "[fe80::1]:9090"])
def test_an_address_that_others_reach_is_refused_unless_it_is_said(text: str) -> None:
    with pytest.raises(StatusError, match="--status-public"):
        Address.read(text)


@pytest.mark.parametrize(
    "text", ["", "9090", ":9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:٣", "host:1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(StatusError, match="such as 127"):
        Address.read(text, public=True)


async def test_an_address_that_is_taken_is_told_with_a_remedy(status: Status) -> None:
    other = Status(status.address, status._health, status._metrics)
    with pytest.raises(StatusError, match="name another address"):
        await other.start()


# ---------------------------------------------------------------- what


async def test_it_says_that_it_lives_and_that_it_works(status: Status) -> None:
    alive = await get(f"{status.address.url}/healthz")
    assert (alive[0], json.loads(alive[1])) == (200, {"alive": True})
    code, body, kind = await get(f"{status.address.url}/readyz")
    checks = dict.fromkeys(("database", "outbox", "content", "keys", "timers", "channel"), True)
    assert (code, json.loads(body)) == (200, {"ready": True, "started": True, "stopping": False, "checks": checks})
    assert kind.startswith("application/json")
    code, body, kind = await get(f"{status.address.url}/metrics")
    assert (code, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "\nintegra_outbox_waiting 0.0\n" in body


async def test_what_does_not_work_is_named_with_503_and_it_still_lives(status: Status, desk: Desk) -> None:
    desk.console.ear.deaf()
    code, body, _ = await get(f"{status.address.url}/readyz")
    assert (code, json.loads(body)["ready"]) == (503, False)
    assert [name for name, good in json.loads(body)["checks"].items() if not good] == ["channel"]
    assert (await get(f"{status.address.url}/healthz"))[0] == 200


async def test_it_is_not_ready_from_the_moment_it_stops(status: Status) -> None:
    assert (await get(f"{status.address.url}/readyz"))[0] == 200
    status._health.stopping = True
    code, body, _ = await get(f"{status.address.url}/readyz")
    assert (code, json.loads(body)["stopping"]) == (503, True)


async def test_nothing_else_is_there(status: Status) -> None:
    assert (await get(f"{status.address.url}/"))[0] == 404
    assert (await get(f"{status.address.url}/metrics/x"))[0] == 404
    for method in ("POST", "PUT", "DELETE"):
        assert (await get(f"{status.address.url}/readyz", method))[0] == 405


async def test_the_watchdog_is_fed_only_while_it_answers(status: Status) -> None:
    assert await status.answers()
    await status.stop()
    assert not await status.answers()


# ---------------------------------------------------------------- a process of its own


class Supervisor:
    """The other end of NOTIFY_SOCKET: what the process told, in order."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.told: list[str] = []

    async def hears(self, state: str, within: float = 40.0) -> None:
        async with asyncio.timeout(within):
            while state not in self.told:
                self.told.append((await asyncio.get_running_loop().sock_recv(self._socket, 256)).decode())

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    found = Supervisor(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    yield found
    found.close()


def served_at(trial: Trial, also: str = "") -> str:
    port = free_port()
    (trial.installation.folder / "settings.toml").write_text(f'status = "127.0.0.1:{port}"\n{also}')
    return f"http://127.0.0.1:{port}"


async def test_a_process_tells_how_it_is_from_start_to_end_and_tells_nothing_else(
    site: Any, trial: Trial, supervisor: Supervisor
) -> None:
    """A whole job; then a stop while a message cannot leave: it still does, and a second signal cuts nothing off."""
    site.enrol("telegram", CHATS[1], "coordinator", COORDINATOR)
    site.enrol("telegram", CHATS[0], "officer", HANDLE)
    token = site.invite(at=system_clock())
    refs = [ref.hex() for table in ("people", "agencies", "addresses") for (ref,) in site.rows(table, "ref")]
    site.close()
    url = served_at(trial)
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        robin = telegram.person(int(CHATS[0]), started=True, first_name=CANARY)
        coordinator = telegram.person(int(CHATS[1]), started=True)
        await bot.start()
        await supervisor.hears("READY=1")
        await supervisor.hears("WATCHDOG=1")
        robin.writes("/menu")
        await robin.hears("What do you need?", within=20)
        robin.presses("Quick note (3 taps)")
        await robin.hears("What happened?", within=20)
        robin.writes(f"{CASE} said {CANARY} in the yard.")
        await robin.hears("1 in this part", within=20)
        robin.presses("Flag: today")
        await robin.hears("This will be sealed", within=20)
        robin.presses("✔ Log it")
        await robin.hears("Reference ", within=20)
        await coordinator.hears("A flag waits", within=20)
        telegram.fail_next("sendMessage", status=400, description=f"Bad Request: {CANARY}")
        robin.writes(f"/frobnicate {CANARY}")
        await telegram.confirmed()
        shown = "".join([(await get(f"{url}/{page}"))[1] for page in ("healthz", "readyz", "metrics")])

        for _ in range(200):
            if (await get(f"{url}/readyz"))[0] == 200:
                break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("it did not become ready")
        gate = telegram.hold_next("sendMessage")
        robin.writes("/help")
        await gate.reached(20)
        assert bot.running is not None
        bot.running.send_signal(signal.SIGTERM)
        await supervisor.hears("STOPPING=1")
        assert (await get(f"{url}/readyz"))[0] == 503
        bot.running.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert (await get(f"{url}/healthz"))[0] == 200, "it still lives"
        gate.open()
        await robin.hears("What I can do", within=20)
        assert await bot.end(signal.SIGTERM) == 0
    printed = bot.printed.decode()
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line["event"] for line in lines if line["event"] in ("status.served", "started", "stopped")] == [
        "status.served",
        "started",
        "stopped",
    ]
    assert {name for line in lines for name in line} <= logs.ALLOWED
    assert [told for told in supervisor.told if told != "WATCHDOG=1"] == ["READY=1", "STOPPING=1"]
    assert 'integra_turns_total{channel="telegram",kind="wrote",outcome="taken"}' in shown
    for hidden in (*HIDDEN, *CHATS, *refs, token, TOKEN.partition(":")[2], str(trial.folder)):
        assert hidden.lower() not in (shown + printed).lower()
    site.restart()
    assert [one for one in site.within(outbox.waiting) if one.channel == "telegram"] == []
    assert [kind for (kind,) in site.rows("timers", "kind") if kind == heartbeat.KIND] == []


@pytest.mark.sqlite
async def test_a_process_that_telegram_does_not_answer_counts_as_started_and_not_as_ready(
    trial: Trial, supervisor: Supervisor
) -> None:
    """Its log, set to be quieter and in another form, tells of the trouble and of nothing less."""
    url = served_at(trial, 'log_format = "logfmt"\nlog_level = "warning"\n')
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        telegram.fail_next("getMyCommands", status=502, times=None)
        await bot.start()
        await supervisor.hears("READY=1")
        code, body, _ = await get(f"{url}/readyz")
        assert (code, json.loads(body)["checks"]["channel"]) == (503, False)
        assert (await get(f"{url}/healthz"))[0] == 200
        assert await bot.end(signal.SIGINT) == 0
    lines = bot.printed.decode().splitlines()
    assert lines
    assert all(line.startswith("timestamp=20") for line in lines)
    assert [line for line in lines if " level=warning event=telegram.out-of-reach " in line]
    assert not [line for line in lines if "event=started" in line or "event=health.mended" in line]
