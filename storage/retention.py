"""How long notes stay: what an agency's time limit covers is erased, once it is handed over, and never before.

    handed over ──keep_days──▶ erased        (note, attachments, receipts, its closed flag)
    withdrawn   ──keep_days──▶ erased        (what is left of it: reference and hour)
    plan without a reminder to come, untouched ──keep_days──▶ erased
    not handed over, older than keep_days    stays; the admins are told once a week

A flag that is not closed keeps its note. Limits are set by ``integra agency set --keep-days``; without one nothing is
erased: how long an agency must or may keep what, no program knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, or_, select

from dialogues.flag_life import OVER
from storage import agencies, audit, deletions, deliveries, plans, timers
from storage.agencies import AgencyRow
from storage.schema import attachments, batch_lines, delivery_log, flag_steps, flags, notes, receipts
from storage.schema import deliveries as delivery_rows
from storage.schema import plans as plan_rows
from storage.schema import timers as timer_rows
from storage.transaction import Transaction, seconds

LOOK: Final = "retention"
"""Kind of the timer of the daily look."""
TOLD: Final = "not-handed-over"
"""Kind of the timer that says when admins may be told again; ``about`` is the agency's ref in hex."""
EVERY: Final = timedelta(days=1)
TELL_EVERY: Final = timedelta(days=7)
AT_ONCE: Final = 200
"""Notes a transaction: the bot waits for none longer than some tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class Due:
    """What an agency's time limit covers now.

    Attributes:
        notes: ids of those handed over, at most as many as were asked for.
        withdrawn: ids, likewise.
        plans: ids, likewise.
        overdue: how many notes are older than the limit and not handed over; they stay.
    """

    agency: AgencyRow
    notes: tuple[bytes, ...]
    withdrawn: tuple[bytes, ...]
    plans: tuple[bytes, ...]
    overdue: int

    @property
    def count(self) -> int:
        return len(self.notes) + len(self.withdrawn) + len(self.plans)


def due(tx: Transaction, agency: AgencyRow, *, at: datetime, at_most: int | None = None) -> Due:
    """What is due in an agency; nothing where it has set no limit.

    Args:
        at_most: of each kind; None: as many as a transaction should hold.
    """
    at_most = at_most or AT_ONCE
    days = agencies.keep_days(agency)
    if days == 0:
        return Due(agency, (), (), (), 0)
    limit = seconds(at - timedelta(days=days))
    here = notes.c.agency_ref == agency.ref
    given = deliveries.settled_since(agency.ref, limit)
    under_way = select(delivery_rows.c.note_id).where(
        delivery_rows.c.note_id == notes.c.id, delivery_rows.c.state.in_(deliveries.UNDER_WAY)
    )
    open_flag = select(flags.c.note_id).where(
        flags.c.note_id == notes.c.id, or_(flags.c.state.not_in(OVER), flags.c.closed_at > limit)
    )
    over = select(notes.c.id).where(
        here, notes.c.state == "handed-over", notes.c.id.in_(given), ~open_flag.correlate(notes).exists()
    )
    withdrawn = select(notes.c.id).where(
        here, notes.c.state == "withdrawn", notes.c.hour <= limit, ~under_way.correlate(notes).exists()
    )
    reminded = select(timer_rows.c.about).where(timer_rows.c.kind == plans.REMINDER)
    idle = select(plan_rows.c.id).where(plan_rows.c.agency_ref == agency.ref, plan_rows.c.moved_at <= limit)
    awaited = {bytes.fromhex(about) for about in tx.db.scalars(reminded)}
    waiting = select(func.count()).select_from(notes).where(here, notes.c.state == "waiting", notes.c.hour <= limit)
    return Due(
        agency,
        tuple(tx.db.scalars(over.order_by(notes.c.id).limit(at_most))),
        tuple(tx.db.scalars(withdrawn.order_by(notes.c.id).limit(at_most))),
        tuple([ref for ref in tx.db.scalars(idle.order_by(plan_rows.c.id)) if ref not in awaited][:at_most]),
        int(tx.db.execute(waiting).scalar_one()),
    )


def erase(tx: Transaction, what: Due, *, at: datetime) -> None:
    """Erase it, each with its entry in the audit log and among the deletions."""
    erase_notes(tx, (*what.notes, *what.withdrawn), at=at, reason="time-limit")
    for ref in what.plans:
        if plans.erase(tx, ref.hex()):
            audit.record(tx, "plan.dropped", at=at, reason="time-limit", agency=what.agency.ref, about=ref)


def erase_notes(tx: Transaction, ids: Sequence[bytes], *, at: datetime, reason: audit.ActReason) -> int:
    """Delete notes with all that hangs on them; nobody can read them any more, with whatever key.

    Returns:
        How many there were.
    """
    found = tx.db.execute(select(notes.c.id, notes.c.agency_ref).where(notes.c.id.in_(ids))).all()
    here = [row.id for row in found]
    its = select(delivery_rows.c.id).where(delivery_rows.c.note_id.in_(here))
    tx.db.execute(delete(delivery_log).where(delivery_log.c.delivery_id.in_(its)))
    for table in (attachments, receipts, flag_steps, flags, delivery_rows, batch_lines):
        tx.db.execute(delete(table).where(table.c.note_id.in_(here)))
    tx.db.execute(delete(notes).where(notes.c.id.in_(here)))
    for row in found:
        deletions.record(tx, "note-erased", row.id)
        audit.record(tx, "note.erased", at=at, reason=reason, agency=row.agency_ref, about=row.id)
    if found:
        tx.purged()
    return len(found)


def may_tell(tx: Transaction, agency: AgencyRow, *, at: datetime) -> bool:
    """Whether a week has gone since the admins were last told of notes that are not handed over; counts as told."""
    if timers.armed_until(tx, TOLD, agency.ref.hex()) is not None:
        return False
    timers.arm(tx, TOLD, agency.ref.hex(), at + TELL_EVERY)
    return True
