"""What every connector is tried with: a stage each, a real system behind it. The tests are in ``test_conformance.py``.

A stage is an async context manager that gives a ``Stage``: the connector, and a way to look into the system behind it
that does not go through the connector.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dialogues.reference import reference
from storage.sync.base import Attachment, Connector, Delivery, DeliveryRef, Kind, Outcome, Remote
from storage.sync.canonical import Json, canonical
from storage.sync.mapping import payload_sha256

C = TypeVar("C", bound=Connector)
WITHIN_S = 30.0
WORDS = "Synthetic words that nobody may find elsewhere."


@dataclass(frozen=True)
class Stage:
    """
    Attributes:
        connector: under test, its system empty.
        settle: brings about what the system does by itself some time after ``send`` (an importer's run); returns then.
        records: ids (``<note_id>.v<version>``) that the system holds now, one for each record: twice, if twice there.
        down: the system is out of reach from now on (True) or back (False).
        lose_answers: the next so many answers are lost after the system did its work; None: has no answers to lose.
    """

    connector: Connector
    settle: Callable[[], Awaitable[None]]
    records: Callable[[], Awaitable[Sequence[str]]]
    down: Callable[[bool], Awaitable[None]]
    lose_answers: Callable[[int], Awaitable[None]] | None = None


Open = Callable[[Path], AbstractAsyncContextManager[Stage]]


def note_id(number: int) -> str:
    """32 hex digits; its reference grows with the number."""
    return f"{number:04x}" + "0" * 28


def delivery(
    number: int,
    *,
    kind: Kind = "recorded",
    amends: int | None = None,
    text: str = WORDS,
    attachments: Sequence[bytes] = (),
) -> Delivery:
    """A note as a connector gets it; equal for equal arguments."""
    version = 2 if kind == "withdrawn" else 1
    its = tuple(
        Attachment(place, f"photo-{place}.jpg", "image/jpeg", hashlib.sha256(content).hexdigest(), content)
        for place, content in enumerate(attachments, 1)
    )
    data: dict[str, Json] = {
        "note_id": note_id(number),
        "note_version": version,
        "reference": reference(note_id(number)),
        "kind": kind,
        "case_ref": "C-17",
        "parts": {"seen": text} if kind != "withdrawn" else {},
    }
    if amends is not None:
        data["amends"] = note_id(amends)
    data["payload_sha256"] = payload_sha256(data)
    event: dict[str, Json] = {
        "specversion": "1.0",
        "id": f"{note_id(number)}.v{version}",
        "source": "urn:integra:test",
        "type": f"incidentnote.{kind}.v1",
        "subject": "case/C-17",
        "time": "2026-11-23T12:00:00Z",
        "data": data,
    }
    return Delivery(
        ref=DeliveryRef(note_id(number), version),
        event=canonical(event),
        payload_sha256=str(data["payload_sha256"]),
        reference=reference(note_id(number)),
        kind=kind,
        disclosure="full",
        amends=note_id(amends) if amends is not None else "",
        urgency="today",
        case_ref="C-17",
        flagged=True,
        flag_reason="threat",
        note_type="behaviour",
        author="mentor-17",
        role="mentor",
        occurred_at="2026-11-23T11:40:00+00:00",
        recorded_at="2026-11-23T12:00:00+00:00",
        text=text if kind != "withdrawn" else "",
        attachments=its,
    )


async def sent(connector: Connector, one: Delivery, within_s: float = WITHIN_S) -> Outcome:
    (outcome,) = await connector.send([one], within_s=within_s)
    return outcome


async def listed(connector: Connector, cursor: str | None = None) -> list[Remote]:
    return [one async for one in connector.list_since(cursor)]


@asynccontextmanager
async def closing(connector: C) -> AsyncIterator[C]:
    """The connector, whose connections are given back afterwards."""
    try:
        yield connector
    finally:
        await connector.close()
