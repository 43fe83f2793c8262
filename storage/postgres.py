"""PostgreSQL in place of the file: its address, its roles, its walls, its schema version.

Five roles, made here, none of which can log in by itself; a login is a member of one:

    integra_owner    the tables are its own; changes the schema, nothing else is done with it
    integra_bot      the assistant: writes notes, and cannot select the body of one
    integra_reader   the commands: read sealed bodies too; like the bot's role it only adds to the audit log
    integra_server   the page's server: gives out sealed bodies and takes sealed notes; sees the tables of
                     ``storage.serving`` and no others
    integra_sync     the process that delivers to case systems: sealed bodies and deliveries, nobody's names, chats or
                     messages (storage/sync_rights.py)

Row-level security is a second line behind the assistant's own rules: a turn sees the rows of the agencies that its
person has to do with. Which these are stands in the setting ``integra.agencies`` of the transaction (refs in hex, or
``*`` for work that belongs to no person); where nothing is set, nothing is seen.
"""

import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from storage import sync_rights
from storage.database import is_current, known_revision, may_stand_still, run_migrations
from storage.errors import BadInstallation
from storage.lock import BEING_CHANGED, IN_USE
from storage.schema import metadata
from storage.serving import RIGHTS
from storage.trouble import refusal

if TYPE_CHECKING:
    import psycopg

# psycopg is imported where it is used: 10 MB that an installation on a file does not need.

FILE: Final = "database.toml"
DIALECT: Final = "postgresql+psycopg://"
Role = Literal["bot", "reader", "server", "sync", "owner"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
MEMBERS: Final = "integra_bot, integra_reader, integra_server, integra_sync"
"""Those that work with the tables, each with rights of its own."""

IDLE_S: Final = 15
"""A process that stands still inside a turn (stopped, swapped out, cut off) keeps what the turn locks: its chat, and
the audit log's chain, which others wait for. Only pauses between two statements count, and a process that lives makes
none of more than a second or two: what takes long (drawing, fetching, keys with a passphrase) is done outside. Shorter
than a lease lasts: whoever takes over what it sent or polled finds nothing locked."""
OPTIONS: Final = (
    "-c integra.agencies=*"
    " -c lock_timeout=5s"
    " -c statement_timeout=60s"
    f" -c idle_in_transaction_session_timeout={IDLE_S}s"
    " -c timezone=UTC"
)
CONNECT_S: Final = 10
AT_A_TIME: Final = 4
"""Transactions of one process at the same time."""
KEYS: Final = 0x696E7465
"""Advisory lock: shared by whoever works with the keys, held alone by whoever changes them."""
KEYS_WAIT_MS: Final = 1_000
SCHEMA: Final = 0x696E7466
"""Advisory lock of whoever changes the schema."""
NO_BODIES: Final = ("notes", "attachments", "flag_steps")
WALLED: Final = tuple(
    table.name for table in metadata.sorted_tables if "agency_ref" in table.c and table.name != "audit"
)
"""Tables whose rows belong to an agency. Not the audit log: every turn has to know where its one chain ends."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the database is, for each role: a libpq URI, or ``service=NAME`` of a service file.

    Attributes:
        bot, reader, server, sync, owner: empty: this machine has no access as that role.
    """

    bot: str = field(default="", repr=False)
    reader: str = field(default="", repr=False)
    sync: str = field(default="", repr=False)
    owner: str = field(default="", repr=False)
    server: str = field(default="", repr=False)

    @classmethod
    def read(cls, path: Path) -> "Addresses":
        """
        Args:
            path: an owner-only file: TOML with ``bot``, ``reader``, ``server``, ``sync``, ``owner``; or one line, an
                address for all of them.

        Raises:
            BadInstallation: it is not there, open to others, or in another form. Nothing of it is repeated.
        """
        try:
            mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise BadInstallation(f"{path} cannot be read: it holds the address of the database") from None
        if stat.S_IMODE(mode) & 0o077:
            raise BadInstallation(f"{path} is open to others and may hold a password; run: chmod 600 {path}")
        if "\n" not in text and _is_address(text):
            return cls(**dict.fromkeys(ROLES, text))
        try:
            fields = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            fields = {}
        if not fields or set(fields) - set(ROLES) or not all(_is_address(value) for value in fields.values()):
            raise BadInstallation(
                f'{path}: one line with an address (postgresql://… or service=NAME), or lines like bot = "…",'
                ' reader = "…", server = "…", sync = "…", owner = "…"'
            )
        return cls(**fields)

    def write(self, path: Path) -> None:
        """Into a new owner-only file."""
        text = "".join(f"{role} = '{getattr(self, role)}'\n" for role in ROLES if getattr(self, role))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)

    def of(self, role: Role) -> str:
        """
        Raises:
            BadInstallation: none is given for this role.
        """
        address: str = getattr(self, role)
        if not address:
            raise BadInstallation(
                f'{FILE} has no address for the role "{role}" on this machine; add it, or go where it is'
            )
        return address


