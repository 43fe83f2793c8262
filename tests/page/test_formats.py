"""The page's own code seals, opens and verifies as the formats say: T19a in its third reader."""

import base64
import json
import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import media
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_tools import PAGE
from two_readers import ABOUT, VECTORS, Answer, Node, ours, question_of

from bot.photo import Unusable
from bot.serve.config import OPENAPI
from bot.voice import cleaned_voice
from dialogues.case_code import CaseCode, CasePattern
from dialogues.clean import clean
from dialogues.draft import KINDS, REASONS, URGENCIES
from dialogues.identifying import identifying
from dialogues.model import OUTCOMES
from dialogues.reference import reference
from storage.sealing import keyfile, passphrase, publicfile
from storage.sealing.attachment import Place, parse, seal_attachment
from storage.sealing.fingerprint import spoken, words_for
from storage.sealing.labels import L
from storage.sealing.opening_attachment import open_attachment
from storage.sealing.record import accept
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId

FILES = sorted(path for folder in ABOUT for path in (VECTORS / folder).iterdir())
GOOD = {"sealed-note": "open", "desk-manifest": "taken", "key-file": "open"}
ERRORS = {"sealed-note": "NoteUnreadable", "desk-manifest": "ManifestError", "key-file": "KeyFileError"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_t19a_the_vector_opens_or_fails_as_it_says_in_the_page(path: Path, page_node: Node) -> None:
    fields = json.loads(path.read_text(encoding="utf-8"))
    folder = path.parent.name

    answer = page_node.ask(question_of(folder, fields))

    if fields["expect"] != GOOD[folder]:
        assert answer == {"refused": ERRORS[folder], "code": fields["expect"]}
    elif folder == "desk-manifest":
        assert answer["ok"]["seal_to"] == fields["seal_to"]
    else:
        assert fields["opens_to"].items() <= answer["ok"].items()


def test_t19a_the_known_answers_hold(page_node: Node) -> None:
    assert page_node.ask({"do": "known"}) == {"ok": {}}


# ---------------------------------------------------------------- both directions


HEADER = {
    "agency_ref": "aa" * 16,
    "note_id": "0b" * 16,
    "author_ref": "cc" * 16,
    "flag_level": 2,
    "hour": "2026-11-23T06Z",
    "schema_version": 1,
    "channel": "page",
}


def seal_question(suite: SuiteId, text: bytes, key: OpeningKey) -> dict[str, Any]:
    recipients = [{"suite": suite.name_in_files, "public": key.public.raw.hex()}]
    return {
        "do": "seal",
        "text": base64.b64encode(text).decode(),
        "header": HEADER,
        "recipients": recipients,
        "suite": suite.name_in_files,
    }


def opened(envelope: str, key: OpeningKey, how: Any) -> Answer:
    ingest = SigningKey(b"\x07" * 32)
    record = accept(base64.b64decode(envelope), ingest)
    expected = {name: HEADER[name] for name in ("agency_ref", "note_id", "flag_level", "schema_version", "channel")}
    answer: Answer = how(
        {
            "do": "open",
            "record": base64.b64encode(record).decode(),
            "key": {"suite": key.suite.name_in_files, "seed": key.seed().hex()},
            "expected": expected,
            "ingest_public": [ingest.public.raw.hex()],
        }
    )
    return answer


@pytest.mark.parametrize("suite", list(SuiteId))
@pytest.mark.parametrize("size", [0, 1, 508, 509, 4000, 16380])
def test_t19a_what_the_page_seals_python_opens_and_the_other_way(suite: SuiteId, size: int, page_node: Node) -> None:
    key, text = OpeningKey(suite, os.urandom(32)), os.urandom(size)
    question = seal_question(suite, text, key)

    for sealed_by, opened_by in ((page_node.ask, ours), (ours, page_node.ask)):
        envelope = sealed_by(question)["ok"]["envelope"]
        assert base64.b64decode(opened(envelope, key, opened_by)["ok"]["plaintext"]) == text


def test_the_page_seals_nothing_to_nobody_and_nothing_too_long(page_node: Node) -> None:
    key = OpeningKey(SuiteId.XWING, b"\x01" * 32)
    nobody = {**seal_question(SuiteId.XWING, b"", key), "recipients": []}

    assert page_node.ask(nobody) == {"refused": "CannotSeal", "code": "recipients"}
    assert page_node.ask(seal_question(SuiteId.XWING, b"x" * 16381, key)) == {"refused": "CannotSeal", "code": "length"}


@pytest.mark.parametrize("suite", list(SuiteId))
@pytest.mark.parametrize("size", [0, 1, 65_500, 65_501, 5_000_000])
def test_an_attachment_that_the_page_seals_opens_in_python(suite: SuiteId, size: int, page_node: Node) -> None:
    key, ingest, content = OpeningKey(suite, b"\x02" * 32), SigningKey(b"\x07" * 32), os.urandom(size)
    place = Place(b"\xaa" * 16, b"\x0b" * 16, 3)
    question = {
        "do": "seal_attachment",
        "content": base64.b64encode(content).decode(),
        "place": {"agency_ref": "aa" * 16, "note_id": "0b" * 16, "number": 3},
        "recipients": [{"suite": suite.name_in_files, "public": key.public.raw.hex()}],
        "suite": suite.name_in_files,
    }

    sealed = page_node.ask(question)["ok"]

    envelope = base64.b64decode(sealed["envelope"])
    parsed = parse(b"\x01" + bytes(16 + 64) + envelope)
    record = replace(parsed, signer_kid=ingest.kid, signature=ingest.sign(parsed.signed_part)).build()
    opened = open_attachment(record, key, place=place, ingest_public_keys=[ingest.public])
    assert (opened.content, opened.digest) == (content, sealed["digest"])
    too_long = {**question, "content": base64.b64encode(bytes(5_000_001)).decode()}
    if size == 0:
        assert page_node.ask(too_long) == {"refused": "CannotSeal", "code": "length"}
        assert page_node.ask({**question, "recipients": []}) == {"refused": "CannotSeal", "code": "recipients"}


GOOD_VOICE = media.voice()
VOICES = [
    GOOD_VOICE,
    media.voice(comments=[b"A=" + b"x" * 70_000, b"B=1"]),
    media.voice(comments=[]),
    media.voice() + media.voice(),
    media.voice()[:-1],
    media.voice()[27:],
    b"",
    media.photo(),
    media.page(media.OPUS_HEAD, 0, flags=2),
    media.page(media.OPUS_HEAD, 0, flags=2) + media.page(b"no tags at all, whatever they say", 1) * 3,
]


@pytest.mark.parametrize("raw", VOICES, ids=range(len(VOICES)))
def test_a_voice_message_is_cleaned_as_in_the_chat(raw: bytes, page_node: Node) -> None:
    assert voice_of(page_node, raw) == chats_voice(raw)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD_VOICE) - 1), st.integers(0, 255), st.integers(0, 12))
