"""Pocket cards: what is printed on the card of a step or a topic, and the code that tells whether it is still right.

A code is the card's id and three symbols of Crockford's base 32 (no I, L, O, U): ``S05-3K7``. The symbols are 15 bits
of a hash over everything printed but the day of the review, so a reworded card has another code, with one chance in
32,768 that it has not.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from guidance.coverage import topic_of
from guidance.model import Answer, Content
from guidance.phrases import PhraseError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SLIPS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_CODE: Final = re.compile(r"([A-Z][0-9]{2}|[A-Z]{2,4})-([0-9A-Z]{3})")
_PREFIX: Final = re.compile(r"[A-Z]{2,4}")

FORM: Final = 1
"""Part of what is hashed; +1 when the same content is put on a card in another way."""

MOST_ANSWERS: Final = 6
MOST_CHARACTERS: Final = 1_500
"""A topic's card takes its first answers, as long as they fit both sides of a card in a size that can be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A few lines under a heading; ``ticks``: things to do, each with a box before it."""

    heading: str
    lines: tuple[str, ...]
    ticks: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """
    Attributes:
        id: ``S05`` for a step; for a topic what the ids of its facts begin with, for example ``IS``.
        about: the step's id or the topic, for example ``information_sharing``.
        danger: the first line: what to do first in danger.
        foot: what kind of knowledge it is, and that it is orientation.
        reviewed: when and by whom; printed, and not part of the code.
        code: see above.
    """

    id: str
    about: str
    title: str
    danger: str
    parts: tuple[Part, ...]
    foot: tuple[str, ...]
    reviewed: str
    language: str
    code: str = field(default="")


@dataclass(frozen=True, slots=True)
class Told:
    """What a code says: the card as it would be printed now, and whether the one in the hand is the same."""

    card: Card
    current: bool


def topics(content: Content) -> dict[str, tuple[Answer, ...]]:
    """Every topic with answers, in the writers' order."""
    found: dict[str, list[Answer]] = {}
    for answer in content.answers.values():
        found.setdefault(topic_of(answer), []).append(answer)
    return {topic: tuple(answers) for topic, answers in found.items()}


def step_card(content: Content, step_id: str) -> Card:
    """
    Raises:
        KeyError: there is no such step.
    """
    step = content.steps[step_id]
    text = content.phrases.text
    parts = (
        Part("", (step.purpose,)),
        Part(text("card-check"), tuple(check.text for check in step.checks), ticks=True),
        Part(text("card-timing"), (step.timing,)),
        Part(text("card-handoff"), (step.handoff,)),
    )
    return _card(content, step.id, step.id, step.title, parts, step.facts, step.owner, step.reviewed)


def topic_card(content: Content, topic: str) -> Card:
    """
    Raises:
        KeyError: no answers are about this topic, or its facts begin with nothing of their own to make a code of.
    """
    answers = _first(topics(content)[topic])
    ids = {about: id for id, about in topic_ids(content).items()}
    parts = tuple(Part(answer.title, (answer.short,)) for answer in answers)
    facts = tuple(dict.fromkeys(fact for answer in answers for fact in answer.facts))
    oldest = min(answers, key=lambda answer: answer.reviewed)
    title = topic_title(content, topic)
    return _card(content, ids[topic], topic, title, parts, facts, oldest.owner, oldest.reviewed)


def every(content: Content) -> tuple[Card, ...]:
    """The card of every step, then of every topic that can have one."""
    steps = tuple(step_card(content, step_id) for step_id in content.steps)
    return (*steps, *(topic_card(content, topic) for topic in topic_ids(content).values()))


def topic_ids(content: Content) -> dict[str, str]:
    """Card id to topic: what all fact ids of the topic begin with, where no other topic has the same."""
    begins: dict[str, set[str]] = {}
    for fact in content.facts.values():
        begins.setdefault(fact.topic, set()).add(fact.id.partition("-")[0])
    with_answers = topics(content)
    alone = {topic: next(iter(found)) for topic, found in begins.items() if len(found) == 1 and topic in with_answers}
    ids = list(alone.values())
    return {id: topic for topic, id in alone.items() if ids.count(id) == 1 and _PREFIX.fullmatch(id)}


def topic_title(content: Content, topic: str) -> str:
    """The topic's name for people; its id with blanks where the writers gave it none."""
    try:
        return content.phrases.text(f"topic-{topic.replace('_', '-')}")
    except PhraseError:
        return topic.replace("_", " ").capitalize()


def read_code(text: str) -> str | None:
    """The canonical form of a card's code, or None where a text is not exactly one."""
    found = _CODE.fullmatch(text.strip().upper())
    if found is None:
        return None
    symbols = found[2].translate(_SLIPS)
    return f"{found[1]}-{symbols}" if all(symbol in ALPHABET for symbol in symbols) else None


def look_up(contents: Iterable[Content], text: str) -> Told | None:
    """What is known about the card with this code, in any of these languages.

    Returns:
        The card in the language that the code is current in, else in the first that has one; or None: the text is no
        code, or there never was or is no longer a card with its id.
    """
    code = read_code(text)
    if code is None:
        return None
    cards = [card for content in contents if (card := _by_id(content, code.partition("-")[0])) is not None]
    for card in cards:
        if card.code == code:
            return Told(card, True)
    return Told(cards[0], False) if cards else None


def _by_id(content: Content, id: str) -> Card | None:
    if id in content.steps:
        return step_card(content, id)
    topic = topic_ids(content).get(id)
    return topic_card(content, topic) if topic is not None else None


def _first(answers: tuple[Answer, ...]) -> tuple[Answer, ...]:
    """The first answers that fit, at least one."""
    taken, room = 0, MOST_CHARACTERS
    for answer in answers[:MOST_ANSWERS]:
        room -= len(answer.title) + len(answer.short)
        if room < 0:
            break
        taken += 1
    return answers[: max(1, taken)]


def _card(
    content: Content,
    id: str,
    about: str,
    title: str,
    parts: tuple[Part, ...],
    facts: tuple[str, ...],
    owner: str,
    reviewed: date,
) -> Card:
    text = content.phrases.text
    kinds = ", ".join(text(f"kind-{kind}") for kind in content.kinds(facts))
    card = Card(
        id=id,
        about=about,
        title=title,
        danger=text("card-danger"),
        parts=parts,
        foot=(text("based-on", kinds=kinds), text("card-orientation")),
        reviewed=text("reviewed", date=reviewed.isoformat(), owner=owner),
        language=content.language,
    )
    return replace(card, code=f"{id}-{_symbols(card)}")


def _symbols(card: Card) -> str:
    parts = [[part.heading, list(part.lines), part.ticks] for part in card.parts]
    return symbols([FORM, card.language, card.id, card.title, card.danger, parts, list(card.foot)])


def symbols(printed: Sequence[object]) -> str:
    """The three symbols of a code, for all that is printed, as JSON can write it."""
    digest = hashlib.sha256(json.dumps(printed, ensure_ascii=False).encode()).digest()
    bits = int.from_bytes(digest[:2]) >> 1
    return "".join(ALPHABET[(bits >> shift) & 31] for shift in (10, 5, 0))
