"""Photos and voice messages of notes: wanted, sealed as they come, kept with their note. No content goes out of here.

    want ──▶ wanted ──seal──▶ sealed ──keep──▶ kept
               └──drop──▶ ∅ ◀──drop──┘           (an undone note: dropped too)

They are sealed to the desk that is in force when they come. A desk that changes before the note is logged changes
nothing for them until they are wrapped again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update

from dialogues.model import Attachable
from storage import agencies
from storage.errors import NoRecipients, Unknown
from storage.pins import Pins
from storage.schema import attachments
from storage.sealing.attachment import Place, seal_attachment
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """One that is still to be fetched."""

    note_id: bytes
    number: int
    address_ref: bytes
    media: Attachable
    handle: str = field(repr=False)


def want(
    tx: Transaction, address_ref: bytes, note_id: str, number: int, *, agency: str, media: Attachable, handle: str
) -> None:
    """Write down that this is to be fetched for a draft.

    Args:
        handle: what the channel of that address fetches it by.
    """
    row = {
        "note_id": bytes.fromhex(note_id),
        "number": number,
        "agency_ref": tx.keyring.agency_ref(agency),
        "address_ref": address_ref,
        "state": "wanted",
        "sealed_handle": tx.seal("medium", bytes.fromhex(note_id) + bytes([number]), [media, handle]),
    }
    tx.db.execute(insert(attachments), row)


def wanted(tx: Transaction) -> list[Wanted]:
    """All that are still to be fetched."""
    rows = tx.db.execute(
        select(
            attachments.c.note_id, attachments.c.number, attachments.c.address_ref, attachments.c.sealed_handle
        ).where(attachments.c.address_ref.is_not(None), attachments.c.state == "wanted")
    )
    found = []
    for row in rows:
        media, handle = tx.open("medium", row.note_id + bytes([row.number]), row.sealed_handle)
        found.append(Wanted(row.note_id, row.number, row.address_ref, media, handle))
    return found


def is_wanted(tx: Transaction, one: Wanted) -> bool:
    """Whether it still is: its draft may be gone since."""
    state = tx.db.scalar(select(attachments.c.state).where(*_one(one.note_id, one.number)))
    return state == "wanted"


def seal(tx: Transaction, pins: Pins, one: Wanted, content: bytes, *, at: datetime) -> str:
    """Seal what was fetched to the agency's desk; from here on nobody on this host can read it.

    Args:
        content: cleaned; at most 5,000,000 bytes.

    Returns:
        Its digest, 64 hex digits, see ``storage.sealing.attachment.seal_attachment``.

    Raises:
        NoRecipients: the desk has nobody left to seal to.
        Unknown: it is wanted no longer.
    """
    row = tx.db.execute(
        select(attachments.c.agency_ref).where(*_one(one.note_id, one.number), attachments.c.state == "wanted")
    ).one_or_none()
    if row is None:
        raise Unknown("attachment")
    slug = agencies.by_ref(tx, row.agency_ref).slug
    manifest = agencies.desk(tx, slug, pins, at)
    if manifest is None:
        raise NoRecipients(slug)
    place = Place(row.agency_ref, one.note_id, one.number)
    body, digest = seal_attachment(content, place, manifest.sealing_keys(at.date()), manifest.suite, tx.keyring.ingest)
    tx.db.execute(
        update(attachments).where(*_one(one.note_id, one.number)).values(state="sealed", sealed_handle=None, body=body)
    )
    tx.purged()  # the handle was a way to the content
    return digest


def forget(tx: Transaction, one: Wanted) -> None:
    """It cannot be had."""
    tx.db.execute(delete(attachments).where(*_one(one.note_id, one.number), attachments.c.state == "wanted"))
    tx.purged()


def keep(tx: Transaction, note_id: str, numbers: Collection[int]) -> None:
    """Their note is kept, and they with it.

    Raises:
        Unknown: one of them is not there, sealed.
    """
    kept = tx.db.execute(
        update(attachments)
        .where(
            attachments.c.note_id == bytes.fromhex(note_id),
            attachments.c.number.in_(numbers),
            attachments.c.state == "sealed",
        )
        .values(state="kept", address_ref=None)
    )
    if kept.rowcount != len(numbers):
        raise Unknown("attachment")


def drop(tx: Transaction, note_id: str, *, number: int = 0, kept: bool = False) -> None:
    """Destroy a draft's attachments (or the one of this number), or with ``kept`` those of a kept note."""
    where = [
        attachments.c.note_id == bytes.fromhex(note_id),
        attachments.c.state == "kept" if kept else attachments.c.state != "kept",
    ]
    if number:
        where.append(attachments.c.number == number)
    if tx.db.execute(delete(attachments).where(*where)).rowcount:
        tx.purged()


def drop_of(tx: Transaction, address_ref: bytes) -> None:
    """Destroy those of all drafts of a conversation, whose state cannot be read any more."""
    if tx.db.execute(delete(attachments).where(attachments.c.address_ref == address_ref)).rowcount:
        tx.purged()


def _one(note_id: bytes, number: int) -> tuple[ColumnElement[bool], ...]:
    return attachments.c.note_id == note_id, attachments.c.number == number
