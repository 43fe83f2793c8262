"""The whole database out as a stream and back: the same rows, whatever is in them; what is not whole is refused."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres_server import Cluster
from sqlalchemy import Engine, Integer, LargeBinary, String, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError
from storage_site import NOON, keep_note, note_id

from bot.installation import Installation
from dialogues.model import Say
from storage import audit, copying, flags, notes, outbox
from storage.copying import Summary
from storage.database import alone, migrate, open_database, snapshot
from storage.errors import CopyBroken, WrongVersion
from storage.pins import Pins
from storage.postgres import DIALECT, migrate_postgres
from storage.restoring import fill
from storage.schema import attachments, feedback, metadata
from storage.store import Store
from storage.transaction import Transaction


class Place:
    """An empty database of one engine."""

    def __init__(self, folder: Path, server: Cluster | None) -> None:
        if server is None:
            migrate(folder / "copy.db")
            self.engine: Engine = open_database(folder / "copy.db", reads_notes=True)
        else:
            addresses = server.addresses(server.new_database())
            migrate_postgres(addresses)
            self.engine = create_engine(DIALECT, creator=lambda: psycopg.connect(addresses.owner))

    def load(self, stream: bytes) -> Summary:
        with alone(self.engine) as connection:
            return copying.load(connection, io.BytesIO(stream).read)

    def digest(self) -> Summary:
        with snapshot(self.engine) as connection:
            return copying.digest(connection)


@pytest.fixture
def place(tmp_path: Path, server_of: Cluster | None) -> Iterator[Place]:
    found = Place(tmp_path, server_of)
    yield found
    found.engine.dispose()


@pytest.fixture
def full(installation: Installation, store: Store, pins: Pins, officer: bytes, agency_ref: bytes) -> Installation:
    """Something in most tables."""

    def turn(tx: Transaction) -> None:
        for number in range(1, 8):
            keep_note(tx, pins, number, officer, flag_level=number % 4, text=f"Zażółć كناري 🦓 {number}")
            if number % 4:
                flags.raise_flag(tx, note_id(number), agency_ref, number % 4, at=NOON)
            audit.record(tx, "note.kept", at=NOON, reason="authorship", agency=agency_ref)
        notes.withdraw(tx, note_id(1), officer)
        outbox.put(tx, "telegram", "1", [Say("one"), Say("two")], at=NOON)
        body = {"note_id": bytes(16), "agency_ref": agency_ref, "state": "kept", "body": bytes(range(256)) * 300}
        tx.db.execute(insert(attachments), [{**body, "number": number} for number in range(1, 4)])

    store.run_now(turn)
    return installation


def dumped(installation: Installation) -> tuple[bytes, Summary]:
    engine, out = installation.whereabouts.open(reads_notes=True), io.BytesIO()
    with snapshot(engine) as connection:
        summary = copying.dump(connection, out.write)
    engine.dispose()
    return out.getvalue(), summary


def test_what_is_loaded_is_what_was_dumped(full: Installation, place: Place) -> None:
    stream, summary = dumped(full)
    assert summary.tables.keys() == metadata.tables.keys()
    assert summary.tables["notes"].rows == 7
    assert summary.rows > 30
    assert place.load(stream) == summary
    assert place.digest() == summary
    again = io.BytesIO()
    with snapshot(place.engine) as connection:
        copying.dump(connection, again.write)
    assert again.getvalue() == stream


def test_every_kind_of_column_is_known() -> None:
    """A column of another type needs thought: is it the same bytes from every engine?"""
    for table in metadata.tables.values():
        for column in table.c:
            assert isinstance(column.type, Integer | LargeBinary | String), f"{table.name}.{column.name}"


def test_numbers_go_on_above_the_greatest(full: Installation, place: Place) -> None:
    place.load(dumped(full)[0])
    table = metadata.tables["outbox"]
    with alone(place.engine) as connection:
        greatest = max(connection.scalars(select(table.c.id)))
        row = {"address_ref": bytes(16), "sealed_body": b"", "created_at": 0}
        key = connection.execute(insert(table), row).inserted_primary_key
        assert key is not None
        assert key[0] > greatest


def test_the_audit_log_goes_on_after_a_load(full: Installation, place: Place) -> None:
    """The triggers that hold its order stand, and let rows in order in."""
    place.load(dumped(full)[0])
    with pytest.raises(DBAPIError), alone(place.engine) as connection:
        connection.execute(text("UPDATE audit SET at = 0"))


def test_a_database_that_is_not_empty_is_refused(full: Installation, place: Place) -> None:
    stream, _ = dumped(full)
    place.load(stream)
    with pytest.raises(CopyBroken, match="not empty"):
        place.load(stream)


def test_a_copy_of_another_revision_is_refused(full: Installation, place: Place) -> None:
    stream, summary = dumped(full)
    other = copying.MAGIC + b"\x049999" + stream[len(copying.MAGIC) + 1 + len(summary.revision) :]
    with pytest.raises(CopyBroken, match="of schema 9999"):
        place.load(other)


def test_nothing_is_kept_of_a_copy_that_is_not_whole(full: Installation, place: Place) -> None:
    stream, _ = dumped(full)
    for end in (0, 5, 40, len(stream) // 2, len(stream) - 60, len(stream) - 1):
        with pytest.raises(CopyBroken):
            place.load(stream[:end])
    assert place.digest().rows == 0


def test_a_changed_byte_is_refused(full: Installation, place: Place) -> None:
    stream, _ = dumped(full)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, len(stream) - 1), st.integers(0, 7))
    def refused(at: int, bit: int) -> None:
        changed = bytearray(stream)
        changed[at] ^= 1 << bit
        with pytest.raises((CopyBroken, WrongVersion)):
            place.load(bytes(changed))
        assert place.digest().rows == 0

    refused()


def test_a_dump_of_an_older_schema_is_loaded_and_migrated(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    migrate(old, to="0004")
    engine = open_database(old, reads_notes=True)
    with engine.connect() as connection:
        connection.execute(insert(feedback), {"answer": "A1", "helpful": 1, "times": 3})
        connection.rollback()
    out = io.BytesIO()
    with snapshot(engine) as connection:
        assert copying.dump(connection, out.write).revision == "0004"
    engine.dispose()
    out.seek(0)
    fill(tmp_path / "new.db", out.read)
    engine = open_database(tmp_path / "new.db")
    with snapshot(engine) as connection:
        assert connection.execute(select(feedback.c.times)).scalar_one() == 3
        assert connection.execute(select(metadata.tables["deletions"])).all() == []
    engine.dispose()


def test_a_dump_of_a_newer_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    stream = io.BytesIO(copying.MAGIC + b"\x049999" + copying.DONE)
    with pytest.raises(WrongVersion, match="upgrade"):
        fill(tmp_path / "new.db", stream.read)


def test_a_dump_is_of_one_moment_and_holds_up_no_writer(full: Installation, store: Store, officer: bytes) -> None:
    engine = full.whereabouts.open(reads_notes=True)
    with snapshot(engine) as connection:
        before = copying.digest(connection)
        store.run_now(lambda tx: notes.withdraw(tx, note_id(2), officer))
        assert copying.digest(connection) == before
    with snapshot(engine) as connection:
        assert copying.digest(connection) != before
    engine.dispose()


@pytest.mark.sqlite
def test_sqlites_log_is_emptied_once_a_dump_has_ended(
    full: Installation, store: Store, officer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.store.EMPTY_AGAIN_S", 0.0)
    engine = open_database(full.database, reads_notes=True)
    wal = full.database.with_name("integra.db-wal")
    with snapshot(engine) as connection:
        copying.digest(connection)
        store.run_now(lambda tx: notes.withdraw(tx, note_id(2), officer))
        seen = wal.stat().st_size
    engine.dispose()
    assert seen > 0, "the reader keeps the log"
    store.run_now(lambda tx: None)  # the next look of the timers
    assert wal.stat().st_size == 0


BENCH = Path(__file__).parents[1] / "bench" / "backup.py"


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_notes() -> None:
    def peaks(notes: int) -> list[int]:
        done = subprocess.run([sys.executable, BENCH, str(notes)], capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        return [told["back_up"]["peak_mb"], told["restore"]["peak_mb"]]

    few, many = peaks(2_000), peaks(60_000)
    assert all(much < little + 40 for much, little in zip(many, few, strict=True)), (few, many)
