"""What a reader of the page is shown: notes by reference, flag and age, and sealed records. Nothing is opened.

A note has one row, with its amendments. Each of them may carry a flag of its own: "it is worse" raises one anew where
the first is over. Of these flags a row shows the one that most calls for somebody.

Who may have which: ``storage.reading``. On a connection that may select sealed bodies.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import CompoundSelect, Select, Subquery, and_, case, cast, func, literal, null, or_, select, union_all

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
    """
    Attributes:
        note_id, reference: of the note or amendment that raised it; by this id it is taken and closed.
        stands: its state as ``dialogues.flag_life`` knows it; ``state``: as the page does.
        moved_at: when it came there.
    """

    note_id: bytes
    reference: str
    urgency: str
    stands: str
    moved_at: datetime
    state: PageState
    raised_at: datetime
    due_at: datetime
    owner_ref: bytes | None
    owner: str = field(repr=False)
    outcome: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """A first note. ``own``: read without a reason, see ``storage.reading``.

    Attributes:
        flag: its own, or an amendment's.
    """

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
    wanted = _which(status, urgency, person_ref)
    flagged = _flagged(_flags(agency_refs, *wanted))
    if status == "closed":
        flagged = flagged.where(notes.c.id.not_in(_firsts(flags.c.state.in_(NOT_OVER))))
    query: Select[Any] | CompoundSelect[Any] = flagged
    if status == "unflagged":
        query = _unflagged(agency_refs).where(literal(not urgency))
    elif not wanted:
        query = union_all(flagged, _unflagged(agency_refs))
    found = query.subquery()
    rows = tx.db.execute(select(found).order_by(*_order(order, found)).limit(limit + 1).offset(skip)).all()
    return _rows(tx, rows[:limit], person_ref), len(rows) > limit


def one(tx: Transaction, agency_refs: Collection[bytes], person_ref: bytes | None, note_id: bytes) -> Row:
    """The first note of a note or an amendment, with the flag that this one raised, unless that is over.

    Raises:
        Unknown: not there, or not of these agencies.
    """
    root = first_of(tx, agency_refs, note_id)
    return _one(tx, agency_refs, person_ref, root, _flags(agency_refs, root=root, rather=note_id))


def with_flag(tx: Transaction, agency_refs: Collection[bytes], person_ref: bytes | None, note_id: bytes) -> Row:
    """The same with the flag that this very note or amendment raised, over or not; without any, if it raised none.

    Raises:
        Unknown: not there, or not of these agencies.
    """
    root = first_of(tx, agency_refs, note_id)
    return _one(tx, agency_refs, person_ref, root, _flags(agency_refs, flags.c.note_id == note_id, root=root))


def _one(tx: Transaction, agency_refs: Collection[bytes], person_ref: bytes | None, root: bytes, flag: Subquery) -> Row:
    row = tx.db.execute(_flagged(flag).where(notes.c.id == root)).one_or_none()
    if row is None:
        row = tx.db.execute(select(*_OF_NOTE, *_NO_FLAG).where(notes.c.id == root)).one()
    return _rows(tx, [row], person_ref)[0]


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


_RANKS: Final = {urgency: -place for place, urgency in enumerate(URGENCIES)}
_raising: Final = notes.alias("raising")
"""The note or amendment that a flag stands by."""


def _flags(agency_refs: Collection[bytes], *which: Any, root: bytes | None = None, rather: bytes = b"") -> Subquery:
    """Of each first note's flags, its amendments' among them, the one that most calls for somebody: ``first``, then the
    flag.

    Args:
        which: what is asked of flags; others are as if they were not there.
        root: of this first note alone.
        rather: the flag of this note goes before all others, while it is not over.
    """
    first = func.coalesce(_raising.c.amends, _raising.c.id)
    state = flags.c.state
    stand = case((state.in_(UNOWNED), 0), (state.in_(OWNED), 1), (state == "closed", 2), else_=3)
    calls: tuple[Any, ...] = (stand, case(_RANKS, value=flags.c.urgency), flags.c.raised_at.desc(), flags.c.note_id)
    if rather:
        calls = (case((and_(flags.c.note_id == rather, state.in_(NOT_OVER)), 0), else_=1), *calls)
    ranked = (
        select(
            first.label("first"),
            flags,
            _raising.c.reference,
            func.row_number().over(partition_by=first, order_by=calls).label("place"),
        )
        .join(_raising, _raising.c.id == flags.c.note_id)
        .where(flags.c.agency_ref.in_(agency_refs), *which)
    )
    if root is not None:
        ranked = ranked.where(or_(_raising.c.id == root, _raising.c.amends == root))
    found = ranked.subquery()
    return select(found).where(found.c.place == 1).subquery("flag")


def _firsts(*which: Any) -> Select[Any]:
    """Ids of the first notes that have such a flag, of their own or an amendment's."""
    first = func.coalesce(_raising.c.amends, _raising.c.id)
    return select(first).join_from(flags, _raising, _raising.c.id == flags.c.note_id).where(*which)


