"""Flags that wait for a coordinator, without a word of their content.

    Listing ──found──▶ Listed ──one──▶ Opening ──found──▶ OneFlag ──take · close──▶ Opening …
                                                             └──hand on──▶ FindColleagues ──found──▶ AskColleague

A flag stays open until a named person takes it. Whoever comes second is told who has it.
"""

from dataclasses import dataclass, field

from dialogues.home import menu_choice
from dialogues.model import (
    OUTCOMES,
    Choice,
    Chose,
    CloseFlag,
    Colleague,
    Event,
    FlagView,
    Found,
    HandOnFlag,
    LookUp,
    Say,
    Scene,
    TakeFlag,
    Turn,
    column,
)

OPEN_STATES = ("open", "overdue", "handed-on")
MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Listing:
    """Looking up open flags."""


@dataclass(frozen=True, slots=True)
class Listed:
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """Looking up one flag, then doing ``act``: show or take."""

    act: str = "show"


@dataclass(frozen=True, slots=True)
class OneFlag:
    """A flag is on the screen."""

    reference: str
    note_id: str
    mine: bool
    open: bool


@dataclass(frozen=True, slots=True)
class AskOutcome:
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


State = Listing | Listed | Opening | OneFlag | AskOutcome | FindColleagues | AskColleague
STATES = (Listing, Listed, Opening, OneFlag, AskOutcome, FindColleagues, AskColleague)


def begin(scene: Scene, about: str) -> Turn[State]:
    """``about``: empty for the list; ``<reference>`` or ``<reference>.take`` for one flag."""
    short, _, act = about.partition(".")
    if short:
        return Turn(Opening("take" if act == "take" else "show"), look_up=LookUp("flag", short))
    return Turn(Listing(), look_up=LookUp("open-flags"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Chose("leave"):
            return Turn(None)
        case Listing(), Found(rows):
            return _list([row for row in rows if isinstance(row, FlagView)], scene)
        case Listed(references), Chose(key) if key in references:
            return begin(scene, key)
        case Opening(act), Found(rows):
            return _one(next((row for row in rows if isinstance(row, FlagView)), None), act, scene)
        case OneFlag(reference, note_id, mine=False, open=True), Chose("take"):
            return begin(scene, f"{reference}.take")
        case OneFlag(reference, note_id, mine=True), Chose("close"):
            asked = AskOutcome(reference, note_id)
            return Turn(asked, resume(asked, scene))
        case OneFlag(reference, note_id, mine=True), Chose("hand-on"):
            return Turn(FindColleagues(reference, note_id), look_up=LookUp("colleagues", reference))
        case FindColleagues(reference, note_id), Found(rows):
            found = [row for row in rows if isinstance(row, Colleague) and row.handle]
            if not found:
                return Turn(None, (Say(scene.text("flag-no-colleague"), rows=column(menu_choice(scene))),))
            chosen = AskColleague(
                reference, note_id, tuple(one.person for one in found), tuple(one.handle for one in found)
            )
            return Turn(chosen, resume(chosen, scene))
        case AskColleague(reference, note_id, people, handles), Chose(key) if _place(key, people) is not None:
            place = _place(key, people) or 0
            said = Say(
                scene.text("flag-handed-on", reference=reference, handle=handles[place]),
                rows=column(menu_choice(scene)),
            )
            return Turn(None, (said,), (HandOnFlag(note_id, people[place]),))
        case AskOutcome(reference, note_id), Chose(key) if key in OUTCOMES:
            outcome = scene.text(f"outcome-{key}")
            said = Say(
                scene.text("flag-closed", reference=reference, outcome=outcome),
                rows=column(Choice("inbox", scene.text("button-inbox"), lasting=True), menu_choice(scene)),
            )
            return Turn(None, (said,), (CloseFlag(note_id, key),))
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
        case OneFlag(reference, _, mine, open):
            rows = column(*_acts(mine, open, scene), back)
            return (Say(scene.text("flag-what-now", reference=reference), rows=rows),)
        case AskOutcome():
            outcomes = [Choice(one, scene.text(f"outcome-{one}")) for one in OUTCOMES]
            return (Say(scene.text("flag-ask-outcome"), rows=column(*outcomes, back)),)
        case AskColleague(_, _, _, handles):
            colleagues = [Choice(f"to.{place}", handle) for place, handle in enumerate(handles)]
            return (Say(scene.text("flag-ask-colleague"), rows=column(*colleagues, back)),)
        case _:
            return ()


def _list(flags: list[FlagView], scene: Scene) -> Turn[State]:
    if not flags:
        return Turn(None, (Say(scene.text("inbox-empty"), rows=column(menu_choice(scene))),))
    lines = [_line(flag, scene) for flag in flags[:MOST_SHOWN]]
    if len(flags) > MOST_SHOWN:
        lines.append(scene.text("inbox-more", more=len(flags) - MOST_SHOWN))
    references = tuple(flag.reference for flag in flags[:MOST_SHOWN])
    rows = column(*(Choice(one, one) for one in references), menu_choice(scene))
    return Turn(Listed(references), (Say("\n".join(lines), title=scene.text("inbox-title"), rows=rows),))


def _one(flag: FlagView | None, act: str, scene: Scene) -> Turn[State]:
    if flag is None:
        return Turn(None, (Say(scene.text("flag-unknown"), rows=column(menu_choice(scene))),))
    mine, is_open = flag.owner == scene.person.ref, flag.state in OPEN_STATES
    shown = OneFlag(flag.reference, flag.note_id, mine, is_open)
    back = Choice("list", scene.text("button-back"))
    if act == "take" and is_open:
        taken = OneFlag(flag.reference, flag.note_id, True, False)
        rows = column(*_acts(True, False, scene), back)
        said = Say(
            scene.text("flag-taken", reference=flag.reference),
            small=scene.text("flag-how-to-open", reference=flag.reference),
            rows=rows,
        )
        return Turn(taken, (said,), (TakeFlag(flag.note_id),))
    if act == "take" and not mine and flag.owner:
        said = Say(
            scene.text("flag-already-taken", reference=flag.reference, handle=flag.owner_handle),
            rows=column(menu_choice(scene)),
        )
        return Turn(None, (said,))
    rows = column(*_acts(mine, is_open, scene), back)
    return Turn(
        shown, (Say(_line(flag, scene), small=scene.text("flag-how-to-open", reference=flag.reference), rows=rows),)
    )


def _acts(mine: bool, is_open: bool, scene: Scene) -> list[Choice]:
    if mine:
        return [
            Choice("close", scene.text("button-close-flag")),
            Choice("hand-on", scene.text("button-hand-on")),
        ]
    return [Choice("take", scene.text("button-take"))] if is_open else []


def _line(flag: FlagView, scene: Scene) -> str:
    minutes = max(0, int((scene.now - flag.raised_at).total_seconds() // 60))
    age = scene.text("age-minutes", n=minutes) if minutes < 120 else scene.text("age-hours", n=minutes // 60)
    return scene.text(
        "inbox-line",
        reference=flag.reference,
        urgency=scene.text(f"urgency-{flag.urgency}"),
        age=age,
        agency=flag.agency_name,
        state=scene.text(f"flag-state-{flag.state}"),
        owner=flag.owner_handle or "-",
    )


def _place(key: str, people: tuple[str, ...]) -> int | None:
    number = key.removeprefix("to.")
    return int(number) if number.isdecimal() and int(number) < len(people) else None
