"""Flags: taken once, undone, declined, worked on, handed on, closed; never a word of a note."""

from datetime import timedelta
from typing import Any

import pytest

from dialogues.flag_life import OWNED, UNOWNED
from dialogues.inbox import AskColleague, AskDeclined, AskOutcome, AskWhom, OneFlag
from dialogues.model import (
    AWAITED,
    DECLINED,
    OUTCOMES,
    AwaitOther,
    CloseFlag,
    Colleague,
    DeclineFlag,
    FlagView,
    HandOnFlag,
    TakeFlag,
    UndoTake,
    WorkOnFlag,
)
from dialogues.reference import reference

ID = "3" * 32
SHORT = reference(ID)
ME, OTHER = "aa" * 16, "bb" * 16
MINUTE = timedelta(minutes=1)


def flag(
    now: Any, state: str = "notified", owner: str = "", *, overdue: bool = False, ago: timedelta = MINUTE
) -> FlagView:
    """``ago``: since when it is as it is."""
    handle = {"": "", ME: "PO-17", OTHER: "Coord-2"}[owner]
    undo_until = now - ago + timedelta(minutes=10) if state == "taken" else None
    return FlagView(
        ID, SHORT, "north", "Northbridge", "urgent", state, now, now, owner, handle, "", overdue, undo_until
    )


def opened(talk: Any, key: str = f"inbox.{SHORT}", **settings: Any) -> Any:
    one = talk(role="coordinator")
    one.rows["flag"] = one.rows["open-flags"] = (flag(one.scene.now, **settings),)
    one.open(key)
    return one


@pytest.mark.parametrize("state", UNOWNED)
@pytest.mark.parametrize("overdue", [False, True])
def test_an_open_flag_is_taken(talk: Any, state: str, overdue: bool) -> None:
    one = opened(talk, state=state, overdue=overdue)
    assert one.keys == ("take", "decline", "hand-on", "list")
    one.press("take")
    assert one.made(TakeFlag) == [TakeFlag(ID)]
    assert one.state == OneFlag(SHORT, ID, mine=True, open=False, undo=True)


def test_a_notice_takes_with_one_press(talk: Any) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.take")
    assert one.made(TakeFlag) == [TakeFlag(ID)]
    assert "30 minutes" in one.said


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


def test_an_accidental_take_is_undone(talk: Any) -> None:
    one = opened(talk, state="taken", owner=ME)
    one.press("undo")
    assert one.made(UndoTake) == [UndoTake(ID)]


def test_after_ten_minutes_or_once_worked_on_there_is_nothing_to_undo(talk: Any) -> None:
    for settings in ({"state": "taken", "ago": timedelta(minutes=11)}, {"state": "in-hand"}, {"state": "waiting"}):
        one = opened(talk, owner=ME, **settings)
        assert "undo" not in one.keys
    one = opened(talk, state="taken", owner=ME)
    one.rows["flag"] = (flag(one.scene.now, state="taken", owner=ME, ago=timedelta(minutes=11)),)
    one.press("undo")
    assert one.made(UndoTake) == []
    assert one.says[0].text == one.phrase("flag-undo-over", reference=SHORT)


@pytest.mark.parametrize("why", DECLINED)
def test_whoever_cannot_says_why_from_a_list(talk: Any, why: str) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.decline")
    assert isinstance(one.state, AskDeclined)
    one.press(why)
    assert one.made(DeclineFlag) == [DeclineFlag(ID, why)]


@pytest.mark.parametrize("state", OWNED)
def test_whoever_has_it_says_that_they_work_on_it(talk: Any, state: str) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.work", state=state, owner=ME)
    assert one.made(WorkOnFlag) == [WorkOnFlag(ID)]


@pytest.mark.parametrize("whom", AWAITED)
def test_it_can_wait_for_another_agency(talk: Any, whom: str) -> None:
    one = opened(talk, state="in-hand", owner=ME)
    one.press("await")
    assert isinstance(one.state, AskWhom)
    one.press(whom)
    assert one.made(AwaitOther) == [AwaitOther(ID, whom)]


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("state", OWNED)
def test_my_flag_is_closed_with_an_outcome(talk: Any, state: str, outcome: str) -> None:
    one = opened(talk, state=state, owner=ME)
    one.press("close")
    assert isinstance(one.state, AskOutcome)
    one.press(outcome)
    assert one.made(CloseFlag) == [CloseFlag(ID, outcome)]


@pytest.mark.parametrize(("state", "owner"), [("taken", ME), ("in-hand", ME), ("notified", "")])
def test_a_flag_is_handed_on_by_whoever_has_it_or_by_anybody_where_nobody_has(
    talk: Any, state: str, owner: str
) -> None:
    one = opened(talk, state=state, owner=owner)
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


@pytest.mark.parametrize(
    ("presses", "then"),
    [(("close", "acted"), OTHER), (("await", "police"), ""), (("hand-on", "to.0"), OTHER), (("work",), "")],
)
def test_what_moved_on_while_a_question_was_open_is_not_acted_on(
    talk: Any, presses: tuple[str, ...], then: str
) -> None:
    """Reopened, or taken by somebody else: the press shows how it stands."""
    one = opened(talk, state="taken", owner=ME)
    one.rows["colleagues"] = (Colleague(OTHER, "Coord-2"),)
    one.press(*presses[:-1])
    one.rows["flag"] = (flag(one.scene.now, state="taken" if then else "routed", owner=then),)
    before = len(one.effects)
    one.press(presses[-1])
    if presses == ("hand-on", "to.0") and not then:
        return
    assert one.effects[before:] == []
    assert SHORT in one.said


@pytest.mark.parametrize("state", ["closed", "withdrawn"])
@pytest.mark.parametrize("act", ["take", "undo", "work", "decline", "hand-on"])
def test_a_flag_that_is_over_can_only_be_read(talk: Any, state: str, act: str) -> None:
    one = opened(talk, key=f"inbox.{SHORT}.{act}", state=state)
    assert one.keys == ("list",)
    assert one.effects == [] or all(type(effect).__name__ == "Remind" for effect in one.effects)


def test_a_flag_of_another_desk_is_unknown(talk: Any) -> None:
    one = talk(role="coordinator")
    one.open(f"inbox.{SHORT}.take")
    assert one.says[0].text == one.phrase("flag-unknown")


def test_the_list_names_flags_and_says_how_many_more(talk: Any) -> None:
    one = talk(role="coordinator")
    one.rows["open-flags"] = (flag(one.scene.now, overdue=True),) * 12
    one.write("/inbox")
    assert one.phrase("inbox-more", more=2) in one.said
    assert one.phrase("urgency-urgent") in one.said
    assert one.phrase("flag-state-overdue") in one.said
