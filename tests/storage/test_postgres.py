"""The server: what each role may do there, what a turn sees of other agencies, and how its schema grows."""

import stat
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from postgres_server import Cluster
from sqlalchemy import create_engine, func, insert, select
from sqlalchemy.exc import DBAPIError
from storage_site import NOON, add_agency, keep_note, past_the_walls

from bot.installation import Installation
from storage import audit, people
from storage.audit_chain import AuditBroken, Verifier
from storage.errors import BadInstallation, Busy, WrongVersion
from storage.keyring import Keyring
from storage.pins import Pins
from storage.postgres import DIALECT, ROLES, WALLED, Addresses, migrate_postgres, open_postgres
from storage.schema import leases, metadata, notes
from storage.store import Store
from storage.transaction import Transaction

pytestmark = pytest.mark.postgres


@pytest.fixture
def addresses(installation: Installation) -> Addresses:
    found = installation.whereabouts.server
    assert found is not None
    return found


@pytest.fixture
def with_note(store: Store, pins: Pins, officer: bytes) -> Store:
    store.run_now(lambda tx: keep_note(tx, pins, 1, officer))
    return store


def tries(address: str, statement: str) -> str:
    """The SQLSTATE that a login gets for it, or nothing when it may."""
    try:
        with psycopg.connect(address, options="-c integra.agencies=*") as connection:
            connection.execute(statement)  # type: ignore[arg-type]
            connection.rollback()
    except psycopg.Error as refused:
        return refused.sqlstate or "?"
    return ""


NO_PRIVILEGE = "42501"

# ---------------------------------------------------------------- the bot's role

BODIES = [
    "SELECT body FROM notes",
    "SELECT * FROM notes",
    "SELECT length(body) FROM notes",
    "SELECT count(body) FROM notes",
    "SELECT notes FROM notes",
    "SELECT row_to_json(n) FROM notes AS n",
    "SELECT 1 FROM notes WHERE body > '\\x00'",
    "SELECT id FROM notes ORDER BY body",
    "UPDATE notes SET case_tag = body",
    "UPDATE notes SET state = 'held' RETURNING body",
    "DELETE FROM notes RETURNING body",
    "INSERT INTO feedback SELECT encode(body, 'hex'), 1, 1 FROM notes",
    "CREATE TABLE copies AS SELECT * FROM notes",
    "CREATE TEMP TABLE copies AS SELECT * FROM notes",
    "CREATE INDEX ix_copy ON notes (body)",
    "CREATE VIEW seen_bodies AS SELECT body FROM notes",
    "SELECT body FROM attachments",
    "SELECT * FROM attachments",
    "UPDATE attachments SET sealed_handle = body",
    "COPY notes TO STDOUT",
    "COPY (SELECT body FROM notes) TO STDOUT",
    "ALTER TABLE notes RENAME COLUMN body TO plain",
    "ALTER TABLE notes DISABLE ROW LEVEL SECURITY",
    "DROP POLICY agencies ON notes",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$",
    "TRUNCATE notes",
    "SET ROLE integra_reader",
    "SET ROLE integra_owner",
    "SET SESSION AUTHORIZATION integra_test",
    "SELECT lo_import('/etc/hostname')",
    "COPY feedback FROM PROGRAM 'id'",
]


@pytest.mark.parametrize("statement", BODIES)
def test_t11_the_bots_login_is_refused(with_note: Store, addresses: Addresses, statement: str) -> None:
    assert tries(addresses.bot, statement) == NO_PRIVILEGE


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM notes",
        "SELECT state, flag_level FROM notes",
        "UPDATE notes SET body = NULL",
        "DELETE FROM receipts",
    ],
)
def test_the_bots_login_may_count_write_and_destroy(with_note: Store, addresses: Addresses, statement: str) -> None:
    assert tries(addresses.bot, statement) == ""


def test_who_reads_notes_may(with_note: Store, addresses: Addresses) -> None:
    assert tries(addresses.reader, "SELECT body FROM notes") == ""


