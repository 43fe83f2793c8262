"""Walk through the guide, step by step, by role, with decisions that branch.

    AskStep ──step──▶ AskCase ──code, or none──▶ AtStep(start ▸ checks ▸ decision 1 … n ▸ close) ──▶ next step …
       ▲                                            │
       └───────────────other step───────────────────┘

A decision may lead to another step, for good or there and back (``returns``). *Back* goes one page back. What was
ticked and chosen is written with every move, so a walk can be paused, and resumed after a restart. A question typed
in the middle is answered, then the same page comes again.
"""

from dataclasses import dataclass, field, replace

from dialogues import codec
from dialogues.ask import NO_SOURCE, sources_line
from dialogues.case_code import CaseCode, CasePattern
from dialogues.home import menu_choice
from dialogues.model import (
    Call,
    Choice,
    Chose,
    DropWalk,
    Event,
    Found,
    KeepWalk,
    LookUp,
    Say,
    Scene,
    Turn,
    WalkView,
    Wrote,
    column,
)
from guidance.model import END, Branch, Decision, Step

START, CHECKS, CLOSE = "start", "checks", "close"
LONGEST_TRAIL = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """Looking up walks that were paused."""


@dataclass(frozen=True, slots=True)
class AskStep:
    """Waiting for which step, or which paused walk (``kept``: walk id, label, progress)."""

    kept: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class AskCase:
    """Waiting for the case code, or none."""

    step: str


