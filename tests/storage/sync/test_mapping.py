"""A case system gets every note as one event that never changes."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from handover_site import NOON, WORDS, body, note_id
from hypothesis import given
from hypothesis import strategies as st

from dialogues.draft import Draft
from dialogues.draft import body as drafted
from dialogues.model import Agency, Membership, Person, Scene
from dialogues.reference import reference
from storage.opened_attachments import Attached
from storage.sync.canonical import canonical
from storage.sync.mapping import MAPPERS, NotAnEvent, Note, deliver, payload_sha256

SOURCE = "urn:integra:integra-north"
FIRST = "949507eb9ca58c6b53625df2c7e7dec063323a1e74b6af702ee416af45bdd4f8"


def note(plaintext: bytes, number: int = 1, **changes: Any) -> Note:
    made = {
        "plaintext": plaintext,
        "note_id": bytes.fromhex(note_id(number)),
        "reference": reference(note_id(number)),
        "agency": "mentors-north",
        "hour": NOON,
        "version": 1,
        "sequence": 7,
        "source": SOURCE,
    }
    return Note(**made | changes)


def rendered(fields: dict[str, Any], number: int = 1, **changes: Any) -> dict[str, Any]:
    made = deliver(note(json.dumps(fields, ensure_ascii=False).encode(), number, **changes), 1)
    whole: dict[str, Any] = json.loads(made.event)
    assert canonical(whole) == made.event
    return whole


def test_the_event_of_a_note() -> None:
    found = rendered(body(1, NOON.astimezone(timezone(timedelta(hours=1)))))
    sha256 = found["data"].pop("payload_sha256")
    assert found == {
        "specversion": "1.0",
        "id": f"{note_id(1)}.v1",
        "source": SOURCE,
        "type": "incidentnote.recorded.v1",
        "subject": "case/C-17",
        "time": "2026-11-23T12:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:integra:incident-note:1",
        "sequence": "00000007",
        "data": {
            "note_id": note_id(1),
            "note_version": 1,
            "reference": reference(note_id(1)),
            "kind": "recorded",
            "agency": "mentors-north",
            "case_ref": "C-17",
            "note_type": "behaviour",
            "occurred_at": "2026-11-23T11:40:00+00:00",
            "occurred_precision": "minute",
            "recorded_at": "2026-11-23T13:00:00+01:00",
            "author": {"ref": "mentor-17", "role": "mentor"},
            "urgency": "today",
            "flagged": True,
            "flag_reason": "threat",
            "parts": {"seen": WORDS},
            "text_format": "plain",
            "lang": "en",
            "handling": {"disclosure": "full"},
        },
    }
    assert sha256 == hashlib.sha256(canonical(found["data"])).hexdigest()


def test_what_is_unknown_is_left_out() -> None:
    unknown = dict.fromkeys(["case_code", "occurred_at", "occurred_precision", "flag_reason"])
    found = rendered({**body(1, NOON), **unknown, "flagged": False})
    assert "subject" not in found
    assert not {"case_ref", "occurred_at", "occurred_precision", "flag_reason", "amends"} & set(found["data"])


def test_an_amendment_names_what_it_amends() -> None:
    found = rendered(body(2, NOON, amends=1), 2)
    assert (found["type"], found["data"]["amends"]) == ("incidentnote.amended.v1", note_id(1))


def test_a_withdrawal_has_no_words_and_names_what_it_withdraws() -> None:
    made = deliver(note(b"", version=2), 1)
    event = json.loads(made.event)
    assert (event["id"], event["type"]) == (f"{note_id(1)}.v2", "incidentnote.withdrawn.v1")
    assert event["data"] | {"payload_sha256": ""} == {
        "note_id": note_id(1),
        "note_version": 2,
        "supersedes": 1,
        "reference": reference(note_id(1)),
        "kind": "withdrawn",
        "agency": "mentors-north",
        "handling": {"disclosure": "full"},
        "payload_sha256": "",
    }
    assert made.text == ""


def test_a_summary_has_what_the_author_wrote_for_others_and_none_of_the_rest() -> None:
    fields = body(1, NOON) | {"summary": "Somebody should call."}
    found = rendered(fields, disclosure="summary")["data"]
    assert found["summary"] == "Somebody should call."
    assert "parts" not in found
    assert WORDS not in json.dumps(found)
    assert "summary" not in rendered(body(1, NOON), disclosure="summary")["data"]
    assert deliver(note(json.dumps(fields).encode(), disclosure="summary"), 1).text == "Somebody should call."


def test_a_pointer_says_that_there_is_one_and_how_urgent_and_no_more() -> None:
    found = rendered(body(1, NOON) | {"summary": "x"}, disclosure="pointer")
    assert "subject" not in found
    assert set(found["data"]) == {
        "note_id", "note_version", "reference", "kind", "agency", "recorded_at", "urgency", "flagged", "handling",
        "payload_sha256",
    }  # fmt: skip


def test_attachments_go_along_or_are_named_as_withheld() -> None:
    things = (Attached(1, "photo", "image/jpeg", 3, b"abc"),)
    plaintext = json.dumps(body(1, NOON)).encode()
    whole = deliver(note(plaintext, attachments=things), 1)
    assert json.loads(whole.event)["data"]["attachments"][0]["content"] == "YWJj"
    assert [one.name for one in whole.attachments] == ["photo-1.jpg"]
    without = deliver(note(plaintext, attachments=things, withhold=True), 1)
    (said,) = json.loads(without.event)["data"]["attachments"]
    assert (said["withheld"], "content" in said, without.attachments, without.withheld) == (True, False, (), 1)
    summary = deliver(note(plaintext, attachments=things, disclosure="summary"), 1)
    assert (summary.attachments, summary.withheld) == ((), 0)


def test_what_a_mapper_makes_never_changes() -> None:
    """Fixed values: what was sent by a mapper is sent again by it, byte for byte."""
    plaintext = json.dumps(body(1, NOON)).encode()
    made = {number: hashlib.sha256(deliver(note(plaintext), number).event).hexdigest() for number in MAPPERS}
    assert made == {1: FIRST}


def test_another_agencys_note_is_none_of_this_one() -> None:
    with pytest.raises(NotAnEvent):
        rendered(body(1, NOON) | {"agency": "mentors-south"})


def test_what_dialogues_seal_is_a_body() -> None:
    """The real body of a full draft and of one with nothing but a word in it."""
    agency = Agency("mentors-north", "North", ZoneInfo("Europe/Lisbon"), "")
    person = Person("p", "mentor-17", "en", True, (Membership(agency, "mentor"),))
    scene = Scene(NOON, NOON, person, {}, "0" * 32)
    least = Draft(note_id(1), "mentors-north", parts=(("x",), (), (), ()))
    most = Draft(
        note_id(1),
        "mentors-north",
        form="amend",
        case_code="C-17",
        occurred_at=datetime(2026, 7, 1, 9, 30, tzinfo=UTC),
        precision="hour",
        parts=(("a", "b"), ("c",), ("d",), ("e",)),
        urgency="urgent",
        flag_reason="child",
        amends=note_id(9),
    )
    assert rendered(drafted(least, scene))["data"]["parts"] == {"seen": "x"}
    found = rendered(drafted(most, scene))["data"]
    assert found["parts"] == {"seen": "a\nb", "told": "c", "think": "d", "else": "e"}
    assert (found["occurred_at"], found["amends"]) == ("2026-07-01T10:30:00+01:00", note_id(9))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_row_43_any_words_come_through_with_one_kind_of_line_end(text: str) -> None:
    found = rendered({**body(1, NOON), "parts": {"seen": text}})
    assert found["data"]["parts"]["seen"] == "\n".join(text.replace("\r\n", "\n").split("\r"))
    assert found["data"]["payload_sha256"] == payload_sha256(found["data"])


def test_line_ends_do_not_change_the_hash() -> None:
    hashes = {
        rendered({**body(1, NOON), "parts": {"seen": f"a{end}b"}})["data"]["payload_sha256"]
        for end in ("\n", "\r\n", "\r")
    }
    assert len(hashes) == 1


@pytest.mark.parametrize("name", sorted(body(1, NOON)))
@pytest.mark.parametrize("value", [[], 1.5, {"a": [WORDS]}, "missing"], ids=str)
def test_a_body_that_is_none_is_refused_without_its_words(name: str, value: object) -> None:
    fields = {**body(1, NOON), name: value}
    if value == "missing":
        del fields[name]
    with pytest.raises(NotAnEvent) as refused:
        rendered(fields)
    assert str(refused.value) == "body"
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(plaintext: bytes) -> None:
    with pytest.raises(NotAnEvent):
        deliver(note(plaintext), 1)


@pytest.mark.parametrize("plaintext", [b"[" * 100_000, b'{"schema":1', b'"x"', b"null", b"\xff", b'{"schema":NaN}'])
def test_text_that_is_no_object_is_refused(plaintext: bytes) -> None:
    with pytest.raises(NotAnEvent):
        deliver(note(plaintext), 1)


def test_row_43_half_a_character_is_refused() -> None:
    fields = json.dumps({**body(1, NOON), "parts": {"seen": "\ud83d"}}).encode()
    with pytest.raises(NotAnEvent):
        deliver(note(fields), 1)


def test_an_event_does_not_show_its_words() -> None:
    made = deliver(note(json.dumps(body(1, NOON)).encode()), 1)
    assert WORDS not in repr(made)
    assert "C-17" not in repr(made)
