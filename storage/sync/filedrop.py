"""A folder as destination: encrypted, signed, chained batches that need no network. See docs/formats/file-drop.md.

    notes-<stream>-0000000042.jsonl.age        one line a note, encrypted to the agency's age recipient
    notes-<stream>-0000000042.manifest.sig     Ed25519 over the manifest's bytes
    notes-<stream>-0000000042.manifest.json    last: it is there, so the batch is whole

Each file is written beside its name as ``.part``, made durable, linked to its name (which never overwrites), and the
folder made durable. ``.part`` files hold what the finished ones hold: ciphertext, a signature, a manifest.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from storage.errors import BadInstallation, Busy
from storage.sealing.labels import L
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sealing.suites import OpeningKey
from storage.sync.batch import Batch, DropConflict, DropUnwritable, Event, Head, Receipt, Step
from storage.sync.canonical import canonical

FORMAT: Final = "integra-drop-1"
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
"""Of a stream and of a sender."""

SALT_BYTES: Final = 16
DATA, SIGNATURE, MANIFEST = "jsonl.age", "manifest.sig", "manifest.json"


def signing_key(key: OpeningKey) -> SigningKey:
    """The key that a case system's process signs its batches with: derived, so that there is one file to guard."""
    return SigningKey(HKDFExpand(algorithm=SHA256(), length=32, info=L + b"sync/sign").derive(key.seed()))


def public_pem(key: VerifyKey) -> str:
    """A public signing key as ``openssl pkeyutl -pubin`` reads it."""
    public = Ed25519PublicKey.from_public_bytes(key.raw)
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def file_name(stream: str, batch: int, kind: str) -> str:
    return f"notes-{stream}-{batch:010d}.{kind}"


@dataclass(frozen=True, slots=True)
class FileDrop:
    """
    Attributes:
        folder: exists, on a file system with hard links; what moves the files on may read and delete them.
        recipient: the agency's age public key, ``age1…``.
        sender: name of this installation, 1 to 40 of a-z, 0-9 and hyphen.
        stream: name of this line of batches, likewise; one agency's, never used anew for something else.

    Raises:
        BadInstallation: recipient, sender or stream is not as above.
    """

    folder: Path
    recipient: str
    sender: str
    stream: str
    _recipient: pyrage.x25519.Recipient = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.stream) or not NAME.fullmatch(self.sender):
            raise BadInstallation("sender and stream of a file drop are 1 to 40 of a-z, 0-9 and hyphen")
        try:
            recipient = pyrage.x25519.Recipient.from_str(self.recipient)
        except pyrage.RecipientError:
            raise BadInstallation("the recipient of a file drop is an age public key, age1…") from None
        object.__setattr__(self, "_recipient", recipient)

    @property
    def destination(self) -> str:
        return f"filedrop:{self.stream}"

    @property
    def source(self) -> str:
        return f"urn:integra:{self.sender}"

    def ready(self, next_batch: int) -> None:
        """See ``Connector.ready``: the folder is there, and holds no batch of this number or a later one."""
        shape = re.compile(rf"notes-{self.stream}-([0-9]{{10}})\..+")
        try:
            names = os.listdir(self.folder)
        except OSError as failed:
            raise _unwritable(failed) from None
        found = [int(named[1]) for name in names if (named := shape.fullmatch(name))]
        if max(found, default=0) >= next_batch:
            raise DropConflict(f"the folder of {self.stream} holds batch {max(found)}, {next_batch} would be next")

    def pack(self, events: Sequence[Event], after: Head, signing: SigningKey, at: datetime) -> Batch:
        """See ``Connector.pack``."""
        seq, line_sha256, lines = after.seq, after.line_sha256, []
        for event in events:
            seq += 1
            line = canonical(
                {
                    "seq": seq,
                    "prev": line_sha256.hex(),
                    # the chain's head stands in clear; without salt it would confirm a guess at the last note's text
                    "salt": os.urandom(SALT_BYTES).hex(),
                    "event": event.content,
                }
            )
            line_sha256 = hashlib.sha256(line).digest()
            lines.append(line + b"\n")
        data = pyrage.encrypt(b"".join(lines), [self._recipient])
        manifest = canonical(
            {
                "format": FORMAT,
                "sender": self.sender,
                "stream": self.stream,
                "batch": after.batch + 1,
                "first_seq": after.seq + 1,
                "last_seq": seq,
                "count": len(events),
                "data_sha256": hashlib.sha256(data).hexdigest(),
                "prev_manifest_sha256": after.manifest_sha256.hex(),
                "head": line_sha256.hex(),
                "key_id": signing.kid.hex(),
                "created_at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
        head = Head(after.batch + 1, seq, line_sha256, hashlib.sha256(manifest).digest())
        return Batch(head, data, manifest, signing.sign(manifest))

    def deliver(self, batch: Batch, step: Step) -> Receipt:
        """See ``Connector.deliver``.

        Raises:
            Busy: another process writes to this folder.
        """
        files = ((DATA, batch.data), (SIGNATURE, batch.signature), (MANIFEST, batch.manifest))
        try:
            with self._alone() as folder:
                adopted = [
                    _placed(folder, file_name(self.stream, batch.head.batch, kind), content, step)
                    for kind, content in files
                ]
        except OSError as failed:
            raise _unwritable(failed) from None
        return Receipt(batch.head.batch, batch.head.manifest_sha256, all(adopted))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield folder
        except BlockingIOError:
            raise Busy("another process writes to this folder") from None
        finally:
            os.close(folder)


def _placed(folder: int, name: str, content: bytes, step: Step) -> bool:
    """Make one file durable under its name; whether it was there already.

    Raises:
        DropConflict: other bytes have this name.
        OSError: no part of it is left.
    """
    part = name + ".part"
    try:
        there = _is_there(folder, name, content)
        if not there:
            _written(folder, part, content)
            step(f"{name}: part is written")
            os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            step(f"{name}: linked")
        _gone(folder, part)
        os.fsync(folder)
        step(f"{name}: durable")
    except OSError:
        with contextlib.suppress(OSError):
            _gone(folder, part)
        raise
    return there


def _is_there(folder: int, name: str, content: bytes) -> bool:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return False
    except OSError as failed:
        if failed.errno == errno.ELOOP:
            raise DropConflict(f"{name} is a symbolic link") from None
        raise
    with os.fdopen(handle, "rb") as file:
        if file.read(len(content) + 1) != content:
            raise DropConflict(f"{name} is there already with other bytes")
        os.fsync(file.fileno())
    return True


def _written(folder: int, part: str, content: bytes) -> None:
    # a part that a crash left may be linked to its name by now: writing into it would change the finished file
    _gone(folder, part)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(part, flags, 0o640, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _gone(folder: int, part: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part, dir_fd=folder)


def _unwritable(failed: OSError) -> DropUnwritable:
    return DropUnwritable(f"the folder cannot be written to: {errno.errorcode.get(failed.errno or 0, 'OSError')}")
