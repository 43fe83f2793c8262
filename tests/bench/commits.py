"""Turns a second under ``synchronous=FULL``: one a commit, and many that share one.

    python tests/bench/commits.py [--seconds 3] [--engine postgres]

A turn here is what every update costs at least: de-duplicated, its conversation loaded, the new state sealed and
written. Once on the disk as it is, and with syncs that take 2 and 8 ms longer (``slow_sync.c``, put before the C
library by LD_PRELOAD; needs a C compiler): what sharing gains depends on what a sync costs. Each measurement is a
process of its own. On PostgreSQL it is the server's syncs that take longer, and the server that shares them among the
connections of this process.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import engine

from storage import conversations
from storage.store import MOST_SHARED, Store
from storage.transaction import Transaction

HERE = Path(__file__).parent
NOW = datetime.now(UTC)
STATE = b'{"v":1,"frames":[["home","Home",{}]],"parked":[]}' + b" " * 600
SLOWER_MS = (0, 2, 8)


def turns() -> Callable[[Transaction], None]:
    """A turn to be run again and again, each time as another update."""
    numbers = itertools.count()

    def turn(tx: Transaction) -> None:
        conversations.first_time(tx, "console", str(next(numbers)), at=NOW)
        talk = conversations.load(tx, tx.keyring.address_ref("console", "officer"), at=NOW)
        assert talk is not None
        conversations.move_on(tx, talk, state=STATE, question=talk.question, at=NOW)

    return turn


def alone(store: Store, turn: Callable[[Transaction], None], seconds: float) -> float:
    """Turns a second, each waiting for its own commit."""
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        store.run_now(turn)
        done += 1
    return done / (time.perf_counter() - began)


async def together(store: Store, turn: Callable[[Transaction], None], seconds: float) -> float:
    """Turns a second with as many waiting as may share a commit, twice over."""
    began, done = time.perf_counter(), 0

    async def one_after_another() -> None:
        nonlocal done
        while time.perf_counter() - began < seconds:
            await store.run(turn)
            done += 1

    await asyncio.gather(*(one_after_another() for _ in range(2 * MOST_SHARED)))
    return done / (time.perf_counter() - began)


def measured(chosen: str, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = engine.trial(Path(folder) / "trial", chosen, at=NOW, roles=("officer",)).installation.store()
        try:
            turn = turns()
            single = alone(store, turn, seconds)
            shared = asyncio.run(together(store, turn, seconds))
        finally:
            store.close()
    print(f"{single:14.0f}{shared:14.0f}{shared / single:9.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="One turn a commit, and many that share one.")
    engine.add_option(parser)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        measured(given.engine, given.seconds)
        return
    compiler = shutil.which("cc")
    print("sync slower by   one a commit     shared    ratio   (turns a second)")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "slow_sync.so"
        Path(folder).chmod(0o755)  # a server that is another user's loads it, too
        if compiler is not None:
            subprocess.run([compiler, "-shared", "-fPIC", "-o", library, HERE / "slow_sync.c", "-ldl"], check=True)
        for slower in SLOWER_MS:
            if slower and compiler is None:
                print(f"{slower:4} ms            no C compiler: not measured")
                continue
            print(f"{slower:4} ms         ", end="", flush=True)
            command = [sys.executable, __file__, "--here", "--engine", given.engine, "--seconds", str(given.seconds)]
            more = {"LD_PRELOAD": str(library), "INTEGRA_SYNC_MS": str(slower)} if slower else {}
            subprocess.run(command, env={**os.environ, **more}, check=True)


if __name__ == "__main__":
    main()
