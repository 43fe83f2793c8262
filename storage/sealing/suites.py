"""The two ways to seal something to a key: HPKE (RFC 9180, base mode) with X25519, or with X-Wing.

    0x01  X25519           / HKDF-SHA256 / AES-256-GCM    allowed by an agency's policy
    0x02  MLKEM768-X25519  / HKDF-SHA256 / AES-256-GCM    X-Wing, HPKE KEM 0x647a; the default

Notes stay sensitive for decades and a copied database can wait for a quantum computer; X-Wing is at least as
strong as X25519 should ML-KEM fail. The only file that calls HPKE.
"""

import hashlib
import os
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from storage.sealing.errors import DoesNotOpen, KeyRefused
from storage.sealing.labels import L

KID_BYTES: Final = 16
SEED_BYTES: Final = 32
MLKEM_PUBLIC_BYTES: Final = 1184
AEAD_TAG_BYTES: Final = 16


class SuiteId(IntEnum):
    """The suite byte of the formats; ``name_in_files`` is its name in JSON."""

    X25519 = 0x01
    XWING = 0x02

    @property
    def name_in_files(self) -> str:
        return "x25519" if self is SuiteId.X25519 else "x-wing"

    @property
    def public_bytes(self) -> int:
        """Length of a public key: 32, or 1,184 of ML-KEM-768 and then 32 of X25519."""
        return 32 if self is SuiteId.X25519 else MLKEM_PUBLIC_BYTES + 32

    def sealed_bytes(self, plaintext_bytes: int) -> int:
        """Length of what ``PublicKey.encrypt`` makes of so many bytes."""
        return KEMS[self].enc_length() + plaintext_bytes + AEAD_TAG_BYTES

    @classmethod
    def named(cls, name_in_files: str) -> "SuiteId":
        """
        Raises:
            ValueError: no suite has this name.
        """
        for suite in cls:
            if suite.name_in_files == name_in_files:
                return suite
        raise ValueError("unknown suite")


DEFAULT_SUITE: Final = SuiteId.XWING
KEMS: Final = {SuiteId.X25519: hpke.KEM.X25519, SuiteId.XWING: hpke.KEM.MLKEM768_X25519}
HPKE: Final = {suite: hpke.Suite(kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM) for suite, kem in KEMS.items()}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key to seal to.

    Attributes:
        suite: which HPKE suite it belongs to.
        raw: 32 bytes (X25519) or 1,216 bytes (X-Wing: ML-KEM-768 ‖ X25519).
        kid: 16 bytes, ``SHA-256(L ‖ "kid" ‖ suite byte ‖ raw)[:16]``; computed, never taken on trust.

    Raises:
        KeyRefused: wrong length, not a valid ML-KEM key, or an X25519 point of small order.
    """

    suite: SuiteId
    raw: bytes = field(repr=False)
    kid: bytes = field(init=False)
    _usable: X25519PublicKey | hpke.MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_usable", encryption_key(self.suite, self.raw))
        object.__setattr__(self, "kid", key_id(self.suite, self.raw))

    def encrypt(self, plaintext: bytes, *, info: bytes) -> bytes:
        """Single-shot HPKE: ``enc ‖ ciphertext``. What it belongs to goes into ``info``; there is no other
        associated data."""
        return HPKE[self.suite].encrypt(plaintext, self._usable, info=info)


class OpeningKey:
    """A private key that opens what was sealed to its public key.

    Both suites keep a 32-byte seed as the only private form; for X25519 it is the private key itself.
    ``repr`` shows the key id alone. Python cannot wipe it from memory.
    """

    __slots__ = ("_private", "_seed", "public", "suite")

    def __init__(self, suite: SuiteId, seed: bytes) -> None:
        """
        Raises:
            KeyRefused: the seed is not 32 bytes.
        """
        if len(seed) != SEED_BYTES:
            raise KeyRefused("a private key is a seed of 32 bytes")
        self.suite = suite
        self._seed = bytes(seed)
        self._private: X25519PrivateKey | hpke.MLKEM768X25519PrivateKey
        if suite is SuiteId.X25519:
            x25519 = X25519PrivateKey.from_private_bytes(seed)
            self._private = x25519
            raw = x25519.public_key().public_bytes_raw()
        else:
            expanded = hashlib.shake_256(seed).digest(96)
            mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
            x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
            self._private = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
            raw = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        self.public = PublicKey(suite, raw)

    @property
    def kid(self) -> bytes:
        return self.public.kid

    def seed(self) -> bytes:
        """The private form, for key files only."""
        return self._seed

    def decrypt(self, sealed: bytes, *, info: bytes) -> bytes:
        """
        Raises:
            DoesNotOpen: another key, another ``info``, or changed bytes; they cannot be told apart.
        """
        try:
            return HPKE[self.suite].decrypt(sealed, self._private, info=info)
        except (InvalidTag, ValueError):
            raise DoesNotOpen(f"key {self.kid.hex()} does not open this") from None

    def __repr__(self) -> str:
        return f"OpeningKey(kid={self.kid.hex()})"


def generate(suite: SuiteId = DEFAULT_SUITE) -> OpeningKey:
    """A new key from the operating system's random source."""
    return OpeningKey(suite, os.urandom(SEED_BYTES))


def key_id(kind: int, public: bytes) -> bytes:
    """``SHA-256(L ‖ "kid" ‖ kind byte ‖ public key)[:16]``; for a key to seal to, the kind is its suite."""
    return hashlib.sha256(L + b"kid" + bytes([kind]) + public).digest()[:KID_BYTES]


def encryption_key(suite: SuiteId, raw: bytes) -> X25519PublicKey | hpke.MLKEM768X25519PublicKey:
    if len(raw) != suite.public_bytes:
        raise KeyRefused(f"a public key of {suite.name_in_files} has {suite.public_bytes} bytes")
    try:
        x25519 = X25519PublicKey.from_public_bytes(raw[-32:])
        X25519PrivateKey.generate().exchange(x25519)  # the only check for points of small order there is
        if suite is SuiteId.X25519:
            return x25519
        return hpke.MLKEM768X25519PublicKey(MLKEM768PublicKey.from_public_bytes(raw[:-32]), x25519)
    except ValueError:
        raise KeyRefused(f"not a usable public key of {suite.name_in_files}") from None
