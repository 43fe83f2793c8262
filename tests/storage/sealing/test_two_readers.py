"""What Python seals opens in JavaScript, and the reverse; both say the same of whatever else they are given (T19a)."""

import base64
import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mangled import mangled
from two_readers import VECTORS, Node, node_or_say_why_not, ours, question_of, what_node_lacks
from vectors.desk_manifests import ADMIN
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
    honest,
)

from storage.sealing import base64url
from storage.sealing.desk import signed_part
from storage.sealing.errors import NoteUnreadable
from storage.sealing.header import Header
from storage.sealing.record import accept
from storage.sealing.seal import seal
from storage.sealing.suites import OpeningKey, SuiteId

PAIRS = {SuiteId.X25519: (ANN_X25519, BEN_X25519), SuiteId.XWING: (ANN, BEN)}
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="\0\u0001\n"),
    st.text(alphabet="\u202e\u0627\u0644\u05d0b "),
    st.text(alphabet=st.characters(min_codepoint=0x10000, max_codepoint=0x10FFFF)),
)
SUITES = st.sampled_from(SuiteId)
ONE_PROCESS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
SHORT = settings(max_examples=100, deadline=None, suppress_health_check=ONE_PROCESS)
LONG = settings(max_examples=20_000, deadline=None, suppress_health_check=ONE_PROCESS)


def text_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def header_of(header: Header) -> dict[str, Any]:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(header).items()}


def opens(record: bytes, key: OpeningKey, header: Header = HEADER) -> dict[str, Any]:
    fields = header_of(header)
    return {
        "do": "open",
        "record": text_of(record),
        "key": {"suite": key.suite.name_in_files, "seed": key.seed().hex()},
        "expected": {
            name: fields[name] for name in ("agency_ref", "note_id", "flag_level", "schema_version", "channel")
        },
        "ingest_public": [INGEST.public.raw.hex()],
    }


def seals(text: bytes, *keys: OpeningKey, suite: SuiteId | None = None, header: Header = HEADER) -> dict[str, Any]:
    return {
        "do": "seal",
        "text": text_of(text),
        "header": header_of(header),
        "recipients": [{"suite": key.suite.name_in_files, "public": key.public.raw.hex()} for key in keys],
        "suite": None if suite is None else suite.name_in_files,
    }


def opened_to(text: str, header: Header = HEADER) -> dict[str, Any]:
    return {"ok": {"plaintext": text_of(text.encode()), "author_ref": header.author_ref.hex(), "hour": header.hour}}


def test_t19a_the_known_answers_hold_in_javascript(node: Node) -> None:
    answers = json.loads((VECTORS / "known-answers.json").read_text())
    wrong = json.loads(json.dumps(answers))
    wrong["hpke"][1]["public_sha256"] = "00" * 32

    assert node.ask({"do": "known", "answers": answers}) == {"ok": {}}
    assert node.ask({"do": "known", "answers": wrong}) == {"refused": "SuiteBroken", "code": "suite-broken"}


@SHORT
@given(TEXTS, SUITES)
def test_t19a_what_python_seals_javascript_opens(node: Node, text: str, suite: SuiteId) -> None:
    ann, ben = PAIRS[suite]
    record = accept(seal(text.encode(), HEADER, [ann.public, ben.public], suite), INGEST)

    assert node.ask(opens(record, ben)) == opened_to(text)


@SHORT
@given(TEXTS, SUITES, st.sampled_from(sorted(CHANGED_HEADERS)))
def test_t19a_what_javascript_seals_python_opens(node: Node, text: str, suite: SuiteId, name: str) -> None:
    ann, ben = PAIRS[suite]
    header = CHANGED_HEADERS[name]
    envelope = node.ask(seals(text.encode(), ann, ben, suite=suite, header=header))["ok"]["envelope"]
    record = accept(base64.b64decode(envelope), INGEST)

    for key in (ann, ben):
        assert ours(opens(record, key, header)) == opened_to(text, header)


def test_t12_both_seal_to_the_same_sizes_in_the_same_default_suite(node: Node) -> None:
    for size in (0, 1, 508, 509, 16_380):
        question = seals(b"x" * size, ANN, BEN)
        lengths = {len(base64.b64decode(ask(question)["ok"]["envelope"])) for ask in (ours, node.ask)}
        assert len(lengths) == 1


def test_t19b_javascript_never_uses_a_nonce_or_a_note_key_twice(node: Node) -> None:
    envelopes = {node.ask(seals(b"", ANN_X25519, suite=SuiteId.X25519))["ok"]["envelope"] for _ in range(200)}
    parts = [base64.b64decode(envelope) for envelope in envelopes]

    assert len({part[-528 - 12 : -528] for part in parts}) == 200
    assert len({part[5 + 2 + 82 : 5 + 2 + 82 + 32] for part in parts}) == 200


def test_both_refuse_to_seal_for_the_same_reasons(node: Node) -> None:
    questions = {
        "length": seals(b"x" * 16_381, ANN),
        "recipients": seals(b"", ANN, ANN),
        "suite": seals(b"", ANN_X25519),
    }
    none = seals(b"")
    for code, question in questions.items():
        assert ours(question) == node.ask(question) == {"refused": "CannotSeal", "code": code}
    assert ours(none) == node.ask(none) == {"refused": "CannotSeal", "code": "recipients"}


