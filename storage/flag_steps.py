"""What happened to a flag, step by step: who, when, and why, which is sealed to the desk. Only ever added to.

A step's *why* is a small JSON object (docs/formats/flag-steps.md), sealed like a note, in a place of its own: it opens
with the keys that open the desk's notes, and nobody can put it in the place of a note or of another step.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import bindparam, func, insert, select

from dialogues.flag_life import Act
from storage import agencies
from storage.errors import Unreadable
from storage.pins import Pins
from storage.schema import flag_steps
from storage.sealing.errors import CannotSeal, ManifestError
from storage.sealing.header import Header, hour_of
from storage.sealing.labels import L
from storage.sealing.record import accept
from storage.sealing.seal import seal
from storage.transaction import Transaction, moment, seconds

SCHEMA_VERSION: Final = 1
NOBODY: Final = bytes(16)
"""Who acts where the assistant does."""

_last = select(func.max(flag_steps.c.number)).where(flag_steps.c.note_id == bindparam("of"))
_declined = (
    select(flag_steps.c.act, flag_steps.c.who_ref)
    .where(
        flag_steps.c.note_id == bindparam("of"),
        flag_steps.c.act.in_(("decline", "take", "reopen", "give-up", "worsen")),
    )
    .order_by(flag_steps.c.number)
)


@dataclass(frozen=True, slots=True)
class Step:
    """``who``: the person's ref in hex; empty: the assistant."""

    number: int
    at: datetime
    act: Act
    who: str


def place(note_id: bytes, number: int) -> bytes:
    """What a step's why is bound to, 16 bytes, in the header's place for the id of a note."""
    return sha256(L + b"flag-step" + note_id + number.to_bytes(4, "big")).digest()[:16]


def add(
    tx: Transaction,
    pins: Pins | None,
    note_id: bytes,
    agency_ref: bytes,
    act: Act,
    *,
    at: datetime,
    who: str = "",
    why: Mapping[str, str] | None = None,
) -> None:
    """Write one down.

    Args:
        who: as in ``Step``.
        why: words of ours, or of the person who acts; sealed.
        pins: whose signature the desk must carry; None: why is kept under the assistant's own keys.
    """
    last = tx.db.scalar(_last, {"of": note_id}) or 0
    number, who_ref = last + 1, bytes.fromhex(who) or None
    plaintext = json.dumps({"act": act, **(why or {})}, ensure_ascii=False, separators=(",", ":")).encode()
    body = _sealed(tx, pins, plaintext, note_id, agency_ref, number, who_ref or NOBODY, at) if why else None
    row = {
        "note_id": note_id,
        "number": number,
        "agency_ref": agency_ref,
        "at": seconds(at),
        "act": act,
        "who_ref": who_ref,
        "body": body,
        "sealed_why": tx.seal("flag", note_id + number.to_bytes(4, "big"), dict(why)) if why and body is None else None,
    }
    tx.db.execute(insert(flag_steps), row)


def of_flag(tx: Transaction, note_id: bytes) -> list[Step]:
    """All steps of a flag, in order, without why."""
    wanted = (flag_steps.c.number, flag_steps.c.at, flag_steps.c.act, flag_steps.c.who_ref)
    query = select(*wanted).where(flag_steps.c.note_id == note_id).order_by(flag_steps.c.number)
    return [
        Step(row.number, moment(row.at), row.act, row.who_ref.hex() if row.who_ref else "")
        for row in tx.db.execute(query)
    ]


def declined_by(tx: Transaction, note_id: bytes) -> set[bytes]:
    """Refs of those who said that they cannot take it, as far as that still holds: not once they took it after all, nor
    once it was open to all again, or worse."""
    found: set[bytes] = set()
    for act, who in tx.db.execute(_declined, {"of": note_id}):
        if act == "decline" and who is not None:
            found.add(who)
        elif act == "take":
            found.discard(who)
        elif act != "decline":
            found.clear()
    return found


def _sealed(
    tx: Transaction,
    pins: Pins | None,
    plaintext: bytes,
    note_id: bytes,
    agency_ref: bytes,
    number: int,
    author_ref: bytes,
    at: datetime,
) -> bytes | None:
    """None where the desk has nobody to seal to today: a flag goes on its way all the same."""
    if pins is None:
        return None
    try:
        manifest = agencies.desk(tx, agencies.by_ref(tx, agency_ref).slug, pins, at)
        if manifest is None:
            return None
        header = Header(agency_ref, place(note_id, number), author_ref, 0, hour_of(at), SCHEMA_VERSION, "chat")
        envelope = seal(plaintext, header, manifest.sealing_keys(at.date()), manifest.suite)
    except (CannotSeal, ManifestError, Unreadable):
        return None
    return accept(envelope, tx.keyring.ingest)
