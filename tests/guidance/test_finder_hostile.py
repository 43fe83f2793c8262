"""Whatever is pasted gets a sensible decision, for a bounded amount of work and memory.

Work is counted, not timed. Timed on a busy shared core, the slowest of 50 such inputs takes ``Asking.decide`` 23 to 28
ms, or 36 where its words were never seen before; before the danger layer was bounded it was 983.
"""

import random
import string
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guidance import danger_phrases, speller
from guidance.asking import Asking
from guidance.danger_phrases import AT_MOST_SLIPS, PhraseFinder
from guidance.finder import AT_MOST_WORDS, Finder
from guidance.library import load
from guidance.normal import AT_MOST_CHARACTERS, AT_MOST_WORD
from guidance.sentences import AT_MOST_SENTENCES
from guidance.similarity import Read, Similarity
from guidance.speller import AT_MOST_REPAIRS, Speller

QUESTION = "can i tell the police about my client"
MEMORY_BYTES = 8_000_000
"""More than one decision may hold at a time beside the text itself; measured 0.1 to 4 million."""


def nonsense(words: int, letters: int) -> str:
    dice = random.Random(words * letters)
    return " ".join("".join(dice.choices(string.ascii_lowercase, k=letters)) for _ in range(words))


HOSTILE = {
    "a million characters": f"{QUESTION} " * 27_000,
    "a million spaces": " " * 1_000_000,
    "a million new lines": "\n" * 1_000_000,
    "a million full stops": "." * 1_000_000,
    "one endless word": "x" * 1_000_000,
    "one endless word of all letters": string.ascii_lowercase * 40_000,
    "only emoji": "😀🔪💣" * 700,
    "zalgo": "".join(f"{letter}{'̴̖̅' * 20}" for letter in QUESTION),
    "marks without letters": "\u0301" * 5_000,
    "mixed scripts": "саn і tеll thе роliсе αβγ 警察 " * 100,
    "right to left": "\u202ecan\u200f i\u202d tell\u2066 the\u2069 police\u202e " * 60,
    "one character that stands for eighteen": "\ufdfa" * 5_000,
    "a regular expression": "(a+)+$" * 500,
    "no word boundary": "a" * 5_000 + "!",
    "apostrophes": "a'" * 3_000,
    "idioms begun": "butcher cook lock himself boss " * 100,
    "a danger phrase again and again": "he will kill him " * 200,
    "danger phrases, one in another": "i want to hurt kill stab " * 100,
    "nonsense of 40 letters": nonsense(2_000, 40),
    "nonsense of 6 letters": nonsense(2_000, 6),
    "NUL bytes": "\x00" * 500 + "can\x00 i tell the police\x00" * 100,
    "lone surrogates": "\ud800\udfff\udc00 can i tell the police " * 50,
    "control characters": "".join(map(chr, range(32))) * 60,
    "one letter words": " ".join(string.ascii_lowercase * 80),
    "one letter sentences": "a. " * 1_000,
}

PIECES = (
    QUESTION, "he has a knife", "not", " ", "\n", ".", "?", "'", "-", "\x00", "\u202e", "\u200b", "\u0301",
    "\ud800", "\ufdfa", "😀", "警察", "полиция", "αστυνομία", "ﬁ", "ß", "İ", "x" * 60, "qzxv", "12", "(a+)+$",
    "%s{}", "<b>", "l'", "ǅ", "ﾞ",
)  # fmt: skip


@pytest.fixture(scope="module")
def asking() -> Asking:
    return Asking(load("en"))


def sensible(asking: Asking, text: str) -> None:
    outcome = asking.decide(text)
    ids = [hit.id for hit in outcome.hits]
    assert 0 <= outcome.confidence <= 1
    assert len(ids) == len(set(ids)) <= 3
    assert all(0 <= hit.score <= 1 for hit in outcome.hits)
    assert (outcome.decision == "danger") == (outcome.step is not None)
    assert outcome.decision in ("danger", "refuse") or ids


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_gets_a_decision(asking: Asking, name: str):
    sensible(asking, HOSTILE[name])


