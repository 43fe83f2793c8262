"""What stands in tests/vectors/key-file/*.json: one file, one way for a key file to open or to be refused.

``vectors.folder`` writes the files. Keys and passphrases are synthetic, and the protection is as light as is allowed.
"""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from vectors.sealed_notes import made_of

from storage.sealing import base64url
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId

FOLDER = Path(__file__).parent / "key-file"
WORDS = "tulip kettle orchard pilot walnut raven"
KIT = made_of("kit code", 16)
ANN = OpeningKey(SuiteId.XWING, made_of("key file ann"))
BEN = OpeningKey(SuiteId.X25519, made_of("key file ben"))
ADMIN = SigningKey(made_of("key file admin"))
INGEST = SigningKey(made_of("key file ingest"))


def about(key: OpeningKey | SigningKey, role: str, **more: Any) -> dict[str, Any]:
    suite = "ed25519" if isinstance(key, SigningKey) else key.suite.name_in_files
    fields = {"format": "integra-key-1", "role": role, "suite": suite, "kid": key.kid.hex()}
    public = base64url.encode(key.public.raw)
    return {**fields, "public": public, "created": "2026-11-23", "label": "Desk north", **more}


def box(
    key: OpeningKey | SigningKey,
    passphrase: str = WORDS,
    kit: bytes | None = None,
    *,
    t: int = 2,
    m_kib: int = 19_456,
    p: int = 1,
    seed: bytes | None = None,
) -> dict[str, Any]:
    """Protected by the rules, written down here a second time and not through ``storage.sealing.keyfile``."""
    salt, nonce = made_of("salt", 16), made_of("nonce of a key file", 12)
    typed = unicodedata.normalize("NFKC", passphrase).encode()
    stretched = Argon2id(salt=salt, length=32, iterations=t, lanes=p, memory_cost=m_kib).derive(typed)
    wrapping = HKDF(SHA256(), 32, salt, b"integra/v1/keyfile").derive(stretched + (kit or b""))
    numbers = b"".join(number.to_bytes(4, "big") for number in (t, m_kib, p))
    aad = key.kid + numbers + (b"\0" if kit is None else b"\x01") + salt
    sealed = AESGCM(wrapping).encrypt(nonce, key.seed() if seed is None else seed, aad)
    parameters = {"kdf": "argon2id", "t": t, "m_kib": m_kib, "p": p, "kit": kit is not None}
    texts = {"salt": salt, "nonce": nonce, "ciphertext": sealed}
    return {**parameters, **{name: base64url.encode(raw) for name, raw in texts.items()}}


@dataclass(frozen=True)
class Case:
    name: str
    comment: str
    expect: str
    text: str
    passphrase: str | None = None
    kit: bytes | None = None
    key: OpeningKey | SigningKey | None = None

    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "comment": self.comment,
            "expect": self.expect,
            "text": self.text,
            "passphrase": self.passphrase,
            "kit_code": None if self.kit is None else self.kit.hex(),
        }
        if self.key is not None:
            fields["opens_to"] = {"kid": self.key.kid.hex(), "seed": self.key.seed().hex()}
        return fields


def opening() -> Iterator[Case]:
    def case(name: str, comment: str, key: OpeningKey | SigningKey, fields: dict[str, Any], **more: Any) -> Case:
        return Case(f"open-{name}", comment, "open", json.dumps(fields, ensure_ascii=False), key=key, **more)

    yield case("x-wing", "a coordinator's", ANN, about(ANN, "coordinator", protected=box(ANN)), passphrase=WORDS)
    yield case("x25519", "suite 1", BEN, about(BEN, "supervisor", protected=box(BEN)), passphrase=WORDS)
    yield case("admin", "a signing key", ADMIN, about(ADMIN, "admin", protected=box(ADMIN)), passphrase=WORDS)
    with_kit = about(ANN, "coordinator", protected=box(ANN, kit=KIT))
    yield case("kit", "with a kit code", ANN, with_kit, passphrase=WORDS, kit=KIT)
    harder = about(ANN, "coordinator", protected=box(ANN, t=3, m_kib=32_768, p=2))
    yield case("harder", "other passes, memory and lanes", ANN, harder, passphrase=WORDS)
    composed = about(ANN, "coordinator", protected=box(ANN, "\u017c\u00f3\u0142w"))
    yield case("nfkc", "same letters, other code points", ANN, composed, passphrase="z\u0307o\u0301\u0142w")
    yield case("process-in-clear", "a process's", BEN, about(BEN, "case-system", seed=base64url.encode(BEN.seed())))
    yield case("ingest-in-clear", "a server's", INGEST, about(INGEST, "ingest", seed=base64url.encode(INGEST.seed())))
    demo = about(ANN, "coordinator", demo=True, seed=base64url.encode(ANN.seed()))
    yield case("demo-in-clear", "a key for demonstrations", ANN, demo)
    label = "Południe 🗝 " + "x" * 69
    labelled = about(BEN, "case-system", label=label, seed=base64url.encode(BEN.seed()))
    yield case("label-80", "80 characters, one of them beyond the basic plane", BEN, labelled)


