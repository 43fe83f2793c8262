"""When something happened, as an officer types it in haste.

    text ──spelling──▶ words ──what is found is taken out, piece by piece──▶ days, clock, part of the day
                                                                              │ one of each at most
                                                                              ▼
                                                                            When, always in the past

A grammar of our own: on the first table of the tests (114 phrases to understand, 45 to leave alone) dateparser
1.5, set to English, past and day first, got 63 of 114 right and 41 of 45; some of the others it misread in
silence ("on friday at 9" became the 9th). What was taken in each case is said back by ``said``.

What is assumed where the text leaves it open:

- early morning is 06:00, morning 09:00, lunch 12:00, afternoon 15:00, evening 19:00, night 22:00,
  late night 23:00; a part of today that has begun but not reached its hour is now;
- "half two" is British, 14:30;
- an hour from 1 to 5 without am or pm is in the afternoon, 6 to 12 is as typed, unless that is still to come
  or a part of the day says otherwise; with a leading zero or as four digits it is as typed;
- 14.30 is a clock; 20.11. and "on 20.11" are dates, and so is 20.11 beside a clock;
- a range of clocks is its start, to the hour.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz, process

from dialogues.day_words import MONTHS as _MONTHS
from dialogues.day_words import NUMBERS as _NUMBERS
from dialogues.day_words import WEEKDAYS as _WEEKDAYS

Precision = Literal["minute", "hour", "day"]

OLDEST = timedelta(days=400)
CLOCKS_DIFFER = timedelta(minutes=5)  # a time this little in the future is taken for now
LONGEST = 200  # characters; more is a story, and a story has more than one time


@dataclass(frozen=True, slots=True)
class When:
    """A moment in the past, and how exactly it is known.

    Attributes:
        at: aware, UTC, whole minutes.
        precision: "hour" when only a part of the day, whole hours ago, or "about" was said. "day" when no
            time of day was given; ``at`` is then noon there, or the moment of asking when noon is yet to come.
    """

    at: datetime
    precision: Precision


def read_when(text: str, now: datetime, zone: ZoneInfo, language: str = "en") -> When | None:
    """The one past time somebody means, or None when there is none, or more than one.

    Args:
        text: anything; over 200 characters nothing is looked for.
        now: aware; the result is never after it, and never more than 400 days before.
        zone: where the person is; wall time is read there. A wall time that comes twice in autumn is the
            first of the two, one that does not come in spring is an hour later.
        language: only "en" has words; in any other, dates and clocks in figures are understood as well as
            English words.
    """
    if len(text) > LONGEST:
        return None
    now = now.astimezone(UTC).replace(second=0, microsecond=0)
    found = _scan(_spelled(text), now.astimezone(zone))
    if found is None:
        return None
    when = found.settled(now, zone)
    if when is None or when.at < now - OLDEST:
        return None
    return when


def more_than_a_time(text: str, now: datetime, zone: ZoneInfo) -> bool:
    """Whether words stand beside the time in a text that ``read_when`` understands: it also tells what happened."""
    found = _scan(_spelled(text), now.astimezone(zone))
    return found is not None and not _FILLING.issuperset(re.findall(r"[^\W\d_]+", found.rest))


def said(when: When, zone: ZoneInfo, now: datetime) -> str:
    """The time in plain English, for the person to agree with.

    "today, 14:30"; "yesterday, Sunday 22 November, about 15:00"; "Friday 20 November (time not given)"; with
    the year when it is not this year's.
    """
    there, here = when.at.astimezone(zone), now.astimezone(zone)
    day = f"{_WEEKDAYS[there.weekday()].title()} {there.day} {_MONTHS[there.month - 1].title()}"
    if there.year != here.year:
        day += f" {there.year}"
    days_back = (here.date() - there.date()).days
    day = {0: "today", 1: f"yesterday, {day}"}.get(days_back, day)
    match when.precision:
        case "minute":
            return f"{day}, {there:%H:%M}"
        case "hour":
            return f"{day}, about {there:%H:%M}"
        case "day":
            return f"{day} (time not given)"


# Part of the day: the hour it begins, the hour it stands for.
_PARTS = {
    "early morning": (4, 6),
    "morning": (5, 9),
    "late morning": (10, 11),
    "lunch": (11, 12),
    "early afternoon": (12, 13),
    "afternoon": (12, 15),
    "late afternoon": (16, 17),
    "early evening": (17, 18),
    "evening": (17, 19),
    "late evening": (20, 22),
    "early night": (20, 21),
    "night": (20, 22),
    "late night": (22, 23),
}

_VOCABULARY = (
    *_WEEKDAYS,
    *_MONTHS,
    "yesterday",
    "morning",
    "afternoon",
    "evening",
    "midnight",
    "minutes",
    "before",
)

_NOT_ONE_PAST_TIME = re.compile(
    r"\b(tomorrow|tmrw|next|every|each|daily|weekly|always|usually|often|sometimes|regularly|never|since|until|will|later)\b"
    r"|\bnot (?:now|today|yesterday|this|last|on)\b"
    r"|\bin (?:an?|half an?|\d+) ?(?:m|mins?|minutes?|h|hrs?|hours?|days?|weeks?|months?)\b"
)
_FILLING = frozenset(
    re.findall(
        r"\w+",
        "a am an and as at between by can during exactly from h happened hour hours i "
        "in is it just last local m maybe minutes my o of on or pm s say "
        "so some sometime sorry t than that the then think this time to today um was well when yes",
    )
)  # says nothing beside a time
_HEDGE = re.compile(
    r"~|\b(about|around|abt|approx(?:imately)?|circa|ca|roughly|maybe|perhaps|probably|not sure|i think|or so|"
    r"before|after|shortly|nearly|almost|some ?time)\b|(?<=\d)-?ish\b"
)

_ISO = re.compile(
    r"(?<![\d-])(\d{4})[-/](\d\d)[-/](\d\d)(?:[t ](\d\d):(\d\d)(?::\d\d(?:[.,]\d{1,9})?)?(z|[+-]\d\d:?\d\d)?)?(?![\d-])"
)
_AGO = re.compile(
    r"(?:(?P<vague>(?:a )?couple(?: of)?|(?:a )?few|several)|(?P<half>half) an?|"
    r"(?<![\d.,])(?P<number>\d{1,4}(?:[.,]\d)?|\ban?)) ?"
    r"(?P<unit>m|mins?|minutes?|h|hrs?|hours?|d|days?|nights?|w|weeks?|months?)(?P<and_half> and a half)?"
    r"(?:,? (?:and )?(?P<minutes>\d{1,2}) ?(?:m|mins?|minutes?))? (?:ago|back)\b"
)
_NOW = re.compile(r"\b(?:just now|right now|now|just happened|(?:a )?(?:moments?|second) ago|this (?:minute|moment))\b")
_BEFORE_YESTERDAY = re.compile(r"\b(?:the )?day before yesterday\b")
_PART_WORDS = r"(?P<part>morning|afternoon|evening|night)"
_THIS_PART = re.compile(
    rf"\b(?:(?P<edge>early|late) )?(?P<which>this|last) (?:(?P<edge2>early|late) )?{_PART_WORDS}\b|\btonight\b"
)
_NEAR_DAY = re.compile(r"\b(?:earlier )?(today|yesterday|yday|yest)\b")
_WEEKDAY = re.compile(
    rf"\b(?:(?P<last>last|past) )?(?P<name>{'|'.join(_WEEKDAYS)})\b(?P<week> last week)?"
    # Short names are words of their own ("he sat there"), so they need company.
    r"|\b(?:(?P<last2>last|past) |(?:on|this) )?(?P<short>mon|tues?|weds?|thurs?|thu|fri|sat|sun)\b\.?"
    r"(?(last2)|(?=,? (?:\d|at\b|morning|afternoon|evening|night|last week|;|early|late)|,?$))(?P<week2> last week)?"
)
_MONTH = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)}|sept)\b\.?"
_DAY_MONTH = re.compile(rf"(?<![\d.:])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?(?: of)? {_MONTH}(?:,? (?P<year>20\d\d)\b)?")
_MONTH_DAY = re.compile(
    rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?! ?(?:[ap]\.?m|h\b|[:.]\d))(?:,? (?P<year>20\d\d)\b)?"
)
_FIGURES = re.compile(
    r"(?<![\d./:-])(?P<day>\d{1,2})(?:"
    r"(?P<mark>[./-])(?P<month>\d{1,2})(?P=mark)(?P<year>(?:20)?\d\d)"
    r"|/(?P<month2>\d{1,2})"
    r"|\.(?P<month3>\d{1,2})\.(?=\s|$)"
    r"|\.(?P<month4>\d)(?![.\d])(?! ?[hmdap])"
    r")(?![\d/:])"
)
_ON_DOTTED = re.compile(r"\bon (?P<day>\d{1,2})\.(?P<month>\d{1,2})(?![\d.:])")
_DOTTED = re.compile(r"(?<![\d./:-])(?P<day>\d{1,2})\.(?P<month>\d{2})(?![\d.:])(?! ?[ap]\.?m)")
_ORDINAL = re.compile(r"\b(?:on )?(?:the )?(\d{1,2})(?:st|nd|rd|th)\b(?=\s*(?:$|[;,.]|at\b|in\b|around\b|about\b))")
_PART = re.compile(
    rf"\b(?<!good )(?:(?P<edge>early|late) )?(?:(?:in the|at|during the) )?(?:{_PART_WORDS}|lunch(?: ?time)?)\b"
)

_AM_PM = r"(?P<half>[ap])\.?m\b\.?"
_END = r"(?P<end_half>[ap])\.?m\b\.?"
_AT = r"\b(?:at|around|about|abt|approx|approximately|circa|ca|roughly|by|after|before)\b|[@~]"
_FROM_TO = re.compile(
    rf"\b(?:between|from) (?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d\d))? ?(?:{_AM_PM})? ?(?:and|to|till|-) ?"
    rf"(?P<end>\d{{1,2}})(?:[:.]\d\d)?(?!\d) ?(?:{_END})?"
)
_RANGE = re.compile(
    r"(?<![\d.:/-])(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?"
    r"(?: ?- ?|(?(minute) (?:to|till|and) |(?!)))(?P<end>\d{1,2})"
    rf"(?:[:.]\d\d(?!\d)(?: ?{_END})?| ?(?P<sole_half>[ap])\.?m\b\.?)"
)
_PAST_OR_TO = re.compile(
    r"\b(?P<minute>5|10|15|20|25|quarter|half) ?(?:(?:mins?|minutes?) )?(?P<way>past|to) "
    rf"(?P<hour>\d{{1,2}})\b(?: ?{_AM_PM})?"
)
_HALF_HOUR = re.compile(rf"\bhalf (?P<hour>\d{{1,2}})\b(?! ?[:.]\d)(?: ?{_AM_PM})?")
_CLOCK_AM_PM = re.compile(rf"(?<![\d.:/-])(?P<hour>\d{{1,2}})(?:[:.h](?P<minute>\d\d))? ?{_AM_PM}")
_CLOCK_PLAIN = re.compile(
    r"(?<![\d.:/-])(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?::\d\d)?(?!\d|[.:/]\d)(?: ?(?:hrs?|hours|h)\b)?"
)
_CLOCK_HOUR = re.compile(
    r"(?<![\d.:/-])(?:(?P<hour>\d{1,2}) ?o'? ?clock\b|(?P<hour2>\d\d)h\b|(?P<hour3>\d{1,2})-?ish\b)"
)
_CLOCK_NAMED = re.compile(r"\b(?:(?P<noon>(?:12 )?(?:noon|midday))|(?:12 )?midnight)\b")
_CLOCK_FOUR = re.compile(
    rf"(?<![\d.:/-])(?P<sure>\d{{4}}) ?(?:hrs?|hours|h)\b|(?:^|;|,|{_AT})\s*(?P<digits>\d{{4}})(?![\d.:/-])"
)
_BARE_HOUR = re.compile(
    rf"(?:(?P<after>^|;|,)|{_AT})\s*(?P<hour>\d{{1,2}})(?![\d.:/-])(?=\s*(?:$|[;,.!?)]|(?:in|on|or so|during|when)\b))"
)


@dataclass(frozen=True, slots=True)
class _Clock:
    hour: int
    minute: int
    sure: bool  # whether it is known which half of the day is meant


@dataclass(slots=True)
class _Found:
    """What stands in a text; each list should end up with one entry at most."""

    here: datetime
    instants: list[tuple[timedelta, Precision]] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    weekdays: list[int] = field(default_factory=list)
    weekday_is_not_today: bool = False
    parts: list[str] = field(default_factory=list)
    clocks: list[_Clock] = field(default_factory=list)
    hedged: bool = False
    wrong: bool = False
    rest: str = ""

    @property
    def today(self) -> date:
        return self.here.date()

    def settled(self, now: datetime, zone: ZoneInfo) -> When | None:
        days, clocks, parts = set(self.days), set(self.clocks), set(self.parts)
        if self.wrong or any(len(found) > 1 for found in (days, clocks, parts, set(self.weekdays))):
            return None
        if self.instants or self.moments:
            if clocks or parts or self.weekdays or days - {self.today} or len(self.instants) + len(self.moments) > 1:
                return None
            if self.moments:
                return _past(self.moments[0].astimezone(UTC), now, "minute")
            back, precision = self.instants[0]
            return When(now - back, "hour" if self.hedged else precision)
        if not (days or self.weekdays or clocks or parts):
            return None
        part = self.parts[0] if parts else None
        for day in self._possible_days():
            if clocks:
                precision = "hour" if self.hedged else "minute"
                for wall in _walls(self.clocks[0], part, day):
                    if (when := _past(_utc(wall, zone), now, precision)) is not None:
                        return when
            elif part:
                begins, hour = (_utc(datetime.combine(day, time(h)), zone) for h in _PARTS[part])
                if (when := _past(hour if hour <= now else max(begins, now), now, "hour")) is not None:
                    return when
            elif day <= now.astimezone(zone).date():
                return When(min(_utc(datetime.combine(day, time(12)), zone), now), "day")
        return None

    def _possible_days(self) -> Iterator[date]:
        """Most likely first; a day that was named comes alone."""
        if self.days:
            if not self.weekdays or self.weekdays[0] == self.days[0].weekday():
                yield self.days[0]
        elif self.weekdays:
            back = (self.today.weekday() - self.weekdays[0]) % 7
            if back or not self.weekday_is_not_today:
                yield self.today - timedelta(days=back)
            yield self.today - timedelta(days=back or 7)
        else:
            yield self.today
            yield self.today - timedelta(days=1)


def _past(at: datetime, now: datetime, precision: Precision) -> When | None:
    return When(min(at, now), precision) if at <= now + CLOCKS_DIFFER else None


def _utc(wall: datetime, zone: ZoneInfo) -> datetime:
    # A wall time that the clock jumps over is read with the offset before the jump, so it comes out later.
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _walls(clock: _Clock, part: str | None, day: date) -> Iterator[datetime]:
    """What a clock can mean on a day, most likely first."""
    kind = part.split()[-1] if part else None
    twelve = clock.hour % 12
    hours: tuple[int, ...]
    if kind == "night" and (clock.hour < 6 or (clock.hour == 12 and not clock.sure)):
        hours = (24 + twelve, twelve)  # the small hours belong to the night of the day before
    elif clock.sure:
        hours = (clock.hour,)
    elif kind == "morning":
        hours = (twelve,)
    elif kind in ("evening", "night"):
        hours = (twelve + 12 if twelve else 24,)
    elif kind in ("afternoon", "lunch"):
        hours = (twelve + 12 if twelve < 11 else 11,)
    elif 1 <= clock.hour <= 5:
        hours = (clock.hour + 12, clock.hour)
    else:
        hours = (clock.hour, (clock.hour + 12) % 24)
    for hour in hours:
        yield datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, clock.minute))


def _spelled(text: str) -> str:
    """Lower case, figures for number words, slips in long words mended, blanks single."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace(";", ",")
    text = re.sub("[‐‑‒–—−]", "-", text)
    text = re.sub(r"[a-z]+", lambda word: _mended(word[0]), text)
    text = " ".join(text.split())
    text = text.replace("early hours of ", "early ")
    text = re.sub(r"\b([2-5])0[ -]([1-9])(?= (?:past|to|min))", r"\1\2", text)
    return text.rstrip(".!?, ") if " " in text else text.rstrip("!?, ")


