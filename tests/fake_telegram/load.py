"""A load of dialogues for benchmarks: many people talk to the bot at once, each one turn after the other."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

from .chats import Message, Person

if TYPE_CHECKING:
    from .server import FakeTelegram

FIRST_CHAT_ID = 5_000_000_000


class Load:
    """Chats that go on as soon as the bot has answered.

    In each turn a person presses the first button of the bot's newest message, or writes a text where there
    is none, and waits for the bot to send or edit something.

    Args:
        chats: how many people talk at once.
        turns: how many turns each takes.
        opening: texts for the first turns of each chat, ``{n}`` is the chat's number.
        texts: what is written where there is no button, in turn.
        press: False always writes.
        within_s: real seconds until a turn counts as lost; the chat ends there.
        settle_s: real seconds without another message until the next turn; for bots that answer with several
            messages. Not part of the latency.
        think_s: real seconds a person waits before each turn.
        ramp_s: real seconds over which the chats begin.
    """

    def __init__(
        self,
        telegram: "FakeTelegram",
        *,
        chats: int = 50,
        turns: int = 20,
        opening: list[str] | None = None,
        texts: list[str] | None = None,
        press: bool = True,
        within_s: float = 30.0,
        settle_s: float = 0.0,
        think_s: float = 0.0,
        ramp_s: float = 0.0,
        first_chat_id: int = FIRST_CHAT_ID,
    ) -> None:
        self._telegram = telegram
        self._chats = chats
        self._turns = turns
        self._opening = ["/start"] if opening is None else opening
        self._texts = texts or ["hello"]
        self._press = press
        self._within_s = within_s
        self._settle_s = settle_s
        self._think_s = think_s
        self._ramp_s = ramp_s
        self._first_chat_id = first_chat_id
        self._latencies: list[float] = []
        self._lost = 0
        self._pressed = 0
        self._messages = 0
        self._began = 0.0
        self._ended = 0.0
        self._before = telegram.counts.copy()
        self._refused_before = telegram.refusals.copy()
        self.done = False

    async def run(self) -> None:
        self._began = time.monotonic()
        await asyncio.gather(*(self._talk(number) for number in range(self._chats)))
        self._ended = time.monotonic()
        self.done = True

    async def _talk(self, number: int) -> None:
        person = self._telegram.person(self._first_chat_id + number)
        news = asyncio.Event()

        def heard(_: Message) -> None:
            self._messages += 1
            news.set()

        person.chat.listener = heard
        await asyncio.sleep(self._ramp_s * number / self._chats)
        try:
            for turn in range(self._turns):
                await asyncio.sleep(self._think_s)
                news.clear()
                began = time.perf_counter()
                self._act(person, number, turn)
                await asyncio.wait_for(news.wait(), self._within_s)
                self._latencies.append(time.perf_counter() - began)
                await self._settle(news)
        except TimeoutError:
            self._lost += 1
        finally:
            person.chat.listener = None

    async def _settle(self, news: asyncio.Event) -> None:
        while self._settle_s:
            news.clear()
            try:
                await asyncio.wait_for(news.wait(), self._settle_s)
            except TimeoutError:
                return

    def _act(self, person: Person, number: int, turn: int) -> None:
        if turn < len(self._opening):
            person.writes(self._opening[turn].replace("{n}", str(number)))
            return
        newest = next((message for message in person.chat.newest_first() if message.own), None)
        if self._press and newest is not None:
            for row in newest.buttons:
                for button in row:
                    if button.data is not None:
                        self._pressed += 1
                        self._telegram.press(person, newest, button.data)
                        return
        person.writes(self._texts[turn % len(self._texts)])

    def report(self) -> dict[str, Any]:
        """Counts, rates a second, and latencies in milliseconds from act to first reply."""
        seconds = (self._ended or time.monotonic()) - self._began
        ordered = sorted(self._latencies)

        def percentile(share: float) -> float:
            return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

        calls = self._telegram.counts - self._before
        return {
            "done": self.done,
            "chats": self._chats,
            "turns": len(ordered),
            "turns_wanted": self._chats * self._turns,
            "pressed": self._pressed,
            "lost": self._lost,
            "messages": self._messages,
            "seconds": round(seconds, 3),
            "turns_per_s": round(len(ordered) / seconds, 1) if seconds else 0.0,
            "messages_per_s": round(self._messages / seconds, 1) if seconds else 0.0,
            "latency_ms": {
                name: percentile(share)
                for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
                if ordered
            },
            "delivery": "webhook" if self._telegram.methods.webhook is not None else "getUpdates",
            "calls": dict(calls),
            "refusals": dict(self._telegram.refusals - self._refused_before),
            "unconfirmed": len(self._telegram.log),
        }
