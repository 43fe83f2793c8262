"""Whatever a channel does and whenever the process dies: nothing is lost, nothing said twice but what the process died
over, and each chat hears turns whole, answers in order, at the channel's pace."""

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bot_site import NOON
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from postgres_server import Cluster
from sqlalchemy import Engine
from storage_site import keyset
from virtual_time import SECOND_NS, VirtualTime

from bot.channels.base import ChannelError, File, Handle, Refused, Stop, TryLater
from bot.outbox import Outbox
from bot.pacing import Pace, Paces
from dialogues.model import Say
from storage import dead_letters, outbox
from storage.database import migrate, open_database
from storage.keyring import Keyring
from storage.outbox import Outgoing, Priority
from storage.postgres import migrate_postgres, open_postgres
from storage.schema import leases
from storage.sealing.signing import SigningKey
from storage.store import Store
from storage.transaction import Transaction

CHATS = ("ash", "birch", "cedar")
PACES = Paces(Pace(1.0, 3), Pace(4.0, 6))
FAULTS = st.sampled_from(
    [TryLater("flood", after_s=3), TryLater("away"), TryLater("flood", after_s=5, everywhere=True), Refused("bad")]
)


@dataclass(frozen=True)
class Step:
    """A turn's messages for one chat. ``lives``: seconds; ``pushed``: as by this process, else as by another."""

    chat: str
    count: int
    priority: Priority
    lives: int | None
    pushed: bool


STEPS = st.builds(
    Step,
    st.sampled_from(CHATS),
    st.integers(1, 3),
    st.sampled_from(Priority),
    st.none() | st.none() | st.integers(1, 30),
    st.sampled_from([True, True, True, False]),
)


