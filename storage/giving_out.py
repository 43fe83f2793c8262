"""What a reader of the page is shown: notes by reference, flag and age, and sealed records. Nothing is opened.

Who may have which: ``storage.reading``. On a connection that may select sealed bodies.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import Select, and_, case, func, or_, select

from dialogues.flag_life import OPEN as NOT_OVER
from dialogues.flag_life import OVER, OWNED, UNOWNED, URGENCIES
from storage import agencies, people
from storage.errors import Unknown
from storage.schema import attachments, case_members, flags, memberships, notes
from storage.transaction import Transaction, moment

Status = Literal["flagged", "open", "mine", "taken", "closed", "unflagged", "all"]
Order = Literal["urgency", "newest", "oldest"]
STATUSES: Final[tuple[str, ...]] = get_args(Status)
PageState = Literal["open", "overdue", "taken", "closed", "withdrawn"]
"""How a flag stands, as far as the page has to know; ``dialogues.flag_life`` knows more."""


@dataclass(frozen=True, slots=True)
class FlagOf:
    urgency: str
    state: PageState
    raised_at: datetime
    due_at: datetime
    owner_ref: bytes | None
    owner: str = field(repr=False)
    outcome: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """A first note. ``own``: read without a reason, see ``storage.reading``."""

    note_id: bytes
    reference: str
    agency_ref: bytes
    agency: str
    hour: datetime
    state: str
    flag: FlagOf | None
    amendments: int
    attachments: int
    own: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    """A note or an amendment as it is given out. ``attachments``: (number, bytes of its record)."""

    note_id: bytes
    reference: str
    agency_ref: bytes
    amends: bytes | None
    flag_level: int
    channel: str
    state: str
    record: bytes | None = field(repr=False)
    attachments: tuple[tuple[int, int], ...]


def listed(
    tx: Transaction,
    agency_refs: Collection[bytes],
    person_ref: bytes | None,
    *,
    status: Status = "flagged",
    urgency: str = "",
    order: Order = "urgency",
    limit: int = 50,
    skip: int = 0,
) -> tuple[list[Row], bool]:
    """First notes of these agencies.

    Returns:
        At most ``limit`` of them, and whether there are more.
    """
    query = _of(agency_refs, person_ref).where(notes.c.amends.is_(None), *_which(status, urgency, person_ref))
    rows = tx.db.execute(query.order_by(*_order(order)).limit(limit + 1).offset(skip)).all()
    named = _Named(tx)
    return [_row(named, row, person_ref) for row in rows[:limit]], len(rows) > limit


def one(tx: Transaction, agency_refs: Collection[bytes], person_ref: bytes | None, note_id: bytes) -> Row:
    """The first note of a note or an amendment.

    Raises:
        Unknown: not there, or not of these agencies.
    """
    root = first_of(tx, agency_refs, note_id)
    row = tx.db.execute(_of(agency_refs, person_ref).where(notes.c.id == root)).one()
    return _row(_Named(tx), row, person_ref)


def first_of(tx: Transaction, agency_refs: Collection[bytes], note_id: bytes) -> bytes:
    """The id of the first note, where ``note_id`` may be an amendment's.

    Raises:
        Unknown: not there, or not of these agencies.
    """
    here = (notes.c.id == note_id, notes.c.agency_ref.in_(agency_refs))
    row = tx.db.execute(select(notes.c.id, notes.c.amends).where(*here)).one_or_none()
    if row is None:
        raise Unknown("note")
    first: bytes = row.amends or row.id
    return first


def whole(tx: Transaction, first: bytes) -> list[Sealed]:
    """A first note and its amendments, in order, sealed as they are kept."""
    rows = tx.db.execute(
        select(notes)
        .where(or_(notes.c.id == first, notes.c.amends == first))
        .order_by(notes.c.amends.is_not(None), notes.c.hour, notes.c.reference)
    ).all()
    sizes: dict[bytes, list[tuple[int, int]]] = {}
    kept = (
        select(attachments.c.note_id, attachments.c.number, func.length(attachments.c.body))
        .where(attachments.c.note_id.in_([row.id for row in rows]), attachments.c.state == "kept")
        .order_by(attachments.c.number)
    )
    for note_id, number, size in tx.db.execute(kept):
        sizes.setdefault(note_id, []).append((number, size))
    return [
        Sealed(
            row.id,
            row.reference,
            row.agency_ref,
            row.amends,
            row.flag_level,
            row.channel,
            row.state,
            row.body,
            tuple(sizes.get(row.id, ())),
        )
        for row in rows
    ]


def attachment(tx: Transaction, agency_refs: Collection[bytes], note_id: bytes, number: int) -> bytes:
    """A sealed attachment's record.

    Raises:
        Unknown: not there, or not of these agencies.
    """
    found = tx.db.scalar(
        select(attachments.c.body).where(
            attachments.c.note_id == note_id,
            attachments.c.number == number,
            attachments.c.agency_ref.in_(agency_refs),
            attachments.c.state == "kept",
        )
    )
    if found is None:
        raise Unknown("attachment")
    body: bytes = found
    return body


def _of(agency_refs: Collection[bytes], person_ref: bytes | None) -> Select[Any]:
    amending = notes.alias("amending")
    amendments = select(func.count()).select_from(amending).where(amending.c.amends == notes.c.id).scalar_subquery()
    things = (
        select(func.count())
        .select_from(attachments)
        .where(attachments.c.note_id == notes.c.id, attachments.c.state == "kept")
        .scalar_subquery()
    )
    member = (
        select(case_members.c.since)
        .join(
            memberships,
            (memberships.c.person_ref == case_members.c.person_ref)
            & (memberships.c.agency_ref == case_members.c.agency_ref),
        )
        .where(
            case_members.c.agency_ref == notes.c.agency_ref,
            case_members.c.tag == notes.c.case_tag,
            case_members.c.person_ref == person_ref,
        )
        .correlate(notes)
        .exists()
    )
    return (
        select(
            notes.c.id,
            notes.c.reference,
            notes.c.agency_ref,
            notes.c.hour,
            notes.c.state,
            notes.c.case_tag,
            flags.c.urgency,
            flags.c.state.label("flag_state"),
            flags.c.overdue_since,
            flags.c.raised_at,
            flags.c.due_at,
            flags.c.owner_ref,
            flags.c.outcome,
            flags.c.closed_at,
            amendments.label("amendments"),
            things.label("things"),
            member.label("member"),
        )
        .outerjoin(flags, flags.c.note_id == notes.c.id)
        .where(notes.c.agency_ref.in_(agency_refs))
    )


def _which(status: Status, urgency: str, person_ref: bytes | None) -> list[Any]:
    found: list[Any] = [flags.c.urgency == urgency] if urgency else []
    match status:
        case "flagged":
            found.append(flags.c.state.in_(NOT_OVER))
        case "open":
            found.append(flags.c.state.in_(UNOWNED))
        case "mine":
            found += [flags.c.state.in_(OWNED), flags.c.owner_ref == person_ref]
        case "taken":
            found.append(flags.c.state.in_(OWNED))
        case "closed":
            found.append(flags.c.state.in_(OVER))
        case "unflagged":
            found.append(flags.c.note_id.is_(None))
        case "all":
            pass
    return found


def _order(order: Order) -> tuple[Any, ...]:
    age = func.coalesce(flags.c.raised_at, notes.c.hour)
    match order:
        case "newest":
            return age.desc(), notes.c.reference
        case "oldest":
            return age, notes.c.reference
        case "urgency":
            ranks = {urgency: -place for place, urgency in enumerate(URGENCIES)}
            over = case((flags.c.state.in_(UNOWNED), 0), (flags.c.state.in_(OWNED), 1), else_=2)
            rank = case(ranks, value=flags.c.urgency, else_=1)
            return over, rank, case((and_(flags.c.state.in_(NOT_OVER)), age), else_=-age), notes.c.reference


def page_state(state: str, *, overdue: bool = False) -> PageState:
    """Of a flag's state as it is kept."""
    if state in OVER:
        return "closed" if state == "closed" else "withdrawn"
    if state in OWNED:
        return "taken"
    return "overdue" if overdue else "open"