def _is_address(text: Any) -> bool:
    import psycopg

    if not isinstance(text, str) or not text or "'" in text:
        return False
    try:
        return bool(psycopg.conninfo.conninfo_to_dict(text))
    except psycopg.ProgrammingError:
        return False


def open_postgres(
    addresses: Addresses,
    *,
    reads_notes: bool = False,
    serves: bool = False,
    delivers: bool = False,
    alone: bool = False,
) -> Engine:
    """An engine on a PostgreSQL database.

    Args:
        reads_notes: as the role that may select sealed bodies; otherwise as the bot's, which may not.
        serves: as the role of the page's server.
        delivers: as the sync process's.
        alone: one connection, and only if nobody else has any; until it ends nobody can have another.

    Raises (from ``connect``):
        BadInstallation: the server is on another machine and the connection is not encrypted; somebody changes the
            keys, or with ``alone`` somebody is connected.
    """
    role: Role = "server" if serves else "sync" if delivers else "reader" if reads_notes else "bot"
    address = addresses.of(role)

    from psycopg import sql
    from psycopg.errors import LockNotAvailable

    def connect() -> "psycopg.Connection[Any]":
        connection = _connected(address)
        try:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(f"integra_{role}")))
            # Whoever had it may be gone, and the server not know it yet.
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(KEYS_WAIT_MS)))
            lock = "pg_advisory_lock" if alone else "pg_advisory_lock_shared"
            connection.execute(sql.SQL("SELECT {}(%s)").format(sql.Identifier(lock)), (KEYS,))
            connection.commit()
        except LockNotAvailable:
            connection.close()
            raise BadInstallation(IN_USE if alone else BEING_CHANGED) from None
        except BaseException:
            connection.close()
            raise
        return connection

    return create_engine(
        DIALECT,
        creator=connect,
        hide_parameters=True,
        pool_size=1 if alone else AT_A_TIME,
        max_overflow=0,
    )


def _connected(address: str) -> "psycopg.Connection[Any]":
    """
    Raises:
        psycopg.OperationalError: it is away.
        BadInstallation: see ``open_postgres``.
    """
    import psycopg

    given = psycopg.conninfo.conninfo_to_dict(address)
    options = f"{given.get('options', '')} {OPTIONS}".strip()
    connection: psycopg.Connection[Any] = psycopg.connect(
        address,
        options=options,
        connect_timeout=given.get("connect_timeout", CONNECT_S),
        application_name="integra",
        keepalives_idle=30,
        tcp_user_timeout=30_000,
    )
    if not connection.pgconn.ssl_in_use and not _is_here(connection.info.host):
        connection.close()
        raise BadInstallation("the database is on another machine: add sslmode=verify-full to its address")
    return connection


