"""`integra`, with leases of two seconds instead of thirty, and a gate in each turn where the test asks for one.

The gate: before a turn decides, it says whose turn it is at the socket named by GATE, and goes on when it is answered.
"""

import os
import socket
import sys
from datetime import timedelta
from typing import Any

from bot.cli import main
from dialogues import desk
from storage import leases

leases.LASTS = timedelta(seconds=2)  # type: ignore[misc]
leases.RENEW_EVERY_S = 0.5  # type: ignore[misc]
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
