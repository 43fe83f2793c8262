"""What is owed to case systems: a row for each note and destination, put in the note's transaction.

    keep ──▶ pending, without a place in its case ──release──▶ pending, with one ──▶ … the sync process …
                                       └──undo──▶ withdrawn
    taken back later: what never left is withdrawn; what left is followed by version 2, "withdrawn"

The bot knows of a note's delivery what stands here, and never opens one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import and_, func, insert, or_, select, text, update

from storage import timers
from storage.schema import deliveries, destinations, notes
from storage.transaction import Transaction, moment, seconds

RECORDED: Final = 1
WITHDRAWAL: Final = 2
HOUR_S: Final = 3_600
DAY_S: Final = 86_400
State = Literal["pending", "leased", "sent", "acked", "parked", "dead", "withdrawn"]
UNDER_WAY: Final = ("pending", "leased", "sent", "parked")
SETTLED: Final = ("acked", "dead", "withdrawn")

FILED: Final = "filed"
"""Kind of the timer, due at once, by which the author hears that a note is in the case system; ``about``: note id."""
PARKED: Final = "delivery-parked"
"""Likewise, the desk: a delivery waits for a person; ``about``: see there."""
CLOSED: Final = "delivery-closed"
"""Likewise, the desk: the record was closed there."""
DOWN: Final = "destination-down"
"""Likewise, desk and admins: nothing gets through until somebody mends it; ``about``: the destination."""
LATE: Final = "delivery-late"
"""Likewise: the oldest note waits for longer than it should."""
TOLD_AT_ONCE: Final = (FILED, PARKED, CLOSED, DOWN, LATE)

# Whoever releases another note of the case waits for this one's commit: the order of numbers is that of commits.
_next_in_case = text(
    "INSERT INTO case_counters (agency_ref, case_key, last) VALUES (:agency_ref, :case_key, 1)"
    " ON CONFLICT (agency_ref, case_key) DO UPDATE SET last = case_counters.last + 1 RETURNING last"
)


def owe(tx: Transaction, note_id: bytes, *, agency_ref: bytes) -> None:
    """A note was put: every destination of its agency is owed it."""
    query = select(destinations.c.name, destinations.c.disclosure).where(destinations.c.agency_ref == agency_ref)
    rows = [_row(to.name, to.disclosure, note) for note in _notes(tx, [note_id]) for to in tx.db.execute(query)]
    if rows:
        tx.db.execute(insert(deliveries), rows)


def owe_all(tx: Transaction, destination: str, *, agency_ref: bytes, at: datetime, at_most: int = 500) -> int:
    """Notes that a destination is not owed yet: those from before it was there, that are not withdrawn.

    Returns:
        How many; call again until it is 0.
    """
    owed = select(deliveries.c.note_id).where(
        deliveries.c.destination == destination, deliveries.c.note_id == notes.c.id
    )
    query = (
        select(notes.c.id)
        .where(notes.c.agency_ref == agency_ref, notes.c.state != "withdrawn", ~owed.exists())
        .order_by(notes.c.hour, notes.c.amends.is_not(None), notes.c.reference)
        .limit(at_most)
    )
    found = _notes(tx, tx.db.scalars(query).all())
    disclosure = tx.db.execute(select(destinations.c.disclosure).where(destinations.c.name == destination)).scalar_one()
    for note in found:
        row = _row(destination, disclosure, note) | {"created_at": _hour(at)}
        if note.state != "held":
            row["case_seq"] = _place(tx, note)
        tx.db.execute(insert(deliveries), row)
    return len(found)


def release(tx: Transaction, note_id: bytes) -> None:
    """The note may not be undone any more: its deliveries get their place in its case, and may begin."""
    here = and_(deliveries.c.note_id == note_id, deliveries.c.state == "pending", deliveries.c.case_seq.is_(None))
    if tx.db.scalar(select(func.count()).select_from(deliveries).where(here)):
        (note,) = _notes(tx, [note_id])
        tx.db.execute(update(deliveries).where(here).values(case_seq=_place(tx, note)))


def undo(tx: Transaction, note_id: bytes, *, at: datetime | None = None) -> None:
    """The note's text is gone. What never left is withdrawn. What left, or may have, whatever was answered, is followed
    by a withdrawal, and is asked for first where it can be.

    Args:
        at: now; None: the note's hour.
    """
    mine = and_(deliveries.c.note_id == note_id, deliveries.c.version == RECORDED)
    # The hash is fixed before the first try and dropped once a receiver took nothing of it.
    never_left = and_(deliveries.c.hash_for_sync.is_(None), deliveries.c.ambiguous == 0)
    waits = deliveries.c.state.in_(("pending", "parked"))
    gone = {"state": "withdrawn", "why": "", "next_at": None, "done_at": None if at is None else seconds(at)}
    tx.db.execute(update(deliveries).where(mine, waits, never_left).values(**gone))
    doubted = {"state": "pending", "ambiguous": 1, "why": "", "next_at": 0, "done_at": None}
    given_up = and_(deliveries.c.state == "dead", ~never_left)
    tx.db.execute(update(deliveries).where(mine, or_(waits, given_up)).values(**doubted))
    release(tx, note_id)  # a restored database may not know yet that it had been
    withdrawal = deliveries.alias()
    followed = select(withdrawal.c.id).where(
        withdrawal.c.destination == deliveries.c.destination,
        withdrawal.c.note_id == note_id,
        withdrawal.c.version == WITHDRAWAL,
    )
    left = tx.db.execute(
        select(deliveries.c.destination, deliveries.c.disclosure).where(
            mine, deliveries.c.state.not_in(("withdrawn", "dead")), ~followed.exists()
        )
    ).all()
    if not left:
        return
    (note,) = _notes(tx, [note_id])
    place = _place(tx, note)
    for to in left:
        row = _row(to.destination, to.disclosure, note) | {
            "version": WITHDRAWAL,
            "waits_for": note_id,
            "case_seq": place,
        }
        if at is not None:
            row["created_at"] = _hour(at)
        tx.db.execute(insert(deliveries), row)


def taken_back(tx: Transaction, destination: str, note_id: bytes) -> bool:
    """Its withdrawal is owed there."""
    there = and_(
        deliveries.c.destination == destination,
        deliveries.c.note_id == note_id,
        deliveries.c.version == WITHDRAWAL,
        deliveries.c.state != "withdrawn",
    )
    return bool(tx.db.scalar(select(func.count()).select_from(deliveries).where(there)))


def forget_withdrawal(tx: Transaction, destination: str, note_id: bytes, *, at: datetime) -> None:
    """The note never arrived there, so that there is nothing to withdraw."""
    there = and_(
        deliveries.c.destination == destination,
        deliveries.c.note_id == note_id,
        deliveries.c.version == WITHDRAWAL,
        deliveries.c.state.in_(("pending", "parked")),
    )
    tx.db.execute(update(deliveries).where(there).values(state="withdrawn", why="", next_at=None, done_at=seconds(at)))


def doubt_all(tx: Transaction) -> int:
    """The database comes back from a backup: what was not delivered then may have been since. All of it is looked for
    before it is sent."""
    return tx.db.execute(
        update(deliveries)
        .where(deliveries.c.state.in_(("pending", "leased", "sent", "parked")))
        .values(ambiguous=1, lease_until=0)
    ).rowcount


def settled_since(agency_ref: bytes, limit: int) -> Any:
    """A query for ids of notes whose every delivery came to its end before ``limit`` (seconds)."""
    return (
        select(deliveries.c.note_id)
        .where(deliveries.c.agency_ref == agency_ref)
        .group_by(deliveries.c.note_id)
        .having(
            func.count() == func.count().filter(deliveries.c.state.in_(SETTLED)),
            func.max(func.coalesce(deliveries.c.done_at, deliveries.c.created_at)) <= limit,
        )
    )


def tell(tx: Transaction, kind: str, about: str, *, at: datetime) -> None:
    """The bot is to say something, without a word of content: a timer that is due at once."""
    timers.arm(tx, kind, about, at)


def destinations_of(tx: Transaction, agency_ref: bytes) -> list[tuple[str, str]]:
    """Name and disclosure of each that an agency's notes go to."""
    query = select(destinations.c.name, destinations.c.disclosure).where(destinations.c.agency_ref == agency_ref)
    return [(row.name, row.disclosure) for row in tx.db.execute(query.order_by(destinations.c.name))]


