"""Fluent files, read: what is a key and a text on one line here, all else by Fluent's own parser, which takes ten times
as long. Three in four phrases are such lines, and every start reads them."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from fluent.syntax import FluentParser, ast

_LINE: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*) *= *([^\s{}][^{}]*)")


def parsed(text: str) -> ast.Resource:
    """As ``FluentParser`` reads it, without the places of its parts and the comments of its lines.

    Where a part cannot be read, all is as that parser gives it, places too, which tell the writer where.

    Raises:
        RecursionError: braces within braces without end.
    """
    if "\r" in text:  # an editor's other line ends: slower, and not thought about here
        return FluentParser().parse(text)
    entries: list[ast.EntryType] = []
    parser = FluentParser(with_spans=False)
    for plain, lines in groupby(_lines(text), key=lambda line: line[1] is not None):
        if plain:
            entries += (_message(found[1], found[2]) for _, found in lines if found is not None)
        else:
            entries += parser.parse("\n".join(line for line, _ in lines)).body
    if any(isinstance(entry, ast.Junk) for entry in entries):
        return FluentParser().parse(text)
    return ast.Resource(entries)


def _lines(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Each line, and what it holds if it is a phrase by itself: no line that follows goes on with it."""
    lines = text.split("\n")
    goes_on = False  # whether the next line that is not blank begins with a blank
    told = []
    for line in reversed(lines):
        told.append((line, None if goes_on else _LINE.fullmatch(line)))
        if line.strip(" "):
            goes_on = line.startswith(" ")
    return reversed(told)


def _message(key: str, text: str) -> ast.Message:
    return ast.Message(ast.Identifier(key), ast.Pattern([ast.TextElement(text.rstrip(" "))]))
