"""The whole database as one stream of bytes, the same from every engine, and back into an empty one.

    dump(connection, write)   all tables, in the order in which their rows may be put back
    load(connection, read)    the reverse; checks each table as it comes
    digest(connection)        what a dump would count and hash, without writing it

Tables are taken as they stand in the database, not as this program knows them: so an older one can be loaded as what it
was, and be migrated then. docs/formats/backup.md has the bytes. Memory does not grow with the number of rows.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, MetaData, String, Table, func, insert, select

from storage.database import raise_counters, stored_revision
from storage.errors import CopyBroken

Write = Callable[[bytes], object]
Read = Callable[[int], bytes]
"""Gives exactly so many bytes, or fewer where the stream ends."""

MAGIC: Final = b"INTEGRA COPY 1\n"
NOT_COPIED: Final = "alembic_version"
TABLE, ROW, END, DONE = b"T", b"R", b"E", b"."
NOTHING, NUMBER, TEXT, BYTES = b"n", b"i", b"t", b"b"
MOST_VALUE_BYTES: Final = 512 * 1024 * 1024
"""A batch for a case system, the largest thing there is, has some 100 MB."""
MOST_COLUMNS: Final = 200
MOST_NAME_BYTES: Final = 63
ROWS_AT_ONCE: Final = 200
WITH_LARGE_ROWS: Final = frozenset({"attachments", "batches"})
LARGE_ROWS_AT_ONCE: Final = 4

Value = int | str | bytes | None


@dataclass(frozen=True, slots=True)
class Copied:
    """A table's rows: how many, and SHA-256 over name and columns of the table and the rows' values."""

    rows: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole copy; two databases that hold the same give equal ones.

    Attributes:
        revision: of the schema.
        tables: by name.
    """

    revision: str
    tables: dict[str, Copied]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def dump(connection: Connection, write: Write, *, progress: Callable[[int], None] = lambda rows: None) -> Summary:
    """Write all rows of all tables.

    Args:
        connection: inside one consistent transaction (``storage.database.snapshot``), that may read sealed bodies.
        progress: hears how many rows are written, now and then.

    Raises:
        CopyBroken: the database has no schema, or a value of a kind that no column should hold.
    """
    revision = _revision(connection)
    write(MAGIC + _name(revision))
    copied, done = {}, 0
    for table in tables(connection):
        head = _head(table)
        write(TABLE + head)
        rows, hashed = 0, hashlib.sha256(head)
        for row in _rows(connection, table):
            packed = b"".join(map(_packed, row))
            write(ROW + packed)
            hashed.update(packed)
            rows += 1
            if (done + rows) % 1_000 == 0:
                progress(done + rows)
        done += rows
        copied[table.name] = Copied(rows, hashed.digest())
        write(END + struct.pack(">Q", rows) + hashed.digest())
    write(DONE)
    progress(done)
    return Summary(revision, copied)


def digest(connection: Connection) -> Summary:
    """What ``dump`` would say."""
    return dump(connection, lambda _: None)


def load(connection: Connection, read: Read, *, progress: Callable[[int], None] = lambda rows: None) -> Summary:
    """Put a dump into an empty database of the same revision, and read it back to see that it is all there. Reads to
    the end of the dump and no further.

    Args:
        connection: inside a transaction, that may read sealed bodies; the caller commits, or does not when this raises.

    Raises:
        CopyBroken: the stream is not what ``dump`` wrote, the database is not empty or of another revision, or what
            lies in it afterwards is not what came.
    """
    return load_rows(connection, stream_revision(read), read, progress=progress)


def load_rows(
    connection: Connection, revision: str, read: Read, *, progress: Callable[[int], None] = lambda rows: None
) -> Summary:
    """The same where the start of the stream, its revision, was read already."""
    if _revision(connection) != revision:
        raise CopyBroken(f"the copy is of schema {revision}, the database of another")
    known = {table.name: table for table in tables(connection)}
    for table in known.values():
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise CopyBroken("the database is not empty; name a new one")
    copied: dict[str, Copied] = {}
    done = 0
    while (mark := _exactly(read, 1)) == TABLE:
        name, columns = _read_name(read), [_read_name(read) for _ in range(_read_size(read, 2, MOST_COLUMNS))]
        if name in copied or name not in known or columns != _columns(known[name]):
            raise CopyBroken("it has another table than this database")
        copied[name] = _load_table(connection, known[name], read, progress, done)
        done += copied[name].rows
    if mark != DONE or copied.keys() != known.keys():
        raise CopyBroken("it ends where it should not")
    raise_counters(connection, known.values())
    summary = Summary(revision, copied)
    if digest(connection) != summary:
        raise CopyBroken("what was written is not what is read back")
    progress(done)
    return summary


