"""Answers are approved guidance with a source, or the assistant says that it does not know."""

from dataclasses import replace
from typing import Any

import pytest

from bot.wiring import voices
from dialogues import codec
from dialogues.ask import AskIfNote, Unknown
from dialogues.danger import AskNext
from dialogues.model import (
    AwaitAnswer,
    Chose,
    CountFeedback,
    DropAwaited,
    EraseTraces,
    KeepQuestion,
    Tell,
    TracePrivate,
)
from dialogues.screening import screened

CONTENT = voices()["en"].content
REPORT = "He folded paper cranes in the yard this morning and gave one to a visitor"


@pytest.mark.parametrize("id", list(CONTENT.answers))
def test_every_answer_is_shown_with_its_source_and_leads_on(talk: Any, id: str) -> None:
    one = talk()
    one.open(f"ask.id.{id}")
    answer = CONTENT.answers[id]
    (said,) = one.says
    assert said.title == answer.title
    assert said.text.startswith(answer.short)
    assert said.small
    assert ("more" in one.keys) == bool(answer.more)
    assert "home" in one.keys
    for key in [key for key in one.keys if key.startswith("step.")]:
        assert key.removeprefix("step.") in CONTENT.steps
    one.press("more")
    assert one.says[0].text == answer.more
    assert answer.owner in one.says[0].small


@pytest.mark.parametrize("id", list(CONTENT.declines))
def test_what_must_not_be_answered_is_declined_with_what_to_do_instead(talk: Any, id: str) -> None:
    one = talk()
    one.open(f"ask.id.{id}")
    decline = CONTENT.declines[id]
    assert one.says[0].text == f"{decline.say}\n\n{decline.next}"
    assert "coordinator" in one.keys


def test_what_is_not_known_is_said_and_a_person_is_offered(talk: Any) -> None:
    one = talk()
    one.write("zzzz qqqq")
    assert one.says[0].text == one.phrase("ask-unknown")
    one.press("coordinator")
    (tell,) = one.made(Tell)
    assert (tell.whom, tell.agency, dict(tell.args)) == ("desk", "north", {"handle": "PO-17"})


def test_unsure_offers_at_most_three_and_none_of_them(talk: Any) -> None:
    one = talk()
    titles = [answer.title for answer in CONTENT.answers.values()]
    decide = one.scene.voice.asking.decide
    one.write(
        next(word for title in titles for word in title.split() if decide(word, role="officer").decision == "offer")
    )
    offered = [key for key in one.keys if key in CONTENT.answers or key in CONTENT.steps]
    assert 1 <= len(offered) <= 3
    one.press("none")
    assert isinstance(one.state, Unknown)


def test_the_next_text_is_the_next_question(talk: Any) -> None:
    one = talk()
    one.write("zzzz qqqq", "what is consent")
    assert CONTENT.answers["need-consent"].short in one.said


UNKNOWN = "zzzz qqqq in the garden"
NAMED = "zzzz qqqq for Ahmed Hassan"


def test_a_question_without_an_answer_is_kept_for_the_writers_as_it_was_screened(talk: Any) -> None:
    one = talk()
    one.write(NAMED)
    assert one.made(KeepQuestion) == [KeepQuestion("north", "en", "zzzz qqqq for …", "refused")]
    assert b"Hassan" not in codec.encode(one.floor)


def test_what_was_asked_goes_with_the_next_question_and_with_the_menu(talk: Any) -> None:
    one = talk()
    one.write(UNKNOWN)
    assert b"qqqq" in codec.encode(one.floor), "or nobody could be told when it is answered"
    one.write("what is consent")
    assert b"qqqq" not in codec.encode(one.floor)
    one.write(UNKNOWN, "/menu")
    assert b"qqqq" not in codec.encode(one.floor)


def test_where_no_questions_are_kept_nothing_is_held_and_nothing_is_offered(talk: Any) -> None:
    one = talk()
    one.scene = replace(one.scene, question_days=0)
    one.write(UNKNOWN)
    assert one.made(KeepQuestion) == []
    assert "await" not in one.keys
    assert b"qqqq" not in codec.encode(one.floor)


@pytest.mark.parametrize("text", ["hi", "thanks", "what is consent", "zzzz", REPORT])
def test_small_talk_answers_single_words_and_reports_are_not_kept(talk: Any, text: str) -> None:
    one = talk()
    one.write(text)
    if isinstance(one.state, AskIfNote):
        one.press("question")
    assert one.made(KeepQuestion) == []


def offered(one: Any) -> str:
    """Type something that is offered answers; returns it."""
    decide = one.scene.voice.asking.decide
    titles = [answer.title for answer in CONTENT.answers.values()]
    for title in titles:
        for text in (" ".join(title.split()[at : at + 2]) for at in range(len(title.split()))):
            if decide(text, role="officer").decision == "offer" and screened(text):
                one.write(text)
                return str(screened(text))
    raise AssertionError("nothing is offered any more")


