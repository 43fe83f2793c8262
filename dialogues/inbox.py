"""Flags that wait for a coordinator, without a word of their content.

    Listing ──found──▶ Listed ──one──▶ Opening ──found──▶ OneFlag ──take · undo · work──▶ Opening …
                                                             ├──cannot──▶ AskDeclined ──why──▶ Opening …
                                                             ├──another agency──▶ AskWhom ──whom──▶ Opening …
                                                             ├──close──▶ AskOutcome ──how──▶ Opening …
                                                             └──hand on──▶ FindColleagues ──found──▶ AskColleague …

A flag stays open until a named person takes it. Whoever comes second is told who has it. Whatever is done, the flag is
looked up once more before, in the same transaction: what was on the screen may be an hour old.
"""

from dataclasses import dataclass, field
from datetime import datetime

from dialogues.flag_life import HEARD_WITHIN, OWNED, UNOWNED, WORKED_WITHIN
from dialogues.home import menu_choice
from dialogues.model import (
    AWAITED,
    DECLINED,
    OUTCOMES,
    AwaitOther,
    Choice,
    Chose,
    CloseFlag,
    Colleague,
    DeclineFlag,
    Effect,
    Event,
    FlagView,
    Found,
    HandOnFlag,
    LookUp,
    Say,
    Scene,
    TakeFlag,
    Turn,
    UndoTake,
    WorkOnFlag,
    column,
)

MOST_SHOWN = 10
OPENINGS = ("take", "undo", "work", "decline", "hand-on")
"""What a button of a notice may ask for at once."""
LABELS = {
    "see": "notice-see",
    "take": "button-take",
    "undo": "button-undo-take",
    "work": "button-work",
    "await": "button-other-agency",
    "decline": "button-cannot-take",
    "hand-on": "button-hand-on",
    "close": "button-close-flag",
}
"""What may be done with a flag -> the phrase on its button."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Looking up open flags."""


@dataclass(frozen=True, slots=True)
class Listed:
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """Looking up one flag, then doing ``act``.

    Attributes:
        act: show, or what is to be done.
        chosen: how, why, whom or to whom: a word of ours, or a person's ref.
        handle: of that person.
    """

    act: str = "show"
    chosen: str = ""
    handle: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OneFlag:
    """A flag is on the screen. ``open``: nobody has it; ``undo``: it was just taken."""

    reference: str
    note_id: str
    mine: bool
    open: bool
    undo: bool = False


@dataclass(frozen=True, slots=True)
class AskOutcome:
    """Waiting for how it ends."""

    reference: str
    note_id: str


@dataclass(frozen=True, slots=True)
class AskDeclined:
    """Waiting for why the person cannot take it."""

    reference: str
    note_id: str


@dataclass(frozen=True, slots=True)
class AskWhom:
    """Waiting for whose turn it is."""

    reference: str
    note_id: str


@dataclass(frozen=True, slots=True)
class FindColleagues:
    reference: str
    note_id: str


@dataclass(frozen=True, slots=True)
class AskColleague:
    """``people``: person refs; a button carries the place in it."""

    reference: str
    note_id: str
    people: tuple[str, ...]
    handles: tuple[str, ...] = field(repr=False)


State = Listing | Listed | Opening | OneFlag | AskOutcome | AskDeclined | AskWhom | FindColleagues | AskColleague
STATES = (Listing, Listed, Opening, OneFlag, AskOutcome, AskDeclined, AskWhom, FindColleagues, AskColleague)


