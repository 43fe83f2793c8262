"""`integra run`: the assistant on Telegram."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from bot import logs, wiring
from bot.app import App
from bot.channels.base import Channel, Handle, TryLater
from bot.channels.registry import CLIENTS
from bot.channels.registry import client as client_of
from bot.channels.telegram_channel import Telegram
from bot.commands.common import Data, Refusal
from bot.finding import Finding
from bot.health import Health
from bot.installation import Installation
from bot.leased import Leased
from bot.limits import Limits
from bot.memory import settle_memory, uncollected
from bot.notify import READY, STOPPING, keep_alive, notify
from bot.reload import Reload
from bot.serve.origin import read_origin
from bot.settings import Settings
from bot.turns import World
from dialogues.desk import COMMANDS
from dialogues.model import Voice
from storage.custody import secret_text
from storage.store import Store

if TYPE_CHECKING:
    from bot.status import Address, Status

log = structlog.get_logger()

SHOWN_COMMANDS = (
    "/menu",
    "/danger",
    "/note",
    "/share",
    "/guide",
    "/notes",
    "/inbox",
    "/page",
    "/people",
    "/rota",
    "/local",
    "/help",
    "/language",
    "/cancel",
)


def run(
    data: Data,
    token_file: Annotated[Path, typer.Option("--token-file", help="Owner-only file with the bot token.")],
    client: Annotated[
        str, typer.Option(help=f"Library that drives Telegram: {', '.join(CLIENTS)}; left out: as the settings say.")
    ] = "",
    webhook: Annotated[str, typer.Option(help="Public https address of the webhook; long polling when left out.")] = "",
    secret_file: Annotated[
        Path | None,
        typer.Option("--secret-file", help="Owner-only file with the webhook secret, 32 characters or more."),
    ] = None,
    status: Annotated[
        str,
        typer.Option(
            "--status", help="Address of /healthz, /readyz and /metrics, such as 127.0.0.1:9090.", metavar="HOST:PORT"
        ),
    ] = "",
    status_public: Annotated[
        bool, typer.Option("--status-public", help="Other machines may reach that address; it has no password.")
    ] = False,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Serve the page, too, in this process; see `integra serve`."),
    ] = False,
) -> None:
    """Listen on Telegram until stopped (Ctrl-C or SIGTERM). SIGHUP reads the content again."""
    if client and client not in CLIENTS:
        raise Refusal(f"a client is one of: {', '.join(CLIENTS)}")
    if webhook and secret_file is None:
        raise Refusal("a webhook needs --secret-file FILE: an owner-only file with 32 characters or more")
    settings = Settings.read(data)
    served = status or settings.status
    address = _address(served, public=status_public or settings.status_public) if served else None
    installation = Installation.at(data)
    token = secret_text(token_file).strip()
    secret = secret_text(secret_file).strip() if secret_file is not None else ""
    logs.configure(level=settings.log_level, form=settings.log_format)
    finding = Finding(installation.learnt, settings.by_meaning)
    with uncollected():
        # First: the library fills the gaps that building leaves (9 MB, measured).
        wiring.voices(settings.content, finding)
        library = client_of(client or settings.client)
    asyncio.run(_run(installation, settings, finding, library, token, webhook, secret, address, serve=serve))


async def _run(
    installation: Installation,
    settings: Settings,
    finding: Finding,
    client: type[Telegram],
    token: str,
    webhook: str,
    secret: str,
    address: "Address | None",
    *,
    serve: bool,
) -> None:
    origin = read_origin(settings.page_url) if settings.page_url else ""
    telegram = client.open(token, settings.telegram_api or None)
    store = installation.store()
    content = settings.content

    async def listen(handle: Handle) -> None:
        # Also while Telegram is out of reach: a supervisor that waits for it would end the start again and again.
        health.started = True
        notify(READY)
        try:
            await _until_it_answers(lambda: telegram.set_commands(commands(app.world.voices, page=bool(origin))))
            if webhook:
                host, port, path = settings.webhook_host, settings.webhook_port, settings.webhook_path
                await telegram.listen_webhook(webhook, host, port, path, secret, handle)
            else:
                await _polling_alone(store, telegram, handle)
        finally:
            _stops(health)

    def build() -> World:
        return wiring.renewed(
            installation,
            store,
            content,
            draft_hours=settings.draft_hours,
            mentor_days=settings.mentor_days,
            question_days=settings.question_days,
            question_people=settings.question_people,
            finding=finding,
            page=origin,
            page_in_chat=settings.page_in_telegram,
        )

    async def renewed(world: World) -> None:
        settle_memory(anew=True)
        await app.look_again()
        await _until_it_answers(lambda: telegram.set_commands(commands(world.voices, page=bool(origin))))

    try:
        channels: dict[str, Channel] = {telegram.name: telegram}
        app = wiring.app(
            installation,
            store,
            channels,
            content=content,
            limits=Limits(),
            draft_hours=settings.draft_hours,
            mentor_days=settings.mentor_days,
            question_days=settings.question_days,
            question_people=settings.question_people,
            page=origin,
            page_in_chat=settings.page_in_telegram,
            paces=settings.paces,
            finding=finding,
        )
        health = Health(app, store, installation.keyring)
        reload = Reload(app, build, renewed)
        settle_memory()
        async with _told(app, health, address), _page(installation, settings, app, token, wanted=serve):
            log.info("started", mode="webhook" if webhook else "polling", client=client.__name__)
            await _until_stopped(app.run(listen), reload, health)
        log.info("stopped")
    finally:
        store.close()


async def _polling_alone(store: Store, telegram: Telegram, handle: Handle) -> None:
    """Telegram takes one poller at a time; where several processes share a database, the others wait for their turn."""
    leased = Leased(store, telegram.name, os.urandom(16)) if store.shared else None

    async def poll() -> None:
        await _until_it_answers(telegram.end_webhook)
        await telegram.listen(handle, ours=lambda: leased is None or leased.ours)

    await (leased.run(poll) if leased is not None else poll())


def commands(voices: Mapping[str, Voice] | None = None, *, page: bool = False) -> dict[str, list[tuple[str, str]]]:
    """The command menu by language: name without the slash, description. ``page``: there is one in the browser."""
    return {
        code: [
            (command.removeprefix("/"), voice.text(f"command-{command.removeprefix('/')}"))
            for command in SHOWN_COMMANDS
            if (command in COMMANDS or command == "/cancel") and (page or command != "/page")
        ]
        for code, voice in (voices or wiring.voices()).items()
    }


async def _until_it_answers(call: Callable[[], Awaitable[None]]) -> None:
    """Make a call at start-up again and again while Telegram is out of reach."""
    wait_s = 1.0
    while True:
        try:
            return await call()
        except TryLater as later:
            log.warning("telegram.out-of-reach", seconds=wait_s)
            await asyncio.sleep(max(wait_s, later.after_s))
            wait_s = min(2 * wait_s, 60.0)


@asynccontextmanager
async def _page(
    installation: Installation, settings: Settings, app: App, token: str, *, wanted: bool
) -> AsyncIterator[None]:
    """The page beside the assistant, for a small agency: with a connection of its own, as the server's role."""
    if not wanted:
        yield
        return
    from bot.commands.serve import server, verifier  # an assistant without a page is 1.5 MB smaller without it

    store = installation.store(serves=True)
    try:
        served = server(installation, store, lambda: app.world, settings, verifier(token, 0), push=app.outbox.push)
        await served.start()
        log.info("page.served", port=served.address.port)
        try:
            yield
        finally:
            await served.stop()
    finally:
        store.close()


