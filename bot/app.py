"""The running assistant: hears on its channels, takes turns, says what was committed, minds the clock.

start: outbox and fetching take up what was left ▸ timers ▸ channels listen
stop:  channels stop hearing ▸ turns under way finish ▸ outbox flushes for some seconds ▸ store closes
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial

import structlog

from bot import turns
from bot.channels.base import Channel, ChannelError, Inbound, TryLater
from bot.fetching import Fetching
from bot.limits import Limits
from bot.logs import failure
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.pacing import Paces
from bot.timers import Timers
from bot.turns import World
from dialogues.model import Say, Sent
from storage import people
from storage.errors import Busy
from storage.store import Store
from storage.transaction import Transaction

ALARM_EVERY_S = 3600  # at most one alarm an hour, however much fails
TRIES_AT_ONCE = 3  # of what is said without a turn

log = structlog.get_logger()

Listen = Callable[[Callable[[Inbound], Awaitable[None]]], Awaitable[None]]


class App:
    """Everything that runs in one process of the bot. Built by ``bot.wiring``.

    Args:
        limits: how much one chat may send; None where nobody else can reach it (a terminal).
        paces: how fast messages may go, by channel.
    """

    def __init__(
        self,
        store: Store,
        world: World,
        channels: dict[str, Channel],
        limits: Limits | None = None,
        paces: Mapping[str, Paces] | None = None,
    ) -> None:
        self._store, self._world, self._limits = store, world, limits
        self.channels = channels
        self.metrics = Metrics()
        self.outbox = Outbox(store, channels, world.clock, paces=paces, metrics=self.metrics)
        self.timers = Timers(store, world, self.outbox, self.metrics)
        self.fetching = Fetching(store, channels, world, self.outbox)
        self._alarmed_at = 0.0
        self._under_way: set[asyncio.Future[None]] = set()

    async def take(self, inbound: Inbound) -> None:
        """One update, from commit to the outbox. A turn that fails is undone, and the person is told.

        What is over the limit of its chat is not taken at all: the person is told that it is not saved.

        Raises:
            Busy: the database could not be written; nothing was kept and nobody told. The channel does not confirm
                the update and hands it over again.
        """
        # A channel that stops hearing gives up waiting; the turn and what it says go on to their end.
        if self._limits is not None and not self._within(self._limits, inbound):
            return
        await asyncio.shield(self._go_on_with(self._taken(inbound)))

    def _go_on_with(self, what: Coroutine[None, None, None]) -> asyncio.Future[None]:
        """Do it to its end, whoever stops waiting; a stop of the assistant waits for it."""
        task = asyncio.ensure_future(what)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def _within(self, limits: Limits, inbound: Inbound) -> bool:
        now = self._world.clock()
        verdict = limits.judge(inbound, now)
        if verdict == "take":
            return True
        self.metrics.limited(inbound)
        if verdict == "tell":
            log.warning("chat.limited", channel=inbound.channel)
        say = limits.danger(inbound, self._world.voices, now)
        if say is None and verdict == "tell":
            say = Say(self._world.voice(inbound.language).text("limited"))
        if say is not None and inbound.private:
            self._go_on_with(self._say_at_once(inbound, say))
        return False

    async def _say_at_once(self, inbound: Inbound, say: Say) -> None:
        """Without a turn, and so without the outbox: nothing of it is kept."""
        channel = self.channels[inbound.channel]
        for _ in range(TRIES_AT_ONCE):
            try:
                await channel.deliver(inbound.chat, say, 0)
            except TryLater as later:
                await asyncio.sleep(min(max(later.after_s, 0.5), 5.0))
            except ChannelError as never:
                log.warning("chat.limited-untold", channel=inbound.channel, **failure(never))
                return
            else:
                return

    async def _taken(self, inbound: Inbound) -> None:
        timed = self.metrics.turn(inbound, self._world.clock())
        turn = timed.noting(partial(turns.take_turn, world=self._world, inbound=inbound))
        try:
            said = await self._store.run(turn)
            timed.ended("taken")
        except Busy:
            timed.ended("busy")
            log.error("turn.busy", channel=inbound.channel)
            raise
        except Exception as odd:
            timed.ended("failed")
            log.error("turn.failed", channel=inbound.channel, **failure(odd))
            now = self._world.clock().timestamp()
            alarm = now - self._alarmed_at >= ALARM_EVERY_S
            said = await self._store.run(partial(turns.not_saved, world=self._world, inbound=inbound, alarm=alarm))
            if alarm:
                self._alarmed_at = now
        self.outbox.push(said)
        if isinstance(inbound.event, Sent):
            self.fetching.look()
        if self._limits is not None and not self._limits.knows(inbound):
            self._limits.learn(inbound, enrolled=await self._store.run(partial(_enrolled, inbound=inbound)))

    @property
    def world(self) -> World:
        return self._world

    def renew(self, world: World) -> None:
        """From the next turn on, this world. Turns under way end in the one they began in."""
        self._world = self.timers.world = self.fetching.world = world

    async def start(self) -> None:
        """Make ready to take turns."""
        await self._store.run(partial(turns.keep_up, world=self._world))
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
        looking = asyncio.create_task(self.outbox.run())
        assert self.outbox.stopped is not None  # noqa: S101  set by start
        try:
            await asyncio.wait((hearing, minding, self.outbox.stopped), return_when=asyncio.FIRST_COMPLETED)
            if self.outbox.stopped.done():
                raise self.outbox.stopped.result()
            for task in (hearing, minding):
                if task.done():
                    task.result()
        finally:
            for task in (hearing, minding, looking):
                task.cancel()
            await asyncio.gather(hearing, minding, looking, return_exceptions=True)
            await self.stop()

    async def stop(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.fetching.stop()
        await self.outbox.stop()
        for channel in self.channels.values():
            with contextlib.suppress(Exception):
                await channel.close()


def _enrolled(tx: Transaction, *, inbound: Inbound) -> bool:
    return people.at_address(tx, inbound.channel, inbound.chat) is not None


async def _awaited(what: Awaitable[None]) -> None:
    await what
