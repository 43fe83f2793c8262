"""Flags are taken, handed on, closed from the page, and their authors asked back: the same acts as in the chat."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Final

from aiohttp import web

from bot import duty, flag_acts, flag_author
from bot.serve.bodies import Await, Cannot, Close, Empty, HandOn, Take, id_of, read_json
from bot.serve.notes_out import acts_now, desks_of, flag_view, is_mine, was_given
from bot.serve.refusals import Refused
from bot.serve.served import SERVED, Served, Who, acting, of_linked
from dialogues.model import (
    AWAITED,
    DECLINED,
    OUTCOMES,
    AwaitOther,
    CloseFlag,
    DeclineFlag,
    HandOnFlag,
    TakeFlag,
    UndoTake,
    WorkOnFlag,
)
from storage import audit, flags, giving_out, sessions
from storage.errors import Unknown
from storage.giving_out import FlagOf, Row
from storage.outbox import Outgoing
from storage.transaction import Transaction

Doing = Callable[[Transaction, Served, Who, Row, FlagOf], list[Outgoing]]
ASKED_AGAIN: Final = timedelta(minutes=5)
"""So long an author who was asked back is not asked once more: a press whose answer was lost is pressed again."""


async def take(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/take"""
    ticket = (await read_json(request, Take)).ticket

    def doing(tx: Transaction, served: Served, who: Who, row: Row, flag: FlagOf) -> list[Outgoing]:
        told = [] if is_mine(flag, who) else _perform(tx, served, who, TakeFlag(flag.note_id.hex()))
        if ticket is not None and was_given(tx, who, row.note_id, ticket):  # they have read it already
            _worked(tx, served, who, flag)
        return told

    return await _done(request, doing)


async def undo(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/undo"""
    await read_json(request, Empty)
    return await _done(request, _plainly(UndoTake))


async def work(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/work"""
    await read_json(request, Empty)
    return await _done(request, _plainly(WorkOnFlag))


async def await_(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/await"""
    whom = _one_of((await read_json(request, Await)).whom, AWAITED)
    return await _done(request, _plainly(lambda note_id: AwaitOther(note_id, whom)))


async def cannot(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/cannot"""
    why = _one_of((await read_json(request, Cannot)).why, DECLINED)
    return await _done(request, _plainly(lambda note_id: DeclineFlag(note_id, why)))


async def hand_on(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/hand-on"""
    to = (await read_json(request, HandOn)).to
    return await _done(request, _plainly(lambda note_id: HandOnFlag(note_id, to)))


async def close(request: web.Request) -> web.Response:
    """POST /api/notes/{note_id}/close"""
    outcome = _one_of((await read_json(request, Close)).outcome, OUTCOMES)

    def doing(tx: Transaction, served: Served, who: Who, row: Row, flag: FlagOf) -> list[Outgoing]:
        if flag.state == "closed" and flag.outcome == outcome and flag.owner_ref == who.person_ref:
            return []  # so they did before, and did not hear that it was done
        return _perform(tx, served, who, CloseFlag(flag.note_id.hex(), outcome))

    return await _done(request, doing)


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
        told = doing(tx, served, who, *_flag(tx, served, who, note_id))
        after = giving_out.with_flag(tx, who.reads, who.person_ref, note_id)
        if after.flag is None:
            raise Refused("unknown")
        return {"flag": flag_view(after.flag, who), "acts": acts_now(tx, served, who, after)}, told

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


def _plainly(act: Callable[[str], flag_acts.FlagAct]) -> Doing:
    return lambda tx, served, who, row, flag: _perform(tx, served, who, act(flag.note_id.hex()))


def _one_of(said: str, known: Collection[str]) -> str:
    """
    Raises:
        Refused: ``form``.
    """
    if said not in known:
        raise Refused("form")
    return said


def _worked(tx: Transaction, served: Served, who: Who, flag: FlagOf) -> None:
    flags.worked(tx, flag.note_id, of_linked(who)[0].person_ref, at=who.now, pins=served.world.pins)


def _perform(tx: Transaction, served: Served, who: Who, act: flag_acts.FlagAct) -> list[Outgoing]:
    try:
        return flag_acts.perform(tx, served.world, of_linked(who)[1], act, who.now)
    except Unknown:
        raise Refused("taken") from None


def _ask(tx: Transaction, served: Served, who: Who, row: Row, flag: FlagOf) -> list[Outgoing]:
    """
    Raises:
        Refused: ``taken``: it is not this person's; ``no-author``: nobody can be told.
    """
    if not is_mine(flag, who):
        raise Refused("taken")
    _worked(tx, served, who, flag)
    try:
        sessions.use_once(tx, b"ask" + flag.note_id, until=who.now + ASKED_AGAIN)
    except Unknown:
        return []
    told = flag_author.ask(tx, served.world, flag.note_id.hex(), who.now)
    if told is None:
        raise Refused("no-author")
    audit.record(tx, "flag.asked", at=who.now, reason="desk", agency=row.agency_ref, about=flag.note_id)
    return told
