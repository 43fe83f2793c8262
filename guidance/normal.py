"""What somebody typed, made comparable: one spelling for letters, one shape for words."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

AT_MOST_CHARACTERS: Final = 2_000
"""Longer text is cut here before anything else is done with it."""

AT_MOST_WORD: Final = 40
"""Longer runs of letters are cut: no word in our languages needs more, and n-grams cost by length."""

_APOSTROPHES: Final = {ord(mark): "'" for mark in "’‘ʼ`´′＇"}
_ASCII_CONTROLS: Final[Mapping[int, None]] = {code: None for code in (*range(0x20), 0x7F) if not chr(code).isspace()}
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Elided articles and pronouns of French and Italian, and of English "d'you": the word after them counts.
_ELIDED: Final = _set(
    """
            l d j n s t m c qu jusqu lorsqu puisqu quoiqu un dell nell all sull dall quell quest
            """
)
_SUFFIXES: Final = MappingProxyType({"ll": "will", "re": "are", "ve": "have", "m": "am", "d": "would", "s": ""})

_NEGATED: Final = _set("do does did is are was were should could would has have had must need")

# As typed on a phone, without the apostrophe. Left out where it would hide another word (ill, well, hell, were, its).
_SHORT_FORMS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                **{f"{verb}nt": f"{verb} not" for verb in sorted(_NEGATED)},
                **{f"{who}s": f"{who} is" for who in ["he", "she", "that", "what", "who", "where", "how", "there"]},
                **{f"{who}re": f"{who} are" for who in ["you", "they"]},
                **{f"{who}ve": f"{who} have" for who in ["i", "you", "we", "they"]},
                **{f"{who}ll": f"{who} will" for who in ["they", "you", "it", "that"]},
                "cant": "can not", "cannot": "can not", "wont": "will not", "aint": "is not", "shant": "shall not",
                "im": "i am", "hed": "he would", "theyd": "they would", "whatre": "what are", "dunno": "do not know",
                "gonna": "going to", "gunna": "going to", "goin": "going", "wanna": "want to", "gotta": "got to",
                "u": "you", "ur": "your", "r": "are", "n": "and", "w": "with", "wo": "without", "pls": "please",
                "plz": "please", "abt": "about", "bc": "because", "cos": "because", "coz": "because", "cuz": "because",
                "ppl": "people", "sb": "somebody", "smb": "somebody", "sth": "something", "smth": "something",
                "b4": "before", "msg": "message", "nite": "night", "tonite": "tonight", "2nite": "tonight",
                "2night": "tonight", "2day": "today", "2moro": "tomorrow", "tmrw": "tomorrow", "tmr": "tomorrow",
                "tomoz": "tomorrow", "wk": "week", "wks": "weeks", "hrs": "hours", "mins": "minutes", "thx": "thanks",
                "ty": "thanks", "conf": "conference", "docs": "documents", "diff": "difference",
            }
        )
    }
)  # fmt: skip


def folded(text: str) -> str:
    """The text in small letters without accents, invisible characters or doubled spaces.

    Args:
        text: anything; cut at ``AT_MOST_CHARACTERS`` first.

    Returns:
        At most ``AT_MOST_CHARACTERS`` characters: compatibility forms unified (Unicode NFKC), case folded,
        combining marks dropped, control and format characters dropped, apostrophes made one, spaces single.
    """
    text = text[:AT_MOST_CHARACTERS].translate(_APOSTROPHES)
    if text.isascii():
        # The same, for letters that have one form only: most of what is typed.
        return " ".join(text.lower().translate(_ASCII_CONTROLS).split())
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = []
    # One compatibility character can stand for eighteen, hence the second cut.
    for character in unicodedata.normalize("NFD", text[:AT_MOST_CHARACTERS]):
        category = unicodedata.category(character)
        if character.isspace():
            kept.append(" ")
        elif category != "Mn" and category[0] != "C":
            kept.append(character)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).translate(_APOSTROPHES).split())


def words(text: str, language: str = "en") -> list[str]:
    """The words of a text, folded, in order.

    Apostrophes are resolved ("he's" and "hes" give ``he is``, "l'école" gives ``ecole``), common short forms of the
    language are written out ("cant" gives ``can not``), and each word is cut at ``AT_MOST_WORD`` characters.
    """
    short_forms = _SHORT_FORMS.get(language, {})
    found: list[str] = []
    for match in _WORD.finditer(folded(text)):
        word = match.group()[:AT_MOST_WORD].rstrip("'")
        joined = word.replace("'", "")
        if joined in short_forms:
            found += short_forms[joined].split()
        elif "'" not in word:
            found.append(word)
        else:
            head, _, tail = word.partition("'")
            tail = tail.replace("'", "")
            if tail in _SUFFIXES and len(head) > 0:
                found += [head, *_SUFFIXES[tail].split()]
            elif head in _ELIDED:
                found.append(tail)
            else:
                found.append(joined)
    return found
