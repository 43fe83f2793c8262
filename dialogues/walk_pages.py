"""The pages of a walk: where it stands, and what each page says. Nothing here moves it on; see ``dialogues.walk``."""

from dataclasses import dataclass, field
from datetime import datetime

from dialogues.ask_pages import NO_SOURCE, sources_line
from dialogues.home import menu_choice
from dialogues.model import Choice, Membership, Say, Scene, column
from guidance.model import GuideVersion, Step

START, CHECKS, CLOSE = "start", "checks", "close"
TICKS_A_ROW = 5
Rows = tuple[tuple[Choice, ...], ...]


@dataclass(frozen=True, slots=True)
class AtStep:
    """On a page of a step.

    Attributes:
        version: of the guide the walk began in, and goes on in until the person takes the newer one.
        page: ``start``, ``checks``, a decision's id, or ``close``.
        ticks: ids of the checks ticked, of all steps; in a shared walk those of all members.
        chosen: decision id and branch key, of all steps, in the order chosen.
        trail: pages behind this one, step and page.
        returns: step and decision to come back to, the innermost last.
        agency: slug of the agency whose case it is; empty: the person's first.
        shared: the ticks are those of the case, seen and set by all its members.
        leads: on the page ``close``: the step that a decision leads to.
        marks: who ticked what and when, by check id; as of the last look, not kept.
    """

    walk_id: str
    version: int
    step: str
    page: str = START
    case_code: str = field(default="", repr=False)
    ticks: tuple[str, ...] = ()
    chosen: tuple[tuple[str, str], ...] = ()
    trail: tuple[tuple[str, str], ...] = ()
    returns: tuple[tuple[str, str], ...] = ()
    agency: str = ""
    shared: bool = False
    leads: str = ""
    marks: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def place(at: AtStep, scene: Scene) -> Membership:
    """The membership in which somebody walks."""
    return scene.person.at(at.agency) or scene.home


def next_step(at: AtStep, scene: Scene) -> str | None:
    """The step after this one on the role's path, or None."""
    path = scene.guide(at.version).path(place(at, scene).role)
    if at.step not in path:
        return None
    after = path.index(at.step) + 1
    return path[after] if after < len(path) else None


def page(at: AtStep, scene: Scene) -> Say:
    """The page with its buttons."""
    guide = scene.guide(at.version)
    step = guide.steps.get(at.step)
    if step is None:
        return Say(scene.text("walk-step-gone"), rows=column(Choice("steps", scene.text("button-steps"))))
    title = scene.text("walk-title", step=step.id, title=step.title)
    around = _around(at, step, guide, scene)
    decision = next((one for one in step.decisions if one.id == at.page), None)
    if at.page == CHECKS:
        small = scene.text("walk-ticks-shared" if at.shared else "walk-ticks-own") if at.case_code else ""
        return Say(_checklist(at, step, scene), title=title, small=small, rows=(*_ticks(at, step, scene), *around))
    if decision is not None:
        rows = column(*(Choice(f"b.{branch.key}", branch.label) for branch in decision.branches))
        return Say(decision.ask, title=title, rows=(*rows, *around))
    if at.page == CLOSE:
        return _close(at, step, title, around, scene)
    where = place(at, scene)
    text = scene.text(
        "walk-start",
        purpose=step.purpose,
        lead=step.lead,
        timing=where.agency.site.timings.get(step.id, step.timing),
        role=_role_view(step, where) or scene.text("walk-no-role"),
        inputs="\n".join(f"• {one}" for one in step.inputs),
    )
    rows = column(Choice("go", scene.text("button-checklist")), Choice("why", scene.text("button-why")))
    return Say(text, title=title, rows=(*rows, *around))


def overview(at: AtStep, scene: Scene) -> Say:
    """All steps of the path, with how far each has come in this walk."""
    guide = scene.guide(at.version)
    path = [guide.steps[id] for id in guide.path(place(at, scene).role) if id in guide.steps]
    lines = [scene.text("walk-progress", case=at.case_code or scene.text("button-no-case"))]
    choices = []
    for step in path:
        done = sum(check.id in at.ticks for check in step.checks)
        if done:
            lines.append(scene.text("walk-progress-step", step=step.id, done=done, all=len(step.checks)))
        mark = "" if not done else "✓ " if done == len(step.checks) else "◐ "
        choices.append(Choice(step.id, mark + scene.text("button-step", step=step.id, title=step.title)))
    if len(lines) == 1:
        lines.append(scene.text("walk-progress-none"))
    around = (Choice("back", scene.text("button-back")), Choice("other", scene.text("button-other-walk")))
    return Say("\n".join(lines), title=scene.voice.content.guide.title, rows=(*column(*choices), around))


