"""The running assistant: hears on its channels, takes turns, says what was committed, minds the clock.

start: outbox and fetching take up what was left ▸ timers ▸ channels listen
stop:  channels stop hearing ▸ turns under way finish ▸ outbox flushes for some seconds ▸ store closes
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from bot import turns
from bot.channels.base import Channel, Inbound
from bot.fetching import Fetching
from bot.logs import failure
from bot.outbox import Outbox
from bot.timers import Timers
from bot.turns import World
from dialogues.model import Sent
from storage import timers as timer_rows
from storage.errors import Busy
from storage.store import Store
from storage.transaction import Transaction

ALARM_EVERY_S = 3600  # at most one alarm an hour, however much fails

log = structlog.get_logger()

Listen = Callable[[Callable[[Inbound], Awaitable[None]]], Awaitable[None]]


class App:
    """Everything that runs in one process of the bot. Built by ``bot.wiring``."""

    def __init__(self, store: Store, world: World, channels: dict[str, Channel]) -> None:
        self._store, self._world = store, world
        self.channels = channels
        self.outbox = Outbox(store, channels, world.clock)
        self.timers = Timers(store, world, self.outbox)
        self.fetching = Fetching(store, channels, world, self.outbox)
        self._alarmed_at = 0.0
        self._under_way: set[asyncio.Future[None]] = set()

    async def take(self, inbound: Inbound) -> None:
        """One update, from commit to the outbox. A turn that fails is undone, and the person is told.

        Raises:
            Busy: the database could not be written; nothing was kept and nobody told. The channel does not confirm
                the update and hands it over again.
        """
        # A channel that stops hearing gives up waiting; the turn and what it says go on to their end.
        turn = asyncio.ensure_future(self._taken(inbound))
        self._under_way.add(turn)
        turn.add_done_callback(self._under_way.discard)
        await asyncio.shield(turn)

    async def _taken(self, inbound: Inbound) -> None:
        try:
            said = await self._store.run(partial(turns.take_turn, world=self._world, inbound=inbound))
        except Busy:
            log.error("turn.busy", channel=inbound.channel)
            raise
        except Exception as odd:
            log.error("turn.failed", channel=inbound.channel, **failure(odd))
            now = self._world.clock().timestamp()
            alarm = now - self._alarmed_at >= ALARM_EVERY_S
            said = await self._store.run(partial(turns.not_saved, world=self._world, inbound=inbound, alarm=alarm))
            if alarm:
                self._alarmed_at = now
        self.outbox.push(said)
        if isinstance(inbound.event, Sent):
            self.fetching.look()

    @property
    def world(self) -> World:
        return self._world

    def renew(self, world: World) -> None:
        """From the next turn on, this world. Turns under way end in the one they began in."""
        self._world = self.timers.world = self.fetching.world = world

    async def start(self) -> None:
        """Make ready to take turns."""
        await self._store.run(self._arm_sweep)
        await self.outbox.start()
        self.fetching.look()

    async def run(self, listen: Listen) -> None:
        """Start, and listen until cancelled.

        Raises:
            Stop: a channel cannot go on; the message says what to do.
        """
        await self.start()
        hearing = asyncio.create_task(_awaited(listen(self.take)))
        minding = asyncio.create_task(self.timers.run())
        assert self.outbox.stopped is not None  # noqa: S101  set by start
        try:
            await asyncio.wait((hearing, minding, self.outbox.stopped), return_when=asyncio.FIRST_COMPLETED)
            if self.outbox.stopped.done():
                raise self.outbox.stopped.result()
            for task in (hearing, minding):
                if task.done():
                    task.result()
        finally:
            for task in (hearing, minding):
                task.cancel()
            await asyncio.gather(hearing, minding, return_exceptions=True)
            await self.stop()

    async def stop(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.fetching.stop()
        await self.outbox.stop()
        for channel in self.channels.values():
            with contextlib.suppress(Exception):
                await channel.close()

    def _arm_sweep(self, tx: Transaction) -> None:
        if timer_rows.armed_until(tx, turns.SWEEP, "") is None:
            timer_rows.arm(tx, turns.SWEEP, "", self._world.clock())


async def _awaited(what: Awaitable[None]) -> None:
    await what
