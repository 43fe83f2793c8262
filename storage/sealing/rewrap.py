"""Seal a kept note to other recipients, without touching its text.

After a key was revoked or added, a holder of a key that opens the note makes new stanzas. Whoever could read
the note before may have kept it; this only stops the revoked key from opening what is kept here.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from storage.sealing import record as records
from storage.sealing.opening import Expected, unlocked
from storage.sealing.signing import VerifyKey
from storage.sealing.stanzas import stanzas_for
from storage.sealing.suites import OpeningKey, PublicKey


def rewrap(
    record: bytes,
    key: OpeningKey,
    recipients: Sequence[PublicKey],
    *,
    expected: Expected,
    ingest_public_keys: Collection[VerifyKey],
) -> bytes:
    """The same record with stanzas for exactly these recipients; signature, header, commitment, nonce and
    body stay byte for byte.

    Raises:
        NoteUnreadable: as in ``open_note``; a note that does not open is not wrapped again.
        CannotSeal: ``recipients``, or ``suite`` when one has a key of another suite than the note.
    """
    envelope, dek, _ = unlocked(record, key, expected=expected, ingest_public_keys=ingest_public_keys)
    stanzas = stanzas_for(recipients, envelope.suite, dek, envelope.header_hash)
    return replace(records.parse(record), envelope=replace(envelope, stanzas=stanzas)).build()
