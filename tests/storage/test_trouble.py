"""What the database refuses is told in words that say what to do, and holds no words of anybody."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import StaticPool, create_engine, insert, text
from storage_site import NOON, Mark, marks, outside

from bot.installation import Installation
from storage.condition import Look, looking, writer
from storage.database import migrate, open_database
from storage.errors import Busy, Damaged, StorageError
from storage.keyring import Keyring
from storage.schema import seen
from storage.store import Store
from storage.transaction import Transaction, seconds
from storage.trouble import refusal

pytestmark = pytest.mark.sqlite
"""What a file and its disk may do; of a server: test_postgres_store."""


def long(tx: Transaction) -> None:
    tx.db.execute(insert(seen), {"channel": "console", "update_id": "canary" * 40_000, "at": seconds(NOON)})


def refused(store: Store, turn: object = long) -> Busy:
    with pytest.raises(Busy) as caught:
        store.run_now(turn)  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)
    assert "integra doctor" in str(caught.value)
    return caught.value


def test_a_full_disk_is_called_full(store: Store) -> None:
    used = store.run_now(lambda tx: tx.db.scalar(text("PRAGMA page_count")))
    store.run_now(lambda tx: tx.db.exec_driver_sql(f"PRAGMA max_page_count={used}"))
    error = refused(store)
    assert error.why == "full"
    assert "make room" in str(error)


def test_a_lock_is_called_locked(store: Store, database: Path) -> None:
    for _ in range(2):  # the log is emptied after the first turn of all, which sets it back
        store.run_now(lambda tx: tx.db.exec_driver_sql("PRAGMA busy_timeout=20"))
    other = outside(database)
    other.execute("BEGIN IMMEDIATE")
    assert refused(store).why == "locked"
    other.close()
    store.run_now(Mark("afterwards"))


def test_what_is_read_only_is_called_so_and_the_next_try_opens_the_file_anew(store: Store, database: Path) -> None:
    store.run_now(Mark("before"))
    store.run_now(lambda tx: tx.db.exec_driver_sql("PRAGMA query_only=ON"))
    assert refused(store).why == "read-only"
    store.run_now(Mark("afterwards"))
    assert marks(database) == ["before", "afterwards"]


def test_a_file_that_could_only_be_opened_for_reading_is_opened_anew_for_the_next_turn(
    database: Path, keyring: Keyring
) -> None:
    """There SQLite begins and commits a transaction that writes, and refuses only what writes in it."""
    way = "ro"

    def connect() -> sqlite3.Connection:
        address = f"{database.as_uri()}?mode={way}"
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    store = Store(create_engine("sqlite://", creator=connect, poolclass=StaticPool), keyring)
    try:
        assert refused(store, Mark("one")).why == "read-only"
        way = "rw"
        store.run_now(Mark("two"))
    finally:
        store.close()
    assert marks(database) == ["two"]


def test_another_mistake_has_no_reason() -> None:
    error = refusal(ValueError("canary"))
    assert isinstance(error, Busy)
    assert (error.why, str(error)) == ("", "ValueError")


@pytest.fixture
def disk(installation: Installation, tmp_path: Path) -> Iterator[Path]:
    """A small disk with the database on it."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3000k,mode=700", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    shutil.copy(installation.database, place)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_store_opened_on_a_read_only_disk_works_once_it_can_be_written(disk: Path, keyring: Keyring) -> None:
    path = disk / "integra.db"
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(Busy):
        migrate(path)
    store = Store(open_database(path), keyring)
    try:
        for _ in range(2):
            assert refused(store, Mark("one")).why in ("read-only", "cannot-open")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        store.run_now(Mark("two"))
    finally:
        store.close()
    assert marks(path) == ["two"]


def fill(filler: Path) -> None:
    """Write until nothing fits any more."""
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            return


def test_a_store_on_a_full_disk_works_once_there_is_room(disk: Path, keyring: Keyring) -> None:
    path, filler = disk / "integra.db", disk / "filler"
    store = Store(open_database(path), keyring)
    try:
        store.run_now(Mark("one"))
        fill(filler)
        for _ in range(3):
            assert refused(store).why in ("full", "input-output")
        filler.unlink()
        store.run_now(Mark("two"))
    finally:
        store.close()
    assert marks(path) == ["one", "two"]
    assert outside(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_damaged_page_fails_the_turns_that_need_it_and_no_others(installation: Installation) -> None:
    path = installation.database
    connection = sqlite3.connect(path)
    ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'walks'")
    ((size,),) = connection.execute("PRAGMA page_size")
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    store = installation.store()
    try:
        with pytest.raises(Damaged, match="docs/operating"):
            store.run_now(lambda tx: tx.db.execute(text("SELECT * FROM walks")).all())
        assert store.run_now(Mark("one")) == "one"
    finally:
        store.close()


def test_what_was_deleted_and_left_in_the_log_by_a_kill_goes_with_the_first_turn(
    installation: Installation, keyring: Keyring
) -> None:
    """The log is put back as a kill between commit and emptying leaves it."""
    path, log = installation.database, installation.folder / "integra.db-wal"
    store = Store(open_database(path), keyring)
    other = outside(path)
    other.execute("BEGIN")
    other.execute("SELECT * FROM seen").fetchall()  # who reads keeps the log from being emptied
    store.run_now(lambda tx: tx.db.exec_driver_sql("PRAGMA busy_timeout=20"))
    store.run_now(long)
    store.run_now(lambda tx: tx.db.exec_driver_sql("DELETE FROM seen"))
    left = {file: file.read_bytes() for file in (path, log)}
    other.close()
    store.close()
    for file, content in left.items():
        file.write_bytes(content)
    assert b"canary" in log.read_bytes()
    store = Store(open_database(path), keyring)
    store.run_now(Mark("one"))
    assert log.stat().st_size == 0
    assert b"canary" not in path.read_bytes()
    store.close()


# ---------------------------------------------------------------- looking without touching


def test_looking_writes_nothing(installation: Installation, keyring: Keyring) -> None:
    before = {path: path.read_bytes() for path in installation.folder.glob("integra.db*")}
    with looking(installation.whereabouts) as look:
        assert look.faults(deep=True) == []
        for statement in ("DELETE FROM timers", "CREATE TABLE more (a)", "PRAGMA user_version=7"):
            with pytest.raises(StorageError):
                look.within(keyring, lambda tx, statement=statement: tx.db.exec_driver_sql(statement))
    assert {path: path.read_bytes() for path in installation.folder.glob("integra.db*")} == before


def test_looking_sees_what_is_in_the_log_of_a_running_assistant(store: Store, installation: Installation) -> None:
    store.run_now(Mark("one"))

    def count(look: Look) -> int:
        keyring = installation.keyring()
        return look.within(keyring, lambda tx: int(tx.db.scalar(text("SELECT count(*) FROM feedback")) or 0))

    with looking(installation.whereabouts) as look:
        assert count(look) == 1


def test_looking_at_what_is_no_database_is_damaged(installation: Installation) -> None:
    installation.database.write_bytes(b"not a database " * 400)
    with pytest.raises(Damaged), looking(installation.whereabouts) as look:
        look.versions()


def test_nobody_writes_where_nobody_has_it_open(installation: Installation) -> None:
    assert writer(installation.database) is None
