"""Finds the entries whose known phrasings come closest to a question, and how sure that is.

Two opinions are mixed: the nearest single phrasing, and the entry as a whole (its centroid). Both compare
TF-IDF weighted character n-grams, which forgive inflection and spelling, and whole words with word pairs, which
tell near questions apart. Words that no entry knows lower every score. The speller mends slips before.

Everything is plain dicts built once; a finder never changes afterwards and may be used from any thread.
"""

import heapq
import math
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from guidance.normal import words
from guidance.speller import Speller

# --- what was measured -------------------------------------------------------------------------------------------
# Shares and weights of a comparison: tried one by one on the "dev" parts of tests/questions/answers_en.toml and
# fresh_en.toml (221 questions that nobody used as phrasings) against 292 answers, 12 declines and 16 steps. The two
# logistics: fitted by gradient descent on the same questions and the 109 out-of-scope ones of the dev parts; cross
# validated they rank right above wrong in 88 of 100 pairs (first hit) and 80 of 100 (any of three). Their thresholds
# were read off the same parts. Figures of the held-out halves stand in tests/guidance/test_asking.py. Raw scores are
# not probabilities; the logistics make them so.
SHORTEST_GRAM: Final = 3
LONGEST_GRAM: Final = 4
CHARACTERS: Final = 0.5  # share of character n-grams in a comparison; the rest is words and word pairs
PAIRS: Final = 0.4  # weight of a word pair beside its words
CENTROID: Final = 0.6  # share of the whole entry in its score; the rest is its nearest phrasing
UNKNOWN: Final = 0.7  # how much of its weight an unknown word or n-gram keeps in the question's length
KEYWORD: Final = 0.4  # weight of a keyword in the centroid, a phrasing being 1
TEXT: Final = 0.3  # weight of an entry's text in the centroid
COMMON: Final = 0.5  # n-grams in more than this share of the entries tell nothing and cost most; they are left out
RARITY: Final = 1.0  # how steeply rare words count more than common ones
NEAR_TIE: Final = 0.04  # a favoured entry may be this far behind and still go first

# How likely the first hit is right ...
BIAS: Final = -9.4
BEST: Final = 0.3
MARGIN: Final = 8.5
KNOWN: Final = 5.6
LENGTH: Final = 2.65
# ... and how likely one of the first three is: a sibling close behind does no harm there.
THREE_BIAS: Final = -8.9
THREE_BEST: Final = 6.9
THREE_LENGTH: Final = 3.4

SURE: Final = 0.74  # that the first is right: answer
PROMISING: Final = 0.3  # that one of three is right: offer; below: refuse
CLOSE: Final = 0.42  # a score from which it is offered anyhow: one word, "suicide", can be no longer than it is
# -----------------------------------------------------------------------------------------------------------------

_Places: TypeAlias = "tuple[array[int], array[float]]"
_NOWHERE: Final[_Places] = (array("I"), array("d"))

FEW_ENTRIES: Final = 40
"""With fewer entries no n-gram is left out as common."""

AT_MOST_WORDS: Final = 80
"""Words of a question beyond these are not looked at."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found.

    Attributes:
        title: counts as one more phrasing.
        phrasings: as people type them.
        keywords: words that speak for the entry wherever they stand.
        text: what the entry says; speaks for it a little.
        language: of the phrasings, a two-letter code; decides how short forms are read.
        weight: 0 to 1, multiplies the score.
    """

    id: str
    title: str
    phrasings: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    text: str = ""
    language: str = "en"
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry with its closeness to the question, 0 (nothing in common) to 1 (the same words)."""

    id: str
    title: str
    score: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a question.

    Attributes:
        outcome: ``answer`` with the first hit, ``offer`` the hits as a choice, or ``refuse``.
        confidence: 0 to 1, how likely the first hit is what was meant.
        hits: best first, at most three; may be empty when refused.
    """

    outcome: Literal["answer", "offer", "refuse"]
    confidence: float
    hits: tuple[Hit, ...]


