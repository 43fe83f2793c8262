"""Release plans: one row a plan, and the timer of its next reminder, always written together.

A plan is seen by who made it and by the members of its case. When its maker leaves, another member keeps it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, delete, insert, select, update

from dialogues.model import PlanView
from storage import agencies, deletions, timers
from storage.schema import case_members, memberships, plans
from storage.transaction import Transaction, seconds

REMINDER: Final = "plan"
"""Kind of the timer; its ``about`` is the plan's id, hex."""

MOST: Final = 200
"""Plans of one person that are looked at."""


def _members(agency_ref: Any, tag: Any) -> Select[Any]:
    """Refs of a case's members, as they came; whoever is no longer of the agency is none."""
    still = (memberships.c.person_ref == case_members.c.person_ref) & (
        memberships.c.agency_ref == case_members.c.agency_ref
    )
    return (
        select(case_members.c.person_ref)
        .join(memberships, still)
        .where(case_members.c.agency_ref == agency_ref, case_members.c.tag == tag)
        .order_by(case_members.c.since, case_members.c.person_ref)
    )


_seen = (plans.c.person_ref == bindparam("person")) | bindparam("person").in_(
    _members(plans.c.agency_ref, plans.c.case_tag).order_by(None).correlate(plans)
)
_update = (
    update(plans)
    .where(plans.c.id == bindparam("plan"), _seen)
    .values(sealed_body=bindparam("body"), moved_at=bindparam("now"))
)
_drop = delete(plans).where(plans.c.id == bindparam("plan"), _seen)


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
    """Delete a plan that this person sees, and its reminder; another stays."""
    if tx.db.execute(_drop, {"plan": bytes.fromhex(plan_id), "person": person_ref}).rowcount:
        _forget(tx, plan_id)


def erase(tx: Transaction, plan_id: str) -> bool:
    """Delete a plan, whosever it is. False: there was none."""
    gone = tx.db.execute(delete(plans).where(plans.c.id == bytes.fromhex(plan_id))).rowcount == 1
    if gone:
        _forget(tx, plan_id)
    return gone


def _forget(tx: Transaction, plan_id: str) -> None:
    timers.disarm(tx, REMINDER, plan_id)
    deletions.record(tx, "plan", bytes.fromhex(plan_id))
    tx.purged()


def leave(
    tx: Transaction,
    person_ref: bytes,
    case: tuple[bytes, bytes] | None = None,
    *,
    agency_ref: bytes | None = None,
) -> None:
    """Somebody leaves a case (agency ref and tag), an agency, or all: plans they made go to another member, or end.

    Whoever leaves a case as a member is none any more when this is called.
    """
    theirs = [plans.c.person_ref == person_ref]
    if case is not None:
        theirs += _of_case(*case)
    if agency_ref is not None:
        theirs.append(plans.c.agency_ref == agency_ref)
    for ref in tx.db.scalars(select(plans.c.id).where(*theirs)).all():
        heir = next((one for one in readers(tx, ref.hex()) if one != person_ref), None)
        if heir is None:
            drop(tx, ref.hex(), person_ref)
        else:
            tx.db.execute(update(plans).where(plans.c.id == ref).values(person_ref=heir))


def close(tx: Transaction, agency_ref: bytes, tag: bytes) -> None:
    """A case is closed: its plans go, with their reminders."""
    for row in tx.db.execute(select(plans.c.id, plans.c.person_ref).where(*_of_case(agency_ref, tag))).all():
        drop(tx, row.id.hex(), row.person_ref)


def of_person(tx: Transaction, person_ref: bytes) -> list[PlanView]:
    """What this person sees, the one touched last first."""
    return _views(tx, person_ref)


def one(tx: Transaction, person_ref: bytes, plan_id: str) -> list[PlanView]:
    """The plan with this id if this person sees it, else nothing; any text may come as an id."""
    try:
        ref = bytes.fromhex(plan_id)
    except ValueError:
        return []
    found = _views(tx, person_ref, plans.c.id == ref)
    return [replace(view, shared=len(readers(tx, plan_id)) > 1) for view in found]


def readers(tx: Transaction, plan_id: str) -> list[bytes]:
    """Refs of the people who see a plan and are reminded of it: its maker, then members as they came."""
    row = tx.db.execute(
        select(plans.c.person_ref, plans.c.agency_ref, plans.c.case_tag).where(plans.c.id == bytes.fromhex(plan_id))
    ).one_or_none()
    if row is None:
        return []
    members = tx.db.scalars(_members(row.agency_ref, row.case_tag))
    return list(dict.fromkeys((row.person_ref, *members)))


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


def _of_case(agency_ref: bytes, tag: bytes) -> tuple[ColumnElement[bool], ...]:
    return (plans.c.agency_ref == agency_ref, plans.c.case_tag == tag)


def _views(tx: Transaction, person_ref: bytes, *where: ColumnElement[bool]) -> list[PlanView]:
    query = select(plans).where(_seen, *where).order_by(plans.c.moved_at.desc()).limit(MOST)
    rows: list[Any] = list(tx.db.execute(query, {"person": person_ref}))
    return [
        PlanView(
            row.id.hex(),
            agencies.by_ref(tx, row.agency_ref).slug,
            tx.keyring.open("plan", row.id, row.sealed_body).decode(),
        )
        for row in rows
    ]
