"""Flags: raised with a note, open until a named person takes them, never without somebody to hear of them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, get_args

from sqlalchemy import insert, select, update

from dialogues.model import FlagView, Urgency
from storage import agencies, people, timers
from storage.errors import Unknown
from storage.schema import flags, notes
from storage.transaction import Transaction, moment, seconds

URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
DEADLINES: dict[Urgency, timedelta] = {
    "urgent": timedelta(minutes=15),
    "today": timedelta(hours=4),
    "routine": timedelta(days=3),
}
DEADLINE = "flag"
"""Kind of the timer that makes a flag overdue; ``about`` is the note id in hex."""
OPEN = ("open", "overdue", "handed-on")


def raise_flag(tx: Transaction, note_id: str, agency_ref: bytes, level: int, *, at: datetime) -> Urgency:
    """Raise a flag of level 1 to 3 and set its deadline.

    Returns:
        Its urgency.
    """
    urgency = URGENCIES[level - 1]
    due_at = at + DEADLINES[urgency]
    row = {
        "note_id": bytes.fromhex(note_id),
        "agency_ref": agency_ref,
        "urgency": urgency,
        "state": "open",
        "raised_at": seconds(at),
        "due_at": seconds(due_at),
    }
    tx.db.execute(insert(flags), row)
    timers.arm(tx, DEADLINE, note_id, due_at)
    return urgency


def take(tx: Transaction, note_id: str, person_ref: bytes) -> None:
    """Make a named person its owner; exactly one of several who try at once.

    Raises:
        Unknown: it is not open.
    """
    taken = tx.db.execute(
        update(flags)
        .where(flags.c.note_id == bytes.fromhex(note_id), flags.c.state.in_(OPEN))
        .values(state="taken", owner_ref=person_ref)
    )
    if taken.rowcount != 1:
        raise Unknown("flag")
    timers.disarm(tx, DEADLINE, note_id)


def hand_on(tx: Transaction, note_id: str, from_ref: bytes, *, at: datetime) -> Urgency:
    """Give it up for a colleague to take; until then it counts as open, with a new deadline.

    Raises:
        Unknown: it is not this person's.
    """
    mine = (
        flags.c.note_id == bytes.fromhex(note_id),
        flags.c.state == "taken",
        flags.c.owner_ref == from_ref,
    )
    urgency: Urgency | None = tx.db.scalar(select(flags.c.urgency).where(*mine))
    if urgency is None:
        raise Unknown("flag")
    due_at = at + DEADLINES[urgency]
    tx.db.execute(update(flags).where(*mine).values(state="handed-on", owner_ref=None, due_at=seconds(due_at)))
    timers.arm(tx, DEADLINE, note_id, due_at)
    return urgency


def taken_by(tx: Transaction, owner_ref: bytes) -> list[str]:
    """References of the flags somebody has taken and not closed."""
    query = select(notes.c.reference).join(flags, flags.c.note_id == notes.c.id)
    return list(
        tx.db.scalars(query.where(flags.c.owner_ref == owner_ref, flags.c.state == "taken").order_by(notes.c.reference))
    )


def give_up(tx: Transaction, owner_ref: bytes, *, at: datetime) -> None:
    """Their owner is gone: what they had taken is for a colleague to take, and due at once."""
    theirs = (flags.c.owner_ref == owner_ref, flags.c.state == "taken")
    found = tx.db.scalars(select(flags.c.note_id).where(*theirs)).all()
    tx.db.execute(update(flags).where(*theirs).values(state="handed-on", owner_ref=None, due_at=seconds(at)))
    for note_id in found:
        timers.arm(tx, DEADLINE, note_id.hex(), at)


def close(tx: Transaction, note_id: str, person_ref: bytes, outcome: str, *, at: datetime) -> None:
    """
    Raises:
        Unknown: it is not this person's.
    """
    closed = tx.db.execute(
        update(flags)
        .where(
            flags.c.note_id == bytes.fromhex(note_id),
            flags.c.state == "taken",
            flags.c.owner_ref == person_ref,
        )
        .values(state="closed", outcome=outcome, closed_at=seconds(at))
    )
    if closed.rowcount != 1:
        raise Unknown("flag")


def withdraw(tx: Transaction, note_id: str) -> bool:
    """Its note was withdrawn. False: there is no flag that is not closed."""
    gone = tx.db.execute(
        update(flags)
        .where(flags.c.note_id == bytes.fromhex(note_id), flags.c.state != "closed")
        .values(state="withdrawn")
    )
    timers.disarm(tx, DEADLINE, note_id)
    return gone.rowcount == 1


def overdue(tx: Transaction, note_id: str, *, at: datetime) -> bool:
    """Its deadline has passed. True: it is still open, is overdue now, and the next warning is armed."""
    late = tx.db.execute(
        update(flags).where(flags.c.note_id == bytes.fromhex(note_id), flags.c.state.in_(OPEN)).values(state="overdue")
    )
    if late.rowcount != 1:
        return False
    urgency: Urgency = tx.db.execute(
        select(flags.c.urgency).where(flags.c.note_id == bytes.fromhex(note_id))
    ).scalar_one()
    timers.arm(tx, DEADLINE, note_id, at + DEADLINES[urgency])
    return True


def is_overdue(tx: Transaction, note_id: str) -> bool:
    """Whether the desk was warned already."""
    return tx.db.scalar(select(flags.c.state).where(flags.c.note_id == bytes.fromhex(note_id))) == "overdue"


def pull_in(tx: Transaction, *, at: datetime) -> None:
    """No open flag warns later than if it had been raised now: one that would was raised while the clock was ahead."""
    found = tx.db.execute(select(flags.c.note_id, flags.c.urgency, flags.c.due_at).where(flags.c.state.in_(OPEN))).all()
    for note_id, urgency, due_at in found:
        latest = at + DEADLINES[urgency]
        armed = timers.armed_until(tx, DEADLINE, note_id.hex())
        if armed is None or armed > latest:
            timers.arm(tx, DEADLINE, note_id.hex(), latest)
        if due_at > seconds(latest):
            tx.db.execute(update(flags).where(flags.c.note_id == note_id).values(due_at=seconds(latest)))


def of_desks(
    tx: Transaction, agency_refs: list[bytes], *, short: str | None = None, at_most: int = 50
) -> list[FlagView]:
    """Flags of these agencies that are not over, by urgency and age; with ``short`` the one of that reference."""
    query = (
        select(flags, notes.c.reference)
        .join(notes, notes.c.id == flags.c.note_id)
        .where(flags.c.agency_ref.in_(agency_refs))
    )
    if short is None:
        query = query.where(flags.c.state.in_((*OPEN, "taken")))
    else:  # by the notes' own key: an agency may have ten thousand flags that are over
        query = query.where(notes.c.agency_ref.in_(agency_refs), notes.c.reference == short)
    found = []
    for row in tx.db.execute(query):
        agency = agencies.by_ref(tx, row.agency_ref)
        found.append(
            FlagView(
                note_id=row.note_id.hex(),
                reference=row.reference,
                agency=agency.slug,
                agency_name=agency.profile["name"],
                urgency=row.urgency,
                state=row.state,
                raised_at=moment(row.raised_at),
                due_at=moment(row.due_at),
                owner=row.owner_ref.hex() if row.owner_ref else "",
                owner_handle=people.profile(tx, row.owner_ref)["handle"] if row.owner_ref else "",
                outcome=row.outcome or "",
            )
        )
    found.sort(key=_first)
    return found[:at_most]


def listed(tx: Transaction, agency_refs: Collection[bytes], *, at_most: int = 50) -> list[str]:
    """References of what ``of_desks`` shows, in its order; nothing is opened for it."""
    query = (
        select(notes.c.reference, flags.c.state, flags.c.urgency, flags.c.raised_at)
        .join(notes, notes.c.id == flags.c.note_id)
        .where(flags.c.agency_ref.in_(agency_refs), flags.c.state.in_((*OPEN, "taken")))
    )
    return [row.reference for row in sorted(tx.db.execute(query), key=_first)[:at_most]]


def _first(flag: Any) -> tuple[bool, int, Any]:
    return flag.state == "taken", -URGENCIES.index(flag.urgency), flag.raised_at


def about(tx: Transaction, note_id: str) -> tuple[bytes, str, Urgency]:
    """Agency ref, reference and urgency of a flag.

    Raises:
        Unknown: there is none.
    """
    row = tx.db.execute(
        select(flags.c.agency_ref, notes.c.reference, flags.c.urgency)
        .join(notes, notes.c.id == flags.c.note_id)
        .where(flags.c.note_id == bytes.fromhex(note_id))
    ).one_or_none()
    if row is None:
        raise Unknown("flag")
    return row.agency_ref, row.reference, row.urgency
