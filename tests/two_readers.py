"""One question, put to two readers of the formats: ours, and the one in tests/js, written from docs/formats.

Both answer in the same words, so that a test compares whole answers::

    {"do": "open", ...}   ->   {"ok": {...}}   or   {"refused": "NoteUnreadable", "code": "tag"}
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from storage.sealing import keyfile
from storage.sealing.desk import Manifest
from storage.sealing.errors import SealError
from storage.sealing.header import Header
from storage.sealing.opening import Expected, open_note
from storage.sealing.seal import seal
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import DEFAULT_SUITE, OpeningKey, PublicKey, SuiteId

JS = Path(__file__).parent / "js"
OLDEST_NODE = 20
VECTORS = Path(__file__).parent / "vectors"
ABOUT = {
    "sealed-note": ("open", ("record", "key", "expected", "ingest_public")),
    "desk-manifest": ("desk", ("canonical", "signature", "admin_public", "at_least_version", "today", "agency")),
    "key-file": ("keyfile", ("text", "passphrase", "kit_code")),
}

Answer = dict[str, Any]


def ours(question: dict[str, Any]) -> Answer:
    """What the assistant's own code answers."""
    fields = dict(question)
    try:
        return {"ok": ANSWERS[fields.pop("do")](**fields)}
    except SealError as refused:
        return {"refused": type(refused).__name__, "code": refused.code}


def question_of(folder: str, fields: dict[str, Any]) -> dict[str, Any]:
    """What a file of tests/vectors asks."""
    do, names = ABOUT[folder]
    return {"do": do, **{name: fields[name] for name in names}}


def open_(record: str, key: dict[str, str], expected: dict[str, Any], ingest_public: list[str]) -> Answer:
    note = open_note(
        base64.b64decode(record, validate=True),
        OpeningKey(SuiteId.named(key["suite"]), bytes.fromhex(key["seed"])),
        expected=Expected(
            agency_ref=bytes.fromhex(expected["agency_ref"]),
            note_id=bytes.fromhex(expected["note_id"]),
            flag_level=expected["flag_level"],
            channel=expected["channel"],
            schema_version=expected["schema_version"],
        ),
        ingest_public_keys=[VerifyKey(bytes.fromhex(raw)) for raw in ingest_public],
    )
    text = base64.b64encode(note.plaintext).decode()
    return {"plaintext": text, "author_ref": note.header.author_ref.hex(), "hour": note.header.hour}


def seal_(text: str, header: dict[str, Any], recipients: list[dict[str, str]], suite: str | None) -> Answer:
    refs = {name: bytes.fromhex(header[name]) for name in ("agency_ref", "note_id", "author_ref")}
    keys = [PublicKey(SuiteId.named(key["suite"]), bytes.fromhex(key["public"])) for key in recipients]
    under = DEFAULT_SUITE if suite is None else SuiteId.named(suite)
    envelope = seal(base64.b64decode(text), Header(**{**header, **refs}), keys, under)
    return {"envelope": base64.b64encode(envelope).decode()}


def public_(suite: str, public: str) -> Answer:
    return {"kid": PublicKey(SuiteId.named(suite), bytes.fromhex(public)).kid.hex()}


def desk_(
    canonical: str, signature: str, admin_public: str, at_least_version: int, today: str, agency: str | None
) -> Answer:
    day = date.fromisoformat(today)
    desk = Manifest.parse(
        base64.b64decode(canonical),
        bytes.fromhex(signature),
        VerifyKey(bytes.fromhex(admin_public)),
        at_least_version=at_least_version,
        now=day,
        agency=agency,
    )
    seal_to = [key.kid.hex() for key in desk.sealing_keys(day)]
    return {"agency": desk.agency, "version": desk.version, "seal_to": seal_to}


def keyfile_(text: str, passphrase: str | None, kit_code: str | None) -> Answer:
    kit = None if kit_code is None else bytes.fromhex(kit_code)
    read = keyfile.parse(text, passphrase=passphrase, kit_code=kit)
    return {
        "kid": read.key.kid.hex(),
        "role": read.role,
        "suite": keyfile.suite_name(read.key),
        "label": read.label,
        "created": read.created.isoformat(),
        "demo": read.demo,
        "seed": read.key.seed().hex(),
    }


ANSWERS: dict[str, Callable[..., Answer]] = {
    "open": open_,
    "seal": seal_,
    "public": public_,
    "desk": desk_,
    "keyfile": keyfile_,
}


class Node:
    """A reader in JavaScript, in one process for as many questions as there are."""

    def __init__(self, script: Path = JS / "answer.js") -> None:
        self._process = subprocess.Popen(
            [str(shutil.which("node")), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, question: dict[str, Any]) -> Answer:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"node ended with {self._process.wait()}; what it said stands on stderr"
        answer: Answer = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0


def what_node_lacks() -> str | None:
    node = shutil.which("node")
    if node is None:
        return f"there is no node; install Node.js {OLDEST_NODE} or newer, then `make test`"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        return f"node is {version}; install Node.js {OLDEST_NODE} or newer, then `make test`"
    if not (JS / "node_modules" / "ready").exists():
        return "the packages of tests/js are not installed; run `make tests/js/node_modules/ready`"
    return None


def node_or_say_why_not() -> Node:
    """A missing second reader fails in CI, where ``CI=true``, and is skipped aloud elsewhere."""
    lacks = what_node_lacks()
    if lacks is None:
        return Node()
    if os.environ.get("CI") == "true":
        pytest.fail(f"the second reader was not run: {lacks}")
    pytest.skip(f"THE SECOND READER WAS NOT RUN: {lacks}")
