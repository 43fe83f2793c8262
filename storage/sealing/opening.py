"""Open a sealed note. For the coordinator's command line and the sync process; the bot never imports this."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.sealing.envelope import Envelope, body_key, commitment, wrap_info
from storage.sealing.errors import DoesNotOpen, NoteUnreadable
from storage.sealing.header import Channel, Header
from storage.sealing.padding import unpad
from storage.sealing.record import verified
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey
from storage.sealing.wire import Malformed


@dataclass(frozen=True, slots=True)
class Expected:
    """Where the reader found the note, from what the reader trusts: the row's key, the agency it may read,
    the flag it was shown. Never from the note itself.

    Author and hour are not known outside the note; they come from its header, once the signature verified.
    """

    agency_ref: bytes
    note_id: bytes
    flag_level: int
    channel: Channel
    schema_version: int = 1


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note's text and its header, all of which is now known to be what was sealed."""

    plaintext: bytes = field(repr=False)
    header: Header


def open_note(
    record: bytes, key: OpeningKey, *, expected: Expected, ingest_public_keys: Collection[VerifyKey]
) -> OpenedNote:
    """Open one note, or say why not.

    Args:
        record: RECORD, as the database keeps it.
        ingest_public_keys: of every server whose notes are believed, earlier keys included.

    Raises:
        NoteUnreadable: in this order ``format`` or ``suite``, ``signature``, ``header``, ``suite`` (not the
            key's), ``recipient``, ``tag`` (stanza), ``commit``, ``tag`` (body), ``padding``.
    """
    envelope, _, plaintext = unlocked(record, key, expected=expected, ingest_public_keys=ingest_public_keys)
    return OpenedNote(plaintext, envelope.header)


def unlocked(
    record: bytes, key: OpeningKey, *, expected: Expected, ingest_public_keys: Collection[VerifyKey]
) -> tuple[Envelope, bytes, bytes]:
    """Envelope, note key and text, all checked; for ``open_note`` and for wrapping again."""
    note_id_hex = expected.note_id.hex()
    envelope = verified(record, ingest_public_keys, note_id_hex=note_id_hex)
    if not belongs(envelope.header, expected):
        raise NoteUnreadable(note_id_hex, "header")
    if envelope.suite is not key.suite:
        raise NoteUnreadable(note_id_hex, "suite")
    wrapped = next((stanza.wrapped for stanza in envelope.stanzas if stanza.kid == key.kid), None)
    if wrapped is None:
        raise NoteUnreadable(note_id_hex, "recipient")
    hh = envelope.header_hash
    try:
        dek = key.decrypt(wrapped, info=wrap_info(hh, key.kid))
        if not hmac.compare_digest(commitment(dek, hh), envelope.commit):
            raise NoteUnreadable(note_id_hex, "commit")
        padded = AESGCM(body_key(dek, hh)).decrypt(envelope.nonce, envelope.body, hh)
    except (DoesNotOpen, InvalidTag):
        raise NoteUnreadable(note_id_hex, "tag") from None
    try:
        return envelope, dek, unpad(padded)
    except Malformed:
        raise NoteUnreadable(note_id_hex, "padding") from None


def belongs(found: Header, expected: Expected) -> bool:
    """Whether the header is the one rebuilt from trusted context, byte for byte."""
    try:
        rebuilt = Header(
            agency_ref=expected.agency_ref,
            note_id=expected.note_id,
            author_ref=found.author_ref,
            flag_level=expected.flag_level,
            hour=found.hour,
            schema_version=expected.schema_version,
            channel=expected.channel,
        )
    except ValueError:
        return False
    return rebuilt.canonical() == found.canonical()
