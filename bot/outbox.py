"""The one way out: says what was committed, in order within a chat, until it arrived or can never arrive.

    push ─▶ line of one chat ─▶ gate of its channel ─▶ deliver ─▶ arrived: its row goes (many rows share a commit)
    look ─▶      │                                        ├─ TryLater: the same again after a wait, and nothing of the
                 │                                        │            chat before it; everywhere: the gate closes
                 │                                        ├─ Refused:  the row stays, dead, with the reason; nothing
                 │                                        │            arrives there at all: all rows of the chat do
                 └─ nobody needs it any more: it goes     └─ Moved:    all that is known by the chat's id goes over

What had to wait is said only while its row is there: access may have ended, by the command line of another process.

A message may be said twice only when the process dies between saying and noting it, or when a server of several
processes is away between the two for longer than a lease lasts: Telegram has no key for repeats.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.channels.base import Channel, File, Gone, Moved, Refused, Stop, TryLater
from bot.clock import Clock
from bot.gate import Gate, Sleep, Ticks
from bot.line import NEVER, Line
from bot.logs import failure
from bot.metrics import Metrics
from bot.pacing import Paces
from dialogues.model import Say
from guidance.handoff import Sheet
from storage import conversations, flags, leases, moving, outbox, people, reach, residue, traces
from storage.conversations import Shown
from storage.errors import Busy
from storage.outbox import Outgoing, Priority
from storage.store import Store
from storage.transaction import Transaction

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
WAITED_S = 1.0
"""A message that is older, or was tried before, is looked up once more: access to its chat may have ended meanwhile."""
LOOK_EVERY_S = 5.0
LET_GO_S = 5.0
FIRST_CLAIM_S, LONGEST_CLAIM_S = 0.05, 2.0
MOST_KNOWN = 10_000
"""So many are held in memory; more stay in the database until there is room."""
MOST_SHOWN = 1_000
"""Chats of which it is remembered which message carries the open question's buttons; of others it is looked up."""
MOST_FAULTS = 3
FAILED = "failed"
"""Why a message is dead that our own code cannot say."""

T = TypeVar("T")

log = structlog.get_logger()


