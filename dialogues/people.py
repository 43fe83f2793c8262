"""People of an agency: who may use the assistant, until when; invite, renew, end access, a lost phone.

    Listing ──found──▶ Listed ──one──▶ Opening ──found──▶ OnePerson ──renew──▶ (end)
                          │                                   ├──site──▶ AskSite ──site──▶ (end)
                          │                                   └──lost · end──▶ Sure ──yes──▶ (end)
                          └──invite──▶ AskAgency ──▶ AskRole ──role──▶ AskWhere ──site──▶ (end), with the invite

Where they work is asked only where the agency has sites: the command line and the rota's file name a new one.

For coordinators and admins. Who sees flags or alarms is made by the command line alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from dialogues.home import menu_choice
from dialogues.model import (
    Call,
    Choice,
    Chose,
    EndAccess,
    Event,
    Found,
    LookUp,
    LosePhone,
    MakeInvite,
    RenewAccess,
    Say,
    Scene,
    SetSite,
    StaffView,
    Turn,
    Wrote,
    column,
)
from dialogues.permissions import INVITED_IN_CHAT, KEEPS_PEOPLE, may_end
from dialogues.reference import token
from guidance.model import Role

MOST_SHOWN = 10
ONE = "one."  # before a person's ref in the opening argument


@dataclass(frozen=True, slots=True)
class Listing:
    """Looking up the people of the agencies where this person keeps people."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Waiting for one of them, for the next of them (``start``: the first shown), or for an invite."""

    people: tuple[StaffView, ...] = field(repr=False)
    start: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """Looking up one person, by a button of a notice; ``agency``: where, or empty for the first there is."""

    person: str
    agency: str = ""


@dataclass(frozen=True, slots=True)
class OnePerson:
    """A person is on the screen."""

    one: StaffView = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sure:
    """Waiting for a yes before access ends."""

    act: Literal["lost", "end"]
    one: StaffView = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskAgency:
    """Waiting for the agency that somebody is invited to; ``sites``: (slug, site) of each there is."""

    sites: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class AskRole:
    """Waiting for the role that somebody is invited to; ``sites``: of the agency."""

    agency: str
    sites: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class AskWhere:
    """Waiting for the site at which somebody who is invited will work."""

    agency: str
    role: Role
    sites: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskSite:
    """Waiting for the site at which somebody works."""

    one: StaffView = field(repr=False)


State = Listing | Listed | Opening | OnePerson | Sure | AskAgency | AskRole | AskWhere | AskSite
STATES = (Listing, Listed, Opening, OnePerson, Sure, AskAgency, AskRole, AskWhere, AskSite)
NOWHERE = "nowhere"


