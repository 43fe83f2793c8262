"""Which database a benchmark runs on: ``--engine sqlite`` (the default) or ``postgres``."""

import argparse
from datetime import datetime
from pathlib import Path

from bot.trial import Trial


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")


def trial(folder: Path, engine: str, *, at: datetime, roles: tuple[str, ...]) -> Trial:
    """A small world on a database of this engine.

    Raises:
        SystemExit: this engine cannot be measured yet.
    """
    if engine != "sqlite":
        raise SystemExit(f"{engine}: not measured yet; what makes a database of it belongs into tests/bench/engine.py")
    return Trial.create(folder, at=at, roles=roles)
