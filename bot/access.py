"""Who serves which desk: the one place that says who hears of flags and who may look at them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from dialogues.model import Agency, Membership, Person
from dialogues.permissions import SERVES
from guidance.site import Sites
from storage import agencies, people
from storage.agencies import AgencyRow
from storage.conversations import Talk
from storage.errors import BadInstallation, Unreadable
from storage.people import PersonRow
from storage.pins import Pins
from storage.transaction import Transaction

MOST_CACHED = 1_000
NO_SITES = Sites()

Versions = tuple[tuple[bytes, int], ...]
Walls = tuple[Versions, dict[tuple[frozenset[tuple[bytes, int]], date], frozenset[bytes]]]


@dataclass(frozen=True, slots=True)
class Desk:
    """
    Attributes:
        agency: slug.
        served_by: slugs of the agencies whose coordinators take its flags.
        ready: it has somebody to seal notes to today.
    """

    agency: str
    served_by: tuple[str, ...]
    ready: bool


class Access:
    """Reads agencies and desks, remembering what has not changed. Used within transactions only."""

    def __init__(self, pins: Pins, sites: Sites = NO_SITES) -> None:
        self._pins = pins
        self._sites = sites
        self._rows: dict[tuple[bytes, int], AgencyRow] = {}
        self._desks: dict[tuple[bytes, int, date], Desk] = {}
        self._agencies: dict[tuple[bytes, int, date], Agency] = {}
        self._walls: Walls = ((), {})  # of a turn's person, made from these versions of all agencies

    def person(self, tx: Transaction, talk: Talk, at: datetime) -> Person:
        """The person of a conversation, as dialogues see them."""
        memberships = tuple(Membership(self.agency(tx, ref, version, at), role) for ref, version, role in talk.places)
        return Person(talk.person_ref.hex(), talk.handle, talk.language, talk.accepted, memberships)

    def person_of(self, tx: Transaction, person_ref: bytes, at: datetime) -> Person | None:
        """Somebody enrolled, without a conversation; None: not there, not accepted, or without any role (any more)."""
        row = people.one(tx, person_ref)
        if row is None or row.revoked or not row.accepted:
            return None
        versions = dict(agencies.versions(tx))
        memberships = tuple(
            Membership(self.agency(tx, ref, versions[ref], at), role) for ref, role in people.places(tx, person_ref)
        )
        return Person(person_ref.hex(), row.handle, row.language, row.accepted, memberships) if memberships else None

    def agency(self, tx: Transaction, ref: bytes, version: int, at: datetime) -> Agency:
        key = (ref, version, at.date())
        found = self._agencies.get(key)
        if found is None:
            row = self._row(tx, ref, version)
            site = self._sites.of(row.slug, agencies.country(row))
            ready, pin = self.desk(tx, row, at).ready, self._pins.of(row.slug)
            admin_key = pin.admin.kid.hex() if pin is not None else ""
            found = agencies.view(row, ready=ready, site=site, admin_key=admin_key)
            if len(self._agencies) >= MOST_CACHED:
                self._agencies.clear()
            self._agencies[key] = found
        return found

    def desk(self, tx: Transaction, row: AgencyRow, at: datetime) -> Desk:
        """Who serves an agency. Without a manifest its own coordinators do, and nothing can be sealed."""
        key = (row.ref, row.version, at.date())
        found = self._desks.get(key)
        if found is None:
            manifest = agencies.desk(tx, row.slug, self._pins, at)
            served_by = manifest.desk_agencies if manifest is not None and manifest.desk_agencies else (row.slug,)
            found = Desk(row.slug, served_by, manifest is not None)
            if len(self._desks) >= MOST_CACHED:
                self._desks.clear()
            self._desks[key] = found
        return found

    def servants(self, tx: Transaction, slug: str, at: datetime) -> list[PersonRow]:
        """The people who hear of an agency's flags: coordinators of its desk, else supervisors, else admins."""
        desk = self.desk(tx, agencies.by_slug(tx, slug), at)
        for roles in (("coordinator",), ("supervisor",), ("admin",)):
            found = [
                person
                for serving in desk.served_by
                for person in people.in_roles(tx, tx.keyring.agency_ref(serving), roles)
            ]
            if found:
                return list({person.ref: person for person in found}.values())
        return []

    def desks_of(self, tx: Transaction, person: Person, at: datetime) -> list[bytes]:
        """Refs of the agencies whose flags this person may see."""
        mine = {one.agency.slug for one in person.memberships if one.role in SERVES}
        if not mine:
            return []
        return [row.ref for row, served_by in self.served(tx, at) if mine & set(served_by)]

    def served(self, tx: Transaction, at: datetime) -> Iterator[tuple[AgencyRow, tuple[str, ...]]]:
        """Every agency with the slugs of those that serve it; itself, where its pin is damaged. One whose profile
        cannot be read is left out: it is no trouble of the others'."""
        yield from self._served(tx, agencies.versions(tx), at)

    def _served(
        self, tx: Transaction, versions: Iterable[tuple[bytes, int]], at: datetime
    ) -> Iterator[tuple[AgencyRow, tuple[str, ...]]]:
        for ref, version in versions:
            try:
                row = self._row(tx, ref, version)
            except Unreadable:
                continue
            try:
                yield row, self.desk(tx, row, at).served_by
            except BadInstallation:
                yield row, (row.slug,)

    def wall(self, tx: Transaction, talk: Talk, at: datetime) -> None:
        """Let a turn of this person see what it may touch alone; in one statement, unless an agency has changed."""
        versions, walls = self._walls
        key = (frozenset((ref, version) for ref, version, _ in talk.places), at.date())
        if key in walls:
            if tuple(tx.wall(walls[key])) == versions:
                return
            tx.unwall()
        found = tuple(agencies.versions(tx))
        if found != versions or len(walls) >= MOST_CACHED:
            walls = {}
            self._walls = found, walls
        walls[key] = frozenset(self._reach(tx, talk, found, at))
        tx.wall(walls[key])

    def reach(self, tx: Transaction, talk: Talk, at: datetime) -> set[bytes]:
        """Refs of the agencies whose rows something that this person does may touch."""
        return self._reach(tx, talk, tuple(agencies.versions(tx)), at)

    def _reach(self, tx: Transaction, talk: Talk, versions: Versions, at: datetime) -> set[bytes]:
        """Refs of all agencies that a turn of this person may touch: their own, those that serve these, and those whose
        desks theirs serve."""
        own = {ref for ref, _, _ in talk.places}
        slugs = {self._row(tx, ref, version).slug for ref, version, _ in talk.places}
        near = set(own)
        for row, served_by in self._served(tx, versions, at):
            if row.ref in own or slugs & set(served_by):
                near |= {row.ref, *map(tx.keyring.agency_ref, served_by)}
        return near

    def _row(self, tx: Transaction, ref: bytes, version: int) -> AgencyRow:
        row = self._rows.get((ref, version))
        if row is None:
            row = agencies.by_ref(tx, ref)
            if len(self._rows) >= MOST_CACHED:
                self._rows.clear()
            self._rows[(ref, version)] = row
        return row
