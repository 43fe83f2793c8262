"""What the learnt layer of the danger finder sees in a message: words, pairs of words, groups of words, letters.

No word of faith, origin, dress or lawful opinion is ever seen as itself: writers list those in ``danger_groups.toml``,
either as never seen, or as seen only as the group they are in ("the imam" and "the teacher" are the same). So
nobody's faith or passport can push a message towards danger, and swapping one for another changes nothing.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from guidance.normal import AT_MOST_CHARACTERS, folded, words

LETTERS: Final = (3, 4, 5)
"""Runs of so many letters, word ends counted, so that a slip of the thumb leaves most of a word to be seen."""

GROUPS_APART: Final = 4
"""Two groups count as a pair with up to so many words from one to the other."""

LETTERS_WEIGHT: Final = 0.2
APART_WEIGHT: Final = 0.7
LONGEST_PART: Final = 50
"""A message of more words is looked at in overlapping parts: one sentence must not drown in a long note."""

_SENTENCE: Final = re.compile(r"(?<=[.!?;\n…])")


@dataclass(frozen=True, slots=True)
class WordGroups:
    """Words that stand for one another. All words are folded.

    Attributes:
        of: word to the names of its groups, the one that comes first in the file first.
        only: words that are seen only as their first group.
        never: words that are not seen at all.
    """

    of: Mapping[str, tuple[str, ...]]
    only: frozenset[str]
    never: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words of a sentence that are seen, and whether it ends as a question."""

    words: tuple[str, ...]
    asks: bool


def parts(text: str, groups: WordGroups, language: str) -> tuple[tuple[Sentence, ...], ...]:
    """A message in parts of at most ``LONGEST_PART`` words, each half overlapping the next; mostly that is one part.

    Args:
        text: as typed; only the first 2,000 characters are read.
    """
    sentences: list[Sentence] = []
    for sentence in _SENTENCE.split(folded(text[:AT_MOST_CHARACTERS].replace("\n", ". "))):
        seen = tuple(word for word in words(sentence, language) if word not in groups.never)
        asks = sentence.rstrip().endswith("?")
        # Without full stops the whole note is one sentence.
        for start in range(0, max(1, len(seen) - LONGEST_PART // 2), LONGEST_PART // 2):
            if piece := seen[start : start + LONGEST_PART]:
                sentences.append(Sentence(piece, asks))
    if sum(len(sentence.words) for sentence in sentences) <= LONGEST_PART:
        return (tuple(sentences),) if sentences else ()
    return tuple(_windows(sentences))


def features(part: Sequence[Sentence], groups: WordGroups) -> dict[str, float]:
    """Feature to value, of length one together; empty where there is no word.

    How long a message is is not among them: examples of danger are longer than ordinary questions, and a short cry for
    help must not be taken for a question because it is short.
    """
    found: dict[str, float] = {}
    for sentence in part:
        _add(found, sentence.words, groups)
        found["?" if sentence.asks else "."] = 1.0
    if not found:
        return {}
    length = math.sqrt(sum(value * value for value in found.values()))
    return {name: value / length for name, value in found.items()}


def _windows(sentences: Sequence[Sentence]) -> Iterator[tuple[Sentence, ...]]:
    start = 0
    while start < len(sentences):
        end, count, half = start, 0, start + 1
        while end < len(sentences) and (end == start or count + len(sentences[end].words) <= LONGEST_PART):
            count += len(sentences[end].words)
            end += 1
            if count <= LONGEST_PART // 2:
                half = end
        yield tuple(sentences[start:end])
        if end == len(sentences):
            return
        start = min(half, end)


def _add(found: dict[str, float], seen: Sequence[str], groups: WordGroups) -> None:
    shown = ["^"]
    grouped = ["^"]
    for word in seen:
        of = ("number",) if word.isdigit() else groups.of.get(word, ())
        only = word in groups.only or word.isdigit()
        shown.append(f"#{of[0]}" if only else word)
        grouped.append(f"#{of[0]}" if of else word)
        for group in of:
            found[f"#{group}"] = 1.0
        if not only:
            padded = f"_{word}_"
            for length in LETTERS:
                for start in range(len(padded) - length + 1):
                    found[f"~{padded[start : start + length]}"] = LETTERS_WEIGHT
    shown.append("$")
    grouped.append("$")
    for at, word in enumerate(shown):
        found[word] = 1.0
        if at + 1 < len(shown):
            found[f"{word} {shown[at + 1]}"] = 1.0
            found[f"{grouped[at]} {grouped[at + 1]}"] = 1.0
        if grouped[at].startswith("#"):
            for other in grouped[at + 2 : at + 1 + GROUPS_APART]:
                if other.startswith("#"):
                    found[f"{grouped[at]} .. {other}"] = APART_WEIGHT
