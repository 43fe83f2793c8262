"""Listening while the lease is ours; time is handed in, but for the database's, which goes by its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from bot_site import Site
from sqlalchemy import update

from bot.leased import Leased
from storage.errors import Busy
from storage.schema import leases

ONE, TWO = b"1" * 16, b"2" * 16


class Time:
    """Goes on as whoever sleeps wishes; tells of each moment."""

    def __init__(self) -> None:
        self.now = 0.0
        self.at: dict[float, Callable[[], None]] = {}

    def steady(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.at.pop(self.now, lambda: None)()
        await asyncio.sleep(0)


class Listening:
    """What the lease is for: says when it began and when it was made to end."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.lease: Leased | None = None
        self.told: list[tuple[str, float]] = []
        self.ours_at_end: list[bool] = []
        self.news = asyncio.Event()

    async def __call__(self) -> None:
        self._tell("begun")
        try:
            await asyncio.Event().wait()
        finally:
            if self.lease is not None:
                self.ours_at_end.append(self.lease.ours)
            self._tell("ended")

    def _tell(self, what: str) -> None:
        self.told.append((what, self._time.now))
        self.news.set()

    async def has_told(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.told) < count:
                self.news.clear()
                await self.news.wait()


@pytest.fixture
def time() -> Time:
    return Time()


async def test_while_the_database_is_away_it_listens_until_the_lease_is_over_and_again_once_it_is_back(
    site: Site, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> Awaitable[Any]:
        raise Busy("the server is away", "away")

    real = site.store.run
    listening = Listening(time)
    time.at = {
        40.0: lambda: monkeypatch.setattr(site.store, "run", away),
        120.0: lambda: monkeypatch.setattr(site.store, "run", real),
    }
    listening.lease = Leased(site.store, "telegram", ONE, time.steady, time.sleep)
    running = asyncio.create_task(listening.lease.run(listening))
    await listening.has_told(3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert listening.told[:3] == [("begun", 0.0), ("ended", 60.0), ("begun", 120.0)], "renewed last after 30 seconds"
    assert listening.ours_at_end == [False, True], "lost, and stopped: whoever has lost it ends nobody else's poll"
    assert site.rows("leases") == [], "given back at the end"


async def test_the_next_listens_when_the_one_has_stopped_or_was_silent_for_as_long_as_a_lease_lasts(
    site: Site, time: Time
) -> None:
    async def hangs(_: float) -> None:
        await asyncio.Event().wait()

    waits = Time()
    first, second = Listening(time), Listening(waits)
    one = asyncio.create_task(Leased(site.store, "telegram", ONE, time.steady, hangs).run(first))
    await first.has_told(1)
    waits.at[50.0] = lambda: site.within(lambda tx: tx.db.execute(update(leases).values(until=leases.c.until - 30)))
    two = asyncio.create_task(Leased(site.store, "telegram", TWO, waits.steady, waits.sleep).run(second))
    await second.has_told(1)
    assert second.told == [("begun", 50.0)]
    third = Listening(waits)
    three = asyncio.create_task(Leased(site.store, "telegram", bytes(16), waits.steady, waits.sleep).run(third))
    two.cancel()
    await third.has_told(1)
    for task in (one, two, three):
        task.cancel()
    await asyncio.gather(one, two, three, return_exceptions=True)
    assert site.rows("leases") == []
