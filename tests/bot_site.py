"""An installation with synthetic people, and the bot on it: on a terminal, or on Telegram against a fake Bot API."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fake_telegram import TOKEN, FakeTelegram, Person
from ports import free_port

from bot import wiring
from bot.app import App
from bot.channels.base import Channel, Handle, Inbound, Pressed
from bot.channels.console import Console
from bot.channels.registry import CLIENTS, client
from bot.clock import MovableClock
from bot.trial import AGENCY, Trial
from dialogues import registry
from dialogues.model import Attachable, Say
from storage import agencies, invites, opened, people
from storage.sealing import keyfile
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.transaction import Transaction

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = "s" * 32
STAFF = ("officer", "prison", "mentor", "coordinator", "admin")

T = TypeVar("T")


class Waits:
    """Takes the place of asyncio.sleep: no time passes, but who waits lets others go on."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


class Site:
    """A trial installation with its store open. ``clock`` stands still until it is moved."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.clock = MovableClock(NOON)
        self.store: Store = trial.installation.store()

    def close(self) -> None:
        self.store.close()

    def restart(self) -> None:
        self.store.close()
        self.store = self.trial.installation.store()

    def app(self, channels: dict[str, Channel], *, witness: Callable[[str], None] | None = None) -> App:
        return wiring.app(self.trial.installation, self.store, channels, clock=self.clock, witness=witness)

    def within(self, what: Callable[[Transaction], T]) -> T:
        return self.store.run_now(what)

    def enrol(self, channel: str, chat: str, role: str, handle: str, *, agency: str = AGENCY) -> bytes:
        """A person who has accepted the rules; returns the ref."""

        def turn(tx: Transaction) -> bytes:
            ref = people.add(tx, agencies.by_slug(tx, agency).ref, role, language="en", at=NOON)
            people.reach_at(tx, ref, channel, chat)
            people.settle(tx, ref, at=NOON, handle=handle, accepted=True)
            return ref

        return self.within(turn)

    def invite(self, role: str = "officer", *, at: datetime | None = None) -> str:
        """``at``: now, for a process that goes by the machine's own clock."""
        made = at or self.clock()
        return self.within(lambda tx: invites.make(tx, agencies.every(tx)[0].ref, role, at=made)).token

    def rows(self, table: str, columns: str = "*") -> list[Any]:
        return self.within(lambda tx: list(tx.db.exec_driver_sql(f"SELECT {columns} FROM {table}").all()))

    def notes(self) -> Counter[tuple[str, str]]:
        """How often each (author's handle, text) is kept, opened with the coordinator's key."""
        return open_notes(self.trial)


def open_notes(trial: Trial) -> Counter[tuple[str, str]]:
    key = keyfile.read(trial.coordinator_key).key
    assert isinstance(key, OpeningKey)
    ingest = (trial.installation.keyring().ingest.public,)
    store = trial.installation.store(reads_notes=True)

    def read(tx: Transaction) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for one in opened.listed(tx):
            if one.state == "withdrawn" or one.amends:
                continue
            for note in opened.open_reference(tx, one.reference, key, ingest, at=NOON, reason="rehearsal"):
                found[(note.body["author"]["handle"], "\n".join(note.body["parts"].values()))] += 1
        return found

    try:
        return store.run_now(read)
    finally:
        store.close()


# ---------------------------------------------------------------- the terminal


class Desk:
    """The bot on a terminal: ``await says(who, line)`` gives back the messages that came to that person."""

    def __init__(self, site: Site, prefix: str = "0") -> None:
        self.site = site
        self.console = Console(prefix)
        self.effects: list[str] = []
        self.app = site.app({"console": self.console}, witness=self.effects.append)

    async def says(self, who: str, *lines: str) -> list[Say]:
        for line in lines:
            await self.app.take(self.console.inbound(who, line))
            await self.app.outbox.drained()
        return self.news(who)

    async def opens(self, who: str, key: str) -> list[Say]:
        """Press a lasting button of an older message."""
        await self.takes(replace(self.console.inbound(who, ""), event=Pressed(0, key), message=""))
        return self.news(who)

    async def takes(self, *inbounds: Inbound) -> None:
        for inbound in inbounds:
            await self.app.take(inbound)
        await self.app.fetching.drained()
        await self.app.outbox.drained()

    async def sends(self, who: str, media: Attachable, path: Path) -> list[Say]:
        await self.takes(self.console.sends(who, media, path))
        return self.news(who)

    async def later(self, by: timedelta) -> None:
        self.site.clock.move(by)
        await self.app.timers.run_due()
        await self.app.outbox.drained()

    def news(self, who: str) -> list[Say]:
        return [message.say for message in self.console.unread(who) if message.say is not None]

    def screen(self, who: str) -> str:
        return "\n".join(message.text for message in self.console.screens.get(who, []))

    async def logs_note(self, who: str, text: str, urgency: str = "routine") -> str:
        """A quick note; returns its reference."""
        await self.says(who, "/menu", "[note.quick]", text, f"[{urgency}]")
        return reference_in(await self.says(who, "[log]"))


