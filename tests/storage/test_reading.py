"""Whose a note is to read; who else says why, and that the supervisors hear of it."""

from typing import Any

import pytest
from storage_site import CASE, NOON, add_agency, keep_note, note_id

from dialogues.reference import reference
from storage import audit, cases, flags, reading, timers
from storage.errors import ReasonNeeded, Unknown
from storage.notes import READ
from storage.pins import Pins
from storage.reading import NeedsReason, Own
from storage.store import Store
from storage.transaction import Transaction

ONE, OTHER, PLAIN = (bytes.fromhex(note_id(number)) for number in (1, 2, 3))


@pytest.fixture
def stocked(store: Store, pins: Pins, officer: bytes, agency_ref: bytes) -> Store:
    """A flagged note of a case, its amendment, and a note of no case."""

    def turn(tx: Transaction) -> None:
        keep_note(tx, pins, 1, officer, flag_level=2)
        flags.raise_flag(tx, note_id(1), agency_ref, 2, at=NOON)
        keep_note(tx, pins, 2, officer, amends=1)
        keep_note(tx, pins, 3, officer, case_code="")

    store.run_now(turn)
    return store


def may(store: Store, who: bytes | None, note: bytes, *desks: bytes) -> Any:
    return store.run_now(lambda tx: reading.may_read(tx, who, note, desks))


def test_a_note_of_a_case_is_its_members_and_a_note_of_none_the_desks(
    stocked: Store, coordinator: bytes, agency_ref: bytes
) -> None:
    assert may(stocked, coordinator, ONE, agency_ref) == NeedsReason()
    assert may(stocked, coordinator, PLAIN, agency_ref) == Own("desk")
    stocked.run_now(lambda tx: cases.assign(tx, agency_ref, CASE, coordinator, at=NOON))
    assert may(stocked, coordinator, ONE, agency_ref) == may(stocked, coordinator, OTHER, agency_ref) == Own("case")
    stocked.run_now(lambda tx: cases.remove(tx, agency_ref, CASE, coordinator))
    assert may(stocked, coordinator, ONE, agency_ref) == NeedsReason()


def test_whoever_has_its_flag_in_hand_reads_it_with_its_amendments_until_it_is_closed(
    stocked: Store, coordinator: bytes, supervisor: bytes, agency_ref: bytes
) -> None:
    stocked.run_now(lambda tx: flags.take(tx, note_id(1), coordinator, at=NOON))
    assert may(stocked, coordinator, ONE, agency_ref) == may(stocked, coordinator, OTHER, agency_ref) == Own("flag")
    assert may(stocked, supervisor, ONE, agency_ref) == NeedsReason()
    stocked.run_now(lambda tx: flags.close(tx, note_id(1), coordinator, "acted", at=NOON))
    assert may(stocked, coordinator, ONE, agency_ref) == NeedsReason()


def test_nobody_known_reads_nothing_of_a_case_as_theirs(stocked: Store, agency_ref: bytes) -> None:
    assert may(stocked, None, ONE, agency_ref) == NeedsReason()
    assert may(stocked, None, PLAIN, agency_ref) == Own("desk")


def test_a_note_of_another_desk_answers_as_one_that_is_not_there(
    stocked: Store, coordinator: bytes, agency_ref: bytes
) -> None:
    other = stocked.run_now(add_agency)
    said = []
    for note in (ONE, bytes(16)):
        with pytest.raises(Unknown) as refused:
            may(stocked, coordinator, note, other)
        said.append(str(refused.value))
    for short in (reference(note_id(1)), reference(note_id(9))):
        with pytest.raises(Unknown) as refused:
            stocked.run_now(lambda tx, short=short: reading.note_of(tx, short, [other]))  # type: ignore[misc]  # mypy: lambda defaults
        said.append(str(refused.value))
    assert set(said) == {"note"}
    assert stocked.run_now(lambda tx: reading.note_of(tx, reference(note_id(1)), [agency_ref])) == ONE


def opens(store: Store, who: bytes | None, agency_ref: bytes, reason: Any, words: str = "") -> list[str]:
    """Opens the note of a case; gives the timers that tell supervisors."""

    def turn(tx: Transaction) -> list[str]:
        reading.opening(tx, who, ONE, [agency_ref], at=NOON, reason=reason, words=words)
        reading.given_out(tx, ONE, at=NOON, reason=reason, words=words)
        return [one.about for one in timers.due(tx, NOON) if one.kind == READ]

    return store.run_now(turn)


def test_handling_is_no_reason_for_somebody_elses_case(stocked: Store, coordinator: bytes, agency_ref: bytes) -> None:
    with pytest.raises(ReasonNeeded):
        opens(stocked, coordinator, agency_ref, "handling")
    for words in ("", "  ", "urgent"):
        with pytest.raises(ReasonNeeded):
            opens(stocked, coordinator, agency_ref, "break-glass", words)
    assert stocked.run_now(lambda tx: audit.listed(tx, about=ONE)) == []


def test_breaking_the_glass_is_written_down_with_its_words_and_told(
    stocked: Store, coordinator: bytes, agency_ref: bytes
) -> None:
    told = opens(stocked, coordinator, agency_ref, "break-glass", "on duty tonight, the case has nobody")
    assert told == [f"{ONE.hex()}.break-glass"]
    (entry,) = stocked.run_now(lambda tx: audit.listed(tx, about=ONE))
    assert (entry.entry.action, entry.reason, entry.words) == (
        "note.opened", "break-glass", "on duty tonight, the case has nobody",
    )  # fmt: skip


def test_reading_what_is_ones_own_is_told_to_nobody(stocked: Store, coordinator: bytes, agency_ref: bytes) -> None:
    stocked.run_now(lambda tx: cases.assign(tx, agency_ref, CASE, coordinator, at=NOON))
    assert opens(stocked, coordinator, agency_ref, "handling") == []


@pytest.mark.parametrize("reason", ["supervision", "complaint", "request", "order", "rehearsal"])
def test_every_other_reason_is_told(stocked: Store, coordinator: bytes, agency_ref: bytes, reason: str) -> None:
    assert opens(stocked, coordinator, agency_ref, reason) == [f"{ONE.hex()}.{reason}"]
