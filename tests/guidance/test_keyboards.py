"""Which keys a thumb can take for one another."""

import pytest

from guidance.keyboards import beside, one_slip


@pytest.mark.parametrize(
    ("language", "key", "near"),
    [("en", "a", "qsz"), ("en", "k", "ijlm"), ("fr", "q", "awz"), ("el", "σ", "αδεζχ")],
)
def test_keys_around_a_key(language: str, key: str, near: str):
    assert set(beside(key, language)) >= set(near)


@pytest.mark.parametrize("language", ["en", "fr", "bg", "el"])
def test_neighbours_are_mutual(language: str):
    for key in "abcdefghijklmnopqrstuvwxyzабвгдежзиклмнопрстуфхцчшщъьюяαβγδεζηθικλμνξοπρστυφχψω":
        assert all(key in beside(other, language) for other in beside(key, language))


def test_other_characters_have_none():
    assert beside("é") == beside("1") == beside(" ", "el") == ""


def test_a_slip_is_one_letter_out_in_one_place():
    assert one_slip("police", 2, "left out") == "poice"
    assert one_slip("police", 2, "added", "l") == "pollice"
    assert one_slip("police", 4, "swapped") == "poliec"
    assert one_slip("police", 0, "beside", "o") == "oolice"
