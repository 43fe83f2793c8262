"""Ports for those who listen, where other processes of the tests look for some as well."""

import os
import socket
from itertools import count

# Below what Linux gives to outgoing connections (32768 and up): none of these takes a port between choice and use.
FIRST, EACH = 10_000, 1_000
_PLACES = 20
UNSAFE = 10_080
"""The one of them that Chromium opens for nobody (net/base/port_util.cc)."""
_next = count(os.getpid() % EACH)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on; none given lately, none of another pytest-xdist worker."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    place = int(worker.removeprefix("gw")) % (_PLACES - 1) if worker else _PLACES - 1
    for number in _next:
        port = FIRST + place * EACH + number % EACH
        if port == UNSAFE:
            continue
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("count() has no end")