def _mended(word: str) -> str:
    if word in _NUMBERS:
        return _NUMBERS[word]
    if len(word) < 6 or word in _VOCABULARY or word.removesuffix("s") in _VOCABULARY:
        return word
    best = process.extractOne(word, _VOCABULARY, scorer=fuzz.ratio, score_cutoff=83)
    return best[0] if best else word


def _scan(text: str, here: datetime) -> _Found | None:
    """Everything of use in a spelled text; what one line of the grammar takes, the next do not see."""
    if _NOT_ONE_PAST_TIME.search(text):
        return None
    found = _Found(here, hedged=bool(_HEDGE.search(_BEFORE_YESTERDAY.sub("", text))))
    for pattern, note in _GRAMMAR:
        text = _taken(pattern, note, text, found)
    found.rest = _BEFORE_YESTERDAY.sub("", _HEDGE.sub(" ", text))
    return found


def _taken(pattern: re.Pattern[str], note: "_Note", text: str, found: _Found) -> str:
    return pattern.sub(lambda match: " ; " if note(match, found) else match[0], text)


_Note = Callable[[re.Match[str], _Found], bool]
"""Notes what a match means; False leaves it in the text for the lines that follow."""


def _iso(match: re.Match[str], found: _Found) -> bool:
    year, month, day, hour, minute, offset = match.groups()
    if int(year) < 2000:
        return _no_time(found)
    try:
        if offset:
            found.moments.append(datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}{offset.upper()}"))
        else:
            found.days.append(date(int(year), int(month), int(day)))
    except ValueError:
        return _no_time(found)
    return True if offset or not hour else _clock(found, hour, minute, sure=True)


