"""Walk through the guide, step by step, by role, with decisions that branch.

    AskStep ──step──▶ AskCase ──code, or none──▶ AtStep(start ▸ checks ▸ decision 1 … n ▸ close) ──▶ next step …
       ▲                                          │  ▲
       └──another walk── AtOverview ◀──all steps──┘──┘ another step of the same walk

A decision may lead to another step, for good or there and back (``returns``). What leads on for good passes the page
``close``, so that the hand-off is seen; what leads to danger goes there at once. *Back* goes one page back. What was
ticked and chosen is written with every move, so a walk can be paused, and resumed after a restart. A question typed in
the middle is answered, then the same page comes again.

A walk for a case code is looked up in the case before every move (``Looking``): members share their ticks. A walk goes
on in the version of the guide that it began in, and offers the newer one.
"""

from dataclasses import dataclass, field, replace

from dialogues import codec
from dialogues.case_code import CaseCode, CasePattern, Problem
from dialogues.home import menu_choice
from dialogues.model import (
    Call,
    CaseView,
    Choice,
    Chose,
    DropWalk,
    Effect,
    Event,
    Found,
    KeepWalk,
    LookUp,
    Say,
    Scene,
    TickCase,
    Turn,
    WalkView,
    Wrote,
    column,
)
from dialogues.walk_pages import CHECKS, CLOSE, START, AtStep, mark, next_step, overview, page, place, steps_menu, why
from guidance.model import END, Branch, Decision, Step

LONGEST_TRAIL = 40
MOST_OFFERED = 5
SHOW = "show"


@dataclass(frozen=True, slots=True)
class Finding:
    """Looking up walks that were paused; for this case, where one was named."""

    agency: str = ""
    case_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskStep:
    """Waiting for which step, or which paused walk.

    Attributes:
        kept: walk id, label, progress of walks that were paused, newest first.
        case_code: the case that was named already, or empty; ``agency``: whose it is.
    """

    kept: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    agency: str = ""
    case_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskCase:
    """Waiting for the case code, or none. ``kept``: as in ``AskStep``."""

    step: str
    kept: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Looking:
    """Looking up the case of a walk, then doing ``then``: a button's key, or ``show``."""

    at: AtStep
    then: str


@dataclass(frozen=True, slots=True)
class AtOverview:
    """All steps are on the screen, with how far this walk has come in each."""

    at: AtStep


State = Finding | AskStep | AskCase | Looking | AtStep | AtOverview
STATES = (Finding, AskStep, AskCase, Looking, AtStep, AtOverview)


