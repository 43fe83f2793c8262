"""Answer a question in anybody's words, from approved answers, with the source; or say that it is not known.

    text ─▶ danger?  ─▶ (danger)
         ─▶ the code of a pocket card? ─▶ whether it is up to date
         ─▶ a report of something that happened? ─▶ AskIfNote ──yes──▶ (note, text carried over)
         ─▶ sure     ─▶ Answered ──more · helpful · related · step──▶ …
         ─▶ unsure   ─▶ Offered  ──one of them──▶ Answered
         ─▶ unknown  ─▶ Unknown  ──guide · coordinator · await──▶ …
         ─▶ small talk ─▶ a short reply
         ─▶ several questions ─▶ Answered, with a button for each other; or Offered
         ─▶ another language that is offered ─▶ the same in that one ──speak──▶ (settled)

The next text is the next question. Of what was asked, the states hold the words that the content knows, for a question
that leans on it ("and after release?"); what ``dialogues.screening`` left of it, as a question that was not answered is
kept for the writers, without who asked (``KeepQuestion``); and a report on its way into a note.
"""

from dataclasses import dataclass, field, replace
from string import hexdigits

from dialogues import ask_pages as pages
from dialogues.card import told
from dialogues.clean import units
from dialogues.danger import ELSE, UNSURE, first_line, is_unsure, then
from dialogues.draft import MOST_LEFT_OVER, MOST_UNITS
from dialogues.language import NAMES
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
    Settle,
    Tell,
    TracePrivate,
    Turn,
    Unanswered,
    Wrote,
    column,
)
from dialogues.screening import screened
from guidance import small_talk
from guidance.follow_up import Topic, leans
from guidance.incident_like import looks_like_incident
from guidance.languages import detect
from guidance.model import Danger
from guidance.outcome import Outcome, merged

FORGET = "forget."
"""Before the ref in the opening argument of the button that takes a wish back."""
REF_DIGITS = 32


MOST_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Thread:
    """What the next message may go back to; it is forgotten with the conversation's state.

    Attributes:
        asked: words of the question, those that the content knows; or empty.
        also: ids of what else was asked in the same message.
        language: of the question where that is not the person's; or empty.
        question: as screened for the writers, who may be shown it where it finds no answer; or empty.
    """

    asked: str = field(default="", repr=False)
    also: tuple[str, ...] = ()
    language: str = ""
    question: str = field(default="", repr=False)


NO_THREAD = Thread()


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer is on the screen."""

    answer: str
    more_shown: bool = False
    rated: bool = False
    thread: Thread = field(default=NO_THREAD, repr=False)


@dataclass(frozen=True, slots=True)
class Offered:
    """Two or three are on the screen; waiting for which was meant."""

    ids: tuple[str, ...]
    thread: Thread = field(default=NO_THREAD, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing was found; the person may wish to be told when something is."""

    thread: Thread = field(default=NO_THREAD, repr=False)


@dataclass(frozen=True, slots=True)
class AskIfNote:
    """It reads like a report; waiting whether it shall become a note. ``draft`` is that note's id."""

    draft: str
    text: str = field(repr=False)


