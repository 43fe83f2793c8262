"""Mends slips of the thumb, word by word, against the words the index knows."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from guidance.keyboards import beside
from guidance.word_lists import word_list

SHORTEST_REPAIRED: Final = 4
"""Shorter words have too many neighbours to guess between; only a letter left out is put back into three."""

LONGEST_WITH_ONE_SLIP: Final = 7
AT_MOST_REPAIRS: Final = 40
"""Unknown words beyond these are left as typed, so that a long paste costs no more than a long question."""


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# --- what was measured -------------------------------------------------------------------------------------------
# On 600 questions each of the "valid" splits of CLINC150, BANKING77 and HWU64 (ten phrasings an entry) and on the dev
# parts of tests/questions, one slip in one or two words of each. Of the slipped words that the index knows 90 in 100
# come back right; of words typed rightly 1 in 1,000 is changed; 74.0 % of the questions find their entry, 72.5 with
# slips (without a speller: 74.0 and 65.7). Bending rare words of the list, too, towards frequent ones of the index was
# tried and brings nothing: frequent words are left alone on 24,000 words as on 8,000. With word meanings in the finder,
# mending towards frequent words that the index does not know halved what slips cost: 1.9 points lost, then 1.1.
EXTRA: Final = 0.2  # a letter too many, beside one swapped, missing or the key beside
UNLIKE: Final = 0.3  # what no slip of the thumb explains
FIRST: Final = 0.4  # ... in the first letter
USUAL: Final = 0.06  # times the logarithm of a word's count in the index
SHORT_FROM: Final = 3  # a word must stand in the index so often to be what three letters were meant to be
SHORT_REAL: Final = 2_000  # three letters are a word when among so many most frequent ones; the lists are full of codes
PIECE: Final = 2_000  # a piece of run-together words must be in the index or among so many most frequent words
SHORTEST_PIECE: Final = 3
FREQUENT: Final = (
    15_000  # words of the language that a slip may have been meant to be though the index has none of them
)
SHORTEST_FREQUENT: Final = 4
LIKELY: Final = 0.25  # how surprising a slip towards one of them may be
STRANGE: Final = 0.1  # beside a word of the index
# -----------------------------------------------------------------------------------------------------------------

# Elided articles and pronouns, often typed without the apostrophe.
_RUN_ON: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "fr": ("l", "d", "j", "qu", "n", "s", "c", "m", "t"),
        "it": ("dell", "nell", "all", "sull", "dall", "quell", "quest", "un", "l", "d", "c"),
    }
)
_AFTER_ELISION: Final = "aeiouyh"

# Words that are endings as well: "reasonable" is not "reason able".
_LIKE_ENDINGS: Final = _set(
    """
            able age less like ship full wise ling ward
            """
)


class Speller:
    """Knows a vocabulary and repairs words towards it.

    Args:
        vocabulary: words as ``normal.words`` gives them, with how often each occurs in the index.
        language: whose frequent words to leave alone, and whose keyboards and elisions slips are judged by.
        careful: repair only towards the same first letter, never more than one slip, no word of four letters or less.
    """

    def __init__(self, vocabulary: Mapping[str, int], language: str = "en", careful: bool = False) -> None:
        self._careful = careful
        self._shortest = SHORTEST_REPAIRED + 1 if careful else SHORTEST_REPAIRED - 1
        self._language = language
        self._count = dict(vocabulary)
        self._list = word_list(language)
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(self._count):
            if len(word) >= SHORTEST_REPAIRED - 1 and word.isalpha():
                by_length[len(word)].append(word)
        self._by_length = dict(by_length)
        longest = max(by_length, default=0)
        self._near = {
            length: [
                word
                for near in range(length - self._slips(length), length + self._slips(length) + 1)
                for word in by_length.get(near, ())
            ]
            for length in range(SHORTEST_REPAIRED, longest + 3)
        }
        self._pieces = _frequent(language)

    def repaired(self, typed: Iterable[str]) -> list[str]:
        """The words with slips mended; run-together words come back as two. Real words stay as they are."""
        mended: list[str] = []
        tries = 0
        for word in typed:
            if tries < AT_MOST_REPAIRS and not self.leaves(word):
                tries += 1
                mended += self._repair(word)
            else:
                mended.append(word)
        return mended

    def leaves(self, word: str) -> bool:
        """Whether a word stays as typed without a look at what is near: it is known, real or too short."""
        return word in self._count or not word.isalpha() or len(word) < self._shortest or self._is_real(word)

    def told(self) -> dict[str, object]:
        """What a careful speller goes by, for a reader that is no Python; see ``guidance.danger``.

        Of the language's frequent words only those that would be taken for slips, did nobody know that they are words.
        """
        real = [word for word in self._list if self._is_slip_but_real(word)]
        letters = sorted({letter for word in self._count for letter in word})
        return {
            "shortest": self._shortest,
            "words": " ".join(self._count),
            "real": " ".join(real),
            "pieces": " ".join(sorted(self._pieces)),
            "no_pieces": " ".join(sorted(_LIKE_ENDINGS)),
            "run_on": list(_RUN_ON.get(self._language, ())),
            "after_elision": _AFTER_ELISION,
            "shortest_piece": SHORTEST_PIECE,
            "beside": {letter: keys for letter in letters if (keys := beside(letter, self._language))},
            "costs": {"extra": EXTRA, "unlike": UNLIKE, "first": FIRST},
        }

    def _is_slip_but_real(self, word: str) -> bool:
        if word in self._count or not word.isalpha() or len(word) < self._shortest:
            return False
        return self._is_real(word) and self._repair(word) != [word]

    def _is_real(self, word: str) -> bool:
        rank = self._list.rank(word)
        return rank is not None and (rank < SHORT_REAL or len(word) >= SHORTEST_REPAIRED)

    def _repair(self, word: str) -> list[str]:
        if len(word) < SHORTEST_REPAIRED:
            return [self._with_a_letter_more(word)]
        unelided = self._unelided(word)
        if unelided:
            return [unelided]
        best, best_cost = self._nearest(word)
        if not self._careful and best_cost > 1 + LIKELY:
            other, cost = self._meant(word)
            if cost + STRANGE < best_cost:
                return [other]
        # Two slips and another first letter is a guess, not a repair.
        if best and (best[0] == word[0] or (best_cost < 2 and not self._careful)):
            return [best]
        return self._split(word) or [word]

    def _slips(self, length: int) -> int:
        return min(slips_allowed(length), 1 if self._careful else 2)

    def _nearest(self, word: str) -> tuple[str, float]:
        best = ""
        best_cost = 99.0
        for known, distance in _near(word, self._near.get(len(word), ()), self._slips(len(word))):
            cost = distance + _surprise(word, known, self._language) - USUAL * math.log(min(self._count[known], 50))
            if cost < best_cost:
                best, best_cost = known, cost
        return best, best_cost

    def _meant(self, word: str) -> tuple[str, float]:
        """The frequent word of the language, one likely slip away, that the index does not know: its meaning counts."""
        best = ""
        best_cost = 99.0
        for known, distance in _near(word, _frequent_near(self._language).get(len(word), ()), 1):
            cost = distance + _surprise(word, known, self._language)
            if cost < best_cost:
                best, best_cost = known, cost
        return (best, best_cost) if best_cost <= 1 + LIKELY else ("", 99.0)

    def _with_a_letter_more(self, word: str) -> str:
        """The most frequent word of the index, often enough, that has one letter more, none before; else the word."""
        near = [
            known
            for known, _ in _near(word, self._by_length.get(len(word) + 1, ()), 1)
            if self._count[known] >= SHORT_FROM and known[0] == word[0]
        ]
        return max(near, key=lambda known: self._count[known], default=word)

    def _unelided(self, word: str) -> str:
        """The word of the index behind an article typed without its apostrophe: "lecole"; empty where there is none."""
        for head in _RUN_ON.get(self._language, ()):
            tail = word.removeprefix(head)
            if tail != word and tail in self._count and len(tail) >= SHORTEST_PIECE and tail[0] in _AFTER_ELISION:
                return tail
        return ""

    def _split(self, word: str) -> list[str]:
        """Two known words that stand in the text without a space, the longer pieces preferred."""
        cuts = sorted(range(2, len(word) - 1), key=lambda at: abs(2 * at - len(word)))
        for at in cuts:
            one, other = word[:at], word[at:]
            if other not in _LIKE_ENDINGS and self._is_piece(one) and self._is_piece(other):
                return [one, other]
        return []

    def _is_piece(self, word: str) -> bool:
        return word in self._count or word in self._pieces


@cache
def _frequent(language: str) -> frozenset[str]:
    """What a piece of run-together words may be, beside the words of the index."""
    return frozenset(word for word in word_list(language).first(PIECE) if len(word) >= SHORTEST_PIECE)


@cache
def _frequent_near(language: str) -> Mapping[int, Sequence[str]]:
    """For the length of a typed word the frequent words at most a letter longer or shorter, the most frequent first."""
    words = word_list(language)
    near: dict[int, list[str]] = defaultdict(list)
    for word in sorted(words.first(FREQUENT), key=lambda word: words.rank(word) or 0):
        if len(word) >= SHORTEST_FREQUENT:
            for length in (len(word) - 1, len(word), len(word) + 1):
                near[length].append(word)
    return near


def _near(word: str, known: Sequence[str], slips: int) -> list[tuple[str, int]]:
    """Those within so many slips, in their order, with the number of slips."""
    found = extract(word, known, scorer=OSA.distance, score_cutoff=slips, limit=None)
    return [(other, distance) for other, distance, _ in sorted(found, key=lambda one: one[2])]


def slips_allowed(length: int) -> int:
    """How many slips a word of this many letters may have: none below four, one up to seven, two above."""
    if length < SHORTEST_REPAIRED:
        return 0
    return 1 if length <= LONGEST_WITH_ONE_SLIP else 2


def _surprise(typed: str, known: str, language: str) -> float:
    """0 to 1: how unlike a slip of the thumb the difference is.

    Likely slips: two letters swapped, the key beside, a letter twice or with the key beside it, a letter left out.
    """
    shorter = min(len(typed), len(known))
    start = 0
    while start < shorter and typed[start] == known[start]:
        start += 1
    end = 0
    while end < shorter - start and typed[-1 - end] == known[-1 - end]:
        end += 1
    wrong, right = typed[start : len(typed) - end], known[start : len(known) - end]
    match len(wrong), len(right):
        case 2, 2 if wrong == right[::-1]:
            near = True
        case 1, 1:
            near = right in beside(wrong, language)
        case 1, 0:
            around = typed[max(0, start - 1) : start] + typed[start + 1 : start + 2]
            near = any(wrong == other or wrong in beside(other, language) for other in around)
        case 0, 1:
            near = True
        case _:
            near = len(typed) == len(known) and all(
                a == b or b in beside(a, language) for a, b in zip(typed, known, strict=True)
            )
    if near:
        return EXTRA if len(wrong) > len(right) else 0.0
    return UNLIKE if typed[0] == known[0] else UNLIKE + FIRST
