"""The audit log as a chain of hashes, and how anybody checks it: no database, no secret.

    hash = SHA-256(L ‖ "audit" ‖ hash before ‖ canonical JSON of the entry)
    checkpoint = (seq, hash, at), signed by the installation's audit key

docs/formats/audit-log.md says the same byte by byte.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from storage.errors import StorageError
from storage.sealing import base64url
from storage.sealing.labels import L
from storage.sealing.signing import SIGNATURE_BYTES, SigningKey, VerifyKey

FORMAT: Final = "integra-audit-1"
CHECKPOINT_FORMAT: Final = "integra-audit-checkpoint-1"
START: Final = bytes(32)
"""The hash before the first entry."""

MOST_BYTES: Final = 1_024
"""A line, without its end; longer ones are refused unread."""

LARGEST: Final = 2**53 - 1
HEADER: Final = b'{"format":"integra-audit-1"}'

BrokenCode = Literal["format", "missing", "twice", "order", "changed", "cut-off", "rewritten"]

_WORD = re.compile(r"[a-z][a-z0-9.-]{0,31}")
_HEX = {name: re.compile(pattern) for name, pattern in (
    ("actor", "[0-9a-f]{32}"), ("agency", "([0-9a-f]{32})?"), ("about", "([0-9a-f]{2}){0,32}"),
    ("reason_sha256", "[0-9a-f]{64}"), ("prev", "[0-9a-f]{64}"), ("hash", "[0-9a-f]{64}"),
)}  # fmt: skip
_WORDS = ("actor_kind", "action", "outcome")
_ENTRY = {*_HEX, *_WORDS, "seq", "at"}
_CHECKPOINT = {"format", "seq", "at", "hash", "kid", "signature"}


class AuditBroken(StorageError):
    """The log is not what was written. ``seq`` is the first entry that is not in order.

    format     that line is no entry
    missing    that entry is not there, or not in its place
    twice      two entries carry this number
    order      an earlier entry, or none, stands in its place
    changed    that entry was changed after it was written
    cut-off    a checkpoint tells of entries from that one on, and there are none
    rewritten  from that entry to ``until`` all fits together, and is not what a checkpoint signed
    """

    def __init__(self, seq: int, why: BrokenCode, until: int = 0) -> None:
        reach = f" to {until}" if until > seq else ""
        super().__init__(f"audit entry {seq}{reach}: {why}")
        self.seq, self.why, self.until = seq, why, until
        self.code = f"audit.{why}"


class CheckpointRefused(StorageError):
    """A checkpoint is malformed, of another installation, or not signed by the key given."""

    code = "audit.checkpoint"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. Bytes where JSON has hexadecimal digits; ``at`` in seconds since 1970 UTC."""

    seq: int
    at: int
    actor_kind: str
    actor: bytes
    action: str
    agency: bytes
    about: bytes
    outcome: str
    reason_sha256: bytes
    prev: bytes
    hash: bytes = b""

    def digest(self) -> bytes:
        """What ``hash`` must be."""
        fields = self._fields()
        del fields["prev"], fields["hash"]
        return hashlib.sha256(L + b"audit" + self.prev + canonical(fields)).digest()

    def line(self) -> bytes:
        return canonical(self._fields())

    def _fields(self) -> dict[str, str | int]:
        return {
            "seq": self.seq,
            "at": self.at,
            "actor_kind": self.actor_kind,
            "actor": self.actor.hex(),
            "action": self.action,
            "agency": self.agency.hex(),
            "about": self.about.hex(),
            "outcome": self.outcome,
            "reason_sha256": self.reason_sha256.hex(),
            "prev": self.prev.hex(),
            "hash": self.hash.hex(),
        }

    @classmethod
    def parse(cls, line: bytes) -> "Entry":
        """
        Raises:
            ValueError: not an entry in its one spelling.
        """
        fields = _object(line, _ENTRY)
        for name, pattern in _HEX.items():
            if not isinstance(fields[name], str) or pattern.fullmatch(fields[name]) is None:
                raise ValueError(name)
        for name in _WORDS:
            if not isinstance(fields[name], str) or _WORD.fullmatch(fields[name]) is None:
                raise ValueError(name)
        _whole(fields, "seq", 1)
        _whole(fields, "at", 0)
        for name in _HEX:
            fields[name] = bytes.fromhex(fields[name])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the log stood, signed. Kept elsewhere, it holds the log to what it was.

    Attributes:
        seq: the last entry, 0 for none.
        at: when it was made, seconds.
        hash: the last entry's, ``START`` for none.
        kid: 16 bytes, which key signed.
        signature: Ed25519 over ``L ‖ "audit-checkpoint" ‖`` canonical JSON of the rest.
    """

    seq: int
    at: int
    hash: bytes
    kid: bytes
    signature: bytes = b""

    @classmethod
    def sign(cls, key: SigningKey, seq: int, hash: bytes, at: int) -> "Checkpoint":
        bare = cls(seq, at, hash, key.kid)
        return cls(seq, at, hash, key.kid, key.sign(bare._signed()))

    def verified_by(self, key: VerifyKey) -> bool:
        return self.kid == key.kid and key.verifies(self.signature, self._signed())

    def line(self) -> bytes:
        return canonical({**self._fields(), "signature": base64url.encode(self.signature)})

    @classmethod
    def parse(cls, line: bytes) -> "Checkpoint":
        """
        Raises:
            CheckpointRefused: not a checkpoint in its one spelling. Its signature is not looked at.
        """
        try:
            fields = _object(line, _CHECKPOINT)
            _whole(fields, "seq", 0)
            _whole(fields, "at", 0)
            read = cls(
                fields["seq"],
                fields["at"],
                bytes.fromhex(fields["hash"]),
                bytes.fromhex(fields["kid"]),
                base64url.decode(fields["signature"]),
            )
            if (len(read.hash), len(read.kid), len(read.signature)) != (32, 16, SIGNATURE_BYTES) or read.line() != line:
                raise ValueError("checkpoint")
        except (ValueError, TypeError, AttributeError):
            raise CheckpointRefused("a line is no checkpoint") from None
        return read

    def _signed(self) -> bytes:
        return L + b"audit-checkpoint" + canonical(self._fields())

    def _fields(self) -> dict[str, str | int]:
        return {
            "format": CHECKPOINT_FORMAT,
            "seq": self.seq,
            "at": self.at,
            "hash": self.hash.hex(),
            "kid": self.kid.hex(),
        }


class Verifier:
    """Takes the lines of a log one by one, from the first.

    Args:
        key: the installation's public audit key, from where an intruder could not exchange it.
        checkpoints: kept elsewhere, in any order.

    Raises:
        CheckpointRefused: one of them is not signed by ``key``.
        AuditBroken: (from all methods) names the first entry that is not in order.
    """

    def __init__(self, key: VerifyKey, checkpoints: Collection[Checkpoint] = ()) -> None:
        for one in checkpoints:
            if not one.verified_by(key):
                raise CheckpointRefused(f"the checkpoint at entry {one.seq} is not signed by this key")
        self._key = key
        self._ahead = sorted(checkpoints, key=lambda one: one.seq, reverse=True)
        self._last: Entry | None = None
        self.vouched = 0
        """Up to this entry a checkpoint says the same."""
        self._meet()

    @property
    def seq(self) -> int:
        return self._last.seq if self._last is not None else 0

    @property
    def hash(self) -> bytes:
        return self._last.hash if self._last is not None else START

    def take(self, line: bytes) -> None:
        """The next entry."""
        expected = self.seq + 1
        try:
            entry = Entry.parse(line)
        except ValueError:
            raise AuditBroken(expected, "format") from None
        if entry.seq > expected:
            raise AuditBroken(expected, "missing")
        if entry.seq < expected:
            raise AuditBroken(self.seq, "twice") if entry.seq == self.seq else AuditBroken(expected, "order")
        if entry.digest() != entry.hash:
            raise AuditBroken(expected, "changed")
        if entry.prev != self.hash:
            # It is whole in itself and tells another hash of the one before: that one was changed and hashed anew.
            raise AuditBroken(max(self.seq, 1), "changed")
        self._last = entry
        self._meet()

    def close(self, closing: Checkpoint) -> None:
        """The checkpoint at the end of an export."""
        if not closing.verified_by(self._key):
            raise CheckpointRefused("the export's own checkpoint is not signed by this key")
        if closing.seq < self.seq:
            raise AuditBroken(closing.seq + 1, "order")
        self._ahead.append(closing)
        self._ahead.sort(key=lambda one: one.seq, reverse=True)
        self._meet()

    def end(self) -> None:
        """There are no more entries."""
        if self._ahead:
            raise AuditBroken(self.seq + 1, "cut-off")

    def _meet(self) -> None:
        while self._ahead and self._ahead[-1].seq <= self.seq:
            if self._ahead.pop().hash != self.hash:
                raise AuditBroken(self.vouched + 1, "rewritten", self.seq)
            self.vouched = self.seq


def verify_export(lines: Iterable[bytes], key: VerifyKey, checkpoints: Collection[Checkpoint] = ()) -> Verifier:
    """Check an export: header, entries, its own checkpoint.

    Args:
        lines: each with its line end, as a file opened for bytes gives them.

    Raises:
        AuditBroken, CheckpointRefused: see ``Verifier``. Entry 0 stands for the header.
    """
    verifier = Verifier(key, checkpoints)
    coming = iter(lines)
    if next(coming, b"") != HEADER + b"\n":
        raise AuditBroken(0, "format")
    for ended in coming:
        line = ended.removesuffix(b"\n")
        if line == ended:
            raise AuditBroken(verifier.seq + 1, "format" if len(line) > MOST_BYTES else "cut-off")
        if b'"format"' in line:
            try:
                closing = Checkpoint.parse(line)
            except CheckpointRefused:
                raise AuditBroken(verifier.seq + 1, "format") from None
            verifier.close(closing)
            if next(coming, None) is not None:
                raise AuditBroken(verifier.seq + 1, "format")
            verifier.end()
            return verifier
        verifier.take(line)
    raise AuditBroken(verifier.seq + 1, "cut-off")


def canonical(fields: Mapping[str, str | int]) -> bytes:
    """RFC 8785 for members that are ASCII text and whole numbers."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")


def _object(line: bytes, names: Collection[str]) -> dict[str, Any]:
    if len(line) > MOST_BYTES:
        raise ValueError("length")
    try:
        fields = json.loads(line)
    except RecursionError:
        raise ValueError("depth") from None
    if not isinstance(fields, dict) or fields.keys() != names or canonical(fields) != line:
        raise ValueError("members")
    return fields


def _whole(fields: Mapping[str, Any], name: str, least: int) -> None:
    if type(fields[name]) is not int or not least <= fields[name] <= LARGEST:
        raise ValueError(name)