def begin(scene: Scene, about: str) -> Turn[State]:
    """``about``: empty for the list, or ``one.<person>``."""
    if not _kept(scene):
        return Turn(None, (Say(scene.text("people-not-yours"), rows=column(menu_choice(scene))),))
    if about.startswith(ONE):
        return Turn(Opening(about.removeprefix(ONE)), look_up=LookUp("people"))
    return Turn(Listing(), look_up=LookUp("people"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Chose("leave"):
            return Turn(None)
        case _, Wrote(text) if scene.voice.danger.danger(text) is not None:
            return Turn(state, call=Call("danger"))
        case Listing(), Found(rows):
            return _asked(Listed(tuple(row for row in rows if isinstance(row, StaffView))), scene)
        case Opening(), Found(rows):
            return _opened(state, [row for row in rows if isinstance(row, StaffView)], scene)
        case Listed(people, start), Chose("more") if start + MOST_SHOWN < len(people):
            return _asked(Listed(people, start + MOST_SHOWN), scene)
        case Listed(people), Chose(key) if (number := _number(key, len(people))) is not None:
            # Looked up anew: since the list was shown somebody may have acted.
            return Turn(Opening(people[number].person, people[number].agency), look_up=LookUp("people"))
        case Listed(people), Chose("invite"):
            kept = _kept(scene)
            there = tuple(dict.fromkeys((one.agency, site) for one in people for site in one.sites))
            return _asked(_ask_role(kept[0], there) if len(kept) == 1 else AskAgency(there), scene)
        case AskAgency(there), Chose(key) if (place := _number(key, len(_kept(scene)))) is not None:
            return _asked(_ask_role(_kept(scene)[place], there), scene)
        case AskRole(agency, sites), Chose(key):
            for role in INVITED_IN_CHAT:
                if key == role:
                    return _asked(AskWhere(agency, role, sites), scene) if sites else _invited(agency, role, "", scene)
            return begin(scene, "")
        case AskWhere(agency, role, sites), Chose(key) if (at := _chosen(key, sites)) is not None:
            return _invited(agency, role, at, scene)
        case OnePerson(one), Chose("site") if "site" in _acts(one, scene):
            return _asked(AskSite(one), scene)
        case AskSite(one), Chose(key) if (at := _chosen(key, one.sites)) is not None:
            phrase = "people-placed" if at else "people-placed-nowhere"
            return _done(phrase, SetSite(one.agency, one.person, at), one, scene, site=at)
        case OnePerson(one), Chose("renew") if "renew" in _acts(one, scene):
            on = _date(scene.now + timedelta(days=one.days), one, scene)
            return _done("people-renewed", RenewAccess(one.agency, one.person), one, scene, date=on)
        case OnePerson(one), Chose(("lost" | "end") as act) if act in _acts(one, scene):
            return _asked(Sure("lost" if act == "lost" else "end", one), scene)
        case Sure("lost", one), Chose("yes"):
            return _done("people-lost-done", LosePhone(one.agency, one.person), one, scene)
        case Sure("end", one), Chose("yes"):
            return _done("people-end-done", EndAccess(one.agency, one.person), one, scene)
        case ((Sure(_, one) | AskSite(one)), Chose("back")):
            return Turn(Opening(one.person, one.agency), look_up=LookUp("people"))
        case _, Chose("list" | "back"):
            return begin(scene, "")
        case ((Listing() | Opening()), _):
            return begin(scene, "")
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    back = Choice("back", scene.text("button-back"))
    match state:
        case Listed():
            return (_list(state, scene),)
        case OnePerson(one):
            return (_person(one, scene),)
        case Sure(act, one):
            rows = column(Choice("yes", scene.text(f"button-people-{act}-yes")), back)
            text = scene.text(f"people-sure-{act}", who=_handle(one), agency=one.agency_name)
            return (Say(text, rows=rows),)
        case AskAgency():
            named = [scene.person.at(slug) for slug in _kept(scene)]
            shown = [Choice(f"p.{place}", one.agency.name) for place, one in enumerate(named) if one is not None]
            return (Say(scene.text("people-ask-agency"), rows=column(*shown, back)),)
        case AskRole():
            roles = [Choice(role, scene.text(f"invite-role-{role}")) for role in INVITED_IN_CHAT]
            return (Say(scene.text("people-ask-role"), rows=column(*roles, back)),)
        case AskWhere(_, _, sites):
            return (Say(scene.text("people-ask-where"), rows=column(*_site_choices(sites, scene), back)),)
        case AskSite(one):
            text = scene.text("people-ask-site", who=_handle(one))
            return (Say(text, rows=column(*_site_choices(one.sites, scene), back)),)
        case _:
            return ()


def _opened(opening: Opening, found: list[StaffView], scene: Scene) -> Turn[State]:
    theirs = [one for one in found if one.person == opening.person and opening.agency in ("", one.agency)]
    if not theirs:
        said = Say(scene.text("people-gone"), rows=column(_people_choice(scene), menu_choice(scene)))
        return Turn(None, (said,))
    # Where there are several, the one that ends first is what a notice was about.
    theirs.sort(key=lambda one: (one.until is None, one.until or scene.now))
    return _asked(OnePerson(theirs[0]), scene)


def _ask_role(agency: str, there: tuple[tuple[str, str], ...]) -> AskRole:
    return AskRole(agency, tuple(site for slug, site in there if slug == agency))


def _site_choices(sites: tuple[str, ...], scene: Scene) -> list[Choice]:
    shown = [Choice(f"p.{place}", site) for place, site in enumerate(sites)]
    return [*shown, Choice(NOWHERE, scene.text("button-people-nowhere"))]


def _chosen(key: str, sites: tuple[str, ...]) -> str | None:
    """The site of a button; empty: none. None: another button."""
    if key == NOWHERE:
        return ""
    place = _number(key, len(sites))
    return None if place is None else sites[place]


def _invited(agency: str, role: Role, site: str, scene: Scene) -> Turn[State]:
    made = token(scene.fresh)
    at: dict[str, str | int] = {"sited": int(bool(site)), "site": site}
    text = scene.text("invite-made", role=scene.text(f"role-{role}"), token=made, **at)
    said = Say(text, title=scene.text("invite-title"), rows=column(_people_choice(scene), menu_choice(scene)))
    return Turn(None, (said,), (MakeInvite(agency, role, made, site),))


def _list(state: Listed, scene: Scene) -> Say:
    shown = state.people[state.start : state.start + MOST_SHOWN]
    several = len(_kept(scene)) > 1
    choices = [
        Choice(f"p.{state.start + place}", _label(one, scene, several=several)) for place, one in enumerate(shown)
    ]
    if state.start + MOST_SHOWN < len(state.people):
        choices.append(Choice("more", scene.text("button-more-people")))
    choices.append(Choice("invite", scene.text("button-people-invite")))
    text = scene.text("people-pick", n=len(state.people))
    return Say(text, title=scene.text("people-title"), rows=(*column(*choices), (menu_choice(scene),)))


def _person(one: StaffView, scene: Scene) -> Say:
    lines = [scene.text("people-role-at", role=scene.text(f"role-{one.role}"), agency=one.agency_name)]
    if one.site:
        lines.append(scene.text("people-at-site", site=one.site))
    if one.until is not None:
        lines.append(scene.text("people-until", date=_date(one.until, one, scene)))
    if not one.accepted:
        lines.append(scene.text("people-not-in-yet"))
    if one.person == scene.person.ref:
        lines.append(scene.text("people-yourself"))
    elif one.last_admin:
        lines.append(scene.text("people-last-admin"))
    acts = [Choice(act, scene.text(f"button-people-{act}")) for act in _acts(one, scene)]
    rows = column(*acts, Choice("list", scene.text("button-back")))
    return Say("\n".join(lines), title=_handle(one), rows=rows)


def _acts(one: StaffView, scene: Scene) -> tuple[str, ...]:
    """What may be done about this person, in the order of the buttons."""
    own = scene.person.at(one.agency)
    if own is None or own.role not in KEEPS_PEOPLE:
        return ()
    site = ("site",) if one.sites else ()
    if one.person == scene.person.ref or one.last_admin:
        return site
    mine = may_end(own.role, one.role)
    renewable = mine and one.until is not None and one.days > 0
    return (*(("renew",) if renewable else ()), *site, "lost", *(("end",) if mine else ()))


def _done(
    phrase: str, effect: RenewAccess | EndAccess | LosePhone | SetSite, one: StaffView, scene: Scene, **args: str
) -> Turn[State]:
    said = Say(scene.text(phrase, who=_handle(one), **args), rows=column(_people_choice(scene), menu_choice(scene)))
    return Turn(None, (said,), (effect,))


def _label(one: StaffView, scene: Scene, *, several: bool) -> str:
    role = scene.text(f"role-{one.role}")
    ends = f" · {_date(one.until, one, scene)[:6]}" if one.until is not None else ""
    at = f" · {one.agency}" if several else ""
    return f"{_handle(one)} · {role}{at}{ends}"


def _handle(one: StaffView) -> str:
    return one.handle or "-"


def _date(at: datetime, one: StaffView, scene: Scene) -> str:
    own = scene.person.at(one.agency)
    return f"{at.astimezone(own.agency.zone if own is not None else scene.home.agency.zone):%d.%m.%Y}"


def _people_choice(scene: Scene) -> Choice:
    return Choice("people", scene.text("button-people"), lasting=True)


def _kept(scene: Scene) -> tuple[str, ...]:
    """Slugs of the agencies where this person keeps people."""
    return tuple(one.agency.slug for one in scene.person.memberships if one.role in KEEPS_PEOPLE)


def _asked(state: State, scene: Scene) -> Turn[State]:
    return Turn(state, resume(state, scene))


def _number(key: str, count: int) -> int | None:
    number = key.removeprefix("p.")
    return int(number) if key.startswith("p.") and number.isdecimal() and int(number) < count else None
