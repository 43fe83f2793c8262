"""Cases: who works on one together. Coordinators add and remove members; every member sees who else there is.

    Listing ──found──▶ Listed ──one──▶ Opening ──found──▶ OneCase ──add──▶ FindStaff ──found──▶ AskWhom ──▶ OneCase
                          └──code──▶ Opening                 ├──remove──▶ AskRemove ──sure?──▶ OneCase
                                                             ├──close──▶ AskClose ──sure?──▶ (end)
                                                             └──walk──▶ the guide, for this case

A case is a code, never a name. Only members see its ticks; a coordinator who is no member sees who works on it.
"""

from dataclasses import dataclass, field, replace

from dialogues.case_code import CaseCode, CasePattern
from dialogues.home import menu_choice
from dialogues.model import (
    AssignCase,
    Call,
    CaseMember,
    CaseView,
    Choice,
    Chose,
    CloseCase,
    Colleague,
    Event,
    Found,
    LookUp,
    Say,
    Scene,
    Turn,
    UnassignCase,
    Wrote,
    column,
)
from dialogues.permissions import KEEPS_CASES

MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Listing:
    """Looking up the cases the person may see."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Waiting for one of these cases (agency, code), or for a code."""

    cases: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opening:
    """Looking up one case."""

    agency: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OneCase:
    """A case is on the screen, with its members."""

    agency: str
    code: str = field(repr=False)
    mine: bool
    members: tuple[CaseMember, ...]


@dataclass(frozen=True, slots=True)
class FindStaff:
    """Looking up who could be added."""

    case: OneCase


@dataclass(frozen=True, slots=True)
class AskWhom:
    """Waiting for whom to add, or for the next of them (``start``: the first shown)."""

    case: OneCase
    staff: tuple[CaseMember, ...]
    start: int = 0


@dataclass(frozen=True, slots=True)
class AskRemove:
    """Waiting for whom to remove; with ``person`` for a yes."""

    case: OneCase
    person: CaseMember | None = None


@dataclass(frozen=True, slots=True)
class AskClose:
    """Waiting for a yes before the case is closed."""

    case: OneCase


State = Listing | Listed | Opening | OneCase | FindStaff | AskWhom | AskRemove | AskClose
STATES = (Listing, Listed, Opening, OneCase, FindStaff, AskWhom, AskRemove, AskClose)


