"""One content file in TOML, field by field: what is missing, wrong, too long or unknown is told, and reading goes on.

Pure, and no text makes it raise. ``guidance.reader`` says which fields each kind of file has.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from guidance.model import Problem

ID_LIMIT = 40
"""Ids go into buttons, and Telegram gives a button 64 bytes."""

UNSEEN_BUT_GOOD = "\n\u00a0\u202f\u200d"
"""Line breaks, the blanks that French puts before a question mark, and what joins some emoji."""

_Choice = TypeVar("_Choice", bound=str)


class Fields:
    """One TOML table being read. Each field is taken once; what nobody took is unknown."""

    def __init__(self, raw: Mapping[str, Any], file: str, item: str, problems: list[Problem]) -> None:
        self._raw = raw
        self._left = dict.fromkeys(raw)
        self._asked: list[str] = []
        self.file = file
        self.item = item
        self.problems = problems

    def wrong(self, field: str, remedy: str) -> None:
        item = " / ".join(part for part in (self.item, field) if part)
        self.problems.append(Problem(self.file, item, remedy))

    def _take(self, field: str, *, needed: bool) -> Any:
        self._asked.append(field)
        self._left.pop(field, None)
        value = self._raw.get(field)
        if value is None and needed:
            self.wrong(field, f"is missing: add a line that starts with {field} =")
        return value

    def text(self, field: str, at_most: int, *, needed: bool = True, lines: bool = False) -> str:
        """A text without blanks around it. ``lines`` allows line breaks."""
        value = self._take(field, needed=needed)
        return "" if value is None else self._checked_text(field, value, at_most, lines=lines)

    def _checked_text(self, field: str, value: Any, at_most: int, *, lines: bool) -> str:
        if not isinstance(value, str):
            self.wrong(field, 'must be a text: put it between "quotation marks"')
            return ""
        text = value.strip()
        if not text:
            self.wrong(field, "is empty: write a text or take the line out")
        elif len(text) > at_most:
            self.wrong(field, f"has {len(text)} characters: shorten it to {at_most} or fewer")
        unseen = () if text.isprintable() else (sign for sign in set(text) if not sign.isprintable())
        if any(sign not in UNSEEN_BUT_GOOD for sign in unseen):
            self.wrong(field, "holds a tab or another sign that cannot be seen: type the text again")
        elif "\n" in text and not lines:
            self.wrong(field, "must be one line: take the line break out")
        return text

    def texts(self, field: str, at_most: int, *, at_least: int = 0, lines: bool = False) -> tuple[str, ...]:
        value = self._take(field, needed=at_least > 0)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(field, 'must be a list: put it between brackets, ["one", "two"]')
            return ()
        if len(value) < at_least:
            self.wrong(field, f"must name at least {at_least}")
        found = (
            self._checked_text(f"{field} {number}", text, at_most, lines=lines) for number, text in enumerate(value, 1)
        )
        return tuple(text for text in found if text)

    def id(self, field: str, form: re.Pattern[str], example: str, *, needed: bool = True) -> str:
        """An id in the given form, or ``""``."""
        value = self.text(field, ID_LIMIT, needed=needed)
        return self._checked_id(field, value, form, example)

    def _checked_id(self, field: str, value: str, form: re.Pattern[str], example: str) -> str:
        if value and form.fullmatch(value) is None:
            self.wrong(field, f'is not a good id: write it like "{example}"')
            return ""
        return value

    def ids(self, field: str, form: re.Pattern[str], example: str, *, at_least: int = 0) -> tuple[str, ...]:
        found = []
        for number, value in enumerate(self.texts(field, ID_LIMIT, at_least=at_least), 1):
            if value in found:
                self.wrong(f"{field} {number}", f'"{value}" is there twice: take one out')
            elif checked := self._checked_id(f"{field} {number}", value, form, example):
                found.append(checked)
        return tuple(found)

    def choice(self, field: str, allowed: tuple[_Choice, ...]) -> _Choice:
        """One of the allowed words; the first of them where the file holds something else."""
        value = self.text(field, ID_LIMIT)
        for word in allowed:
            if value == word:
                return word
        if value:
            self.wrong(field, f"must be one of {spoken(allowed)}{did_you_mean(value, allowed)}")
        return allowed[0]

    def choices(self, field: str, allowed: tuple[_Choice, ...], *, at_least: int = 0) -> tuple[_Choice, ...]:
        found: list[_Choice] = []
        for number, value in enumerate(self.texts(field, ID_LIMIT, at_least=at_least), 1):
            same = [word for word in allowed if word == value]
            if not same:
                remedy = f"must be one of {spoken(allowed)}{did_you_mean(value, allowed)}"
                self.wrong(f"{field} {number}", remedy)
            elif same[0] in found:
                self.wrong(f"{field} {number}", f'"{value}" is there twice: take one out')
            else:
                found.append(same[0])
        return tuple(found)

    def day(self, field: str) -> date:
        value = self._take(field, needed=True)
        # A TOML date and time is a date for isinstance, and no day.
        if type(value) is date:
            return value
        if value is not None:
            self.wrong(field, "must be a day without quotation marks, like 2026-11-23")
        return date.min

    def whole(self, field: str, at_least: int, at_most: int, *, needed: bool = True) -> int | None:
        value = self._take(field, needed=needed)
        if value is None:
            return None
        if type(value) is int and at_least <= value <= at_most:
            return value
        self.wrong(field, f"must be a whole number from {at_least} to {at_most}, without quotation marks")
        return None

    def yes(self, field: str) -> bool:
        value = self._take(field, needed=False)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.wrong(field, "must be true or false, without quotation marks")
        return False

    def table(self, field: str) -> "Fields":
        value = self._take(field, needed=True)
        if value is not None and not isinstance(value, dict):
            self.wrong(field, f"must be a part of its own that starts with the line [{field}]")
        item = " / ".join(part for part in (self.item, field) if part)
        return Fields(value if isinstance(value, dict) else {}, self.file, item, self.problems)

    def tables(self, field: str, heading: str, *, name: str = "id") -> Iterator["Fields"]:
        """The parts under ``[[heading]]``, each called by its ``name`` field where it has one."""
        value = self._take(field, needed=False)
        if value is None:
            return
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            self.wrong(field, f"must be parts that each start with the line [[{heading}]]")
            return
        for number, part in enumerate(value, 1):
            called = part.get(name)
            short = isinstance(called, str) and 0 < len(called) <= ID_LIMIT and called.isprintable()
            own = str(called) if short else f"{field} {number}"
            item = f"{self.item} / {own}" if self.item else own
            yield Fields(part, self.file, item, self.problems)

    def names(self) -> tuple[str, ...]:
        return tuple(self._raw)

    def done(self) -> None:
        """Tell every field that nobody took."""
        for field in self._left:
            name = field[:ID_LIMIT] if field.isprintable() else "a field"
            self.wrong(name, f"is not known here{did_you_mean(field, self._asked)}: correct it or take it out")


def spoken(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def did_you_mean(word: str, known: "list[str] | tuple[str, ...]") -> str:
    near = difflib.get_close_matches(word[:ID_LIMIT], known, n=1)
    return f', did you mean "{near[0]}"?' if near else ""


def opened(text: str, file: str, problems: list[Problem]) -> Fields | None:
    try:
        raw = tomllib.loads(text)
    except ValueError as error:
        where = re.search(r"line [0-9]+, column [0-9]+", str(error))
        place = where.group() if where else "the last line"
        problems.append(
            Problem(file, place, "cannot be read as TOML: look there for a missing quotation mark or bracket")
        )
        return None
    except RecursionError:
        problems.append(Problem(file, "", "has brackets within brackets without end: take them out"))
        return None
    return Fields(raw, file, "", problems)


def stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].removesuffix(".toml")


def no_doubles(table: Fields, ids: list[str], what: str) -> None:
    for double in sorted({one for one in ids if one and ids.count(one) > 1}):
        table.wrong(double, f"this {what} is there twice: give one of them another")
