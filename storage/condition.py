"""How a database is, seen from beside: read-only, for `integra doctor`."""

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import Column, Connection, func, select
from sqlalchemy.exc import DBAPIError

from storage.database import look_into, versions
from storage.errors import Unreadable
from storage.keyring import Keyring
from storage.postgres import open_postgres
from storage.schema import agencies, audit, conversations, flags, outbox, seen, timers
from storage.transaction import Transaction, moment, seconds
from storage.trouble import refusal
from storage.whereabouts import Whereabouts

# https://www.sqlite.org/walformat.html, "WAL Locks": byte 120 of the -shm file is the lock of who writes. The other two
# are of https://www.sqlite.org/src/file/src/os.h, PENDING_BYTE and RESERVED_BYTE of the file itself.
WAL_WRITE_LOCK: Final = 120
FILE_LOCKS: Final = (0x40000000, 0x40000001)
FLOCK: Final = "hhqqi4x"
"""struct flock of Linux on 64 bits: type, whence, start, length, pid."""

TIMES: Final[tuple[Column[int], ...]] = (
    conversations.c.moved_at,
    seen.c.at,
    outbox.c.created_at,
    flags.c.raised_at,
    audit.c.at,
)


T = TypeVar("T")


class Look:
    """A database that is only looked at; from ``looking``. Methods raise Busy or Damaged where it cannot be read."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def versions(self) -> tuple[str | None, list[str]]:
        """The schema's version as it lies there, and those this program knows, newest first."""
        return self._read(lambda: versions(self._db))

    def faults(self, *, deep: bool) -> list[str]:
        """What is wrong with the file, at most ten lines; empty: nothing. ``deep`` also compares every index."""
        return self._read(lambda: _faults(self._db, deep=deep))

    def within(self, keyring: Keyring, what: Callable[[Transaction], T]) -> T:
        """What can be read of the rows; nothing can be written."""
        return self._read(lambda: what(Transaction(self._db, keyring)))

    @staticmethod
    def _read(what: Callable[[], T]) -> T:
        try:
            return what()
        except DBAPIError as failed:
            raise refusal(failed) from None


@contextmanager
def looking(where: Whereabouts) -> Iterator[Look]:
    """
    Raises:
        Busy, Damaged: it cannot be opened.
        BadInstallation: its address is not as it must be.
    """
    server = where.server
    engine = look_into(where.file) if server is None else open_postgres(server)
    try:
        try:
            connection = engine.connect()
        except DBAPIError as failed:
            raise refusal(failed) from None
        with connection:
            if server is not None:
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield Look(connection)
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Login:
    """Who the assistant is on a server.

    Attributes:
        version: of the server, for example ``15.18``.
        reads_bodies: this login could read sealed bodies, or change the tables, if somebody took it over.
    """

    version: str
    reads_bodies: bool


def login(tx: Transaction) -> Login:
    query = (
        "SELECT current_setting('server_version'), pg_has_role(session_user, 'integra_reader', 'MEMBER')"
        " OR pg_has_role(session_user, 'integra_owner', 'MEMBER')"
    )
    version, more = tx.db.exec_driver_sql(query).one()
    return Login(str(version).partition(" ")[0], bool(more))


def writer(database: Path) -> int | None:
    """Process that holds the lock for writing just now (0: one we cannot name); None: nobody.

    Not while this process has the database open: closing the file here would end the locks it has.
    """
    beside = database.with_name(f"{database.name}-shm")
    for path, places in ((beside, (WAL_WRITE_LOCK,)), (database, FILE_LOCKS)):
        if not path.exists():
            continue
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for place in places:
                asked = struct.pack(FLOCK, fcntl.F_RDLCK, os.SEEK_SET, place, 1, 0)
                kind, *_, pid = struct.unpack(FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked))
                if kind != fcntl.F_UNLCK:
                    return max(0, int(pid))
        finally:
            os.close(handle)
    return None


def _faults(db: Connection, *, deep: bool) -> list[str]:
    statement = "PRAGMA integrity_check(10)" if deep else "PRAGMA quick_check(10)"
    found = db.exec_driver_sql(statement).scalars().all()
    if deep and db.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        found = [*found, "a row names another that is not there"]
    return [str(one) for one in found if one != "ok"]


def opens(tx: Transaction) -> bool:
    """Whether these keys open what lies there; True where nothing does."""
    row = tx.db.execute(select(agencies.c.ref, agencies.c.sealed_profile).limit(1)).one_or_none()
    try:
        return row is None or bool(tx.open("agency", row.ref, row.sealed_profile))
    except Unreadable:
        return False


@dataclass(frozen=True, slots=True)
class Waiting:
    """``dead``: by reason."""

    count: int
    oldest: datetime | None
    dead: dict[str, int]


def waiting(tx: Transaction) -> Waiting:
    """Messages on their way out."""
    query = select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.dead.is_(None))
    count, oldest = tx.db.execute(query).one()
    dead = select(outbox.c.dead, func.count()).where(outbox.c.dead.is_not(None)).group_by(outbox.c.dead)
    by_reason = {str(why): int(many) for why, many in tx.db.execute(dead)}
    return Waiting(int(count), None if oldest is None else moment(oldest), by_reason)


def overdue(tx: Transaction, at: datetime) -> tuple[int, datetime | None]:
    """How many deadlines have passed without having been dealt with, and the earliest."""
    late = timers.c.due_at <= seconds(at)
    count, oldest = tx.db.execute(select(func.count(), func.min(timers.c.due_at)).where(late)).one()
    return int(count), None if oldest is None else moment(oldest)


def newest(tx: Transaction) -> datetime | None:
    """The latest time that was ever written down as past."""
    found = [tx.db.scalar(select(func.max(column))) for column in TIMES]
    times = [at for at in found if at is not None]
    return moment(max(times)) if times else None
