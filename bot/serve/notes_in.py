"""Sealed notes come in: checked against session and desk, signed, kept once, told to the desk and to the author."""

from aiohttp import web

from bot import audited, flag_routing
from bot.effects import apply
from bot.notices import tell
from bot.serve import limits as rates
from bot.serve.bodies import (
    MOST_ATTACHMENT,
    Empty,
    SealedNote,
    bytes_of,
    id_of,
    number_of,
    read_bounded,
    read_json,
)
from bot.serve.receipts import receipt
from bot.serve.refusals import Refused
from bot.serve.served import SERVED, Served, Who, acting, of_linked
from dialogues import permissions
from dialogues.model import Scene, WithdrawNote
from dialogues.note import UNDO
from dialogues.reference import reference
from storage import agencies, audit, cases, page_notes, page_quota
from storage.agencies import AgencyRow
from storage.errors import Unknown
from storage.outbox import Outgoing
from storage.page_notes import Accepted, NotTaken
from storage.page_quota import DayFull
from storage.sealing.desk import Manifest
from storage.transaction import Transaction


async def keep(request: web.Request) -> web.Response:
    """PUT /api/notes/{note_id}"""
    served, note_id = request.app[SERVED], id_of(request, "note_id")
    sent = await read_json(request, SealedNote)
    envelope = bytes_of(sent.envelope)
    if len(set(sent.attachments)) != len(sent.attachments):
        raise Refused("form")

    def act(tx: Transaction, who: Who) -> tuple[dict[str, object], list[Outgoing]]:
        talk, _ = of_linked(who)
        try:
            agency, manifest = _desk(tx, served, who, page_notes.agency_of(envelope))
            accepted = page_notes.checked(
                envelope,
                manifest,
                note_id=note_id,
                author_ref=talk.person_ref,
                desk_version=sent.desk_version,
                at=who.now,
            )
            kept = page_notes.keep(
                tx,
                accepted,
                case_tag=_case(tx, who, agency, sent.case),
                amends=None if sent.amends is None else bytes.fromhex(sent.amends),
                attached=sent.attachments,
                at=who.now,
                undo=UNDO,
            )
        except NotTaken as refused:
            raise Refused(refused.why) from None
        except Unknown:
            raise Refused("unknown") from None
        if not kept.already:
            _count(tx, talk.person_ref, agency.ref, who)
        told = [] if kept.already else _kept(tx, served, who, agency, accepted, amends=sent.amends is not None)
        return {
            "receipt": receipt(tx, talk.person_ref, note_id),
            "already_kept": kept.already,
            "recipients_dropped": accepted.dropped,
            "recipients_missing": accepted.missing,
        }, told

    about, told = await acting(request, "author", act)
    served.push(told)
    return web.json_response(about, status=200 if about["already_kept"] else 201)


async def upload(request: web.Request) -> web.Response:
    """PUT /api/notes/{note_id}/attachments/{number}"""
    served, note_id, number = request.app[SERVED], id_of(request, "note_id"), number_of(request)
    if request.content_type != "application/octet-stream":
        raise Refused("type")
    await acting(request, "author", lambda tx, who: None)  # before five megabytes are read
    envelope = await read_bounded(request, MOST_ATTACHMENT)

    def act(tx: Transaction, who: Who) -> bool:
        talk, _ = of_linked(who)
        served.limits.take(rates.UPLOADS, talk.person_ref.hex(), who.now)
        try:
            agency, manifest = _desk(tx, served, who, page_notes.agency_of_attachment(envelope))
            if not agencies.media(agency):
                raise Refused("role")
            return page_notes.upload(
                tx, envelope, manifest, note_id=note_id, number=number, person_ref=talk.person_ref, at=who.now
            ).already
        except NotTaken as refused:
            raise Refused(refused.why) from None

    already = await acting(request, "author", act)
    about = {"note_id": note_id.hex(), "number": number, "already_kept": already}
    return web.json_response(about, status=200 if already else 201)


async def withdraw(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/withdraw"""
    served, note_id = request.app[SERVED], id_of(request, "note_id")
    await read_json(request, Empty)

    def act(tx: Transaction, who: Who) -> tuple[dict[str, object], list[Outgoing]]:
        talk, person = of_linked(who)
        scene = Scene(who.now, who.now, person, served.world.voices, served.world.entropy(16).hex())
        try:
            told = apply(tx, served.world, talk, scene, WithdrawNote(note_id.hex()))
        except Unknown:
            raise Refused("unknown") from None
        audited.did(tx, WithdrawNote(note_id.hex()), at=who.now)
        return receipt(tx, talk.person_ref, note_id), told

    about, told = await acting(request, "author", act)
    served.push(told)
    return web.json_response(about)


def _count(tx: Transaction, person_ref: bytes, agency_ref: bytes, who: Who) -> None:
    """
    Raises:
        Refused: ``day-full``: with that it is not kept either.
    """
    try:
        page_quota.count(tx, person_ref, agency_ref, at=who.now)
    except DayFull as full:
        raise Refused("day-full", wait_s=full.wait.total_seconds()) from None


def _desk(tx: Transaction, served: Served, who: Who, agency_ref: bytes) -> tuple[AgencyRow, Manifest]:
    """The agency that a note is for, if this person writes notes there, and its desk in force.

    Raises:
        Refused: ``header``, ``role`` or ``no-desk``.
    """
    talk, person = of_linked(who)
    if agency_ref not in {ref for ref, _, _ in talk.places}:
        raise Refused("header")
    agency = agencies.by_ref(tx, agency_ref)
    if not permissions.allows(person, "KeepNote", agency.slug):
        raise Refused("role")
    manifest = served.desks.of(tx, agency, who.now)
    if manifest is None:
        raise Refused("no-desk")
    return agency, manifest


def _case(tx: Transaction, who: Who, agency: AgencyRow, handle: str | None) -> bytes | None:
    """The case tag behind a handle of the session's.

    Raises:
        Unknown: this person works on no such case.
    """
    if handle is None:
        return None
    talk, _ = of_linked(who)
    mine = (one.code for one in cases.of_person(tx, talk.person_ref) if one.agency == agency.slug)
    tag = bytes.fromhex(handle)
    if tag not in {tx.keyring.case_tag(agency.ref, code) for code in mine}:
        raise Unknown("case")
    return tag


def _kept(
    tx: Transaction, served: Served, who: Who, agency: AgencyRow, one: Accepted, *, amends: bool
) -> list[Outgoing]:
    """It was kept just now: its entry in the audit log, its flag, and who hears of it."""
    talk, _ = of_linked(who)
    header, note_id = one.header, one.header.note_id.hex()
    action: audit.Action = "note.amended" if amends else "note.kept"
    audit.record(tx, action, at=who.now, reason="authorship", agency=agency.ref, about=header.note_id)
    short = reference(note_id)
    told = tell(
        tx,
        served.world,
        talk.person_ref,
        agency.slug,
        "page-kept",
        {"reference": short},
        who.now,
        opens=f"my-notes.undo.{short}",
        label="button-undo",
    )
    if header.flag_level:
        told += flag_routing.raise_flag(tx, served.world, note_id, agency.ref, header.flag_level, who.now)
    return told
