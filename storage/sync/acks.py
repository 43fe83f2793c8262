"""What the agency's importer says of the batches that it read: signed files in ``acks``. See docs/formats/file-drop.md.

ack-<stream>-0000000042.json    what became of each line
ack-<stream>-0000000042.sig     Ed25519 over its bytes, by the agency; written first
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from storage.sealing.signing import VerifyKey
from storage.sync import drop_files
from storage.sync.base import DeliveryRef
from storage.sync.batch import DropRefused

FORMAT: Final = "integra-ack-1"
HASH: Final = re.compile(r"[0-9a-f]{64}")
NOTE: Final = re.compile(r"[0-9a-f]{32}")
CODE: Final = re.compile(r"[a-z0-9-]{0,32}")
STATUSES: Final = ("accepted", "partial", "rejected", "missing")


@dataclass(frozen=True, slots=True)
class Result:
    """One line. ``reason``: a code, a-z, 0-9 and hyphen, or empty."""

    ref: DeliveryRef
    accepted: bool
    remote_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ack:
    """
    Attributes:
        batch: which one; of a ``missing`` one, which is awaited.
        status: ``rejected``: nothing of the batch was taken; ``missing``: it has not come.
        last_seq, line_sha256, manifest_sha256: of the batch, as its manifest said; 0 and empty for a missing one.
    """

    batch: int
    status: Literal["accepted", "partial", "rejected", "missing"]
    reason: str
    last_seq: int
    line_sha256: bytes
    manifest_sha256: bytes
    results: tuple[Result, ...]


def named(stream: str) -> re.Pattern[str]:
    return re.compile(rf"ack-{stream}-(?P<batch>[0-9]{{10}})\.json")


def read_ack(path: Path, stream: str, believed: Collection[VerifyKey]) -> Ack:
    """
    Args:
        path: of the ``.json``.
        believed: the agency's public keys.

    Raises:
        DropRefused: ``ack``: not signed by any of them, not of this form, or of another stream or number.
    """
    raw, signature = drop_files.read(path), drop_files.read(path.with_suffix(".sig"))
    name = named(stream).fullmatch(path.name)
    if name is None or not any(key.verifies(signature, raw) for key in believed):
        raise DropRefused("ack", path.name)
    try:
        ack = _parsed(json.loads(raw), stream)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DropRefused("ack", path.name) from None
    if ack.batch != int(name["batch"]):
        raise DropRefused("ack", path.name)
    return ack


def _parsed(fields: Any, stream: str) -> Ack:
    status, batch = fields["status"], fields["batch"]
    right = fields["format"] == FORMAT and fields["stream"] == stream and status in STATUSES
    if not right or type(batch) is not int or batch < 1:
        raise ValueError
    if status == "missing":
        return Ack(batch, status, "", 0, b"", b"", ())
    last_seq = fields["last_seq"]
    if type(last_seq) is not int or last_seq < 1:
        raise ValueError
    return Ack(
        batch,
        status,
        _code(fields.get("reason", "")),
        last_seq,
        _hash(fields["head"]),
        _hash(fields["manifest_sha256"]),
        tuple(map(_result, fields["results"])),
    )


def _result(one: Any) -> Result:
    note_id, version, status = one["note_id"], one["note_version"], one["status"]
    if not NOTE.fullmatch(note_id) or type(version) is not int or status not in ("accepted", "refused"):
        raise ValueError
    remote_id = one.get("remote_id", "")
    if not isinstance(remote_id, str) or len(remote_id) > 255 or not remote_id.isprintable():
        raise ValueError
    return Result(DeliveryRef(note_id, version), status == "accepted", remote_id, _code(one.get("reason", "")))


def _hash(value: Any) -> bytes:
    if not isinstance(value, str) or not HASH.fullmatch(value):
        raise ValueError
    return bytes.fromhex(value)


def _code(value: Any) -> str:
    if not isinstance(value, str) or not CODE.fullmatch(value):
        raise ValueError
    return value