Asked = Answered | Offered | Unknown
State = Asked | AskIfNote
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
        return _show(ids[0], scene) if len(ids) == 1 else Turn(Offered(ids), pages.offer(ids, scene))
    if about.startswith(FORGET):
        return Turn(None, (Say(scene.text("ask-not-awaited")),), _not_awaited(about.removeprefix(FORGET)))
    if not about:
        return Turn(Unknown(), (Say(scene.text("ask-invite")),))
    return _answer(about, scene)


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    if isinstance(event, Wrote) and not isinstance(state, AskIfNote):
        return _answer(event.text, scene, state)
    scene = _spoken(state, scene)
    match state, event:
        case AskIfNote(draft, text), Chose("note"):
            return Turn(None, call=Call("note", f"carry.{draft}.{text}"))
        case AskIfNote(draft, text), Wrote(said) if small_talk.kind(said, scene.voice.content.language) == "yes":
            return Turn(None, call=Call("note", f"carry.{draft}.{text}"))
        case AskIfNote(), Wrote(said) if small_talk.kind(said, scene.voice.content.language) == "no":
            return Turn(state, resume(state, scene))
        case AskIfNote(draft, text), Chose("question"):
            turn = _look_up(text, scene)
            return Turn(turn.state, turn.says, turn.effects)
        case AskIfNote(draft, _), Chose("forget" | "leave"):
            return Turn(None, (Say(scene.text("ask-forgotten")),), (EraseTraces(draft),))
        case AskIfNote(), Wrote(more):
            return _told_more(state, more, scene)
        case AskIfNote(), _:
            return Turn(state, resume(state, scene))
        case _, Chose("speak") if state.thread.language:
            return _go_on_in(state, scene)
        case Answered(more_shown=False), Chose("more"):
            return _more(replace(state, more_shown=True), scene)
        case Answered(answer, rated=False), Chose("helpful"):
            thanked = Say(scene.text("feedback-thanks"))
            return Turn(_done_with(replace(state, rated=True)), (thanked,), (CountFeedback(answer, True),))
        case Answered(answer, rated=False, thread=thread), Chose("not-helpful"):
            says = (Say(scene.text("feedback-sorry")), *pages.ways_on(scene))
            kept = _kept(thread, "not-helpful", scene)
            return Turn(_done_with(replace(state, rated=True)), says, (CountFeedback(answer, False), *kept))
        case Answered(answer, thread=thread), Chose(key) if key in thread.also:
            return _show(key, scene, _without(key, thread))
        case Answered(answer), Chose(key) if key in pages.related(answer, scene.voice.content):
            return _show(key, scene, _done_with(state).thread)
        case Offered(ids, thread), Chose(key) if key in ids:
            return _show(key, scene, _without(key, thread))
        case Offered(_, thread), Chose("none"):
            return _refuse(Thread(language=thread.language, question=thread.question), "none-chosen", scene)
        case _, Chose("none"):
            return Turn(Unknown(Thread(language=state.thread.language)), pages.refused(scene))
        case Unknown(thread), Chose("await") if thread.question:
            return _await(thread, scene)
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
    scene = _spoken(state, scene)
    match state:
        case Answered(answer, more, rated, thread):
            said = pages.shown(answer, scene, more=more, rated=rated)
            return (*said, *pages.also_asked(thread.also, scene), *pages.in_other_language(thread.language, scene))
        case Offered(ids, thread):
            offered = pages.offer(ids, scene, several=bool(thread.also))
            return (*offered, *pages.in_other_language(thread.language, scene))
        case Unknown(thread):
            return pages.ways_on(scene, thread.question)
        case AskIfNote():
            rows = column(
                Choice("note", scene.text("button-make-note")),
                Choice("question", scene.text("button-is-question")),
                Choice("forget", scene.text("button-forget-it")),
            )
            return (Say(scene.text("ask-if-note"), rows=rows),)


def _answer(text: str, scene: Scene, before: Asked | None = None) -> Turn[State]:
    danger = _danger(text, scene)
    if danger is not None:
        return _in_danger(text, danger, scene)
    if (card := told(text, scene, pages.out(scene))) is not None:
        return Turn(Unknown(), (card,))
    if looks_like_incident(text):
        state = AskIfNote(scene.fresh, text)
        return Turn(state, resume(state, scene), (TracePrivate(scene.fresh),))
    return _look_up(text, scene, before)


def _danger(text: str, scene: Scene) -> Danger | None:
    """Danger is heard in every language offered, the person's first."""
    own = scene.voice
    voices = (own, *(voice for voice in scene.voices.values() if voice is not own))
    return next((danger for voice in voices if (danger := voice.asking.heard(text)) is not None), None)


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
    if _danger(more, scene) is not None:
        says = (Say(then(scene), title=first_line(scene), urgent=True),)
    text = f"{state.text}\n{more}"
    if units(text) > MOST_LEFT_OVER:
        says += (Say(scene.text("note-far-too-long", most=MOST_UNITS)),)
    else:
        state = AskIfNote(state.draft, text)
        says += (Say(scene.text("ask-added")),)
    return Turn(state, (*says, *resume(state, scene)), (TracePrivate(state.draft),))


