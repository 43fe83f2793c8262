"""The body of a note -> what leaves for a case system, see docs/formats/incident-note-event.md.

One note gives the same bytes for ever: nothing in them depends on when or how often it is sent. A change of the mapping
is a new version of it; a delivery keeps to the version that it was begun with (``MAPPERS``).
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, get_args

from storage.deliveries import RECORDED, WITHDRAWAL
from storage.opened_attachments import Attached
from storage.sync.base import Attachment, Delivery, DeliveryRef, Disclosure, Kind
from storage.sync.canonical import Json, canonical

SCHEMA: Final = "urn:integra:incident-note:1"
PARTS: Final = ("seen", "told", "think", "else")
KINDS: Final = get_args(Kind)


class NotAnEvent(ValueError):
    """The text inside a note is not a body of version 1. Says nothing of what it holds instead."""


@dataclass(frozen=True, slots=True)
class Note:
    """
    Attributes:
        plaintext: as opened: a body as ``dialogues.draft.body`` makes it, JSON in UTF-8; empty for a withdrawal.
        note_id, reference, agency: of the row it was found in; the body must name the same.
        hour: of the row.
        version: ``RECORDED`` or ``WITHDRAWAL``.
        sequence: its place in its case, from 1.
        source: URI of the sending installation.
        disclosure: how much of it leaves.
        attachments: of the note, all of them readable.
        withhold: its attachments stay here.
    """

    plaintext: bytes = field(repr=False)
    note_id: bytes
    reference: str
    agency: str
    hour: datetime
    version: int
    sequence: int
    source: str
    disclosure: Disclosure = "full"
    attachments: Sequence[Attached] = ()
    withhold: bool = False


def deliver(note: Note, mapper: int) -> Delivery:
    """
    Args:
        mapper: a version of the mapping.

    Raises:
        NotAnEvent: not a body, or another note's.
    """
    return MAPPERS[mapper](note)


def payload_sha256(data: Mapping[str, Json]) -> str:
    """SHA-256 over the canonical ``data`` without the member of this name, in hex."""
    return hashlib.sha256(
        canonical({name: value for name, value in data.items() if name != "payload_sha256"})
    ).hexdigest()


def _first(note: Note) -> Delivery:
    try:
        data = _withdrawal(note) if note.version == WITHDRAWAL else _recorded(note)
        return _delivery(note, data)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotAnEvent("body") from None


MAPPERS: Final[dict[int, Callable[[Note], Delivery]]] = {1: _first}
"""Those that are here stay as they are: what was sent by one is sent again by it."""
NEWEST: Final = 1


def _recorded(note: Note) -> dict[str, Json]:
    body = json.loads(note.plaintext)
    named = (body["schema"], body["note_id"], body["reference"], body["agency"])
    if named != (1, note.note_id.hex(), note.reference, note.agency):
        raise NotAnEvent("body")
    recorded_at = _aware(body["recorded_at"])
    case_ref, amends = _text_or_none(body["case_code"]), _text_or_none(body["amends"])
    kind = _text(body["kind"])
    if kind not in KINDS[:2] or (amends is not None) != (kind == "amended"):
        raise NotAnEvent("body")
    if amends is not None and len(bytes.fromhex(amends)) != 16:
        raise NotAnEvent("body")
    data: dict[str, Json] = {
        "note_id": note.note_id.hex(),
        "note_version": RECORDED,
        "reference": note.reference,
        "kind": kind,
        "amends": amends,
        "agency": note.agency,
        "recorded_at": recorded_at.isoformat(),
        "urgency": _text(body["urgency"]),
        "flagged": _flag(body["flagged"]),
        "handling": {"disclosure": note.disclosure},
    }
    if note.disclosure == "pointer":
        return _present(data)
    data |= {
        "case_ref": case_ref,
        "note_type": _text(body["type"]),
        "occurred_at": None if body["occurred_at"] is None else _aware(body["occurred_at"]).isoformat(),
        "occurred_precision": _text_or_none(body["occurred_precision"]),
        "author": {"ref": _text(body["author"]["handle"]), "role": _text(body["author"]["role"])},
        "flag_reason": _text_or_none(body["flag_reason"]),
        "text_format": "plain",
        "lang": _text(body["lang"]),
    }
    if note.disclosure == "summary":
        summary = _text_or_none(body.get("summary"))
        data["summary"] = None if summary is None else _lines(summary)
        return _present(data)
    data["parts"] = {_text(name): _lines(text) for name, text in body["parts"].items()}
    if note.attachments:
        data["attachments"] = [_attachment(one, withheld=note.withhold) for one in note.attachments]
    return _present(data)


def _withdrawal(note: Note) -> dict[str, Json]:
    return {
        "note_id": note.note_id.hex(),
        "note_version": WITHDRAWAL,
        "supersedes": RECORDED,
        "reference": note.reference,
        "kind": "withdrawn",
        "agency": note.agency,
        "handling": {"disclosure": note.disclosure},
    }


def _delivery(note: Note, data: dict[str, Json]) -> Delivery:
    data["payload_sha256"] = payload_sha256(data)
    ref = DeliveryRef(note.note_id.hex(), note.version)
    kind = data["kind"]
    time = note.hour if kind == "withdrawn" else _aware(data["recorded_at"])
    event: dict[str, Json] = {
        "specversion": "1.0",
        "id": ref.key,
        "source": note.source,
        "type": f"incidentnote.{kind}.v1",
        "time": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "datacontenttype": "application/json",
        "dataschema": SCHEMA,
        "sequence": f"{note.sequence:08d}",
        "data": data,
    }
    if "case_ref" in data:
        event["subject"] = f"case/{data['case_ref']}"
    given: Any = data.get
    parts: Any = data.get("parts", {})
    author: Any = data.get("author", {"ref": "", "role": ""})
    whole = note.disclosure == "full" and kind != "withdrawn"
    return Delivery(
        ref=ref,
        event=canonical(event),
        payload_sha256=str(data["payload_sha256"]),
        reference=note.reference,
        kind=given("kind"),
        disclosure=note.disclosure,
        amends=given("amends", ""),
        urgency=given("urgency", ""),
        case_ref=given("case_ref", ""),
        flagged=given("flagged", False),
        flag_reason=given("flag_reason", ""),
        note_type=given("note_type", ""),
        author=author["ref"],
        role=author["role"],
        occurred_at=given("occurred_at", ""),
        recorded_at=given("recorded_at", ""),
        text="\n\n".join(parts[name] for name in PARTS if name in parts) or given("summary", ""),
        attachments=tuple(map(_file, note.attachments)) if whole and not note.withhold else (),
        withheld=len(note.attachments) if whole and note.withhold else 0,
    )


def _attachment(one: Attached, *, withheld: bool) -> dict[str, Json]:
    said: dict[str, Json] = {
        "number": one.number,
        "kind": _text(one.kind),
        "media_type": _text(one.media_type),
        "size": one.size,
        "sha256": hashlib.sha256(one.content).hexdigest(),
    }
    if withheld:
        return said | {"withheld": True}
    return said | {"content": base64.b64encode(one.content).decode("ascii")}


def _file(one: Attached) -> Attachment:
    name = f"{one.kind}-{one.number}.{one.ending}"
    return Attachment(one.number, name, one.media_type, hashlib.sha256(one.content).hexdigest(), one.content)


def _present(data: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in data.items() if value is not None}


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
