"""Which messages are taken for a report of something that happened.

Figures: dev 29 of 30 reports taken, 0 of 33 other messages; held out 28 of 30 and 0 of 32.
"""

import tomllib
from pathlib import Path

import pytest

from guidance.incident_like import looks_like_incident

SET = tomllib.loads((Path(__file__).parents[1] / "questions" / "incident_en.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "he told me at visit yesterday that he is going back to his old friends",
        "today in the yard 2 men argued, C-17 shouted at the officer",
    ],
)
def test_a_report_is_a_report(text: str):
    assert looks_like_incident(text)


@pytest.mark.parametrize(
    "text",
    ["what do I do if he tells me about yesterday", "he told me yesterday at the visit, what do i do", "yesterday", ""],
)
def test_a_question_is_none(text: str):
    assert not looks_like_incident(text)


def test_the_sets_are_large_enough():
    assert len(SET["report"]) >= 60
    assert len(SET["other"]) >= 60


def test_hardly_any_other_message_is_taken_for_a_report():
    assert sum(map(looks_like_incident, SET["other"])) <= 1


def test_most_reports_are_found():
    assert sum(map(looks_like_incident, SET["report"])) >= 54
