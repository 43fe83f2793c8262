"""In which language a message is written, from the lists of frequent words and the letters their words are made of.

For each word: how frequent it is in each language; for a word in no list, how usual its runs of three letters are.
Latin letters can be Bulgarian and Greek, too. All languages with a list take part, also those not offered, so that
a language that is not offered is not taken for its neighbour.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cache
from typing import Final

from guidance import alphabets
from guidance.latin_letters import in_own_letters
from guidance.normal import folded
from guidance.word_lists import word_list

KNOWN: Final = ("en", "fr", "pt", "it", "bg", "el", "nl")

LATIN: Final = ("en", "fr", "pt", "it", "nl")

SURE: Final = 3.0
"""By how much the best language must be likelier than the next, as a natural logarithm: 20 to 1."""

PREFERRED: Final = 3.0
"""What the person's own choice of a language counts for, on the same scale."""

# The rest of that scale was set by hand once. Of the 70 short messages in tests/guidance/test_languages.py 69 are told
# and none is mistaken; with each number varied a good deal, 67 to 70. Of 500 English questions of CLINC150 ("valid")
# 494 are told, none is mistaken; with slips in one or two words 483, and 3 are mistaken where French is preferred.
# py3langid 0.4 mistook 6 of the 70, all Latin letters for Bulgarian and Greek, and takes 80 MB where this takes 8.
FLATTER: Final = 10  # added to ranks: the dozen most frequent words tell about the same
UNLISTED: Final = -11.0  # a little rarer than the rarest word of a list
USUAL: Final = -6.0  # logarithm of the mean share of a run of letters in an ordinary word
UNSEEN: Final = 0.3  # how often a run that was never seen is taken to have been
IN_LATIN_LETTERS: Final = 1.5  # few type Bulgarian and Greek so
OTHER_LETTERS: Final = -20.0
RUNS_FROM: Final = 4_000  # runs of letters are counted in so many most frequent words of a list

AT_MOST_WORDS: Final = 40

_WORD: Final = re.compile(r"[^\W\d_]+")


def detect(text: str, among: Collection[str], preferred: str | None = None) -> str | None:
    """The language a message is clearly written in.

    Args:
        text: as typed; accents may be missing. Its first ``AT_MOST_WORDS`` words are looked at.
        among: the languages offered.
        preferred: the language the person chose; another must be clearly likelier.

    Returns:
        One of ``among``, or None when unsure: keep the person's language.
    """
    words = _WORD.findall(folded(text))[:AT_MOST_WORDS]
    if not words:
        return None
    # Reading Latin letters as Bulgarian and Greek takes a hundred times longer than all else; a message of nothing but
    # words of the languages with Latin letters needs none.
    listed = all(any(word in word_list(language) for language in LATIN) for word in words)
    scores = {language: math.fsum(_likely(word, language, listed) for word in words) for language in KNOWN}
    if preferred in scores:
        scores[preferred] += PREFERRED
    best, second = sorted(scores, key=lambda language: scores[language], reverse=True)[:2]
    return best if best in among and scores[best] - scores[second] >= SURE else None


def _likely(word: str, language: str, listed: bool) -> float:
    """The logarithm of how likely a word is in a language, all but for a term that languages share."""
    own, alphabet = alphabets.own(language), alphabets.of(word[0])
    if alphabet is None:
        return 0.0
    if own == alphabet:
        return _likely_in_own_letters(word, language)
    if alphabet != "latin" or listed:
        return OTHER_LETTERS
    return _likely_in_own_letters(in_own_letters(word, language) or word, language) - IN_LATIN_LETTERS


def _likely_in_own_letters(word: str, language: str) -> float:
    rank = word_list(language).rank(word)
    if rank is not None:
        return -math.log(rank + FLATTER)
    runs, total = _runs(language)
    padded = f" {word} "
    usual = [math.log((runs.get(padded[at : at + 3], 0) + UNSEEN) / total) for at in range(len(padded) - 2)]
    return UNLISTED + min(0.0, math.fsum(usual) / len(usual) - USUAL)


@cache
def _runs(language: str) -> tuple[Mapping[str, int], int]:
    """Runs of three letters, word ends counted as blanks, with how often they come; and how many there are."""
    counted: Counter[str] = Counter()
    for word in word_list(language).first(RUNS_FROM):
        padded = f" {word} "
        counted.update(padded[at : at + 3] for at in range(len(padded) - 2))
    return counted, counted.total()