def _is_here(host: str) -> bool:
    """A socket of this machine, or its loopback."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# ---------------------------------------------------------------- schema


def revision_of(addresses: Addresses) -> str | None:
    """The schema's revision, None where there is none.

    Raises:
        WrongVersion: it is of a newer program.
        Busy: the server is away.
    """
    with _one_connection(addresses.bot or addresses.reader or addresses.sync or addresses.owner) as connection:
        return known_revision(connection)


def migrate_postgres(addresses: Addresses, *, to: str = "head") -> None:
    """Bring the schema to this program's version, roles and walls with it, in one transaction. Safe to repeat, also by
    several at once.

    Raises:
        WrongVersion: the database is of a newer program.
        BadInstallation: the schema has to be changed, and this machine has no address of the owner.
        Busy: the server is away.
    """
    with _one_connection(addresses.owner or addresses.bot or addresses.reader or addresses.sync) as connection:
        if is_current(connection):
            return
        addresses.of("owner")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (SCHEMA,))
        if not is_current(connection):  # another process may have been quicker
            _make_roles(connection)
            connection.exec_driver_sql("SET ROLE integra_owner")
            run_migrations(connection, to)
            for statement in walls():
                connection.exec_driver_sql(statement)
        connection.commit()


@contextmanager
def _one_connection(address: str) -> Iterator[Connection]:
    engine = create_engine(DIALECT, creator=lambda: _connected(address), hide_parameters=True, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as failed:
        raise refusal(failed) from None
    finally:
        engine.dispose()


def _make_roles(connection: Connection) -> None:
    there = set(connection.exec_driver_sql("SELECT rolname FROM pg_roles").scalars())
    for role in ROLES:
        if f"integra_{role}" not in there:
            connection.exec_driver_sql(f"CREATE ROLE integra_{role} NOLOGIN NOINHERIT")
    me, database, may = connection.exec_driver_sql(
        "SELECT current_user, current_database(), pg_has_role(current_user, 'integra_owner', 'MEMBER')"
    ).one()
    quote = connection.dialect.identifier_preparer.quote
    if not may:
        connection.exec_driver_sql(f"GRANT integra_owner TO {quote(me)}")
    connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {quote(database)} FROM PUBLIC")
    connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {quote(database)} TO integra_owner, {MEMBERS}")
    connection.exec_driver_sql("GRANT USAGE, CREATE ON SCHEMA public TO integra_owner")
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {MEMBERS}")
    connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


@contextmanager
def owned(addresses: Addresses) -> Iterator[Connection]:
    """A connection in a transaction as the owner of the tables, past the walls; commits when the block ends well.

    Raises:
        BadInstallation: this machine has no address of the owner.
        Busy: the server is away.
    """
    with _one_connection(addresses.of("owner")) as connection:
        connection.exec_driver_sql("SET ROLE integra_owner")
        may_stand_still(connection)
        yield connection
        connection.commit()


def empty(addresses: Addresses) -> None:
    """Drop all that the program ever made in this database, and make it anew."""
    with _one_connection(addresses.of("owner")) as connection:
        connection.exec_driver_sql("DROP OWNED BY integra_owner CASCADE")
        connection.commit()
    migrate_postgres(addresses)


def walls() -> list[str]:
    """The statements that say what each role may do, for the tables of this version. Safe to repeat."""
    done = [
        """
        CREATE OR REPLACE FUNCTION integra_sees(agency bytea) RETURNS boolean LANGUAGE sql STABLE AS $$
            SELECT current_setting('integra.agencies', true) = '*'
                OR position(encode(agency, 'hex') IN coalesce(current_setting('integra.agencies', true), '')) > 0
        $$
        """,
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {MEMBERS}",
        "GRANT SELECT ON alembic_version TO integra_bot, integra_reader, integra_server",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {MEMBERS}",
        *sync_rights.grants("integra_sync"),
    ]
    for table in metadata.sorted_tables:
        rights = "INSERT" if table.name == "audit" else "INSERT, UPDATE, DELETE"
        done.append(f"GRANT {rights} ON {table.name} TO integra_bot, integra_reader")
        done.append(f"GRANT SELECT ON {table.name} TO integra_reader")
        readable = ", ".join(
            column.name for column in table.c if not (table.name in NO_BODIES and column.name == "body")
        )
        done.append(f"GRANT SELECT ({readable}) ON {table.name} TO integra_bot")
    for name, allowed in RIGHTS.items():
        done.append(f"GRANT {', '.join(allowed)} ON {name} TO integra_server")
    for name in WALLED:
        done.append(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        done.append(f"DROP POLICY IF EXISTS agencies ON {name}")
        done.append(
            f"CREATE POLICY agencies ON {name} TO {MEMBERS}"
            " USING (integra_sees(agency_ref)) WITH CHECK (integra_sees(agency_ref))"
        )
    return done