def begin(scene: Scene, about: str) -> Turn[State]:
    """``about``: empty, a step (``S02`` or ``step.S02``), or ``case.<agency>.<code>``."""
    kind, _, rest = about.partition(".")
    if kind == "case":
        agency, _, code = rest.partition(".")
        return Turn(Finding(agency, code), look_up=LookUp("my-walks"))
    step = about.removeprefix("step.").upper()
    if step in scene.voice.content.steps:
        # Entered from anywhere, often in a hurry: no question stands before the step.
        return _moved(AtStep(scene.fresh, scene.voice.content.guide.version, step), scene)
    return Turn(Finding(), look_up=LookUp("my-walks"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Chose("leave"):
            said = (Say(scene.text("walk-paused")),) if isinstance(state, AtStep | AtOverview) else ()
            return Turn(None, said)
        case Finding(agency, code), Found(rows):
            return _asked(AskStep(_kept(rows, scene), agency, code), scene)
        case AskStep(kept, agency, code), Chose(key) if key in scene.voice.content.steps:
            return _on_case(key, code, agency, kept, scene) if code else _asked(AskCase(key, kept), scene)
        case AskStep(kept), Chose(key) if key.startswith("kept."):
            return _resumed(kept, key.removeprefix("kept."), scene)
        case AskCase(step), Chose("none"):
            return _moved(AtStep(scene.fresh, scene.voice.content.guide.version, step), scene)
        case AskCase(), Wrote(text) if scene.voice.danger.danger(text) is not None:
            return Turn(state, call=Call("danger"))
        case AskCase(step, kept), Wrote(text):
            read = _code(text, scene)
            if isinstance(read, Problem):
                return Turn(state, (Say(read.say), *resume(state, scene)))
            return _on_case(step, read[1], read[0], kept, scene)
        case Looking(at, then), Found(rows):
            return _looked(at, then, next((row for row in rows if isinstance(row, CaseView)), None), scene)
        case Looking(at), _:
            return advance(at, event, scene)
        case ((AskStep() | AtStep() | AtOverview()), Wrote(text)):
            return Turn(state, call=Call("ask", text))
        case AtStep(), Chose(key):
            return _look_first(state, key, scene)
        case AtOverview(at), Chose("back"):
            return _look_first(at, SHOW, scene)
        case AtOverview(), Chose("other"):
            return Turn(Finding(), look_up=LookUp("my-walks"))
        case AtOverview(at), Chose(key) if key in scene.guide(at.version).steps:
            return _look_first(_on(replace(at, step=key), START, leaving=at), SHOW, scene)
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    match state:
        case Finding():
            return ()
        case AskStep(kept):
            resumes = [Choice(f"kept.{walk_id[:16]}", label) for walk_id, label, _ in kept[:MOST_OFFERED]]
            return (steps_menu(resumes, scene),)
        case AskCase():
            example = CasePattern(scene.home.agency.case_pattern).example()
            rows = column(Choice("none", scene.text("button-no-case")))
            return (Say(scene.text("walk-ask-case", example=example), rows=rows),)
        case AtOverview(at):
            return (overview(at, scene),)
        case AtStep() as at:
            return (page(at, scene),)
        case Looking(at):
            return (page(at, scene),)


# ---------------------------------------------------------------- the case of a walk


def _on_case(step: str, code: str, agency: str, kept: tuple[tuple[str, str, str], ...], scene: Scene) -> Turn[State]:
    """At a step for a case: in the walk that there is for it already, or in a new one."""
    for _, _, progress in kept:
        at = _read(progress)
        if at is not None and at.case_code == code and place(at, scene).agency.slug == (agency or _home(scene)):
            return _look_first(_on(replace(at, step=step), START, leaving=at), SHOW, scene)
    version = scene.voice.content.guide.version
    return _look_first(AtStep(scene.fresh, version, step, case_code=code, agency=agency), SHOW, scene)


def _look_first(at: AtStep, then: str, scene: Scene) -> Turn[State]:
    if not at.case_code:
        return _done(at, then, scene)
    about = f"{place(at, scene).agency.slug} {at.case_code}"
    return Turn(Looking(at, then), look_up=LookUp("case", about))


def _looked(at: AtStep, then: str, case: CaseView | None, scene: Scene) -> Turn[State]:
    if case is None or not case.mine:
        if at.shared:
            # What others ticked is not for this person any more.
            gone = Say(scene.text("walk-not-member"), rows=column(menu_choice(scene)))
            return Turn(None, (gone,), (DropWalk(at.walk_id),))
        return _done(at, then, scene)
    says: tuple[Say, ...] = ()
    effects: tuple[Effect, ...] = ()
    brought = () if at.shared else tuple(one for one in at.ticks if one not in case.ticked)
    if brought:
        says = (Say(scene.text("walk-shared-now")),)
        effects = (TickCase(case.agency, case.code, brought, True),)
    marks = tuple((one.check, mark(one.handle, one.at, scene)) for one in case.ticks)
    shared = replace(at, shared=True, ticks=(*case.ticked, *brought), marks=marks)
    turn = _done(shared, then, scene)
    return Turn(turn.state, (*says, *turn.says), (*effects, *turn.effects), turn.look_up, turn.call)


# ---------------------------------------------------------------- moves


def _done(at: AtStep, key: str, scene: Scene) -> Turn[State]:
    """What a button on a page brings about; ``show``: the page itself."""
    guide = scene.guide(at.version)
    told: tuple[Say, ...] = ()
    if guide.number != at.version:
        # The version it began in is no longer there (another language, an old backup).
        at, told = replace(at, version=guide.number), (Say(scene.text("walk-newer")),)
    step = guide.steps.get(at.step)
    if step is None:
        return _asked(AtOverview(at), scene)
    turn = _at_step(at, step, key, scene)
    return Turn(turn.state, (*told, *turn.says), turn.effects, turn.look_up, turn.call)


def _at_step(at: AtStep, step: Step, key: str, scene: Scene) -> Turn[State]:
    decision = next((one for one in step.decisions if one.id == at.page), None)
    match key:
        case "show":
            return _moved(at, scene)
        case "go":
            return _moved(_on(at, _after(step, at.page)), scene)
        case "back" if at.trail:
            (back_step, back_page), trail = at.trail[-1], at.trail[:-1]
            return _moved(replace(at, step=back_step, page=back_page, trail=trail, leads=""), scene)
        case "steps":
            return Turn(AtOverview(at), (overview(at, scene),), (_kept_walk(at, scene),))
        case "newer":
            return _newer(at, scene)
        case "pause":
            paused = Say(scene.text("walk-paused"), rows=column(menu_choice(scene)))
            return Turn(None, (paused,), (_kept_walk(at, scene),))
        case "done":
            done = Say(scene.text("walk-done"), rows=column(menu_choice(scene)))
            return Turn(None, (done,), (DropWalk(at.walk_id),))
        case "why":
            return Turn(at, (why(at, step, scene), page(at, scene)))
        case "handoff":
            return Turn(at, call=Call("handoff", codec.state_to_json(replace(at, marks=()))))
        case "note":
            return Turn(at, call=Call("note", f"case.{at.case_code}" if at.case_code else ""))
        case "next-step" if following := at.leads or next_step(at, scene):
            return _moved(_on(replace(at, step=following), START, leaving=at), scene)
        case "return" if at.returns:
            (to_step, to_page), returns = at.returns[-1], at.returns[:-1]
            return _moved(replace(_on(replace(at, step=to_step), to_page, leaving=at), returns=returns), scene)
        case _ if at.page == CHECKS and key.partition(".")[0] in ("tick", "untick"):
            return _ticked(at, step, key, scene)
        case _ if decision is not None and (branch := _branch(decision, key)) is not None:
            return _decided(at, step, decision, branch, scene)
        case _:
            return Turn(at, (page(at, scene),))


def _decided(at: AtStep, step: Step, decision: Decision, branch: Branch, scene: Scene) -> Turn[State]:
    chosen = (*(one for one in at.chosen if one[0] != decision.id), (decision.id, branch.key))
    said = Say(branch.say, title=branch.label)
    shortcuts = scene.voice.content.guide.shortcuts
    at_once = {shortcuts.get("danger_now"), shortcuts.get("not_sure")}
    decided = replace(at, chosen=chosen)
    if branch.goto is None:
        moved = _on(decided, _after(step, at.page))
    elif branch.goto == END:
        moved = _on(decided, CLOSE)
    elif branch.returns or branch.goto in at_once:
        returns = (*at.returns, (at.step, decision.id))[-LONGEST_TRAIL:] if branch.returns else at.returns
        moved = _on(replace(decided, step=branch.goto, returns=returns), START, leaving=at)
    else:
        moved = replace(_on(decided, CLOSE), leads=branch.goto)
    turn = _moved(moved, scene)
    return Turn(turn.state, (said, *turn.says), turn.effects)


def _ticked(at: AtStep, step: Step, key: str, scene: Scene) -> Turn[State]:
    """Keys say what they set, so that pressing one twice changes nothing the second time."""
    word, _, number = key.partition(".")
    if not number.isdecimal() or not 1 <= int(number) <= len(step.checks):
        return Turn(at, (page(at, scene),))
    check = step.checks[int(number) - 1].id
    ticks = tuple(one for one in at.ticks if one != check)
    marks = tuple(one for one in at.marks if one[0] != check)
    changes = (check in at.ticks) != (word == "tick")
    if word == "tick":
        ticks = (*ticks, check)
        mine = (check, mark(scene.person.handle, scene.now.astimezone(place(at, scene).agency.zone), scene))
        marks = at.marks if not changes else (*marks, mine) if at.shared else ()
    moved = replace(at, ticks=ticks, marks=marks)
    effects: tuple[Effect, ...] = (_kept_walk(moved, scene),)
    if at.shared and changes:
        effects = (TickCase(place(at, scene).agency.slug, at.case_code, (check,), word == "tick"), *effects)
    return Turn(moved, (replace(page(moved, scene), refresh=True),), effects)


def _newer(at: AtStep, scene: Scene) -> Turn[State]:
    """The same walk in the newer guide: ticks stay; a page that is gone becomes the step's start."""
    content = scene.voice.content
    before = {check.id for step in scene.guide(at.version).steps.values() for check in step.checks}
    after = {check.id for step in content.steps.values() for check in step.checks}
    step = content.steps.get(at.step)
    pages = {START, CHECKS, CLOSE, *(one.id for one in (step.decisions if step else ()))}
    moved = replace(
        at,
        version=content.guide.version,
        page=at.page if at.page in pages else START,
        trail=tuple(one for one in at.trail if one[0] in content.steps),
        returns=tuple(one for one in at.returns if one[0] in content.steps),
        leads=at.leads if at.leads in content.steps else "",
    )
    told = Say(scene.text("walk-now-newer", new=len(after - before), gone=len(before - after)))
    turn = _moved(moved, scene) if step is not None else _asked(AtOverview(moved), scene)
    return Turn(turn.state, (told, *turn.says), (_kept_walk(moved, scene),))


def _moved(at: AtStep, scene: Scene) -> Turn[State]:
    return Turn(at, (page(at, scene),), (_kept_walk(at, scene),))


def _asked(state: State, scene: Scene) -> Turn[State]:
    return Turn(state, resume(state, scene))


def _on(at: AtStep, to_page: str, leaving: AtStep | None = None) -> AtStep:
    behind = leaving or at
    trail = (*at.trail, (behind.step, behind.page))[-LONGEST_TRAIL:]
    return replace(at, page=to_page, trail=trail, leads="")


def _after(step: Step, here: str) -> str:
    pages = [START, *([CHECKS] if step.checks else []), *(one.id for one in step.decisions), CLOSE]
    return pages[min(pages.index(here) + 1, len(pages) - 1)] if here in pages else START


def _branch(decision: Decision, key: str) -> Branch | None:
    return next((one for one in decision.branches if key == f"b.{one.key}"), None)


# ---------------------------------------------------------------- walks that were kept


def _kept(rows: tuple[object, ...], scene: Scene) -> tuple[tuple[str, str, str], ...]:
    kept = []
    for row in rows:
        if isinstance(row, WalkView) and (at := _read(row.progress)) is not None:
            label = scene.text("button-resume-walk", step=at.step, case=at.case_code or "-")
            kept.append((row.walk_id, label, row.progress))
    return tuple(kept)


def _resumed(kept: tuple[tuple[str, str, str], ...], start: str, scene: Scene) -> Turn[State]:
    progress = next((progress for walk_id, _, progress in kept if walk_id.startswith(start)), "")
    at = _read(progress)
    if at is None:
        return _asked(AskStep(), scene)
    turn = _look_first(at, SHOW, scene)
    if at.version < scene.voice.content.guide.version and scene.guide(at.version).number == at.version:
        return Turn(turn.state, (Say(scene.text("walk-pinned")), *turn.says), turn.effects, turn.look_up)
    return turn


def _read(progress: str) -> AtStep | None:
    try:
        state = codec.state_from_json(progress, {"AtStep": AtStep})
    except codec.UnreadableState:
        return None
    return state if isinstance(state, AtStep) else None


def _kept_walk(at: AtStep, scene: Scene) -> KeepWalk:
    kept = replace(at, marks=())
    return KeepWalk(at.walk_id, place(at, scene).agency.slug, at.version, codec.state_to_json(kept), at.case_code)


def _code(text: str, scene: Scene) -> tuple[str, str] | Problem:
    """Agency and code; where it fits several agencies' patterns, the person's first."""
    found = [CasePattern(one.agency.case_pattern).read(text) for one in scene.person.memberships]
    for membership, read in zip(scene.person.memberships, found, strict=True):
        if isinstance(read, CaseCode):
            return membership.agency.slug, read.text
    first = found[0]
    assert isinstance(first, Problem)  # noqa: S101  none of them was a code
    return first


def _home(scene: Scene) -> str:
    return scene.home.agency.slug
