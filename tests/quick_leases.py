"""`integra`, with leases of two seconds instead of thirty, and what a test asks for in the environment.

GATE: a socket. Before a turn decides, it says whose turn it is there, and goes on when it is answered.
CLOCK_AHEAD_S: so many seconds the clock of this process is ahead of everybody's.
IDLE_S: so long a transaction may stand still on a server.
"""

import os
import socket
import sys
from datetime import datetime, timedelta
from typing import Any

from bot import clock

system_clock = clock.system_clock


def ahead() -> datetime:
    return system_clock() + timedelta(seconds=float(os.environ["CLOCK_AHEAD_S"]))


if "CLOCK_AHEAD_S" in os.environ:
    clock.system_clock = ahead  # before anybody takes it from there

from bot.cli import main  # noqa: E402
from dialogues import desk  # noqa: E402
from storage import leases, postgres  # noqa: E402

leases.LASTS = timedelta(seconds=2)  # type: ignore[misc]
leases.RENEW_EVERY_S = 0.5  # type: ignore[misc]
if "IDLE_S" in os.environ:
    postgres.OPTIONS = postgres.OPTIONS.replace(f"={postgres.IDLE_S}s", f"={os.environ['IDLE_S']}s")  # type: ignore[misc]
advance = desk.advance


def gated(floor: Any, event: Any, scene: Any) -> Any:
    with socket.socket(socket.AF_UNIX) as gate:
        gate.connect(os.environ["GATE"])
        gate.sendall(f"{scene.person.handle}\n".encode())
        gate.recv(1)
    return advance(floor, event, scene)


if "GATE" in os.environ:
    desk.advance = gated

if __name__ == "__main__":
    sys.exit(main())
