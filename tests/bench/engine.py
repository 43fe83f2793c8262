"""Which database a benchmark runs on: ``--engine sqlite`` (the default) or ``postgres``, a private cluster that syncs
every commit and is gone when the benchmark ends."""

import argparse
import atexit
import os
import sys
from contextlib import ExitStack
from datetime import datetime
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from postgres_server import Cluster, cluster

from bot.trial import Trial
from storage.postgres import Addresses

HANDED_ON = ("LD_PRELOAD", "INTEGRA_SYNC_MS")
"""Of what a benchmark slows syncs by; they are the server's."""


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")


def new_database(engine: str) -> Addresses | None:
    """An empty one; None: it is a file."""
    if engine == "sqlite":
        return None
    running = _cluster()
    return running.addresses(running.new_database())


def trial(folder: Path, engine: str, *, at: datetime, roles: tuple[str, ...]) -> Trial:
    """A small world on a database of this engine."""
    return Trial.create(folder, at=at, roles=roles, server=new_database(engine))


@cache
def _cluster() -> Cluster:
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(
        cluster(durable=True, environment={name: os.environ[name] for name in HANDED_ON if name in os.environ})
    )