def _ago(match: re.Match[str], found: _Found) -> bool:
    unit = match["unit"][:2] if match["unit"].startswith("mo") else match["unit"][0]
    if match["vague"]:
        number = 2.0 if "couple" in match["vague"] else {"m": 5.0, "h": 3.0}.get(unit, 0.0)
    elif match["half"]:
        number = 0.5
    else:
        number = float(match["number"].replace(",", ".")) if match["number"][0].isdigit() else 1.0
    if match["and_half"]:
        number += 0.5
    match unit:
        case "m":
            found.instants.append((timedelta(minutes=int(number)), "minute"))
        case "h":
            exact = match["half"] or match["minutes"]
            back = timedelta(minutes=int(number * 60) + int(match["minutes"] or 0))
            found.instants.append((back, "minute" if exact else "hour"))
        case _ if number < 1 or number % 1:
            return _no_time(found)
        case "mo":
            found.days.append(_months_back(found.today, min(int(number), 99)))
        case _:
            found.days.append(found.today - timedelta(days=int(number) * (7 if unit == "w" else 1)))
    return unit != "n" or _part_of_day(found, None, "night")


def _now(match: re.Match[str], found: _Found) -> bool:
    found.instants.append((timedelta(), "minute"))
    return True


def _before_yesterday(match: re.Match[str], found: _Found) -> bool:
    found.days.append(found.today - timedelta(days=2))
    return True


