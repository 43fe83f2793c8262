"""A hand-off as PDF: one page of A4, made in memory. The same sheet gives the same bytes.

Boxes that were ticked on the walk hold a tick, all others are to be ticked by hand; ruled lines are as far apart as
the page allows, at most ``WIDEST_MM``.
"""

from dataclasses import dataclass
from typing import Final

from fpdf import FPDF

from bot.cards_pdf import FONT, MADE, Unprintable
from guidance.handoff import Line, Sheet, SheetPart
from guidance.printable import printable

WIDTH_MM, HEIGHT_MM, SIDE_MM, TOP_MM = 210.0, 297.0, 16.0, 13.0
FOOT_MM: Final = 25.0
SIZES: Final = ((10.0, 7.0), (9.5, 6.8), (9.0, 6.6), (8.5, 6.4), (8.0, 6.2), (7.5, 6.0))
"""Points of the running text and millimetres between ruled lines, tried in this order."""

WIDEST_MM: Final = 11.0
LINE: Final = 0.46
"""Millimetres a line takes for each point of its letters."""

BOX: Final = 0.72
"""Edge of a box, of the line it stands in."""

NARROWEST, WIDEST = 9, 24
"""Characters of a table's heading that count for the width of its column."""

GREY, RULE_GREY, BAND_GREY = 90, 150, 232


def draw(sheet: Sheet) -> bytes:
    """One sheet.

    Raises:
        Unprintable: it holds signs that cannot be printed, or more than fits a page.
    """
    drawn = _fitted(sheet)
    spread = min(drawn.ruled_mm + drawn.left_mm / max(drawn.ruled, 1), WIDEST_MM)
    wider = _Drawn(sheet, drawn.size, spread)
    return bytes((wider if wider.page_no() == 1 else drawn).output())


def check(sheet: Sheet) -> None:
    """The same without its PDF, in half the time.

    Raises:
        Unprintable: as from ``draw``.
    """
    _fitted(sheet)


def _fitted(sheet: Sheet) -> "_Drawn":
    """In the largest letters that leave it on one page.

    Raises:
        Unprintable: as from ``draw``.
    """
    if lost := printable("".join(sheet.texts()))[1]:
        raise Unprintable(f"{sheet.form}: these signs cannot be printed: {' '.join(lost)}; write them otherwise")
    for size, ruled_mm in SIZES:
        drawn = _Drawn(sheet, size, ruled_mm)
        if drawn.page_no() == 1:
            return drawn
    raise Unprintable(f"{sheet.form}: is too long for one page with step {sheet.step} in it; shorten it")


@dataclass(frozen=True, slots=True)
class _Label:
    """A text after a box, which may hold a tick."""

    text: str
    ticked: bool