def begin(scene: Scene, about: str) -> Turn[State]:
    """``about``: empty for the list; ``<reference>`` or ``<reference>.<act>`` for one flag."""
    short, _, act = about.partition(".")
    if short:
        return _look(short, act if act in OPENINGS else "show")
    return Turn(Listing(), look_up=LookUp("open-flags"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Chose("leave"):
            return Turn(None)
        case Listing(), Found(rows):
            return _list([row for row in rows if isinstance(row, FlagView)], scene)
        case Listed(references), Chose(key) if key in references:
            return _look(key)
        case Opening(), Found(rows):
            return _done(next((row for row in rows if isinstance(row, FlagView)), None), state, scene)
        case OneFlag(reference, _, mine, open, undo), Chose(act) if act in _acts(mine, open, undo):
            return _look(reference, act)
        case FindColleagues(reference, note_id), Found(rows):
            return _colleagues(reference, note_id, [row for row in rows if isinstance(row, Colleague)], scene)
        case AskColleague(reference, note_id, people, handles), Chose(key) if (
            place := _place(key, people)
        ) is not None:
            return _look(reference, "handed-on", people[place], handles[place])
        case AskOutcome(reference, _), Chose(key) if key in OUTCOMES:
            return _look(reference, "closed", key)
        case AskDeclined(reference, _), Chose(key) if key in DECLINED:
            return _look(reference, "declined", key)
        case AskWhom(reference, _), Chose(key) if key in AWAITED:
            return _look(reference, "awaited", key)
        case _, Chose("list"):
            return begin(scene, "")
        case ((Listing() | Opening() | FindColleagues()), _):
            return begin(scene, "")
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    back = Choice("list", scene.text("button-back"))
    match state:
        case Listed(references):
            return (Say(scene.text("inbox-pick"), rows=column(*(Choice(one, one) for one in references))),)
        case OneFlag(reference, _, mine, open, undo):
            rows = column(*_choices(mine, open, undo, scene), back)
            return (Say(scene.text("flag-what-now", reference=reference), rows=rows),)
        case AskOutcome():
            outcomes = [Choice(one, scene.text(f"outcome-{one}")) for one in OUTCOMES]
            return (Say(scene.text("flag-ask-outcome"), rows=column(*outcomes, back)),)
        case AskDeclined(reference):
            reasons = [Choice(one, scene.text(f"declined-{one}")) for one in DECLINED]
            return (Say(scene.text("flag-ask-declined", reference=reference), rows=column(*reasons, back)),)
        case AskWhom(reference):
            others = [Choice(one, scene.text(f"awaited-{one}")) for one in AWAITED]
            return (Say(scene.text("flag-ask-whom", reference=reference), rows=column(*others, back)),)
        case AskColleague(_, _, _, handles):
            colleagues = [Choice(f"to.{place}", handle) for place, handle in enumerate(handles)]
            return (Say(scene.text("flag-ask-colleague"), rows=column(*colleagues, back)),)
        case _:
            return ()


def _look(short: str, act: str = "show", chosen: str = "", handle: str = "") -> Turn[State]:
    return Turn(Opening(act, chosen, handle), look_up=LookUp("flag", short))


def _list(flags: list[FlagView], scene: Scene) -> Turn[State]:
    if not flags:
        return Turn(None, (Say(scene.text("inbox-empty"), rows=column(menu_choice(scene))),))
    lines = [_line(flag, scene) for flag in flags[:MOST_SHOWN]]
    if len(flags) > MOST_SHOWN:
        lines.append(scene.text("inbox-more", more=len(flags) - MOST_SHOWN))
    references = tuple(flag.reference for flag in flags[:MOST_SHOWN])
    rows = column(*(Choice(one, one) for one in references), menu_choice(scene))
    return Turn(Listed(references), (Say("\n".join(lines), title=scene.text("inbox-title"), rows=rows),))


def _done(flag: FlagView | None, opening: Opening, scene: Scene) -> Turn[State]:
    """Do with a flag, as it is now, what was asked for; where that cannot be any more, say how it stands."""
    if flag is None:
        return Turn(None, (Say(scene.text("flag-unknown"), rows=column(menu_choice(scene))),))
    short, note_id, chosen = flag.reference, flag.note_id, opening.chosen
    mine, open = _is_mine(flag, scene), flag.state in UNOWNED
    match opening.act:
        case "take" if open:
            return _taken(flag, scene)
        case "take" if not mine and flag.state in OWNED:
            text = scene.text("flag-already-taken", reference=short, handle=flag.owner_handle)
            return Turn(None, (Say(text, rows=column(menu_choice(scene))),))
        case "undo" if mine and _may_undo(flag, scene):
            return _over(scene, UndoTake(note_id), "flag-untaken", reference=short)
        case "undo" if mine:
            shown = _shown(flag, scene)
            return Turn(shown.state, (Say(scene.text("flag-undo-over", reference=short)), *shown.says))
        case "work" if mine:
            return _over(scene, WorkOnFlag(note_id), "flag-worked", reference=short, date=_again(flag, scene))
        case "await" if mine:
            return _ask(AskWhom(short, note_id), scene)
        case "awaited" if mine:
            whom = scene.text(f"awaited-{chosen}")
            args = {"reference": short, "whom": whom, "date": _again(flag, scene)}
            return _over(scene, AwaitOther(note_id, chosen), "flag-awaited", **args)
        case "close" if mine:
            return _ask(AskOutcome(short, note_id), scene)
        case "closed" if mine:
            outcome = scene.text(f"outcome-{chosen}")
            return _over(scene, CloseFlag(note_id, chosen), "flag-closed", reference=short, outcome=outcome)
        case "decline" if open:
            return _ask(AskDeclined(short, note_id), scene)
        case "declined" if open:
            return _over(scene, DeclineFlag(note_id, chosen), "flag-declined", reference=short)
        case "hand-on" if open or mine:
            return Turn(FindColleagues(short, note_id), look_up=LookUp("colleagues", short))
        case "handed-on" if open or mine:
            effect = HandOnFlag(note_id, chosen)
            return _over(scene, effect, "flag-handed-on", reference=short, handle=opening.handle)
        case _:
            return _shown(flag, scene)


def _taken(flag: FlagView, scene: Scene) -> Turn[State]:
    minutes = int(WORKED_WITHIN[flag.urgency].total_seconds() // 60)
    text = scene.text("flag-taken", reference=flag.reference, minutes=minutes, hours=minutes // 60)
    back = Choice("list", scene.text("button-back"))
    said = Say(text, small=_how_to_open(flag, scene), rows=column(*_choices(True, False, True, scene), back))
    return Turn(OneFlag(flag.reference, flag.note_id, True, False, True), (said,), (TakeFlag(flag.note_id),))


def _shown(flag: FlagView, scene: Scene) -> Turn[State]:
    shown = OneFlag(flag.reference, flag.note_id, _is_mine(flag, scene), flag.state in UNOWNED, _may_undo(flag, scene))
    back = Choice("list", scene.text("button-back"))
    rows = column(*_choices(shown.mine, shown.open, shown.undo, scene), back)
    return Turn(shown, (Say(_line(flag, scene), small=_how_to_open(flag, scene), rows=rows),))


def _over(scene: Scene, effect: Effect, phrase: str, **args: str) -> Turn[State]:
    rows = column(Choice("inbox", scene.text("button-inbox"), lasting=True), menu_choice(scene))
    return Turn(None, (Say(scene.text(phrase, **args), rows=rows),), (effect,))


def _ask(state: State, scene: Scene) -> Turn[State]:
    return Turn(state, resume(state, scene))


def _colleagues(short: str, note_id: str, those: list[Colleague], scene: Scene) -> Turn[State]:
    found = [one for one in those if one.handle]
    if not found:
        return Turn(None, (Say(scene.text("flag-no-colleague"), rows=column(menu_choice(scene))),))
    people, handles = tuple(one.person for one in found), tuple(one.handle for one in found)
    return _ask(AskColleague(short, note_id, people, handles), scene)


def _acts(mine: bool, open: bool, undo: bool) -> tuple[str, ...]:
    """What may be done with a flag, in the order of the buttons."""
    if mine:
        return ("work", "await", "hand-on", "close", *(("undo",) if undo else ()))
    return ("take", "decline", "hand-on") if open else ()


def _choices(mine: bool, open: bool, undo: bool, scene: Scene) -> list[Choice]:
    return [Choice(act, scene.text(LABELS[act])) for act in _acts(mine, open, undo)]


def _is_mine(flag: FlagView, scene: Scene) -> bool:
    return flag.owner == scene.person.ref and flag.state in OWNED


def _may_undo(flag: FlagView, scene: Scene) -> bool:
    return flag.state == "taken" and flag.undo_until is not None and scene.now <= flag.undo_until


def _how_to_open(flag: FlagView, scene: Scene) -> str:
    if scene.page:
        return scene.text("flag-how-to-open-page", page=scene.page)
    return scene.text("flag-how-to-open", reference=flag.reference, me=scene.person.ref[:8])


def _again(flag: FlagView, scene: Scene) -> str:
    """When its owner is asked again."""
    at: datetime = scene.now + HEARD_WITHIN[flag.urgency]
    return f"{at.astimezone(scene.home.agency.zone):%d.%m. %H:%M}"


def _line(flag: FlagView, scene: Scene) -> str:
    minutes = max(0, int((scene.now - flag.raised_at).total_seconds() // 60))
    age = scene.text("age-minutes", n=minutes) if minutes < 120 else scene.text("age-hours", n=minutes // 60)
    state = scene.text(f"flag-state-{flag.state}")
    if flag.overdue:
        overdue = scene.text("flag-state-overdue")
        state = overdue if flag.state in UNOWNED else f"{state}, {overdue}"
    return scene.text(
        "inbox-line",
        reference=flag.reference,
        urgency=scene.text(f"urgency-{flag.urgency}"),
        age=age,
        agency=flag.agency_name,
        state=state,
        owner=flag.owner_handle or "-",
    )


def _place(key: str, people: tuple[str, ...]) -> int | None:
    number = key.removeprefix("to.")
    return int(number) if number.isdecimal() and int(number) < len(people) else None
