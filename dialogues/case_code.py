"""Case codes: the agency's own pseudonyms for the people its work is about.

An agency writes down once what its codes look like, in a notation without a manual:

    A    a letter, A to Z
    9    a digit, 0 to 9
    c    at the very end: a check character over all letters and digits before it, which finds every
         single slip and nearly all swapped neighbours (ISO/IEC 7064, MOD 37,36: a digit or a letter)
    any other capital letter, digit, dash, dot, slash, underscore or blank stands for itself

"AA-9999-c" reads AB-1234-O, "C-99" reads C-17, "KS/99999" reads KS/00123.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

DEFAULT_PATTERN = "AA-9999-c"
LONGEST = 24

ProblemKind = Literal["empty", "name", "short", "long", "place", "character", "check"]

_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SYMBOLS = _DIGITS + _LETTERS  # in this order: the values 0 to 35 of ISO/IEC 7064
_SEPARATORS = "-./_ "

_TO_LETTER = {"0": "O", "1": "I"}
_TO_DIGIT = {"O": "0", "I": "1", "L": "1"}

# What a Greek or Cyrillic keyboard gives for letters that look like Latin ones.
_LOOK_ALIKES = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТХУІЅЈ", "ABEZHIKMNOPTYXABEKMHOPCTXYISJ")
_LEADING_WORDS = re.compile(r"^(?:(?:case|code|number|no|nr|ref|id)\b[\s.:#]*)+")
_SAID_BETWEEN = re.compile(r"[\s\-‐‑‒–—―−./_:#]+")


@dataclass(frozen=True, slots=True)
class CaseCode:
    """A code that fits its agency's pattern.

    Attributes:
        text: as the pattern writes it, in capitals, for example AB-1234-O.
    """

    text: str = field(repr=False)

    @property
    def canonical(self) -> str:
        """What keyed tags are made of."""
        return canonical(self.text)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no code of this agency; it never repeats what was typed.

    Attributes:
        kind: "place" is a letter where a digit belongs or the other way round, "character" something that
            no code has, "check" a slip found by the check character.
        example: a right code.
        say: what is off, kindly, in English, with the example.
    """

    kind: ProblemKind
    example: str
    say: str


class PatternError(ValueError):
    """The agency's pattern cannot be used; the message says how to mend it."""


def canonical(text: str) -> str:
    """NFKC, upper case, no blanks: the form in which two codes are the same code."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def check_character(symbols: str) -> str:
    """The check character of ISO/IEC 7064, MOD 37,36.

    Args:
        symbols: digits and capital letters only.
    """
    product = 36
    for symbol in symbols:
        product = ((product + _SYMBOLS.index(symbol)) % 36 or 36) * 2 % 37
    return _SYMBOLS[(37 - product) % 36]


class CasePattern:
    """What an agency's case codes look like.

    Raises:
        PatternError: no digit (a name could then pass for a code), an unknown sign, or too long.
    """

    def __init__(self, pattern: str = DEFAULT_PATTERN) -> None:
        self.pattern = pattern
        self.checked = pattern.endswith("c")
        self._body = pattern.removesuffix("c")
        if not 1 <= len(pattern) <= LONGEST:
            raise PatternError(f"a pattern has 1 to {LONGEST} signs")
        if strange := set(self._body) - set(_SYMBOLS + _SEPARATORS):
            raise PatternError(f"a pattern cannot have {''.join(sorted(strange))!r}; only its last sign may be c")
        if "9" not in self._body:
            raise PatternError("a pattern needs at least one 9, or a name could pass for a code")
        self._places = [sign for sign in self._body if sign in _SYMBOLS]

    def example(self) -> str:
        """A valid code, always the same: letters from A on, digits from 1 on."""
        letters, digits = iter(_LETTERS * LONGEST), iter("1234567890" * LONGEST)
        filled = [next(letters) if s == "A" else next(digits) if s == "9" else s for s in self._places]
        return self._written(filled)

    def read(self, text: str) -> CaseCode | Problem:
        """The code somebody meant.

        Lower case, blanks, other or missing dashes, a leading "case" or "code" do not matter; nor do Greek
        and Cyrillic letters that look the same, nor O for 0 and I or l for 1 where the place, or the
        check character, tells which is meant.
        """
        typed = _LEADING_WORDS.sub("", unicodedata.normalize("NFKC", text).casefold().strip())
        upper = "".join(_one_capital(character) for character in typed).translate(_LOOK_ALIKES)
        symbols = _SAID_BETWEEN.sub("", upper)
        if not symbols:
            return self._problem("empty")
        if self._is_like_a_name(upper):
            return self._problem("name")
        if not set(symbols) <= set(_SYMBOLS):
            return self._problem("character")
        wanted = len(self._places) + self.checked
        if len(symbols) != wanted:
            return self._problem("short" if len(symbols) < wanted else "long")
        meant = [_meant(symbol, place) for symbol, place in zip(symbols, self._places, strict=False)]
        if None in meant:
            return self._problem("place")
        code = self._written([symbol for symbol in meant if symbol is not None])
        if self.checked and code[-1] not in (
            symbols[-1],
            _TO_LETTER.get(symbols[-1]),
            _TO_DIGIT.get(symbols[-1]),
        ):
            return self._problem("check")
        return CaseCode(code)

    def _is_like_a_name(self, upper: str) -> bool:
        # Without one true digit no slip is forgiven: "Olio" must not become O110.
        runs = re.findall(r"[^\W\d_]+", upper)
        if not any(character in _DIGITS for character in upper):
            return sum(map(len, runs)) >= 2
        longest = max((len(run) for run in re.findall("[A-Z9]+", self._body)), default=0)
        return any(len(run) > max(longest, 3) for run in runs)

    def _written(self, symbols: list[str]) -> str:
        given = iter(symbols)
        body = "".join(sign if sign in _SEPARATORS else next(given) for sign in self._body)
        return body + check_character("".join(symbols)) if self.checked else body

    def _problem(self, kind: ProblemKind) -> Problem:
        example = self.example()
        return Problem(kind, example, f"{_SAYS[kind]} A right one looks like this: {example}")


_SAYS: dict[ProblemKind, str] = {
    "empty": "Please type the case code.",
    "name": "That looks like a name or a word. Please never send a name here, only the agency's case code.",
    "short": "The code seems too short: something is missing.",
    "long": "The code seems too long. Please send only the code, nothing else.",
    "place": "A letter stands where a digit belongs, or the other way round.",
    "character": "There is a sign in it that our case codes do not have.",
    "check": "One character is off, or two have changed places. Please compare it with your paper.",
}


def _one_capital(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return _DIGITS[digit]
    capital = character.upper()
    return capital if len(capital) == 1 else character


def _meant(symbol: str, place: str) -> str | None:
    """The symbol this place asks for, slips forgiven; None when it does not fit."""
    if place == "A":
        return symbol if symbol in _LETTERS else _TO_LETTER.get(symbol)
    if place == "9":
        return symbol if symbol in _DIGITS else _TO_DIGIT.get(symbol)
    return place if place in (symbol, _TO_LETTER.get(symbol), _TO_DIGIT.get(symbol)) else None