def why(at: AtStep, step: Step, scene: Scene) -> Say:
    """What the step rests on. Facts that an older version names and the register holds no more are left out."""
    content = scene.voice.content
    facts = [fact for fact in step.facts if fact in content.facts]
    lines = [
        f"• {source.title} ({source.publisher}{f', {source.year}' if source.year else ''})"
        for source in content.sources_of(facts)[:12]
        if source.id != NO_SOURCE
    ]
    reviewed = scene.text("reviewed", owner=step.owner, date=step.reviewed.isoformat())
    text = "\n".join((sources_line(tuple(facts), scene, at_most=0), *lines))
    return Say(text, title=scene.text("walk-why", step=step.id), small=reviewed)


def mark(handle: str, at: datetime, scene: Scene) -> str:
    """Who ticked, and on which day: "Coord-1, 24.11."."""
    day = f"{at.day}.{at.month}."
    return f"{handle}, {day}" if handle else day


def _around(at: AtStep, step: Step, guide: GuideVersion, scene: Scene) -> Rows:
    back = [Choice("back", scene.text("button-back"))] if at.trail else []
    last = (*back, Choice("pause", scene.text("button-pause")), Choice("steps", scene.text("button-steps")))
    rows: Rows = ((Choice("handoff", scene.text("button-handoff")),), last)
    if step.stage == "share" and scene.voice.content.share is not None:
        rows = ((Choice("share", scene.text("button-share"), lasting=True),), *rows)
    if guide.number < scene.voice.content.guide.version:
        rows = ((Choice("newer", scene.text("button-newer")),), *rows)
    return rows


def _role_view(step: Step, where: Membership) -> str | None:
    """Supervisors and admins read what a coordinator reads."""
    role = where.role
    return step.roles.get("coordinator" if role == "supervisor" or role == "admin" else role)


def _checklist(at: AtStep, step: Step, scene: Scene) -> str:
    marks = dict(at.marks)
    lines = [scene.text("walk-checks")]
    for number, check in enumerate(step.checks, 1):
        by = f" ({marks[check.id]})" if check.id in marks else ""
        lines.append(f"{'☑' if check.id in at.ticks else '☐'} {number}. {check.text}{by}")
    return "\n".join(lines)


def _ticks(at: AtStep, step: Step, scene: Scene) -> Rows:
    ticks = [
        Choice(f"untick.{number}", f"☑ {number}") if check.id in at.ticks else Choice(f"tick.{number}", f"☐ {number}")
        for number, check in enumerate(step.checks, 1)
    ]
    rows = tuple(tuple(ticks[start : start + TICKS_A_ROW]) for start in range(0, len(ticks), TICKS_A_ROW))
    return (*rows, (Choice("go", scene.text("button-go-on")),))


def _close(at: AtStep, step: Step, title: str, around: Rows, scene: Scene) -> Say:
    mistakes = "\n".join(f"• {one}" for one in step.mistakes)
    text = scene.text("walk-close", handoff=step.handoff, mistakes=mistakes)
    guide = scene.guide(at.version)
    choices = []
    following = at.leads or next_step(at, scene)
    if at.returns and not at.leads:
        choices.append(Choice("return", scene.text("button-return", step=at.returns[-1][0])))
    elif following is not None and following in guide.steps:
        label = scene.text("button-step", step=following, title=guide.steps[following].title)
        choices.append(Choice("next-step", f"{label} ▸"))
    choices += [
        Choice("note", scene.text("button-note")),
        Choice("why", scene.text("button-why")),
        Choice("done", scene.text("button-finish-walk")),
    ]
    return Say(text, title=title, rows=(*column(*choices), *around))


def steps_menu(resumes: list[Choice], scene: Scene) -> Say:
    """The steps of the person's path, walks that were paused before them."""
    content = scene.voice.content
    steps = [
        Choice(id, scene.text("button-step", step=id, title=content.steps[id].title))
        for id in content.path(scene.home.role)
        if id in content.steps
    ]
    rows = column(*resumes, *steps, menu_choice(scene))
    return Say(scene.text("walk-ask-step"), title=content.guide.title, rows=rows)
