"""Flags are taken, handed on, closed from the page, and their authors asked back: the same acts as in the chat."""

from collections.abc import Callable

from aiohttp import web

from bot import duty, flag_acts, flag_author
from bot.serve.bodies import Close, Empty, HandOn, id_of, read_json
from bot.serve.notes_out import acts_of, desks_of, flag_view, is_mine
from bot.serve.refusals import Refused
from bot.serve.served import SERVED, Served, Who, acting, of_linked
from dialogues.model import OUTCOMES, CloseFlag, HandOnFlag, TakeFlag
from storage import audit, flags, giving_out
from storage.errors import Unknown
from storage.giving_out import FlagOf, Row
from storage.outbox import Outgoing
from storage.transaction import Transaction

Doing = Callable[[Transaction, Served, Who, FlagOf], list[Outgoing]]


async def take(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/take"""
    await read_json(request, Empty)
    return await _done(request, lambda tx, served, who, flag: _perform(tx, served, who, TakeFlag(flag.note_id.hex())))


async def hand_on(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/hand-on"""
    to = (await read_json(request, HandOn)).to
    return await _done(
        request, lambda tx, served, who, flag: _perform(tx, served, who, HandOnFlag(flag.note_id.hex(), to))
    )


async def close(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/close"""
    outcome = (await read_json(request, Close)).outcome
    if outcome not in OUTCOMES:
        raise Refused("form")
    return await _done(
        request, lambda tx, served, who, flag: _perform(tx, served, who, CloseFlag(flag.note_id.hex(), outcome))
    )


async def ask(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/ask"""
    await read_json(request, Empty)
    return await _done(request, _ask)


async def colleagues(request: web.Request) -> web.Response:
    """GET /api/notes/{note_id}/colleagues"""
    served, note_id = request.app[SERVED], id_of(request, "note_id")

    def act(tx: Transaction, who: Who) -> list[dict[str, str]]:
        (row, _), talk = _flag(tx, served, who, note_id), of_linked(who)[0]
        found = duty.of_agency(tx, served.world, row.agency_ref, who.now).takers
        return [
            {"person": one.ref.hex(), "handle": one.handle}
            for one in found
            if one.ref != talk.person_ref and one.handle
        ]

    return web.json_response({"colleagues": await acting(request, "reader", act)})


async def _done(request: web.Request, doing: Doing) -> web.Response:
    served, note_id = request.app[SERVED], id_of(request, "note_id")

    def act(tx: Transaction, who: Who) -> tuple[dict[str, object], list[Outgoing]]:
        told = doing(tx, served, who, _flag(tx, served, who, note_id)[1])
        after = giving_out.with_flag(tx, who.reads, who.person_ref, note_id)
        if after.flag is None:
            raise Refused("unknown")
        acts = acts_of(after, who, desks_of(tx, served, who))
        return {"flag": flag_view(after.flag, who), "acts": acts}, told

    about, told = await acting(request, "reader", act)
    served.push(told)
    return web.json_response(about)


def _flag(tx: Transaction, served: Served, who: Who, note_id: bytes) -> tuple[Row, FlagOf]:
    """The flag that this very note or amendment raised, and its row: what is asked for twice never reaches another one.

    Raises:
        Refused: ``unlinked``; ``unknown``: no note of these desks, or one without a flag; ``role``.
    """
    of_linked(who)
    try:
        row = giving_out.with_flag(tx, who.reads, who.person_ref, note_id)
    except Unknown:
        raise Refused("unknown") from None
    if row.flag is None:
        raise Refused("unknown")
    if row.agency_ref not in desks_of(tx, served, who):
        raise Refused("role")
    return row, row.flag


def _perform(tx: Transaction, served: Served, who: Who, act: flag_acts.FlagAct) -> list[Outgoing]:
    try:
        return flag_acts.perform(tx, served.world, of_linked(who)[1], act, who.now)
    except Unknown:
        raise Refused("taken") from None


def _ask(tx: Transaction, served: Served, who: Who, flag: FlagOf) -> list[Outgoing]:
    """
    Raises:
        Refused: ``taken``: it is not this person's; ``no-author``: nobody can be told.
    """
    if not is_mine(flag, who):
        raise Refused("taken")
    told = flag_author.ask(tx, served.world, flag.note_id.hex(), who.now)
    if told is None:
        raise Refused("no-author")
    audit.record(tx, "flag.asked", at=who.now, reason="desk", agency=flags.agency_of(tx, flag.note_id) or b"", about=flag.note_id)
    return told
