"""What hand-over and a connector promise each other.

    events ──pack──▶ Batch ──fixed in the database──▶ deliver ──▶ Receipt ──▶ notes are marked handed over

A connector gets whole batches. What ``pack`` made is kept before ``deliver`` begins, and ``deliver`` may be called
with it again after any crash: it must bring about the same as once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from storage.errors import StorageError
from storage.sealing.signing import SigningKey
from storage.sync.canonical import Json

Step = Callable[[str], None]
"""Told the name of every step once it is done; tests stop the run there."""

NOWHERE: Final[Step] = lambda _: None  # noqa: E731  a constant of a type, so that it can be a default


class DropConflict(StorageError):
    """The destination holds something else under our name, or batches we know nothing of. Nothing was overwritten;
    a person must look: two installations write here, or the database was restored from a backup."""

    code = "sync.conflict"


class DropUnwritable(StorageError):
    """The destination is full, read-only or away. The same run may be tried again at any time."""

    code = "sync.unwritable"


class DropRefused(StorageError):
    """What lies in a drop is not what its sender wrote; nothing of it is returned.

    ``code`` is one of ``sync.stream``, ``sync.name``, ``sync.manifest``, ``sync.signature``, ``sync.hash``,
    ``sync.chain``, ``sync.key``, ``sync.line``, ``sync.event``, ``sync.missing``.
    """

    def __init__(self, code: str, where: str) -> None:
        super().__init__(f"{where}: {code}")
        self.code = f"sync.{code}"


@dataclass(frozen=True, slots=True)
class Event:
    """One note as a case system sees it: a CloudEvents 1.0 event, JSON-ready."""

    note_id: bytes
    content: Mapping[str, Json] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a destination stands: the last batch, its last line, and what both hash to (32 bytes each)."""

    batch: int
    seq: int
    line_sha256: bytes
    manifest_sha256: bytes


START: Final = Head(0, 0, bytes(32), bytes(32))


@dataclass(frozen=True, slots=True)
class Batch:
    """What is delivered, byte for byte; ``head`` is where the destination stands afterwards."""

    head: Head
    data: bytes = field(repr=False)
    manifest: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The destination holds this batch durably. ``adopted``: it held all of it before this call."""

    batch: int
    manifest_sha256: bytes
    adopted: bool


class Connector(Protocol):
    """One destination."""

    @property
    def destination(self) -> str:
        """Its name in the tables, 1 to 64 characters; never changes, or every note would be handed over anew."""

    @property
    def source(self) -> str:
        """Who sends, as the ``source`` of every event: a URI."""

    def ready(self, next_batch: int) -> None:
        """Look whether ``next_batch`` could be delivered, before it is fixed.

        Raises:
            DropConflict, DropUnwritable: it could not.
        """

    def pack(self, events: Sequence[Event], after: Head, signing: SigningKey, at: datetime) -> Batch:
        """The batch that follows ``after``; computes only. ``events`` is not empty."""

    def deliver(self, batch: Batch, step: Step) -> Receipt:
        """Make ``batch`` durable at the destination. Safe to repeat with the same batch.

        Raises:
            DropConflict: another batch of this number is there.
            DropUnwritable: not now.
        """
