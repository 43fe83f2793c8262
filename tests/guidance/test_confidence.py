import tomllib
from datetime import date
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.confidence import FEWEST, MOST, SIGNS, Model, confidence, size

FILES = sorted(
    file.name for file in (resources.files("guidance") / "calibrated").iterdir() if file.name.endswith(".toml")
)


@pytest.mark.parametrize("name", FILES)
def test_each_file_says_from_what_and_when(name: str):
    read = tomllib.loads((resources.files("guidance") / "calibrated" / name).read_text("utf-8"))
    assert "nobody's phrasings" in read["from"]
    assert date.fromisoformat(read["on"]) <= date.today()


@pytest.mark.parametrize("entries", [30, 100, 300])
@pytest.mark.parametrize("language", ["en", "any"])
@pytest.mark.parametrize("how", ["learnt", "plain"])
def test_more_is_surer(language: str, how, entries: int):
    of = confidence("", language, how)
    weak = dict.fromkeys(SIGNS, 0.0) | {"size": size(entries), "length": 1.6}
    weak |= {"learnt": 2.0, "spread": 6.0, "whole": 0.1, "nearest": 0.1, "share": 0.1}
    strong = weak | {"learnt": 9.0, "spread": 9.1, "whole": 0.8, "nearest": 0.8, "share": 0.95, "heard": 1.0}
    if how == "plain":
        weak |= {"learnt": 0.0, "spread": 0.0}
        strong |= {"learnt": 0.0, "spread": 0.0}
    unsure = 0.3 if entries >= 100 else 0.31  # three of thirty are a tenth: chance is right more often
    for model in (of.first, of.three):
        assert model.of(tuple(weak.values())) < unsure < 0.9 < model.of(tuple(strong.values()))
    assert 0.5 < of.answer_from < 1
    assert 0.1 < of.offer_from < of.answer_from


def test_how_many_entries_there_are_counts_only_within_what_was_tried():
    assert size(0) == size(FEWEST) < size(100) < size(MOST) == size(10_000)


def test_a_language_nobody_asked_in_has_what_holds_for_any():
    assert confidence("guidance", "pt", "learnt") == confidence("", "any", "learnt") != confidence("", "en", "learnt")


@given(st.lists(st.floats(-1e3, 1e3), min_size=len(SIGNS), max_size=len(SIGNS)))
def test_always_a_probability(signs: list[float]):
    assert 0 <= Model(-1.0, (1.0,) * len(SIGNS)).of(tuple(signs)) <= 1


def test_what_the_shipped_answers_are_asked_has_a_file_of_its_own():
    assert confidence("guidance", "en", "learnt") != confidence("", "en", "learnt")
    assert confidence("../guidance", "en", "learnt") == confidence("", "en", "learnt")
