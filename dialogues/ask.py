"""Answer a question in anybody's words, from approved answers, with the source; or say that it is not known.

    text ─▶ danger?  ─▶ (danger)
         ─▶ the code of a pocket card? ─▶ whether it is up to date
         ─▶ a report of something that happened? ─▶ AskIfNote ──yes──▶ (note, text carried over)
         ─▶ sure     ─▶ Answered ──more · helpful · related · step──▶ …
         ─▶ unsure   ─▶ Offered  ──one of them──▶ Answered
         ─▶ unknown  ─▶ Unknown  ──guide · coordinator · await──▶ …

The next text is the next question. A question that was not answered is kept for the writers, without who asked
(``KeepQuestion``); until the next one the state holds what ``dialogues.screening`` left of it, and of a report on its
way into a note all of it.
"""

from dataclasses import dataclass, field, replace
from string import hexdigits

from dialogues.card import told
from dialogues.clean import units
from dialogues.danger import ELSE, UNSURE, first_line, is_unsure, then
from dialogues.draft import MOST_LEFT_OVER, MOST_UNITS
from dialogues.home import menu_choice
from dialogues.model import (
    AwaitAnswer,
    Call,
    Choice,
    Chose,
    CountFeedback,
    DropAwaited,
    Effect,
    EraseTraces,
    Event,
    KeepQuestion,
    Say,
    Scene,
    Tell,
    TracePrivate,
    Turn,
    Unanswered,
    Wrote,
    column,
)
from dialogues.screening import screened
from guidance.incident_like import looks_like_incident
from guidance.model import Answer, Content, Danger, Decline, Step

FORGET = "forget."
"""Before the ref in the opening argument of the button that takes a wish back."""
REF_DIGITS = 32
NO_SOURCE = "PRACTICE"
"""Id of the entry that stands for ordinary professional practice without a publisher."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer is on the screen. ``asked``, here and below: the question, screened, or empty."""

    answer: str
    more_shown: bool = False
    rated: bool = False
    asked: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Offered:
    """Two or three are on the screen; waiting for which was meant."""

    ids: tuple[str, ...]
    asked: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing was found; the person may wish to be told when something is."""

    asked: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskIfNote:
    """It reads like a report; waiting whether it shall become a note. ``draft`` is that note's id."""

    draft: str
    text: str = field(repr=False)


State = Answered | Offered | Unknown | AskIfNote
STATES = (Answered, Offered, Unknown, AskIfNote)


def forgets(state: State) -> bool:
    return isinstance(state, AskIfNote)


def dropped(state: State) -> tuple[Effect, ...]:
    return (EraseTraces(state.draft),) if isinstance(state, AskIfNote) else ()


