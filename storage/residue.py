"""What could not be deleted from a chat: counted, until the person says that they cleared it themselves."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from storage import timers
from storage.schema import residue
from storage.transaction import Transaction, seconds

ASK: Final = "residue"
"""Kind of the timer, due at once, that has the person asked to clear the chat."""


def add(tx: Transaction, address_ref: bytes, count: int, *, at: datetime) -> None:
    """So many messages with a note's words stay in this chat; the person is asked to clear them."""
    where = residue.c.address_ref == address_ref
    if tx.db.execute(update(residue).where(where).values(count=residue.c.count + count)).rowcount == 0:
        tx.db.execute(insert(residue), {"address_ref": address_ref, "count": count, "since": seconds(at)})
    timers.arm(tx, ASK, "", at, address_ref=address_ref)


def of(tx: Transaction, address_ref: bytes) -> int:
    """How many messages, as far as is known."""
    return int(tx.db.scalar(select(residue.c.count).where(residue.c.address_ref == address_ref)) or 0)


def cleared(tx: Transaction, address_ref: bytes) -> None:
    tx.db.execute(delete(residue).where(residue.c.address_ref == address_ref))


def total(tx: Transaction) -> tuple[int, int]:
    """Messages, and chats they are in."""
    row = tx.db.execute(select(func.coalesce(func.sum(residue.c.count), 0), func.count())).one()
    return int(row[0]), int(row[1])
