"""Where messages of one channel wait until they may go: for their chat, for the whole channel, and for their turn."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.pacing import SECOND_NS, Bucket, Paces, Turns

Sleep = Callable[[float], Awaitable[None]]
Ticks = Callable[[], int]
"""Nanoseconds of a clock that only goes forward; ``time.monotonic_ns``."""

MOST_CHATS = 1_000
"""From so many buckets on those are forgotten that are full."""


class Gate:
    """Used by one event loop.

    Args:
        paces: None: as fast as one likes.
    """

    def __init__(self, paces: Paces | None, ticks: Ticks, sleep: Sleep) -> None:
        self._paces, self._ticks, self._sleep = paces, ticks, sleep
        self._chats: dict[bytes, Bucket] = {}
        self._overall = Bucket(paces.overall) if paces is not None else None
        self._turns: Turns[asyncio.Future[None]] = Turns()
        self._serving: asyncio.Task[None] | None = None
        self._closed_until = 0

    def close_for(self, seconds: float) -> None:
        """Nothing goes for so long."""
        self._closed_until = max(self._closed_until, self._ticks() + int(seconds * SECOND_NS))

    async def passed(self, chat: bytes, priority: int) -> None:
        """Returns when one message of this chat may go; it is counted then. One chat waits for one at a time."""
        if self._paces is None or self._overall is None:
            await self._until(self._closed_ns)
            return
        bucket, overall = self._bucket(chat, self._paces), self._overall
        await self._until(lambda: max(bucket.wait_ns(self._ticks()), self._closed_ns()))
        if len(self._turns) or overall.wait_ns(self._ticks()):
            await self._called(priority, overall)
        else:
            overall.take(self._ticks())
        bucket.take(self._ticks())

    async def stop(self) -> None:
        """Nobody is called any more."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)

    def _closed_ns(self) -> int:
        return self._closed_until - self._ticks()

    async def _until(self, wait_ns: Callable[[], int]) -> None:
        while (left := wait_ns()) > 0:
            await self._sleep(left / SECOND_NS)

    async def _called(self, priority: int, overall: Bucket) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.join(priority, turn)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(overall))
        await turn

    async def _serve(self, overall: Bucket) -> None:
        """Call one after another, as fast as the channel takes them."""
        while len(self._turns):
            await self._until(lambda: max(overall.wait_ns(self._ticks()), self._closed_ns()))
            turn = self._turns.next()
            if not turn.done():  # done: whoever waited has been cancelled
                overall.take(self._ticks())
                turn.set_result(None)

    def _bucket(self, chat: bytes, paces: Paces) -> Bucket:
        if len(self._chats) >= MOST_CHATS and chat not in self._chats:
            now = self._ticks()
            self._chats = {ref: bucket for ref, bucket in self._chats.items() if not bucket.is_full(now)}
        return self._chats.setdefault(chat, Bucket(paces.chat))
