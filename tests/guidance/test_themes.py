"""Questions that ask the same come together; what tells of one person is left out of what writers see."""

import pytest

from guidance import library
from guidance.normal import words
from guidance.themes import START, Rarity, in_common, known_words, theme_of, typical

CONTENT = library.load()
RARITY = Rarity.measured(CONTENT)

SAME = [
    ("can he get methadone on release", "who gives him methadone after release"),
    ("methadone at weekends", "where does he get his methadone on saturday"),
    ("can i visit him in hospital", "may i visit a client in the hospital"),
    ("may he drive a car on licence", "can he drive while on licence"),
    ("can he keep a dog", "is he allowed a pet dog"),
]
OTHER = [
    ("can he get methadone on release", "can he get a passport on release"),
    ("can i visit him in hospital", "can i visit his mother"),
    ("can he keep a dog", "can he keep a job"),
    ("who feeds the paper cranes", "what is consent"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_questions_that_ask_the_same_are_one_theme(one: str, two: str) -> None:
    assert theme_of(one, {"a": ["something else entirely"], "b": [two]}, RARITY) == "b"
    assert theme_of(two, {"b": [one]}, RARITY) == "b"


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_questions_that_ask_something_else_are_not(one: str, two: str) -> None:
    assert theme_of(one, {"a": [two]}, RARITY) is None


def test_a_question_goes_where_it_is_closest_and_of_two_as_close_to_the_first() -> None:
    themes = {"far": ["methadone at weekends"], "near": ["can he get methadone on release"]}
    assert theme_of("who gives him methadone on release", themes, RARITY) == "near"
    twins = {"first": ["can he keep a dog"], "second": ["can he keep a dog"]}
    assert theme_of("may he keep a dog", twins, RARITY) == "first"


def test_it_must_be_close_to_the_whole_theme_not_to_one_of_it() -> None:
    assert (
        theme_of("can he keep a dog", {"a": ["can he keep a dog", "methadone", "passport", "hospital"]}, RARITY) is None
    )


@pytest.mark.parametrize("question", ["", "?!", "…"])
def test_a_question_without_words_belongs_nowhere(question: str) -> None:
    assert theme_of(question, {"a": ["can he keep a dog"], "b": [""], "c": []}, RARITY) is None
    assert theme_of("can he keep a dog", {"a": [question]}, RARITY) is None


def test_the_order_of_words_files_and_runs_decides_nothing() -> None:
    assert RARITY.closeness("dog keep", "keep dog") == pytest.approx(1.0)
    assert Rarity.measured(CONTENT) == RARITY


def test_the_typical_question_is_closest_to_the_others() -> None:
    asked = ["a dog in the garden", "can he keep a dog in the flat", "a parrot in the flat"]
    assert typical(asked, RARITY) == 1
    assert typical(["can he keep a dog"] * 3, RARITY) == 0


def test_a_word_that_one_question_alone_has_and_the_guidance_does_not_know_is_left_out() -> None:
    asked = ["can kasun get methadone", "who gives methadone to him", "methadone for Zywiec Quux, please?"]
    shown = in_common(asked, known_words(CONTENT), "en")
    assert shown == ("can … get methadone", "who gives methadone to him", "methadone for … please?")


def test_words_that_the_guidance_says_stay() -> None:
    known = known_words(CONTENT)
    assert in_common(["do i need consent to share information"], known, "en") == (
        "do i need consent to share information",
    )


def test_the_quick_look_is_never_below_the_closeness() -> None:
    asked = [text for answer in list(CONTENT.answers.values())[:12] for text in answer.asked_as]
    for one in asked:
        starts = frozenset(word[:START] for word in words(one))
        for other in asked:
            assert RARITY.at_most(starts, [other]) >= RARITY.closeness(one, other) - 0.05
