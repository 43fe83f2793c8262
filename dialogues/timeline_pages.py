"""What a release plan looks like: its page, a milestone's, what a change of the date does, the table without dates."""

from datetime import date

from dialogues.ask_pages import sources_line
from dialogues.home import menu_choice
from dialogues.kept_plan import KeptPlan, laid, may_write, next_told, table_at
from dialogues.model import Choice, Say, Scene, column
from guidance.timeline import Dated, GapRule, Milestone, Plan, Task, Timeline

MOST_GAPS = 5
MOST_NOW = 8
MOST_STEPS = 3
TICKS_IN_A_ROW = 5
DONE_WITH = 14  # days after the release from which on a plan is offered to be dropped
_MARKS = {"act": "‼", "watch": "!"}


def none(scene: Scene) -> tuple[Say, ...]:
    return (Say(scene.text("timeline-none"), rows=column(menu_choice(scene))),)


def day(when: date, scene: Scene) -> str:
    """ "Friday 12 March 2027" """
    weekday = scene.text(f"weekday-{when.isoweekday()}")
    month = scene.text(f"month-{when.month}")
    return scene.text("timeline-day", weekday=weekday, day=str(when.day), month=month, year=str(when.year))


def short_day(when: date, scene: Scene) -> str:
    """ "12 March 2027" """
    month = scene.text(f"month-{when.month}")
    return scene.text("timeline-short-day", day=str(when.day), month=month, year=str(when.year))


def heard(when: date, scene: Scene) -> str:
    """The release date said back, with a word on weekends."""
    return " ".join((scene.text("timeline-heard", day=day(when, scene)), *_weekend(when, scene)))


def _weekend(when: date, scene: Scene) -> tuple[str, ...]:
    if when.isoweekday() < 6:
        return ()
    return (scene.text("timeline-weekend", weekday=scene.text(f"weekday-{when.isoweekday()}")),)


def title(one: Milestone, scene: Scene) -> str:
    """Its own, or what its offset says where the operator moved it: "12 months before" may be ten there."""
    if not one.moved:
        return one.title
    unit, number = ("months", one.offset.months) if one.offset.months else ("days", one.offset.days)
    if number == 0:
        return scene.text("timeline-on-the-day")
    return scene.text(f"timeline-{unit}-{'before' if number < 0 else 'after'}", number=abs(number))


def page(kept: KeptPlan, scene: Scene) -> Say:
    """The whole plan: days to go, gaps, what is due, milestones with dates."""
    table = table_at(kept.agency, scene)
    if table is None:
        return none(scene)[0]
    plan = laid(kept, table, scene)
    parts = [
        _left(plan, scene),
        *([_gaps(plan, scene)] if plan.gaps else []),
        *([_now(plan, scene)] if plan.now else []),
        "\n".join((scene.text("timeline-dates"), *(_line(one, scene) for one in plan.milestones))),
        _next(kept, table, scene),
        *([scene.text("timeline-done-with")] if plan.days_left < -DONE_WITH else []),
    ]
    facts = tuple(dict.fromkeys(fact for facts in _shown_facts(plan) for fact in facts))
    small = " ".join((*([sources_line(facts, scene)] if facts else []), table.orientation))
    heading = scene.text("timeline-title-case", case=kept.case_code)
    return Say("\n\n".join(parts), title=heading, small=small, rows=_plan_rows(kept, plan, scene))


def milestone_page(kept: KeptPlan, milestone: str, scene: Scene) -> Say:
    """One milestone with its tasks, and a button for each tick."""
    table = table_at(kept.agency, scene)
    one = None if table is None else table.milestone(milestone)
    if table is None or one is None:
        return page(kept, scene)
    lines = [scene.text("timeline-milestone", day=day(one.offset.on(kept.release), scene))]
    lines += [
        f"{'☑' if task.id in kept.ticks else '☐'} {number}. {_task(task, scene)}"
        for number, task in enumerate(one.tasks, 1)
    ]
    facts = tuple(dict.fromkeys(fact for task in one.tasks for fact in task.facts))
    small = f"{sources_line(facts, scene)} {table.orientation}"
    heading = f"{title(one, scene)} · {kept.case_code}"
    rows = (*(_ticks(kept, one) if may_write(kept.agency, scene) else ()), *_step_rows(one, scene))
    return Say("\n".join(lines), heading, small, (*rows, *column(Choice("plan", scene.text("button-timeline-whole")))))


def table_page(table: Timeline, scene: Scene) -> Say:
    """The table without dates, for somebody who has no plan to look at."""
    parts = [
        "\n".join((title(one, scene), *(f"• {_task(task, scene)}" for task in one.tasks))) for one in table.milestones
    ]
    text = "\n\n".join((scene.text("timeline-look"), *parts))
    return Say(text, scene.text("timeline-title"), table.orientation, column(menu_choice(scene)))


