"""Deliveries: claimed with a lease, marked by who holds it, never by age.

    pending ──claim──▶ leased ──mark──▶ acked · sent · parked · pending again
                          └─lease ran out──▶ pending, ambiguous

Of one case at most one delivery is under way, the oldest; or several in their order, where a destination takes batches.
What amends a note waits while that note is parked or under way.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import BindParameter, Select, and_, bindparam, func, insert, or_, select, text, update

from storage import audit, deliveries
from storage.schema import deliveries as rows
from storage.schema import delivery_log, notes
from storage.sealing.header import Channel
from storage.sync.base import Disclosure
from storage.sync.mapping import NEWEST
from storage.transaction import Transaction, moment, seconds

LEASE_S: Final = 180
"""Longer than looking for a delivery and sending it may take together."""
DAY_S: Final = 86_400
LONGEST_PAUSE_S: Final = 7 * DAY_S


class Waiting(Protocol):
    @property
    def note_id(self) -> bytes: ...

    @property
    def waits_for(self) -> bytes | None: ...


W = TypeVar("W", bound=Waiting)
Now = Callable[[Transaction], int]
"""Seconds since 1970, as all who share the database see them."""


def system_now(tx: Transaction) -> int:
    """On a server its clock, which all its clients share."""
    if tx.shared:
        return int(tx.db.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until the lease runs out. Fields as in the table and its note's row."""

    id: int
    note_id: bytes
    version: int
    disclosure: Disclosure
    agency_ref: bytes
    reference: str
    flag_level: int
    channel: Channel
    hour: int
    case_seq: int
    ambiguous: bool
    attempts: int
    why: str
    mapper: int
    withhold: bool
    hash_for_sync: bytes | None
    sent_at: int | None
    remote_id: str
    waits_for: bytes | None
    lease: bytes

    @property
    def key(self) -> str:
        return f"{self.note_id.hex()}.v{self.version}"

    @property
    def tried(self) -> bool:
        """Whatever was answered, something of it may have left."""
        return self.ambiguous or self.hash_for_sync is not None


def claim(tx: Transaction, destination: str, *, now: int, most: int, together: bool = False) -> list[Claimed]:
    """Lease what is due, the oldest first.

    Args:
        now: as ``Now`` gives it.
        most: how many.
        together: several of one case, as one batch; no other batch is under way then.
    """
    given = {"to": destination, "now": now}
    if together:
        tx.hold(b"integra:" + destination.encode())
    for statement, far in ((_lost, 2 * LEASE_S), (_waited, LONGEST_PAUSE_S)):
        tx.db.execute(statement, given | {"far": now + far})
    if together and tx.db.scalar(_under_way, given):
        return []
    found = tx.db.execute(_due(together), given | {"far": now + LONGEST_PAUSE_S, "most": most}).all()
    if together:
        found = _with_what_they_wait_for(tx, destination, found)
    if not found:
        return []
    lease = os.urandom(16)
    ids = [row.id for row in found]
    for start in range(0, len(ids), 500):
        mine = rows.c.id.in_(ids[start : start + 500])
        tx.db.execute(
            update(rows)
            .where(mine)
            .values(
                state="leased",
                lease=lease,
                lease_until=now + LEASE_S,
                mapper=func.coalesce(rows.c.mapper, NEWEST),
                sent_at=func.coalesce(rows.c.sent_at, now),
            )
        )
    for row in found:
        if row.mapper is None and row.version == deliveries.RECORDED:
            # Before it leaves: what may be out there has an entry, wherever this is cut short.
            audit.record(
                tx,
                "note.handed-over",
                at=moment(now),
                reason="hand-over",
                agency=row.agency_ref,
                about=row.note_id,
                to=destination,
            )
    return [
        Claimed(
            id=row.id,
            note_id=row.note_id,
            version=row.version,
            disclosure=row.disclosure,
            agency_ref=row.agency_ref,
            reference=row.reference,
            flag_level=row.flag_level,
            channel=row.channel,
            hour=row.hour,
            case_seq=row.case_seq,
            ambiguous=bool(row.ambiguous),
            attempts=row.attempts,
            why=row.why,
            mapper=NEWEST if row.mapper is None else row.mapper,
            withhold=bool(row.withhold),
            hash_for_sync=row.hash_for_sync,
            sent_at=row.sent_at,
            remote_id=row.remote_id,
            waits_for=row.waits_for,
            lease=lease,
        )
        for row in found
    ]


