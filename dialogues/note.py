"""Write down what happened, in parts that keep fact, hearsay and opinion apart; keep it sealed.

    AskAgency ▸ AskCase ▸ AskKind ▸ AskWhen ▸ AskPart × 4 ▸ AskUrgency ▸ AskFlag ▸ AskReason ▸ Preview ──log──▶ (end)
        quick:                              AskPart (and how urgent) ───────────────────────▶ Preview      + KeepNote
        amend:                              AskPart ────────────────────────────────────────▶ Preview

    Preview ──change──▶ AskChange ──▶ that one question ──▶ Preview
                            └──others──▶ AskOthers ──found──▶ AskSummary ──▶ Preview
    anywhere ──/cancel──▶ AskLeave ──▶ put aside · discard · go on

Nothing is kept until *Log it*. A part collects messages until *Next*; what does not fit is said aloud and goes into an
amendment. Messages with note text, and what repeats them, are erased from the chat when the draft ends. Photos and
voice messages are taken at any question (``dialogues.attaching``).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dialogues import attaching
from dialogues.case_code import CaseCode, CasePattern
from dialogues.clean import pieces, shown, units
from dialogues.danger import first_line
from dialogues.draft import KINDS, MOST_LEFT_OVER, MOST_SUMMARY, MOST_UNITS, PARTS, REASONS, URGENCIES, Draft, body
from dialogues.home import menu_choice
from dialogues.identifying import identifying
from dialogues.model import (
    Agency,
    Attachable,
    Call,
    Choice,
    Chose,
    DestinationView,
    Effect,
    EraseTraces,
    Event,
    Fetched,
    Found,
    KeepNote,
    LookUp,
    NoteView,
    NotFetched,
    Say,
    Scene,
    Sent,
    Tell,
    TracePrivate,
    Turn,
    Wrote,
    column,
)
from dialogues.reference import reference
from dialogues.when import more_than_a_time, read_when, said

UNDO = timedelta(minutes=2)
WORTH_CUTTING = 200  # characters of room; with less, a message goes over whole
_OPENINGS = re.compile(r"carry\.[0-9a-f]{32}\.|case\.|amend\.|log\.")
SENTENCE_WORDS = 4  # from here on a text is a sentence, not a code, a time or a name


@dataclass(frozen=True, slots=True)
class AskResume:
    """A draft waits; resume it, or start a new one (opened with ``about``)?"""

    about: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FindNote:
    """Looking up the note that is to be amended."""


@dataclass(frozen=True, slots=True)
class AskAgency:
    """Waiting for which of several agencies the note is."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class AskCase:
    draft: Draft


@dataclass(frozen=True, slots=True)
class AskKind:
    draft: Draft


@dataclass(frozen=True, slots=True)
class AskWhen:
    draft: Draft


@dataclass(frozen=True, slots=True)
class AskPart:
    """Collecting messages for one part; ``part`` counts from 0 in ``PARTS``."""

    draft: Draft
    part: int = 0


@dataclass(frozen=True, slots=True)
class AskUrgency:
    draft: Draft


@dataclass(frozen=True, slots=True)
class AskFlag:
    draft: Draft


@dataclass(frozen=True, slots=True)
class AskReason:
    draft: Draft


@dataclass(frozen=True, slots=True)
class Preview:
    draft: Draft


@dataclass(frozen=True, slots=True)
class AskChange:
    draft: Draft


@dataclass(frozen=True, slots=True)
class AskOthers:
    """Looking up which case systems the note goes to, and how much of it."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class AskSummary:
    """Waiting for what those may read that do not get everything."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class AskLeave:
    """Waiting whether to put the draft aside, discard it, or go on at ``was`` (a state's name and part)."""

    draft: Draft
    was: str
    part: int = 0


Asking = (
    AskAgency
    | AskCase
    | AskKind
    | AskWhen
    | AskPart
    | AskUrgency
    | AskFlag
    | AskReason
    | Preview
    | AskChange
    | AskOthers
    | AskSummary
)
State = AskResume | FindNote | Asking | AskLeave
STATES = (
    AskResume,
    FindNote,
    AskAgency,
    AskCase,
    AskKind,
    AskWhen,
    AskPart,
    AskUrgency,
    AskFlag,
    AskReason,
    Preview,
    AskChange,
    AskOthers,
    AskSummary,
    AskLeave,
)
_BY_NAME = {
    kind.__name__: kind
    for kind in (
        *(AskAgency, AskCase, AskKind, AskWhen, AskUrgency, AskFlag, AskReason, Preview, AskChange),
        *(AskOthers, AskSummary),
    )
}


