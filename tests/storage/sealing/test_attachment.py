"""A sealed attachment opens for its recipients, in its place, unchanged; and in no other way."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors.sealed_notes import ANN, ANN_X25519, BEN, BEN_X25519, EVE, HEADER, INGEST, STRANGER_INGEST, TEXT

from storage.sealing import record as note_records
from storage.sealing.attachment import (
    BUCKETS,
    MOST,
    SALT_BYTES,
    Place,
    padded,
    parse,
    seal_attachment,
    unpadded,
)
from storage.sealing.envelope import commitment, wrap_info
from storage.sealing.errors import CannotSeal, NoteUnreadable
from storage.sealing.opening_attachment import OpenedAttachment, open_attachment, rewrap_attachment
from storage.sealing.seal import seal
from storage.sealing.suites import OpeningKey
from storage.sealing.wire import Malformed

PLACE = Place(bytes([1]) * 16, bytes([2]) * 16, 3)
TRUSTED = [INGEST.public]
PAIRS = pytest.mark.parametrize(("ann", "ben"), [(ANN_X25519, BEN_X25519), (ANN, BEN)], ids=["x25519", "x-wing"])


def sealed(*keys: OpeningKey, content: bytes = b"picture", place: Place = PLACE) -> tuple[bytes, str]:
    return seal_attachment(content, place, [key.public for key in keys], keys[0].suite, INGEST)


def opened(record: bytes, key: OpeningKey, place: Place = PLACE) -> OpenedAttachment:
    return open_attachment(record, key, place=place, ingest_public_keys=TRUSTED)


def why_refused(record: bytes, key: OpeningKey, place: Place = PLACE) -> str:
    with pytest.raises(NoteUnreadable) as refused:
        opened(record, key, place)
    return refused.value.code


@PAIRS
def test_each_recipient_reads_it_and_nobody_else(ann: OpeningKey, ben: OpeningKey) -> None:
    record, digest = sealed(ann, ben)
    assert {opened(record, key) for key in (ann, ben)} == {OpenedAttachment(b"picture", digest)}
    assert why_refused(record, EVE if ann is ANN else ANN) in ("recipient", "suite")
    assert why_refused(record, ANN if ann is ANN_X25519 else ANN_X25519) == "suite"
    assert b"picture" not in record


@pytest.mark.parametrize(
    "elsewhere",
    [replace(PLACE, number=4), replace(PLACE, note_id=bytes(16)), replace(PLACE, agency_ref=bytes(16))],
    ids=["number", "note", "agency"],
)
def test_it_opens_in_its_place_alone(elsewhere: Place) -> None:
    record, _ = sealed(ANN)
    assert why_refused(record, ANN, elsewhere) == "header"


def test_the_digest_confirms_no_guess() -> None:
    """The same picture twice has two digests, and none of them is the picture's own hash."""
    digests = {sealed(ANN)[1], sealed(ANN)[1], hashlib.sha256(b"picture").hexdigest()}
    assert len(digests) == 3


def test_another_servers_is_not_believed() -> None:
    record, _ = seal_attachment(b"picture", PLACE, [ANN.public], ANN.suite, STRANGER_INGEST)
    assert why_refused(record, ANN) == "signature"


def test_a_note_is_no_attachment_and_an_attachment_no_note() -> None:
    note = note_records.accept(seal(TEXT, HEADER, [ANN.public], ANN.suite), INGEST)
    assert why_refused(note, ANN) == "format"
    with pytest.raises(NoteUnreadable) as refused:
        note_records.parse(sealed(ANN)[0])
    assert refused.value.code == "format"


def test_every_bit_counts() -> None:
    """One bit of every byte before the body, and of some within it."""
    record, _ = sealed(ANN_X25519)
    for at in [*range(400), *range(400, len(record), 9_973), len(record) - 1]:
        turned = bytearray(record)
        turned[at] ^= 1 << at % 8
        assert why_refused(bytes(turned), ANN_X25519)


def test_another_key_inside_is_refused() -> None:
    """Stanzas are outside the signature: one with another key would show this reader another content."""
    parsed = parse(sealed(ANN)[0])
    other = ANN.public.encrypt(bytes(32), info=wrap_info(parsed.header_hash, ANN.kid))
    assert commitment(bytes(32), parsed.header_hash) != parsed.commit
    changed = replace(parsed, stanzas=(replace(parsed.stanzas[0], wrapped=other),)).build()
    assert why_refused(changed, ANN) == "commit"


@PAIRS
def test_wrapped_again_it_opens_for_others_and_is_otherwise_the_same(ann: OpeningKey, ben: OpeningKey) -> None:
    record, digest = sealed(ann)
    again = rewrap_attachment(record, ann, [ben.public], place=PLACE, ingest_public_keys=TRUSTED)
    assert opened(again, ben) == OpenedAttachment(b"picture", digest)
    assert why_refused(again, ann) == "recipient"
    before, after = parse(record), parse(again)
    assert replace(after, stanzas=before.stanzas) == before


@pytest.mark.parametrize("size", [0, 1, BUCKETS[0] - 36, BUCKETS[0] - 35, 1_000_000, MOST])
def test_its_length_tells_a_size_class_alone(size: int) -> None:
    record, digest = sealed(ANN_X25519, content=b"x" * size)
    body = len(parse(record).body) - 16
    assert body in BUCKETS
    assert body == min(bucket for bucket in BUCKETS if bucket >= size + 36)
    found = opened(record, ANN_X25519)
    assert (len(found.content), found.digest) == (size, digest)


def test_too_much_or_for_nobody_is_not_sealed() -> None:
    with pytest.raises(CannotSeal) as refused:
        sealed(ANN, content=bytes(MOST + 1))
    assert refused.value.code == "length"
    with pytest.raises(CannotSeal) as refused:
        seal_attachment(b"", PLACE, [], ANN.suite, INGEST)
    assert refused.value.code == "recipients"


@given(st.binary(min_size=SALT_BYTES, max_size=3_000), st.integers(0, BUCKETS[0] - 1), st.integers(1, 255))
@settings(deadline=None)
def test_padding_is_one_and_no_other(text: bytes, at: int, by: int) -> None:
    whole = bytearray(padded(text))
    assert (len(whole), unpadded(bytes(whole))) == (BUCKETS[0], text)
    whole[at] ^= by
    try:
        assert unpadded(bytes(whole)) != text
    except Malformed:
        return


@given(st.binary(max_size=600), st.integers(0, 500))
@settings(deadline=None)
def test_any_bytes_are_refused_with_a_code(raw: bytes, cut: int) -> None:
    record, _ = RECORD
    for found in (raw, record[:cut], record[:cut] + raw, record + raw[:1] + b"x"):
        with pytest.raises(NoteUnreadable):
            parse(found)


RECORD = sealed(ANN_X25519)


@pytest.mark.parametrize("number", [0, 256, -1])
def test_numbers_are_1_to_255(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 255"):
        Place(bytes(16), bytes(16), number)
