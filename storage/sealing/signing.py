"""Ed25519 keys: the server that accepts notes signs them, an agency's admin signs its desk."""

import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.sealing.errors import KeyRefused
from storage.sealing.suites import SEED_BYTES, key_id

SIGNATURE_BYTES: Final = 64
ED25519: Final = 0xED  # in place of a suite byte in the key id; never a suite
NAME_IN_FILES: Final = "ed25519"


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """
    Attributes:
        raw: 32 bytes.
        kid: 16 bytes, ``SHA-256(L ‖ "kid" ‖ 0xED ‖ raw)[:16]``.

    Raises:
        KeyRefused: not 32 bytes.
    """

    raw: bytes = field(repr=False)
    kid: bytes = field(init=False)

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise KeyRefused("a public signing key has 32 bytes")
        object.__setattr__(self, "kid", key_id(ED25519, self.raw))

    def verifies(self, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """An Ed25519 private key; ``repr`` shows the key id alone."""

    __slots__ = ("_private", "_seed", "public")

    def __init__(self, seed: bytes) -> None:
        """
        Raises:
            KeyRefused: the seed is not 32 bytes.
        """
        if len(seed) != SEED_BYTES:
            raise KeyRefused("a private key is a seed of 32 bytes")
        self._seed = bytes(seed)
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = VerifyKey(self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(os.urandom(SEED_BYTES))

    @property
    def kid(self) -> bytes:
        return self.public.kid

    def seed(self) -> bytes:
        """The private form, for key files only."""
        return self._seed

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid.hex()})"
