"""A case system as the sync process meets it, with every way to fail that the failure table knows; in memory.

It keeps records as a stranger would: it makes a second one of the same note when it is asked to, unless ``unique``.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from storage.sync.base import (
    Accepted,
    Caps,
    Delivery,
    DeliveryRef,
    Health,
    Outcome,
    Park,
    Reject,
    Remote,
    Retry,
    Sent,
    Unanswered,
)

Rule = Callable[[Delivery], Outcome | None]


@dataclass
class CaseSystem:
    """A connector and the system behind it.

    Attributes:
        down: nothing gets there.
        lose: so many answers are lost after the system did its work.
        rule: says what it answers instead, before it does anything; None: it takes the note.
        hidden_until: what was written is not found until then (``clock``, seconds).
    """

    name: str = "cases"
    caps: Caps = field(default_factory=lambda: Caps("find_then_create", parallel=1))
    unique: bool = False
    down: bool = False
    lose: int = 0
    rule: Rule = lambda _: None
    hidden: bool = False
    records: list[Remote] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    attached: list[int] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    probes: int = 0
    sends: int = 0
    finds: int = 0
    before_answer: Callable[[], None] = lambda: None
    changes: list[Remote] = field(default_factory=list)

    async def probe(self, *, made: str = "") -> Health:
        self.probes += 1
        return Health(trouble=Retry("refused-connection") if self.down else None)

    async def find(self, ref: DeliveryRef, *, remote_id: str = "") -> Sequence[Remote]:
        self.finds += 1
        if self.down:
            raise Unanswered(Retry("refused-connection"))
        if self.hidden:
            return []
        return [one for one in self.records if (one.note_id, one.version) == (ref.note_id, ref.version)]

    async def send(self, deliveries: Sequence[Delivery], *, within_s: float) -> Sequence[Outcome]:
        return [self._take(one) for one in deliveries]

    def _take(self, one: Delivery) -> Outcome:
        if self.down:
            return Retry("refused-connection")
        self.sends += 1
        if (answer := self.rule(one)) is not None:
            return answer
        if self.unique and any((r.note_id, r.version) == (one.ref.note_id, one.ref.version) for r in self.records):
            return Accepted(self._of(one), already=True)
        remote = Remote(
            str(len(self.records) + 1),
            one.ref.note_id,
            one.ref.version,
            payload_sha256=one.payload_sha256,
            cursor=str(len(self.changes) + 1),
        )
        self.records.append(remote)
        self.changes.append(remote)
        self.bodies.append(one.event)
        self.attached.append(len(one.attachments))
        self.before_answer()
        if self.lose:
            self.lose -= 1
            return Retry("reset", ambiguous=True)
        return Accepted(remote.remote_id, f"https://cases.invalid/{remote.remote_id}")

    def _of(self, one: Delivery) -> str:
        return next(r.remote_id for r in self.records if (r.note_id, r.version) == (one.ref.note_id, one.ref.version))

    async def list_since(self, cursor: str | None) -> AsyncIterator[Remote]:
        if self.down:
            raise Unanswered(Retry("refused-connection"))
        last = {one.remote_id: one for one in self.changes}
        for one in self.changes[int(cursor or 0) :]:
            if one is last[one.remote_id]:
                yield one

    async def retire_duplicate(self, keep: Remote, extra: Remote) -> None:
        self.retired.append(extra.remote_id)
        self.records = [one for one in self.records if one.remote_id != extra.remote_id]

    async def close(self) -> None:
        pass

    def change(self, remote_id: str, **values: object) -> None:
        """A person does something to a record there."""
        found = next(one for one in self.records if one.remote_id == remote_id)
        changed = replace(found, cursor=str(len(self.changes) + 1), **values)  # type: ignore[arg-type]
        self.records[self.records.index(found)] = changed
        self.changes.append(changed)

    @property
    def keys(self) -> list[str]:
        """Ids of the records, in the order in which they came."""
        return [DeliveryRef(one.note_id, one.version).key for one in self.records]


__all__ = ["Accepted", "CaseSystem", "Park", "Reject", "Retry", "Sent"]
