"""The rows of destinations: made from the operator's file, paused when nothing gets through, confirmed by a person."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, select, update

from storage import deliveries
from storage.errors import BadInstallation, Unknown
from storage.schema import deliveries as delivery_rows
from storage.schema import desks, destinations
from storage.sync.queue import DAY_S
from storage.sync.settings import Destination
from storage.transaction import Transaction, moment

SCHEMA_CHANGED_AFTER: Final = 5
"""So many different notes refused in a row for the same reason are no mistake of the notes."""
Pause = Callable[[int, float | None], float]
"""Seconds until the next try, for so many failures in a row and what the receiver asked for."""
MOVED_HELD: Final = "moved-held"
"""It is at another place, and a person had stopped it before."""
LESS: Final = {"full": 0, "summary": 1, "pointer": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """Of the table ``destinations``, the columns that the worker goes by."""

    name: str
    agency_ref: bytes
    state: str
    why: str
    failures: int
    next_at: int
    looked_at: int
    cursor: str
    rejects: int
    alarm_s: int
    alarmed_at: int | None
    failing_since: int | None


# Made once: it is asked several times for each note, and making it costs more than asking.
_one = select(destinations).where(destinations.c.name == bindparam("name"))


def register(tx: Transaction, settings: Destination, *, now: int) -> str:
    """Bring a destination's row up to the file.

    Returns:
        Its state. ``unconfirmed``: it is at another place than before, or was carried over by an upgrade.

    Raises:
        BadInstallation: the agency is not known, or the destination belongs to another one.
    """
    agency_ref = agency_of(tx, settings.agency)
    place = hashlib.sha256(settings.where().encode()).digest()
    found = tx.db.execute(select(destinations).where(destinations.c.name == settings.name)).one_or_none()
    if found is None:
        row = {
            "name": settings.name,
            "agency_ref": agency_ref,
            "kind": settings.kind,
            "disclosure": settings.disclosure,
            "state": "open",
            "why": "",
            "place_hash": place,
            "since": now,
            "failures": 0,
            "next_at": 0,
            "alarm_s": int(settings.alarm_hours * 3_600),
            "cursor": "",
            "rejects": 0,
            "reject_why": "",
            "rejects_from": 0,
        }
        tx.db.execute(insert(destinations), row)
        return "open"
    if found.agency_ref != agency_ref:
        raise BadInstallation(f"{settings.name} belongs to another agency; a destination of another needs another name")
    values: dict[str, Any] = {
        "kind": settings.kind,
        "disclosure": settings.disclosure,
        "alarm_s": int(settings.alarm_hours * 3_600),
    }
    if found.place_hash != place and found.state != "unconfirmed":
        values |= {"state": "unconfirmed", "why": MOVED_HELD if found.state == "held" else "moved"}
    _change(tx, settings.name, **values)
    if LESS[settings.disclosure] > LESS[found.disclosure]:
        # Less than the author was shown may leave at once; more never may.
        unsent = and_(
            delivery_rows.c.destination == settings.name,
            delivery_rows.c.hash_for_sync.is_(None),
            delivery_rows.c.state.in_(("pending", "parked")),
        )
        tx.db.execute(update(delivery_rows).where(unsent).values(disclosure=settings.disclosure))
    return str(values.get("state", found.state))


def confirm(tx: Transaction, settings: Destination) -> str:
    """A person says that the destination is right where the file says it is; one that was stopped stays so.

    Returns:
        Its state.
    """
    place = hashlib.sha256(settings.where().encode()).digest()
    row = get(tx, settings.name)
    state = "held" if row.state == "held" or row.why == MOVED_HELD else "open"
    _change(tx, settings.name, state=state, why="", place_hash=place, failures=0, failing_since=None, next_at=0)
    return state


def hold(tx: Transaction, name: str, *, held: bool) -> None:
    """A person stops a destination, or lets it go on.

    Raises:
        Unknown: there is none, or it waits to be confirmed.
    """
    here = update(destinations).where(destinations.c.name == name, destinations.c.state != "unconfirmed")
    values = {"state": "held", "why": ""} if held else {"state": "open", "why": "", "failures": 0, "next_at": 0}
    if tx.db.execute(here.values(**values)).rowcount != 1:
        raise Unknown(f"no destination {name}, or it has to be confirmed first: integra sync confirm --dest {name}")


def hurry(tx: Transaction, name: str) -> None:
    """Somebody asks for it: what waits for its next try is tried now."""
    _change(tx, name, ("open", "down"), next_at=0)
    waits = and_(delivery_rows.c.destination == name, delivery_rows.c.state == "pending")
    tx.db.execute(update(delivery_rows).where(waits).values(next_at=0))


def get(tx: Transaction, name: str) -> Row:
    """
    Raises:
        Unknown: there is none.
    """
    row = tx.db.execute(_one, {"name": name}).one_or_none()
    if row is None:
        raise Unknown(f"no destination {name}")
    return Row(
        row.name,
        row.agency_ref,
        row.state,
        row.why,
        row.failures,
        row.next_at,
        row.looked_at or 0,
        row.cursor,
        row.rejects,
        row.alarm_s,
        row.alarmed_at,
        row.failing_since,
    )


def names(tx: Transaction) -> Sequence[str]:
    return tx.db.scalars(select(destinations.c.name).order_by(destinations.c.name)).all()


def up(tx: Transaction, name: str, *, now: int) -> None:
    """Something got through, and was taken."""
    _change(
        tx, name, ("open", "down"), state="open", why="", failures=0, failing_since=None, next_at=0, last_ok_at=now,
        rejects=0, reject_why="",
    )  # fmt: skip


def answered(tx: Transaction, name: str) -> None:
    """It is there: what it says of a note is about the note."""
    _change(tx, name, ("open", "down"), state="open", why="", failures=0, failing_since=None, next_at=0)


def down(
    tx: Transaction,
    name: str,
    why: str,
    *,
    now: int,
    pause: Pause,
    after_s: float | None = None,
    tell: bool = False,
) -> Row:
    """Nothing gets through; it is tried again after a pause.

    Args:
        after_s: the receiver asked for that pause.
        tell: it will not pass by itself; people are told, once for each reason.

    Returns:
        Its row, afterwards.
    """
    before = get(tx, name)
    if before.state not in ("open", "down"):
        return before
    if before.state == "down" and now < before.next_at <= now + DAY_S:
        return before  # another of the same round said so
    failures = before.failures + 1
    row = replace(
        before,
        state="down",
        why=why[:32],
        failures=failures,
        failing_since=now if before.failing_since is None else before.failing_since,
        next_at=now + max(1, round(pause(failures, after_s))),
    )
    changed = ("state", "why", "failures", "failing_since", "next_at")
    _change(tx, name, **{column: getattr(row, column) for column in changed})
    if tell and before.why != row.why:
        deliveries.tell(tx, deliveries.DOWN, name, at=moment(now))
    return row


def rejected(tx: Transaction, name: str, why: str, *, now: int) -> int:
    """It refused a note, which is parked for it; how many different ones in a row for this reason, and, once they were
    so many that its rules must have changed, how many refusals."""
    row = tx.db.execute(
        select(destinations.c.rejects, destinations.c.reject_why, destinations.c.rejects_from).where(
            destinations.c.name == name
        )
    ).one()
    count, start = 1, now
    if row.rejects and row.reject_why == why:
        start = row.rejects_from
        judged = select(func.count(delivery_rows.c.note_id.distinct())).where(_judged(name, why, start))
        settled = row.rejects >= SCHEMA_CHANGED_AFTER
        count = row.rejects + 1 if settled else tx.db.execute(judged).scalar_one()
    _change(tx, name, rejects=count, reject_why=why, rejects_from=start)
    return int(count)


def rules_changed(tx: Transaction, name: str, why: str, *, now: int, pause: Pause, count: int) -> None:
    """So many refusals in a row are no mistake of the notes: those wait again, behind the others, and one is tried at a
    time until one is taken.

    Args:
        count: how many refusals in a row.
    """
    start = tx.db.execute(select(destinations.c.rejects_from).where(destinations.c.name == name)).scalar_one()
    pause_s = pause(count - SCHEMA_CHANGED_AFTER + 1, None)
    later = now + 2 * max(1, round(pause_s))
    tx.db.execute(
        update(delivery_rows).where(_judged(name, why, start)).values(state="pending", next_at=later, done_at=None)
    )
    down(tx, name, "rules-changed", now=now, pause=lambda *_: pause_s, tell=True)


def _judged(name: str, why: str, start: int) -> ColumnElement[bool]:
    """Deliveries that it refused for this reason since then."""
    return and_(
        delivery_rows.c.destination == name,
        delivery_rows.c.state == "parked",
        delivery_rows.c.why == why,
        delivery_rows.c.done_at >= start,
    )


def looked(tx: Transaction, name: str, *, now: int, cursor: str) -> None:
    _change(tx, name, looked_at=now, cursor=cursor[:255])


def agency_of(tx: Transaction, slug: str) -> bytes:
    """Ref of an agency, from its desk: a machine of its own has no key that would give it.

    Raises:
        BadInstallation: no desk is published for it.
    """
    for ref, manifest in tx.db.execute(select(desks.c.agency_ref, desks.c.manifest)):
        try:
            if json.loads(manifest)["agency"] == slug:
                return bytes(ref)
        except (ValueError, KeyError, TypeError):
            continue
    raise BadInstallation(f"no desk is published for the agency {slug}; see: integra keys publish")


def _change(tx: Transaction, name: str, states: tuple[str, ...] = (), **values: Any) -> bool:
    here = update(destinations).where(destinations.c.name == name)
    if states:
        here = here.where(destinations.c.state.in_(states))
    return tx.db.execute(here.values(**values)).rowcount == 1