@dataclass
class Scripted:
    """A channel: what was tried and said, when; and what the next tries in a chat meet."""

    time: VirtualTime
    name: str = "console"
    faults: dict[str, list[ChannelError]] = field(default_factory=lambda: defaultdict(list))
    tries: list[tuple[int, str]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    quiet: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    everywhere: int = 0
    asked_at: int = 0
    disturbed: list[tuple[int, str]] = field(default_factory=list)

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        now = self.time.ticks()
        under_way = now == self.asked_at  # others may have passed the gate in that very moment
        if now < self.quiet[chat] or (now < self.everywhere and not under_way):
            self.disturbed.append((now, chat))
        self.tries.append((now, chat))
        if self.faults[chat]:
            fault = self.faults[chat].pop(0)
            if isinstance(fault, TryLater):
                if fault.everywhere:
                    self.everywhere, self.asked_at = now + int(fault.after_s * SECOND_NS), now
                else:
                    self.quiet[chat] = now + int(fault.after_s * SECOND_NS)
            raise fault
        self.said.append((chat, say.text))
        return say.text

    async def deliver_file(self, chat: str, file: File, say: Say, question: int) -> str:
        raise AssertionError("no files here")

    async def replace(self, chat: str, message: str, say: Say, question: int) -> None:
        raise AssertionError("no replacing here")

    async def erase(self, chat: str, messages: Sequence[str]) -> int:
        raise AssertionError("no erasing here")

    async def listen(self, handle: Handle) -> None:
        raise AssertionError("nobody listens here")

    async def fetch(self, handle: str, at_most: int) -> bytes:
        raise AssertionError("nothing is fetched here")

    async def close(self) -> None:
        pass


class Counted(Store):
    """Knows how many turns are under way, so that a test knows when all is quiet."""

    under_way = 0

    def run(self, turn: Any) -> Any:
        self.under_way += 1
        waiter = super().run(turn)
        waiter.add_done_callback(self._over)  # type: ignore[attr-defined]
        return waiter

    def _over(self, _: object) -> None:
        self.under_way -= 1


class Life:
    """The store as a process has it, until it dies: from then on whatever it asks ends whoever asks."""

    def __init__(self, store: Store) -> None:
        self._store, self.over = store, False
        self.shared = store.shared

    def run(self, turn: Any) -> Any:
        if self.over:
            raise asyncio.CancelledError
        return self._store.run(turn)


@dataclass(frozen=True)
class Databases:
    """``new``: an empty one, and what is to be done with it in the end."""

    new: Callable[[], tuple[Engine, Callable[[], None]]]


@pytest.fixture(scope="module")
def databases(server_of: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    if server_of is None:
        path = tmp_path_factory.mktemp("empty") / "integra.db"
        migrate(path)

        def file() -> tuple[Engine, Callable[[], None]]:
            folder = Path(tempfile.mkdtemp())
            shutil.copy(path, folder / "integra.db")
            return open_database(folder / "integra.db"), lambda: shutil.rmtree(folder)

        return Databases(file)
    server, template = server_of, server_of.new_database()
    migrate_postgres(server.addresses(template))

    def database() -> tuple[Engine, Callable[[], None]]:
        name = server.new_database(template)
        return open_postgres(server.addresses(name)), lambda: server.drop(name)

    return Databases(database)


class Delivery(RuleBasedStateMachine):
    """Texts are the number of the turn and of the message in it, ``7.1``."""

    databases: Databases

    @initialize(steps=st.lists(STEPS, min_size=4, max_size=12), faults=st.lists(FAULTS, max_size=3))
    def begin(self, steps: list[Step], faults: list[ChannelError]) -> None:
        self.loop = asyncio.new_event_loop()
        engine, self.drop = self.databases.new()
        self.store = Counted(engine, Keyring(keyset(), SigningKey(bytes(32))))
        self.time = VirtualTime(lambda: self.store.under_way > 0)
        self.channel = Scripted(self.time)
        self.life = 0
        self.aged_s = self.time.now_ns // SECOND_NS
        self.turns = itertools.count(1)
        self.put: dict[str, tuple[str, Outgoing]] = {}  # text -> chat, message
        self.pushed_in: dict[str, int] = {}  # text -> the life in which it was pushed at once
        self.expiring: set[str] = set()
        self.doubled: set[str] = set()  # said, but not noted when the process died
        self.disturbed: set[str] = set()  # was dead for a while: its order is its own
        self.said_in: list[int] = []  # for each of channel.said: the life it was said in
        self._runs(self._start())
        for fault in faults:
            self.channel.faults[steps[0].chat].append(fault)
        self.turns_come(steps)

    def _runs(self, what: Any) -> Any:
        async def within_a_minute() -> Any:
            async with asyncio.timeout(60):
                return await what

        return self.loop.run_until_complete(within_a_minute())

    def clock(self) -> datetime:
        return NOON.astimezone(UTC) + timedelta(microseconds=(self.time.now_ns - SECOND_NS) // 1000)

    async def _start(self) -> None:
        self.life += 1
        # A new process knows neither pace nor waits of the old one; the channel tells it again.
        self.channel.tries.clear()
        self.channel.quiet.clear()
        self.channel.everywhere = 0
        self.alive = Life(self.store)
        self.out = Outbox(
            self.alive,  # type: ignore[arg-type]  # a store, but that it can end
            {"console": self.channel},
            self.clock,
            self.time.sleep,
            paces={"console": PACES},
            ticks=self.time.ticks,
            steady=lambda: self.time.now_ns / SECOND_NS,
        )
        await self.out.start()
        await self._quiet()

    async def _quiet(self) -> None:
        calm = 0
        while calm < 3:
            await self.time.settle()
            calm = calm + 1 if self.store.under_way == 0 else 0
            if self.store.under_way:
                await asyncio.sleep(0.0005)
        self.said_in += [self.life] * (len(self.channel.said) - len(self.said_in))
        assert self.channel.disturbed == [], "who asked to wait was not left alone"
        self._paced()

    async def _advance(self, seconds: float) -> None:
        until = self.time.now_ns + round(seconds * SECOND_NS)
        while self.time.now_ns < until:
            await self.time.advance(min(0.5, (until - self.time.now_ns) / SECOND_NS))
            await self._leases_age()
            await self._quiet()
        if self.out.stopped is not None and self.out.stopped.done():
            await self._die()
            await self._start()

    async def _leases_age(self) -> None:
        """The server's clock, which leases go by, does not know of ours."""
        now_s = self.time.now_ns // SECOND_NS
        if self.store.shared and now_s > self.aged_s:
            by, self.aged_s = now_s - self.aged_s, now_s
            await self.store.run(lambda tx: tx.db.execute(leases.update().values(until=leases.c.until - by)))

    async def _die(self) -> None:
        """At once, between any two steps; what the database has is all there is."""
        self.alive.over = True
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._quiet()
        left = {one.id for one in await self.store.run(lambda tx: outbox.waiting(tx))}
        said = {text for _, text in self.channel.said}
        self.doubled |= {text for text, (_, one) in self.put.items() if text in said and one.id in left}

    # ------------------------------------------------------------ what may happen

    @rule(steps=st.lists(STEPS, min_size=1, max_size=6))
    def turns_come(self, steps: list[Step]) -> None:
        self._runs(self._act(steps))

    async def _act(self, steps: list[Step]) -> None:
        now = self.clock()
        for step in steps:
            number = next(self.turns)
            says = [Say(f"{number}.{part}") for part in range(step.count)]
            until = None if step.lives is None else now + timedelta(seconds=step.lives)
            put = partial(_put, step=step, says=says, at=now, until=until)
            done = await self.store.run(put)
            for say, one in zip(says, done, strict=True):
                self.put[say.text] = (step.chat, one)
                if until is not None:
                    self.expiring.add(say.text)
                if step.pushed:
                    self.pushed_in[say.text] = self.life
            if step.pushed:
                self.out.push(done)
        await self._quiet()

    @rule(chat=st.sampled_from(CHATS), faults=st.lists(FAULTS, min_size=1, max_size=3))
    def trouble(self, chat: str, faults: list[ChannelError]) -> None:
        self.channel.faults[chat] += faults

    @rule(chat=st.sampled_from(CHATS))
    def revoked(self, chat: str) -> None:
        self.channel.faults[chat].append(Stop("token revoked"))

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 20.0]))
    def time_goes_by(self, seconds: float) -> None:
        self._runs(self._advance(seconds))

    @rule()
    def look(self) -> None:
        self._runs(self.out.look())
        self._runs(self._quiet())

    @rule()
    def dies(self) -> None:
        self._runs(self._die())
        self._runs(self._start())

    @rule()
    def retried(self) -> None:
        self._runs(self._retry())

    async def _retry(self) -> None:
        dead = await self.store.run(dead_letters.listed)
        assert {one.why for one in dead} <= {"bad"}, "our own code failed"
        self.disturbed |= {text for text, (_, one) in self.put.items() if one.id in {letter.id for letter in dead}}
        await self.store.run(lambda tx: dead_letters.retry(tx, None))

    @precondition(lambda self: len(self.put) > 2)
    @rule()
    def flushed(self) -> None:
        """A stop in order."""

        async def act() -> None:
            await self.out.stop(within_s=0.01)
            await self._die()
            await self._start()

        self._runs(act())

    # ------------------------------------------------------------ what must hold

    def _paced(self) -> None:
        for chat, pace in [(chat, PACES.chat) for chat in CHATS] + [("", PACES.overall)]:
            times = [at for at, where in self.channel.tries if chat in ("", where)]
            for first, last in itertools.combinations_with_replacement(range(max(0, len(times) - 12), len(times)), 2):
                stretch = (times[last] - times[first]) / SECOND_NS
                assert last - first + 1 <= pace.per_s * stretch + pace.burst, (chat, times)

    def teardown(self) -> None:
        if not hasattr(self, "store"):
            return
        try:
            self._runs(self._to_the_end())
            self._everything_was_said()
            self._in_order()
        finally:
            with contextlib.suppress(BaseException):
                self._runs(self._die())
            self.store.close()
            self.loop.close()
            self.drop()

    async def _to_the_end(self) -> None:
        """The channel works again, what is dead is retried."""
        self.channel.faults.clear()
        for _ in range(40):
            await self._advance(20)
            await self._retry()
            await self.out.look()
            await self._quiet()
            if await self.store.run(outbox.counts) == (0, 0):
                return
        raise AssertionError("something waits for ever")

    def _everything_was_said(self) -> None:
        times: dict[str, int] = defaultdict(int)
        for chat, text in self.channel.said:
            assert self.put[text][0] == chat
            times[text] += 1
        for text in self.put:
            assert times[text] or text in self.expiring, f"{text} was lost"
            assert times[text] <= 1 or text in self.doubled, f"{text} was said twice"

    def _in_order(self) -> None:
        for chat in CHATS:
            heard = [
                (text, life)
                for (where, text), life in zip(self.channel.said, self.said_in, strict=True)
                if where == chat
            ]
            for life in range(1, self.life + 1):
                told = [text for text, when in heard if when == life and text not in self.disturbed]
                self._turns_whole([text for text, when in heard if when == life])
                for reminders in (True, False):
                    kind = [
                        self.put[text][1].id
                        for text in told
                        if (self.put[text][1].priority is Priority.REMINDER) is reminders
                        and self.pushed_in.get(text, 0) == life
                    ]
                    assert kind == sorted(kind), (chat, told)

    def _turns_whole(self, told: list[str]) -> None:
        turns = [text.partition(".")[0] for text in told if text not in self.disturbed]
        runs = [number for number, _ in itertools.groupby(turns)]
        assert len(runs) == len(set(runs)), f"a turn was split: {told}"


def _put(tx: Transaction, *, step: Step, says: list[Say], at: datetime, until: datetime | None) -> list[Outgoing]:
    return outbox.put(tx, "console", step.chat, says, at=at, priority=step.priority, expires_at=until)


def test_nothing_is_lost_doubled_or_out_of_order(databases: Databases) -> None:
    Delivery.databases = databases
    run(examples=15, steps=15)


@pytest.mark.long
def test_nothing_is_lost_doubled_or_out_of_order_in_a_long_run(databases: Databases) -> None:
    Delivery.databases = databases
    run(examples=150, steps=40)


def run(*, examples: int, steps: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes
    )
    run_state_machine_as_test(Delivery, settings=how)  # type: ignore[no-untyped-call]