def _with_what_they_wait_for(tx: Transaction, destination: str, found: Sequence[Any]) -> list[Any]:
    """Less those that wait for what is to be delivered still and not among them, as it waits for something itself."""
    awaited = {row.waits_for for row in found if row.waits_for is not None}
    missing = set[bytes]()
    for start in range(0, len(some := list(awaited)), 500):
        query = select(rows.c.note_id).where(
            rows.c.destination == destination,
            rows.c.note_id.in_(some[start : start + 500]),
            rows.c.version == deliveries.RECORDED,
            rows.c.state.in_(("pending", "leased", "parked")),
        )
        missing.update(tx.db.scalars(query))
    missing -= {row.note_id for row in found if row.version == deliveries.RECORDED}
    return without(missing, found)


def without(missing: set[bytes], some: Iterable[W]) -> list[W]:
    """Less what waits, directly or not, for notes that are not delivered with them.

    Args:
        some: in the order of their cases: what is added to an addition comes after it.
    """
    kept, missing = [], set(missing)
    for one in some:
        if one.waits_for in missing:
            missing.add(one.note_id)
        else:
            kept.append(one)
    return kept


# Statements of each round are made once: making one costs more than the database needs for it.
_to: BindParameter[str] = bindparam("to")
_now: BindParameter[int] = bindparam("now")
_far: BindParameter[int] = bindparam("far")
# A time far ahead was written by a clock that was ahead: it counts as come.
_lost = (
    update(rows)
    .where(
        rows.c.destination == _to,
        rows.c.state == "leased",
        or_(rows.c.lease_until <= _now, rows.c.lease_until > _far),
    )
    .values(state="pending", ambiguous=1, lease=None, sent_at=_now)
)
"""What a worker left behind is anybody's again, and may be there already."""
_waited = (
    update(rows)
    .where(rows.c.destination == _to, rows.c.state == "parked", or_(rows.c.next_at <= _now, rows.c.next_at > _far))
    .values(state="pending", next_at=_now)
)
"""What waited for a day is due."""
_under_way = select(func.count()).select_from(rows).where(rows.c.destination == _to, rows.c.state == "leased")


def _none(query: Select[Any]) -> Any:
    """That there is no such row, asked for each row by itself. As a join, which a server makes of it otherwise, it goes
    through all that waits for each that waits, whenever the server's figures are older than the backlog; and so it does
    by an index over states (measured: 20,000 waiting, minutes instead of milliseconds). Hence the offset, and the
    states as expressions."""
    return ~query.offset(0).exists()


@cache
def _due(together: bool) -> Select[Any]:
    older = rows.alias("older")
    same_case = and_(
        older.c.destination == _to,
        older.c.case_key == rows.c.case_key,
        older.c.case_seq < rows.c.case_seq,
    )
    if together:
        waits = and_(_state(older) == "pending", older.c.next_at > _now, older.c.next_at <= _far)
    else:
        waits = and_(_state(older) == "pending", _none(_stuck(older, together)))
    query = (
        select(
            rows.c.id,
            rows.c.note_id,
            rows.c.version,
            rows.c.disclosure,
            rows.c.hash_for_sync,
            rows.c.agency_ref,
            rows.c.case_seq,
            rows.c.ambiguous,
            rows.c.attempts,
            rows.c.why,
            rows.c.mapper,
            rows.c.withhold,
            rows.c.sent_at,
            rows.c.remote_id,
            rows.c.waits_for,
            notes.c.reference,
            notes.c.flag_level,
            notes.c.channel,
            notes.c.hour,
        )
        .join(notes, notes.c.id == rows.c.note_id)
        .where(
            rows.c.destination == _to,
            rows.c.state == "pending",
            rows.c.case_seq.is_not(None),
            or_(rows.c.next_at <= _now, rows.c.next_at > _far),
            _none(select(older.c.id).where(same_case, or_(_state(older) == "leased", waits))),
            _none(_stuck(rows, together)),
        )
        .order_by(*((rows.c.case_seq, rows.c.id) if together else (rows.c.id,)))
        .limit(bindparam("most"))
    )
    return query.with_for_update(skip_locked=True, of=rows)


def _state(row: Any) -> Any:
    return row.c.state + ""


