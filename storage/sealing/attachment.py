"""A photo or voice message sealed on its own, before the note it goes with: docs/formats/sealed-attachment.md.

    01 ‖ signer_kid 16 ‖ Ed25519 signature 64 ‖ envelope
    envelope = magic "INA1" ‖ suite 1 ‖ lp(place) ‖ commit 32 ‖ count 1 ‖ stanzas ‖ nonce 12 ‖ body
    place    = lp(agency_ref 16) lp(note_id 16) lp(number 1)
    body     = AES-256-GCM over u32 length ‖ salt 32 ‖ content ‖ zeros

Keys, stanzas and signature are those of a sealed note; another magic keeps the two apart. Nothing here needs or knows
a private key.
"""

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.sealing.envelope import COMMIT_BYTES, DEK_BYTES, MOST_RECIPIENTS, NONCE_BYTES, Stanza, body_key, commitment
from storage.sealing.errors import CannotSeal, NoteUnreadable
from storage.sealing.header import REF_BYTES
from storage.sealing.labels import L
from storage.sealing.signing import SIGNATURE_BYTES, SigningKey, VerifyKey
from storage.sealing.stanzas import stanzas_for
from storage.sealing.suites import AEAD_TAG_BYTES, KID_BYTES, PublicKey, SuiteId
from storage.sealing.wire import Cursor, Malformed, lp

MAGIC: Final = b"INA1"
RECORD_VERSION: Final = b"\x01"
SALT_BYTES: Final = 32
LENGTH_BYTES: Final = 4
MOST: Final = 5_000_000
"""Bytes of content."""

BUCKETS: Final = tuple(size * 1024 for size in (64, 128, 256, 512, 1024, 2048, 3072, 4096, 5120))
"""What is sealed is as long as the smallest of these that holds it: a size class is all that its length tells."""

