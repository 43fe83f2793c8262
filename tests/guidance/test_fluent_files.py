"""Fluent files come out as Fluent's own parser reads them, however they are written."""

from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from hypothesis import given
from hypothesis import strategies as st

from guidance.fluent_files import parsed

SHIPPED = sorted((Path(__file__).parent.parent.parent / "guidance/content/en/phrases").glob("*.ftl"))

SIGNS = (
    "\n",
    "\n\n",
    " ",
    "    ",
    "=",
    "{",
    "}",
    "{ x }",
    "a",
    "key",
    "-term",
    ".attr",
    "#",
    "# ",
    "[",
    "*[other]",
    "\t",
)
OTHER_SIGNS = ("\r\n", "\r", "\u00a0", "\x0c", "\u2028", '"', "é", "->", "1", "$n", "a = b")
LINES = r"""
a = b
a-b_1=  c d
k = x { $y } z
    more
    .attr = c
# said
#said
-t = e
n = { $n ->
    [one] one
   *[other] two
}
b =
c = }
= d
e = [f]
f = .g
g = *h
"""
OTHER_LINES = ("   ", "a = b  ", "\ti = j", "k =\u00a0l", "m = n\r", "o = p\t")


def same(text: str) -> bool:
    mine, theirs = parsed(text), FluentParser().parse(text)
    left_out = ["span", "comment", "annotations"]
    entries = [
        [entry for entry in read.body if isinstance(entry, ast.Message | ast.Term | ast.Junk)]
        for read in (mine, theirs)
    ]
    return len(entries[0]) == len(entries[1]) and all(
        one.equals(other, ignored_fields=left_out) for one, other in zip(*entries, strict=True)
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships(path: Path) -> None:
    assert same(path.read_text())


@given(st.lists(st.sampled_from([*SIGNS, *OTHER_SIGNS])).map("".join))
def test_any_signs(text: str) -> None:
    assert same(text)


@given(st.lists(st.sampled_from([*LINES.split("\n"), *OTHER_LINES])).map("\n".join))
def test_any_lines(text: str) -> None:
    assert same(text)


def test_what_cannot_be_read_keeps_its_place() -> None:
    (junk,) = [entry for entry in parsed("a = b\n\nc = {\n").body if isinstance(entry, ast.Junk)]
    assert junk.span is not None
    assert junk.span.start == 7
