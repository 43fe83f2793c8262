"""`integra run`: the assistant on Telegram."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot import logs, wiring
from bot.channels.base import Channel, Handle, TryLater
from bot.channels.registry import CLIENTS
from bot.channels.registry import client as client_of
from bot.channels.telegram_channel import Telegram
from bot.commands.common import Data, Refusal
from bot.installation import Installation
from bot.limits import Limits
from bot.reload import Reload
from bot.settings import Settings
from bot.turns import World
from dialogues.desk import COMMANDS
from dialogues.model import Voice
from storage.custody import secret_text

log = structlog.get_logger()

SHOWN_COMMANDS = (
    "/menu",
    "/danger",
    "/note",
    "/share",
    "/guide",
    "/notes",
    "/inbox",
    "/people",
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
) -> None:
    """Listen on Telegram until stopped (Ctrl-C or SIGTERM). SIGHUP reads the content again."""
    if client and client not in CLIENTS:
        raise Refusal(f"a client is one of: {', '.join(CLIENTS)}")
    if webhook and secret_file is None:
        raise Refusal("a webhook needs --secret-file FILE: an owner-only file with 32 characters or more")
    settings = Settings.read(data)
    installation = Installation.at(data)
    token = secret_text(token_file).strip()
    secret = secret_text(secret_file).strip() if secret_file is not None else ""
    logs.configure()
    asyncio.run(_run(installation, settings, client_of(client or settings.client), token, webhook, secret))


async def _run(
    installation: Installation,
    settings: Settings,
    client: type[Telegram],
    token: str,
    webhook: str,
    secret: str,
) -> None:
    telegram = client.open(token, settings.telegram_api or None)
    store = installation.store()
    content = settings.content

    async def listen(handle: Handle) -> None:
        await _until_it_answers(lambda: telegram.set_commands(commands(app.world.voices)))
        if webhook:
            host, port, path = settings.webhook_host, settings.webhook_port, settings.webhook_path
            await telegram.listen_webhook(webhook, host, port, path, secret, handle)
        else:
            await _until_it_answers(telegram.end_webhook)
            await telegram.listen(handle)

    def build() -> World:
        hours, days = settings.draft_hours, settings.mentor_days
        return wiring.renewed(installation, store, content, draft_hours=hours, mentor_days=days)

    async def renewed(world: World) -> None:
        wiring.settle_memory()
        await _until_it_answers(lambda: telegram.set_commands(commands(world.voices)))

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
        )
        reload = Reload(app, build, renewed)
        wiring.settle_memory()
        log.info("started", mode="webhook" if webhook else "polling", client=client.__name__)
        await _until_stopped(app.run(listen), reload)
        log.info("stopped")
    finally:
        store.close()


def commands(voices: Mapping[str, Voice] | None = None) -> dict[str, list[tuple[str, str]]]:
    """The command menu by language: name without the slash, description."""
    return {
        code: [
            (command.removeprefix("/"), voice.text(f"command-{command.removeprefix('/')}"))
            for command in SHOWN_COMMANDS
            if command in COMMANDS or command == "/cancel"
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


async def _until_stopped(running: Awaitable[None], reload: Reload) -> None:
    """Until it ends by itself, or SIGTERM or SIGINT asks it to; SIGHUP reads the content again."""
    task = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, reload.wish)
    reloading = asyncio.create_task(reload.run())
    try:
        await task
    except asyncio.CancelledError:
        if not task.cancelled():
            raise
    finally:
        reloading.cancel()
