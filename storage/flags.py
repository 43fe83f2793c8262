"""Flags: raised with a note, open until a named person has closed them, never without somebody to hear of them.

How a flag lives stands in ``dialogues.flag_life``; here it is kept, one step at a time, each written down. Who is told
stands in ``bot.flag_routing``.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, or_, select, update

from dialogues import flag_life
from dialogues.flag_life import OPEN, OVER, OWNED, UNOWNED, UNTOLD, URGENCIES, Act, Life, NotNow
from dialogues.model import FlagView, Urgency
from storage import agencies, flag_steps, people, timers
from storage.errors import Unknown
from storage.pins import Pins
from storage.schema import flags, notes
from storage.transaction import Transaction, moment, seconds

DEADLINES: Final = flag_life.TAKEN_WITHIN
DEADLINE: Final = "flag"
"""Kind of the timer by which a flag goes on: to the next level, overdue, open to all again. ``about`` is the note id in
hex. Every open flag has exactly one."""
TELL_AUTHOR: Final = "flag-author"
"""Kind of the timer that tells an author after quiet hours how it stands; ``about`` is the note id in hex."""
ASK_AUTHOR: Final = "flag-ask"
"""The same for the desk's question to the author."""
TELL_DESK: Final = "flag-desk"
"""Kind of the timer that tells whoever has it, or was called, after quiet hours; ``about`` is the note id in hex."""

_standing = (
    select(flags, notes.c.reference, notes.c.case_tag)
    .join(notes, notes.c.id == flags.c.note_id)
    .where(flags.c.note_id == bindparam("of"))
)
_one = select(flags).where(flags.c.note_id == bindparam("of"))
_locked = _one.with_for_update()

Shift = Callable[[bytes, Urgency, timedelta, datetime], datetime]
"""Agency ref, urgency, how long and from when -> when that is over, as the agency's quiet hours have it."""


def plain_shift(agency_ref: bytes, urgency: Urgency, within: timedelta, at: datetime) -> datetime:
    """Without quiet hours."""
    return at + within