class Outbox:
    """Sends for all channels; one sender a chat.

    Args:
        channels: by name.
        sleep: how to wait; a test hands in its own, with the ``ticks`` that go with it.
        paces: how fast, by channel; as fast as one likes where it is not named.
        metrics: counts what is sent.
        steady: seconds, of a clock that nobody sets.

    Attributes:
        expired: how many went unsaid since the start because nobody needed them any more.
    """

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Clock,
        sleep: Sleep = asyncio.sleep,
        *,
        paces: Mapping[str, Paces] | None = None,
        ticks: Ticks = time.monotonic_ns,
        metrics: Metrics | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._channels = store, channels
        self._metrics = metrics or Metrics()
        self._clock, self._sleep, self._steady = clock, sleep, steady
        self._gates = {name: Gate((paces or {}).get(name), ticks, sleep) for name in channels}
        self._lines: dict[bytes, Line] = {}
        self._senders: dict[bytes, asyncio.Task[None]] = {}
        self._known: dict[int, float] = {}  # id -> when it was pushed; until it is noted
        self._elsewhere: set[int] = set()  # ids that wait for channels that do not run here; as of the last look
        self._behind = False  # more waits in the database than is known here
        self._out_of_reach: frozenset[bytes] = frozenset()
        self._faults: dict[int, int] = {}
        self._shown: dict[bytes, Shown | None] = {}
        self._holder = os.urandom(16)  # of this process
        self._carried: set[asyncio.Future[Any]] = set()  # what a stop lets come to its end
        self._arrived: list[int] = []
        self._calls: dict[int, tuple[str, ...]] = {}  # of messages that arrived and are not noted: flags they told of
        self._noting: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.stopped: asyncio.Future[Stop] | None = None
        self.expired = 0

    async def start(self) -> None:
        """Take up what a crash or an outage left."""
        self.watch()
        await self.look()

    async def run(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            await self._sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except Exception as odd:
                log.error("outbox.not-looked", **failure(odd))

    async def look(self) -> None:
        """Take up what waits in the database and was not pushed: brought back from the dead, queued by another process,
        or more than there was room for. Senders that failed begin anew."""
        more = True
        while more and (room := MOST_KNOWN - len(self._known)) > 0:
            elsewhere = tuple(self._elsewhere)
            unknown = partial(_unknown, known=tuple(self._known), elsewhere=elsewhere, at_most=room)
            found, still, self._out_of_reach = await self._store.run(unknown)
            self._elsewhere.difference_update(set(elsewhere) - still)
            more = self._behind = len(found) == room
            # Perhaps said and noted between the look and now: it is looked up once more before it is said.
            self._take_up(found, at=0.0)
        if self.stopped is None or not self.stopped.done():
            for address_ref in self._lines:
                self._start_sender(address_ref)

    def watch(self) -> "asyncio.Future[Stop]":
        """Done when a channel cannot go on."""
        if self.stopped is None:
            self.stopped = asyncio.get_running_loop().create_future()
        return self.stopped

    def push(self, said: Sequence[Outgoing]) -> None:
        """Queue committed messages; they are being sent when this returns.

        Those of a channel that does not run here stay in the database for the process where it does. While more waits
        there than is known, what is not urgent stays there too, behind it.
        """
        self._take_up([one for one in said if not self._behind or one.priority is Priority.URGENT], at=self._steady())

    def _take_up(self, said: Sequence[Outgoing], *, at: float) -> None:
        for one in said:
            if one.channel not in self._channels:
                self._elsewhere.add(one.id)
            elif one.id not in self._known:
                self._lines.setdefault(one.address_ref, Line()).join(one)
                self._known[one.id] = at
                self._idle.clear()
                self._start_sender(one.address_ref)

    def _start_sender(self, address_ref: bytes) -> None:
        if address_ref not in self._senders:
            self._senders[address_ref] = asyncio.create_task(self._send(address_ref))

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
        if senders:
            # Each says what it has on the wire to its end, notes it, and lets its chat go. Where the database or the
            # channel is away that would never end.
            await asyncio.wait(senders, timeout=LET_GO_S)
        while not all(sender.done() for sender in senders):
            for one in (*self._carried, *senders):
                one.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*senders, return_exceptions=True)
        for gate in self._gates.values():
            await gate.stop()
        if (noting := self._noting) is not None:
            await asyncio.wait((noting,), timeout=LET_GO_S)
            noting.cancel()
            await asyncio.gather(noting, return_exceptions=True)

    async def _send(self, address_ref: bytes) -> None:
        line = self._lines[address_ref]
        going = True
        try:
            while going and len(line):  # more may have come while the chat was let go
                try:
                    going = await self._send_line(address_ref, line)
                finally:
                    await self._let_go(address_ref, line)
        except Stop as stop:
            if self.stopped is not None and not self.stopped.done():
                self.stopped.set_result(stop)
        except Exception as odd:
            log.error("outbox.sender-failed", **failure(odd))
        finally:
            del self._senders[address_ref]
            if not len(line):
                del self._lines[address_ref]
            self._idle_if_done()

    async def _send_line(self, address_ref: bytes, line: Line) -> bool:
        """False: something is wrong here; what is left waits for the next look."""
        wait_s = FIRST_WAIT_S
        while len(line):
            await self._note_messages(line)
            await self._claim(address_ref, line)
            if not len(line):
                break
            one = line.next()
            try:
                await self._deal_with(one, line)
            except (TryLater, Busy) as later:
                line.waited = True
                await self._wait_out(later, wait_s, one.channel)
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
                continue
            except Refused as never:
                await self._give_up(one, never.why, line)
            except Moved as moved:
                await self._go_over(one, moved.chat, line)
            except Stop:
                raise
            except Exception as odd:
                # Nothing is lost: the next look begins anew.
                log.error("outbox.sender-failed", **failure(odd))
                self._faults[one.id] = self._faults.get(one.id, 0) + 1
                if self._faults[one.id] < MOST_FAULTS:
                    return False
                await self._give_up(one, FAILED, line)
            wait_s = FIRST_WAIT_S
            self._faults.pop(one.id, None)
            line.leave(one.id)
        return True

    async def _claim(self, address_ref: bytes, line: Line) -> None:
        """Where several processes send, only one does so to a chat: wait for that, and see what is left to be said."""
        if not self._store.shared or self._steady() < line.ours_until:
            return
        wait_s = FIRST_CLAIM_S
        while True:
            before = [one.id for one in line]  # what comes later, the look may not have seen
            line.ours_until = self._steady()
            claim = self._store.run(partial(_claimed, address_ref=address_ref, holder=self._holder))
            try:
                claimed = await self._to_its_end(claim)
            except Busy as busy:
                log.error("outbox.not-claimed", **failure(busy))
                claimed = None
            if claimed is not None:
                break
            await self._sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_CLAIM_S)
        line.ours_until += leases.LASTS.total_seconds() / 3
        found, shown = claimed
        self._remember(address_ref, shown)
        there = {one.id for one in found}
        for id in set(before) - there:  # said by another, or called back
            line.leave(id)
            self._known.pop(id, None)
        for one in found:
            # What was said may be noted after the look and be known no more; it waits no longer all the same.
            if one.id not in self._known and one.id not in line.said and one.channel in self._channels:
                line.join(one)
                self._known[one.id] = self._steady()

    async def _let_go(self, address_ref: bytes, line: Line) -> None:
        """Not before what was said is noted: or the next would say it again."""
        if self._store.shared and line.ours_until > NEVER:
            said, line.said, line.ours_until = line.said, [], NEVER
            arrived, line.arrived = line.arrived, []
            let_go = partial(_let_go, address_ref=address_ref, holder=self._holder, clock=self._clock)
            let_go = partial(let_go, calls=self._called(said))
            try:
                await self._write_down(partial(let_go, ids=said, arrived=arrived))
            except Exception as odd:  # it was said, and must not be said again
                if not arrived:
                    raise
                log.error("outbox.not-noted", **failure(odd))
                await self._write_down(partial(let_go, ids=[*said, *(one.id for one, _ in arrived)], arrived=[]))
            for id in [*said, *(one.id for one, _ in arrived)]:
                self._known.pop(id, None)
                self._calls.pop(id, None)

    async def _deal_with(self, one: Outgoing, line: Line) -> None:
        if not one.is_over(self._clock()):
            await self._gates[one.channel].passed(one.address_ref, one.priority)
        if one.is_over(self._clock()):
            self.expired += 1
            log.info("outbox.expired", channel=one.channel, kind=one.priority.name.lower())
            self._note_arrival(one.id, line)
            return
        await self._claim(one.address_ref, line)  # the gate may have taken long
        if one.id not in self._known:
            return
        old = self._steady() - self._known.get(one.id, 0.0) >= WAITED_S
        if (line.waited or old) and not await self._store.run(partial(outbox.still_waits, id=one.id)):
            self._known.pop(one.id, None)
            return
        await self._to_its_end(self._say(one, line))
        self._metrics.arrived(one.channel)
        line.leave(one.id)
        if one.address_ref in self._out_of_reach:
            self._out_of_reach -= {one.address_ref}
            found = partial(_reached, address_ref=one.address_ref, clock=self._clock)
            self._take_up(await self._write_down(found), at=0.0)

    async def _wait_out(self, later: TryLater | Busy, wait_s: float, channel: str) -> None:
        asked = isinstance(later, TryLater) and later.after_s
        why = "database" if isinstance(later, Busy) else "flood" if asked else "out-of-reach"
        self._metrics.put_off(channel, why)
        seconds = (later.after_s or wait_s) if isinstance(later, TryLater) else wait_s
        if isinstance(later, TryLater) and later.everywhere:
            self._gates[channel].close_for(seconds)
        else:
            await self._sleep(seconds)

    async def _give_up(self, one: Outgoing, why: str, line: Line) -> None:
        """This can never arrive; or nothing can, at this chat."""
        log.warning("outbox.dead", channel=one.channel, kind=why)
        self._metrics.refused(one.channel, why)
        if why not in reach.WHY:
            await self._write_down(partial(_bury, id=one.id, why=why))
            self._known.pop(one.id, None)
            return
        lose = partial(_lost, address_ref=one.address_ref, why=why, clock=self._clock)
        for id in [*await self._write_down(lose), one.id]:
            line.leave(id)
            self._known.pop(id, None)
        line.waited = True  # what was pushed meanwhile may be among the buried
        self._out_of_reach |= {one.address_ref}

    async def _go_over(self, one: Outgoing, chat: str, line: Line) -> None:
        move = partial(_moved, one=one, chat=chat, clock=self._clock)
        found = await self._write_down(move)
        if found is None:
            await self._give_up(one, "gone", line)
            return
        log.info("outbox.moved", channel=one.channel)
        for id in [waiting.id for waiting in line]:
            line.leave(id)
            self._known.pop(id, None)
        self._take_up(found, at=0.0)

    async def _say(self, one: Outgoing, line: Line) -> None:
        channel = self._channels[one.channel]
        if one.say is None:
            await self._erase(one, channel)
            return
        if one.say.refresh and await self._replaced(one, channel):
            self._note_arrival(one.id, line)
            return
        message = await self._delivered(one.chat, one.say, one.question, channel)
        if one.notice is not None and one.notice.calls:
            self._calls[one.id] = one.notice.calls
        carries = _carries_buttons(one.say)
        if carries:
            self._remember(one.address_ref, (one.question, message))
        if not carries and not one.say.private:
            self._note_arrival(one.id, line)
            return
        line.arrived.append((one, message))
        if not self._store.shared or len(line) > 1:  # or else it is noted as the chat is let go
            await self._note_messages(line)

    async def _note_messages(self, line: Line) -> None:
        arrived, line.arrived = line.arrived, []
        for one, message in arrived:
            try:
                await self._write_down(partial(_note, one=one, message=message, clock=self._clock))
                self._known.pop(one.id, None)
            except Exception as odd:  # it was said, and must not be said again
                log.error("outbox.not-noted", **failure(odd))
                self._note_arrival(one.id, line)

    def _remember(self, address_ref: bytes, shown: Shown | None) -> None:
        """Nobody else sends to this chat, or shows buttons there, until it is let go."""
        self._shown.pop(address_ref, None)
        while len(self._shown) >= MOST_SHOWN:
            del self._shown[next(iter(self._shown))]
        self._shown[address_ref] = shown

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

    async def _write_down(self, what: Callable[[Transaction], T]) -> T:
        """Try until it is kept: what was said already must not be said again because the database is busy, or because
        the assistant stops while this waits in line."""
        return await self._to_its_end(self._kept(what))

    async def _kept(self, what: Callable[[Transaction], T]) -> T:
        wait_s = FIRST_CLAIM_S
        while True:
            try:
                return await self._store.run(what)
            except Busy as busy:
                log.error("outbox.not-noted", **failure(busy))
                await self._sleep(wait_s)
                wait_s = min(wait_s * 2, LONGEST_CLAIM_S)  # or the chat's lease runs out, and another says it again

    async def _to_its_end(self, what: Awaitable[T]) -> T:
        """Also where whoever waits is cancelled: what was said or written must be known to have been."""
        doing = asyncio.ensure_future(what)
        self._carried.add(doing)
        doing.add_done_callback(self._carried.discard)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait((doing,))
            if not doing.cancelled():
                doing.exception()  # whatever it was, the row is there for the next start
            raise

    async def _replaced(self, one: Outgoing, channel: Channel) -> bool:
        """Whether the say took the place of the message with the same question's buttons."""
        if one.address_ref in self._shown:
            shown = self._shown[one.address_ref]
        else:
            shown = await self._store.run(partial(conversations.shown, address_ref=one.address_ref))
        if shown is None or shown[0] != one.question or one.say is None:
            return False
        try:
            await channel.replace(one.chat, shown[1], one.say, one.question)
        except Gone:
            return False
        return True

    async def _erase(self, one: Outgoing, channel: Channel) -> None:
        left = await self._store.run(partial(_traces, one=one))
        failed = await channel.erase(one.chat, [trace.message for trace in left]) if left else 0
        if failed:
            log.warning("chat.residue", channel=one.channel, count=failed)
        ids = [trace.id for trace in left]
        await self._store.run(partial(_erased, one=one, ids=ids, failed=failed, clock=self._clock))
        self._known.pop(one.id, None)

    def _note_arrival(self, id: int, line: Line) -> None:
        if self._store.shared:
            line.said.append(id)
            if len(line) == 1:
                return  # noted as the chat is let go
        self._arrived.append(id)
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_arrivals())

    async def _note_arrivals(self) -> None:
        while self._arrived:
            ids, self._arrived = self._arrived, []
            try:
                await self._store.run(partial(_done, ids=ids, calls=self._called(ids), clock=self._clock))
            except Exception as odd:
                log.error("outbox.not-noted", **failure(odd))
                self._arrived = ids + self._arrived
                await self._sleep(FIRST_WAIT_S)
            else:
                for id in ids:
                    self._known.pop(id, None)
                    self._calls.pop(id, None)
        self._noting = None
        self._idle_if_done()

    def _called(self, ids: Sequence[int]) -> list[str]:
        """Ids of the flags that these messages told of."""
        return [call for id in ids for call in self._calls.get(id, ())]

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


