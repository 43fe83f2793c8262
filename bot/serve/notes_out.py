"""Sealed notes go out: listed without content, given with a reason where one is needed, each with its entry."""

import hmac
from typing import Final

from aiohttp import web

from bot.serve import limits as rates
from bot.serve.bodies import ListAsked, Opening, Ticket, bytes_of, id_of, number_of, read_json, read_query
from bot.serve.refusals import Refused
from bot.serve.served import SERVED, Served, Who, acting, step_up, token_of, told_time
from bot.serve.session_view import server_keys
from dialogues.flag_life import UNDO_WITHIN
from dialogues.permissions import SERVES
from storage import agencies, audit, flag_steps, flags, giving_out, reading
from storage.errors import ReasonNeeded, Unknown
from storage.giving_out import FlagOf, Row, Sealed
from storage.notes import SCHEMA_VERSION
from storage.reading import NeedsReason
from storage.sealing import base64url
from storage.transaction import Transaction

OF_THE_NOTE: Final = 0
"""In the place of an attachment's number: the ticket of a note itself."""


async def list_(request: web.Request) -> web.Response:
    """GET /api/notes"""
    served, asked = request.app[SERVED], read_query(request, ListAsked)

    def act(tx: Transaction, who: Who) -> dict[str, object]:
        refs, skip = who.reads, int(asked.after)
        if asked.agency is not None:
            refs = refs & {tx.keyring.agency_ref(asked.agency)}
        if asked.reference is not None:
            rows, more = _named(tx, refs, who, asked.reference), False
        else:
            rows, more = giving_out.listed(
                tx,
                refs,
                who.person_ref,
                status=asked.status,
                urgency=asked.urgency or "",
                order=asked.order,
                limit=asked.limit,
                skip=skip,
            )
        for agency_ref in sorted({row.agency_ref for row in rows} if skip == 0 else ()):
            audit.record(tx, "notes.listed", at=who.now, reason="desk", agency=agency_ref, key=who.key)
        desks = desks_of(tx, served, who)
        return {
            "notes": [_row(row, who, desks) for row in rows],
            "next": str(skip + asked.limit) if more else None,
        }

    return web.json_response(await acting(request, "reader", act))


