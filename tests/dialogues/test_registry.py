"""Every dialogue is listed with its states; the core asks no clock; every phrase that is asked for exists."""

import ast
import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest

import dialogues
import guidance
from bot.duty import LEVELS
from bot.wiring import voices
from dialogues import desk
from dialogues.draft import KINDS, PARTS, REASONS, URGENCIES
from dialogues.flag_life import FlagState
from dialogues.model import AWAITED, DECLINED, OUTCOMES, NotBrought
from dialogues.registry import DIALOGUES, STATES
from guidance.roles import CONTENT_ROLES
from storage.audit import ReadingReason

CLOCKS = {"now", "utcnow", "today", "fromtimestamp", "monotonic", "perf_counter", "time_ns"}
FILES = sorted(path for package in (dialogues, guidance) for path in Path(package.__path__[0]).glob("*.py"))
CORE = [path for path in FILES if path.parent.name == "dialogues"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_core_asks_no_clock(path: Path) -> None:
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CLOCKS:
            owner = ast.unparse(call.func.value)
            assert owner.rpartition(".")[2] not in ("datetime", "date", "time", "dt"), f"line {call.lineno}"


def phrases_of(path: Path) -> Iterator[str]:
    """Keys asked for as a literal, in every way through a conditional."""
    for call in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "text"
            and call.args
        ):
            first = call.args[0]
            ends = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            yield from (end.value for end in ends if isinstance(end, ast.Constant) and isinstance(end.value, str))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_every_phrase_asked_for_exists(path: Path) -> None:
    missing = set(phrases_of(path)) - set(voices()["en"].content.phrases.keys())
    assert missing == set()


def test_every_phrase_put_together_from_a_list_exists() -> None:
    families = {
        "note-kind-": KINDS,
        "reason-": REASONS,
        "urgency-": URGENCIES,
        "quick-": URGENCIES,
        "outcome-": OUTCOMES,
        "note-ask-": (*PARTS, "quick", "amend"),
        "preview-": PARTS,
        "kind-": ("law", "research", "practice"),
        "state-": ("held", "waiting", "handed-over", "withdrawn"),
        "month-": [str(number) for number in range(1, 13)],
        "weekday-": [str(number) for number in range(1, 8)],
        "timeline-who-": CONTENT_ROLES,
        "timeline-months-": ("before", "after"),
        "timeline-days-": ("before", "after"),
        "button-timeline-": ("pause", "resume"),
        "count-": ("photo", "voice"),
        "note-photo-": ("off", "too-large", *get_args(NotBrought)),
        "note-voice-": ("off", "too-large", *get_args(NotBrought)),
        "flag-state-": (*get_args(FlagState), "overdue"),
        "declined-": DECLINED,
        "awaited-": AWAITED,
        "skipped-": LEVELS,
        "rota-warn-": ("nobody", "not-enrolled", "blocked", "key-expired", "no-rota"),
        "rota-day-": [str(number) for number in range(1, 8)],
        "button-rota-": ("week", "site", "swap", "away", "back", "undo", "nobody", "today", "tomorrow"),
        "read-": [one for one in get_args(ReadingReason) if one != "handling"],
    }
    wanted = {start + end for start, ends in families.items() for end in ends}
    assert wanted - set(voices()["en"].content.phrases.keys()) == set()


def test_every_command_opens_a_dialogue_that_exists() -> None:
    assert set(desk.COMMANDS.values()) <= set(DIALOGUES)


def defined(module: ModuleType) -> list[type]:
    return [
        kind
        for kind in vars(module).values()
        if inspect.isclass(kind) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
    ]


@pytest.mark.parametrize("name", list(DIALOGUES))
def test_every_state_is_frozen_and_listed_once(name: str) -> None:
    states = DIALOGUES[name].states
    assert len(STATES[name]) == len(states)
    for state in states:
        assert dataclasses.is_dataclass(state)
        assert state.__dataclass_params__.frozen
        assert not hasattr(state(**canaries(state)), "__dict__")


SHOWN = {
    "until",
    "days",
    "last_admin",
    # Ids, keys of choices, places in the guide, words of our own.
    *("key", "dialogue", "media", "kind", "private", "note_id", "agency", "amends", "draft", "to_person", "outcome"),
    *("language", "walk_id", "answer", "whom", "phrase", "what", "reference", "agency_name", "urgency", "state"),
    *("owner", "flag_state", "person", "slug", "name", "case_pattern", "alarm", "ref", "fresh", "role", "unpark"),
    *("id", "form", "precision", "flag_reason", "was", "act", "step", "page", "ids", "references", "people", "ticks"),
    *("checks", "check", "then", "leads", "start"),
    *("chosen", "trail", "returns", "dialogue", "below", "plan_id", "milestone"),
    # Times, numbers, truths.
    *("at", "now", "idle_since", "raised_at", "due_at", "undo_until", "hour", "occurred_at", "zone", "ready"),
    *("lasting", "refresh", "standing", "accepted", "helpful", "flag_level", "guide_version", "version", "part"),
    *("complete", "warned", "mine", "open", "park", "more_shown", "rated", "draft_lives", "unsure", "done", "shared"),
    *("remind_at", "told", "paused", "urgent", "question_days"),
    # Values that are tested here themselves.
    *("rows", "memberships", "says", "effects", "look_up", "call", "given", "content", "asking", "danger", "site"),
    *("members", "staff", "case", "document", "rarity"),
    # Of attachments: sizes, numbers, a salted digest.
    *("size", "number", "numbered", "digest", "why", "attachments"),
    # Of the page and of case systems: truths and words of ours.
    *("page_in_chat", "disclosure"),
    # Of flags and rotas: deadlines, words of ours, days, refs.
    *("overdue", "undo", "take_by", "moved_at", "level", "warned", "flag_urgency", "flag_overdue", "flag_follows"),
    *("week", "day", "until", "end", "acts", "slugs", "shifts", "away", "whom"),
}
ABOUT_SHOWN = {"Due", "Remind"}
"""Their ``about`` is an id of ours; elsewhere it may be what somebody typed."""
VALUES = [
    *defined(dialogues.model),
    *defined(dialogues.draft),
    *defined(dialogues.kept_plan),
    *[state for dialogue in DIALOGUES.values() for state in dialogue.states],
]


def canaries(kind: type) -> dict[str, Any]:
    """A canary in every field that may hold what somebody wrote."""
    shown = SHOWN | ({"about"} if kind.__name__ in ABOUT_SHOWN else set())
    return {one.name: "-" if one.name in shown else "canary" for one in dataclasses.fields(kind)}


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_value_shows_what_somebody_wrote(kind: type) -> None:
    assert "canary" not in repr(kind(**canaries(kind)))
