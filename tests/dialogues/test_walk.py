"""Every role can walk every step of the real guide to its end, by every branch; a walk survives interruptions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from bot.wiring import voices
from dialogues import codec
from dialogues.danger import AskNext
from dialogues.model import Chose, DropWalk, KeepWalk, WalkView
from dialogues.walk import CHECKS, CLOSE, AskCase, AskStep, AtStep, advance, resume
from guidance.model import END, Role

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
    assert set(path) <= {step for step, _, _ in ways}
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
    return (walk.step, walk.page, walk.returns)


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
    expected = {None: (step, after), END: (step, CLOSE)}.get(branch.goto, (branch.goto, "start"))
    assert (one.state.step, one.state.page) == expected
    assert (decision, branch.key) in one.state.chosen
    assert one.made(KeepWalk), "the move is written"
    if branch.returns:
        _there_and_back(one, step, decision)


def _there_and_back(one: Any, step: str, decision: str) -> None:
    """Somewhere behind the branch the way back stands on a page, and it leads to the decision."""
    ways = explored(one.state, one.scene)
    backs = [here for here in ways if here[1] == CLOSE and here[2] == ((step, decision),)]
    assert backs
    for to_step, page, returns in backs:
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


def test_a_walk_of_an_older_version_goes_on_in_the_new_one_and_says_so(talk: Any) -> None:
    one = talk()
    old = AtStep("4" * 32, CONTENT.guide.version - 1, "S02", CHECKS, ticks=("S02-C01",))
    one.rows["my-walks"] = (WalkView("4" * 32, "north", old.version, codec.state_to_json(old)),)
    one.write("/guide")
    one.press(f"kept.{'4' * 16}")
    assert one.says[0].text == one.phrase("walk-newer")
    assert (one.state.version, one.state.ticks) == (CONTENT.guide.version, ("S02-C01",))


@pytest.mark.parametrize("progress", ["", "[]", '["AtStep",{}]', '["Other",{}]', "\x00"])
def test_a_walk_that_cannot_be_read_is_not_offered(talk: Any, progress: str) -> None:
    one = talk()
    one.rows["my-walks"] = (WalkView("4" * 32, "north", 1, progress),)
    one.write("/guide")
    assert isinstance(one.state, AskStep)
    assert not any(key.startswith("kept.") for key in one.keys)


def test_a_step_that_is_gone_says_so_and_offers_the_others(talk: Any) -> None:
    one = put_at(talk, "S99", "start")
    assert one.says[-1].text == one.phrase("walk-step-gone")
    one.press("steps")
    assert isinstance(one.state, AskStep)


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
