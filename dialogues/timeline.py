"""The release plan: what is to be ready when, counted from a release date; reminders; gaps that show early.

    Finding ──▶ AskPlan ──new──▶ AskAgency, where several ▸ AskCase ▸ AskDate ▸ WhichDay, where unclear
                   │                                                   ▲               │
                   └──────────────▶ AtPlan(plan ◂▸ a milestone) ──date─┘ ◂─────────────┘
                                       └──drop──▶ AskDrop

A plan is looked up anew before each act (``Acting``): somebody else may have ticked it meanwhile. Reminders come
through ``remind``, whatever is open; their buttons last.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from dialogues import timeline_pages as pages
from dialogues.case_code import CaseCode, CasePattern
from dialogues.day import read_days
from dialogues.home import menu_choice
from dialogues.kept_plan import (
    KeptPlan,
    agency_of,
    keeping,
    laid,
    may_write,
    news,
    postponed,
    read_all,
    table_at,
    today_at,
)
from dialogues.model import Call, Choice, Chose, DropPlan, Due, Event, Found, LookUp, Say, Scene, Turn, Wrote, column

OLDEST = timedelta(days=7)
FURTHEST = timedelta(days=3_653)
ON_A_PAGE = 8
MOST_TOLD = 3
LONGEST_LABEL = 34


@dataclass(frozen=True, slots=True)
class Finding:
    """Looking up plans.

    Attributes:
        what: ``list``; ``open``, ``pause`` or ``resume`` the one that is called so; ``code``: the one for a case.
    """

    what: str
    about: str = field(default="", repr=False)
    agency: str = ""


@dataclass(frozen=True, slots=True)
class AskPlan:
    """Waiting for which plan (``kept``: plan id and label), or a new one; ``start``: the first one on the screen."""

    kept: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    start: int = 0


@dataclass(frozen=True, slots=True)
class AskAgency:
    """Waiting for the agency of a new plan."""


@dataclass(frozen=True, slots=True)
class AskCase:
    """Waiting for the case code of a new plan."""

    agency: str


@dataclass(frozen=True, slots=True)
class AskDate:
    """Waiting for the release date; ``id``: of the plan whose date changes, or empty for a new one."""

    agency: str
    case_code: str = field(repr=False)
    id: str = ""


@dataclass(frozen=True, slots=True)
class WhichDay:
    """What was typed can mean more than one day."""

    agency: str
    case_code: str = field(repr=False)
    id: str
    days: tuple[date, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AtPlan:
    """A plan, or one of its milestones, is on the screen."""

    plan: KeptPlan = field(repr=False)
    milestone: str = ""


@dataclass(frozen=True, slots=True)
class Acting:
    """Looking the plan up anew to do something with it. ``act``: a button's key, or ``day.`` and a date."""

    id: str
    milestone: str
    act: str


@dataclass(frozen=True, slots=True)
class AskDrop:
    """Waiting for a second word before a plan is dropped."""

    plan: KeptPlan = field(repr=False)


State = Finding | AskPlan | AskAgency | AskCase | AskDate | WhichDay | AtPlan | Acting | AskDrop
STATES = (Finding, AskPlan, AskAgency, AskCase, AskDate, WhichDay, AtPlan, Acting, AskDrop)