@dataclass(frozen=True, slots=True)
class Told:
    """What people may hear of a delivery. ``withdrawal``: it says there that the note was taken back."""

    reference: str
    destination: str
    withdrawal: bool
    agency_ref: bytes
    state: str
    why: str
    remote_state: str


def about(note_id: bytes, version: int, destination: str) -> str:
    """What a timer of ``PARKED`` or ``CLOSED`` is about; at most 63 characters."""
    return f"{note_id.hex()}{'.' if version == RECORDED else ':'}{destination}"


def told_of(tx: Transaction, about: str) -> Told | None:
    """Of a delivery, by what a timer is about; None: there is none any more."""
    note_id, mark, destination = bytes.fromhex(about[:32]), about[32:33], about[33:]
    version = RECORDED if mark == "." else WITHDRAWAL
    row = tx.db.execute(
        select(
            notes.c.reference, deliveries.c.agency_ref, deliveries.c.state, deliveries.c.why, deliveries.c.remote_state
        )
        .join(notes, notes.c.id == deliveries.c.note_id)
        .where(
            deliveries.c.note_id == note_id,
            deliveries.c.destination == destination,
            deliveries.c.version == version,
        )
    ).one_or_none()
    if row is None:
        return None
    return Told(row.reference, destination, version == WITHDRAWAL, row.agency_ref, row.state, row.why, row.remote_state)


