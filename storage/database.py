"""Open the database: its pragmas, its walls, its schema version."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import URL, Connection, Engine, Integer, Table, create_engine, event, func, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from storage.errors import Busy, WrongVersion
from storage.schema import metadata
from storage.serving import RIGHTS, Right
from storage.sync_rights import authorize
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

UPGRADE_WAIT = 30.0
"""Seconds for which a program that starts waits for another one that upgrades the same file."""

NEWER = "this database was written by a newer version of the program; upgrade the program"


def open_database(path: Path, *, reads_notes: bool = False, serves: bool = False, delivers: bool = False) -> Engine:
    """An engine on one SQLite file.

    Args:
        path: made when it is not there, readable by its owner alone.
        reads_notes: whether this connection may select sealed bodies. The bot's may not: it can write notes, count
            and delete them, and nothing else (SQLite authorizer). The command line may. None of them may change the
            audit log, only add to it.
        serves: as the page's server, which sees the tables of ``storage.serving`` and no others.
        delivers: this is the sync process's: see ``storage.sync_rights``.

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
        rights = _serves if serves else authorize if delivers else _adds_to_audit_only if reads_notes else _no_bodies
        connection.set_authorizer(rights)

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
    return stored_revision(connection), list(reversed(revisions_known()))


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
    if action == sqlite3.SQLITE_READ and table in ("notes", "attachments", "flag_steps") and column == "body":
        return sqlite3.SQLITE_DENY
    if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
        return sqlite3.SQLITE_DENY
    # Under another name the column would be readable again.
    if action == sqlite3.SQLITE_ALTER_TABLE:
        return sqlite3.SQLITE_DENY
    return _adds_to_audit_only(action, table, column)


_DONE: dict[int, Right] = {
    sqlite3.SQLITE_READ: "SELECT",
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_UPDATE: "UPDATE",
    sqlite3.SQLITE_DELETE: "DELETE",
}
_CHANGES_SCHEMA = frozenset(
    getattr(sqlite3, f"SQLITE_{what}")
    for what in (
        "ALTER_TABLE", "ATTACH", "DETACH", "CREATE_TABLE", "CREATE_VIEW", "CREATE_TRIGGER", "CREATE_INDEX",
        "CREATE_TEMP_TABLE", "CREATE_TEMP_VIEW", "CREATE_TEMP_TRIGGER", "CREATE_TEMP_INDEX", "DROP_TABLE",
        "DROP_VIEW", "DROP_TRIGGER", "DROP_INDEX",
    )
)  # fmt: skip


def _serves(action: int, table: str | None, column: str | None, *_: str | None) -> int:
    if action in _CHANGES_SCHEMA:
        return sqlite3.SQLITE_DENY
    right = _DONE.get(action)
    if right is not None and table is not None and table in metadata.tables and right not in RIGHTS.get(table, ()):
        return sqlite3.SQLITE_DENY
    return _adds_to_audit_only(action, table, column)


def empty_log(connection: Connection) -> bool:
    """Write SQLite's log into the file and empty it, without waiting for whoever reads (a backup): what was deleted is
    overwritten in the file only then (measured: secure_delete alone leaves it in the log).

    Returns:
        False: somebody reads it; try again later.
    """
    busy = True
    with contextlib.suppress(DBAPIError):
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            busy = bool(connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0])
        finally:
            connection.exec_driver_sql("PRAGMA busy_timeout=5000")  # as in PRAGMAS
    with contextlib.suppress(DBAPIError):
        connection.rollback()
    return not busy


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is at the first question, whatever others write meanwhile.

    It may read sealed bodies where the engine may. Nobody waits for it: in SQLite readers hold up no writer, and the
    store empties its log later where one is reading.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            may_stand_still(connection)
        else:
            connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("ROLLBACK")
            connection.rollback()


def may_stand_still(connection: Connection) -> None:
    """PostgreSQL: this transaction, for ten minutes between two statements. For who copies everything: a slow disk
    takes long over a hundred MB, and nobody waits for what is only read, or for a database that nobody uses yet."""
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '10min'")


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A connection inside one transaction that writes; committed at the end, and not where the block raises."""
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        finally:
            connection.rollback()


def raise_counters(connection: Connection, tables: Iterable[Table]) -> None:
    """After rows were put in with their numbers: new rows get greater ones. SQLite sees to that by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        keys = list(table.primary_key.columns)
        if len(keys) == 1 and isinstance(keys[0].type, Integer):
            counter = func.pg_get_serial_sequence(table.name, keys[0].name)
            greatest = func.max(keys[0])
            connection.execute(select(func.setval(counter, func.coalesce(greatest, 1), greatest.is_not(None))))


def migrate(path: Path, *, to: str = "head") -> None:
    """Bring the schema to this program's version, in one transaction. Safe to repeat, also by several at once: where
    another program holds the file, it is tried again for ``UPGRADE_WAIT`` seconds.

    Args:
        to: an earlier revision, for a new file alone.

    Raises:
        WrongVersion: the database, or ``to``, is of a newer program.
        Busy, Damaged: it cannot be used; it is as it was before.
    """
    if to != "head" and to not in revisions_known():
        raise WrongVersion(NEWER)
    if not path.exists():
        path.touch(mode=0o600)
    until = monotonic() + UPGRADE_WAIT
    while True:
        try:
            _migrate_once(path, to)
            return
        except DBAPIError as failed:
            refused = refusal(failed)
        # SQLite's own wait does not hold where two switch a new file to its log: one of them is refused at once.
        if not (isinstance(refused, Busy) and refused.why == "locked" and monotonic() < until):
            raise refused
        sleep(0.05)


def _migrate_once(path: Path, to: str) -> None:
    # isolation_level=None: or pysqlite commits each table by itself, and half a schema outlives a crash
    engine = create_engine(
        _address(path), hide_parameters=True, poolclass=NullPool, connect_args={"isolation_level": None}
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            if is_current(connection):
                return
            connection.rollback()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if not is_current(connection):  # another process may have been quicker
                run_migrations(connection, to)
            connection.commit()
    finally:
        engine.dispose()


def revisions(path: Path) -> tuple[str | None, str]:
    """The schema's revision, None where there is none, and this program's; nothing is changed.

    Raises:
        WrongVersion: the database is of a newer program.
    """
    engine = create_engine(_address(path), hide_parameters=True, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return known_revision(connection), newest_revision()
    finally:
        engine.dispose()


def is_current(connection: Connection) -> bool:
    """Whether the schema is this program's.

    Raises:
        WrongVersion: it is of a newer program.
    """
    return known_revision(connection) == newest_revision()


def newest_revision() -> str:
    """This program's."""
    return revisions_known()[-1]


def known_revision(connection: Connection) -> str | None:
    """The schema's, None where there is none.

    Raises:
        WrongVersion: it is of a newer program.
    """
    found = stored_revision(connection)
    if found is not None and found not in revisions_known():
        raise WrongVersion(NEWER)
    return found


def stored_revision(connection: Connection) -> str | None:
    """The same, of whatever program it is."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


@cache
def revisions_known() -> tuple[str, ...]:
    """This program's, the first first; files of migrations are named after them."""
    files = (resources.files("storage") / "migrations" / "versions").iterdir()
    return tuple(sorted(file.name[:4] for file in files if file.name[:4].isdecimal() and file.name.endswith(".py")))


def run_migrations(connection: Connection, to: str = "head") -> None:
    """In the connection's transaction; the caller commits."""
    from alembic import command  # 12 MB and a quarter of a second, and nearly no start needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("storage") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