def _this_part(match: re.Match[str], found: _Found) -> bool:
    part = match["part"] or "night"
    after_midnight = found.here.hour < 5 and part != "morning"
    back = 1 if match["which"] == "last" or after_midnight else 0
    found.days.append(found.today - timedelta(days=back))
    return _part_of_day(found, match["edge"] or match["edge2"], part)


def _near_day(match: re.Match[str], found: _Found) -> bool:
    found.days.append(found.today - timedelta(days=0 if match[1] == "today" else 1))
    return True


def _weekday(match: re.Match[str], found: _Found) -> bool:
    name = (match["name"] or match["short"])[:3]
    weekday = [full[:3] for full in _WEEKDAYS].index(name)
    if match["week"] or match["week2"]:
        found.days.append(found.today - timedelta(days=found.today.weekday() + 7 - weekday))
    found.weekdays.append(weekday)
    found.weekday_is_not_today |= bool(match["last"] or match["last2"])
    return True


def _figures(match: re.Match[str], found: _Found) -> bool:
    groups = match.groupdict()
    month = int(groups["month"] or groups.get("month2") or groups.get("month3") or groups.get("month4") or 0)
    day, year = int(match["day"]), groups.get("year")
    if month > 12 >= day and "." not in match[0]:
        day, month = month, day  # 11/22 can only be read month first
    if _dated(found, day, month, int(year) % 2000 + 2000 if year else None):
        return True
    return False if "." in match[0] else _no_time(found)