def test_a_turn_of_the_bot_is_refused_a_body_and_one_of_a_reader_is_not(
    with_note: Store, installation: Installation
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        with_note.run_now(lambda tx: tx.db.scalar(select(notes.c.body)))
    reading = installation.store(reads_notes=True)
    assert reading.run_now(lambda tx: tx.db.scalar(select(notes.c.body)))
    reading.close()


def test_a_superusers_address_gives_the_assistant_no_more_than_its_role(
    with_note: Store, addresses: Addresses, keyring: Keyring
) -> None:
    everything = Addresses(addresses.owner, addresses.owner, addresses.owner)
    store = Store(open_postgres(everything), keyring)
    with pytest.raises(DBAPIError, match="permission denied"):
        store.run_now(lambda tx: tx.db.scalar(select(notes.c.body)))
    store.close()


# ---------------------------------------------------------------- the audit log


@pytest.mark.parametrize("role", ["bot", "reader"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET at = 0",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DROP TABLE audit",
        "DROP TRIGGER audit_is_in_order ON audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "ALTER TABLE audit DROP COLUMN hash",
        "SET session_replication_role = replica",
    ],
)
def test_no_role_of_ours_may_change_the_log(installation: Installation, addresses: Addresses, role: str,
                                            statement: str) -> None:  # fmt: skip
    assert tries(getattr(addresses, role), statement) == NO_PRIVILEGE


COPIED = "actor_kind, actor, action, agency_ref, about, outcome, sealed_reason, prev, hash FROM audit WHERE seq = 1"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET at = 0",
        "DELETE FROM audit WHERE seq = 1",
        "TRUNCATE audit",
        f"INSERT INTO audit SELECT 1, 0, {COPIED}",
        f"INSERT INTO audit SELECT 1000, 0, {COPIED}",
        f"INSERT INTO audit SELECT NULL, 0, {COPIED}",
    ],
)
def test_the_owner_too_is_refused_while_the_triggers_stand(installation: Installation, statement: str) -> None:
    before = past_the_walls(installation, "SELECT * FROM audit ORDER BY seq")
    assert before
    with pytest.raises(DBAPIError, match="only ever added to"):
        past_the_walls(installation, statement)
    assert past_the_walls(installation, "SELECT * FROM audit ORDER BY seq") == before


def test_t41_who_gets_past_the_triggers_is_found(installation: Installation, keyring: Keyring) -> None:
    past_the_walls(installation, "ALTER TABLE audit DISABLE TRIGGER ALL")
    past_the_walls(installation, "UPDATE audit SET action = 'note.kept' WHERE seq = 2")
    store = installation.store()
    verifier = Verifier(keyring.audit.public)
    with pytest.raises(AuditBroken) as found:
        deque(map(verifier.take, audit.lines(store)))
    assert (found.value.seq, found.value.why) == (2, "changed")
    store.close()


def test_entries_written_at_the_same_time_make_one_chain(store: Store, keyring: Keyring) -> None:
    def write(number: int) -> None:
        store.run_now(lambda tx: audit.record(tx, "people.listed", at=NOON, reason="operation", words=str(number)))

    before = store.run_now(audit.head)[0]
    with ThreadPoolExecutor(8) as many:
        list(many.map(write, range(40)))
    assert store.run_now(audit.head)[0] == before + 40
    assert [entry.entry.seq for entry in store.run_now(lambda tx: audit.listed(tx, at_most=40))] == list(
        range(before + 1, before + 41)
    )


# ---------------------------------------------------------------- agencies apart


@pytest.fixture
def two_agencies(store: Store, pins: Pins, officer: bytes) -> bytes:
    """A note here, a person there; the ref of there."""

    def turn(tx: Transaction) -> bytes:
        keep_note(tx, pins, 1, officer)
        other = add_agency(tx)
        people.add(tx, other, "coordinator", language="en", at=NOON)
        return other

    return store.run_now(turn)


def rows_seen(tx: Transaction) -> dict[str, int]:
    return {
        name: int(tx.db.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one())
        for name in WALLED
    }


def test_a_turn_sees_its_agencies_alone(store: Store, two_agencies: bytes, agency_ref: bytes) -> None:
    def seen(*walls: bytes) -> dict[str, int]:
        def turn(tx: Transaction) -> dict[str, int]:
            tx.wall(walls)
            return rows_seen(tx)

        return store.run_now(turn)

    everything = store.run_now(rows_seen)
    here, there = seen(agency_ref), seen(two_agencies)
    assert everything["notes"] == 1
    assert (here["notes"], there["notes"]) == (1, 0)
    assert there["memberships"] == 1
    assert here["memberships"] == everything["memberships"] - 1
    assert seen(agency_ref, two_agencies) == everything
    assert set(seen(bytes(16)).values()) == {0}
    assert set(seen().values()) == {0}


def test_a_wall_ends_with_its_turn(store: Store, two_agencies: bytes) -> None:
    for _ in range(8):  # more than there are connections
        store.run_now(lambda tx: tx.wall([two_agencies]))
        assert store.run_now(rows_seen)["notes"] == 1


def test_nothing_is_written_into_another_agency(store: Store, two_agencies: bytes, agency_ref: bytes) -> None:
    row = {"id": bytes(16), "reference": "AAAA-AAAA", "flag_level": 0, "hour": 0, "state": "held"}

    def turn(tx: Transaction, agency: bytes) -> None:
        tx.wall([two_agencies])
        tx.db.execute(insert(notes), {**row, "agency_ref": agency})

    with pytest.raises(DBAPIError, match="row-level security"):
        store.run_now(lambda tx: turn(tx, agency_ref))
    store.run_now(lambda tx: turn(tx, two_agencies))


