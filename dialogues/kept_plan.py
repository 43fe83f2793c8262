"""A release plan as it is kept: for which case, from which day, what is ticked. The place's table gives the dates."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from dialogues import codec
from dialogues.model import Agency, KeepPlan, PlanView, Scene
from guidance.roles import Role
from guidance.timeline import Plan, Timeline, next_reminder, plan

REMINDED_AT = time(8)
"""Local time of the agency."""

LOOK_AGAIN = timedelta(days=7)
"""A timer is never armed further away, so that milestones the operator moves are seen within a week."""

WRITERS: tuple[Role, ...] = ("officer", "prison", "coordinator", "supervisor")
"""Roles that make and change plans; others look."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """
    Attributes:
        id: 16 bytes, hex.
        agency: slug.
        told: local day up to which all who see the plan know what is due.
        shared: others see it, too; as it was when it was looked up.
        ticks: ids of the tasks that are done, in the order ticked; may hold some that the table no longer has.
    """

    id: str
    agency: str
    case_code: str = field(repr=False)
    release: date = field(repr=False)
    told: date
    ticks: tuple[str, ...] = ()
    paused: bool = False
    shared: bool = False

    def ticked(self, task: str, *, done: bool) -> "KeptPlan":
        ticks = tuple(one for one in self.ticks if one != task)
        return replace(self, ticks=(*ticks, task) if done else ticks)

    def moved(self, release: date) -> "KeptPlan":
        """By the new day the others were told of nothing yet."""
        told = date.min if self.shared and release != self.release else self.told
        return replace(self, release=release, told=told)


def read_all(rows: Iterable[object]) -> tuple[KeptPlan, ...]:
    """The plans among what was found, the next release first; what cannot be read is left out."""
    read = (_read(row) for row in rows if isinstance(row, PlanView))
    return tuple(sorted((one for one in read if one is not None), key=lambda one: (one.release, one.case_code)))


def agency_of(slug: str, scene: Scene) -> Agency:
    return (scene.person.at(slug) or scene.home).agency


def may_write(slug: str, scene: Scene) -> bool:
    member = scene.person.at(slug)
    return member is not None and member.role in WRITERS


def table_at(slug: str, scene: Scene) -> Timeline | None:
    """The table as it holds at an agency, or None where the language has none."""
    table = scene.voice.content.timeline
    return None if table is None else table.moved(agency_of(slug, scene).site.release)


def today_at(slug: str, scene: Scene) -> date:
    return scene.now.astimezone(agency_of(slug, scene).zone).date()


def laid(kept: KeptPlan, table: Timeline, scene: Scene) -> Plan:
    return plan(table, kept.release, today_at(kept.agency, scene), kept.ticks)


def next_told(kept: KeptPlan, table: Timeline, scene: Scene) -> date | None:
    """The next day, from the next eight o'clock on, on which people are told of it; None when paused or when nothing
    is to come.
    """
    day = None if kept.paused else next_reminder(table, kept.release, kept.told, kept.ticks)
    if day is None:
        return None
    today = today_at(kept.agency, scene)
    begun = datetime.combine(today, REMINDED_AT, agency_of(kept.agency, scene).zone) <= scene.now
    return max(day, today + timedelta(days=begun))


def news(kept: KeptPlan, table: Timeline, scene: Scene) -> bool:
    """Whether something fell due, or a gap began, that they were not told of."""
    day = None if kept.paused else next_reminder(table, kept.release, kept.told, kept.ticks)
    return day is not None and day <= today_at(kept.agency, scene)


def postponed(kept: KeptPlan, scene: Scene) -> KeepPlan | None:
    """Before eight, as after an outage that ended at night: the same plan, to be looked at again at eight."""
    zone = agency_of(kept.agency, scene).zone
    at = datetime.combine(today_at(kept.agency, scene), REMINDED_AT, zone).astimezone(UTC)
    if kept.paused or scene.now >= at:
        return None
    return KeepPlan(kept.id, kept.agency, codec.state_to_json(kept), kept.case_code, at)


def keeping(kept: KeptPlan, table: Timeline, scene: Scene, *, told: bool = False) -> KeepPlan:
    """Write a plan, and arm what comes next.

    Args:
        told: everybody who sees the plan is told now of what is due. Whoever acts on a plan sees its page, but the
            others do not: what is due by a new date, or fell due in a pause, is told to all at the next eight o'clock.
    """
    today = today_at(kept.agency, scene)
    if told:
        kept = replace(kept, told=today)
    at = None
    if (day := next_told(kept, table, scene)) is not None:
        wake = min(day, today + LOOK_AGAIN)
        at = datetime.combine(wake, REMINDED_AT, agency_of(kept.agency, scene).zone).astimezone(UTC)
    return KeepPlan(kept.id, kept.agency, codec.state_to_json(kept), kept.case_code, at)


def _read(row: PlanView) -> KeptPlan | None:
    try:
        kept = codec.state_from_json(row.body, {"KeptPlan": KeptPlan})
    except codec.UnreadableState:
        return None
    return replace(kept, shared=row.shared) if isinstance(kept, KeptPlan) else None