def reference_of(tx: Transaction, note_id: bytes) -> str | None:
    found: str | None = tx.db.scalar(select(notes.c.reference).where(notes.c.id == note_id))
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How one destination stands, for people; no word of any note.

    Attributes:
        state, why: see ``storage.schema.destinations``; ``why`` a code, or empty.
        counts: deliveries by state; those that may still be undone do not count.
        oldest: when the oldest of those that wait was put; None: nothing waits.
        failing_since, last_ok_at, next_at: of the destination.
        parked: reference, why and since when, of those that a person must look at, the oldest first, at most ten.
        late: the oldest waits for longer than it should.
    """

    destination: str
    agency_ref: bytes
    kind: str
    disclosure: str
    state: str
    why: str
    counts: dict[str, int]
    oldest: datetime | None
    failing_since: datetime | None
    last_ok_at: datetime | None
    next_at: datetime | None
    parked: tuple[tuple[str, str, datetime], ...]
    late: bool


def standing(
    tx: Transaction, *, at: datetime, agency_refs: Collection[bytes] | None = None, name: str = ""
) -> list[Standing]:
    """
    Args:
        agency_refs: whose destinations; None: all.
        name: only this one.
    """
    query = select(destinations).order_by(destinations.c.name)
    if agency_refs is not None:
        query = query.where(destinations.c.agency_ref.in_(agency_refs))
    if name:
        query = query.where(destinations.c.name == name)
    return [_standing(tx, row, at) for row in tx.db.execute(query).all()]


def _standing(tx: Transaction, row: Any, at: datetime) -> Standing:
    here = deliveries.c.destination == row.name
    released = or_(deliveries.c.state != "pending", deliveries.c.case_seq.is_not(None))
    counted = select(deliveries.c.state, func.count()).where(here, released).group_by(deliveries.c.state)
    counts: dict[str, int] = {one.state: one[1] for one in tx.db.execute(counted)}
    oldest = tx.db.scalar(oldest_waiting(row.name))
    parked = tx.db.execute(
        select(notes.c.reference, deliveries.c.why, deliveries.c.created_at)
        .join(notes, notes.c.id == deliveries.c.note_id)
        .where(here, deliveries.c.state == "parked")
        .order_by(deliveries.c.id)
        .limit(10)
    ).all()
    return Standing(
        destination=row.name,
        agency_ref=row.agency_ref,
        kind=row.kind,
        disclosure=row.disclosure,
        state=row.state,
        why=row.why,
        counts=counts,
        oldest=_moment(oldest),
        failing_since=_moment(row.failing_since),
        last_ok_at=_moment(row.last_ok_at),
        next_at=_moment(row.next_at) if row.state == "down" else None,
        parked=tuple((one.reference, one.why, moment(one.created_at)) for one in parked),
        late=oldest is not None and seconds(at) - oldest > row.alarm_s,
    )


def oldest_waiting(name: str) -> Any:
    """A query for when the oldest delivery was put that nobody has acknowledged; those parked have been told of."""
    return select(func.min(deliveries.c.created_at)).where(
        deliveries.c.destination == name,
        deliveries.c.state.in_(("pending", "leased", "sent")),
        deliveries.c.case_seq.is_not(None),
    )


def alarm(tx: Transaction, name: str, *, alarm_s: int, alarmed_at: int | None, now: int) -> None:
    """The desk hears that the oldest delivery waits for longer than it should, once a day for as long as it lasts.

    Args:
        alarm_s, alarmed_at: of the destination's row.
    """
    here = update(destinations).where(destinations.c.name == name)
    oldest = tx.db.scalar(oldest_waiting(name))
    if oldest is None or now - oldest <= alarm_s:
        if alarmed_at is not None:
            tx.db.execute(here.values(alarmed_at=None))
    elif alarmed_at is None or not 0 <= now - alarmed_at < DAY_S:
        tx.db.execute(here.values(alarmed_at=now))
        tell(tx, LATE, name, at=moment(now))


def alarm_all(tx: Transaction, *, at: datetime) -> None:
    """The same for every destination: also where no sync process runs that would notice."""
    columns = (destinations.c.name, destinations.c.alarm_s, destinations.c.alarmed_at)
    for name, alarm_s, alarmed_at in tx.db.execute(select(*columns)).all():
        alarm(tx, name, alarm_s=alarm_s, alarmed_at=alarmed_at, now=seconds(at))


def held(tx: Transaction, destination: str) -> int:
    """How many may still be undone by their authors, and are not delivered yet."""
    here = and_(
        deliveries.c.destination == destination, deliveries.c.state == "pending", deliveries.c.case_seq.is_(None)
    )
    return int(tx.db.execute(select(func.count()).select_from(deliveries).where(here)).scalar_one())


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)


def _notes(tx: Transaction, ids: Collection[bytes]) -> list[Any]:
    query = select(notes.c.id, notes.c.agency_ref, notes.c.case_tag, notes.c.amends, notes.c.state, notes.c.hour)
    found = {row.id: row for row in tx.db.execute(query.where(notes.c.id.in_(ids)))}
    return [found[id_] for id_ in ids]


def _case(note: Any) -> bytes:
    """What keeps notes in order: their case; without one, the note that was begun with."""
    return bytes(note.case_tag or note.amends or note.id)


def _place(tx: Transaction, note: Any) -> int:
    return int(tx.db.execute(_next_in_case, {"agency_ref": note.agency_ref, "case_key": _case(note)}).scalar_one())


def _hour(at: datetime) -> int:
    """A note's row tells the hour alone; its deliveries must not tell more."""
    return seconds(at) // HOUR_S * HOUR_S


def _row(name: str, disclosure: str, note: Any) -> dict[str, Any]:
    return {
        "destination": name,
        "agency_ref": note.agency_ref,
        "note_id": note.id,
        "version": RECORDED,
        "disclosure": disclosure,
        "case_key": _case(note),
        "case_seq": None,
        "waits_for": note.amends,
        "state": "pending",
        "why": "",
        "attempts": 0,
        "next_at": 0,
        "ambiguous": 0,
        "withhold": 0,
        "remote_id": "",
        "remote_url": "",
        "remote_state": "",
        "created_at": note.hour,
    }
