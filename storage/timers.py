"""Every deadline there is, one row each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from storage.schema import timers
from storage.transaction import Transaction, moment, seconds

NOBODY = b""
"""The address of what belongs to no chat."""


@dataclass(frozen=True, slots=True)
class Timer:
    id: int
    kind: str
    address_ref: bytes
    about: str
    due_at: datetime


_due = (
    select(timers)
    .where(timers.c.due_at <= bindparam("at"))
    .order_by(timers.c.due_at, timers.c.id)
    .limit(bindparam("most"))
)
_of = (
    timers.c.kind == bindparam("of_kind"),
    timers.c.address_ref == bindparam("of_address"),
    timers.c.about == bindparam("of_about"),
)
_move = update(timers).where(*_of)
_arm = insert(timers)
_disarm = delete(timers).where(*_of)


def arm(tx: Transaction, kind: str, about: str, due_at: datetime, *, address_ref: bytes = NOBODY) -> None:
    """Set or move the timer of this kind and about."""
    row = {"kind": kind, "address_ref": address_ref, "about": about, "due_at": seconds(due_at)}
    moved = {"of_kind": kind, "of_address": address_ref, "of_about": about, "due_at": seconds(due_at)}
    if tx.db.execute(_move, moved).rowcount == 0:
        tx.db.execute(_arm, row)


def disarm(tx: Transaction, kind: str, about: str, *, address_ref: bytes = NOBODY) -> None:
    tx.db.execute(_disarm, {"of_kind": kind, "of_address": address_ref, "of_about": about})


def due(tx: Transaction, at: datetime, *, at_most: int = 100, but: Collection[str] = ()) -> list[Timer]:
    """What is due, earliest first, without those of some kinds."""
    query = _due.where(timers.c.kind.not_in(but)) if but else _due
    rows = tx.db.execute(query, {"at": seconds(at), "most": at_most})
    return [Timer(row.id, row.kind, row.address_ref, row.about, moment(row.due_at)) for row in rows]


def take(tx: Transaction, timer: Timer) -> bool:
    """Remove a due timer. False: somebody else has it or is about to, or it was moved."""
    mine = select(timers.c.id).where(timers.c.id == timer.id, timers.c.due_at == seconds(timer.due_at))
    if tx.db.scalar(mine.with_for_update(skip_locked=True)) is None:
        return False
    tx.db.execute(delete(timers).where(timers.c.id == timer.id))
    return True


def pull_in(tx: Transaction, kind: str, latest: datetime, *, about: str | None = None) -> None:
    """Let none of this kind (and about) be due later: a clock that was ahead may have set them."""
    which = [timers.c.kind == kind, timers.c.due_at > seconds(latest)]
    if about is not None:
        which.append(timers.c.about == about)
    tx.db.execute(update(timers).where(*which).values(due_at=seconds(latest)))


def armed_until(tx: Transaction, kind: str, about: str) -> datetime | None:
    at = tx.db.scalar(select(timers.c.due_at).where(timers.c.kind == kind, timers.c.about == about))
    return None if at is None else moment(at)
