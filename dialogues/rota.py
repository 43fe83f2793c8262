"""Who is on duty when: shifts, absences with cover, holidays, swaps, quiet hours, in the time zone of the desk.

    shifts of the weekday ─▶ holiday? another weekday's ─▶ swapped? others ─▶ absent? their cover ─▶ on duty

An agency may have several sites (prisons, offices). A shift is of one of them, or of the whole agency; everything else
holds for all. ``of_site`` leaves what concerns one.

Times of day are the wall clock's. In the hour that is not there when clocks go forward, 02:30 is 03:30; of the hour
that is there twice when they go back, the first counts. Ends go by the same rule, so that shifts that meet leave no gap
and share no hour, whatever the clock does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dialogues.model import Urgency

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVENING: Final = "18:00"
ONE_DAY: Final = timedelta(days=1)
MOST_COVERS: Final = 20


@dataclass(frozen=True, slots=True)
class Shift:
    """
    Attributes:
        days: places in ``DAYS`` on which it begins.
        start, end: ``HH:MM``; an end that is not later is the next day's.
        first: who is told first, all at once: handles, or ``id:`` and an id's first digits.
        second: who is told where none of these takes it in time.
        site: whose authors' flags it is for; empty: the whole agency's.
    """

    days: tuple[int, ...]
    start: str
    end: str
    first: tuple[str, ...] = field(repr=False)
    second: tuple[str, ...] = field(default=(), repr=False)
    site: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Absence:
    """Away on these days, both included. ``cover``: who stands in, or empty."""

    who: str = field(repr=False)
    first: date
    last: date
    cover: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Holiday:
    """``like``: the weekday whose shifts count on this day, a place in ``DAYS``; None: none do."""

    day: date
    like: int | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """Others are first in the site's, or the agency's, shift that begins on this day at this time."""

    day: date
    start: str
    first: tuple[str, ...] = field(repr=False)
    site: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Flags of this urgency wait from ``start`` to ``end`` (``HH:MM``). Urgent ones never do."""

    urgency: Urgency
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Rota:
    """
    Attributes:
        zone: IANA name, or empty: the agency's.
        evening: ``HH:MM``, when the desk is warned if tonight's people cannot be reached.
    """

    shifts: tuple[Shift, ...] = ()
    absences: tuple[Absence, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    swaps: tuple[Swap, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    zone: str = ""
    evening: str = EVENING

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody it names, each once."""
        found = [name for shift in self.shifts for name in (*shift.first, *shift.second)]
        found += [name for swap in self.swaps for name in swap.first]
        found += [name for one in self.absences for name in (one.who, one.cover) if name]
        return tuple(dict.fromkeys(found))

    @property
    def sites(self) -> tuple[str, ...]:
        """Those with shifts of their own, each once, as it was written first."""
        found: dict[str, str] = {}
        for shift in self.shifts:
            found.setdefault(same_site(shift.site), shift.site)
        return tuple(filter(None, found.values()))


def same_site(name: str) -> str:
    """Two names that give the same are the same site: case and blanks do not count."""
    return " ".join(name.split()).casefold()


def of_site(rota: Rota, site: str = "") -> Rota:
    """With the shifts and swaps of one site alone; of the whole agency, where none is named."""
    here = same_site(site)
    return replace(
        rota,
        shifts=tuple(one for one in rota.shifts if same_site(one.site) == here),
        swaps=tuple(one for one in rota.swaps if same_site(one.site) == here),
    )


NO_ROTA: Final = Rota()


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on duty in a stretch of time (aware, UTC; the end is not part of it)."""

    start: datetime
    end: datetime
    first: tuple[str, ...] = field(repr=False)
    second: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime
    first: tuple[str, ...]
    second: tuple[str, ...]


def zone_of(rota: Rota, agency: ZoneInfo) -> ZoneInfo:
    return ZoneInfo(rota.zone) if rota.zone else agency


def on_duty(rota: Rota, zone: ZoneInfo, at: datetime) -> Duty:
    """Who is on duty at a moment, and until when that holds at the latest: the next change, or midnight."""
    return next(duties(rota, zone, at, at + timedelta(seconds=1)))


def planned(rota: Rota, zone: ZoneInfo, at: datetime) -> bool:
    """Whether somebody would be on duty at a moment, were nobody away. Between the shifts of a site nobody is meant to
    be: the agency's hold."""
    return bool(on_duty(replace(rota, absences=()), zone, at).first)


def duties(rota: Rota, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Duty]:
    """A stretch of time without a gap, cut where who is on duty may change, and at midnights. ``of_site`` first, unless
    who is on duty anywhere is wanted.

    Args:
        start, end: aware. The last stretch may end later than ``end``.
    """
    at = start.astimezone(UTC)
    while at < end:
        today = at.astimezone(zone).date()
        spans = list(_spans(rota, zone, today - 2 * ONE_DAY, today + 2 * ONE_DAY))
        cuts = {edge for span in spans for edge in (span.start, span.end)}
        cuts |= {moment_of(today + days * ONE_DAY, "00:00", zone) for days in (1, 2)}
        until = min(cut for cut in cuts if cut > at)
        here = [span for span in spans if span.start <= at < span.end]
        first = _present(rota, today, [name for span in here for name in span.first])
        second = _present(rota, today, [name for span in here for name in span.second])
        yield Duty(at, until, first, tuple(name for name in second if name not in first))
        at = until


def gaps(rota: Rota, zone: ZoneInfo, start: datetime, end: datetime) -> list[Duty]:
    """Stretches with nobody first, neighbours joined."""
    found: list[Duty] = []
    for duty in duties(rota, zone, start, end):
        if duty.first:
            continue
        if found and found[-1].end == duty.start:
            found[-1] = Duty(found[-1].start, duty.end, ())
        else:
            found.append(duty)
    return found


def quiet_until(rota: Rota, zone: ZoneInfo, urgency: Urgency, at: datetime) -> datetime | None:
    """When the quiet hours that a moment lies in end, or None: it is not quiet. Urgent flags know none."""
    if urgency == "urgent":
        return None
    today = at.astimezone(zone).date()
    ends = []
    for quiet in rota.quiet:
        if quiet.urgency != urgency:
            continue
        for day in (today - ONE_DAY, today):
            start, end = _edges(day, quiet.start, quiet.end, zone)
            if start <= at < end:
                ends.append(end)
    return max(ends, default=None)


def loud(rota: Rota, zone: ZoneInfo, urgency: Urgency, at: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours it lies in."""
    for _ in range(len(rota.quiet) + 1):  # one may begin where another ends
        end = quiet_until(rota, zone, urgency, at)
        if end is None:
            break
        at = end
    return at


def due(rota: Rota, zone: ZoneInfo, urgency: Urgency, within: timedelta, *, at: datetime) -> datetime:
    """A deadline counted from a moment; it never ends in quiet hours.

    Hours are counted in time that is not quiet alone: what is raised five minutes before a night has the rest of its
    hours after it. Days are days, counted from when it is not quiet.
    """
    at, left = loud(rota, zone, urgency, at), within
    while within < ONE_DAY and (quiet := _next_quiet(rota, zone, urgency, at, at + left)) is not None:
        left -= quiet - at
        at = loud(rota, zone, urgency, quiet)
    return loud(rota, zone, urgency, at + left)


def _next_quiet(rota: Rota, zone: ZoneInfo, urgency: Urgency, after: datetime, before: datetime) -> datetime | None:
    """When the first quiet hours begin between two moments."""
    day, last, starts = after.astimezone(zone).date(), before.astimezone(zone).date(), list[datetime]()
    while day <= last and urgency != "urgent":
        spans = (_edges(day, one.start, one.end, zone) for one in rota.quiet if one.urgency == urgency)
        starts += [start for start, end in spans if after < start < min(before, end)]
        day += ONE_DAY
    return min(starts, default=None)


def moment_of(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """A wall clock's time as a moment, UTC; see the head of this file for hours that are not there or there twice."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def shift_on(rota: Rota, zone: ZoneInfo, at: datetime) -> tuple[date, Shift] | None:
    """The shift that a moment lies in, with the day it began on; the first of several."""
    today = at.astimezone(zone).date()
    for day in (today - ONE_DAY, today):
        for shift in shifts_of(rota, day):
            start, end = _edges(day, shift.start, shift.end, zone)
            if start <= at < end:
                return day, shift
    return None


def shifts_of(rota: Rota, day: date) -> list[Shift]:
    """The shifts that begin on a day, as its weekday or its holiday has it."""
    holiday = next((one for one in rota.holidays if one.day == day), None)
    weekday = day.weekday() if holiday is None else holiday.like
    return [shift for shift in rota.shifts if weekday in shift.days]


def swap_of(rota: Rota, day: date, shift: Shift) -> Swap | None:
    """The last one made counts."""
    wanted = (day, shift.start, same_site(shift.site))
    return next((one for one in reversed(rota.swaps) if (one.day, one.start, same_site(one.site)) == wanted), None)


def stands_in(rota: Rota, day: date, name: str) -> str:
    """Whoever is there for somebody on a day: themselves, their cover, the cover's cover; or nobody."""
    for _ in range(MOST_COVERS):
        away = next((one for one in reversed(rota.absences) if one.who == name and one.first <= day <= one.last), None)
        if away is None:
            return name
        if not away.cover:
            return ""
        name = away.cover
    return ""


def _spans(rota: Rota, zone: ZoneInfo, first: date, last: date) -> Iterator[_Span]:
    day = first
    while day <= last:
        for shift in shifts_of(rota, day):
            start, end = _edges(day, shift.start, shift.end, zone)
            swap = swap_of(rota, day, shift)
            yield _Span(start, end, shift.first if swap is None else swap.first, shift.second)
        day += ONE_DAY


def _edges(day: date, start: str, end: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    following = end <= start
    return moment_of(day, start, zone), moment_of(day + ONE_DAY if following else day, end, zone)


def _present(rota: Rota, day: date, names: Sequence[str]) -> tuple[str, ...]:
    found = (stands_in(rota, day, name) for name in names)
    return tuple(dict.fromkeys(name for name in found if name))
