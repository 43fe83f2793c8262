"""An open transaction: the connection and the keys, handed to every storage function as its first argument."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from storage.actor import ASSISTANT, Actor
from storage.keyring import Keyring, Label

PURGED = "purged"
DELETED = "deleted"


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
        """Something was deleted that must not linger: after the commit the write-ahead log is emptied into the file."""
        self.db.info[PURGED] = True

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


def seconds(at: datetime) -> int:
    """An aware time as the tables keep it."""
    return int(at.timestamp())


def moment(at: int) -> datetime:
    """What ``seconds`` gave, aware, UTC."""
    return datetime.fromtimestamp(at, UTC)
