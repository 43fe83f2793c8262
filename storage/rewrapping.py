"""Seal kept notes anew for the desk as it is today. For a holder of a key that opens them; the bot never imports this.

A note's stanzas change, and those of what is attached to it and of why its flag went its way; texts, headers and
signatures do not. A note that has the right stanzas is left alone, so that what was interrupted goes on where it
stopped.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select, update

from dialogues.flag_life import OVER
from storage import audit, flag_steps
from storage.schema import attachments, flags, notes
from storage.schema import flag_steps as step_rows
from storage.sealing import record as records
from storage.sealing.attachment import Place, parse
from storage.sealing.errors import CannotSeal, NoteUnreadable
from storage.sealing.opening import Expected
from storage.sealing.opening_attachment import rewrap_attachment
from storage.sealing.rewrap import rewrap
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey, PublicKey
from storage.transaction import Transaction

OPEN_STATES = ("held", "waiting")


@dataclass(frozen=True, slots=True)
class Left:
    """A note that stays as it was; ``code`` says why, see docs/operating.md."""

    reference: str
    code: str


@dataclass(slots=True)
class Report:
    """
    Attributes:
        rewrapped: sealed anew.
        already: had the right readers.
        left: this key cannot seal them anew.
    """

    rewrapped: int = 0
    already: int = 0
    left: list[Left] = field(default_factory=list)


def kept(tx: Transaction, agency_ref: bytes, *, open_only: bool) -> list[bytes]:
    """Ids of an agency's notes that still have a text, oldest first.

    Args:
        open_only: those that were not handed over, or whose flag is not closed.
    """
    query = (
        select(notes.c.id)
        .outerjoin(flags, flags.c.note_id == notes.c.id)
        .where(notes.c.agency_ref == agency_ref, notes.c.state != "withdrawn")
        .order_by(notes.c.hour, notes.c.reference)
    )
    if open_only:
        query = query.where(or_(notes.c.state.in_(OPEN_STATES), flags.c.state.not_in(OVER)))
    return list(tx.db.scalars(query))


def rewrap_some(
    tx: Transaction,
    note_ids: Collection[bytes],
    key: OpeningKey,
    recipients: tuple[PublicKey, ...],
    ingest_public_keys: Collection[VerifyKey],
    report: Report,
    *,
    at: datetime,
) -> None:
    """Seal some notes anew, and add to the report.

    Args:
        tx: on a connection that may read bodies. What the former stanzas were does not linger in the file afterwards.
        recipients: exactly who shall be able to open them.
    """
    wanted = {one.kid for one in recipients}
    found = select(notes).where(notes.c.id.in_(note_ids)).order_by(notes.c.hour, notes.c.reference)
    for row in tx.db.execute(found).all():
        if row.body is None:  # withdrawn meanwhile
            continue
        expected = Expected(row.agency_ref, row.id, row.flag_level, row.channel)
        try:
            things = _attachments(tx, row.agency_ref, row.id, key, recipients, ingest_public_keys)
            steps = _steps(tx, row.agency_ref, row.id, key, recipients, ingest_public_keys)
            if set(records.parse(row.body, note_id_hex=row.id.hex()).envelope.kids) != wanted:
                body = rewrap(row.body, key, recipients, expected=expected, ingest_public_keys=ingest_public_keys)
            elif things or steps:
                body = row.body
            else:
                report.already += 1
                continue
        except (NoteUnreadable, CannotSeal) as refused:
            report.left.append(Left(row.reference, refused.code))
            continue
        tx.db.execute(update(notes).where(notes.c.id == row.id).values(body=body))
        for number, record in things.items():
            its = (attachments.c.note_id == row.id, attachments.c.number == number)
            tx.db.execute(update(attachments).where(*its).values(body=record))
        for number, record in steps.items():
            its = (step_rows.c.note_id == row.id, step_rows.c.number == number)
            tx.db.execute(update(step_rows).where(*its).values(body=record))
        tx.purged()
        audit.record(
            tx, "note.rewrapped", at=at, reason="access", agency=row.agency_ref, about=row.id, key=key.kid.hex()
        )
        report.rewrapped += 1


def _attachments(
    tx: Transaction,
    agency_ref: bytes,
    note_id: bytes,
    key: OpeningKey,
    recipients: tuple[PublicKey, ...],
    ingest_public_keys: Collection[VerifyKey],
) -> dict[int, bytes]:
    """Number -> new record of those kept with a note that have other readers.

    Raises:
        NoteUnreadable, CannotSeal: one of them cannot be sealed anew; nothing of the note is changed then.
    """
    its = (attachments.c.note_id == note_id, attachments.c.state == "kept")
    anew = {}
    for row in tx.db.execute(select(attachments.c.number, attachments.c.body).where(*its)).all():
        if {stanza.kid for stanza in parse(row.body).stanzas} != {one.kid for one in recipients}:
            place = Place(agency_ref, note_id, row.number)
            anew[row.number] = rewrap_attachment(
                row.body, key, recipients, place=place, ingest_public_keys=ingest_public_keys
            )
    return anew


def _steps(
    tx: Transaction,
    agency_ref: bytes,
    note_id: bytes,
    key: OpeningKey,
    recipients: tuple[PublicKey, ...],
    ingest_public_keys: Collection[VerifyKey],
) -> dict[int, bytes]:
    """Number -> new record of those steps of its flag whose why has other readers.

    Raises:
        NoteUnreadable, CannotSeal: as ``_attachments``.
    """
    its = (step_rows.c.note_id == note_id, step_rows.c.body.is_not(None))
    anew = {}
    for row in tx.db.execute(select(step_rows.c.number, step_rows.c.body).where(*its)).all():
        if set(records.parse(row.body, note_id_hex=note_id.hex()).envelope.kids) != {one.kid for one in recipients}:
            expected = Expected(agency_ref, flag_steps.place(note_id, row.number), 0, "chat")
            anew[row.number] = rewrap(
                row.body, key, recipients, expected=expected, ingest_public_keys=ingest_public_keys
            )
    return anew