BODY_BYTES: Final = frozenset(size + AEAD_TAG_BYTES for size in BUCKETS)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attachment belongs: to which note of which agency, under which number (1 to 255)."""

    agency_ref: bytes
    note_id: bytes
    number: int

    def __post_init__(self) -> None:
        if {len(self.agency_ref), len(self.note_id)} != {REF_BYTES} or not 1 <= self.number <= 255:
            raise ValueError("agency_ref and note_id are 16 bytes each, number is 1 to 255")

    def canonical(self) -> bytes:
        return lp(self.agency_ref) + lp(self.note_id) + lp(bytes([self.number]))

    @classmethod
    def parse(cls, canonical: bytes) -> "Place":
        """
        Raises:
            Malformed: not the byte form of a place.
        """
        cursor = Cursor(canonical)
        agency_ref, note_id, number = cursor.lp(), cursor.lp(), cursor.lp()
        cursor.end()
        if len(number) != 1:
            raise Malformed("number")
        try:
            return cls(agency_ref, note_id, number[0])
        except ValueError:
            raise Malformed("place") from None


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    """A sealed attachment, taken apart; nothing in it is to be believed before ``verified``."""

    signer_kid: bytes
    signature: bytes = field(repr=False)
    suite: SuiteId
    place: Place
    commit: bytes = field(repr=False)
    stanzas: tuple[Stanza, ...]
    nonce: bytes = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def header_hash(self) -> bytes:
        return header_hash(self.suite, self.place)

    @property
    def signed_part(self) -> bytes:
        return signed_part(self.header_hash, self.commit, self.nonce, self.body)

    def build(self) -> bytes:
        """The byte form; ``parse`` of it gives this value back."""
        return b"".join(
            (
                RECORD_VERSION,
                self.signer_kid,
                self.signature,
                MAGIC,
                bytes([self.suite]),
                lp(self.place.canonical()),
                self.commit,
                bytes([len(self.stanzas)]),
                *(stanza.kid + lp(stanza.wrapped) for stanza in self.stanzas),
                self.nonce,
                self.body,
            )
        )


def seal_attachment(
    content: bytes, place: Place, recipients: Sequence[PublicKey], suite: SuiteId, ingest: SigningKey
) -> tuple[bytes, str]:
    """Seal an attachment so that it opens only with a recipient's key and in its own place, and sign it as accepted.

    Args:
        content: 0 to 5,000,000 bytes.
        recipients: 1 to 32 different keys, all of ``suite``.

    Returns:
        The record, and the digest by which the note names it: SHA-256 over salt and content, 64 hex digits. The salt
        is sealed with the content, so that the digest confirms no guess at it.

    Raises:
        CannotSeal: ``length``, ``recipients`` or ``suite``.
    """
    if len(content) > MOST:
        raise CannotSeal("length", f"an attachment has at most {MOST} bytes")
    salt = os.urandom(SALT_BYTES)
    hh = header_hash(suite, place)
    dek, nonce = os.urandom(DEK_BYTES), os.urandom(NONCE_BYTES)
    commit = commitment(dek, hh)
    body = AESGCM(body_key(dek, hh)).encrypt(nonce, padded(salt + content), hh)
    stanzas = stanzas_for(recipients, suite, dek, hh)
    signature = ingest.sign(signed_part(hh, commit, nonce, body))
    record = AttachmentRecord(ingest.kid, signature, suite, place, commit, stanzas, nonce, body)
    return record.build(), digest_of(salt, content)


def parse(record: bytes) -> AttachmentRecord:
    """Take a record apart, refusing everything that ``AttachmentRecord.build`` would not have made.

    Raises:
        NoteUnreadable: ``format``, or ``suite`` for an unknown suite byte.
    """
    try:
        return _taken_apart(Cursor(record))
    except Malformed:
        raise NoteUnreadable("attachment", "format") from None


def verified(record: bytes, ingest_public_keys: Collection[VerifyKey]) -> AttachmentRecord:
    """The record, once one of these servers is known to have accepted it.

    Raises:
        NoteUnreadable: ``format``, ``suite`` or ``signature``.
    """
    parsed = parse(record)
    signer = next((key for key in ingest_public_keys if key.kid == parsed.signer_kid), None)
    if signer is None or not signer.verifies(parsed.signature, parsed.signed_part):
        raise NoteUnreadable(parsed.place.note_id.hex(), "signature")
    return parsed


def header_hash(suite: SuiteId, place: Place) -> bytes:
    return hashlib.sha256(MAGIC + bytes([suite]) + place.canonical()).digest()


def signed_part(hh: bytes, commit: bytes, nonce: bytes, body: bytes) -> bytes:
    return L + b"ingest" + hashlib.sha256(b"".join((hh, commit, nonce, body))).digest()


def digest_of(salt: bytes, content: bytes) -> str:
    return hashlib.sha256(salt + content).hexdigest()


def padded(text: bytes) -> bytes:
    """``u32 length ‖ text ‖ zeros``, exactly as long as the smallest bucket that holds it."""
    return (len(text).to_bytes(LENGTH_BYTES, "big") + text).ljust(bucket_for(len(text)), b"\0")


def unpadded(whole: bytes) -> bytes:
    """
    Raises:
        Malformed: not the smallest bucket that holds the text, the fill is not all zeros, or no room for a salt.
    """
    length = int.from_bytes(whole[:LENGTH_BYTES], "big")
    if not SALT_BYTES <= length <= SALT_BYTES + MOST or bucket_for(length) != len(whole):
        raise Malformed("not the smallest bucket")
    if whole.count(0, LENGTH_BYTES + length) != len(whole) - LENGTH_BYTES - length:
        raise Malformed("fill is not zero")
    return whole[LENGTH_BYTES : LENGTH_BYTES + length]


def bucket_for(length: int) -> int:
    """For a length of at most ``SALT_BYTES + MOST``, which the largest bucket holds."""
    return next(size for size in BUCKETS if LENGTH_BYTES + length <= size)


def _taken_apart(cursor: Cursor) -> AttachmentRecord:
    if cursor.take(1) != RECORD_VERSION:
        raise Malformed("version")
    signer_kid, signature = cursor.take(KID_BYTES), cursor.take(SIGNATURE_BYTES)
    if cursor.take(len(MAGIC)) != MAGIC:
        raise Malformed("magic")
    try:
        suite = SuiteId(cursor.take(1)[0])
    except ValueError:
        raise NoteUnreadable("attachment", "suite") from None
    place = Place.parse(cursor.lp())
    commit, count = cursor.take(COMMIT_BYTES), cursor.take(1)[0]
    if not 1 <= count <= MOST_RECIPIENTS:
        raise Malformed("count")
    stanzas = tuple(Stanza(cursor.take(KID_BYTES), cursor.lp()) for _ in range(count))
    if len({stanza.kid for stanza in stanzas}) != count:
        raise Malformed("a recipient twice")
    if {len(stanza.wrapped) for stanza in stanzas} != {suite.sealed_bytes(DEK_BYTES)}:
        raise Malformed("stanza length")
    nonce, body = cursor.take(NONCE_BYTES), cursor.rest()
    if len(body) not in BODY_BYTES:
        raise Malformed("body length")
    return AttachmentRecord(signer_kid, signature, suite, place, commit, stanzas, nonce, body)
