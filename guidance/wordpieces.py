"""A text into the word pieces that BERT and its kin were taught with: "unsworn" is ``un ##sw ##orn``.

The pieces in wordpieces.txt, a line each, its number being the line, are those of BERT (uncased, English); they come
under the Apache License 2.0, a copy of which lies beside them.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Final

START: Final = "[CLS]"
END: Final = "[SEP]"
UNKNOWN: Final = "[UNK]"

LONGEST_WORD: Final = 100
"""Longer words are one unknown piece, as BERT was taught."""


class WordPieces:
    """A list of pieces, and the cutting of texts by it: the longest piece that fits comes first.

    Args:
        numbers: each piece with its number; those that go on a word begin with ``##``.
    """

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = dict(numbers)
        self._unknown = self._numbers[UNKNOWN]

    def of(self, text: str, at_most: int) -> list[int]:
        """Numbers of the pieces of a text, between those of start and end; at most so many, these two included."""
        found: list[int] = []
        for word in _words(text):
            found += self._of_word(word)
            if len(found) >= at_most - 2:
                break
        return [self._numbers[START], *found[: at_most - 2], self._numbers[END]]

    def _of_word(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [self._unknown]
        pieces: list[int] = []
        start = 0
        while start < len(word):
            head = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self._numbers.get(head + word[start:end])
                if number is not None:
                    pieces.append(number)
                    start = end
                    break
            else:
                return [self._unknown]
        return pieces


def shipped() -> WordPieces:
    listed = resources.files("guidance").joinpath("wordpieces.txt").read_text(encoding="utf-8")
    return WordPieces({piece: number for number, piece in enumerate(listed.splitlines())})


def _words(text: str) -> Iterator[str]:
    """Small letters without accents; each punctuation mark and each Chinese character is a word of its own."""
    word = ""
    for character in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(character)
        if character.isspace():
            if word:
                yield word
            word = ""
        elif kind == "Mn" or kind[0] == "C" or character == "\N{REPLACEMENT CHARACTER}":
            continue
        elif kind[0] == "P" or (character.isascii() and not character.isalnum()) or _chinese(character):
            if word:
                yield word
            yield character
            word = ""
        else:
            word += character
    if word:
        yield word


def _chinese(character: str) -> bool:
    return character > "\u2e7f" and unicodedata.name(character, "").startswith("CJK ")
