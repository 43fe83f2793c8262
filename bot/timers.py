"""What falls due becomes an event and takes a turn like any other.

All that is due at one look is taken in one transaction, each with a savepoint of its own, so that a chat hears of it
in one message (``bot.summary``) and a crash takes nothing or all.

By the machine's clock, which may be set. Nothing falls due twice, as a timer is a row that is taken once. After a leap
forward what would erase something waits (``bot.clock.Jumps``); after one back, what was armed before it is drawn in
(``turns.keep_up``).
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot import turns
from bot.clock import Jumps
from bot.logs import failure
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.summary import summed
from bot.turns import World
from dialogues.desk import IDLE_TIMER
from storage import lapses, retention, timers
from storage.errors import Busy
from storage.outbox import Outgoing
from storage.store import Store
from storage.timers import Timer
from storage.transaction import Transaction

LOOK_EVERY_S = 1.0
AT_ONCE = 200
"""Timers taken in one transaction, for which people's turns wait: an overdue flag takes some 8 ms, by an estimate."""
LATE = timedelta(minutes=10)
"""What falls due while the assistant runs is taken within seconds: what is later than this waited for it to run."""
ERASING: Final = (IDLE_TIMER, lapses.ACCESS, turns.SWEEP, retention.LOOK)
"""What deletes something when it is due."""

log = structlog.get_logger()


class Timers:
    """``looked_at``: when it was last found that nothing more is due, or fails; None: not yet."""

    def __init__(
        self,
        store: Store,
        world: World,
        outbox: Outbox,
        metrics: Metrics | None = None,
        jumps: Jumps | None = None,
    ) -> None:
        self._store, self._outbox = store, outbox
        self._metrics = metrics or Metrics()
        self._jumps = jumps or Jumps()
        self.world = world
        self.looked_at: datetime | None = None

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
                await self._store.run(partial(turns.keep_up, world=self.world))
        await self.run_due(but=ERASING if self._jumps.doubtful else ())

    async def run_due(self, *, but: Collection[str] = ()) -> int:
        """Take every timer that is due now, also those that others arm meanwhile.

        Args:
            but: kinds that wait.

        Returns:
            How many were taken. One that fails, or that another process has, stays for the next look and does not hold
            up the others.
        """
        taken, passed, dealt = 0, set[Timer](), set[Timer]()
        while True:
            # Those that stay stand first; looking past them keeps the others from waiting for ever.
            most = AT_ONCE + len(passed)
            due = await self._store.run(partial(timers.due, at=self.world.clock(), at_most=most, but=but))
            kept = dealt.intersection(due)  # another process has them
            passed |= kept
            taken -= len(kept)
            fresh = [timer for timer in due if timer not in passed]
            if not fresh:
                self.looked_at = self.world.clock()
                return taken
            timed = self._metrics.timer()
            try:
                said, broken = await self._store.run(timed.noting(partial(take_all, world=self.world, due=fresh)))
            except Exception as whole:
                timed.ended("busy" if isinstance(whole, Busy) else "failed")
                raise
            timed.ended("failed" if broken else "taken")
            self._outbox.push(said)
            dealt = set(fresh).difference(timer for timer, _ in broken)
            taken += len(dealt)
            for timer, odd in broken:
                passed.add(timer)
                log.error("timer.failed", kind=timer.kind, **failure(odd))


def take_all(
    tx: Transaction, *, world: World, due: Sequence[Timer]
) -> tuple[list[Outgoing], list[tuple[Timer, Exception]]]:
    """Take these timers; what they lead to is undone for each that fails, and the others stand.

    Returns:
        The messages, one a chat where there were several, and what failed.
    """
    now, said, broken = world.clock(), list[Outgoing](), list[tuple[Timer, Exception]]()
    for timer in due:
        try:
            tx.unwall()
            with tx.db.begin_nested():
                said += turns.take_timer(tx, world=world, timer=timer)
        except Exception as odd:
            broken.append((timer, odd))
    tx.unwall()
    failed = {timer.id for timer, _ in broken}
    late = any(now - timer.due_at >= LATE for timer in due if timer.id not in failed)
    return summed(tx, world, said, now, late=late), broken
