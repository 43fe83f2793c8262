"""Builds the page's server; apart from ``bot.wiring``, so that an assistant without one loads nothing of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.installation import Installation
from bot.serve.app import Server
from bot.serve.bundle import Bundle
from bot.serve.desks import Desks
from bot.serve.init_data import Verifier
from bot.serve.limits import Limits
from bot.serve.served import Served
from bot.status import Address
from bot.turns import World
from storage.outbox import Outgoing
from storage.sealing.known_answers import known_answers
from storage.store import Store


def page_server(
    installation: Installation,
    store: Store,
    worlds: Callable[[], World],
    address: Address,
    *,
    origin: str,
    bundle: Bundle | None,
    telegram: Verifier | None,
    framed: bool = False,
    push: Callable[[Sequence[Outgoing]], None] = lambda said: None,
) -> Server:
    """The server of the page, on a store that serves (``Installation.store``).

    Args:
        worlds: gives the world as it is now.
        origin: what browsers reach it as.
        bundle: the built page; None: its interface alone.
        telegram: checks Telegram's word for who somebody is; None: it is not taken.
        framed: Telegram's web client may show the page in a frame.
        push: hands committed messages to whoever sends them, where that is this process.

    Raises:
        SuiteBroken: the cryptography library does not give the known answers.
    """
    known_answers()

    def here() -> World:
        return replace(worlds(), page=origin)  # notices name it

    served = Served(here, store, origin, Desks(installation.pins), Limits(), bundle, telegram, push)
    return Server(served, address, framed=framed)