@pytest.mark.parametrize(
    "name",
    [
        "a million spaces", "a million new lines", "a million full stops", "one endless word", "only emoji",
        "marks without letters", "one character that stands for eighteen", "nonsense of 40 letters",
    ],
)  # fmt: skip
def test_what_says_nothing_is_refused(asking: Asking, name: str):
    assert asking.decide(HOSTILE[name]).decision == "refuse"


@pytest.mark.parametrize("name", ["a million characters", "zalgo", "right to left", "NUL bytes", "lone surrogates"])
def test_what_is_said_in_disguise_is_heard(asking: Asking, name: str):
    assert "tell-police" in {hit.id for hit in asking.decide(HOSTILE[name]).hits}


def test_a_cry_for_help_is_heard_in_disguise_too(asking: Asking):
    for text in ("he has a kn\u200bife", "HE\x00 HAS\x00 A\x00 KNIFE", "hе hаs а knifе", "\u202ehe has a knife\u202c"):
        assert asking.decide(text).decision == "danger", text


@pytest.mark.parametrize("name", HOSTILE)
def test_only_the_first_characters_are_read(asking: Asking, name: str):
    text = HOSTILE[name]
    assert asking.decide(text) == asking.decide(text[:AT_MOST_CHARACTERS])


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_bounded(asking: Asking, name: str):
    tracemalloc.start()
    try:
        asking.decide(HOSTILE[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= MEMORY_BYTES


def counted(monkeypatch: pytest.MonkeyPatch, of: object, name: str) -> list[tuple[object, ...]]:
    """The arguments of each call from now on."""
    calls: list[tuple[object, ...]] = []
    real: Callable[..., object] = getattr(of, name)

    def counting(*args: object, **named: object) -> object:
        calls.append(args)
        return real(*args, **named)

    monkeypatch.setattr(of, name, counting)
    return calls


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_bounded(asking: Asking, monkeypatch: pytest.MonkeyPatch, name: str):
    read = counted(monkeypatch, Finder, "_compared")
    compared = counted(monkeypatch, Similarity, "to")
    looked_up = counted(monkeypatch, speller, "extract")
    repaired = counted(monkeypatch, Speller, "_repair")
    sentences = counted(monkeypatch, PhraseFinder, "_around")
    danger_words = counted(monkeypatch, danger_phrases, "words")

    asking.decide(HOSTILE[name])

    # Each sentence, and the whole message.
    assert len(compared) <= AT_MOST_SENTENCES + 1
    # A word may be repaired into two.
    assert all(len(tokens) <= 2 * AT_MOST_WORDS for _, tokens in read if isinstance(tokens, list))
    assert all(len(word) <= AT_MOST_WORD for _, text in compared if isinstance(text, Read) for word in text.words)
    assert len(repaired) <= AT_MOST_REPAIRS + AT_MOST_SLIPS
    assert len(looked_up) <= 2 * len(repaired)
    # The sentences were folded, the clauses read, and what is around matches worked out, each once.
    assert len(sentences) <= AT_MOST_CHARACTERS
    assert sum(len(str(text)) for text, *_ in danger_words) <= 4 * AT_MOST_CHARACTERS


@given(st.text(max_size=3_000))
@example("\ud800")
@example("İ" * 2_001)
@settings(max_examples=60, deadline=None)
def test_any_text_gets_a_decision(asking: Asking, text: str):
    sensible(asking, text)


@given(st.lists(st.sampled_from(PIECES), max_size=120), st.sampled_from(("", " ", "\n")))
@settings(max_examples=120, deadline=None)
def test_any_hostile_pieces_get_a_decision(asking: Asking, pieces: list[str], between: str):
    sensible(asking, between.join(pieces))


@given(st.text(st.characters(codec=None, categories=["Cs", "Cc", "Cf", "Mn", "Lo", "So", "Zs"]), max_size=400))
@settings(max_examples=60, deadline=None)
def test_the_same_text_gets_the_same_decision(asking: Asking, text: str):
    assert asking.decide(text) == asking.decide(text)
