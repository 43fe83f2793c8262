"""Cases: who works on one together, and the ticks they share.

A case is known by its keyed tag, which holds the agency: equal codes of two agencies are two cases. Whoever is no
longer of the agency is no member any more, whatever the rows say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage import people, timers
from storage.errors import Stale, Unknown
from storage.schema import case_members, case_progress, memberships
from storage.transaction import Transaction, moment, seconds

NEW_MEMBER: Final = "case-member"
"""Kind of the timer that has a new member told; ``about`` is the person's ref."""

NO_TICKS: Final[Mapping[str, "Tick"]] = MappingProxyType({})

_member = (
    select(case_members.c.since)
    .join(
        memberships,
        (memberships.c.person_ref == case_members.c.person_ref)
        & (memberships.c.agency_ref == case_members.c.agency_ref),
    )
    .where(
        case_members.c.agency_ref == bindparam("agency"),
        case_members.c.case_tag == bindparam("tag"),
        case_members.c.person_ref == bindparam("person"),
    )
)
_progress = select(case_progress.c.version, case_progress.c.sealed_ticks).where(
    case_progress.c.agency_ref == bindparam("agency"), case_progress.c.case_tag == bindparam("tag")
)
_moved = (
    update(case_progress)
    .where(
        case_progress.c.agency_ref == bindparam("agency"),
        case_progress.c.case_tag == bindparam("tag"),
        case_progress.c.version == bindparam("was"),
    )
    .values(version=bindparam("then"), sealed_ticks=bindparam("sealed"), moved_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Tick:
    """Who ticked a check, by work handle, and when."""

    handle: str = field(repr=False)
    at: datetime


def assign(tx: Transaction, agency_ref: bytes, case_code: str, person_ref: bytes, *, at: datetime) -> bool:
    """Make a person a member; they are told by a timer that is due at once.

    Returns:
        False: was one already.

    Raises:
        Unknown: no case code, or the person is not of this agency.
    """
    tag = _tag(tx, agency_ref, case_code)
    where = (memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref)
    if tx.db.scalar(select(memberships.c.since).where(*where)) is None:
        raise Unknown("person: is not of this agency")
    row = {"agency_ref": agency_ref, "case_tag": tag, "person_ref": person_ref, "since": seconds(at)}
    if is_member(tx, agency_ref, case_code, person_ref):
        return False
    tx.db.execute(insert(case_members), row)
    timers.arm(tx, NEW_MEMBER, person_ref.hex(), at)
    return True


def unassign(tx: Transaction, agency_ref: bytes, case_code: str, person_ref: bytes) -> bool:
    """End a person's membership. With the last member the shared ticks go too.

    Returns:
        False: was none.
    """
    tag = _tag(tx, agency_ref, case_code)
    of_case = (case_members.c.agency_ref == agency_ref, case_members.c.case_tag == tag)
    gone = tx.db.execute(delete(case_members).where(*of_case, case_members.c.person_ref == person_ref))
    if gone.rowcount and tx.db.scalar(select(case_members.c.since).where(*of_case).limit(1)) is None:
        tx.db.execute(
            delete(case_progress).where(case_progress.c.agency_ref == agency_ref, case_progress.c.case_tag == tag)
        )
        tx.purged()
    return bool(gone.rowcount)


def is_member(tx: Transaction, agency_ref: bytes, case_code: str, person_ref: bytes) -> bool:
    tag = tx.keyring.case_tag(agency_ref, case_code)
    found = tx.db.scalar(_member, {"agency": agency_ref, "tag": tag, "person": person_ref})
    return tag is not None and found is not None


def members(tx: Transaction, agency_ref: bytes, case_code: str) -> list[people.PersonRow]:
    """In the order in which they came to the agency."""
    tag = tx.keyring.case_tag(agency_ref, case_code)
    of_case = (case_members.c.agency_ref == agency_ref, case_members.c.case_tag == tag)
    refs = set(tx.db.scalars(select(case_members.c.person_ref).where(*of_case)))
    return [person for person in people.in_roles(tx, agency_ref, people.ROLES) if person.ref in refs]


def ticks(tx: Transaction, agency_ref: bytes, case_code: str, person_ref: bytes) -> Mapping[str, Tick]:
    """The shared ticks by check id, as a member may see them; none for everybody else."""
    if not is_member(tx, agency_ref, case_code, person_ref):
        return NO_TICKS
    return _read(tx, agency_ref, _tag(tx, agency_ref, case_code))[1]


def tick(
    tx: Transaction,
    agency_ref: bytes,
    case_code: str,
    person_ref: bytes,
    check: str,
    *,
    done: bool,
    at: datetime,
) -> None:
    """Set or take back one shared tick and leave all others as they are. The first who ticked it stays named.

    Raises:
        Unknown: the person is no member.
        Stale: somebody else ticked in between: load again, then do it again.
    """
    if not is_member(tx, agency_ref, case_code, person_ref):
        raise Unknown("case")
    tag = _tag(tx, agency_ref, case_code)
    version, found = _read(tx, agency_ref, tag)
    if done == (check in found):
        return
    kept = {one: [was.handle, seconds(was.at)] for one, was in found.items() if one != check}
    if done:
        kept[check] = [people.profile(tx, person_ref)["handle"], seconds(at)]
    sealed = tx.seal("case", agency_ref + tag, kept)
    if version == 0:
        row = {
            "agency_ref": agency_ref,
            "case_tag": tag,
            "version": 1,
            "sealed_ticks": sealed,
            "moved_at": seconds(at),
        }
        try:
            tx.db.execute(insert(case_progress), row)
        except IntegrityError:
            raise Stale("case") from None
        return
    moved = tx.db.execute(
        _moved,
        {
            "agency": agency_ref,
            "tag": tag,
            "was": version,
            "then": version + 1,
            "sealed": sealed,
            "now": seconds(at),
        },
    )
    if moved.rowcount != 1:
        raise Stale("case")


def _tag(tx: Transaction, agency_ref: bytes, case_code: str) -> bytes:
    tag = tx.keyring.case_tag(agency_ref, case_code)
    if tag is None:
        raise Unknown("case code")
    return tag


def _read(tx: Transaction, agency_ref: bytes, tag: bytes) -> tuple[int, Mapping[str, Tick]]:
    row = tx.db.execute(_progress, {"agency": agency_ref, "tag": tag}).one_or_none()
    if row is None:
        return 0, NO_TICKS
    kept = tx.open("case", agency_ref + tag, row.sealed_ticks)
    return row.version, {check: Tick(handle, moment(at)) for check, (handle, at) in kept.items()}
