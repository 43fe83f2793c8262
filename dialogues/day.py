"""A day to come, as people type it: "12 March 2027", "in 3 months", "2027-03-12", "next Friday".

One text is one form; words beside it ("release is on …") are passed over, a second day is not. Where a text can mean
more than one day, as 03/04 can, all of them come back, and whoever asked asks again. Nothing is assumed about a
country's order of day and month, but that dots stand between day and month in this order.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from rapidfuzz import fuzz, process

from dialogues.day_words import MONTHS, NUMBERS, WEEKDAYS

LONGEST = 100  # characters; more is a story

Days = tuple[date, ...]

_FILLING = frozenset(
    re.findall(
        r"\w+",
        "a about an approx approximately around at be by comes date day earliest expected for free from get gets go "
        "goes he her his i in is it leave leaves likely maybe of on or out planned probably release released she "
        "should so the their they think time to we will",
    )
)
_UNITS = ("day", "days", "week", "weeks", "fortnight", "fortnights", "month", "months", "year", "years")
_VOCABULARY = (*MONTHS, *WEEKDAYS, *_UNITS, "today", "tomorrow", "yesterday")
_MONTH = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in MONTHS)}|sept)\b\.?"
_DAY = r"(?<![\d./-])(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d|'?\d\d(?![\d.:/]))"
_WEEKDAY = re.compile(
    rf"\b(?:(?P<which>next|this|coming|on) )*(?P<name>{'|'.join(WEEKDAYS)}|mon|tue|wed|thu|fri|sat|sun)\b"
)
_UNIT = r"(?P<unit>day|week|fortnight|month|year)s?"
_ISO = re.compile(r"(?<![\d.-])(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?![\d-])")
_FIGURES = re.compile(
    r"(?<![\d./-])(?P<one>\d{1,2}) ?(?P<mark>[./-]) ?(?P<two>\d{1,2})"
    r"(?:(?: ?(?P=mark) ?)(?P<year>\d{4}|\d\d)|\.)?(?![\d/-])"
)
_DAY_MONTH = re.compile(rf"{_DAY}[ .-]*(?:of )?{_MONTH}(?:[ ,-]+{_YEAR})?")
_MONTH_DAY = re.compile(rf"\b{_MONTH}[ -]*(?:the )?{_DAY}(?![\d.:])(?:[ ,]+(?P<year>(?:19|20)\d\d))?")
_MONTH_ALONE = re.compile(
    rf"\b(?:(?P<part>end|start|beginning|middle|mid)[ -]?(?:of )?)?{_MONTH}(?: (?P<year>(?:19|20)\d\d))?"
)
_MONTH_FIGURES = re.compile(r"(?<![\d./-])(?P<month>\d{1,2}) ?[./-] ?(?P<year>(?:19|20)\d\d)(?![\d./-])")
_AWAY = re.compile(
    rf"\b(?P<number>\d{{1,4}}|an?|half a|a couple of)[ -]{_UNIT}(?P<back> ago)?(?: from (?:now|today))?\b(?:'s?)?"
)
_NEXT = re.compile(r"\bnext (?P<unit>week|month|year)\b")
_NEAR = re.compile(r"\b(?P<after>(?:the )?day after )?(?P<near>today|tomorrow|yesterday)\b")
_ORDINAL = re.compile(r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)\b")


def read_days(text: str, today: date) -> Days:
    """Every day that a text may mean, the earliest first; one where it is clear, none where it is no day.

    Args:
        text: anything; over 100 characters nothing is looked for.
        today: a day without a year is the next one to come, today among them.
    """
    if len(text) > LONGEST:
        return ()
    spelled = _spelled(text)
    for pattern, read in _FORMS:
        match = pattern.search(spelled)
        if match is None:
            continue
        try:
            days = read(match, today)
        except (ValueError, OverflowError):
            return ()
        rest = spelled[: match.start()] + " " + spelled[match.end() :]
        named = _WEEKDAY.search(rest) if pattern is not _WEEKDAY else None
        if named is not None:
            rest = rest[: named.start()] + " " + rest[named.end() :]
            weekday = _weekday(named["name"])
            # A weekday that fits one of two readings tells which; one that fits none may be the slip: ask.
            days = tuple(day for day in days if day.weekday() == weekday) or (*days, *_slipped(days, weekday))
        if not _FILLING.issuperset(re.findall(r"\w+", rest)):
            return ()
        return tuple(sorted(set(days)))
    return ()


def _spelled(text: str) -> str:
    """Lower case, figures for number words, slips in long words mended, blanks single."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = re.sub("[‐‑‒–—−]", "-", text)
    text = re.sub(r"[a-z]+", lambda word: _mended(word[0]), text)
    return " ".join(text.split()).rstrip("!?, ")


def _mended(word: str) -> str:
    if word in NUMBERS:
        return NUMBERS[word]
    if len(word) < 5 or word in _VOCABULARY or word in _FILLING:
        return word
    best = process.extractOne(word, _VOCABULARY, scorer=fuzz.ratio, score_cutoff=83)
    return best[0] if best else word