def raise_flag(
    tx: Transaction,
    note_id: str,
    agency_ref: bytes,
    level: int,
    *,
    at: datetime,
    pins: Pins | None = None,
    due_at: datetime | None = None,
    why: Mapping[str, str] | None = None,
) -> Urgency:
    """Raise a flag of level 1 to 3 and set its deadline.

    Args:
        due_at: another deadline than the urgency's.

    Returns:
        Its urgency.
    """
    life = flag_life.raised(URGENCIES[level - 1], at=at, due_at=due_at)
    row = {
        "note_id": bytes.fromhex(note_id),
        "agency_ref": agency_ref,
        "raised_at": seconds(at),
        "urgency": life.urgency,
        **_values(life, at),
    }
    tx.db.execute(insert(flags), row)
    timers.arm(tx, DEADLINE, note_id, life.due_at)
    flag_steps.add(tx, pins, bytes.fromhex(note_id), agency_ref, "raise", at=at, why=why)
    return life.urgency


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a flag stands, with what else must be known to call somebody for it.

    Attributes:
        note_id: hex.
        case_tag: keyed, of its note's case.
        outcome: how it was closed, or empty.
    """

    note_id: str
    agency_ref: bytes
    reference: str
    raised_at: datetime
    case_tag: bytes | None
    outcome: str
    life: Life

    @property
    def urgency(self) -> Urgency:
        return self.life.urgency


def standing(tx: Transaction, note_id: str) -> Standing:
    """
    Raises:
        Unknown: there is none.
    """
    row = tx.db.execute(_standing, {"of": bytes.fromhex(note_id)}).one_or_none()
    if row is None:
        raise Unknown("flag")
    return Standing(
        note_id, row.agency_ref, row.reference, moment(row.raised_at), row.case_tag, row.outcome or "", _life(row)
    )


def agency_of(tx: Transaction, note_id: bytes) -> bytes | None:
    """Whose flag it is; None: there is none."""
    found: bytes | None = tx.db.scalar(select(flags.c.agency_ref).where(flags.c.note_id == note_id))
    return found


def life(tx: Transaction, note_id: str) -> Life:
    """Where a flag stands.

    Raises:
        Unknown: there is none.
    """
    return _life(_row(tx, note_id))


def move(
    tx: Transaction,
    note_id: str,
    act: Act,
    *,
    at: datetime,
    pins: Pins | None = None,
    who: str = "",
    due_at: datetime | None = None,
    level: int | None = None,
    why: Mapping[str, str] | None = None,
    outcome: str | None = None,
    quietly: bool = False,
) -> Life:
    """Do one act, write it down, and set the flag's timer to its deadline.

    Of several who try at once exactly one succeeds.

    Args:
        who: ref of who acts, in hex; empty: the assistant.
        due_at: another deadline than the urgency's.
        level: up to which level people are told from now on.
        why: sealed, see ``storage.flag_steps``.
        quietly: no step is written down; for what repeats.

    Returns:
        Where it stands now.

    Raises:
        Unknown: there is none, or it does not go from here, or not by this person.
    """
    row = _row(tx, note_id, lock=True)
    before = _life(row)
    try:
        now = flag_life.after(before, act, at=at, who=who, due_at=due_at)
    except NotNow:
        raise Unknown("flag") from None
    values = _values(now, at, row)
    if level is not None:
        values["level"] = level
    if outcome is not None:
        values |= {"outcome": outcome, "closed_at": seconds(at)}
    if tx.db.execute(update(flags).where(*_as_it_was(row)).values(urgency=now.urgency, **values)).rowcount != 1:
        raise Unknown("flag")
    if not quietly:
        flag_steps.add(tx, pins, row.note_id, row.agency_ref, act, at=at, who=who, why=why)
    if now.state in OVER:
        timers.disarm(tx, DEADLINE, note_id)
    else:
        timers.arm(tx, DEADLINE, note_id, flag_life.warn_at(now) if _is_warned(now) else now.due_at)
    return replace(now, level=values["level"])


def look_again(tx: Transaction, note_id: str, at: datetime) -> None:
    """Let its timer fall due at a time, instead of at its deadline."""
    timers.arm(tx, DEADLINE, note_id, at)


def put_off(tx: Transaction, note_id: str, until: datetime, *, untold: bool = False) -> None:
    """Quiet hours: nobody is called before they end, and no deadline is in them.

    Args:
        untold: those who were told are told again then, level by level; of what is overdue, all of them at once.
    """
    for column in (flags.c.due_at, flags.c.take_by):
        tx.db.execute(update(flags).where(_is(note_id), column < seconds(until)).values({column.name: seconds(until)}))
    if untold:
        late = flags.c.overdue_since.is_not(None)
        tx.db.execute(update(flags).where(_is(note_id), late).values(due_at=seconds(until)))
        tx.db.execute(update(flags).where(_is(note_id), ~late).values(level=UNTOLD))
    timers.arm(tx, DEADLINE, note_id, until)


def take(tx: Transaction, note_id: str, person_ref: bytes, *, at: datetime, pins: Pins | None = None) -> None:
    """Make a named person its owner; exactly one of several who try at once.

    Raises:
        Unknown: it is not open.
    """
    move(tx, note_id, "take", at=at, pins=pins, who=person_ref.hex())


def hand_on(tx: Transaction, note_id: str, from_ref: bytes, *, at: datetime, pins: Pins | None = None) -> Urgency:
    """Give it up for a colleague to take; until then nobody has it, with a new deadline.

    Raises:
        Unknown: it is somebody else's, or not open.
    """
    return move(tx, note_id, "hand-on", at=at, pins=pins, who=from_ref.hex()).urgency


def close(
    tx: Transaction, note_id: str, person_ref: bytes, outcome: str, *, at: datetime, pins: Pins | None = None
) -> None:
    """
    Raises:
        Unknown: it is not this person's.
    """
    move(tx, note_id, "close", at=at, pins=pins, who=person_ref.hex(), outcome=outcome, why={"outcome": outcome})


def withdraw(tx: Transaction, note_id: str, *, at: datetime, pins: Pins | None = None) -> bool:
    """Its note was withdrawn. False: there is no flag that is not over."""
    try:
        move(tx, note_id, "withdraw", at=at, pins=pins)
    except Unknown:
        return False
    return True


def worked(tx: Transaction, note_id: bytes, person_ref: bytes, *, at: datetime, pins: Pins | None = None) -> None:
    """A person opened a note with its amendments: what they have taken of their flags is in hand. Harmless otherwise.

    Args:
        note_id: of any of them.
    """
    first = select(func.coalesce(notes.c.amends, notes.c.id)).where(notes.c.id == note_id).scalar_subquery()
    theirs = (
        select(flags.c.note_id)
        .join(notes, notes.c.id == flags.c.note_id)
        .where(or_(notes.c.id == first, notes.c.amends == first))
        .where(flags.c.state == "taken", flags.c.owner_ref == person_ref)
        .order_by(flags.c.note_id)
        .with_for_update(of=flags)  # or the chat closes it after this look at it
    )
    for one in tx.db.scalars(theirs).all():
        move(tx, one.hex(), "work", at=at, pins=pins, who=person_ref.hex(), why={"why": "opened"})


def taken_by(tx: Transaction, owner_ref: bytes) -> list[str]:
    """References of the flags somebody has taken and not closed."""
    query = select(notes.c.reference).join(flags, flags.c.note_id == notes.c.id)
    return list(
        tx.db.scalars(query.where(flags.c.owner_ref == owner_ref, flags.c.state.in_(OWNED)).order_by(notes.c.reference))
    )


def give_up(tx: Transaction, owner_ref: bytes, *, at: datetime) -> None:
    """Their owner is gone: what they had taken is for a colleague to take, and due at once."""
    theirs = (flags.c.owner_ref == owner_ref, flags.c.state.in_(OWNED))
    # Locked, and looked at as it is by then: what they close or hand on this moment is not theirs any more.
    for row in tx.db.execute(select(flags).where(*theirs).order_by(flags.c.note_id).with_for_update()).all():
        now = flag_life.after(_life(row), "give-up", at=at)
        tx.db.execute(update(flags).where(flags.c.note_id == row.note_id, *theirs).values(**_values(now, at)))
        flag_steps.add(tx, None, row.note_id, row.agency_ref, "give-up", at=at)
        timers.arm(tx, DEADLINE, row.note_id.hex(), at)
    timers.pull_in(tx, DEADLINE, at)  # flags that called them go on to somebody else


def overdue(
    tx: Transaction, note_id: str, *, at: datetime, pins: Pins | None = None, due_at: datetime | None = None
) -> bool:
    """Its deadline has passed. True: it is still open, is overdue now, and the next warning is armed."""
    try:
        again = is_overdue(tx, note_id)
        move(tx, note_id, "overdue", at=at, pins=pins, due_at=due_at, quietly=again)
    except Unknown:
        return False
    return True


def is_overdue(tx: Transaction, note_id: str) -> bool:
    """Whether the desk was warned already."""
    return tx.db.scalar(select(flags.c.overdue_since).where(flags.c.note_id == bytes.fromhex(note_id))) is not None


def arrived(tx: Transaction, note_id: str, *, at: datetime, pins: Pins | None = None) -> None:
    """A notice of it reached somebody's phone. Harmless when repeated, and when it was taken meanwhile."""
    of = {"of": bytes.fromhex(note_id)}
    for query in (_one, _locked):  # most are past that already, and need no lock
        row = tx.db.execute(query, of).one_or_none()
        if row is None or row.state != "routed":
            break
    else:
        armed = timers.armed_until(tx, DEADLINE, note_id)
        move(tx, note_id, "arrive", at=at, pins=pins)
        if armed is not None:  # a notice that arrives puts nothing off
            timers.arm(tx, DEADLINE, note_id, armed)


