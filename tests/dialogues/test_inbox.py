"""Flags: taken once, handed on, closed; never a word of a note."""

from typing import Any

import pytest

from dialogues.inbox import AskColleague, AskOutcome, OneFlag
from dialogues.model import OUTCOMES, CloseFlag, Colleague, FlagView, HandOnFlag, TakeFlag
from dialogues.reference import reference

ID = "3" * 32
SHORT = reference(ID)
ME, OTHER = "aa" * 16, "bb" * 16


def flag(now: Any, state: str = "open", owner: str = "") -> FlagView:
    handle = {"": "", ME: "PO-17", OTHER: "Coord-2"}[owner]
    return FlagView(ID, SHORT, "north", "Northbridge", "urgent", state, now, now, owner, handle, "")


def opened(talk: Any, key: str = f"inbox.{SHORT}", **settings: Any) -> Any:
    one = talk(role="coordinator")
    one.rows["flag"] = one.rows["open-flags"] = (flag(one.scene.now, **settings),)
    one.open(key)
    return one


@pytest.mark.parametrize("state", ["open", "overdue", "handed-on"])
def test_an_open_flag_is_taken(talk: Any, state: str) -> None:
    one = opened(talk, state=state)
    one.press("take")
    assert one.made(TakeFlag) == [TakeFlag(ID)]
    assert one.state == OneFlag(SHORT, ID, mine=True, open=False)


def test_a_notice_takes_with_one_press(talk: Any) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.take")
    assert one.made(TakeFlag) == [TakeFlag(ID)]


def test_whoever_comes_second_hears_who_has_it(talk: Any) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.take", state="taken", owner=OTHER)
    assert one.made(TakeFlag) == []
    assert one.says[0].text == one.phrase("flag-already-taken", reference=SHORT, handle="Coord-2")


def test_taking_twice_is_harmless(talk: Any) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.take", state="taken", owner=ME)
    assert one.made(TakeFlag) == []
    assert "close" in one.keys


def test_a_flag_that_went_while_it_was_looked_at_is_not_taken(talk: Any) -> None:
    one = opened(talk)
    one.rows["flag"] = (flag(one.scene.now, state="taken", owner=OTHER),)
    one.press("take")
    assert one.made(TakeFlag) == []


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_my_flag_is_closed_with_an_outcome(talk: Any, outcome: str) -> None:
    one = opened(talk, state="taken", owner=ME)
    one.press("close")
    assert isinstance(one.state, AskOutcome)
    one.press(outcome)
    assert one.made(CloseFlag) == [CloseFlag(ID, outcome)]


def test_my_flag_is_handed_on(talk: Any) -> None:
    one = opened(talk, state="taken", owner=ME)
    one.rows["colleagues"] = (Colleague(OTHER, "Coord-2"), Colleague("cc" * 16, "Coord-3"))
    one.press("hand-on")
    assert isinstance(one.state, AskColleague)
    one.press("to.1")
    assert one.made(HandOnFlag) == [HandOnFlag(ID, "cc" * 16)]


def test_with_nobody_else_on_the_desk_it_stays(talk: Any) -> None:
    one = opened(talk, state="taken", owner=ME)
    one.press("hand-on")
    assert one.says[0].text == one.phrase("flag-no-colleague")
    assert one.made(HandOnFlag) == []


@pytest.mark.parametrize("state", ["closed", "withdrawn"])
def test_a_flag_that_is_over_can_only_be_read(talk: Any, state: str) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.take", state=state)
    assert one.keys == ("list",)
    assert one.made(TakeFlag) == []


def test_a_flag_of_another_desk_is_unknown(talk: Any) -> None:
    one = talk(role="coordinator")
    one.open(f"inbox.{SHORT}.take")
    assert one.says[0].text == one.phrase("flag-unknown")


def test_the_list_names_flags_and_says_how_many_more(talk: Any) -> None:
    one = talk(role="coordinator")
    one.rows["open-flags"] = (flag(one.scene.now),) * 12
    one.write("/inbox")
    assert one.phrase("inbox-more", more=2) in one.said
    assert one.phrase("urgency-urgent") in one.said
