"""The one way out: says what was committed, in order within a chat, until it arrived or can never arrive.

    push ─▶ line of one chat ─▶ deliver ─▶ arrived: its row goes (many rows share a commit)
                                   │
                                   ├─ TryLater: the same again after a wait; the chat's later messages wait too
                                   └─ Refused:  the row stays, dead, with the reason

What had to wait is said only while its row is there: access may have ended, by the command line of another process.

A message may be said twice only when the process dies between saying and noting it: Telegram has no key for repeats.
"""

import asyncio
import bisect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import structlog

from bot.channels.base import Channel, File, Gone, Refused, Stop, TryLater
from bot.clock import Clock
from bot.logs import failure
from dialogues.model import Say
from guidance.handoff import Sheet
from storage import conversations, outbox, people, residue, traces
from storage.errors import Busy
from storage.outbox import Outgoing
from storage.store import Store
from storage.transaction import Transaction

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
WAITED_S = 1.0
"""A message that is older, or was tried before, is looked up once more: access to its chat may have ended meanwhile."""
Sleep = Callable[[float], Awaitable[None]]

log = structlog.get_logger()


class Outbox:
    """Sends for all channels; one sender a chat.

    Args:
        channels: by name.
        sleep: how to wait between tries; a test hands in its own.
        steady: seconds, of a clock that nobody sets.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._channels = store, channels
        self._clock, self._sleep, self._steady = clock, sleep, steady
        self._lines: dict[bytes, list[Outgoing]] = {}
        self._senders: dict[bytes, asyncio.Task[None]] = {}
        self._pushed: dict[int, float] = {}
        self._arrived: list[int] = []
        self._noting: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.stopped: asyncio.Future[Stop] | None = None

    async def start(self) -> None:
        """Take up what a crash or an outage left."""
        self.watch()
        self.push(await self._store.run(outbox.waiting))

    def watch(self) -> "asyncio.Future[Stop]":
        """Done when a channel cannot go on."""
        if self.stopped is None:
            self.stopped = asyncio.get_running_loop().create_future()
        return self.stopped

    def push(self, said: Sequence[Outgoing]) -> None:
        """Queue committed messages; they are being sent when this returns.

        Those of a channel that does not run here stay in the database for the process where it does.
        """
        for one in said:
            if one.channel not in self._channels:
                continue
            line = self._lines.setdefault(one.address_ref, [])
            bisect.insort(line, one, key=lambda other: other.id)
            self._pushed[one.id] = self._steady()
            self._idle.clear()
            if one.address_ref not in self._senders:
                self._senders[one.address_ref] = asyncio.create_task(self._send(one.address_ref))

    async def drained(self) -> None:
        """Returns when everything pushed so far has arrived and is noted."""
        await self._idle.wait()

    async def stop(self, *, within_s: float = 5.0) -> None:
        """Send what waits for at most some seconds; the rest stays in the database for the next start."""
        if self.stopped is not None and self.stopped.done():
            within_s = 0.0  # a channel that cannot go on: nothing more would arrive
        try:
            await asyncio.wait_for(self.drained(), within_s)
        except TimeoutError:
            log.warning("outbox.left", count=sum(len(line) for line in self._lines.values()))
        senders = list(self._senders.values())
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        if self._noting is not None:
            await asyncio.wait((self._noting,), timeout=within_s)
            self._noting.cancel()
            await asyncio.gather(self._noting, return_exceptions=True)

    async def _send(self, address_ref: bytes) -> None:
        line, wait_s = self._lines[address_ref], FIRST_WAIT_S
        waited = False  # once one had to, those behind it had to as well
        try:
            while line:
                one = line[0]
                old = self._steady() - self._pushed.get(one.id, 0.0) >= WAITED_S
                try:
                    if not (waited or old) or await self._store.run(partial(outbox.still_waits, id=one.id)):
                        await self._say(one)
                except TryLater as later:
                    waited = True
                    await self._sleep(max(later.after_s, wait_s if later.after_s == 0 else 0))
                    wait_s = min(wait_s * 2, LONGEST_WAIT_S)
                    continue
                except Busy:
                    waited = True
                    await self._sleep(wait_s)
                    wait_s = min(wait_s * 2, LONGEST_WAIT_S)
                    continue
                except Refused as never:
                    log.warning("outbox.dead", channel=one.channel, kind=never.why)
                    await self._write_down(partial(_bury, id=one.id, why=never.why))
                wait_s = FIRST_WAIT_S
                line.remove(one)
                self._pushed.pop(one.id, None)
        except Stop as stop:
            if self.stopped is not None and not self.stopped.done():
                self.stopped.set_result(stop)
        except Exception as odd:
            # Nothing is lost: the rows are there at the next start.
            log.error("outbox.sender-failed", **failure(odd))
        finally:
            del self._senders[address_ref]
            if not line:
                del self._lines[address_ref]
            self._idle_if_done()

    async def _say(self, one: Outgoing) -> None:
        channel = self._channels[one.channel]
        if one.say is None:
            await self._erase(one, channel)
            return
        if one.say.refresh and await self._replaced(one, channel):
            return
        message = await self._delivered(one.chat, one.say, one.question, channel)
        if one.say.private or any(not choice.lasting for choice in one.say.choices):
            await self._write_down(partial(_note, one=one, message=message, clock=self._clock))
        else:
            self._note_arrival(one.id)

    async def _delivered(self, chat: str, say: Say, question: int, channel: Channel) -> str:
        """With a document the page is drawn now, in memory; one that cannot be drawn is told of instead."""
        if say.document is None:
            return await channel.deliver(chat, say, question)
        sheet = say.document.sheet
        pdf = await asyncio.to_thread(_drawn, sheet)
        if pdf is None:
            log.warning("document.unprintable", channel=channel.name, kind=sheet.form)
            return await channel.deliver(chat, replace(say, text=say.document.instead, document=None), question)
        return await channel.deliver_file(chat, File(f"{sheet.name}.pdf", pdf, 1, sheet.filled), say, question)

    async def _write_down(self, what: Callable[[Transaction], None]) -> None:
        """Try until it is kept: what was said already must not be said again because the database is busy."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await self._store.run(what)
            except Busy as busy:
                log.error("outbox.not-noted", **failure(busy))
                await self._sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            else:
                return

    async def _replaced(self, one: Outgoing, channel: Channel) -> bool:
        """Whether the say took the place of the message with the same question's buttons."""
        shown = await self._store.run(partial(_shown, one=one))
        if shown is None or one.say is None:
            return False
        try:
            await channel.replace(one.chat, shown, one.say, one.question)
        except Gone:
            return False
        self._note_arrival(one.id)
        return True

    async def _erase(self, one: Outgoing, channel: Channel) -> None:
        left = await self._store.run(partial(_traces, one=one))
        failed = await channel.erase(one.chat, [trace.message for trace in left]) if left else 0
        if failed:
            log.warning("chat.residue", channel=one.channel, count=failed)
        ids = [trace.id for trace in left]
        await self._store.run(partial(_erased, one=one, ids=ids, failed=failed, clock=self._clock))

    def _note_arrival(self, id: int) -> None:
        self._arrived.append(id)
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_arrivals())

    async def _note_arrivals(self) -> None:
        while self._arrived:
            ids, self._arrived = self._arrived, []
            try:
                await self._store.run(partial(_done, ids=ids))
            except Exception as odd:
                log.error("outbox.not-noted", **failure(odd))
                self._arrived = ids + self._arrived
                await self._sleep(FIRST_WAIT_S)
        self._noting = None
        self._idle_if_done()

    def _idle_if_done(self) -> None:
        if not self._lines and not self._senders and not self._arrived and self._noting is None:
            self._idle.set()


