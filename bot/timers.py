"""What falls due becomes an event and takes a turn like any other."""

import asyncio
from datetime import datetime
from functools import partial

import structlog

from bot import turns
from bot.logs import failure
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.turns import World
from storage import timers
from storage.errors import Busy
from storage.store import Store

LOOK_EVERY_S = 1.0
AT_ONCE = 100

log = structlog.get_logger()


class Timers:
    """``looked_at``: when it was last found that nothing more is due, or fails; None: not yet."""

    def __init__(self, store: Store, world: World, outbox: Outbox, metrics: Metrics | None = None) -> None:
        self._store, self._outbox = store, outbox
        self._metrics = metrics or Metrics()
        self.world = world
        self.looked_at: datetime | None = None

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            try:
                await self.run_due()
            except Exception as odd:
                log.error("timers.failed", **failure(odd))
            await asyncio.sleep(LOOK_EVERY_S)

    async def run_due(self) -> int:
        """Take every timer that is due now, also those that others arm meanwhile.

        Returns:
            How many were taken. One that fails stays for the next look and does not hold up the others.
        """
        taken, failed = 0, set[int]()
        while True:
            # Those that failed stand first; looking past them keeps the others from waiting for ever.
            most = AT_ONCE + len(failed)
            due = await self._store.run(partial(timers.due, at=self.world.clock(), at_most=most))
            fresh = [timer for timer in due if timer.id not in failed]
            if not fresh:
                self.looked_at = self.world.clock()
                return taken
            for timer in fresh:
                timed = self._metrics.timer()
                turn = timed.noting(partial(turns.take_timer, world=self.world, timer=timer))
                try:
                    self._outbox.push(await self._store.run(turn))
                    timed.ended("taken")
                    taken += 1
                except Exception as odd:
                    timed.ended("busy" if isinstance(odd, Busy) else "failed")
                    failed.add(timer.id)
                    log.error("timer.failed", kind=timer.kind, **failure(odd))
