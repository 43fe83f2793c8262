"""What counts as the same text, however it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.normal import AT_MOST_CHARACTERS, AT_MOST_WORD, folded, words
from guidance.short_forms import SHORT_FORMS


def test_case_accents_and_width_do_not_matter():
    assert folded("  ÉCOLE　Ａｂｃ\tß ") == "ecole abc ss"


def test_invisible_characters_are_dropped():
    assert folded("kni\u200bfe\u0000 \u202eok") == "knife ok"


def test_all_apostrophes_are_one():
    assert folded("he’s he‘s he`s") == "he's he's he's"


def test_short_forms_are_written_out():
    assert words("hes got it, cant wait") == ["he", "is", "got", "it", "can", "not", "wait"]
    assert words("He's") == words("hes") == ["he", "is"]
    assert words("I don't") == ["i", "do", "not"]


def test_a_possessive_is_no_verb():
    assert words("the mentor's notes") == ["the", "mentor", "notes"]


def test_elided_articles_are_dropped():
    assert words("l'école d’été", "fr") == ["ecole", "ete"]


@pytest.mark.parametrize(
    ("language", "typed", "read"),
    [
        ("fr", "J'ai vu qu'il l'a dit", "ai vu il a dit"),
        ("fr", "slt pq c ferme", "salut pourquoi est ferme"),
        ("fr", "a-t-il peut-être", "a il peut etre"),
        ("fr", "ma sœur", "ma soeur"),
        ("it", "dov'è dell'anno, c'è un'altra", "dove e anno e altra"),
        ("it", "nn so xké cmq vengo", "non so perche comunque vengo"),
        ("pt", "pq n posso fazê-lo", "porque nao posso fazer o"),
        ("pt", "tou aqui p falar c vc", "estou aqui para falar com voce"),
        ("nl", "'t is zo'n dag, m'n foto's", "het is zo een dag mijn foto"),
        ("nl", "ff wachten ÿs ĳs", "even wachten ijs ijs"),
        ("el", "ΛΈΞΗΣ λέξης", "λεξησ λεξησ"),
        ("el", "προϊόν, σ' αυτό γι'αυτό δε ξέρω τπτ", "προιον σε αυτο για αυτο δεν ξερω τιποτα"),
        ("bg", "к'во е тва", "какво е това"),
        ("bg", "Ѝ каза", "и каза"),
    ],
)
def test_each_language_is_read_as_it_is_typed(language: str, typed: str, read: str):
    assert words(typed, language) == read.split()


@pytest.mark.parametrize("language", sorted(SHORT_FORMS))
def test_short_forms_are_folded_and_stand_for_other_words(language: str):
    for short, whole in SHORT_FORMS[language].items():
        assert folded(short, language) == short
        assert folded(whole, language) == whole
        assert words(short, language) == words(whole, language) == whole.split()


def test_english_short_forms_are_english_only():
    assert words("u bent", "nl") == ["u", "bent"]


def test_long_text_and_long_words_are_cut():
    assert len(folded("x" * 5_000)) == AT_MOST_CHARACTERS
    assert words("x" * 5_000) == ["x" * AT_MOST_WORD]


def test_one_character_that_stands_for_many_does_not_break_the_limit():
    assert len(folded("\ufdfa" * AT_MOST_CHARACTERS)) <= AT_MOST_CHARACTERS


@given(st.text())
def test_any_text_has_bounded_words_without_spaces(text: str):
    for word in words(text):
        assert word
        assert len(word) <= AT_MOST_WORD
        assert not any(character.isspace() for character in word)
