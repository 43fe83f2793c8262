"""A share of a recovery key as a sheet to print: text, and one page of A4."""

from datetime import UTC, datetime
from typing import Final

from fpdf import FPDF

from guidance.printable import printable
from storage.sealing.fingerprint import spoken
from storage.sealing.shares import HOLDERS, Share

MARGIN_MM: Final = 20.0
MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)
ADVICE: Final = (
    "Any two of the three sheets give the recovery key back, and with it every note sealed to it. "
    "One sheet alone says nothing about it.",
    "Keep it in a closed envelope, signed over the seam, in a place of its own. Never photograph or scan it, never "
    "type it on a machine that is on a network, never carry two sheets together.",
    "To recover: integra keys combine, on a machine without network; type the ten lines of two sheets. Blanks and "
    "small letters do not matter; a slip is said line by line. There is no letter I, L, O or U: what looks like one is "
    "1, 1, 0 or V.",
    "Two people are present, and both write down when and why.",
)


def heading(share: Share) -> str:
    return f"INTEGRA Assistant: recovery key, share {share.number} of {HOLDERS}"


def about(share: Share, label: str) -> tuple[str, ...]:
    return (
        f"Key: {label}, made {share.created.isoformat()}",
        f"Words: {' '.join(spoken(share.kid))}",
        f"Key id: {share.kid.hex()}",
    )


def sheet(share: Share, label: str) -> str:
    """The sheet as text; ``storage.sealing.shares.parse`` reads it."""
    parts = (heading(share), "", *about(share, label), "", *share.lines, "", *ADVICE)
    return "\n".join(parts) + "\n"


def draw(share: Share, label: str) -> bytes:
    """The sheet as PDF, one page."""
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_creation_date(MADE)
    pdf.set_title(printable(heading(share))[0])
    pdf.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
    pdf.add_page()

    def put(text: str, font: str, size: float, *, style: str = "", gap: float = 0) -> None:
        pdf.set_font(font, style, size)
        pdf.multi_cell(0, size * 0.5, printable(text)[0], align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(gap)

    put(heading(share), "helvetica", 16, style="B", gap=4)
    for text in about(share, label):
        put(text, "helvetica", 11, gap=1)
    pdf.ln(5)
    for line in share.lines:
        put(line, "courier", 15, style="B", gap=3)
    pdf.ln(5)
    for text in ADVICE:
        put(text, "helvetica", 10, gap=2.5)
    return bytes(pdf.output())