def _look_up(text: str, scene: Scene, before: Asked | None = None) -> Turn[State]:
    """In the language the question is written in, should that be another one offered and know anything of it."""
    before = before or Unknown()
    language = _written_in(text, scene, before.thread.language)
    spoken = scene.speaking(language) if language else scene
    outcomes = _outcomes(text, spoken, before, language)
    if language and all(one.decision == "refuse" and one.kind is None for one in outcomes):
        own = _outcomes(text, scene, before, "")
        if any(one.decision != "refuse" for one in own):
            language, spoken, outcomes = "", scene, own
    question = _question(text, spoken) if len(outcomes) == 1 else ""
    thread = Thread(_asked(text, spoken, before), language=language, question=question)
    turn = _one(outcomes[0], thread, before, spoken) if len(outcomes) == 1 else _several(outcomes, thread, spoken)
    if turn.state is None:
        return turn
    return replace(turn, says=(*turn.says, *pages.in_other_language(thread.language, spoken)))


def _written_in(text: str, scene: Scene, before: str) -> str:
    """Another language offered that the text is written in; empty: the person's own.

    Where that cannot be told, what was spoken before.
    """
    if len(scene.languages) < 2:
        return ""
    own = scene.person.language
    written = detect(text, scene.languages, before or own) or before
    return written if written in scene.voices and written != own else ""


def _outcomes(text: str, scene: Scene, before: Asked, language: str) -> tuple[Outcome, ...]:
    topic = _topic(before) if language == before.thread.language else None
    return scene.voice.asking.each(text, scene.home.role, topic=topic)


def _topic(before: Asked) -> Topic | None:
    match before:
        case Answered(answer, thread=thread):
            return Topic(answer, thread.asked)
        case Offered(thread=thread) if thread.asked:
            return Topic(asked=thread.asked)
        case _:
            return None


def _asked(text: str, scene: Scene, before: Asked) -> str:
    """What is kept of a question; of one that leans on the one before it, of both."""
    leaning = _topic(before) is not None and leans(text, scene.voice.content.language)
    return scene.voice.asking.kept(f"{before.thread.asked} {text}" if leaning else text)


def _one(found: Outcome, thread: Thread, before: Asked, scene: Scene) -> Turn[State]:
    ids = tuple(hit.id for hit in found.hits)
    match found.decision:
        case "answer" | "decline" if ids:
            return _show(ids[0], scene, thread)
        case "offer" if found.kind == "again" and isinstance(before, Answered):
            return _again(ids, replace(before, thread=thread), scene)
        case "offer" if ids:
            return Turn(Offered(ids, thread), pages.offer(ids, scene))
        case _ if found.kind is not None and found.kind != "again":
            return _small_talk(found.kind, thread, before, scene)
        case _:
            return _refuse(thread, "refused", scene)


def _question(text: str, scene: Scene) -> str:
    """What of a question may be kept; of a report nothing, whatever it is called."""
    return "" if scene.question_days == 0 or looks_like_incident(text) else screened(text)


def _kept(thread: Thread, why: Unanswered, scene: Scene) -> tuple[Effect, ...]:
    if not thread.question:
        return ()
    return (KeepQuestion(scene.home.agency.slug, scene.voice.content.language, thread.question, why),)


def _refuse(thread: Thread, why: Unanswered, scene: Scene) -> Turn[State]:
    return Turn(Unknown(thread), pages.refused(scene, thread.question), _kept(thread, why, scene))


def _await(thread: Thread, scene: Scene) -> Turn[State]:
    stop = Choice(f"ask.forget.{scene.fresh}", scene.text("button-do-not-await"), lasting=True)
    said = Say(scene.text("ask-awaited", days=scene.question_days), rows=column(stop, pages.out(scene)))
    wish = AwaitAnswer(scene.fresh, scene.voice.content.language, thread.question)
    return Turn(Unknown(replace(thread, question="")), (said,), (wish,))


def _not_awaited(ref: str) -> tuple[Effect, ...]:
    return (DropAwaited(ref),) if len(ref) == REF_DIGITS and set(ref) <= set(hexdigits.lower()) else ()


