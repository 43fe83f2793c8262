"""Claimed deliveries -> what a connector gets: notes are read some at a time, opened in memory, and never kept."""

import json
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from sqlalchemy import select

from storage import opened_attachments
from storage.deliveries import WITHDRAWAL
from storage.opened_attachments import Attached
from storage.schema import attachments, notes
from storage.sealing.errors import NoteUnreadable
from storage.sealing.opening import Expected, open_note
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.sync.base import Caps, Delivery
from storage.sync.mapping import NotAnEvent, Note, deliver
from storage.sync.own_keys import HashBox
from storage.sync.queue import Claimed
from storage.sync.settings import Destination
from storage.transaction import Transaction, moment

READ_AT_ONCE: Final = 50
"""Sealed notes fetched in one transaction, which holds up the bot for as long."""
MOST_BYTES: Final = 50_000_000
"""Once what was opened has so many, no further note is opened for the same batch: a note has at most 25 MB of
attachments, and a third more in the event."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A delivery that cannot be made now. ``why``: a code of ``NoteUnreadable``, ``body``, ``attachment`` (one is
    missing, swapped or not to be opened with this key), ``another-agency``, ``changed`` (it would not be what was sent
    before); or ``gone``: its text was destroyed."""

    claimed: Claimed
    why: str


@dataclass(frozen=True, slots=True)
class Ready:
    claimed: Claimed
    delivery: Delivery = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Sealed:
    body: bytes | None = field(repr=False)
    attached: dict[int, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opener:
    """
    Attributes:
        key: the case system's.
        ingest: public ingest keys of every server whose notes are believed.
        source: URI of this installation.
    """

    key: OpeningKey = field(repr=False)
    ingest: tuple[VerifyKey, ...]
    source: str
    hashes: HashBox = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hashes", HashBox(self.key))

    async def opened(
        self, store: Store, claimed: Sequence[Claimed], settings: Destination, caps: Caps
    ) -> AsyncIterator[Ready | Unreadable]:
        """Each in its order; ends early once they have ``MOST_BYTES`` together."""
        total = 0
        for start in range(0, len(claimed), READ_AT_ONCE):
            some = claimed[start : start + READ_AT_ONCE]
            sealed = await store.run(partial(_read, some=some))
            for one in some:
                if total >= MOST_BYTES:
                    return
                made = self.open(one, sealed[one.note_id], settings, caps)
                if isinstance(made, Ready):
                    total += len(made.delivery.event)
                yield made

    def open(self, one: Claimed, sealed: _Sealed, settings: Destination, caps: Caps) -> Ready | Unreadable:
        plaintext, things = b"", tuple[Attached, ...]()
        try:
            if one.version != WITHDRAWAL:
                if sealed.body is None:
                    return Unreadable(one, "gone")
                expected = Expected(one.agency_ref, one.note_id, one.flag_level, one.channel)
                plaintext = open_note(
                    sealed.body, self.key, expected=expected, ingest_public_keys=self.ingest
                ).plaintext
                body = _body(plaintext)
                if body.get("agency") != settings.agency:
                    return Unreadable(one, "another-agency")
                if one.disclosure == "full":
                    things = opened_attachments.open_all(
                        sealed.attached, one.agency_ref, one.note_id, body, self.key, self.ingest
                    )
            if any(thing.problem for thing in things):
                return Unreadable(one, "attachment")
            note = Note(
                plaintext=plaintext,
                note_id=one.note_id,
                reference=one.reference,
                agency=settings.agency,
                hour=moment(one.hour),
                version=one.version,
                sequence=one.case_seq,
                source=self.source,
                disclosure=one.disclosure,
                attachments=things,
                withhold=one.withhold if one.hash_for_sync else one.withhold or _too_much(things, settings, caps),
            )
            made = deliver(note, one.mapper)
            before = self.hashes.open(one.hash_for_sync, one.key)
            if before and before != made.payload_sha256:
                return Unreadable(one, "changed")
            return Ready(one, made)
        except NoteUnreadable as refused:
            return Unreadable(one, refused.code)
        except NotAnEvent:
            return Unreadable(one, "body")


def _too_much(things: Collection[Attached], settings: Destination, caps: Caps) -> bool:
    size = sum(len(thing.content) for thing in things)
    most = min(settings.max_attachment_bytes, caps.max_bytes * 3 // 4)
    return bool(things) and (not settings.attachments or not caps.attachments or size > most)


def _body(plaintext: bytes) -> dict[str, Any]:
    try:
        body = json.loads(plaintext)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise NotAnEvent("body")
    return body


def _read(tx: Transaction, some: Sequence[Claimed]) -> dict[bytes, _Sealed]:
    ids = [one.note_id for one in some]
    bodies = {row.id: row.body for row in tx.db.execute(select(notes.c.id, notes.c.body).where(notes.c.id.in_(ids)))}
    whole = [one.note_id for one in some if one.disclosure == "full"]
    query = select(attachments.c.note_id).where(attachments.c.note_id.in_(whole), attachments.c.state == "kept")
    having = set(tx.db.scalars(query.distinct()))
    return {
        id_: _Sealed(bodies.get(id_), opened_attachments.sealed_of(tx, id_) if id_ in having else {}) for id_ in ids
    }
