"""A hand-off on paper: one page whatever was ticked, no text lost, the same bytes again."""

import re
import zlib
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from bot.cards_pdf import Unprintable
from bot.handoff_pdf import draw
from bot.wiring import voices
from guidance import filling
from guidance.filling import Walked
from guidance.handoff import Blank, Line, Section, Sheet, SheetPart
from guidance.printable import printable

CONTENT = voices()["en"].content
EMPTY = filling.every(CONTENT)
WIDEST = filling.widest(CONTENT)
DAY = date(2026, 11, 25)
ESCAPED = re.compile(rb"\\([()\\])")


def named(sheet: Sheet) -> str:
    return sheet.name


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def words(pdf: bytes) -> Counter[str]:
    """Every word that is printed, as the streams of the pages hold it."""
    found: Counter[str] = Counter()
    for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue
        for text in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", content):
            found.update(ESCAPED.sub(rb"\1", text).decode("latin-1").split())
    return found


def boxes_ticked(pdf: bytes) -> int:
    """A tick is two strokes as thick as nothing else on the page."""
    (content,) = [
        zlib.decompress(stream)
        for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
        if b" Tj" in zlib.decompress(stream)
    ]
    return content.count(b"1.42 w")


@pytest.mark.parametrize("sheet", [*EMPTY, *WIDEST], ids=named)
def test_it_is_one_page_on_which_every_word_stands(sheet: Sheet) -> None:
    pdf = draw(sheet)
    assert pages(pdf) == 1
    expected = Counter(word for text in sheet.texts() for word in printable(text)[0].split())
    assert expected - words(pdf) == Counter()


@pytest.mark.parametrize("sheet", [EMPTY[0], WIDEST[0]], ids=named)
def test_the_same_sheet_gives_the_same_bytes(sheet: Sheet) -> None:
    assert draw(sheet) == draw(sheet)


def test_each_tick_and_choice_of_the_walk_is_a_ticked_box() -> None:
    form, step = CONTENT.handoffs["referral-note"], CONTENT.steps["S03"]
    first = step.decisions[0]
    walked = Walked(
        frozenset({step.checks[0].id, step.checks[2].id}),
        {first.id: first.branches[0].key},
        "AB-1234-P",
        "Northbridge",
        DAY,
    )
    pdf = draw(filling.fill(CONTENT, form, CONTENT.steps["S03"], walked))
    assert boxes_ticked(pdf) == 3
    assert boxes_ticked(draw(filling.empty(CONTENT, form, CONTENT.steps["S03"]))) == 0
    assert {"AB-1234-P", "Northbridge", "2026-11-25"} <= set(words(pdf))


def test_a_page_holds_neither_the_day_it_was_made_nor_a_path() -> None:
    pdf = draw(EMPTY[0])
    assert b"2026-11-2" not in re.sub(rb"stream\n.*?\nendstream", b"", pdf, flags=re.DOTALL)
    assert re.findall(rb"/CreationDate \(D:(\d{8})", pdf) == [b"20000101"]
    assert b"/tmp" not in pdf


def test_signs_without_a_near_one_are_refused_by_name() -> None:
    with pytest.raises(Unprintable, match="О б м е н"):
        draw(replace(EMPTY[0], title="Обмен"))
    with pytest.raises(Unprintable, match="Ж"):
        draw(replace(EMPTY[0], head=(("Agency", "Ж"),)))


def test_what_does_not_fit_one_page_is_refused_with_its_step() -> None:
    long = SheetPart("More", tuple(Line("blank", "Seen", room=8) for _ in range(12)))
    with pytest.raises(Unprintable, match="S01 in it; shorten"):
        draw(replace(EMPTY[0], parts=(*EMPTY[0].parts, long)))


@pytest.mark.parametrize(
    "line",
    [
        Line("text", "word " * 60),
        Line("blank", "A label that is so long that no hand could write behind it on the same line", room=2),
        Line("options", "A question " * 12, tuple(f"an answer of some length {number}" for number in range(8))),
        Line("columns", cells=("One heading that is far too long for it", "b", "c", "d", "e"), room=12),
        Line("ticked", "tick " * 40),
        Line("chosen", "A question?", ("The one way " * 3,)),
        Line("open", "x" * 200),
    ],
    ids=lambda line: line.kind,
)
def test_no_line_is_too_long_for_the_page(line: Line) -> None:
    sheet = replace(EMPTY[0], parts=(SheetPart("Part", (line,)),))
    pdf = draw(sheet)
    text = "".join(words(pdf).elements())
    for one in (line.text, *line.cells):
        for word in one.split():
            assert word in words(pdf) or set(word) <= set(text)
    assert pages(pdf) == 1


def test_the_longest_that_reading_allows_is_refused_rather_than_cut() -> None:
    section = Section("All", blanks=tuple(Blank(f"Label {number}", 8) for number in range(9)))
    form = replace(CONTENT.handoffs["referral-note"], sections=(section,))
    with pytest.raises(Unprintable):
        draw(filling.empty(CONTENT, form, CONTENT.steps["S03"]))
