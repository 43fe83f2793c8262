"""What a check of `integra doctor` is given, and what it says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from bot.installation import Installation
from storage.condition import Look
from storage.keyring import Keyring
from storage.transaction import Transaction

T = TypeVar("T")
State = Literal["fine", "note", "trouble", "skipped"]
"""``note``: to be known, and no trouble yet. ``skipped``: could not be looked at, for a reason another check names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Attributes:
        told: what is so, in plain words; names no person, no chat and no text of anybody.
        remedy: what to do; empty where nothing is to be done.
    """

    state: State
    told: str
    remedy: str = ""


def fine(told: str) -> Finding:
    return Finding("fine", told)


def note(told: str, remedy: str = "") -> Finding:
    return Finding("note", told, remedy)


def trouble(told: str, remedy: str) -> Finding:
    return Finding("trouble", told, remedy)


@dataclass(frozen=True, slots=True)
class Patient:
    """
    Attributes:
        deep: take as long as it takes.
        secrets: files named on the command line that the assistant is started with.
        look: reads the database and writes nothing; None where it cannot be read.
        keyring: the assistant's own keys; None where they cannot be read.
        on_file: the database is a file of the data folder (SQLite).
        sleep: waits between two looks, in seconds.
    """

    installation: Installation
    now: datetime
    deep: bool
    secrets: tuple[Path, ...]
    sleep: Callable[[float], None]
    on_file: bool = True
    look: Look | None = None
    keyring: Keyring | None = None

    def rows(self, what: Callable[[Transaction], T]) -> T:
        """For checks that need rows."""
        assert self.look is not None  # noqa: S101  ``Check.needs`` says so
        assert self.keyring is not None  # noqa: S101  ``Check.needs`` says so
        return self.look.within(self.keyring, what)


@dataclass(frozen=True, slots=True)
class Check:
    """
    Attributes:
        name: stable, for machines.
        of_file: concerns a database that is a file here (SQLite); left out for one elsewhere.
        of_server: concerns a database on a server (PostgreSQL); left out for a file.
        needs: the database can be read; or its rows, for which the keys are needed, too.
    """

    name: str
    look: Callable[[Patient], Iterator[Finding]]
    of_file: bool = False
    of_server: bool = False
    needs: Literal["", "look", "rows"] = ""
