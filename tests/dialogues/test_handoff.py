"""What somebody can count on who takes the hand-off of a step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from bot.wiring import voices
from dialogues import codec
from dialogues.handoff import Shown
from dialogues.model import Agency, CaseTick, CaseView, Chose, WalkView
from dialogues.walk_pages import CHECKS, CLOSE, START, AtStep
from guidance.filling import forms_of
from guidance.model import Role

Talk = Callable[..., Any]
CONTENT = voices()["en"].content
WALK = "4" * 32
STEP = CONTENT.steps["S03"]
FIRST = STEP.decisions[0]
YESTERDAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def at(step: str = "S03", page: str = START, **more: Any) -> AtStep:
    return AtStep(WALK, CONTENT.guide.version, step, page, **more)


def view(walk: AtStep, *, agency: str = "north") -> WalkView:
    return WalkView(walk.walk_id, agency, CONTENT.guide.version, codec.state_to_json(walk))


def resumed(talk: Talk, walk: AtStep, *, agency: str = "north", **settings: Any) -> Any:
    """A conversation on that page of that walk."""
    one = talk(**settings)
    one.rows["my-walks"] = (view(walk, agency=agency),)
    one.write("/guide")
    one.press(f"kept.{WALK[:16]}")
    return one


def opened(talk: Talk, walk: AtStep, **settings: Any) -> Any:
    one = resumed(talk, walk, **settings)
    one.press("handoff")
    return one


FULL = at(
    ticks=tuple(check.id for check in STEP.checks[:2]),
    chosen=((FIRST.id, FIRST.branches[0].key),),
    case_code="AB-1234-P",
)


@pytest.mark.parametrize("step_id", CONTENT.steps)
def test_it_is_reached_from_every_page_of_every_step_and_leads_back_there(talk: Talk, step_id: str) -> None:
    step = CONTENT.steps[step_id]
    for page in (START, CHECKS, *(decision.id for decision in step.decisions), CLOSE):
        one = resumed(talk, at(step_id, page))
        before = one.says[-1]
        one.press("handoff")
        assert isinstance(one.state, Shown)
        assert one.says[0].title.startswith(forms_of(CONTENT, step_id)[0].title)
        one.press("back")
        assert one.says == (before,), (step_id, page)


def test_members_of_a_case_get_the_ticks_of_all(talk: Talk) -> None:
    one = talk()
    one.rows["my-walks"] = (view(replace(FULL, ticks=(), shared=True, agency="north")),)
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, ()),)
    one.write("/guide")
    one.press(f"kept.{WALK[:16]}")
    ticks = tuple(CaseTick(check.id, "Coord-1", YESTERDAY) for check in STEP.checks[:3])
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, (), ticks),)
    one.press("handoff")
    assert f"(3 of {len(STEP.checks)} ticked)" in one.said
    assert "Coord-1" not in one.said


def test_who_is_no_member_any_more_gets_nothing_of_the_case(talk: Talk) -> None:
    one = talk()
    one.rows["my-walks"] = (view(replace(FULL, shared=True, agency="north")),)
    one.rows["case"] = (CaseView("north", "AB-1234-P", True, ()),)
    one.write("/guide")
    one.press(f"kept.{WALK[:16]}")
    one.rows["case"] = ()
    one.press("handoff")
    assert one.phrase("walk-not-member") in one.said
    assert STEP.checks[0].text not in one.said


def test_it_shows_ticks_choices_case_agency_and_day(talk: Talk) -> None:
    (say,) = opened(talk, FULL).says
    assert f"☑ {STEP.checks[0].text}" in say.text
    assert f"☐ {STEP.checks[2].text}" in say.text
    assert f"{FIRST.ask}\n→ {FIRST.branches[0].label}" in say.text
    for shown in ("AB-1234-P", "Northbridge Probation (demo)", "2026-11-23"):
        assert shown in say.text
    assert say.document is None
    assert "cannot be copied" in say.small
    assert "data protection officer" in say.small


def test_the_day_is_that_of_the_agency(talk: Talk, south: Agency) -> None:
    late = replace(south, slug="north")  # Athens: two hours ahead
    one = resumed(talk, FULL, agencies=(late,))
    one.scene = replace(one.scene, now=one.scene.now.replace(hour=22, minute=30))
    one.press("handoff")
    assert "2026-11-24" in one.says[0].text


def test_as_pdf_it_is_filled_and_as_an_empty_form_it_holds_nothing_of_the_case(talk: Talk) -> None:
    one = opened(talk, FULL)
    one.press("pdf")
    filled = one.says[0].document
    one.press("empty")
    empty = one.says[0].document
    assert filled is not None
    assert empty is not None
    assert (filled.sheet.filled, empty.sheet.filled) == (True, False)
    assert "AB-1234-P" in set(filled.sheet.texts())
    assert "AB-1234-P" not in set(empty.sheet.texts())
    assert not any(line.kind in ("ticked", "chosen") for part in empty.sheet.parts for line in part.lines)
    assert len(one.says) == 1
    assert isinstance(one.state, Shown)


@pytest.mark.parametrize("case_code", ["AB-1234-P", ""])
def test_the_caption_says_that_a_case_code_is_on_it_only_where_there_is_one(talk: Talk, case_code: str) -> None:
    one = opened(talk, replace(FULL, case_code=case_code))
    one.press("pdf")
    assert ("case code" in one.says[0].text) == bool(case_code)


def test_other_forms_of_the_step_are_a_tap_away(talk: Talk) -> None:
    agenda, record = forms_of(CONTENT, "S06")
    one = opened(talk, at("S06"))
    one.press(f"form.{record.id}")
    assert one.says[0].title.startswith(record.title)
    one.press("empty")
    assert one.says[0].document.sheet.form == record.id
    assert f"form.{agenda.id}" in one.keys


def test_an_agency_whose_name_no_page_can_show_is_printed_by_its_short_name(talk: Talk, north: Agency) -> None:
    one = opened(talk, FULL, agencies=(replace(north, name="Υπηρεσία Βορρά"),))
    assert "Υπηρεσία Βορρά" in one.says[0].text
    one.press("pdf")
    texts = set(one.says[0].document.sheet.texts())
    assert "north" in texts
    assert "Υπηρεσία Βορρά" not in texts


def test_a_page_brings_words_for_the_day_it_cannot_be_printed(talk: Talk) -> None:
    one = opened(talk, FULL)
    one.press("pdf")
    assert one.says[0].document.instead == one.phrase("handoff-unprintable")


@pytest.mark.parametrize("role", ["officer", "prison", "mentor", "coordinator", "supervisor", "admin"])
def test_every_role_can_have_it(talk: Talk, role: Role) -> None:
    one = opened(talk, at("S01"), role=role)
    assert {"pdf", "empty", "back"} <= set(one.keys)


@pytest.mark.parametrize("about", ["", "zz", WALK, f"{WALK}.S99", '["AtStep", {}]', '["Shown", {}]', "[]"])
def test_a_made_up_button_raises_nothing_and_shows_nothing(talk: Talk, about: str) -> None:
    one = talk()
    one.open(f"handoff.{about}")
    assert one.phrase("handoff-gone") in one.said
    assert one.state is None


def test_a_walk_in_an_older_guide_is_filled_from_it_and_the_empty_form_is_of_today(talk: Talk) -> None:
    one = resumed(talk, replace(FULL, case_code=""))
    old = replace(STEP.checks[0], text="As it was asked before?")
    before = replace(CONTENT.version(), steps=MappingProxyType({**CONTENT.steps, "S03": replace(STEP, checks=(old,))}))
    newer = replace(CONTENT, guide=replace(CONTENT.guide, version=CONTENT.guide.version + 1))
    voice = replace(one.scene.voice, content=newer)
    one.scene = replace(one.scene, voices={"en": voice}, older={("en", CONTENT.guide.version): before})
    one.press("handoff")
    assert f"☑ {old.text}" in one.said
    one.press("pdf")
    filled = one.says[0].document.sheet
    one.press("empty")
    empty = one.says[0].document.sheet
    assert old.text in set(filled.texts())
    assert old.text not in set(empty.texts())
    assert filled.code != empty.code


def test_a_question_in_the_middle_is_answered_then_the_same_form_comes_again(talk: Talk) -> None:
    one = opened(talk, at("S06"))
    one.press("form.decision-record")
    before = one.says
    one.write("do i need consent to share info")
    one.press("back")
    assert one.says == before


def test_old_keys_and_forms_of_other_steps_show_the_same_form_again(talk: Talk) -> None:
    one = opened(talk, at("S06"))
    before = one.says
    for key in ("form.closing-letter", "form.", "tick.1", "xyz"):
        one.hear(Chose(key))
        assert one.says == before


def test_a_step_without_a_form_says_what_to_write_down(talk: Talk) -> None:
    one = resumed(talk, FULL)
    one.scene = replace(one.scene, voices={"en": replace(one.scene.voice, content=replace(CONTENT, handoffs={}))})
    one.press("handoff")
    assert STEP.handoff in one.said
    assert isinstance(one.state, AtStep)


def test_a_form_that_is_taken_out_meanwhile_says_so_and_leads_back(talk: Talk) -> None:
    one = opened(talk, FULL)
    one.scene = replace(one.scene, voices={"en": replace(one.scene.voice, content=replace(CONTENT, handoffs={}))})
    one.hear(Chose("pdf"))
    assert STEP.handoff in one.said
    one.hear(Chose("back"))
    assert isinstance(one.state, AtStep)


def test_states_tell_no_case_code() -> None:
    assert "AB-1234-P" not in repr(Shown(FULL, "referral-note"))
