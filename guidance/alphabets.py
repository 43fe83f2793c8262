"""Letters that look alike in the Latin, Greek and Cyrillic alphabets, brought into one alphabet word by word.

A Latin "c" slips into a Bulgarian word where two keyboards are in use, and a Cyrillic "о" is put into "bоmb" by people
who want to get past a filter. Neither is seen on the screen. The pairs are those of Unicode's list of confusable
characters (Unicode Technical Standard 39, ``confusables.txt``) for the letters of these alphabets, and a few that
only the capitals share ("В" and "B").
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Alphabet: TypeAlias = Literal["latin", "greek", "cyrillic"]

_OWN: Final[Mapping[str, Alphabet]] = MappingProxyType({"bg": "cyrillic", "el": "greek"})
_FOREIGN: Final = re.compile(r"[\u0370-\u052f\u1f00-\u1fff]")
_LATIN: Final = re.compile(r"[A-Za-z]")
_WORD: Final = re.compile(r"[^\W\d_]+")

# Small and large letters apart: "ν" looks like "v", its capital like "N".
_TO_LATIN: Final = MappingProxyType(
    {
        **dict(zip("авекмнорстухіјѕһԁԛԝӏгп", "abekmhopctyxijshdqwlrn", strict=True)),
        **dict(zip("АВЕКМНОРСТУХІЈЅҺԀԚԜӀ", "ABEKMHOPCTYXIJSHDQWI", strict=True)),
        **dict(zip("αβγεηικμνορστυχω", "abyenikuvopotuxw", strict=True)),
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    }
)
_TO_CYRILLIC: Final = MappingProxyType(
    {
        **dict(zip("abekmhopctyxrn", "авекмнорстухгп", strict=True)),
        **dict(zip("ABEKMHOPCTYX", "АВЕКМНОРСТУХ", strict=True)),
    }
)
_TO_GREEK: Final = MappingProxyType(
    {
        **dict(zip("abyenikmuvoptxw", "αβγεηικμυνορτχω", strict=True)),
        **dict(zip("ABEZHIKMNOPTYX", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", strict=True)),
    }
)
LOOK_ALIKES: Final[Mapping[Alphabet, Mapping[str, str]]] = MappingProxyType(
    {"latin": _TO_LATIN, "cyrillic": _TO_CYRILLIC, "greek": _TO_GREEK}
)


def own(language: str) -> Alphabet:
    """The alphabet that a language is written in."""
    return _OWN.get(language, "latin")


def of(letter: str) -> Alphabet | None:
    """The alphabet of a letter; None for others and for what is no letter."""
    if letter < "\u0370":
        return "latin" if letter.isalpha() else None
    if letter <= "\u03ff" or "\u1f00" <= letter <= "\u1fff":
        return "greek"
    return "cyrillic" if letter <= "\u052f" else None


def unmixed(text: str, language: str | None = None) -> str:
    """The text with each word in one alphabet, where look-alikes allow it.

    Args:
        text: without accents; capitals as typed, since some letters look alike as capitals only.
        language: in whose alphabet a word goes first. Without it, the alphabet of most of the word's letters, Latin
            where there are as many of each.

    A word goes into the language's own alphabet if each of its other letters has a look-alike there; else into that
    of most of its letters, on the same terms; else it stays ("GPSът"). In a language of Latin letters a word wholly
    of other letters goes too; in Bulgarian and Greek it stays, for Latin words are typed there on purpose.
    """
    if not _FOREIGN.search(text):
        return text
    if language not in (None, *_OWN) or _LATIN.search(text):
        return _WORD.sub(lambda match: _unmixed(match.group(), language), text)
    return text


def _unmixed(word: str, language: str | None) -> str:
    counts: dict[Alphabet, int] = {}
    for letter in word:
        if (alphabet := of(letter)) is not None:
            counts[alphabet] = counts.get(alphabet, 0) + 1
    latin_only = language is not None and own(language) == "latin"
    if len(counts) < 2 and not (latin_only and "latin" not in counts):
        return word
    most: Alphabet = max(counts, key=lambda alphabet: (counts[alphabet], alphabet == "latin"), default="latin")
    written = "" if language is None else _into(own(language), word)
    return written or _into(most, word) or word


def _into(alphabet: Alphabet, word: str) -> str:
    """The word in an alphabet; empty where a letter has no look-alike there."""
    letters = []
    for letter in word:
        if of(letter) not in (alphabet, None):
            into = LOOK_ALIKES[alphabet]
            letter = into.get(letter) or into.get(_TO_LATIN.get(letter, ""), "")
            if not letter:
                return ""
        letters.append(letter)
    return "".join(letters)
