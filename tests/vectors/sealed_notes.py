"""What stands in tests/vectors/sealed-note/*.json: one file, one way for a sealed note to open or to fail.

``vectors.folder`` writes the files. All keys and texts are synthetic and derive from the words below. What is broken in
a file is broken before it is signed wherever that is possible, so that one check alone refuses it.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.sealing.envelope import body_key, commitment, wrap_info
from storage.sealing.header import Header
from storage.sealing.labels import L
from storage.sealing.padding import pad
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, PublicKey, SuiteId
from storage.sealing.wire import lp

FOLDER = Path(__file__).parent / "sealed-note"
TEXT = b'{"schema":1,"text":"Synthetic: a tile fell at gate 2."}'
XWING, X25519 = SuiteId.XWING, SuiteId.X25519


def made_of(words: str, size: int = 32) -> bytes:
    return hashlib.shake_256(b"synthetic " + words.encode()).digest(size)


def reader(name: str, suite: SuiteId = XWING) -> OpeningKey:
    return OpeningKey(suite, made_of(f"reader {name}"))


INGEST = SigningKey(made_of("ingest"))
EARLIER_INGEST = SigningKey(made_of("earlier ingest"))
STRANGER_INGEST = SigningKey(made_of("ingest of another server"))
HEADER = Header(
    agency_ref=made_of("agency", 16),
    note_id=made_of("note", 16),
    author_ref=made_of("author", 16),
    flag_level=2,
    hour="2026-11-23T06Z",
    schema_version=1,
    channel="chat",
)
CHANGED_HEADERS = {
    "agency": replace(HEADER, agency_ref=made_of("another agency", 16)),
    "note-id": replace(HEADER, note_id=made_of("another note", 16)),
    "author": replace(HEADER, author_ref=made_of("another author", 16)),
    "flag": replace(HEADER, flag_level=3),
    "hour": replace(HEADER, hour="2026-11-23T07Z"),
    "schema": replace(HEADER, schema_version=2),
    "channel": replace(HEADER, channel="page"),
}
COLLIDING = (16909, 47521)  # what search() found
FROM_CONTEXT = ("agency", "note-id", "flag", "schema", "channel")
ANY_SEED = {"dek": made_of("dek"), "nonce": made_of("nonce", 12)}


@dataclass(frozen=True)
class Parts:
    """An envelope as loose parts, each of which can be put wrong."""

    suite: int
    header: bytes
    commit: bytes
    stanzas: tuple[tuple[bytes, bytes], ...]
    nonce: bytes
    body: bytes
    magic: bytes = b"INE1"
    count: int | None = None

    @property
    def hh(self) -> bytes:
        return hashlib.sha256(self.magic + bytes([self.suite]) + self.header).digest()

    def envelope(self) -> bytes:
        count = len(self.stanzas) if self.count is None else self.count
        listed = b"".join(kid + lp(wrapped) for kid, wrapped in self.stanzas)
        head = self.magic + bytes([self.suite]) + lp(self.header) + self.commit + bytes([count])
        return head + listed + self.nonce + self.body

    def signature(self, ingest: SigningKey) -> bytes:
        inner = hashlib.sha256(self.hh + self.commit + self.nonce + self.body).digest()
        return ingest.sign(L + b"ingest" + inner)

    def record(self, ingest: SigningKey = INGEST, version: bytes = b"\x01") -> bytes:
        return version + ingest.kid + self.signature(ingest) + self.envelope()


def honest(
    keys: list[PublicKey],
    *,
    text: bytes = TEXT,
    padded: bytes | None = None,
    header: Header = HEADER,
    header_bytes: bytes | None = None,
    suite: int | None = None,
    dek: bytes = ANY_SEED["dek"],
    nonce: bytes = ANY_SEED["nonce"],
) -> Parts:
    """Sealed by the rules, written down here a second time and not through ``storage.sealing.seal``."""
    suite = int(keys[0].suite) if suite is None else suite
    canonical = header.canonical() if header_bytes is None else header_bytes
    hh = Parts(suite, canonical, b"", (), b"", b"").hh
    inside = pad(text) if padded is None else padded
    return Parts(
        suite=suite,
        header=canonical,
        commit=commitment(dek, hh),
        stanzas=tuple((key.kid, key.encrypt(dek, info=wrap_info(hh, key.kid))) for key in keys),
        nonce=nonce,
        body=AESGCM(body_key(dek, hh)).encrypt(nonce, inside, hh),
    )


@dataclass(frozen=True)
class Case:
    name: str
    comment: str
    expect: str
    record: bytes
    key: OpeningKey
    expected: Header = HEADER
    text: bytes | None = None
    header: Header = HEADER

    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "comment": self.comment,
            "expect": self.expect,
            "key": {"suite": self.key.suite.name_in_files, "seed": self.key.seed().hex()},
            "ingest_public": [key.public.raw.hex() for key in (INGEST, EARLIER_INGEST)],
            "expected": {
                "agency_ref": self.expected.agency_ref.hex(),
                "note_id": self.expected.note_id.hex(),
                "flag_level": self.expected.flag_level,
                "schema_version": self.expected.schema_version,
                "channel": self.expected.channel,
            },
            "record": base64.b64encode(self.record).decode(),
        }
        if self.text is not None:
            fields["opens_to"] = {
                "plaintext": base64.b64encode(self.text).decode(),
                "author_ref": self.header.author_ref.hex(),
                "hour": self.header.hour,
            }
        return fields


ANN, BEN, EVE = reader("ann"), reader("ben"), reader("eve")
ANN_X25519, BEN_X25519 = reader("ann", X25519), reader("ben", X25519)


def opening() -> Iterator[Case]:
    def case(name: str, comment: str, parts: Parts, key: OpeningKey = ANN, **more: Any) -> Case:
        return Case(name, comment, "open", parts.record(), key, **{"text": TEXT, **more})

    yield case("open-x-wing", "one recipient, default suite", honest([ANN.public]))
    yield case("open-x25519", "one recipient, suite 1", honest([ANN_X25519.public]), ANN_X25519)
    yield case("open-second-of-two", "sealed to two, read by the second", honest([ANN.public, BEN.public]), BEN)
    many = [reader(str(number), X25519) for number in range(32)]
    yield case("open-last-of-32", "as many as there may be", honest([key.public for key in many]), many[-1])
    for name, size in {"empty": 0, "508": 508, "509": 509, "16380": 16_380}.items():
        text = made_of("long text", size)
        parts = honest([ANN_X25519.public], text=text)
        yield case(f"open-{name}-bytes", f"a text of {size} bytes", parts, ANN_X25519, text=text)
    for flag_level, channel in ((0, "page"), (3, "chat")):
        header = replace(HEADER, flag_level=flag_level, channel=channel)  # type: ignore[arg-type]  # two literals
        parts = honest([ANN_X25519.public], header=header)
        yield case(
            f"open-flag-{flag_level}-{channel}",
            "ends of the header's ranges",
            parts,
            ANN_X25519,
            expected=header,
        )
    yield Case(
        "open-earlier-ingest-key",
        "signed before the server's key was changed",
        "open",
        honest([ANN_X25519.public]).record(EARLIER_INGEST),
        ANN_X25519,
        text=TEXT,
    )
    first, _ = two_texts()
    yield Case(
        "open-two-texts-first",
        "body that AES-GCM opens under two keys, read by the one reader the commitment is for",
        "open",
        first.parts.record(),
        ANN_X25519,
        text=first.text,
    )


def refused() -> Iterator[Case]:
    good = honest([ANN_X25519.public])
    pair = honest([ANN_X25519.public, BEN_X25519.public])
    wing = honest([ANN.public])
    record = good.record()

    def case(expect: str, name: str, comment: str, record: bytes, **more: Any) -> Case:
        return Case(f"{expect}-{name}", comment, expect, record, **{"key": ANN_X25519, **more})

    # format: not the bytes of a note
    yield case("format", "empty", "nothing at all", b"")
    yield case("format", "version-only", "one byte", b"\x01")
    yield case("format", "record-version-0", "record version 0", good.record(version=b"\0"))
    yield case("format", "record-version-2", "record version 2", good.record(version=b"\x02"))
    yield case("format", "magic-0", "envelope version 0", replace(good, magic=b"INE0").record())
    yield case("format", "magic-2", "envelope version 2", replace(good, magic=b"INE2").record())
    yield case("format", "cut-in-signature", "ends within the signature", record[:50])
    yield case("format", "cut-before-suite", "ends after the magic", record[:85])
    yield case("format", "cut-in-header", "ends within the header", record[:120])
    yield case("format", "cut-in-stanza", "ends within the stanza", record[:260])
    yield case("format", "last-byte-missing", "body one byte short", record[:-1])
    yield case("format", "trailing-byte", "one byte after the body", record + b"\0")
    yield case("format", "count-0", "no recipient", replace(good, stanzas=()).record())
    many = honest([reader(str(number), X25519).public for number in range(33)])
    yield case("format", "count-33", "more recipients than allowed", many.record())
    yield case("format", "count-too-high", "two counted, one there", replace(good, count=2).record())
    yield case("format", "count-too-low", "one counted, two there", replace(pair, count=1).record())
    twice = replace(good, stanzas=good.stanzas * 2)
    yield case("format", "recipient-twice", "the same key id twice", twice.record())
    kid, wrapped = good.stanzas[0]
    for name, changed in {"short": wrapped[:-1], "long": wrapped + b"\0", "empty": b""}.items():
        stanza = replace(good, stanzas=((kid, changed),))
        yield case("format", f"stanza-{name}", "stanza of another length", stanza.record())
    yield case("format", "body-not-a-bucket", "body of 500 bytes", replace(good, body=good.body[:500]).record())
    yield case("format", "body-empty", "no body", replace(good, body=b"").record())
    yield case(
        "format",
        "suite-byte-lowered",
        "X-Wing stanzas under suite byte 1, signed again",
        replace(wing, suite=1).record(),
        key=ANN,
    )
    for name, header_bytes in malformed_headers().items():
        parts = honest([ANN_X25519.public], header_bytes=header_bytes)
        yield case("format", f"header-{name}", "header outside its ranges, sealed and signed", parts.record())

    yield case("format", "suite-byte-raised", "X25519 stanzas under suite byte 2, signed again", raised_suite())
    yield case("format", "envelope-alone", "an envelope that no server signed", good.envelope())
    yield case("format", "signature-missing", "version, signer and envelope", record[:17] + record[81:])
    yield case(
        "format", "body-between-sizes", "body of 512 bytes, tag included", replace(good, body=good.body[:-16]).record()
    )

    # suite
    for suite in (0, 3, 255):
        parts = honest([ANN_X25519.public], suite=suite)
        yield case("suite", f"unknown-{suite}", "unknown suite, sealed and signed", parts.record())
    yield case("suite", "not-the-keys", "a note of suite 2 and a key of suite 1", wing.record())

    # signature
    yield case("signature", "another-server", "accepted by a server not trusted", good.record(STRANGER_INGEST))
    flipped = record[:17] + bytes([record[17] ^ 1]) + record[18:]
    yield case("signature", "bit", "one bit of the signature", flipped)
    yield case("signature", "zero", "signature of zeros", record[:17] + bytes(64) + record[81:])
    claimed = b"\x01" + EARLIER_INGEST.kid + record[17:]
    yield case("signature", "another-signer", "names another of the trusted servers", claimed)
    elsewhere = honest([ANN_X25519.public], header=CHANGED_HEADERS["note-id"])
    borrowed = b"\x01" + INGEST.kid + elsewhere.signature(INGEST) + good.envelope()
    yield case("signature", "of-another-note", "a signature by the right server, of another note", borrowed)
    unlabelled = INGEST.sign(hashlib.sha256(good.hh + good.commit + good.nonce + good.body).digest())
    yield case("signature", "without-label", "signed without the label", record[:17] + unlabelled + good.envelope())
    for name, header in CHANGED_HEADERS.items():
        changed_header = record[:81] + replace(good, header=header.canonical()).envelope()
        yield case(
            "signature",
            f"header-{name}",
            f"{name} rewritten, and asked for so",
            changed_header,
            expected=header,
        )
    for name, parts in {
        "commit": replace(good, commit=flip(good.commit)),
        "nonce": replace(good, nonce=flip(good.nonce)),
        "body": replace(good, body=flip(good.body)),
    }.items():
        yield case("signature", name, f"one bit of the {name}", record[:81] + parts.envelope())
    own = honest([ANN_X25519.public], text=b"forged")
    yield case("signature", "forged", "sealed afresh under an old signature", record[:81] + own.envelope())
    lowered = record_of_lowered_suite(wing)
    yield case("signature", "downgrade", "sealed afresh under suite 1 and the signature of suite 2", lowered)

    # header: a good record in another place
    for name in FROM_CONTEXT:
        yield case("header", name, f"another {name} expected", record, expected=CHANGED_HEADERS[name])

    # recipient
    yield case("recipient", "not-listed", "a key it was not sealed to", record, key=reader("eve", X25519))
    yield case("recipient", "not-listed-x-wing", "a key it was not sealed to", wing.record(), key=EVE)
    renamed = replace(good, stanzas=((flip(kid), wrapped),))
    yield case("recipient", "key-id-changed", "one bit of the stanza's key id", renamed.record())

    # tag
    yield case("tag", "stanza-enc", "one bit of enc", replace(good, stanzas=((kid, flip(wrapped)),)).record())
    last = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    yield case("tag", "stanza-tag", "one bit of the stanza's tag", replace(good, stanzas=((kid, last),)).record())
    (a, wrapped_a), (b, wrapped_b) = pair.stanzas
    swapped = replace(pair, stanzas=((a, wrapped_b), (b, wrapped_a)))
    yield case("tag", "stanzas-swapped", "two stanzas under each other's key id", swapped.record())
    other = honest([ANN_X25519.public], header=CHANGED_HEADERS["note-id"], dek=made_of("other dek"))
    moved = replace(good, stanzas=other.stanzas)
    yield case("tag", "stanza-of-another-note", "a stanza from another note", moved.record())
    body = replace(good, body=flip(good.body))
    yield case("tag", "body", "body changed before the server signed it", body.record())
    nonce = replace(good, nonce=flip(good.nonce))
    yield case("tag", "nonce", "nonce changed before the server signed it", nonce.record())
    moved_body = replace(good, nonce=other.nonce, body=other.body)
    yield case("tag", "body-of-another-note", "body and nonce from another note, signed again", moved_body.record())
    zero = replace(good, stanzas=((kid, bytes(32) + wrapped[32:]),))
    yield case("tag", "stanza-enc-zero", "enc is a point of small order", zero.record())
    twin = honest([ANN_X25519.public, BEN_X25519.public], dek=made_of("dek of the twin"))
    lent = replace(pair, stanzas=(pair.stanzas[0], (twin.stanzas[1][0], pair.stanzas[0][1])))
    yield case(
        "tag", "stanza-of-another-reader", "another reader's stanza under one's own id", lent.record(), key=BEN_X25519
    )
    wing_kid, wing_wrapped = wing.stanzas[0]
    for name, at in {"mlkem": 0, "x25519": 1100, "key": 1130}.items():
        changed = wing_wrapped[:at] + bytes([wing_wrapped[at] ^ 1]) + wing_wrapped[at + 1 :]
        stanza = replace(wing, stanzas=((wing_kid, changed),))
        yield case("tag", f"x-wing-{name}", f"one bit of the {name} part", stanza.record(), key=ANN)

    zero = replace(wing, stanzas=((wing_kid, wing_wrapped[:1088] + bytes(32) + wing_wrapped[1120:]),))
    yield case("tag", "x-wing-x25519-zero", "X25519 part of enc is a point of small order", zero.record(), key=ANN)

    # commit
    committed = replace(good, commit=flip(good.commit))
    yield case("commit", "bit", "commitment changed before the server signed it", committed.record())
    lent = replace(good, stanzas=honest([ANN_X25519.public], dek=made_of("other dek")).stanzas)
    yield case("commit", "stanza-with-another-dek", "a stanza of this note that holds another note key", lent.record())
    _, second = two_texts()
    yield case(
        "commit",
        "two-texts-second",
        "body that AES-GCM opens under two keys, read by the reader the commitment is not for",
        second.parts.record(),
        key=BEN_X25519,
    )

    # padding
    for name, padded in {
        "fill-not-zero": pad(TEXT)[:-1] + b"\x01",
        "length-too-high": (509).to_bytes(4, "big") + bytes(508),
        "length-far-too-high": b"\xff" * 4 + bytes(508),
        "length-too-low": (len(TEXT) - 1).to_bytes(4, "big") + pad(TEXT)[4:],
        "larger-bucket": pad(TEXT).ljust(1024, b"\0"),
    }.items():
        parts = honest([ANN_X25519.public], padded=padded)
        yield case("padding", name, "sealed and signed with wrong padding", parts.record())


def malformed_headers() -> dict[str, bytes]:
    def made(**changed: bytes) -> bytes:
        fields = {
            "agency_ref": HEADER.agency_ref,
            "note_id": HEADER.note_id,
            "author_ref": HEADER.author_ref,
            "flag": b"\x02",
            "hour": HEADER.hour.encode(),
            "schema": b"\x01",
            "channel": b"chat",
        }
        return b"".join(lp(part) for part in {**fields, **changed}.values())

    return {
        "flag-4": made(flag=b"\x04"),
        "flag-empty": made(flag=b""),
        "flag-two-bytes": made(flag=b"\0\x02"),
        "agency-15-bytes": made(agency_ref=HEADER.agency_ref[:15]),
        "note-id-17-bytes": made(note_id=HEADER.note_id + b"\0"),
        "author-empty": made(author_ref=b""),
        "hour-with-minutes": made(hour=b"2026-11-23T06:15Z"),
        "hour-month-13": made(hour=b"2026-13-23T06Z"),
        "hour-24": made(hour=b"2026-11-23T24Z"),
        "hour-day-31": made(hour=b"2026-11-31T06Z"),
        "hour-year-0": made(hour=b"0000-01-01T00Z"),
        "hour-leap-day-1900": made(hour=b"1900-02-29T00Z"),
        "hour-lower-case": made(hour=b"2026-11-23t06z"),
        "hour-not-ascii": made(hour="2026-11-23T0٦Z".encode()),
        "schema-0": made(schema=b"\0"),
        "schema-two-bytes": made(schema=b"\0\x01"),
        "channel-unknown": made(channel=b"sms"),
        "channel-capital": made(channel=b"Chat"),
        "extra-part": made() + lp(b"more"),
        "empty": b"",
    }


def record_of_lowered_suite(wing: Parts) -> bytes:
    lowered = honest([ANN_X25519.public])
    return b"\x01" + INGEST.kid + wing.signature(INGEST) + lowered.envelope()


def raised_suite() -> bytes:
    return replace(honest([ANN_X25519.public]), suite=2).record()


def flip(part: bytes) -> bytes:
    return bytes([part[0] ^ 1]) + part[1:]


@dataclass(frozen=True)
class Forgery:
    parts: Parts
    text: bytes


def two_texts() -> tuple[Forgery, Forgery]:
    """One body that opens under two note keys to two well-padded texts, as a hostile sender could make it.

    The two keys were searched for once, so that both key streams start with the same four bytes and one
    length field serves both; then one block of the ciphertext is solved for, so that both tags are the same.
    """
    hh = Parts(int(X25519), HEADER.canonical(), b"", (), b"", b"").hh
    nonce = ANY_SEED["nonce"]
    deks = [made_of(f"two texts {number}") for number in COLLIDING]
    keys = [body_key(dek, hh) for dek in deks]
    streams = [key_stream(key, nonce) for key in keys]
    length = (508).to_bytes(4, "big")
    start = bytes(x ^ y for x, y in zip(length, streams[0], strict=False))
    blocks = [
        start + made_of("first block", 12),
        *(made_of(f"block {n}", 16) for n in range(1, 31)),
        bytes(16),
    ]
    body = with_equal_tags(blocks, keys, nonce, hh)
    texts = [AESGCM(key).decrypt(nonce, body, hh)[4:] for key in keys]
    readers = [ANN_X25519.public, BEN_X25519.public]
    stanzas = tuple(
        (key.kid, key.encrypt(dek, info=wrap_info(hh, key.kid))) for key, dek in zip(readers, deks, strict=True)
    )
    parts = Parts(int(X25519), HEADER.canonical(), commitment(deks[0], hh), stanzas, nonce, body)
    return Forgery(parts, texts[0]), Forgery(parts, texts[1])


def search() -> tuple[int, int]:
    """Two numbers whose key streams start alike; some seconds."""
    hh = Parts(int(X25519), HEADER.canonical(), b"", (), b"", b"").hh
    seen: dict[bytes, int] = {}
    number = 0
    while True:
        start = key_stream(body_key(made_of(f"two texts {number}"), hh), ANY_SEED["nonce"])[:4]
        if start in seen:
            return seen[start], number
        seen[start] = number
        number += 1


def key_stream(key: bytes, nonce: bytes) -> bytes:
    return encrypted_block(key, nonce + (2).to_bytes(4, "big"))


def encrypted_block(key: bytes, block: bytes) -> bytes:
    ecb = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # one block, the inside of GCM
    return ecb.update(block) + ecb.finalize()


def with_equal_tags(blocks: list[bytes], keys: list[bytes], nonce: bytes, aad: bytes) -> bytes:
    """Ciphertext and tag that are right under both keys: the last block solves tag 1 = tag 2.

    With H the hash key, the last of the ciphertext is multiplied by H² (its own step and the length block's).
    """
    hash_keys = [int.from_bytes(encrypted_block(key, bytes(16)), "big") for key in keys]
    masks = [int.from_bytes(encrypted_block(key, nonce + (1).to_bytes(4, "big")), "big") for key in keys]
    ciphertext = b"".join(blocks)
    tags = [ghash(h, aad, ciphertext) ^ mask for h, mask in zip(hash_keys, masks, strict=True)]
    factor = times(hash_keys[0], hash_keys[0]) ^ times(hash_keys[1], hash_keys[1])
    last = times(tags[0] ^ tags[1], inverse(factor)).to_bytes(16, "big")
    ciphertext = ciphertext[:-16] + last
    return ciphertext + (ghash(hash_keys[0], aad, ciphertext) ^ masks[0]).to_bytes(16, "big")


def ghash(h: int, aad: bytes, ciphertext: bytes) -> int:
    """GHASH of NIST SP 800-38D; both inputs are whole blocks here."""
    lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    whole = aad + ciphertext + lengths
    value = 0
    for at in range(0, len(whole), 16):
        value = times(value ^ int.from_bytes(whole[at : at + 16], "big"), h)
    return value


def times(x: int, y: int) -> int:
    """Product in GF(2^128) in GCM's bit order."""
    product = 0
    for bit in range(127, -1, -1):
        if (x >> bit) & 1:
            product ^= y
        y = (y >> 1) ^ (0xE1 << 120 if y & 1 else 0)
    return product


def inverse(x: int) -> int:
    """x to the power of 2^128 - 2."""
    one = 1 << 127
    result, square = one, x
    for _ in range(127):
        square = times(square, square)
        result = times(result, square)
    return result


def cases() -> list[Case]:
    return [*opening(), *refused()]
