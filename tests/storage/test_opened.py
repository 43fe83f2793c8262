"""Recipients read a note in its place; nobody else reads it, and the bot's connection never does."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DatabaseError
from storage_site import CASE, NOON, keep_note, note_id

from bot.installation import Installation
from bot.trial import AGENCY, Trial
from dialogues.reference import reference
from storage import notes, opened
from storage.errors import Unknown
from storage.pins import Pins
from storage.schema import notes as rows
from storage.sealing import keyfile
from storage.sealing.errors import NoteUnreadable
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, generate
from storage.store import Store

SHORT = reference(note_id(1))


@pytest.fixture
def reader(installation: Installation, store: Store, pins: Pins, officer: bytes) -> Any:
    store.run_now(lambda tx: keep_note(tx, pins, 1, officer, text="First."))
    store.run_now(lambda tx: keep_note(tx, pins, 2, officer, amends=1, text="Second."))
    store.run_now(lambda tx: keep_note(tx, pins, 3, officer, text="Of another matter."))
    reading = installation.store(reads_notes=True)
    yield reading
    reading.close()


def key_in(path: Path) -> OpeningKey:
    key = keyfile.read(path).key
    assert isinstance(key, OpeningKey)
    return key


def texts(store: Store, key: OpeningKey, ingest: SigningKey, short: str = SHORT) -> list[str]:
    found = store.run_now(lambda tx: opened.open_reference(tx, short, key, [ingest.public], at=NOON, reason="handling"))
    return [one.body["parts"]["seen"] for one in found]


def test_each_recipient_reads_a_note_and_its_amendments(reader: Store, trial: Trial) -> None:
    ingest = trial.installation.keyring().ingest
    for path in (trial.coordinator_key, trial.case_system_key, trial.folder / "safe" / "recovery.key"):
        assert texts(reader, key_in(path), ingest) == ["First.", "Second."]
        assert texts(reader, key_in(path), ingest, reference(note_id(2))) == ["First.", "Second."]


def test_nobody_else_reads_it(reader: Store, trial: Trial) -> None:
    with pytest.raises(NoteUnreadable):
        texts(reader, generate(), trial.installation.keyring().ingest)


def test_a_note_another_server_accepted_is_not_read(reader: Store, trial: Trial) -> None:
    with pytest.raises(NoteUnreadable):
        texts(reader, key_in(trial.coordinator_key), SigningKey.generate())


def test_a_note_whose_row_was_changed_is_not_read(reader: Store, trial: Trial) -> None:
    reader.run_now(lambda tx: tx.db.execute(update(rows).values(flag_level=3)))
    with pytest.raises(NoteUnreadable):
        texts(reader, key_in(trial.coordinator_key), trial.installation.keyring().ingest)


def test_the_bots_connection_reads_none(reader: Store, store: Store, trial: Trial) -> None:
    with pytest.raises(DatabaseError, match=r"prohibited|permission denied"):
        texts(store, key_in(trial.coordinator_key), trial.installation.keyring().ingest)


def test_what_was_withdrawn_is_not_read(reader: Store, store: Store, trial: Trial, officer: bytes) -> None:
    key, ingest = key_in(trial.coordinator_key), trial.installation.keyring().ingest
    store.run_now(lambda tx: notes.withdraw(tx, note_id(2), officer))
    assert texts(reader, key, ingest) == ["First."]
    store.run_now(lambda tx: notes.withdraw(tx, note_id(1), officer))
    for short in (SHORT, "0000-0000"):
        with pytest.raises(Unknown):
            texts(reader, key, ingest, short)


def test_a_list_tells_of_all_notes_without_opening_one(reader: Store, store: Store) -> None:
    listed = store.run_now(opened.listed)
    assert {one.reference for one in listed} == {reference(note_id(number)) for number in (1, 2, 3)}
    assert {(one.agency, one.state, one.flag) for one in listed} == {(AGENCY, "held", "")}


def test_a_note_reads_field_by_field(reader: Store, trial: Trial) -> None:
    key, ingest = key_in(trial.coordinator_key), trial.installation.keyring().ingest
    (first, _) = reader.run_now(
        lambda tx: opened.open_reference(tx, SHORT, key, [ingest.public], at=NOON, reason="handling")
    )
    text = opened.as_text(first)
    assert text.splitlines() == [
        f"{SHORT} (recorded)", f"Case: {CASE}", "Author: PO-17 (officer)", "Saw or heard:", "First.",
    ]  # fmt: skip
    assert "First." not in repr(first)