def is_draft(state: State) -> bool:
    return not isinstance(state, AskResume | FindNote) and not state.draft.empty


def forgets(state: State) -> bool:
    return isinstance(state, AskResume) and state.about.startswith("carry.")


def dropped(state: State) -> tuple[Effect, ...]:
    match state:
        case AskResume(about) if about.startswith("carry."):
            return (EraseTraces(about.split(".", 2)[1]),)
        case AskResume() | FindNote():
            return ()
        case _:
            return (EraseTraces(state.draft.id),)


# ---------------------------------------------------------------- opening


def begin(scene: Scene, about: str) -> Turn[State]:
    """Open a note.

    Args:
        about: empty; ``quick``; ``case.<code>``; ``carry.<id>.<text>`` (a text typed at home, under the draft id its
            message was traced with); ``log.<line>`` (a line for the disclosure log, ready but for its case code);
            ``amend.<reference>``; ``resume``; ``parked.<any of these>`` when a draft waits.
    """
    word, _, rest = about.partition(".")
    if word == "resume":
        return Turn(None, unpark="note")
    if word == "parked":
        state = AskResume(rest if rest in ("", "quick") or _OPENINGS.match(rest) else "")
        traced = (TracePrivate(state.about.split(".", 2)[1]),) if forgets(state) else ()
        return Turn(state, resume(state, scene), traced)
    if word == "amend":
        return Turn(FindNote(), look_up=LookUp("my-note", rest))
    draft = Draft(scene.fresh, scene.home.agency.slug)
    if word == "quick":
        draft = replace(draft, form="quick", occurred_at=_minute(scene), precision="hour")
    if word == "case" and isinstance(read := CasePattern(scene.home.agency.case_pattern).read(rest), CaseCode):
        draft = replace(draft, case_code=read.text)
    effects: tuple[Effect, ...] = ()
    before: tuple[Say, ...] = ()
    if word == "carry" and _OPENINGS.match(about):
        draft_id, _, text = rest.partition(".")
        carried = _added(replace(draft, id=draft_id), 0, text, scene)
        draft, before, effects = carried.draft, carried.says, (TracePrivate(draft_id),)
    if word == "log":
        # Guidance made this line: words such as "harm" in it report no danger.
        draft = replace(draft, form="quick", kind="disclosure", occurred_at=_minute(scene), precision="minute")
        added = _added(replace(draft, warned=True), 0, rest, scene)
        draft, before = replace(added.draft, complete=added.draft.length > 0, warned=False), added.says
    if len(scene.person.memberships) > 1:
        return _ask(AskAgency(draft), scene, before, effects)
    return _opened(draft, scene, before, effects)


def _opened(draft: Draft, scene: Scene, before: tuple[Say, ...] = (), effects: tuple[Effect, ...] = ()) -> Turn[State]:
    """The first question, unless the agency has nobody to seal to: then the person hears so before typing anything."""
    agency = _agency(draft, scene)
    if not agency.ready:
        told = Tell("admins", agency.slug, "admin-no-recipient", (("agency", agency.name),))
        text = scene.text("note-no-recipient", agency=agency.name)
        return Turn(None, (Say(text, rows=column(menu_choice(scene))),), (*effects, EraseTraces(draft.id), told))
    if draft.form == "quick" and not draft.complete:
        return _ask(AskPart(draft), scene, before, effects)
    first: State = AskKind(draft) if draft.case_code else AskCase(draft)
    return _ask(first, scene, before, effects)


