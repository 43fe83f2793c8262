"""What leaves a step: the forms as writers make them, and the sheet that one becomes, filled or empty."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wiring import voices
from guidance import cards, filling, library
from guidance.checker import check
from guidance.filling import Walked, empty, fill, forms_of
from guidance.handoff import Form, Section, as_text
from guidance.handoff_reader import read_handoff
from guidance.model import Content, Problem
from guidance.printable import printable

CONTENT = voices()["en"].content
DAY = date(2026, 11, 25)
EVERY = filling.every(CONTENT)
FILE = "en/handoffs/note.toml"
GOOD = """
id = "note"
number = 3
title = "Note"
steps = ["S03"]
use = "For the next one."
orientation = "Check your local protocol and your data protection officer."
facts = ["IS-codes"]
owner = "Editor"
reviewed = 2026-11-25

[[section]]
heading = "First"
text = ["Read this."]
blanks = [{ label = "Seen", lines = 2 }, { label = "How urgent", options = ["routine", "urgent"] }]

[[section]]
heading = "Done"
shows = "checks"

[[section]]
heading = "Next"
columns = ["What", "Who (role)"]
rows = 3
"""


def walked(step_id: str, **changed: Any) -> Walked:
    step = CONTENT.steps[step_id]
    all_done = Walked(
        frozenset(check.id for check in step.checks),
        {decision.id: decision.branches[0].key for decision in step.decisions},
        "AB-1234-P",
        "Northbridge",
        DAY,
    )
    return replace(all_done, **changed)


def with_form(**changed: Any) -> Content:
    form = replace(CONTENT.handoffs["referral-note"], **changed)
    return replace(CONTENT, handoffs=MappingProxyType({**CONTENT.handoffs, "referral-note": form}))


def mistakes(text: str) -> list[tuple[str, str]]:
    _, problems = read_handoff(text, FILE)
    assert {problem.file for problem in problems} <= {FILE}
    return [(problem.item, problem.remedy) for problem in problems]


# ---------------------------------------------------------------- what is shipped


@pytest.mark.parametrize("step_id", CONTENT.steps)
def test_every_step_has_a_form(step_id: str) -> None:
    assert forms_of(CONTENT, step_id)


@pytest.mark.parametrize("sheet", EVERY, ids=lambda sheet: sheet.name)
def test_a_filled_form_holds_every_tick_every_choice_and_all_fixed_text(sheet: Any) -> None:
    form, step = CONTENT.handoffs[sheet.form], CONTENT.steps[sheet.step]
    shown = {section.shows for section in form.sections}
    filled = fill(CONTENT, form, step, walked(step.id))
    text = as_text(filled)
    for fixed in form.texts():
        assert fixed in "\n".join(filled.texts())
    for one in step.checks if "checks" in shown else ():
        assert f"☑ {one.text}" in text
    for decision in step.decisions if "decisions" in shown else ():
        assert f"{decision.ask}\n→ {decision.branches[0].label}" in text
    assert "AB-1234-P" in text
    assert filled.filled


@pytest.mark.parametrize("sheet", EVERY, ids=lambda sheet: sheet.name)
def test_an_empty_form_holds_nothing_of_any_walk(sheet: Any) -> None:
    kinds = {line.kind for part in sheet.parts for line in part.lines}
    assert not sheet.filled
    assert {"ticked", "chosen"}.isdisjoint(kinds)
    assert {value for _, value in sheet.head} == {""}


@pytest.mark.parametrize("form", ["my-plan", "mentor-agreement", "closing-letter"])
def test_what_goes_to_the_person_or_outside_shows_nothing_of_the_walk_but_its_head(form: str) -> None:
    assert {section.shows for section in CONTENT.handoffs[form].sections} == {""}


def test_no_sign_of_the_shipped_forms_is_lost_in_print() -> None:
    assert printable("".join(text for sheet in EVERY for text in sheet.texts()))[1] == ""


# ---------------------------------------------------------------- filling


def test_what_is_not_ticked_stays_open_and_is_counted() -> None:
    step = CONTENT.steps["S03"]
    first = frozenset({step.checks[0].id})
    sheet = fill(
        CONTENT, CONTENT.handoffs["referral-note"], CONTENT.steps["S03"], walked("S03", ticks=first, chosen={})
    )
    part = next(part for part in sheet.parts if any(line.kind == "ticked" for line in part.lines))
    assert [line.kind for line in part.lines] == ["text", "ticked", *["open"] * (len(step.checks) - 1)]
    assert "not a yes" in part.lines[0].text
    assert part.heading.endswith(f"(1 of {len(step.checks)} ticked)")


def test_a_decision_not_taken_offers_its_ways_to_be_ticked_by_hand() -> None:
    step = CONTENT.steps["S03"]
    sheet = fill(CONTENT, CONTENT.handoffs["referral-note"], CONTENT.steps["S03"], walked("S03", chosen={}))
    offered = {line.text: line.cells for part in sheet.parts for line in part.lines if line.kind == "options"}
    for decision in step.decisions:
        assert offered[decision.ask] == tuple(branch.label for branch in decision.branches)


def test_ticks_and_choices_that_the_guide_no_longer_has_are_left_out() -> None:
    form = CONTENT.handoffs["referral-note"]
    gone = walked("S03", ticks=frozenset({"S03-C99"}), chosen={"S03-D1": "no-such-key", "S99-D1": "yes"})
    kinds = [line.kind for part in fill(CONTENT, form, CONTENT.steps["S03"], gone).parts for line in part.lines]
    assert "ticked" not in kinds
    assert "chosen" not in kinds


def test_a_section_about_nothing_the_step_has_is_left_out() -> None:
    bare = replace(CONTENT.steps["S03"], checks=(), decisions=())
    content = replace(CONTENT, steps=MappingProxyType({**CONTENT.steps, "S03": bare}))
    headings = [part.heading for part in empty(content, content.handoffs["referral-note"], bare).parts]
    assert headings == ["What it is about", "Where it goes"]


def test_a_step_s_forms_come_by_number() -> None:
    assert [form.id for form in forms_of(CONTENT, "S06")] == ["conference-agenda", "decision-record"]


def test_neither_case_code_nor_ticks_stand_in_a_repr() -> None:
    given = walked("S03")
    sheet = fill(CONTENT, CONTENT.handoffs["referral-note"], CONTENT.steps["S03"], given)
    assert "AB-1234-P" not in repr(given) + repr(sheet)
    assert CONTENT.steps["S03"].checks[0].text not in repr(sheet)


# ---------------------------------------------------------------- the code


def test_every_form_has_a_code_of_its_own_that_no_card_has() -> None:
    codes = [sheet.code for sheet in EVERY]
    assert len(set(codes)) == len(codes)
    assert {code.partition("-")[0] for code in codes}.isdisjoint(card.id for card in cards.every(CONTENT))


@pytest.mark.parametrize("sheet", EVERY, ids=lambda sheet: sheet.name)
def test_a_code_says_that_its_form_is_current_also_when_it_was_filled(sheet: Any) -> None:
    filled = fill(CONTENT, CONTENT.handoffs[sheet.form], CONTENT.steps[sheet.step], walked(sheet.step))
    assert filled.code == sheet.code
    assert filled.version == sheet.version
    assert filling.look_up([CONTENT], sheet.code.lower()) == filling.ToldForm(sheet, True)


def test_another_wording_makes_the_form_out_of_date_and_a_review_does_not() -> None:
    old = empty(CONTENT, CONTENT.handoffs["referral-note"], CONTENT.steps["S03"]).code
    told = filling.look_up([with_form(use="For somebody else.")], old)
    assert told is not None
    assert not told.current
    reviewed = filling.look_up([with_form(reviewed=date(2027, 1, 5))], old)
    assert reviewed is not None
    assert reviewed.current


def test_a_changed_check_of_the_step_makes_the_form_out_of_date() -> None:
    old = empty(CONTENT, CONTENT.handoffs["referral-note"], CONTENT.steps["S03"]).code
    step = CONTENT.steps["S03"]
    changed = replace(step, checks=(replace(step.checks[0], text="Another?"), *step.checks[1:]))
    told = filling.look_up([replace(CONTENT, steps=MappingProxyType({**CONTENT.steps, "S03": changed}))], old)
    assert told is not None
    assert not told.current


@pytest.mark.parametrize("text", ["F99-3K7", "F01", "hello", ""])
def test_what_is_no_form_s_code_says_nothing(text: str) -> None:
    assert filling.look_up([CONTENT], text) is None


# ---------------------------------------------------------------- reading


def test_a_good_form_is_read_whole() -> None:
    form, problems = read_handoff(GOOD, FILE)
    assert problems == ()
    assert form is not None
    first, done, following = form.sections
    assert (first.text, [blank.lines for blank in first.blanks]) == (("Read this.",), [2, 1])
    assert first.blanks[1].options == ("routine", "urgent")
    assert done == Section("Done", shows="checks")
    assert (following.columns, following.rows) == (("What", "Who (role)"), 3)


@pytest.mark.parametrize(
    ("old", "new", "item", "remedy"),
    [
        ('id = "note"', 'id = "other"', "id", "make them the same"),
        ("number = 3", "number = 0", "number", "from 1 to 99"),
        ("number = 3", "", "number", "is missing"),
        ('steps = ["S03"]', "steps = []", "steps", "at least 1"),
        ('title = "Note"', f'title = "{"x" * 35}"', "title", "shorten it to 34"),
        ('shows = "checks"', 'shows = "check"', "Done / shows", 'did you mean "checks"'),
        ('shows = "checks"', "", "Done", "holds nothing"),
        ("rows = 3", "", "Next / rows", "is missing"),
        ("rows = 3", "rows = 13", "Next / rows", "from 1 to 12"),
        ('columns = ["What", "Who (role)"]', "", "Next / rows", "needs columns"),
        ('["What", "Who (role)"]', '["a", "b", "c", "d", "e", "f"]', "Next / columns", "more than 5"),
        ('options = ["routine", "urgent"]', 'options = ["one"]', "First / How urgent / options", "2 to 8"),
        ('urgent"] }', 'urgent"], lines = 2 }', "First / How urgent / lines", "do not go together"),
        ('label = "How urgent"', 'label = "Seen"', "First / Seen", "there twice"),
        ('owner = "Editor"', 'owned = "Editor"', "owner", "is missing"),
    ],
)
def test_a_mistake_is_told_with_place_and_remedy(old: str, new: str, item: str, remedy: str) -> None:
    assert old in GOOD
    found = mistakes(GOOD.replace(old, new))
    assert any(where == item and remedy in what for where, what in found), found


def test_all_mistakes_are_told_at_once() -> None:
    bad = GOOD.replace("number = 3", "number = 0").replace("rows = 3", "rows = 99").replace("2026-11-25", '"today"')
    assert {item for item, _ in mistakes(bad)} == {"number", "Next / rows", "reviewed"}


@given(st.text(max_size=300))
def test_no_text_makes_reading_raise(text: str) -> None:
    read_handoff(text, FILE)
    read_handoff(f"{GOOD}\n{text}", FILE)


# ---------------------------------------------------------------- checking


def remedies(content: Content) -> list[Problem]:
    return [problem for problem in check(content, DAY) if "handoffs" in problem.file]


def test_the_shipped_forms_have_nothing_to_mend() -> None:
    assert remedies(CONTENT) == []


def test_a_step_without_a_form_is_an_error() -> None:
    left = {id: form for id, form in CONTENT.handoffs.items() if "S13" not in form.steps}
    (problem,) = remedies(replace(CONTENT, handoffs=MappingProxyType(left)))
    assert (problem.file, problem.item, problem.severity) == ("en/handoffs", "S13", "error")


@pytest.mark.parametrize(
    ("changed", "item", "remedy"),
    [
        ({"steps": ("S01", "S03", "S99")}, "referral-note / steps", "no step"),
        ({"facts": ("XX-none",)}, "referral-note / facts", "no fact"),
        ({"number": 2}, "urgent-call / number", "another"),
        (
            {"orientation": "Check.", "use": "A law asks for it."},
            "referral-note / orientation",
            "data protection officer",
        ),
        ({"sections": (Section("x", text=("word " * 40,) * 20),)}, "referral-note / S01", "shorten it"),
        ({"use": "Ring 0800 123 456 first."}, "referral-note", "phone number"),
        ({"use": "A beard is a sign of danger."}, "referral-note", "faith"),
    ],
)
def test_what_must_be_mended_in_a_form(changed: dict[str, Any], item: str, remedy: str) -> None:
    found = remedies(with_form(**changed))
    assert any(one.item == item and remedy in one.remedy for one in found), found


@pytest.mark.parametrize("label", ["Name of the person", "Surname", "First name", "Date of birth", "Home address"])
@pytest.mark.parametrize("place", ["blanks", "columns"])
def test_no_field_may_ask_who_somebody_is(label: str, place: str) -> None:
    old, new = ("Seen", label) if place == "blanks" else ("What", label)
    text = GOOD.replace(f'"{old}"', f'"{new}"')
    form, problems = read_handoff(text, FILE)
    assert problems == ()
    assert isinstance(form, Form)
    found = remedies(
        replace(CONTENT, handoffs=MappingProxyType({**CONTENT.handoffs, "note": replace(form, number=70)}))
    )
    assert [one.item for one in found] == [f"note / {label}"]


def test_a_broken_reference_keeps_a_form_from_people() -> None:
    files, _ = library.packaged("en")
    path = "en/handoffs/referral-note.toml"
    content, problems = library.from_files({**files, path: files[path].replace('"S03"', '"S93"')}, "en")
    assert content is None
    assert ("referral-note / steps", path) in {(one.item, one.file) for one in problems}
