"""What words mean, roughly: words used alike lie close together, so that "block my card" finds "freeze my card".

A table with a direction of some sixty numbers for each frequent word of a language; a
text is the sum of its words' directions, common words counting little. Nothing is computed by a network: a word has
one direction, whatever stands around it.

Source: smooth inverse frequency, Arora et al., "A simple but tough-to-beat baseline for sentence embeddings" (2017).
"""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from guidance.word_lists import WordList, word_list

Floats = NDArray[np.float32]

COMMONNESS: Final = 1e-3
"""How common a word is that counts half."""

_FIRST_SHARE: Final = 0.1
_FIRST_RANKS: Final = 3


class Meanings:
    """Directions of words; never changes, may be used from any thread.

    Args:
        words: of a language.
        directions: int8, shape ``(words, width)``, by rank; only where they point counts.
    """

    def __init__(self, words: WordList, directions: NDArray[np.int8]) -> None:
        self.width = directions.shape[1]
        self._words = words
        self._directions = directions
        # Zipf's law: the share of the word of a rank.
        share = _FIRST_SHARE / (np.arange(len(directions)) + _FIRST_RANKS)
        self._weight = (COMMONNESS / (COMMONNESS + share)).astype(np.float32)

    def of(self, words: Iterable[str]) -> Floats:
        """The direction of a text, shape ``(width,)``.

        Returns:
            Its length is 1 where all words are known and point anywhere together, less the more weight unknown words
            have; all zeros where none is known.
        """
        typed = tuple(words)
        places = [rank for word in typed if (rank := self._words.rank(word)) is not None]
        rows = self._directions[places].astype(np.float32)
        weights = self._weight[places]
        total: Floats = (weights / np.sqrt(np.einsum("ij,ij->i", rows, rows))) @ rows
        known = float(weights.sum())
        length = float(total @ total) ** 0.5
        if not length:
            return np.zeros(self.width, np.float32)
        total *= np.float32((known / (known + len(typed) - len(places))) ** 0.5 / length)
        return total

    def of_each(self, texts: Sequence[Sequence[str]]) -> Floats:
        """The direction of each of many texts, shape ``(texts, width)``."""
        ranks = {word: self._words.rank(word) for word in {word for text in texts for word in text}}
        found = [[rank for word in text if (rank := ranks[word]) is not None] for text in texts]
        places = np.array([place for one in found for place in one], np.intp)
        owners = np.repeat(np.arange(len(texts)), [len(one) for one in found])
        rows = self._directions[places].astype(np.float32)
        weights = self._weight[places]
        rows *= (weights / np.sqrt(np.einsum("ij,ij->i", rows, rows)))[:, None]
        total = np.zeros((len(texts), self.width), np.float32)
        np.add.at(total, owners, rows)
        known = np.bincount(owners, weights=weights, minlength=len(texts))
        unknown = np.array([len(text) for text in texts]) - np.bincount(owners, minlength=len(texts))
        length = np.sqrt(np.einsum("ij,ij->i", total, total))
        share = np.sqrt(known / np.maximum(known + unknown, 1e-12)) / np.where(length > 0, length, 1)
        directions: Floats = total * share.astype(np.float32)[:, None]
        return directions


@cache
def meanings(language: str) -> Meanings:
    """The table of a language that ships with the assistant; an empty one where there is none."""
    table = resources.files("guidance") / "meanings" / f"{language}.npy"
    if not (language.isalpha() and table.is_file()):
        return Meanings(WordList(()), np.zeros((0, 0), np.int8))
    with resources.as_file(table) as path:
        directions: NDArray[np.int8] = np.load(path, allow_pickle=False, mmap_mode="r")
    return Meanings(word_list(language), directions)
