"""Nothing is possible before the rules are accepted; afterwards the person is in."""

from typing import Any

import pytest

from dialogues.enrolment import LONGEST_HANDLE, AskHandle, AskLanguage, AskRules
from dialogues.model import Settle


def test_three_steps_and_the_person_is_in(talk: Any) -> None:
    one = talk(accepted=False)
    one.write("/start")
    assert isinstance(one.state, AskLanguage)
    one.press("en", "accept")
    one.write("PO-21")
    assert one.made(Settle) == [Settle(handle="PO-21", accepted=True)]
    assert one.floor.frames == ()
    assert any(say.standing for say in one.says)


@pytest.mark.parametrize("typed", ["/note", "/menu", "/danger", "/guide", "what is consent", "/cancel", "", "/note x"])
def test_nothing_else_is_possible_before(talk: Any, typed: str) -> None:
    one = talk(accepted=False)
    one.write("/start")
    one.press("en")
    one.write(typed)
    assert isinstance(one.state, AskRules)
    assert one.effects == [effect for effect in one.effects if type(effect).__name__ in ("Settle", "Remind")]


def test_rules_declined_stay_there_to_be_accepted(talk: Any) -> None:
    one = talk(accepted=False)
    one.write("/start")
    one.press("en", "decline")
    assert one.says[0].text == one.phrase("rules-declined")
    assert one.made(Settle) == []
    one.press("accept")
    assert isinstance(one.state, AskHandle)


def test_the_rules_come_in_the_language_just_chosen(talk: Any) -> None:
    one = talk(accepted=False)
    one.write("/start")
    one.press("fr")
    assert one.says[0].text == "‹rules›"


@pytest.mark.parametrize("typed", ["", "   ", "/x", "x" * (LONGEST_HANDLE + 1), "\u202e\u2066"])
def test_a_handle_is_short_and_not_empty(talk: Any, typed: str) -> None:
    one = talk(accepted=False)
    one.write("/start")
    one.press("en", "accept")
    one.write(typed)
    assert isinstance(one.state, AskHandle)


def test_a_handle_cannot_turn_our_words_round(talk: Any) -> None:
    one = talk(accepted=False)
    one.write("/start")
    one.press("en", "accept")
    one.write("PO\u202e-21")
    assert one.made(Settle)[0].handle == "PO-21"


def test_a_handle_like_a_name_is_kept_with_a_word_of_warning(talk: Any) -> None:
    one = talk(accepted=False)
    one.write("/start")
    one.press("en", "accept")
    one.write("Mario Rossi")
    assert one.says[0].text == one.phrase("handle-looks-like-name")
    assert one.made(Settle)[0].handle == "Mario Rossi"
