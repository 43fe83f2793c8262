"""What falls due becomes an event and takes a turn like any other.

By the machine's clock, which may be set. Nothing falls due twice, as a timer is a row that is taken once. After a leap
forward what would erase something waits (``bot.clock.Jumps``); after one back, what was armed before it is drawn in
(``turns.pull_in``).
"""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Final

import structlog

from bot import turns
from bot.clock import Jumps
from bot.logs import failure
from bot.outbox import Outbox
from bot.turns import World
from dialogues.desk import IDLE_TIMER
from storage import lapses, timers
from storage.store import Store

LOOK_EVERY_S = 1.0
AT_ONCE = 100
ERASING: Final = (IDLE_TIMER, lapses.ACCESS, turns.SWEEP)
"""What deletes something when it is due."""

log = structlog.get_logger()


class Timers:
    def __init__(self, store: Store, world: World, outbox: Outbox, jumps: Jumps | None = None) -> None:
        self._store, self._outbox = store, outbox
        self._jumps = jumps or Jumps()
        self.world = world

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as odd:
                log.error("timers.failed", **failure(odd))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Take what is due, minding how the clock runs."""
        now = self.world.clock()
        if jump := self._jumps.look(now):
            log.warning("clock.jumped", seconds=round(jump))
            if jump < 0:
                await self._store.run(partial(turns.pull_in, world=self.world))
        await self.run_due(but=ERASING if self._jumps.doubtful else ())

    async def run_due(self, *, but: Collection[str] = ()) -> int:
        """Take every timer that is due now, also those that others arm meanwhile.

        Args:
            but: kinds that wait.

        Returns:
            How many were taken. One that fails stays for the next look and does not hold up the others.
        """
        taken, failed = 0, set[int]()
        while True:
            # Those that failed stand first; looking past them keeps the others from waiting for ever.
            most = AT_ONCE + len(failed)
            due = await self._store.run(partial(timers.due, at=self.world.clock(), at_most=most, but=but))
            fresh = [timer for timer in due if timer.id not in failed]
            if not fresh:
                return taken
            for timer in fresh:
                try:
                    self._outbox.push(await self._store.run(partial(turns.take_timer, world=self.world, timer=timer)))
                    taken += 1
                except Exception as odd:
                    failed.add(timer.id)
                    log.error("timer.failed", kind=timer.kind, **failure(odd))
