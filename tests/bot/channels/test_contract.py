"""What every channel keeps to; a new channel is one more ``Stage`` in ``STAGES``.

What a channel has not by its nature stands in ``WITHOUT``, with the reason.
"""

import asyncio
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
from fake_telegram import TOKEN, FakeTelegram
from ports import free_port

from bot.channels.base import Channel, File, Gone, Handle, Inbound, Pressed, Refused
from bot.channels.console import Console
from bot.channels.registry import CLIENTS, client
from bot.channels.telegram_channel import Telegram as TelegramChannel
from dialogues.model import Choice, Say, Sent, Wrote, column
from storage.errors import Busy

STRANGER = "31337"
PDF = File("referral-note-S03.pdf", b"%PDF-1.3 a page", 1, protected=True)


class Stage(Protocol):
    """A channel with one person at the other end, and what that person does and sees."""

    channel: Channel
    chat: str

    def hearing(self, handle: Handle) -> Awaitable[None]:
        """The channel's listening, until cancelled."""

    def writes(self, text: str) -> None: ...

    def presses(self, label: str) -> None: ...

    def sends_photo(self, content: bytes) -> None: ...

    def loses_files(self) -> None:
        """What was sent cannot be had any more."""

    def screen(self) -> list[tuple[str, list[str]]]:
        """Messages of the channel that are to be seen, in order: text and labels of the buttons."""

    def files(self) -> list[tuple[str, bytes, bool]]:
        """Files of the channel that are to be seen, in order: name, content, whether they must stay in the chat."""

    async def confirmed(self) -> None:
        """Returns once the channel has confirmed all that was done; TimeoutError if it does not."""


class Telegram:
    def __init__(self, telegram: FakeTelegram, channel: Channel) -> None:
        self.telegram = telegram
        self.channel = channel
        self.person = telegram.person(1001, started=True)
        self.chat = str(self.person.chat_id)

    def hearing(self, handle: Handle) -> Awaitable[None]:
        return self.channel.listen(handle)

    def writes(self, text: str) -> None:
        self.person.writes(text)

    def presses(self, label: str) -> None:
        self.person.presses(label)

    def sends_photo(self, content: bytes) -> None:
        self.person.sends_photo(content)

    def loses_files(self) -> None:
        self.telegram.files.clear()

    def screen(self) -> list[tuple[str, list[str]]]:
        return [
            (message.text, [button.label for row in message.buttons for button in row])
            for message in self.person.screen
            if message.own
        ]

    def files(self) -> list[tuple[str, bytes, bool]]:
        return [
            (message.attached.name, message.attached.content, message.protected)
            for message in self.person.screen
            if message.own and message.attached is not None
        ]

    async def confirmed(self) -> None:
        await self.telegram.confirmed()


class TelegramWebhook(Telegram):
    def __init__(self, telegram: FakeTelegram, channel: TelegramChannel) -> None:
        super().__init__(telegram, channel)
        self._client = channel
        self._port = free_port()

    def hearing(self, handle: Handle) -> Awaitable[None]:
        url = f"http://127.0.0.1:{self._port}/telegram"
        return self._client.listen_webhook(url, "127.0.0.1", self._port, "/telegram", "s" * 32, handle)


class Terminal:
    """As ``bot.chat`` reads it: one line after the other, each to its end."""

    chat = "officer"

    def __init__(self, folder: Path) -> None:
        self.channel = self._console = Console()
        self._photo = folder / "photo.jpg"
        self._typed: deque[Inbound] = deque()
        self._news, self._done = asyncio.Event(), asyncio.Event()

    async def hearing(self, handle: Handle) -> None:
        while True:
            while self._typed:
                await handle(self._typed[0])
                self._typed.popleft()
            self._done.set()
            self._news.clear()
            await self._news.wait()

    def _types(self, inbound: Inbound) -> None:
        self._typed.append(inbound)
        self._done.clear()
        self._news.set()

    def writes(self, text: str) -> None:
        self._types(self._console.inbound(self.chat, text))

    def presses(self, label: str) -> None:
        (key,) = (choice.key for choice in self._console.choices(self.chat) if choice.label == label)
        self._types(self._console.inbound(self.chat, f"[{key}]"))

    def sends_photo(self, content: bytes) -> None:
        self._photo.write_bytes(content)
        self._types(self._console.sends(self.chat, "photo", self._photo))

    def loses_files(self) -> None:
        self._photo.unlink()

    def screen(self) -> list[tuple[str, list[str]]]:
        return [
            (f"{one.say.title}\n{one.say.text}\n{one.say.small}".strip(), [each.label for each in one.say.choices])
            for one in self._console.screens.get(self.chat, [])
            if one.say is not None
        ]

    def files(self) -> list[tuple[str, bytes, bool]]:
        shown = (one.file for one in self._console.screens.get(self.chat, []))
        return [(file.name, file.content, file.protected) for file in shown if file is not None]

    async def confirmed(self) -> None:
        await asyncio.wait_for(self._done.wait(), 5)


async def no_wait(_: float) -> None:
    await asyncio.sleep(0.001)


