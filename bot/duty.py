"""Who is to hear of an agency's flags just now: its desk's people by level, as the rota, absences and cases have it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol, get_args
from zoneinfo import ZoneInfo

from bot.access import Access
from bot.notices import arrives
from dialogues import rota as rotas_of
from dialogues.flag_life import TAKEN_WITHIN
from dialogues.model import Urgency
from dialogues.permissions import SERVES
from dialogues.rota import NO_ROTA, Rota
from dialogues.rota_file import Wrong
from storage import agencies, cases, people, rotas
from storage.agencies import AgencyRow
from storage.errors import Unreadable
from storage.people import PersonRow
from storage.pins import Pins
from storage.transaction import Transaction


class Desks(Protocol):
    """What is needed to know whose desk is whose; a ``World`` is one."""

    @property
    def access(self) -> Access: ...

    @property
    def pins(self) -> Pins: ...


@dataclass(frozen=True, slots=True)
class DesksAlone:
    """The same without all else that a ``World`` has; for the command line."""

    access: Access
    pins: Pins

    @classmethod
    def of(cls, pins: Pins) -> "DesksAlone":
        return cls(Access(pins), pins)


LevelName = Literal["case", "duty", "second", "desk", "supervisor", "admin"]
LEVELS: Final[tuple[LevelName, ...]] = get_args(LevelName)
"""Who hears of a flag, one level after the other: whoever has the case, who is on duty, who is second on the rota, all
coordinators of the desk, supervisors, admins. A flag's ``level`` is a place in here."""
DESK: Final = LEVELS.index("desk")
SUPERVISOR: Final = LEVELS.index("supervisor")
LAST: Final = len(LEVELS) - 1
ID: Final = "id:"
"""Before an id's first digits, in the place of a handle."""

Away = Literal["nobody", "not-enrolled", "blocked"]
"""Why a level, or somebody, cannot be reached."""


@dataclass(frozen=True, slots=True)
class Level:
    """
    Attributes:
        expected: somebody should be there; where not, that nobody is there is nothing to tell.
        missing: names of the rota that are nobody's at this desk.
    """

    name: LevelName
    people: tuple[PersonRow, ...]
    expected: bool = True
    missing: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class DeskRota:
    """The rota that an agency's flags go by.

    Attributes:
        agency: slug of whose it is: its own, or of an agency that serves its desk.
        staff: coordinators and supervisors of the desk.
    """

    rota: Rota
    zone: ZoneInfo
    agency: str
    served_by: tuple[str, ...]
    staff: tuple[PersonRow, ...] = field(repr=False)

    def named(self, names: Iterable[str]) -> tuple[list[PersonRow], list[str]]:
        """The people of these names, and the names that are nobody's."""
        found, missing = [], []
        for name in names:
            one = self.person(name)
            if one is None:
                missing.append(name)
            elif one not in found:
                found.append(one)
        return found, missing

    def person(self, name: str) -> PersonRow | None:
        """Whoever has this handle, or whose id begins so; None where that is nobody, or several."""
        if name.startswith(ID):
            start = name.removeprefix(ID).lower()
            those = [one for one in self.staff if len(start) >= 4 and one.ref.hex().startswith(start)]
        else:
            those = [one for one in self.staff if one.handle and one.handle.casefold() == name.casefold()]
        return those[0] if len(those) == 1 else None

    def present(self, person: PersonRow, at: datetime) -> tuple[list[PersonRow], list[str]]:
        """Whoever is there for somebody today: themselves, or their cover."""
        day = at.astimezone(self.zone).date()
        for name in (person.handle, *(name for name in self.rota.names if self.person(name) == person)):
            instead = rotas_of.stands_in(self.rota, day, name)
            if instead != name:
                return self.named([instead] if instead else [])
        return [person], []


