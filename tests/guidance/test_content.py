"""What is shipped is fit to be shown."""

from datetime import date

import pytest

from guidance.checker import check
from guidance.library import languages, load
from guidance.model import CONTENT_ROLES, Content

TODAY = date(2026, 12, 1)


@pytest.fixture(scope="module")
def english() -> Content:
    return load("en")


@pytest.mark.parametrize("lang", languages())
def test_every_language_loads_and_has_nothing_that_must_be_mended(lang: str) -> None:
    others = [load(other) for other in languages() if other != lang]

    found = check(load(lang), TODAY, others=others)

    assert [problem for problem in found if problem.severity == "error"] == []


@pytest.mark.parametrize("step_id", ["S01", "S02", "S03", "S05"])
def test_the_first_steps_speak_to_all_four_roles(english: Content, step_id: str) -> None:
    assert set(english.steps[step_id].roles) == set(CONTENT_ROLES)


def test_there_are_at_least_sixty_answers(english: Content) -> None:
    assert len(english.answers) >= 60


def test_every_danger_leads_to_a_step(english: Content) -> None:
    assert english.danger
    assert {danger.step for danger in english.danger} <= set(english.steps)


def test_every_decline_says_what_to_do_instead(english: Content) -> None:
    """Not each leads to a step of the guide: who asks whether this is a person, or for a recipe, has none."""
    assert english.declines
    assert all(decline.next.strip() for decline in english.declines.values())
    assert sum(bool(decline.steps) for decline in english.declines.values()) >= len(english.declines) / 2


def test_every_role_finds_answers_and_a_path(english: Content) -> None:
    for role in CONTENT_ROLES:
        assert english.path(role)
        assert sum(role in answer.roles for answer in english.answers.values()) >= 40


def test_every_answer_names_a_source_and_its_kind(english: Content) -> None:
    for answer in english.answers.values():
        assert english.sources_of(answer.facts), answer.id
        assert english.kinds(answer.facts), answer.id


def test_danger_now_enters_the_crisis_step(english: Content) -> None:
    assert english.steps[english.guide.shortcuts["danger_now"]].stage == "crisis"


def test_the_registers_are_whole(english: Content) -> None:
    """575 facts on 226 sources; ids never go away, so the numbers only grow."""
    assert len(english.facts) >= 575
    assert len(english.sources) >= 226


def test_practice_is_never_shown_as_law_or_research(english: Content) -> None:
    """A fact that names ordinary practice alone is practice; law rests on law."""
    for fact in english.facts.values():
        kinds = {english.sources[source].kind for source in fact.sources}
        if fact.kind in ("law", "research"):
            assert kinds == {fact.kind}, fact.id
