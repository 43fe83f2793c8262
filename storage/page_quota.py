"""How many notes the page may bring in a day, of one person and to one agency: counted where every process sees it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from storage.errors import StorageError
from storage.schema import page_counts
from storage.transaction import Transaction, seconds

OF_PERSON: Final = 60
OF_AGENCY: Final = 500
DAY: Final = timedelta(days=1)
"""From midnight to midnight, UTC."""


class DayFull(StorageError):
    """No more today. ``wait``: until there is room again."""

    code = "storage.day-full"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("day full")
        self.wait = wait


def count(tx: Transaction, person_ref: bytes, agency_ref: bytes, *, at: datetime) -> None:
    """Count a note that is kept in this transaction.

    Raises:
        DayFull: it would be one too many; roll back.
    """
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    for ref, most in sorted(((person_ref, OF_PERSON), (agency_ref, OF_AGENCY))):  # so that no two wait for each other
        tx.hold(ref)
        mine = (page_counts.c.ref == ref, page_counts.c.day == seconds(today))
        so_far = tx.db.scalar(select(page_counts.c.notes).where(*mine))
        if so_far is None:
            tx.db.execute(insert(page_counts), {"ref": ref, "day": seconds(today), "notes": 1})
        elif so_far >= most:
            raise DayFull(today + DAY - at)
        else:
            tx.db.execute(update(page_counts).where(*mine).values(notes=so_far + 1))


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Forget the days before yesterday."""
    tx.db.execute(delete(page_counts).where(page_counts.c.day <= seconds(at - 2 * DAY)))
