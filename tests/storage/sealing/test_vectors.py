"""Every file of tests/vectors opens or fails as it says, in two readers; the reader of the files is as strict."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from two_readers import ABOUT, VECTORS, Answer, Node, ours, question_of

from storage.sealing import known_answers
from storage.sealing.errors import UnreadableCode
from storage.sealing.suites import SuiteId

FILES = sorted(path for folder in ABOUT for path in (VECTORS / folder).iterdir())
GOOD = {"sealed-note": "open", "desk-manifest": "taken", "key-file": "open"}
ERRORS = {"sealed-note": "NoteUnreadable", "desk-manifest": "ManifestError", "key-file": "KeyFileError"}
RESULT = {"sealed-note": "opens_to", "desk-manifest": "seal_to", "key-file": "opens_to"}
EACH = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
DOCUMENTS = Path(__file__).parents[3] / "docs" / "formats"


def strictly_read(path: Path) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), "a field twice"
        return dict(pairs)

    fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    folder = path.parent.name
    opens = {RESULT[folder]} if fields["expect"] == GOOD[folder] else set()
    assert set(fields) == {"comment", "expect", *ABOUT[folder][1]} | opens
    if folder == "sealed-note":
        assert set(fields["key"]) == {"suite", "seed"}
        assert set(fields["expected"]) == {"agency_ref", "note_id", "flag_level", "schema_version", "channel"}
    assert path.name.startswith(fields["expect"] + "-")
    assert path.suffix == ".json"
    return fields


def is_what_the_file_says(path: Path, fields: dict[str, Any], answer: Answer) -> bool:
    folder = path.parent.name
    if fields["expect"] != GOOD[folder]:
        return answer == {"refused": ERRORS[folder], "code": fields["expect"]}
    if folder == "desk-manifest":
        return bool(answer["ok"]["seal_to"] == fields["seal_to"])
    return bool(fields["opens_to"].items() <= answer["ok"].items())


@EACH
def test_t19a_the_vector_opens_or_fails_as_it_says(path: Path) -> None:
    fields = strictly_read(path)

    assert is_what_the_file_says(path, fields, ours(question_of(path.parent.name, fields)))


@EACH
def test_t19a_the_vector_opens_or_fails_as_it_says_in_javascript(path: Path, node: Node) -> None:
    fields = strictly_read(path)

    assert is_what_the_file_says(path, fields, node.ask(question_of(path.parent.name, fields)))


def test_all_vectors_are_there_and_most_of_them_fail() -> None:
    index = json.loads((VECTORS / "index.json").read_text())
    found = {
        folder: Counter(strictly_read(path)["expect"] for path in FILES if path.parent.name == folder)
        for folder in ABOUT
    }

    assert found == index
    for folder, counted in found.items():
        assert counted[GOOD[folder]] * 2 < counted.total() - counted[GOOD[folder]]


def test_every_way_to_be_refused_has_a_vector() -> None:
    """The codes of a format's tables, and those of its folder, are the same."""
    index = json.loads((VECTORS / "index.json").read_text())

    assert set(get_args(UnreadableCode)) == set(index["sealed-note"]) - {"open"}
    for folder in ABOUT:
        _, table = (DOCUMENTS / f"{folder}.md").read_text().split("| Refused as |\n", 1)
        codes = set(re.findall(r"^\|.* \| `([a-z-]+)` \|$", table.split("\n\n")[0], re.MULTILINE))
        assert codes == set(index[folder]) - {GOOD[folder]}, folder


def test_no_two_vectors_are_the_same() -> None:
    asked = [json.dumps(question_of(path.parent.name, strictly_read(path)), sort_keys=True) for path in FILES]

    assert len(set(asked)) == len(asked)


def test_the_known_answers_in_the_file_are_those_of_the_program() -> None:
    known = json.loads((VECTORS / "known-answers.json").read_text())

    assert [answer["suite"] for answer in known["hpke"]] == [suite.name_in_files for suite in SuiteId]
    for answer in known["hpke"]:
        suite = SuiteId.named(answer["suite"])
        assert bytes.fromhex(answer["blob"]) == known_answers.BLOB[suite]
        assert bytes.fromhex(answer["seed"]) == known_answers.SEED
        assert answer["public_sha256"] == known_answers.PUBLIC_SHA256[suite]
        assert answer["info"].encode() == known_answers.INFO
        assert answer["plaintext"].encode() == known_answers.PLAINTEXT
