"""A note's attachments, opened and held against what the note says of them. The bot never imports this."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from storage.schema import attachments
from storage.sealing.attachment import Place
from storage.sealing.errors import NoteUnreadable
from storage.sealing.opening_attachment import open_attachment
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction

ENDINGS = {"image/jpeg": "jpg", "audio/ogg": "ogg"}


@dataclass(frozen=True, slots=True)
class Attached:
    """A photo or voice message.

    Attributes:
        size: bytes, as the note says.
        problem: empty, and ``content`` is what the note names; or why there is none: ``missing``, ``swapped`` (another
            than the note names), ``unlisted`` (the note names none of this number), or a code of ``NoteUnreadable``.
    """

    number: int
    kind: str
    media_type: str
    size: int
    content: bytes = field(default=b"", repr=False)
    problem: str = ""

    @property
    def ending(self) -> str:
        """Of a file name."""
        return ENDINGS.get(self.media_type, "bin")


def attached(
    tx: Transaction,
    agency_ref: bytes,
    note_id: bytes,
    body: Any,
    key: OpeningKey,
    ingest_public_keys: Collection[VerifyKey],
) -> tuple[Attached, ...]:
    """Every attachment that the note lists, and every one that is kept for it, by number.

    Args:
        body: of the opened note. One whose list is not as docs/formats/note-body.md says counts as without.
    """
    return open_all(sealed_of(tx, note_id), agency_ref, note_id, body, key, ingest_public_keys)


def sealed_of(tx: Transaction, note_id: bytes) -> dict[int, bytes]:
    """What is kept for a note, by number."""
    query = (
        select(attachments.c.number, attachments.c.body)
        .where(attachments.c.note_id == note_id, attachments.c.state == "kept")
        .order_by(attachments.c.number)
    )
    return {row.number: row.body for row in tx.db.execute(query)}


def open_all(
    sealed: Mapping[int, bytes],
    agency_ref: bytes,
    note_id: bytes,
    body: Any,
    key: OpeningKey,
    ingest_public_keys: Collection[VerifyKey],
) -> tuple[Attached, ...]:
    """The same, of what ``sealed_of`` gave, or of records that come from elsewhere; needs no transaction."""
    kept = dict(sealed)
    found = []
    for number, kind, media_type, size, digest in _listed(body):
        named = Attached(number, kind, media_type, size, problem="missing")
        record = kept.pop(number, None)
        if record is not None:
            place = Place(agency_ref, note_id, number)
            named = _opened(named, digest, record, key, place, ingest_public_keys)
        found.append(named)
    found += [Attached(number, "unknown", "", 0, problem="unlisted") for number in kept]
    return tuple(found)


def _opened(
    named: Attached,
    digest: str,
    record: bytes,
    key: OpeningKey,
    place: Place,
    ingest_public_keys: Collection[VerifyKey],
) -> Attached:
    try:
        opened = open_attachment(record, key, place=place, ingest_public_keys=ingest_public_keys)
    except NoteUnreadable as refused:
        return Attached(named.number, named.kind, named.media_type, named.size, problem=refused.code)
    if (opened.digest, len(opened.content)) != (digest, named.size):
        return Attached(named.number, named.kind, named.media_type, named.size, problem="swapped")
    return Attached(named.number, named.kind, named.media_type, named.size, opened.content)


def _listed(body: Any) -> list[tuple[int, str, str, int, str]]:
    try:
        listed = [
            (one["number"], one["kind"], one["media_type"], one["size"], one["digest"])
            for one in body.get("attachments", [])
        ]
    except (AttributeError, KeyError, TypeError):
        return []
    right = all(
        (type(number), type(kind), type(media_type), type(size), type(digest)) == (int, str, str, int, str)
        and 1 <= number <= 255
        for number, kind, media_type, size, digest in listed
    )
    return listed if right and len({one[0] for one in listed}) == len(listed) else []
