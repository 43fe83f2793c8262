"""What is in a backup: the database, and the small files without which it is no installation.

    "INTEGRA BACKUP 1\\n" ‖ u32 length ‖ JSON {"made_at": seconds, "files": {name: base64}} ‖ dump ‖ Ed25519 signature

It is written through ``storage.sealing.stream``, encrypted. The signature is the installation's audit key's: anybody
can encrypt to the key of a month, and a backup made by somebody else must not be restored. docs/formats/backup.md says
the same byte by byte.
"""

import base64
import hashlib
import json
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from storage import copying
from storage.copying import Summary
from storage.sealing.errors import BackupRefused
from storage.sealing.labels import L
from storage.sealing.signing import SIGNATURE_BYTES, SigningKey, VerifyKey
from storage.sealing.stream import StreamReader, StreamWriter

MAGIC: Final = b"INTEGRA BACKUP 1\n"
MOST_FILES_BYTES: Final = 16_000_000
FILES: Final = re.compile(r"keys/keyset\.json|desks/[a-z0-9][a-z0-9-]{0,39}\.json|settings\.toml|site\.toml")
"""What may be in it besides the database: neither the master key nor the ingest key."""


@dataclass(frozen=True, slots=True)
class Contents:
    """
    Attributes:
        made_at: seconds; what was done later is not in it.
        files: path in the data folder -> bytes.
    """

    made_at: int
    files: Mapping[str, bytes] = field(repr=False)


def write(
    out: StreamWriter,
    contents: Contents,
    connection: Connection,
    signer: SigningKey,
    *,
    progress: Callable[[int], None] = lambda rows: None,
) -> Summary:
    """Write a whole backup.

    Args:
        connection: see ``copying.dump``.
        signer: the installation's audit key.
    """
    hashed = hashlib.sha256()

    def both(text: bytes) -> None:
        hashed.update(text)
        out.write(text)

    files = {name: base64.b64encode(raw).decode() for name, raw in contents.files.items()}
    head = json.dumps({"made_at": contents.made_at, "files": files}, sort_keys=True).encode()
    both(MAGIC + struct.pack(">I", len(head)) + head)
    summary = copying.dump(connection, both, progress=progress)
    out.write(signer.sign(_signed(out.header, hashed.digest())))
    out.close()
    return summary


class Reader:
    """Takes a backup apart, from front to back: ``contents`` at once, then the dump by ``read``, then ``verify``."""

    def __init__(self, stream: StreamReader) -> None:
        """
        Raises:
            BackupRefused: ``damaged``, ``format``.
        """
        self._stream, self._hashed = stream, hashlib.sha256()
        if self.read(len(MAGIC)) != MAGIC:
            raise BackupRefused("format", "this backup is of a newer program; upgrade it")
        size = int.from_bytes(self.read(4), "big")
        if size > MOST_FILES_BYTES:
            raise BackupRefused("format", "this backup is not one that this program wrote")
        self.contents = _contents(self.read(size))

    def read(self, size: int) -> bytes:
        text = self._stream.read(size)
        self._hashed.update(text)
        return text

    def verify(self, key: VerifyKey) -> None:
        """The dump has been read: is it all, and did this installation write it?

        Raises:
            BackupRefused: ``signature``, ``damaged``.
        """
        said = _signed(self._stream.header, self._hashed.digest())
        signature = self._stream.read(SIGNATURE_BYTES)
        if not key.verifies(signature, said):
            raise BackupRefused("signature", "this backup was not made by the installation whose keys these are")
        if self._stream.read(1):
            raise BackupRefused("damaged", "this backup goes on where it should end")


def _signed(header: bytes, digest: bytes) -> bytes:
    return L + b"backup" + hashlib.sha256(header).digest() + digest


def _contents(raw: bytes) -> Contents:
    try:
        fields: Any = json.loads(raw)
        files = {name: base64.b64decode(text, validate=True) for name, text in fields["files"].items()}
        made_at = fields["made_at"]
        if type(made_at) is not int or not all(FILES.fullmatch(name) for name in files):
            raise ValueError("files")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BackupRefused("format", "this backup is not one that this program wrote") from None
    return Contents(made_at, files)
