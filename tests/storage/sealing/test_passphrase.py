"""Drawn words are many and fair; the worst of one's own are refused (T37)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing.passphrase import WORDS_DRAWN, drawn, weakness, word_list


def test_the_list_is_the_published_one_less_one_word() -> None:
    words = word_list()
    assert len(words) == len(set(words)) == 1_295
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 5 for word in words)
    assert (words[0], words[-1]) == ("acid", "zoom")


def test_t37_six_words_are_drawn_and_each_may_be_any() -> None:
    phrases = [drawn().split(" ") for _ in range(3_000)]
    assert {len(phrase) for phrase in phrases} == {WORDS_DRAWN} == {6}
    assert {word for phrase in phrases for word in phrase} == set(word_list())
    assert len({tuple(phrase) for phrase in phrases}) == 3_000


def test_t37_drawn_words_are_never_weak() -> None:
    assert not any(weakness(drawn()) for _ in range(500))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "at least 12"),
        ("short", "at least 12"),
        ("elevenchars", "at least 12"),
        (" " * 20, "at least 12"),
        ("aaaaaaaaaaaaaaaa", "different signs"),
        ("abababababababab", "different signs"),
        ("passwordpassword", "repeated"),
        ("quiet lamp quiet lamp", "repeated"),
        ("Harbour HARBOUR harbour", "repeated"),
        ("abcdefghijklmnop", "neighbours"),
        ("9876543210/.", "neighbours"),
    ],
)
def test_t37_plainly_weak_passphrases_are_refused(typed: str, says: str) -> None:
    assert says in weakness(typed)


@pytest.mark.parametrize("typed", ["six quiet synthetic words in here", "Zażółć gęślą jaźń", "a lamp by the wall"])
def test_what_is_not_plainly_weak_passes(typed: str) -> None:
    assert weakness(typed) == ""


@given(st.text(max_size=60))
def test_anything_typed_gets_an_answer(typed: str) -> None:
    assert isinstance(weakness(typed), str)
    if len(typed) < 4:
        assert weakness(typed)
