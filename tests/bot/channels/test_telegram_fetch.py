"""Files fetched from Telegram: bounded, by a path that expires, and with a token in the address that shows nowhere."""

import asyncio
import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from channel_site import Waits, opened
from fake_telegram import TOKEN, FakeTelegram

from bot.channels.base import ChannelError, Refused, Stop, TryLater
from bot.channels.telegram_channel import Telegram
from bot.clock import MovableClock

MOST = 5_000_000
SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


def photo_in(telegram: FakeTelegram, content: bytes = b"photo", size: int | None = None) -> str:
    telegram.person(1001).sends_photo(content, size=size)
    return list(telegram.files)[-1]


async def refused(channel: Telegram, handle: str) -> ChannelError:
    with pytest.raises(ChannelError) as found:
        await channel.fetch(handle, MOST)
    shown = "".join(traceback.format_exception(found.value))
    assert SECRET not in shown
    error: BaseException | None = found.value
    while error is not None:  # nor where a logger would look further
        assert SECRET not in f"{error!r}{vars(error)}"
        error = error.__context__
    return found.value


@pytest.mark.parametrize(
    ("where", "trouble", "answer"),
    [
        ("getFile", {"status": 500}, TryLater),
        ("getFile", {"status": 502}, TryLater),
        ("getFile", {"status": 429, "retry_after": 7}, TryLater),
        ("getFile", {"status": 401}, Stop),
        ("getFile", {"status": 400, "description": "Bad Request: file is too big"}, Refused),
        (
            "getFile",
            {"status": 400, "description": "Bad Request: wrong file_id or the file is temporarily unavailable"},
            Refused,
        ),
        ("download", {"status": 404}, TryLater),
        ("download", {"status": 500}, TryLater),
        ("download", {"status": 502}, TryLater),
        ("download", {"status": 401}, Stop),
    ],
)
async def test_trouble_says_whose_turn_it_is_and_no_token(
    telegram: FakeTelegram, channel: Telegram, where: str, trouble: Any, answer: type[ChannelError]
) -> None:
    handle = photo_in(telegram)
    telegram.fail_next(where, **trouble)
    assert isinstance(await refused(channel, handle), answer)
    assert await channel.fetch(handle, MOST) == b"photo"


async def test_a_line_that_breaks_is_tried_again_later(telegram: FakeTelegram, channel: Telegram) -> None:
    handle = photo_in(telegram)
    telegram.cut_next("download", after_work=False, times=5)
    assert isinstance(await refused(channel, handle), TryLater)
    telegram.heal()
    assert await channel.fetch(handle, MOST) == b"photo"


async def test_a_file_larger_than_it_says_is_not_taken_in(telegram: FakeTelegram, channel: Telegram) -> None:
    handle = photo_in(telegram, bytes(MOST + 1), size=99)
    found = await refused(channel, handle)
    assert isinstance(found, Refused)
    assert found.why == "too-large"


async def test_a_file_that_says_it_is_too_large_is_not_downloaded(telegram: FakeTelegram, channel: Telegram) -> None:
    handle = photo_in(telegram, size=MOST + 1)
    assert isinstance(await refused(channel, handle), Refused)
    assert telegram.calls_of("download") == []


async def test_a_path_is_asked_for_each_time_as_it_expires(
    telegram: FakeTelegram, channel: Telegram, clock: MovableClock
) -> None:
    handle = photo_in(telegram)
    await channel.fetch(handle, MOST)
    clock.move(timedelta(hours=2))
    assert await channel.fetch(handle, MOST) == b"photo"
    assert len(telegram.calls_of("getFile")) == 2


async def test_a_path_on_a_local_servers_disk_is_not_opened(telegram: FakeTelegram, channel: Telegram) -> None:
    handle = photo_in(telegram)
    telegram.open_path = lambda _: "/etc/passwd"  # type: ignore[method-assign]  # what a server run with --local says
    found = await refused(channel, handle)
    assert isinstance(found, Refused)
    assert telegram.calls_of("download") == []


async def test_a_file_without_end_is_not_waited_for(library: str) -> None:
    sent = 0

    async def get_file(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": {"file_path": "photos/1.jpg"}})

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        await answer.prepare(request)
        with suppress(ConnectionError):
            while True:
                await answer.write(bytes(65_536))
                sent += 65_536
        return answer

    app = web.Application()
    app.router.add_post("/{any:.*}/getFile", get_file)
    app.router.add_get("/file/{any:.*}", endless)
    async with TestServer(app) as server, opened(library, str(server.make_url("/")), Waits()) as channel:
        found = await asyncio.wait_for(refused(channel, "handle"), 10)
    assert isinstance(found, Refused)
    assert found.why == "too-large"
    assert sent < MOST + 50_000_000, "what the kernel's buffers hold may be more than what was taken in"
