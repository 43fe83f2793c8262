"""The lists of frequent words that are shipped, and looking words up in them."""

import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.normal import folded
from guidance.word_lists import WordList, word_list

LANGUAGES = ["bg", "el", "en", "fr", "it", "nl", "pt"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_is_folded_and_names_its_licence(language: str):
    text = (resources.files("guidance") / "words" / f"{language}.txt").read_text("utf-8")
    assert "CC BY-SA 4.0" in text.splitlines()[1]
    words = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(words) == len(set(words)) == len(word_list(language)) == 24_000
    assert re.fullmatch(r"[^\W\d_]+", "".join(words))
    joined = [" ".join(words[at : at + 100]) for at in range(0, len(words), 100)]
    assert all(folded(line, language) == line for line in joined)


@pytest.mark.parametrize(
    ("language", "frequent"),
    [("en", "the"), ("fr", "de"), ("pt", "de"), ("it", "di"), ("nl", "de"), ("bg", "на"), ("el", "και")],
)
def test_the_most_frequent_word_has_rank_nought(language: str, frequent: str):
    assert word_list(language).rank(frequent) in (0, 1)


def test_a_language_without_a_list_has_no_words():
    assert len(word_list("xx")) == 0
    assert "the" not in word_list("xx")
    assert "the" not in word_list("../en")


@given(st.lists(st.text("abя", min_size=1), unique=True), st.text("abя"))
def test_ranks_are_places_in_the_list(ranked: list[str], other: str):
    known = WordList(ranked)
    assert [known.rank(word) for word in ranked] == list(range(len(ranked)))
    assert (other in known) == (other in ranked)
    assert list(known) == sorted(ranked)
