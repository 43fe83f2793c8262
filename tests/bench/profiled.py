"""Run a command of the assistant under a profiler of CPU time, for ``turns.py --profile``.

    python profiled.py OUT run --data DIR --token-file F

Each thread has a profile of its own, by the thread's CPU clock, so that waiting counts nothing. A profiler makes Python
code look dearer against C code than it is: read the order, not the digits.
"""

import cProfile
import io
import pstats
import sys
import time
from pathlib import Path

from bot.cli import main
from storage.store import Store

SHOWN = 45


def shares(name: str, profile: cProfile.Profile) -> str:
    out = io.StringIO()
    stats = pstats.Stats(profile, stream=out)
    for order in ("cumulative", "tottime"):
        stats.sort_stats(order).print_stats(SHOWN)
    return f"==== {name}\n{out.getvalue()}"


def run(out: Path, arguments: list[str]) -> None:
    here, writer = cProfile.Profile(time.thread_time), cProfile.Profile(time.thread_time)
    write = Store._write
    setattr(Store, "_write", lambda store: writer.runcall(write, store))  # noqa: B010  a method, put in place of one
    sys.argv = ["integra", *arguments]
    try:
        here.runcall(main)
    except SystemExit:
        pass
    finally:
        out.write_text(shares("event loop", here) + shares("store", writer))


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
