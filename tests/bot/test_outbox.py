"""What was committed is said: in order within a chat, past faults, over restarts, and erased when a note is logged."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Any

import pytest
import structlog
from bot_site import Site, Waits
from sqlalchemy.exc import OperationalError
from virtual_time import VirtualTime

from bot import outbox as outboxes
from bot import wiring
from bot.channels.base import ChannelError, File, Gone, Handle, Moved, Refused, Stop, TryLater
from bot.gate import Sleep
from bot.outbox import Outbox
from bot.pacing import TELEGRAM, Pace, Paces
from bot.wiring import voices
from dialogues.model import Choice, Document, Say, column
from guidance import filling
from storage import conversations, dead_letters, outbox, people, reach, residue, traces
from storage.errors import Busy
from storage.outbox import Outgoing, Priority
from storage.transaction import Transaction

DRAFT = "ab" * 16


class Phones:
    """A channel whose every chat is a list of texts; ``trouble`` holds what the next deliveries to a chat meet."""

    name = "console"

    def __init__(self) -> None:
        self.chats: dict[str, list[str]] = defaultdict(list)
        self.trouble: dict[str, list[ChannelError | Exception]] = defaultdict(list)
        self.erased: list[tuple[str, str]] = []
        self.gone: set[str] = set()
        self.gate: asyncio.Event | None = None
        self.at_gate = asyncio.Event()
        self.files: list[tuple[str, File]] = []
        self.left = 0
        self._news = asyncio.Event()

    async def listen(self, handle: Handle) -> None:
        raise AssertionError("nobody listens here")

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        await asyncio.sleep(0)
        if self.gate is not None:
            self.at_gate.set()
            await self.gate.wait()
        if self.trouble[chat]:
            raise self.trouble[chat].pop(0)
        self.chats[chat].append(say.text)
        self._news.set()
        return f"{chat}-{len(self.chats[chat])}"

    async def deliver_file(self, chat: str, file: File, say: Say, question: int) -> str:
        message = await self.deliver(chat, say, question)
        self.files.append((chat, file))
        return message

    async def replace(self, chat: str, message: str, say: Say, question: int) -> None:
        if message in self.gone:
            raise Gone("deleted by the person")
        self.chats[chat][int(message.rpartition("-")[2]) - 1] = say.text

    async def erase(self, chat: str, messages: Sequence[str]) -> int:
        if self.trouble[chat]:
            raise self.trouble[chat].pop(0)
        self.erased += [(chat, message) for message in messages]
        return self.left

    async def close(self) -> None:
        pass

    async def said(self, chat: str, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.chats[chat]) < count:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def phones() -> Phones:
    return Phones()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@asynccontextmanager
async def sending(site: Site, phones: Phones, waits: Sleep, **how: Any) -> AsyncIterator[Outbox]:
    how.setdefault("steady", lambda: site.clock().timestamp())
    out = Outbox(site.store, {"console": phones}, site.clock, waits, **how)
    await out.start()
    try:
        async with asyncio.timeout(20):  # what is never said fails the test and does not hang it
            yield out
    finally:
        await out.stop(within_s=0.01)


def put(site: Site, chat: str, *texts: str) -> list[Outgoing]:
    says = [Say(text) for text in texts]
    return site.within(lambda tx: outbox.put(tx, "console", chat, says, at=site.clock()))


def put_says(site: Site, chat: str, *says: Say, question: int = 0, erase: Sequence[str] = ()) -> list[Outgoing]:
    return site.within(
        lambda tx: outbox.put(tx, "console", chat, says, question=question, erase=erase, at=site.clock())
    )


def waiting(site: Site) -> list[tuple[int, str | None]]:
    return [tuple(row) for row in site.rows("outbox", "id, dead")]


async def test_messages_arrive_in_order_and_their_rows_go(site: Site, phones: Phones, waits: Waits) -> None:
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one", "two", "three"))
        await out.drained()
    assert phones.chats["officer"] == ["one", "two", "three"]
    assert waiting(site) == []


async def test_try_later_waits_as_long_as_asked_and_only_that_chat(site: Site, phones: Phones, waits: Waits) -> None:
    free = asyncio.Event()

    async def held(seconds: float) -> None:
        waits.seconds.append(seconds)
        await free.wait()

    phones.trouble["officer"] = [TryLater("flood", after_s=7)]
    async with sending(site, phones, held) as out:
        out.push(put(site, "officer", "one", "two"))
        out.push(put(site, "mentor", "hello"))
        await phones.said("mentor", 1)
        assert phones.chats["officer"] == []
        free.set()
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]
    assert waits.seconds == [7]


async def test_waits_grow_to_a_minute_while_the_channel_is_away_and_start_again_after(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.trouble["officer"] = [TryLater("away") for _ in range(9)]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one"))
        await out.drained()
        phones.trouble["officer"] = [TryLater("away")]
        out.push(put(site, "officer", "two"))
        await out.drained()
    assert waits.seconds == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 0.5]
    assert phones.chats["officer"] == ["one", "two"]


async def test_what_is_refused_is_buried_with_its_reason_and_the_next_is_said(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.trouble["officer"] = [Refused("bad")]
    async with sending(site, phones, waits) as out:
        first = put(site, "officer", "one", "two")
        out.push(first)
        await out.drained()
    assert phones.chats["officer"] == ["two"]
    assert waiting(site) == [(first[0].id, "bad")]
    async with sending(site, phones, waits) as out:
        await out.drained()
    assert phones.chats["officer"] == ["two"], "the dead are not tried again"


async def test_a_restart_sends_what_was_left_in_order(site: Site, phones: Phones, waits: Waits) -> None:
    for text in ("one", "two", "three"):
        put(site, "officer", text)
    put(site, "mentor", "hello")
    site.restart()
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "four"))
        await out.drained()
    assert phones.chats["officer"] == ["one", "two", "three", "four"]
    assert phones.chats["mentor"] == ["hello"]
    assert waiting(site) == []


async def test_what_cannot_be_said_before_the_stop_is_there_at_the_next_start(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.trouble["officer"] = [TryLater("away") for _ in range(100_000)]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one", "two"))
    phones.trouble.clear()
    assert len(waiting(site)) == 2
    async with sending(site, phones, waits) as out:
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]


async def test_a_wait_that_a_restart_forgot_is_asked_for_again_and_costs_one_try(
    site: Site, phones: Phones, waits: Waits
) -> None:
    async def for_ever(_: float) -> None:
        await asyncio.Event().wait()

    phones.trouble["officer"] = [TryLater("flood", after_s=60), TryLater("flood", after_s=55)]
    async with sending(site, phones, for_ever) as out:
        out.push(put(site, "officer", "one", "two"))
        await settled(site)
        assert len(phones.trouble["officer"]) == 1
    async with sending(site, phones, waits) as out:
        await out.drained()
    assert waits.seconds == [55]
    assert phones.chats["officer"] == ["one", "two"]
    assert waiting(site) == []


async def test_messages_pushed_out_of_turn_are_said_in_the_order_they_were_committed(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.gate = asyncio.Event()
    async with sending(site, phones, waits) as out:
        batches = [put(site, "officer", f"{number}a", f"{number}b") for number in range(20)]
        out.push(batches[0])
        for batch in reversed(batches[1:]):
            out.push(batch)
        phones.gate.set()
        await out.drained()
    assert phones.chats["officer"] == [f"{number}{part}" for number in range(20) for part in "ab"]


async def test_parallel_turns_of_many_chats_keep_each_chats_order(site: Site, phones: Phones, waits: Waits) -> None:
    async def turns(out: Outbox, chat: int) -> None:
        for number in range(chat, 70, 7):
            says = [Say(f"{number}a"), Say(f"{number}b")]
            put = partial(outbox.put, channel="console", chat=f"chat-{chat}", says=says, at=site.clock())
            out.push(await site.store.run(put))

    async with sending(site, phones, waits) as out:
        await asyncio.gather(*(turns(out, chat) for chat in range(7)))
        await out.drained()
    for chat in range(7):
        assert phones.chats[f"chat-{chat}"] == [f"{n}{part}" for n in range(chat, 70, 7) for part in "ab"]


async def test_a_refresh_takes_the_place_of_the_message_with_the_same_questions_buttons(
    site: Site, phones: Phones, waits: Waits
) -> None:
    asked = Say("0 of 2 ticked", rows=column(Choice("tick.1", "One")))
    ticked = Say("1 of 2 ticked", rows=column(Choice("tick.1", "One")), refresh=True)
    site.within(lambda tx: begin_conversation(tx, "officer"))
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", asked, question=3))
        out.push(put_says(site, "officer", ticked, question=3))
        await out.drained()
        assert phones.chats["officer"] == ["1 of 2 ticked"]
        phones.gone = {"officer-1"}
        out.push(put_says(site, "officer", ticked, question=3))
        await out.drained()
        assert phones.chats["officer"] == ["1 of 2 ticked"] * 2, "gone from the screen: said anew"
        other = Say("another question's refresh", rows=column(Choice("tick.1", "One")), refresh=True)
        out.push(put_says(site, "officer", other, question=4))
        await out.drained()
    assert phones.chats["officer"][-1] == "another question's refresh"
    assert len(phones.chats["officer"]) == 3
    assert waiting(site) == []


async def test_what_it_showed_itself_is_not_looked_up_and_what_others_showed_is(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Say("0 ticked", rows=column(Choice("tick.1", "One")))
    refresh = replace(question, text="1 ticked", refresh=True)
    site.within(lambda tx: begin_conversation(tx, "officer"))
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", question, question=4))
        await out.drained()
        with monkeypatch.context() as patched:
            patched.delattr(conversations, "shown")
            out.push(put_says(site, "officer", refresh, question=4))
            await out.drained()
    async with sending(site, phones, waits) as another:
        another.push(put_says(site, "officer", replace(refresh, text="2 ticked"), question=4))
        await another.drained()
    assert phones.chats["officer"] == ["2 ticked"]
    assert waiting(site) == []


@pytest.mark.postgres
async def test_a_last_message_whose_buttons_cannot_be_noted_is_not_said_again(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("canary")

    monkeypatch.setattr(conversations, "show", broken)
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", Say("one", rows=column(Choice("yes", "Yes"))), question=4))
        await out.drained()
        await out.look()
        await out.drained()
    assert phones.chats["officer"] == ["one"]
    assert waiting(site) == []


def begin_conversation(tx: Transaction, chat: str) -> None:
    from datetime import UTC, datetime

    talk = conversations.load(tx, tx.keyring.address_ref("console", chat))
    assert talk is not None
    conversations.move_on(tx, talk, state=None, question=3, at=datetime(2026, 11, 23, 12, tzinfo=UTC))


async def test_t20_erasing_comes_after_what_was_said_and_takes_every_trace(
    site: Site, phones: Phones, waits: Waits
) -> None:
    address = site.within(lambda tx: tx.keyring.address_ref("console", "officer"))
    site.within(lambda tx: traces.leave(tx, address, DRAFT, "typed-1", at=site.clock()))
    echo, receipt = Say("This will be sealed: …", private=DRAFT), Say("Reference AAAA-AAAA")
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", echo))
        out.push(put_says(site, "officer", receipt, erase=[DRAFT]))
        await out.drained()
    assert phones.chats["officer"] == ["This will be sealed: …", "Reference AAAA-AAAA"]
    assert phones.erased == [("officer", "typed-1"), ("officer", "officer-1")]
    assert site.rows("traces") == []
    assert waiting(site) == []


async def test_t21_an_erasure_left_by_a_crash_is_done_at_the_start(site: Site, phones: Phones, waits: Waits) -> None:
    address = site.within(lambda tx: tx.keyring.address_ref("console", "officer"))
    site.within(lambda tx: traces.leave(tx, address, DRAFT, "typed-1", at=site.clock()))
    put_says(site, "officer", erase=[DRAFT])
    site.restart()
    async with sending(site, phones, waits) as out:
        await out.drained()
    assert phones.erased == [("officer", "typed-1")]
    assert (site.rows("traces"), waiting(site)) == ([], [])


async def test_a_busy_database_after_a_message_arrived_does_not_say_it_twice(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = outbox.done, []

    def busy_twice(tx: Transaction, ids: list[int]) -> None:
        tries.append(ids)
        if len(tries) <= 2:
            raise OperationalError("", {}, Exception("disk full"))
        real(tx, ids)

    monkeypatch.setattr(outbox, "done", busy_twice)
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", Say("one", private=DRAFT)))
        out.push(put(site, "officer", "two"))
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]
    assert len(tries) >= 3
    assert waiting(site) == []


async def test_messages_of_a_channel_that_does_not_run_here_are_left_for_the_process_where_it_does(
    site: Site, phones: Phones, waits: Waits
) -> None:
    site.within(lambda tx: outbox.put(tx, "telegram", "1001", [Say("a flag waits")], at=site.clock()))
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "hello"))
        await out.drained()
    assert [dead for _, dead in waiting(site)] == [None]


async def test_a_channel_that_cannot_go_on_is_told_and_nothing_is_lost(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.trouble["officer"] = [Stop("token revoked")]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one"))
        assert out.stopped is not None
        assert str(await asyncio.wait_for(out.stopped, 5)) == "token revoked"
    assert [dead for _, dead in waiting(site)] == [None]


async def test_a_fault_of_our_own_in_one_chat_leaves_the_message_and_the_other_chats_alone(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.trouble["officer"] = [ValueError("canary")]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one"))
        out.push(put(site, "mentor", "hello"))
        await phones.said("mentor", 1)
        out.push(put(site, "officer", "two"))
        looking = asyncio.create_task(out.run())
        await out.drained()
        looking.cancel()
    assert phones.chats["officer"] == ["one", "two"]
    assert phones.chats["mentor"] == ["hello"]


async def test_after_a_fault_of_our_own_the_next_look_begins_anew_and_after_three_it_is_dead(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.trouble["officer"] = [ValueError("canary") for _ in range(4)]
    async with sending(site, phones, waits) as out:
        one, _ = messages = put(site, "officer", "one", "two")
        out.push(messages)
        for _ in range(3):
            await nobody_sends(out)
            await out.look()
        await nobody_sends(out)
        assert waiting(site)[0] == (one.id, "failed")
        await out.look()
        await out.drained()
    assert phones.chats["officer"] == ["two"]
    assert waiting(site) == [(one.id, "failed")]


async def test_what_was_said_is_not_said_again_because_noting_its_buttons_failed(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("canary")

    monkeypatch.setattr(traces, "leave", broken)
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", Say("one", private=DRAFT), Say("two")))
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]
    assert waiting(site) == []


async def nobody_sends(out: Outbox) -> None:
    while out._senders:  # noqa: ASYNC110  nothing tells
        await asyncio.sleep(0)


async def settled(site: Site) -> None:
    """Whatever was asked of the store is done, by every thread of it, and what followed was asked and done as well."""
    threads = len(site.store._threads)
    for _ in range(5):
        together = threading.Barrier(threads)
        await asyncio.gather(*(site.store.run(lambda tx: together.wait(10)) for _ in range(threads)))  # noqa: B023
        for _ in range(20):
            await asyncio.sleep(0)


# ---------------------------------------------------------------- what nobody pushed


async def test_a_look_takes_up_what_was_brought_back_and_what_another_process_queued(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.trouble["officer"] = [Refused("bad")]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one", "two"))
        await out.drained()
        assert phones.chats["officer"] == ["two"]
        put(site, "mentor", "from another process")
        site.within(lambda tx: dead_letters.retry(tx, None))
        await out.look()
        await out.drained()
    assert phones.chats == {"officer": ["two", "one"], "mentor": ["from another process"]}
    assert waiting(site) == []


async def test_what_is_under_way_is_not_taken_up_again(site: Site, phones: Phones, waits: Waits) -> None:
    phones.gate = asyncio.Event()
    async with sending(site, phones, waits) as out:
        said = put(site, "officer", "one", "two")
        out.push(said)
        await asyncio.sleep(0)
        await out.look()
        out.push(said)
        phones.gate.set()
        await out.drained()
        await out.look()
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]


async def test_it_looks_every_five_seconds_by_itself_and_past_trouble(
    site: Site, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, real, trouble = VirtualTime(), outbox.waiting, [OperationalError("", {}, Exception("disk full"))]

    def busy_once(tx: Transaction, **how: Any) -> list[Outgoing]:
        if trouble:
            raise trouble.pop()
        return real(tx, **how)

    async with sending(site, phones, time.sleep) as out:
        running = asyncio.create_task(out.run())
        put(site, "officer", "one")
        await time.advance(4.9)
        assert phones.chats["officer"] == []
        monkeypatch.setattr(outbox, "waiting", busy_once)
        async with asyncio.timeout(30):
            while not phones.chats["officer"]:
                await time.advance(5)
                await settled(site)
        assert trouble == [], "one look went wrong before"
        running.cancel()


async def test_more_than_there_is_room_for_waits_in_the_database_and_keeps_its_order(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.outbox.MOST_KNOWN", 3)
    put(site, "officer", *"abcde")
    phones.gate = asyncio.Event()
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "f"))
        out.push(put_urgent(site, "mentor", "a flag"))
        phones.gate.set()
        for _ in range(4):
            await out.drained()
            await out.look()
        await out.drained()
    assert phones.chats["officer"] == list("abcdef")
    assert phones.chats["mentor"] == ["a flag"]
    assert waiting(site) == []


def put_urgent(site: Site, chat: str, *texts: str, **how: Any) -> list[Outgoing]:
    says = [Say(text) for text in texts]
    how = {"priority": Priority.URGENT, **how}
    return site.within(lambda tx: outbox.put(tx, "console", chat, says, at=site.clock(), **how))


# ---------------------------------------------------------------- what goes first, and what goes unsaid


async def test_an_urgent_notice_passes_reminders_and_splits_no_turn(site: Site, phones: Phones, waits: Waits) -> None:
    phones.gate = asyncio.Event()
    async with sending(site, phones, waits) as out:
        out.push(put_urgent(site, "officer", "plan 1", "plan 2", priority=Priority.REMINDER))
        await phones.at_gate.wait()
        out.push(put_urgent(site, "officer", "plan 3", priority=Priority.REMINDER))
        out.push(put(site, "officer", "answer 1", "answer 2"))
        out.push(put_urgent(site, "officer", "flag"))
        phones.gate.set()
        await out.drained()
    assert phones.chats["officer"] == ["plan 1", "plan 2", "answer 1", "answer 2", "flag", "plan 3"]


async def test_what_nobody_needs_any_more_goes_unsaid_and_is_counted(site: Site, phones: Phones, waits: Waits) -> None:
    soon = site.clock() + timedelta(hours=1)
    put_urgent(site, "officer", "plan", priority=Priority.REMINDER, expires_at=soon)
    put_urgent(site, "officer", "flag")
    site.clock.move(timedelta(hours=1))
    with structlog.testing.capture_logs() as logs:
        async with sending(site, phones, waits) as out:
            await out.drained()
            assert out.expired == 1
    assert phones.chats["officer"] == ["flag"]
    assert waiting(site) == []
    assert {"event": "outbox.expired", "log_level": "info", "channel": "console", "kind": "reminder"} in logs


async def test_what_becomes_pointless_while_it_waits_goes_unsaid_too(site: Site, phones: Phones, waits: Waits) -> None:
    phones.trouble["officer"] = [TryLater("away", after_s=30)]
    soon = site.clock() + timedelta(seconds=20)

    async def meanwhile(seconds: float) -> None:
        site.clock.move(timedelta(seconds=seconds))
        await waits(seconds)

    async with sending(site, phones, meanwhile) as out:
        out.push(put_urgent(site, "officer", "plan", priority=Priority.REMINDER, expires_at=soon))
        out.push(put(site, "officer", "answer"))
        await out.drained()
    assert phones.chats["officer"] == ["answer"]


# ---------------------------------------------------------------- how fast


async def test_a_chat_is_paced_and_a_stop_does_not_wait_for_it(site: Site, phones: Phones) -> None:
    time = VirtualTime()
    paces = {"console": Paces(Pace(1.0, 2), Pace(30.0, 30))}
    out = Outbox(site.store, {"console": phones}, site.clock, time.sleep, paces=paces, ticks=time.ticks)
    await out.start()
    out.push(put(site, "officer", *"abcdef"))
    out.push(put(site, "mentor", "hello"))
    await phones.said("officer", 2)
    await phones.said("mentor", 1)
    await time.advance(0.99)
    assert phones.chats["officer"] == ["a", "b"]
    await time.advance(0.01)
    await phones.said("officer", 3)
    await time.advance(1)
    await phones.said("officer", 4)
    await out.stop(within_s=0.01)
    assert len(phones.chats["officer"]) == 4
    assert len(waiting(site)) == 2


async def test_everywhere_means_every_chat_of_the_channel(site: Site, phones: Phones) -> None:
    time = VirtualTime()
    phones.trouble["officer"] = [TryLater("flood", after_s=30, everywhere=True)]
    async with sending(site, phones, time.sleep, ticks=time.ticks) as out:
        out.push(put(site, "officer", "one", "two"))
        await settled(site)
        out.push(put(site, "mentor", "hello"))
        await settled(site)
        await time.advance(29.9)
        assert phones.chats["mentor"] == phones.chats["officer"] == []
        await time.advance(0.1)
        await out.drained()
    assert phones.chats == {"officer": ["one", "two"], "mentor": ["hello"]}


# ---------------------------------------------------------------- nothing arrives there, or elsewhere


@pytest.mark.parametrize("why", ["blocked", "gone"])
async def test_where_nothing_arrives_all_that_waits_is_buried_and_the_chat_is_marked(
    site: Site, phones: Phones, waits: Waits, why: str
) -> None:
    phones.trouble["officer"] = [Refused(why)]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one", "two"))
        out.push(put(site, "mentor", "hello"))
        await out.drained()
        assert dict(phones.chats) == {"mentor": ["hello"]}
        assert [dead for _, dead in waiting(site)] == [why, why]
        assert site.rows("addresses", "unreachable_why").count((why,)) == 1
        out.push(put(site, "officer", "three"))
        await out.drained()
    assert phones.chats["officer"] == ["three"], "what is said later is tried all the same"
    assert site.within(reach.marked) == frozenset(), "and that it arrived is noted"


async def test_when_something_arrives_again_deletions_of_the_time_between_are_done(
    site: Site, phones: Phones, waits: Waits
) -> None:
    address = site.within(lambda tx: tx.keyring.address_ref("console", "officer"))
    site.within(lambda tx: traces.leave(tx, address, DRAFT, "typed-1", at=site.clock()))
    phones.trouble["officer"] = [Refused("blocked")]
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", Say("receipt"), erase=[DRAFT]))
        await out.drained()
        assert phones.erased == []
        out.push(put(site, "officer", "next"))
        await out.drained()
        await out.drained()
    assert phones.erased == [("officer", "typed-1")]
    assert [dead for _, dead in waiting(site)] == ["blocked"], "the receipt of then stays unsaid"


async def test_a_chat_with_a_new_id_hears_everything_in_order_there(site: Site, phones: Phones, waits: Waits) -> None:
    phones.trouble["officer"] = [Moved("-100777")]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one", "two"))
        await out.drained()
        assert dict(phones.chats) == {"-100777": ["one", "two"]}
        officer = site.within(lambda tx: people.at_address(tx, "console", "-100777"))
        assert officer is not None
        assert site.within(lambda tx: people.at_address(tx, "console", "officer")) is None
        contact = site.within(lambda tx: people.contacts(tx, officer))[0]
        out.push(put(site, contact.chat, "three"))
        await out.drained()
    assert phones.chats["-100777"] == ["one", "two", "three"]
    assert waiting(site) == []


async def test_a_new_id_that_is_somebody_elses_chat_is_not_believed(site: Site, phones: Phones, waits: Waits) -> None:
    phones.trouble["officer"] = [Moved("mentor")]
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one"))
        await out.drained()
    assert phones.chats["mentor"] == []
    assert [dead for _, dead in waiting(site)] == ["gone"]


async def test_a_deletion_that_waited_for_more_than_two_days_counts_as_residue(
    site: Site, phones: Phones, waits: Waits
) -> None:
    """The channel was away since before the draft ended; Telegram deletes nothing that is older than 48 hours."""
    address = site.within(lambda tx: tx.keyring.address_ref("console", "officer"))
    for message in ("typed-1", "typed-2"):
        site.within(lambda tx, message=message: traces.leave(tx, address, DRAFT, message, at=site.clock()))
    phones.left = 1
    phones.trouble["officer"] = [TryLater("away", after_s=timedelta(hours=49).total_seconds())]
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", erase=[DRAFT]))
        await out.drained()
    assert len(waits.seconds) == 1
    assert site.within(residue.total) == (1, 1)
    assert (site.rows("traces"), waiting(site)) == ([], [])


# ---------------------------------------------------------------- documents


def page(*, filled: bool = False, title: str = "Referral note") -> Say:
    sheet = replace(filling.every(voices()["en"].content)[0], title=title, filled=filled)
    return Say("Here it is.", title="Page", rows=column(Choice("back", "Back")), document=Document(sheet, "Cannot."))


async def test_a_page_is_drawn_at_delivery_and_an_empty_form_may_leave_the_chat(
    site: Site, phones: Phones, waits: Waits
) -> None:
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", page(), page(filled=True), Say("and then")))
        await out.drained()
    assert phones.chats["officer"] == ["Here it is.", "Here it is.", "and then"]
    (_, empty), (_, filled) = phones.files
    assert (empty.name, empty.protected) == ("referral-note-S01.pdf", False)
    assert (filled.name, filled.protected) == ("referral-note-S01-filled.pdf", True)
    assert empty.content.startswith(b"%PDF")
    assert (empty.pages, waiting(site)) == (1, [])


async def test_a_page_with_buttons_is_the_message_they_stand_on(site: Site, phones: Phones, waits: Waits) -> None:
    site.within(lambda tx: begin_conversation(tx, "officer"))
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", page(), question=3))
        await out.drained()
    ref = site.within(lambda tx: tx.keyring.address_ref("console", "officer"))
    assert site.within(lambda tx: conversations.shown(tx, ref)) == (3, "officer-1")


async def test_a_page_meets_trouble_as_any_message_does(site: Site, phones: Phones, waits: Waits) -> None:
    phones.trouble["officer"] = [TryLater("flood", after_s=7), Refused("bad")]
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", page(), Say("later")))
        await out.drained()
    assert (phones.files, waits.seconds) == ([], [7])
    assert phones.chats["officer"] == ["later"]
    assert [dead for _, dead in waiting(site)] == ["bad"]


async def test_a_page_that_cannot_be_printed_is_told_of_and_holds_up_nothing(
    site: Site, phones: Phones, waits: Waits
) -> None:
    async with sending(site, phones, waits) as out:
        out.push(put_says(site, "officer", page(title="Обмен"), Say("later")))
        await out.drained()
    assert (phones.chats["officer"], phones.files) == (["Cannot.", "later"], [])
    assert waiting(site) == []


async def test_a_page_left_by_a_crash_is_sent_at_the_next_start(site: Site, phones: Phones, waits: Waits) -> None:
    put_says(site, "officer", page(filled=True))
    site.restart()
    async with sending(site, phones, waits) as out:
        await out.drained()
    assert [(chat, file.name) for chat, file in phones.files] == [("officer", "referral-note-S01-filled.pdf")]


def revoked(site: Site, role: str) -> None:
    def turn(tx: Transaction) -> None:
        ref = people.at_address(tx, "console", role)
        assert ref is not None
        people.revoke(tx, ref, at=site.clock())

    site.within(turn)


async def test_what_waited_for_somebody_whose_access_ended_is_not_said_any_more(
    site: Site, phones: Phones, waits: Waits
) -> None:
    """The row is gone by another hand (the command line); what this process holds in memory must not go out."""
    phones.trouble["officer"] = [TryLater("away")]

    async def meanwhile(seconds: float) -> None:
        await waits(seconds)
        revoked(site, "officer")

    async with sending(site, phones, meanwhile) as out:
        out.push(put(site, "officer", "one", "two"))
        out.push(put(site, "mentor", "hello"))
        await out.drained()
    assert phones.chats["officer"] == []
    assert phones.chats["mentor"] == ["hello"]
    assert waiting(site) == []


async def test_what_stood_in_line_for_a_second_is_looked_up_before_it_is_said(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.gate = asyncio.Event()
    async with sending(site, phones, waits) as out:
        out.push(put(site, "officer", "one", "two", "three"))
        await phones.at_gate.wait()
        revoked(site, "officer")
        site.clock.move(timedelta(seconds=1))
        phones.gate.set()
        await out.drained()
    assert phones.chats["officer"] == ["one"], "what was under way already cannot be called back"


@pytest.mark.sqlite
async def test_what_arrives_at_once_is_not_looked_up(site: Site, phones: Phones, waits: Waits) -> None:
    said = put(site, "officer", "one", "two")
    site.within(lambda tx: outbox.done(tx, [one.id for one in said]))
    async with sending(site, phones, waits) as out:
        out.push(said)
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]


def test_telegram_is_paced_and_the_terminal_is_not(site: Site, phones: Phones) -> None:
    channels: dict[str, Any] = {"console": phones, "telegram": phones}
    app = wiring.app(site.trial.installation, site.store, channels, clock=site.clock, paces=TELEGRAM)
    assert {name: gate._paces for name, gate in app.outbox._gates.items()} == {"console": None, "telegram": TELEGRAM}


@pytest.mark.postgres
async def test_of_two_who_send_to_one_chat_at_once_one_does_so_at_a_time_each_once_and_in_order(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, most = 0, 0

    async def slow(chat: str, say: Say, question: int) -> str:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return await Phones.deliver(phones, chat, say, question)

    monkeypatch.setattr(phones, "deliver", slow)
    async with sending(site, phones, waits) as one, sending(site, phones, waits) as two:
        for number in range(0, 20, 4):
            rows = [put(site, "officer", f"{number + part}a", f"{number + part}b") for part in range(4)]
            one.push(rows[0] + rows[2])
            two.push(rows[1] + rows[2] + rows[3])
            await asyncio.gather(one.drained(), two.drained())
    assert phones.chats["officer"] == [f"{number}{part}" for number in range(20) for part in "ab"]
    assert most == 1
    assert waiting(site) == []


@pytest.mark.postgres
async def test_a_claim_renewed_while_an_arrival_is_noted_says_nothing_twice(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look sees the row of what was said; when its answer is read, the row is gone and noted as gone."""
    ticks, looked, look, done = [0.0], threading.Event(), outboxes._claimed, outboxes._done
    rows = put(site, "officer", "one", "two")

    def looks(tx: Transaction, **how: Any) -> Any:
        found = look(tx, **how)
        if phones.chats["officer"] == ["one"]:
            looked.set()
            while rows[0].id in out._known:
                sleep(0.005)
        return found

    def notes(tx: Transaction, **how: Any) -> Any:
        assert looked.wait(10)
        return done(tx, **how)

    async def slow(chat: str, say: Say, question: int) -> str:
        ticks[0] += 12
        return await Phones.deliver(phones, chat, say, question)

    monkeypatch.setattr(outboxes, "_claimed", looks)
    monkeypatch.setattr(outboxes, "_done", notes)
    monkeypatch.setattr(phones, "deliver", slow)
    async with sending(site, phones, waits, steady=lambda: ticks[0]) as out:
        out.push(rows)
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]
    assert waiting(site) == []


