"""What somebody typed, made comparable: one spelling for letters, one shape for words."""

import re
import sys
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from guidance.alphabets import LOOK_ALIKES, own, unmixed
from guidance.short_forms import ELIDED, SHORT_FORMS

AT_MOST_CHARACTERS: Final = 2_000
"""Longer text is cut here before anything else is done with it."""

AT_MOST_WORD: Final = 40
"""Longer runs of letters are cut: no word in our languages needs more, and n-grams cost by length."""

_APOSTROPHES: Final = {ord(mark): "'" for mark in "’‘ʼ`´′＇"}
_ASCII_CONTROLS: Final[Mapping[int, None]] = {code: None for code in (*range(0x20), 0x7F) if not chr(code).isspace()}
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

# Letters that Unicode does not take apart, and capitals the size of small letters, in which people write to be noticed.
_LETTERS: Final = {
    **{ord(one): other for one, other in zip("œæøłđıʻʹ", ["oe", "ae", "o", "l", "d", "i", "'", "'"], strict=True)},
    **{ord(one): other for one, other in zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)},
}

_JS_WORD: Final = r"[\p{L}\p{N}_]"

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_SUFFIXES: Final = MappingProxyType({"ll": "will", "re": "are", "ve": "have", "m": "am", "d": "would", "s": ""})

# What hyphens hide: Portuguese "fazê-lo" is fazer and o; the t of French "a-t-il" is there for the sound alone.
_HYPHENS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = MappingProxyType(
    {
        "pt": (re.compile(r"(?<=[^\W_]{2}[aei])-l([oa]s?)\b"), r"r \1"),
        "fr": (re.compile(r"-t-(?=(?:il|elle|on)s?\b)"), " "),
    }
)


def folded(text: str, language: str | None = None) -> str:
    """The text in small letters without accents, invisible characters or doubled spaces.

    Accents go in every language, also where they tell words apart ("où" and "ou", "ή" and "η", Bulgarian "й" and "и"):
    half of what is typed on phones has none, and the words beside tell the two apart.

    Args:
        text: anything; cut at ``AT_MOST_CHARACTERS`` first.
        language: two letters; into whose alphabet look-alike letters of others go, see ``alphabets.unmixed``.

    Returns:
        At most ``AT_MOST_CHARACTERS`` characters: compatibility forms unified (Unicode NFKC), each word in one
        alphabet, case folded (Greek final sigma becomes "σ"), combining marks dropped, control and format characters
        dropped, apostrophes made one, spaces single.
    """
    text = text[:AT_MOST_CHARACTERS].translate(_APOSTROPHES)
    if text.isascii():
        # The same, for letters that have one form only: most of what is typed.
        return " ".join(text.lower().translate(_ASCII_CONTROLS).split())
    if language == "nl":
        text = text.replace("ÿ", "ij").replace("Ÿ", "IJ")
    # One compatibility character can stand for eighteen, hence the second cut.
    text = unmixed(_bare(unicodedata.normalize("NFKC", text)[:AT_MOST_CHARACTERS]), language)
    text = _bare(unicodedata.normalize("NFKC", text.casefold().translate(_LETTERS))[:AT_MOST_CHARACTERS])
    return " ".join(text.translate(_APOSTROPHES).split())[:AT_MOST_CHARACTERS]


def words(text: str, language: str = "en") -> list[str]:
    """The words of a text, folded, in order.

    Apostrophes are resolved ("he's" and "hes" give ``he is``, "l'école" gives ``ecole``, "dov'è" gives ``dove e``),
    common short forms of the language are written out ("cant" gives ``can not``, French "pq" gives ``pourquoi``), and
    each word is cut at ``AT_MOST_WORD`` characters.
    """
    short_forms = SHORT_FORMS.get(language, _NONE)
    elided = ELIDED.get(language, ELIDED[""])
    text = folded(text, language)
    if language in _HYPHENS and "-" in text:
        hyphen, instead = _HYPHENS[language]
        text = hyphen.sub(instead, text)
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = sys.intern(match.group()[:AT_MOST_WORD].rstrip("'"))  # content says the same words again and again
        joined = word.replace("'", "")
        if word in short_forms:
            found += short_forms[word].split()
        elif joined in short_forms:
            found += short_forms[joined].split()
        elif "'" not in word:
            found.append(word)
        else:
            head, _, tail = word.partition("'")
            tail = tail.replace("'", "")
            if tail in _SUFFIXES and len(head) > 0:
                found += [head, *_SUFFIXES[tail].split()]
            elif head in elided:
                found += [*elided[head].split(), short_forms.get(tail, tail)]
            else:
                found.append(joined)
    return found


def told(language: str) -> dict[str, object]:
    """What ``folded`` and ``words`` go by in a language, for a reader that is no Python; see ``guidance.danger``."""
    hyphen = _HYPHENS.get(language)
    return {
        "letters": {chr(code): other for code, other in _LETTERS.items()},
        "alphabet": own(language),
        "look_alikes": {alphabet: dict(letters) for alphabet, letters in LOOK_ALIKES.items()},
        "short_forms": dict(SHORT_FORMS.get(language, _NONE)),
        "elided": dict(ELIDED.get(language, ELIDED[""])),
        "suffixes": dict(_SUFFIXES),
        "hyphen": None if hyphen is None else [in_javascript(hyphen[0]), hyphen[1].replace("\\", "$")],
    }


def in_javascript(pattern: re.Pattern[str]) -> str:
    """A pattern of this package for a regular expression with the flag ``u``, where words have ASCII letters only."""
    text = pattern.pattern.replace(r"[^\W_]", r"[\p{L}\p{N}]").replace(r"\d", r"\p{Nd}")
    text = text.replace(r"\b", rf"(?:(?<={_JS_WORD})(?!{_JS_WORD})|(?<!{_JS_WORD})(?={_JS_WORD}))")
    return text.replace(r"\w", _JS_WORD)


def _bare(text: str) -> str:
    """Without combining marks, control and format characters; every kind of space a blank; composed again (NFC)."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", "".join(map(_kept, unicodedata.normalize("NFD", text))))


@lru_cache(maxsize=4_096)
def _kept(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    return "" if category == "Mn" or category[0] == "C" else character
