"""Open the database: its pragmas, its walls, its schema version."""

import sqlite3
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from storage.errors import WrongVersion
from storage.trouble import refusal

# secure_delete with a truncating checkpoint after purges leaves no residue in the file (measured; see docs/decisions).
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "busy_timeout=5000",
)


def open_database(path: Path, *, reads_notes: bool = False) -> Engine:
    """An engine on one SQLite file.

    Args:
        path: made when it is not there, readable by its owner alone.
        reads_notes: whether this connection may select sealed bodies. The bot's may not: it can write notes, count
            and delete them, and nothing else (SQLite authorizer). The sync process and the command line may. None
            of them may change the audit log, only add to it.

    Returns:
        An engine with one connection, usable from whichever thread holds the transaction. Transactions are begun by
        hand (``BEGIN IMMEDIATE``); see ``storage.store``.
    """
    if not path.exists():
        path.touch(mode=0o600)
    engine = create_engine(
        _address(path),
        hide_parameters=True,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: Any) -> None:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.set_authorizer(_adds_to_audit_only if reads_notes else _no_bodies)

    return engine


def look_into(path: Path) -> Engine:
    """An engine that only reads: it changes neither the file nor, where nobody has it open, anything beside it.

    What others write meanwhile is seen, as long as the log lies there when this is called.
    """
    logged = path.with_name(f"{path.name}-wal")
    way = {"mode": "ro"} if logged.exists() and logged.stat().st_size else {"immutable": "1"}
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=path.absolute().as_uri(), query={**way, "uri": "true"}),
        hide_parameters=True,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": 2.0},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        connection.set_authorizer(_no_bodies)

    return engine


def versions(connection: Connection) -> tuple[str | None, list[str]]:
    """The schema's version as it lies there, and those this program knows, newest first."""
    known = [script.revision for script in _scripts().walk_revisions()]
    return MigrationContext.configure(connection).get_current_revision(), known


def _address(path: Path) -> URL:
    """Not an f-string: a folder may be called ``a?b``."""
    return URL.create("sqlite+pysqlite", database=str(path))


def _adds_to_audit_only(action: int, table: str | None, column: str | None, *_: str | None) -> int:
    """For every connection but that of a migration: nothing of the audit log is changed, nor what guards it."""
    if action in (sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE, sqlite3.SQLITE_DROP_TABLE) and table == "audit":
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_DROP_TRIGGER and column == "audit":
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_ALTER_TABLE and column == "audit":
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and (table or "").lower() == "writable_schema":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _no_bodies(action: int, table: str | None, column: str | None, *_: str | None) -> int:
    if action == sqlite3.SQLITE_READ and table in ("notes", "attachments") and column == "body":
        return sqlite3.SQLITE_DENY
    if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
        return sqlite3.SQLITE_DENY
    # Under another name the column would be readable again.
    if action == sqlite3.SQLITE_ALTER_TABLE:
        return sqlite3.SQLITE_DENY
    return _adds_to_audit_only(action, table, column)


def migrate(path: Path) -> None:
    """Bring the schema to this program's version, in one transaction. Safe to repeat, also by several at once.

    Raises:
        WrongVersion: the database is of a newer program.
        Busy, Damaged: it cannot be used; it is as it was before.
    """
    if not path.exists():
        path.touch(mode=0o600)
    # isolation_level=None: or pysqlite commits each table by itself, and half a schema outlives a crash
    engine = create_engine(
        _address(path), hide_parameters=True, poolclass=NullPool, connect_args={"isolation_level": None}
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            if _is_current(connection):
                return
            connection.rollback()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if not _is_current(connection):  # another process may have been quicker
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            connection.commit()
    except DBAPIError as failed:
        raise refusal(failed) from None
    finally:
        engine.dispose()


def _is_current(connection: Connection) -> bool:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise WrongVersion("this database was written by a newer version of the program; upgrade it")
    return found == _scripts().get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("storage") / "migrations"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
