"""The webhook: its setting, whatever the library, and Telegram's posts, taken by aiohttp.

A post is answered with 200 only after its update was taken, so that Telegram repeats what was not. Repeated posts
of one update hold up the chat's later ones, so what nobody can read is recorded and answered with 200 as well.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.channels import telegram_updates as updates
from bot.channels.base import ChannelError, Handle, Inbound, Stop
from bot.channels.telegram_errors import Bad, Conflict, Flooded
from bot.channels.telegram_waits import Sleep, growing, wait_out
from bot.logs import failure

LARGEST_BODY = 1 << 20
SHORTEST_SECRET = 32
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name
BAD_SECRET = (
    f"the webhook secret must have {SHORTEST_SECRET} to 256 characters of A-Za-z0-9_-; "
    "make one with: openssl rand -hex 32"
)
SET_EVERY_S = 1.0
SET_TRIES = 60
SET_BY_ANOTHER = "the webhook could not be set: something else sets one for this bot all the time; stop one of the two"
SHUTDOWN_S = 5.0  # how long a stop waits for turns under way; aiohttp then cancels them and waits once more
_SECRET = re.compile(f"[A-Za-z0-9_-]{{{SHORTEST_SECRET},256}}")

Read = Callable[[Mapping[str, Any]], Inbound | None]

log = structlog.get_logger()


async def serve(app: web.Application, host: str, port: int, then: Callable[[], Awaitable[None]]) -> None:
    """Serve plain HTTP (behind a proxy that speaks TLS) until cancelled; what is under way is then waited for.

    Args:
        then: done once it listens.

    Raises:
        Stop: the address or the port will not do, or ``then`` raised it.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Stop(f"cannot listen on {host}:{port}: {error.strerror}") from None
        await then()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def set_webhook(ask: Callable[[], Awaitable[object]], sleep: Sleep) -> None:
    """Until it is set, as long as Telegram is away or in trouble; see ``telegram_waits`` for how often it is asked.

    Args:
        ask: setWebhook; raises ChannelError.

    Raises:
        Stop: Telegram does not take it, or something else set one at the same moment sixty times in a row.
    """
    waits, conflicts = growing(), 0
    while True:
        try:
            await ask()
        except Bad as refused:
            raise Stop(f"Telegram does not take the webhook address: {refused.said}") from None
        except ChannelError as trouble:
            conflicts = conflicts + 1 if isinstance(trouble, Conflict) else 0
            if conflicts == SET_TRIES:
                raise Stop(SET_BY_ANOTHER) from None
            wait_s = wait_out(trouble, waits)
            # More than one call a second, or two at once, are refused; several workers may start together.
            await sleep(max(SET_EVERY_S, wait_s) if isinstance(trouble, Conflict | Flooded) else wait_s)
        else:
            return


def webhook_app(
    read: Read,
    handle: Handle,
    secret: str,
    *,
    path: str = "/telegram",
) -> web.Application:
    """An application that takes POSTs at ``path`` with the secret in Telegram's header.

    Answers: 200 when ``handle`` came back, or when nobody can read the update; 503 with ``Retry-After: 1`` when
    ``handle`` raised; 401 without the secret; 404, 405 and 413 (over 1 MiB) as usual. After a pressed button the answer
    also lets it stop turning: Telegram carries out what stands in its body, and no request of its own is needed.

    Args:
        secret: 32 to 256 characters of ``A-Za-z0-9_-``, given to Telegram with setWebhook.

    Raises:
        Stop: the secret is too short, too long, or has other characters.
    """
    if not _SECRET.fullmatch(secret):
        raise Stop(BAD_SECRET)
    expected = secret.encode("ascii")

    async def post(request: web.Request) -> web.Response:
        # aiohttp reads headers with surrogateescape; compared as bytes, for compare_digest refuses other text.
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not secrets.compare_digest(given, expected):
            return web.Response(status=401)
        raw = _parsed(await request.read())
        try:
            inbound = read(raw)
            update_id = updates.update_id(raw)
        except updates.Unreadable:
            found = raw.get("update_id")
            log.warning(
                "update.unreadable",
                channel=updates.NAME,
                update_id=found if isinstance(found, int) else None,
                update_kind=updates.kind(raw),
            )
            return web.Response()
        if inbound is None:
            return web.Response()
        try:
            await handle(inbound)
        except Exception as error:  # whatever it was, nothing was saved: the same again
            log.warning("update.not_taken", channel=updates.NAME, update_id=update_id, **failure(error))
            return web.Response(status=503, headers={"Retry-After": "1"})
        query_id = updates.query_id(raw)
        if query_id:
            return web.json_response({"method": "answerCallbackQuery", "callback_query_id": query_id})
        return web.Response()

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_post(path, post)
    return app


def _parsed(body: bytes) -> dict[str, Any]:
    """The update; an empty one, which nobody can read, for what is no JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
