"""Words of look-alike letters, brought into one alphabet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.alphabets import unmixed
from guidance.normal import words


@pytest.mark.parametrize("typed", ["bоmb", "bomb", "ВОМВ", "вомв"])
def test_letters_of_other_alphabets_hide_no_word(typed: str):
    assert words(typed, "en") == ["bomb"]


@pytest.mark.parametrize(
    ("language", "typed", "read"),
    [
        ("bg", "сeктa", "секта"),
        ("bg", "Paзгoвop", "разговор"),
        ("bg", "WhatsАpp", "whatsapp"),
        ("el", "Kαλημέρa", "καλημερα"),
        ("el", "ΝATΟ", "νατο"),
        ("en", "ΝΑΤΟ", "nato"),
        ("fr", "ѕеcte", "secte"),
    ],
)
def test_a_mixed_word_goes_into_one_alphabet(language: str, typed: str, read: str):
    assert words(typed, language) == [read]


def test_latin_words_stay_in_bulgarian_and_greek():
    assert words("sms до него", "bg") == ["sms", "до", "него"]
    assert words("στείλε pin", "el") == ["στειλε", "pin"]


def test_a_word_that_no_alphabet_can_write_stays():
    assert words("GPSът", "bg") == ["gpsът"]
    assert words("Жив", "en") == ["жив"]


def test_without_a_language_most_letters_decide():
    assert unmixed("сocaine сектa") == "cocaine секта"


@given(st.text("abcкοαнΝzж "), st.sampled_from([None, "en", "bg", "el"]))
def test_as_many_letters_come_out_as_go_in(text: str, language: str | None):
    assert len(unmixed(text, language)) == len(text)
