"""Notes and attachments that come sealed from the page: held against session and desk, signed, kept. Nothing is opened.

envelope ──checked──▶ Accepted ──keep──▶ notes, receipts
attachment's envelope ──upload──▶ attachments (sealed) ──keep──▶ kept with its note · ──sweep──▶ ∅
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from dialogues.reference import reference
from storage import attachments, deliveries, timers
from storage.errors import StorageError, Unknown
from storage.notes import RELEASE, SCHEMA_VERSION
from storage.schema import attachments as attachment_rows
from storage.schema import notes, page_uploads, receipts
from storage.sealing import attachment as sealed_attachments
from storage.sealing import envelope as envelopes
from storage.sealing import record as records
from storage.sealing.attachment import RECORD_VERSION, AttachmentRecord, Place
from storage.sealing.desk import Manifest
from storage.sealing.envelope import Envelope, Stanza
from storage.sealing.errors import NoteUnreadable
from storage.sealing.header import Header
from storage.sealing.signing import SIGNATURE_BYTES
from storage.sealing.suites import KID_BYTES
from storage.transaction import Transaction, seconds

SEALED_AGO: Final = timedelta(days=14)
"""So long a note may wait on a device for the network."""
AHEAD: Final = timedelta(hours=1)
UPLOAD_LIVES: Final = timedelta(hours=24)
MOST_OF_NOTE: Final = 10
"""Attachments sent up for one note, twice as many as it may have."""
MOST_UNFOLLOWED: Final = 8
"""Notes of one person whose attachments were sent up and which are still to come themselves."""
UNSIGNED: Final = RECORD_VERSION + bytes(KID_BYTES + SIGNATURE_BYTES)

Why = Literal[
    "envelope",
    "header",
    "recipients",
    "suite",
    "desk-newer",
    "other-note",
    "reference",
    "uploads",
    "withdrawn",
    "slower",
]


class NotTaken(StorageError):
    """A sealed note or attachment is not taken. ``why``: as in docs/formats/page-api.md."""

    code = "storage.not-taken"

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class Accepted:
    """
    Attributes:
        dropped: stanzas that were taken out: of keys that left the desk since it was sealed.
        missing: keys that came to the desk since.
    """

    envelope: Envelope
    dropped: int
    missing: int

    @property
    def header(self) -> Header:
        return self.envelope.header


@dataclass(frozen=True, slots=True)
class Kept:
    """``already``: it was here before, and nothing was done."""

    already: bool
    state: str = field(default="held")


def agency_of(envelope: bytes) -> bytes:
    """The agency that an envelope says it is for; nothing of it is checked.

    Raises:
        NotTaken: it is no envelope.
    """
    return _parsed(envelope).header.agency_ref


def agency_of_attachment(envelope: bytes) -> bytes:
    """The same of a sealed attachment."""
    try:
        return sealed_attachments.parse(UNSIGNED + envelope).place.agency_ref
    except NoteUnreadable:
        raise NotTaken("envelope") from None


def checked(
    envelope: bytes, manifest: Manifest, *, note_id: bytes, author_ref: bytes, desk_version: int, at: datetime
) -> Accepted:
    """Hold a sealed note against who sends it and the desk in force.

    Args:
        manifest: good to be sealed to today.
        desk_version: of the manifest it was sealed to.

    Raises:
        NotTaken: ``envelope``, ``header``, ``suite``, ``recipients`` or ``desk-newer``.
    """
    parsed = _parsed(envelope)
    header = parsed.header
    expected = Header(
        agency_ref=manifest.agency_ref,
        note_id=note_id,
        author_ref=author_ref,
        flag_level=header.flag_level,
        hour=header.hour,
        schema_version=SCHEMA_VERSION,
        channel="page",
    )
    if header != expected or not at - SEALED_AGO <= hour(header) <= at + AHEAD:
        raise NotTaken("header")
    if parsed.suite not in manifest.suites:
        raise NotTaken("suite")
    stanzas, dropped, missing = _for_desk(parsed.stanzas, manifest, desk_version, at)
    return Accepted(replace(parsed, stanzas=stanzas), dropped, missing)


def keep(
    tx: Transaction,
    one: Accepted,
    *,
    case_tag: bytes | None,
    amends: bytes | None,
    attached: Collection[int],
    at: datetime,
    undo: timedelta,
) -> Kept:
    """Sign a checked note and keep it, once.

    Args:
        case_tag: of a case of the author's; for an amendment the first note's counts.
        amends: id of the author's own first note.

    Raises:
        Unknown: the amended note is not there, is an amendment, or is not the author's.
        NotTaken: ``other-note``, ``reference``, ``uploads``, ``withdrawn``.
    """
    header = one.header
    tx.hold(header.note_id)
    known = tx.db.execute(
        select(notes.c.state, notes.c.body, receipts.c.author_ref)
        .join(receipts, receipts.c.note_id == notes.c.id)
        .where(notes.c.id == header.note_id)
    ).one_or_none()
    if known is not None:
        if known.author_ref != header.author_ref:
            raise NotTaken("other-note")
        if known.body is None:
            raise NotTaken("withdrawn")
        if records.signed_part(records.parse(known.body).envelope) != records.signed_part(one.envelope):
            raise NotTaken("other-note")
        return Kept(True, known.state)
    if amends is not None:
        case_tag = _tag_of(tx, header, amends)
    short = reference(header.note_id.hex())
    same = (notes.c.agency_ref == header.agency_ref, notes.c.reference == short)
    if tx.db.scalar(select(notes.c.id).where(*same)) is not None:
        raise NotTaken("reference")
    row = {
        "id": header.note_id,
        "agency_ref": header.agency_ref,
        "reference": short,
        "flag_level": header.flag_level,
        "hour": seconds(hour(header)),
        "state": "held",
        "case_tag": case_tag,
        "amends": amends,
        "body": records.accept(one.envelope.build(), tx.keyring.ingest),
        "channel": header.channel,
    }
    tx.db.execute(insert(notes), row)
    tx.db.execute(insert(receipts), {"note_id": header.note_id, "author_ref": header.author_ref})
    _keep_attached(tx, header, attached)
    deliveries.owe(tx, header.note_id, agency_ref=header.agency_ref)
    timers.arm(tx, RELEASE, header.note_id.hex(), at + undo)
    return Kept(False)


def upload(
    tx: Transaction,
    envelope: bytes,
    manifest: Manifest,
    *,
    note_id: bytes,
    number: int,
    person_ref: bytes,
    at: datetime,
) -> Kept:
    """Sign a sealed attachment and hold it for its note.

    Args:
        envelope: from magic on, see docs/formats/sealed-attachment.md.

    Raises:
        NotTaken: ``envelope``, ``header``, ``suite``, ``recipients``, ``other-note``; ``slower``: too many wait for
            their notes.
    """
    try:
        parsed = sealed_attachments.parse(UNSIGNED + envelope)
    except NoteUnreadable:
        raise NotTaken("envelope") from None
    if parsed.place != Place(manifest.agency_ref, note_id, number):
        raise NotTaken("header")
    if parsed.suite not in manifest.suites:
        raise NotTaken("suite")
    tx.hold(note_id)
    if tx.db.scalar(select(notes.c.id).where(notes.c.id == note_id)) is not None:
        return _uploaded_before(tx, parsed, note_id, number, person_ref)
    owner = tx.db.scalar(select(page_uploads.c.person_ref).where(page_uploads.c.note_id == note_id))
    if owner is not None and owner != person_ref:
        raise NotTaken("other-note")
    if owner is None:
        tx.db.execute(insert(page_uploads), {"note_id": note_id, "person_ref": person_ref, "at": seconds(at)})
    elif tx.db.scalar(select(attachment_rows.c.number).where(*_one(note_id, number))) is not None:
        return _uploaded_before(tx, parsed, note_id, number, person_ref)
    _not_too_many(tx, note_id, person_ref)
    stanzas, _, _ = _for_desk(parsed.stanzas, manifest, 0, at)
    signed = replace(
        parsed,
        stanzas=stanzas,
        signer_kid=tx.keyring.ingest.kid,
        signature=tx.keyring.ingest.sign(parsed.signed_part),
    )
    row = {
        "note_id": note_id,
        "number": number,
        "agency_ref": manifest.agency_ref,
        "state": "sealed",
        "body": signed.build(),
    }
    tx.db.execute(insert(attachment_rows), row)
    return Kept(False)


def sweep(tx: Transaction, *, at: datetime, at_most: int = 100) -> int:
    """Destroy attachments whose note did not come.

    Returns:
        Of how many notes.
    """
    old = page_uploads.c.at <= seconds(at - UPLOAD_LIVES)
    found = list(tx.db.scalars(select(page_uploads.c.note_id).where(old).limit(at_most)))
    for note_id in found:
        attachments.drop(tx, note_id.hex())
        tx.db.execute(delete(page_uploads).where(page_uploads.c.note_id == note_id))
    return len(found)


def hour(header: Header) -> datetime:
    """Aware, UTC."""
    return datetime.strptime(header.hour, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)


def _parsed(envelope: bytes) -> Envelope:
    try:
        return envelopes.parse(envelope)
    except NoteUnreadable:
        raise NotTaken("envelope") from None


def _for_desk(
    stanzas: tuple[Stanza, ...], manifest: Manifest, desk_version: int, at: datetime
) -> tuple[tuple[Stanza, ...], int, int]:
    """Those of keys on the desk; how many are not, and how many of the desk's keys have none.

    Args:
        desk_version: 0 where it is not told.
    """
    if desk_version > manifest.version:
        raise NotTaken("desk-newer")
    live = manifest.live(at.date())
    wanted = {one.key.kid: one.role for one in live}
    kept = tuple(stanza for stanza in stanzas if stanza.kid in wanted)
    roles = {wanted[stanza.kid] for stanza in kept}
    dropped, missing = len(stanzas) - len(kept), len(wanted) - len(kept)
    if not roles - {"recovery"} or (manifest.escrow and "recovery" not in roles):
        raise NotTaken("recipients")
    if desk_version == manifest.version and (dropped or missing):
        raise NotTaken("recipients")
    return kept, dropped, missing


def _tag_of(tx: Transaction, header: Header, amends: bytes) -> bytes | None:
    """The case tag of the author's own first note."""
    first = (
        select(notes.c.case_tag)
        .join(receipts, receipts.c.note_id == notes.c.id)
        .where(
            notes.c.id == amends,
            notes.c.agency_ref == header.agency_ref,
            notes.c.amends.is_(None),
            receipts.c.author_ref == header.author_ref,
        )
    )
    found = tx.db.execute(first).one_or_none()
    if found is None:
        raise Unknown("note")
    tag: bytes | None = found.case_tag
    return tag


