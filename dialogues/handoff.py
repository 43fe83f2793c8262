"""What leaves a step of a walk: as text, as a page filled with its ticks and choices, or as an empty form.

    Shown(form 1 … n) ──back──▶ (the walk, at the same page)

The walk hands over where it stands, right after it looked up its case, so who is no member any more does not come
here. What is shown is a picture of that moment. A question typed in the middle is answered, then the same form comes
again.
"""

from dataclasses import dataclass, replace

from dialogues import codec
from dialogues.home import menu_choice
from dialogues.model import Call, Choice, Chose, Document, Event, Say, Scene, Turn, Wrote, column
from dialogues.walk_pages import AtStep, place
from guidance.filling import Walked, empty, fill, forms_of
from guidance.handoff import Form, Sheet, as_text
from guidance.printable import printable


@dataclass(frozen=True, slots=True)
class Shown:
    """A form is on the screen; ``form`` is its id."""

    at: AtStep
    form: str


State = Shown
STATES = (Shown,)


def begin(scene: Scene, about: str) -> Turn[State]:
    """``about``: where the walk stands, as ``codec.state_to_json`` writes it."""
    at = _read(about)
    if at is None:
        return Turn(None, (Say(scene.text("handoff-gone"), rows=column(menu_choice(scene))),))
    forms = _forms(at, scene)
    if not forms:
        return Turn(None, (_none(at, scene),))
    shown = Shown(at, forms[0].id)
    return Turn(shown, resume(shown, scene))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    form = _form(state, scene)
    match event:
        case Chose("leave" | "back"):
            return Turn(None)
        case Wrote(text):
            return Turn(state, call=Call("ask", text))
        case Chose("pdf") if form is not None:
            return Turn(state, (_filled_page(state, form, scene),))
        case Chose("empty") if form is not None:
            return Turn(state, (_empty_page(state, form, scene),))
        case Chose(key) if key.removeprefix("form.") in {one.id for one in _forms(state.at, scene)}:
            other = replace(state, form=key.removeprefix("form."))
            return Turn(other, resume(other, scene))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    form = _form(state, scene)
    if form is None:
        back = Choice("back", scene.text("button-handoff-back", step=state.at.step))
        return (replace(_none(state.at, scene), rows=column(back)),)
    sheet = _filled(state, form, scene, printed=False)
    small = "\n".join((scene.text("handoff-how"), *sheet.foot))
    title = scene.text("handoff-title", title=sheet.title, step=sheet.step)
    return (Say(f"{sheet.use}\n\n{as_text(sheet)}", title=title, small=small, rows=_rows(state, scene)),)


def _read(about: str) -> AtStep | None:
    try:
        state = codec.state_from_json(about, {"AtStep": AtStep})
    except codec.UnreadableState:
        return None
    return state if isinstance(state, AtStep) else None


def _none(at: AtStep, scene: Scene) -> Say:
    step = scene.guide(at.version).steps.get(at.step)
    if step is None:
        return Say(scene.text("walk-step-gone"))
    return Say(scene.text("handoff-none", handoff=step.handoff))


def _forms(at: AtStep, scene: Scene) -> tuple[Form, ...]:
    there = at.step in scene.guide(at.version).steps
    return forms_of(scene.voice.content, at.step) if there else ()


def _form(state: Shown, scene: Scene) -> Form | None:
    return next((one for one in _forms(state.at, scene) if one.id == state.form), None)


def _filled(state: Shown, form: Form, scene: Scene, *, printed: bool) -> Sheet:
    """The step is that of the guide's version the walk goes on in.

    Printed, an agency whose name has signs that no page can show stands there by its short name.
    """
    at = state.at
    agency = place(at, scene).agency
    name = agency.slug if printed and printable(agency.name)[1] else agency.name
    day = scene.now.astimezone(agency.zone).date()
    walked = Walked(frozenset(at.ticks), dict(at.chosen), at.case_code, name, day)
    return fill(scene.voice.content, form, scene.guide(at.version).steps[at.step], walked)


def _filled_page(state: Shown, form: Form, scene: Scene) -> Say:
    how = scene.text("handoff-pdf-how" if state.at.case_code else "handoff-pdf-how-no-case")
    return _page(_filled(state, form, scene, printed=True), how, state, scene)


def _empty_page(state: Shown, form: Form, scene: Scene) -> Say:
    """Approved content of today, also where the walk goes on in an older version."""
    content = scene.voice.content
    return _page(empty(content, form, content.steps[state.at.step]), scene.text("handoff-empty-how"), state, scene)


def _page(sheet: Sheet, how: str, state: Shown, scene: Scene) -> Say:
    title = scene.text("handoff-title", title=sheet.title, step=sheet.step)
    document = Document(sheet, scene.text("handoff-unprintable"))
    return Say(how, title=title, rows=_rows(state, scene), document=document)


def _rows(state: Shown, scene: Scene) -> tuple[tuple[Choice, ...], ...]:
    others = [Choice(f"form.{one.id}", one.title) for one in _forms(state.at, scene) if one.id != state.form]
    pages = (
        Choice("pdf", scene.text("button-handoff-pdf")),
        Choice("empty", scene.text("button-handoff-empty")),
    )
    return (pages, *column(*others, Choice("back", scene.text("button-handoff-back", step=state.at.step))))
