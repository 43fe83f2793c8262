"""What of a question may be kept for the writers of guidance: no names, numbers, addresses; no long stories.

Better one question lost than one name kept.
"""

import re
from typing import Final

from dialogues.identifying import identifying

MASK: Final = "…"
MOST_CHARACTERS: Final = 200
"""A question is short; what is longer tells of somebody."""
FEWEST_WORDS: Final = 2
MOST_MASKED: Final = 2
"""With more places than these to hide, it is about somebody, and what is left would still tell whom."""

_NUMBERS: Final = re.compile(r"\S*\d\S*\d\S*")
_LINKS: Final = re.compile(r"\S*(?:://|@|www\.)\S*", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")


def screened(text: str) -> str:
    """A question with what may tell somebody's name, number or address masked; empty: nothing of it may be kept.

    Words with two digits or more go as a whole: case codes, cell numbers, dates.
    """
    if len(text) > MOST_CHARACTERS:
        return ""
    places = [(one.start, one.end) for one in identifying(text)]
    places += [match.span() for pattern in (_NUMBERS, _LINKS) for match in pattern.finditer(text)]
    parts: list[str] = []
    hidden, at = 0, 0
    for start, end in sorted(places):
        if end <= at:
            continue
        if start > at or not parts:
            hidden += 1
            parts += [text[at:start], MASK]
        at = end
    parts.append(text[at:])
    left = " ".join("".join(parts).split())
    return left if hidden <= MOST_MASKED and len(_WORDS.findall(left)) >= FEWEST_WORDS else ""
