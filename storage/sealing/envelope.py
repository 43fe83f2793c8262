"""ENVELOPE v1: the bytes of a sealed note, see docs/formats/sealed-note.md.

    magic "INE1" ‖ suite 1 ‖ lp(header) ‖ commit 32 ‖ count 1 ‖ stanzas ‖ nonce 12 ‖ body
    stanza = kid 16 ‖ lp(HPKE output)

Taking apart and putting together only; nothing here needs or knows a private key.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storage.sealing.errors import UNKNOWN_NOTE, NoteUnreadable
from storage.sealing.header import Header
from storage.sealing.labels import L
from storage.sealing.padding import BUCKETS
from storage.sealing.suites import AEAD_TAG_BYTES, KID_BYTES, SuiteId
from storage.sealing.wire import Cursor, Malformed, lp

MAGIC: Final = b"INE1"
COMMIT_BYTES: Final = 32
NONCE_BYTES: Final = 12
DEK_BYTES: Final = 32
MOST_RECIPIENTS: Final = 32
BODY_BYTES: Final = frozenset(size + AEAD_TAG_BYTES for size in BUCKETS)


@dataclass(frozen=True, slots=True)
class Stanza:
    """A note's key, sealed to one recipient."""

    kid: bytes
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    suite: SuiteId
    header: Header
    commit: bytes = field(repr=False)
    stanzas: tuple[Stanza, ...]
    nonce: bytes = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def kids(self) -> tuple[bytes, ...]:
        """Key ids of the recipients, in the order of the stanzas."""
        return tuple(stanza.kid for stanza in self.stanzas)

    @property
    def header_hash(self) -> bytes:
        return header_hash(self.suite, self.header)

    def build(self) -> bytes:
        """The byte form; ``parse`` of it gives this value back."""
        return b"".join(
            (
                MAGIC,
                bytes([self.suite]),
                lp(self.header.canonical()),
                self.commit,
                bytes([len(self.stanzas)]),
                *(stanza.kid + lp(stanza.wrapped) for stanza in self.stanzas),
                self.nonce,
                self.body,
            )
        )


def parse(envelope: bytes, *, note_id_hex: str = UNKNOWN_NOTE) -> Envelope:
    """Take an envelope apart, refusing everything that ``Envelope.build`` would not have made.

    Whether anything in it is true is not known before it was opened, or its record verified.

    Args:
        note_id_hex: only for the error.

    Raises:
        NoteUnreadable: ``suite`` for an unknown suite byte, ``format`` for all else: other magic or version,
            0 or more than 32 recipients, a recipient twice, a stanza or body of another length.
    """
    try:
        return taken_apart(Cursor(envelope), note_id_hex)
    except Malformed:
        raise NoteUnreadable(note_id_hex, "format") from None


def taken_apart(cursor: Cursor, note_id_hex: str) -> Envelope:
    if cursor.take(len(MAGIC)) != MAGIC:
        raise Malformed("magic")
    suite_byte = cursor.take(1)[0]
    try:
        suite = SuiteId(suite_byte)
    except ValueError:
        raise NoteUnreadable(note_id_hex, "suite") from None
    header = Header.parse(cursor.lp())
    commit = cursor.take(COMMIT_BYTES)
    count = cursor.take(1)[0]
    if not 1 <= count <= MOST_RECIPIENTS:
        raise Malformed("count")
    stanzas = tuple(Stanza(cursor.take(KID_BYTES), cursor.lp()) for _ in range(count))
    if len({stanza.kid for stanza in stanzas}) != count:
        raise Malformed("a recipient twice")
    if {len(stanza.wrapped) for stanza in stanzas} != {suite.sealed_bytes(DEK_BYTES)}:
        raise Malformed("stanza length")
    nonce = cursor.take(NONCE_BYTES)
    body = cursor.rest()
    if len(body) not in BODY_BYTES:
        raise Malformed("body length")
    return Envelope(suite, header, commit, stanzas, nonce, body)


def header_hash(suite: SuiteId, header: Header) -> bytes:
    """SHA-256 over magic, suite and header: what key, commitment, body and stanzas are bound to."""
    return hashlib.sha256(MAGIC + bytes([suite]) + header.canonical()).digest()


def body_key(dek: bytes, hh: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, L + b"body" + hh).derive(dek)


def commitment(dek: bytes, hh: bytes) -> bytes:
    """AES-GCM does not commit to its key; without this a sender could show two readers two texts."""
    return HKDFExpand(SHA256(), COMMIT_BYTES, L + b"commit" + hh).derive(dek)


def wrap_info(hh: bytes, kid: bytes) -> bytes:
    return L + b"wrap" + hh + kid
