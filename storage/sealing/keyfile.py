"""Files that hold one private key, see docs/formats/key-file.md.

A person's key is protected by a passphrase. The key of a process (the sync process, the server that accepts
notes) stands in clear in an owner-only file, for nobody is there to type.
"""

import errno
import json
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.sealing import base64url, signing
from storage.sealing.errors import KeyFileError, KeyRefused
from storage.sealing.labels import L
from storage.sealing.newfile import write_new
from storage.sealing.signing import SigningKey
from storage.sealing.suites import AEAD_TAG_BYTES, SEED_BYTES, OpeningKey, SuiteId

FORMAT: Final = "integra-key-1"
Role = Literal["coordinator", "supervisor", "case-system", "recovery", "admin", "ingest"]
ROLES: Final[dict[str, Role]] = {
    "coordinator": "coordinator",
    "supervisor": "supervisor",
    "case-system": "case-system",
    "recovery": "recovery",
    "admin": "admin",
    "ingest": "ingest",
}
SIGNING_ROLES: Final = frozenset({"admin", "ingest"})
PROCESS_ROLES: Final = frozenset({"case-system", "ingest"})
MOST_FILE_BYTES: Final = 65_536
MOST_LABEL: Final = 80
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
CIPHERTEXT_BYTES: Final = SEED_BYTES + AEAD_TAG_BYTES
KIT_CODE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Hardness:
    """Cost of one guess at a passphrase: passes, KiB of memory, lanes of Argon2id (RFC 9106).

    The floor is OWASP's lowest setting; the ceiling keeps a prepared file from taking the machine's memory.
    """

    t: int = 3
    m_kib: int = 65_536
    p: int = 1

    def within_bounds(self) -> bool:
        return 2 <= self.t <= 16 and 19_456 <= self.m_kib <= 1_048_576 and 1 <= self.p <= 8


@dataclass(frozen=True, slots=True)
class KeyFile:
    """
    Attributes:
        key: an OpeningKey, or a SigningKey for the roles ``admin`` and ``ingest``.
        role: whose key it is.
        label: what people call it, 1 to 80 characters; no name of a person.
        created: the day it was made.
        demo: a synthetic key for demonstrations, allowed in clear for every role; refuse it in earnest.
    """

    key: OpeningKey | SigningKey = field(repr=False)
    role: Role
    label: str
    created: date
    demo: bool = False


def write(
    path: Path,
    key_file: KeyFile,
    *,
    passphrase: str | None = None,
    kit_code: bytes | None = None,
    hardness: Hardness = Hardness(),
) -> None:
    """Write a new file, mode 0600, and make it durable. Nothing is ever overwritten.

    Raises:
        KeyFileError: ``exists``, ``missing`` (the folder), ``io``, or what ``render`` raises.
    """
    text = render(key_file, passphrase=passphrase, kit_code=kit_code, hardness=hardness)
    write_new(path, text.encode("utf-8"))


def read(path: Path, *, passphrase: str | None = None, kit_code: bytes | None = None) -> KeyFile:
    """Read a key from a file that its owner alone can read. One Argon2id derivation, about 0.13 s and 64 MiB,
    when it is protected.

    Raises:
        KeyFileError: ``missing``, ``symlink``, ``kind`` (no regular file), ``owner``, ``mode``, ``io``, or
            what ``parse`` raises. Each message says how to mend it.
    """
    return parse(owner_only(path), passphrase=passphrase, kit_code=kit_code)


