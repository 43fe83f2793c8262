"""The conversation's state to JSON and back.

    {"v": 1, "frames": [["note", "AskPlace", {...}], …], "parked": [...]}

A state of an older version is carried over by the functions in ``UPGRADES``; one that cannot be read any more
raises ``UnreadableState``, and the desk starts afresh and says so.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from dialogues.floor import Floor, Frame

VERSION = 1
UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


class UnreadableState(Exception):
    """The stored state is not one this program knows. Names the dialogue, never what it holds."""


def encode(floor: Floor) -> bytes:
    """UTF-8 JSON of a floor; every state must be a dataclass its dialogue lists in ``states``."""
    return to_json(
        {
            "v": VERSION,
            "frames": [_frame(frame) for frame in floor.frames],
            "parked": [_frame(frame) for frame in floor.parked],
        }
    )


def decode(raw: bytes, states: Mapping[str, Mapping[str, type]]) -> Floor:
    """The floor that ``encode`` wrote.

    Args:
        raw: what ``encode`` gave.
        states: dialogue name -> state class name -> state class.

    Raises:
        UnreadableState: unknown version, dialogue or state, or fields that do not fit.
    """
    try:
        whole = from_json(raw)
        while whole["v"] != VERSION:
            whole = UPGRADES[whole["v"]](whole)
        return Floor(
            tuple(_state(one, states) for one in whole["frames"]),
            tuple(_state(one, states) for one in whole["parked"]),
        )
    except (KeyError, TypeError, ValueError) as odd:
        raise UnreadableState(type(odd).__name__) from None


def state_to_json(state: object) -> str:
    """One state alone, as walks keep it."""
    return to_json([type(state).__name__, state]).decode()


def state_from_json(raw: str, states: Mapping[str, type]) -> object:
    """The state that ``state_to_json`` wrote.

    Raises:
        UnreadableState: it does not fit any of ``states``.
    """
    try:
        name, fields = from_json(raw)
        return _adapter(states[name]).validate_python(fields)
    except (KeyError, TypeError, ValueError) as odd:
        raise UnreadableState(type(odd).__name__) from None


def _frame(frame: Frame) -> list[object]:
    return [frame.dialogue, type(frame.state).__name__, frame.state]


def _state(stored: list[Any], states: Mapping[str, Mapping[str, type]]) -> Frame:
    dialogue, name, fields = stored
    try:
        return Frame(dialogue, _adapter(states[dialogue][name]).validate_python(fields))
    except ValidationError:
        raise UnreadableState(f"{dialogue}.{name}") from None


@cache
def _adapter(state: type) -> TypeAdapter[Any]:
    return TypeAdapter(state)