def _weekday(name: str) -> int:
    return [full[:3] for full in WEEKDAYS].index(name[:3])


def _month(name: str) -> int:
    return [full[:3] for full in MONTHS].index(name[:3]) + 1


def _year(text: str | None) -> int | None:
    """Two figures are a year of this century."""
    if text is None:
        return None
    year = int(text.lstrip("'"))
    return year + 2000 if year < 100 else year


def _dated(day: int, month: int, year: int | None, today: date) -> Days:
    """The day, without a year the next to come: 29 February may be some years away."""
    for candidate in [year] if year is not None else range(today.year, today.year + 9):
        if not 1 <= month <= 12 or not 1 <= day <= monthrange(candidate, month)[1]:
            continue
        found = date(candidate, month, day)
        if year is not None or found >= today:
            return (found,)
    return ()


def _iso(match: re.Match[str], today: date) -> Days:
    return _dated(int(match["day"]), int(match["month"]), int(match["year"]), today)


def _figures(match: re.Match[str], today: date) -> Days:
    one, two, year = int(match["one"]), int(match["two"]), _year(match["year"])
    day_first = _dated(one, two, year, today)
    return day_first if match["mark"] == "." else (*day_first, *_dated(two, one, year, today))


def _named(match: re.Match[str], today: date) -> Days:
    return _dated(int(match["day"]), _month(match["month"]), _year(match["year"]), today)


def _month_alone(match: re.Match[str], today: date) -> Days:
    """No day was said: what part of it was said tells which, else its first and last may be meant."""
    month, year = _month(match["month"]), _year(match["year"])
    if year is None:
        year = today.year if month >= today.month else today.year + 1
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    match match["part"]:
        case "end":
            return (last,)
        case "start" | "beginning":
            return (first,)
        case "middle" | "mid":
            return (first.replace(day=15),)
        case _:
            return first, last


def _month_figures(match: re.Match[str], today: date) -> Days:
    month, year = int(match["month"]), int(match["year"])
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _away(match: re.Match[str], today: date) -> Days:
    number = {"a": 1, "an": 1, "a couple of": 2}.get(match["number"])
    if match["number"] == "half a":
        return (_months_on(today, 6),) if match["unit"] == "year" and not match["back"] else ()
    number = number if number is not None else int(match["number"])
    return _on(-number if match["back"] else number, match["unit"], today)


def _next(match: re.Match[str], today: date) -> Days:
    """No day was said; the same day of it and its first are offered."""
    same = _on(1, match["unit"], today)
    if match["unit"] == "week":
        return (today + timedelta(days=7 - today.weekday()), *same)
    if match["unit"] == "month":
        return (_months_on(today, 1).replace(day=1), *same)
    return (date(today.year + 1, 1, 1), *same)


def _on(number: int, unit: str, today: date) -> Days:
    match unit:
        case "day":
            return (today + timedelta(days=number),)
        case "week":
            return (today + timedelta(days=number * 7),)
        case "fortnight":
            return (today + timedelta(days=number * 14),)
        case "month":
            return (_months_on(today, number),)
        case _:
            return (_months_on(today, number * 12),)


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _near(match: re.Match[str], today: date) -> Days:
    away = {"yesterday": -1, "today": 0, "tomorrow": 1}[match["near"]]
    return (today + timedelta(days=away + (1 if match["after"] else 0)),)


def _weekday_to_come(match: re.Match[str], today: date) -> Days:
    """ "next Friday" is the coming one to some and the one after to others."""
    coming = today + timedelta(days=(_weekday(match["name"]) - today.weekday()) % 7)
    if match["which"] == "next" or coming == today:
        return coming, coming + timedelta(days=7)
    return (coming,)


def _slipped(days: Days, weekday: int) -> Days:
    """The nearest days that fall on the weekday that was said."""
    nearest = []
    for day in days:
        back = (day.weekday() - weekday) % 7
        nearest.append(day - timedelta(days=back) if back <= 3 else day + timedelta(days=7 - back))
    return tuple(nearest)


def _ordinal(match: re.Match[str], today: date) -> Days:
    for ahead in range(3):  # no three months in a row lack a 30th or a 31st
        month = _months_on(today.replace(day=1), ahead)
        if 1 <= int(match["day"]) <= monthrange(month.year, month.month)[1]:
            found = month.replace(day=int(match["day"]))
            if found >= today:
                return (found,)
    return ()


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Days]], ...] = (
    (_ISO, _iso),
    (_FIGURES, _figures),
    (_MONTH_FIGURES, _month_figures),
    (_DAY_MONTH, _named),
    (_MONTH_DAY, _named),
    (_MONTH_ALONE, _month_alone),
    (_AWAY, _away),
    (_NEXT, _next),
    (_NEAR, _near),
    (_ORDINAL, _ordinal),
    (_WEEKDAY, _weekday_to_come),
)
