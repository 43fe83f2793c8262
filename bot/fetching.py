"""Fetches the photos and voice messages that drafts wait for: after the commit that asked for them, outside any turn.

    row "wanted" ─▶ channel.fetch ─▶ cleaned in memory ─▶ a turn: sealed, the draft hears
                        │                  └─ Unusable ──▶ a turn: the person hears
                        ├─ TryLater: again, some times     ▲
                        └─ Refused, or for too long ───────┘

Nothing is lost in between: the row is there until the turn took it, and the next start takes up what was left. Bytes
live in memory alone, at most ``AT_ONCE`` files of 5 MB, and one picture unpacked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, TypeVar

import structlog

from bot import turns
from bot.channels.base import Channel, Refused, Stop, TryLater
from bot.logs import failure
from bot.outbox import Outbox
from bot.turns import World
from dialogues.model import MOST_MEDIUM_BYTES, NotBrought
from storage import attachments, people
from storage.attachments import Wanted
from storage.errors import Busy
from storage.people import Contact
from storage.store import Store
from storage.transaction import Transaction

AT_ONCE: Final = 4
TRIES: Final = 6  # with the waits between them about 15 seconds; then the person is asked to send it again
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0

OUT_OF_REACH: Final[NotBrought] = "out-of-reach"

Sleep = Callable[[float], Awaitable[None]]
T = TypeVar("T")

log = structlog.get_logger()


class Fetching:
    """
    Args:
        sleep: how to wait between tries; a test hands in its own.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        world: World,
        outbox: Outbox,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._store, self._channels, self._outbox = store, channels, outbox
        self.world = world
        self.sleep = sleep
        self._places = asyncio.Semaphore(AT_ONCE)
        self._unpacking = asyncio.Lock()
        self._looking: set[asyncio.Task[None]] = set()
        self._tasks: dict[tuple[bytes, int], asyncio.Task[None]] = {}

    def look(self) -> None:
        """Take up all that is wanted and not yet under way."""
        task = asyncio.create_task(self._look())
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def drained(self) -> None:
        """Returns when all that was wanted so far was taken or given up."""
        while under_way := [*self._looking, *self._tasks.values()]:
            await asyncio.gather(*under_way, return_exceptions=True)

    async def stop(self) -> None:
        """What is under way is taken up again at the next start."""
        for task in (under_way := [*self._looking, *self._tasks.values()]):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _look(self) -> None:
        for one, contact in await self._until_written(_wanted):
            key = (one.note_id, one.number)
            if (contact is None or contact.channel in self._channels) and key not in self._tasks:
                task = self._tasks[key] = asyncio.create_task(self._fetch(one, contact))
                task.add_done_callback(partial(self._over, key))

    def _over(self, key: tuple[bytes, int], task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        if not task.cancelled() and (odd := task.exception()) is not None:
            log.error("medium.left", **failure(odd))  # the row is there for the next start

    async def _fetch(self, one: Wanted, contact: Contact | None) -> None:
        async with self._places:
            content, why = (None, OUT_OF_REACH) if contact is None else await self._had(one, contact)
            try:
                await self._take(one, content, why)
            except Exception as odd:  # the desk has nobody left to seal to, or the step raised: the person must hear
                log.error("medium.not-sealed", **failure(odd))
                await self._take(one, None, OUT_OF_REACH)

    async def _had(self, one: Wanted, contact: Contact) -> tuple[bytes | None, NotBrought]:
        from bot.photo import Unusable, cleaned_photo  # what draws is loaded when there is something to draw
        from bot.voice import cleaned_voice

        channel = self._channels[contact.channel]
        try:
            raw = await self._fetched(channel, one.handle)
            async with self._unpacking:
                clean = cleaned_photo if one.media == "photo" else cleaned_voice
                return await asyncio.to_thread(clean, raw), OUT_OF_REACH
        except Unusable:
            return None, "unusable"
        except Refused as never:
            log.warning("medium.refused", channel=contact.channel, kind=never.why)
            return None, "too-large" if never.why == "too-large" else OUT_OF_REACH
        except (TryLater, Stop):
            log.warning("medium.out-of-reach", channel=contact.channel)
            return None, OUT_OF_REACH

    async def _fetched(self, channel: Channel, handle: str) -> bytes:
        wait_s = FIRST_WAIT_S
        for _ in range(TRIES - 1):
            try:
                return await channel.fetch(handle, MOST_MEDIUM_BYTES)
            except TryLater as later:
                await self.sleep(min(max(later.after_s, wait_s), LONGEST_WAIT_S))
                wait_s *= 2
        return await channel.fetch(handle, MOST_MEDIUM_BYTES)

    async def _take(self, one: Wanted, content: bytes | None, why: NotBrought) -> None:
        turn = partial(turns.take_fetched, world=self.world, one=one, content=content, why=why)
        self._outbox.push(await self._until_written(turn))

    async def _until_written(self, what: Callable[[Transaction], T]) -> T:
        """What was fetched must not be lost because the database is busy."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                return await self._store.run(what)
            except Busy as busy:
                log.error("turn.busy", **failure(busy))
                await self.sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def _wanted(tx: Transaction) -> list[tuple[Wanted, Contact | None]]:
    return [(one, people.contact(tx, one.address_ref)) for one in attachments.wanted(tx)]