@dataclass(frozen=True, slots=True)
class AtStep:
    """On a page of a step.

    Attributes:
        page: ``start``, ``checks``, a decision's id, or ``close``.
        ticks: ids of the checks ticked, of all steps.
        chosen: decision id and branch key, of all steps, in the order chosen.
        trail: pages behind this one, step and page.
        returns: step and decision to come back to, the innermost last.
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


State = Finding | AskStep | AskCase | AtStep
STATES = (Finding, AskStep, AskCase, AtStep)


def begin(scene: Scene, about: str) -> Turn[State]:
    step = about.removeprefix("step.").upper()
    if step in scene.voice.content.steps:
        # Entered from anywhere, often in a hurry: no question stands before the step.
        return _moved(AtStep(scene.fresh, scene.voice.content.guide.version, step), scene)
    return Turn(Finding(), look_up=LookUp("my-walks"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Chose("leave"):
            said = (Say(scene.text("walk-paused")),) if isinstance(state, AtStep) else ()
            return Turn(None, said)
        case Finding(), Found(rows):
            return _asked(AskStep(_kept(rows, scene)), scene)
        case AskStep(), Chose(key) if key in scene.voice.content.steps:
            return _asked(AskCase(key), scene)
        case AskStep(kept), Chose(key) if key.startswith("kept."):
            return _resumed(kept, key.removeprefix("kept."), scene)
        case AskCase(step), Chose("none"):
            return _moved(AtStep(scene.fresh, scene.voice.content.guide.version, step), scene)
        case AskCase(), Wrote(text) if scene.voice.danger.danger(text) is not None:
            return Turn(state, call=Call("danger"))
        case AskCase(step), Wrote(text):
            read = CasePattern(scene.home.agency.case_pattern).read(text)
            if not isinstance(read, CaseCode):
                return Turn(state, (Say(read.say), *resume(state, scene)))
            version = scene.voice.content.guide.version
            return _moved(AtStep(scene.fresh, version, step, case_code=read.text), scene)
        case ((AskStep() | AtStep()), Wrote(text)):
            return Turn(state, call=Call("ask", text))
        case AtStep(), Chose(key):
            return _at_step(state, key, scene)
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    match state:
        case Finding():
            return ()
        case AskStep(kept):
            return _steps_menu(kept, scene)
        case AskCase():
            example = CasePattern(scene.home.agency.case_pattern).example()
            rows = column(Choice("none", scene.text("button-no-case")))
            return (Say(scene.text("walk-ask-case", example=example), rows=rows),)
        case AtStep():
            return (_page(state, scene),)


def _at_step(at: AtStep, key: str, scene: Scene) -> Turn[State]:
    step = scene.voice.content.steps.get(at.step)
    if step is None:
        return _asked(AskStep(), scene)
    decision = next((one for one in step.decisions if one.id == at.page), None)
    match key:
        case "go":
            return _moved(_on(at, _after(step, at.page)), scene)
        case "back" if at.trail:
            (back_step, page), trail = at.trail[-1], at.trail[:-1]
            return _moved(replace(at, step=back_step, page=page, trail=trail), scene)
        case "steps":
            return Turn(Finding(), look_up=LookUp("my-walks"))
        case "pause":
            return Turn(None, (Say(scene.text("walk-paused"), rows=column(menu_choice(scene))),))
        case "done":
            return Turn(
                None,
                (Say(scene.text("walk-done"), rows=column(menu_choice(scene))),),
                (DropWalk(at.walk_id),),
            )
        case "why":
            return Turn(at, (_why(step, scene), _page(at, scene)))
        case "note":
            return Turn(at, call=Call("note", f"case.{at.case_code}" if at.case_code else ""))
        case "next-step" if (following := _next_step(at, scene)) is not None:
            return _moved(_on(replace(at, step=following), START, leaving=at), scene)
        case "return" if at.returns:
            (to_step, page), returns = at.returns[-1], at.returns[:-1]
            return _moved(replace(_on(replace(at, step=to_step), page, leaving=at), returns=returns), scene)
        case _ if at.page == CHECKS and key.partition(".")[0] in ("tick", "untick"):
            return _ticked(at, step, key, scene)
        case _ if decision is not None and (branch := _branch(decision, key)) is not None:
            chosen = (*(one for one in at.chosen if one[0] != decision.id), (decision.id, branch.key))
            said = Say(branch.say, title=branch.label)
            if branch.goto == END:
                turn = _moved(_on(replace(at, chosen=chosen), CLOSE), scene)
            elif branch.goto is not None:
                returns = (*at.returns, (at.step, decision.id))[-LONGEST_TRAIL:] if branch.returns else at.returns
                there = replace(at, step=branch.goto, chosen=chosen, returns=returns)
                turn = _moved(_on(there, START, leaving=at), scene)
            else:
                turn = _moved(_on(replace(at, chosen=chosen), _after(step, at.page)), scene)
            return Turn(turn.state, (said, *turn.says), turn.effects)
        case _:
            return Turn(at, (_page(at, scene),))


def _ticked(at: AtStep, step: Step, key: str, scene: Scene) -> Turn[State]:
    """Keys say what they set, so that pressing one twice changes nothing the second time."""
    word, _, number = key.partition(".")
    if not number.isdecimal() or not 1 <= int(number) <= len(step.checks):
        return Turn(at, (_page(at, scene),))
    check = step.checks[int(number) - 1].id
    ticks = tuple(one for one in at.ticks if one != check)
    if word == "tick":
        ticks = (*ticks, check)
    moved = replace(at, ticks=ticks)
    return Turn(moved, (replace(_page(moved, scene), refresh=True),), (_kept_walk(moved, scene),))


def _moved(at: AtStep, scene: Scene) -> Turn[State]:
    return Turn(at, (_page(at, scene),), (_kept_walk(at, scene),))


def _asked(state: State, scene: Scene) -> Turn[State]:
    return Turn(state, resume(state, scene))


def _on(at: AtStep, page: str, leaving: AtStep | None = None) -> AtStep:
    behind = leaving or at
    return replace(at, page=page, trail=(*at.trail, (behind.step, behind.page))[-LONGEST_TRAIL:])


def _after(step: Step, page: str) -> str:
    pages = [START, *([CHECKS] if step.checks else []), *(one.id for one in step.decisions), CLOSE]
    return pages[min(pages.index(page) + 1, len(pages) - 1)] if page in pages else START


def _branch(decision: Decision, key: str) -> Branch | None:
    return next((one for one in decision.branches if key == f"b.{one.key}"), None)


def _next_step(at: AtStep, scene: Scene) -> str | None:
    path = scene.voice.content.path(scene.home.role)
    if at.step not in path:
        return None
    place = path.index(at.step) + 1
    return path[place] if place < len(path) else None


def _page(at: AtStep, scene: Scene) -> Say:
    step = scene.voice.content.steps.get(at.step)
    if step is None:
        return Say(scene.text("walk-step-gone"), rows=column(Choice("steps", scene.text("button-steps"))))
    title = scene.text("walk-title", step=step.id, title=step.title)
    back = [Choice("back", scene.text("button-back"))] if at.trail else []
    around: tuple[tuple[Choice, ...], ...] = (
        (*back, Choice("pause", scene.text("button-pause")), Choice("steps", scene.text("button-steps"))),
    )
    if step.stage == "share" and scene.voice.content.share is not None:
        around = ((Choice("share", scene.text("button-share"), lasting=True),), *around)
    decision = next((one for one in step.decisions if one.id == at.page), None)
    if at.page == CHECKS:
        return Say(_checklist(at, step, scene), title=title, rows=(*_tick_rows(at, step, scene), *around))
    if decision is not None:
        rows = column(*(Choice(f"b.{branch.key}", branch.label) for branch in decision.branches))
        return Say(decision.ask, title=title, rows=(*rows, *around))
    if at.page == CLOSE:
        return _close(at, step, title, around, scene)
    role = _role_view(step, scene)
    text = scene.text(
        "walk-start",
        purpose=step.purpose,
        lead=step.lead,
        timing=scene.home.agency.site.timings.get(step.id, step.timing),
        role=role or scene.text("walk-no-role"),
        inputs="\n".join(f"• {one}" for one in step.inputs),
    )
    rows = column(Choice("go", scene.text("button-checklist")), Choice("why", scene.text("button-why")))
    return Say(text, title=title, rows=(*rows, *around))


def _role_view(step: Step, scene: Scene) -> str | None:
    """Supervisors and admins read what a coordinator reads."""
    role = scene.home.role
    return step.roles.get("coordinator" if role == "supervisor" or role == "admin" else role)


def _checklist(at: AtStep, step: Step, scene: Scene) -> str:
    lines = [
        f"{'☑' if check.id in at.ticks else '☐'} {number}. {check.text}" for number, check in enumerate(step.checks, 1)
    ]
    return "\n".join((scene.text("walk-checks"), *lines))


def _tick_rows(at: AtStep, step: Step, scene: Scene) -> tuple[tuple[Choice, ...], ...]:
    ticks = [
        Choice(f"untick.{number}", f"☑ {number}") if check.id in at.ticks else Choice(f"tick.{number}", f"☐ {number}")
        for number, check in enumerate(step.checks, 1)
    ]
    rows = tuple(tuple(ticks[place : place + 5]) for place in range(0, len(ticks), 5))
    return (*rows, (Choice("go", scene.text("button-go-on")),))


def _close(at: AtStep, step: Step, title: str, around: tuple[tuple[Choice, ...], ...], scene: Scene) -> Say:
    mistakes = "\n".join(f"• {one}" for one in step.mistakes)
    text = scene.text("walk-close", handoff=step.handoff, mistakes=mistakes)
    choices = []
    if at.returns:
        choices.append(Choice("return", scene.text("button-return", step=at.returns[-1][0])))
    elif (following := _next_step(at, scene)) is not None:
        label = scene.text("button-step", step=following, title=scene.voice.content.steps[following].title)
        choices.append(Choice("next-step", label))
    choices += [
        Choice("note", scene.text("button-note")),
        Choice("why", scene.text("button-why")),
        Choice("done", scene.text("button-finish-walk")),
    ]
    return Say(text, title=title, rows=(*column(*choices), *around))


def _why(step: Step, scene: Scene) -> Say:
    content = scene.voice.content
    lines = [
        f"• {source.title} ({source.publisher}{f', {source.year}' if source.year else ''})"
        for source in content.sources_of(step.facts)[:12]
        if source.id != NO_SOURCE
    ]
    reviewed = scene.text("reviewed", owner=step.owner, date=step.reviewed.isoformat())
    text = "\n".join((sources_line(step.facts, scene, at_most=0), *lines))
    return Say(text, title=scene.text("walk-why", step=step.id), small=reviewed)


def _steps_menu(kept: tuple[tuple[str, str, str], ...], scene: Scene) -> tuple[Say, ...]:
    content = scene.voice.content
    resumes = [Choice(f"kept.{walk_id[:16]}", label) for walk_id, label, _ in kept]
    steps = [
        Choice(id, scene.text("button-step", step=id, title=content.steps[id].title))
        for id in content.path(scene.home.role)
        if id in content.steps
    ]
    rows = column(*resumes, *steps, menu_choice(scene))
    return (Say(scene.text("walk-ask-step"), title=content.guide.title, rows=rows),)


def _kept(rows: tuple[object, ...], scene: Scene) -> tuple[tuple[str, str, str], ...]:
    kept = []
    for row in rows:
        if isinstance(row, WalkView) and (at := _read(row.progress)) is not None:
            label = scene.text("button-resume-walk", step=at.step, case=at.case_code or "-")
            kept.append((row.walk_id, label, row.progress))
    return tuple(kept[:5])


def _resumed(kept: tuple[tuple[str, str, str], ...], start: str, scene: Scene) -> Turn[State]:
    progress = next((progress for walk_id, _, progress in kept if walk_id.startswith(start)), "")
    at = _read(progress)
    if at is None:
        return _asked(AskStep(), scene)
    newer = scene.voice.content.guide.version > at.version
    told = (Say(scene.text("walk-newer")),) if newer else ()
    turn = _moved(replace(at, version=scene.voice.content.guide.version), scene)
    return Turn(turn.state, (*told, *turn.says), turn.effects)


def _read(progress: str) -> AtStep | None:
    try:
        state = codec.state_from_json(progress, {"AtStep": AtStep})
    except codec.UnreadableState:
        return None
    return state if isinstance(state, AtStep) else None


def _kept_walk(at: AtStep, scene: Scene) -> KeepWalk:
    return KeepWalk(at.walk_id, scene.home.agency.slug, at.version, codec.state_to_json(at), at.case_code)
