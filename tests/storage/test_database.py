"""The file: what is in force on it, what the bot may not read in it, and how its schema grows."""

import os
import sqlite3
import stat
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DatabaseError
from storage_site import Mark, keep_note, outside

from bot.installation import Installation
from storage.database import migrate, open_database, revisions_known
from storage.errors import Busy, WrongVersion
from storage.keyring import Keyring
from storage.pins import Pins
from storage.schema import metadata
from storage.store import Store

pytestmark = pytest.mark.sqlite

FULL, ON, MEMORY = 2, 1, 2


@pytest.mark.parametrize("reads_notes", [False, True])
@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", FULL),
        ("foreign_keys", ON),
        ("secure_delete", ON),
        ("temp_store", MEMORY),
        ("trusted_schema", 0),
        ("cell_size_check", ON),
        ("busy_timeout", 5000),
    ],
)
def test_a_pragma_is_in_force(database: Path, pragma: str, value: object, reads_notes: bool) -> None:
    with open_database(database, reads_notes=reads_notes).connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


def test_the_file_and_those_beside_it_are_the_owners_alone(installation: Installation, store: Store) -> None:
    store.run_now(Mark("one"))
    files = sorted(installation.folder.glob("integra.db*"))
    assert [path.name for path in files] == ["integra.db", "integra.db-shm", "integra.db-wal"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("name", ["what?", "a#b", "50%20", "with space", "ü", "a&mode=ro"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    migrate(folder / "integra.db")
    with open_database(folder / "integra.db").connect() as connection:
        assert inspect(connection).has_table("notes")
    assert [path.name for path in tmp_path.iterdir()] == [name]


# ---------------------------------------------------------------- the wall

BODIES = [
    "SELECT body FROM notes",
    "SELECT BODY FROM main.NOTES",
    "SELECT * FROM notes",
    "SELECT length(body) FROM notes",
    "SELECT count(body) FROM notes",
    "SELECT hex(n.body) FROM notes AS n",
    "SELECT 1 FROM notes WHERE body > x'00'",
    "SELECT id FROM notes ORDER BY body",
    "UPDATE notes SET case_tag = body",
    "UPDATE notes SET state = 'held' RETURNING body",
    "DELETE FROM notes RETURNING body",
    "INSERT INTO feedback SELECT body, 1, 1 FROM notes",
    "CREATE TABLE copies AS SELECT * FROM notes",
    "CREATE INDEX ix_copy ON notes (body)",
    "SELECT body FROM attachments",
    "SELECT * FROM attachments",
    "UPDATE attachments SET sealed_handle = body",
    "DELETE FROM attachments RETURNING body",
]
WAYS_OUT = [
    "ATTACH ':memory:' AS elsewhere",
    "ATTACH '{folder}/elsewhere.db' AS elsewhere",
    "DETACH temp",
    "VACUUM INTO '{folder}/elsewhere.db'",
    "ALTER TABLE notes RENAME TO plain",
    "ALTER TABLE notes RENAME COLUMN body TO plain",
    "PRAGMA writable_schema = ON",
    "PRAGMA WRITABLE_SCHEMA(1)",
]


@pytest.fixture
def with_note(installation: Installation, store: Store, pins: Pins, officer: bytes) -> Path:
    store.run_now(lambda tx: keep_note(tx, pins, 1, officer))
    store.close()
    return installation.database


@pytest.mark.parametrize("statement", BODIES + WAYS_OUT)
def test_t11_the_bot_is_refused(with_note: Path, tmp_path: Path, statement: str) -> None:
    refused = pytest.raises(DatabaseError, match=r"prohibited|not authorized|authorization denied")
    with open_database(with_note).connect() as connection, refused:
        connection.exec_driver_sql(statement.format(folder=tmp_path)).fetchall()
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_trigger_does_not_tell_the_bot_a_body(with_note: Path) -> None:
    with open_database(with_note).connect() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE heard (body)")
        connection.exec_driver_sql(
            "CREATE TEMP TRIGGER t AFTER UPDATE ON notes BEGIN INSERT INTO heard VALUES (old.body); END"
        )
        with pytest.raises(DatabaseError, match="prohibited"):
            connection.exec_driver_sql("UPDATE notes SET body = NULL")


@pytest.mark.parametrize("statement", BODIES[:9])
def test_who_reads_notes_is_not_refused(with_note: Path, statement: str) -> None:
    with open_database(with_note, reads_notes=True).connect() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("SELECT count(*) FROM notes", [(1,)]),
        ("SELECT state, flag_level FROM notes", [("held", 0)]),
        ("UPDATE notes SET body = NULL RETURNING state", [("held",)]),
        ("UPDATE notes SET body = x'00' RETURNING 1", [(1,)]),
    ],
)
def test_the_bot_may_count_write_and_destroy(with_note: Path, statement: str, found: object) -> None:
    with open_database(with_note).connect() as connection:
        assert [tuple(row) for row in connection.exec_driver_sql(statement)] == found


def test_the_bot_may_delete_a_note(with_note: Path) -> None:
    with open_database(with_note).connect() as connection:
        connection.exec_driver_sql("DELETE FROM receipts")
        assert connection.exec_driver_sql("DELETE FROM notes").rowcount == 1


def test_t11_the_wall_stands_inside_the_store_too(store: Store) -> None:
    with pytest.raises(DatabaseError, match="prohibited"):
        store.run_now(lambda tx: tx.db.exec_driver_sql("SELECT body FROM notes").fetchall())


# ---------------------------------------------------------------- the schema


def shape(connection: Connection) -> dict[str, object]:
    """Columns, keys and indexes of every table as SQLite has them; orders and names of constraints left out."""
    found: dict[str, object] = {}
    tables = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in sorted(set(tables) - {"alembic_version"}):
        indexes = set()
        for row in connection.exec_driver_sql(f"PRAGMA index_list({table})").fetchall():
            columns = tuple(one[2] for one in connection.exec_driver_sql(f"PRAGMA index_info({row[1]})"))
            indexes.add((columns, row[2], row[3]))
        found[table] = (
            [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({table})")],
            {tuple(row)[2:] for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})")},
            indexes,
        )
    return found


def test_the_migrations_lead_to_the_schema_the_program_knows(database: Path) -> None:
    with open_database(database).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        migrated = shape(connection)
    with create_engine("sqlite://").connect() as connection:
        metadata.create_all(connection)
        assert shape(connection) == migrated


def test_ids_of_the_outbox_are_never_used_again(database: Path) -> None:
    """AUTOINCREMENT is what neither comparison above sees."""
    rows = outside(database).execute("SELECT sql FROM sqlite_master WHERE name = 'outbox'")
    assert "AUTOINCREMENT" in rows.fetchone()[0]


def test_the_names_of_the_migrations_tell_their_order() -> None:
    scripts = ScriptDirectory(str(resources.files("storage") / "migrations"))
    assert revisions_known() == tuple(one.revision for one in scripts.walk_revisions())[::-1]


def test_migrating_again_changes_nothing(database: Path, store: Store) -> None:
    store.run_now(Mark("one"))
    store.close()
    before = outside(database).execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    kept = database.read_bytes()
    migrate(database)
    migrate(database)
    assert outside(database).execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == before
    assert database.read_bytes() == kept


def test_a_database_of_a_newer_program_is_refused_and_left_alone(installation: Installation) -> None:
    other = outside(installation.database)
    other.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongVersion, match="upgrade"):
        migrate(installation.database)
    with pytest.raises(WrongVersion):
        Installation.at(installation.folder)
    assert other.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