def desk_rota(tx: Transaction, world: Desks, row: AgencyRow, at: datetime, *, proposed: Rota | None = None) -> DeskRota:
    """An agency's own rota; where it has none, that of an agency that serves its desk; or an empty one.

    One that cannot be read counts as none: flags go on to all coordinators.

    Args:
        proposed: instead of its own, to see what would be.
    """
    served_by = world.access.desk(tx, row, at).served_by
    staff: dict[bytes, PersonRow] = {}
    for slug in served_by:
        for one in people.in_roles(tx, tx.keyring.agency_ref(slug), SERVES):
            staff.setdefault(one.ref, one)
    rota, agency = NO_ROTA, row
    if proposed is not None:
        return DeskRota(
            proposed,
            rotas_of.zone_of(proposed, ZoneInfo(row.profile["zone"])),
            row.slug,
            served_by,
            tuple(staff.values()),
        )
    for slug in dict.fromkeys((row.slug, *served_by)):
        try:
            kept = rotas.of(tx, tx.keyring.agency_ref(slug))
            if kept.version:
                rota, agency = kept.rota, row if slug == row.slug else agencies.by_slug(tx, slug)
                break
        except (Unreadable, Wrong):
            continue
    zone = rotas_of.zone_of(rota, ZoneInfo(agency.profile["zone"]))
    return DeskRota(rota, zone, agency.slug, served_by, tuple(staff.values()))


def levels(tx: Transaction, world: Desks, agency_ref: bytes, case_tag: bytes | None, at: datetime) -> list[Level]:
    """Everybody who is to hear of a flag, in the order of ``LEVELS``."""
    row = agencies.by_ref(tx, agency_ref)
    desk = desk_rota(tx, world, row, at)
    by_ref = {one.ref: one for one in desk.staff}
    having = (
        [by_ref[ref] for ref in cases.members_by_tag(tx, agency_ref, case_tag) if ref in by_ref] if case_tag else []
    )
    there = [desk.present(one, at) for one in having]
    duty = rotas_of.on_duty(desk.rota, desk.zone, at)
    first, first_missing = desk.named(duty.first)
    second, second_missing = desk.named(duty.second)
    has_rota = bool(desk.rota.shifts)
    serving = [tx.keyring.agency_ref(slug) for slug in desk.served_by]
    return [
        Level("case", _once(one for found, _ in there for one in found), bool(having)),
        Level("duty", _once(first), has_rota, tuple(first_missing)),
        Level("second", _once(second), bool(duty.second), tuple(second_missing)),
        Level("desk", _of_role(tx, serving, "coordinator")),
        Level("supervisor", _of_role(tx, [agency_ref, *serving], "supervisor"), False),
        Level("admin", _of_role(tx, [agency_ref, *serving], "admin"), False),
    ]


def why_away(tx: Transaction, person: PersonRow) -> Away | None:
    """Why somebody cannot be reached; None: they can, as far as is known."""
    if not person.accepted:
        return "not-enrolled"
    return None if arrives(tx, person.ref) else "blocked"


def due_at(tx: Transaction, world: Desks, agency_ref: bytes, urgency: Urgency, at: datetime) -> datetime:
    """By when a flag that is raised now must be taken, as the desk's quiet hours have it."""
    desk = desk_rota(tx, world, agencies.by_ref(tx, agency_ref), at)
    return rotas_of.due(desk.rota, desk.zone, urgency, TAKEN_WITHIN[urgency], at=at)


def loud_at(tx: Transaction, world: Desks, agency_ref: bytes, urgency: Urgency, at: datetime) -> datetime:
    """Now, or when the quiet hours end that it is in."""
    desk = desk_rota(tx, world, agencies.by_ref(tx, agency_ref), at)
    return rotas_of.loud(desk.rota, desk.zone, urgency, at)


def within(level: int, found: Sequence[Level]) -> list[PersonRow]:
    """Everybody up to a level, each once."""
    return list(_once(one for each in found[: level + 1] for one in each.people))


def _of_role(tx: Transaction, agency_refs: Sequence[bytes], role: str) -> tuple[PersonRow, ...]:
    return _once(one for ref in agency_refs for one in people.in_roles(tx, ref, (role,)))


def _once(those: Iterable[PersonRow]) -> tuple[PersonRow, ...]:
    return tuple({one.ref: one for one in those}.values())
