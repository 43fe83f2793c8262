"""Who is to hear of an agency's flags just now: its desk's people by level, as the rota, absences and cases have it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol, get_args
from zoneinfo import ZoneInfo

from bot.access import Access
from dialogues import rota as rotas_of
from dialogues.flag_life import TAKEN_WITHIN
from dialogues.model import Urgency
from dialogues.rota import NO_ROTA, Rota
from dialogues.rota_names import Names
from storage import agencies, cases, people, rotas, sites
from storage.agencies import AgencyRow
from storage.people import Servant
from storage.pins import Pins
from storage.transaction import Transaction

LevelName = Literal["case", "site", "duty", "second", "desk", "supervisor", "admin"]
LEVELS: Final[tuple[LevelName, ...]] = get_args(LevelName)
"""Who hears of a flag, one level after the other: whoever has the case, who is there for its author's site, who is on
duty, who is second on the rota, all coordinators of the desk, supervisors, admins. A flag's ``level`` is a place in
here; those kept move when this changes."""
SITE: Final = LEVELS.index("site")
DUTY: Final = LEVELS.index("duty")
DESK: Final = LEVELS.index("desk")
SUPERVISOR: Final = LEVELS.index("supervisor")
LAST: Final = len(LEVELS) - 1

Away = Literal["nobody", "not-enrolled", "blocked"]
"""Why a level, or somebody, cannot be reached."""


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


@dataclass(frozen=True, slots=True)
class Level:
    """
    Attributes:
        expected: somebody should be there; where not, that nobody is there is nothing to tell.
        missing: names of the rota that are nobody's at this desk.
    """

    name: LevelName
    people: tuple[Servant, ...]
    expected: bool = True
    missing: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who may have to hear of an agency's flags, and the rota that they go by.

    Attributes:
        row: the agency whose flags they are.
        rota_of: slug of whose rota it is: its own, or of an agency that serves its desk.
        serving: refs of the agencies whose coordinators serve its desk.
        everybody: with a role in one of these, or in the agency itself.
        written: the rota as somebody wrote it; ``rota`` has one name for each person.
        names: of those who may take its flags.
    """

    row: AgencyRow
    rota: Rota
    zone: ZoneInfo
    rota_of: str
    serving: tuple[bytes, ...]
    everybody: tuple[Servant, ...] = field(repr=False)
    written: Rota = NO_ROTA
    names: Names = field(default_factory=lambda: Names(()), repr=False)

    @property
    def takers(self) -> tuple[Servant, ...]:
        """Who may take its flags: coordinators and supervisors of the desk."""
        return tuple(one for one in self.everybody if one.serves(self.serving, "coordinator", "supervisor"))

    @property
    def coordinators(self) -> tuple[Servant, ...]:
        """All of the desk."""
        return tuple(one for one in self.everybody if one.serves(self.serving, "coordinator"))

    @property
    def admins(self) -> tuple[Servant, ...]:
        return tuple(one for one in self.everybody if one.serves((self.row.ref, *self.serving), "admin"))

    @property
    def supervisors(self) -> tuple[Servant, ...]:
        """Of the agency itself, and of those that serve it."""
        return tuple(one for one in self.everybody if one.serves((self.row.ref, *self.serving), "supervisor"))

    @property
    def whole(self) -> Rota:
        """The shifts of the whole agency."""
        return rotas_of.of_site(self.rota)

    def named(self, names: Iterable[str]) -> tuple[list[Servant], list[str]]:
        """The people of these names, and the names that are nobody's."""
        found, missing = list[Servant](), list[str]()
        for name in names:
            one = self.person(name)
            if one is None:
                missing.append(name)
            elif one not in found:
                found.append(one)
        return found, missing

    def person(self, name: str) -> Servant | None:
        """Whoever has this name; None where that is nobody, or several."""
        ref = self.names.whose(name)
        return next((one for one in self.takers if one.ref.hex() == ref), None)

    def present(self, person: Servant, at: datetime) -> list[Servant]:
        """Whoever is there for somebody today: themselves, or their cover; or nobody."""
        name = self.names.name(person.ref.hex())
        instead = rotas_of.stands_in(self.rota, at.astimezone(self.zone).date(), name)
        if instead == name:
            return [person]
        return self.named([instead] if instead else [])[0]

    def levels(self, case_members: Sequence[bytes], at: datetime, site: str = "") -> list[Level]:
        """Everybody who is to hear of a flag, in the order of ``LEVELS``.

        Args:
            case_members: refs of who works on its case.
            site: where its author works, or empty. With shifts of its own, whoever is on duty there hears first, and
                who is second there beside whoever is on duty for the agency. With no shifts at all, whoever works
                there.
        """
        having = [one for ref in case_members for one in self.takers if one.ref == ref]
        whole, local = self.whole, rotas_of.of_site(self.rota, site) if site else NO_ROTA
        duty, site_duty = (rotas_of.on_duty(rota, self.zone, at) for rota in (whole, local))
        first, first_missing = self.named(duty.first)
        second, second_missing = self.named(duty.second)
        at_site, site_missing = self.named(site_duty.first)
        site_second, _ = self.named(site_duty.second)
        if site and not local.shifts and not whole.shifts:
            here = rotas_of.same_site(site)
            at_site = [one for one in self.coordinators if here in map(rotas_of.same_site, one.sites)]
        return [
            Level("case", self._there(having, at), bool(having)),
            Level("site", self._there(at_site, at), rotas_of.planned(local, self.zone, at), tuple(site_missing)),
            Level("duty", _once((*site_second, *first)), bool(whole.shifts), tuple(first_missing)),
            Level("second", _once(second), bool(duty.second), tuple(second_missing)),
            Level("desk", self.coordinators),
            Level("supervisor", self.supervisors, False),
            Level("admin", self.admins, False),
        ]

    def _there(self, those: Iterable[Servant], at: datetime) -> tuple[Servant, ...]:
        """These people, or who stands in for them."""
        return _once(there for one in those for there in self.present(one, at))

    def due(self, urgency: Urgency, at: datetime) -> datetime:
        """By when a flag that is raised now must be taken, as the quiet hours have it."""
        return self.after(urgency, TAKEN_WITHIN[urgency], at)

    def after(self, urgency: Urgency, within: timedelta, at: datetime) -> datetime:
        """When so much time has passed from a moment on, as the quiet hours have it."""
        return rotas_of.due(self.rota, self.zone, urgency, within, at=at)

    def loud(self, urgency: Urgency, at: datetime) -> datetime:
        """Now, or when the quiet hours end that it is in."""
        return rotas_of.loud(self.rota, self.zone, urgency, at)