def test_a_damaged_voice_message_is_cleaned_or_refused_as_in_the_chat(
    page_node: Node, at: int, byte: int, cut: int
) -> None:
    raw = GOOD_VOICE[:at] + bytes([byte]) + GOOD_VOICE[at + 1 : len(GOOD_VOICE) - cut]

    assert voice_of(page_node, raw) == chats_voice(raw)


def voice_of(page_node: Node, raw: bytes) -> bytes | None:
    cleaned = page_node.ask({"do": "voice", "raw": base64.b64encode(raw).decode()})["ok"]["cleaned"]
    return None if cleaned is None else base64.b64decode(cleaned)


def chats_voice(raw: bytes) -> bytes | None:
    try:
        return cleaned_voice(raw)
    except Unusable:
        return None


@pytest.mark.parametrize("damage", ["none", "place", "body", "signer"])
def test_an_attachment_opens_in_its_own_place_alone(damage: str, page_node: Node) -> None:
    key, ingest = OpeningKey(SuiteId.XWING, b"\x02" * 32), SigningKey(b"\x07" * 32)
    place = Place(b"\xaa" * 16, b"\x0b" * 16, 3)
    record, digest = seal_attachment(b"a photo", place, [key.public], SuiteId.XWING, ingest)
    if damage == "body":
        record = record[:-1] + bytes([record[-1] ^ 1])
    trusted = SigningKey(b"\x08" * 32) if damage == "signer" else ingest
    question = {
        "do": "attachment",
        "record": base64.b64encode(record).decode(),
        "key": {"suite": "x-wing", "seed": key.seed().hex()},
        "place": {"agency_ref": "aa" * 16, "note_id": "0b" * 16, "number": 4 if damage == "place" else 3},
        "ingest_public": [trusted.public.raw.hex()],
    }

    answer = page_node.ask(question)

    if damage == "none":
        assert answer == {"ok": {"content": base64.b64encode(b"a photo").decode(), "digest": digest}}
    else:
        assert answer["code"] == {"place": "header", "body": "signature", "signer": "signature"}[damage]


