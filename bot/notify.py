"""Tells systemd how the service is: started, stopping, alive. Does nothing where nobody asked (sd_notify(3)).

A service of ``Type=notify`` counts as started with ``READY=1``; with ``WatchdogSec=`` it is killed and started again
when ``WATCHDOG=1`` stays away, which is what happens when the event loop no longer comes round.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from bot.logs import failure

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
ALIVE: Final = "WATCHDOG=1"

Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger()


def notify(state: str, environment: Mapping[str, str] = os.environ) -> bool:
    """
    Returns:
        Whether somebody was told. That it could not be told does not stop the assistant.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told:
            told.setblocking(False)  # a socket that nobody empties must not hold up the assistant
            told.connect(address.replace("@", "\0", 1) if address.startswith("@") else address)
            told.send(state.encode())
    except OSError as failed:
        log.warning("notify.failed", **failure(failed))
        return False
    return True


def watchdog_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds within which a sign of life is expected from this process; None: nobody expects any."""
    asked, whom = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not asked.isdecimal() or int(asked) == 0 or whom not in ("", str(os.getpid())):
        return None
    return int(asked) / 1_000_000


async def keep_alive(
    alive: Callable[[], Awaitable[bool]],
    environment: Mapping[str, str] = os.environ,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Give signs of life, twice as often as expected, for as long as ``alive`` says so; until cancelled."""
    expected_s = watchdog_s(environment)
    if expected_s is None:
        return
    while True:
        if await alive():
            notify(ALIVE, environment)
        await sleep(expected_s / 2)
