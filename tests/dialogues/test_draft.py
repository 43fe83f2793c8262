"""The sealed body says what the draft holds, in JSON, within the size that can be sealed."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dialogues.draft import MOST_UNITS, PARTS, Draft, body

DRAFT = Draft("3" * 32, "north", case_code="AB-1234-P", parts=(("one", "two"), (), ("three",), ()))
LARGEST_BODY = 16_380


def test_the_body_holds_every_written_part_under_its_name(scene: Any) -> None:
    sealed = body(DRAFT, scene())
    assert sealed["parts"] == {"seen": "one\ntwo", "think": "three"}
    assert (sealed["note_id"], sealed["case_code"], sealed["kind"]) == ("3" * 32, "AB-1234-P", "recorded")
    assert json.loads(json.dumps(sealed)) == sealed


def test_times_are_written_where_the_agency_is(scene: Any) -> None:
    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    sealed = body(replace(DRAFT, occurred_at=at, precision="minute"), scene())
    assert sealed["occurred_at"] == "2026-11-23T10:30:00+01:00"
    assert sealed["recorded_at"] == "2026-11-23T13:00:00+01:00"


@pytest.mark.parametrize(
    ("urgency", "reason", "level"), [("urgent", "", 0), ("routine", "other", 1), ("today", "child", 2)]
)
def test_a_flag_needs_a_reason(urgency: Any, reason: str, level: int) -> None:
    assert replace(DRAFT, urgency=urgency, flag_reason=reason).flag_level == level


@pytest.mark.parametrize("sign", ["文", '"', "\\", "\t", "😀", "a"])
def test_the_fullest_note_can_be_sealed(scene: Any, sign: str) -> None:
    draft = replace(DRAFT, parts=((), (), (), ()))
    for part in range(len(PARTS)):
        while draft.room(part) >= 2 and len(draft.parts[part]) < 700:
            draft = draft.adding(part, sign)
    draft = draft.adding(3, sign * (draft.room(3) // 2))
    assert draft.length <= MOST_UNITS
    assert len(json.dumps(body(draft, scene()), ensure_ascii=False, separators=(",", ":")).encode()) <= LARGEST_BODY


def test_empty_means_nobody_would_miss_it() -> None:
    assert Draft("3" * 32, "north").empty
    assert not DRAFT.empty
    assert not Draft("3" * 32, "north", left_over=((0, "x"),)).empty
