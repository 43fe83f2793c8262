"""Whether the assistant works. Database and disk are asked at most once every few seconds, whoever asks how often.

database   a heartbeat row was written and committed just now
outbox     nothing waits for long, or something arrived lately
content    every language can speak
keys       they can be read, as the next start will have to
timers     somebody looks for what falls due, and nothing is late
channel    every channel hears its service

None, in place of an answer, for what only the database could tell.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog

from bot.app import App
from bot.metrics import Reading, Ticks
from storage import heartbeat
from storage.store import Store
from storage.totals import Totals, totals
from storage.transaction import Transaction

FRESH_S: Final = 5.0
"""What database and disk told is good for so long."""
DATABASE_S: Final = 3.0
"""The heartbeat must be committed within this, and the keys be read."""
WAITS: Final = timedelta(minutes=5)
"""Longer than Telegram makes anybody wait in a flood; a message that waits longer while none arrives is stuck."""
LATE: Final = timedelta(minutes=1)
"""Timers are looked for once a second."""

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What database and disk told, when by the steady clock, and when."""

    ticks: float
    at: datetime
    totals: Totals | None
    keys: bool


class Health:
    """
    Args:
        keys: reads the bot's keys anew, and raises where that fails; on a thread of its own.
        ticks: a clock that only goes forward; seconds.
    """

    def __init__(self, app: App, store: Store, keys: Callable[[], object], *, ticks: Ticks = time.monotonic) -> None:
        self._app, self._store, self._keys, self._ticks = app, store, keys, ticks
        self._process = secrets.token_hex(8)
        self._looking = asyncio.Lock()
        self._asked: _Asked | None = None
        self._missed: set[str] = set()
        self.started = self.stopping = False

    async def look(self) -> Reading:
        """How things stand; what the database and the disk tell is at most ``FRESH_S`` old."""
        async with self._looking:
            if self._asked is None or self._ticks() - self._asked.ticks >= FRESH_S:
                at = self._app.world.clock()
                found = await self._within(lambda tx: self._beat(tx, at))
                self._asked = _Asked(self._ticks(), at, found, await self._keys_read())
            reading = self._reading(self._asked)
        self._app.metrics.read(reading)
        self._tell(reading)
        return reading

    async def ready(self) -> tuple[bool, Reading]:
        """Whether it works, and how things stand; not before it has started, nor once it stops."""
        reading = await self.look()
        return self.started and not self.stopping and all(reading.checks.values()), reading

    async def end(self) -> None:
        """Take the heartbeat away, in order."""
        await self._within(lambda tx: heartbeat.end(tx, self._process))

    def _reading(self, asked: _Asked) -> Reading:
        found = asked.totals
        checks = {
            "database": found is not None,
            "outbox": None if found is None else self._outbox_moves(found, asked.at),
            "content": self._content_speaks(),
            "keys": asked.keys,
            "timers": None if found is None else self._timers_run(found, asked.at),
            "channel": all(channel.ear.hears() for channel in self._app.channels.values()),
        }
        return Reading(asked.at, checks, found)

    def _beat(self, tx: Transaction, now: datetime) -> Totals:
        heartbeat.beat(tx, self._process, now)
        return totals(tx, now)

    async def _within(self, what: Callable[[Transaction], T]) -> T | None:
        try:
            return await asyncio.wait_for(self._store.run(what), DATABASE_S)
        except Exception:
            return None

    def _outbox_moves(self, found: Totals, at: datetime) -> bool:
        if found.outbox_oldest is None or at - found.outbox_oldest < WAITS:
            return True
        sent_at = self._app.metrics.sent_at
        return sent_at is not None and self._app.metrics.ticks() - sent_at < WAITS.total_seconds()

    def _content_speaks(self) -> bool:
        try:
            said = [voice.text("not-saved") for voice in self._app.world.voices.values()]
        except Exception:
            return False
        return bool(said) and all(said)

    async def _keys_read(self) -> bool:
        try:
            await asyncio.wait_for(asyncio.to_thread(self._keys), DATABASE_S)
        except Exception:
            return False
        return True

    def _timers_run(self, found: Totals, at: datetime) -> bool:
        looked_at = self._app.timers.looked_at
        looks = looked_at is not None and self._app.world.clock() - looked_at < LATE
        return looks and (found.timers_oldest is None or at - found.timers_oldest < LATE)

    def _tell(self, reading: Reading) -> None:
        """What came to be missing, and what is in order again, once each."""
        missed = {name for name, good in reading.checks.items() if not good}
        for name in sorted(missed - self._missed):
            log.error("health.missed", kind=name)
        for name in sorted(self._missed - missed):
            log.info("health.mended", kind=name)
        self._missed = missed
