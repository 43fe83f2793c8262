"""Hand-offs: the forms that writers make, and the sheet that one of them becomes for a step.

A form is a skeleton of sections in order; ``guidance.filling`` puts in what was ticked and chosen on a walk. A sheet
is all that stands on the page, as plain lines, so that text and PDF say the same. No field asks for a name: a case
code and roles are all that a hand-off needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Shows = Literal["", "checks", "decisions"]
SHOWN: tuple[Shows, ...] = ("checks", "decisions")
"""What of a step a section can show."""

LineKind = Literal["text", "blank", "options", "columns", "ticked", "open", "chosen"]

RULE: Final = "____"
"""Something to fill in, in plain text."""


@dataclass(frozen=True, slots=True)
class Blank:
    """Something to fill in by hand: on ruled lines, or by ticking one of the options.

    Attributes:
        label: at most 90 characters.
        lines: ruled lines, 1 to 8.
        options: each at most 34 characters; with options there are no lines.
    """

    label: str
    lines: int = 1
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a form; it may hold each of these, and shows them in this order.

    Attributes:
        heading: at most 60 characters, may be empty.
        text: fixed sentences, each at most 200 characters.
        shows: the step's ``checks`` or its ``decisions``, or nothing of the step.
        blanks: to fill in.
        columns: headings of a table, each at most 30 characters.
        rows: empty rows of the table, 1 to 12.
    """

    heading: str = ""
    text: tuple[str, ...] = ()
    shows: Shows = ""
    blanks: tuple[Blank, ...] = ()
    columns: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """A skeleton of something that leaves a step.

    Attributes:
        number: 1 to 99, never changes; printed as ``F03`` in the code.
        title: a button, at most 34 characters.
        steps: ids of the steps it can leave; its checklist and decisions are those of the step at hand.
        use: who gets it and what for, at most 200 characters.
        orientation: what to check before it leaves, at most 160 characters.
    """

    id: str
    number: int
    title: str
    steps: tuple[str, ...]
    use: str
    orientation: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    owner: str
    reviewed: date

    def texts(self) -> tuple[str, ...]:
        """Everything a writer wrote for it."""
        inside: list[str] = []
        for one in self.sections:
            inside += (one.heading, *one.text, *one.columns)
            inside += [text for blank in one.blanks for text in (blank.label, *blank.options)]
        return tuple(text for text in (self.title, self.use, self.orientation, *inside) if text)


@dataclass(frozen=True, slots=True)
class Line:
    """
    Attributes:
        kind: ``blank``: a label, then ``room`` ruled lines. ``options``: a label, then a box before each cell.
            ``columns``: cells are a table's headings, ``room`` its empty rows. ``ticked``, ``open``: a box, then the
            text. ``chosen``: a question, then the one cell that was chosen.
    """

    kind: LineKind
    text: str = field(default="", repr=False)
    cells: tuple[str, ...] = field(default=(), repr=False)
    room: int = 0


@dataclass(frozen=True, slots=True)
class SheetPart:
    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page, filled or empty.

    Attributes:
        form, step: ids.
        about: the step, for people.
        head: labels and values; a value that is empty is to be filled in by hand.
        foot: what kind of knowledge it is, what to check, when and by whom it was reviewed.
        code: of the empty form, such as ``F03-3K7``; see ``guidance.cards``.
        version: the line about the code.
        language: a language tag.
        filled: holds what somebody ticked or chose, or a case code.
    """

    form: str
    step: str
    title: str
    about: str
    use: str
    head: tuple[tuple[str, str], ...] = field(repr=False)
    parts: tuple[SheetPart, ...] = field(repr=False)
    foot: tuple[str, ...]
    code: str
    version: str
    language: str
    filled: bool

    @property
    def name(self) -> str:
        """Good as the name of a file: ``referral-note-S03``, or ``referral-note-S03-filled``."""
        return f"{self.form}-{self.step}{'-filled' if self.filled else ''}"

    def texts(self) -> Iterator[str]:
        """Everything that stands on it."""
        yield from (self.title, self.about, self.use, self.version, *self.foot)
        for label, value in self.head:
            yield from (label, value)
        for part in self.parts:
            yield part.heading
            for line in part.lines:
                yield from (line.text, *line.cells)


def as_text(sheet: Sheet) -> str:
    """Head and parts for a chat, without title and foot: short lines, a box before what can be ticked."""
    head = "\n".join(f"{label}: {value or RULE}" for label, value in sheet.head)
    parts = (
        "\n".join((*([f"■ {part.heading}"] if part.heading else []), *(_plain(line) for line in part.lines)))
        for part in sheet.parts
    )
    return "\n\n".join((head, *parts))


def _plain(line: Line) -> str:
    match line.kind:
        case "ticked":
            return f"☑ {line.text}"
        case "open":
            return f"☐ {line.text}"
        case "chosen":
            return f"{line.text}\n→ {line.cells[0]}"
        case "options":
            return f"{line.text}\n{'  '.join(f'☐ {cell}' for cell in line.cells)}"
        case "columns":
            return f"{' · '.join(line.cells)}: {RULE}"
        case "blank":
            return f"{line.text}: {RULE}"
        case "text":
            return line.text
