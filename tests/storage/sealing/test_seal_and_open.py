"""A sealed note opens for its recipients, in its place, unchanged; and in no other way."""

import random
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vectors.sealed_notes import (
    ANN,
    ANN_X25519,
    BEN,
    BEN_X25519,
    CHANGED_HEADERS,
    EVE,
    FROM_CONTEXT,
    HEADER,
    INGEST,
    STRANGER_INGEST,
    TEXT,
    reader,
    two_texts,
)

from storage.sealing import envelope as envelopes
from storage.sealing import record as records
from storage.sealing.envelope import body_key, wrap_info
from storage.sealing.errors import CannotSeal, NoteUnreadable
from storage.sealing.header import Header
from storage.sealing.opening import Expected, OpenedNote, open_note
from storage.sealing.padding import MOST, unpad
from storage.sealing.record import accept
from storage.sealing.rewrap import rewrap
from storage.sealing.seal import seal
from storage.sealing.suites import OpeningKey, PublicKey, SuiteId, generate

TRUSTED = [INGEST.public]
PAIRS = pytest.mark.parametrize(("ann", "ben"), [(ANN_X25519, BEN_X25519), (ANN, BEN)], ids=["x25519", "x-wing"])


def place_of(header: Header) -> Expected:
    return Expected(header.agency_ref, header.note_id, header.flag_level, header.channel, header.schema_version)


def sealed(*keys: OpeningKey, text: bytes = TEXT, header: Header = HEADER) -> bytes:
    return seal(text, header, [key.public for key in keys], keys[0].suite)


def opened(record: bytes, key: OpeningKey, header: Header = HEADER) -> OpenedNote:
    return open_note(record, key, expected=place_of(header), ingest_public_keys=TRUSTED)


def why_refused(record: bytes, key: OpeningKey, header: Header = HEADER) -> str:
    with pytest.raises(NoteUnreadable) as refused:
        opened(record, key, header)
    return refused.value.code


@PAIRS
def test_each_recipient_reads_what_was_sealed(ann: OpeningKey, ben: OpeningKey) -> None:
    record = accept(sealed(ann, ben), INGEST)

    for key in (ann, ben):
        note = opened(record, key)
        assert note.plaintext == TEXT
        assert note.header == HEADER


def comes_back(text: str, key: OpeningKey) -> bool:
    return opened(accept(sealed(key, text=text.encode()), INGEST), key).plaintext.decode() == text


@settings(max_examples=300)
@given(st.text(), st.sampled_from([ANN, ANN_X25519]))
@example("", ANN)
@example("\0", ANN)
@example("\u202eعربي", ANN)
@example("🗝" * 100, ANN)
def test_t19c_any_text_comes_back(text: str, key: OpeningKey) -> None:
    assert comes_back(text, key)


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(max_examples=10_000, deadline=None)
@given(st.text(), st.sampled_from([ANN, ANN_X25519]))
def test_t19c_ten_thousand_texts_come_back(text: str, key: OpeningKey) -> None:
    assert comes_back(text, key)


@given(st.binary(min_size=400, max_size=MOST))
def test_t19c_any_bytes_of_any_allowed_length_come_back(text: bytes) -> None:
    assert opened(accept(sealed(ANN_X25519, text=text), INGEST), ANN_X25519).plaintext == text


def test_t19c_half_a_character_never_gets_as_far_as_sealing() -> None:
    with pytest.raises(UnicodeEncodeError):
        sealed(ANN_X25519, text="half \ud83d".encode())


@PAIRS
def test_t12_short_texts_are_of_equal_size_when_sealed(ann: OpeningKey, ben: OpeningKey) -> None:
    sizes = {len(sealed(ann, ben, text=b"x" * size)) for size in (0, 1, 100, 500, 508)}

    assert len(sizes) == 1


