"""Readers log in, step up, and link their key to themselves: each by opening something sealed to that key."""

from aiohttp import web

from bot.serve import limits as rates
from bot.serve.bodies import ChallengeAnswer, ChallengeAsked, bytes_of, id_of, read_json
from bot.serve.refusals import Refused
from bot.serve.served import SERVED, Served, Who, known, moment_of, read_by, token_of, told_time, who_of
from bot.serve.session_view import session_view
from bot.serve.whence import address_of
from storage import audit, challenges, key_holders, sessions
from storage.actor import Actor
from storage.errors import Unknown
from storage.sealing import base64url
from storage.transaction import Transaction


async def ask(request: web.Request) -> web.Response:
    """POST /api/challenges"""
    served, now = request.app[SERVED], moment_of(request.app[SERVED])
    served.limits.take(rates.LOGIN, address_of(request), now)
    kid = bytes.fromhex((await read_json(request, ChallengeAsked)).kid)

    def turn(tx: Transaction) -> dict[str, object]:
        held = served.desks.holding(tx, kid, now)
        key = held[0].key if held else served.desks.nobody
        made = challenges.ask(tx, kid, key, served.origin, at=now)
        return {
            "challenge_id": made.id.hex(),
            "kid": kid.hex(),
            "suite": key.suite.name_in_files,
            "sealed": base64url.encode(made.sealed),
            "expires_at": told_time(made.expires_at),
        }

    return web.json_response(await served.store.run(turn), status=201)


async def answer(request: web.Request) -> web.Response:
    """POST /api/challenges/{challenge_id}/answer"""
    served, now = request.app[SERVED], moment_of(request.app[SERVED])
    whence = address_of(request)
    served.limits.take(rates.LOGIN, whence, now)
    challenge_id = id_of(request, "challenge_id")
    given = bytes_of((await read_json(request, ChallengeAnswer)).answer)
    token = token_of(request) if "Authorization" in request.headers else ""

    def turn(tx: Transaction) -> dict[str, object] | Refused:
        asking = known(tx, served, token, now) if token else None
        kid = challenges.kid_of(tx, challenge_id)
        if kid is None:
            raise Refused("answer")
        wait = challenges.wait_of(tx, kid, whence, at=now)
        if wait:
            raise Refused("slower", wait_s=wait.total_seconds())
        if not challenges.answered(tx, challenge_id, given, at=now):
            challenges.failed(tx, kid, whence, at=now)
            audit.record(
                tx.acting(Actor.key(kid)), "session.refused", at=now, reason="access", about=kid, outcome="refused"
            )
            return Refused("answer")  # returned, not raised: that it was wrong is kept
        challenges.succeeded(tx, kid, whence)
        return _proved(tx, served, kid, asking)

    told = await served.store.run(turn)
    if isinstance(told, Refused):
        raise told
    return web.json_response(told, status=201)


def _proved(tx: Transaction, served: Served, kid: bytes, asking: Who | None) -> dict[str, object] | Refused:
    now = moment_of(served)
    held = served.desks.holding(tx, kid, now)
    if not held:  # it left the desk within this minute
        raise Refused("answer")
    if asking is not None and asking.session.kid == kid:
        session = sessions.prove(tx, asking.session, at=now)
        return session_view(tx, served, who_of(tx, served, session, now))
    if asking is not None and asking.session.kid is not None:
        raise Refused("role")  # one session, one key
    if asking is not None:
        _link(tx, served, kid, asking)
    holder = key_holders.holder_of(tx, kid)
    if holder is not None and not _reads(tx, served, holder, kid):
        audit.record(
            tx.acting(Actor.key(kid)), "session.refused", at=now, reason="access", about=kid, outcome="refused"
        )
        return Refused("role")
    session, token = sessions.begin(tx, person_ref=holder, kid=kid, at=now)
    who = who_of(tx, served, session, now)
    audit.record(tx.acting(who.actor), "session.begun", at=now, reason="desk", about=kid, key=kid.hex())
    return session_view(tx, served, who, token)


def _reads(tx: Transaction, served: Served, person_ref: bytes, kid: bytes) -> bool:
    """Whether the person a key is linked to has access, and serves a desk that it stands on."""
    now = moment_of(served)
    talk = sessions.talk_of(tx, person_ref, at=now)
    if talk is None:
        return False
    person = served.world.access.person(tx, talk, now)
    return bool(read_by(tx, served, tuple(served.desks.holding(tx, kid, now)), person, now))


def _link(tx: Transaction, served: Served, kid: bytes, asking: Who) -> None:
    """
    Raises:
        Refused: ``role``: this person serves no desk that the key stands on; ``key-taken``.
    """
    if asking.person is None or asking.talk is None:
        raise Refused("role")
    served_desks = served.world.access.desks_of(tx, asking.person, asking.now)
    held = {one.agency.ref for one in served.desks.holding(tx, kid, asking.now)}
    if not held & set(served_desks):
        raise Refused("role")
    try:
        new = key_holders.link(tx, kid, asking.talk.person_ref, at=asking.now)
    except Unknown:
        raise Refused("key-taken") from None
    if new:
        audit.record(tx.acting(asking.actor), "key.linked", at=asking.now, reason="access", about=kid, key=kid.hex())
