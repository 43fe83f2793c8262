"""Whatever people do, in whatever order: the assistant answers, keeps what it was told, and survives a restart."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialogues import desk, note
from dialogues.case_code import CasePattern, Problem
from dialogues.clean import clean, units
from dialogues.flag_life import FlagState
from dialogues.floor import Floor
from dialogues.model import (
    Attachable,
    Chose,
    Colleague,
    Due,
    Edited,
    EraseTraces,
    Event,
    Fetched,
    FetchMedium,
    FlagView,
    KeepNote,
    Media,
    NotBrought,
    NoteView,
    NotFetched,
    Opened,
    PlanView,
    PressedOld,
    Remind,
    RotaView,
    Scene,
    Sent,
    Tell,
    TracePrivate,
    Urgency,
    WalkView,
    Wrote,
)
from dialogues.reference import reference
from dialogues.registry import DIALOGUES
from dialogues.rota_file import keep, read
from dialogues.when import more_than_a_time

REPORT = "He folded paper cranes in the yard this morning and gave one to a visitor"
DANGER = "he has a knife"
LONG = {
    "words": "word " * 819,
    "no blanks": "x" * 4_096,
    "emoji": "👨‍👩‍👧‍👦" * 372,
    "marks": "e" + "\u0301" * 4_000,
    "lines": "a\n" * 2_048,
    "Hebrew": "שלום עולם " * 409,
}
TYPED = [
    *(REPORT, DANGER, "", "?", "hello", "what is consent", "yesterday 3 pm", "He shouted at staff yesterday 3 pm"),
    *("AB-1234-P", "C-17", "Mario Rossi", "⚠ Danger now", "☰ Menu", "/", "/x", "/start", "/start token", "/cancel"),
    *("/note", "/note quick", f"/note {REPORT}", "/note carry.zz.text", "/note resume", "/note amend.x", "/guide"),
    *("/guide s05", "/guide step.S99", "/notes", "/notes undo.x", "/inbox", "/inbox K7QF-3M2D.take", "/help"),
    *("/release", "/release AB-1234-P", "/release x", "12 March 2027", "03/04", "in 3 months", "1 January 1970"),
    *("/danger", "/language", "/menu@somebot", "\u202eevil\u2066", "مرحبا بالعالم", "👩🏽‍🚀🇪🇺"),
    *LONG.values(),
]
KEYS = re.findall(
    r"\S+",
    "leave log next redo go back steps pause done why note return tick.1 untick.2 tick.999 b.yes b.no kept. "
    "part.0 part.3 case kind when urgency preview quick none now unknown today urgent yes no keep discard "
    "go-on resume new take close hand-on list to.0 acted more helpful coordinator guide step.S01 step.S99 "
    "accept decline en fr north list plan date drop really pause other m.m3 m.none tick.mentor-agreed p.x d.2027-04-03",
)
ABOUTS = [
    *("", "quick", "resume", "carry.zz.text", f"carry.{'0' * 32}.text", "case.Mario Rossi", "undo.x", "parked."),
    *("parked.carry.", "discard-parked.quick", "amend.x", "step.S14", "id.x", "x.take", f"open.{'7' * 32}"),
    *(f"pause.{'7' * 32}", f"resume.{'7' * 32}", "open.", "pause.x"),
]
OTHER_KEYS = st.text("abcS019.-²", min_size=1, max_size=12)
ACTS = st.one_of(
    *[st.tuples(st.just("press"), st.integers(0, 30))] * 3,
    *[st.tuples(st.just("write"), st.one_of(st.sampled_from(TYPED), st.text(max_size=60)))] * 2,
    st.tuples(st.just("key"), st.one_of(st.sampled_from(KEYS), OTHER_KEYS)),
    st.tuples(
        st.just("open"),
        st.tuples(st.sampled_from([*DIALOGUES, "nothing"]), st.one_of(st.sampled_from(ABOUTS), OTHER_KEYS)),
    ),
    st.tuples(st.just("old"), st.none()),
    st.tuples(
        st.just("sent"),
        st.builds(
            Sent,
            st.one_of(st.sampled_from(get_args(Attachable)), st.sampled_from(get_args(Media))),
            st.sampled_from(["handle", "handle", ""]),
            st.sampled_from([0, 5_000_000, 5_000_001]),
            st.sampled_from(["", REPORT, DANGER, "word " * 204]),
        ),
    ),
    st.tuples(st.just("brought"), st.tuples(st.integers(0, 9), st.sampled_from(["", "", *get_args(NotBrought)]))),
    st.tuples(st.just("edited"), st.none()),
    st.tuples(st.just("idle"), st.sampled_from([0, 11, 13])),
    st.tuples(st.just("reminder"), st.sampled_from([0, 24, 2_000])),
)
STARTS: list[list[tuple[str, Any]]] = [
    [],
    [("write", "/note")],
    [("write", "/note quick")],
    [("write", "/note"), ("press", 0), ("press", 0), ("press", 0), ("write", REPORT)],
    [("write", "/note quick"), ("write", REPORT), ("press", 1)],
    [("write", "/note"), ("write", REPORT), ("write", "/cancel"), ("press", 0)],
    [("write", f"/note {LONG['words'][:4_000]}"), ("press", 0), ("press", 0), ("press", 0), ("write", LONG["lines"])],
    [("write", "/guide s02"), ("press", 0), ("press", 9)],
    [("write", REPORT)],
    [("write", "what is consent")],
    [("write", "/release AB-1234-P"), ("write", "12 March 2027"), ("press", 0)],
    [("write", "/release"), ("press", 0)],
    [("write", "/rota"), ("press", 1), ("press", 0)],
]
FLAG_STATES = get_args(FlagState)
ROTA = """
evening = "18:00"
shift = [{ days = "daily", from = "08:00", to = "20:00", first = ["Coord-2"] }]
absence = [{ who = "Coord-2", from = 2026-11-24, to = 2026-11-30 }]
"""
PROGRESS = [
    '["AtStep",{"walk_id":"%s","version":0,"step":"S02","page":"S02-D1"}]' % ("4" * 32),
    '["AtStep",{"walk_id":"%s","version":9,"step":"S99","page":"gone"}]' % ("5" * 32),
    *("[]", "x", ""),
]
PLANS = [
    '["KeptPlan",{"id":"%s","agency":"north","case_code":"AB-1234-P","release":"2026-12-01","told":"2026-11-01"}]'
    % ("7" * 32),
    '["KeptPlan",{"id":"%s","agency":"gone","case_code":"C-17","release":"2027-12-01","told":"2026-11-01",'
    '"ticks":["mentor-agreed","gone"],"paused":true}]' % ("8" * 32),
    *("[]", "x", ""),
]
TOLD = (
    *("note-not-taken", "note-when-unclear", "note-far-too-long", "unknown-command", "ask-forgotten"),
    *("draft-discarded", "draft-expired", "note-no-recipient"),
)
"""Phrases after which nobody believes that the words just typed, or the draft, are in a note."""


@st.composite
def found_rows(draw: st.DrawFn, now: datetime) -> dict[str, tuple[object, ...]]:
    """What look-ups may find."""
    flags: list[FlagView] = []
    notes: list[NoteView] = []
    for number in draw(st.lists(st.integers(1, 12), max_size=12, unique=True)):
        id = f"{number:x}" * 32
        at = now - timedelta(minutes=draw(st.integers(-3, 3_000)))
        owner = draw(st.sampled_from(["", "aa" * 16, "bb" * 16]))
        urgency, state = draw(st.sampled_from(get_args(Urgency))), draw(st.sampled_from(FLAG_STATES))
        flags.append(
            FlagView(
                id,
                reference(id),
                "north",
                "North",
                urgency,
                state,
                at,
                at,
                owner,
                "Coord-2" if owner else "",
                "",
                draw(st.booleans()),
                draw(st.sampled_from([None, now])),
            )
        )
        note_state = draw(st.sampled_from(["held", "waiting", "handed-over", "withdrawn"]))
        until = draw(st.sampled_from([None, now, now + timedelta(minutes=1)]))
        slug = draw(st.sampled_from(["north", "elsewhere"]))
        flagged, amends = draw(st.sampled_from(["", *FLAG_STATES])), draw(st.sampled_from(["", "f" * 32]))
        called = urgency if flagged else ""
        notes.append(NoteView(id, reference(id), slug, at, note_state, flagged, until, amends, called))
    walks = [WalkView(f"{number}" * 32, "north", 1, draw(st.sampled_from(PROGRESS))) for number in range(1, 8)]
    plans = [PlanView(f"{number}" * 32, "north", body) for number, body in enumerate(draw(st.permutations(PLANS)), 1)]
    plans = plans[: draw(st.integers(0, len(plans)))]
    colleagues = draw(st.sampled_from([(), (Colleague("bb" * 16, "Coord-2"),), (Colleague("cc" * 16, ""),)]))
    return {
        "open-flags": tuple(flags),
        "flag": tuple(flags[:1]),
        "my-notes": tuple(notes),
        "my-note": tuple(notes[:1]),
        "my-plans": tuple(plans),
        "plan": tuple(plans[:1]),
        "my-walks": tuple(walks[: draw(st.integers(0, 7))]),
        "colleagues": colleagues,
        "rota": draw(st.sampled_from([(), (rota_view(""),), (rota_view(keep(read(ROTA))),)])),
    }


def rota_view(body: str) -> RotaView:
    return RotaView("north", "North", ZoneInfo("Europe/Paris"), 1, body, body, (Colleague("bb" * 16, "Coord-2"),))


def as_event(kind: str, what: Any, talk: Any) -> Event:
    match kind:
        case "write":
            return Wrote(clean(what))
        case "press":
            if not talk.choices:
                return PressedOld()
            choice = talk.choices[what % len(talk.choices)]
            dialogue, _, about = choice.key.partition(".")
            return Opened(dialogue, about) if choice.lasting else Chose(choice.key)
        case "key":
            return Chose(what)
        case "open":
            return Opened(*what)
        case "sent":
            return what
        case "brought":
            return fetched(talk, *what)
        case "edited":
            return Edited()
        case "idle":
            talk.wait(timedelta(hours=what))
            return Due("idle")
        case "reminder":
            talk.wait(timedelta(hours=what))
            return Due("plan", found=talk.rows["plan"])
    return PressedOld()


def fetched(talk: Any, place: int, why: Any) -> Event:
    """What came of something that was to be fetched, whatever became of its draft; perhaps not for the first time."""
    wanted = [effect for effect in talk.effects if isinstance(effect, FetchMedium)]
    if not wanted:
        return PressedOld()
    one = wanted[-1 - place % len(wanted)]
    return NotFetched(one.draft, one.number, why) if why else Fetched(one.draft, one.number, 1_000, "ab" * 32)


def play(talk: Any, series: list[tuple[str, Any]]) -> None:
    for kind, what in series:
        event = as_event(kind, what, talk)
        before = talk.floor
        talk.hear(event)
        look_at_says(talk, event)
        look_at_the_floor(talk.floor)
        look_at_notes(before, event, talk)


def look_at_says(talk: Any, event: Event) -> None:
    # What is fetched speaks when it is here, if its draft still is.
    if not isinstance(event, Due | Fetched | NotFetched) and not talk.made(FetchMedium):
        assert talk.says, "silence"
    for say in talk.says:
        assert say.text.strip()
        assert units(say.title) + units(say.text) + units(say.small) <= 8_000
        for choice in say.choices:
            assert 1 <= units(choice.label) <= 64, choice.key
            assert 1 <= len(choice.key.encode()) <= 48
            assert all(sign.isascii() and (sign.isalnum() or sign in ".-") for sign in choice.key)
            assert not choice.lasting or choice.key.partition(".")[0] in DIALOGUES
    for effect in talk.turn.effects:
        if isinstance(effect, Tell):
            assert talk.phrase(effect.phrase, **dict(effect.args))
        if isinstance(effect, TracePrivate | EraseTraces):
            assert len(bytes.fromhex(effect.draft)) == 16


def look_at_the_floor(floor: Floor) -> None:
    assert len(floor.frames) <= desk.DEEPEST
    names = [frame.dialogue for frame in floor.frames]
    assert len(set(names)) == len(names), "a dialogue stands on itself"
    assert len(floor.parked) <= 1


def drafts(floor: Floor) -> dict[str, note.Draft]:
    found = [frame.state for frame in (*floor.frames, *floor.parked) if frame.dialogue == "note"]
    return {state.draft.id: state.draft for state in found if hasattr(state, "draft")}


def bare(text: str) -> str:
    return "".join(text.split())


def words(draft: note.Draft) -> list[str]:
    """Each part without blanks, what did not fit behind it."""
    over = ["".join(text for at, text in draft.left_over if at == part) for part in range(4)]
    return [bare(draft.part(part) + over[part]) for part in range(4)]


def was_told(talk: Any) -> bool:
    said = talk.said
    patterns = [CasePattern(one.agency.case_pattern) for one in talk.scene.person.memberships]
    reads = [pattern.read(text) for pattern in patterns for text in ("", "xyz", "1", "1" * 30, "+1")]
    whys = [read.say for read in reads if isinstance(read, Problem)]
    whys += ["A letter stands where a digit belongs", "One character is off", "sign in it that our case codes"]
    phrases = [talk.phrase(key, most=4_000, agency="|", hours=12).rpartition("|")[2] for key in TOLD]
    return any(one.strip() in said for one in (*whys, *phrases))


def look_at_notes(before: Floor, event: Event, talk: Any) -> None:
    old, new = drafts(before), drafts(talk.floor)
    made = talk.made(KeepNote)
    erased = {one.draft for one in talk.made(EraseTraces)}
    assert len(made) <= 1
    for one in made:
        look_at_the_kept(one, before, event, old[one.note_id], new)
    for id, draft in old.items():
        if id in new and event != Chose("redo"):
            for had, has in zip(words(draft), words(new[id]), strict=True):
                assert has.startswith(had), "words are gone from a draft"
        if id not in new:
            assert id in erased, "a draft went and its messages stay in the chat"
            kept = any(one.note_id == id for one in made)
            given_up = event == Chose("new")  # "Discard it, start a new one"
            assert kept or given_up or not any(words(draft)) or was_told(talk), "a draft went without a word"
    if before.top is not None and note.takes_media(before.top.state) and isinstance(event, Sent):
        if event.media in get_args(Attachable):
            look_at_what_was_typed(before.top.state, event.caption, talk, new)
    elif isinstance(event, Wrote) and before.top is not None and before.top.dialogue == "note":
        look_at_what_was_typed(before.top.state, event.text, talk, new)


def look_at_the_kept(
    kept: KeepNote, before: Floor, event: Event, draft: note.Draft, new: dict[str, note.Draft]
) -> None:
    """Only *Log it* under a preview keeps a note; it is what was typed, and what is over waits in an amendment."""
    assert event == Chose("log")
    assert before.top is not None
    assert isinstance(before.top.state, note.Preview)
    body = json.dumps(dict(kept.body), ensure_ascii=False, separators=(",", ":")).encode()
    assert len(body) <= 16_380
    parts = {name: draft.part(index) for index, name in enumerate(note.PARTS) if draft.parts[index]}
    assert kept.body["parts"] == parts
    attached = kept.body.get("attachments", [])
    assert isinstance(attached, list)
    assert [one["number"] for one in attached] == [*kept.attachments]
    assert all(one["digest"] and one["size"] for one in attached), "kept before it was here"
    assert len(attached) <= 5
    if draft.left_over:
        rest = next(one for one in new.values() if one.amends)
        whole = [bare(draft.part(part)) + more for part, more in enumerate(words(rest))]
        assert whole == words(draft), "what did not fit is not in the amendment"


def look_at_what_was_typed(state: Any, text: str, talk: Any, new: dict[str, note.Draft]) -> None:
    """It is in the note, or is its case code or its time, or was said not to be taken."""
    scene: Scene = talk.scene
    if not text or text.startswith("/") or text in (scene.text("button-danger"), scene.text("button-menu")):
        return
    if was_told(talk) or any(bare(text) in whole for draft in new.values() for whole in words(draft)):
        return
    was = getattr(state, "was", type(state).__name__)
    (draft,) = new.values()
    if was == "AskCase":
        assert draft.case_code
    else:
        assert was == "AskWhen"
        assert draft.precision
        assert not more_than_a_time(text, scene.now, scene.home.agency.zone)


def try_one(talk: Callable[..., Any], places: list[tuple[object, ...]], data: st.DataObject, most: int) -> None:
    one = talk(
        role=data.draw(st.sampled_from(["officer", "prison", "mentor", "coordinator", "supervisor", "admin"])),
        accepted=data.draw(st.integers(0, 9)) > 0,
        agencies=data.draw(st.sampled_from(places)),
    )
    one.rows = data.draw(found_rows(one.scene.now))
    play(one, [*data.draw(st.sampled_from(STARTS)), *data.draw(st.lists(ACTS, max_size=most))])


@pytest.fixture(scope="session")
def places(north: Any, south: Any) -> list[tuple[object, ...]]:
    return [(north,), (north, south), (replace(north, ready=False), south)]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_series_of_events_is_answered_and_loses_no_word(talk: Any, places: Any, data: st.DataObject) -> None:
    try_one(talk, places, data, 20)


@pytest.mark.long
@pytest.mark.timeout(1200)
@settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_many_long_series_of_events_lose_no_word(talk: Any, places: Any, data: st.DataObject) -> None:
    try_one(talk, places, data, 60)


# ---------------------------------------------------------------- facts


def test_an_old_button_explains_itself_and_changes_nothing(talk: Any) -> None:
    one = talk()
    one.write("/note", REPORT)
    before = one.floor
    one.hear(PressedOld())
    assert one.says[0].text == one.phrase("old-button")
    assert "none" in one.keys, "the open question comes again"
    assert (one.floor, one.turn.effects) == (before, ())


@pytest.mark.parametrize("media", sorted({*get_args(Media)} - {*get_args(Attachable)}))
def test_what_is_not_text_is_refused_kindly_and_the_question_comes_again(talk: Any, media: Media) -> None:
    one = talk()
    one.write("/note")
    one.hear(Sent(media))
    assert one.says[0].text == one.phrase(f"sent-{media}")
    assert "none" in one.keys


def test_a_draft_idle_for_12_hours_is_gone_and_that_is_said(talk: Any) -> None:
    one = talk()
    one.write("/note")
    assert one.made(Remind) == [Remind("idle", one.scene.now + timedelta(hours=12))]
    one.write(REPORT)
    (id,) = drafts(one.floor)
    one.wait(timedelta(hours=12))
    one.hear(Due("idle"))
    assert one.said.strip() == one.phrase("draft-expired", hours=12)
    assert (one.floor, one.made(EraseTraces)) == (Floor(), [EraseTraces(id)])


def test_a_parked_draft_expires_too(talk: Any) -> None:
    one = talk()
    one.write("/note", REPORT, "/menu")
    one.wait(timedelta(hours=12))
    one.hear(Due("idle"))
    assert one.said.strip() == one.phrase("draft-expired", hours=12)
    assert one.floor == Floor()


def test_a_timer_before_its_time_is_set_again(talk: Any) -> None:
    one = talk()
    one.write("/note")
    one.wait(timedelta(hours=6))
    one.write(REPORT)
    since = one.scene.now
    one.wait(timedelta(hours=6))
    one.hear(Due("idle"))
    assert one.says == ()
    assert one.made(Remind) == [Remind("idle", since + timedelta(hours=12))]


def test_a_report_nobody_answered_for_expires_and_leaves_the_chat(talk: Any) -> None:
    one = talk()
    one.write(REPORT)
    (traced,) = one.made(TracePrivate)
    one.wait(timedelta(hours=12))
    one.hear(Due("idle"))
    assert one.made(EraseTraces) == [EraseTraces(traced.draft)]
    assert one.said.strip() == one.phrase("draft-expired", hours=12)


def test_a_report_left_for_the_menu_is_said_to_be_forgotten_and_leaves_the_chat(talk: Any) -> None:
    one = talk()
    one.write(REPORT)
    (traced,) = one.made(TracePrivate)
    one.write("/menu")
    assert one.says[0].text == one.phrase("ask-forgotten")
    assert one.made(EraseTraces) == [EraseTraces(traced.draft)]


def test_a_name_typed_for_a_case_code_leaves_the_chat_with_the_empty_note(talk: Any) -> None:
    one = talk()
    one.write("/note", "Mario Rossi")
    (traced,) = one.made(TracePrivate)
    one.write("/menu")
    assert one.made(EraseTraces) == [EraseTraces(traced.draft)]


def test_a_question_in_the_inbox_is_a_question(talk: Any) -> None:
    one = talk()
    one.write("/language", DANGER)
    assert one.says[0].title == one.phrase("danger-first")


def test_a_text_behind_the_note_command_is_the_notes_text(talk: Any) -> None:
    one = talk()
    one.write(f"/note {REPORT}")
    (draft,) = drafts(one.floor).values()
    assert draft.part(0) == REPORT
    assert one.made(TracePrivate) == [TracePrivate(draft.id)]


def test_cancel_with_nothing_going_on_says_so(talk: Any) -> None:
    one = talk()
    one.write("/cancel")
    assert one.says[0].text == one.phrase("nothing-to-cancel")
