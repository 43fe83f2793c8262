"""The keys behind every sealed column and pseudonym, kept in one file that the master key wraps.

    keys/keyset.json    {"v": 1, "wraps": [{"master": 8 hex, "nonce": 24 hex, "sealed": hex}, …]}
    sealed              AES-256-GCM(HKDF(master, "keyset"), JSON below, aad = "keyset")
    inside              {"fixed": {"pid": …, …}, "boxes": {"1": …, "2": …}, "current": 2}; keys in hex

There is a wrap for each master key that may open it: one, and two while the master key is being changed. A *generation*
of boxes seals columns; the current one seals, all can open. ``fixed`` keys never change: those of pseudonyms stand in
the headers of sealed notes, which nobody here can write anew; the audit log is only added to, so the key of its reasons
stays, and so does the one that signs its checkpoints, which verifiers elsewhere know.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storage.errors import BadInstallation
from storage.sealing.labels import L

FILE: Final = "keyset.json"
FIXED: Final = ("pid", "index", "token", "reason", "checkpoint")
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
MOST_GENERATIONS: Final = 255


@dataclass(frozen=True, slots=True)
class Keyset:
    """
    Attributes:
        fixed: keys of pseudonyms and of the audit log, by name of ``FIXED``.
        boxes: keys of columns by generation, 1 to 255.
        current: the generation that seals.
    """

    fixed: Mapping[str, bytes] = field(repr=False)
    boxes: Mapping[int, bytes] = field(repr=False)
    current: int

    @classmethod
    def generate(cls) -> "Keyset":
        fixed = MappingProxyType({name: os.urandom(KEY_BYTES) for name in FIXED})
        return cls(fixed, MappingProxyType({1: os.urandom(KEY_BYTES)}), 1)

    def with_new_generation(self) -> "Keyset":
        """The same with a fresh generation that seals from now on.

        Raises:
            BadInstallation: all 255 numbers are in use; cannot happen once older ones are dropped.
        """
        number = next((one for one in range(1, MOST_GENERATIONS + 1) if one not in self.boxes), None)
        if number is None:
            raise BadInstallation("the keyset is full; finish the rotation that was begun")
        return replace(self, boxes=MappingProxyType({**self.boxes, number: os.urandom(KEY_BYTES)}), current=number)

    def only_current(self) -> "Keyset":
        """The same without older generations."""
        return replace(self, boxes=MappingProxyType({self.current: self.boxes[self.current]}))


def write(folder: Path, keyset: Keyset, masters: list[bytes]) -> None:
    """Replace the file as a whole, owner-only, synced; readable with each of these master keys."""
    inside = json.dumps(
        {
            "fixed": {name: key.hex() for name, key in keyset.fixed.items()},
            "boxes": {str(number): key.hex() for number, key in keyset.boxes.items()},
            "current": keyset.current,
        }
    ).encode()
    wraps = []
    for master in masters:
        nonce = os.urandom(NONCE_BYTES)
        sealed = _box(master).encrypt(nonce, inside, b"keyset")
        wraps.append({"master": _fingerprint(master), "nonce": nonce.hex(), "sealed": sealed.hex()})
    replace_file(folder / FILE, json.dumps({"v": 1, "wraps": wraps}).encode())


def read(folder: Path, master: bytes) -> Keyset:
    """
    Raises:
        BadInstallation: the file is missing, broken, or of another master key.
    """
    try:
        whole = json.loads((folder / FILE).read_bytes())
        wrap = next((one for one in whole["wraps"] if one["master"] == _fingerprint(master)), None)
        if whole["v"] != 1 or wrap is None:
            raise BadInstallation(f"{FILE} is of another master key; bring the key that belongs to it from its backup")
        inside = json.loads(
            _box(master).decrypt(bytes.fromhex(wrap["nonce"]), bytes.fromhex(wrap["sealed"]), b"keyset")
        )
        keyset = Keyset(
            MappingProxyType({name: bytes.fromhex(inside["fixed"][name]) for name in FIXED}),
            MappingProxyType({int(number): bytes.fromhex(key) for number, key in inside["boxes"].items()}),
            int(inside["current"]),
        )
    except FileNotFoundError:
        raise BadInstallation(f"there is no {FILE}; bring it from the backup of the keys") from None
    except (InvalidTag, KeyError, TypeError, ValueError, AttributeError, OSError):
        raise BadInstallation(f"{FILE} cannot be read; bring it from the backup of the keys") from None
    if keyset.current not in keyset.boxes:
        raise BadInstallation(f"{FILE} cannot be read; bring it from the backup of the keys")
    return keyset


def replace_file(path: Path, content: bytes) -> None:
    """Write an owner-only file in one step: after a crash there is the old one or the new one, whole."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _box(master: bytes) -> AESGCM:
    return AESGCM(HKDFExpand(algorithm=SHA256(), length=32, info=L + b"bot/keyset").derive(master))


def _fingerprint(master: bytes) -> str:
    """8 hex digits that tell one master key from another and nothing of either."""
    return HKDFExpand(algorithm=SHA256(), length=4, info=L + b"bot/master-id").derive(master).hex()