def begin(scene: Scene, about: str) -> Turn[State]:
    if about.startswith("id."):
        return _show(about.removeprefix("id."), scene)
    if about.startswith("ids."):
        ids = tuple(about.split(".")[1:])
        return _show(ids[0], scene) if len(ids) == 1 else Turn(Offered(ids), _offer(ids, scene))
    if about.startswith(FORGET):
        return Turn(None, (Say(scene.text("ask-not-awaited")),), _not_awaited(about.removeprefix(FORGET)))
    if not about:
        return Turn(Unknown(), (Say(scene.text("ask-invite")),))
    return _answer(about, scene)


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case AskIfNote(draft, text), Chose("note"):
            return Turn(None, call=Call("note", f"carry.{draft}.{text}"))
        case AskIfNote(draft, text), Chose("question"):
            turn = _look_up(text, scene)
            return Turn(turn.state, turn.says, turn.effects)
        case AskIfNote(draft, _), Chose("forget" | "leave"):
            return Turn(None, (Say(scene.text("ask-forgotten")),), (EraseTraces(draft),))
        case AskIfNote(), Wrote(more):
            return _told_more(state, more, scene)
        case AskIfNote(), _:
            return Turn(state, resume(state, scene))
        case _, Wrote(text):
            return _answer(text, scene)
        case Answered(more_shown=False), Chose("more"):
            return _more(replace(state, more_shown=True), scene)
        case Answered(answer, more, False), Chose("helpful"):
            thanked = Say(scene.text("feedback-thanks"))
            return Turn(Answered(answer, more, True), (thanked,), (CountFeedback(answer, True),))
        case Answered(answer, more, False, asked), Chose("not-helpful"):
            says = (Say(scene.text("feedback-sorry")), *_ways_on(scene))
            kept = _kept(asked, "not-helpful", scene)
            return Turn(Answered(answer, more, True), says, (CountFeedback(answer, False), *kept))
        case Answered(answer), Chose(key) if key in _related(answer, scene.voice.content):
            return _show(key, scene)
        case Offered(ids, asked), Chose(key) if key in ids:
            return _show(key, scene, asked)
        case Offered(_, asked), Chose("none"):
            return _refuse(asked, "none-chosen", scene)
        case _, Chose("none"):
            return Turn(Unknown(), _refused(scene))
        case Unknown(asked), Chose("await") if asked:
            return _await(asked, scene)
        case _, Chose("coordinator"):
            told = Tell("desk", scene.home.agency.slug, "asked-to-call", (("handle", scene.person.handle),))
            return Turn(None, (Say(scene.text("coordinator-asked")),), (told,))
        case _, Chose("guide"):
            return Turn(None, call=Call("walk"))
        case _, Chose(key) if key.startswith("step."):
            return Turn(state, call=Call("walk", key))
        case _, Chose("back" | "leave"):
            return Turn(None)
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    match state:
        case Answered(answer, more, rated):
            return _shown(answer, scene, more=more, rated=rated)
        case Offered(ids):
            return _offer(ids, scene)
        case Unknown(asked):
            return _ways_on(scene, asked)
        case AskIfNote():
            rows = column(
                Choice("note", scene.text("button-make-note")),
                Choice("question", scene.text("button-is-question")),
                Choice("forget", scene.text("button-forget-it")),
            )
            return (Say(scene.text("ask-if-note"), rows=rows),)


def _answer(text: str, scene: Scene) -> Turn[State]:
    danger = scene.voice.danger.danger(text)
    if danger is not None:
        return _in_danger(text, danger, scene)
    if (card := told(text, scene, _out(scene))) is not None:
        return Turn(Unknown(), (card,))
    if looks_like_incident(text):
        state = AskIfNote(scene.fresh, text)
        return Turn(state, resume(state, scene), (TracePrivate(scene.fresh),))
    return _look_up(text, scene)


def _in_danger(text: str, danger: Danger, scene: Scene) -> Turn[State]:
    """What may be danger and reads like a report gets danger's lines first, and is not lost after them."""
    unsure = is_unsure(danger, scene)
    if unsure and looks_like_incident(text):
        state = AskIfNote(scene.fresh, text)
        steps = column(Choice("danger", scene.text("button-danger"), lasting=True))
        first = Say(then(scene), title=first_line(scene, unsure=True), rows=steps, urgent=True)
        return Turn(state, (first, *resume(state, scene)), (TracePrivate(scene.fresh),))
    return Turn(None, call=Call("danger", (UNSURE if unsure else "") + _beside_danger(text, scene, unsure)))


def _beside_danger(text: str, scene: Scene, unsure: bool) -> str:
    """What leads to the answer, should it be no danger.

    A report has none, nor has what is surely danger and no question that we know.
    """
    if looks_like_incident(text):
        return ""
    found = scene.voice.asking.beside_danger(text, role=scene.home.role)
    ids = tuple(hit.id for hit in found.hits)
    match found.decision:
        case "answer" | "decline" if ids:
            return f"{ELSE}{ids[0]}"
        case "offer" if ids and unsure:
            return ELSE + ".".join(ids)
        case _:
            return ""


