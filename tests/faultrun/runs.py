"""The app in this process, through a weather: the dialogues several at a time, and what is found about them."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot_site import NOON, SECRET, Site
from engines import Mould
from fake_telegram import TOKEN, FakeTelegram, Shown
from ports import free_port
from postgres_server import Cluster

from bot.channels.base import Handle
from bot.channels.registry import client as client_of
from bot.trial import Trial

from . import checker
from .checker import Line, Screen, Told
from .ledger import notes_differ, notes_in
from .phone import WITHIN_S, Phone, chat_of
from .scripts import SCRIPTS, Coordinator
from .weather import Weather

COORDINATOR, BLOCKED = 600_001, 600_002
BLOCKED_HANDLE = "Coord-8"  # whoever keeps the desk may be told of this one
FIRST_NUMBER = 3001
AT_ONCE = 16
PACE = 0.001
"""Real seconds that a second of waiting takes, the bot's and the server's."""


def trials(folder: Path, cluster: Cluster | None = None) -> Callable[[], Trial]:
    """Gives a fresh installation each time, copied from one; nobody is enrolled.

    Args:
        cluster: where its database is; None: in a file.
    """
    made = Mould.make(folder / "made", cluster, at=NOON, roles=())
    numbers = itertools.count(1)
    return lambda: made.copy(folder / str(next(numbers)))


# ---------------------------------------------------------------- what is played


@dataclass(slots=True)
class Dialogue:
    """One person's dialogue; ``stuck`` tells why it did not reach its end."""

    name: str
    phone: Phone
    stuck: str = ""

    async def play(self, coordinator: Coordinator) -> None:
        try:
            await SCRIPTS[self.name].play(self.phone, coordinator)
        except (AssertionError, LookupError) as odd:
            self.stuck = str(odd)[:300] or type(odd).__name__


def chosen(count: int, seed: int) -> list[str]:
    """Names of that many dialogues, each about as often, in an order by seed."""
    names = [list(SCRIPTS)[place % len(SCRIPTS)] for place in range(count)]
    random.Random(seed).shuffle(names)
    return names


def enrol(site: Site, names: Sequence[str], *, at: datetime = NOON) -> list[str]:
    """Everybody who takes part; returns an invite's token for each dialogue, empty for those who have access.

    There are two coordinators; one of them has blocked the bot.
    """
    site.enrol("telegram", str(COORDINATOR), "coordinator", "Coord-7")
    site.enrol("telegram", str(BLOCKED), "coordinator", BLOCKED_HANDLE)
    tokens = []
    for number, name in enumerate(names, start=FIRST_NUMBER):
        enrolled = SCRIPTS[name].enrolled
        tokens.append("" if enrolled else site.invite(at=at))
        if enrolled:
            site.enrol("telegram", str(chat_of(number)), "officer", f"PO-{number}")
    return tokens


async def play(dialogues: Sequence[Dialogue], coordinator: Coordinator, at_once: int) -> None:
    places = asyncio.Semaphore(at_once)

    async def one(dialogue: Dialogue) -> None:
        async with places:
            await dialogue.play(coordinator)

    await asyncio.gather(*(one(dialogue) for dialogue in dialogues))


def begun(
    telegram: FakeTelegram, weather: Weather, names: Sequence[str], tokens: Sequence[str], within_s: float = WITHIN_S
) -> list[Dialogue]:
    """Everybody with a phone in hand, and trouble from now on."""
    telegram.faults.weather = weather
    telegram.person(BLOCKED, started=True).blocks()
    return [
        Dialogue(name, Phone(telegram, number, weather=weather, token=token, within_s=within_s))
        for number, (name, token) in enumerate(zip(names, tokens, strict=True), start=FIRST_NUMBER)
    ]


# ---------------------------------------------------------------- the undisturbed run


@dataclass(frozen=True, slots=True)
class Reference:
    """A dialogue undisturbed, in words that are the same for everybody."""

    own: tuple[Line, ...]
    coordinators: tuple[Line, ...]
    screen: Screen


References = Mapping[str, Sequence[Reference]]


