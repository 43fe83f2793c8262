"""Share or not? At most six taps over the decision table, then what to do, why, words for it, and a line for the log.

    Asking(danger ▸ role, where not clear ▸ who ▸ purpose ▸ info ▸ told) ──▶ Decided ──log──▶ (note)
       ▲                                                                       │
       └─────────────────────────────────back──────────────────────────────────┘

Danger is asked first and decides at once; so does every answer after which the rest would not matter. Nothing of it
is kept: the states hold keys of answers only. A question typed in the middle is answered, then the same page comes
again.
"""

from dataclasses import dataclass

from dialogues.ask_pages import sources_line
from dialogues.danger import first_line
from dialogues.home import menu_choice
from dialogues.model import Call, Choice, Chose, Event, Say, Scene, Tell, Turn, Wrote, column
from guidance.share import Outcome, Question, Table, decide, next_question

SHORT_LABEL = 16  # characters; two such buttons fit side by side on a phone
STAGE = "share"


@dataclass(frozen=True, slots=True)
class Asking:
    """Waiting for the next answer. ``given``: question and option keys, in the order answered."""

    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """The outcome is on the screen."""

    given: tuple[tuple[str, str], ...]


State = Asking | Decided
STATES = (Asking, Decided)


def begin(scene: Scene, about: str) -> Turn[State]:
    if scene.voice.content.share is None:
        return Turn(None, _none(scene))
    return _moved((), scene)


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    table = scene.voice.content.share
    shortcuts = scene.voice.content.guide.shortcuts
    if table is None:
        return Turn(None, _none(scene))
    match state, event:
        case _, Chose("leave" | "close"):
            return Turn(None)
        case _, Wrote(text):
            return Turn(state, call=Call("ask", text))
        case Asking(()), Chose("back"):
            return Turn(None)
        case _, Chose("back"):
            return _moved(state.given[:-1], scene)
        case Asking(()), Chose("check"):
            return Turn(state, call=Call("walk", f"step.{shortcuts['not_sure']}"))
        case Asking(given), Chose(key) if (answer := _answer(key, _question(given, scene))) is not None:
            return _moved((*given, answer), scene)
        case Decided(), Chose("again"):
            return _moved((), scene)
        case Decided(), Chose("steps"):
            return Turn(state, call=Call("walk", f"step.{shortcuts['danger_now']}"))
        case Decided(), Chose("step") if (step := _step(scene)) is not None:
            return Turn(state, call=Call("walk", f"step.{step}"))
        case Decided(), Chose("coordinator"):
            told = Tell("desk", scene.home.agency.slug, "asked-to-call", (("handle", scene.person.handle),))
            return Turn(state, (Say(scene.text("coordinator-asked")), *resume(state, scene)), (told,))
        case Decided(given), Chose("log") if _question(given, scene) is None:
            return Turn(None, call=Call("note", f"log.{_log_line(decide(table, _known(given, scene)), scene)}"))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    table = scene.voice.content.share
    if table is None:
        return _none(scene)
    question = _question(state.given, scene)
    if question is not None:
        return (_asked(question, table, scene),)
    known = _known(state.given, scene)
    return _decided(decide(table, known), table, scene, coordinates=known.get("role") == "coordinator")


def _moved(given: tuple[tuple[str, str], ...], scene: Scene) -> Turn[State]:
    state: State = Decided(given) if _question(given, scene) is None else Asking(given)
    return Turn(state, resume(state, scene))


def _question(given: tuple[tuple[str, str], ...], scene: Scene) -> Question | None:
    table = scene.voice.content.share
    return next_question(table, _known(given, scene)) if table is not None else None


def _known(given: tuple[tuple[str, str], ...], scene: Scene) -> dict[str, str]:
    """What was answered, and the role where it is clear. Answers that the table no longer has are left out."""
    table = scene.voice.content.share
    known = {key: option for key, option in given if table is not None and table.question(key).option(option)}
    roles = {
        "coordinator" if one.role in ("supervisor", "admin") else str(one.role) for one in scene.person.memberships
    }
    return {"role": roles.pop(), **known} if len(roles) == 1 else known


def _answer(key: str, question: Question | None) -> tuple[str, str] | None:
    """Keys name their question, so that one pressed twice does not answer the next."""
    asked, _, option = key.partition(".")
    if question is None or asked != question.key or question.option(option) is None:
        return None
    return question.key, option


def _asked(question: Question, table: Table, scene: Scene) -> Say:
    choices = [Choice(f"{question.key}.{option.key}", option.label) for option in question.options]
    around = [Choice("back", scene.text("button-back"))]
    if question.key == "danger":
        around.insert(0, Choice("check", scene.text("button-risk-check")))
    rows = (*_side_by_side(choices), *column(*around))
    return Say(question.ask, title=scene.text("share-title"), small=table.orientation, rows=rows)


def _side_by_side(choices: list[Choice]) -> tuple[tuple[Choice, ...], ...]:
    rows: list[tuple[Choice, ...]] = []
    for choice in choices:
        if len(choice.label) <= SHORT_LABEL and rows and len(rows[-1]) == 1 and len(rows[-1][0].label) <= SHORT_LABEL:
            rows[-1] = (*rows[-1], choice)
        else:
            rows.append((choice,))
    return tuple(rows)


def _decided(outcome: Outcome, table: Table, scene: Scene, *, coordinates: bool) -> tuple[Say, ...]:
    """What to do and why; then words for it and the log line, with the ways on."""
    now = outcome.kind == "share-now"
    what = [
        outcome.do,
        *([scene.text("share-you-coordinate")] if coordinates and outcome.kind == "ask-first" else []),
        *([outcome.told] if outcome.told else []),
        scene.text("share-why", reason=outcome.reason),
        scene.text("share-check", check=outcome.check),
    ]
    title = scene.text(f"share-{outcome.kind}")
    sources = sources_line(outcome.facts, scene)
    log = "share-log-shared" if outcome.kind in ("share-now", "share-least") else "share-log"
    words = [scene.text("words", words=outcome.words), scene.text(log, line=_log_line(outcome, scene))]
    step = _step(scene)
    choices = [
        *([Choice("steps", scene.text("button-crisis-steps"))] if now else []),
        *(
            [Choice("coordinator", scene.text("button-ask-coordinator"))]
            if outcome.kind == "ask-first" and not coordinates
            else []
        ),
        Choice("log", scene.text("button-log-line")),
        *([Choice("step", _step_label(step, scene))] if step is not None and not now else []),
        Choice("again", scene.text("button-share-again")),
    ]
    around = (Choice("back", scene.text("button-back")), Choice("close", scene.text("button-close")))
    return (
        Say(
            "\n\n".join(what),
            title=f"{first_line(scene)}\n{title}" if now else title,
            small=f"{sources}\n{table.orientation}",
            urgent=now,
        ),
        Say("\n\n".join(words), small=table.orientation, rows=(*column(*choices), around)),
    )


def _log_line(outcome: Outcome, scene: Scene) -> str:
    return outcome.logged(scene.now.astimezone(scene.home.agency.zone).strftime("%Y-%m-%d %H:%M"))


def _step(scene: Scene) -> str | None:
    return next((step.id for step in scene.voice.content.steps.values() if step.stage == STAGE), None)


def _step_label(step: str, scene: Scene) -> str:
    return scene.text("button-step", step=step, title=scene.voice.content.steps[step].title)


def _none(scene: Scene) -> tuple[Say, ...]:
    return (Say(scene.text("share-none"), rows=column(menu_choice(scene))),)
