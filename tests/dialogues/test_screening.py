"""What tells of somebody goes out of a question before it is kept, or the question is not kept."""

import pytest

from dialogues.screening import MOST_CHARACTERS, screened


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Can he have a dog?", "Can he have a dog?"),
        ("can Ahmed Hassan get methadone", "can … get methadone"),
        ("is john allowed a phone", "is … allowed a phone"),
        ("can i visit him at 12 Oak Street today", "can i visit him at … today"),
        ("what about AB-1234-P and his release", "what about … and his release"),
        ("shall i write to anna.b@example.org about it", "shall i write to … about it"),
        ("who is @kasun_91 in the group", "who is … in the group"),
        ("he rang from 0171 2345678 again", "he rang from … again"),
        ("born 3 May 1990, can he vote", "… can he vote"),
        ("see https://example.org/him and tell me", "see … and tell me"),
        ("can he have 2 dogs", "can he have 2 dogs"),
    ],
)
def test_names_numbers_and_addresses_are_masked(text: str, left: str) -> None:
    assert screened(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "methadone",
        "Ahmed Hassan",
        "Can Mario Rossi call Luca Bianchi at +32 470 12 34 56 or write to a@b.eu",
        "why " * MOST_CHARACTERS,
    ],
)
def test_a_story_and_what_is_only_a_name_is_not_kept_at_all(text: str) -> None:
    assert screened(text) == ""


def test_what_was_screened_stays_as_it_is() -> None:
    once = screened("can Ahmed Hassan get methadone at 12 Oak Street")
    assert screened(once) == once
