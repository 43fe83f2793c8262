"""A message falls into its sentences, and its questions are told from the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.sentences import AT_MOST_SENTENCES, is_question, sentences


def parted(text: str, language: str = "en") -> list[tuple[str, bool]]:
    return [(one.text, one.asks) for one in sentences(text, language)]


def test_background_is_told_from_the_question():
    assert parted("he came back yesterday. he is angry. can i tell the police?") == [
        ("he came back yesterday.", False),
        ("he is angry.", False),
        ("can i tell the police?", True),
    ]


def test_two_questions_may_share_a_sentence():
    assert [text for text, _ in parted("can i tell the police and how do i write it down")] == [
        "can i tell the police",
        "how do i write it down",
    ]
    assert len(parted("who leads the case, and also can i visit him?")) == 2


@pytest.mark.parametrize(
    "text",
    [
        *("how and when can i tell the police", "He e.g. shouts in S05.2 at 17.30", "can he and his mother come"),
        *("who leads the case meeting and who is invited", "what needs action right away and what can wait"),
        *("i lost my phone", "what is the difference between a mentor and a probation officer"),
    ],
)
def test_one_stays_one(text: str):
    assert [one for one, _ in parted(text)] == [text]


def test_a_line_is_a_sentence_and_a_question_mark_needs_no_blank():
    assert [asks for _, asks in parted("he is back\nwhat now?who knows?")] == [False, True, True]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Il est rentré hier. Est-ce que je peux le dire à la police"),
        ("pt", "Ele voltou ontem. Posso dizer à polícia"),
        ("it", "È tornato ieri. Posso dirlo alla polizia"),
        ("bg", "Той се върна вчера. Мога ли да кажа на полицията"),
        ("el", "Γύρισε χτες. Μπορώ να το πω στην αστυνομία;"),
        ("nl", "Hij kwam gisteren terug. Mag ik het de politie zeggen"),
        ("sv", "Han kom igår. Får jag berätta det för polisen?"),
    ],
)
def test_questions_in_every_language(language: str, text: str):
    assert [asks for _, asks in parted(text, language)] == [False, True]


def test_a_semicolon_asks_in_greek_only():
    assert is_question("Ποιος αποφασίζει;", "el")
    assert is_question("Ποιος το λέει\u037e", "el")
    assert not is_question("he came back;", "en")


@given(st.text(max_size=3_000), st.sampled_from(["en", "el", "bg", "xx"]))
def test_any_text_is_parted(text: str, language: str):
    found = sentences(text, language)
    assert len(found) <= AT_MOST_SENTENCES
    assert all(one.text for one in found)
