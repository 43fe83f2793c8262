"""What the server's process may touch, and what not: on a file by SQLite's authorizer, on a server by its role."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from bot_site import Site
from sqlalchemy.exc import DBAPIError

from storage.schema import metadata
from storage.serving import RIGHTS
from storage.store import Store

ROOT = Path(__file__).parents[3]

HIDDEN = sorted(set(metadata.tables) - set(RIGHTS))


@pytest.fixture
def store(site: Site) -> Iterator[Store]:
    found = site.trial.installation.store(serves=True)
    yield found
    found.close()


def refused(store: Store, statement: str) -> bool:
    try:
        store.run_now(lambda tx: tx.db.exec_driver_sql(statement))
    except DBAPIError:
        return True
    return False


@pytest.mark.parametrize("table", HIDDEN)
def test_t11_what_is_none_of_its_business_is_not_seen(store: Store, table: str) -> None:
    assert refused(store, f"SELECT * FROM {table}")
    assert refused(store, f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people SET revoked_at = NULL",
        "DELETE FROM notes",
        "DELETE FROM receipts",
        "UPDATE desks SET version = 9",
        "INSERT INTO memberships SELECT * FROM memberships",
        "UPDATE audit SET at = 0",
        "DELETE FROM audit",
        "UPDATE outbox SET dead = 'x'",
        "DELETE FROM flags",
        "CREATE TABLE copies AS SELECT * FROM notes",
        "DROP TABLE page_links",
        "ALTER TABLE conversations RENAME TO attachments2",
    ],
)
def test_t11_it_changes_only_what_it_must(store: Store, statement: str) -> None:
    assert refused(store, statement)


def test_it_may_select_sealed_bodies(store: Store) -> None:
    assert not refused(store, "SELECT body FROM notes")
    assert not refused(store, "SELECT body FROM attachments")


@pytest.mark.postgres
@pytest.mark.parametrize("statement", ["SET ROLE integra_bot", "SET ROLE integra_reader", "SET ROLE integra_owner"])
def test_t11_its_login_becomes_no_other_role(site: Site, statement: str) -> None:
    addresses = site.trial.installation.whereabouts.server
    assert addresses is not None
    with psycopg.connect(addresses.server) as there, pytest.raises(psycopg.errors.InsufficientPrivilege):
        there.execute(statement)  # type: ignore[arg-type]


def test_t08_the_server_cannot_reach_what_opens_notes() -> None:
    """Nothing that `integra serve` imports knows how to open a note."""
    code = (
        "import sys; from bot.cli import commands; commands(['serve', '--data', 'here']);"
        "assert 'bot.commands.serve' in sys.modules; assert 'bot.serve.notes_out' in sys.modules;"
        "sys.exit(any(name in sys.modules for name in"
        " ('storage.sealing.opening', 'storage.sealing.rewrap', 'storage.sealing.opening_attachment', 'storage.opened',"
        " 'storage.opened_attachments', 'storage.rewrapping', 'storage.sync')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