@asynccontextmanager
async def on_telegram(library: str, kind: Callable[[FakeTelegram, TelegramChannel], Stage]) -> AsyncIterator[Stage]:
    async with FakeTelegram() as telegram:
        channel = client(library).open(TOKEN, telegram.url, sleep=no_wait)
        try:
            yield kind(telegram, channel)
        finally:
            await channel.close()


@asynccontextmanager
async def on_terminal() -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="integra-") as folder:
        yield Terminal(Path(folder))


STAGES: dict[str, Callable[[], AbstractAsyncContextManager[Stage]]] = {
    f"{library} {mode}": partial(on_telegram, library, kind)
    for library in CLIENTS
    for mode, kind in (("polling", Telegram), ("webhook", TelegramWebhook))
}
STAGES["terminal"] = on_terminal
WITHOUT = {
    "terminal": {
        "test_what_was_not_saved_comes_again_before_what_came_later": "nobody keeps a typed line: who typed it sees "
        "the error and types it again",
        "test_it_knows_soon_whether_it_hears": "no service could be out of reach: it hears from the start",
        "test_a_chat_that_is_not_there_refuses": "every chat is there: a screen begins with its first message",
        "test_a_chat_that_is_not_there_refuses_a_file": "the same",
    }
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "stage" in metafunc.fixturenames:
        names = [name for name in STAGES if metafunc.function.__name__ not in WITHOUT.get(name, {})]
        metafunc.parametrize("stage", names, indirect=True)


def test_what_a_channel_has_not_is_a_test_that_is_there() -> None:
    assert {name for without in WITHOUT.values() for name in without} <= set(globals())


@pytest.fixture
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with STAGES[request.param]() as stage:
        yield stage


@asynccontextmanager
async def hearing(stage: Stage, handle: Handle) -> AsyncIterator[None]:
    task = asyncio.ensure_future(stage.hearing(handle))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def all_heard(stage: Stage) -> list[Inbound]:
    heard: list[Inbound] = []

    async def handle(inbound: Inbound) -> None:
        heard.append(inbound)

    async with hearing(stage, handle):
        await stage.confirmed()
    return heard


async def test_texts_are_heard_in_order_each_with_an_id_of_its_own(stage: Stage) -> None:
    for number in range(5):
        stage.writes(f"text {number}")

    heard = await all_heard(stage)

    assert [one.event for one in heard] == [Wrote(f"text {number}") for number in range(5)]
    assert {(one.channel, one.chat, one.private) for one in heard} == {(stage.channel.name, stage.chat, True)}
    assert len({one.update_id for one in heard}) == 5
    assert all(1 <= len(one.update_id) <= 64 for one in heard)


async def test_what_was_not_saved_comes_again_before_what_came_later(stage: Stage) -> None:
    stage.writes("first")
    stage.writes("second")
    kept: list[object] = []
    failures = 3

    async def handle(inbound: Inbound) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise Busy("the disk is full")
        kept.append(inbound.event)

    async with hearing(stage, handle):
        await stage.confirmed()

    assert (failures, kept) == (0, [Wrote("first"), Wrote("second")])


async def test_nothing_is_confirmed_before_it_was_handled(stage: Stage) -> None:
    stage.writes("hello")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Inbound) -> None:
        begun.set()
        await go_on.wait()

    async with hearing(stage, slow):
        await asyncio.wait_for(begun.wait(), 5)
        confirmed = asyncio.ensure_future(stage.confirmed())
        await asyncio.sleep(0.05)
        too_early = confirmed.done()
        go_on.set()
        await confirmed

    assert not too_early


async def test_who_listens_again_hears_what_came_meanwhile(stage: Stage) -> None:
    stage.writes("before")
    assert [one.event for one in await all_heard(stage)] == [Wrote("before")]

    stage.writes("meanwhile")
    assert Wrote("meanwhile") in [one.event for one in await all_heard(stage)]


async def test_it_knows_soon_whether_it_hears(stage: Stage) -> None:
    assert not stage.channel.ear.hears()

    async def handle(_: Inbound) -> None:
        pass

    async with hearing(stage, handle):
        async with asyncio.timeout(5):
            while not stage.channel.ear.hears():  # noqa: ASYNC110  as whoever asks for /readyz does
                await asyncio.sleep(0.01)
        stage.writes("x")
        await stage.confirmed()
        assert stage.channel.ear.hears()


async def test_a_button_comes_back_with_its_question_and_key(stage: Stage) -> None:
    rows = column(Choice("yes", "Yes"), Choice("inbox.take", "Take it", lasting=True))
    await stage.channel.deliver(stage.chat, Say("Well?", rows=rows), 41)
    stage.presses("Yes")
    first = await all_heard(stage)
    stage.presses("Take it")
    second = await all_heard(stage)

    assert [one.event for one in (first[-1], second[-1])] == [Pressed(41, "yes"), Pressed(0, "inbox.take")]
    assert first[-1].update_id != second[-1].update_id


