"""Danger is heard in the browser as it is in the chat: one reader in Python, one in TypeScript, the same answers."""

import json
import tomllib
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from two_readers import Node

from bot.wiring import voices
from guidance import library
from guidance.danger import DangerFinder
from guidance.danger_slips import slipped
from guidance.model import DangerPhrases

QUESTIONS = Path(__file__).parents[1] / "questions"
ODD = (
    "",
    "?!",
    "HE HAS A GUN",
    "he has а gun",  # with a Cyrillic letter
    "ＨＥ ＨＡＳ Ａ ＧＵＮ",
    "h\u00e9 w\u00e1nts to k\u00efll h\u00edms\u00e9lf",
    "he wants to k\u200bill himself",
    "hes gona killhimself tonite",
    "he's got a kniffe",
    "there is no knife\nhe has a gun",
    "not a word of it. he will stab her",
    "Straße, ΟΔΟΣ, ſtab her \U0001f52a now",
    "he will never kill himself, but he wants to die",
    "what if a prisoner threatens an officer with a knife?",
    "0123456789 1/2 ½ ² he will shoot 3 people",
    "x" * 50 + " he will kill her " + "\u0301" * 40,
    "word " * 390 + "he has a gun",
)

Heard = Callable[[DangerFinder, list[str]], list[bool]]


@pytest.fixture(scope="module")
def finder() -> DangerFinder:
    return voices()["en"].danger


@pytest.fixture(scope="module")
def in_the_page(page_node: Node) -> Heard:
    """What the page hears, by what it is told over the interface."""
    told: list[DangerFinder] = []

    def heard(finder: DangerFinder, texts: list[str]) -> list[bool]:
        if told[-1:] != [finder]:
            page_node.ask({"do": "danger_told", "told": json.loads(json.dumps(finder.told()))})
            told.append(finder)
        return list(page_node.ask({"do": "danger", "texts": texts})["ok"]["heard"])

    return heard


def of_strangers() -> Iterator[str]:
    for name in ("danger_strangers_en", "incident_en", "fresh_en"):
        yield from words_of(tomllib.loads((QUESTIONS / f"{name}.toml").read_text("utf-8")))


def words_of(found: object) -> Iterator[str]:
    """Every text in a file, wherever it stands."""
    match found:
        case str():
            yield found
        case dict():
            yield from chain.from_iterable(map(words_of, found.values()))
        case list():
            yield from chain.from_iterable(map(words_of, found))


def test_the_page_hears_what_the_chat_hears(finder: DangerFinder, in_the_page: Heard) -> None:
    files, _ = library.packaged()
    examples, _ = library.danger_examples(files)
    assert examples is not None
    learnt_from = [one.text for of_one in examples.sets.values() for one in of_one]
    some = list(islice(learnt_from, 0, None, 12))
    texts = [*ODD, *of_strangers(), *some, *map(slipped, some), " ".join(some[:60]), "\n".join(some[-60:])]

    heard = in_the_page(finder, texts)

    assert len(texts) > 2_000
    ours = [finder.danger(text) is not None for text in texts]
    assert [
        text for text, one, other in zip(texts, ours, heard, strict=True) if one != other and len(text) < 2_000
    ] == []
    assert 0.2 < sum(ours) / len(ours) < 0.8
    # Of what is longer than a message the chat reads the beginning, the page all of it.
    assert [text for text, one, other in zip(texts, ours, heard, strict=True) if one and not other] == []


def test_a_danger_far_down_in_a_long_text_is_heard(finder: DangerFinder, in_the_page: Heard) -> None:
    calm = "We spoke about the course and the weather. "

    assert in_the_page(finder, [calm * 90, calm * 70 + "He has a gun under his bed and will shoot her tonight."]) == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("language", "phrase", "texts"),
    [
        (
            "nl",
            "mes|pistool trekken",
            ["hij wil een mes trekken", "geen mes", "het pistool trekken", "een mess trekken"],
        ),
        ("fr", "va se tuer", ["il va se tuer", "va-t-il se tuer", "l'homme va se tuer", "il tue le temps"]),
        ("pt", "mata-lo", ["vou matá-lo", "vai mata-lo agora", "bom dia"]),
        ("bg", "ще се убие", ["той ще се убие", "той шe се убие", "ЩЕ СЕ УБИЕ!", "не"]),
        ("el", "θα σκοτωσει", ["θα τον σκοτώσει", "ΘΑ ΣΚΟΤΩΣΕΙ", "τίποτα"]),
    ],
)
def test_a_language_without_rules_has_its_phrases(
    language: str, phrase: str, texts: list[str], in_the_page: Heard
) -> None:
    finder = DangerFinder([DangerPhrases("violence", "S14", (phrase,))], language)

    heard = in_the_page(finder, texts)

    assert heard == [finder.danger(text) is not None for text in texts]
    assert any(heard)
    assert not all(heard)


WORDS = ("he", "she", "will", "wants", "kill", "hurt", "himself", "gun", "tonight", "not", ",", ".", "?", "if", "film")
KNOWN = st.characters(exclude_categories=("Cs", "Cn"), max_codepoint=0xFFFF)
"""Browsers know a later Unicode than Python 3.11 does."""


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(st.lists(st.lists(st.sampled_from(WORDS) | st.text(KNOWN, max_size=9), max_size=12), min_size=30, max_size=60))
def test_any_text_is_heard_alike(finder: DangerFinder, in_the_page: Heard, written: list[list[str]]) -> None:
    texts = [" ".join(words) for words in written]

    assert in_the_page(finder, texts) == [finder.danger(text) is not None for text in texts]
