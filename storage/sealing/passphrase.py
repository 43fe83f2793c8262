"""Passphrases: six words drawn at random, or one's own where it is not plainly weak.

The words are EFF's Short Wordlist #1 (``passphrase_words.txt``, CC BY 3.0 US). Six of 1,295 are 62 bits; a guess at a
key file costs 64 MiB and about 0.13 s of one core.
"""

import itertools
import secrets
import unicodedata
from functools import cache
from importlib import resources
from typing import Final

WORDS_DRAWN: Final = 6
SHORTEST: Final = 12
FEWEST_SIGNS: Final = 6


@cache
def word_list() -> tuple[str, ...]:
    """1,295 different words of 3 to 5 letters a to z."""
    text = (resources.files("storage.sealing") / "passphrase_words.txt").read_text(encoding="ascii")
    return tuple(line for line in text.splitlines() if not line.startswith("#"))


def drawn() -> str:
    """Six words from the operating system's random source, single blanks between them."""
    return " ".join(secrets.choice(word_list()) for _ in range(WORDS_DRAWN))


def weakness(passphrase: str) -> str:
    """Why a passphrase of one's own is refused, as the end of a sentence; empty where nothing plain speaks against it.

    Catches only the worst: a short one, few different signs, a piece repeated, neighbours in a row. What it lets pass
    need not be good; drawn words are.
    """
    plain = unicodedata.normalize("NFKC", passphrase).casefold()
    letters = "".join(plain.split())
    if len(plain) < SHORTEST or not letters:
        return f"a passphrase has at least {SHORTEST} characters"
    if len(set(letters)) < FEWEST_SIGNS:
        return f"a passphrase has at least {FEWEST_SIGNS} different signs"
    if letters in (letters + letters)[1:-1]:
        return "a passphrase is not one piece repeated"
    if {ord(after) - ord(before) for before, after in itertools.pairwise(letters)} in ({1}, {-1}):
        return "a passphrase is not a row of neighbours"
    return ""
