"""``<language>/timeline.toml``: what is to be ready when before a release, and what must not be missing any more.

Beside ``guidance.reader``, and in its manner: everything wrong is told at once, and nothing makes it raise.
"""

from collections.abc import Iterator
from itertools import pairwise

from guidance.fields import Fields, no_doubles, opened
from guidance.model import Problem
from guidance.reader import KEBAB_ID, OWNER_LIMIT, REGISTER_ID, STEP_ID
from guidance.roles import CONTENT_ROLES
from guidance.timeline import GAP_SEVERITIES, GapRule, Milestone, Offset, Task, Timeline, read_offset

LONGEST_GAP = 730
"""Days before a release; a gap that shows earlier is no gap."""


def read_timeline(text: str, file: str) -> tuple[Timeline | None, tuple[Problem, ...]]:
    """The table, or None where it has mistakes; and all of them."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    milestones = tuple(_milestones(top))
    tasks = [task.id for one in milestones for task in one.tasks]
    gaps = tuple(_gaps(top, tasks))
    if not milestones:
        top.wrong("milestone", "must be there at least once: start one with the line [[milestone]]")
    no_doubles(top, [one.id for one in milestones], "milestone id")
    no_doubles(top, tasks, "task id")
    no_doubles(top, [one.id for one in gaps], "gap id")
    for before, after in pairwise(milestones) if not problems else ():
        if after.offset.rough_days < before.offset.rough_days:
            top.wrong(after.id or "milestone", f"is earlier than {before.id}: put them in the order of their offsets")
    table = Timeline(
        owner=top.text("owner", OWNER_LIMIT),
        reviewed=top.day("reviewed"),
        orientation=top.text("orientation", 120),
        milestones=milestones,
        gaps=gaps,
    )
    top.done()
    return None if problems else table, tuple(problems)


def offset(fields: Fields, field: str, *, needed: bool = True) -> Offset | None:
    """An offset from the release."""
    text = fields.text(field, 20, needed=needed)
    found = read_offset(text)
    if text and found is None:
        example = 'write it like "-6 months", "-1 week", "0 days" or "+72 hours", at most five years'
        fields.wrong(field, f"is no time before or after the release: {example}")
    return found


def _milestones(top: Fields) -> Iterator[Milestone]:
    for part in top.tables("milestone", "milestone"):
        milestone = Milestone(
            id=part.id("id", KEBAB_ID, "m6"),
            title=part.text("title", 24),
            offset=offset(part, "offset") or Offset(),
            opens=offset(part, "opens", needed=False),
            tasks=tuple(_tasks(part)),
        )
        if not milestone.tasks:
            part.wrong("task", "must be there at least once: start one with the line [[milestone.task]]")
        if milestone.opens is not None and milestone.opens.rough_days >= milestone.offset.rough_days:
            part.wrong("opens", "must be before the offset: correct it, or take it out")
        part.done()
        yield milestone


def _tasks(milestone: Fields) -> Iterator[Task]:
    for part in milestone.tables("task", "milestone.task"):
        yield Task(
            id=part.id("id", KEBAB_ID, "mentor-agreed"),
            text=part.text("text", 110),
            lead=part.choice("lead", CONTENT_ROLES),
            steps=part.ids("steps", STEP_ID, "S08", at_least=1),
            facts=part.ids("facts", REGISTER_ID, "RP-timeline", at_least=1),
        )
        part.done()


def _gaps(top: Fields, tasks: list[str]) -> Iterator[GapRule]:
    for part in top.tables("gap", "gap"):
        gap = GapRule(
            id=part.id("id", KEBAB_ID, "no-mentor"),
            task=part.id("task", KEBAB_ID, "mentor-agreed"),
            within=part.whole("within", 1, LONGEST_GAP) or 1,
            severity=part.choice("severity", GAP_SEVERITIES),
            text=part.text("text", 80),
            do=part.text("do", 200),
            facts=part.ids("facts", REGISTER_ID, "RP-timeline", at_least=1),
        )
        if gap.task and gap.task not in tasks:
            part.wrong("task", f'there is no task "{gap.task}" in this file: correct the id')
        if gap.text.endswith("."):
            part.wrong("text", "ends with a full stop: take it out, the days to go follow")
        part.done()
        yield gap