@pytest.mark.parametrize("at_table", [1, 5, 12])
def test_a_migration_that_is_cut_short_leaves_nothing_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_table: int
) -> None:
    path, create_table, made = tmp_path / "integra.db", op.create_table, list[str]()

    def cut_short(name: str, *columns: object, **options: object) -> object:
        made.append(name)
        if len(made) == at_table:
            raise KeyboardInterrupt
        return create_table(name, *columns, **options)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(op, "create_table", cut_short)
    with pytest.raises(KeyboardInterrupt):
        migrate(path)
    assert outside(path).execute("SELECT name FROM sqlite_master").fetchall() == []

    monkeypatch.undo()
    migrate(path)
    assert sqlite3.connect(path).execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_who_finds_a_new_file_held_by_another_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "integra.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    slept = list[float]()

    def ended_meanwhile(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            other.execute("ROLLBACK")

    monkeypatch.setattr("storage.database.sleep", ended_meanwhile)
    migrate(path)
    assert len(slept) == 3
    assert sqlite3.connect(path).execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_who_waits_too_long_for_a_file_is_told_and_it_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "integra.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    now = [0.0]
    monkeypatch.setattr("storage.database.monotonic", lambda: now[0])
    monkeypatch.setattr("storage.database.sleep", lambda _: now.append(now.pop() + 1.0))
    with pytest.raises(Busy, match="another program holds it") as refused:
        migrate(path)
    assert (refused.value.why, now) == ("locked", [30.0])
    other.execute("ROLLBACK")
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_several_processes_may_migrate_one_new_file(tmp_path: Path, keyring: Keyring) -> None:
    path = tmp_path / "integra.db"
    program = "import sys, pathlib; from storage.database import migrate; migrate(pathlib.Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    all_at_once = [subprocess.Popen([sys.executable, "-c", program, path], env=environment) for _ in range(4)]
    assert [process.wait(60) for process in all_at_once] == [0, 0, 0, 0]
    store = Store(open_database(path), keyring)
    assert store.run_now(Mark("one")) == "one"
    store.close()
