"""Bulgarian and Greek typed in Latin letters ("shlyokavitsa", "Greeklish"), read back into their own.

There is no one way to type either: "ъ" is "a", "u" or "y", "η" is "h", "i" or "n". All usual readings of each
word are tried, as long as frequent words begin like that, and the most frequent word wins. Where no frequent word fits,
each letter gets its commonest reading, and the speller or the letters of the word must do the rest.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guidance.normal import folded
from guidance.word_lists import WordList, word_list

AT_MOST_TRIES: Final = 400
"""Beginnings of one word that are looked up, at 7 microseconds each."""


def _readings(listed: str) -> Mapping[str, tuple[str, ...]]:
    """``typed=commonest,other`` for each piece between blanks."""
    pairs = (piece.split("=") for piece in listed.split())
    return MappingProxyType({typed: tuple(read.split(",")) for typed, read in pairs})


_LETTERS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "bg": _readings(
            """
            sht=щ zh=ж ch=ч sh=ш ts=ц tz=ц yu=ю iu=ю,иу ju=ю ya=я,иа ia=ия,я,иа ja=я yo=ьо,ио io=ио,ьо jo=ьо,ио dj=дж
            6t=щ,шт iq=ия,иа iya=ия iy=ии,и a=а,ъ b=б c=ц,к d=д e=е f=ф g=г h=х i=и j=ж,и k=к l=л m=м n=н o=о p=п q=я,ку
            r=р s=с t=т u=у,ъ v=в w=в x=х,кс y=ъ,и,у z=з 4=ч 6=ш @=ъ
            """
        ),
        "el": _readings(
            """
            th=θ ch=χ ps=ψ ks=ξ ou=ου mp=μπ nt=ντ gk=γκ ai=αι,αη ei=ει oi=οι,οη au=αυ av=αυ,αβ af=αυ,αφ eu=ευ
            ev=ευ,εβ ef=ευ,εφ a=α b=μπ,β v=β g=γ d=δ,ντ e=ε,αι z=ζ h=η,χ i=ι,η,ει,υ,οι k=κ l=λ m=μ n=ν,η o=ο,ω p=π,ρ
            r=ρ s=σ t=τ u=υ,θ,ου f=φ w=ω y=υ,γ,ι x=χ,ξ c=κ,χ,σ j=ξ,τζ q=κ,θ 8=θ 9=θ 3=ξ 4=ψ
            """
        ),
    }
)
_LONGEST: Final = 3

AT_MOST_WORDS: Final = 40
"""Words beyond these are read letter by letter; so the longest message takes a tenth of a second at worst."""

_WORD: Final = re.compile(r"[a-z@][a-z0-9@]*|[0-9]+[a-z][a-z0-9]*")


def in_own_letters(text: str, language: str) -> str | None:
    """A text in Latin letters as it would stand in the language's own; a further reading beside the text as typed.

    Args:
        text: as typed.
        language: two letters.

    Returns:
        The text, folded, its Latin words written in the language's own letters. None for a language of Latin letters,
        and where fewer than half of the letters are Latin.
    """
    letters = _LETTERS.get(language)
    if letters is None:
        return None
    plain = folded(text, language)
    latin = sum("a" <= character <= "z" for character in plain)
    if 2 * latin < max(1, sum(character.isalpha() for character in plain)):
        return None
    known = word_list(language)
    words = list(_WORD.finditer(plain))
    beyond = words[AT_MOST_WORDS].start() if len(words) > AT_MOST_WORDS else len(plain)

    def read(match: re.Match[str]) -> str:
        word = match.group()
        likeliest = _most_frequent(word, letters, known) if match.start() < beyond else ""
        return likeliest or _letter_by_letter(word, letters)

    return _WORD.sub(read, plain)


def _most_frequent(word: str, letters: Mapping[str, tuple[str, ...]], known: WordList) -> str:
    """The most frequent word that can be typed so; empty where there is none."""
    best, best_rank = "", len(known)
    tries = 0
    ways = [("", 0)]
    while ways and tries < AT_MOST_TRIES:
        done, at = ways.pop()
        if at == len(word):
            rank = known.rank(done)
            if rank is not None and rank < best_rank:
                best, best_rank = done, rank
            continue
        for size in range(1, _LONGEST + 1):
            # The commonest reading is put last and so tried first.
            for reading in reversed(letters.get(word[at : at + size], ()) if at + size <= len(word) else ()):
                tries += 1
                if known.begins(done + reading):
                    ways.append((done + reading, at + size))
    return best


def _letter_by_letter(word: str, letters: Mapping[str, tuple[str, ...]]) -> str:
    found = []
    at = 0
    while at < len(word):
        size = next((size for size in range(_LONGEST, 0, -1) if word[at : at + size] in letters), 1)
        piece = word[at : at + size]
        found.append(letters.get(piece, (piece,))[0])
        at += len(piece)
    return "".join(found)