async def references(trial: Trial, client: str = "aiogram") -> References:
    """Each dialogue alone and without faults, by long polling; those with a crossing in both orders."""
    wanted = [
        (name, swapped) for name, one in SCRIPTS.items() for swapped in ((False, True) if one.crossing else (False,))
    ]
    names = [name for name, _ in wanted]
    site = Site(trial)
    tokens = enrol(site, names)
    found: dict[str, list[Reference]] = {name: [] for name in SCRIPTS}
    try:
        async with FakeTelegram(now=site.clock, pace=PACE) as telegram, serving(site, telegram, client) as settled:
            coordinator = Coordinator(telegram, COORDINATOR)
            telegram.person(BLOCKED, started=True)
            for number, ((name, swapped), token) in enumerate(zip(wanted, tokens, strict=True), start=FIRST_NUMBER):
                dialogue = Dialogue(name, Phone(telegram, number, token=token, swapped=swapped))
                await dialogue.play(coordinator)
                assert not dialogue.stuck, f"{name} does not work undisturbed: {dialogue.stuck}"
                await settled()
                chat, desk = checker.told(shown_to(telegram, dialogue)), checker.told(at_desk(telegram))
                found[name].append(_plainly(dialogue, chat, desk))
    finally:
        site.close()
    return found


def shown_to(telegram: FakeTelegram, dialogue: Dialogue) -> list[Shown]:
    return [one for one in telegram.record if one.chat_id == dialogue.phone.chat_id]


def at_desk(telegram: FakeTelegram) -> list[Shown]:
    """What the coordinator was shown, of all dialogues."""
    return [one for one in telegram.record if one.chat_id == COORDINATOR]


def _plainly(dialogue: Dialogue, chat: Told, desk: Told) -> Reference:
    phone = dialogue.phone
    about = [line for line in desk.lines if _is_about(line, phone)]
    return Reference(
        tuple(checker.plain(chat.lines, phone.names)),
        tuple(checker.plain(about, phone.names, numbered=False)),
        checker.screen(list(phone.person.chat.messages.values()), chat),
    )


def _is_about(line: Line, phone: Phone) -> bool:
    return any(kept.reference in line.text for kept in phone.kept) or phone.handle in line.text


# ---------------------------------------------------------------- the app


@asynccontextmanager
async def serving(
    site: Site, telegram: FakeTelegram, client: str, *, webhook: bool = False
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """The app on a fake Telegram until the block ends. Gives a function that waits until nothing is left to do."""
    channel = client_of(client).open(TOKEN, telegram.url)
    app = site.app({"telegram": channel})
    for part in (channel, app.outbox, app.fetching, *app.outbox._gates.values()):
        _hurry(part)
    for gate in app.outbox._gates.values():
        gate._ticks = _ticks
    # Where two hundred talk on a busy machine a turn may take seconds, and nobody is to be told so here.
    app.late.late_s = app.late.danger_late_s = WITHIN_S

    async def listen(handle: Handle) -> None:
        if webhook:
            port = free_port()
            url = f"http://127.0.0.1:{port}/telegram"
            await channel.listen_webhook(url, "127.0.0.1", port, "/telegram", SECRET, handle)
        else:
            await channel.listen(handle)

    async def settled() -> None:
        await telegram.confirmed(WITHIN_S)
        await app.fetching.drained()
        await app.outbox.drained()

    running = asyncio.create_task(app.run(listen))
    try:
        await (telegram.called("setWebhook", within=WITHIN_S) if webhook else telegram.polled(WITHIN_S))
        yield settled
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _paced(seconds: float) -> None:
    await asyncio.sleep(seconds * PACE)


def _ticks() -> int:
    return int(time.monotonic_ns() / PACE)


def _hurry(part: object) -> None:
    """Waits take a thousandth. A part without such an attribute would make the run wait in earnest: better fail."""
    (name,) = [name for name in ("sleep", "_sleep") if hasattr(part, name)]
    setattr(part, name, _paced)


# ---------------------------------------------------------------- what is found


@dataclass(slots=True)
class Report:
    """
    Attributes:
        wrong: what is wrong with a dialogue, by its number and name; each failed one stands here.
        astray: what concerns no dialogue.
        stayed: messages with a draft's words that could not be deleted, as the bot never learnt their ids.
    """

    title: str
    dialogues: int
    messages: int = 0
    notes: int = 0
    wrong: dict[str, list[str]] = field(default_factory=dict)
    astray: list[str] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter)
    stayed: int = 0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> int:
        return self.dialogues - len(self.wrong)

    @property
    def flawless(self) -> bool:
        return not self.wrong and not self.astray


