"""Sealed notes: kept, undone, listed by their receipts. No text goes out of here."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, insert, select, update

from dialogues.flag_life import OPEN, OVER
from dialogues.model import NoteView
from dialogues.reference import reference
from storage import agencies, attachments, deletions, deliveries, timers
from storage.errors import NoRecipients, Unknown
from storage.pins import Pins
from storage.schema import flags, notes, receipts
from storage.sealing.header import Header, hour_of
from storage.sealing.record import accept
from storage.sealing.seal import seal
from storage.transaction import Transaction, moment, seconds

SCHEMA_VERSION = 1
RELEASE = "release"
"""Kind of the timer that ends the time for undoing; ``about`` is the note id in hex."""
READ = "note-read"
"""Kind of the timer, due at once, that has supervisors told; ``about`` is note id in hex, a full stop, the reason."""


def keep(
    tx: Transaction,
    pins: Pins,
    *,
    note_id: str,
    agency: str,
    author_ref: bytes,
    body: Mapping[str, object],
    case_code: str,
    flag_level: int,
    amends: str,
    at: datetime,
    undo: timedelta,
) -> None:
    """Seal a note to the agency's desk and keep it; from here on nobody on this host can read it.

    Args:
        note_id: 32 hex digits, new.
        body: JSON-ready; at most 16,380 bytes as UTF-8 JSON.
        amends: id of the note it adds to, in hex, or empty; the case tag is that note's.

    Raises:
        NoRecipients: the desk's manifest is missing, unsigned, too old, or has nobody left.
        CannotSeal: the body is too long.
        Unknown: the amended note is not there, or another agency's.
    """
    agency_ref = tx.keyring.agency_ref(agency)
    manifest = agencies.desk(tx, agency, pins, at)
    if manifest is None:
        raise NoRecipients(agency)
    header = Header(
        agency_ref=agency_ref,
        note_id=bytes.fromhex(note_id),
        author_ref=author_ref,
        flag_level=flag_level,
        hour=hour_of(at),
        schema_version=SCHEMA_VERSION,
        channel="chat",
    )
    plaintext = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    envelope = seal(plaintext, header, manifest.sealing_keys(at.date()), manifest.suite)
    amended = bytes.fromhex(amends) if amends else None
    tag = tx.keyring.case_tag(agency_ref, case_code)
    if amended is not None:
        first = select(notes.c.case_tag).where(notes.c.id == amended, notes.c.agency_ref == agency_ref)
        found = tx.db.execute(first).one_or_none()
        if found is None:
            raise Unknown("note")
        tag = found.case_tag
    row = {
        "id": bytes.fromhex(note_id),
        "agency_ref": agency_ref,
        "reference": reference(note_id),
        "flag_level": flag_level,
        "hour": seconds(at.replace(minute=0, second=0, microsecond=0)),
        "state": "held",
        "case_tag": tag,
        "amends": amended,
        "body": accept(envelope, tx.keyring.ingest),
    }
    tx.db.execute(insert(notes), row)
    tx.db.execute(insert(receipts), {"note_id": row["id"], "author_ref": author_ref})
    deliveries.owe(tx, bytes.fromhex(note_id), agency_ref=agency_ref)
    timers.arm(tx, RELEASE, note_id, at + undo)


def release(tx: Transaction, note_id: str) -> None:
    """The time for undoing is over; the note waits to be handed over."""
    ref = bytes.fromhex(note_id)
    here = update(notes).where(notes.c.id == ref, notes.c.state == "held").values(state="waiting")
    if tx.db.execute(here).rowcount:
        deliveries.release(tx, ref)


def release_all_by(tx: Transaction, latest: datetime) -> None:
    """No held note waits longer than until then, and none for ever because its timer was lost."""
    timers.pull_in(tx, RELEASE, latest)
    for note_id in tx.db.scalars(select(notes.c.id).where(notes.c.state == "held")).all():
        if timers.armed_until(tx, RELEASE, note_id.hex()) is None:
            timers.arm(tx, RELEASE, note_id.hex(), latest)


def withdraw(tx: Transaction, note_id: str, author_ref: bytes) -> None:
    """Undo: destroy the sealed text and what is attached.

    Raises:
        Unknown: not the author's, or the time for undoing is over.
    """
    mine = select(receipts.c.note_id).where(receipts.c.author_ref == author_ref)
    if not _shed(tx, note_id, notes.c.state == "held", notes.c.id.in_(mine)):
        raise Unknown("note")


def by_reference(tx: Transaction, short: str) -> tuple[bytes, bytes]:
    """Id and agency of the note of a reference.

    Raises:
        Unknown: none, or several agencies have one.
    """
    found = tx.db.execute(select(notes.c.id, notes.c.agency_ref).where(notes.c.reference == short)).all()
    if len(found) != 1:
        raise Unknown(f"there is no note {short}")
    return found[0].id, found[0].agency_ref


def take_back(tx: Transaction, note_id: str, *, at: datetime) -> None:
    """Withdraw a note that may be in a case system already: the sealed text and what is attached are destroyed here,
    and every destination that has it, or may have it, is told so.

    Raises:
        Unknown: no such note, or it is withdrawn already.
    """
    if not _shed(tx, note_id, notes.c.state != "withdrawn", at=at):
        raise Unknown("that note is withdrawn already")


def withdraw_again(tx: Transaction, note_id: str) -> bool:
    """It was withdrawn after the backup that was restored. False: there is none that has its text."""
    return _shed(tx, note_id, notes.c.state != "withdrawn")


def _shed(tx: Transaction, note_id: str, *where: ColumnElement[bool], at: datetime | None = None) -> bool:
    gone = tx.db.execute(
        update(notes).where(notes.c.id == bytes.fromhex(note_id), *where).values(state="withdrawn", body=None)
    )
    if gone.rowcount != 1:
        return False
    attachments.drop(tx, note_id, kept=True)
    deliveries.undo(tx, bytes.fromhex(note_id), at=at)
    deletions.record(tx, "note-withdrawn", bytes.fromhex(note_id))
    tx.purged()
    timers.disarm(tx, RELEASE, note_id)
    return True


def logged_by(tx: Transaction, author_ref: bytes, *, at_most: int) -> list[tuple[str, datetime]]:
    """Reference and hour of the author's receipts, newest first; nothing is opened for it."""
    query = (
        select(notes.c.reference, notes.c.hour)
        .join(receipts, receipts.c.note_id == notes.c.id)
        .where(receipts.c.author_ref == author_ref)
        .order_by(notes.c.hour.desc(), notes.c.reference)
        .limit(at_most)
    )
    return [(row.reference, moment(row.hour)) for row in tx.db.execute(query)]