def pull_in(tx: Transaction, *, at: datetime, shift: Shift = plain_shift) -> None:
    """No open flag warns later than if its last act had been now: one that would had it while the clock was ahead.
    Each has a timer, also one whose timer was lost. One that nobody has is looked at now: it may owe a look that
    was due by the other clock, and quiet hours and shifts are others."""
    for row in tx.db.execute(select(flags).where(flags.c.state.in_(OPEN))).all():
        life = _life(row)
        take_by = shift(row.agency_ref, life.urgency, DEADLINES[life.urgency], at)
        latest = shift(row.agency_ref, life.urgency, flag_life.longest(life), at)
        wakes_by = at if life.state in UNOWNED else latest
        armed = timers.armed_until(tx, DEADLINE, row.note_id.hex())
        if armed is None or armed > wakes_by:
            timers.arm(tx, DEADLINE, row.note_id.hex(), wakes_by)
        drawn_in = {
            "due_at": min(row.due_at, seconds(latest)),
            "take_by": min(row.take_by, seconds(take_by)),
            "moved_at": min(row.moved_at, seconds(at)),
        }
        if any(getattr(row, name) != value for name, value in drawn_in.items()):
            tx.db.execute(update(flags).where(*_as_it_was(row)).values(drawn_in))


def open_of(tx: Transaction, agency_ref: bytes) -> list[str]:
    """Ids, in hex, of an agency's flags that nobody has, the oldest first."""
    query = select(flags.c.note_id).where(flags.c.agency_ref == agency_ref, flags.c.state.in_(UNOWNED))
    return [note_id.hex() for note_id in tx.db.scalars(query.order_by(flags.c.raised_at))]


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
        query = query.where(flags.c.state.in_(OPEN))
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
                overdue=row.overdue_since is not None and row.state not in OVER,
                undo_until=moment(row.moved_at) + flag_life.UNDO_WITHIN if row.state == "taken" else None,
            )
        )
    found.sort(key=_first)
    return found[:at_most]