def _unknown(
    tx: Transaction, *, known: tuple[int, ...], elsewhere: tuple[int, ...], at_most: int
) -> tuple[list[Outgoing], set[int], frozenset[bytes]]:
    """What nobody here knows, which of those for elsewhere still wait, and the chats that nothing arrives at."""
    found = outbox.waiting(tx, known=(*known, *elsewhere), at_most=at_most)
    return found, outbox.still_waiting(tx, elsewhere), reach.marked(tx)


def _claimed(tx: Transaction, *, address_ref: bytes, holder: bytes) -> tuple[list[Outgoing], Shown | None] | None:
    return outbox.of_address_shown(tx, address_ref) if leases.take(tx, address_ref, holder) else None


def _let_go(
    tx: Transaction,
    *,
    address_ref: bytes,
    holder: bytes,
    ids: list[int],
    arrived: Sequence[tuple[Outgoing, str]],
    calls: Sequence[str],
    clock: Clock,
) -> None:
    for one, message in arrived:
        _note(tx, one=one, message=message, clock=clock)
    _done(tx, ids=ids, calls=calls, clock=clock)
    leases.give_back(tx, address_ref, holder)


def _bury(tx: Transaction, *, id: int, why: str) -> None:
    outbox.bury(tx, id, why)


def _lost(tx: Transaction, *, address_ref: bytes, why: str, clock: Clock) -> list[int]:
    reach.mark(tx, address_ref, why, at=clock())
    return outbox.bury_all(tx, address_ref, why)


