"""What a dialogue may look up: only what this person may see."""

from datetime import datetime
from typing import TYPE_CHECKING

from bot import duty
from dialogues import permissions
from dialogues.model import CaseView, Colleague, DestinationView, LookUp, Person, RotaView, Row, StaffView
from dialogues.permissions import KEEPS_CASES
from dialogues.reference import read_reference
from dialogues.rota import zone_of
from dialogues.rota_file import keep
from guidance.model import ROLES
from storage import agencies, cases, deliveries, flags, notes, people, plans, rotas, walks
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World


def find(tx: Transaction, world: "World", look_up: LookUp, person: Person, at: datetime) -> tuple[Row, ...]:
    """Rows for a look-up; empty where there is nothing, or nothing for this person."""
    if not permissions.allows(person, look_up.what, _agency(look_up)):
        return ()
    me = bytes.fromhex(person.ref)
    short = read_reference(look_up.about) or "-"
    match look_up.what:
        case "open-flags":
            desks = world.access.desks_of(tx, person, at)
            return tuple(flags.of_desks(tx, desks)) if desks else ()
        case "flag":
            desks = world.access.desks_of(tx, person, at)
            return tuple(flags.of_desks(tx, desks, short=short)) if desks else ()
        case "colleagues":
            found = flags.of_desks(tx, world.access.desks_of(tx, person, at), short=short)
            agency_ref = tx.keyring.agency_ref(found[0].agency) if found else None
            takers = duty.of_agency(tx, world, agency_ref, at).takers if agency_ref is not None else ()
            return tuple(
                Colleague(one.ref.hex(), one.handle) for one in takers if one.ref != me and duty.why_away(one) is None
            )
        case "my-notes":
            return tuple(notes.of_author(tx, me))
        case "my-note":
            return tuple(notes.of_author(tx, me, short=short))
        case "my-walks":
            return tuple(walks.of_person(tx, me))
        case "cases":
            return _cases(tx, person, me)
        case "case":
            agency, _, code = look_up.about.partition(" ")
            return _case(tx, person, me, agency, code)
        case "staff":
            agency_ref = tx.keyring.agency_ref(look_up.about)
            found_staff = (
                Colleague(one.ref.hex(), one.handle, role)
                for role in ROLES
                for one in people.in_roles(tx, agency_ref, (role,))
            )
            return tuple(one for one in found_staff if one.handle)
        case "my-plans":
            return tuple(one for one in plans.of_person(tx, me) if person.at(one.agency) is not None)
        case "plan":
            return tuple(one for one in plans.one(tx, me, look_up.about) if person.at(one.agency) is not None)
        case "people":
            return _people(tx, person)
        case "rota":
            return _rotas(tx, world, person, look_up.about, at)
        case "destinations":
            there = deliveries.destinations_of(tx, tx.keyring.agency_ref(look_up.about))
            return tuple(DestinationView(name, disclosure) for name, disclosure in there)


def _agency(look_up: LookUp) -> str:
    """The agency that a look-up names, or nothing."""
    named = ("case", "staff", "rota", "destinations")
    return look_up.about.partition(" ")[0] if look_up.what in named else ""


def _people(tx: Transaction, person: Person) -> tuple[StaffView, ...]:
    """Everybody of the agencies where this person keeps people."""
    found = []
    for membership in person.memberships:
        if membership.role not in permissions.KEEPS_PEOPLE:
            continue
        agency = membership.agency
        agency_ref = tx.keyring.agency_ref(agency.slug)
        known = duty.sites_of(tx, agency_ref)
        for one in people.staff(tx, agency_ref):
            last = one.role == "admin" and people.is_last_admin(tx, one.ref, agency_ref)
            found.append(
                StaffView(
                    one.ref.hex(),
                    one.handle,
                    one.role,
                    agency.slug,
                    agency.name,
                    one.accepted,
                    one.until,
                    one.days or 0,
                    last,
                    one.site,
                    known,
                )
            )
    return tuple(found)


def _rotas(tx: Transaction, world: "World", person: Person, slug: str, at: datetime) -> tuple[RotaView, ...]:
    """Of the agencies where this person keeps it."""
    found = []
    for membership in person.memberships:
        agency = membership.agency
        if membership.role not in permissions.KEEPS_ROTA or slug not in ("", agency.slug):
            continue
        row = agencies.by_slug(tx, agency.slug)
        takers, kept = duty.roster(tx, world, row, at).takers, rotas.of(tx, row.ref)
        found.append(
            RotaView(
                agency.slug,
                agency.name,
                zone_of(kept.rota, agency.zone),
                kept.version,
                keep(kept.rota),
                keep(kept.before) if kept.before is not None else "",
                tuple(Colleague(one.ref.hex(), one.handle) for one in takers),
                tuple(one.ref.hex() for one in takers if duty.why_away(one) is not None),
            )
        )
    return tuple(found)


def _cases(tx: Transaction, person: Person, me: bytes) -> tuple[Row, ...]:
    """All of the agencies where they keep cases, and elsewhere those they are a member of."""
    seen = {(row.agency, row.code) for row in cases.of_person(tx, me)}
    for membership in person.memberships:
        slug = membership.agency.slug
        if _keeps_cases(person, slug):
            seen |= {(slug, row.code) for row in cases.of_agency(tx, tx.keyring.agency_ref(slug))}
    return tuple(view for slug, code in sorted(seen) for view in _case(tx, person, me, slug, code))


def _case(tx: Transaction, person: Person, me: bytes, agency: str, code: str) -> tuple[CaseView, ...]:
    if person.at(agency) is None:
        return ()
    view = cases.view(tx, tx.keyring.agency_ref(agency), code, me)
    return (view,) if view is not None and (view.mine or _keeps_cases(person, agency)) else ()


def _keeps_cases(person: Person, agency: str) -> bool:
    membership = person.at(agency)
    return membership is not None and membership.role in KEEPS_CASES