def _stuck(row: Any, together: bool) -> Select[Any]:
    """What this one adds to, or withdraws, is not there yet; in a batch it may stand before it."""
    first = rows.alias()
    waits: Any = _state(first).in_(("pending", "leased"))
    if together:
        waits = and_(waits, or_(first.c.case_seq.is_(None), first.c.case_seq > row.c.case_seq))
    return select(first.c.id).where(
        first.c.destination == _to,
        first.c.note_id == row.c.waits_for,
        first.c.version == deliveries.RECORDED,
        or_(_state(first) == "parked", waits),
    )


def mark(tx: Transaction, one: Claimed, *, outcome: str, now: int, **values: Any) -> bool:
    """Write down what became of a claimed delivery. False: the lease was lost meanwhile, and nothing is changed but
    the log.

    Args:
        outcome: for the log; ``why`` is taken from ``values``.
    """
    mine = and_(rows.c.id == one.id, rows.c.lease == one.lease, rows.c.state == "leased")
    kept = tx.db.execute(update(rows).where(mine).values(lease=None, lease_until=None, **values)).rowcount == 1
    log(tx, one.id, outcome if kept else "late", now=now, why=str(values.get("why", "")), worker=one.lease)
    return kept


def fix(tx: Transaction, one: Claimed, *, hash_for_sync: bytes, withhold: bool) -> None:
    """Before it is sent for the first time: what is sent later must be the same."""
    mine = and_(rows.c.id == one.id, rows.c.lease == one.lease)
    tx.db.execute(update(rows).where(mine).values(hash_for_sync=hash_for_sync, withhold=int(withhold)))


def give_back(tx: Transaction, some: Sequence[Claimed]) -> None:
    """Not tried after all; as they were before."""
    for one in some:
        mine = and_(rows.c.id == one.id, rows.c.lease == one.lease, rows.c.state == "leased")
        before = {"state": "pending", "lease": None, "lease_until": None, "ambiguous": int(one.ambiguous)}
        tx.db.execute(update(rows).where(mine).values(**before, sent_at=one.sent_at))


def log(tx: Transaction, delivery_id: int, outcome: str, *, now: int, why: str = "", worker: bytes = bytes(16)) -> None:
    row = {"delivery_id": delivery_id, "at": now, "outcome": outcome[:12], "why": why[:32], "worker": worker}
    tx.db.execute(insert(delivery_log), row)


def filed(tx: Transaction, note_id: bytes, *, now: int) -> None:
    """A delivery of this note came to its end: the note is handed over once all have, and its author hears of it."""
    left = tx.db.execute(
        select(rows.c.state).where(rows.c.note_id == note_id, rows.c.version == deliveries.RECORDED)
    ).scalars()
    states = set(left)
    if "acked" not in states or not states <= set(deliveries.SETTLED):
        return
    here = update(notes).where(notes.c.id == note_id, notes.c.state == "waiting").values(state="handed-over")
    if tx.db.execute(here).rowcount:
        deliveries.tell(tx, deliveries.FILED, note_id.hex(), at=moment(now))


def unproven(tx: Transaction, destination: str) -> str:
    """Id there of the last record that a try made and could not prove; empty: none."""
    query = (
        select(rows.c.remote_id)
        .where(rows.c.destination == destination, rows.c.state == "pending", rows.c.ambiguous == 1)
        .where(rows.c.remote_id != "")
        .order_by(rows.c.sent_at.desc(), rows.c.id.desc())
        .limit(1)
    )
    return tx.db.scalar(query) or ""


def waiting(tx: Transaction, destination: str) -> int:
    """How many are to be delivered still, those under way among them."""
    query = (
        select(func.count())
        .select_from(rows)
        .where(
            rows.c.destination == destination,
            rows.c.state.in_(("pending", "leased")),
            rows.c.case_seq.is_not(None),
        )
    )
    return int(tx.db.execute(query).scalar_one())


def next_due(tx: Transaction, destination: str) -> int | None:
    """When the next of those that wait, or whose lease may run out, is due; None: none."""
    return tx.db.scalar(
        select(func.min(func.coalesce(rows.c.lease_until, rows.c.next_at))).where(
            rows.c.destination == destination,
            rows.c.state.in_(("pending", "leased", "parked")),
            rows.c.case_seq.is_not(None),
            or_(rows.c.state != "parked", rows.c.next_at.is_not(None)),
        )
    )


def at_seconds(now: Any) -> Now:
    """A clock of the program's, for tests: what ``now()`` gives."""
    return lambda _: seconds(now())
