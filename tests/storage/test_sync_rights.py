"""The sync process's connection reads sealed notes and writes deliveries, and nothing else, on either engine."""

import pytest
from sqlalchemy import text

from bot.installation import Installation
from storage.schema import metadata
from storage.sync_rights import ADDS, CHANGES, READS

CLOSED = sorted({table.name for table in metadata.sorted_tables} - READS.keys())


@pytest.fixture
def refused(installation: Installation) -> object:
    store = installation.sync_store()

    def is_refused(statement: str) -> bool:
        try:
            store.run_now(lambda tx: tx.db.execute(text(statement)).close())
        except Exception as error:
            return any(word in str(error) for word in ("prohibited", "not authorized", "denied", "must be owner"))
        return False

    yield is_refused
    store.close()


def test_there_is_much_that_it_has_no_business_with() -> None:
    assert {"people", "conversations", "outbox", "addresses", "receipts", "cases", "walks", "traces"} <= set(CLOSED)


def test_it_reads_nobodys_names_chats_or_messages(refused) -> None:  # type: ignore[no-untyped-def]
    for name in CLOSED:
        assert refused(f"SELECT * FROM {name}"), name
        assert refused(f"DELETE FROM {name}"), name
    assert refused("SELECT sealed_profile FROM agencies")
    assert refused("SELECT sealed_handle FROM attachments")


def test_it_reads_and_writes_what_it_delivers(refused) -> None:  # type: ignore[no-untyped-def]
    for name, columns in READS.items():
        assert not refused(f"SELECT {', '.join(columns) or '*'} FROM {name}"), name
    assert not refused("UPDATE notes SET state = state")
    assert not refused("UPDATE deliveries SET state = state")


def test_it_changes_no_note_and_nothing_of_the_log(refused) -> None:  # type: ignore[no-untyped-def]
    for statement in (
        "UPDATE notes SET body = NULL",
        "UPDATE notes SET agency_ref = id",
        "DELETE FROM notes",
        "DELETE FROM deliveries",
        "DELETE FROM audit",
        "UPDATE audit SET at = 0",
        "UPDATE desks SET version = 9",
        "DROP TABLE notes",
        "INSERT INTO notes (id) VALUES (NULL)",
    ):
        assert refused(statement), statement


def test_the_lists_name_tables_and_columns_that_there_are() -> None:
    tables = {table.name: set(table.c.keys()) for table in metadata.sorted_tables} | {"alembic_version": set()}
    for name, columns in (READS | CHANGES).items():
        assert set(columns) <= tables[name], name
    assert set(ADDS) <= tables.keys()
