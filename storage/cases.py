"""Cases: who works on one together, and the ticks they share.

A case is a code of one agency, known by its keyed tag; equal codes of two agencies are two cases. Only members see its
ticks. Whoever is no longer of the agency is no member any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert, select, update

from dialogues.model import CaseMember, CaseTick, CaseView
from storage import agencies, deletions, people, plans, timers
from storage.errors import Unknown
from storage.schema import case_members, cases, memberships, walks
from storage.transaction import Transaction, moment, seconds

NEW_MEMBER: Final = "case-member"
"""Kind of the timer that has a new member told; ``about`` is the person's ref in hex."""

_one = select(cases).where(cases.c.agency_ref == bindparam("agency"), cases.c.tag == bindparam("of"))
_member = (
    select(case_members.c.since)
    .join(
        memberships,
        (memberships.c.person_ref == case_members.c.person_ref)
        & (memberships.c.agency_ref == case_members.c.agency_ref),
    )
    .where(
        case_members.c.agency_ref == bindparam("agency"),
        case_members.c.tag == bindparam("of"),
        case_members.c.person_ref == bindparam("person"),
    )
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as stored: its code, and how many members it has."""

    agency: str
    code: str = field(repr=False)
    members: int
    opened_at: datetime


def assign(tx: Transaction, agency_ref: bytes, code: str, person_ref: bytes, *, at: datetime) -> bool:
    """Make a person a member; the first member opens the case. They are told by a timer that is due at once.

    Args:
        code: as the agency's pattern writes it.

    Returns:
        False: was one already.

    Raises:
        Unknown: no code, or the person is not of this agency.
    """
    tag = _tag(tx, agency_ref, code)
    if not people.is_of(tx, person_ref, agency_ref):
        raise Unknown("person: is not of this agency")
    if is_member(tx, agency_ref, code, person_ref):
        return False
    if tx.db.execute(_one, {"agency": agency_ref, "of": tag}).one_or_none() is None:
        sealed = _seal(tx, agency_ref, tag, {"code": code, "ticks": {}})
        row = {"agency_ref": agency_ref, "tag": tag, "sealed_case": sealed, "opened_at": seconds(at)}
        tx.db.execute(insert(cases), row)
    # A row of somebody who left the agency and came back may still lie there.
    _forget(tx, agency_ref, tag, person_ref)
    row = {"agency_ref": agency_ref, "tag": tag, "person_ref": person_ref, "since": seconds(at)}
    tx.db.execute(insert(case_members), row)
    timers.arm(tx, NEW_MEMBER, person_ref.hex(), at)
    return True


def remove(tx: Transaction, agency_ref: bytes, code: str, person_ref: bytes) -> bool:
    """End a person's membership, and their walks of this case, which hold what others ticked. Another member keeps
    the release plans they made of it; where there is none they go.

    A case without members stays until it is closed: its ticks are there for the next member.

    Returns:
        False: was none.
    """
    return remove_by_tag(tx, agency_ref, _tag(tx, agency_ref, code), person_ref)


def remove_by_tag(tx: Transaction, agency_ref: bytes, tag: bytes, person_ref: bytes) -> bool:
    """The same where no code is known."""
    gone = _forget(tx, agency_ref, tag, person_ref)
    if gone:
        deletions.record(tx, "member", agency_ref + tag + person_ref)
        tx.db.execute(delete(walks).where(*_walks_of(agency_ref, tag), walks.c.person_ref == person_ref))
        plans.leave(tx, person_ref, (agency_ref, tag))
        tx.purged()
    return gone


def close(tx: Transaction, agency_ref: bytes, code: str) -> bool:
    """End a case: its members, shared ticks, and all walks and release plans of it. Notes are not touched.

    Returns:
        False: there was none.
    """
    return close_by_tag(tx, agency_ref, _tag(tx, agency_ref, code))


def close_by_tag(tx: Transaction, agency_ref: bytes, tag: bytes) -> bool:
    """The same where no code is known."""
    if tx.db.execute(_one, {"agency": agency_ref, "of": tag}).one_or_none() is None:
        return False
    deletions.record(tx, "case", agency_ref + tag)
    of_case = (case_members.c.agency_ref == agency_ref, case_members.c.tag == tag)
    tx.db.execute(delete(case_members).where(*of_case))
    tx.db.execute(delete(cases).where(cases.c.agency_ref == agency_ref, cases.c.tag == tag))
    tx.db.execute(delete(walks).where(*_walks_of(agency_ref, tag)))
    plans.close(tx, agency_ref, tag)
    tx.purged()
    return True


def is_member(tx: Transaction, agency_ref: bytes, code: str, person_ref: bytes) -> bool:
    tag = tx.keyring.case_tag(agency_ref, code)
    if tag is None:
        return False
    return tx.db.scalar(_member, {"agency": agency_ref, "of": tag, "person": person_ref}) is not None


def tick(
    tx: Transaction, agency_ref: bytes, code: str, check: str, person_ref: bytes, *, done: bool, at: datetime
) -> None:
    """Set or take back a shared tick; a tick that stands already keeps who set it, and when.

    Raises:
        Unknown: the person is no member of this case.
    """
    if not is_member(tx, agency_ref, code, person_ref):
        raise Unknown("case")
    tag = _tag(tx, agency_ref, code)
    row = tx.db.execute(_one.with_for_update(), {"agency": agency_ref, "of": tag}).one()
    fields = _open(tx, row)
    if done:
        fields["ticks"].setdefault(check, [person_ref.hex(), seconds(at)])
    else:
        fields["ticks"].pop(check, None)
    where = (cases.c.agency_ref == agency_ref, cases.c.tag == tag)
    tx.db.execute(update(cases).where(*where).values(sealed_case=_seal(tx, agency_ref, tag, fields)))


def view(tx: Transaction, agency_ref: bytes, code: str, person_ref: bytes) -> CaseView | None:
    """A case as a person sees it: members, and to members the ticks. None: there is no such case.

    Who may ask at all is for the caller to know; see ``bot.lookups``.
    """
    tag = tx.keyring.case_tag(agency_ref, code)
    row = None if tag is None else tx.db.execute(_one, {"agency": agency_ref, "of": tag}).one_or_none()
    if row is None:
        return None
    fields = _open(tx, row)
    agency = agencies.by_ref(tx, agency_ref)
    staff = members(tx, agency_ref, code)
    mine = is_member(tx, agency_ref, code, person_ref)
    handles = {one.person: one.handle for one in staff}
    ticks = [CaseTick(check, handles.get(who, ""), moment(at)) for check, (who, at) in fields["ticks"].items()]
    return CaseView(agency.slug, fields["code"], mine, tuple(staff), tuple(ticks) if mine else ())


def members(tx: Transaction, agency_ref: bytes, code: str) -> list[CaseMember]:
    """In the order in which they became members, by handle where that is the same second."""
    query = (
        select(case_members.c.person_ref, case_members.c.since, memberships.c.role)
        .join(
            memberships,
            (memberships.c.person_ref == case_members.c.person_ref)
            & (memberships.c.agency_ref == case_members.c.agency_ref),
        )
        .where(case_members.c.agency_ref == agency_ref, case_members.c.tag == _tag(tx, agency_ref, code))
    )
    found = [
        (row.since, people.profile(tx, row.person_ref)["handle"], row.person_ref.hex(), row.role)
        for row in tx.db.execute(query)
    ]
    return [CaseMember(person, handle, role) for _, handle, person, role in sorted(found)]


def members_by_tag(tx: Transaction, agency_ref: bytes, tag: bytes) -> list[bytes]:
    """Refs of a case's members, where no code is known; the longest a member first."""
    query = (
        select(case_members.c.person_ref)
        .join(
            memberships,
            (memberships.c.person_ref == case_members.c.person_ref)
            & (memberships.c.agency_ref == case_members.c.agency_ref),
        )
        .where(case_members.c.agency_ref == agency_ref, case_members.c.tag == tag)
    )
    return list(tx.db.scalars(query.order_by(case_members.c.since, case_members.c.person_ref)))


def of_person(tx: Transaction, person_ref: bytes) -> list[CaseRow]:
    """The cases a person is a member of, by code."""
    query = (
        select(cases)
        .join(case_members, (case_members.c.agency_ref == cases.c.agency_ref) & (case_members.c.tag == cases.c.tag))
        .join(
            memberships,
            (memberships.c.agency_ref == cases.c.agency_ref) & (memberships.c.person_ref == case_members.c.person_ref),
        )
        .where(case_members.c.person_ref == person_ref)
    )
    return _rows(tx, tx.db.execute(query).all())


def of_agency(tx: Transaction, agency_ref: bytes) -> list[CaseRow]:
    """All cases of an agency, by code."""
    return _rows(tx, tx.db.execute(select(cases).where(cases.c.agency_ref == agency_ref)).all())


def _rows(tx: Transaction, rows: Sequence[Row[Any]]) -> list[CaseRow]:
    found = []
    for row in rows:
        code = _open(tx, row)["code"]
        slug = agencies.by_ref(tx, row.agency_ref).slug
        found.append(CaseRow(slug, code, len(members(tx, row.agency_ref, code)), moment(row.opened_at)))
    return sorted(found, key=lambda one: (one.agency, one.code))


def _forget(tx: Transaction, agency_ref: bytes, tag: bytes, person_ref: bytes) -> bool:
    theirs = (
        case_members.c.agency_ref == agency_ref,
        case_members.c.tag == tag,
        case_members.c.person_ref == person_ref,
    )
    return tx.db.execute(delete(case_members).where(*theirs)).rowcount == 1


def _walks_of(agency_ref: bytes, tag: bytes) -> tuple[Any, ...]:
    return (walks.c.agency_ref == agency_ref, walks.c.case_tag == tag)


def _tag(tx: Transaction, agency_ref: bytes, code: str) -> bytes:
    tag = tx.keyring.case_tag(agency_ref, code)
    if tag is None:
        raise Unknown("case: no code")
    return tag


def _open(tx: Transaction, row: Row[Any]) -> dict[str, Any]:
    fields: dict[str, Any] = tx.open("case", row.agency_ref + row.tag, row.sealed_case)
    return fields


def _seal(tx: Transaction, agency_ref: bytes, tag: bytes, fields: dict[str, Any]) -> bytes:
    return tx.seal("case", agency_ref + tag, fields)
