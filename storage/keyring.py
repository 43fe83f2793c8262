"""The bot's own keys: what it encrypts for itself, its pseudonyms, and the key it signs accepted notes with.

None of them opens a note. They come from a keyset that one master key wraps (``storage.keyset``); a generation of it
gives a subkey for each label by HKDF (RFC 5869), so that a row moved to another place, or a column to another, does not
open there.

    sealed column = 0x02 ‖ generation 1 ‖ nonce 12 ‖ AES-256-GCM(subkey, padded, aad = label ‖ place)
"""

import hmac
import os
import unicodedata
from pathlib import Path
from typing import Final, Literal, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storage import keyset as keysets
from storage.custody import KEY_BYTES, KeyProvider, provider
from storage.errors import BadInstallation, Unreadable
from storage.keyset import Keyset
from storage.sealing.labels import L
from storage.sealing.signing import SigningKey

Label = Literal[
    "state", "outbox", "contact", "profile", "agency", "walk", "trace", "case", "plan", "audit", "medium", "question",
    "flag", "rota",
]  # fmt: skip
LABELS: Final[tuple[Label, ...]] = get_args(Label)
VERSION: Final = b"\x02"
FOR_GOOD: Final = 0
"""The generation of columns that are never sealed anew."""
NONCE_BYTES: Final = 12
BLOCK: Final = 128
"""Plaintexts are padded with spaces to a multiple of this, so that lengths tell little. All are JSON, where trailing
spaces mean nothing."""

MASTER_FILE: Final = "master.key"
INGEST_FILE: Final = "ingest.key"


class Keyring:
    """A keyset made ready for use, and the ingest key. ``repr`` shows nothing.

    ``audit`` signs checkpoints of the audit log. It is not the ingest key: that one travels with copies of the
    database to where notes are read.

    Random 96-bit nonces keep a subkey good for 2**32 sealings (NIST SP 800-38D, 8.3).
    """

    __slots__ = ("_boxes", "_current", "_index", "_pseudonyms", "_tokens", "audit", "ingest")

    def __init__(self, keyset: Keyset, ingest: SigningKey) -> None:
        self._boxes = {
            (number, label): AESGCM(_subkey(key, label)) for number, key in keyset.boxes.items() for label in LABELS
        }
        # The audit log is only ever added to, so its columns can never be sealed anew.
        self._boxes[(FOR_GOOD, "audit")] = AESGCM(keyset.fixed["reason"])
        self._current = keyset.current
        self._pseudonyms = keyset.fixed["pid"]
        self._index = keyset.fixed["index"]
        self._tokens = keyset.fixed["token"]
        self.audit = SigningKey(keyset.fixed["checkpoint"])
        self.ingest = ingest

    def __repr__(self) -> str:
        return "Keyring()"

    def seal(self, label: Label, place: bytes, plaintext: bytes) -> bytes:
        """Encrypt one column, under the current generation.

        Args:
            place: the row it belongs to; it opens nowhere else.
            plaintext: UTF-8 JSON.
        """
        nonce = os.urandom(NONCE_BYTES)
        padded = plaintext.ljust(-(-len(plaintext) // BLOCK) * BLOCK)
        generation = FOR_GOOD if label == "audit" else self._current
        box = self._boxes[(generation, label)]
        return VERSION + bytes([generation]) + nonce + box.encrypt(nonce, padded, label.encode() + place)

    def open(self, label: Label, place: bytes, sealed: bytes) -> bytes:
        """Decrypt one column, of any generation there is; trailing spaces are left on.

        Raises:
            Unreadable: not ours, not for this place, or changed.
        """
        box = self._boxes.get((sealed[1], label)) if sealed[:1] == VERSION and len(sealed) > 1 else None
        if box is None:
            raise Unreadable(label)
        nonce, ciphertext = sealed[2 : 2 + NONCE_BYTES], sealed[2 + NONCE_BYTES :]
        try:
            return box.decrypt(nonce, ciphertext, label.encode() + place)
        except (InvalidTag, ValueError):
            raise Unreadable(label) from None

    @property
    def mark(self) -> bytes:
        """What a column that is sealed now begins with (the audit log's apart): version and generation, 2 bytes."""
        return VERSION + bytes([self._current])

    def address_ref(self, channel: str, chat: str) -> bytes:
        return _keyed(self._pseudonyms, f"address\0{channel}\0{chat}")

    def channel_ref(self, channel: str) -> bytes:
        return _keyed(self._pseudonyms, f"channel\0{channel}")

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

    def code_hash(self, token_hash: bytes, code: str) -> bytes:
        """32 bytes; what the code that goes with an invite is known by at rest."""
        return hmac.digest(self._tokens, b"code" + token_hash + code.encode(), "sha256")

    def page_hash(self, what: str, *parts: bytes) -> bytes:
        """32 bytes; what the page's tokens, answers, tickets and addresses are known by at rest. ``what`` keeps one
        kind from passing for another."""
        told = b"".join(len(part).to_bytes(4, "big") + part for part in (what.encode(), *parts))
        return hmac.digest(self._tokens, b"page" + told, "sha256")

    def asker(self, theme_ref: bytes, person_ref: bytes) -> int:
        """0 to 255: tells who asks within one theme from most others, and says nothing in another. See storage.gaps."""
        return hmac.digest(self._pseudonyms, b"asker" + theme_ref + person_ref, "sha256")[0]

    def deletion_mac(self, line: bytes) -> bytes:
        """16 bytes that show a line of the file of deletions to be this installation's."""
        return hmac.digest(self._tokens, b"deletion" + line, "sha256")[:16]

    @classmethod
    def create(cls, folder: Path) -> "Keyring":
        """Make the keys of a new installation.

        Raises:
            BadInstallation: a key is there already; it is never overwritten.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        if (folder / keysets.FILE).exists():
            raise BadInstallation(f"{keysets.FILE} is there already; a key is never overwritten")
        for name in (MASTER_FILE, INGEST_FILE):
            write_key(folder / name, os.urandom(KEY_BYTES))
        keysets.write(folder, Keyset.generate(), [provider(folder, {}).get("master")])
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path, keys: KeyProvider | None = None) -> "Keyring":
        """
        Args:
            folder: where the keyset lies.
            keys: where master and ingest key come from; None: systemd's credentials, else files of this folder.

        Raises:
            BadInstallation: a file is missing, readable by others, a link, or not a key; says how to mend it.
        """
        keys = keys or provider(folder)
        return cls(keysets.read(folder, keys.get("master")), SigningKey(keys.get("ingest")))

    @classmethod
    def blind(cls, folder: Path) -> "Keyring":
        """For whoever only opens notes, on a copy without the master key: knows the ingest key, opens no column.

        Raises:
            BadInstallation: as ``load``, for the ingest key.
        """
        return cls(Keyset.generate(), SigningKey(provider(folder).get("ingest")))


def write_key(path: Path, key: bytes) -> None:
    """A new owner-only key file, synced.

    Raises:
        BadInstallation: there is one already.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise BadInstallation(f"{path.name} is there already; a key is never overwritten") from None
    with os.fdopen(handle, "w") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _subkey(master: bytes, label: str) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=32, info=L + b"bot/" + label.encode()).derive(master)


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")[:16]