@pytest.mark.parametrize("suite", SuiteId)
@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, b"\x09" + bytes(31)])
def test_both_take_and_refuse_the_same_public_keys(node: Node, suite: SuiteId, point: bytes) -> None:
    for first in (PAIRS[suite][0].public.raw, b"\xff" * suite.public_bytes, b"", bytes(1216)):
        public = (first[:-32] + point) if first else b""
        question = {"do": "public", "suite": suite.name_in_files, "public": public.hex()}
        assert ours(question) == node.ask(question)


def test_t16_no_other_place_opens_in_either(node: Node) -> None:
    record = honest([ANN.public]).record()

    for name in FROM_CONTEXT:
        question = opens(record, ANN, CHANGED_HEADERS[name])
        assert ours(question) == node.ask(question) == {"refused": "NoteUnreadable", "code": "header"}
    assert node.ask(opens(record, EVE)) == {"refused": "NoteUnreadable", "code": "recipient"}


def test_t15_every_tenth_byte_turned_is_refused_alike_in_both(node: Node) -> None:
    record = honest([ANN_X25519.public]).record()

    for at in range(0, len(record), 10):
        question = opens(record[:at] + bytes([record[at] ^ 0x40]) + record[at + 1 :], ANN_X25519)
        answer = ours(question)
        assert answer["refused"] == "NoteUnreadable"
        assert node.ask(question) == answer


def whether_both_say_the_same_of_a_note(node: Node, data: st.DataObject) -> None:
    """Signed again where a server would sign it, so that what comes after the signature is reached too."""
    suite = data.draw(SUITES)
    parts = honest([key.public for key in PAIRS[suite]])
    envelope = data.draw(mangled(parts.envelope()))
    key = data.draw(st.sampled_from([*PAIRS[suite], EVE, ANN_X25519]))
    try:
        record = accept(envelope, INGEST)
    except NoteUnreadable:
        record = parts.record()[:81] + envelope
    question = opens(record, key)

    assert node.ask(question) == ours(question)


def whether_both_say_the_same_of_a_desk(node: Node, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["taken-whole", "taken-x25519", "taken-no-escrow"]))
    fields = json.loads((VECTORS / "desk-manifest" / f"{name}.json").read_text())
    canonical = data.draw(mangled(base64.b64decode(fields["canonical"])) | mangled_json(fields["canonical"]))
    fields["canonical"] = text_of(canonical)
    fields["signature"] = ADMIN.sign(signed_part(canonical)).hex()
    question = question_of("desk-manifest", fields)

    assert node.ask(question) == ours(question)


def whether_both_say_the_same_of_a_key_file(node: Node, data: st.DataObject) -> None:
    """In clear: a derivation for each example would take all the time."""
    name = data.draw(st.sampled_from(["open-process-in-clear", "open-ingest-in-clear", "open-demo-in-clear"]))
    fields = json.loads((VECTORS / "key-file" / f"{name}.json").read_text())
    fields["text"] = data.draw(mangled(fields["text"].encode())).decode("utf-8", "ignore")
    question = question_of("key-file", fields)

    assert node.ask(question) == ours(question)


@st.composite
def mangled_json(draw: st.DrawFn, canonical: str) -> bytes:
    """A field of the manifest, or of its first recipient, with any other value in its place."""
    desk = json.loads(base64.b64decode(canonical))
    target = draw(st.sampled_from([desk, desk["recipients"][0]]))
    values = (
        st.none() | st.booleans() | st.integers(-5, 2**33) | st.floats() | st.text(max_size=90) | st.lists(st.text())
    )
    target[draw(st.sampled_from(sorted(target)))] = draw(values | st.binary(max_size=40).map(base64url.encode))
    return json.dumps(desk, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


SUBJECTS = pytest.mark.parametrize(
    "whether_both_say_the_same",
    [whether_both_say_the_same_of_a_note, whether_both_say_the_same_of_a_desk, whether_both_say_the_same_of_a_key_file],
    ids=["note", "desk", "key-file"],
)


@SUBJECTS
def test_t66_two_readers_say_the_same_of_anything(node: Node, whether_both_say_the_same: Any) -> None:
    @SHORT
    @given(st.data())
    def run(data: st.DataObject) -> None:
        whether_both_say_the_same(node, data)

    run()


@pytest.mark.long
@pytest.mark.timeout(1800)
@SUBJECTS
def test_t66_two_readers_say_the_same_of_anything_for_minutes(node: Node, whether_both_say_the_same: Any) -> None:
    @LONG
    @given(st.data())
    def run(data: st.DataObject) -> None:
        whether_both_say_the_same(node, data)

    run()


def test_a_missing_second_reader_fails_in_ci_and_is_skipped_aloud_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "there is no node" in str(what_node_lacks())

    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="not run: there is no node"):
        node_or_say_why_not()
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="THE SECOND READER WAS NOT RUN"):
        node_or_say_why_not()
