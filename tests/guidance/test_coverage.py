"""Every aim and expected outcome of the project is served, and the page that says so is of today."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from guidance.checker import unknown_in_aims
from guidance.coverage import REMAKE, Coverage, as_json, coverage, page, topic_of
from guidance.library import load
from guidance.model import Content
from guidance.reader import read_aims

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def english() -> Content:
    return load("en")


@pytest.fixture(scope="module")
def found(english: Content) -> Coverage:
    return coverage(english)


def test_the_four_aims_and_six_outcomes_are_each_served_by_steps_and_answers(found: Coverage) -> None:
    assert [one.aim.id for one in found.served] == ["A1", "A2", "A3", "A4", "O1", "O2", "O3", "O4", "O5", "O6"]
    assert [one.aim.id for one in found.served if one.empty] == []
    assert all(one.steps == one.aim.steps for one in found.served)


def test_the_page_in_docs_is_of_today(english: Content, found: Coverage) -> None:
    written = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert written == page(english, found), f"run: {REMAKE}"


def test_the_page_names_every_aim_and_what_serves_it(english: Content, found: Coverage) -> None:
    text = page(english, found)
    for one in found.served:
        assert f"## {one.aim.id} {one.aim.title}" in text
        assert all(f"- {step} {english.steps[step].title}" in text for step in one.steps)
    assert "none yet" not in text


def test_the_keys_that_others_read_stay(found: Coverage) -> None:
    fields = as_json(found)
    numbers = ("steps", "decisions", "answers", "phrasings", "declines", "countries", "aims", "outcomes")
    assert all(type(fields[name]) is int for name in (*numbers, "facts_used", "facts_unused"))
    assert (fields["aims"], fields["outcomes"], fields["countries"]) == (4, 6, 6)
    assert set(fields["served"][0]) == {"id", "kind", "title", "steps", "answers", "missing_facts"}


def test_used_and_unused_facts_are_all_facts(english: Content, found: Coverage) -> None:
    assert sorted((*found.facts_used, *found.facts_unused)) == sorted(english.facts)


def test_a_fact_that_nothing_names_is_unused_and_an_aim_that_asks_for_it_is_not_served(english: Content) -> None:
    lonely = replace(english.facts["MA-map"], id="MA-lonely")
    aim = replace(english.aims["O6"], facts=("MA-lonely",))
    changed = replace(
        english,
        facts=MappingProxyType({**english.facts, "MA-lonely": lonely}),
        aims=MappingProxyType({"O6": aim}),
    )
    found = coverage(changed)
    assert found.facts_unused == (*coverage(english).facts_unused, "MA-lonely")
    assert (found.served[0].missing_facts, found.served[0].empty) == (("MA-lonely",), True)


def test_an_aim_without_answers_is_not_served(english: Content) -> None:
    found = coverage(replace(english, answers=MappingProxyType({})))
    assert all(one.empty for one in found.served)
    assert "none yet" in page(english, found)


def test_answers_of_a_second_file_are_of_the_same_topic(english: Content) -> None:
    topics = {topic_of(answer) for answer in english.answers.values()}
    assert topics <= {fact.topic for fact in english.facts.values()}


def test_an_aim_that_names_what_is_not_there_is_told(english: Content) -> None:
    aim = replace(english.aims["A1"], topics=("no_topic",), steps=("S77",), facts=("NO-fact",))
    problems = list(unknown_in_aims(replace(english, aims=MappingProxyType({"A1": aim}))))
    assert [problem.item for problem in problems] == ["A1 / topics", "A1 / steps", "A1 / facts"]


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ('[[aim]]\nid = "A1"\nkind = "hope"\ntitle = "T"\ntopics = ["crisis"]\nsteps = ["S14"]\n', "A1 / kind"),
        ('[[aim]]\nid = "X1"\nkind = "aim"\ntitle = "T"\ntopics = ["crisis"]\nsteps = ["S14"]\n', "X1 / id"),
        ('[[aim]]\nid = "A1"\nkind = "aim"\ntitle = "T"\ntopics = []\nsteps = ["S14"]\n', "A1 / topics"),
        ('[[aim]]\nid = "A1"\nkind = "aim"\ntitle = "T"\ntopics = ["crisis"]\n', "A1 / steps"),
        ("[[aim", "line"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(text: str, item: str) -> None:
    problems = read_aims(text, "aims.toml")[1]
    assert any(problem.item.startswith(item) or item == "line" for problem in problems)
    assert problems
