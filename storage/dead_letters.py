"""Messages that can never arrive: listed without what they say, brought back, or dropped."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, delete, select, update

from storage import audit, people, residue, traces
from storage.errors import Unknown, Unreadable
from storage.outbox import Priority
from storage.schema import outbox
from storage.transaction import Transaction, moment

NO_CHANNEL = "?"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """
    Attributes:
        id: of its row.
        why: the reason it was given up with, one word.
        channel: or ``?`` where the row does not open with this installation's keys.
        at: when it was queued.
    """

    id: int
    why: str
    channel: str
    what: Literal["message", "erasure"]
    priority: Priority
    at: datetime


def listed(tx: Transaction) -> list[DeadLetter]:
    """All of them, oldest first."""
    return [_letter(tx, row) for row in _dead(tx, None)]


def retry(tx: Transaction, ids: Collection[int] | None) -> int:
    """Let them wait again; a running assistant takes them up by itself.

    Args:
        ids: which; None: all.

    Returns:
        How many.

    Raises:
        Unknown: one of them is no dead letter; nothing is changed.
    """
    found = [row.id for row in _dead(tx, ids)]
    for id in found:
        tx.db.execute(update(outbox).where(outbox.c.id == id).values(dead=None))
    return len(found)


def drop(tx: Transaction, ids: Collection[int] | None, *, reason: str, at: datetime) -> int:
    """Destroy them, and leave an entry that says so. Words that were to be deleted from a chat count as left there.

    Args:
        ids: as in ``retry``.
        reason: in words, up to 500 characters; sealed.

    Returns:
        How many.

    Raises:
        Unknown: as ``retry``.
    """
    found = _dead(tx, ids)
    for row in found:
        _give_up_erasing(tx, row, at)
        tx.db.execute(delete(outbox).where(outbox.c.id == row.id))
    if found:
        audit.record(tx, "messages.dropped", at=at, reason="operation", words=reason)
        tx.purged()
    return len(found)


def _dead(tx: Transaction, ids: Collection[int] | None) -> Sequence[Row[Any]]:
    """
    Raises:
        Unknown: as ``retry``.
    """
    rows = tx.db.execute(select(outbox).where(outbox.c.dead.is_not(None)).order_by(outbox.c.id)).all()
    if ids is None:
        return rows
    missing = set(ids) - {row.id for row in rows}
    if missing:
        named = ", ".join(map(str, sorted(missing)))
        raise Unknown(f"no dead letter has the id {named}; see: integra outbox list")
    return [row for row in rows if row.id in set(ids)]


def _letter(tx: Transaction, row: Row[Any]) -> DeadLetter:
    fields = _opened(tx, row)
    return DeadLetter(
        row.id,
        row.dead,
        fields["to"][0] if fields else NO_CHANNEL,
        "erasure" if "erase" in fields else "message",
        Priority(row.priority),
        moment(row.created_at),
    )


def _give_up_erasing(tx: Transaction, row: Row[Any], at: datetime) -> None:
    draft = _opened(tx, row).get("erase", "")
    left = traces.of(tx, row.address_ref, draft) if draft else []
    if left:
        traces.gone(tx, [one.id for one in left])
        if people.contact(tx, row.address_ref) is not None:
            residue.add(tx, row.address_ref, len(left), at=at)


def _opened(tx: Transaction, row: Row[Any]) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = tx.open("outbox", row.address_ref, row.sealed_body)
    except Unreadable:
        return {}
    return fields