# ---------------------------------------------------------------- keys


def test_a_key_made_in_the_page_opens_in_python_and_its_public_half_is_read(page_node: Node, tmp_path: Path) -> None:
    made = page_node.ask(
        {
            "do": "makekey",
            "role": "coordinator",
            "label": "north coordinator, phone",
            "created": "2026-11-23",
            "passphrase": "correct horse battery",
            "kit_code": "ab" * 16,
            "hardness": {"t": 2, "m_kib": 19456, "p": 1},
        }
    )["ok"]

    read = keyfile.parse(made["text"], passphrase="correct horse battery", kit_code=b"\xab" * 16)
    public = tmp_path / "key.pub"
    public.write_text(made["public_half"])

    assert (read.role, read.label, read.created) == ("coordinator", "north coordinator, phone", date(2026, 11, 23))
    assert isinstance(read.key, OpeningKey)
    assert read.key.kid.hex() == made["kid"]
    assert publicfile.parse(public.read_text()).key == read.key.public
    assert page_node.ask({"do": "words", "kid": made["kid"]})["ok"]["words"] == list(words_for(read.key.public))


def test_every_byte_has_the_same_word(page_node: Node) -> None:
    for start in range(0, 256, 8):
        kid = bytes(range(start, start + 8)) + bytes(8)
        assert page_node.ask({"do": "words", "kid": kid.hex()})["ok"]["words"] == list(spoken(kid))


def test_a_passphrase_is_six_words_of_the_same_list(page_node: Node) -> None:
    drawn = [page_node.ask({"do": "passphrase"})["ok"]["passphrase"] for _ in range(20)]

    assert len(set(drawn)) == 20
    assert all(len(one.split(" ")) == 6 and set(one.split(" ")) <= set(passphrase.word_list()) for one in drawn)


def test_a_login_challenge_opens_for_this_origin_alone(page_node: Node) -> None:
    key, challenge_id, answer = OpeningKey(SuiteId.XWING, b"\x03" * 32), "1c" * 16, os.urandom(32)
    info = L + b"login" + bytes.fromhex(challenge_id) + key.kid + b"https://notes.example"
    sealed = key.public.encrypt(answer, info=info)
    question = {
        "do": "challenge",
        "challenge_id": challenge_id,
        "sealed": base64.urlsafe_b64encode(sealed).rstrip(b"=").decode(),
        "key": {"suite": "x-wing", "seed": key.seed().hex()},
    }

    assert page_node.ask({**question, "origin": "https://notes.example"}) == {"ok": {"answer": answer.hex()}}
    assert page_node.ask({**question, "origin": "https://notes.evil"}) == {"refused": "NoteUnreadable", "code": "tag"}


# ---------------------------------------------------------------- the note form


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_what_is_typed_is_cleaned_as_in_the_chat(page_node: Node, text: str) -> None:
    assert page_node.ask({"do": "clean", "text": text})["ok"]["text"] == clean(text)


@pytest.mark.parametrize("pattern", ["AA-9999-c", "C-99", "KS/99999"])
@pytest.mark.parametrize(
    "text",
    [
        *("", "AB-1234-O", "ab 1234 0", "case AB1234O", "AB-1234-P", "C-17", "c17", "Karim", "Olio", "KS/00123"),
        *("ks 00123", "AB-12", "AB-1234-OO", "АВ-1234-О", "A1-B234-X", "AB-1234-é", "K5/OO1Z3"),
    ],
)
def test_a_case_code_is_read_as_in_the_chat(page_node: Node, pattern: str, text: str) -> None:
    ours_ = CasePattern(pattern)
    read = ours_.read(text)
    expected = {"code": read.text} if isinstance(read, CaseCode) else {"problem": read.kind}

    assert page_node.ask({"do": "case", "pattern": pattern, "text": text})["ok"] == {
        "example": ours_.example(),
        **expected,
    }


TOLD = (
    "I met Ahmed Nasser on the wing.",
    "His brother Karim visited, with Mr. Petrovic and Dr Weiss.",
    "He was born on 12.03.1994 and lives at 12 Oak Street.",
    "Call +44 7700 900123 or write to someone@example.org, or @northman_88 on t.me/northman.",
    "Passport no: X1234567. Account: 12345678. Case AB-1234-P on Wing D. Petrol was found.",
    "Nothing names anybody here: the officer on Oak Valley Hospital ward called the coordinator on Monday at 14.30.",
    "Via Roma 12, Hauptstraße 4, rue de la Paix 5; ул. Ленина 3.",
    "He calls himself Abu Yusuf. Сергей came by. St John prayed.",
    "DE44 5001 0517 5407 3249 31; 20.11.2026 - 21.11.2026; AB 12 34 56 C.",
)


