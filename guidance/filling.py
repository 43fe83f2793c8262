"""A form for one step, filled with what was ticked and chosen on a walk, or empty; and the code of its version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from guidance.cards import read_code, symbols
from guidance.handoff import Form, Line, Section, Sheet, SheetPart
from guidance.model import Content, Decision, Step

LAYOUT: Final = 1
"""Part of what is hashed; +1 when the same form is put on a page in another way."""


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk gives to a hand-off.

    Attributes:
        ticks: ids of checks.
        chosen: decision id to branch key.
        case_code: or empty.
        agency: its name, or empty.
    """

    ticks: frozenset[str]
    chosen: Mapping[str, str]
    case_code: str = field(repr=False)
    agency: str
    day: date


@dataclass(frozen=True, slots=True)
class ToldForm:
    """What a form's code says: the form as it would be printed now, and whether the one in the hand is the same."""

    sheet: Sheet
    current: bool


def forms_of(content: Content, step_id: str) -> tuple[Form, ...]:
    """The forms that can leave a step, in the writers' order."""
    found = (form for form in content.handoffs.values() if step_id in form.steps)
    return tuple(sorted(found, key=lambda form: form.number))


def empty(content: Content, form: Form, step: Step) -> Sheet:
    """The form to be filled in by hand: nothing of any walk on it."""
    return _coded(content, form, _sheet(content, form, step, None))


def fill(content: Content, form: Form, step: Step, walked: Walked) -> Sheet:
    """The form with the ticks and choices of a walk. What the step no longer has is left out.

    Args:
        step: of the guide's version that the walk goes on in.
    """
    plain = empty(content, form, step)
    filled = _sheet(content, form, step, walked)
    return replace(filled, code=plain.code, version=plain.version)


def every(content: Content) -> tuple[Sheet, ...]:
    """Every form, empty, once for each of its steps."""
    return tuple(
        empty(content, form, content.steps[step_id])
        for form in sorted(content.handoffs.values(), key=lambda form: form.number)
        for step_id in form.steps
    )


def widest(content: Content) -> tuple[Sheet, ...]:
    """Every form twice for each of its steps, as they take most room: all ticked and chosen, and nothing chosen."""
    sheets = []
    for sheet in every(content):
        form, step = content.handoffs[sheet.form], content.steps[sheet.step]
        longest = {one.id: max(one.branches, key=lambda branch: len(branch.label)).key for one in step.decisions}
        ticks = frozenset(check.id for check in step.checks)
        for chosen in ({}, longest):
            sheets.append(fill(content, form, step, Walked(ticks, chosen, "W" * 24, "W" * 80, date.min)))
    return tuple(sheets)


def look_up(contents: Iterable[Content], text: str) -> ToldForm | None:
    """What is known about the form with this code, in any of these languages; None as in ``guidance.cards``."""
    code = read_code(text)
    if code is None:
        return None
    id = code.partition("-")[0]
    sheets = [sheet for content in contents for sheet in every(content) if sheet.code.startswith(f"{id}-")]
    for sheet in sheets:
        if sheet.code == code:
            return ToldForm(sheet, True)
    return ToldForm(sheets[0], False) if sheets else None


def _sheet(content: Content, form: Form, step: Step, walked: Walked | None) -> Sheet:
    text = content.phrases.text
    head = (
        (text("handoff-case"), walked.case_code if walked else ""),
        (text("handoff-day"), walked.day.isoformat() if walked else ""),
        (text("handoff-agency"), walked.agency if walked else ""),
        (text("handoff-role"), ""),
    )
    kinds = ", ".join(text(f"kind-{kind}") for kind in content.kinds(form.facts))
    parts = (_part(section, step, walked, content) for section in form.sections)
    return Sheet(
        form=form.id,
        step=step.id,
        title=form.title,
        about=text("walk-title", step=step.id, title=step.title),
        use=form.use,
        head=head,
        parts=tuple(part for part in parts if part is not None),
        foot=(
            text("handoff-no-name"),
            form.orientation,
            f"{text('based-on', kinds=kinds)} {text('reviewed', owner=form.owner, date=form.reviewed.isoformat())}",
        ),
        code="",
        version="",
        language=content.language,
        filled=walked is not None,
    )


def _coded(content: Content, form: Form, sheet: Sheet) -> Sheet:
    code = f"F{form.number:02}-{_symbols(sheet)}"
    return replace(sheet, code=code, version=content.phrases.text("handoff-version", code=code))


def _part(section: Section, step: Step, walked: Walked | None, content: Content) -> SheetPart | None:
    """None where the section is about nothing but what the step does not have."""
    lines = [Line("text", text) for text in section.text]
    heading = section.heading
    if section.shows == "checks":
        ticked = walked.ticks if walked else frozenset()
        lines += [Line("text", content.phrases.text("handoff-tick"))] if step.checks else []
        lines += [Line("ticked" if check.id in ticked else "open", check.text) for check in step.checks]
        if walked is not None and step.checks:
            done = sum(check.id in ticked for check in step.checks)
            heading = content.phrases.text("handoff-counted", heading=heading, done=done, all=len(step.checks))
    if section.shows == "decisions":
        chosen = walked.chosen if walked else {}
        lines += [_decided(decision, chosen.get(decision.id, "")) for decision in step.decisions]
    for blank in section.blanks:
        ruled = Line("blank", blank.label, room=blank.lines)
        lines.append(Line("options", blank.label, blank.options) if blank.options else ruled)
    if section.columns:
        lines.append(Line("columns", cells=section.columns, room=section.rows))
    return SheetPart(heading, tuple(lines)) if lines else None


def _decided(decision: Decision, key: str) -> Line:
    """What was chosen; the ways there are, to be ticked by hand, where nothing was."""
    label = next((branch.label for branch in decision.branches if branch.key == key), None)
    if label is not None:
        return Line("chosen", decision.ask, (label,))
    return Line("options", decision.ask, tuple(branch.label for branch in decision.branches))


def _symbols(sheet: Sheet) -> str:
    """Over all that is printed but the day of the review."""
    parts = [
        [part.heading, [[line.kind, line.text, list(line.cells), line.room] for line in part.lines]]
        for part in sheet.parts
    ]
    head = [label for label, _ in sheet.head]
    return symbols(
        [LAYOUT, sheet.language, sheet.name, sheet.title, sheet.about, sheet.use, head, parts, sheet.foot[:2]]
    )