# ---------------------------------------------------------------- one step


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    """One step of the note. A strange event repeats the question; text is never thrown away unsaid."""
    if isinstance(event, Fetched | NotFetched) and awaits(state, event):
        after, told = brought(state, event, scene)
        asked = resume(after, scene)
        if len(asked) > 1 or asked[0].private:
            return Turn(after, (told, *asked))
        # In one message: a button of the same question, asked before, is old from here on.
        return Turn(after, (replace(asked[0], text=f"{told.text}\n{asked[0].text}"),))
    if not isinstance(state, AskResume | FindNote | AskLeave):
        return _traced(_step(state, event, scene), event, state.draft)
    match state, event:
        case AskResume(about), Chose("resume") if about.startswith("carry."):
            # The text goes into the waiting draft, its message out of the chat now.
            _, draft_id, text = about.split(".", 2)
            return Turn(None, effects=(EraseTraces(draft_id),), unpark="note", call=Call("note", text))
        case AskResume(about), Chose("resume") if about.startswith("log."):
            return Turn(None, (Say(scene.text("note-log-dropped")),), unpark="note")
        case AskResume(), Chose("resume"):
            return Turn(None, unpark="note")
        case AskResume(about), Chose("new"):
            return Turn(None, call=Call("note", f"discard-parked.{about}"))
        case AskResume(), Chose("leave"):
            forgotten = (Say(scene.text("ask-forgotten")),) if forgets(state) else ()
            return Turn(None, forgotten, dropped(state))
        case AskResume(), Wrote(text):
            alarm = _alarm(scene) if scene.voice.danger.danger(text) is not None else ()
            return Turn(state, (*alarm, Say(scene.text("note-not-taken")), *resume(state, scene)))
        case FindNote(), Found(rows):
            return _amend(rows, scene)
        case AskLeave(draft), Chose("keep"):
            back = _back(state)
            return Turn(
                back,
                (Say(scene.text("draft-put-aside", hours=scene.draft_hours), rows=column(menu_choice(scene))),),
                park=True,
            )
        case AskLeave(draft), Chose("discard"):
            return Turn(
                None,
                (Say(scene.text("draft-discarded"), rows=column(menu_choice(scene))),),
                (EraseTraces(draft.id),),
            )
        case AskLeave(), Chose("leave" | "go-on"):
            return _ask(_back(state), scene)
        case AskLeave(), Wrote() | Sent():
            return _traced(_step(_back(state), event, scene), event, state.draft)
        case _:
            return Turn(state, resume(state, scene))


def _traced(turn: Turn[State], event: Event, draft: Draft) -> Turn[State]:
    """Whatever is sent while a note is being written, a code and a time too, is erased from the chat with it."""
    trace = TracePrivate(draft.id)
    if not isinstance(event, Wrote | Sent) or trace in turn.effects:
        return turn
    return replace(turn, effects=(trace, *turn.effects))