@pytest.mark.parametrize("text", TOLD)
def test_what_may_tell_who_somebody_is_is_found_as_in_the_chat(page_node: Node, text: str) -> None:
    expected = [[one.kind, text[one.start : one.end]] for one in identifying(text)]

    assert page_node.ask({"do": "identifying", "text": text})["ok"]["found"] == expected


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_a_note_has_the_same_reference(page_node: Node, note_id: bytes) -> None:
    answer = page_node.ask({"do": "reference", "note_id": note_id.hex()})

    assert answer["ok"]["reference"] == reference(note_id.hex())


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(["Europe/Rome", "Europe/London", "Asia/Kolkata", "America/St_Johns", "UTC"]),
)
def test_times_are_written_with_the_offset_of_the_agency(page_node: Node, moment: datetime, zone: str) -> None:
    at = moment.replace(microsecond=0, tzinfo=UTC)
    there = at.astimezone(ZoneInfo(zone))

    assert page_node.ask({"do": "iso", "zone": zone, "at": at.isoformat()})["ok"]["iso"] == there.isoformat()
    wall = {"do": "moment", "zone": zone, "day": f"{there:%Y-%m-%d}", "clock": f"{there:%H:%M}"}
    back = datetime.fromisoformat(page_node.ask(wall)["ok"]["at"])
    assert abs(back - at.replace(second=0)) in (timedelta(0), timedelta(hours=1))  # a wall time may come twice


def test_there_is_a_phrase_for_everything_that_the_server_may_name(page_node: Node) -> None:
    states = json.loads(OPENAPI.read_text())["components"]["schemas"]
    keys = [
        *(f"note-kind-{one}" for one in KINDS),
        *(f"reason-{one}" for one in REASONS),
        *(f"urgency-{one}" for one in URGENCIES),
        *(f"outcome-{one}" for one in OUTCOMES),
        *(f"page-why-{one}" for one in states["Reason"]["enum"]),
        *(f"page-flag-state-{one}" for one in states["FlagState"]["enum"]),
        *(f"page-state-{one}" for one in states["NoteState"]["enum"]),
        *(f"page-{start}-{one}" for start in ("act", "did") for one in ("take", "hand-on", "close", "ask")),
    ]

    assert page_node.ask({"do": "phrases", "keys": keys}) == {"ok": {"missing": []}}
    assert page_node.ask({"do": "phrases", "keys": ["nothing"]}) == {"ok": {"missing": ["nothing"]}}


def test_every_phrase_that_the_page_asks_for_is_there(page_node: Node) -> None:
    sources = "\n".join(path.read_text() for path in (PAGE / "src").rglob("*.ts"))
    named = re.findall(r'"((?:page-|danger-first)[a-z0-9-]*)"', sources)

    assert len(named) > 150
    assert page_node.ask({"do": "phrases", "keys": named}) == {"ok": {"missing": []}}


def test_argon2_is_the_same(page_node: Node) -> None:
    """Through a key file, at the format's own cost."""
    key = keyfile.KeyFile(OpeningKey(SuiteId.XWING, b"\x05" * 32), "coordinator", "k", date(2026, 11, 23))
    text = keyfile.render(key, passphrase="ﬁve words", kit_code=b"\x01" * 16)

    read = page_node.ask({"do": "keyfile", "text": text, "passphrase": "five words", "kit_code": "01" * 16})

    assert read["ok"]["seed"] == "05" * 32


def test_a_recovery_kit_is_a_pdf_that_others_read(page_node: Node, tmp_path: Path) -> None:
    paragraphs = [{"style": "title", "text": "Kit (one)"}, {"style": "code", "text": "ABCD-1234 \\ x"}]
    raw = base64.b64decode(page_node.ask({"do": "pdf", "title": "Kit", "paragraphs": paragraphs})["ok"]["pdf"])

    assert raw.startswith(b"%PDF-1.4")
    place = int(raw.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert raw[place:].startswith(b"xref\n")
    for number, line in enumerate(raw[place:].split(b"\n")[3:11], 1):
        assert raw[int(line[:10]) :].startswith(b"%d 0 obj" % number)
    assert b"(ABCD-1234 \\\\ x)" in raw