async def test_it_stops_though_the_database_is_away(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        await asyncio.sleep(0)
        raise Busy("the server is away", "away")

    monkeypatch.setattr(outboxes, "LET_GO_S", 0.05)
    out = Outbox(site.store, {"console": phones}, site.clock, waits, steady=lambda: site.clock().timestamp())
    await out.start()
    rows = put(site, "officer", "one")
    monkeypatch.setattr(site.store, "run", away)
    out.push(rows)
    async with asyncio.timeout(20):
        await out.stop(within_s=0.05)
    monkeypatch.undo()
    assert len(waiting(site)) == 1


@contextmanager
def nobody_served(site: Site) -> Iterator[threading.Event]:
    """Every thread of the store is taken until the event is set: whatever is asked of it waits in line."""
    go_on, begun = threading.Event(), threading.Barrier(len(site.store._threads) + 1)

    def taken(tx: Transaction) -> None:
        begun.wait(10)
        go_on.wait(10)

    for _ in site.store._threads:
        site.store._submit(taken)
    begun.wait(10)
    try:
        yield go_on
    finally:
        go_on.set()


@pytest.mark.parametrize("say", [Say("one", private=DRAFT), Say("one", rows=column(Choice("yes", "Yes"))), Say("one")],
                         ids=["a draft's words", "with buttons", "plain"])  # fmt: skip
async def test_a_stop_while_the_note_of_what_was_said_waits_in_line_lets_it_be_kept(
    site: Site, phones: Phones, waits: Waits, say: Say
) -> None:
    phones.gate = asyncio.Event()
    put_says(site, "officer", say)
    out = Outbox(site.store, {"console": phones}, site.clock, waits, steady=lambda: site.clock().timestamp())
    await out.start()
    await asyncio.wait_for(phones.at_gate.wait(), 5)
    with nobody_served(site) as go_on:
        phones.gate.set()
        async with asyncio.timeout(5):
            while site.store._line.empty():  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0)
        stopping = asyncio.create_task(out.stop(within_s=0))
        await asyncio.sleep(0.05)  # whatever the stop cancels is cancelled
        assert not stopping.done(), "it waits for the note"
        go_on.set()
        await asyncio.wait_for(stopping, 5)
    assert phones.chats["officer"] == ["one"]
    assert waiting(site) == []
    if say.private:
        assert len(site.rows("traces")) == 1, "what is to be deleted later is known"


