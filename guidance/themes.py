"""Which questions ask the same thing: pure, and without any list of words, so that it serves every language.

Questions are compared by how their words begin. What the guidance seldom says counts most: it is what they are about.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

from guidance.model import Content
from guidance.normal import folded, words

# Measured on pairs of phrasings of 60 answers, the other answers being the guidance: with these two, one pair in 1,600
# that asks different things is taken for one that asks the same.
START: Final = 5  # letters of a word that count; its endings do not
ALIKE: Final = 0.4  # closeness from which two questions are of one theme
STEEPNESS: Final = 3.0  # power of a word's rarity in a comparison
HIDDEN: Final = "…"

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Rarity:
    """How much the beginnings of words tell in one language; built once, used from any thread."""

    language: str = "en"
    unknown: float = 1.0
    of: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @classmethod
    def measured(cls, content: Content) -> "Rarity":
        """As often as answers and declines are asked for with it."""
        entries = [(one.title, *one.asked_as) for one in content.answers.values()]
        entries += [(one.title, *one.asked_as) for one in content.declines.values()]
        spread: Counter[str] = Counter()
        for texts in entries:
            spread.update({start for text in texts for start in _starts(text, content.language)})
        size = 1 + len(entries)
        weights = {start: math.log(size / (1 + owners)) ** STEEPNESS for start, owners in spread.items()}
        return cls(content.language, max(math.log(size), 1.0) ** STEEPNESS, MappingProxyType(weights))

    def weight(self, word: str) -> float:
        return self.of.get(word[:START], self.unknown)

    def closeness(self, one: str, other: str) -> float:
        """0 (nothing in common) to 1 (the same words)."""
        return self.near(_starts(one, self.language), _starts(other, self.language))

    def near(self, first: frozenset[str], second: frozenset[str]) -> float:
        """The same of the beginnings of their words."""
        lengths = math.sqrt(self._sum(first) * self._sum(second))
        return self._sum(first & second) / lengths if lengths else 0.0

    def at_most(self, first: frozenset[str], others: Sequence[str]) -> float:
        """To none of the others it is closer than this: known without taking them apart, which takes far longer.

        Short forms that are written out ("cant") can make it a little too small: their words are the commonest.
        """
        whole, text = self._sum(first), folded("\n".join(others))
        shared = self._sum([start for start in first if start in text])
        return math.sqrt(shared / whole) if whole else 0.0

    def _sum(self, starts: Collection[str]) -> float:
        return sum(self.of.get(start, self.unknown) for start in sorted(starts))


EVEN: Final = Rarity()
"""Every word tells as much."""


def theme_of(question: str, themes: Mapping[K, Sequence[str]], rarity: Rarity) -> K | None:
    """The theme that a question belongs to, or None: it opens one.

    Args:
        themes: by whatever they are known by, the questions of each; of two as close the first is taken.
    """
    mine = _starts(question, rarity.language)
    best: float = ALIKE
    found: K | None = None
    for key, asked in themes.items():
        if rarity.at_most(mine, asked) < ALIKE:
            continue
        near = sum(rarity.near(mine, _starts(other, rarity.language)) for other in asked) / max(1, len(asked))
        if near > best or (near == best and found is None):
            best, found = near, key
    return found


def typical(questions: Sequence[str], rarity: Rarity) -> int:
    """Place of the question that is closest to all the others, the first of several.

    Args:
        questions: one or more.
    """
    sums = [sum(rarity.closeness(one, other) for other in questions) for one in questions]
    return max(range(len(sums)), key=lambda place: (round(sums[place], 9), -place))


def in_common(questions: Sequence[str], known: Collection[str], language: str) -> tuple[str, ...]:
    """The questions without the words that a single one of them uses and the guidance does not: names among them.

    Args:
        known: see ``known_words``.
    """
    heard = Counter(start for one in questions for start in _starts(one, language))

    def shown(word: str) -> str:
        return word if all(start in known or heard[start] > 1 for start in _starts(word, language)) else HIDDEN

    return tuple(_joined(map(shown, one.split())) for one in questions)


def known_words(content: Content) -> frozenset[str]:
    """Beginnings of all words the guidance itself says; takes a third of a second."""
    texts: list[str] = []
    for answer in content.answers.values():
        texts += [answer.title, *answer.asked_as, answer.short, answer.more, answer.words or "", *answer.keywords]
    for decline in content.declines.values():
        texts += [decline.title, *decline.asked_as, decline.say, decline.next]
    for step in content.steps.values():
        texts += [step.title, step.purpose, step.lead, step.timing, *step.roles.values()]
        texts += [check.text for check in step.checks]
    return frozenset(start for text in texts for start in _starts(text, content.language))


def _starts(text: str, language: str) -> frozenset[str]:
    return frozenset(word[:START] for word in words(text, language))


def _joined(parts: Iterable[str]) -> str:
    kept: list[str] = []
    for part in parts:
        if part != HIDDEN or kept[-1:] != [HIDDEN]:
            kept.append(part)
    return " ".join(kept)