def of_author(tx: Transaction, author_ref: bytes, *, short: str | None = None, at_most: int = 20) -> list[NoteView]:
    """The author's receipts, newest first; with ``short`` only the note of that reference."""
    query = (
        select(
            notes.c.id,
            notes.c.reference,
            notes.c.agency_ref,
            notes.c.hour,
            notes.c.state,
            notes.c.amends,
            flags.c.state.label("flag_state"),
            flags.c.urgency.label("flag_urgency"),
            flags.c.overdue_since,
        )
        .join(receipts, receipts.c.note_id == notes.c.id)
        .outerjoin(flags, flags.c.note_id == notes.c.id)
        .where(receipts.c.author_ref == author_ref)
        .order_by(notes.c.hour.desc(), notes.c.reference)
        .limit(at_most)
    )
    if short is not None:
        query = query.where(notes.c.reference == short)
    return [
        NoteView(
            note_id=row.id.hex(),
            reference=row.reference,
            agency=agencies.by_ref(tx, row.agency_ref).slug,
            hour=moment(row.hour),
            state=row.state,
            flag_state=row.flag_state or "",
            undo_until=timers.armed_until(tx, RELEASE, row.id.hex()) if row.state == "held" else None,
            amends=row.amends.hex() if row.amends else "",
            flag_urgency=row.flag_urgency or "",
            flag_overdue=row.overdue_since is not None and row.flag_state not in OVER,
            flag_follows=short is not None and _is_flagged_anew(tx, row.id),
        )
        for row in tx.db.execute(query)
    ]


def _is_flagged_anew(tx: Transaction, note_id: bytes) -> bool:
    """Whether an amendment of a note has a flag that is open."""
    query = select(notes.c.id).join(flags, flags.c.note_id == notes.c.id)
    return tx.db.execute(query.where(notes.c.amends == note_id, flags.c.state.in_(OPEN))).first() is not None


def agency_of(tx: Transaction, note_id: bytes) -> bytes:
    """
    Raises:
        Unknown: no such note.
    """
    found: bytes | None = tx.db.scalar(select(notes.c.agency_ref).where(notes.c.id == note_id))
    if found is None:
        raise Unknown("note")
    return found


def author_of(tx: Transaction, note_id: bytes) -> bytes | None:
    found: bytes | None = tx.db.scalar(select(receipts.c.author_ref).where(receipts.c.note_id == note_id))
    return found
