"""What the webhook's handler answers, asked with a plain HTTP client over loopback."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from bot.channels import telegram_updates as updates
from bot.channels.base import Inbound, Stop
from bot.channels.telegram_webhook import SECRET_HEADER, webhook_app
from dialogues.model import Wrote
from storage.errors import Busy

SECRET = "0123456789abcdef0123456789ABCDEF"
PRIVATE = {"id": 1001, "type": "private"}
HELLO = {"update_id": 5, "message": {"message_id": 9, "date": 1, "chat": PRIVATE, "text": "Sam fell."}}
PRESS = {"update_id": 6, "callback_query": {"id": "77", "from": {"id": 1001}, "data": "1.yes"}}


class Bot:
    """The other side of the handler."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.busy = False
        self.app = webhook_app(updates.read, self.handle, SECRET)

    async def handle(self, inbound: Inbound) -> None:
        if self.busy:
            raise Busy("database is locked")
        self.heard.append(inbound)


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
async def client(bot: Bot) -> AsyncIterator[aiohttp.ClientSession]:
    async with TestServer(bot.app) as server, aiohttp.ClientSession(server.make_url("/")) as client:
        yield client


async def post(
    client: aiohttp.ClientSession, update: object, secret: str | None = SECRET, path: str = "/telegram"
) -> tuple[int, bytes, dict[str, str]]:
    body = io.BytesIO(update if isinstance(update, bytes) else json.dumps(update).encode())
    headers = {"Content-Type": "application/json"} | ({} if secret is None else {SECRET_HEADER: secret})
    async with client.post(path, data=body, headers=headers) as answer:
        return answer.status, await answer.read(), dict(answer.headers)


async def test_an_update_is_answered_with_nothing_after_it_was_handled(bot: Bot, client: aiohttp.ClientSession) -> None:
    status, body, _ = await post(client, HELLO)

    assert (status, body) == (200, b"")
    assert [one.event for one in bot.heard] == [Wrote("Sam fell.")]


async def test_a_press_is_answered_once_it_was_handled(bot: Bot, client: aiohttp.ClientSession) -> None:
    status, body, headers = await post(client, PRESS)

    assert (status, len(bot.heard)) == (200, 1)
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body) == {"method": "answerCallbackQuery", "callback_query_id": "77"}


async def test_what_was_not_saved_is_to_come_again_in_a_second(bot: Bot, client: aiohttp.ClientSession) -> None:
    bot.busy = True
    with capture_logs() as logs:
        status, body, headers = await post(client, PRESS)

    assert (status, body, headers["Retry-After"]) == (503, b"", "1")
    assert [(one["event"], one["update_id"], one["error"]) for one in logs] == [("update.not_taken", 6, "Busy")]
    assert "locked" not in str(logs)


@pytest.mark.parametrize("secret", [None, "", SECRET[:-1], SECRET + "x", SECRET.lower(), "ü" * 32, "\ud83d\ude00"])
async def test_t24_a_post_without_the_secret_is_sent_away_unread(
    bot: Bot, client: aiohttp.ClientSession, secret: str | None
) -> None:
    header = None if secret is None else secret.encode("utf-16", "surrogatepass").decode("utf-16")
    status, body, _ = await post(client, HELLO, header)

    assert (status, body) == (401, b"")
    assert bot.heard == []


@pytest.mark.parametrize("raw", [b"\xff\xfe\x80", "ü".encode("latin-1") * 32, SECRET.encode() + b"\xff"])
async def test_t24_a_secret_that_is_no_text_at_all_is_sent_away(
    bot: Bot, client: aiohttp.ClientSession, raw: bytes
) -> None:
    """Sent by hand, as no client library would."""
    url = client._base_url
    assert url is not None
    reader, writer = await asyncio.open_connection(url.host, url.port)
    body = json.dumps(HELLO).encode()
    head = f"POST /telegram HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n".encode()
    writer.write(head + SECRET_HEADER.encode() + b": " + raw + b"\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()

    assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 400"))
    assert bot.heard == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_only_posts_are_taken(bot: Bot, client: aiohttp.ClientSession, method: str) -> None:
    async with client.request(method, "/telegram", headers={SECRET_HEADER: SECRET}) as answer:
        assert answer.status == 405
    assert (await post(client, HELLO, path="/"))[0] == 404
    assert bot.heard == []


@pytest.mark.parametrize(
    ("update", "kind"),
    [
        (b"{not json: Sam", "unknown"),
        (b"\xff\xfe", "unknown"),
        (b"", "unknown"),
        (b"[1]", "unknown"),
        (b"[" * 200_000, "unknown"),
        ({"update_id": 5, "message": {"text": "Sam"}}, "message"),
        ({"message": {"text": "Sam"}}, "message"),
        ({"update_id": "Sam", "poll": {}}, "poll"),
    ],
)
async def test_what_nobody_can_read_is_recorded_and_not_wanted_again(
    bot: Bot, client: aiohttp.ClientSession, update: Any, kind: str
) -> None:
    """T61."""
    with capture_logs() as logs:
        status, body, _ = await post(client, update)

    assert (status, body) == (200, b"")
    assert [(one["event"], one["update_kind"]) for one in logs] == [("update.unreadable", kind)]
    assert "Sam" not in str(logs)
    assert bot.heard == []


async def test_what_is_not_listened_to_is_taken(bot: Bot, client: aiohttp.ClientSession) -> None:
    assert (await post(client, {"update_id": 5, "poll": {}}))[0] == 200
    assert bot.heard == []


async def test_a_body_of_a_mebibyte_is_the_largest(bot: Bot, client: aiohttp.ClientSession) -> None:
    """T61."""
    hello = json.dumps(HELLO).encode()
    assert (await post(client, hello.ljust(1 << 20)))[0] == 200
    assert (await post(client, hello.ljust((1 << 20) + 1)))[0] == 413
    assert len(bot.heard) == 1


@pytest.mark.parametrize("secret", ["", "s" * 31, "s" * 257, "s" * 31 + "ü", "s" * 32 + " ", "s" * 32 + "\n"])
def test_t24_a_secret_that_can_be_guessed_is_not_taken(secret: str) -> None:
    async def handle(_: Inbound) -> None: ...

    with pytest.raises(Stop, match="openssl rand") as caught:
        webhook_app(updates.read, handle, secret)
    assert "ssss" not in str(caught.value)