class _Named:
    """Slugs of agencies and handles of people, each opened once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._agencies: dict[bytes, str] = {}
        self._people: dict[bytes, str] = {}

    def agency(self, ref: bytes) -> str:
        if ref not in self._agencies:
            self._agencies[ref] = agencies.name_of(self._tx, ref)
        return self._agencies[ref]

    def person(self, ref: bytes | None) -> str:
        """Empty for nobody."""
        if ref is None:
            return ""
        if ref not in self._people:
            self._people[ref] = str(people.profile(self._tx, ref)["handle"])
        return self._people[ref]


def _row(named: _Named, row: Any, person_ref: bytes | None) -> Row:
    flag = None
    if row.flag_state is not None:
        flag = FlagOf(
            row.urgency,
            page_state(row.flag_state, overdue=row.overdue_since is not None),
            moment(row.raised_at),
            moment(row.due_at),
            row.owner_ref,
            named.person(row.owner_ref),
            row.outcome,
            None if row.closed_at is None else moment(row.closed_at),
        )
    taken = flag is not None and flag.state == "taken" and person_ref is not None and flag.owner_ref == person_ref
    return Row(
        row.id,
        row.reference,
        row.agency_ref,
        named.agency(row.agency_ref),
        moment(row.hour),
        row.state,
        flag,
        row.amendments,
        row.things,
        taken or row.case_tag is None or bool(row.member),
    )
