"""An open transaction: the connection and the keys, handed to every storage function as its first argument."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from storage.actor import ASSISTANT, Actor
from storage.keyring import Keyring, Label

PURGED = "purged"
DELETED = "deleted"
_hold = text("SELECT pg_advisory_xact_lock(:what)")
_wall = text("SELECT set_config('integra.agencies', :agencies, true)")
_wall_turn = text(
    "SELECT ref, version FROM set_config('integra.agencies', :agencies, true) LEFT JOIN agencies ON true ORDER BY ref"
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """Neither begun nor ended here; see ``storage.store``. ``actor``: whose acts it holds, for the audit log."""

    db: Connection
    keyring: Keyring
    actor: Actor = ASSISTANT

    def acting(self, actor: Actor) -> "Transaction":
        """The same transaction, from here on with somebody else's acts."""
        return replace(self, actor=actor)

    def purged(self) -> None:
        """Something was deleted that must not linger: after the commit the write-ahead log is emptied into the file.

        A server keeps the bytes until it uses the place again, and its journal as long as it is kept: see the threat
        model.
        """
        if self.db.dialect.name == "sqlite":
            self.db.info[PURGED] = True

    @property
    def shared(self) -> bool:
        """Others write to this database at the same time, see ``hold``."""
        return self.db.dialect.name != "sqlite"

    @property
    def walled(self) -> bool:
        """The database keeps agencies apart by itself, see ``storage.postgres``."""
        return self.shared

    def hold(self, what: bytes) -> None:
        """Until this transaction ends nobody else holds ``what`` (8 bytes or more, of which the first 8 count).

        Whatever is read after it is as the one before left it. SQLite has one writer, and nothing to hold.

        Raises:
            OperationalError: somebody else holds it for longer than five seconds.
        """
        if self.shared:
            self.db.execute(_hold, {"what": lock_number(what)})

    def wall(self, agency_refs: Iterable[bytes]) -> list[tuple[bytes, int]]:
        """From here on this transaction sees the rows of these agencies alone (PostgreSQL).

        Returns:
            Ref and version of every agency: what such a choice is made from.
        """
        if not self.walled:
            return []
        rows = self.db.execute(_wall_turn, {"agencies": ",".join(ref.hex() for ref in agency_refs)})
        return [(ref, version) for ref, version in rows]

    def unwall(self) -> None:
        """What follows is no turn of that person any more: all rows are seen again, as at the start."""
        if self.walled:
            self.db.execute(_wall, {"agencies": "*"})

    def deleted(self) -> None:
        """A row was added to ``deletions``: after the commit it is written to their file, too."""
        self.db.info[DELETED] = True

    def seal(self, label: Label, place: bytes, value: Mapping[str, Any] | str | list[Any]) -> bytes:
        return self.keyring.seal(label, place, json.dumps(value, ensure_ascii=False).encode())

    def open(self, label: Label, place: bytes, sealed: bytes) -> Any:
        """
        Raises:
            Unreadable: see ``Keyring.open``.
        """
        return json.loads(self.keyring.open(label, place, sealed))


def lock_number(what: bytes) -> int:
    """Of the lock that ``Transaction.hold`` takes."""
    return int.from_bytes(what[:8], "big", signed=True)


def seconds(at: datetime) -> int:
    """An aware time as the tables keep it."""
    return int(at.timestamp())


def moment(at: int) -> datetime:
    """What ``seconds`` gave, aware, UTC."""
    return datetime.fromtimestamp(at, UTC)
