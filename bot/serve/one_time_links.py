"""Authors log in: by the one-time link that `/page` gave them in the chat, or as the user Telegram vouches for."""

from aiohttp import web

from bot.serve import limits as rates
from bot.serve.bodies import LinkLogin, TelegramLogin, read_json
from bot.serve.init_data import InitDataRefused
from bot.serve.refusals import Refused
from bot.serve.served import SERVED, Served, moment_of, walled, who_of
from bot.serve.session_view import session_view
from bot.serve.whence import address_of
from storage import audit, people, sessions
from storage.actor import Actor
from storage.errors import Unknown
from storage.transaction import Transaction


async def by_link(request: web.Request) -> web.Response:
    """POST /api/sessions/link"""
    served, now = request.app[SERVED], moment_of(request.app[SERVED])
    served.limits.take(rates.LOGIN, address_of(request), now)
    asked = await read_json(request, LinkLogin)

    def turn(tx: Transaction) -> dict[str, object]:
        try:
            person_ref = sessions.use_link(tx, asked.token, at=now)
        except Unknown:
            raise Refused("link") from None
        return begun(tx, served, person_ref)

    return web.json_response(await served.store.run(turn), status=201)


async def by_telegram(request: web.Request) -> web.Response:
    """POST /api/sessions/telegram"""
    served, now = request.app[SERVED], moment_of(request.app[SERVED])
    served.limits.take(rates.LOGIN, address_of(request), now)
    asked, verifier = await read_json(request, TelegramLogin), served.telegram
    if verifier is None:
        raise Refused("unknown")
    try:
        vouched = verifier.vouched(asked.init_data, served.world.clock())
    except InitDataRefused:
        raise Refused("init-data") from None

    def turn(tx: Transaction) -> dict[str, object]:
        try:
            sessions.use_once(tx, vouched.once, until=vouched.until)
        except Unknown:
            raise Refused("init-data") from None
        person_ref = people.at_address(tx, "telegram", str(vouched.user))
        if person_ref is None:
            raise Refused("init-data")
        return begun(tx, served, person_ref)

    return web.json_response(await served.store.run(turn), status=201)


def begun(tx: Transaction, served: Served, person_ref: bytes) -> dict[str, object]:
    """A new author's session, as it is told."""
    now = moment_of(served)
    session, token = sessions.begin(tx, person_ref=person_ref, kid=None, at=now)
    who = who_of(tx, served, session, now)
    tx = walled(tx, served, who)
    audit.record(tx.acting(Actor.person(person_ref)), "session.begun", at=now, reason="authorship", about=person_ref)
    return session_view(tx, served, who, token)
