"""Pocket cards as PDF, A6, one card a file, both sides at most. The same card gives the same bytes.

The fonts are those that every reader of PDF has; for the signs they lack see ``guidance.printable``. Where a sign has
nothing near it the card is refused.
"""

from datetime import UTC, datetime
from typing import Final

from fpdf import FPDF

from guidance.cards import Card
from guidance.printable import printable

WIDTH_MM, HEIGHT_MM, MARGIN_MM = 105.0, 148.0, 7.0
FOOT_MM: Final = 12.0
SIZES: Final = ((1, 8.5), (1, 8.0), (1, 7.5), (2, 8.5), (2, 7.5), (2, 6.5))
"""Sides and points of the running text, tried in this order."""

FONT: Final = "helvetica"
LINE: Final = 0.43
"""Millimetres a line takes for each point of its letters."""

MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A PDF names a day of its making; a real one would make each print another file."""


class Unprintable(Exception):
    """Something cannot be printed; the message says what the writer can do."""


def draw(card: Card, version: str) -> bytes:
    """One card.

    Args:
        version: the line about its code, in the card's language.

    Raises:
        Unprintable: it holds signs that cannot be printed, or more than fits both sides.
    """
    texts = [card.title, card.danger, card.reviewed, version, *card.foot]
    texts += [text for part in card.parts for text in (part.heading, *part.lines)]
    if lost := printable("".join(texts))[1]:
        raise Unprintable(f"{card.about}: these signs cannot be printed: {' '.join(lost)}; write them otherwise")
    for sides, size in SIZES:
        drawn = _Drawn(card, version, size)
        if drawn.page_no() <= sides:
            return bytes(drawn.output())
    raise Unprintable(f"{card.about}: is too long for both sides of a card; shorten it")


class _Drawn(FPDF):
    """A card being drawn; each new page begins with the danger line and ends with sources and code."""

    def __init__(self, card: Card, version: str, size: float) -> None:
        super().__init__(unit="mm", format=(WIDTH_MM, HEIGHT_MM))
        self._card, self._version, self._size = card, version, size
        self.set_creation_date(MADE)
        self.set_title(printable(f"{card.title} ({card.code})")[0])
        self.set_lang(card.language)
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=MARGIN_MM + FOOT_MM)
        self.add_page()
        self._parts()

    def header(self) -> None:
        self.set_fill_color(0)
        self.set_text_color(255)
        self._line(self._card.danger, 8.5, bold=True, fill=True)
        self.set_text_color(0)
        self.ln(1.5)
        self._line(self._card.title, 12, bold=True)
        self.ln(1)

    def footer(self) -> None:
        self.set_y(-(MARGIN_MM + FOOT_MM - 1))
        self.line(MARGIN_MM, self.get_y(), WIDTH_MM - MARGIN_MM, self.get_y())
        self.ln(1)
        for text in (*self._card.foot, self._card.reviewed):
            self._line(text, 5.5)
        self._line(self._version, 7, bold=True)

    def _parts(self) -> None:
        for part in self._card.parts:
            if part.heading:
                self._line(part.heading, self._size, bold=True)
            for text in part.lines:
                self._line(text, self._size, box=part.ticks)
            self.ln(1.2)

    def _line(self, text: str, size: float, *, bold: bool = False, fill: bool = False, box: bool = False) -> None:
        self.set_font(FONT, "B" if bold else "", size)
        height = size * LINE
        if box:
            if self.will_page_break(height):
                self.add_page()
                self.set_font(FONT, "", size)
            edge = height * 0.62
            self.rect(self.l_margin + 0.3, self.get_y() + (height - edge) / 2, edge, edge)
            self.set_x(self.l_margin + height)
        width = WIDTH_MM - MARGIN_MM - self.get_x()
        self.multi_cell(width, height, printable(text)[0], align="L", fill=fill, new_x="LMARGIN", new_y="NEXT")
