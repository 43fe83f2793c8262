"""Open notes with a recipient's key. For the command line and the sync process; the bot never imports this."""

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from storage import flag_steps as steps
from storage import notes as note_rows
from storage import people, reading, reading_words, timers
from storage.audit import Listed as Entry
from storage.audit import ReadingReason
from storage.errors import Unknown
from storage.opened_attachments import Attached, attached
from storage.pins import Pins
from storage.schema import agencies as agency_table
from storage.schema import flag_steps, flags, notes
from storage.sealing.errors import NoteUnreadable
from storage.sealing.opening import Expected, open_note
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction, moment


@dataclass(frozen=True, slots=True)
class Opened:
    """A note in clear; ``body`` as docs/formats/note-body.md describes it."""

    reference: str
    state: str
    body: dict[str, Any] = field(repr=False)
    attachments: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """What can be said of a note without opening it."""

    reference: str
    agency: str
    hour: datetime
    state: str
    flag: str
    amends: str


def open_reference(
    tx: Transaction,
    short: str,
    key: OpeningKey,
    ingest_public_keys: Collection[VerifyKey],
    *,
    at: datetime,
    reason: ReadingReason,
    words: str = "",
    to: str = "",
    pins: Pins | None = None,
) -> list[Opened]:
    """The note of a reference and its amendments, in order; each leaves an entry in the audit log.

    Where it is read for another reason than handling it, the agency's supervisors are told by a timer due at once.

    Args:
        tx: on a connection that may read bodies.
        reason, words, to: why it is read, and by whom; with ``pins``: see ``storage.reading.given_out``.

    Raises:
        Unknown: no such note, or it was withdrawn.
        NoteUnreadable: not for this key, or not as it was sealed.
    """
    first = tx.db.execute(select(notes.c.id, notes.c.amends).where(notes.c.reference == short)).one_or_none()
    if first is None:
        raise Unknown(f"there is no note {short}")
    root = first.amends or first.id
    rows = tx.db.execute(
        select(notes)
        .where(or_(notes.c.id == root, notes.c.amends == root))
        .order_by(notes.c.amends.is_not(None), notes.c.hour, notes.c.reference)
    ).all()
    found = []
    for row in rows:
        if row.body is None:
            continue
        expected = Expected(row.agency_ref, row.id, row.flag_level, row.channel)
        opened = open_note(row.body, key, expected=expected, ingest_public_keys=ingest_public_keys)
        kid = key.kid.hex()
        reading.given_out(tx, row.id, at=at, reason=reason, words=words, to=to, key=kid, pins=pins)
        body = json.loads(opened.plaintext)
        attachments = attached(tx, row.agency_ref, row.id, body, key, ingest_public_keys)
        found.append(Opened(row.reference, row.state, body, attachments))
    if not found:
        raise Unknown(f"{short} was withdrawn by its author")
    if reason != "handling":
        timers.arm(tx, note_rows.READ, f"{rows[0].id.hex()}.{reason}", at)
    return found


def listed(tx: Transaction) -> list[Listed]:
    """All notes, newest first, without content."""
    query = (
        select(
            notes.c.reference,
            notes.c.agency_ref,
            notes.c.hour,
            notes.c.state,
            notes.c.amends,
            flags.c.state.label("flag"),
            agency_table.c.sealed_profile,
        )
        .join(agency_table, agency_table.c.ref == notes.c.agency_ref)
        .outerjoin(flags, flags.c.note_id == notes.c.id)
        .order_by(notes.c.hour.desc(), notes.c.reference)
    )
    return [
        Listed(
            row.reference,
            tx.open("agency", row.agency_ref, row.sealed_profile)["slug"],
            moment(row.hour),
            row.state,
            row.flag or "",
            row.amends.hex() if row.amends else "",
        )
        for row in tx.db.execute(query)
    ]


def words_of(entry: Entry, key: OpeningKey, ingest_public_keys: Collection[VerifyKey]) -> str:
    """The words of an entry of the audit log, with a key they were sealed to; "" where there are none.

    Raises:
        NoteUnreadable: not for this key, or not as they were sealed.
    """
    if not entry.sealed_words:
        return entry.words
    about = entry.entry
    expected = Expected(about.agency, reading_words.place(about.about), 0, "chat", reading_words.SCHEMA_VERSION)
    opened = open_note(entry.sealed_words, key, expected=expected, ingest_public_keys=ingest_public_keys)
    return opened.plaintext.decode()


@dataclass(frozen=True, slots=True)
class OpenedStep:
    """A step of a flag.

    Attributes:
        who: ref in hex, empty for the assistant; ``handle``: theirs, where they are still known.
        why: what was sealed; None: it does not open with this key, or there is none.
    """

    number: int
    at: datetime
    act: str
    who: str
    handle: str = field(repr=False)
    why: dict[str, str] | None = field(repr=False)


def steps_of(
    tx: Transaction,
    note_id: bytes,
    agency_ref: bytes,
    key: OpeningKey | None,
    ingest_public_keys: Collection[VerifyKey],
) -> list[OpenedStep]:
    """The way a flag went, in order, with why where the key opens it; see docs/formats/flag-steps.md.

    Args:
        tx: on a connection that may read bodies.
        key: None: nothing that is sealed to people is opened.
    """
    found = []
    query = select(flag_steps).where(flag_steps.c.note_id == note_id).order_by(flag_steps.c.number)
    for row in tx.db.execute(query).all():
        why: dict[str, str] | None = {}
        if row.sealed_why is not None:
            why = tx.open("flag", note_id + row.number.to_bytes(4, "big"), row.sealed_why)
        elif row.body is not None:
            why = None
            expected = Expected(agency_ref, steps.place(note_id, row.number), 0, "chat")
            if key is not None:
                with suppress(NoteUnreadable):
                    opened = open_note(row.body, key, expected=expected, ingest_public_keys=ingest_public_keys)
                    why = {name: str(value) for name, value in json.loads(opened.plaintext).items() if name != "act"}
        person = people.one(tx, row.who_ref) if row.who_ref else None
        who = row.who_ref.hex() if row.who_ref else ""
        found.append(OpenedStep(row.number, moment(row.at), row.act, who, person.handle if person else "", why))
    return found


def as_text(one: Opened) -> str:
    """A note for reading, field by field."""
    body = one.body
    lines = [f"{one.reference} ({body['kind']})"]
    for label, name in (
        ("Case", "case_code"),
        ("Kind", "type"),
        ("Happened", "occurred_at"),
        ("Recorded", "recorded_at"),
        ("Urgency", "urgency"),
        ("Flag", "flag_reason"),
    ):
        if body.get(name):
            lines.append(f"{label}: {body[name]}")
    author = body["author"]
    lines.append(f"Author: {author['handle']} ({author['role']})")
    headings = {
        "seen": "Saw or heard",
        "told": "Was told",
        "think": "Thinks (opinion)",
        "else": "Other explanation",
    }
    for part, text in body["parts"].items():
        lines.append(f"{headings[part]}:\n{text}")
    for thing in one.attachments:
        what = f"{thing.media_type}, {thing.size:,} bytes" if not thing.problem else f"cannot be read: {thing.problem}"
        lines.append(f"Attached {thing.number}: {thing.kind}, {what}")
    return "\n".join(lines)
