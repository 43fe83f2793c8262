"""A file of any length encrypted in chunks, see docs/formats/backup.md: nothing of it is trusted before it verified.

    header   "INB1" ‖ suite 1 ‖ kid 16 of the epoch's key ‖ lp(HPKE(file key))
    chunk    AES-256-GCM(stream key, 65,536 bytes of text, nonce = number 11 ‖ last? 1)
    last     1 to 65,536 bytes; empty only when the whole text is

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) as age uses it: a chunk that is missing, moved,
repeated or cut off does not open. The key is fresh for each file, so counting nonces never meet twice.
"""

import hashlib
import os
from collections.abc import Callable
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storage.sealing.errors import BackupRefused, DoesNotOpen
from storage.sealing.labels import L
from storage.sealing.suites import AEAD_TAG_BYTES, KID_BYTES, OpeningKey, PublicKey, SuiteId
from storage.sealing.wire import Cursor, Malformed, lp

MAGIC: Final = b"INB1"
CHUNK_BYTES: Final = 65_536
FILE_KEY_BYTES: Final = 32
FIRST_BYTES: Final = len(MAGIC) + 1 + KID_BYTES + 2
"""Up to the length of the sealed file key, which says how long the header is."""


class StreamWriter:
    """Writes one file. ``write`` what you have; ``close`` seals the last chunk, without which the file opens not."""

    def __init__(self, file: BinaryIO, to: PublicKey, *, random: Callable[[int], bytes] = os.urandom) -> None:
        file_key = random(FILE_KEY_BYTES)
        self.header = _header(to.suite, to.kid, to.encrypt(file_key, info=_info(to.kid)))
        self._box, self._file = AESGCM(_stream_key(file_key, self.header)), file
        self._waiting, self._number = bytearray(), 0
        file.write(self.header)

    def write(self, text: bytes) -> None:
        self._waiting += text
        # One byte more than a chunk: whether a chunk is the last is known only when there is more.
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def close(self) -> None:
        self._seal(bytes(self._waiting), last=True)

    def _seal(self, text: bytes, *, last: bool) -> None:
        self._file.write(self._box.encrypt(_nonce(self._number, last), text, None))
        self._number += 1


class StreamReader:
    """Reads one file back; ``read(n)`` gives exactly so many bytes, fewer only at the end.

    Raises:
        BackupRefused: ``format``, ``key`` (sealed to another), ``damaged`` (changed, cut off, or joined from two).
    """

    def __init__(self, file: BinaryIO, key: OpeningKey) -> None:
        self.header, self._file = read_header(file), file
        suite, kid, sealed = parse_header(self.header)
        if suite is not key.suite or kid != key.kid:
            raise BackupRefused("key", "this backup was made for another key")
        try:
            file_key = key.decrypt(sealed, info=_info(kid))
        except DoesNotOpen:
            raise BackupRefused("damaged", "the head of this backup was changed") from None
        self._box = AESGCM(_stream_key(file_key, self.header))
        self._ahead, self._text, self._at, self._number, self._ended = b"", b"", 0, 0, False
        self._ahead = self._file.read(CHUNK_BYTES + AEAD_TAG_BYTES)

    def read(self, size: int) -> bytes:
        parts, wanted = [], size
        while wanted:
            if self._at == len(self._text):
                if self._ended:
                    break
                self._text, self._at = self._next(), 0
                continue
            part = self._text[self._at : self._at + wanted]
            self._at += len(part)
            wanted -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next(self) -> bytes:
        sealed, self._ahead = self._ahead, self._file.read(CHUNK_BYTES + AEAD_TAG_BYTES)
        last = not self._ahead
        try:
            text = self._box.decrypt(_nonce(self._number, last), sealed, None)
        except (InvalidTag, ValueError):
            raise BackupRefused("damaged", "this backup was changed or is not whole; take another") from None
        if last and not text and self._number:
            raise BackupRefused("damaged", "this backup was changed or is not whole; take another")
        self._number += 1
        self._ended = last
        return text


def read_header(file: BinaryIO) -> bytes:
    """
    Raises:
        BackupRefused: ``format``.
    """
    first = file.read(FIRST_BYTES)
    header = first + file.read(int.from_bytes(first[-2:], "big")) if len(first) == FIRST_BYTES else first
    parse_header(header)
    return header


def parse_header(header: bytes) -> tuple[SuiteId, bytes, bytes]:
    """Suite, key id, sealed file key.

    Raises:
        BackupRefused: ``format``.
    """
    cursor = Cursor(header)
    try:
        if cursor.take(len(MAGIC)) != MAGIC:
            raise Malformed("magic")
        suite, kid, sealed = SuiteId(cursor.take(1)[0]), cursor.take(KID_BYTES), cursor.lp()
        cursor.end()
        if len(sealed) != suite.sealed_bytes(FILE_KEY_BYTES):
            raise Malformed("length")
    except ValueError:
        raise BackupRefused("format", "this is not a backup, or one of a newer program") from None
    return suite, kid, sealed


def _header(suite: SuiteId, kid: bytes, sealed: bytes) -> bytes:
    return MAGIC + bytes([suite]) + kid + lp(sealed)


def _info(kid: bytes) -> bytes:
    return L + b"backup-file" + kid


def _stream_key(file_key: bytes, header: bytes) -> bytes:
    info = L + b"backup-stream" + hashlib.sha256(header).digest()
    return HKDFExpand(algorithm=SHA256(), length=32, info=info).derive(file_key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