async def test_a_stop_while_something_is_on_the_wire_lets_it_arrive_and_be_noted(
    site: Site, phones: Phones, waits: Waits
) -> None:
    phones.gate = asyncio.Event()
    put(site, "officer", "one", "two")
    out = Outbox(site.store, {"console": phones}, site.clock, waits, steady=lambda: site.clock().timestamp())
    await out.start()
    await asyncio.wait_for(phones.at_gate.wait(), 5)
    stopping = asyncio.create_task(out.stop(within_s=0))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    phones.gate.set()
    await asyncio.wait_for(stopping, 5)
    assert phones.chats["officer"] == ["one"], "nothing new is begun"
    async with sending(site, phones, waits) as out:
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]


async def test_it_stops_though_the_channel_never_answers(
    site: Site, phones: Phones, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "LET_GO_S", 0.05)
    phones.gate = asyncio.Event()
    put(site, "officer", "one")
    out = Outbox(site.store, {"console": phones}, site.clock, waits, steady=lambda: site.clock().timestamp())
    await out.start()
    await asyncio.wait_for(phones.at_gate.wait(), 5)
    await asyncio.wait_for(out.stop(within_s=0), 5)
    assert len(waiting(site)) == 1


async def test_what_waits_for_another_process_is_forgotten_here_once_it_was_said_there(
    site: Site, phones: Phones, waits: Waits
) -> None:
    def other(tx: Transaction) -> list[Outgoing]:
        return outbox.put(tx, "telegram", "1001", [Say("a"), Say("b"), Say("c")], at=site.clock())

    async with sending(site, phones, waits) as out:
        rows = site.within(other)
        out.push(rows[:1])
        await out.look()
        assert out._elsewhere == {one.id for one in rows}
        site.within(lambda tx: outbox.done(tx, [rows[0].id]))
        site.within(lambda tx: outbox.bury(tx, rows[1].id, "bad"))
        await out.look()
        assert out._elsewhere == {rows[2].id}
    assert phones.chats == {}
    assert len(waiting(site)) == 2
