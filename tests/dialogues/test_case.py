"""Coordinators say who works on a case; members see who else does; a code is never taken for a name."""

from typing import Any

import pytest

from dialogues.case import AskClose, AskRemove, AskWhom, Listed, OneCase
from dialogues.danger import AskNext
from dialogues.model import AssignCase, CaseMember, CaseView, CloseCase, Colleague, UnassignCase
from dialogues.walk import AskStep
from guidance.model import ROLES

ME, OTHER, THIRD = "aa" * 16, "bb" * 16, "cc" * 16
CODE = "AB-1234-P"
PO = CaseMember(OTHER, "PO-18", "officer")


def at_case(
    talk: Any, role: str = "coordinator", *, mine: bool = False, members: tuple[CaseMember, ...] = (PO,)
) -> Any:
    one = talk(role=role)
    one.rows["cases"] = one.rows["case"] = (CaseView("north", CODE, mine, members),)
    one.write("/case")
    one.press("c.0")
    assert isinstance(one.state, OneCase)
    return one


@pytest.mark.parametrize("role", ROLES)
def test_only_those_who_keep_cases_can_change_members(talk: Any, role: str) -> None:
    one = at_case(talk, role, mine=True)
    keeps = role in ("coordinator", "supervisor")
    assert ({"add", "remove", "close"} <= set(one.keys)) is keeps
    assert {"walk", "list"} <= set(one.keys)


def test_adding_asks_whom_and_says_who_is_a_member_now(talk: Any) -> None:
    one = at_case(talk)
    one.rows["staff"] = (Colleague(OTHER, "PO-18", "officer"), Colleague(THIRD, "Mentor-4", "mentor"))
    one.press("add")
    assert isinstance(one.state, AskWhom)
    assert [member.person for member in one.state.staff] == [THIRD], "who is a member already is not offered"
    one.press("p.0")
    assert one.made(AssignCase) == [AssignCase("north", CODE, THIRD)]
    assert [member.handle for member in one.state.members] == ["PO-18", "Mentor-4"]


def test_a_coordinator_may_add_themselves(talk: Any) -> None:
    one = at_case(talk, members=())
    one.rows["staff"] = (Colleague(ME, "PO-17", "coordinator"),)
    one.press("add", "p.0")
    assert one.state.mine
    assert one.phrase("case-yours") in one.said


def test_many_people_are_shown_in_pages(talk: Any) -> None:
    one = at_case(talk, members=())
    one.rows["staff"] = tuple(Colleague(f"{number:032x}", f"PO-{number}", "officer") for number in range(23))
    one.press("add", "more", "more")
    assert one.keys == ("p.20", "p.21", "p.22", "back")
    one.press("p.22")
    assert one.made(AssignCase)[0].person == f"{22:032x}"


def test_removing_asks_twice(talk: Any) -> None:
    one = at_case(talk)
    one.press("remove", "p.0")
    assert one.state == AskRemove(OneCase("north", CODE, False, (PO,)), PO)
    assert one.made(UnassignCase) == []
    one.press("yes")
    assert one.made(UnassignCase) == [UnassignCase("north", CODE, OTHER)]
    assert one.state.members == ()


def test_closing_asks_first_and_back_changes_nothing(talk: Any) -> None:
    one = at_case(talk)
    one.press("close")
    assert isinstance(one.state, AskClose)
    one.press("back")
    assert isinstance(one.state, OneCase)
    one.press("close", "yes")
    assert one.made(CloseCase) == [CloseCase("north", CODE)]
    assert one.floor.frames == ()


def test_a_typed_code_opens_a_case_that_nobody_works_on_yet(talk: Any) -> None:
    one = talk(role="coordinator")
    one.write("/case", "ab 1234 p")
    assert one.looked_up[-1].about == f"north {CODE}"
    assert one.state == OneCase("north", CODE, False, ())
    assert one.phrase("case-no-members") in one.said


def test_a_slip_in_a_code_is_said_and_a_name_is_never_kept(talk: Any) -> None:
    one = talk(role="coordinator")
    one.write("/case", "AB-1234-Q")
    assert isinstance(one.state, Listed)
    assert "AB-1234-O" in one.said or "looks like this" in one.said
    one.write("Rossi 7")
    assert "Rossi" not in one.said


def test_who_is_no_member_learns_nothing_of_a_case(talk: Any) -> None:
    """The same words, whether there is such a case or not."""
    one = talk(role="mentor")
    one.write("/case", CODE)
    assert one.says[0].text == one.phrase("case-not-member")
    assert one.floor.frames == ()


def test_danger_typed_here_goes_first_and_questions_are_answered(talk: Any) -> None:
    one = at_case(talk)
    before = one.state
    one.write("he has a knife")
    assert isinstance(one.state, AskNext)
    one.press("back")
    assert one.state == before
    one.write("what is consent")
    one.press("back")
    assert one.state == before


def test_the_guide_opens_for_the_case(talk: Any) -> None:
    one = at_case(talk, "officer", mine=True)
    one.press("walk")
    assert isinstance(one.state, AskStep)
    one.press("S05")
    assert (one.state.step, one.state.case_code, one.state.agency) == ("S05", CODE, "north")
    assert one.looked_up[-1].about == f"north {CODE}"


def test_codes_and_handles_do_not_show(talk: Any) -> None:
    one = at_case(talk)
    assert CODE not in repr(one.state)
    assert "PO-18" not in repr(one.state)
