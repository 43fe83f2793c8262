"""A sealed column opens with its own keyring, label and place; key files are the owner's alone."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_site import keyset

from storage.errors import BadInstallation, Unreadable
from storage.keyring import BLOCK, INGEST_FILE, LABELS, MASTER_FILE, NONCE_BYTES, Keyring, Label
from storage.keyset import FILE
from storage.sealing.signing import SigningKey

RING = Keyring(keyset(), SigningKey(bytes(32)))
OTHER = Keyring(keyset(1), SigningKey(bytes(32)))
TAG_BYTES = 16
JSONS = st.text().map(lambda text: json.dumps(text, ensure_ascii=False).encode())
PLACE = b"p" * 16


@given(st.sampled_from(LABELS), st.binary(max_size=40), JSONS)
def test_what_is_sealed_opens_to_the_same_value(label: Label, place: bytes, plaintext: bytes) -> None:
    opened = RING.open(label, place, RING.seal(label, place, plaintext))
    assert json.loads(opened) == json.loads(plaintext)
    assert opened.rstrip(b" ") == plaintext.rstrip(b" ")


@given(st.binary(max_size=20), st.binary(max_size=20), JSONS)
def test_another_place_does_not_open(one: bytes, two: bytes, plaintext: bytes) -> None:
    sealed = RING.seal("state", one, plaintext)
    if one != two:
        with pytest.raises(Unreadable):
            RING.open("state", two, sealed)


@pytest.mark.parametrize("label", LABELS)
def test_another_label_does_not_open(label: Label) -> None:
    sealed = RING.seal(label, PLACE, b"{}")
    for other in set(LABELS) - {label}:
        with pytest.raises(Unreadable):
            RING.open(other, PLACE, sealed)


def test_a_place_that_ends_like_a_label_is_another_place() -> None:
    with pytest.raises(Unreadable):
        RING.open("state", b"shown" + PLACE, RING.seal("state", PLACE, b"{}"))


def test_another_master_key_does_not_open() -> None:
    with pytest.raises(Unreadable):
        OTHER.open("state", PLACE, RING.seal("state", PLACE, b"{}"))


def test_no_changed_bit_opens() -> None:
    sealed = RING.seal("state", PLACE, b"{}")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unreadable):
            RING.open("state", PLACE, bytes(changed))


def test_no_cut_or_longer_column_opens() -> None:
    sealed = RING.seal("state", PLACE, b"{}")
    for size in range(len(sealed)):
        with pytest.raises(Unreadable):
            RING.open("state", PLACE, sealed[:size])
    with pytest.raises(Unreadable):
        RING.open("state", PLACE, sealed + b"\0")


@given(st.binary(max_size=400))
def test_what_was_never_sealed_is_unreadable(sealed: bytes) -> None:
    with pytest.raises(Unreadable):
        RING.open("state", PLACE, sealed)


@given(st.integers(1, 2_000))
def test_lengths_tell_no_more_than_the_block(size: int) -> None:
    sealed = RING.seal("state", PLACE, b"1" * size)
    padded = len(sealed) - 2 - NONCE_BYTES - TAG_BYTES
    assert padded % BLOCK == 0
    assert size <= padded < size + BLOCK


def test_equal_columns_never_look_equal() -> None:
    assert len({RING.seal("state", PLACE, b"{}") for _ in range(200)}) == 200


def test_an_unreadable_column_names_its_label_alone() -> None:
    with pytest.raises(Unreadable) as caught:
        RING.open("contact", PLACE, b"\x02\x01" + b"secret words" * 5)
    assert caught.value.args == ("contact",)
    assert caught.value.__cause__ is None


def test_a_keyring_shows_nothing() -> None:
    assert repr(RING) == str(RING) == "Keyring()"


# ---------------------------------------------------------------- pseudonyms


def test_an_address_is_known_by_channel_and_chat_together() -> None:
    refs = {RING.address_ref(*where) for where in [("telegram", "1"), ("telegram", "2"), ("console", "1")]}
    assert len(refs) == 3
    assert RING.address_ref("telegram", "1") in refs
    assert {len(ref) for ref in refs} == {16}


def test_pseudonyms_are_of_this_installation_alone() -> None:
    assert RING.address_ref("telegram", "1") != OTHER.address_ref("telegram", "1")
    assert RING.agency_ref("northbridge") != OTHER.agency_ref("northbridge")
    assert RING.token_hash("t") != OTHER.token_hash("t")
    assert RING.case_tag(b"a" * 16, "AA-1") != OTHER.case_tag(b"a" * 16, "AA-1")


def test_an_agency_and_an_address_of_one_name_have_different_refs() -> None:
    assert RING.agency_ref("x") != RING.address_ref("x", "")


@pytest.mark.parametrize("spelling", ["AA-1234-C", "aa-1234-c", " aa-1234-c\n", "AA -1234- c", "ＡＡ－１２３４－Ｃ"])
def test_a_case_code_has_one_tag_however_it_is_typed(spelling: str) -> None:
    assert RING.case_tag(b"a" * 16, spelling) == RING.case_tag(b"a" * 16, "AA-1234-c")


def test_one_code_at_two_agencies_has_two_tags() -> None:
    assert RING.case_tag(b"a" * 16, "AA-1234-c") != RING.case_tag(b"b" * 16, "AA-1234-c")


@pytest.mark.parametrize("code", ["", " ", "\t\n\u00a0"])
def test_no_code_has_no_tag(code: str) -> None:
    assert RING.case_tag(b"a" * 16, code) is None


def test_an_unwritable_token_has_a_hash_all_the_same() -> None:
    assert len(RING.token_hash("\ud800")) == 32


# ---------------------------------------------------------------- files


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    Keyring.create(tmp_path / "keys")
    return tmp_path / "keys"


def test_new_key_files_are_the_owners_alone(keys: Path) -> None:
    assert sorted(path.name for path in keys.iterdir()) == sorted([MASTER_FILE, INGEST_FILE, FILE])
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()} == {0o600}
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700


def test_new_key_files_are_the_owners_alone_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Keyring.create(tmp_path / "keys")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_keys_that_are_loaded_open_what_those_that_were_made_sealed(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path / "keys")
    loaded = Keyring.load(tmp_path / "keys")
    assert loaded.open("state", PLACE, made.seal("state", PLACE, b"{}")).strip() == b"{}"
    assert loaded.ingest.public.raw == made.ingest.public.raw


def test_two_installations_have_different_keys(keys: Path, tmp_path: Path) -> None:
    Keyring.create(tmp_path / "others")
    texts = {path.read_text() for folder in (keys, tmp_path / "others") for path in folder.iterdir()}
    assert len(texts) == 6


@pytest.mark.parametrize("left", [{MASTER_FILE}, {INGEST_FILE}, {FILE}, {MASTER_FILE, INGEST_FILE}])
def test_a_key_is_never_overwritten(keys: Path, left: set[str]) -> None:
    for path in keys.iterdir():
        if path.name not in left:
            path.unlink()
    before = {name: (keys / name).read_bytes() for name in left}
    with pytest.raises(BadInstallation, match="never overwritten"):
        Keyring.create(keys)
    assert {name: (keys / name).read_bytes() for name in left} == before


def test_a_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "keys" / MASTER_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInstallation):
        Keyring.create(tmp_path / "keys")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", [MASTER_FILE, INGEST_FILE])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o777])
def test_a_key_file_open_to_others_is_refused(keys: Path, name: str, mode: int) -> None:
    (keys / name).chmod(mode)
    with pytest.raises(BadInstallation, match="chmod 600"):
        Keyring.load(keys)


@pytest.mark.parametrize("name", [MASTER_FILE, INGEST_FILE])
def test_a_linked_key_file_is_refused(keys: Path, name: str, tmp_path: Path) -> None:
    (keys / name).rename(tmp_path / name)
    (keys / name).symlink_to(tmp_path / name)
    with pytest.raises(BadInstallation, match="symbolic link"):
        Keyring.load(keys)


@pytest.mark.parametrize("name", [MASTER_FILE, INGEST_FILE])
def test_a_missing_key_file_is_refused(keys: Path, name: str) -> None:
    (keys / name).unlink()
    with pytest.raises(BadInstallation, match="there is no"):
        Keyring.load(keys)


def test_a_folder_or_a_pipe_is_no_key_file(keys: Path) -> None:
    for make in (os.mkdir, os.mkfifo):
        (keys / MASTER_FILE).unlink()
        make(keys / MASTER_FILE, 0o600)
        with pytest.raises(BadInstallation):
            Keyring.load(keys)
        if (keys / MASTER_FILE).is_dir():
            (keys / MASTER_FILE).rmdir()
            (keys / MASTER_FILE).touch()


GARBAGE = [b"", b"\n", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64, b"0" * 63, "٠".encode() * 64, b"00" * 40_000]


@pytest.mark.parametrize("name", [MASTER_FILE, INGEST_FILE])
@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_no_key(keys: Path, name: str, content: bytes) -> None:
    (keys / name).write_bytes(content)
    with pytest.raises(BadInstallation) as caught:
        Keyring.load(keys)
    assert name in str(caught.value)
    assert "zz" not in str(caught.value)


def test_a_new_generation_seals_and_older_ones_still_open() -> None:
    older = keyset()
    newer = older.with_new_generation()
    sealed = Keyring(older, SigningKey(bytes(32))).seal("state", PLACE, b"{}")
    ring = Keyring(newer, SigningKey(bytes(32)))
    assert ring.open("state", PLACE, sealed).strip() == b"{}"
    anew = ring.seal("state", PLACE, b"{}")
    assert (anew[:2], sealed[:2]) == (ring.mark, RING.mark)
    only = Keyring(newer.only_current(), SigningKey(bytes(32)))
    assert only.open("state", PLACE, anew).strip() == b"{}"
    with pytest.raises(Unreadable):
        only.open("state", PLACE, sealed)
    assert ring.address_ref("telegram", "1") == RING.address_ref("telegram", "1"), "pseudonyms never change"
