"""What a person decides about a parked delivery. Each leaves an entry in the audit log, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from storage import audit
from storage.errors import Unknown
from storage.schema import deliveries as rows
from storage.schema import notes
from storage.sync import destinations, queue
from storage.transaction import Transaction, seconds


def retry(tx: Transaction, name: str, references: Sequence[str] | None, *, at: datetime) -> int:
    """Parked deliveries wait again, and are looked for before they are sent.

    Args:
        references: None: all of this destination.

    Raises:
        Unknown: a reference is not parked there.
    """
    parked = _parked(tx, name, references)
    for row in parked:
        again = {"state": "pending", "next_at": 0, "done_at": None, "ambiguous": 0 if row.refused else 1}
        tx.db.execute(update(rows).where(rows.c.id == row.id).values(**again))
        queue.log(tx, row.id, "asked-again", now=seconds(at))
        audit.record(
            tx, "delivery.retried", at=at, reason="hand-over", agency=row.agency_ref, about=row.note_id, to=name
        )
    return len(parked)


def give_up(tx: Transaction, name: str, reference: str, *, words: str, at: datetime) -> None:
    """This note is never delivered there.

    Raises:
        Unknown: it is not parked there.
    """
    (row,) = _parked(tx, name, [reference])
    tx.db.execute(update(rows).where(rows.c.id == row.id).values(state="dead", next_at=None, done_at=seconds(at)))
    queue.log(tx, row.id, "given-up", now=seconds(at))
    audit.record(
        tx,
        "delivery.given-up",
        at=at,
        reason="hand-over",
        agency=row.agency_ref,
        about=row.note_id,
        to=name,
        words=words,
    )
    queue.filed(tx, row.note_id, now=seconds(at))


def _parked(tx: Transaction, name: str, references: Sequence[str] | None) -> Sequence[Any]:
    destinations.get(tx, name)
    query = (
        select(
            rows.c.id,
            rows.c.note_id,
            rows.c.agency_ref,
            notes.c.reference,
            (rows.c.hash_for_sync.is_(None)).label("refused"),
        )
        .join(notes, notes.c.id == rows.c.note_id)
        .where(rows.c.destination == name, rows.c.state == "parked")
        .order_by(rows.c.id)
    )
    if references is not None:
        query = query.where(notes.c.reference.in_(references))
    found = tx.db.execute(query).all()
    if references is not None and (missing := set(references) - {row.reference for row in found}):
        raise Unknown(f"not parked for {name}: {', '.join(sorted(missing))}")
    return found
