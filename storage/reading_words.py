"""Why somebody opened a note that is not theirs, in their words: sealed to the desk's supervisors, like a note.

They stand in the audit log and open with a supervisor's key (``integra audit list --key``). Where no supervisor has a
key on the desk, they are sealed to all of it. They are bound to the note that was opened; which entry they belong to,
the chain of the log holds.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final

from storage import agencies
from storage.errors import Unreadable
from storage.pins import Pins
from storage.sealing.desk import Manifest, check_live
from storage.sealing.errors import CannotSeal, ManifestError
from storage.sealing.header import Header, hour_of
from storage.sealing.labels import L
from storage.sealing.record import accept
from storage.sealing.seal import seal
from storage.sealing.suites import PublicKey
from storage.transaction import Transaction

SCHEMA_VERSION: Final = 1
BY_KEY: Final = bytes(16)
"""Who reads where nobody knows whose the key is."""


def place(note_id: bytes) -> bytes:
    """What the words are bound to, 16 bytes, in the header's place for the id of a note."""
    return sha256(L + b"reading-words" + note_id).digest()[:16]


def sealed(tx: Transaction, pins: Pins, note_id: bytes, agency_ref: bytes, words: str, *, at: datetime) -> bytes:
    """A record, docs/formats/sealed-note.md; empty where the desk has nobody to seal to today.

    Args:
        words: up to 500 characters.
    """
    try:
        manifest = agencies.desk(tx, agencies.by_ref(tx, agency_ref).slug, pins, at)
        if manifest is None:
            return b""
        header = Header(agency_ref, place(note_id), tx.actor.ref or BY_KEY, 0, hour_of(at), SCHEMA_VERSION, "chat")
        envelope = seal(words.encode(), header, _keys(manifest, at), manifest.suite)
    except (CannotSeal, ManifestError, Unreadable):
        return b""
    return accept(envelope, tx.keyring.ingest)


def _keys(manifest: Manifest, at: datetime) -> tuple[PublicKey, ...]:
    check_live(manifest, at.date())
    live = manifest.live(at.date())
    if not any(one.role == "supervisor" for one in live):
        return tuple(one.key for one in live)
    return tuple(one.key for one in live if one.role in ("supervisor", "recovery"))
