"""What is to be ready when, counted from a release date: the table of ``timeline.toml`` and the dated plan it gives.

A table has milestones at offsets from the release ("-6 months", "+72 hours"), tasks under each, and gap rules: tasks
that are missing loudly once the release is near. ``plan`` lays them on a calendar. A late start is no special case:
what should have been done by today is open, and ``Plan.now`` names it.
"""

import re
from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from guidance.roles import ContentRole

GapSeverity = Literal["act", "watch"]

GAP_SEVERITIES: tuple[GapSeverity, ...] = ("act", "watch")
"""The more pressing first."""

OFFSET = re.compile(r"([+-])([0-9]{1,3}) (month|week|day|hour)s?|0 days?")
LONGEST_DAYS = 5 * 366
_DAYS_OF_A_MONTH = 30.4
_HOURS = 24
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Offset:
    """From the release: calendar months, or days; negative before it. One of the two is 0."""

    months: int = 0
    days: int = 0

    def on(self, release: date) -> date:
        """The day. 31 March less a month is the last day of February.

        Raises:
            ValueError, OverflowError: before the year 1 or after 9999.
        """
        year, month = divmod(release.year * 12 + release.month - 1 + self.months, 12)
        day = min(release.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, day) + timedelta(days=self.days)

    @property
    def rough_days(self) -> float:
        """For comparing offsets; a month is taken as 30.4 days."""
        return self.months * _DAYS_OF_A_MONTH + self.days


def read_offset(text: str) -> Offset | None:
    """ "-6 months", "-1 week", "0 days", "+72 hours" (whole days only); None where it is nothing like that.

    Without its sign nobody could tell "6 months" before from after, so only 0 goes without. At most five years.
    """
    match = OFFSET.fullmatch(text)
    if match is None:
        return None
    number = int(match[2] or 0) * (-1 if match[1] == "-" else 1)
    match match[3]:
        case "month":
            offset = Offset(months=number)
        case "week":
            offset = Offset(days=number * _WEEK)
        case "hour" if number % _HOURS:
            return None
        case "hour":
            offset = Offset(days=number // _HOURS)
        case _:
            offset = Offset(days=number)
    return offset if abs(offset.rough_days) <= LONGEST_DAYS else None


@dataclass(frozen=True, slots=True)
class Task:
    """
    Attributes:
        id: unique in the table, never changes: ticks are kept under it.
        text: at most 110 characters.
        lead: the role that sees to it.
        steps: guide steps it belongs to.
        facts: one or more fact ids.
    """

    id: str
    text: str
    lead: ContentRole
    steps: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Milestone:
    """
    Attributes:
        title: part of a button, at most 24 characters.
        offset: by when its tasks are done.
        opens: when they begin to be due, where that is before ``offset``: what is to be done within three days is
            called to mind on the first, not when the three are over.
        moved: its offset is not the table's own any more, so that the title may say something else.
    """

    id: str
    title: str
    offset: Offset
    tasks: tuple[Task, ...]
    opens: Offset | None = None
    moved: bool = False

    def opens_on(self, release: date) -> date:
        day = self.offset.on(release)
        return day if self.opens is None else min(self.opens.on(release), day)


@dataclass(frozen=True, slots=True)
class GapRule:
    """A task that must not be open any more.

    Attributes:
        task: id of the task.
        within: days; the gap shows when the release is so near or nearer, until the day itself.
        text: what is missing, at most 80 characters, without a full stop: the days to go follow.
        do: what to do about it, at most 200 characters.
    """

    id: str
    task: str
    within: int
    severity: GapSeverity
    text: str
    do: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of ``timeline.toml``. ``milestones`` stand in the order of their offsets."""

    owner: str
    reviewed: date
    orientation: str
    milestones: tuple[Milestone, ...]
    gaps: tuple[GapRule, ...]

    def milestone(self, id: str) -> Milestone | None:
        return next((one for one in self.milestones if one.id == id), None)

    def moved(self, offsets: Mapping[str, Offset]) -> "Timeline":
        """The same table with other offsets, by milestone id; ids that it does not have do not matter."""
        if not offsets:
            return self
        milestones = (
            replace(one, offset=offsets[one.id], moved=True) if offsets.get(one.id, one.offset) != one.offset else one
            for one in self.milestones
        )
        return replace(self, milestones=tuple(sorted(milestones, key=lambda one: one.offset.rough_days)))


@dataclass(frozen=True, slots=True)
class Dated:
    """A milestone on its day. ``begun``: its tasks are due today or were before; ``open``, ``done``: its tasks."""

    milestone: Milestone
    day: date
    begun: bool
    open: tuple[Task, ...]
    done: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Attributes:
        days_left: to the release; negative after it.
        milestones: earliest first.
        gaps: the more pressing first, then as the table has them.
    """

    release: date
    days_left: int
    milestones: tuple[Dated, ...]
    gaps: tuple[GapRule, ...]

    @property
    def due(self) -> tuple[Dated, ...]:
        """Milestones that have begun and have something open, the earliest first."""
        return tuple(one for one in self.milestones if one.begun and one.open)

    @property
    def now(self) -> tuple[Task, ...]:
        """What is due by today and not done. The latest milestone stands first: it is nearest to the day at hand."""
        return tuple(task for one in reversed(self.due) for task in one.open)


def plan(table: Timeline, release: date, today: date, done: Collection[str]) -> Plan:
    """Lay the table on the calendar. Pure.

    Args:
        done: ids of tasks that are ticked; ids that the table no longer has do not matter.

    Raises:
        ValueError, OverflowError: a milestone falls outside the calendar (years 1 to 9999).
    """
    left = (release - today).days
    gaps = [one for one in table.gaps if 0 <= left <= one.within and one.task not in done]
    return Plan(
        release,
        left,
        tuple(sorted((_dated(one, release, today, done) for one in table.milestones), key=lambda one: one.day)),
        tuple(sorted(gaps, key=lambda one: GAP_SEVERITIES.index(one.severity))),
    )


def next_reminder(table: Timeline, release: date, today: date, done: Collection[str]) -> date | None:
    """The next day after today on which an open task falls due or a gap begins to show."""
    days = [
        day
        for one in plan(table, release, today, done).milestones
        if one.open
        for day in (one.milestone.opens_on(release), one.day)
    ]
    days += [release - timedelta(days=one.within) for one in table.gaps if one.task not in done]
    return min((day for day in days if day > today), default=None)


def _dated(one: Milestone, release: date, today: date, done: Collection[str]) -> Dated:
    ticked = tuple(task for task in one.tasks if task.id in done)
    still = tuple(task for task in one.tasks if task.id not in done)
    return Dated(one, one.offset.on(release), one.opens_on(release) <= today, still, ticked)
