"""A Telegram channel on a fake Bot API: who listens at its other end, and waits that take no time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from fake_telegram import TOKEN

from bot.channels.base import Handle, Inbound, Stop
from bot.channels.registry import client
from bot.channels.telegram_channel import Telegram
from dialogues.model import Wrote
from storage.errors import Busy

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
ROBIN, KIM = 1001, 1002
SECRET = "s" * 32


class Clock:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


class Waits:
    """Takes the place of asyncio.sleep: no time passes, but who waits lets others go on."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._news = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._news.set()
        await asyncio.sleep(0.001)

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.seconds) < count:
                self._news.clear()
                await self._news.wait()


class Ear:
    """Hears updates; ``busy`` counts how often it has to refuse before it takes anything."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.tries = 0
        self.busy = 0
        self._news = asyncio.Event()

    async def __call__(self, inbound: Inbound) -> None:
        self.tries += 1
        self._news.set()
        if self.busy:
            self.busy -= 1
            raise Busy("database is locked")
        self.heard.append(inbound)
        self._news.set()

    async def hears(self, count: int, within: float = 5.0) -> list[Inbound]:
        async with asyncio.timeout(within):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()
        return self.heard

    async def tried(self, count: int, within: float = 5.0) -> None:
        async with asyncio.timeout(within):
            while self.tries < count:
                self._news.clear()
                await self._news.wait()

    @property
    def texts(self) -> list[str]:
        return [one.event.text for one in self.heard if isinstance(one.event, Wrote)]


@asynccontextmanager
async def opened(library: str, url: str, waits: Waits, token: str = TOKEN) -> AsyncIterator[Telegram]:
    """The channel through that library."""
    channel = client(library).open(token, url, sleep=waits)
    try:
        yield channel
    finally:
        await channel.close()


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator["asyncio.Future[None]"]:
    """Something that goes on until cancelled; what it raises by itself is raised here."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def stopped(work: Awaitable[None]) -> str:
    with pytest.raises(Stop) as caught:
        await asyncio.wait_for(work, 5.0)
    return str(caught.value)


def served(channel: Telegram, handle: Handle, port: int, secret: str = SECRET) -> Awaitable[None]:
    url = f"http://127.0.0.1:{port}/telegram"
    return channel.listen_webhook(url, "127.0.0.1", port, "/telegram", secret, handle)
