"""What leans on the question before it is short, and begins so or points back."""

import pytest

from guidance.follow_up import leans, own_words


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("and what about his mother?", "his mother"),
        ("and after release?", "after release"),
        ("what if he refuses", "he refuses"),
        ("even if he says no", "he says no"),
        ("is that allowed", "is that allowed"),
        ("why?", ""),
        ("who does that", ""),
        ("and who?", ""),
        ("tell me more", ""),
    ],
)
def test_a_follow_up(text: str, own: str):
    assert leans(text, "en")
    assert own_words(text, "en") == own


@pytest.mark.parametrize(
    "text",
    [
        *("can he travel abroad", "do i need consent to share", "consent", "", "i lost my phone"),
        "and what must i do when the prison tells me that the release is moved to next week",
    ],
)
def test_what_stands_by_itself(text: str):
    assert not leans(text, "en")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *(("fr", "et sa mère ?"), ("fr", "pourquoi ?"), ("pt", "e se ele recusar"), ("it", "e dopo il rilascio?")),
        *(
            ("bg", "а майка му?"),
            ("bg", "защо"),
            ("el", "και η μητέρα του;"),
            ("el", "γιατί;"),
            ("nl", "en zijn moeder?"),
        ),
    ],
)
def test_in_other_languages(language: str, text: str):
    assert leans(text, language)


def test_in_a_language_without_a_list_nothing_leans():
    assert not leans("och hans mamma", "sv")