class _Drawn(FPDF):
    """A sheet being drawn; it may run over a page, and is then no good.

    Attributes:
        size: points of the running text.
        ruled_mm: between ruled lines.
        ruled: how many lines there are that grow with the distance between them.
        left_mm: what is left above the foot.
    """

    def __init__(self, sheet: Sheet, size: float, ruled_mm: float) -> None:
        super().__init__(unit="mm", format="A4")
        self._sheet, self.size, self.ruled_mm = sheet, size, ruled_mm
        self.ruled = 0
        self.set_creation_date(MADE)
        self.set_title(printable(f"{sheet.title} ({sheet.code})")[0])
        self.set_lang(sheet.language)
        self.set_margins(SIDE_MM, TOP_MM, SIDE_MM)
        self.c_margin = 0.0
        self.set_auto_page_break(True, margin=FOOT_MM)
        self.set_line_width(0.2)
        self.add_page()
        self._top()
        for part in sheet.parts:
            self._part(part)
        self.left_mm = HEIGHT_MM - FOOT_MM - self.get_y() if self.page_no() == 1 else 0.0

    def footer(self) -> None:
        self.set_y(-FOOT_MM + 3)
        self._rule(SIDE_MM, self.get_y(), WIDTH_MM - SIDE_MM)
        self.ln(1.2)
        first, *others = self._sheet.foot
        self._say(first, 8, bold=True)
        for text in others:
            self._say(text, 7)
        self._say(self._sheet.version, 7.5, bold=True)

    @property
    def _wide(self) -> float:
        return WIDTH_MM - 2 * SIDE_MM

    def _top(self) -> None:
        sheet = self._sheet
        self._say(sheet.title, 17, bold=True)
        self._say(sheet.about, 10.5)
        self.ln(0.8)
        self.set_text_color(GREY)
        self._say(sheet.use, 8.5)
        self.set_text_color(0)
        self.ln(1.6)
        half, tall = self._wide / 2, 10.5
        for place, (label, value) in enumerate(sheet.head):
            x, y = SIDE_MM + half * (place % 2), self.get_y()
            self.set_draw_color(RULE_GREY)
            self.rect(x, y, half, tall)
            self.set_draw_color(0)
            self.set_xy(x + 1.5, y + 1)
            self.set_text_color(GREY)
            self._font(7)
            self.cell(half - 3, 3, printable(label)[0])
            self.set_text_color(0)
            self.set_xy(x + 1.5, y + 4.4)
            self._fitted(value, half - 3, 10.5)
            self.set_xy(SIDE_MM, y + (tall if place % 2 else 0))
        self.ln(tall * (len(sheet.head) % 2) + 2)

    def _part(self, part: SheetPart) -> None:
        if part.heading:
            self.set_fill_color(BAND_GREY)
            self._say(f" {part.heading}", self.size + 0.5, bold=True, fill=True, factor=0.5)
            self.ln(0.8)
        for line in part.lines:
            self._line(line)
        self.ln(1.6)

    def _line(self, line: Line) -> None:
        match line.kind:
            case "text":
                self._say(line.text, self.size)
            case "ticked" | "open":
                self._boxed(line.text, ticked=line.kind == "ticked")
            case "blank":
                self._blank(line.text, line.room)
            case "options":
                self._flow(line.text, tuple(_Label(cell, False) for cell in line.cells))
            case "chosen":
                self._flow(line.text, tuple(_Label(cell, True) for cell in line.cells))
            case "columns":
                self._table(line.cells, line.room)

    def _boxed(self, text: str, *, ticked: bool) -> None:
        tall = self._tall()
        self.will_break(tall)
        self._box(SIDE_MM, self.get_y(), ticked=ticked)
        self.set_x(SIDE_MM + tall * 1.25)
        self._say(text, self.size)

    def _flow(self, label: str, cells: tuple[_Label, ...]) -> None:
        """A label, then boxes with what can be chosen, over as many lines as that takes."""
        tall = self._tall()
        self.will_break(tall)
        self._font(self.size)
        if self.get_string_width(printable(label)[0]) > self._wide * 0.55:
            self._say(label, self.size)
            self.set_x(SIDE_MM + tall * 1.25)
        else:
            self.cell(self.get_string_width(printable(label)[0]) + 3, tall, printable(label)[0])
        for cell in cells:
            self._font(self.size, bold=cell.ticked)
            text = printable(cell.text)[0]
            wide = tall * 1.1 + self.get_string_width(text) + 4
            if self.get_x() + wide - 4 > WIDTH_MM - SIDE_MM:
                self.ln(tall)
                self.will_break(tall)
                self.set_x(SIDE_MM + tall * 1.25)
            self._box(self.get_x(), self.get_y(), ticked=cell.ticked)
            self.set_x(self.get_x() + tall * 1.1)
            self.cell(wide - tall * 1.1, tall, text)
        self.ln(tall + 0.6)

    def _blank(self, label: str, room: int) -> None:
        """The first rule stands behind the label where there is enough room for a hand, else below it."""
        text = printable(label)[0]
        self._font(self.size)
        behind = SIDE_MM + self.get_string_width(text) + 2
        below = room
        if behind < SIDE_MM + self._wide * 0.6:
            self.will_break(self.ruled_mm)
            y = self.get_y()
            self.set_y(y + self.ruled_mm - self._tall() - 0.4)
            self.cell(0, self._tall(), text)
            self._rule(behind, y + self.ruled_mm - 0.8, WIDTH_MM - SIDE_MM)
            self.set_xy(SIDE_MM, y + self.ruled_mm)
            self.ruled += 1
            below -= 1
        else:
            self.ln(0.8)
            self._say(label, self.size)
        for _ in range(below):
            self.will_break(self.ruled_mm)
            self.set_xy(SIDE_MM, self.get_y() + self.ruled_mm)
            self._rule(SIDE_MM, self.get_y() - 0.8, WIDTH_MM - SIDE_MM)
            self.ruled += 1

    def _table(self, headings: tuple[str, ...], rows: int) -> None:
        counted = [min(max(len(heading), NARROWEST), WIDEST) for heading in headings]
        widths = [self._wide * one / sum(counted) for one in counted]
        tall = self._tall() + 1
        self.ln(1.6)
        self.will_break(tall)
        self.set_draw_color(RULE_GREY)
        x, y = SIDE_MM, self.get_y()
        for heading, width in zip(headings, widths, strict=True):
            self.rect(x, y, width, tall)
            self.set_xy(x + 1, y)
            self._fitted(heading, width - 2, self.size, tall)
            x += width
        self.set_xy(SIDE_MM, y + tall)
        for _ in range(rows):
            high = self.ruled_mm * 1.05
            self.will_break(high)
            x, y = SIDE_MM, self.get_y()
            for width in widths:
                self.rect(x, y, width, high)
                x += width
            self.set_xy(SIDE_MM, y + high)
            self.ruled += 1
        self.set_draw_color(0)
        self.ln(0.8)

    def will_break(self, tall: float) -> None:
        """Begin a page where there is no room; what is drawn by lines does not do so by itself."""
        if self.will_page_break(tall):
            self.add_page()

    def _tall(self) -> float:
        return self.size * LINE

    def _font(self, size: float, *, bold: bool = False) -> None:
        self.set_font(FONT, "B" if bold else "", size)

    def _fitted(self, text: str, width: float, size: float, tall: float = 5.0) -> None:
        """One line in bold, in smaller letters where it would be too long."""
        plain = printable(text)[0]
        self._font(size, bold=True)
        if (needed := self.get_string_width(plain)) > width:
            self._font(size * width / needed, bold=True)
        self.cell(width, tall, plain)

    def _box(self, x: float, y: float, *, ticked: bool) -> None:
        edge = self._tall() * BOX
        top = y + (self._tall() - edge) / 2
        self.rect(x, top, edge, edge)
        if ticked:
            self.set_line_width(0.5)
            self.line(x + edge * 0.18, top + edge * 0.55, x + edge * 0.42, top + edge * 0.8)
            self.line(x + edge * 0.42, top + edge * 0.8, x + edge * 0.86, top + edge * 0.18)
            self.set_line_width(0.2)

    def _rule(self, x: float, y: float, end: float) -> None:
        self.set_draw_color(RULE_GREY)
        self.line(x, y, end, y)
        self.set_draw_color(0)

    def _say(self, text: str, size: float, *, bold: bool = False, fill: bool = False, factor: float = LINE) -> None:
        self._font(size, bold=bold)
        width = WIDTH_MM - SIDE_MM - self.get_x()
        tall = size * factor
        self.multi_cell(width, tall, printable(text)[0], align="L", fill=fill, new_x="LMARGIN", new_y="NEXT")
