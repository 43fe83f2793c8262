"""Batches of files: what they are, and how they go wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from storage.errors import StorageError

Step = Callable[[str], None]
"""Told the name of every step once it is done; tests stop the run there."""

NOWHERE: Final[Step] = lambda _: None  # noqa: E731  a constant of a type, so that it can be a default


class DropConflict(StorageError):
    """The folder holds something else under our name. Nothing was overwritten; a person must look: two installations
    write here, or the database was restored from a backup."""

    code = "sync.conflict"


class DropUnwritable(StorageError):
    """The folder is full, read-only or away. The same may be tried again at any time. ``why``: an errno's name."""

    code = "sync.unwritable"

    def __init__(self, why: str) -> None:
        super().__init__(f"the folder cannot be written to: {why}")
        self.why = why


class DropRefused(StorageError):
    """What lies in a drop is not what its sender wrote; nothing of it is returned.

    ``code`` is one of ``sync.stream``, ``sync.name``, ``sync.manifest``, ``sync.signature``, ``sync.hash``,
    ``sync.chain``, ``sync.key``, ``sync.line``, ``sync.event``, ``sync.missing``, ``sync.ack``.
    """

    def __init__(self, code: str, where: str) -> None:
        super().__init__(f"{where}: {code}")
        self.code = f"sync.{code}"


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands: the last batch, its last line, and what both hash to (32 bytes each)."""

    batch: int
    seq: int
    line_sha256: bytes
    manifest_sha256: bytes


START: Final = Head(0, 0, bytes(32), bytes(32))


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written, byte for byte; ``head`` is where the stream stands afterwards."""

    head: Head
    data: bytes = field(repr=False)
    manifest: bytes = field(repr=False)
    signature: bytes = field(repr=False)
