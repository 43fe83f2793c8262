"""What of a text is compared: pieces of words, which forgive inflection and slips, and words with word pairs, which
tell near questions apart.

Source: pieces of two to five letters inside word edges and stems with pairs did best of those tried on the valid
splits of CLINC150, BANKING77 and HWU64 (docs/decisions/0024-finding.md).
"""

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

SHORTEST_PIECE: Final = 2
LONGEST_PIECE: Final = 5

WORD: Final = "="
PAIR: Final = "+"


def pieces(word: str) -> tuple[str, ...]:
    """The runs of two to five letters of a word, whose edges count as blanks; equal runs are one string in memory."""
    padded = f" {word} "
    return tuple(
        sys.intern(padded[start : start + size])
        for size in range(SHORTEST_PIECE, LONGEST_PIECE + 1)
        for start in range(len(padded) - size + 1)
    )


def terms(words: Sequence[str]) -> list[str]:
    """Words, marked ``=``, and pairs of neighbours, marked ``+``: no term is ever equal to a piece of a word."""
    return [f"{WORD}{word}" for word in words] + [f"{PAIR}{one} {other}" for one, other in pairwise(words)]
