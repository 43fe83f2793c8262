"""A note is kept sealed to a desk that is in force, or not at all; undoing it destroys its words."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from storage_site import (
    CASE,
    NOON,
    OTHER_AGENCY,
    UNDO,
    add_agency,
    keep_note,
    note_id,
    outside,
    past_the_walls,
    publish,
)

from bot.installation import Installation
from bot.trial import AGENCY
from dialogues.model import NoteView
from dialogues.reference import reference
from storage import flags, notes, timers
from storage.errors import BadInstallation, NoRecipients, Unknown
from storage.pins import Pin, Pins
from storage.schema import desks, receipts
from storage.schema import notes as rows
from storage.sealing.errors import CannotSeal
from storage.sealing.signing import SigningKey
from storage.store import Store
from storage.transaction import Transaction


def keep(store: Store, pins: Pins, number: int, author: bytes, **changes: Any) -> None:
    store.run_now(lambda tx: keep_note(tx, pins, number, author, **changes))


def withdraw(store: Store, number: int, author: bytes) -> None:
    store.run_now(lambda tx: notes.withdraw(tx, note_id(number), author))


def release(store: Store, number: int) -> None:
    store.run_now(lambda tx: notes.release(tx, note_id(number)))


def row(store: Store, number: int) -> Any:
    clear = [column for column in rows.c if column.name != "body"]
    query = select(*clear).where(rows.c.id == bytes.fromhex(note_id(number)))
    return store.run_now(lambda tx: tx.db.execute(query).one())


def kept(store: Store) -> tuple[int, int, int]:
    """Rows of notes, receipts and timers."""

    def turn(tx: Transaction) -> tuple[int, int, int]:
        count = [tx.db.execute(select(func.count()).select_from(table)).scalar_one() for table in (rows, receipts)]
        return int(count[0]), int(count[1]), len(timers.due(tx, NOON + timedelta(days=999)))

    return store.run_now(turn)


def body(installation: Installation, number: int) -> bytes | None:
    """The RECORD as it lies there."""
    query = "SELECT body FROM notes WHERE id = :id"
    found: bytes | None = past_the_walls(installation, query, id=bytes.fromhex(note_id(number)))[0][0]
    return found


def tag(store: Store, number: int) -> bytes | None:
    found: bytes | None = row(store, number).case_tag
    return found


# ---------------------------------------------------------------- keeping


def test_a_kept_note_is_held_until_the_time_for_undoing_is_over(
    store: Store, pins: Pins, officer: bytes, agency_ref: bytes, installation: Installation
) -> None:
    keep(store, pins, 1, officer, flag_level=2, at=NOON + timedelta(minutes=34))
    found = row(store, 1)
    assert (found.state, found.flag_level, found.agency_ref, found.amends) == ("held", 2, agency_ref, None)
    assert found.reference == reference(note_id(1))
    assert found.hour == int(NOON.timestamp())
    assert store.run_now(lambda tx: notes.author_of(tx, found.id)) == officer
    until = store.run_now(lambda tx: timers.armed_until(tx, notes.RELEASE, note_id(1)))
    assert until == NOON + timedelta(minutes=34) + UNDO
    assert body(installation, 1)


def test_a_released_note_waits(store: Store, pins: Pins, officer: bytes) -> None:
    keep(store, pins, 1, officer)
    keep(store, pins, 2, officer)
    release(store, 1)
    release(store, 1)
    assert (row(store, 1).state, row(store, 2).state) == ("waiting", "held")


def test_a_note_of_a_turn_that_failed_is_not_kept(store: Store, pins: Pins, officer: bytes) -> None:
    def failing(tx: Transaction) -> None:
        keep_note(tx, pins, 1, officer)
        raise RuntimeError

    before = kept(store)
    with pytest.raises(RuntimeError):
        store.run_now(failing)
    assert kept(store) == before


def test_a_note_is_never_kept_twice(store: Store, pins: Pins, officer: bytes, installation: Installation) -> None:
    keep(store, pins, 1, officer)
    before, first = kept(store), body(installation, 1)
    with pytest.raises(IntegrityError) as caught:
        keep(store, pins, 1, officer, text="Another text.")
    assert kept(store) == before
    assert body(installation, 1) == first
    assert "cranes" not in str(caught.value)
    assert "parameters hidden" in str(caught.value)


def test_a_note_that_is_too_long_is_not_kept(store: Store, pins: Pins, officer: bytes) -> None:
    before = kept(store)
    with pytest.raises(CannotSeal):
        keep(store, pins, 1, officer, text="x" * 16_380)
    assert kept(store) == before


def test_equal_notes_never_look_equal(store: Store, pins: Pins, officer: bytes, installation: Installation) -> None:
    for number in (1, 2):
        keep(store, pins, number, officer)
    one, two = body(installation, 1), body(installation, 2)
    assert one is not None
    assert two is not None
    assert len(one) == len(two)
    assert one[-200:] != two[-200:]


# ---------------------------------------------------------------- nobody to seal to


def refused(store: Store, pins: Pins, author: bytes, agency: str, **changes: Any) -> None:
    before = kept(store)
    with pytest.raises(NoRecipients) as caught:
        keep(store, pins, 1, author, agency=agency, **changes)
    assert caught.value.args == (agency,)
    assert kept(store) == before


def test_without_a_desk_no_note_is_kept(store: Store, pins: Pins, officer: bytes) -> None:
    store.run_now(add_agency)
    refused(store, pins, officer, OTHER_AGENCY)


def test_without_an_agency_no_note_is_kept(store: Store, pins: Pins, officer: bytes) -> None:
    refused(store, pins, officer, "nowhere")


@pytest.mark.parametrize("column", ["manifest", "signature"])
def test_to_a_changed_desk_no_note_is_kept(store: Store, pins: Pins, officer: bytes, column: str) -> None:
    def change(tx: Transaction) -> None:
        raw = bytes(getattr(tx.db.execute(select(desks)).one(), column))
        tx.db.execute(update(desks).values({column: raw[:-1] + bytes([raw[-1] ^ 1])}))

    store.run_now(change)
    refused(store, pins, officer, AGENCY)


def test_to_another_admins_desk_no_note_is_kept(store: Store, pins: Pins, officer: bytes, tmp_path: Path) -> None:
    strangers = Pins(tmp_path / "strangers-desks")
    store.run_now(lambda tx: publish(tx, strangers, AGENCY, SigningKey.generate(), version=9))
    refused(store, pins, officer, AGENCY)


def test_to_a_desk_put_back_to_an_older_version_no_note_is_kept(store: Store, pins: Pins, officer: bytes) -> None:
    pin = pins.of(AGENCY)
    assert pin is not None
    pins.set(AGENCY, Pin(pin.admin, pin.version + 1))
    refused(store, pins, officer, AGENCY)


@pytest.mark.parametrize("recovers", [True, False])
def test_to_a_desk_whose_keys_ran_out_no_note_is_kept(store: Store, pins: Pins, officer: bytes, recovers: bool) -> None:
    store.run_now(add_agency)
    admin, last_day = SigningKey.generate(), NOON.date()
    store.run_now(lambda tx: publish(tx, pins, OTHER_AGENCY, admin, not_after=last_day, recovers=recovers))
    refused(store, pins, officer, OTHER_AGENCY, at=NOON + timedelta(days=1))
    keep(store, pins, 1, officer, agency=OTHER_AGENCY, at=NOON)


def test_with_a_damaged_pin_no_note_is_kept(
    store: Store, pins: Pins, officer: bytes, installation: Installation
) -> None:
    (installation.folder / "desks" / f"{AGENCY}.json").write_text("{")
    before = kept(store)
    with pytest.raises(BadInstallation):
        keep(store, pins, 1, officer)
    assert kept(store) == before


# ---------------------------------------------------------------- amending


def test_an_amendment_has_the_case_tag_of_what_it_amends(store: Store, pins: Pins, officer: bytes) -> None:
    keep(store, pins, 1, officer, case_code=CASE)
    keep(store, pins, 2, officer, amends=1, case_code="BB-9999-z")
    keep(store, pins, 3, officer, amends=1, case_code="")
    keep(store, pins, 4, officer, case_code=CASE.lower())
    keep(store, pins, 5, officer, case_code="BB-9999-z")
    assert tag(store, 1) is not None
    assert tag(store, 1) == tag(store, 2) == tag(store, 3) == tag(store, 4) != tag(store, 5)
    assert row(store, 2).amends == bytes.fromhex(note_id(1))


def test_an_amendment_of_a_note_without_a_case_has_none(store: Store, pins: Pins, officer: bytes) -> None:
    keep(store, pins, 1, officer, case_code="")
    keep(store, pins, 2, officer, amends=1, case_code=CASE)
    assert tag(store, 1) is tag(store, 2) is None


def test_nobody_amends_another_agencys_note(store: Store, pins: Pins, officer: bytes) -> None:
    store.run_now(add_agency)
    store.run_now(lambda tx: publish(tx, pins, OTHER_AGENCY, SigningKey.generate()))
    keep(store, pins, 1, officer)
    with pytest.raises(Unknown):
        keep(store, pins, 2, officer, agency=OTHER_AGENCY, amends=1)
    assert kept(store)[0] == 1


# ---------------------------------------------------------------- undoing


def test_a_withdrawn_note_has_no_words_left(
    store: Store, pins: Pins, officer: bytes, installation: Installation
) -> None:
    keep(store, pins, 1, officer)
    withdraw(store, 1, officer)
    assert row(store, 1).state == "withdrawn"
    assert body(installation, 1) is None
    assert store.run_now(lambda tx: timers.armed_until(tx, notes.RELEASE, note_id(1))) is None
    release(store, 1)
    assert row(store, 1).state == "withdrawn"


def test_nobody_else_withdraws_a_note(
    store: Store, pins: Pins, officer: bytes, mentor: bytes, coordinator: bytes, installation: Installation
) -> None:
    keep(store, pins, 1, officer)
    keep(store, pins, 2, mentor)
    for other in (mentor, coordinator, bytes(16)):
        with pytest.raises(Unknown):
            withdraw(store, 1, other)
    assert row(store, 1).state == "held"
    assert body(installation, 1)
    assert store.run_now(lambda tx: timers.armed_until(tx, notes.RELEASE, note_id(1))) == NOON + UNDO


@pytest.mark.parametrize("state", ["waiting", "handed-over", "withdrawn"])
def test_a_note_is_not_withdrawn_late_or_twice(
    store: Store, pins: Pins, officer: bytes, installation: Installation, state: str
) -> None:
    keep(store, pins, 1, officer)
    store.run_now(lambda tx: tx.db.execute(update(rows).values(state=state)))
    with pytest.raises(Unknown):
        withdraw(store, 1, officer)
    assert row(store, 1).state == state
    assert body(installation, 1)


def test_a_note_that_never_was_is_not_withdrawn(store: Store, officer: bytes) -> None:
    with pytest.raises(Unknown):
        withdraw(store, 1, officer)


def residue(record: bytes, folder: Path, *, beside: bytes = b"") -> int:
    """How many 24-byte pieces of a RECORD, those left out that a note beside it shares, lie in the database's files.

    Shared are refs in the header and ids of the recipients' keys.
    """
    files = [path.read_bytes() for path in folder.glob("integra.db*")]
    pieces = [record[start : start + 24] for start in range(0, len(record) - 24, 16)]
    return sum(any(piece in file for file in files) for piece in pieces if piece not in beside)


@pytest.mark.sqlite
@pytest.mark.parametrize("size", [10, 3_000, 15_000])
@pytest.mark.parametrize("checkpointed_before", [True, False])
def test_of_a_withdrawn_note_no_byte_is_left_in_the_files(
    store: Store, pins: Pins, officer: bytes, installation: Installation, size: int, checkpointed_before: bool
) -> None:
    database = installation.database
    for number in (1, 2, 3):
        keep(store, pins, number, officer, text="x" * size)
    if checkpointed_before:
        outside(database).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    first, record, third = (body(installation, number) for number in (1, 2, 3))
    assert first is not None
    assert record is not None
    assert third is not None
    beside = first + third
    assert residue(record, installation.folder, beside=beside) > len(record) // 20

    withdraw(store, 2, officer)

    assert residue(record, installation.folder, beside=beside) == 0
    assert residue(third, installation.folder, beside=record) > len(third) // 20
    assert os.path.getsize(f"{database}-wal") == 0


@pytest.mark.sqlite
def test_of_a_withdrawn_note_closing_leaves_no_byte(
    store: Store, pins: Pins, officer: bytes, installation: Installation
) -> None:
    keep(store, pins, 1, officer)
    record = body(installation, 1)
    assert record is not None
    withdraw(store, 1, officer)
    store.close()
    assert residue(record, installation.folder) == 0


# ---------------------------------------------------------------- receipts


def receipts_of(store: Store, author: bytes, **how: Any) -> list[NoteView]:
    return store.run_now(lambda tx: notes.of_author(tx, author, **how))


def test_authors_see_their_own_notes_the_newest_first(store: Store, pins: Pins, officer: bytes, mentor: bytes) -> None:
    for number, hours in ((1, 0), (2, 2), (3, 1)):
        keep(store, pins, number, officer, at=NOON + timedelta(hours=hours))
    keep(store, pins, 4, mentor)
    assert [note.note_id for note in receipts_of(store, officer)] == [note_id(2), note_id(3), note_id(1)]
    assert [note.note_id for note in receipts_of(store, mentor)] == [note_id(4)]
    assert receipts_of(store, bytes(16)) == []
    assert len(receipts_of(store, officer, at_most=2)) == 2


def test_a_receipt_tells_what_may_still_be_undone(store: Store, pins: Pins, officer: bytes, agency_ref: bytes) -> None:
    keep(store, pins, 1, officer, flag_level=1)
    store.run_now(lambda tx: flags.raise_flag(tx, note_id(1), agency_ref, 1, at=NOON))
    keep(store, pins, 2, officer, amends=1)
    withdraw(store, 2, officer)
    first = NoteView(note_id(1), reference(note_id(1)), AGENCY, NOON, "held", "raised", NOON + UNDO, "", "routine")
    second = NoteView(note_id(2), reference(note_id(2)), AGENCY, NOON, "withdrawn", "", None, note_id(1))
    assert receipts_of(store, officer) == [first, second]
    release(store, 1)
    assert receipts_of(store, officer, short=first.reference)[0].undo_until is None


def test_a_reference_shows_nobody_anothers_note(store: Store, pins: Pins, officer: bytes, mentor: bytes) -> None:
    keep(store, pins, 1, officer)
    short = reference(note_id(1))
    assert len(receipts_of(store, officer, short=short)) == 1
    assert receipts_of(store, mentor, short=short) == []
    assert receipts_of(store, officer, short="0000-0000") == []


def test_a_note_without_a_receipt_has_no_author(store: Store) -> None:
    assert store.run_now(lambda tx: notes.author_of(tx, bytes(16))) is None
