"""Reads the plain part of YAML that our deploy files keep to; whatever else there is, is refused.

Block mappings, block lists of scalars, lists in JSON form, quoted and plain scalars (all text), comments.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*):(?: (.+))?")
_PLAIN = re.compile(r"[A-Za-z0-9./-](?:(?!: | #|:$).)*")


class NotPlain(Exception):
    """Names the line."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    indent: int
    text: str


def read(text: str) -> Any:
    lines = list(_lines(text))
    value, rest = _block(lines, 0)
    if rest:
        raise NotPlain(f"line {rest[0].number}: indented as nothing before it")
    return value


def _lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line or line != line.rstrip():
            raise NotPlain(f"line {number}: tab, or blanks at its end")
        bare = line.strip()
        if bare and not bare.startswith("#"):
            yield Line(number, len(line) - len(bare), bare)


def _block(lines: list[Line], indent: int) -> tuple[Any, list[Line]]:
    """What stands at this indent, and the lines after it."""
    if lines[0].text.startswith("- "):
        found = []
        while lines and lines[0].indent == indent and lines[0].text.startswith("- "):
            found.append(_scalar(lines[0].text[2:], lines[0].number))
            lines = lines[1:]
        return found, lines
    mapping: dict[str, Any] = {}
    while lines and lines[0].indent == indent:
        first, lines = lines[0], lines[1:]
        pair = _PAIR.fullmatch(first.text)
        if pair is None or pair[1] in mapping:
            raise NotPlain(f"line {first.number}: no pair, or a key twice")
        if pair[2] is not None:
            mapping[pair[1]] = _scalar(pair[2], first.number)
        elif lines and lines[0].indent == indent + 2:
            mapping[pair[1]], lines = _block(lines, indent + 2)
        else:
            raise NotPlain(f"line {first.number}: nothing in it")
    return mapping, lines


def _scalar(text: str, number: int) -> Any:
    if text.startswith(('"', "[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            raise NotPlain(f"line {number}: not as JSON") from None
    if not _PLAIN.fullmatch(text):
        raise NotPlain(f"line {number}: needs quotes")
    return text