def roster(tx: Transaction, desks: Desks, row: AgencyRow, at: datetime, *, proposed: Rota | None = None) -> Roster:
    """An agency's own rota; where it has none, that of an agency that serves its desk; or an empty one.

    One that cannot be read counts as none: flags go on to all coordinators.

    Args:
        proposed: instead of its own, to see what would be.
    """
    slugs = desks.access.desk(tx, row, at).served_by
    refs = {tx.keyring.agency_ref(slug): slug for slug in (row.slug, *slugs)}
    everybody = tuple(people.servants(tx, list(refs)))
    serving = tuple(tx.keyring.agency_ref(slug) for slug in slugs)
    rota, rota_of, zone = NO_ROTA, row.slug, row.profile["zone"]
    if proposed is not None:
        rota = proposed
    else:
        kept = rotas.in_force(tx, list(refs))
        for ref, slug in refs.items():
            if ref in kept:
                rota, rota_of = kept[ref], slug
                zone = zone if ref == row.ref else agencies.by_ref(tx, ref).profile["zone"]
                break
    there = Roster(row, NO_ROTA, rotas_of.zone_of(rota, ZoneInfo(zone)), rota_of, serving, everybody, rota)
    names = Names((one.ref.hex(), one.handle) for one in there.takers)
    return replace(there, rota=names.spelled(rota), names=names)


def of_agency(tx: Transaction, desks: Desks, agency_ref: bytes, at: datetime) -> Roster:
    return roster(tx, desks, agencies.by_ref(tx, agency_ref), at)


def levels(tx: Transaction, there: Roster, note_id: bytes, case_tag: bytes | None, at: datetime) -> list[Level]:
    """Everybody who is to hear of the flag of a note of this case."""
    members = cases.members_by_tag(tx, there.row.ref, case_tag) if case_tag is not None else []
    return there.levels(members, at, sites.of_author(tx, note_id, there.row.ref))


def sites_of(tx: Transaction, agency_ref: bytes) -> tuple[str, ...]:
    """Sites of an agency, each once: those that its rota has shifts of, and those at which somebody works."""
    there = rotas.in_force(tx, [agency_ref]).get(agency_ref, NO_ROTA).sites
    found: dict[str, str] = {}
    for name in (*there, *sites.of_agency(tx, agency_ref)):
        found.setdefault(rotas_of.same_site(name), name)
    return tuple(found.values())


def why_away(one: Servant) -> Away | None:
    """Why somebody cannot be reached; None: they can, as far as is known."""
    if not one.accepted:
        return "not-enrolled"
    return None if one.reached else "blocked"


def within(level: int, found: Sequence[Level]) -> list[Servant]:
    """Everybody up to a level, each once."""
    return list(_once(one for each in found[: level + 1] for one in each.people))


def _once(those: Iterable[Servant]) -> tuple[Servant, ...]:
    return tuple({one.ref: one for one in those}.values())
