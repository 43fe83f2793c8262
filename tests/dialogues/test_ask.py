"""Answers are approved guidance with a source, or the assistant says that it does not know."""

from typing import Any

import pytest

from bot.wiring import voices
from dialogues import codec
from dialogues.ask import AskIfNote, Unknown
from dialogues.danger import AskNext
from dialogues.model import CountFeedback, EraseTraces, Tell, TracePrivate

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


def test_what_was_asked_is_not_kept(talk: Any) -> None:
    one = talk()
    one.write("what is consent for purple giraffes")
    assert b"giraffe" not in codec.encode(one.floor)


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