def _dotted(match: re.Match[str], found: _Found) -> bool:
    others = match.string[: match.start()] + match.string[match.end() :]
    beside_a_clock = re.search(r"\d[:.]\d\d|\d ?[ap]\.?m\b|\bat \d|\d\d\d\d", others)
    return bool(beside_a_clock) and _dated(found, int(match["day"]), int(match["month"]), None)


def _named_month(match: re.Match[str], found: _Found) -> bool:
    month = [name[:3] for name in _MONTHS].index(match["month"][:3]) + 1
    year = int(match["year"]) if match["year"] else None
    return _dated(found, int(match["day"]), month, year) or _no_time(found)


def _ordinal(match: re.Match[str], found: _Found) -> bool:
    for back in range(3):  # no three months in a row lack a 30th or a 31st
        month = _months_back(found.today.replace(day=1), back)
        day = _date_or_none(month.year, month.month, int(match[1]))
        if day and day <= found.today:
            found.days.append(day)
            return True
    return _no_time(found)


def _part(match: re.Match[str], found: _Found) -> bool:
    return _part_of_day(found, match["edge"], match["part"] or "lunch")


def _from_to(match: re.Match[str], found: _Found) -> bool:
    groups = match.groupdict()
    half, end_half = groups.get("half"), groups["end_half"] or groups.get("sole_half")
    falls = int(match["hour"]) % 12 > int(match["end"]) % 12  # "11-1pm" starts before noon
    found.hedged = True
    return _clock(found, match["hour"], match["minute"], half or (None if falls else end_half))


