"""Release plans: one row a plan, and the timer of its next reminder, always written together.

A plan is seen by who made it. Whoever else is to see it, by agency and case tag, goes into ``readers`` and ``_seen``.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update

from dialogues.model import PlanView
from storage import agencies, timers
from storage.schema import plans
from storage.transaction import Transaction, seconds

REMINDER: Final = "plan"
"""Kind of the timer; its ``about`` is the plan's id, hex."""

MOST: Final = 200
"""Plans of one person that are looked at."""

_update = (
    update(plans)
    .where(plans.c.id == bindparam("plan"), plans.c.person_ref == bindparam("person"))
    .values(sealed_body=bindparam("body"), moved_at=bindparam("now"))
)


def keep(
    tx: Transaction,
    *,
    plan_id: str,
    person_ref: bytes,
    agency_ref: bytes,
    body: str,
    case_code: str,
    remind_at: datetime | None,
    at: datetime,
) -> None:
    """Write a plan and arm its reminder, or disarm it.

    Args:
        body: JSON as the codec writes it.
        case_code: canonical, not empty; becomes a keyed tag.

    Raises:
        IntegrityError: there is such a plan, and this person may not change it.
    """
    ref = bytes.fromhex(plan_id)
    sealed = tx.keyring.seal("plan", ref, body.encode())
    moved = tx.db.execute(_update, {"plan": ref, "person": person_ref, "body": sealed, "now": seconds(at)})
    if moved.rowcount == 0:
        row = {
            "id": ref,
            "person_ref": person_ref,
            "agency_ref": agency_ref,
            "case_tag": tx.keyring.case_tag(agency_ref, case_code),
            "sealed_body": sealed,
            "moved_at": seconds(at),
        }
        tx.db.execute(insert(plans), row)
    if remind_at is None:
        timers.disarm(tx, REMINDER, plan_id)
    else:
        timers.arm(tx, REMINDER, plan_id, remind_at)


def drop(tx: Transaction, plan_id: str, person_ref: bytes) -> None:
    """Delete a plan of this person and its reminder; another's stays."""
    ref = bytes.fromhex(plan_id)
    gone = tx.db.execute(delete(plans).where(plans.c.id == ref, plans.c.person_ref == person_ref))
    if gone.rowcount:
        timers.disarm(tx, REMINDER, plan_id)
        tx.purged()


def drop_all(tx: Transaction, person_ref: bytes) -> None:
    """Delete every plan of a person whose access ends."""
    for ref in tx.db.scalars(select(plans.c.id).where(plans.c.person_ref == person_ref)).all():
        drop(tx, ref.hex(), person_ref)


def of_person(tx: Transaction, person_ref: bytes) -> list[PlanView]:
    """What this person sees, the one touched last first."""
    return _views(tx, _seen(person_ref))


def one(tx: Transaction, person_ref: bytes, plan_id: str) -> list[PlanView]:
    """The plan with this id if this person sees it, else nothing; any text may come as an id."""
    try:
        ref = bytes.fromhex(plan_id)
    except ValueError:
        return []
    return _views(tx, _seen(person_ref), plans.c.id == ref)


def readers(tx: Transaction, plan_id: str) -> list[bytes]:
    """Refs of the people who see a plan and are reminded of it."""
    return list(tx.db.scalars(select(plans.c.person_ref).where(plans.c.id == bytes.fromhex(plan_id))))


def take_due(tx: Transaction, taken: str, at: datetime) -> dict[bytes, list[PlanView]]:
    """Whom to remind of what: everybody who sees a plan, with all plans they see that are due; their timers go.

    Args:
        taken: id of the plan whose timer led here and is removed already.
    """
    seen = {person_ref: of_person(tx, person_ref) for person_ref in readers(tx, taken)}
    ids = {view.plan_id for views in seen.values() for view in views}
    due = {id for id in ids if (when := timers.armed_until(tx, REMINDER, id)) is not None and when <= at} | {taken}
    for id in due:
        timers.disarm(tx, REMINDER, id)
    return {person_ref: [view for view in views if view.plan_id in due] for person_ref, views in seen.items()}


def _seen(person_ref: bytes) -> ColumnElement[bool]:
    return plans.c.person_ref == person_ref


def _views(tx: Transaction, *where: ColumnElement[bool]) -> list[PlanView]:
    rows: list[Any] = list(tx.db.execute(select(plans).where(*where).order_by(plans.c.moved_at.desc()).limit(MOST)))
    return [
        PlanView(
            row.id.hex(),
            agencies.by_ref(tx, row.agency_ref).slug,
            tx.keyring.open("plan", row.id, row.sealed_body).decode(),
        )
        for row in rows
    ]