async def open_(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/open"""
    served, note_id = request.app[SERVED], id_of(request, "note_id")
    asked = await read_json(request, Opening)

    def act(tx: Transaction, who: Who) -> dict[str, object]:
        served.limits.take(rates.OPENED, token_of(request), who.now)
        try:
            first = giving_out.first_of(tx, who.reads, note_id)
            verdict = reading.may_read(tx, who.person_ref, first, who.reads)
            reading.opening(tx, who.person_ref, first, who.reads, at=who.now, reason=asked.reason, words=asked.words)
        except ReasonNeeded:
            raise Refused("reason") from None
        except Unknown:
            raise Refused("unknown") from None
        if isinstance(verdict, NeedsReason):
            step_up(who)
        given = giving_out.whole(tx, first)
        if who.person_ref is not None:  # whoever has a flag of it is at work on it from here on
            flags.worked(tx, first, who.person_ref, at=who.now, pins=served.world.pins)
        row = giving_out.one(tx, who.reads, who.person_ref, note_id)
        for one in given:
            if one.record is not None:
                reading.given_out(
                    tx,
                    one.note_id,
                    at=who.now,
                    reason=asked.reason,
                    words=asked.words,
                    key=who.key,
                    pins=served.world.pins,
                )
        return {
            "notes": [_sealed(tx, who, one) for one in given],
            "server_keys": server_keys(tx),
            "flag": None if row.flag is None else flag_view(row.flag, who),
            "acts": acts_now(tx, served, who, row),
            "ticket": base64url.encode(_ticket(tx, who, first, OF_THE_NOTE)),
        }

    return web.json_response(await acting(request, "reader", act))


async def attachment(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/attachments/{number}"""
    note_id, number = id_of(request, "note_id"), number_of(request)
    given = bytes_of((await read_json(request, Ticket)).ticket)

    def act(tx: Transaction, who: Who) -> bytes:
        if not hmac.compare_digest(given, _ticket(tx, who, note_id, number)):
            raise Refused("unknown")
        try:
            return giving_out.attachment(tx, who.reads, note_id, number)
        except Unknown:
            raise Refused("unknown") from None

    record = await acting(request, "reader", act)
    return web.Response(body=record, content_type="application/octet-stream")


def desks_of(tx: Transaction, served: Served, who: Who) -> frozenset[bytes]:
    """Refs of the agencies whose flags this session's person takes."""
    if who.person is None or not any(one.role in SERVES for one in who.person.memberships):
        return frozenset()
    return frozenset(served.world.access.desks_of(tx, who.person, who.now)) & who.reads


def acts_of(row: Row, who: Who, desks: frozenset[bytes], *, declined: bool = True) -> list[str]:
    """What this session may do with a note's flag now: the same as in the chat.

    Args:
        declined: its person said already that they cannot, or is not asked here.
    """
    if row.flag is None or row.agency_ref not in desks:
        return []
    if row.flag.state in ("open", "overdue"):
        return ["take"] if declined else ["take", "cannot"]
    if not is_mine(row.flag, who):
        return []
    may_undo = row.flag.stands == "taken" and who.now - row.flag.moved_at <= UNDO_WITHIN
    own = {"taken": ["work", "await"], "in-hand": ["await"], "waiting": ["work"]}[row.flag.stands]
    return [*own, "hand-on", "close", "ask", *(["undo"] if may_undo else [])]


def acts_now(tx: Transaction, served: Served, who: Who, row: Row) -> list[str]:
    """The same for a note that is shown alone."""
    declined = row.flag is not None and who.person_ref in flag_steps.declined_by(tx, row.flag.note_id)
    return acts_of(row, who, desks_of(tx, served, who), declined=declined)


def was_given(tx: Transaction, who: Who, first: bytes, ticket: str) -> bool:
    """Whether a ticket shows that a note was opened in this session."""
    return hmac.compare_digest(bytes_of(ticket), _ticket(tx, who, first, OF_THE_NOTE))


def is_mine(flag: FlagOf, who: Who) -> bool:
    return flag.state == "taken" and who.person_ref is not None and flag.owner_ref == who.person_ref


def flag_view(flag: FlagOf, who: Who) -> dict[str, object]:
    return {
        "note_id": flag.note_id.hex(),
        "reference": flag.reference,
        "urgency": flag.urgency,
        "state": flag.state,
        "raised_at": told_time(flag.raised_at),
        "due_at": told_time(flag.due_at),
        "owner": flag.owner or None,
        "mine": is_mine(flag, who),
        "outcome": flag.outcome,
        "closed_at": None if flag.closed_at is None else told_time(flag.closed_at),
    }


def _named(tx: Transaction, refs: frozenset[bytes], who: Who, short: str) -> list[Row]:
    """The first note of a reference, or none."""
    try:
        return [giving_out.one(tx, refs, who.person_ref, reading.note_of(tx, short, refs))]
    except Unknown:
        return []


def _row(row: Row, who: Who, desks: frozenset[bytes]) -> dict[str, object]:
    return {
        "note_id": row.note_id.hex(),
        "reference": row.reference,
        "agency": row.agency,
        "hour": told_time(row.hour),
        "state": row.state,
        "flag": None if row.flag is None else flag_view(row.flag, who),
        "amendments": row.amendments,
        "attachments": row.attachments,
        "needs_reason": not row.own,
        "acts": acts_of(row, who, desks),
    }


def _sealed(tx: Transaction, who: Who, one: Sealed) -> dict[str, object]:
    return {
        "note_id": one.note_id.hex(),
        "reference": one.reference,
        "agency": agencies.name_of(tx, one.agency_ref),
        "agency_ref": one.agency_ref.hex(),
        "amends": None if one.amends is None else one.amends.hex(),
        "flag_level": one.flag_level,
        "schema_version": SCHEMA_VERSION,
        "channel": one.channel,
        "state": one.state,
        "record": None if one.record is None else base64url.encode(one.record),
        "attachments": [
            {"number": number, "size": size, "ticket": base64url.encode(_ticket(tx, who, one.note_id, number))}
            for number, size in one.attachments
        ],
    }


def _ticket(tx: Transaction, who: Who, note_id: bytes, number: int) -> bytes:
    """Shows that this note was given out to this session."""
    return tx.keyring.page_hash("ticket", who.session.token_hash, note_id, bytes([number]))
