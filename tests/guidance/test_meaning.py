from importlib import resources

import numpy as np
import pytest

from guidance.meaning import Meanings, meanings
from guidance.word_lists import WordList, word_list


def test_the_shipped_table_has_a_row_for_each_frequent_word():
    assert meanings("en").width == 64
    table = np.load(str(resources.files("guidance") / "meanings" / "en.npy"))
    assert table.shape == (len(word_list("en")), 64)
    assert table.dtype == np.int8
    assert np.abs(table).max(1).min() == 127


@pytest.mark.parametrize(
    ("word", "near", "far"),
    [
        ("block", "freeze", "mother"),
        ("police", "officer", "visit"),
        ("mum", "mother", "police"),
        ("jail", "prison", "card"),
    ],
)
def test_words_used_alike_lie_close(word: str, near: str, far: str):
    table = meanings("en")
    assert table.of([word]) @ table.of([near]) > table.of([word]) @ table.of([far]) + 0.1


def test_common_words_count_little():
    table = meanings("en")
    assert table.of(["the", "police"]) @ table.of(["police"]) > 0.95


def test_unknown_words_make_the_direction_shorter():
    table = meanings("en")
    assert np.linalg.norm(table.of(["police"])) == pytest.approx(1, abs=1e-5)
    assert 0.6 < np.linalg.norm(table.of(["police", "zzzxq"])) < 0.75
    assert not table.of(["zzzxq"]).any()
    assert not table.of([]).any()


@pytest.mark.parametrize("language", ["xx", "fr", "../en", ""])
def test_a_language_without_a_table_has_an_empty_one(language: str):
    table = meanings(language)
    assert table.width == 0
    assert table.of(["police"]).shape == (0,)


def test_what_points_the_opposite_way_is_below_nothing():
    table = Meanings(WordList(["up", "down"]), np.array([[127, 0], [-127, 0]], np.int8))
    assert table.of(["up"]) @ table.of(["down"]) == pytest.approx(-1, abs=1e-5)