def test_a_login_that_says_nothing_sees_nothing(with_note: Store, addresses: Addresses) -> None:
    for address in (addresses.bot, addresses.reader):
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_every_table_of_an_agencys_rows_is_walled(addresses: Addresses) -> None:
    query = "SELECT relname FROM pg_class WHERE relrowsecurity"
    with psycopg.connect(addresses.owner) as connection:
        assert {row[0] for row in connection.execute(query)} == set(WALLED)
    assert {"notes", "flags", "memberships", "cases", "plans", "attachments", "walks", "desks"} <= set(WALLED)


# ---------------------------------------------------------------- where it is


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("postgresql://u:p@db.example/integra", set(ROLES)),
        ("service=integra\n", set(ROLES)),
        ("bot = 'service=bot'\n", {"bot"}),
        ("bot = 'service=bot'\nreader = 'service=reader'\n# a word\nowner = 'host=/run/postgresql'\n",
         {"bot", "reader", "owner"}),
    ],
)  # fmt: skip
def test_an_address_file_is_read(tmp_path: Path, text: str, found: set[str]) -> None:
    path = tmp_path / "address"
    path.write_text(text)
    path.chmod(0o600)
    read = Addresses.read(path)
    assert {role for role in ROLES if getattr(read, role)} == found
    assert "p@db" not in repr(read)
    again = tmp_path / "again.toml"
    read.write(again)
    assert stat.S_IMODE(again.stat().st_mode) == 0o600
    assert Addresses.read(again) == read


@pytest.mark.parametrize(
    "text", ["", "secret-word", "bot = 7\n", "bot = 'secret-word'\n", "boot = 'service=x'\n", "bot = \n", "a\0b"]
)
def test_another_form_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    path = tmp_path / "address"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(BadInstallation) as refused:
        Addresses.read(path)
    assert "secret-word" not in str(refused.value)


def test_an_address_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "address"
    path.write_text("service=x")
    path.chmod(0o640)
    with pytest.raises(BadInstallation, match="chmod 600"):
        Addresses.read(path)


def test_a_role_without_an_address_says_what_to_do(addresses: Addresses, keyring: Keyring) -> None:
    with pytest.raises(BadInstallation, match="reader"):
        open_postgres(Addresses(bot=addresses.bot), reads_notes=True)


def test_a_server_that_is_away_is_busy(tmp_path: Path, keyring: Keyring) -> None:
    nowhere = Addresses(*[f"postgresql://integra@/integra?host={tmp_path}"] * 3)
    with pytest.raises(Busy, match="does not answer") as away:
        migrate_postgres(nowhere)
    assert away.value.why == "away"
    store = Store(open_postgres(nowhere), keyring)
    with pytest.raises(Busy):
        store.run_now(lambda tx: None)
    store.close()


# ---------------------------------------------------------------- schema


@pytest.fixture
def empty(server: Cluster) -> Addresses:
    return server.addresses(server.new_database())


def test_the_migrations_lead_to_the_schema_the_program_knows(empty: Addresses) -> None:
    migrate_postgres(empty)
    engine = create_engine(DIALECT, creator=lambda: psycopg.connect(empty.owner))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing_and_the_bots_address_is_enough_for_it(empty: Addresses) -> None:
    migrate_postgres(empty)
    migrate_postgres(empty)
    migrate_postgres(Addresses(bot=empty.bot))


def test_without_the_owners_address_a_schema_is_not_made(empty: Addresses) -> None:
    with pytest.raises(BadInstallation, match="owner"):
        migrate_postgres(Addresses(bot=empty.owner))


def test_several_at_once_make_one_schema(empty: Addresses) -> None:
    with ThreadPoolExecutor(4) as many:
        list(many.map(lambda _: migrate_postgres(empty), range(4)))
    migrate_postgres(empty)


def test_a_database_of_a_newer_program_is_refused_and_left_alone(installation: Installation) -> None:
    past_the_walls(installation, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongVersion, match="upgrade"):
        Installation.at(installation.folder)
    assert past_the_walls(installation, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_migration_that_fails_leaves_nothing(empty: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    made = op.create_table

    def fails(name: str, *columns: Any, **how: Any) -> Any:
        if name == leases.name:
            raise RuntimeError("the process ends here")
        return made(name, *columns, **how)

    monkeypatch.setattr(op, "create_table", fails)
    with pytest.raises(RuntimeError):
        migrate_postgres(empty)
    with psycopg.connect(empty.owner) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    monkeypatch.undo()
    migrate_postgres(empty)
