"""What is on a pocket card, and that its code tells when the card is out of date."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance import cards
from guidance.library import load
from guidance.model import Content

CONTENT = load("en")


def with_step(step_id: str, **changed: object) -> Content:
    step = replace(CONTENT.steps[step_id], **changed)  # type: ignore[arg-type]  # fields by name, in tests only
    return replace(CONTENT, steps=MappingProxyType({**CONTENT.steps, step_id: step}))


def test_a_step_s_card_holds_its_purpose_checklist_danger_line_and_kinds() -> None:
    card = cards.step_card(CONTENT, "S05")
    lines = [line for part in card.parts for line in part.lines]
    step = CONTENT.steps["S05"]
    assert (card.title, card.about, card.id) == (step.title, "S05", "S05")
    assert step.purpose in lines
    assert [line for part in card.parts if part.ticks for line in part.lines] == [one.text for one in step.checks]
    assert "112" in card.danger
    assert "law" in card.foot[0]


def test_a_topic_s_card_holds_its_first_answers_word_for_word() -> None:
    card = cards.topic_card(CONTENT, "information_sharing")
    first = next(answer for answer in CONTENT.answers.values() if answer.topic == "information_sharing")
    assert (card.id, card.about) == ("IS", "information_sharing")
    assert (card.parts[0].heading, card.parts[0].lines) == (first.title, (first.short,))
    assert 1 <= len(card.parts) <= cards.MOST_ANSWERS


def test_every_step_and_every_topic_has_a_card_with_a_code_of_its_own() -> None:
    every = cards.every(CONTENT)
    assert {card.about for card in every} == {*CONTENT.steps, *cards.topics(CONTENT)}
    assert len({card.code for card in every}) == len(every) == len({card.id for card in every})


@pytest.mark.parametrize("topic", cards.topics(CONTENT))
def test_every_topic_has_a_name_for_people(topic: str) -> None:
    assert f"topic-{topic.replace('_', '-')}" in CONTENT.phrases.keys()  # noqa: SIM118  (no mapping)


@pytest.mark.parametrize("card", cards.every(CONTENT), ids=lambda card: card.about)
def test_every_code_is_read_back_and_says_that_the_card_is_current(card: cards.Card) -> None:
    for typed in (card.code, card.code.lower(), f"  {card.code}\n"):
        assert cards.look_up([CONTENT], typed) == cards.Told(card, True)


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert cards.read_code("s05-oil") == "S05-011"


def test_another_wording_makes_the_card_out_of_date() -> None:
    old = cards.step_card(CONTENT, "S05")
    changed = with_step("S05", purpose="Give each partner what they need.")
    told = cards.look_up([changed], old.code)
    assert told is not None
    assert (told.current, told.card.title, told.card.code != old.code) == (False, old.title, True)


def test_a_review_without_a_change_leaves_the_card_current() -> None:
    old = cards.step_card(CONTENT, "S05")
    reviewed = cards.step_card(with_step("S05", reviewed=date(2027, 1, 5)), "S05")
    assert reviewed.code == old.code
    assert reviewed.reviewed != old.reviewed


def test_a_change_of_one_step_leaves_the_other_cards_current() -> None:
    changed = with_step("S05", title="Another title")
    pairs = zip(cards.every(CONTENT), cards.every(changed), strict=True)
    differ = [old.id for old, new in pairs if old.code != new.code]
    assert differ == ["S05"]


def test_a_code_of_another_language_is_current_there() -> None:
    other = replace(CONTENT, language="fr")
    code = cards.step_card(other, "S05").code
    assert code != cards.step_card(CONTENT, "S05").code
    told = cards.look_up([CONTENT, other], code)
    assert told is not None
    assert (told.current, told.card.language) == (True, "fr")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S05",
        "S05-3K",
        "S05-3K77",
        "S05 3K7",
        "is S05-3K7 right",
        "S05-3U7",
        "AB-1234-P",
        "K7QF-3M2D",
        "5S0-3K7",
        "S5-3K7",
    ],
)
def test_what_is_not_exactly_a_code_is_none(text: str) -> None:
    assert cards.read_code(text) is None
    assert cards.look_up([CONTENT], text) is None


def test_a_code_with_an_id_that_no_card_has_says_nothing() -> None:
    assert cards.read_code("S99-3K7") == "S99-3K7"
    assert cards.look_up([CONTENT], "S99-3K7") is None


@given(st.text(max_size=12))
def test_no_text_makes_reading_a_code_raise(text: str) -> None:
    read = cards.read_code(text)
    assert read is None or cards.read_code(read) == read


def test_topics_that_share_a_beginning_have_no_card() -> None:
    shared = {
        id: replace(fact, topic="family") if fact.topic == "crisis" else fact for id, fact in CONTENT.facts.items()
    }
    ids = cards.topic_ids(replace(CONTENT, facts=MappingProxyType(shared)))
    assert "crisis" not in ids.values()
    assert "family" not in ids.values()
    with pytest.raises(KeyError):
        cards.topic_card(replace(CONTENT, facts=MappingProxyType(shared)), "family")


def test_only_as_many_answers_as_fit() -> None:
    long = {id: replace(answer, short="x" * 350) for id, answer in CONTENT.answers.items()}
    card = cards.topic_card(replace(CONTENT, answers=MappingProxyType(long)), "crisis")
    assert len(card.parts) == 4
