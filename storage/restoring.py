"""A new database from a backup's dump: loaded as what it was, then brought to this program's schema."""

from collections.abc import Callable
from pathlib import Path

from storage import copying
from storage.copying import Read, Summary
from storage.database import alone, migrate, open_database


def fill(path: Path, read: Read, *, progress: Callable[[int], None] = lambda rows: None) -> Summary:
    """Make a database and put a dump into it.

    Raises:
        CopyBroken: the dump is not whole.
        WrongVersion: it is of a newer program.
    """
    revision = copying.stream_revision(read)
    migrate(path, to=revision)
    engine = open_database(path, reads_notes=True)
    try:
        with alone(engine) as connection:
            summary = copying.load_rows(connection, revision, read, progress=progress)
    finally:
        engine.dispose()
    migrate(path)
    return summary
