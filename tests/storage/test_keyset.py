"""The keyset opens with its master keys alone, and is replaced as a whole."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_site import keyset

from storage.errors import BadInstallation
from storage.keyset import FILE, Keyset, read, replace_file, write

ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))


def test_every_master_key_it_is_wrapped_for_opens_it_and_no_other(tmp_path: Path) -> None:
    write(tmp_path, keyset(), [ONE, TWO])
    assert read(tmp_path, ONE) == read(tmp_path, TWO) == keyset()
    with pytest.raises(BadInstallation, match="another master key"):
        read(tmp_path, THREE)


def test_the_file_is_the_owners_alone_and_holds_no_key_in_clear(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(tmp_path, keyset(), [ONE])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    text = (tmp_path / FILE).read_text()
    for key in (*keyset().fixed.values(), *keyset().boxes.values(), ONE):
        assert key.hex() not in text
    assert [path.name for path in tmp_path.iterdir()] == [FILE], "nothing half-written is left"


def test_no_changed_byte_of_a_wrap_opens(tmp_path: Path) -> None:
    write(tmp_path, keyset(), [ONE])
    whole = json.loads((tmp_path / FILE).read_text())
    sealed = bytes.fromhex(whole["wraps"][0]["sealed"])
    for place in range(0, len(sealed), 7):
        changed = bytearray(sealed)
        changed[place] ^= 1
        whole["wraps"][0]["sealed"] = changed.hex()
        (tmp_path / FILE).write_text(json.dumps(whole))
        with pytest.raises(BadInstallation):
            read(tmp_path, ONE)


@given(st.binary(max_size=300))
def test_what_is_no_keyset_is_refused_with_a_remedy(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("keys")
    (folder / FILE).write_bytes(raw)
    with pytest.raises(BadInstallation, match="backup"):
        read(folder, ONE)


@pytest.mark.parametrize("whole", [[], {}, {"wraps": {}}, {"v": 1, "wraps": [1]}, {"v": 1, "wraps": [{"master": 7}]}])
def test_json_of_another_shape_is_refused(tmp_path: Path, whole: object) -> None:
    (tmp_path / FILE).write_text(json.dumps(whole))
    with pytest.raises(BadInstallation):
        read(tmp_path, ONE)


def test_a_missing_keyset_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInstallation, match="there is no"):
        read(tmp_path, ONE)


def test_generations_take_free_numbers_and_older_ones_go() -> None:
    found = Keyset.generate()
    numbers = []
    for _ in range(600):
        found = found.with_new_generation().only_current()
        numbers.append(found.current)
    assert set(numbers) == {1, 2}
    assert list(found.boxes) == [found.current]


def test_a_keyset_that_is_full_says_so() -> None:
    found = Keyset.generate()
    for _ in range(254):
        found = found.with_new_generation()
    with pytest.raises(BadInstallation, match="full"):
        found.with_new_generation()


def test_a_keyset_shows_no_key() -> None:
    assert keyset().boxes[1].hex() not in repr(keyset())
    assert "boxes" not in repr(keyset())


def test_what_a_crash_left_half_written_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / f".{FILE}.part").write_text("half")
    replace_file(tmp_path / FILE, b"whole")
    assert (tmp_path / FILE).read_bytes() == b"whole"
