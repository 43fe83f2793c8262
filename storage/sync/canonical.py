"""JSON in its one byte form (RFC 8785), for the values that notes are made of."""

import json
from collections.abc import Mapping, Sequence

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]

LARGEST = 2**53 - 1
"""Whole numbers beyond this are not the same in every reader (RFC 8785, 3.2.2.3)."""


class NotCanonical(ValueError):
    """A value without a byte form: a fraction, a number too large, half a character. Names no value."""


def canonical(value: Json) -> bytes:
    """UTF-8, members sorted by UTF-16 units, no spaces, nothing escaped that need not be.

    Raises:
        NotCanonical: see there. Fractions are refused, for no note has any and their spelling is hard to repeat.
    """
    try:
        return _written(value).encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("half a character") from None


def _written(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise NotCanonical("a number too large")
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        members = sorted(value.items(), key=lambda member: _utf16(member[0]))
        return "{" + ",".join(f"{_written(name)}:{_written(inner)}" for name, inner in members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[" + ",".join(_written(inner) for inner in value) + "]"
    raise NotCanonical("a value that is no JSON, or a fraction")


def _utf16(name: str) -> bytes:
    if not isinstance(name, str):
        raise NotCanonical("a member's name that is no text")
    return name.encode("utf-16-be")