def begin(scene: Scene, about: str) -> Turn[State]:
    return Turn(Listing(), look_up=LookUp("cases"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Chose("leave"):
            return Turn(None)
        case _, Wrote(text) if scene.voice.danger.danger(text) is not None:
            return Turn(state, call=Call("danger"))
        case Listing(), Found(rows):
            return _listed([row for row in rows if isinstance(row, CaseView)], scene)
        case Listed(cases), Chose(key) if (number := _number(key, "c.", len(cases))) is not None:
            return _open(*cases[number])
        case Listed(), Wrote(text):
            return _typed(state, text, scene)
        case Opening(), Found(rows):
            return _opened(state, next((row for row in rows if isinstance(row, CaseView)), None), scene)
        case OneCase(), Chose("walk"):
            return Turn(None, call=Call("walk", f"case.{state.agency}.{state.code}"))
        case OneCase(), Chose("add") if _keeps(state.agency, scene):
            return Turn(FindStaff(state), look_up=LookUp("staff", state.agency))
        case OneCase(members=members), Chose("remove") if _keeps(state.agency, scene) and members:
            return _asked(AskRemove(state), scene)
        case OneCase(), Chose("close") if _keeps(state.agency, scene):
            return _asked(AskClose(state), scene)
        case FindStaff(case), Found(rows):
            known = {one.person for one in case.members}
            staff = [row for row in rows if isinstance(row, Colleague) and row.person not in known]
            if not staff:
                return Turn(case, (Say(scene.text("case-nobody-to-add")), *resume(case, scene)))
            return _asked(AskWhom(case, tuple(CaseMember(one.person, one.handle, one.role) for one in staff)), scene)
        case AskWhom(case, staff), Chose(key) if (number := _number(key, "p.", len(staff))) is not None:
            return _added(case, staff[number], scene)
        case AskWhom(case, staff, start), Chose("more") if start + MOST_SHOWN < len(staff):
            return _asked(AskWhom(case, staff, start + MOST_SHOWN), scene)
        case AskRemove(case, None), Chose(key) if (number := _number(key, "p.", len(case.members))) is not None:
            return _asked(AskRemove(case, case.members[number]), scene)
        case AskRemove(case, CaseMember() as one), Chose("yes"):
            return _removed(case, one, scene)
        case AskClose(case), Chose("yes"):
            said = Say(scene.text("case-closed"), rows=column(_cases_choice(scene), menu_choice(scene)))
            return Turn(None, (said,), (CloseCase(case.agency, case.code),))
        case ((AskWhom(case) | AskRemove(case) | AskClose(case)), Chose("back")):
            return _open(case.agency, case.code)
        case _, Chose("list"):
            return begin(scene, "")
        case (_, Wrote(text)) if not isinstance(state, Listing | Opening | FindStaff):
            return Turn(state, call=Call("ask", text))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    back = Choice("back", scene.text("button-back"))
    match state:
        case Listed(cases):
            return (_list(cases, {}, scene),)
        case OneCase():
            return (_case(state, scene),)
        case AskWhom(_, staff, start):
            shown = [
                Choice(f"p.{start + place}", _label(one, scene))
                for place, one in enumerate(staff[start : start + MOST_SHOWN])
            ]
            more = [Choice("more", scene.text("button-more-people"))] if start + MOST_SHOWN < len(staff) else []
            return (Say(scene.text("case-ask-whom"), rows=column(*shown, *more, back)),)
        case AskRemove(case, None):
            shown = [Choice(f"p.{place}", _label(one, scene)) for place, one in enumerate(case.members)]
            return (Say(scene.text("case-ask-remove"), rows=column(*shown, back)),)
        case AskRemove(_, CaseMember() as one):
            rows = column(Choice("yes", scene.text("button-case-remove-yes")), back)
            return (Say(scene.text("case-sure-remove", who=one.handle), rows=rows),)
        case AskClose():
            rows = column(Choice("yes", scene.text("button-case-close-yes")), back)
            return (Say(scene.text("case-sure-close"), rows=rows),)
        case _:
            return ()


def _listed(cases: list[CaseView], scene: Scene) -> Turn[State]:
    pairs = tuple((one.agency, one.code) for one in cases[:MOST_SHOWN])
    counts = {(one.agency, one.code): (len(one.members), one.mine) for one in cases}
    return Turn(Listed(pairs), (_list(pairs, counts, scene, more=max(0, len(cases) - MOST_SHOWN)),))


def _list(
    pairs: tuple[tuple[str, str], ...], counts: dict[tuple[str, str], tuple[int, bool]], scene: Scene, more: int = 0
) -> Say:
    keeper = [one for one in scene.person.memberships if one.role in KEEPS_CASES]
    lines = []
    if not pairs:
        lines.append(scene.text("cases-none-yet" if keeper else "cases-none"))
    if keeper:
        example = CasePattern(keeper[0].agency.case_pattern).example()
        lines.append(scene.text("cases-type-one", example=example))
    elif pairs:
        lines.append(scene.text("cases-pick"))
    if more:
        lines.append(scene.text("cases-more", n=more))
    if keeper and any(mine for _, mine in counts.values()):
        lines.append(scene.text("cases-star"))
    choices = []
    for place, pair in enumerate(pairs):
        members, mine = counts.get(pair, (0, False))
        label = scene.text("case-label", case=pair[1], n=members) if pair in counts else pair[1]
        choices.append(Choice(f"c.{place}", label + (" ★" if keeper and mine else "")))
    return Say("\n".join(lines), title=scene.text("cases-title"), rows=(*column(*choices), (menu_choice(scene),)))


def _typed(state: Listed, text: str, scene: Scene) -> Turn[State]:
    """A code opens a case for those who keep cases; anything else of anybody is a question."""
    keeper = [one for one in scene.person.memberships if one.role in KEEPS_CASES]
    for membership in keeper or scene.person.memberships:
        read = CasePattern(membership.agency.case_pattern).read(text)
        if isinstance(read, CaseCode):
            return _open(membership.agency.slug, read.text)
    if keeper and any(character.isdigit() for character in text) and len(text) <= 30:
        problem = CasePattern(keeper[0].agency.case_pattern).read(text)
        assert not isinstance(problem, CaseCode)  # noqa: S101  no membership's pattern took it
        return Turn(state, (Say(problem.say), *resume(state, scene)))
    return Turn(state, call=Call("ask", text))


def _open(agency: str, code: str) -> Turn[State]:
    return Turn(Opening(agency, code), look_up=LookUp("case", f"{agency} {code}"))


def _opened(opening: Opening, found: CaseView | None, scene: Scene) -> Turn[State]:
    if found is None and not _keeps(opening.agency, scene):
        said = Say(scene.text("case-not-member"), rows=column(_cases_choice(scene), menu_choice(scene)))
        return Turn(None, (said,))
    if found is None:
        return _asked(OneCase(opening.agency, opening.code, False, ()), scene)
    return _asked(OneCase(found.agency, found.code, found.mine, found.members), scene)


def _added(case: OneCase, one: CaseMember, scene: Scene) -> Turn[State]:
    after = replace(case, members=(*case.members, one), mine=case.mine or one.person == scene.person.ref)
    said = Say(scene.text("case-added-now", who=one.handle))
    return Turn(after, (said, _case(after, scene)), (AssignCase(case.agency, case.code, one.person),))


def _removed(case: OneCase, one: CaseMember, scene: Scene) -> Turn[State]:
    members = tuple(other for other in case.members if other.person != one.person)
    after = replace(case, members=members, mine=case.mine and one.person != scene.person.ref)
    said = Say(scene.text("case-removed", who=one.handle))
    return Turn(after, (said, _case(after, scene)), (UnassignCase(case.agency, case.code, one.person),))


def _case(case: OneCase, scene: Scene) -> Say:
    lines = [f"• {_label(one, scene)}" for one in case.members] or [scene.text("case-no-members")]
    choices = [Choice("walk", scene.text("button-case-walk"))]
    if _keeps(case.agency, scene):
        choices.append(Choice("add", scene.text("button-case-add")))
        if case.members:
            choices.append(Choice("remove", scene.text("button-case-remove")))
            choices.append(Choice("close", scene.text("button-case-close")))
    choices.append(Choice("list", scene.text("button-back")))
    small = scene.text("case-yours" if case.mine else "case-not-yours")
    text = "\n".join((scene.text("case-members"), *lines))
    return Say(text, title=scene.text("case-title", case=case.code), small=small, rows=column(*choices))


def _label(one: CaseMember, scene: Scene) -> str:
    return scene.text("case-person", handle=one.handle or "-", role=scene.text(f"role-{one.role}"))


def _cases_choice(scene: Scene) -> Choice:
    return Choice("case", scene.text("button-cases"), lasting=True)


def _keeps(agency: str, scene: Scene) -> bool:
    membership = scene.person.at(agency)
    return membership is not None and membership.role in KEEPS_CASES


def _asked(state: State, scene: Scene) -> Turn[State]:
    return Turn(state, resume(state, scene))


def _number(key: str, start: str, count: int) -> int | None:
    number = key.removeprefix(start)
    return int(number) if key.startswith(start) and number.isdecimal() and int(number) < count else None
