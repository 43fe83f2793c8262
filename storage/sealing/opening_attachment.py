"""Open a sealed attachment, or seal it to other recipients. The bot never imports this."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.sealing.attachment import SALT_BYTES, AttachmentRecord, Place, digest_of, unpadded, verified
from storage.sealing.envelope import body_key, commitment, wrap_info
from storage.sealing.errors import DoesNotOpen, NoteUnreadable
from storage.sealing.signing import VerifyKey
from storage.sealing.stanzas import stanzas_for
from storage.sealing.suites import OpeningKey, PublicKey
from storage.sealing.wire import Malformed


@dataclass(frozen=True, slots=True)
class OpenedAttachment:
    """``digest`` is the one to be compared with what the note says."""

    content: bytes = field(repr=False)
    digest: str


def open_attachment(
    record: bytes, key: OpeningKey, *, place: Place, ingest_public_keys: Collection[VerifyKey]
) -> OpenedAttachment:
    """Open one attachment, or say why not.

    Args:
        place: where the reader found it, from what the reader trusts.

    Raises:
        NoteUnreadable: in this order ``format`` or ``suite``, ``signature``, ``header``, ``suite`` (not the key's),
            ``recipient``, ``tag`` (stanza), ``commit``, ``tag`` (body), ``padding``.
    """
    parsed, dek = _unlocked(record, key, place, ingest_public_keys)
    note_id_hex, hh = place.note_id.hex(), parsed.header_hash
    try:
        whole = AESGCM(body_key(dek, hh)).decrypt(parsed.nonce, parsed.body, hh)
    except InvalidTag:
        raise NoteUnreadable(note_id_hex, "tag") from None
    try:
        text = unpadded(whole)
    except Malformed:
        raise NoteUnreadable(note_id_hex, "padding") from None
    content = text[SALT_BYTES:]
    return OpenedAttachment(content, digest_of(text[:SALT_BYTES], content))


def rewrap_attachment(
    record: bytes,
    key: OpeningKey,
    recipients: Sequence[PublicKey],
    *,
    place: Place,
    ingest_public_keys: Collection[VerifyKey],
) -> bytes:
    """The same record with stanzas for exactly these recipients; all else stays byte for byte.

    Raises:
        NoteUnreadable: as in ``open_attachment``.
        CannotSeal: ``recipients``, or ``suite`` when one has a key of another suite.
    """
    open_attachment(record, key, place=place, ingest_public_keys=ingest_public_keys)
    parsed, dek = _unlocked(record, key, place, ingest_public_keys)
    return replace(parsed, stanzas=stanzas_for(recipients, parsed.suite, dek, parsed.header_hash)).build()


def _unlocked(
    record: bytes, key: OpeningKey, place: Place, ingest_public_keys: Collection[VerifyKey]
) -> tuple[AttachmentRecord, bytes]:
    note_id_hex = place.note_id.hex()
    parsed = verified(record, ingest_public_keys)
    if parsed.place != place:
        raise NoteUnreadable(note_id_hex, "header")
    if parsed.suite is not key.suite:
        raise NoteUnreadable(note_id_hex, "suite")
    wrapped = next((stanza.wrapped for stanza in parsed.stanzas if stanza.kid == key.kid), None)
    if wrapped is None:
        raise NoteUnreadable(note_id_hex, "recipient")
    hh = parsed.header_hash
    try:
        dek = key.decrypt(wrapped, info=wrap_info(hh, key.kid))
    except DoesNotOpen:
        raise NoteUnreadable(note_id_hex, "tag") from None
    if not hmac.compare_digest(commitment(dek, hh), parsed.commit):
        raise NoteUnreadable(note_id_hex, "commit")
    return parsed, dek