def test_t12_there_are_six_sizes_for_a_number_of_recipients() -> None:
    """A thousand notes of random lengths, for one to three recipients."""
    readers = [reader(str(number), SuiteId.X25519) for number in range(3)]
    lengths = random.Random(12)
    for count in (1, 2, 3):
        sizes = {len(sealed(*readers[:count], text=b"x" * lengths.randint(0, MOST))) for _ in range(1_000)}
        assert len(sizes) == 6


def test_the_size_is_the_documented_one() -> None:
    assert len(sealed(ANN, BEN)) == 150 + 2 * 1186 + 512
    assert len(sealed(ANN_X25519, BEN_X25519)) == 150 + 2 * 98 + 512


def test_nothing_that_was_written_stands_in_the_record() -> None:
    record = accept(sealed(ANN_X25519), INGEST)

    assert all(TEXT[at : at + 4] not in record for at in range(len(TEXT) - 4))


def test_t15_every_bit_matters() -> None:
    """One recipient, every single bit turned once."""
    record = accept(sealed(ANN_X25519), INGEST)

    for at in range(8 * len(record)):
        turned = bytearray(record)
        turned[at // 8] ^= 1 << (at % 8)
        assert why_refused(bytes(turned), ANN_X25519)


def test_t15_every_byte_of_a_note_in_the_default_suite_matters() -> None:
    record = accept(sealed(ANN), INGEST)

    for at in range(len(record)):
        turned = record[:at] + bytes([record[at] ^ 0x80]) + record[at + 1 :]
        assert why_refused(turned, ANN)


def test_t15_only_the_stanza_of_somebody_else_may_change_unseen() -> None:
    """Stanzas are outside the signature, so that a note can be wrapped again. Spoiling one keeps its
    recipient from reading and changes nothing for anybody else."""
    record = accept(sealed(ANN_X25519, BEN_X25519), INGEST)
    start = record.index(BEN_X25519.kid)
    end = start + 16 + 2 + SuiteId.X25519.sealed_bytes(32)
    unseen = set()

    for at in range(len(record)):
        turned = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
        try:
            assert opened(turned, ANN_X25519).plaintext == TEXT
        except NoteUnreadable:
            continue
        unseen.add(at)
        assert why_refused(turned, BEN_X25519) in ("recipient", "tag")

    assert unseen == set(range(start, end)) - {start + 16, start + 17}


@PAIRS
@pytest.mark.parametrize("name", FROM_CONTEXT)
def test_t16_a_note_does_not_open_in_another_place(ann: OpeningKey, ben: OpeningKey, name: str) -> None:
    """T17 too: the row it was copied to is the context."""
    assert why_refused(accept(sealed(ann, ben), INGEST), ben, CHANGED_HEADERS[name]) == "header"


@pytest.mark.parametrize("name", CHANGED_HEADERS)
def test_t16_a_rewritten_header_is_refused_even_where_it_is_expected(name: str) -> None:
    record = records.parse(accept(sealed(ANN), INGEST))
    rewritten = replace(record, envelope=replace(record.envelope, header=CHANGED_HEADERS[name]))

    assert why_refused(rewritten.build(), ANN, CHANGED_HEADERS[name]) == "signature"


def test_t16_a_context_that_no_note_can_have_is_refused() -> None:
    record = accept(sealed(ANN), INGEST)
    nowhere = replace(place_of(HEADER), flag_level=7)

    with pytest.raises(NoteUnreadable, match="header"):
        open_note(record, ANN, expected=nowhere, ingest_public_keys=TRUSTED)


def test_t17_bodies_of_two_notes_cannot_be_exchanged() -> None:
    """With and without the help of a server that signs what it gets."""
    one = envelopes.parse(sealed(ANN))
    two = envelopes.parse(sealed(ANN, header=CHANGED_HEADERS["note-id"], text=b"another"))
    mixed = replace(one, body=two.body, nonce=two.nonce)
    more_mixed = replace(mixed, commit=two.commit, stanzas=two.stanzas)

    signature = records.parse(accept(one.build(), INGEST)).signature
    assert why_refused(records.Record(INGEST.kid, signature, mixed).build(), ANN) == "signature"
    assert why_refused(accept(mixed.build(), INGEST), ANN) == "tag"
    assert why_refused(accept(more_mixed.build(), INGEST), ANN) == "tag"


def test_a_key_that_is_not_listed_does_not_open() -> None:
    assert why_refused(accept(sealed(ANN, BEN), INGEST), EVE) == "recipient"


def test_t18_a_key_of_the_other_suite_does_not_open() -> None:
    assert why_refused(accept(sealed(ANN), INGEST), ANN_X25519) == "suite"
    assert why_refused(accept(sealed(ANN_X25519), INGEST), ANN) == "suite"


def test_t18_a_lowered_or_raised_suite_byte_is_refused_whoever_signs() -> None:
    """T18 stands in tests/vectors as well: unknown suites, versions, counts, left-over bytes, a key id twice."""
    for key, other in ((ANN, SuiteId.X25519), (ANN_X25519, SuiteId.XWING)):
        record = accept(sealed(key), INGEST)
        at = 81 + len(envelopes.MAGIC)
        for suite in (0, int(other), 3, 255):
            changed = record[:at] + bytes([suite]) + record[at + 1 :]
            assert why_refused(changed, key) == ("format" if suite == other else "suite")
            with pytest.raises(NoteUnreadable):
                accept(changed[81:], INGEST)


def test_t19_a_note_that_no_trusted_server_accepted_does_not_open() -> None:
    record = accept(sealed(ANN), STRANGER_INGEST)

    assert why_refused(record, ANN) == "signature"
    assert opened(accept(sealed(ANN), INGEST), ANN).plaintext == TEXT
    with pytest.raises(NoteUnreadable, match="signature"):
        open_note(accept(sealed(ANN), INGEST), ANN, expected=place_of(HEADER), ingest_public_keys=[])


def test_t19_the_two_text_forgery_is_real_and_the_commitment_refuses_it() -> None:
    """AES-GCM alone opens one body to two texts, both well padded."""
    first, second = two_texts()
    parts, hh = first.parts, first.parts.hh
    texts = []
    for key, (kid, wrapped) in zip((ANN_X25519, BEN_X25519), parts.stanzas, strict=True):
        dek = key.decrypt(wrapped, info=wrap_info(hh, kid))
        texts.append(unpad(AESGCM(body_key(dek, hh)).decrypt(parts.nonce, parts.body, hh)))

    assert texts == [first.text, second.text]
    assert texts[0] != texts[1]
    assert opened(parts.record(), ANN_X25519).plaintext == first.text
    assert why_refused(parts.record(), BEN_X25519) == "commit"


def test_a_note_that_cannot_be_sealed_says_why() -> None:
    many = [generate(SuiteId.X25519).public for _ in range(33)]

    def why(text: bytes, keys: list[PublicKey], suite: SuiteId) -> str:
        with pytest.raises(CannotSeal) as refused:
            seal(text, HEADER, keys, suite)
        return refused.value.code

    assert why(b"x" * (MOST + 1), many[:1], SuiteId.X25519) == "length"
    assert why(TEXT, [], SuiteId.X25519) == "recipients"
    assert why(TEXT, many, SuiteId.X25519) == "recipients"
    assert why(TEXT, many[:1] * 2, SuiteId.X25519) == "recipients"
    assert why(TEXT, many[:1], SuiteId.XWING) == "suite"
    assert why(TEXT, [ANN.public, ANN_X25519.public], SuiteId.XWING) == "suite"


def test_an_error_and_a_note_never_show_the_text() -> None:
    record = accept(sealed(ANN, text=b"canary"), INGEST)
    note = opened(record, ANN)
    with pytest.raises(NoteUnreadable) as refused:
        opened(record, EVE)

    assert "canary" not in repr(note)
    assert str(refused.value) == f"note {HEADER.note_id.hex()} cannot be read: recipient"
    assert refused.value.__cause__ is None


def uniqueness_over(seals: int) -> None:
    header_hash = envelopes.header_hash(SuiteId.X25519, HEADER)
    nonces, deks, commits = set(), set(), set()
    for _ in range(seals):
        note = envelopes.parse(sealed(ANN_X25519))
        nonces.add(note.nonce)
        commits.add(note.commit)
        deks.add(ANN_X25519.decrypt(note.stanzas[0].wrapped, info=wrap_info(header_hash, ANN_X25519.kid)))
    assert len(nonces) == len(deks) == len(commits) == seals


def test_t19b_nothing_random_comes_twice() -> None:
    uniqueness_over(3_000)


@pytest.mark.long
def test_t19b_nothing_random_comes_twice_in_a_hundred_thousand_seals() -> None:
    uniqueness_over(100_000)


@given(st.binary(max_size=1500))
def test_t66_any_bytes_are_a_record_or_refused_with_the_typed_error(raw: bytes) -> None:
    """Parsers raise what they say and nothing else."""
    good = accept(sealed(ANN_X25519), INGEST)
    for whole in (raw, b"INE1\x01" + raw, good[: len(raw) % len(good)] + raw, b"\x01" + raw.ljust(80)):
        for parse in (envelopes.parse, records.parse):
            try:
                parsed = parse(whole)
            except NoteUnreadable:
                continue
            assert parsed.build() == whole
        assert why_refused(whole, ANN_X25519)


@given(st.data())
def test_t66_a_mangled_record_is_refused_or_only_lost_a_stanza(data: st.DataObject) -> None:
    record = accept(sealed(ANN_X25519, BEN_X25519), INGEST)
    start = data.draw(st.integers(0, len(record)))
    end = data.draw(st.integers(start, len(record)))
    mangled = record[:start] + data.draw(st.binary(max_size=40)) + record[end:]
    try:
        note = opened(mangled, ANN_X25519)
    except NoteUnreadable:
        return
    assert note.plaintext == TEXT


@PAIRS
def test_after_wrapping_again_the_revoked_key_opens_nothing_and_all_others_everything(
    ann: OpeningKey, ben: OpeningKey
) -> None:
    """T39."""
    eve = reader("eve", ann.suite)
    notes = {bytes([number]) * 16: f"synthetic note {number}".encode() for number in range(5)}
    for note_id, text in notes.items():
        header = replace(HEADER, note_id=note_id)
        before = accept(sealed(ann, ben, text=text, header=header), INGEST)
        after = rewrap(before, ann, [ann.public, eve.public], expected=place_of(header), ingest_public_keys=TRUSTED)

        assert why_refused(after, ben, header) == "recipient"
        assert [opened(after, key, header).plaintext for key in (ann, eve)] == [text, text]
        was, is_now = records.parse(before), records.parse(after)
        assert replace(is_now, envelope=replace(is_now.envelope, stanzas=was.envelope.stanzas)) == was


def test_only_a_reader_can_wrap_again_and_only_what_opens() -> None:
    record = accept(sealed(ANN), INGEST)

    for key, header, code in ((EVE, HEADER, "recipient"), (ANN, CHANGED_HEADERS["flag"], "header")):
        with pytest.raises(NoteUnreadable, match=code):
            rewrap(record, key, [EVE.public], expected=place_of(header), ingest_public_keys=TRUSTED)
    for keys, code in (([], "recipients"), ([ANN_X25519.public], "suite")):
        with pytest.raises(CannotSeal) as refused:
            rewrap(record, ANN, keys, expected=place_of(HEADER), ingest_public_keys=TRUSTED)
        assert refused.value.code == code


def test_a_server_signs_only_what_is_an_envelope() -> None:
    with pytest.raises(NoteUnreadable, match="format"):
        accept(b"no envelope", INGEST)