_OF_NOTE: Final = (
    notes.c.id,
    notes.c.reference,
    notes.c.agency_ref,
    notes.c.hour,
    notes.c.state,
    notes.c.case_tag,
)
_OF_FLAG: Final = {
    "raised_by": "note_id",
    "raised_as": "reference",
    "urgency": "urgency",
    "flag_state": "state",
    "overdue_since": "overdue_since",
    "raised_at": "raised_at",
    "moved_at": "moved_at",
    "due_at": "due_at",
    "owner_ref": "owner_ref",
    "outcome": "outcome",
    "closed_at": "closed_at",
}
"""Name in a row -> of the flag's column."""
_NO_FLAG: Final = tuple(
    cast(null(), (notes if column == "reference" else flags).c[column].type).label(name)
    for name, column in _OF_FLAG.items()
)


def _flagged(flag: Subquery) -> Select[Any]:
    """First notes with their flag. From the flags to the notes: the other way there is no index for it."""
    of_flag = [flag.c[column].label(name) for name, column in _OF_FLAG.items()]
    return select(*_OF_NOTE, *of_flag).join_from(flag, notes, notes.c.id == flag.c.first)


def _unflagged(agency_refs: Collection[bytes]) -> Select[Any]:
    """First notes without a flag, of their own or an amendment's."""
    return select(*_OF_NOTE, *_NO_FLAG).where(
        notes.c.agency_ref.in_(agency_refs),
        notes.c.amends.is_(None),
        notes.c.id.not_in(_firsts(flags.c.agency_ref.in_(agency_refs))),
    )


def _which(status: Status, urgency: str, person_ref: bytes | None) -> list[Any]:
    """What a list asks of flags."""
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
        case "unflagged" | "all":
            pass
    return found


def _order(order: Order, found: Subquery) -> tuple[Any, ...]:
    age = func.coalesce(found.c.raised_at, found.c.hour)
    state = found.c.flag_state
    match order:
        case "newest":
            return age.desc(), found.c.reference
        case "oldest":
            return age, found.c.reference
        case "urgency":
            over = case((state.in_(UNOWNED), 0), (state.in_(OWNED), 1), else_=2)
            rank = case(_RANKS, value=found.c.urgency, else_=1)
            return over, rank, case((state.in_(NOT_OVER), age), else_=-age), found.c.reference


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


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is known of some first notes besides."""

    amendments: Mapping[bytes, int]
    attachments: Mapping[bytes, int]
    own: frozenset[bytes]


def _rows(tx: Transaction, rows: Sequence[Any], person_ref: bytes | None) -> list[Row]:
    ids = [row.id for row in rows]
    beside, named = _beside(tx, ids, person_ref), _Named(tx)
    return [_row(named, row, beside) for row in rows]


def _beside(tx: Transaction, ids: Sequence[bytes], person_ref: bytes | None) -> _Beside:
    amendments = (
        select(notes.c.amends.label("of"), func.count().label("many"))
        .where(notes.c.amends.in_(ids))
        .group_by(notes.c.amends)
    )
    things = (
        select(attachments.c.note_id.label("of"), func.count().label("many"))
        .where(attachments.c.note_id.in_(ids), attachments.c.state == "kept")
        .group_by(attachments.c.note_id)
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
    mine = notes.c.id.in_(_firsts(flags.c.owner_ref == person_ref, flags.c.state.in_(OWNED)))
    theirs = or_(notes.c.case_tag.is_(None), *((member, mine) if person_ref is not None else ()))
    return _Beside(
        {row.of: row.many for row in tx.db.execute(amendments)},
        {row.of: row.many for row in tx.db.execute(things)},
        frozenset(tx.db.scalars(select(notes.c.id).where(notes.c.id.in_(ids), theirs))),
    )


def _row(named: _Named, row: Any, beside: _Beside) -> Row:
    flag = None
    if row.flag_state is not None:
        flag = FlagOf(
            row.raised_by,
            row.raised_as,
            row.urgency,
            row.flag_state,
            moment(row.moved_at),
            page_state(row.flag_state, overdue=row.overdue_since is not None),
            moment(row.raised_at),
            moment(row.due_at),
            row.owner_ref,
            named.person(row.owner_ref),
            row.outcome,
            None if row.closed_at is None else moment(row.closed_at),
        )
    return Row(
        row.id,
        row.reference,
        row.agency_ref,
        named.agency(row.agency_ref),
        moment(row.hour),
        row.state,
        flag,
        beside.amendments.get(row.id, 0),
        beside.attachments.get(row.id, 0),
        row.id in beside.own,
    )
