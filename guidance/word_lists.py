"""The frequent words of a language, folded, with their rank. Read when first asked for.

The lists (``guidance/words``, their licence beside them) hold 24,000 words each. As a dict of strings one would take
about 3 MB; as sorted text, searched by halving, it takes a fifth of that, and 3 microseconds a word.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import Final

REMEMBERED: Final = 2_048
"""Words whose ranks are kept, those longest unused forgotten first."""


class WordList:
    """Knows which words are frequent.

    Args:
        ranked: folded words, the most frequent first; none twice, at most 65,536.
    """

    def __init__(self, ranked: Iterable[str]) -> None:
        words = list(ranked)
        order = sorted(range(len(words)), key=words.__getitem__)
        self._ranks = array("H", order)
        self._text = "".join(words[at] for at in order)
        self._starts = array("I", [0])
        for at in order:
            self._starts.append(self._starts[-1] + len(words[at]))

    def __len__(self) -> int:
        return len(self._ranks)

    def __iter__(self) -> Iterator[str]:
        """The words in the order of the alphabet."""
        return map(self._word, range(len(self)))

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.rank(word) is not None

    def rank(self, word: str) -> int | None:
        """0 for the most frequent word of the language; None for one that is not among the frequent ones."""
        return _rank(self, word)

    def looked_up(self, word: str) -> int | None:
        """The same, and nothing is remembered."""
        at = bisect_left(range(len(self)), word, key=self._word)
        return self._ranks[at] if at < len(self) and self._word(at) == word else None

    def first(self, how_many: int) -> Iterator[str]:
        """So many most frequent words, in the order of the alphabet."""
        return (self._word(at) for at, rank in enumerate(self._ranks) if rank < how_many)

    def begins(self, start: str) -> bool:
        """Whether a frequent word begins like this."""
        at = bisect_left(range(len(self)), start, key=self._word)
        return at < len(self) and self._word(at).startswith(start)

    def _word(self, at: int) -> str:
        return self._text[self._starts[at] : self._starts[at + 1]]


@lru_cache(maxsize=REMEMBERED)
def _rank(words: WordList, word: str) -> int | None:
    return words.looked_up(word)


@cache
def word_list(language: str) -> WordList:
    """The frequent words of a language; none for a language without a list.

    Reads a file of its own package, about 0.2 MB, when first asked for a language; some 50 milliseconds.
    """
    file = resources.files("guidance") / "words" / f"{language}.txt"
    if not (language.isalpha() and file.is_file()):
        return WordList(())
    return WordList(line for line in file.read_text("utf-8").splitlines() if not line.startswith("#"))