def _step(state: Asking, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Sent():
            return _sent(state, event, scene)
        case _, Chose("leave") if state.draft.empty:
            left = Say(scene.text("draft-discarded-empty"), rows=column(menu_choice(scene)))
            return Turn(None, (left,), (EraseTraces(state.draft.id),))
        case _, Chose("leave"):
            part = state.part if isinstance(state, AskPart) else 0
            return _ask(AskLeave(state.draft, type(state).__name__, part), scene)
        case AskAgency(draft), Chose(key) if scene.person.at(key) is not None:
            # A case code belongs to an agency: another agency's is asked for anew.
            code = draft.case_code if key == draft.agency else ""
            return _opened(replace(draft, agency=key, case_code=code), scene)
        case AskCase(draft), Chose("none"):
            return _next(state, replace(draft, case_code=""), scene)
        case AskCase(draft), Chose("quick") if not draft.complete and not draft.length:
            quick = replace(draft, form="quick", occurred_at=_minute(scene), precision="hour")
            return _ask(AskPart(quick), scene)
        case AskCase(draft), Wrote(text):
            return _case(state, draft, text, scene)
        case AskKind(draft), Chose(key) if key in KINDS:
            return _next(state, replace(draft, kind=key), scene)
        case AskWhen(draft), Chose("now"):
            return _next(state, replace(draft, occurred_at=_minute(scene), precision="minute"), scene)
        case AskWhen(draft), Chose("unknown"):
            return _next(state, replace(draft, occurred_at=None, precision=""), scene)
        case AskWhen(draft), Wrote(text):
            return _when(state, draft, text, scene)
        case AskPart(draft, part), Wrote(text):
            added = _added(draft, part, text, scene)
            turn = _ask(AskPart(added.draft, part), scene, added.says)
            return Turn(turn.state, turn.says, (TracePrivate(draft.id),))
        case AskPart(draft, part), Chose("redo"):
            return _ask(AskPart(draft.emptied(part), part), scene, (Say(scene.text("note-part-emptied")),))
        case AskPart(draft, 0), Chose(key) if draft.form == "quick" and key in URGENCIES:
            if draft.length == 0:
                return _ask(state, scene, (Say(scene.text("note-nothing-yet")),))
            reason = "other" if key != "routine" else ""
            return _ask(Preview(replace(draft, urgency=key, flag_reason=reason, complete=True)), scene)
        case AskPart(draft, part), Chose("next") if draft.form != "quick" or draft.complete:
            if part == len(PARTS) - 1 and draft.length == 0 and not draft.complete:
                return _ask(AskPart(draft), scene, (Say(scene.text("note-nothing-yet")),))
            return _next(state, draft, scene)
        case AskUrgency(draft), Chose(key) if key in URGENCIES:
            return _next(state, replace(draft, urgency=key), scene)
        case AskFlag(draft), Chose("no"):
            return _ask(Preview(replace(draft, flag_reason="", complete=True)), scene)
        case AskFlag(draft), Chose("yes"):
            return _ask(AskReason(draft), scene)
        case AskReason(draft), Chose(key) if key in REASONS:
            return _ask(Preview(replace(draft, flag_reason=key, complete=True)), scene)
        case Preview(draft), Chose("log"):
            return _log(draft, scene)
        case Preview(draft), Chose("change"):
            return _ask(AskChange(draft), scene)
        case AskChange(draft), Chose(key):
            return _change(draft, key, scene)
        case AskOthers(draft), Found(rows):
            return _others(draft, rows, scene)
        case AskSummary(draft), Wrote(text):
            return _summary(draft, text, scene)
        case AskSummary(draft), Chose("none"):
            return _ask(Preview(replace(draft, summary="")), scene)
        case AskSummary(draft), Chose("preview"):
            return _ask(Preview(draft), scene)
        case (
            (Preview(draft) | AskUrgency(draft) | AskFlag(draft) | AskReason(draft) | AskKind(draft)),
            Wrote(text),
        ):
            # Text where a button was asked for is still part of what happened.
            added = _added_aloud(draft, text, scene)
            turn = _ask(_with(state, added.draft), scene, added.says)
            return Turn(turn.state, turn.says, (TracePrivate(draft.id),))
        case ((AskAgency() | AskChange()), Wrote(text)):
            return _not_what_was_asked(state, text, Say(scene.text("note-not-taken")), scene)
        case _:
            return Turn(state, resume(state, scene))


def _next(state: Asking, draft: Draft, scene: Scene, before: tuple[Say, ...] = ()) -> Turn[State]:
    """The question after this one, or back to the preview when only one thing was changed."""
    following: State
    if draft.complete or (draft.form == "amend" and isinstance(state, AskPart)):
        if draft.length == 0:
            return _ask(AskPart(draft), scene, (*before, Say(scene.text("note-nothing-yet"))))
        return _ask(Preview(replace(draft, complete=True)), scene, before)
    match state:
        case AskCase():
            following = AskKind(draft)
        case AskKind():
            following = AskWhen(draft)
        case AskWhen():
            following = AskPart(draft)
        case AskPart(_, part) if part < len(PARTS) - 1:
            following = AskPart(draft, part + 1)
        case AskPart():
            following = AskUrgency(draft)
        case _:
            following = AskFlag(draft)
    return _ask(following, scene, before)


def _case(state: AskCase, draft: Draft, text: str, scene: Scene) -> Turn[State]:
    read = CasePattern(_agency(draft, scene).case_pattern).read(text)
    if isinstance(read, CaseCode):
        return _next(state, replace(draft, case_code=read.text), scene)
    return _not_what_was_asked(state, text, Say(read.say), scene)


def _when(state: AskWhen, draft: Draft, text: str, scene: Scene) -> Turn[State]:
    zone = _agency(draft, scene).zone
    when = read_when(text, scene.now, zone, scene.person.language)
    if when is None:
        return _not_what_was_asked(state, text, Say(scene.text("note-when-unclear")), scene)
    heard = Say(scene.text("note-when-heard", when=said(when, zone, scene.now)), private=draft.id)
    draft = replace(draft, occurred_at=when.at, precision=when.precision)
    if not more_than_a_time(text, scene.now, zone):
        return _next(state, draft, scene, (heard,))
    added = _added_aloud(draft, text, scene)
    turn = _next(state, added.draft, scene, (*added.says, heard))
    return Turn(turn.state, turn.says, (TracePrivate(draft.id), *turn.effects))


def _not_what_was_asked(
    state: AskAgency | AskCase | AskWhen | AskChange, text: str, why: Say, scene: Scene
) -> Turn[State]:
    """A sentence is part of what happened and goes into the note; a word or two may be a name and goes nowhere.

    Either way its message is erased from the chat with the draft's other traces.
    """
    draft: Draft = state.draft
    says: tuple[Say, ...] = (why,)
    if len(text.split()) >= SENTENCE_WORDS:
        added = _added_aloud(draft, text, scene)
        draft, says = added.draft, added.says
    elif scene.voice.danger.danger(text) is not None:
        draft, says = replace(draft, warned=True), (*_alarm(scene), why)
    turn = _ask(_with(state, draft), scene, says)
    return Turn(turn.state, turn.says, (TracePrivate(draft.id),))


def _change(draft: Draft, key: str, scene: Scene) -> Turn[State]:
    if key not in {choice.key for choice in _changes(draft, scene)}:
        return _ask(AskChange(draft), scene)
    match key.partition("."):
        case "case", _, _:
            return _ask(AskCase(draft), scene)
        case "kind", _, _:
            return _ask(AskKind(draft), scene)
        case "when", _, _:
            return _ask(AskWhen(draft), scene)
        case "urgency", _, _:
            return _ask(AskUrgency(replace(draft, complete=False)), scene)
        case "part", _, number:
            return _ask(AskPart(draft, int(number)), scene)
        case "others", _, _:
            return Turn(AskOthers(draft), look_up=LookUp("destinations", draft.agency))
        case "media", _, _:
            emptied, told, effects = attaching.taken_out(draft, scene)
            return _ask(Preview(emptied), scene, (told,), effects)
        case _:
            return _ask(Preview(draft), scene)


# ---------------------------------------------------------------- what others get


def _others(draft: Draft, rows: Sequence[object], scene: Scene) -> Turn[State]:
    """Which case systems the note goes to, and how much of it; where some get less, their words may be written."""
    found = [row for row in rows if isinstance(row, DestinationView)]
    lines = [scene.text(f"others-{row.disclosure}", destination=row.name) for row in found]
    told = Say("\n".join(lines) if lines else scene.text("others-nobody"), title=scene.text("others-title"))
    if any(row.disclosure == "summary" for row in found):
        return _ask(AskSummary(draft), scene, (told,))
    return _ask(Preview(draft), scene, (told,))


def _summary(draft: Draft, text: str, scene: Scene) -> Turn[State]:
    trace = (TracePrivate(draft.id),)
    if units(text) > MOST_SUMMARY:
        long = Say(scene.text("others-too-long", length=units(text), most=MOST_SUMMARY))
        return _ask(AskSummary(draft), scene, (long,), trace)
    return _ask(Preview(replace(draft, summary=text)), scene, (), trace)


# ---------------------------------------------------------------- photos and voice messages


def takes_media(state: object) -> bool:
    """Whether what is sent now belongs to a note that is being written."""
    return isinstance(state, Asking | AskLeave)


def awaits(state: object, event: Fetched | NotFetched) -> bool:
    """Whether this state's draft is the one that a photo or voice message was fetched for."""
    return isinstance(state, Asking | AskLeave) and attaching.awaits(state.draft, event)


def brought(state: object, event: Fetched | NotFetched, scene: Scene) -> tuple[Asking | AskLeave, Say]:
    """The same state with what came, or without what cannot come; only for a state that ``awaits`` it."""
    assert isinstance(state, Asking | AskLeave)  # noqa: S101  see above
    draft, told = attaching.brought(state.draft, event, scene)
    return replace(state, draft=draft), told


def how_to_attach(media: Attachable, scene: Scene) -> Say:
    """To who sends one outside a note."""
    if not any(one.agency.media for one in scene.person.memberships):
        return Say(scene.text(f"note-{media}-off"))
    return Say(scene.text(f"sent-{media}"), rows=column(Choice("note", scene.text("button-start-note"), lasting=True)))


def _sent(state: Asking, event: Sent, scene: Scene) -> Turn[State]:
    """Words under a photo are text of the note; the photo itself is fetched, and counted once it is here."""
    if isinstance(state, AskAgency):
        return _not_what_was_asked(state, event.caption, Say(scene.text("note-not-taken")), scene)
    draft, says = state.draft, tuple[Say, ...]()
    if event.caption and isinstance(state, AskPart):
        added = _added(draft, state.part, event.caption, scene)
        draft, says = added.draft, added.says
    elif event.caption:
        added = _added_aloud(draft, event.caption, scene)
        draft, says = added.draft, added.says
    taken = attaching.take(draft, event, _agency(draft, scene), scene)
    if isinstance(taken, Say):
        return _ask(_with(state, draft), scene, (*says, taken))
    if event.caption:
        return _ask(_with(state, taken.draft), scene, says, (taken.fetch,))
    return Turn(_with(state, taken.draft), (), (taken.fetch,))


# ---------------------------------------------------------------- text


@dataclass(frozen=True, slots=True)
class _Added:
    draft: Draft
    says: tuple[Say, ...]


def _alarm(scene: Scene) -> tuple[Say, ...]:
    return (Say(scene.text("note-danger"), title=first_line(scene), urgent=True),)


def _added_aloud(draft: Draft, text: str, scene: Scene) -> _Added:
    """Put text that came at another question into the part written last, and say so if it was taken."""
    added = _added(draft, _last_part(draft) if draft.form == "full" else 0, text, scene)
    if (added.draft.parts, added.draft.left_over) == (draft.parts, draft.left_over):
        return added
    return _Added(added.draft, (*added.says, Say(scene.text("note-added-to-text"))))


def _added(draft: Draft, part: int, text: str, scene: Scene) -> _Added:
    """Put a message into a part; say aloud how much there is, what did not fit, and what looks like a name."""
    says: tuple[Say, ...] = ()
    if not draft.warned and scene.voice.danger.danger(text) is not None:
        says += _alarm(scene)
        draft = replace(draft, warned=True)
    if identifying(text):
        says += (Say(scene.text("note-looks-identifying")),)
    room = draft.room(part)
    if units(text) <= room and not draft.left_over:
        return _Added(draft.adding(part, text), says)
    # What comes after something that did not fit does not fit either: the order is kept.
    taken = pieces(text, room)[0] if room >= WORTH_CUTTING and not draft.left_over else ""
    rest = text[len(taken) :].strip() if text.startswith(taken) else text
    if draft.left_over_length + units(rest) > MOST_LEFT_OVER:
        return _Added(draft, (*says, Say(scene.text("note-far-too-long", most=MOST_UNITS))))
    if rest != text:
        draft = draft.adding(part, taken)
        phrase, last = "note-too-long", shown(taken[-40:])
    else:
        phrase, last = "note-full", ""
    draft = replace(draft, left_over=(*draft.left_over, (part, rest)))
    told = scene.text(phrase, most=MOST_UNITS, taken=units(text) - units(rest), rest=units(rest), last=last)
    return _Added(draft, (*says, Say(told, private=draft.id)))


# ---------------------------------------------------------------- keeping


def _log(draft: Draft, scene: Scene) -> Turn[State]:
    agency = _agency(draft, scene)
    if not agency.ready:
        turn = _opened(draft, scene)
        return Turn(
            Preview(draft),
            turn.says,
            (Tell("admins", agency.slug, "admin-no-recipient", (("agency", agency.name),)),),
        )
    if draft.length == 0:
        return _ask(AskPart(draft), scene, (Say(scene.text("note-nothing-yet")),))
    if draft.waits_for_media:
        return _ask(Preview(draft), scene, (Say(scene.text("note-media-on-its-way")),))
    kept = KeepNote(
        draft.id,
        draft.agency,
        body(draft, scene),
        draft.case_code,
        draft.flag_level,
        draft.amends,
        tuple(one.number for one in draft.attachments),
    )
    short = reference(draft.id)
    rows = column(
        Choice(f"my-notes.undo.{short}", scene.text("button-undo"), lasting=True),
        Choice("my-notes", scene.text("button-my-notes"), lasting=True),
        menu_choice(scene),
    )
    phrase = "note-kept-flagged" if draft.flag_level else "note-kept"
    receipt = Say(scene.text(phrase, reference=short), title=scene.text("note-kept-title"), rows=rows)
    says: tuple[Say, ...] = (receipt,)
    if draft.flag_level == 3:
        says = (Say(scene.text("note-urgent-reminder"), title=first_line(scene), urgent=True), receipt)
    effects: tuple[Effect, ...] = (kept, EraseTraces(draft.id))
    if not draft.left_over:
        return Turn(None, says, effects)
    rest = Draft(_following(draft.id), draft.agency, form="amend", amends=draft.amends or draft.id)
    for part, text in draft.left_over:
        rest = _added(rest, part, text, scene).draft
    turn = _ask(AskPart(rest), scene, (Say(scene.text("note-rest-waits", rest=rest.length)),))
    return Turn(turn.state, says + turn.says, effects)


def _following(note_id: str) -> str:
    """An id for the amendment that carries the rest, as a turn brings one fresh id only."""
    return hashlib.sha256(b"rest of " + bytes.fromhex(note_id)).hexdigest()[:32]


def _amend(rows: tuple[object, ...], scene: Scene) -> Turn[State]:
    note = next((row for row in rows if isinstance(row, NoteView)), None)
    if note is None or note.state == "withdrawn" or scene.person.at(note.agency) is None:
        return Turn(None, (Say(scene.text("note-not-yours"), rows=column(menu_choice(scene))),))
    draft = Draft(scene.fresh, note.agency, form="amend", amends=note.amends or note.note_id)
    return _opened_amendment(draft, note.reference, scene)


def _opened_amendment(draft: Draft, short: str, scene: Scene) -> Turn[State]:
    if not _agency(draft, scene).ready:
        return _opened(draft, scene)
    return _ask(AskPart(draft), scene, (Say(scene.text("note-amending", reference=short)),))


# ---------------------------------------------------------------- questions


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    match state:
        case FindNote():
            return ()
        case AskResume():
            rows = column(
                Choice("resume", scene.text("button-resume-note")),
                Choice("new", scene.text("button-new-note")),
            )
            return (Say(scene.text("note-ask-resume"), rows=rows),)
        case AskLeave():
            rows = column(
                Choice("keep", scene.text("button-put-aside", hours=scene.draft_hours)),
                Choice("discard", scene.text("button-discard")),
                Choice("go-on", scene.text("button-go-on")),
            )
            return (Say(scene.text("note-ask-leave"), rows=rows),)
        case AskAgency():
            rows = column(*(Choice(one.agency.slug, one.agency.name) for one in scene.person.memberships))
            return (Say(scene.text("note-ask-agency"), rows=rows),)
        case AskCase(draft):
            example = CasePattern(_agency(draft, scene).case_pattern).example()
            quick = [] if draft.complete or draft.length else [Choice("quick", scene.text("button-quick-note"))]
            rows = column(
                Choice("none", scene.text("button-no-case")),
                *quick,
                Choice("danger", scene.text("button-danger"), lasting=True),
            )
            return (Say(scene.text("note-ask-case", example=example), rows=rows),)
        case AskKind():
            rows = column(*(Choice(kind, scene.text(f"note-kind-{kind}")) for kind in KINDS))
            return (Say(scene.text("note-ask-kind"), rows=rows),)
        case AskWhen():
            rows = column(
                Choice("now", scene.text("button-just-now")),
                Choice("unknown", scene.text("button-not-known")),
            )
            return (Say(scene.text("note-ask-when"), rows=rows),)
        case AskPart(draft, part):
            return (_part_say(draft, part, scene),)
        case AskUrgency():
            rows = column(*(Choice(one, scene.text(f"urgency-{one}")) for one in URGENCIES))
            return (Say(scene.text("note-ask-urgency"), rows=rows),)
        case AskFlag():
            rows = column(Choice("yes", scene.text("button-flag")), Choice("no", scene.text("button-no-flag")))
            return (Say(scene.text("note-ask-flag"), rows=rows),)
        case AskReason():
            rows = column(*(Choice(one, scene.text(f"reason-{one}")) for one in REASONS))
            return (Say(scene.text("note-ask-reason"), rows=rows),)
        case Preview(draft):
            return _preview(draft, scene)
        case AskSummary(draft):
            rows = column(Choice("none", scene.text("button-no-words")), Choice("preview", scene.text("button-back")))
            asked = scene.text("others-ask", most=MOST_SUMMARY)
            if draft.summary:
                asked += "\n" + scene.text("preview-others", text=shown(draft.summary))
            return (Say(asked, rows=rows, private=draft.id if draft.summary else ""),)
        case AskOthers(draft) | AskChange(draft):
            return (Say(scene.text("note-ask-change"), rows=column(*_changes(draft, scene))),)


def _ask(state: State, scene: Scene, before: tuple[Say, ...] = (), effects: tuple[Effect, ...] = ()) -> Turn[State]:
    return Turn(state, before + resume(state, scene), effects)


def _part_say(draft: Draft, part: int, scene: Scene) -> Say:
    phrase = f"note-ask-{PARTS[part]}" if draft.form == "full" else f"note-ask-{draft.form}"
    text = scene.text(phrase)
    taps_urgency = draft.form == "quick" and not draft.complete
    redo = [Choice("redo", scene.text("button-redo-part"))] if draft.parts[part] else []
    if draft.length:
        count = scene.text("note-count", here=len(draft.parts[part]), length=draft.length, most=MOST_UNITS)
        if draft.parts[part]:
            text = scene.text("note-more-or-urgency" if taps_urgency else "note-more-or-next")
        text = f"{count}\n{text}"
    if taps_urgency:
        urgencies = [Choice(one, scene.text(f"quick-{one}")) for one in URGENCIES]
        return Say(text, rows=column(*(urgencies if draft.length else []), *redo))
    title = scene.text("note-part-title", part=part + 1, parts=len(PARTS)) if draft.form == "full" else ""
    return Say(text, title=title, rows=column(Choice("next", scene.text("button-next")), *redo))


def _preview(draft: Draft, scene: Scene) -> tuple[Say, ...]:
    """The whole note as it will be sealed; long ones in several messages, the buttons under the last."""
    agency = _agency(draft, scene)
    when = said(draft.when, agency.zone, scene.now) if draft.when else scene.text("preview-when-unknown")
    lines = [scene.text("preview-agency", agency=agency.name)] if len(scene.person.memberships) > 1 else []
    if not draft.amends:
        lines += [
            scene.text("preview-case", case=draft.case_code or scene.text("preview-no-case")),
            scene.text("preview-kind", kind=scene.text(f"note-kind-{draft.kind}")),
            scene.text("preview-when", when=when),
        ]
    for index, name in enumerate(PARTS):
        if draft.parts[index]:
            heading = scene.text(f"preview-{name}" if draft.form == "full" or index else "preview-text")
            lines.append(f"{heading}\n{shown(draft.part(index))}")
    if draft.summary:
        lines.append(scene.text("preview-others", text=shown(draft.summary)))
    if draft.attachments:
        lines.append(scene.text("preview-attached", what=attaching.counted(draft.attachments, scene)))
    if draft.flag_reason:
        reason = scene.text(f"reason-{draft.flag_reason}")
        lines.append(scene.text("preview-flag", urgency=scene.text(f"urgency-{draft.urgency}"), reason=reason))
    elif not draft.amends:
        lines.append(scene.text("preview-no-flag", urgency=scene.text(f"urgency-{draft.urgency}")))
    lines.append(scene.text("preview-author", handle=scene.person.handle))
    if draft.left_over:
        lines.append(scene.text("preview-left-over", rest=draft.left_over_length))
    rows = column(Choice("log", scene.text("button-log")), Choice("change", scene.text("button-change")))
    texts = pieces("\n".join(lines), 3_500)
    title = scene.text("preview-title")
    says = [Say(text, title=title if place == 0 else "", private=draft.id) for place, text in enumerate(texts)]
    says[-1] = replace(says[-1], rows=rows)
    return tuple(says)


def _changes(draft: Draft, scene: Scene) -> list[Choice]:
    parts = range(len(PARTS)) if draft.form == "full" else range(1)
    texts = [
        Choice(f"part.{index}", scene.text(f"preview-{PARTS[index]}" if draft.form == "full" else "preview-text"))
        for index in parts
    ]
    media = [Choice("media", scene.text("change-media"))] if draft.attachments else []
    media.append(Choice("others", scene.text("change-others")))
    if draft.amends:
        return [*texts, *media, Choice("preview", scene.text("button-back"))]
    return [
        Choice("case", scene.text("change-case")),
        Choice("kind", scene.text("change-kind")),
        Choice("when", scene.text("change-when")),
        *texts,
        *media,
        Choice("urgency", scene.text("change-urgency")),
        Choice("preview", scene.text("button-back")),
    ]


def _agency(draft: Draft, scene: Scene) -> Agency:
    return (scene.person.at(draft.agency) or scene.home).agency


def _minute(scene: Scene) -> datetime:
    return scene.now.replace(second=0, microsecond=0)


def _last_part(draft: Draft) -> int:
    return max((index for index, part in enumerate(draft.parts) if part), default=0)


def _with(state: Asking, draft: Draft) -> State:
    return replace(state, draft=draft)


def _back(state: AskLeave) -> Asking:
    if state.was == "AskPart":
        return AskPart(state.draft, state.part)
    return _BY_NAME[state.was](state.draft)
