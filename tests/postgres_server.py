"""A private PostgreSQL cluster for tests: its own files, its own socket, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psycopg

from bot.installation import Installation
from storage.postgres import Addresses

NOBODY = ("postgres", "nobody")
"""Who it runs as where the tests run as root: the server refuses to be root's."""
MEMORY = Path("/dev/shm")
ROOM = 2**31
SETTINGS = {
    "fsync": "off",  # unless a test asks for more; nothing here outlives the machine
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "''",
    "max_connections": "200",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "log_min_messages": "info",
    "shared_buffers": "64MB",
    "deadlock_timeout": "200ms",
    "lc_messages": "'C'",
}


@cache
def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, newest version first, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: int(one.parts[-3]))
    if found:
        return found[-1].parent
    there = shutil.which("postgres")
    return Path(there).resolve().parent if there else None


class Cluster:
    """Running, with a superuser ``integra_test`` who needs no password at its socket."""

    def __init__(self, folder: Path, *, durable: bool = False, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._durable = durable
        self._environment = environment or {}
        self._server: subprocess.Popen[bytes] | None = None
        self._count = 0

    def make(self) -> None:
        if os.geteuid() == 0:
            user = pwd.getpwnam(next(name for name in NOBODY if _is_user(name)))
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "--pgdata", str(self.data), "--username=integra_test", "--auth=trust",
                  "--encoding=UTF8", "--locale=C", "--no-sync")  # fmt: skip
        settings = {**SETTINGS, **({"fsync": "on", "synchronous_commit": "on"} if self._durable else {})}
        lines = [f"{name} = {value}" for name, value in settings.items()]
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join([*lines, f"unix_socket_directories = '{self.folder}'", ""]))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        self._run(
            "pg_ctl", "--pgdata", str(self.data), "--wait", "--silent", "--log", str(self.folder / "log"), "start"
        )

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "--pgdata", str(self.data), "--wait", "--silent", "--mode", mode, "stop")

    def address(self, database: str, user: str = "integra_test") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def new_database(self, template: str = "template0") -> str:
        """Its name; the template must have nobody in it."""
        self._count += 1
        name = f"integra_{self._count}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            # A third of the time of the usual way, for databases as small as ours.
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # type: ignore[arg-type]  # our own name
        return name

    def drop(self, database: str) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")  # type: ignore[arg-type]

    def files_of(self, installation: Installation) -> list[Path]:
        """Where the tables of an installation's database lie."""
        server = installation.whereabouts.server
        assert server is not None
        with psycopg.connect(server.owner) as connection:
            (oid,) = connection.execute(
                "SELECT oid FROM pg_database WHERE datname = current_database()"
            ).fetchone() or (0,)
        return [path for path in (self.data / "base" / str(oid)).iterdir() if path.is_file()]

    def addresses(self, database: str) -> Addresses:
        """One for each role; but for the owner's those of a login that is a member of that role alone."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role in ("bot", "reader", "server", "sync", "owner"):
                if f"integra_{role}" not in there:
                    connection.execute(f"CREATE ROLE integra_{role} NOLOGIN")  # type: ignore[arg-type]
                if f"test_{role}" not in there:
                    connection.execute(f"CREATE ROLE test_{role} LOGIN IN ROLE integra_{role}")  # type: ignore[arg-type]
        return Addresses(
            bot=self.address(database, "test_bot"),
            reader=self.address(database, "test_reader"),
            sync=self.address(database, "test_sync"),
            owner=self.address(database),
            server=self.address(database, "test_server"),
        )

    def _run(self, program: str, *arguments: str) -> None:
        found = programs()
        assert found is not None
        user = next((name for name in NOBODY if _is_user(name)), None) if os.geteuid() == 0 else None
        # Not to a pipe: the server inherits it, and whoever reads to its end would wait for the server.
        with (self.folder.parent / f"{self.folder.name}.out").open("ab") as out:
            subprocess.run(
                [str(found / program), *arguments],
                check=True,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", **self._environment},
            )


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _memory() -> Path | None:
    """A folder in memory with room for what tests write; making a database there takes half the time."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return None
    return MEMORY if free >= ROOM and os.access(MEMORY, os.W_OK) else None


@contextmanager
def cluster(*, durable: bool = False, environment: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """
    Args:
        durable: every commit is synced.
        environment: of the server, besides what it needs.
    """
    # Not below pytest's own folder, which only its owner may enter; and a socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="integra-pg-", dir=None if durable else _memory()))
    made = Cluster(folder, durable=durable, environment=environment)
    try:
        made.make()
        made.start()
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_name(f"{folder.name}.out").unlink(missing_ok=True)