def refused() -> Iterator[Case]:
    def case(expect: str, name: str, comment: str, fields: dict[str, Any] | str, **more: Any) -> Case:
        text = fields if isinstance(fields, str) else json.dumps(fields, ensure_ascii=False)
        return Case(f"{expect}-{name}", comment, expect, text, **more)

    clear = about(BEN, "case-system", seed=base64url.encode(BEN.seed()))
    good = about(ANN, "coordinator", protected=box(ANN))
    with_kit = about(ANN, "coordinator", protected=box(ANN, kit=KIT))
    text = json.dumps(clear)

    def boxed(**changes: Any) -> dict[str, Any]:
        return {**good, "protected": {**good["protected"], **changes}}

    for name, changed in {
        "empty": "",
        "list": "[]",
        "byte-order-mark": "\ufeff" + text,
        "field-twice": text.replace("{", '{"label": "again",', 1),
        "format-2": {**clear, "format": "integra-key-2"},
        "role-unknown": {**clear, "role": "guest"},
        "role-of-another-kind": {**clear, "role": "admin"},
        "suite-of-another-kind": {**clear, "suite": "ed25519"},
        "suite-unknown": {**clear, "suite": "p-256"},
        "kid-short": {**clear, "kid": "00" * 15},
        "kid-capital": {**clear, "kid": clear["kid"].upper()},
        "public-other-spelling": {**clear, "public": "A" * 42 + "B"},
        "public-not-base64url": {**clear, "public": "+" * 43},
        "seed-short": {**clear, "seed": "AAAA"},
        "seed-number": {**clear, "seed": 7},
        "created-no-day": {**clear, "created": "2026-02-30"},
        "label-empty": {**clear, "label": ""},
        "label-81": {**clear, "label": "x" * 81},
        "label-two-lines": {**clear, "label": "two\nlines"},
        "label-half-a-character": text.replace("Desk north", "\\ud83d"),
        "demo-false": {**clear, "demo": False},
        "field-unknown": {**clear, "more": 1},
        "field-missing": {name: value for name, value in clear.items() if name != "label"},
        "seed-and-protected": {**clear, "protected": good["protected"]},
    }.items():
        yield case("format", name, "not a key file", changed)
    for name, changes in {
        "kdf-unknown": {"kdf": "scrypt"},
        "passes-true": {"t": True},
        "passes-text": {"t": "2"},
        "passes-real": {"t": 2.0},
        "kit-number": {"kit": 0},
        "salt-short": {"salt": "AAAA"},
        "salt-padded": {"salt": "A" * 21 + "="},
        "nonce-empty": {"nonce": ""},
        "ciphertext-short": {"ciphertext": good["protected"]["ciphertext"][:-4]},
        "ciphertext-null": {"ciphertext": None},
        "box-field-unknown": {"more": 1},
    }.items():
        yield case("format", name, "a protected part of another shape", boxed(**changes), passphrase=WORDS)
    inner = json.dumps(good).replace('"kdf"', '"t": 2, "kdf"')
    yield case("format", "box-field-twice", "a field of the protected part twice", inner, passphrase=WORDS)

    in_clear = about(ANN, "coordinator", seed=base64url.encode(ANN.seed()))
    yield case("unprotected", "coordinator", "a person's key in clear", in_clear)
    admin = about(ADMIN, "admin", seed=base64url.encode(ADMIN.seed()))
    yield case("unprotected", "admin", "an admin's key in clear", admin)
    for name, bounds in {
        "passes-1": {"t": 1},
        "memory-low": {"m_kib": 19_455},
        "lanes-0": {"p": 0},
        "passes-17": {"t": 17},
        "memory-high": {"m_kib": 2**20 + 1},
        "lanes-9": {"p": 9},
        "passes-negative": {"t": -1},
        "passes-40-bits": {"t": 2**40},
    }.items():
        yield case("floor", name, "parameters outside their bounds", boxed(**bounds), passphrase=WORDS)
    yield case("passphrase", "wrong", "another passphrase", good, passphrase="another")
    yield case("passphrase", "none", "no passphrase", good)
    yield case("passphrase", "empty", "an empty passphrase", good, passphrase="")
    yield case("passphrase", "not-needed", "a passphrase for a key in clear", clear, passphrase=WORDS)
    for name, changes in {
        "passes-changed": {"t": 3},
        "memory-changed": {"m_kib": 19_464},
        "salt-changed": {"salt": "A" * 22},
        "nonce-changed": {"nonce": "A" * 16},
    }.items():
        yield case("passphrase", name, "changed within the bounds", boxed(**changes), passphrase=WORDS)
    kidded = {**good, "kid": BEN.kid.hex()}
    yield case("passphrase", "kid-changed", "the key id that the seed is bound to", kidded, passphrase=WORDS)
    wrong_kit = {"passphrase": WORDS, "kit": KIT[::-1]}
    yield case("passphrase", "kit-wrong", "another kit code", with_kit, **wrong_kit)
    unmarked = {**with_kit, "protected": {**with_kit["protected"], "kit": False}}
    yield case("passphrase", "kit-unmarked", "made with a kit code, and says it was not", unmarked, passphrase=WORDS)
    yield case("kit-code", "missing", "no kit code", with_kit, passphrase=WORDS)
    yield case("kit-code", "short", "a kit code of 8 bytes", with_kit, passphrase=WORDS, kit=KIT[:8])
    yield case("kit-code", "not-needed", "made without one", good, passphrase=WORDS, kit=KIT)
    yield case("key", "public-of-another", "another key's public half", {**clear, "public": "A" * 43})
    yield case("key", "seed-of-another", "another seed in clear", {**clear, "seed": "A" * 43})
    yield case("key", "kid-of-another", "another key id", {**clear, "kid": "00" * 16})
    other = about(ANN, "coordinator", protected=box(ANN, seed=BEN.seed()))
    yield case("key", "sealed-seed-of-another", "another seed under the right passphrase", other, passphrase=WORDS)


def cases() -> list[Case]:
    return [*opening(), *refused()]
