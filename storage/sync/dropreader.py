"""Read a drop as the agency's importer does, and refuse whatever its sender did not write."""

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import pyrage

from storage.sealing.signing import VerifyKey
from storage.sync.batch import START, DropRefused, Head
from storage.sync.canonical import canonical
from storage.sync.drop_files import DATA, MANIFEST, SIGNATURE, file_name
from storage.sync.filedrop import FORMAT, NAME
from storage.sync.mapping import payload_sha256

MOST_MANIFEST_BYTES: Final = 4_096
NAMED: Final = re.compile(rf"notes-({NAME.pattern})-(?P<batch>[0-9]{{10}})\.({DATA}|{SIGNATURE}|{MANIFEST})")
HASH: Final = re.compile(r"[0-9a-f]{64}")
TEXTS: Final = frozenset({"format", "sender", "stream", "key_id", "created_at"})
NUMBERS: Final = frozenset({"batch", "first_seq", "last_seq", "count"})
HASHES: Final = frozenset({"data_sha256", "prev_manifest_sha256", "head"})


def read_drop(
    folder: Path,
    age_identity: str,
    sender_public: VerifyKey,
    *,
    earlier: Collection[VerifyKey] = (),
    after: Head = START,
) -> list[dict[str, Any]]:
    """The events of every whole batch in a folder, in order, each once: one may be sent again after a restore.

    Files without their manifest yet, ``.part`` files and files of other names are left out: they are no batch.

    Args:
        folder: of one stream.
        age_identity: the agency's private key, ``AGE-SECRET-KEY-1…``.
        sender_public: whom to believe; from outside the folder.
        earlier: the sender's former keys.
        after: where an earlier reading ended, when the batches before are gone; normally the first is number 1.

    Raises:
        DropRefused: see there. ``stream``: two streams, or none of its batches; ``key``: not encrypted to this key, or
            this is none; ``missing``: a batch or a file of one is not there.
    """
    try:
        identity = pyrage.x25519.Identity.from_str(age_identity)
    except pyrage.IdentityError:
        raise DropRefused("key", "age identity") from None
    try:
        found = [name for name in map(NAMED.fullmatch, sorted(os.listdir(folder))) if name]
    except OSError:
        raise DropRefused("missing", "folder") from None
    if len({name[1] for name in found}) > 1:
        raise DropRefused("stream", "folder")
    whole = sorted(int(name["batch"]) for name in found if name[0].endswith(MANIFEST))
    if whole != list(range(after.batch + 1, after.batch + 1 + len(whole))):
        raise DropRefused("missing", "folder")
    events: list[dict[str, Any]] = []
    for number in whole:
        after, its = _batch(folder, found[0][1], number, identity, (sender_public, *earlier), after)
        events += its
    once: dict[str, dict[str, Any]] = {}
    for event in events:
        if once.setdefault(event["id"], event) != event:
            raise DropRefused("event", "folder")
    return list(once.values())


def _batch(
    folder: Path,
    stream: str,
    number: int,
    identity: pyrage.x25519.Identity,
    believed: Collection[VerifyKey],
    after: Head,
) -> tuple[Head, list[dict[str, Any]]]:
    where = f"batch {number}"
    raw, signature, data = (
        _file(folder / file_name(stream, number, kind), where) for kind in (MANIFEST, SIGNATURE, DATA)
    )
    manifest = _manifest(raw, signature, believed, where)
    if (manifest["stream"], manifest["batch"]) != (stream, number):
        raise DropRefused("name", where)
    if hashlib.sha256(data).hexdigest() != manifest["data_sha256"]:
        raise DropRefused("hash", where)
    chained = (manifest["prev_manifest_sha256"], manifest["first_seq"])
    if chained != (after.manifest_sha256.hex(), after.seq + 1):
        raise DropRefused("chain", where)
    try:
        text = pyrage.decrypt(data, [identity])
    except pyrage.DecryptError:
        raise DropRefused("key", where) from None
    *lines, rest = text.split(b"\n")
    if rest or len(lines) != manifest["count"] or manifest["last_seq"] != after.seq + len(lines):
        raise DropRefused("line", where)
    seq, prev, events = after.seq, after.line_sha256, []
    for line in lines:
        seq += 1
        events.append(_event(line, seq, prev, f"{where}, line {seq}"))
        prev = hashlib.sha256(line).digest()
    if prev.hex() != manifest["head"]:
        raise DropRefused("chain", where)
    return Head(number, seq, prev, hashlib.sha256(raw).digest()), events


def _file(path: Path, where: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise DropRefused("missing", where) from None


def _manifest(raw: bytes, signature: bytes, believed: Collection[VerifyKey], where: str) -> dict[str, Any]:
    signer = next((key for key in believed if key.verifies(signature, raw)), None)
    if signer is None:
        raise DropRefused("signature", where)
    fields = _object(raw, "manifest", where) if len(raw) <= MOST_MANIFEST_BYTES else {}
    right = (
        set(fields) == TEXTS | NUMBERS | HASHES
        and all(isinstance(fields[name], str) for name in TEXTS)
        and all(type(fields[name]) is int and fields[name] >= 1 for name in NUMBERS)
        and all(isinstance(fields[name], str) and HASH.fullmatch(fields[name]) for name in HASHES)
        and fields["format"] == FORMAT
        and fields["key_id"] == signer.kid.hex()
    )
    if not right:
        raise DropRefused("manifest", where)
    return fields


def _event(line: bytes, seq: int, prev: bytes, where: str) -> dict[str, Any]:
    fields = _object(line, "line", where)
    if set(fields) != {"seq", "prev", "salt", "event"} or not isinstance(fields["event"], dict):
        raise DropRefused("line", where)
    if (fields["seq"], fields["prev"]) != (seq, prev.hex()):
        raise DropRefused("chain", where)
    event: dict[str, Any] = fields["event"]
    data = event.get("data")
    if (
        event.get("specversion") != "1.0"
        or not isinstance(data, Mapping)
        or event.get("id") != f"{data.get('note_id')}.v{data.get('note_version')}"
        or data.get("payload_sha256") != payload_sha256(data)
    ):
        raise DropRefused("event", where)
    return event


def _object(raw: bytes, code: str, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(raw)
        if isinstance(fields, dict) and canonical(fields) == raw:
            return fields
    except (ValueError, RecursionError):
        pass
    raise DropRefused(code, where) from None
