"""A fake Bot API and the channel on it, once for each library."""

from collections.abc import AsyncIterator

import pytest
from channel_site import ROBIN, Clock, Ear, Waits, opened
from fake_telegram import FakeTelegram, Person

from bot.channels.registry import CLIENTS
from bot.channels.telegram_channel import Telegram


@pytest.fixture(params=CLIENTS)
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(now=clock) as telegram:
        yield telegram


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def channel(library: str, telegram: FakeTelegram, waits: Waits) -> AsyncIterator[Telegram]:
    async with opened(library, telegram.url, waits) as channel:
        yield channel


@pytest.fixture
def robin(telegram: FakeTelegram) -> Person:
    return telegram.person(ROBIN, started=True)


@pytest.fixture
def ear() -> Ear:
    return Ear()