def _past_or_to(match: re.Match[str], found: _Found) -> bool:
    minutes = {"quarter": 15, "half": 30}.get(match["minute"]) or int(match["minute"])
    hour = int(match["hour"])
    if match["way"] == "to":
        hour, minutes = (hour - 1) or 12, 60 - minutes
    return _clock(found, str(hour), str(minutes), match["half"])


def _half_hour(match: re.Match[str], found: _Found) -> bool:
    return _clock(found, match["hour"], "30", match["half"])


def _clock_am_pm(match: re.Match[str], found: _Found) -> bool:
    return _clock(found, match["hour"], match["minute"], match["half"]) or _no_time(found)


def _clock_plain(match: re.Match[str], found: _Found) -> bool:
    return _clock(found, match["hour"], match["minute"]) or _no_time(found)


def _clock_hour(match: re.Match[str], found: _Found) -> bool:
    return _clock(found, match["hour"] or match["hour2"] or match["hour3"], None)


def _clock_named(match: re.Match[str], found: _Found) -> bool:
    return _clock(found, "12" if match["noon"] else "0", None, sure=True)


def _clock_four(match: re.Match[str], found: _Found) -> bool:
    digits = match["sure"] or match["digits"]
    if match["digits"] and 0 <= found.here.year - int(digits) <= 1:
        return False  # more likely a year
    return _clock(found, digits[:2], digits[2:], sure=True)


def _bare_hour(match: re.Match[str], found: _Found) -> bool:
    alone = match["after"] == "" and not match.string[match.end() :].lstrip().startswith(";")
    listed = match["after"] == "," and not (found.days or found.weekdays)
    return not alone and not listed and _clock(found, match["hour"], None)


def _no_time(found: _Found) -> bool:
    """Remembers that something looks like a time and is none: nothing is guessed then."""
    found.wrong = True
    return True


def _clock(found: _Found, hour: str, minute: str | None, half: str | None = None, sure: bool = False) -> bool:
    h, m = int(hour), int(minute or 0)
    if half:
        if half == "a" and not 1 <= h <= 12:
            return False
        h, sure = (h % 12) + (12 if half == "p" else 0), True
    if h > 23 or m > 59:
        return False
    sure = sure or h == 0 or h > 12 or (len(hour) == 2 and hour[0] == "0")
    found.clocks.append(_Clock(h, m, sure))
    return True


def _part_of_day(found: _Found, edge: str | None, part: str) -> bool:
    found.parts.append(f"{edge} {part}" if edge and part != "lunch" else part)
    return True


def _dated(found: _Found, day: int, month: int, year: int | None) -> bool:
    """Without a year: the latest that is not to come."""
    for candidate in [year] if year else [found.today.year, found.today.year - 1]:
        at = _date_or_none(candidate, month, day)
        if at and (year or at <= found.today):
            found.days.append(at)
            return True
    return False


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _months_back(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


_GRAMMAR: tuple[tuple[re.Pattern[str], _Note], ...] = (
    (_ISO, _iso),
    (_AGO, _ago),
    (_NOW, _now),
    (_BEFORE_YESTERDAY, _before_yesterday),
    (_THIS_PART, _this_part),
    (_NEAR_DAY, _near_day),
    (_WEEKDAY, _weekday),
    (_FROM_TO, _from_to),
    (_RANGE, _from_to),
    (_ON_DOTTED, _figures),
    (_FIGURES, _figures),
    (_DOTTED, _dotted),
    (_DAY_MONTH, _named_month),
    (_MONTH_DAY, _named_month),
    (_ORDINAL, _ordinal),
    (_PART, _part),
    (_PAST_OR_TO, _past_or_to),
    (_HALF_HOUR, _half_hour),
    (_CLOCK_AM_PM, _clock_am_pm),
    (_CLOCK_PLAIN, _clock_plain),
    (_CLOCK_HOUR, _clock_hour),
    (_CLOCK_NAMED, _clock_named),
    (_CLOCK_FOUR, _clock_four),
    (_BARE_HOUR, _bare_hour),
)
