"""What every handler of the page's server works with, and the one way from a request into a transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar

from aiohttp import web

from bot.serve import limits as rates
from bot.serve.bundle import Bundle
from bot.serve.desks import Desks, Held
from bot.serve.init_data import Verifier
from bot.serve.limits import Limits
from bot.serve.refusals import Refused
from bot.turns import World
from dialogues.model import Person
from storage import key_holders, sessions
from storage.actor import Actor
from storage.conversations import Talk
from storage.errors import Unknown
from storage.outbox import Outgoing
from storage.sessions import Session
from storage.store import Store
from storage.transaction import Transaction

T = TypeVar("T")
Kind = Literal["author", "reader", "either"]
MOST_TOKEN: Final = 64


@dataclass(frozen=True, slots=True)
class Served:
    """
    Attributes:
        worlds: gives what turns work with, as it is now: content may be read again while this runs.
        origin: what browsers reach this server as: ``https://host``, without a slash.
        bundle: the built page; None: the JSON interface alone is served.
        telegram: checks initData; None: sessions from Telegram are not taken.
        push: hands messages that were committed to whoever sends them; where that is another process, it finds them.
    """

    worlds: Callable[[], World]
    store: Store
    origin: str
    desks: Desks
    limits: Limits
    bundle: Bundle | None = None
    telegram: Verifier | None = None
    push: Callable[[Sequence[Outgoing]], None] = lambda said: None

    @property
    def world(self) -> World:
        return self.worlds()


SERVED: Final = web.AppKey("served", Served)


@dataclass(frozen=True, slots=True)
class Who:
    """Whose request it is.

    Attributes:
        talk, person: None: a key that belongs to no known person.
        held: desks that the session's key stands on; empty for an author's session.
    """

    session: Session
    now: datetime
    talk: Talk | None
    person: Person | None
    held: tuple[Held, ...]

    @property
    def reads(self) -> frozenset[bytes]:
        """Refs of the agencies whose notes may be given out."""
        return frozenset(one.agency.ref for one in self.held)

    @property
    def person_ref(self) -> bytes | None:
        return None if self.talk is None else self.talk.person_ref

    @property
    def actor(self) -> Actor:
        if self.talk is not None:
            return Actor.person(self.talk.person_ref)
        return Actor.key(self.session.kid or bytes(16))

    @property
    def key(self) -> str:
        """Id of the proved key in hex, for the audit log."""
        return "" if self.session.kid is None else self.session.kid.hex()


Act = Callable[[Transaction, Who], T]


async def acting(request: web.Request, kind: Kind, act: Act[T], *, counts: bool = True) -> T:
    """Run one act of whoever is logged in, in one transaction.

    Args:
        counts: the request keeps the session from being idle.

    Raises:
        Refused: ``session``, ``slower``; ``role`` where the session is of another kind.
    """
    served, token = request.app[SERVED], token_of(request)
    now = moment_of(served)
    served.limits.take(rates.SESSION, token, now)

    def turn(tx: Transaction) -> T:
        who = known(tx, served, token, now, counts=counts)
        if kind != "either" and (who.session.kid is None) != (kind == "author"):
            raise Refused("role")
        return act(walled(tx, served, who), who)

    return await served.store.run(turn)


def known(tx: Transaction, served: Served, token: str, now: datetime, *, counts: bool = True) -> Who:
    """
    Raises:
        Refused: ``session``.
    """
    try:
        session = sessions.of_token(tx, token, at=now, counts=counts)
    except Unknown:
        raise Refused("session") from None
    return who_of(tx, served, session, now)


def who_of(tx: Transaction, served: Served, session: Session, now: datetime) -> Who:
    """
    Raises:
        Refused: ``session``: the person's access has ended, or they serve no desk that the key stands on any more.
    """
    talk = sessions.talk_of(tx, session.person_ref, at=now) if session.person_ref is not None else None
    if session.person_ref is not None and talk is None:
        raise Refused("session")
    held: tuple[Held, ...] = ()
    if session.kid is not None:
        held = tuple(served.desks.holding(tx, session.kid, now))
        if key_holders.holder_of(tx, session.kid) != session.person_ref:
            raise Refused("session")
    person = None if talk is None else served.world.access.person(tx, talk, now)
    if session.kid is not None:
        held = read_by(tx, served, held, person, now)
        if not held:
            raise Refused("session")
    return Who(session, now, talk, person, held)


def read_by(
    tx: Transaction, served: Served, held: tuple[Held, ...], person: Person | None, now: datetime
) -> tuple[Held, ...]:
    """Of the desks that a key stands on, those that the person it is linked to serves; all, where that is nobody."""
    if person is None:
        return held
    serves = set(served.world.access.desks_of(tx, person, now))
    return tuple(one for one in held if one.agency.ref in serves)


def walled(tx: Transaction, served: Served, who: Who) -> Transaction:
    """From here on the transaction is this session's: its acts, and the rows of its agencies alone."""
    if tx.walled:
        near = set(who.reads)
        if who.talk is not None:
            near |= served.world.access.reach(tx, who.talk, who.now)
        tx.wall(near)
    return tx.acting(who.actor)


def token_of(request: web.Request) -> str:
    """
    Raises:
        Refused: ``session``: none in the form of one.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= MOST_TOKEN:
        raise Refused("session")
    return token


def moment_of(served: Served) -> datetime:
    """Now, in whole seconds, as everything is told and kept."""
    return served.world.clock().replace(microsecond=0)


def told_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def of_linked(who: Who) -> tuple[Talk, Person]:
    """The person of a session.

    Raises:
        Refused: ``unlinked``.
    """
    if who.talk is None or who.person is None:
        raise Refused("unlinked")
    return who.talk, who.person


def step_up(who: Who) -> None:
    """
    Raises:
        Refused: ``step-up``: no challenge was answered in the last five minutes.
    """
    if not who.session.stepped_up(who.now):
        raise Refused("step-up")