def _several(outcomes: tuple[Outcome, ...], thread: Thread, scene: Scene) -> Turn[State]:
    """One is answered and the others are a button each; or all are offered. What is not known is said."""
    found = [one for one in outcomes if one.decision != "refuse" and one.hits]
    missed = len(outcomes) - len(found)
    left = (Say(scene.text("ask-not-all", missed=missed)),) if missed else ()
    steps = scene.voice.content.steps
    first = next((one for one in found if one.settled and one.hits[0].id not in steps), None)
    kept = tuple(
        effect
        for one in outcomes
        if one.asked and (question := _question(one.asked, scene))
        for effect in _kept(Thread(question=question), "refused", scene)
    )
    if first is None:
        thread = replace(thread, also=tuple(one.hits[0].id for one in found) if len(found) > 1 else ())
        ids = tuple(hit.id for hit in merged(*found, at_most=MOST_OFFERED))
        return Turn(Offered(ids, thread), (*left, *pages.offer(ids, scene, several=bool(thread.also))), kept)
    also = tuple(one.hits[0].id for one in found if one is not first)
    turn = _show(first.hits[0].id, scene, replace(thread, also=also))
    return replace(turn, says=(*turn.says, *left), effects=(*turn.effects, *kept))


def _again(ids: tuple[str, ...], state: Answered, scene: Scene) -> Turn[State]:
    """More is asked about the answer on the screen: the rest of it, or what is related."""
    answer = scene.voice.content.answers.get(state.answer)
    if answer is not None and answer.more and not state.more_shown:
        return _more(replace(state, more_shown=True), scene)
    beside = tuple(dict.fromkeys((*pages.related(state.answer, scene.voice.content), *ids)))[:MOST_OFFERED]
    if not beside:
        return Turn(Unknown(state.thread), pages.refused(scene))
    return Turn(Offered(beside, state.thread), pages.offer(beside, scene))


def _small_talk(kind: str, thread: Thread, before: Asked, scene: Scene) -> Turn[State]:
    """A short reply, also to an offer; after "thanks" and "ok" the topic is still there."""
    thread = replace(thread, question="")
    match kind, before:
        case "help", _:
            return Turn(None, call=Call("help"))
        case "yes", Offered((id,)):
            return _show(id, scene, replace(thread, asked=before.thread.asked))
        case "yes" | "ok", Offered(ids):
            return Turn(before, pages.offer(ids, scene, several=bool(before.thread.also)))
        case "no", Offered():
            return Turn(Unknown(thread), pages.refused(scene))
        case "no", _:
            return Turn(Unknown(thread), pages.ways_on(scene))
        case _:
            text = scene.text(f"ask-{kind}", role=scene.text(f"role-{scene.home.role}"))
            said = Say(text, rows=column(pages.out(scene)))
            same = kind in ("thanks", "ok") and thread.language == before.thread.language
            return Turn(before if same else Unknown(thread), (said,))


def _go_on_in(state: Asked, scene: Scene) -> Turn[State]:
    language = state.thread.language
    said = Say(scene.text("language-settled", language=NAMES.get(language, language)))
    settled = replace(state, thread=replace(state.thread, language=""))
    return Turn(settled, (said,), (Settle(language=language),))


def _spoken(state: State, scene: Scene) -> Scene:
    """In the language that the question was written in."""
    language = NO_THREAD.language if isinstance(state, AskIfNote) else state.thread.language
    return scene.speaking(language) if language in scene.voices else scene


def _done_with(state: Answered) -> Answered:
    """The question is no longer kept for the writers."""
    return replace(state, thread=replace(state.thread, question=""))


def _without(id: str, thread: Thread) -> Thread:
    return replace(thread, also=tuple(other for other in thread.also if other != id))


def _show(id: str, scene: Scene, thread: Thread = NO_THREAD) -> Turn[State]:
    content = scene.voice.content
    if id in content.steps:
        return Turn(None, call=Call("walk", f"step.{id}"))
    if id not in content.answers and id not in content.declines:
        return Turn(Unknown(thread), pages.refused(scene))
    thread = thread if id in content.answers else replace(thread, question="")
    return Turn(Answered(id, thread=thread), (*pages.shown(id, scene), *pages.also_asked(thread.also, scene)))


def _more(state: Answered, scene: Scene) -> Turn[State]:
    answer = scene.voice.content.answers.get(state.answer)
    if answer is None or not answer.more:
        return Turn(replace(state, more_shown=False), resume(replace(state, more_shown=False), scene))
    return Turn(state, (pages.more_say(answer, scene, rated=state.rated),))
