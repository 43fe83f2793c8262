"""The phrases layer alone.

Figures of the shipped phrases, without what was learnt: of the set they were tuned on (danger_examples/older.toml) they
hear nearly all; of messages by five authors who never saw them, about half, and take one harmless message in fifteen.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wiring import voices
from guidance import library
from guidance.danger_phrases import PhraseFinder
from guidance.library import DangerExamples
from guidance.model import Danger, DangerPhrases


@pytest.fixture(scope="module")
def finder() -> PhraseFinder:
    return PhraseFinder(voices()["en"].content.danger)


@pytest.fixture(scope="module")
def examples() -> DangerExamples:
    found, _ = library.danger_examples(library.packaged("en")[0], "en")
    assert found is not None
    return found


def _taken(finder: PhraseFinder, examples: DangerExamples, name: str, *, danger: bool) -> float:
    texts = [one.text for one in examples.sets[name] if (one.kind is not None) == danger]
    assert len(texts) >= 200
    return sum(finder.danger(text) is not None for text in texts) / len(texts)


def test_what_they_were_tuned_on_is_heard(finder: PhraseFinder, examples: DangerExamples):
    assert _taken(finder, examples, "older", danger=True) >= 0.97
    assert _taken(finder, examples, "older", danger=False) <= 0.02


@pytest.mark.parametrize("author", ["a", "b", "c", "e", "f"])
def test_of_strangers_about_half(finder: PhraseFinder, examples: DangerExamples, author: str):
    assert _taken(finder, examples, author, danger=True) >= 0.4
    assert _taken(finder, examples, author, danger=False) <= 0.12


def test_the_earlier_kind_wins_when_two_are_heard():
    first = DangerPhrases("attack", "S14", ("red box",))
    second = DangerPhrases("weapon", "S02", ("blue box",))
    assert PhraseFinder([first, second]).danger("blue box. red box") == Danger("attack", "S14")
    assert PhraseFinder([second, first]).danger("blue box. red box") == Danger("weapon", "S02")


def test_words_too_far_apart_or_in_another_sentence_do_not_count():
    finder = PhraseFinder([DangerPhrases("weapon", "S14", ("takes lamp",))])
    assert finder.danger("he took that old green lamp") is not None
    assert finder.danger("he took one two three four lamp") is None
    assert finder.danger("he took. lamp") is None


def test_another_language_is_matched_as_written():
    finder = PhraseFinder([DangerPhrases("weapon", "S14", ("heeft een mes",))], "nl")
    assert finder.danger("hij heeft een mes") == Danger("weapon", "S14")
    assert finder.danger("hij heeft een fiets") is None


def test_whose_faith_or_origin_it_is_makes_no_difference():
    finder = PhraseFinder([DangerPhrases("attack", "S14", ("burn church", "hate muslims|migrants"))])
    for place in ("church", "mosque", "synagogue", "temple"):
        assert finder.danger(f"he will burn the {place}") is not None
    for people in ("muslims", "christians", "jews", "syrians", "germans", "greeks", "refugees"):
        assert finder.danger(f"he hates {people}") is not None


@given(st.text(max_size=2_500))
@settings(max_examples=100, deadline=None)
def test_any_text_gets_an_answer(finder: PhraseFinder, text: str):
    assert finder.danger(text) is None or isinstance(finder.danger(text), Danger)
