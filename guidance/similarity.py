"""How alike a text is to each of many texts: all of them at once.

Three comparisons are mixed, each by the cosine: pieces of words, words with pairs (both weighed by rarity), and what
the words mean. What is compared is kept as postings, all of one feature side by side, in three flat arrays; the few
features that most texts have are rows of a table.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from guidance.encoder import Encoder
from guidance.features import WORD, pieces, terms
from guidance.learnt import NONE
from guidance.meaning import Meanings

Floats = NDArray[np.float32]

# Tried on the valid splits of CLINC150, BANKING77 and HWU64, on HINT3's training questions (each fourth asked, the rest
# kept as phrasings) and on the "dev" part of tests/questions/fresh_en.toml: docs/decisions/0024-finding.md.
PIECES: Final = 0.30
TERMS: Final = 0.37
MEANING: Final = 0.33

ENCODED: Final = 0.8
"""Share of the encoder where there is one; the three others divide the rest."""

EARLY: Final = 0.35
"""How much of what an encoder knows on the way counts beside what it says at last."""

UNKNOWN: Final = 0.7
"""How much of its weight a feature that nothing else has keeps in a text's length."""

MANY: Final = 6_000
"""From so many texts on, features of more than ``COMMON`` of the groups are left out: they tell little, cost most."""

COMMON: Final = 0.03

DENSE: Final = 6
"""A feature in more than one of so many texts is kept as a row of all texts: it takes less time than its postings."""


@dataclass(frozen=True, slots=True)
class Read:
    """A text as it is compared.

    Attributes:
        words: folded, slips mended.
        stems: of the words, in the same order.
    """

    words: tuple[str, ...]
    stems: tuple[str, ...]


