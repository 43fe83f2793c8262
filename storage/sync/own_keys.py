"""What the sync process derives from the case system's key, so that there is one file to guard."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from storage.errors import BadInstallation
from storage.sealing.labels import L
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sealing.suites import OpeningKey

NONCE_BYTES: Final = 12


def signing_key(key: OpeningKey) -> SigningKey:
    """What batches and requests are signed with."""
    return SigningKey(_derived(key, b"sync/sign"))


def public_pem(key: VerifyKey) -> str:
    """A public signing key as ``openssl pkeyutl -pubin`` reads it."""
    public = Ed25519PublicKey.from_public_bytes(key.raw)
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def read_public_pem(pem: bytes, where: str) -> VerifyKey:
    """
    Args:
        where: what the file is called, for the message.

    Raises:
        BadInstallation: not a public Ed25519 key.
    """
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInstallation(f"{where} should hold an Ed25519 public key (PEM)")
    return VerifyKey(key.public_bytes_raw())


class HashBox:
    """Keeps the hash of what was sent in the database, where a bare hash would let anybody check a guess at a note.

    hash_for_sync = nonce 12 ‖ AES-256-GCM(SHA-256 of the payload, aad = id of the event)
    """

    def __init__(self, key: OpeningKey) -> None:
        self._box = AESGCM(_derived(key, b"sync/hash"))

    def seal(self, sha256: str, event_id: str) -> bytes:
        """
        Args:
            sha256: 64 hex digits.

        Returns:
            60 bytes.
        """
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, bytes.fromhex(sha256), event_id.encode())

    def open(self, sealed: bytes | None, event_id: str) -> str:
        """64 hex digits; empty where there is none, or it was sealed with a former key."""
        if sealed is None:
            return ""
        try:
            return self._box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], event_id.encode()).hex()
        except (InvalidTag, ValueError):
            return ""


def _derived(key: OpeningKey, label: bytes) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=32, info=L + label).derive(key.seed())
