"""Words cut back to their stems, so that "prisons" and "prison", "visité" and "visiter" are the same.

Snowball's stemmers (https://snowballstem.org, BSD-3-Clause) for six languages; our own for Bulgarian, which Snowball
has none for. Stems are for comparing, not for reading: "activités" becomes "activ".

Words come without accents here, while the French and Portuguese stemmers look for endings that have them. Such endings
get their accents back before: "investigacao" can only be "investigação". Of the 12,000 most frequent words of each
language, folded, so many then get the stem that the word with its accents would get (in brackets, without that step):
fr 98.8 % (95.7), pt 99.1 (96.2), it 99.6, el 99.8, nl 99.9, en 100. Stemming before folding would be exact, and would
give two stems to a word that is typed now with its accents, now without.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from Stemmer import Stemmer

from guidance.normal import folded

REMEMBERED: Final = 2_048
"""Words whose stems are kept, those longest unused forgotten first: less than a megabyte. A new word takes a few
microseconds (Bulgarian 12), a remembered one 0.1."""

SHORTEST: Final = 4
"""Shorter words have no ending to take away."""

_SNOWBALL: Final = MappingProxyType(
    {
        "en": "english",
        "fr": "french",
        "pt": "portuguese",
        "it": "italian",
        "el": "greek",
        "nl": "dutch",
    }
)


_ACCENTED: Final[Mapping[str, tuple[tuple[re.Pattern[str], str], ...]]] = MappingProxyType(
    {
        "fr": ((re.compile(r"ee(s?)$"), r"ée\1"), (re.compile(r"ite(s?)$"), r"ité\1")),
        "pt": (
            (re.compile(r"cao$"), "ção"),
            (re.compile(r"coes$"), "ções"),
            (re.compile(r"enc(ias?)$"), r"ênc\1"),
            (re.compile(r"anc(ias?)$"), r"ânc\1"),
            (re.compile(r"a(vel|veis)$"), r"á\1"),
            (re.compile(r"ivel$"), "ível"),
            (re.compile(r"iamos$"), "íamos"),
            (re.compile(r"uid([oa]s?)$"), r"uíd\1"),
            (re.compile(r"ari([oa]s?)$"), r"ári\1"),
        ),
    }
)

_VOWELS: Final = "аеиоуъюя"
_SOFTENED: Final = MappingProxyType({"к": "ц", "г": "з", "х": "с"})


def stems(words: Iterable[str], language: str) -> list[str]:
    """The stem of each word, in order.

    Args:
        words: as ``normal.words`` gives them, folded.
        language: two letters; words of a language without a stemmer stay as they are.
    """
    return [_stem(word, language) for word in words]


@lru_cache(maxsize=REMEMBERED)
def _stem(word: str, language: str) -> str:
    if len(word) < SHORTEST or not word.isalpha():
        return word
    if language == "bg":
        return _bulgarian(word)
    if language not in _SNOWBALL:
        return word
    for bare, accented in _ACCENTED.get(language, ()):
        word, times = bare.subn(accented, word)
        if times:
            break
    # Equal stems are one string in memory: two megabytes of a finder's.
    # A stemmer holds the word it is at: a new one costs half a microsecond, needs no lock, and is to remember nothing.
    return sys.intern(folded(str(Stemmer(_SNOWBALL[language], 0).stemWord(word))) or word)


def _bulgarian(word: str) -> str:
    """Without definite article, plural and gender; "й" is "и" here, as folding makes it.

    After J. Savoy, "Searching strategies for the Bulgarian language", Information Retrieval 10 (2007), which found a
    light stemmer of this kind to be enough; the rules are our own and take an article away only behind the letters
    it stands behind ("жената", "смъртта", but not "работа").
    """
    while len(word) >= 6 and word.endswith(("ата", "ята", "тта", "щта")):
        word = word[:-2]
    if len(word) >= 6 and word.endswith(("ото", "ето", "ите", "ете")):
        word = word[:-2]
    if len(word) >= 6 and word.endswith("ият"):
        word = word[:-3]
    elif (len(word) >= 5 and word.endswith(("ът", "ят"))) or (len(word) >= 6 and word.endswith(("ия", "ии", "ие"))):
        word = word[:-2]
    elif len(word) >= 6 and word.endswith("ове"):
        word = word[:-3]
    elif len(word) >= 4 and word[-1] in _VOWELS:
        word = word[:-1]
    # "адвоката" is the lawyer, "формата" the form: only one of them has lost more than its article by now.
    if len(word) >= 6 and word.endswith("ат"):
        word = word[:-2]
    if len(word) >= 5 and word.endswith("ен"):
        word = f"{word[:-2]}н"  # опасен, опасна
    elif len(word) >= 5 and word[-2] == "ъ" and word[-1] not in _VOWELS:
        word = word[:-2] + word[-1]  # център, центрове
    # ученик, ученици: the two ends are made one, whichever of them it was.
    return word[:-1] + _SOFTENED.get(word[-1], word[-1]) if len(word) >= 4 else word
