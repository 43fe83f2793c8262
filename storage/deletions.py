"""What was erased or ended, so that the restore of an older backup does not bring it back.

A row in the transaction that deletes, and after the commit a line in a file, ``deletions`` in the data folder, which is
only ever added to. The row is for whoever restores a backup made later: it knows already. The file is for the loss of
the database; a copy of it elsewhere for the loss of the folder.

    {"about":"<hex>","at":1764064800,"kind":"note-erased","mac":"<32 hex>","ref":"<32 hex>"}

``about`` is refs and ids alone. ``mac`` keeps others from having things deleted by adding lines to a copy.
"""

import contextlib
import fcntl
import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from storage.errors import DeletionsRefused
from storage.keyring import Keyring
from storage.schema import deletions
from storage.transaction import Transaction, seconds

FILE: Final = "deletions"
Kind = Literal[
    "note-withdrawn",  # note id
    "note-erased",  # note id
    "plan",  # plan id
    "walk",  # walk id
    "case",  # agency ref, case tag
    "member",  # agency ref, case tag, person ref
    "role",  # person ref, agency ref
    "person",  # person ref
    "address",  # address ref
    "wish",  # ref of a wish that was taken back, or that was told
    "desk",  # agency ref, version (4 bytes) from which a key is off the desk, the admin's public key
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
MOST_BYTES: Final = 512
"""A line."""
_MEMBERS: Final = {"about", "at", "kind", "mac", "ref"}


@dataclass(frozen=True, slots=True)
class Deletion:
    ref: bytes
    kind: Kind
    about: bytes


def record(tx: Transaction, kind: Kind, about: bytes) -> None:
    """Write down that something is deleted in this transaction; see ``Kind`` for what ``about`` is."""
    tx.db.execute(insert(deletions), {"ref": os.urandom(16), "kind": kind, "about": about})
    tx.deleted()


def known(tx: Transaction) -> set[bytes]:
    """Refs of the deletions that this database has seen."""
    return set(tx.db.scalars(select(deletions.c.ref)))


def adopt(tx: Transaction, one: Deletion, *, at: datetime) -> None:
    """Write down one that the file tells of and this database does not."""
    tx.db.execute(insert(deletions), {"ref": one.ref, "kind": one.kind, "about": one.about, "noted_at": hour(at)})


class Journal:
    """The file. Several processes may write to it; a line may come twice and means the same."""

    def __init__(
        self,
        path: Path,
        keyring: Keyring,
        clock: Callable[[], datetime],
        failed: Callable[[Exception], None],
    ) -> None:
        self._path, self._keyring, self._clock, self._failed = path, keyring, clock, failed

    def catch_up(self, connection: Connection) -> None:
        """Add what the table has and the file has not; all of it where the file is gone. Raises nothing: what was
        deleted is committed. ``failed`` hears that it is not in the file, and the next call tries again."""
        try:
            self._catch_up(connection)
        except (OSError, DBAPIError) as failed:
            with contextlib.suppress(DBAPIError):
                connection.rollback()
            self._failed(failed)

    def _catch_up(self, connection: Connection) -> None:
        query = select(deletions.c.ref, deletions.c.kind, deletions.c.about)
        if self._path.exists():
            query = query.where(deletions.c.noted_at.is_(None))
        rows = connection.execute(query).all()
        connection.rollback()
        if not rows:
            return
        at = hour(self._clock())
        lines = b"".join(line(Deletion(row.ref, row.kind, row.about), at, self._keyring) for row in rows)
        _append(self._path, lines)
        for row in rows:
            connection.execute(update(deletions).where(deletions.c.ref == row.ref).values(noted_at=at))
        connection.commit()


def hour(at: datetime) -> int:
    """A note's row tells the hour alone; what is known of its withdrawal must not tell more."""
    return seconds(at) // 3_600 * 3_600


def line(one: Deletion, at: int, keyring: Keyring) -> bytes:
    fields: dict[str, Any] = {"about": one.about.hex(), "at": at, "kind": one.kind, "ref": one.ref.hex()}
    return _canonical({**fields, "mac": keyring.deletion_mac(_canonical(fields)).hex()}) + b"\n"


def read(lines: Iterable[bytes], keyring: Keyring) -> Iterator[Deletion]:
    """The deletions of a file, each once, in its order. A last line without its end was cut off by a crash and is left
    out: its deletion is in the table, and in the file again later.

    Raises:
        DeletionsRefused: a line is not one of this installation's.
    """
    given = set[bytes]()
    for number, ended in enumerate(lines, 1):
        if not ended.endswith(b"\n"):
            return
        one = _parsed(ended[:-1], keyring)
        if one is None:
            raise DeletionsRefused(
                f"line {number} of the file of deletions was not written by this installation; take another copy of it"
            )
        if one.ref not in given:
            given.add(one.ref)
            yield one


def _parsed(text: bytes, keyring: Keyring) -> Deletion | None:
    try:
        fields = json.loads(text) if len(text) <= MOST_BYTES else None
        if not isinstance(fields, dict) or fields.keys() != _MEMBERS or _canonical(fields) != text:
            return None
        told = bytes.fromhex(fields.pop("mac"))
        one = Deletion(bytes.fromhex(fields["ref"]), fields["kind"], bytes.fromhex(fields["about"]))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    good = hmac.compare_digest(told, keyring.deletion_mac(_canonical(fields))) and one.kind in KINDS
    return one if good and len(one.ref) == 16 else None


def _canonical(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def _append(path: Path, lines: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _cut_torn_line(file)
        file.seek(0, os.SEEK_END)
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def _cut_torn_line(file: Any) -> None:
    """A crash may have left the start of a line; its rows are not marked as noted and come again."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - MOST_BYTES))
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
