"""The running assistant: hears on its channels, takes turns, says what was committed, minds the clock.

start: channels listen ▸ outbox and fetching take up what was left, as soon as the database can be used ▸ timers
stop:  channels stop hearing ▸ turns under way finish, are confirmed ▸ outbox flushes for some seconds ▸ store closes
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial

import structlog

from bot import turns
from bot.answered import look_again
from bot.channels.base import Channel, ChannelError, Inbound, Refused, TryLater
from bot.fetching import Fetching
from bot.late import Late
from bot.limits import Limits
from bot.logs import failure
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.pacing import Paces
from bot.timers import Timers
from bot.turns import World
from dialogues.model import Say, Sent
from storage import people
from storage.errors import Busy, Damaged
from storage.outbox import Outgoing
from storage.store import Store
from storage.transaction import Transaction

ALARM_EVERY_S = 3600  # at most one alarm an hour, however much fails
TRIES_AT_ONCE = 3  # of what is said without a turn
LONGEST_WAIT_S = 10.0  # between two tries to start

log = structlog.get_logger()

Listen = Callable[[Callable[[Inbound], Awaitable[None]]], Awaitable[None]]


class App:
    """Everything that runs in one process of the bot. Built by ``bot.wiring``.

    Args:
        limits: how much one chat may send; None where nobody else can reach it (a terminal).
        paces: how fast messages may go, by channel.

    Attributes:
        late: tells people that what they sent is not saved yet.
        steady: seconds, of a clock that nobody sets.
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
        self.late = Late(self._say_once, lambda: self._world.voices)
        self._starting, self._started = asyncio.Lock(), False
        self.steady: Callable[[], float] = time.monotonic
        self._alarmed_at: float | None = None
        self._under_way: set[asyncio.Future[None]] = set()

    async def take(self, inbound: Inbound) -> None:
        """One update, from commit to the outbox. A turn that fails is undone, and the person is told.

        What is over the limit of its chat is not taken at all: the person is told that it is not saved.

        Raises:
            Busy: the database could not be written; nothing was kept. The channel does not confirm the update and hands
                it over again; the person is told after some seconds (``bot.late``).
            TryLater: the person could not be told that nothing was kept; the same.
        """
        # A channel that stops hearing gives up waiting; the turn and what it says go on to their end.
        again = self.late.waits(inbound)
        if self._limits is not None and not again and not self._within(self._limits, inbound):
            return
        self.late.begun(inbound)
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

    async def _say_once(self, inbound: Inbound, say: Say) -> None:
        try:
            await self.channels[inbound.channel].deliver(inbound.chat, say, 0)
        except ChannelError as untold:
            log.warning("chat.late-untold", channel=inbound.channel, **failure(untold))
        else:
            log.warning("chat.late", channel=inbound.channel)

    async def _taken(self, inbound: Inbound) -> None:
        timed = self.metrics.turn(inbound, self._world.clock())
        turn = timed.noting(partial(turns.take_turn, world=self._world, inbound=inbound))
        try:
            await self.start()
            said = await self._store.run(turn)
            timed.ended("taken")
        except Busy as busy:
            timed.ended("busy")
            log.error("turn.busy", channel=inbound.channel, kind=busy.why)
            raise
        except Exception as odd:
            timed.ended("failed")
            log.error("turn.failed", channel=inbound.channel, **failure(odd))
            said = await self._not_saved(inbound)
        await self.late.settled(inbound)
        self.outbox.push(said)
        if isinstance(inbound.event, Sent):
            self.fetching.look()
        if self._limits is not None and not self._limits.knows(inbound):
            with contextlib.suppress(Busy, Damaged):  # the turn is saved; who it was is asked again next time
                self._limits.learn(inbound, enrolled=await self._store.run(partial(_enrolled, inbound=inbound)))

    async def _not_saved(self, inbound: Inbound) -> list[Outgoing]:
        """The turn failed: say so by a turn; where not even that can be kept, without."""
        now = self.steady()
        alarm = self._alarmed_at is None or now - self._alarmed_at >= ALARM_EVERY_S
        try:
            said = await self._store.run(partial(turns.not_saved, world=self._world, inbound=inbound, alarm=alarm))
        except Busy as busy:
            log.error("turn.busy", channel=inbound.channel, kind=busy.why)
            raise
        except Exception as odd:
            log.error("turn.failed", channel=inbound.channel, **failure(odd))
            await self.late.settled(inbound)
            if inbound.private:
                with contextlib.suppress(Refused):
                    say = Say(self._world.voice(inbound.language).text("not-saved"))
                    await self.channels[inbound.channel].deliver(inbound.chat, say, 0)
            return []
        if alarm:
            self._alarmed_at = now
        return said

    @property
    def world(self) -> World:
        return self._world

    def renew(self, world: World) -> None:
        """From the next turn on, this world. Turns under way end in the one they began in."""
        self._world = self.timers.world = self.fetching.world = world

    async def start(self) -> None:
        """Make ready to take turns; harmless when repeated. Turns wait for it: what they say must not be said twice.

        Raises:
            Busy: the database cannot be used; try again.
        """
        if self._started:
            return
        async with self._starting:
            if not self._started:
                await self._store.run(partial(turns.arm_looks, world=self._world))
                try:
                    await self._store.run(partial(turns.keep_up, world=self._world))
                except Damaged as damaged:  # what is whole is served all the same
                    log.error("start.not-kept-up", **failure(damaged))
                await self.look_again()
                await self.outbox.start()
                self.fetching.look()
                self._started = True

    async def look_again(self) -> None:
        """The content may be new: who waits for an answer is told when it is there.

        Raises:
            Busy: the database cannot be used; the next start looks.
        """
        await self._store.run(partial(look_again, world=self._world))

    async def run(self, listen: Listen) -> None:
        """Start, and listen until cancelled.

        Raises:
            Stop: a channel cannot go on; the message says what to do.
            StorageError: what was left cannot be taken up.
        """
        stopped = self.outbox.watch()
        hearing = asyncio.create_task(_awaited(listen(self.take)))
        minding = asyncio.create_task(self._mind())
        looking = asyncio.create_task(self.outbox.run())
        try:
            await asyncio.wait((hearing, minding, stopped), return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                raise stopped.result()
            for task in (hearing, minding):
                if task.done():
                    task.result()
        finally:
            for task in (hearing, minding, looking):
                task.cancel()
            await asyncio.gather(hearing, minding, looking, return_exceptions=True)
            await self.stop()

    async def _mind(self) -> None:
        """Start as soon as it can be; then mind the clock."""
        wait_s = 0.5
        while not self._started:
            try:
                await self.start()
            except Busy as busy:
                log.error("start.busy", kind=busy.why)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        await self.timers.run()

    async def stop(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.late.stop()
        await self.fetching.stop()
        await self.outbox.stop()
        for channel in self.channels.values():
            with contextlib.suppress(Exception):
                await channel.close()


def _enrolled(tx: Transaction, *, inbound: Inbound) -> bool:
    return people.at_address(tx, inbound.channel, inbound.chat) is not None


async def _awaited(what: Awaitable[None]) -> None:
    await what
