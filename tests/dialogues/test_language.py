"""The language is settled at once, also for the question that was open."""

from typing import Any

from dialogues.model import Settle


def test_a_language_is_settled_and_spoken(talk: Any) -> None:
    one = talk()
    one.write("/language")
    assert set(one.keys) == {"en", "fr"}
    one.press("fr")
    assert one.made(Settle) == [Settle(language="fr")]
    one.write("/menu")
    assert one.says[0].text == "‹menu›"


def test_the_open_question_comes_again_in_the_new_language(talk: Any) -> None:
    one = talk()
    one.write("/note", "/language")
    one.press("fr")
    assert one.says[-1].text == "‹note-ask-case›"


def test_a_language_that_is_not_offered_changes_nothing(talk: Any) -> None:
    one = talk()
    one.write("/language")
    one.open("language.xx")
    assert one.made(Settle) == []


def test_the_first_language_is_spoken_where_the_persons_is_offered_no_longer(talk: Any) -> None:
    one = talk(language="xx")
    one.write("/help")
    assert one.says[0].title == "What I can do"