class Finder:
    """An index over entries of one language.

    Args:
        entries: ids must differ.
        same_words: words to read as another word, for example ``{"cops": "police"}``.
    """

    def __init__(self, entries: Iterable[Entry], same_words: Mapping[str, str] = MappingProxyType({})) -> None:
        self._entries = tuple(entries)
        self._weights = tuple(entry.weight for entry in self._entries)
        self._language = self._entries[0].language if self._entries else "en"
        self._same_words = dict(same_words)
        phrasings: list[tuple[int, list[str]]] = []
        extras: list[list[tuple[float, list[str]]]] = []
        for number, entry in enumerate(self._entries):
            texts = dict.fromkeys((entry.title, *entry.phrasings))
            phrasings += [(number, self._read(text)) for text in texts]
            extras.append(
                [(KEYWORD, self._read(word)) for word in entry.keywords]
                + ([(TEXT, self._read(entry.text))] if entry.text else [])
            )
        self._owner = [number for number, _ in phrasings]

        heard: list[set[str]] = [set() for _ in self._entries]
        vocabulary: Counter[str] = Counter()
        for number, tokens in phrasings:
            heard[number].update(tokens)
            vocabulary.update(tokens)
        for number, extra in enumerate(extras):
            for _, tokens in extra:
                vocabulary.update(tokens)
            heard[number].update(word for weight, tokens in extra if weight == KEYWORD for word in tokens)
        self._heard = tuple(frozenset(known) for known in heard)
        self._speller = Speller({**vocabulary, **dict.fromkeys(self._same_words, 1)}, self._language)

        # Features are made twice: keeping them all between the passes would double the memory while building.
        cut: dict[str, tuple[str, ...]] = {}
        known: list[set[str]] = [set() for _ in self._entries]
        for number, tokens in phrasings:
            known[number].update(*_features(tokens, cut))
        for number, extra in enumerate(extras):
            for _, tokens in extra:
                known[number].update(*_features(tokens, cut))
        spread: Counter[str] = Counter()
        for number, features in enumerate(known):
            spread.update(features)
            known[number] = set()
        # Rarity is counted over entries, not phrasings: a word that all phrasings of one entry share tells a lot.
        size = len(self._entries)
        self._top = (math.log(1 + size) + 1) ** RARITY
        self._rarity = {
            feature: (math.log((1 + size) / (1 + owners)) + 1) ** RARITY for feature, owners in spread.items()
        }
        if size >= FEW_ENTRIES:
            for feature, owners in spread.items():
                if feature[0] != "=" and owners > COMMON * size:
                    self._rarity[feature] = 0.0

        by_phrasing: dict[str, _Places] = defaultdict(_nowhere)
        sums: list[dict[str, float]] = [defaultdict(float) for _ in self._entries]
        for place, (number, tokens) in enumerate(phrasings):
            vector = self._vector(_features(tokens, cut))
            for feature, value in vector.items():
                places, values = by_phrasing[feature]
                places.append(place)
                values.append(value)
                sums[number][feature] += value
        for number, extra in enumerate(extras):
            for weight, tokens in extra:
                for feature, value in self._vector(_features(tokens, cut)).items():
                    sums[number][feature] += weight * value
        by_entry: dict[str, _Places] = defaultdict(_nowhere)
        for number, total in enumerate(sums):
            length = math.sqrt(sum(value * value for value in total.values())) or 1.0
            for feature, value in total.items():
                places, values = by_entry[feature]
                places.append(number)
                values.append(value / length)
        # Side by side in memory, which halves the time of a question (measured) and the size of the index.
        self._by_phrasing = dict(by_phrasing)
        self._by_entry = dict(by_entry)

    def find(self, text: str, at_most: int = 3) -> tuple[Hit, ...]:
        """The closest entries, best first, one hit an entry; empty when nothing is shared.

        Args:
            text: as typed; case, accents and punctuation do not matter.
            at_most: how many entries.
        """
        return self._ranked(self._mended(text), (), at_most)

    def decide(self, text: str, favour: Collection[str] = (), at_most: int = 3) -> Decision:
        """The closest entries and whether they are close enough to answer, to offer, or neither.

        Args:
            text: as typed.
            favour: ids that go first in a near tie.
            at_most: how many hits.
        """
        tokens = self._mended(text)
        ranked = self._ranked(tokens, favour, max(at_most, 2))
        if not ranked:
            return Decision("refuse", 0.0, ())
        best = ranked[0]
        # A favoured entry that went first in a near tie stands a little ahead, not behind.
        second = ranked[1].score if len(ranked) > 1 else 0.0
        number = next(at for at, entry in enumerate(self._entries) if entry.id == best.id)
        confidence = _logistic(
            BIAS
            + BEST * best.score
            + MARGIN * max(0.0, best.score - second)
            + KNOWN * self._share_known(tokens, self._heard[number])
            + LENGTH * math.log1p(len(tokens))
        )
        one_of_three = _logistic(THREE_BIAS + THREE_BEST * best.score + THREE_LENGTH * math.log1p(len(tokens)))
        outcome: Literal["answer", "offer", "refuse"] = "refuse"
        if confidence >= SURE:
            outcome = "answer"
        elif one_of_three >= PROMISING or best.score >= CLOSE:
            outcome = "offer"
        return Decision(outcome, confidence, ranked[:at_most])

    def _read(self, text: str) -> list[str]:
        return [self._same_words.get(word, word) for word in words(text, self._language)]

    def _mended(self, text: str) -> list[str]:
        typed = words(text, self._language)[:AT_MOST_WORDS]
        return [self._same_words.get(word, word) for word in self._speller.repaired(typed)]

    def _ranked(self, tokens: Sequence[str], favour: Collection[str], at_most: int) -> tuple[Hit, ...]:
        vector = self._vector(_features(tokens))
        nearest = [0.0] * len(self._owner)
        whole = [0.0] * len(self._entries)
        for feature, value in vector.items():
            for place, other in zip(*self._by_phrasing.get(feature, _NOWHERE), strict=True):
                nearest[place] += value * other
            for number, other in zip(*self._by_entry.get(feature, _NOWHERE), strict=True):
                whole[number] += value * other
        best = [0.0] * len(self._entries)
        for number, score in zip(self._owner, nearest, strict=True):
            if score > best[number]:
                best[number] = score
        scores = [
            weight * ((1 - CENTROID) * nearest + CENTROID * centroid) if centroid > 0 else 0.0
            for weight, nearest, centroid in zip(self._weights, best, whole, strict=True)
        ]
        # Only what may come out in front is sorted; a favoured entry may come from a little behind.
        floor = min(heapq.nlargest(at_most, scores)[-1:], default=0.0)
        if favour:
            floor = min(floor, min(1.0, max(scores)) - 2 * NEAR_TIE)
        hits = [
            Hit(entry.id, entry.title, min(1.0, score))
            for entry, centroid, score in zip(self._entries, whole, scores, strict=True)
            if score >= floor and centroid > 0
        ]
        # Ids decide between equal scores, so that the order of files never does.
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        if favour and hits:
            close = [hit for hit in hits if hits[0].score - hit.score <= NEAR_TIE]
            close.sort(key=lambda hit: hit.id not in favour)
            hits[: len(close)] = close
        return tuple(hits[:at_most])

    def _vector(self, features: "tuple[Counter[str], Counter[str]]") -> dict[str, float]:
        """Unit length when all features are known; shorter the more of them are not."""
        vector: dict[str, float] = {}
        for block, share in zip(features, (CHARACTERS, 1 - CHARACTERS), strict=True):
            weighed = {}
            squares = 0.0
            for feature, times in block.items():
                rarity = self._rarity.get(feature)
                value = (1 + math.log(times)) * (PAIRS if " " in feature.strip() else 1.0)
                if rarity is None:
                    squares += (UNKNOWN * value * self._top) ** 2
                elif rarity:
                    weighed[feature] = value * rarity
                    squares += (value * rarity) ** 2
            scale = math.sqrt(share / squares) if squares else 0.0
            for feature, value in weighed.items():
                vector[feature] = value * scale
        return vector

    def _share_known(self, tokens: Sequence[str], known: Collection[str]) -> float:
        """0 to 1: how much of the question, rare words counting more, the entry knows."""
        total = sum(self._rarity.get(f"={word}", self._top) for word in tokens)
        heard = sum(self._rarity.get(f"={word}", self._top) for word in tokens if word in known)
        return heard / total if total else 0.0


def _nowhere() -> _Places:
    return array("I"), array("d")


def _features(
    tokens: Sequence[str], cut: dict[str, tuple[str, ...]] | None = None
) -> "tuple[Counter[str], Counter[str]]":
    """Character n-grams inside each word (edges are blanks), and words with word pairs (marked by ``=``).

    Args:
        cut: n-grams of words seen before, filled as it goes; words come again and again while building.
    """
    grams: Counter[str] = Counter()
    for word in tokens:
        pieces = cut.get(word) if cut is not None else None
        if pieces is None:
            padded = f" {word} "
            pieces = tuple(
                padded[start : start + size]
                for size in range(SHORTEST_GRAM, LONGEST_GRAM + 1)
                for start in range(len(padded) - size + 1)
            )
            if cut is not None:
                # One string for equal n-grams: a third less memory while building (measured).
                cut[word] = pieces = tuple(map(sys.intern, pieces))
        for piece in pieces:
            grams[piece] += 1
    terms = Counter(f"={word}" for word in tokens)
    terms.update(f"={one} {other}" for one, other in pairwise(tokens))
    return grams, terms


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))