def _drawn(sheet: Sheet) -> bytes | None:
    """One page; None where it cannot be printed."""
    from bot.cards_pdf import Unprintable  # loading what draws takes longer than most commands
    from bot.handoff_pdf import draw

    try:
        return draw(sheet)
    except Unprintable:
        return None


def _bury(tx: Transaction, *, id: int, why: str) -> None:
    outbox.bury(tx, id, why)


def _note(tx: Transaction, *, one: Outgoing, message: str, clock: Clock) -> None:
    """Arrived: remember the message that carries buttons, and the one that repeats a draft's words."""
    if one.say is not None and one.say.private:
        traces.leave(tx, one.address_ref, one.say.private, message, at=clock())
    if one.say is not None and any(not choice.lasting for choice in one.say.choices):
        conversations.show(tx, one.address_ref, one.question, message)
    outbox.done(tx, [one.id])


def _shown(tx: Transaction, *, one: Outgoing) -> str | None:
    shown = conversations.shown(tx, one.address_ref)
    return shown[1] if shown is not None and shown[0] == one.question else None


def _traces(tx: Transaction, *, one: Outgoing) -> list[traces.Trace]:
    return traces.of(tx, one.address_ref, one.erase)


def _erased(tx: Transaction, *, one: Outgoing, ids: list[int], failed: int, clock: Clock) -> None:
    if ids:
        traces.gone(tx, ids)
    if failed and people.contact(tx, one.address_ref) is not None:  # nobody is left to clear it where access ended
        residue.add(tx, one.address_ref, failed, at=clock())
    outbox.done(tx, [one.id])


def _done(tx: Transaction, *, ids: list[int]) -> None:
    outbox.done(tx, ids)
