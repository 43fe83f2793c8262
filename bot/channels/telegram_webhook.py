"""Telegram's posts, taken by aiohttp; no Telegram library is needed for that.

A post is answered with 200 only after its update was taken, so that Telegram repeats what was not. Repeated posts
of one update hold up the chat's later ones, so what nobody can read is recorded and answered with 200 as well.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.channels import telegram_updates as updates
from bot.channels.base import Handle, Inbound, Stop
from bot.logs import failure

LARGEST_BODY = 1 << 20
SHORTEST_SECRET = 32
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name
BAD_SECRET = (
    f"the webhook secret must have {SHORTEST_SECRET} to 256 characters of A-Za-z0-9_-; "
    "make one with: openssl rand -hex 32"
)
_SECRET = re.compile(f"[A-Za-z0-9_-]{{{SHORTEST_SECRET},256}}")

Read = Callable[[Mapping[str, Any]], Inbound | None]

log = structlog.get_logger()


def webhook_app(
    read: Read,
    handle: Handle,
    secret: str,
    *,
    path: str = "/telegram",
    after_callback: Callable[[str], object] = lambda _: None,
) -> web.Application:
    """An application that takes POSTs at ``path`` with the secret in Telegram's header.

    Answers: 200, empty, when ``handle`` came back, or when nobody can read the update; 503 with ``Retry-After: 1``
    when ``handle`` raised; 401 without the secret; 404, 405 and 413 (over 1 MiB) as usual.

    Args:
        secret: 32 to 256 characters of ``A-Za-z0-9_-``, given to Telegram with setWebhook.
        after_callback: gets the id of a pressed button's query once it was handled; must not wait.

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
            after_callback(query_id)
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
