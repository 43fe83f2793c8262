"""The batches of one stream, in the database: fixed before they are written anywhere, kept until they are acknowledged.

fix ──▶ unwritten ──written──▶ outstanding ──every line settled──▶ acknowledged: the bytes are dropped
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, insert, or_, select, tuple_, update

from storage.errors import Stale
from storage.schema import batch_lines, batches, deliveries
from storage.store import Store
from storage.sync.base import DeliveryRef
from storage.sync.batch import START, Batch, Head
from storage.transaction import Transaction

UNDER_WAY = ("pending", "leased", "sent")


@dataclass(frozen=True, slots=True)
class Line:
    """Where a delivery stands. ``outstanding``: its batch is not acknowledged yet."""

    batch: int
    seq: int
    outstanding: bool

    @property
    def remote_id(self) -> str:
        return f"{self.batch}:{self.seq}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """
    Attributes:
        stream: its name in the tables: the destination's.
    """

    store: Store
    stream: str

    async def head(self) -> Head:
        """Where the stream stands, batches that are not written yet among them."""
        return await self.store.run(self._head)

    async def unwritten(self) -> Batch | None:
        """The batch that is fixed and not written yet; there is at most one."""
        return await self.store.run(lambda tx: self._batch(tx, batches.c.written_at.is_(None)))

    async def outstanding(self) -> Sequence[tuple[int, bytes]]:
        """Number and manifest hash of those that are written and not acknowledged, in order."""
        query = (
            select(batches.c.number, batches.c.manifest_sha256)
            .where(self._here, batches.c.written_at.is_not(None), batches.c.acked_at.is_(None))
            .order_by(batches.c.number)
        )
        return await self.store.run(lambda tx: [(row.number, row.manifest_sha256) for row in tx.db.execute(query)])

    async def hash_of(self, number: int) -> bytes | None:
        """Of a batch's manifest; None: there is no such batch."""
        query = select(batches.c.manifest_sha256).where(self._here, batches.c.number == number)
        return await self.store.run(lambda tx: tx.db.scalar(query))

    async def again(self, number: int) -> Batch | None:
        """The bytes of a batch, while they are kept."""
        return await self.store.run(lambda tx: self._batch(tx, batches.c.number == number))

    async def lines(self, refs: Collection[DeliveryRef]) -> dict[str, Line]:
        """Where these stand last, by key; those in no batch are left out."""
        return await self.store.run(lambda tx: self._lines(tx, refs))

    async def refs_in(self, number: int) -> dict[str, int]:
        """Key of each delivery in a batch, to its line's number."""
        query = select(batch_lines).where(batch_lines.c.destination == self.stream, batch_lines.c.batch == number)
        rows = await self.store.run(lambda tx: tx.db.execute(query).all())
        return {f"{row.note_id.hex()}.v{row.version}": row.seq for row in rows}

    async def fix(self, batch: Batch, refs: Sequence[DeliveryRef], after: Head) -> None:
        """Raises:
        Stale: another process was quicker; nothing is fixed.
        """
        await self.store.run(lambda tx: self._fix(tx, batch, refs, after))

    async def adopt(self, head: Head, *, now: int) -> None:
        """A batch of ours that this database does not know any more: what follows comes after it."""
        row = self._row(head) | {"written_at": now, "acked_at": now}
        await self.store.run(lambda tx: tx.db.execute(insert(batches), row))

    async def written(self, number: int, *, now: int) -> None:
        here = update(batches).where(self._here, batches.c.number == number, batches.c.written_at.is_(None))
        await self.store.run(lambda tx: tx.db.execute(here.values(written_at=now)))

    async def sweep(self, *, now: int) -> int:
        """Drop the bytes of batches whose every line is settled; how many there were."""
        under_way = (
            select(batch_lines.c.seq)
            .outerjoin(
                deliveries,
                and_(
                    deliveries.c.destination == batch_lines.c.destination,
                    deliveries.c.note_id == batch_lines.c.note_id,
                    deliveries.c.version == batch_lines.c.version,
                ),
            )
            .where(
                batch_lines.c.destination == self.stream,
                batch_lines.c.batch == batches.c.number,
                or_(deliveries.c.state.is_(None), deliveries.c.state.in_(UNDER_WAY)),
            )
        )
        settled = (
            update(batches)
            .where(self._here, batches.c.written_at.is_not(None), batches.c.acked_at.is_(None), ~under_way.exists())
            .values(acked_at=now, data=None, manifest=None, signature=None)
        )

        def turn(tx: Transaction) -> int:
            count = int(tx.db.execute(settled).rowcount)
            if count:
                tx.purged()
            return count

        return await self.store.run(turn)

    # ------------------------------------------------------------ within a transaction

    @property
    def _here(self) -> Any:
        return batches.c.destination == self.stream

    def _head(self, tx: Transaction) -> Head:
        last = tx.db.execute(
            select(batches.c.number, batches.c.last_seq, batches.c.last_line_sha256, batches.c.manifest_sha256)
            .where(self._here)
            .order_by(batches.c.number.desc())
            .limit(1)
        ).one_or_none()
        return START if last is None else Head(*last)

    def _batch(self, tx: Transaction, *where: Any) -> Batch | None:
        row = tx.db.execute(
            select(batches).where(self._here, batches.c.data.is_not(None), *where).order_by(batches.c.number).limit(1)
        ).one_or_none()
        if row is None:
            return None
        head = Head(row.number, row.last_seq, row.last_line_sha256, row.manifest_sha256)
        return Batch(head, row.data, row.manifest, row.signature)

    def _lines(self, tx: Transaction, refs: Collection[DeliveryRef]) -> dict[str, Line]:
        found: dict[str, Line] = {}
        wanted = [(bytes.fromhex(ref.note_id), ref.version) for ref in refs]
        for start in range(0, len(wanted), 200):
            query = (
                select(batch_lines, batches.c.acked_at)
                .join(
                    batches,
                    and_(batches.c.destination == batch_lines.c.destination, batches.c.number == batch_lines.c.batch),
                )
                .where(
                    batch_lines.c.destination == self.stream,
                    tuple_(batch_lines.c.note_id, batch_lines.c.version).in_(wanted[start : start + 200]),
                )
                .order_by(batch_lines.c.batch, batch_lines.c.seq)
            )
            for row in tx.db.execute(query):
                key = f"{row.note_id.hex()}.v{row.version}"
                found[key] = Line(row.batch, row.seq, outstanding=row.acked_at is None)
        return found

    def _fix(self, tx: Transaction, batch: Batch, refs: Sequence[DeliveryRef], after: Head) -> None:
        tx.hold(b"integra:" + self.stream.encode())
        if self._head(tx) != after:
            raise Stale("another run came between")
        bytes_ = {"data": batch.data, "manifest": batch.manifest, "signature": batch.signature}
        tx.db.execute(insert(batches), self._row(batch.head) | bytes_)
        rows = [
            {
                "destination": self.stream,
                "batch": batch.head.batch,
                "seq": seq,
                "note_id": bytes.fromhex(ref.note_id),
                "version": ref.version,
            }
            for seq, ref in enumerate(refs, after.seq + 1)
        ]
        tx.db.execute(insert(batch_lines), rows)

    def _row(self, head: Head) -> dict[str, Any]:
        return {
            "destination": self.stream,
            "number": head.batch,
            "last_seq": head.seq,
            "last_line_sha256": head.line_sha256,
            "manifest_sha256": head.manifest_sha256,
        }
