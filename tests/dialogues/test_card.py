"""The code of a pocket card or a form, typed in the chat."""

from collections.abc import Callable
from typing import Any

from bot.wiring import voices
from guidance import cards, filling

CONTENT = voices()["en"].content


def test_the_code_of_today_is_up_to_date_and_opens_the_step(talk: Callable[[], Any]) -> None:
    one = talk()
    card = cards.step_card(CONTENT, "S05")
    one.write(card.code.lower())
    assert f"{card.code} is up to date: {card.title}" in one.said
    assert "step.S05" in one.keys


def test_another_code_is_out_of_date_and_told_what_it_is_about(talk: Callable[[], Any]) -> None:
    one = talk()
    card = cards.topic_card(CONTENT, "crisis")
    one.write("CR-000" if card.code != "CR-000" else "CR-001")
    assert "out of date" in one.said
    assert card.title in one.said
    assert card.code in one.said


def test_a_code_in_a_sentence_is_a_question(talk: Callable[[], Any]) -> None:
    one = talk()
    one.write(f"what is {cards.step_card(CONTENT, 'S05').code} about")
    assert "date" not in one.said


def test_the_code_of_a_form_is_up_to_date_and_opens_its_step(talk: Callable[[], Any]) -> None:
    one = talk()
    sheet = filling.empty(CONTENT, CONTENT.handoffs["referral-note"], CONTENT.steps["S03"])
    one.write(sheet.code)
    assert f"{sheet.code} is up to date: {sheet.title}, {sheet.about}" in one.said
    assert "step.S03" in one.keys


def test_another_code_of_a_form_is_out_of_date(talk: Callable[[], Any]) -> None:
    one = talk()
    sheet = filling.empty(CONTENT, CONTENT.handoffs["incident-sheet"], CONTENT.steps["S14"])
    one.write("F16-000" if sheet.code != "F16-000" else "F16-001")
    assert "out of date" in one.said
    assert sheet.code in one.said
