"""Roles that end by themselves unless somebody renews them: warnings before, the end on time, all by one timer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from storage import audit, timers
from storage.errors import Unknown
from storage.schema import memberships
from storage.transaction import Transaction, moment, seconds

WARN_BEFORE = (timedelta(days=14), timedelta(days=3))
ACCESS = "access"
"""Kind of the timer that warns of the end of a role, and ends it; ``about`` is person and agency ref in hex."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a timer of this kind is about. ``over``: the role ends now; else it is time for a warning."""

    person_ref: bytes
    agency_ref: bytes
    role: str
    until: datetime
    over: bool


def values(at: datetime, days: int | None) -> dict[str, int | None]:
    """The columns of a role that ends after so many days, or not by itself."""
    return {"until": None if days is None else seconds(at + timedelta(days=days)), "days": days}


def until(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> datetime | None:
    """When a role ends by itself, or None."""
    row = _row(tx, person_ref, agency_ref)
    return None if row is None else row[0]


def watch(tx: Transaction, person_ref: bytes, agency_ref: bytes, *, at: datetime) -> None:
    """Set the timer for what comes next: a warning, or the end."""
    row = _row(tx, person_ref, agency_ref)
    if row is None or row[0] is None:
        forget(tx, person_ref, agency_ref)
        return
    ends = row[0]
    warnings = (ends - before for before in WARN_BEFORE)
    timers.arm(tx, ACCESS, _about(person_ref, agency_ref), next((one for one in warnings if one > at), ends))


def forget(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> None:
    timers.disarm(tx, ACCESS, _about(person_ref, agency_ref))


def renew(tx: Transaction, person_ref: bytes, agency_ref: bytes, *, at: datetime, days: int | None = None) -> datetime:
    """Let a role last from now on.

    Args:
        days: how long; None: as long as it was given for.

    Returns:
        When it ends now.

    Raises:
        Unknown: there is no such role any more, or it does not end by itself and no ``days`` are said.
    """
    row = _row(tx, person_ref, agency_ref)
    length = days if days is not None else row[1] if row is not None else None
    if row is None:
        raise Unknown("person: has no role in this agency any more; make a new invite")
    if length is None:
        raise Unknown("person: this role does not end by itself; say for how many days it is to last")
    where = (memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref)
    tx.db.execute(update(memberships).where(*where).values(**values(at, length)))
    watch(tx, person_ref, agency_ref, at=at)
    audit.record(tx, "person.renewed", at=at, reason="access", agency=agency_ref, about=person_ref)
    return moment(seconds(at + timedelta(days=length)))


def due(tx: Transaction, about: str, *, at: datetime) -> Due | None:
    """What a timer that was taken is about; the next one is set. None: the role is gone, or does not end by itself."""
    person_ref, agency_ref = bytes.fromhex(about[:32]), bytes.fromhex(about[32:])
    row = _row(tx, person_ref, agency_ref)
    if row is None or row[0] is None:
        return None
    over = row[0] <= at
    if not over:
        watch(tx, person_ref, agency_ref, at=at)
    return Due(person_ref, agency_ref, row[2], row[0], over)


def _row(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> tuple[datetime | None, int | None, str] | None:
    query = select(memberships.c.until, memberships.c.days, memberships.c.role).where(
        memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref
    )
    row = tx.db.execute(query).one_or_none()
    return None if row is None else (None if row.until is None else moment(row.until), row.days, row.role)


def _about(person_ref: bytes, agency_ref: bytes) -> str:
    return person_ref.hex() + agency_ref.hex()
