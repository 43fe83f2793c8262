"""RECORD: an envelope with the signature of the server that accepted it; what the database column holds.

    0x01 ‖ signer_kid 16 ‖ Ed25519 signature 64 ‖ ENVELOPE

The signature says "accepted by this server", not "written by this person". Without it, whoever can write to
the database could forge notes, for HPKE in base mode does not know its sender. The stanzas are outside it, so
that a note can be wrapped again for other recipients.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from storage.sealing import envelope as envelopes
from storage.sealing.envelope import Envelope
from storage.sealing.errors import UNKNOWN_NOTE, NoteUnreadable
from storage.sealing.labels import L
from storage.sealing.signing import SIGNATURE_BYTES, SigningKey, VerifyKey
from storage.sealing.suites import KID_BYTES
from storage.sealing.wire import Cursor, Malformed

VERSION: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Record:
    signer_kid: bytes
    signature: bytes = field(repr=False)
    envelope: Envelope

    def build(self) -> bytes:
        return VERSION + self.signer_kid + self.signature + self.envelope.build()


def accept(envelope: bytes, ingest: SigningKey) -> bytes:
    """Sign an envelope as accepted.

    That its header and recipients are the right ones is the caller's to check, before.

    Raises:
        NoteUnreadable: ``format`` or ``suite``, when it is not an envelope.
    """
    parsed = envelopes.parse(envelope)
    return Record(ingest.kid, ingest.sign(signed_part(parsed)), parsed).build()


def parse(record: bytes, *, note_id_hex: str = UNKNOWN_NOTE) -> Record:
    """Take a record apart; nothing in it is to be believed before ``verified``.

    Raises:
        NoteUnreadable: ``format`` or ``suite``.
    """
    cursor = Cursor(record)
    try:
        if cursor.take(1) != VERSION:
            raise Malformed("version")
        signer_kid, signature = cursor.take(KID_BYTES), cursor.take(SIGNATURE_BYTES)
        rest = cursor.rest()
    except Malformed:
        raise NoteUnreadable(note_id_hex, "format") from None
    return Record(signer_kid, signature, envelopes.parse(rest, note_id_hex=note_id_hex))


def verified(record: bytes, ingest_public_keys: Collection[VerifyKey], *, note_id_hex: str = UNKNOWN_NOTE) -> Envelope:
    """The envelope in a record that one of these servers accepted.

    Args:
        ingest_public_keys: the current one and all earlier ones that notes may still be signed with.

    Raises:
        NoteUnreadable: ``format``, ``suite``, or ``signature`` when the signer is not among the keys or the
            signature is not his.
    """
    parsed = parse(record, note_id_hex=note_id_hex)
    signer = next((key for key in ingest_public_keys if key.kid == parsed.signer_kid), None)
    if signer is None or not signer.verifies(parsed.signature, signed_part(parsed.envelope)):
        raise NoteUnreadable(note_id_hex, "signature")
    return parsed.envelope


def signed_part(envelope: Envelope) -> bytes:
    inner = envelope.header_hash + envelope.commit + envelope.nonce + envelope.body
    return L + b"ingest" + hashlib.sha256(inner).digest()
