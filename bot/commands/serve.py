"""`integra serve`: the page and its interface. Gives out sealed notes and takes sealed notes; opens none."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer

from bot import logs, serve_wiring, wiring
from bot.commands.common import Data, Refusal
from bot.installation import Installation
from bot.memory import settle_memory, uncollected
from bot.notify import READY, STOPPING, keep_alive, notify
from bot.serve.app import Server
from bot.serve.bundle import Bundle, BundleError
from bot.serve.init_data import Verifier
from bot.serve.origin import read_origin
from bot.settings import Settings
from bot.status import Address
from bot.turns import World
from storage import agencies
from storage.custody import secret_text
from storage.outbox import Outgoing
from storage.store import Store

log = structlog.get_logger()

BUILT: Final = Path(__file__).parents[2] / "page" / "dist"
"""Where `make page` puts it, in a copy of the project."""


def serve(
    data: Data,
    url: Annotated[
        str, typer.Option("--url", help="What browsers reach it as, such as https://notes.example.org.")
    ] = "",
    listen: Annotated[str, typer.Option("--listen", help="Address behind the TLS proxy.", metavar="HOST:PORT")] = "",
    public: Annotated[
        bool, typer.Option("--public", help="Other machines may reach that address; it speaks plain HTTP.")
    ] = False,
    page: Annotated[
        Path | None, typer.Option("--page", help="Folder of the built page; left out: as `make page` built it.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="Owner-only file with the bot token: to check who opens it in Telegram."),
    ] = None,
    bot_id: Annotated[
        int, typer.Option("--bot-id", help="In place of the token: the bot's number, the digits before the colon.")
    ] = 0,
) -> None:
    """Serve the page until stopped (Ctrl-C or SIGTERM): notes sealed in the browser come in, sealed notes go out."""
    settings = Settings.read(data)
    origin_of(url, settings)  # before anything is opened
    logs.configure(level=settings.log_level, form=settings.log_format)
    installation = Installation.at(data)
    token = secret_text(token_file).strip() if token_file is not None else ""
    asyncio.run(_serve(installation, settings, url, listen, public, page, verifier(token, bot_id)))


def verifier(token: str, bot_id: int) -> Verifier | None:
    """What checks Telegram's word for who somebody is; None where neither token nor number is known."""
    return Verifier(token, bot_id) if token or bot_id > 0 else None


def server(
    installation: Installation,
    store: Store,
    worlds: Callable[[], World],
    settings: Settings,
    telegram: Verifier | None,
    *,
    url: str = "",
    listen: str = "",
    public: bool = False,
    page: Path | None = None,
    push: Callable[[Sequence[Outgoing]], None] = lambda said: None,
) -> Server:
    """As options and settings say.

    Raises:
        Refusal: no address that browsers reach it as.
        BundleError, StatusError: the page's folder, or the address, is not one.
    """
    origin = origin_of(url, settings)
    address = Address.read(listen or settings.page_listen, public=public)
    return serve_wiring.page_server(
        installation,
        store,
        worlds,
        address,
        origin=origin,
        bundle=bundle_of(page or settings.page_folder),
        telegram=telegram,
        framed=settings.page_in_telegram_web,
        push=push,
    )


def origin_of(url: str, settings: Settings) -> str:
    """
    Raises:
        Refusal: neither option nor setting says what browsers reach it as, or it is no such address.
    """
    reached = url or settings.page_url
    if not reached:
        raise Refusal("say what browsers reach the page as: --url https://notes.example.org, or a setting page_url")
    return read_origin(reached)


def bundle_of(folder: Path | None) -> Bundle | None:
    """The page of a folder; without one, of the project's own where it is built.

    Raises:
        BundleError: the folder that was named holds none.
    """
    if folder is not None:
        return Bundle.read(folder)
    with suppress(BundleError):
        return Bundle.read(BUILT)
    return None


async def _serve(
    installation: Installation,
    settings: Settings,
    url: str,
    listen: str,
    public: bool,
    page: Path | None,
    telegram: Verifier | None,
) -> None:
    store = installation.store(serves=True)
    try:
        slugs = [row.slug for row in store.run_now(agencies.every)]
        with uncollected():
            world = wiring.world(installation, slugs=slugs, content=settings.content)
        made = server(
            installation, store, lambda: world, settings, telegram, url=url, listen=listen, public=public, page=page
        )
        settle_memory()
        await made.start()
        log.info("page.served", port=made.address.port)
        notify(READY)
        alive = asyncio.create_task(keep_alive(made.answers))
        try:
            await _until_stopped()
        finally:
            notify(STOPPING)
            alive.cancel()
            await made.stop()
        log.info("stopped")
    finally:
        store.close()


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stopped.set)
    await stopped.wait()