def change(before: KeptPlan, after: KeptPlan, table: Timeline, scene: Scene) -> str:
    """What another release date means."""
    days = (after.release - before.release).days
    if days == 0:
        return scene.text("timeline-same", day=day(after.release, scene))
    lines = [
        scene.text(
            "timeline-later" if days > 0 else "timeline-sooner",
            old=day(before.release, scene),
            new=day(after.release, scene),
            days=abs(days),
        ),
        *_weekend(after.release, scene),
    ]
    was, now = ({one.milestone.id: one for one in laid(kept, table, scene).due} for kept in (before, after))
    if came := [title(one.milestone, scene) for id, one in now.items() if id not in was]:
        lines.append(scene.text("timeline-now-due", titles=", ".join(came)))
    if went := [title(one.milestone, scene) for id, one in was.items() if id not in now]:
        lines.append(scene.text("timeline-not-due-yet", titles=", ".join(went)))
    return "\n".join(lines)


def gap_line(gap: GapRule, days: int, scene: Scene) -> str:
    return scene.text("timeline-gap", mark=_MARKS[gap.severity], what=gap.text, days=days)


def _shown_facts(plan: Plan) -> tuple[tuple[str, ...], ...]:
    return (*(gap.facts for gap in plan.gaps), *(task.facts for task in plan.now))


def _left(plan: Plan, scene: Scene) -> str:
    when = day(plan.release, scene)
    if plan.days_left >= 0:
        return scene.text("timeline-left", day=when, days=plan.days_left)
    return scene.text("timeline-since", day=when, days=-plan.days_left)


def _gaps(plan: Plan, scene: Scene) -> str:
    lines = [f"{gap_line(gap, plan.days_left, scene)} {gap.do}" for gap in plan.gaps[:MOST_GAPS]]
    if (more := len(plan.gaps) - MOST_GAPS) > 0:
        lines.append(scene.text("timeline-more-gaps", number=more))
    return "\n".join(lines)


def _now(plan: Plan, scene: Scene) -> str:
    lines = [scene.text("timeline-now"), *(f"☐ {_task(task, scene)}" for task in plan.now[:MOST_NOW])]
    if (more := len(plan.now) - MOST_NOW) > 0:
        lines.append(scene.text("timeline-more-now", number=more))
    return "\n".join(lines)


def _task(task: Task, scene: Scene) -> str:
    return scene.text("timeline-task", text=task.text, who=scene.text(f"timeline-who-{task.lead}"))


def _line(one: Dated, scene: Scene) -> str:
    mark = "☑" if not one.open else "▸" if one.begun else "☐"
    when = short_day(one.day, scene)
    return scene.text("timeline-line", mark=mark, day=when, title=title(one.milestone, scene))


def _next(kept: KeptPlan, table: Timeline, scene: Scene) -> str:
    if kept.paused:
        return scene.text("timeline-reminders-off")
    when = next_told(kept, table, scene)
    if when is None:
        return scene.text("timeline-reminder-none")
    return scene.text("timeline-reminder-next", day=day(when, scene))


def _plan_rows(kept: KeptPlan, plan: Plan, scene: Scene) -> tuple[tuple[Choice, ...], ...]:
    milestones = [
        Choice(
            f"m.{one.milestone.id}",
            scene.text(
                "button-timeline-milestone",
                title=title(one.milestone, scene),
                done=len(one.done),
                all=len(one.done) + len(one.open),
            ),
        )
        for one in plan.milestones
    ]
    changes = []
    if may_write(kept.agency, scene):
        pause = "resume" if kept.paused else "pause"
        changes = [
            Choice("date", scene.text("button-timeline-date")),
            Choice(pause, scene.text(f"button-timeline-{pause}")),
            Choice("drop", scene.text("button-timeline-drop")),
        ]
    return column(*milestones, *changes, Choice("list", scene.text("button-timeline-all")), menu_choice(scene))


def _ticks(kept: KeptPlan, one: Milestone) -> tuple[tuple[Choice, ...], ...]:
    """Keys say what they set, so that pressing one twice changes nothing the second time."""
    ticks = [
        Choice(f"untick.{task.id}", f"☑ {number}")
        if task.id in kept.ticks
        else Choice(f"tick.{task.id}", f"☐ {number}")
        for number, task in enumerate(one.tasks, 1)
    ]
    return tuple(tuple(ticks[at : at + TICKS_IN_A_ROW]) for at in range(0, len(ticks), TICKS_IN_A_ROW))


def _step_rows(one: Milestone, scene: Scene) -> tuple[tuple[Choice, ...], ...]:
    steps = tuple(dict.fromkeys(step for task in one.tasks for step in task.steps))[:MOST_STEPS]
    known = scene.voice.content.steps
    return column(
        *(
            Choice(f"walk.step.{step}", scene.text("button-step", step=step, title=known[step].title), lasting=True)
            for step in steps
            if step in known
        )
    )