class Similarity:
    """Many texts; never changes afterwards, may be used from any thread.

    Args:
        texts: those compared with.
        groups: shape ``(texts,)``, whose text each is: rarity is counted over groups.
        meanings: of the language; an empty table is left out of the comparison.
        encoder: for the language; some 6 ms a text while building.
        vectors: what it made of these texts before; empty: it makes them now.
    """

    def __init__(
        self,
        texts: Sequence[Read],
        groups: NDArray[np.intp],
        meanings: Meanings,
        encoder: Encoder | None = None,
        vectors: Floats = NONE,
    ) -> None:
        self._meanings = meanings
        self._encoder = encoder
        self._meaning = MEANING if meanings.width else 0.0
        whole = PIECES + TERMS + self._meaning
        self._shares = (PIECES / whole, TERMS / whole)
        self._many = len(texts)
        index: dict[str, int] = {}
        numbered: dict[str, list[int]] = {}  # of each stem its pieces: the same stems come again and again

        def of_pieces(text: Read) -> Iterable[list[int]]:
            for stem in text.stems:
                if (found := numbered.get(stem)) is None:
                    found = numbered[stem] = [index.setdefault(piece, len(index)) for piece in pieces(stem)]
                yield found

        def of_terms(text: Read) -> Iterable[list[int]]:
            yield [index.setdefault(term, len(index)) for term in terms(text.stems)]

        # Arrays: a million numbers as objects would leave holes in memory for good.
        features = array("q")
        ends = array("q", [0])
        for block in (of_pieces, of_terms):
            for text in texts:
                for found in block(text):
                    features.extend(found)
                ends.append(len(features))
        bounds = np.array(ends, np.int64)
        every = np.repeat(np.arange(2 * len(texts)), bounds[1:] - bounds[:-1]) * len(index) + np.array(
            features, np.int64
        )
        every.sort()
        first = np.flatnonzero(np.diff(every, prepend=-1))
        times = np.diff(first, append=len(every))
        row, feature = np.divmod(every[first], max(1, len(index)))  # a text's pieces are one row, its terms another
        group = groups[row % max(1, len(texts))]
        many = int(groups.max(initial=-1)) + 1
        pairs = np.sort(feature * many + group)  # np.unique by hashing takes ten times as long
        distinct = pairs[np.diff(pairs, prepend=-1) > 0]
        spread = np.bincount(distinct // max(1, many), minlength=len(index))
        self._top = float(np.log(1 + many)) + 1
        self._rarity = (np.log((1 + many) / (1 + spread)) + 1).astype(np.float32)
        if len(texts) >= MANY:
            self._rarity[spread > COMMON * many] = 0
        value = _damped(times.astype(np.float32)) * self._rarity[feature]
        squares = np.bincount(row, weights=value * value, minlength=2 * len(texts))
        share = np.repeat(np.array(self._shares), len(texts))
        scale = np.sqrt(share / np.maximum(squares, 1e-12)).astype(np.float32)
        value *= scale[row]
        place = row % max(1, len(texts))
        often = np.bincount(feature[value != 0], minlength=len(index)) * DENSE > len(texts)
        common = np.flatnonzero(often)
        self._row = (np.cumsum(often) * often - 1).astype(np.int32)  # -1 where there is none
        self._rows = np.zeros((len(common), len(texts)), np.float32)
        there = np.flatnonzero(often[feature])
        self._rows[self._row[feature[there]], place[there]] = value[there]
        kept = np.flatnonzero((value != 0) & ~often[feature])
        order = kept[np.argsort(feature[kept], kind="stable")]
        self._index = index
        self._begins = np.searchsorted(feature[order], np.arange(len(index) + 1)).astype(np.int32)
        self._places = place[order].astype(np.uint16 if len(texts) < 1 << 16 else np.int32)
        self._values = value[order].astype(np.float32)
        self._directions = meanings.of_each([text.words for text in texts])
        self.vectors = vectors
        """Shape ``(texts, size)``; ``(0, 0)`` without an encoder."""
        if encoder is not None and len(vectors) != len(texts):
            self.vectors = encoder.encode([" ".join(text.words) for text in texts], EARLY)

    def to(self, text: Read) -> Floats:
        """Shape ``(texts,)``: 0 nothing in common, 1 the same words; what means the opposite may be below 0."""
        if self._encoder is None:
            return self._spoken(text)
        return self._encoded(self._spoken(text), self._encoder.encode([" ".join(text.words)], EARLY)[0])

    def to_own(self, place: int, text: Read) -> Floats:
        """The same for the text at a place, which is encoded already."""
        spoken = self._spoken(text)
        return spoken if self._encoder is None else self._encoded(spoken, self.vectors[place])

    def _encoded(self, alike: Floats, vector: Floats) -> Floats:
        return np.float32(1 - ENCODED) * alike + np.float32(ENCODED) * (self.vectors @ vector)

    def _spoken(self, text: Read) -> Floats:
        found, weights = self._weighed(text)
        sizes = self._begins[found + 1] - self._begins[found]
        ends = np.cumsum(sizes)
        at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self._begins[found] - ends + sizes, sizes)
        alike = np.bincount(
            self._places[at], weights=self._values[at] * np.repeat(weights, sizes), minlength=self._many
        ).astype(np.float32)
        if len(self._rows):
            counts = np.zeros(len(self._rows), np.float32)
            rows = self._row[found]
            counts[rows[rows >= 0]] = weights[rows >= 0]
            alike += counts @ self._rows
        if self._meaning:
            alike += np.float32(self._meaning) * (self._directions @ self._meanings.of(text.words))
        return alike

    def rarity(self, stem: str) -> float:
        """How much a stem tells: 1 in every group, more the fewer have it, most where none has."""
        place = self._index.get(f"{WORD}{stem}")
        return self._top if place is None else float(self._rarity[place])

    def _weighed(self, text: Read) -> tuple[NDArray[np.intp], Floats]:
        """The features that are known, and what each counts; less the more are not."""
        found: list[int] = []
        times: list[int] = []
        ends: list[int] = []
        unknown: list[float] = []
        for block in (_pieces_of, _terms_of):
            strange = 0
            for feature, often in block(text).items():
                place = self._index.get(feature)
                if place is None:
                    strange += 1
                else:
                    found.append(place)
                    times.append(often)
            ends.append(len(found))
            unknown.append(strange * (UNKNOWN * self._top) ** 2)
        places = np.array(found, np.intp)
        weights: Floats = _damped(np.array(times, np.float32)) * self._rarity[places]
        for begin, end, strange_squares, share in zip((0, ends[0]), ends, unknown, self._shares, strict=True):
            part = weights[begin:end]
            squares = float(part @ part) + strange_squares
            part *= np.float32((share / squares) ** 0.5 if squares else 0.0)
        return places, weights


def _damped(times: Floats) -> Floats:
    return 1 + np.log(times)


def _pieces_of(text: Read) -> Counter[str]:
    counted: Counter[str] = Counter()
    for stem in text.stems:
        counted.update(_pieces(stem))
    return counted


def _terms_of(text: Read) -> Counter[str]:
    return Counter(terms(text.stems))


@lru_cache(maxsize=8_192)
def _pieces(word: str) -> tuple[str, ...]:
    return pieces(word)
