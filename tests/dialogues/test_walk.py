"""Every role can walk every step of the real guide to its end, by every branch; a walk survives interruptions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from bot.wiring import voices
from dialogues import codec
from dialogues.danger import AskNext
from dialogues.model import CaseTick, CaseView, Chose, DropWalk, KeepWalk, TickCase, WalkView
from dialogues.walk import AskCase, AskStep, AtOverview, advance, resume
from dialogues.walk_pages import CHECKS, CLOSE, AtStep
from guidance.model import END, Check, GuideVersion, Role

CONTENT = voices()["en"].content
ROLES = get_args(Role)
BRANCHES = [
    (step.id, decision.id, branch)
    for step in CONTENT.steps.values()
    for decision in step.decisions
    for branch in decision.branches
]


def put_at(talk: Any, step: str, page: str, **settings: Any) -> Any:
    """On a page of a step, resumed there."""
    one = talk(**settings)
    walk = AtStep("4" * 32, CONTENT.guide.version, step, page)
    one.rows["my-walks"] = (WalkView("4" * 32, "north", CONTENT.guide.version, codec.state_to_json(walk)),)
    one.write("/guide")
    one.press(f"kept.{'4' * 16}")
    return one


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_offered_its_own_path_in_order(talk: Any, role: Role) -> None:
    one = talk(role=role)
    one.write("/guide")
    assert one.keys == (*CONTENT.path(role), "home")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_comes_through_its_whole_path_by_the_buttons_on_the_screen(scene: Any, role: Role) -> None:
    """From its first step, by every way there is, all steps of the path are reached, and from every page an end."""
    path = CONTENT.path(role)
    ways = explored(AtStep("4" * 32, CONTENT.guide.version, path[0]), scene(role=role))
    assert set(path) <= {step for step, *_ in ways}
    ended = {place for place, onward in ways.items() if None in onward}
    while reached := {place for place, onward in ways.items() if place not in ended and onward & ended}:
        ended |= reached
    assert set(ways) == ended, "a page without a way to the end"


def explored(start: AtStep, scene: Any) -> dict[tuple[Any, ...], set[Any]]:
    """Every page reachable without going back, and the pages it leads to; None is the end."""
    ways: dict[tuple[Any, ...], set[Any]] = {}
    waiting = [replace(start, chosen=(), trail=())]
    while waiting:
        here = waiting.pop()
        if place(here) in ways:
            continue
        ways[place(here)] = set()
        (page,) = resume(here, scene)
        for key in [one.key for one in page.choices]:
            if key in ("go", "next-step", "return", "done") or key.startswith("b."):
                state = advance(here, Chose(key), scene).state
                ways[place(here)].add(place(state) if state is not None else None)
                if state is not None and len(state.returns) <= 2:
                    waiting.append(replace(state, chosen=(), trail=()))
                elif state is not None:
                    ways.setdefault(place(state), {None})
    return ways


def place(walk: AtStep) -> tuple[Any, ...]:
    return (walk.step, walk.page, walk.returns, walk.leads)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("step", list(CONTENT.steps))
def test_every_page_of_every_step_can_be_read_by_every_role(talk: Any, role: Role, step: str) -> None:
    pages = ["start", CHECKS, *(decision.id for decision in CONTENT.steps[step].decisions), CLOSE]
    for page in pages:
        one = put_at(talk, step, page, role=role)
        assert one.state.page == page
        assert one.says[-1].title == one.phrase("walk-title", step=step, title=CONTENT.steps[step].title)
        assert any(key not in ("back", "pause", "steps") for key in one.keys), "a dead end"


@pytest.mark.parametrize(("step", "decision", "branch"), BRANCHES, ids=lambda one: getattr(one, "key", str(one)))
def test_every_branch_says_what_to_do_and_leads_where_it_says(talk: Any, step: str, decision: str, branch: Any) -> None:
    one = put_at(talk, step, decision)
    one.press(f"b.{branch.key}")
    assert (one.says[0].title, one.says[0].text) == (branch.label, branch.say)
    ids = [each.id for each in CONTENT.steps[step].decisions]
    after = [*ids, CLOSE][ids.index(decision) + 1]
    at_once = branch.returns or branch.goto in ("S02", "S14")
    there = (branch.goto, "start", "") if at_once else (step, CLOSE, branch.goto)
    expected = {None: (step, after, ""), END: (step, CLOSE, "")}.get(branch.goto, there)
    assert (one.state.step, one.state.page, one.state.leads) == expected
    assert (decision, branch.key) in one.state.chosen
    assert one.made(KeepWalk), "the move is written"
    if one.state.leads:
        one.press("next-step")
        assert (one.state.step, one.state.page, one.state.leads) == (branch.goto, "start", "")
    if branch.returns:
        _there_and_back(one, step, decision)


def _there_and_back(one: Any, step: str, decision: str) -> None:
    """Somewhere behind the branch the way back stands on a page, and it leads to the decision."""
    ways = explored(one.state, one.scene)
    backs = [here for here in ways if here[1] == CLOSE and here[2] == ((step, decision),) and not here[3]]
    assert backs
    for to_step, page, returns, _ in backs:
        walk = replace(one.state, step=to_step, page=page, returns=returns)
        (close,) = resume(walk, one.scene)
        assert "next-step" not in {choice.key for choice in close.choices}, "first the way back"
        back = advance(walk, Chose("return"), one.scene).state
        assert (back.step, back.page, back.returns) == (step, decision, ())


def test_some_branches_go_for_good_some_return_some_end() -> None:
    assert any(branch.returns for *_, branch in BRANCHES)
    assert any(branch.goto == END for *_, branch in BRANCHES)
    assert any(branch.goto in CONTENT.steps and not branch.returns for *_, branch in BRANCHES)


def test_back_goes_one_page_back(talk: Any) -> None:
    one = talk()
    one.write("/guide S02")
    one.press("go", "go")
    assert one.state.page == "S02-D1"
    one.press("b.yes")
    assert one.state.step == "S14"
    one.press("back")
    assert (one.state.step, one.state.page) == ("S02", "S02-D1")
    one.press("back")
    assert one.state.page == CHECKS


def test_a_tick_is_set_taken_back_and_harmless_twice(talk: Any) -> None:
    one = talk()
    one.write("/guide S02")
    one.press("go", "tick.1")
    assert one.state.ticks == ("S02-C01",)
    assert one.says[0].refresh
    one.press("untick.1")
    assert one.state.ticks == ()


def test_a_walk_belongs_to_a_case_code_or_none(talk: Any) -> None:
    one = talk()
    one.write("/guide")
    one.press("S01")
    one.write("ab 1234 p")
    assert one.state.case_code == "AB-1234-P"
    assert one.made(KeepWalk)[0].case_code == "AB-1234-P"


def test_a_name_for_a_case_code_is_sent_back(talk: Any) -> None:
    one = talk()
    one.write("/guide")
    one.press("S01")
    one.write("Rossi")
    assert isinstance(one.state, AskCase)
    assert "Rossi" not in one.said


@pytest.mark.parametrize("where", ["steps", "case", "page"])
def test_danger_typed_in_a_walk_comes_first_and_the_walk_comes_back(talk: Any, where: str) -> None:
    one = talk()
    one.write("/guide" if where != "page" else "/guide S05")
    if where == "case":
        one.press("S01")
    before = one.state
    one.write("he has a knife")
    assert isinstance(one.state, AskNext)
    assert one.says[0].title == one.phrase("danger-first")
    one.press("back")
    assert one.state == before


def test_a_question_in_the_middle_returns_to_the_same_page(talk: Any) -> None:
    one = talk()
    one.write("/guide S05")
    one.press("go", "tick.2")
    before = one.state
    one.write("what is consent")
    assert CONTENT.answers["need-consent"].short in one.said
    one.press("back")
    assert one.state == before
    assert "untick.2" in one.keys


def test_a_paused_walk_is_resumed_on_its_page_with_its_ticks(talk: Any) -> None:
    one = talk()
    one.write("/guide S02")
    one.press("go", "tick.3")
    written, left = one.made(KeepWalk)[0], one.state
    one.press("pause")
    assert one.floor.frames == ()
    one.wait(timedelta(days=3))
    one.rows["my-walks"] = (WalkView(written.walk_id, "north", written.guide_version, written.progress),)
    one.write("/guide")
    one.press(f"kept.{written.walk_id[:16]}")
    assert one.state == left
    assert one.phrase("walk-newer") not in one.said


def test_a_walk_goes_on_in_its_own_version_until_the_newer_is_taken(talk: Any) -> None:
    one = pinned(talk)
    assert one.says[0].text == one.phrase("walk-pinned")
    assert one.state.version == 0
    assert "An old check." in one.said
    one.press("go")
    assert one.state.page == "S02-D1"
    one.press("back", "newer")
    assert one.says[0].text.startswith("You are in the newer guide.")
    assert (one.state.version, one.state.page) == (CONTENT.guide.version, CHECKS)
    assert one.state.ticks == ("S02-C01",), "ticks stay"
    assert "An old check." not in one.said
    assert "newer" not in one.keys
    assert one.made(KeepWalk)[-1].guide_version == CONTENT.guide.version


def pinned(talk: Any) -> Any:
    """A walk in version 0, whose S02 had one check only."""
    one = talk()
    step = replace(CONTENT.steps["S02"], checks=(Check("S02-C01", "An old check."),))
    old = GuideVersion(0, {**CONTENT.steps, "S02": step}, CONTENT.guide.paths)
    one.scene = replace(one.scene, older={("en", 0): old})
    walk = AtStep("4" * 32, 0, "S02", CHECKS, ticks=("S02-C01",))
    one.rows["my-walks"] = (WalkView("4" * 32, "north", 0, codec.state_to_json(walk)),)
    one.write("/guide")
    one.press(f"kept.{'4' * 16}")
    return one


def test_a_page_that_the_newer_guide_does_not_have_becomes_the_steps_start(talk: Any) -> None:
    one = pinned(talk)
    walk = replace(one.state, step="S99", page="S99-D1", returns=(("S99", "S99-D1"),), trail=(("S99", "start"),))
    old = one.scene.older[("en", 0)]
    gone = replace(CONTENT.steps["S02"], id="S99", decisions=(replace(CONTENT.steps["S02"].decisions[0], id="S99-D1"),))
    one.scene = replace(one.scene, older={("en", 0): replace(old, steps={**old.steps, "S99": gone})})
    turn = advance(walk, Chose("newer"), one.scene)
    assert isinstance(turn.state, AtOverview)
    assert (turn.state.at.returns, turn.state.at.trail) == ((), ())


def test_a_version_that_is_no_longer_there_gives_way_and_that_is_said(talk: Any) -> None:
    one = talk()
    old = AtStep("4" * 32, CONTENT.guide.version - 1, "S02", CHECKS, ticks=("S02-C01",))
    one.rows["my-walks"] = (WalkView("4" * 32, "north", old.version, codec.state_to_json(old)),)
    one.write("/guide")
    one.press(f"kept.{'4' * 16}")
    assert one.says[0].text == one.phrase("walk-newer")
    assert (one.state.version, one.state.ticks) == (CONTENT.guide.version, ("S02-C01",))


# ---------------------------------------------------------------- a case and its members


def on_case(talk: Any, *ticks: CaseTick, mine: bool = True) -> Any:
    one = talk()
    one.rows["case"] = (CaseView("north", "AB-1234-P", mine, (), ticks),)
    one.write("/guide")
    one.press("S02")
    one.write("AB-1234-P")
    return one


def tick_of(check: str) -> CaseTick:
    return CaseTick(check, "Coord-1", datetime(2026, 11, 22, 9, 0, tzinfo=UTC))


def test_members_see_each_others_ticks_with_who_and_when(talk: Any) -> None:
    one = on_case(talk, tick_of("S02-C02"))
    one.press("go")
    assert "☑ 2." in one.said
    assert "(Coord-1, 22.11.)" in one.said
    assert one.says[-1].small == one.phrase("walk-ticks-shared")
    one.press("tick.1")
    assert one.made(TickCase) == [TickCase("north", "AB-1234-P", ("S02-C01",), True)]
    assert "☑ 1." in one.said
    assert "(PO-17, 23.11.)" in one.said


def test_what_another_member_took_back_meanwhile_is_taken_back_here(talk: Any) -> None:
    one = on_case(talk, tick_of("S02-C01"), tick_of("S02-C02"))
    one.press("go")
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, (), (tick_of("S02-C02"),)),)
    one.press("tick.3")
    assert set(one.state.ticks) == {"S02-C02", "S02-C03"}
    assert one.made(TickCase) == [TickCase("north", "AB-1234-P", ("S02-C03",), True)]


def test_ticking_what_is_ticked_already_sets_nothing_anew(talk: Any) -> None:
    one = on_case(talk)
    one.press("go")
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, (), (tick_of("S02-C01"),)),)
    one.press("tick.1")
    assert one.made(TickCase) == []
    assert "(Coord-1, 22.11.)" in one.said


def test_who_is_no_member_ticks_for_themselves(talk: Any) -> None:
    one = on_case(talk, mine=False)
    one.press("go", "tick.1")
    assert one.made(TickCase) == []
    assert one.state.ticks == ("S02-C01",)
    assert one.says[-1].small == one.phrase("walk-ticks-own")


def test_a_new_member_brings_their_own_ticks_once(talk: Any) -> None:
    one = on_case(talk, mine=False)
    one.press("go", "tick.1")
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, (), (tick_of("S02-C02"),)),)
    one.press("go")
    assert one.says[0].text == one.phrase("walk-shared-now")
    assert one.made(TickCase) == [TickCase("north", "AB-1234-P", ("S02-C01",), True)]
    assert set(one.state.ticks) == {"S02-C01", "S02-C02"}
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, (), (tick_of("S02-C02"),)),)
    one.press("back")
    assert one.made(TickCase) == []
    assert one.state.ticks == ("S02-C02",), "taken back by somebody else meanwhile"


@pytest.mark.parametrize("rows", [(), (CaseView("north", "AB-1234-P", False, ()),)])
def test_who_is_a_member_no_more_sees_no_ticks_of_others(talk: Any, rows: tuple[Any, ...]) -> None:
    one = on_case(talk, tick_of("S02-C02"))
    one.rows["case"] = rows
    one.press("go")
    assert one.says[0].text == one.phrase("walk-not-member")
    assert one.made(DropWalk)
    assert one.floor.frames == ()


def test_one_case_has_one_walk(talk: Any) -> None:
    """Another step for the same code goes on in the walk that there is."""
    one = on_case(talk)
    first = one.state
    one.press("go", "tick.1", "pause")
    kept = one.effects[-1]
    one.rows["my-walks"] = (WalkView(kept.walk_id, "north", kept.guide_version, kept.progress),)
    one.rows["case"] = ()
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, (), (tick_of("S02-C01"),)),)
    one.write("/guide")
    one.press("S05")
    one.write("ab1234p")
    assert (one.state.walk_id, one.state.step) == (first.walk_id, "S05")


def test_all_steps_show_how_far_the_walk_is_and_lead_on_in_it(talk: Any) -> None:
    one = on_case(talk, tick_of("S02-C01"))
    one.press("steps")
    assert one.phrase("walk-progress-step", step="S02", done=1, all=len(CONTENT.steps["S02"].checks)) in one.said
    assert any(choice.label.startswith("◐ S02") for choice in one.choices)
    walk_id = one.state.at.walk_id
    one.press("S03")
    assert (one.state.step, one.state.walk_id) == ("S03", walk_id)
    one.press("steps", "other")
    assert isinstance(one.state, AskStep)


def test_a_code_of_the_second_agency_is_walked_there(talk: Any, north: Any, south: Any) -> None:
    one = talk(agencies=(north, south))
    one.write("/guide")
    one.press("S02")
    one.write("c-17")
    assert (one.state.case_code, one.state.agency) == ("C-17", "south")
    assert one.made(KeepWalk)[0].agency == "south"


@pytest.mark.parametrize("progress", ["", "[]", '["AtStep",{}]', '["Other",{}]', "\x00"])
def test_a_walk_that_cannot_be_read_is_not_offered(talk: Any, progress: str) -> None:
    one = talk()
    one.rows["my-walks"] = (WalkView("4" * 32, "north", 1, progress),)
    one.write("/guide")
    assert isinstance(one.state, AskStep)
    assert not any(key.startswith("kept.") for key in one.keys)


def test_a_step_that_is_gone_says_so_and_offers_the_others(talk: Any) -> None:
    one = put_at(talk, "S99", "start")
    assert isinstance(one.state, AtOverview)
    one.press("S02")
    assert (one.state.step, one.state.walk_id) == ("S02", "4" * 32)


def test_a_note_from_a_step_carries_the_walks_case_code(talk: Any) -> None:
    one = talk()
    walk = AtStep("4" * 32, CONTENT.guide.version, "S03", CLOSE, case_code="AB-1234-P")
    one.rows["my-walks"] = (WalkView("4" * 32, "north", walk.version, codec.state_to_json(walk)),)
    one.write("/guide")
    one.press(f"kept.{'4' * 16}", "note")
    assert one.state.draft.case_code == "AB-1234-P"
    one.write("/cancel")
    one.press("discard")
    assert one.state == walk, "after the note the walk comes again"


def test_why_shows_the_sources_and_who_reviewed_it(talk: Any) -> None:
    one = talk()
    one.write("/guide S02")
    one.press("why")
    step = CONTENT.steps["S02"]
    assert step.owner in one.says[0].small
    assert any(source.title in one.says[0].text for source in CONTENT.sources_of(step.facts))


def test_a_walk_that_is_finished_is_dropped(talk: Any) -> None:
    one = put_at(talk, "S16", CLOSE)
    one.press("done")
    assert one.made(DropWalk) == [DropWalk("4" * 32)]
    assert one.floor.frames == ()


def test_the_next_step_of_the_path_is_offered_at_the_end_of_a_step(talk: Any) -> None:
    one = put_at(talk, "S05", CLOSE, role="mentor")
    one.press("next-step")
    assert (one.state.step, one.state.page) == ("S06", "start")


def test_ways_round_in_circles_do_not_grow_the_state(scene: Any) -> None:
    walk = AtStep("4" * 32, CONTENT.guide.version, "S13", "S13-D4")
    for _ in range(100):
        walk = replace(advance(walk, Chose("b.yes"), scene()).state, step="S13", page="S13-D4")
    assert len(walk.returns) == len(walk.trail) == 40
