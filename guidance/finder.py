"""Finds the entries that a question is most likely to mean, and how sure that is.

    words ─▶ mended ─▶ alike to each phrasing ─┬▶ nearest phrasing ─┐
                                              ├▶ entry as a whole  ├─▶ shares, best first ─▶ confidence ─▶ decision
                                              └▶ learnt weights    ┘

Three opinions are mixed, and their mix beats each: the nearest single phrasing, the entry as a whole (its centroid),
and what tells entries apart, learnt from the phrasings. Words that no entry knows lower the confidence. A finder never
changes once it is built, and may be used from any thread.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from guidance.confidence import How, confidence, size
from guidance.contrasts import Contrasts
from guidance.encoder import Encoder
from guidance.head import CURVATURE, STEPS, STRENGTH, learn, shares
from guidance.learnt import NONE, Learnt, digest
from guidance.meaning import meanings
from guidance.normal import words
from guidance.similarity import EARLY, ENCODED, MEANING, PIECES, TERMS, UNKNOWN, Read, Similarity
from guidance.speller import Speller
from guidance.stems import stems

Floats = NDArray[np.float32]

# --- what was measured -------------------------------------------------------------------------------------------
# Tried on the same as the shares of guidance.similarity; what each try gave: docs/decisions/0024.
WHOLE: Final = 4.0  # of the entry as a whole, beside 1 of what was learnt
NEAREST: Final = 4.0  # of the nearest phrasing
SHARPNESS: Final = 3.0  # how much more nearly the same counts than somewhat alike, with an encoder
NEAR_AT_MOST: Final = 8  # hits that a favoured one is looked for among
UNLEARNT: Final = 16.0  # of both, where nothing was learnt
KEYWORDS: Final = 0.4  # how much an entry's keywords count in the entry as a whole, a phrasing being 1
TEXT: Final = 0.3  # the same for an entry's text
BEHIND: Final = 3.0  # how far an entry's weight, below 1, puts it behind
LEAST: Final = 0.02  # of the entry as a whole; below, nothing is shared
TWIN: Final = 0.01  # share of the best score from which an entry can be its twin, see guidance.contrasts
TELLING: Final = 3.0  # rarity of a word, in at most a seventh of the entries, that the best is never asked with
KNOWS: Final = 0.1  # share of the best score from which one that is asked for with that word is offered beside it
LEARNT_AT_MOST: Final = 6e9
"""Phrasings squared times entries, beyond which nothing is learnt: it would take minutes."""
AT_MOST_WORDS: Final = 80
DEPENDS: Final = (
    1,
    STRENGTH,
    STEPS,
    CURVATURE,
    PIECES,
    TERMS,
    MEANING,
    UNKNOWN,
    ENCODED,
    EARLY,
    SHARPNESS,
    KEYWORDS,
    TEXT,
)
"""What is learnt depends on these, and on how words and their meanings are read: the first number rises with that."""
NEAR_TIE: Final = 0.8  # share of the best score from which an entry may go before it


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
        encoder: of the entries' language, where there is one; it sees the words after the speller.
        learnt: by other finders; that of the same is taken, where there is one. Else it is learnt, which takes seconds,
            and with an encoder half a minute.
        questions: what is asked, where how sure it may be was fitted to that (``guidance.confidence``).
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        same_words: Mapping[str, str] = MappingProxyType({}),
        encoder: Encoder | None = None,
        questions: str = "",
        learnt: Iterable[Learnt] = (),
    ) -> None:
        self._questions = questions
        self._encoded = encoder is not None
        self._entries = tuple(entries)
        self._behind = np.array([BEHIND * math.log(max(entry.weight, 1e-9)) for entry in self._entries], np.float32)
        self._language = self._entries[0].language if self._entries else "en"
        self._same_words = dict(same_words)
        # Ids decide between equal scores, so that the order of files never does.
        self._by_id = np.argsort(np.argsort([entry.id for entry in self._entries], kind="stable"), kind="stable")
        said = [
            (number, count, tokens) for number, entry in enumerate(self._entries) for count, tokens in self._said(entry)
        ]
        vocabulary: Counter[str] = Counter()
        for _, _, tokens in said:
            vocabulary.update(tokens)
        self._speller = Speller({**vocabulary, **dict.fromkeys(self._same_words, 1)}, self._language)

        texts = [self._compared(tokens) for _, _, tokens in said]
        owners = np.array([number for number, _, _ in said], np.intp)
        self._counts = np.array([count for _, count, _ in said], np.float32)
        self._begins = np.searchsorted(owners, np.arange(len(self._entries)))
        self._phrasings = np.flatnonzero(self._counts == 1)
        heard: list[set[str]] = [set() for _ in self._entries]
        asked_for: list[set[str]] = [set() for _ in self._entries]
        asked_with: list[set[str]] = [set() for _ in self._entries]
        for (number, count, _), text in zip(said, texts, strict=True):
            heard[number].update(text.stems)
            if count == 1:
                asked_for[number].update(text.words)
                asked_with[number].update(text.stems)
        # No sets: they take five times the place, and few are looked into for each question.
        self._heard = tuple(tuple(known) for known in heard)
        self._asked_with = tuple(tuple(known) for known in asked_with)
        self._places = {entry.id: place for place, entry in enumerate(self._entries)}
        self._contrasts = Contrasts(asked_for, self._language)

        few = 0 < len(self._phrasings) ** 2 * len(self._entries) <= LEARNT_AT_MOST
        made_of = digest(said, self._language, encoder and encoder.name, few, *DEPENDS)
        same = next((one for one in learnt if one.digest == made_of), None)
        self._similar = Similarity(texts, owners, meanings(self._language), encoder, same.vectors if same else NONE)
        self.learnt = same or Learnt.of(made_of, *self._learn(texts, owners, few), self._similar.vectors)
        """What another finder of the same can be given."""

    def find(self, text: str, at_most: int = 3) -> tuple[Hit, ...]:
        """The closest entries, best first, one hit an entry; empty when nothing is shared.

        Args:
            text: as typed; case, accents and punctuation do not matter.
            at_most: how many entries.
        """
        opinions = self._opinions(self._compared(self._mended(text)))
        return self._hits(opinions, (), at_most) if opinions is not None else ()

    def decide(self, text: str, favour: Collection[str] = (), at_most: int = 3) -> Decision:
        """The closest entries and whether they are close enough to answer, to offer, or neither.

        Args:
            text: as typed.
            favour: ids that go first in a near tie.
            at_most: how many hits.
        """
        read = self._compared(self._mended(text))
        opinions = self._opinions(read)
        if opinions is None:
            return Decision("refuse", 0.0, ())
        signs = self._signs(read, opinions)
        how: How = "plain" if not self.learnt.weights.size else "encoded" if self._encoded else "learnt"
        of = confidence(self._questions, self._language, how)
        sure = of.first.of(signs)
        outcome: Literal["answer", "offer", "refuse"] = "refuse"
        if sure >= of.answer_from:
            outcome = "answer"
        elif of.three.of(signs) >= of.offer_from:
            outcome = "offer"
        hits = self._hits(opinions, favour, at_most)
        if (twin := self._twin(read, hits)) is not None:
            hits = (hits[0], twin, *(hit for hit in hits[1:] if hit is not twin))
            outcome = "offer" if outcome == "answer" else outcome
        return Decision(outcome, sure, hits)

    def _learn(self, texts: Sequence[Read], owners: NDArray[np.intp], few: bool) -> tuple[Floats, Floats]:
        """Weights, shape ``(phrasings, entries)`` or ``(0, 0)`` where there are too many; and the entries' lengths."""
        lengths = np.empty(len(self._entries), np.float32)
        alike = np.empty((len(texts), len(self._phrasings)) if few else (0, 0), np.float32)
        ends = [*self._begins[1:].tolist(), len(texts)][: len(self._entries)]
        for number, (begin, end) in enumerate(zip(self._begins.tolist(), ends, strict=True)):
            rows = np.stack([self._similar.to_own(place, texts[place]) for place in range(begin, end)])
            counts = self._counts[begin:end]
            lengths[number] = max(1e-3, float(counts @ rows[:, begin:end] @ counts)) ** 0.5
            if few:
                alike[begin:end] = rows[:, self._phrasings]
        if not few:
            return alike, lengths
        weights = learn(self._sharpened(alike[self._phrasings]), owners[self._phrasings], len(self._entries))
        return weights, lengths

    def signs(self, text: str) -> tuple[float, ...] | None:
        """What the confidence is computed from, in the order of ``guidance.confidence.SIGNS``; for fitting it.

        Returns:
            None where nothing is shared with any entry.
        """
        read = self._compared(self._mended(text))
        opinions = self._opinions(read)
        return None if opinions is None else self._signs(read, opinions)

    def _said(self, entry: Entry) -> Iterator[tuple[float, list[str]]]:
        """What speaks for an entry and how much; one phrasing at least, be it without a word."""
        phrasings = [self._read(text) for text in dict.fromkeys((entry.title, *entry.phrasings))]
        yield from ((1.0, tokens) for tokens in [one for one in phrasings if one] or [[]])
        if tokens := self._read(" ".join(entry.keywords)):
            yield KEYWORDS, tokens
        if tokens := self._read(entry.text):
            yield TEXT, tokens

    def _read(self, text: str) -> list[str]:
        return [self._same_words.get(word, word) for word in words(text, self._language)]

    def _mended(self, text: str) -> list[str]:
        typed = words(text, self._language)[:AT_MOST_WORDS]
        return [self._same_words.get(word, word) for word in self._speller.repaired(typed)]

    def _compared(self, tokens: Sequence[str]) -> Read:
        return Read(tuple(tokens), tuple(stems(tokens, self._language)))

    def _sharpened(self, alike: Floats) -> Floats:
        """An encoder finds all texts somewhat alike; what is nearly the same must count for more than that."""
        return np.exp(SHARPNESS * (alike - 1)) if self._encoded else alike

    def _opinions(self, read: Read) -> "_Opinions | None":
        """None where nothing is shared with any entry."""
        if not self._entries:
            return None
        alike = self._similar.to(read)
        whole: Floats = (np.add.reduceat(alike * self._counts, self._begins) / self.learnt.lengths).astype(np.float32)
        if float(whole.max()) <= LEAST:
            return None
        nearest: Floats = np.maximum.reduceat(np.where(self._counts == 1, alike, np.float32(0)), self._begins)
        mixed: Floats
        if not self.learnt.weights.size:
            learnt: Floats = np.zeros_like(whole)
            mixed = (UNLEARNT * (whole + nearest)).astype(np.float32)
        else:
            learnt = self.learnt.told(self._sharpened(alike[self._phrasings]))
            mixed = (learnt + WHOLE * whole + NEAREST * nearest).astype(np.float32)
        return _Opinions(nearest, whole, learnt, mixed + self._behind)

    def _signs(self, read: Read, opinions: "_Opinions") -> tuple[float, ...]:
        """In the order of ``guidance.confidence.SIGNS``."""
        best = int(opinions.mixed.argmax())
        rarity = [self._similar.rarity(stem) for stem in read.stems]
        known = frozenset(self._heard[best])
        heard = sum(value for value, stem in zip(rarity, read.stems, strict=True) if stem in known)
        learnt = self.learnt.weights.size > 0
        return (
            float(opinions.learnt[best]),
            math.log(float(np.exp(opinions.learnt).sum())) if learnt else 0.0,
            float(opinions.whole[best]),
            float(opinions.nearest[best]),
            float(shares(opinions.mixed)[best]),
            heard / sum(rarity) if rarity else 0.0,
            math.log1p(len(read.stems)),
            size(len(self._entries)),
        )

    def _twin(self, read: Read, hits: Sequence[Hit]) -> Hit | None:
        """The hit close behind the first that a word of the question speaks for, and not for the first: a word that
        decides though it is common, or one that tells much."""
        near = {self._places[hit.id]: hit for hit in hits[:4] if hit.score >= TWIN * hits[0].score}
        if not near:
            return None
        if (place := self._contrasts.twin(read.words, [*near])) is not None:
            return near[place]
        first, *others = near
        telling = {stem for stem in read.stems if self._similar.rarity(stem) >= TELLING}
        missing = telling.difference(self._asked_with[first])
        return next(
            (
                near[place]
                for place in others
                if near[place].score >= KNOWS * hits[0].score and not missing.isdisjoint(self._asked_with[place])
            ),
            None,
        )

    def _hits(self, opinions: "_Opinions", favour: Collection[str], at_most: int) -> tuple[Hit, ...]:
        """Best first; among those nearly as good as the best, the favoured go first."""
        # Sums run in another order for another order of entries: the last digits tell nothing.
        scores = np.round(shares(opinions.mixed).astype(np.float64), 5)
        first = np.lexsort((self._by_id, -scores))[: max(at_most, 8)]
        hits = [
            Hit(self._entries[number].id, self._entries[number].title, float(scores[number]))
            for number in first
            if opinions.whole[number] > 0
        ]
        if favour and hits:
            near = sum(hit.score >= NEAR_TIE * hits[0].score for hit in hits)
            hits[:near] = sorted(hits[:near], key=lambda hit: hit.id not in favour)
        return tuple(hits[:at_most])


@dataclass(frozen=True, slots=True)
class _Opinions:
    nearest: Floats
    whole: Floats
    learnt: Floats
    mixed: Floats
