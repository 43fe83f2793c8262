"""Which keys lie side by side on the keyboards that a language is typed on, and how a thumb slips.

Rows as phones show them. French is typed on AZERTY; Bulgarian on the state standard's layout (BDS 5237) or on the
phonetic one, and keys that are neighbours on either count; the others on QWERTY or, in Greek, its counterpart. Letters
are folded as ``normal.folded`` folds what is typed: "й" is "и", final sigma "σ".
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

_QWERTY: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LAYOUTS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        "fr": (("azertyuiop", "qsdfghjklm", "wxcvbn"),),
        "bg": (
            ("уеишщксдзц", "ьяаожгтнвм", "юиъэфхпрлб"),
            ("явертъуиопшщ", "асдфгхиклю", "зьцжбнмч"),
        ),
        "el": ((" σερτυθιοπ", "ασδφγηξκλ", "ζχψωβνμ"),),
    }
)


@cache
def beside(key: str, language: str = "en") -> str:
    """The keys around a key, alphabetically; empty for what is no letter of the language's keyboards."""
    found: set[str] = set()
    for rows in _LAYOUTS.get(language, (_QWERTY,)):
        # Each row stands half a key to the right of the one above.
        places = [(other, x + 0.5 * y, y) for y, row in enumerate(rows) for x, other in enumerate(row) if other != " "]
        for _, x, y in [place for place in places if place[0] == key]:
            found.update(other for other, x2, y2 in places if abs(x - x2) <= 1 and abs(y - y2) <= 1)
    return "".join(sorted(found - {key}))


Slip = Literal["left out", "added", "swapped", "beside"]


def one_slip(word: str, at: int, slip: Slip, key: str = "") -> str:
    """A word with one slip of the thumb.

    Args:
        at: which letter is left out, swapped with the next (there is one), or replaced; or before which one is added.
        key: what is added or typed instead.
    """
    match slip:
        case "left out":
            return word[:at] + word[at + 1 :]
        case "added":
            return word[:at] + key + word[at:]
        case "swapped":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case "beside":
            return word[:at] + key + word[at + 1 :]
