"""What holds for every key that notes are sealed to."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing.errors import DoesNotOpen, KeyRefused
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sealing.suites import OpeningKey, PublicKey, SuiteId, generate

BOTH = pytest.mark.parametrize("suite", SuiteId)


@BOTH
def test_what_is_sealed_opens_with_the_key_and_the_same_info(suite: SuiteId) -> None:
    key = generate(suite)
    sealed = key.public.encrypt(b"synthetic", info=b"here")

    assert key.decrypt(sealed, info=b"here") == b"synthetic"
    assert len(sealed) == suite.sealed_bytes(len(b"synthetic"))


@BOTH
def test_another_key_another_info_and_changed_bytes_do_not_open(suite: SuiteId) -> None:
    key = generate(suite)
    sealed = key.public.encrypt(b"synthetic", info=b"here")

    for other_key, other_sealed, other_info in (
        (generate(suite), sealed, b"here"),
        (key, sealed, b"there"),
        (key, sealed[:-1], b"here"),
        (key, sealed + b"\0", b"here"),
        (key, b"", b"here"),
        (key, bytes(len(sealed)), b"here"),
    ):
        with pytest.raises(DoesNotOpen):
            other_key.decrypt(other_sealed, info=other_info)


@BOTH
def test_a_key_id_is_hashed_from_label_suite_and_key(suite: SuiteId) -> None:
    key = generate(suite)
    hashed = hashlib.sha256(b"integra/v1/kid" + bytes([suite]) + key.public.raw).digest()

    assert key.kid == key.public.kid == hashed[:16]


def test_a_signing_key_id_is_of_a_kind_of_its_own() -> None:
    key = SigningKey.generate()

    assert key.kid == hashlib.sha256(b"integra/v1/kid\xed" + key.public.raw).digest()[:16]
    assert 0xED not in set(SuiteId)


@BOTH
def test_a_private_key_shows_its_id_and_nothing_else(suite: SuiteId) -> None:
    key, signing = OpeningKey(suite, b"\x07" * 32), SigningKey(b"\x07" * 32)

    assert repr(key) == f"OpeningKey(kid={key.kid.hex()})"
    assert repr(signing) == f"SigningKey(kid={signing.kid.hex()})"
    assert f"{key!s}{signing!s}".count("07" * 4) == 0


@BOTH
def test_keys_of_another_length_are_refused(suite: SuiteId) -> None:
    for size in (0, 31, 33, suite.public_bytes - 1, suite.public_bytes + 1):
        with pytest.raises(KeyRefused):
            PublicKey(suite, b"\x09" * size)
    for size in (0, 31, 33, 64):
        with pytest.raises(KeyRefused):
            OpeningKey(suite, bytes(size))
    with pytest.raises(KeyRefused):
        VerifyKey(bytes(31))


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)], ids=["zero", "one"])
def test_points_of_small_order_are_refused(point: bytes) -> None:
    mlkem = generate(SuiteId.XWING).public.raw[:-32]

    with pytest.raises(KeyRefused):
        PublicKey(SuiteId.X25519, point)
    with pytest.raises(KeyRefused):
        PublicKey(SuiteId.XWING, mlkem + point)


def test_an_mlkem_key_outside_its_field_is_refused() -> None:
    x25519 = generate(SuiteId.XWING).public.raw[-32:]

    with pytest.raises(KeyRefused):
        PublicKey(SuiteId.XWING, b"\xff" * 1184 + x25519)


def test_every_suite_is_found_by_its_name_and_no_other() -> None:
    assert [SuiteId.named(suite.name_in_files) for suite in SuiteId] == list(SuiteId)
    with pytest.raises(ValueError, match="unknown suite"):
        SuiteId.named("p-256")


@given(st.sampled_from(SuiteId), st.binary(max_size=1300))
def test_any_bytes_are_a_public_key_or_refused(suite: SuiteId, raw: bytes) -> None:
    try:
        key = PublicKey(suite, raw)
    except KeyRefused:
        return
    assert len(key.raw) == suite.public_bytes


@given(st.sampled_from(SuiteId), st.binary(max_size=1300))
def test_any_bytes_do_not_open(suite: SuiteId, sealed: bytes) -> None:
    with pytest.raises(DoesNotOpen):
        OpeningKey(suite, b"\x05" * 32).decrypt(sealed, info=b"")