async def test_t27a_says_are_seen_whole_in_order_and_never_read_as_markup(stage: Stage) -> None:
    await stage.channel.deliver(stage.chat, Say("Text.", title="Title", small="Source: x"), 1)
    await stage.channel.deliver(stage.chat, Say("*No* <b>markup</b> _is_ read.", rows=column(Choice("a", "A"))), 2)
    await stage.channel.deliver(
        stage.chat, Say("There.", rows=((Choice("danger", "⚠"), Choice("home", "☰")),), standing=True), 2
    )

    texts = [text for text, _ in stage.screen()]
    assert [part in texts[0] for part in ("Title", "Text.", "Source: x")] == [True] * 3
    assert texts[0].index("Title") < texts[0].index("Text.") < texts[0].index("Source: x")
    assert texts[1:] == ["*No* <b>markup</b> _is_ read.", "There."]
    assert stage.screen()[1][1] == ["A"]


async def test_a_file_arrives_whole_with_its_words_and_buttons(stage: Stage) -> None:
    say = Say("Yours.", title="Page", small="Small.", rows=column(Choice("back", "Back")))
    await stage.channel.deliver_file(stage.chat, PDF, say, 41)
    await stage.channel.deliver_file(stage.chat, replace(PDF, protected=False), Say("Empty."), 41)

    assert stage.files() == [(PDF.name, PDF.content, True), (PDF.name, PDF.content, False)]
    (text, labels), (other, none) = stage.screen()
    assert text.index("Page") < text.index("Yours.") < text.index("Small.")
    assert (labels, other, none) == (["Back"], "Empty.", [])
    stage.presses("Back")
    assert (await all_heard(stage))[-1].event == Pressed(41, "back")


async def test_a_file_is_erased_and_its_place_gone_like_any_message(stage: Stage) -> None:
    message = await stage.channel.deliver_file(stage.chat, PDF, Say("Yours."), 1)

    with pytest.raises(Gone):
        await stage.channel.replace(stage.chat, message, Say("New."), 1)
    assert await stage.channel.erase(stage.chat, [message]) == 0
    assert stage.files() == []


async def test_a_chat_that_is_not_there_refuses_a_file(stage: Stage) -> None:
    with pytest.raises(Refused):
        await stage.channel.deliver_file(STRANGER, PDF, Say("x"), 1)


async def test_a_say_takes_an_earlier_ones_place_as_often_as_it_is_told(stage: Stage) -> None:
    message = await stage.channel.deliver(stage.chat, Say("☐ 1", rows=column(Choice("tick.1", "☐"))), 3)
    await stage.channel.deliver(stage.chat, Say("later"), 3)
    for _ in range(2):
        await stage.channel.replace(stage.chat, message, Say("☑ 1", rows=column(Choice("untick.1", "☑"))), 3)

    assert stage.screen() == [("☑ 1", ["☑"]), ("later", [])]


async def test_a_place_that_is_gone_is_told(stage: Stage) -> None:
    message = await stage.channel.deliver(stage.chat, Say("x"), 1)
    await stage.channel.erase(stage.chat, [message])

    with pytest.raises(Gone):
        await stage.channel.replace(stage.chat, message, Say("y"), 1)


async def test_both_sides_messages_are_erased_and_again_is_harmless(stage: Stage) -> None:
    stage.writes("mine")
    heard = await all_heard(stage)
    messages = [await stage.channel.deliver(stage.chat, Say("yours"), 1), heard[0].message]

    assert await stage.channel.erase(stage.chat, messages) == 0
    assert stage.screen() == []
    assert await stage.channel.erase(stage.chat, messages) == 0


async def test_ids_of_messages_differ(stage: Stage) -> None:
    ids = {await stage.channel.deliver(stage.chat, Say("the same"), 1) for _ in range(3)}

    assert len(ids) == 3
    assert all(ids)


async def test_a_chat_that_is_not_there_refuses(stage: Stage) -> None:
    with pytest.raises(Refused):
        await stage.channel.deliver(STRANGER, Say("x"), 1)


async def handle_of(stage: Stage, content: bytes) -> str:
    stage.sends_photo(content)
    event = (await all_heard(stage))[-1].event
    assert isinstance(event, Sent)
    assert event.media == "photo"
    return event.handle


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_000_000])
async def test_a_photo_is_fetched_whole_and_as_often_as_wanted(stage: Stage, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    handle = await handle_of(stage, content[:size])
    for _ in range(2):
        assert await stage.channel.fetch(handle, 1_000_000) == content[:size]


async def test_no_more_is_fetched_than_is_wanted(stage: Stage) -> None:
    handle = await handle_of(stage, bytes(1_000))
    with pytest.raises(Refused) as refused:
        await stage.channel.fetch(handle, 999)
    assert refused.value.why == "too-large"


async def test_what_is_not_there_any_more_is_refused(stage: Stage) -> None:
    handle = await handle_of(stage, b"photo")
    stage.loses_files()
    with pytest.raises(Refused) as refused:
        await stage.channel.fetch(handle, 1_000)
    assert refused.value.why == "gone"


async def test_closing_twice_is_harmless(stage: Stage) -> None:
    await stage.channel.deliver(stage.chat, Say("x"), 1)
    await stage.channel.close()
    await stage.channel.close()
