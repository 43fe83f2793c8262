"""What a person can count on while writing a note."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialogues.clean import units
from dialogues.model import EraseTraces, KeepNote, NoteView, Remind, Tell, TracePrivate
from dialogues.note import MOST_UNITS, AskAgency, AskCase, AskPart, AskResume, AskWhen, Preview
from dialogues.reference import reference

STORY = "He folded paper cranes by the window and said nothing."
SENTENCE = "Then he put the paper down."
DANGER = "he has a knife"


def full(talk: Any, **settings: Any) -> Any:
    """A full note up to its preview."""
    one = talk(**settings)
    one.write("/note", "AB-1234-P")
    one.press("incident")
    one.write("yesterday 3 pm", STORY)
    one.press("next", "next", "next", "next", "routine", "no")
    return one


def quick(talk: Any, text: str = STORY, **settings: Any) -> Any:
    one = talk(**settings)
    one.write("/note quick", text)
    return one


def test_a_full_note_holds_what_was_typed_and_nothing_else(talk: Any) -> None:
    one = talk()
    one.write("/note", "ab 1234 p")
    one.press("contact")
    one.write("yesterday 3 pm", STORY, SENTENCE)
    one.press("next")
    one.write("A colleague heard it too.")
    one.press("next")
    one.write("He may miss home.")
    one.press("next")
    one.write("He may be bored.")
    one.press("next", "today", "yes", "child")
    assert isinstance(one.state, Preview)
    assert one.kept == []
    one.press("log")
    (kept,) = one.made(KeepNote)
    assert (kept.case_code, kept.flag_level, kept.agency, kept.amends) == ("AB-1234-P", 2, "north", "")
    assert kept.body["parts"] == {
        "seen": f"{STORY}\n{SENTENCE}",
        "told": "A colleague heard it too.",
        "think": "He may miss home.",
        "else": "He may be bored.",
    }
    assert kept.body["occurred_at"] == "2026-11-22T15:00:00+01:00"
    assert (kept.body["urgency"], kept.body["flag_reason"], kept.body["flagged"]) == ("today", "child", True)
    assert kept.body["author"] == {"handle": "PO-17", "role": "officer"}
    assert one.made(EraseTraces) == [EraseTraces(kept.note_id)]
    assert one.floor.frames == ()


def test_a_quick_note_takes_a_text_and_three_taps(talk: Any) -> None:
    one = talk()
    one.write("/menu")
    one.press("note.quick")
    one.write(STORY)
    one.press("urgent", "log")
    (kept,) = one.kept
    assert (kept.flag_level, kept.body["flag_reason"], kept.body["parts"]) == (3, "other", {"seen": STORY})
    assert kept.body["occurred_precision"] == "hour"
    assert one.says[0].title == one.phrase("danger-first"), "an urgent flag is no emergency call"


def test_a_quick_note_cannot_be_logged_without_a_text(talk: Any) -> None:
    one = talk()
    one.write("/note quick")
    assert one.keys == ()


def test_every_message_with_note_text_is_traced(talk: Any) -> None:
    one = talk()
    one.write("/note", "Mario Rossi")
    assert len(one.made(TracePrivate)) == 1
    one.press("none", "other")
    one.write(f"{STORY} It was yesterday.")
    assert len(one.made(TracePrivate)) == 1
    one.write(STORY)
    assert len(one.made(TracePrivate)) == 1
    assert len({effect.draft for effect in one.effects if isinstance(effect, TracePrivate)}) == 1


def test_nothing_is_kept_before_log_it(talk: Any) -> None:
    one = full(talk)
    assert one.kept == []
    one.press("log")
    assert len(one.kept) == 1


def test_logging_without_any_text_leads_back_to_the_text(talk: Any) -> None:
    one = talk()
    one.write("/note")
    one.press("none", "other", "unknown", "next", "next", "next", "next")
    assert one.says[0].text == one.phrase("note-nothing-yet")
    assert one.state.part == 0


@pytest.mark.parametrize("was", ["AskCase", "AskKind", "AskWhen", "Preview", "AskChange"])
def test_a_sentence_typed_at_another_question_is_in_the_note(talk: Any, was: str) -> None:
    one = talk()
    one.write("/note")
    if was in ("AskKind", "AskWhen"):
        one.press("none")
    if was == "AskWhen":
        one.press("other")
    if was in ("Preview", "AskChange"):
        one = full(talk)
    if was == "AskChange":
        one.press("change")
    assert type(one.state).__name__ == was
    one.write(SENTENCE)
    assert one.state.draft.part(0).endswith(SENTENCE)
    assert one.phrase("note-added-to-text") in one.said


def test_a_sentence_typed_where_the_agency_is_asked_is_in_the_note(talk: Any, north: Any, south: Any) -> None:
    one = talk(agencies=(north, south))
    one.write("/note", SENTENCE)
    assert isinstance(one.state, AskAgency)
    assert one.state.draft.part(0) == SENTENCE


@pytest.mark.parametrize("was", ["agency", "change", "resume"])
def test_a_word_where_a_button_was_asked_for_is_said_not_to_be_taken(
    talk: Any, north: Any, south: Any, was: str
) -> None:
    if was == "agency":
        one = talk(agencies=(north, south))
        one.write("/note")
    elif was == "change":
        one = full(talk)
        one.press("change")
    else:
        one = full(talk)
        one.write("/menu", "/note")
    one.write("Rossi")
    assert one.says[0].text == one.phrase("note-not-taken")


def test_a_story_with_a_time_in_it_gives_the_time_and_keeps_the_story(talk: Any) -> None:
    one = talk()
    one.write("/note")
    one.press("none", "incident")
    assert isinstance(one.state, AskWhen)
    one.write("He shouted at staff yesterday 3 pm")
    assert isinstance(one.state, AskPart)
    assert one.state.draft.part(0) == "He shouted at staff yesterday 3 pm"
    assert one.state.draft.precision == "minute"
    assert len(one.made(TracePrivate)) == 1


def test_a_time_alone_is_no_text(talk: Any) -> None:
    one = talk()
    one.write("/note")
    one.press("none", "incident")
    one.write("it was yesterday at about 3 pm")
    assert isinstance(one.state, AskPart)
    assert one.state.draft.length == 0


@pytest.mark.parametrize("was", ["AskCase", "AskWhen", "AskPart", "AskResume", "Preview", "AskLeave"])
def test_danger_comes_first_wherever_it_is_typed_in_a_note(talk: Any, was: str) -> None:
    one = talk(role="prison")
    one.write("/note")
    if was in ("AskWhen", "AskPart"):
        one.press("none", "other")
    if was == "AskPart":
        one.press("now")
    if was == "AskResume":
        one.write(SENTENCE, "/menu", "/note")
    if was == "Preview":
        one = full(talk, role="prison")
    if was == "AskLeave":
        one.write(SENTENCE, "/cancel")
    assert type(one.state).__name__ == was
    one.write(DANGER)
    assert one.says[0].title == one.phrase("danger-first-prison")


def test_danger_in_a_few_words_for_a_code_comes_first(talk: Any) -> None:
    one = talk()
    one.write("/note", "hanging himself")
    assert one.says[0].title == one.phrase("danger-first")


def test_the_agencys_own_alarm_comes_first(talk: Any, north: Any) -> None:
    one = talk(agencies=(replace(north, alarm="Pull the red cord."),))
    one.write("/note quick", DANGER)
    assert one.says[0].title == "Pull the red cord."


def test_a_preview_of_a_long_note_comes_in_several_messages_buttons_last(talk: Any) -> None:
    one = quick(talk, "word " * 799 + "end")
    one.press("routine")
    assert len(one.says) >= 2
    assert all(units(say.text) <= 3_500 and say.private == one.state.draft.id for say in one.says)
    assert [bool(say.rows) for say in one.says] == [False] * (len(one.says) - 1) + [True]
    assert "".join("".join(say.text.split()) for say in one.says).count("word") == 799


def test_what_does_not_fit_is_said_and_reaches_the_amendment(talk: Any) -> None:
    first, second, third = "a " * 1_999 + "a", "b " * 1_500 + "b", "c " * 300 + "c"
    one = quick(talk, first)
    one.write(second)
    assert f"{units(second):,}" in one.said
    one.write(third)
    one.press("routine", "log")
    (kept,) = one.kept
    assert kept.body["parts"] == {"seen": first}
    assert isinstance(one.state, AskPart)
    one.press("next", "log")
    whole, rest = one.kept
    assert rest.amends == whole.note_id
    assert rest.note_id != whole.note_id
    assert rest.body["parts"] == {"seen": f"{second}\n{third}"}
    assert one.floor.frames == ()


def test_a_message_that_fits_in_part_is_cut_between_sentences_and_that_is_said(talk: Any) -> None:
    sentence = "He folded a crane. "
    one = quick(talk, (sentence * 100).strip())
    one.write((sentence * 200).strip())
    draft = one.state.draft
    assert MOST_UNITS - 200 < draft.length <= MOST_UNITS
    assert draft.parts[0][1].endswith("crane.")
    ((part, rest),) = draft.left_over
    assert part == 0
    assert f"{draft.parts[0][1]} {rest}" == (sentence * 200).strip()
    assert f"{units(rest):,}" in one.said


def test_more_than_an_amendment_holds_is_said_not_to_be_taken(talk: Any) -> None:
    one = quick(talk, "a" * 4_000)
    one.write(*["b" * 4_000] * 3)
    before = one.state.draft
    one.write("c" * 4_000)
    assert one.phrase("note-far-too-long", most=MOST_UNITS) in one.said
    assert one.state.draft == before


def test_many_small_messages_still_fit_the_sealed_size(talk: Any) -> None:
    one = quick(talk, "文")
    draft = one.state.draft
    full_draft = replace(draft, parts=(("文",) * 2_000, (), (), ()))
    assert full_draft.room(0) == 0
    assert full_draft.length == 2_000


def test_a_part_can_be_written_again(talk: Any) -> None:
    one = full(talk)
    one.press("change", "part.0", "redo")
    one.write(SENTENCE)
    one.press("next", "log")
    assert one.kept[0].body["parts"] == {"seen": SENTENCE}


@pytest.mark.parametrize(
    ("key", "then", "field", "value"),
    [
        ("case", "none", "case_code", None),
        ("kind", "progress", "type", "progress"),
        ("when", "unknown", "occurred_at", None),
    ],
)
def test_one_thing_is_changed_and_the_preview_comes_back(
    talk: Any, key: str, then: str, field: str, value: Any
) -> None:
    one = full(talk)
    one.press("change", key, then)
    assert isinstance(one.state, Preview)
    one.press("log")
    assert one.kept[0].body[field] == value


def test_the_urgency_and_the_flag_can_be_changed(talk: Any) -> None:
    one = full(talk)
    one.press("change", "urgency", "urgent", "yes", "staff", "log")
    assert (one.kept[0].flag_level, one.kept[0].body["flag_reason"]) == (3, "staff")


def test_a_note_put_aside_comes_back_as_it_was(talk: Any) -> None:
    one = full(talk)
    draft = one.state.draft
    one.write("/cancel")
    one.press("keep", "home", "note.resume")
    assert one.state == Preview(draft)
    assert "log" in one.keys


def test_a_note_discarded_leaves_the_chat(talk: Any) -> None:
    one = full(talk)
    id = one.state.draft.id
    one.write("/cancel")
    one.press("discard")
    assert one.made(EraseTraces) == [EraseTraces(id)]
    assert one.floor.frames == one.floor.parked == ()


def test_a_new_note_asks_about_the_waiting_one_and_can_discard_it(talk: Any) -> None:
    one = full(talk)
    old = one.state.draft.id
    one.write("/menu", "/note")
    assert isinstance(one.state, AskResume)
    one.press("new")
    assert one.made(EraseTraces) == [EraseTraces(old)]
    assert isinstance(one.state, AskCase)
    assert one.floor.parked == ()


def test_a_report_typed_at_home_becomes_a_note_with_its_text(talk: Any) -> None:
    report = "He folded paper cranes in the yard this morning and gave one to a visitor"
    one = talk()
    one.write(report)
    (traced,) = one.made(TracePrivate)
    one.press("note", "none", "other", "now", "next", "next", "next", "next", "routine", "no", "log")
    (kept,) = one.kept
    assert kept.note_id == traced.draft
    assert kept.body["parts"] == {"seen": report}
    assert EraseTraces(traced.draft) in one.made(EraseTraces)


@pytest.mark.parametrize("choice", ["resume", "new", "leave"])
def test_a_report_typed_while_a_note_waits_is_not_lost_in_silence(talk: Any, choice: str) -> None:
    report = "He folded paper cranes in the yard this morning and gave one to a visitor"
    one = full(talk)
    one.write("/menu", report)
    (traced,) = one.made(TracePrivate)
    one.press("note")
    if choice == "leave":
        one.write("/cancel")
        assert one.says[0].text == one.phrase("ask-forgotten")
        assert one.made(EraseTraces) == [EraseTraces(traced.draft)]
        return
    one.press(choice)
    expected = f"{STORY}\n{report}" if choice == "resume" else report
    assert one.state.draft.part(0) == expected
    assert EraseTraces(traced.draft) in one.turn.effects or one.state.draft.id == traced.draft


def test_an_amendment_names_the_note_it_adds_to(talk: Any) -> None:
    one = talk()
    id = "3" * 32
    view = NoteView(id, reference(id), "north", one.scene.now, "waiting", "", None, "")
    one.rows = {"my-notes": (view,), "my-note": (view,)}
    one.write("/notes")
    one.press(reference(id))
    one.write(SENTENCE)
    one.press("next", "log")
    (kept,) = one.kept
    assert (kept.amends, kept.body["kind"], kept.body["parts"]) == (id, "amended", {"seen": SENTENCE})
    assert kept.note_id != id


@pytest.mark.parametrize("view", [None, ("withdrawn", "north"), ("waiting", "elsewhere")])
def test_a_note_that_is_not_mine_or_withdrawn_cannot_be_amended(talk: Any, view: Any) -> None:
    one = talk()
    id = "3" * 32
    if view is not None:
        one.rows["my-note"] = (NoteView(id, reference(id), view[1], one.scene.now, view[0], "", None, ""),)
    one.open(f"note.amend.{reference(id)}")
    assert one.says[0].text == one.phrase("note-not-yours")
    assert one.floor.frames == ()


def test_with_several_agencies_the_note_goes_to_the_one_chosen(talk: Any, north: Any, south: Any) -> None:
    one = talk(agencies=(north, south))
    one.write("/note quick")
    assert one.keys == ("north", "south")
    one.press("south")
    one.write(STORY)
    one.press("routine", "log")
    assert one.kept[0].agency == one.kept[0].body["agency"] == "south"


def test_a_case_code_is_not_carried_to_another_agency(talk: Any, north: Any, south: Any) -> None:
    one = talk(agencies=(north, south))
    one.open("note.case.AB-1234-P")
    one.press("south")
    assert isinstance(one.state, AskCase)
    assert one.state.draft.case_code == ""


def test_a_name_never_becomes_a_case_code(talk: Any) -> None:
    one = talk()
    one.open("note.case.Mario Rossi")
    assert isinstance(one.state, AskCase)


def test_an_agency_without_recipients_says_so_before_anything_is_typed(talk: Any, north: Any) -> None:
    one = talk(agencies=(replace(north, ready=False),))
    one.write("/note")
    assert one.phrase("note-no-recipient", agency=north.name) in one.said
    assert [tell.whom for tell in one.made(Tell)] == ["admins"]
    assert one.floor.frames == ()


def test_a_desk_that_lost_its_recipients_leaves_the_draft_at_its_preview(talk: Any, north: Any) -> None:
    one = full(talk)
    (membership,) = one.scene.person.memberships
    gone = replace(membership, agency=replace(north, ready=False))
    one.scene = replace(one.scene, person=replace(one.scene.person, memberships=(gone,)))
    one.press("log")
    assert one.kept == []
    assert isinstance(one.state, Preview)
    assert one.phrase("note-no-recipient", agency=north.name) in one.said


def test_an_open_note_is_not_begun_twice(talk: Any) -> None:
    one = talk()
    one.write("/note", "/note")
    assert one.says[0].text == one.phrase("note-already-open")


def test_a_forged_opening_cannot_choose_a_notes_id(talk: Any) -> None:
    one = talk()
    one.open("note.carry.zz.text")
    assert len(bytes.fromhex(one.state.draft.id)) == 16
    assert one.state.draft.length == 0


def test_a_note_sets_the_timer_that_ends_it(talk: Any) -> None:
    one = talk()
    one.write("/note")
    assert one.made(Remind)[0].at - one.scene.now == timedelta(hours=12)
