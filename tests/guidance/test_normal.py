"""What counts as the same text, however it was typed."""

from hypothesis import given
from hypothesis import strategies as st

from guidance.normal import AT_MOST_CHARACTERS, AT_MOST_WORD, folded, words


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
