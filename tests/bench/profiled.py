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
from collections.abc import Callable
from pathlib import Path

from bot.cli import main
from storage.store import Store

SHOWN = 45


def shares(name: str, *profiles: cProfile.Profile) -> str:
    out = io.StringIO()
    stats = pstats.Stats(*profiles, stream=out)
    for order in ("cumulative", "tottime"):
        stats.sort_stats(order).print_stats(SHOWN)
    return f"==== {name}\n{out.getvalue()}"


def run(out: Path, arguments: list[str]) -> None:
    here, writers = cProfile.Profile(time.thread_time), list[cProfile.Profile]()

    def under_a_profiler(write: Callable[[Store], None]) -> Callable[[Store], None]:
        def written(store: Store) -> None:
            writers.append(cProfile.Profile(time.thread_time))
            writers[-1].runcall(write, store)

        return written

    for name in ("_write", "_write_one_by_one"):
        setattr(Store, name, under_a_profiler(getattr(Store, name)))
    sys.argv = ["integra", *arguments]
    try:
        here.runcall(main)
    except SystemExit:
        pass
    finally:
        out.write_text(shares("event loop", here) + shares("store", *writers))


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
