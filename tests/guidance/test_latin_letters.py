"""Bulgarian and Greek typed in Latin letters."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.latin_letters import in_own_letters
from guidance.normal import AT_MOST_CHARACTERS


@pytest.mark.parametrize(
    ("language", "typed", "read"),
    [
        ("bg", "kakvo moga da kaja na policiqta", "какво мога да кажа на полицията"),
        ("bg", "ne mu vqrvam", "не му вярвам"),
        ("bg", "ne mu vyarvam", "не му вярвам"),
        ("bg", "kade sa dokumentite", "къде са документите"),
        ("bg", "6te doida utre", "ще доида утре"),
        ("bg", "4ovek", "човек"),
        ("bg", "organizaciya", "организация"),
        ("el", "den ton empistevomai", "δεν τον εμπιστευομαι"),
        ("el", "pou einai h astynomia", "που ειναι η αστυνομια"),
        ("el", "8elw na milhsw", "θελω να μιλησω"),
    ],
)
def test_it_is_read_as_it_is_meant(language: str, typed: str, read: str):
    assert in_own_letters(typed, language) == read


def test_other_languages_and_own_letters_have_no_other_reading():
    assert in_own_letters("what can i do", "en") is None
    assert in_own_letters("какво мога да кажа", "bg") is None
    assert in_own_letters("какво е sms", "bg") is None
    assert in_own_letters("112", "el") is None


@pytest.mark.parametrize("language", ["bg", "el"])
def test_the_longest_message_is_read_in_no_time(language: str):
    started = time.perf_counter()
    in_own_letters("iaouiaou " * (AT_MOST_CHARACTERS // 9), language)
    in_own_letters("i" * AT_MOST_CHARACTERS, language)
    assert time.perf_counter() - started < 3


@given(st.text(), st.sampled_from(["bg", "el"]))
def test_any_text_can_be_read(text: str, language: str):
    assert in_own_letters(text, language) is None or text
