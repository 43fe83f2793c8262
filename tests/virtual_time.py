"""A clock and a sleep that belong together: nothing takes time; sleepers are woken in the order of their wishes."""

import asyncio
import heapq
import itertools
from collections.abc import Callable

SECOND_NS = 1_000_000_000


class VirtualTime:
    """``ticks`` and ``sleep`` for whoever takes them. Time goes on by ``advance`` alone.

    Args:
        busy: whether another thread still works for somebody here; time stands still until it does not.
    """

    def __init__(self, busy: Callable[[], bool] = lambda: False) -> None:
        self._busy = busy
        self.now_ns = SECOND_NS
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def ticks(self) -> int:
        return self.now_ns

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        until = self.now_ns + max(1, round(seconds * SECOND_NS))
        heapq.heappush(self._sleepers, (until, next(self._numbers), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Wake whoever wished to be woken until then, one after another, and let each act."""
        until = self.now_ns + round(seconds * SECOND_NS)
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            self.now_ns = max(self.now_ns, at)
            if not woken.done():
                woken.set_result(None)
            await self.settle()
        self.now_ns = until

    async def settle(self) -> None:
        """Let everything happen that takes no time."""
        await self._turns_of_the_loop()
        while self._busy():
            await asyncio.sleep(0.0005)
            await self._turns_of_the_loop()

    async def _turns_of_the_loop(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
