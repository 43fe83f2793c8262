"""Which messages in a chat hold a draft's words, so that they can be deleted there."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select

from storage.schema import traces
from storage.transaction import Transaction, seconds


@dataclass(frozen=True, slots=True)
class Trace:
    id: int
    message: str = field(repr=False)


_leave = insert(traces).inline()  # nobody asks for its id


def leave(tx: Transaction, address_ref: bytes, draft: str, message: str, *, at: datetime) -> None:
    """Remember a message; ``draft`` 32 hex digits, ``message`` the channel's own id."""
    sealed = tx.seal("trace", address_ref, message)
    row = {
        "address_ref": address_ref,
        "draft": bytes.fromhex(draft),
        "sealed_message": sealed,
        "at": seconds(at),
    }
    tx.db.execute(_leave, row)


def of(tx: Transaction, address_ref: bytes, draft: str) -> list[Trace]:
    rows = tx.db.execute(
        select(traces.c.id, traces.c.sealed_message)
        .where(traces.c.address_ref == address_ref, traces.c.draft == bytes.fromhex(draft))
        .order_by(traces.c.id)
    )
    return [Trace(id, tx.open("trace", address_ref, sealed)) for id, sealed in rows]


def gone(tx: Transaction, ids: list[int]) -> None:
    tx.db.execute(delete(traces).where(traces.c.id.in_(ids)))
    tx.purged()