def _keep_attached(tx: Transaction, header: Header, numbers: Collection[int]) -> None:
    """Those that are named go with the note; others that were sent up for it are destroyed."""
    mine = (page_uploads.c.note_id == header.note_id, page_uploads.c.person_ref == header.author_ref)
    sent = tx.db.execute(delete(page_uploads).where(*mine)).rowcount == 1
    if numbers:
        of_note = (attachment_rows.c.note_id == header.note_id, attachment_rows.c.agency_ref == header.agency_ref)
        kept = tx.db.execute(
            update(attachment_rows)
            .where(*of_note, attachment_rows.c.number.in_(numbers), attachment_rows.c.state == "sealed")
            .values(state="kept")
        )
        if not sent or kept.rowcount != len(numbers):
            raise NotTaken("uploads")
    attachments.drop(tx, header.note_id.hex())


def _not_too_many(tx: Transaction, note_id: bytes, person_ref: bytes) -> None:
    of_note = select(func.count()).select_from(attachment_rows).where(attachment_rows.c.note_id == note_id)
    of_person = select(func.count()).select_from(page_uploads).where(page_uploads.c.person_ref == person_ref)
    if tx.db.execute(of_note).scalar_one() >= MOST_OF_NOTE or tx.db.execute(of_person).scalar_one() > MOST_UNFOLLOWED:
        raise NotTaken("slower")


def _uploaded_before(tx: Transaction, parsed: AttachmentRecord, note_id: bytes, number: int, person_ref: bytes) -> Kept:
    body = tx.db.scalar(select(attachment_rows.c.body).where(*_one(note_id, number)))
    author = tx.db.scalar(select(receipts.c.author_ref).where(receipts.c.note_id == note_id))
    if body is None or author not in (None, person_ref):
        raise NotTaken("other-note")
    if sealed_attachments.parse(body).signed_part != parsed.signed_part:
        raise NotTaken("other-note")
    return Kept(True)


def _one(note_id: bytes, number: int) -> tuple[ColumnElement[bool], ...]:
    return attachment_rows.c.note_id == note_id, attachment_rows.c.number == number
