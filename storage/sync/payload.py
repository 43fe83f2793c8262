"""The body of a note -> the event that a case system gets, see docs/formats/file-drop.md.

One note gives the same event for ever: nothing in it depends on when or how often it is handed over.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from storage.opened_attachments import Attached
from storage.sync.batch import Event
from storage.sync.canonical import Json, canonical

SCHEMA: Final = "urn:integra:incident-note:1"
TYPES: Final = {"recorded": "incidentnote.recorded.v1", "amended": "incidentnote.amended.v1"}
NOTE_VERSION: Final = 1
"""A note never changes; what is added later is a note of its own that names this one in ``amends``."""


class NotAnEvent(ValueError):
    """The text inside a note is not a body of version 1. Says nothing of what it holds instead."""


def event(
    plaintext: bytes, *, note_id: bytes, reference: str, source: str, attachments: Sequence[Attached] = ()
) -> Event:
    """
    Args:
        plaintext: as opened: a body as ``dialogues.draft.body`` makes it, JSON in UTF-8.
        note_id, reference: of the row it was found in; the body must name the same.
        source: URI of the sending installation.
        attachments: of the note, all of them readable.

    Raises:
        NotAnEvent: not a body, or another note's.
    """
    try:
        body = json.loads(plaintext)
        content = _content(body, note_id.hex(), reference, source, attachments)
        canonical(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotAnEvent("body") from None
    return Event(note_id, content)


def amended(of: Event) -> bytes | None:
    """Id of the note that this one adds to."""
    found = _data(of.content).get("amends")
    return bytes.fromhex(found) if isinstance(found, str) else None


def payload_sha256(data: Mapping[str, Json]) -> str:
    """SHA-256 over the canonical ``data`` without the member of this name, in hex."""
    return hashlib.sha256(
        canonical({name: value for name, value in data.items() if name != "payload_sha256"})
    ).hexdigest()


def _data(content: Mapping[str, Json]) -> Mapping[str, Json]:
    data = content["data"]
    if not isinstance(data, Mapping):
        raise NotAnEvent("body")
    return data


def _content(body: Any, note_id: str, reference: str, source: str, attachments: Sequence[Attached]) -> dict[str, Json]:
    if body["schema"] != 1 or body["note_id"] != note_id or body["reference"] != reference:
        raise NotAnEvent("body")
    recorded_at = _aware(body["recorded_at"])
    case_ref, amends = _text_or_none(body["case_code"]), _text_or_none(body["amends"])
    if (amends is not None) != (body["kind"] == "amended") or (amends and len(bytes.fromhex(amends)) != 16):
        raise NotAnEvent("body")
    data: dict[str, Json] = {
        "note_id": note_id,
        "note_version": NOTE_VERSION,
        "reference": reference,
        "kind": _text(body["kind"]),
        "amends": amends,
        "agency": _text(body["agency"]),
        "case_ref": case_ref,
        "note_type": _text(body["type"]),
        "occurred_at": None if body["occurred_at"] is None else _aware(body["occurred_at"]).isoformat(),
        "occurred_precision": _text_or_none(body["occurred_precision"]),
        "recorded_at": recorded_at.isoformat(),
        "author": {"ref": _text(body["author"]["handle"]), "role": _text(body["author"]["role"])},
        "urgency": _text(body["urgency"]),
        "flagged": _flag(body["flagged"]),
        "flag_reason": _text_or_none(body["flag_reason"]),
        "parts": {_text(name): _lines(text) for name, text in body["parts"].items()},
        "text_format": "plain",
        "lang": _text(body["lang"]),
    }
    if attachments:
        data["attachments"] = [_attachment(one) for one in attachments]
    data = {name: value for name, value in data.items() if value is not None}
    data["payload_sha256"] = payload_sha256(data)
    content: dict[str, Json] = {
        "specversion": "1.0",
        "id": f"{note_id}.v{NOTE_VERSION}",
        "source": source,
        "type": TYPES[body["kind"]],
        "time": recorded_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "datacontenttype": "application/json",
        "dataschema": SCHEMA,
        "data": data,
    }
    if case_ref is not None:
        content["subject"] = f"case/{case_ref}"
    return content


def _attachment(one: Attached) -> dict[str, Json]:
    return {
        "number": one.number,
        "kind": _text(one.kind),
        "media_type": _text(one.media_type),
        "size": one.size,
        "sha256": hashlib.sha256(one.content).hexdigest(),
        "content": base64.b64encode(one.content).decode("ascii"),
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotAnEvent("body")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotAnEvent("body")
    return value


def _lines(value: Any) -> str:
    """Line ends as LF: systems on the way rewrite them, and a hash must survive that."""
    return _text(value).replace("\r\n", "\n").replace("\r", "\n")


def _aware(value: Any) -> datetime:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise NotAnEvent("body")
    return at