def test_none_of_those_offered_is_kept(talk: Any) -> None:
    one = talk()
    text = offered(one)
    assert one.made(KeepQuestion) == []
    one.press("none")
    assert one.made(KeepQuestion) == [KeepQuestion("north", "en", text, "none-chosen")]
    assert "await" in one.keys


def test_one_of_those_offered_was_chosen_and_nothing_is_kept(talk: Any) -> None:
    one = talk()
    offered(one)
    one.press(next(key for key in one.keys if key in CONTENT.answers))
    assert one.made(KeepQuestion) == []


def test_a_question_whose_answer_did_not_help_is_kept_once(talk: Any) -> None:
    one = talk()
    one.write("what is consent")
    one.press("not-helpful")
    assert one.made(KeepQuestion) == [KeepQuestion("north", "en", "what is consent", "not-helpful")]
    assert b'"question":""' in codec.encode(one.floor)
    one.hear(Chose("not-helpful"))
    assert one.made(KeepQuestion) == []


def test_an_answer_that_was_opened_and_not_asked_for_has_no_question_to_keep(talk: Any) -> None:
    one = talk()
    one.open("ask.id.need-consent")
    one.press("not-helpful")
    assert one.made(KeepQuestion) == []


def test_who_wishes_is_told_later_and_the_button_goes(talk: Any) -> None:
    one = talk()
    one.write(UNKNOWN)
    one.press("await")
    (wish,) = one.made(AwaitAnswer)
    assert (wish.language, wish.question, len(wish.ref)) == ("en", UNKNOWN, 32)
    assert "await" not in one.keys
    assert b"qqqq" not in codec.encode(one.floor)
    assert "90 days" in one.said
    one.hear(Chose("await"))
    assert one.made(AwaitAnswer) == []


def test_a_wish_is_taken_back_and_a_second_press_says_the_same(talk: Any) -> None:
    one = talk()
    one.write(UNKNOWN)
    one.press("await")
    (wish,) = one.made(AwaitAnswer)
    for _ in range(2):
        one.open(f"ask.forget.{wish.ref}")
        assert one.made(DropAwaited) == [DropAwaited(wish.ref)]
        assert one.phrase("ask-not-awaited") in one.said


@pytest.mark.parametrize("ref", ["", "x" * 32, "ab", "AB" * 16, "ab" * 17])
def test_a_button_with_something_else_in_it_takes_nothing_back(talk: Any, ref: str) -> None:
    one = talk()
    one.open(f"ask.forget.{ref}")
    assert one.made(DropAwaited) == []
    assert one.says


@pytest.mark.parametrize("helpful", [True, False])
def test_feedback_is_counted_once(talk: Any, helpful: bool) -> None:
    one = talk()
    one.open("ask.id.need-consent")
    one.press("helpful" if helpful else "not-helpful")
    assert one.made(CountFeedback) == [CountFeedback("need-consent", helpful)]
    one.write("/x")
    assert "helpful" not in one.keys


def test_danger_typed_at_home_comes_first(talk: Any) -> None:
    one = talk()
    one.write("he has a knife")
    assert isinstance(one.state, AskNext)
    assert one.says[0].title == one.phrase("danger-first")


def test_danger_typed_after_an_answer_comes_first(talk: Any) -> None:
    one = talk()
    one.write("what is consent", "he has a knife")
    assert isinstance(one.state, AskNext)


def test_danger_in_the_second_message_of_a_report_comes_first_and_the_report_stays(talk: Any) -> None:
    one = talk()
    one.write(REPORT, "he has a knife")
    assert one.says[0].title == one.phrase("danger-first")
    assert isinstance(one.state, AskIfNote)


def test_a_report_in_several_messages_stays_together(talk: Any) -> None:
    one = talk()
    one.write(REPORT, "The visitor left early.")
    assert len(one.made(TracePrivate)) == 1
    one.press("note", "none")
    assert one.state.draft.part(0) == f"{REPORT}\nThe visitor left early."


def test_a_report_too_long_for_a_note_is_said_not_to_be_taken(talk: Any) -> None:
    one = talk()
    one.write(REPORT, *["word " * 800] * 3)
    assert one.phrase("note-far-too-long", most=4_000) in one.said
    assert len(one.state.text) <= 12_000


def test_a_report_is_forgotten_when_told_so(talk: Any) -> None:
    one = talk()
    one.write(REPORT)
    (traced,) = one.made(TracePrivate)
    one.press("forget")
    assert one.made(EraseTraces) == [EraseTraces(traced.draft)]
    assert one.floor.frames == ()


def test_a_report_that_was_a_question_is_answered(talk: Any) -> None:
    one = talk()
    one.write(REPORT)
    one.press("question")
    assert not isinstance(one.state, AskIfNote)
    assert one.says
