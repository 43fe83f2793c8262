"""What falls due becomes an event and takes a turn like any other.

All that is due at one look is taken in one transaction, each with a savepoint of its own, so that a chat hears of it
in one message (``bot.summary``) and a crash takes nothing or all.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot import turns
from bot.logs import failure
from bot.outbox import Outbox
from bot.summary import summed
from bot.turns import World
from storage import timers
from storage.outbox import Outgoing
from storage.store import Store
from storage.timers import Timer
from storage.transaction import Transaction

LOOK_EVERY_S = 1.0
AT_ONCE = 500
"""Timers taken in one transaction, for which people's turns wait: an overdue flag takes 2 to 3 ms (measured)."""
LATE = timedelta(minutes=10)
"""What falls due while the assistant runs is taken within seconds: what is later than this waited for it to run."""
SET_BACK = timedelta(minutes=1)
"""A clock that goes back by more was wrong before."""

log = structlog.get_logger()


class Timers:
    def __init__(self, store: Store, world: World, outbox: Outbox) -> None:
        self._store, self._outbox = store, outbox
        self._looked_at: datetime | None = None
        self.world = world

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
        await self._mind_the_clock()
        taken, failed = 0, set[int]()
        while True:
            # Those that failed stand first; looking past them keeps the others from waiting for ever.
            most = AT_ONCE + len(failed)
            due = await self._store.run(partial(timers.due, at=self.world.clock(), at_most=most))
            fresh = [timer for timer in due if timer.id not in failed]
            if not fresh:
                return taken
            said, broken = await self._store.run(partial(take_all, world=self.world, due=fresh))
            self._outbox.push(said)
            taken += len(fresh) - len(broken)
            for timer, odd in broken:
                failed.add(timer.id)
                log.error("timer.failed", kind=timer.kind, **failure(odd))

    async def _mind_the_clock(self) -> None:
        now = self.world.clock()
        if self._looked_at is not None and now < self._looked_at - SET_BACK:
            log.warning("clock.set-back", seconds=int((self._looked_at - now).total_seconds()))
            await self._store.run(partial(turns.keep_up, world=self.world))
        self._looked_at = now


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
            with tx.db.begin_nested():
                said += turns.take_timer(tx, world=world, timer=timer)
        except Exception as odd:
            broken.append((timer, odd))
    failed = {timer.id for timer, _ in broken}
    late = any(now - timer.due_at >= LATE for timer in due if timer.id not in failed)
    return summed(tx, world, said, now, late=late), broken