def _told_more(state: AskIfNote, more: str, scene: Scene) -> Turn[State]:
    """A report often comes in several messages: they stay together, and danger in any of them is heard."""
    says: tuple[Say, ...] = ()
    if scene.voice.danger.danger(more) is not None:
        says = (Say(then(scene), title=first_line(scene), urgent=True),)
    text = f"{state.text}\n{more}"
    if units(text) > MOST_LEFT_OVER:
        says += (Say(scene.text("note-far-too-long", most=MOST_UNITS)),)
    else:
        state = AskIfNote(state.draft, text)
        says += (Say(scene.text("ask-added")),)
    return Turn(state, (*says, *resume(state, scene)), (TracePrivate(state.draft),))


def _look_up(text: str, scene: Scene) -> Turn[State]:
    found = scene.voice.asking.decide(text, role=scene.home.role)
    ids = tuple(hit.id for hit in found.hits)
    asked = _asked(text, scene)
    match found.decision:
        case "danger":
            return Turn(None, call=Call("danger"))
        case "answer" | "decline" if ids:
            return _show(ids[0], scene, asked)
        case "offer" if ids:
            return Turn(Offered(ids, asked), _offer(ids, scene))
        case _ if found.kind in ("greeting", "thanks"):
            return Turn(Unknown(), (Say(scene.text(f"ask-{found.kind}"), rows=column(_out(scene))),))
        case _:
            return _refuse(asked, "refused", scene)


def _asked(text: str, scene: Scene) -> str:
    """What of a question may be kept; of a report nothing, whatever it is called."""
    return "" if scene.question_days == 0 or looks_like_incident(text) else screened(text)


def _kept(asked: str, why: Unanswered, scene: Scene) -> tuple[Effect, ...]:
    if not asked:
        return ()
    return (KeepQuestion(scene.home.agency.slug, scene.voice.content.language, asked, why),)


def _refuse(asked: str, why: Unanswered, scene: Scene) -> Turn[State]:
    return Turn(Unknown(asked), _refused(scene, asked), _kept(asked, why, scene))


def _await(asked: str, scene: Scene) -> Turn[State]:
    stop = Choice(f"ask.forget.{scene.fresh}", scene.text("button-do-not-await"), lasting=True)
    said = Say(scene.text("ask-awaited", days=scene.question_days), rows=column(stop, _out(scene)))
    return Turn(Unknown(), (said,), (AwaitAnswer(scene.fresh, scene.voice.content.language, asked),))


def _not_awaited(ref: str) -> tuple[Effect, ...]:
    return (DropAwaited(ref),) if len(ref) == REF_DIGITS and set(ref) <= set(hexdigits.lower()) else ()


def _show(id: str, scene: Scene, asked: str = "") -> Turn[State]:
    content = scene.voice.content
    if id in content.steps:
        return Turn(None, call=Call("walk", f"step.{id}"))
    if id not in content.answers and id not in content.declines:
        return Turn(Unknown(), _refused(scene))
    return Turn(Answered(id, asked=asked if id in content.answers else ""), _shown(id, scene))


def _shown(id: str, scene: Scene, *, more: bool = False, rated: bool = False) -> tuple[Say, ...]:
    content = scene.voice.content
    if id in content.declines:
        decline = content.declines[id]
        rows = column(*_steps(decline, scene), _coordinator(scene), _out(scene))
        return (Say(f"{decline.say}\n\n{decline.next}", title=decline.title, rows=rows),)
    answer = content.answers.get(id)
    if answer is None:
        return _refused(scene)
    text = answer.short if not answer.words else f"{answer.short}\n\n{scene.text('words', words=answer.words)}"
    rows = (
        *([] if more or not answer.more else [(Choice("more", scene.text("button-more")),)]),
        *([] if rated else [_rating(scene)]),
        *column(*_steps(answer, scene), _out(scene)),
    )
    said = Say(text, title=answer.title, small=sources_line(answer.facts, scene), rows=rows)
    return (said, _more_say(answer, scene)) if more else (said,)


