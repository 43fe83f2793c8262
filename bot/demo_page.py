"""The page beside the demo: the real server on this machine, for the demo's synthetic people."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Final

from bot import serve_wiring
from bot.app import App
from bot.serve.bundle import Bundle
from bot.status import Address
from bot.trial import Trial

HOST: Final = "127.0.0.1"
PORT: Final = 8444
NO_PAGE: Final = """\
There is no page in the browser here: it needs Node 20, then make page. This demo runs in the terminal alone.
"""


def free_port() -> int:
    """The usual one, or one that nobody listens on."""
    for port in (PORT, 0):
        with closing(socket.socket()) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((HOST, port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    return PORT


def origin_at(port: int) -> str:
    return f"http://{HOST}:{port}"


def welcome(trial: Trial, origin: str) -> str:
    """What to try there."""
    return f"""\
The page in the browser runs too, on this machine alone: {origin}
  /page                                         a link for you, good once: write a note there and flag it
  /as coordinator, then /page                   open that link in a private window, take Flags, and use the key file
                                                {trial.coordinator_key}
                                                (a demo key, without a passphrase): read, take, close
  /as officer                                   what the author heard in the chat
"""


@asynccontextmanager
async def beside(trial: Trial, app: App, bundle: Bundle, port: int) -> AsyncIterator[None]:
    """
    Raises:
        StatusError: somebody else listens there.
    """
    store = trial.installation.store(serves=True)
    try:
        server = serve_wiring.page_server(
            trial.installation,
            store,
            lambda: app.world,
            Address(HOST, port),
            origin=origin_at(port),
            bundle=bundle,
            telegram=None,
            push=app.outbox.push,
        )
        await server.start()
        try:
            yield
        finally:
            await server.stop()
    finally:
        store.close()
