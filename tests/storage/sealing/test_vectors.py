"""Every file of tests/vectors/sealed-note opens or fails as it says; the reader is as strict as the code."""

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from storage.sealing.errors import NoteUnreadable
from storage.sealing.opening import Expected, open_note
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey, SuiteId

FOLDER = Path(__file__).parents[2] / "vectors" / "sealed-note"
FILES = sorted(FOLDER.iterdir())
COUNTED = {
    "open": 12,
    "format": 38,
    "suite": 4,
    "signature": 16,
    "header": 5,
    "recipient": 3,
    "tag": 9,
    "commit": 2,
    "padding": 5,
}


def strictly_read(path: Path) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a field twice"
        return dict(pairs)

    fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    names = {"comment", "expect", "key", "ingest_public", "expected", "record"}
    opens = {"opens_to"} if fields["expect"] == "open" else set()
    assert set(fields) == names | opens
    assert set(fields["key"]) == {"suite", "seed"}
    assert set(fields["expected"]) == {"agency_ref", "note_id", "flag_level", "schema_version", "channel"}
    assert fields["expect"] in COUNTED
    assert path.name.startswith(fields["expect"] + "-")
    assert path.suffix == ".json"
    return fields


def opened(fields: dict[str, Any]) -> dict[str, str]:
    place = fields["expected"]
    note = open_note(
        base64.b64decode(fields["record"], validate=True),
        OpeningKey(SuiteId.named(fields["key"]["suite"]), bytes.fromhex(fields["key"]["seed"])),
        expected=Expected(
            agency_ref=bytes.fromhex(place["agency_ref"]),
            note_id=bytes.fromhex(place["note_id"]),
            flag_level=place["flag_level"],
            channel=place["channel"],
            schema_version=place["schema_version"],
        ),
        ingest_public_keys=[VerifyKey(bytes.fromhex(raw)) for raw in fields["ingest_public"]],
    )
    return {
        "plaintext": base64.b64encode(note.plaintext).decode(),
        "author_ref": note.header.author_ref.hex(),
        "hour": note.header.hour,
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_vector_opens_or_fails_as_it_says(path: Path) -> None:
    """T15 to T19a."""
    fields = strictly_read(path)

    if fields["expect"] == "open":
        assert opened(fields) == fields["opens_to"]
    else:
        with pytest.raises(NoteUnreadable) as refused:
            opened(fields)
        assert refused.value.code == fields["expect"]
        assert refused.value.note_id_hex == fields["expected"]["note_id"]


def test_all_vectors_are_there_and_most_of_them_fail() -> None:
    found = Counter(strictly_read(path)["expect"] for path in FILES)

    assert dict(found) == COUNTED
    assert found["open"] * 2 < found.total() - found["open"]


def test_no_two_vectors_are_the_same() -> None:
    asked = [json.dumps({**strictly_read(path), "comment": ""}, sort_keys=True) for path in FILES]

    assert len(set(asked)) == len(asked)
