"""Where messages wait until they may go: by chat, all together, the urgent first, closed by the channel."""

import asyncio

import pytest
from virtual_time import SECOND_NS, VirtualTime

from bot import gate as gates
from bot.gate import Gate
from bot.pacing import Pace, Paces

PACES = Paces(Pace(1.0, 2), Pace(10.0, 5))


class Passing:
    """Who passed when, in seconds since the start."""

    def __init__(self, paces: Paces | None) -> None:
        self.time = VirtualTime()
        self.gate = Gate(paces, self.time.ticks, self.time.sleep)
        self.began = self.time.now_ns
        self.passed: list[tuple[float, str]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def sends(self, chat: str, count: int, priority: int = 1) -> None:
        self._tasks.append(asyncio.create_task(self._send(chat, count, priority)))

    async def _send(self, chat: str, count: int, priority: int) -> None:
        for _ in range(count):
            await self.gate.passed(chat.encode(), priority)
            self.passed.append((round((self.time.now_ns - self.began) / SECOND_NS, 3), chat))

    def of(self, chat: str) -> list[float]:
        return [at for at, who in self.passed if who == chat]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.gate.stop()


async def test_a_chat_goes_at_its_own_pace_and_holds_up_no_other() -> None:
    line = Passing(PACES)
    line.sends("a", 4)
    line.sends("b", 1)
    await line.time.advance(5)
    assert line.of("a") == [0, 0, 1, 2]
    assert line.of("b") == [0]


async def test_all_chats_together_go_at_the_channels_pace() -> None:
    line = Passing(PACES)
    for number in range(20):
        line.sends(f"chat-{number}", 1)
    await line.time.advance(0.95)
    assert len(line.passed) == 5 + 9
    await line.time.advance(5)
    assert [at for at, _ in line.passed] == [0] * 5 + [round(0.1 * n, 3) for n in range(1, 16)]


async def test_the_urgent_pass_first_and_the_others_are_not_starved() -> None:
    line = Passing(Paces(Pace(1000.0, 1000), Pace(10.0, 1)))
    line.sends("first", 1)
    for number in range(4):
        line.sends(f"reminder-{number}", 1, priority=2)
    await line.time.settle()
    line.sends("flags", 12, priority=0)
    await line.time.advance(10)
    order = [who.partition("-")[0] for _, who in line.passed]
    assert order[:9] == ["first", *[*["flags"] * 3, "reminder"] * 2]
    assert sorted(order) == ["first", *["flags"] * 12, *["reminder"] * 4]


async def test_closed_by_the_channel_nothing_goes_and_then_at_its_pace() -> None:
    line = Passing(PACES)
    line.gate.close_for(7)
    for number in range(10):
        line.sends(f"chat-{number}", 1)
    await line.time.advance(6.999)
    assert line.passed == []
    line.gate.close_for(1)  # shorter than what is left changes nothing; longer does
    await line.time.advance(10)
    assert [at for at, _ in line.passed] == [7.999] * 5 + [round(7.999 + 0.1 * n, 3) for n in range(1, 6)]


async def test_without_a_pace_everything_goes_at_once_unless_it_is_closed() -> None:
    line = Passing(None)
    line.sends("a", 1000)
    await line.time.advance(0)
    assert line.of("a") == [0] * 1000
    line.gate.close_for(3)
    line.sends("b", 2)
    await line.time.advance(10)
    assert line.of("b") == [3, 3]


async def test_whoever_gave_up_waiting_costs_nobody_their_turn() -> None:
    line = Passing(Paces(Pace(1000.0, 1000), Pace(1.0, 1)))
    line.sends("first", 1)
    line.sends("gives up", 1)
    line.sends("waits", 1)
    await line.time.settle()
    line._tasks[1].cancel()
    await line.time.advance(1)
    assert line.passed == [(0, "first"), (1, "waits")]


async def test_buckets_that_are_full_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MOST_CHATS", 3)
    line = Passing(PACES)
    for number in range(3):
        line.sends(f"chat-{number}", 1)
    await line.time.advance(30)
    line.sends("busy", 2)
    await line.time.advance(0)
    assert set(line.gate._chats) == {b"busy"}
    line.sends("other", 1)
    line.sends("busy", 1)
    await line.time.advance(0.5)
    assert len(line.of("busy")) == 2, "one that is not full is remembered"
    await line.stop()