def listed(tx: Transaction, agency_refs: Collection[bytes], *, at_most: int = 50) -> list[str]:
    """References of what ``of_desks`` shows, in its order; nothing is opened for it."""
    query = (
        select(notes.c.reference, flags.c.state, flags.c.urgency, flags.c.raised_at)
        .join(notes, notes.c.id == flags.c.note_id)
        .where(flags.c.agency_ref.in_(agency_refs), flags.c.state.in_(OPEN))
    )
    return [row.reference for row in sorted(tx.db.execute(query), key=_first)[:at_most]]


def _first(flag: Any) -> tuple[bool, int, Any]:
    return flag.state in OWNED, -URGENCIES.index(flag.urgency), flag.raised_at


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


def _row(tx: Transaction, note_id: str, *, lock: bool = False) -> Row[Any]:
    row = tx.db.execute(_locked if lock else _one, {"of": bytes.fromhex(note_id)}).one_or_none()
    if row is None:
        raise Unknown("flag")
    return row


def _is(note_id: str) -> ColumnElement[bool]:
    return flags.c.note_id == bytes.fromhex(note_id)


def _as_it_was(row: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """Nobody moved it since this was read."""
    return flags.c.note_id == row.note_id, flags.c.state == row.state, flags.c.moved_at == row.moved_at


def _life(row: Row[Any]) -> Life:
    return Life(
        state=row.state,
        urgency=row.urgency,
        due_at=moment(row.due_at),
        take_by=moment(row.take_by),
        moved_at=moment(row.moved_at),
        owner=row.owner_ref.hex() if row.owner_ref else "",
        level=row.level,
        overdue=row.overdue_since is not None,
        warned=row.warned_at is not None,
    )


def _values(life: Life, at: datetime, was: Row[Any] | None = None) -> dict[str, Any]:
    """``was``: the row before, for what it says since when."""
    overdue_since = (was.overdue_since if was is not None else None) or seconds(at)
    warned_at = (was.warned_at if was is not None else None) or seconds(at)
    return {
        "state": life.state,
        "due_at": seconds(life.due_at),
        "take_by": seconds(life.take_by),
        "moved_at": seconds(life.moved_at),
        "owner_ref": bytes.fromhex(life.owner) or None,
        "level": life.level,
        "overdue_since": overdue_since if life.overdue else None,
        "warned_at": warned_at if life.warned else None,
    }


def _is_warned(life: Life) -> bool:
    """Whether its timer is to warn its owner before it falls due."""
    return life.state == "taken" and not life.warned
