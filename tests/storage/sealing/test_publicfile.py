"""FILE.pub comes back as it was written, or is refused with one kind of error."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing import publicfile
from storage.sealing.errors import KeyFileError
from storage.sealing.keyfile import KeyFile, fields_of, render
from storage.sealing.publicfile import PublicFile, parse
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId

DAY = date(2026, 11, 23)
ANN = KeyFile(OpeningKey(SuiteId.XWING, b"\x01" * 32), "coordinator", "Pulpit p\u00f3\u0142noc", DAY)
SYNC = KeyFile(OpeningKey(SuiteId.X25519, b"\x02" * 32), "case-system", "Sync", DAY)
ADMIN = KeyFile(SigningKey(b"\x03" * 32), "admin", "Admin", DAY)
TEXT = publicfile.render(publicfile.of(ANN))


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(TEXT), **fields})


@pytest.mark.parametrize("key_file", [ANN, SYNC, ADMIN], ids=lambda one: one.role)
def test_it_comes_back_as_it_was_written_and_holds_no_secret(key_file: KeyFile) -> None:
    public = publicfile.of(key_file)
    text = publicfile.render(public)
    assert parse(text) == public
    assert key_file.key.seed().hex() not in text
    assert "seed" not in text


def test_a_file_without_a_day_is_of_an_earlier_version_and_taken() -> None:
    fields = json.loads(TEXT)
    del fields["created"]
    assert parse(json.dumps(fields)) == PublicFile(ANN.key.public, "coordinator", ANN.label, None)


def test_a_private_file_tells_the_same_without_its_passphrase() -> None:
    assert publicfile.of_private(fields_of(render(SYNC))) == publicfile.of(SYNC)


@pytest.mark.parametrize(
    "fields",
    [
        {"kid": "00" * 16},
        {"kid": SYNC.key.kid.hex()},
        {"format": "integra-public-2"},
        {"role": "king"},
        {"role": "admin"},
        {"role": 1},
        {"suite": "rot13"},
        {"suite": "ed25519"},
        {"public": "%"},
        {"public": "AAAA"},
        {"label": ""},
        {"label": "two\nlines"},
        {"created": "today"},
        {"created": None},
        {"more": "1"},
    ],
)
def test_a_changed_one_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(KeyFileError) as refused:
        parse(changed(**fields))
    assert refused.value.code in ("format", "key")


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_refused_with_the_typed_error(text: str) -> None:
    with pytest.raises(KeyFileError):
        parse(text)


@given(
    st.sampled_from(sorted(json.loads(TEXT))),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4),
)
def test_any_field_of_any_other_value_is_taken_or_refused_with_the_typed_error(name: str, value: object) -> None:
    try:
        public = parse(changed(**{name: value}))
    except KeyFileError:
        return
    assert public.key == ANN.key.public
