"""Move an installation's database from its file to a PostgreSQL server: a copy, checked row by row, then the switch.

    1  the copy goes over in one transaction
    2  the server's digests are compared with the file's
    3  the data folder says where the database is now (``database.toml``)
    4  the file gets another name, and stays until somebody deletes it

Whatever interrupts it, the database is in one place or the other and whole there; run again, it finishes.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from storage import copying, lock, postgres
from storage.copying import Summary
from storage.database import migrate, open_database, snapshot
from storage.errors import BadInstallation, CopyBroken
from storage.postgres import Addresses
from storage.whereabouts import Whereabouts

MOVED: Final = "integra.db.moved"
NEEDED: Final = ("bot", "reader", "owner")
"""The roles without which an installation does not run; the page's server and the sync process may be elsewhere."""
Progress = Callable[[int, int], None]
"""Hears how many rows are over, of how many."""


def relocate(
    folder: Path, server: Addresses, *, replace: bool = False, progress: Progress = lambda done, total: None
) -> Summary:
    """
    Args:
        folder: the data folder; nobody else uses it meanwhile.
        server: with an address for each role that is needed; the owner's is used.
        replace: empty the server's database first, should it hold something else (an earlier copy).

    Returns:
        What lies on the server, with its counts and digests.

    Raises:
        BadInstallation: somebody uses the installation; the database is elsewhere already; the server's holds other
            rows; an address is missing.
        CopyBroken: what arrived is not what was sent; nothing is switched.
        Busy: the server is away.
    """
    for role in NEEDED:
        server.of(role)
    with lock.alone(folder):
        now = Whereabouts(folder)
        if (there := now.server) is not None:
            if there != server:
                raise BadInstallation("the database is on another server already; move it there with pg_dump")
            return _leave_file(now, _digest(server))
        if not now.file.exists():
            raise BadInstallation(f"there is no database in {folder}")
        migrate(now.file)
        postgres.migrate_postgres(server)
        summary = _copied(now.file, server, replace, progress)
        now.move(server)
        return _leave_file(now, summary)


def _copied(file: Path, server: Addresses, replace: bool, progress: Progress) -> Summary:
    engine = open_database(file, reads_notes=True)
    try:
        with snapshot(engine) as source:
            there = _digest(server)
            if there.rows:
                if there == copying.digest(source):
                    return there  # an earlier run came so far
                if not replace:
                    raise BadInstallation(
                        "the server's database holds other rows: an earlier copy, or another installation. Name an"
                        " empty one; or, when you are sure, have it emptied first: --replace"
                    )
                postgres.empty(server)
            total = copying.count(source)
            with postgres.owned(server) as target, _streamed(partial(_dump, file)) as read:
                summary = copying.load(target, read, progress=lambda rows: progress(rows, total))
                if summary != copying.digest(source):
                    raise CopyBroken("the file changed meanwhile")
                return summary
    finally:
        engine.dispose()


def _dump(file: Path, write: Callable[[bytes], object]) -> None:
    """Over a connection of its own."""
    engine = open_database(file, reads_notes=True)
    try:
        with snapshot(engine) as source:
            copying.dump(source, write)
    finally:
        engine.dispose()


@contextmanager
def _streamed(dump: Callable[[Callable[[bytes], object]], object]) -> Iterator[Callable[[int], bytes]]:
    """What ``dump`` writes, to be read; it runs in a thread, no faster than it is read."""
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reading:

        def write() -> None:
            # Whoever reads finds that it ends too early, or has given up already and says why.
            with suppress(Exception), os.fdopen(into, "wb", buffering=1 << 20) as writing:
                dump(writing.write)

        thread = threading.Thread(target=write, name="dump")
        thread.start()
        try:
            yield reading.read
        finally:
            reading.close()
            thread.join()


def _digest(server: Addresses) -> Summary:
    with postgres.owned(server) as target:
        return copying.digest(target)


def _leave_file(now: Whereabouts, summary: Summary) -> Summary:
    for beside in ("-wal", "-shm", ""):
        file = now.folder / f"{now.file.name}{beside}"
        if file.exists():
            os.replace(file, now.folder / f"{MOVED}{beside}")
    return summary