def owner_only(path: Path) -> str:
    """The text of a file that is nobody else's to read or replace."""
    try:
        # O_NONBLOCK: a named pipe must not hold us up before its kind is known
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyFileError("missing", f"there is no {path}; make a key first") from None
    except OSError as failed:
        if failed.errno == errno.ELOOP:
            raise KeyFileError("symlink", f"{path} is a symbolic link; name the file itself") from None
        raise KeyFileError("io", f"{path} could not be read: {os.strerror(failed.errno or 0)}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise KeyFileError("kind", f"{path} is not a regular file; name the key file")
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if about.st_uid != os.geteuid():
            raise KeyFileError("owner", f"{path} belongs to another user; chown it to the one who runs this")
        if about.st_mode & 0o077:
            raise KeyFileError("mode", f"{path} is open to others; run: chmod 600 {path}")
        raw = file.read(MOST_FILE_BYTES + 1)
    if len(raw) > MOST_FILE_BYTES:
        raise KeyFileError("format", f"{path} is too long for a key file")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyFileError("format", f"{path} is not a key file") from None


def render(
    key_file: KeyFile,
    *,
    passphrase: str | None = None,
    kit_code: bytes | None = None,
    hardness: Hardness = Hardness(),
) -> str:
    """The text of a key file.

    Args:
        passphrase: not empty; None only for the roles ``case-system`` and ``ingest`` and for demo keys.
        kit_code: 16 random bytes kept apart from the file; then both are needed to open it.

    Raises:
        KeyFileError: ``unprotected``, ``passphrase`` (empty), ``kit-code`` (not 16 bytes, or without a
            passphrase), ``floor``, ``key`` (not of this role), ``format`` (label).
    """
    key = key_file.key
    if isinstance(key, SigningKey) != (key_file.role in SIGNING_ROLES):
        raise KeyFileError("key", f"the role {key_file.role} has another kind of key")
    if not is_label(key_file.label):
        raise KeyFileError("format", f"a label is 1 to {MOST_LABEL} printable characters")
    fields: dict[str, Any] = {
        "format": FORMAT,
        "role": key_file.role,
        "suite": suite_name(key),
        "kid": key.kid.hex(),
        "public": base64url.encode(key.public.raw),
        "created": key_file.created.isoformat(),
        "label": key_file.label,
    }
    if key_file.demo:
        fields["demo"] = True
    if passphrase is None:
        if kit_code is not None:
            raise KeyFileError("kit-code", "a kit code is used together with a passphrase")
        if key_file.role not in PROCESS_ROLES and not key_file.demo:
            raise KeyFileError("unprotected", f"a key of role {key_file.role} needs a passphrase")
        fields["seed"] = base64url.encode(key.seed())
    else:
        fields["protected"] = protected(key, passphrase, kit_code, hardness)
    return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def parse(text: str, *, passphrase: str | None = None, kit_code: bytes | None = None) -> KeyFile:
    """The key in the text of a key file.

    Raises:
        KeyFileError: ``format``; ``unprotected`` for a person's key in clear; ``floor`` for Argon2id
            parameters outside t 2 to 16, m 19 MiB to 1 GiB, p 1 to 8; ``passphrase`` missing or wrong (a
            wrong kit code or a changed file looks the same); ``kit-code`` needed or not; ``key`` when
            the private key is not the public one's.
    """
    fields = fields_of(text)
    role, suite, demo = ROLES[fields["role"]], fields["suite"], "demo" in fields
    kid, public = bytes.fromhex(fields["kid"]), decoded(fields["public"])
    if "seed" in fields:
        if role not in PROCESS_ROLES and not demo:
            raise KeyFileError("unprotected", f"a key of role {role} must be protected by a passphrase")
        if passphrase is not None or kit_code is not None:
            raise KeyFileError("passphrase", "this key is not protected; leave the passphrase out")
        seed = decoded(fields["seed"])
    else:
        seed = unprotected(fields["protected"], kid, passphrase, kit_code)
    try:
        key: OpeningKey | SigningKey
        key = SigningKey(seed) if suite == signing.NAME_IN_FILES else OpeningKey(SuiteId.named(suite), seed)
    except KeyRefused:
        raise KeyFileError("format", "the private key has the wrong length; the file is damaged") from None
    if key.kid != kid or key.public.raw != public:
        raise KeyFileError("key", "private and public key do not belong together; the file is damaged")
    return KeyFile(key, role, fields["label"], date.fromisoformat(fields["created"]), demo)


def fields_of(text: str) -> dict[str, Any]:
    """The JSON object with every field present, known, and of its type."""
    damaged = KeyFileError("format", "this is not a key file of format integra-key-1, or it is damaged")
    try:
        fields = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise damaged from None
    common = {"format", "role", "suite", "kid", "public", "created", "label"}
    if not isinstance(fields, dict) or set(fields) - {"demo"} not in (
        common | {"seed"},
        common | {"protected"},
    ):
        raise damaged
    right = (
        fields["format"] == FORMAT
        and all(isinstance(fields[name], str) for name in common)
        and fields["role"] in ROLES
        and fields["suite"] in suite_names(fields["role"])
        and is_hex(fields["kid"], 16)
        and is_date(fields["created"])
        and is_label(fields["label"])
        and fields.get("demo", True) is True
        and isinstance(fields.get("seed", ""), str)
        and isinstance(fields.get("protected", {}), dict)
    )
    if not right:
        raise damaged
    return fields


def protected(
    key: OpeningKey | SigningKey, passphrase: str, kit_code: bytes | None, hardness: Hardness
) -> dict[str, Any]:
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    wrapping = wrapping_key(passphrase, kit_code, salt, hardness)
    aad = key.kid + parameters(hardness, salt, kit=kit_code is not None)
    return {
        "kdf": "argon2id",
        "t": hardness.t,
        "m_kib": hardness.m_kib,
        "p": hardness.p,
        "kit": kit_code is not None,
        "salt": base64url.encode(salt),
        "nonce": base64url.encode(nonce),
        "ciphertext": base64url.encode(AESGCM(wrapping).encrypt(nonce, key.seed(), aad)),
    }


def unprotected(box: dict[str, Any], kid: bytes, passphrase: str | None, kit_code: bytes | None) -> bytes:
    numbers, texts = ("t", "m_kib", "p"), ("salt", "nonce", "ciphertext")
    if (
        set(box) != {"kdf", "kit", *numbers, *texts}
        or box["kdf"] != "argon2id"
        or not isinstance(box["kit"], bool)
        or not all(type(box[name]) is int for name in numbers)
        or not all(isinstance(box[name], str) for name in texts)
    ):
        raise KeyFileError("format", "the protected part is not as the format says; the file is damaged")
    salt, nonce, ciphertext = (decoded(box[name]) for name in texts)
    if (len(salt), len(nonce), len(ciphertext)) != (SALT_BYTES, NONCE_BYTES, CIPHERTEXT_BYTES):
        raise KeyFileError("format", "the protected part is not as the format says; the file is damaged")
    hardness = Hardness(box["t"], box["m_kib"], box["p"])
    if passphrase is None:
        raise KeyFileError("passphrase", "this key is protected; give its passphrase")
    if box["kit"] != (kit_code is not None):
        raise KeyFileError("kit-code", "give the kit code exactly when the key was made with one")
    wrapping = wrapping_key(passphrase, kit_code, salt, hardness)
    try:
        return AESGCM(wrapping).decrypt(nonce, ciphertext, kid + parameters(hardness, salt, kit=box["kit"]))
    except (InvalidTag, ValueError):
        raise KeyFileError("passphrase", "wrong passphrase or kit code, or the file was changed") from None


def wrapping_key(passphrase: str, kit_code: bytes | None, salt: bytes, hardness: Hardness) -> bytes:
    """``HKDF-SHA256(salt, Argon2id(passphrase) ‖ kit code, info = L ‖ "keyfile")``, 32 bytes."""
    if not passphrase:
        raise KeyFileError("passphrase", "an empty passphrase protects nothing")
    if kit_code is not None and len(kit_code) != KIT_CODE_BYTES:
        raise KeyFileError("kit-code", f"a kit code has {KIT_CODE_BYTES} bytes")
    if not hardness.within_bounds():
        raise KeyFileError("floor", "its protection is too weak or too costly; t 2-16, m 19 MiB-1 GiB, p 1-8")
    stretched = stretch(typed(passphrase), salt, hardness)
    return HKDF(SHA256(), 32, salt, L + b"keyfile").derive(stretched + (kit_code or b""))


def stretch(secret: bytes, salt: bytes, hardness: Hardness) -> bytes:
    return Argon2id(salt=salt, length=32, iterations=hardness.t, lanes=hardness.p, memory_cost=hardness.m_kib).derive(
        secret
    )


def typed(passphrase: str) -> bytes:
    """NFKC, so that the same letters typed on another keyboard are the same passphrase."""
    try:
        return unicodedata.normalize("NFKC", passphrase).encode("utf-8")
    except UnicodeEncodeError:
        raise KeyFileError("passphrase", "the passphrase holds half a character") from None


def parameters(hardness: Hardness, salt: bytes, *, kit: bool) -> bytes:
    """What the ciphertext is bound to besides the key id: u32 t ‖ u32 m_kib ‖ u32 p ‖ kit 0 or 1 ‖ salt."""
    numbers = b"".join(number.to_bytes(4, "big") for number in (hardness.t, hardness.m_kib, hardness.p))
    return numbers + bytes([kit]) + salt


def suite_name(key: OpeningKey | SigningKey) -> str:
    return signing.NAME_IN_FILES if isinstance(key, SigningKey) else key.suite.name_in_files


def suite_names(role: str) -> set[str]:
    return {signing.NAME_IN_FILES} if role in SIGNING_ROLES else {suite.name_in_files for suite in SuiteId}


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field twice")
    return found


def decoded(text: str) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError:
        raise KeyFileError("format", "a field is not base64url; the file is damaged") from None


def is_hex(text: str, size: int) -> bool:
    return len(text) == 2 * size and set(text) <= set("0123456789abcdef")


def is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_label(text: str) -> bool:
    return 1 <= len(text) <= MOST_LABEL and text.isprintable()