def begin(scene: Scene, about: str) -> Turn[State]:
    if scene.voice.content.timeline is None:
        return Turn(None, pages.none(scene))
    word, _, id = about.partition(".")
    if word in ("open", "pause", "resume") and id:
        return _looked(Finding(word, id))
    if about and scene.voice.danger.danger(about) is not None:
        return Turn(None, call=Call("danger"))
    if about and isinstance(read := _pattern(scene.home.agency.slug, scene).read(about), CaseCode):
        return _looked(Finding("code", read.text, scene.home.agency.slug))
    return _looked(Finding("list"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    if scene.voice.content.timeline is None:
        return Turn(None, pages.none(scene))
    match state, event:
        case _, Chose("leave"):
            return Turn(None)
        case Finding(), Found(rows):
            return _found(state, read_all(rows), scene)
        case Acting(), Found(rows):
            return _acted(state, next(iter(read_all(rows)), None), scene)
        case _, Chose("list"):
            return _looked(Finding("list"))
        case ((AskCase() | AskDate() | WhichDay()), Wrote(text)):
            if scene.voice.danger.danger(text) is not None:
                return Turn(state, call=Call("danger"))
            return _case(state, text, scene) if isinstance(state, AskCase) else _date(state, text, scene)
        case _, Wrote(text):
            return Turn(state, call=Call("ask", text))
        case AskPlan(), Chose("more"):
            return _asked(replace(state, start=state.start + ON_A_PAGE), scene)
        case AskPlan(), Chose("new") if places := _places(scene):
            return _asked(AskCase(places[0]) if len(places) == 1 else AskAgency(), scene)
        case AskPlan(), Chose(key) if key.startswith("p."):
            return _looked(Finding("open", key.removeprefix("p.")))
        case AskAgency(), Chose(slug) if slug in _places(scene):
            return _asked(AskCase(slug), scene)
        case AskDate(), Chose("back"):
            return _looked(Finding("open", state.id) if state.id else Finding("list"))
        case WhichDay(agency, case_code, id), Chose("other"):
            return _asked(AskDate(agency, case_code, id), scene)
        case WhichDay(days=days), Chose(key) if key in {f"d.{one.isoformat()}" for one in days}:
            return _dated(state, date.fromisoformat(key.removeprefix("d.")), scene)
        case ((AtPlan(plan) | AskDrop(plan)), Chose("plan")):
            return _looked(Finding("open", plan.id))
        case AtPlan(plan), Chose("drop") if may_write(plan.agency, scene):
            return _asked(AskDrop(plan), scene)
        case AtPlan(plan), Chose("date") if may_write(plan.agency, scene):
            return _asked(AskDate(plan.agency, plan.case_code, plan.id), scene)
        case AskDrop(plan), Chose("really"):
            return _looked(Acting(plan.id, "", "really"))
        case AtPlan(plan, milestone), Chose(key):
            return _looked(Acting(plan.id, milestone, key))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    match state:
        case Finding() | Acting():
            return ()
        case AskPlan():
            return (_plans(state, scene),)
        case AskAgency():
            names = {one.agency.slug: one.agency.name for one in scene.person.memberships}
            rows = column(*(Choice(slug, names[slug]) for slug in _places(scene)), _list_choice(scene))
            return (Say(scene.text("timeline-ask-agency"), rows=rows),)
        case AskCase(agency):
            text = scene.text("timeline-ask-case", example=_pattern(agency, scene).example())
            return (Say(text, scene.text("timeline-title"), rows=column(menu_choice(scene))),)
        case AskDate():
            rows = column(Choice("back", scene.text("button-back")))
            return (Say(scene.text("timeline-ask-date"), _heading(state.case_code, scene), rows=rows),)
        case WhichDay(days=days):
            choices = [Choice(f"d.{one.isoformat()}", pages.day(one, scene)) for one in days]
            rows = column(*choices, Choice("other", scene.text("button-timeline-other-day")))
            return (Say(scene.text("timeline-which-day"), _heading(state.case_code, scene), rows=rows),)
        case AtPlan(plan, milestone):
            return (pages.milestone_page(plan, milestone, scene) if milestone else pages.page(plan, scene),)
        case AskDrop(plan):
            rows = column(
                Choice("plan", scene.text("button-timeline-keep")), Choice("really", scene.text("button-timeline-drop"))
            )
            return (Say(scene.text("timeline-ask-drop"), _heading(plan.case_code, scene), rows=rows),)


def remind(event: Due, scene: Scene) -> Turn[None]:
    """What fell due of the plans that the event brings, in one message, and when the next is to come.

    No case code is said: a phone shows messages to whoever looks at it.
    """
    told: list[tuple[KeptPlan, tuple[str, ...]]] = []
    effects = []
    for kept in read_all(event.found):
        table = table_at(kept.agency, scene)
        if table is None or scene.person.at(kept.agency) is None:
            continue
        if (later := postponed(kept, scene)) is not None:
            effects.append(later)
            continue
        effects.append(keeping(kept, table, scene, told=True))
        if not news(kept, table, scene):
            continue
        plan = laid(kept, table, scene)
        due = [
            scene.text("timeline-reminder-due", title=pages.title(one.milestone, scene), open=len(one.open))
            for one in reversed(plan.due[-MOST_TOLD:])
        ]
        gaps = [pages.gap_line(gap, plan.days_left, scene) for gap in plan.gaps[:MOST_TOLD]]
        told.append((kept, (_days_left(plan.days_left, scene), *gaps, *due)))
    if not told:
        return Turn(None, (), tuple(effects))
    if len(told) == 1:
        kept, lines = told[0]
        choices = [Choice(f"timeline.open.{kept.id}", scene.text("button-timeline-open"), lasting=True)]
        if may_write(kept.agency, scene):
            choices.append(Choice(f"timeline.pause.{kept.id}", scene.text("button-timeline-pause"), lasting=True))
        text = "\n".join((scene.text("timeline-reminder", left=lines[0]), *lines[1:]))
    else:
        choices = [Choice("timeline", scene.text("button-timeline"), lasting=True)]
        firsts = ["\n".join((f"• {lines[0]}", *lines[1:2])) for _, lines in told[:ON_A_PAGE]]
        more = [scene.text("timeline-reminder-more", number=len(told) - ON_A_PAGE)] if told[ON_A_PAGE:] else []
        text = "\n".join((scene.text("timeline-reminder-many", number=len(told)), *firsts, *more))
    return Turn(None, (Say(text, scene.text("timeline-title"), rows=column(*choices)),), tuple(effects))


def _days_left(days: int, scene: Scene) -> str:
    """How far away, without the day: what a reminder may show of it."""
    return scene.text("timeline-reminder-ahead" if days >= 0 else "timeline-reminder-behind", days=abs(days))


# ---------------------------------------------------------------- finding


def _looked(state: Finding | Acting) -> Turn[State]:
    if isinstance(state, Acting):
        return Turn(state, look_up=LookUp("plan", state.id))
    if state.what in ("list", "code"):
        return Turn(state, look_up=LookUp("my-plans"))
    return Turn(state, look_up=LookUp("plan", state.about))


def _found(state: Finding, plans: tuple[KeptPlan, ...], scene: Scene) -> Turn[State]:
    plans = tuple(one for one in plans if scene.person.at(one.agency) is not None)
    match state.what:
        case "list":
            return _listed(plans, scene)
        case "code":
            same = [one for one in plans if (one.agency, one.case_code) == (state.agency, state.about)]
            if same:
                return Turn(AtPlan(same[0]), (Say(scene.text("timeline-there-already")), pages.page(same[0], scene)))
            if not may_write(state.agency, scene):
                return _listed(plans, scene)
            return _asked(AskDate(state.agency, state.about), scene)
    if not plans:
        return _gone(scene)
    if state.what == "open":
        return _asked(AtPlan(plans[0]), scene)
    return _paused(plans[0], scene, paused=state.what == "pause")


def _listed(plans: tuple[KeptPlan, ...], scene: Scene) -> Turn[State]:
    places = _places(scene)
    if plans:
        return _asked(AskPlan(tuple((one.id, _label(one, scene)) for one in plans)), scene)
    if places:
        return _asked(AskCase(places[0]) if len(places) == 1 else AskAgency(), scene)
    table = table_at(scene.home.agency.slug, scene)
    return Turn(None, (pages.table_page(table, scene),) if table is not None else pages.none(scene))


def _label(kept: KeptPlan, scene: Scene) -> str:
    """The case and its date, marked where something is missing."""
    table = table_at(kept.agency, scene)
    gap = table is not None and bool(laid(kept, table, scene).gaps)
    for when in (pages.short_day(kept.release, scene), kept.release.isoformat()):
        label = scene.text("button-timeline-case", mark="‼ " if gap else "", case=kept.case_code, date=when)
        if len(label) <= LONGEST_LABEL:
            break
    return label


def _plans(state: AskPlan, scene: Scene) -> Say:
    shown = state.kept[state.start : state.start + ON_A_PAGE] or state.kept[:ON_A_PAGE]
    choices = [Choice(f"p.{id}", label) for id, label in shown]
    if state.kept[state.start + ON_A_PAGE :]:
        choices.append(Choice("more", scene.text("button-timeline-more")))
    if _places(scene):
        choices.append(Choice("new", scene.text("button-timeline-new")))
    rows = column(*choices, menu_choice(scene))
    return Say(scene.text("timeline-which"), scene.text("timeline-title"), rows=rows)


def _gone(scene: Scene) -> Turn[State]:
    return Turn(None, (Say(scene.text("timeline-gone"), rows=column(menu_choice(scene))),))


# ---------------------------------------------------------------- making a plan, changing its date


def _case(state: AskCase, text: str, scene: Scene) -> Turn[State]:
    read = _pattern(state.agency, scene).read(text)
    if not isinstance(read, CaseCode):
        return Turn(state, (Say(read.say), *resume(state, scene)))
    return _looked(Finding("code", read.text, state.agency))


def _date(state: AskDate | WhichDay, text: str, scene: Scene) -> Turn[State]:
    today = today_at(state.agency, scene)
    read = read_days(text, today)
    days = tuple(one for one in read if today - OLDEST <= one <= today + FURTHEST)
    if not days:
        why = scene.text("timeline-day-range" if read else "timeline-day-unread")
        asked = AskDate(state.agency, state.case_code, state.id)
        return Turn(asked, (Say(why), *resume(asked, scene)))
    if len(days) > 1:
        return _asked(WhichDay(state.agency, state.case_code, state.id, days), scene)
    return _dated(state, days[0], scene)


def _dated(state: AskDate | WhichDay, release: date, scene: Scene) -> Turn[State]:
    if state.id:
        return _looked(Acting(state.id, "", f"day.{release.isoformat()}"))
    table = table_at(state.agency, scene)
    if table is None or not may_write(state.agency, scene):
        return _gone(scene)
    kept = KeptPlan(scene.fresh, state.agency, state.case_code, release, today_at(state.agency, scene))
    return Turn(
        AtPlan(kept),
        (Say(pages.heard(release, scene)), pages.page(kept, scene)),
        (keeping(kept, table, scene, told=True),),
    )


# ---------------------------------------------------------------- acts


def _acted(state: Acting, kept: KeptPlan | None, scene: Scene) -> Turn[State]:
    table = table_at(kept.agency, scene) if kept is not None else None
    if kept is None or table is None or scene.person.at(kept.agency) is None:
        return _gone(scene)
    word, _, about = state.act.partition(".")
    at = AtPlan(kept, state.milestone)
    if word == "m" and table.milestone(about) is not None:
        return _asked(AtPlan(kept, about), scene)
    if not may_write(kept.agency, scene):
        return _asked(at, scene)
    match word:
        case "tick" | "untick" if any(about == task.id for one in table.milestones for task in one.tasks):
            changed = kept.ticked(about, done=word == "tick")
            ticked = AtPlan(changed, state.milestone)
            (screen,) = resume(ticked, scene)
            return Turn(ticked, (replace(screen, refresh=True),), (keeping(changed, table, scene),))
        case "day":
            changed = kept.moved(date.fromisoformat(about))
            told = (Say(pages.change(kept, changed, table, scene)), pages.page(changed, scene))
            return Turn(AtPlan(changed), told, (keeping(changed, table, scene),))
        case "pause" | "resume":
            changed = replace(kept, paused=word == "pause")
            screen = replace(pages.page(changed, scene), refresh=True)
            return Turn(AtPlan(changed), (screen,), (keeping(changed, table, scene),))
        case "really":
            said = Say(scene.text("timeline-dropped"), rows=column(menu_choice(scene)))
            return Turn(None, (said,), (DropPlan(kept.id, kept.agency),))
        case _:
            return _asked(at, scene)


def _paused(kept: KeptPlan, scene: Scene, *, paused: bool) -> Turn[State]:
    """From a reminder's button: said, and what was open goes on."""
    table = table_at(kept.agency, scene)
    if table is None or not may_write(kept.agency, scene):
        return _asked(AtPlan(kept), scene)
    changed = replace(kept, paused=paused)
    other = "resume" if paused else "pause"
    rows = column(
        Choice(f"timeline.{other}.{kept.id}", scene.text(f"button-timeline-{other}"), lasting=True),
        Choice(f"timeline.open.{kept.id}", scene.text("button-timeline-open"), lasting=True),
    )
    said = Say(scene.text("timeline-paused" if paused else "timeline-resumed"), rows=rows)
    return Turn(None, (said,), (keeping(changed, table, scene),))


def _asked(state: State, scene: Scene) -> Turn[State]:
    return Turn(state, resume(state, scene))


def _heading(case_code: str, scene: Scene) -> str:
    return scene.text("timeline-title-case", case=case_code)


def _list_choice(scene: Scene) -> Choice:
    return Choice("list", scene.text("button-timeline-all"))


def _places(scene: Scene) -> tuple[str, ...]:
    """Slugs of the agencies where the person may make plans."""
    return tuple(one.agency.slug for one in scene.person.memberships if may_write(one.agency.slug, scene))


def _pattern(slug: str, scene: Scene) -> CasePattern:
    return CasePattern(agency_of(slug, scene).case_pattern)