def _reached(tx: Transaction, *, address_ref: bytes, clock: Clock) -> list[Outgoing]:
    return reach.unmark(tx, address_ref, at=clock())


def _moved(tx: Transaction, *, one: Outgoing, chat: str, clock: Clock) -> list[Outgoing] | None:
    return moving.move(tx, one.address_ref, one.channel, chat, at=clock())


def _note(tx: Transaction, *, one: Outgoing, message: str, clock: Clock) -> None:
    """Arrived: remember the message that carries buttons, and the one that repeats a draft's words."""
    if one.say is not None and one.say.private:
        traces.leave(tx, one.address_ref, one.say.private, message, at=clock())
    if one.say is not None and _carries_buttons(one.say):
        conversations.show(tx, one.address_ref, one.question, message)
    outbox.done(tx, [one.id])


def _carries_buttons(say: Say) -> bool:
    """Of the open question."""
    return any(not choice.lasting for choice in say.choices)


def _traces(tx: Transaction, *, one: Outgoing) -> list[traces.Trace]:
    return traces.of(tx, one.address_ref, one.erase)


def _erased(tx: Transaction, *, one: Outgoing, ids: list[int], failed: int, clock: Clock) -> None:
    if ids:
        traces.gone(tx, ids)
    if failed and people.contact(tx, one.address_ref) is not None:  # nobody is left to clear it where access ended
        residue.add(tx, one.address_ref, failed, at=clock())
    outbox.done(tx, [one.id])


def _done(tx: Transaction, *, ids: list[int], calls: Sequence[str], clock: Clock) -> None:
    outbox.done(tx, ids)
    for note_id in calls:
        try:
            with tx.db.begin_nested():
                flags.arrived(tx, note_id, at=clock())
        except Exception as odd:  # it was said, and must not be said again
            log.error("outbox.flag-not-noted", **failure(odd))