@asynccontextmanager
async def _told(app: App, health: Health, address: "Address | None") -> AsyncIterator[None]:
    """Whoever wants to know how it is can ask, or is told, until the very end of a stop."""
    status = _status(address, health, app) if address is not None else None
    if status is not None:
        await status.start()
        log.info("status.served", port=status.address.port)
    alive = asyncio.create_task(keep_alive(status.answers if status is not None else _came_round))
    try:
        yield
    finally:
        _stops(health)
        alive.cancel()
        await asyncio.gather(alive, return_exceptions=True)
        await health.end()
        if status is not None:
            await status.stop()


def _address(text: str, *, public: bool) -> "Address":
    from bot.status import Address  # with a web server, 2 MB that not everybody needs; as below

    return Address.read(text, public=public)


def _status(address: "Address", health: Health, app: App) -> "Status":
    from bot.status import Status

    return Status(address, health, app.metrics)


async def _came_round() -> bool:
    return True


def _stops(health: Health) -> None:
    if not health.stopping:
        health.stopping = True
        notify(STOPPING)


async def _until_stopped(running: Awaitable[None], reload: Reload, health: Health) -> None:
    """Until it ends by itself, or SIGTERM or SIGINT asks it to; SIGHUP reads the content again."""
    task = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not health.stopping:  # a second wish would cut off what the first one lets finish
            _stops(health)
            task.cancel()

    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop)
    loop.add_signal_handler(signal.SIGHUP, reload.wish)
    reloading = asyncio.create_task(reload.run())
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
    finally:
        reloading.cancel()
