"""FILE.pub: the public half of a key, for whoever puts it on a desk. See docs/formats/key-file.md, Public half.

Nothing vouches for it: the words of its key id are compared with the holder, aloud, before it is used.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from storage.sealing import base64url, signing
from storage.sealing.errors import KeyFileError, KeyRefused
from storage.sealing.keyfile import (
    MOST_FILE_BYTES,
    ROLES,
    SIGNING_ROLES,
    KeyFile,
    Role,
    is_date,
    is_label,
    once,
)
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import PublicKey, SuiteId

FORMAT: Final = "integra-public-1"


@dataclass(frozen=True, slots=True)
class PublicFile:
    """
    Attributes:
        key: to seal to, or for the roles ``admin`` and ``ingest`` to verify with.
        role, label, created: as the key file says; nobody signed them.
    """

    key: PublicKey | VerifyKey
    role: Role
    label: str
    created: date | None = None


def of(made: KeyFile) -> PublicFile:
    return PublicFile(made.key.public, made.role, made.label, made.created)


def render(public: PublicFile) -> str:
    suite = public.key.suite.name_in_files if isinstance(public.key, PublicKey) else signing.NAME_IN_FILES
    fields = {
        "format": FORMAT,
        "role": public.role,
        "label": public.label,
        "suite": suite,
        "kid": public.key.kid.hex(),
        "public": base64url.encode(public.key.raw),
    }
    if public.created is not None:
        fields["created"] = public.created.isoformat()
    return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"


def parse(text: str) -> PublicFile:
    """
    Raises:
        KeyFileError: ``format``; ``key`` when the key id is not the key's.
    """
    broken = KeyFileError("format", "this is not the public half of a key (FILE.pub)")
    if len(text) > MOST_FILE_BYTES:
        raise broken
    try:
        fields: Any = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise broken from None
    names = {"format", "role", "label", "suite", "kid", "public"}
    if not isinstance(fields, dict) or set(fields) - {"created"} != names:
        raise broken
    if not all(isinstance(one, str) for one in fields.values()) or fields["format"] != FORMAT:
        raise broken
    if fields["role"] not in ROLES or not is_label(fields["label"]) or not is_date(fields.get("created", "1970-01-01")):
        raise broken
    key = key_of(fields["role"], fields["suite"], fields["public"])
    if key is None:
        raise broken
    if key.kid.hex() != fields["kid"]:
        raise KeyFileError("key", "the key id in this file is not its key's")
    created = date.fromisoformat(fields["created"]) if "created" in fields else None
    return PublicFile(key, ROLES[fields["role"]], fields["label"], created)


def of_private(fields: dict[str, Any]) -> PublicFile:
    """What the fields of a private key file (``keyfile.fields_of``) say of its public half, without its passphrase.

    Raises:
        KeyFileError: ``format``, ``key``.
    """
    key = key_of(fields["role"], fields["suite"], fields["public"])
    if key is None:
        raise KeyFileError("format", "the public key in this file is none; the file is damaged")
    if key.kid.hex() != fields["kid"]:
        raise KeyFileError("key", "the key id in this file is not its key's; the file is damaged")
    return PublicFile(key, ROLES[fields["role"]], fields["label"], date.fromisoformat(fields["created"]))


def key_of(role: str, suite: str, public: str) -> PublicKey | VerifyKey | None:
    try:
        raw = base64url.decode(public)
        if role in SIGNING_ROLES:
            return VerifyKey(raw) if suite == signing.NAME_IN_FILES else None
        return PublicKey(SuiteId.named(suite), raw)
    except (ValueError, KeyRefused):
        return None