@asynccontextmanager
async def at_desk(site: Site, *, prefix: str = "0") -> AsyncIterator[Desk]:
    """``prefix``: another one for a second time on the same data, whose updates are new ones."""
    desk = Desk(site, prefix)
    await desk.app.start()
    try:
        yield desk
    finally:
        await desk.app.stop()


def texts(says: Sequence[Say]) -> str:
    return "\n".join(f"{say.title}\n{say.text}\n{say.small}" for say in says)


def reference_in(says: Sequence[Say]) -> str:
    return texts(says).partition("Reference ")[2][:9]


def pressed(desk: Desk, who: str, question: int, key: str, update_id: str) -> Inbound:
    return replace(desk.console.inbound(who, ""), update_id=update_id, event=Pressed(question, key), message="")


# ---------------------------------------------------------------- Telegram


class Line:
    """The bot on Telegram, by polling or by webhook."""

    def __init__(self, site: Site, telegram: FakeTelegram, app: App) -> None:
        self.site, self.telegram, self.app = site, telegram, app

    def staff(self, chat_id: int, role: str, handle: str, *, agency: str = AGENCY) -> Person:
        """An enrolled person with a phone."""
        self.site.enrol("telegram", str(chat_id), role, handle, agency=agency)
        return self.telegram.person(chat_id, started=True)

    async def settled(self) -> None:
        """Returns when every update was confirmed, every file fetched and every message has arrived."""
        await self.telegram.confirmed()
        await self.app.fetching.drained()
        await self.app.outbox.drained()

    async def later(self, by: timedelta) -> None:
        self.site.clock.move(by)
        await self.app.timers.run_due()
        await self.app.outbox.drained()


@asynccontextmanager
async def on_telegram(site: Site, *, library: str = "aiogram", webhook: bool = False) -> AsyncIterator[Line]:
    async with (
        FakeTelegram(now=site.clock) as telegram,
        listening(site, telegram, library=library, webhook=webhook) as line,
    ):
        yield line


@asynccontextmanager
async def listening(
    site: Site,
    telegram: FakeTelegram,
    *,
    library: str = "aiogram",
    webhook: bool = False,
    wraps: Callable[[Handle], Handle] = lambda take: take,
) -> AsyncIterator[Line]:
    """The app on a fake Telegram, through that library, until the block ends."""
    channel = client(library).open(TOKEN, telegram.url)
    app = site.app({"telegram": channel})

    async def listen(handle: Handle) -> None:
        if webhook:
            port = free_port()
            url = f"http://127.0.0.1:{port}/telegram"
            await channel.listen_webhook(url, "127.0.0.1", port, "/telegram", SECRET, wraps(handle))
        else:
            await channel.listen(wraps(handle))

    running = asyncio.create_task(app.run(listen))
    try:
        if webhook:
            await telegram.called("setWebhook")
        else:
            await telegram.polled()
        await app.start()  # what was left is taken up
        yield Line(site, telegram, app)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def lines(*always: tuple[str, bool]) -> list[Any]:
    """Each library by polling (False) and by webhook (True), as parameters of a test; all but those named are long."""
    return [
        pytest.param(
            library,
            webhook,
            id=f"{library} {'webhook' if webhook else 'polling'}",
            marks=() if (library, webhook) in always else pytest.mark.long,
        )
        for library in CLIENTS
        for webhook in (False, True)
    ]


# ---------------------------------------------------------------- trouble


class Broken(Exception):
    """What an injected fault raises."""


def break_dialogue(monkeypatch: Any, name: str, error: type[Exception] = Broken) -> None:
    """From now on every step of this dialogue raises."""

    def advance(*_: object) -> Any:
        raise error("a message that must not be logged")

    broken = {**registry.DIALOGUES, name: replace(registry.DIALOGUES[name], advance=advance)}
    monkeypatch.setattr(registry, "DIALOGUES", broken)