def judge(
    title: str,
    telegram: FakeTelegram,
    dialogues: Sequence[Dialogue],
    undisturbed: References,
    trial: Trial,
    weather: Weather,
    starts: Sequence[float] = (),
) -> Report:
    """Everything the checker has to say about a run that has ended.

    Args:
        starts: see `checker.told`.
    """
    report = Report(title, len(dialogues), len(telegram.record), kills=len(starts), faults=weather.counts)
    report.faults["403 blocked"] = sum(
        call.status == 403 for call in telegram.calls if call.parameters.get("chat_id") == str(BLOCKED)
    )
    notes_wrong = notes_differ([kept for one in dialogues for kept in one.phone.kept], notes := notes_in(trial))
    report.notes = notes.total()
    desk = checker.told(at_desk(telegram), starts)
    for dialogue in dialogues:
        tellings = [
            (_differences(_plainly(dialogue, chat, desk), undisturbed[dialogue.name]), chat)
            for chat in checker.tellings(shown_to(telegram, dialogue), starts)
        ]
        differ, chat = min(tellings, key=lambda telling: len(telling[0]))
        wrong = [f"did not reach its end: {dialogue.stuck}"] if dialogue.stuck else []
        wrong += differ
        wrong += [
            f"note {kept.reference} {notes_wrong.pop(kept.reference)}"
            for kept in dialogue.phone.kept
            if kept.reference in notes_wrong
        ]
        if wrong:
            report.wrong[f"{dialogue.phone.number} {dialogue.name}"] = wrong
        report.repeats.update(chat.repeats)
        report.stayed += checker.stayed(list(dialogue.phone.person.chat.messages.values()), chat)
    report.astray = [f"note {reference}: {odd}" for reference, odd in notes_wrong.items()]
    report.astray += _strays(telegram.record, desk, dialogues)
    report.repeats.update(desk.repeats)
    return report


def _differences(found: Reference, undisturbed: Sequence[Reference]) -> list[str]:
    """From the undisturbed dialogue that comes nearest."""
    return min(
        (
            checker.differences(one.own, found.own)
            + [f"coordinator: {odd}" for odd in checker.differences(one.coordinators, found.coordinators)]
            + checker.screens_differ(one.screen, found.screen)
            for one in undisturbed
        ),
        key=len,
    )


def _strays(record: Sequence[Shown], desk: Told, dialogues: Sequence[Dialogue]) -> list[str]:
    """What was shown in nobody's chat, or at the coordinator's and concerns no dialogue."""
    chats = {one.phone.chat_id for one in dialogues}
    found = [f"in the chat of nobody: {one.text[:40]!r}" for one in record if one.chat_id not in chats | {COORDINATOR}]
    found += [
        f"at the coordinator's: {line}"
        for line in desk.lines
        if not any(_is_about(line, one.phone) for one in dialogues) and BLOCKED_HANDLE not in line.text
    ]
    return found


async def in_this_process(
    trial: Trial,
    undisturbed: References,
    client: str,
    *,
    webhook: bool,
    count: int,
    seed: int,
    rough: float = 1.0,
    within_s: float = WITHIN_S,
) -> Report:
    """The app through mixed faults, waits paced so that they cost next to no time.

    Args:
        rough: see `Weather`.
        within_s: real seconds until somebody stops waiting for an answer.
    """
    names, weather = chosen(count, seed), Weather(seed, rough=rough)
    site = Site(trial)
    tokens = enrol(site, names)
    title = f"{client}, {'webhook' if webhook else 'polling'}"
    try:
        async with (
            FakeTelegram(now=site.clock, pace=PACE) as telegram,
            serving(site, telegram, client, webhook=webhook) as settled,
        ):
            coordinator = Coordinator(telegram, COORDINATOR, within_s)
            dialogues = begun(telegram, weather, names, tokens, within_s)
            await play(dialogues, coordinator, AT_ONCE)
            await settled()
            return judge(title, telegram, dialogues, undisturbed, trial, weather)
    finally:
        site.close()
