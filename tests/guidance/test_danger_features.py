"""What is seen in a message, and that words of faith and origin are not."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wiring import voices
from guidance.danger_features import LONGEST_PART, WordGroups, features, parts
from guidance.danger_slips import slipped
from guidance.normal import AT_MOST_CHARACTERS

GROUPS = WordGroups(
    {"knife": ("weapon",), "gun": ("weapon",), "he": ("he",), "mosque": ("place",), "station": ("place",)},
    frozenset(["he", "mosque", "station"]),
    frozenset(["prays"]),
)


def _seen(text: str) -> dict[str, float]:
    (part,) = parts(text, GROUPS, "en")
    return features(part, GROUPS)


def test_words_pairs_groups_and_letters_are_seen():
    seen = _seen("He has a knife.")
    assert {"#he", "has", "knife", "#he has", "a knife", "a #weapon", "#weapon", "~kni", "#he .. #weapon", "."} <= set(
        seen
    )
    assert math.isclose(sum(value * value for value in seen.values()), 1)


def test_a_word_of_a_closed_group_is_seen_as_its_group_alone():
    assert _seen("in the mosque") == _seen("in the station")
    assert not any("mosque" in name or "~mos" in name for name in _seen("in the mosque"))


def test_a_word_that_must_not_count_is_as_if_not_written():
    assert _seen("he prays at home") == _seen("he at home")
    assert parts("prays", GROUPS, "en") == ()


def test_a_question_is_another_thing_than_a_report():
    assert "?" in _seen("a knife?")
    assert "?" not in _seen("a knife")


def test_a_long_note_is_looked_at_in_parts_that_overlap():
    sentences = [f"word{number} and some more words here" for number in range(40)]
    found = parts(". ".join(sentences), GROUPS, "en")
    assert len(found) > 4
    assert all(sum(len(sentence.words) for sentence in part) <= LONGEST_PART for part in found)
    seen = [word for part in found for sentence in part for word in sentence.words]
    assert {f"word{number}" for number in range(40)} <= set(seen)


def test_without_full_stops_too():
    found = parts(" ".join(f"w{number}" for number in range(300)), GROUPS, "en")
    assert all(sum(len(sentence.words) for sentence in part) <= LONGEST_PART for part in found)
    assert {word for part in found for sentence in part for word in sentence.words} == {f"w{n}" for n in range(300)}


@given(st.text(max_size=2_500))
@settings(max_examples=100, deadline=None)
def test_any_text_has_bounded_parts(text: str):
    found = parts(text, GROUPS, "en")
    assert sum(len(sentence.words) for part in found for sentence in part) <= 4 * AT_MOST_CHARACTERS
    for part in found:
        assert 0 < sum(len(sentence.words) for sentence in part) <= LONGEST_PART
        assert math.isclose(sum(value * value for value in features(part, GROUPS).values()), 1)


def test_slips_are_the_same_each_time_and_change_a_word():
    text = "he doesn't want to live anymore, says goodbye to everybody"
    assert slipped(text) == slipped(text) != text
    assert slipped("is he ok") == "is he ok"


@given(st.text(max_size=400))
def test_any_text_can_be_slipped(text: str):
    assert abs(len(slipped(text)) - len(text)) <= len(text)


@pytest.mark.parametrize(
    ("word", "other"),
    [("muslims", "christians"), ("jews", "hindus"), ("syrian", "french"), ("mosque", "church"), ("imam", "rabbi")],
)
def test_the_shipped_groups_put_them_together(word: str, other: str):
    learnt = voices()["en"].content.danger_learnt
    assert learnt is not None
    one, two = learnt.heard(f"he spoke of the {word} today"), learnt.heard(f"he spoke of the {other} today")
    assert one is not None
    assert two is not None
    assert one.seen == two.seen
