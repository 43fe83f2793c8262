"""In danger the phone comes first, whatever else is going on."""

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

from bot.wiring import voices
from dialogues.ask import Answered, AskIfNote, Offered
from dialogues.danger import AskNext, advance, begin
from dialogues.model import Call, Chose
from guidance.danger import DangerFinder
from guidance.incident_like import looks_like_incident
from guidance.model import Danger

GUIDE = voices()["en"].content.guide
TAKEN = "do i need consent to share info"


@pytest.mark.parametrize("before", [(), ("/note",), ("/guide S05",), ("what is consent",), ("/language",), ("/help",)])
@pytest.mark.parametrize("typed", ["/danger", "⚠ Danger now"])
def test_the_command_and_the_standing_button_work_everywhere(talk: Any, before: tuple[str, ...], typed: str) -> None:
    one = talk()
    one.write(*before, typed)
    assert isinstance(one.state, AskNext)
    assert one.says[0].title == one.phrase("danger-first")


def test_in_prison_the_alarm_comes_first(talk: Any) -> None:
    one = talk(role="prison")
    one.write("/danger")
    assert one.says[0].title == one.phrase("danger-first-prison")


def test_an_agencys_own_line_comes_before_all(talk: Any, north: Any) -> None:
    one = talk(agencies=(replace(north, alarm="Press the red button."),))
    one.write("/danger")
    assert one.says[0].title == "Press the red button."


@pytest.mark.parametrize(("key", "shortcut"), [("steps", "danger_now"), ("check", "not_sure")])
def test_it_leads_straight_to_its_steps(talk: Any, key: str, shortcut: str) -> None:
    one = talk()
    one.write("/danger")
    one.press(key)
    assert (one.state.step, one.state.page) == (GUIDE.shortcuts[shortcut], "start")


def test_writing_it_down_is_a_quick_note(talk: Any) -> None:
    one = talk()
    one.write("/danger")
    one.press("write")
    assert one.state.draft.form == "quick"


def test_after_danger_the_note_goes_on(talk: Any) -> None:
    one = talk()
    one.write("/note", "AB-1234-P")
    before = one.state
    one.write("/danger")
    one.press("back")
    assert one.state == before


def test_a_question_taken_for_danger_is_one_press_from_its_answer(talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of danger are heard first all the same."""
    one = talk()
    monkeypatch.setattr(DangerFinder, "danger", lambda self, text: Danger("weapon", "S14"))
    one.write(TAKEN)
    monkeypatch.undo()
    assert one.says[0].title == one.phrase("danger-first")
    assert isinstance(one.state, AskNext)
    assert TAKEN not in repr(one.state)
    one.press("else")
    assert isinstance(one.state, Answered | Offered)


def test_a_report_of_danger_has_no_such_way_out(talk: Any) -> None:
    one = talk()
    one.write("he hit his cellmate with a chair just now and is still shouting")
    assert isinstance(one.state, AskNext)
    assert "else" not in one.keys


MAYBE = "this morning i found a leaflet with a threat under his bed"


def test_what_may_be_danger_asks_with_the_same_first_line(talk: Any) -> None:
    one = talk()
    turn = begin(one.scene, "unsure.")
    assert turn.says[0].title == one.phrase("danger-unsure", first=one.phrase("danger-first"))
    assert "112" in turn.says[0].title


def test_a_report_that_may_be_danger_is_not_lost_after_the_lines(talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = talk()
    unsure = Danger("violence", GUIDE.shortcuts["not_sure"])
    monkeypatch.setattr(DangerFinder, "danger", lambda self, text: unsure)
    assert looks_like_incident(MAYBE)
    one.write(MAYBE)
    assert "112" in one.says[0].title
    assert isinstance(one.state, AskIfNote)
    assert {"danger", "note", "question", "forget"} == set(one.keys)
    monkeypatch.undo()
    one.press("note")
    assert "this morning" in repr(dataclasses.asdict(one.state.draft))


def test_an_id_that_is_gone_leads_on_kindly(scene: Any) -> None:
    turn = advance(AskNext(("no-such-answer",)), Chose("else"), scene())
    assert turn.call == Call("ask", "ids.no-such-answer")


def test_what_is_typed_next_is_answered_below_the_first_line(talk: Any) -> None:
    one = talk()
    one.write("/danger", "can i tell his mother where he lives now")
    assert [say.text for say in one.says[:1]] == [one.phrase("danger-first")]
    assert isinstance(one.state, Answered | Offered)


def test_danger_typed_in_danger_is_no_question(talk: Any) -> None:
    one = talk()
    one.write("/danger", "he has a knife and will stab him")
    assert isinstance(one.state, AskNext)
    assert one.says[0].title == one.phrase("danger-first")
