"""Seal a note to its recipients. Needs public keys only, and keeps nothing that could open it again."""

import os
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.sealing.envelope import DEK_BYTES, NONCE_BYTES, Envelope, body_key, commitment, header_hash
from storage.sealing.errors import CannotSeal
from storage.sealing.header import Header
from storage.sealing.padding import MOST, pad
from storage.sealing.stanzas import stanzas_for
from storage.sealing.suites import DEFAULT_SUITE, PublicKey, SuiteId


def seal(plaintext: bytes, header: Header, recipients: Sequence[PublicKey], suite: SuiteId = DEFAULT_SUITE) -> bytes:
    """Seal one note so that it opens only with a recipient's key and in its own place.

    Args:
        plaintext: 0 to 16,380 bytes; in practice UTF-8 JSON.
        header: where the note belongs; stands in clear and cannot be changed afterwards.
        recipients: 1 to 32 different keys, all of ``suite``.

    Returns:
        ENVELOPE v1 (docs/formats/sealed-note.md): with X-Wing 150 bytes, 1,186 for each recipient and the
        padded text. Its length depends on the size class of the text and the number of recipients alone.

    Raises:
        CannotSeal: ``length``, ``recipients`` or ``suite``.
    """
    if len(plaintext) > MOST:
        raise CannotSeal("length", f"a note has at most {MOST} bytes")
    hh = header_hash(suite, header)
    dek = os.urandom(DEK_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    return Envelope(
        suite=suite,
        header=header,
        commit=commitment(dek, hh),
        stanzas=stanzas_for(recipients, suite, dek, hh),
        nonce=nonce,
        body=AESGCM(body_key(dek, hh)).encrypt(nonce, pad(plaintext), hh),
    ).build()
