"""One transaction of a command."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bot.commands.common import operator
from bot.installation import Installation
from storage.transaction import Transaction

T = TypeVar("T")


def within(data: Path, what: Callable[[Transaction], T], *, reads_notes: bool = False) -> T:
    """Run one transaction on an installation."""
    store = Installation.at(data).store(reads_notes=reads_notes, operator=operator())
    try:
        return store.run_now(what)
    finally:
        store.close()
