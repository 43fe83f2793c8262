"""How much there is of what, over all agencies together; no refs, no words, no names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from dialogues.flag_life import OPEN
from storage.database import stored_revision
from storage.schema import agencies, attachments, flags, invites, notes, outbox, timers
from storage.transaction import Transaction, moment, seconds

OVERDUE = "overdue"
FLAG_STATES = (*OPEN, OVERDUE)


@dataclass(frozen=True, slots=True)
class Totals:
    """
    Attributes:
        outbox_oldest: since when the oldest message that is not dead waits; None: none does.
        timers_due: deadlines that have passed and were not dealt with; ``timers_oldest``: the earliest of them.
        flags: open ones by state, each of ``FLAG_STATES``; what is overdue counts as that alone.
        notes_waiting: for hand-over; ``notes_oldest``: the hour of the oldest.
        invites: that can still be used.
        media: photos and voice messages that are still to be fetched.
        revision: of the schema.
    """

    outbox_waiting: int
    outbox_dead: int
    outbox_oldest: datetime | None
    timers_due: int
    timers_oldest: datetime | None
    flags: Mapping[str, int]
    notes_waiting: int
    notes_oldest: datetime | None
    invites: int
    media: int
    revision: str


def totals(tx: Transaction, at: datetime) -> Totals:
    now = seconds(at)
    alive = outbox.c.dead.is_(None)
    waiting, oldest = tx.db.execute(select(func.count(), func.min(outbox.c.created_at)).where(alive)).one()
    dead = tx.db.scalar(select(func.count()).select_from(outbox).where(outbox.c.dead.is_not(None)))
    due, earliest = tx.db.execute(select(func.count(), func.min(timers.c.due_at)).where(timers.c.due_at <= now)).one()
    # By agency, for there is an index on both: closed flags stay for good, and are many.
    open_ones = (flags.c.agency_ref.in_(select(agencies.c.ref)), flags.c.state.in_(OPEN))
    where = case((flags.c.overdue_since.is_not(None), OVERDUE), else_=flags.c.state).label("state")
    by_state = select(where, func.count()).where(*open_ones).group_by(where)
    flagged = {row.state: row[1] for row in tx.db.execute(by_state)}
    held, hour = tx.db.execute(select(func.count(), func.min(notes.c.hour)).where(notes.c.state == "waiting")).one()
    usable = (invites.c.used_at.is_(None), invites.c.expires_at > now)
    invited = tx.db.scalar(select(func.count()).select_from(invites).where(*usable))
    wanted = tx.db.scalar(select(func.count()).select_from(attachments).where(attachments.c.state == "wanted"))
    return Totals(
        outbox_waiting=waiting,
        outbox_dead=dead or 0,
        outbox_oldest=_moment(oldest),
        timers_due=due,
        timers_oldest=_moment(earliest),
        flags={state: flagged.get(state, 0) for state in FLAG_STATES},
        notes_waiting=held,
        notes_oldest=_moment(hour),
        invites=invited or 0,
        media=wanted or 0,
        revision=stored_revision(tx.db) or "",
    )


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