def _more(state: Answered, scene: Scene) -> Turn[State]:
    answer = scene.voice.content.answers.get(state.answer)
    if answer is None or not answer.more:
        return Turn(replace(state, more_shown=False), resume(replace(state, more_shown=False), scene))
    return Turn(state, (_more_say(answer, scene, rated=state.rated),))


def _more_say(answer: Answer, scene: Scene, *, rated: bool = False) -> Say:
    related = [Choice(id, scene.voice.content.answers[id].title) for id in _related(answer.id, scene.voice.content)]
    rows = (
        *([] if rated else [_rating(scene)]),
        *column(*related, *_steps(answer, scene), _out(scene)),
    )
    reviewed = scene.text("reviewed", owner=answer.owner, date=answer.reviewed.isoformat())
    return Say(answer.more, title=answer.title, small=reviewed, rows=rows)


def _offer(ids: tuple[str, ...], scene: Scene) -> tuple[Say, ...]:
    content = scene.voice.content
    choices = [Choice(id, _title(id, content)) for id in ids if _title(id, content)]
    return (
        Say(
            scene.text("ask-offer"),
            rows=column(*choices, Choice("none", scene.text("button-none-of-these")), *_back(scene)),
        ),
    )


def _refused(scene: Scene, asked: str = "") -> tuple[Say, ...]:
    return (Say(scene.text("ask-unknown"), rows=_ways_rows(scene, asked)),)


def _ways_on(scene: Scene, asked: str = "") -> tuple[Say, ...]:
    return (Say(scene.text("ask-ways-on"), rows=_ways_rows(scene, asked)),)


def _ways_rows(scene: Scene, asked: str) -> tuple[tuple[Choice, ...], ...]:
    await_ = [Choice("await", scene.text("button-await"))] if asked else []
    return column(Choice("guide", scene.text("button-guide")), _coordinator(scene), *await_, _out(scene))


def _out(scene: Scene) -> Choice:
    """Back to what was interrupted by the question, or to the menu."""
    return _back(scene)[0] if scene.below else menu_choice(scene)


def _back(scene: Scene) -> list[Choice]:
    return [Choice("back", scene.text("button-back"))] if scene.below else []


def _coordinator(scene: Scene) -> Choice:
    return Choice("coordinator", scene.text("button-ask-coordinator"))


def _rating(scene: Scene) -> tuple[Choice, ...]:
    return (
        Choice("helpful", scene.text("button-helpful")),
        Choice("not-helpful", scene.text("button-not-helpful")),
    )


def _steps(item: Answer | Decline, scene: Scene) -> tuple[Choice, ...]:
    steps: dict[str, Step] = dict(scene.voice.content.steps)
    return tuple(
        Choice(f"step.{id}", scene.text("button-step", step=id, title=steps[id].title))
        for id in item.steps[:2]
        if id in steps
    )


def _related(id: str, content: Content) -> tuple[str, ...]:
    answer = content.answers.get(id)
    return tuple(other for other in answer.related if other in content.answers)[:3] if answer else ()


def _title(id: str, content: Content) -> str:
    if id in content.answers:
        return content.answers[id].title
    if id in content.declines:
        return content.declines[id].title
    return content.steps[id].title if id in content.steps else ""


def sources_line(facts: tuple[str, ...], scene: Scene, *, at_most: int = 3) -> str:
    """Where something comes from and what kind of knowledge it is, in one line."""
    content = scene.voice.content
    kinds = ", ".join(scene.text(f"kind-{kind}") for kind in content.kinds(facts))
    published = [source.publisher for source in content.sources_of(facts) if source.id != NO_SOURCE]
    named = tuple(dict.fromkeys(published))[:at_most]
    if not named:
        return scene.text("based-on", kinds=kinds)
    return scene.text("sources", kinds=kinds, named="; ".join(named))
