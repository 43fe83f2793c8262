"""An encrypted stream gives back what was written, or nothing that was not."""

import base64
import hashlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.sealing.errors import BackupRefused
from storage.sealing.stream import CHUNK_BYTES, StreamReader, StreamWriter
from storage.sealing.suites import OpeningKey, SuiteId, generate

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "backup-stream").glob("*.json"))
KEY = OpeningKey(SuiteId.X25519, bytes(range(32)))
SEALED = CHUNK_BYTES + 16


def sealed(*parts: bytes, key: OpeningKey = KEY) -> tuple[int, bytes]:
    out = io.BytesIO()
    writer = StreamWriter(out, key.public)
    for part in parts:
        writer.write(part)
    writer.close()
    return len(writer.header), out.getvalue()


def opened(file: bytes, key: OpeningKey = KEY) -> bytes:
    reader, parts = StreamReader(io.BytesIO(file), key), []
    while part := reader.read(50_000):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_vector_opens_or_fails_as_it_says(path: Path) -> None:
    fields = json.loads(path.read_text())
    key = OpeningKey(SuiteId.named(fields["suite"]), bytes.fromhex(fields["seed"]))
    file = base64.b64decode(fields["file"])
    if fields["expect"] == "open":
        text = opened(file, key)
        assert (len(text), hashlib.sha256(text).hexdigest()) == (fields["bytes"], fields["sha256"])
    else:
        with pytest.raises(BackupRefused) as refused:
            opened(file, key)
        assert refused.value.code == f"backup-{fields['expect']}"


def test_there_are_more_vectors_that_fail_than_that_open() -> None:
    opens = [path for path in VECTORS if path.stem.startswith("open-")]
    assert 4 <= len(opens) < len(VECTORS) - len(opens)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2 * CHUNK_BYTES + 2), max_size=4))
def test_what_was_written_in_any_parts_comes_back(sizes: list[int]) -> None:
    parts = [bytes([number]) * size for number, size in enumerate(sizes)]
    assert opened(sealed(*parts)[1]) == b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_no_file_ends_with_an_empty_chunk_but_an_empty_one(size: int) -> None:
    head, file = sealed(bytes(size))
    chunks = max(1, -(-size // CHUNK_BYTES))
    assert len(file) == head + size + 16 * chunks


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_changed_bit_and_any_cut_is_refused(data: st.DataObject) -> None:
    _, file = sealed(bytes(CHUNK_BYTES + 10))
    at = data.draw(st.integers(0, len(file) - 1))
    bit = bytes([file[at] ^ 1 << data.draw(st.integers(0, 7))])
    for broken in (file[:at] + bit + file[at + 1 :], file[:at]):
        with pytest.raises(BackupRefused):
            opened(broken)


def test_chunks_of_two_files_do_not_fit_together() -> None:
    head, one = sealed(bytes(2 * CHUNK_BYTES + 5))
    _, two = sealed(bytes(2 * CHUNK_BYTES + 5))
    with pytest.raises(BackupRefused):
        opened(one[: head + SEALED] + two[head + SEALED :])


def test_the_default_suite_opens_for_its_key_alone() -> None:
    key = generate()
    _, file = sealed(b"Paper cranes.", key=key)
    assert opened(file, key) == b"Paper cranes."
    with pytest.raises(BackupRefused):
        opened(file, generate())
