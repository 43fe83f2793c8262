"""What systemd hears, over a real datagram socket: ready, stopping, alive; and what happens where nobody listens."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.notify import READY, keep_alive, notify, watchdog_s


class Systemd:
    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(5)

    def hears(self) -> str:
        return self._socket.recv(1024).decode()

    def nothing_waits(self) -> bool:
        self._socket.setblocking(False)
        try:
            self._socket.recv(1024)
        except BlockingIOError:
            return True
        finally:
            self._socket.settimeout(5)
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "notify")


@pytest.fixture
def systemd(path: str) -> Iterator[Systemd]:
    found = Systemd(path)
    yield found
    found.close()


def test_a_state_arrives_as_one_datagram(systemd: Systemd, path: str) -> None:
    assert notify(READY, {"NOTIFY_SOCKET": path})
    assert systemd.hears() == "READY=1"
    assert systemd.nothing_waits()


def test_a_socket_without_a_file_is_found_too() -> None:
    name = f"integra-test-{os.getpid()}"
    systemd = Systemd(f"\0{name}")
    try:
        assert notify(READY, {"NOTIFY_SOCKET": f"@{name}"})
        assert systemd.hears() == "READY=1"
    finally:
        systemd.close()


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234"])
def test_where_nobody_asked_nobody_is_told(address: str) -> None:
    assert not notify(READY, {"NOTIFY_SOCKET": address})
    assert not notify(READY, {})


def test_a_listener_that_is_gone_or_full_does_not_hold_up_the_assistant(systemd: Systemd, path: str) -> None:
    assert not notify(READY, {"NOTIFY_SOCKET": path + "-gone"})
    told = 0
    while notify(READY, {"NOTIFY_SOCKET": path}):
        told += 1
        assert told < 100_000
    assert told > 0


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_a_sign_of_life_is_expected_as_systemd_says(environment: dict[str, str], expected: float | None) -> None:
    assert watchdog_s(environment) == expected


async def test_signs_of_life_come_twice_as_often_as_expected_and_only_from_the_living(
    systemd: Systemd, path: str
) -> None:
    environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "60000000"}
    lives = [True, False, True]
    waits: list[float] = []
    done = asyncio.Event()

    async def alive() -> bool:
        return lives.pop(0)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if not lives:
            done.set()
            await asyncio.Event().wait()

    keeping = asyncio.create_task(keep_alive(alive, environment, sleep))
    await asyncio.wait_for(done.wait(), 5)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert waits == [30.0, 30.0, 30.0]
    assert [systemd.hears(), systemd.hears()] == ["WATCHDOG=1", "WATCHDOG=1"]
    assert systemd.nothing_waits()


async def test_without_a_watchdog_it_ends_at_once() -> None:
    async def alive() -> bool:
        raise AssertionError("nobody asked")

    await asyncio.wait_for(keep_alive(alive, {}), 5)
