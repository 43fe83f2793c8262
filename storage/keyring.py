"""The bot's own keys: what it encrypts for itself, its pseudonyms, and the key it signs accepted notes with.

None of them opens a note. Subkeys come from one master key by HKDF (RFC 5869), one for each label, so that a row
moved to another place, or a column to another, does not open there.

    sealed column = 0x01 ‖ nonce 12 ‖ AES-256-GCM(subkey, padded, aad = label ‖ place)
"""

import hashlib
import hmac
import os
import unicodedata
from pathlib import Path
from typing import Final, Literal, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storage.errors import BadInstallation, Unreadable
from storage.sealing.errors import KeyFileError
from storage.sealing.keyfile import owner_only
from storage.sealing.labels import L
from storage.sealing.signing import SigningKey

Label = Literal["state", "outbox", "contact", "profile", "agency", "walk", "trace", "case", "audit"]
LABELS: Final[tuple[Label, ...]] = get_args(Label)
MASTER_BYTES: Final = 32
VERSION: Final = b"\x01"
NONCE_BYTES: Final = 12
BLOCK: Final = 128
"""Plaintexts are padded with spaces to a multiple of this, so that lengths tell little. All are JSON, where trailing
spaces mean nothing."""

MASTER_FILE: Final = "master.key"
INGEST_FILE: Final = "ingest.key"


class Keyring:
    """Subkeys of one master key, and the ingest key. ``repr`` shows nothing.

    ``audit`` signs checkpoints of the audit log. It is not the ingest key: that one travels with copies of the
    database to where notes are read.

    Random 96-bit nonces keep a subkey good for 2**32 sealings (NIST SP 800-38D, 8.3).
    """

    __slots__ = ("_boxes", "_index", "_pseudonyms", "_tokens", "audit", "ingest")

    def __init__(self, master: bytes, ingest: SigningKey) -> None:
        if len(master) != MASTER_BYTES:
            raise BadInstallation(f"the master key has {MASTER_BYTES} bytes")
        self._boxes = {label: AESGCM(_subkey(master, label)) for label in LABELS}
        self._pseudonyms = _subkey(master, "pid")
        self._index = _subkey(master, "index")
        self._tokens = _subkey(master, "token")
        self.audit = SigningKey(_subkey(master, "audit-checkpoint"))
        self.ingest = ingest

    def __repr__(self) -> str:
        return "Keyring()"

    def seal(self, label: Label, place: bytes, plaintext: bytes) -> bytes:
        """Encrypt one column.

        Args:
            place: the row it belongs to; it opens nowhere else.
            plaintext: UTF-8 JSON.
        """
        nonce = os.urandom(NONCE_BYTES)
        padded = plaintext.ljust(-(-len(plaintext) // BLOCK) * BLOCK)
        return VERSION + nonce + self._boxes[label].encrypt(nonce, padded, label.encode() + place)

    def open(self, label: Label, place: bytes, sealed: bytes) -> bytes:
        """Decrypt one column; trailing spaces are left on.

        Raises:
            Unreadable: not ours, not for this place, or changed.
        """
        if sealed[:1] != VERSION:
            raise Unreadable(label)
        nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._boxes[label].decrypt(nonce, ciphertext, label.encode() + place)
        except (InvalidTag, ValueError):
            raise Unreadable(label) from None

    def address_ref(self, channel: str, chat: str) -> bytes:
        return _keyed(self._pseudonyms, f"address\0{channel}\0{chat}")

    def agency_ref(self, slug: str) -> bytes:
        return _keyed(self._pseudonyms, f"agency\0{slug}")

    def operator_ref(self, name: str) -> bytes:
        return _keyed(self._pseudonyms, f"operator\0{name}")

    def case_tag(self, agency_ref: bytes, case_code: str) -> bytes | None:
        """Equal for equal codes of one agency; None for no code. What that reveals is in the threat model."""
        plain = "".join(unicodedata.normalize("NFKC", case_code).upper().split())
        if not plain:
            return None
        return hmac.digest(self._index, b"case" + agency_ref + plain.encode(), "sha256")[:16]

    def token_hash(self, token: str) -> bytes:
        """32 bytes; what an invite is known by at rest."""
        return hmac.digest(self._tokens, token.encode("utf-8", "replace"), "sha256")

    @classmethod
    def create(cls, folder: Path) -> "Keyring":
        """Make the keys of a new installation.

        Raises:
            BadInstallation: a key is there already; it is never overwritten.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in (MASTER_FILE, INGEST_FILE):
            try:
                handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            except FileExistsError:
                raise BadInstallation(f"{name} is there already; a key is never overwritten") from None
            with os.fdopen(handle, "w") as file:
                file.write(os.urandom(MASTER_BYTES).hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> "Keyring":
        """
        Raises:
            BadInstallation: a file is missing, readable by others, a link, or not a key; says how to mend it.
        """
        return cls(_read(folder / MASTER_FILE), SigningKey(_read(folder / INGEST_FILE)))


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(owner_only(path).strip())
    except KeyFileError as refused:
        raise BadInstallation(str(refused)) from None
    except ValueError:
        raise BadInstallation(f"{path.name} is not a key: 64 hexadecimal digits are expected") from None
    if len(key) != MASTER_BYTES:
        raise BadInstallation(f"{path.name} is not a key: 64 hexadecimal digits are expected")
    return key


def _subkey(master: bytes, label: str) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=32, info=L + b"bot/" + label.encode()).derive(master)


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()[:16]
