"""What was committed is said: in order within a chat, past faults, over restarts, and erased when a note is logged."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from bot_site import Site, Waits
from sqlalchemy.exc import OperationalError

from bot.channels.base import ChannelError, File, Gone, Handle, Refused, Stop, TryLater
from bot.outbox import Outbox, Sleep
from dialogues.model import Choice, Document, Say, column
from guidance import filling, library
from storage import conversations, outbox, people, traces
from storage.outbox import Outgoing
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
        self.files: list[tuple[str, File]] = []
        self._news = asyncio.Event()

    async def listen(self, handle: Handle) -> None:
        raise AssertionError("nobody listens here")

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        await asyncio.sleep(0)
        if self.gate is not None:
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
        self.erased += [(chat, message) for message in messages]
        return 0

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
async def sending(site: Site, phones: Phones, waits: Sleep) -> AsyncIterator[Outbox]:
    out = Outbox(site.store, {"console": phones}, site.clock, waits, lambda: site.clock().timestamp())
    await out.start()
    async with asyncio.timeout(20):  # what is never said fails the test and does not hang it
        yield out
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
    phones.trouble["officer"] = [Refused("blocked")]
    async with sending(site, phones, waits) as out:
        first = put(site, "officer", "one", "two")
        out.push(first)
        await out.drained()
    assert phones.chats["officer"] == ["two"]
    assert waiting(site) == [(first[0].id, "blocked")]
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
    async def one_turn(out: Outbox, chat: str, number: int) -> None:
        says = [Say(f"{number}a"), Say(f"{number}b")]
        out.push(await site.store.run(lambda tx: outbox.put(tx, "console", chat, says, at=site.clock())))

    async with sending(site, phones, waits) as out:
        await asyncio.gather(*(one_turn(out, f"chat-{n % 7}", n) for n in range(70)))
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
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]
    assert phones.chats["mentor"] == ["hello"]


# ---------------------------------------------------------------- documents


def page(*, filled: bool = False, title: str = "Referral note") -> Say:
    sheet = replace(filling.every(library.load("en"))[0], title=title, filled=filled)
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
        await asyncio.sleep(0)
        revoked(site, "officer")
        site.clock.move(timedelta(seconds=1))
        phones.gate.set()
        await out.drained()
    assert phones.chats["officer"] == ["one"], "what was under way already cannot be called back"


async def test_what_arrives_at_once_is_not_looked_up(site: Site, phones: Phones, waits: Waits) -> None:
    said = put(site, "officer", "one", "two")
    site.within(lambda tx: outbox.done(tx, [one.id for one in said]))
    async with sending(site, phones, waits) as out:
        out.push(said)
        await out.drained()
    assert phones.chats["officer"] == ["one", "two"]