def stream_revision(read: Read) -> str:
    """The schema's revision at the start of a stream.

    Raises:
        CopyBroken: it is no dump.
    """
    if _exactly(read, len(MAGIC)) != MAGIC:
        raise CopyBroken("it is not a copy of a database, or of a newer format")
    return _read_name(read)


def count(connection: Connection) -> int:
    """How many rows there are in all."""
    return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables(connection))


def tables(connection: Connection) -> list[Table]:
    """What is copied: every table but the migrations' own, those first that others refer to."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name != NOT_COPIED)
    return list(found.sorted_tables)


def _rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """In the order of the primary key, byte by byte: the same from every engine and whatever its language."""
    keys = [
        column.collate("C") if isinstance(column.type, String) and connection.dialect.name == "postgresql" else column
        for column in table.primary_key.columns
    ]
    query = select(*(table.c[name] for name in _columns(table))).order_by(*keys)
    at_once = LARGE_ROWS_AT_ONCE if table.name in WITH_LARGE_ROWS else ROWS_AT_ONCE
    for row in connection.execute(query, execution_options={"yield_per": at_once}):
        yield tuple(row)


def _load_table(
    connection: Connection, table: Table, read: Read, progress: Callable[[int], None], before: int
) -> Copied:
    columns = _columns(table)
    at_once = LARGE_ROWS_AT_ONCE if table.name in WITH_LARGE_ROWS else ROWS_AT_ONCE
    hashed, rows = hashlib.sha256(_head(table)), 0
    waiting: list[dict[str, Value]] = []
    while (mark := _exactly(read, 1)) == ROW:
        row: dict[str, Value] = {}
        for name in columns:
            value, packed = _unpacked(read)
            hashed.update(packed)
            row[name] = value
        waiting.append(row)
        rows += 1
        if len(waiting) == at_once:
            connection.execute(insert(table), waiting)
            waiting = []
        if (before + rows) % 1_000 == 0:
            progress(before + rows)
    if waiting:
        connection.execute(insert(table), waiting)
    if mark != END or _exactly(read, 8) != struct.pack(">Q", rows) or _exactly(read, 32) != hashed.digest():
        raise CopyBroken(f"the rows of {table.name} are not those that were written")
    return Copied(rows, hashed.digest())


def _revision(connection: Connection) -> str:
    found = stored_revision(connection)
    if found is None:
        raise CopyBroken("there is no database here")
    return found


def _columns(table: Table) -> list[str]:
    return sorted(column.name for column in table.columns)


def _head(table: Table) -> bytes:
    columns = _columns(table)
    return _name(table.name) + struct.pack(">H", len(columns)) + b"".join(map(_name, columns))


def _name(text: str) -> bytes:
    raw = text.encode("ascii")
    return bytes([len(raw)]) + raw


def _packed(value: Any) -> bytes:
    match value:
        case None:
            return NOTHING
        case int():
            return NUMBER + struct.pack(">q", value)
        case str():
            raw = value.encode("utf-8")
            return TEXT + struct.pack(">I", len(raw)) + raw
        case bytes() | memoryview():
            return BYTES + struct.pack(">I", len(value)) + bytes(value)
        case _:
            raise CopyBroken("a column holds what none should")


def _unpacked(read: Read) -> tuple[Value, bytes]:
    """A value, and the bytes it came in."""
    kind = _exactly(read, 1)
    if kind == NOTHING:
        return None, kind
    if kind == NUMBER:
        raw = _exactly(read, 8)
        return struct.unpack(">q", raw)[0], kind + raw
    if kind not in (TEXT, BYTES):
        raise CopyBroken("it holds a value of no known kind")
    size = _exactly(read, 4)
    if struct.unpack(">I", size)[0] > MOST_VALUE_BYTES:
        raise CopyBroken("it holds a value that is too large")
    raw = _exactly(read, struct.unpack(">I", size)[0])
    if kind == BYTES:
        return raw, kind + size + raw
    try:
        return raw.decode("utf-8"), kind + size + raw
    except UnicodeDecodeError:
        raise CopyBroken("it holds text that is none") from None


def _read_name(read: Read) -> str:
    raw = _exactly(read, _read_size(read, 1, MOST_NAME_BYTES))
    if not raw.isascii():
        raise CopyBroken("it holds a name that is none")
    return raw.decode("ascii")


def _read_size(read: Read, size: int, most: int) -> int:
    found = int.from_bytes(_exactly(read, size), "big")
    if found > most:
        raise CopyBroken("it holds more than there can be")
    return found


def _exactly(read: Read, size: int) -> bytes:
    raw = read(size)
    if len(raw) != size:
        raise CopyBroken("it ends too early")
    return raw
