"""Whole dialogues through mixed faults, with every client, by polling and by webhook: see tests/faultrun.

None lost, none swapped, and no repeat but those that Telegram's lost answers and a kill excuse.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from faultrun import stock
from faultrun.killed import killed
from faultrun.runs import References, Report, in_this_process, references, trials
from faultrun.scripts import SCRIPTS
from postgres_server import Cluster

from bot.channels.registry import CLIENTS
from bot.channels.telegram_aiogram import TelegramAiogram
from bot.trial import Trial
from dialogues.model import Say
from storage import conversations

MODES = [False, True]
NAMES = ["polling", "webhook"]
EVERY = pytest.mark.parametrize(("client", "webhook"), [(client, mode) for client in CLIENTS for mode in MODES])


@pytest.fixture(scope="module")
def fresh(server_of: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Trial]:
    return trials(tmp_path_factory.mktemp("faultrun"), server_of)


@pytest.fixture(scope="module")
def undisturbed(fresh: Callable[[], Trial]) -> References:
    return asyncio.run(references(fresh()))


def assert_flawless(report: Report, count: int, *faults: str) -> None:
    assert (report.wrong, report.astray) == ({}, [])
    assert report.passed == count
    assert all(report.faults[fault] for fault in faults), f"not all faults came: {report.faults}"


ALWAYS = ("429 retry_after", "502 HTML", "500 JSON", "answer lost", "redelivery", "403 blocked", "unreadable update")
"""Faults that come in every run of 55."""
OFTEN = ("delay", "no connection", "answer cut in the middle", "502 after the work")
POSTED = tuple(f"post: {how}" for how in ("held back", "answer lost after commit", "no connection", "dropped at work"))
"""What else comes in every run of 220."""


@EVERY
async def test_dialogues_pass_through_mixed_faults(
    fresh: Callable[[], Trial], undisturbed: References, client: str, webhook: bool
) -> None:
    report = await in_this_process(fresh(), undisturbed, client, webhook=webhook, count=55, seed=11)
    assert_flawless(report, 55, *ALWAYS)
    assert report.notes >= 30
    assert report.repeats["answer lost"] > 0


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 4))
@EVERY
async def test_many_dialogues_pass_through_mixed_faults(
    fresh: Callable[[], Trial], undisturbed: References, client: str, webhook: bool, seed: int
) -> None:
    report = await in_this_process(fresh(), undisturbed, client, webhook=webhook, count=220, seed=seed)
    assert_flawless(report, 220, *ALWAYS, *OFTEN, *(POSTED if webhook else ("409 conflict",)))


@pytest.mark.timeout(600)
@pytest.mark.one_engine
async def test_dialogues_pass_through_kills(fresh: Callable[[], Trial], undisturbed: References) -> None:
    """By webhook, with the client that was added last; ``test_kill.py`` does likewise by polling."""
    report = await killed(fresh(), undisturbed, list(CLIENTS)[-1], webhook=True, count=12, kills=2, seed=5)
    assert_flawless(report, 12)
    assert report.kills == 2


@pytest.mark.long
@pytest.mark.timeout(3600)
@EVERY
async def test_many_dialogues_pass_through_many_kills(
    fresh: Callable[[], Trial], undisturbed: References, client: str, webhook: bool
) -> None:
    """On both engines together 220 dialogues and some 60 kills for each client and mode."""
    report = await killed(fresh(), undisturbed, client, webhook=webhook, count=110, kills=30, seed=6)
    assert_flawless(report, 110, "429 retry_after", "502 HTML", "500 JSON", "answer lost", "no connection")
    assert report.kills >= 20


@pytest.mark.long
@pytest.mark.parametrize("webhook", MODES, ids=NAMES)
async def test_a_bot_as_tutorials_write_it_passes_undisturbed_and_not_in_the_weather(webhook: bool) -> None:
    """Or the figures that compare the two would say nothing."""
    assert (await stock.in_this_process(webhook=webhook, count=24, seed=1, rough=0.0)).passed == 24
    assert (await stock.in_this_process(webhook=webhook, count=24, seed=1)).passed < 18


# ---------------------------------------------------------------- a bot with a fault is found out


Deliver = Callable[[TelegramAiogram, str, Say, int], Awaitable[str]]


def losing(deliver: Deliver) -> Deliver:
    """One message is never sent."""

    async def broken(self: TelegramAiogram, chat: str, say: Say, question: int) -> str:
        return "1" if "Amending" in say.text else await deliver(self, chat, say, question)

    return broken


def doubling(deliver: Deliver) -> Deliver:
    async def broken(self: TelegramAiogram, chat: str, say: Say, question: int) -> str:
        if "Amending" in say.text:
            await deliver(self, chat, say, question)
        return await deliver(self, chat, say, question)

    return broken


def swapping(deliver: Deliver) -> Deliver:
    """One message is overtaken by the next."""
    held: dict[str, tuple[Say, int]] = {}

    async def broken(self: TelegramAiogram, chat: str, say: Say, question: int) -> str:
        if "Amending" in say.text:
            held[chat] = (say, question)
            return "1"
        sent = await deliver(self, chat, say, question)
        if chat in held:
            await deliver(self, chat, *held.pop(chat))
        return sent

    return broken


@pytest.mark.parametrize(
    ("breaks", "wrong"),
    [
        (losing, ["lost: 'Amending REF1.'"]),
        (doubling, ["doubled: 'Amending REF1.'"]),
        (swapping, ["swapped: 'What do you add or correct? The first note stays as it is.' where"]),
    ],
)
@pytest.mark.sqlite
async def test_a_bot_that_loses_doubles_or_swaps_a_message_is_found_out(
    fresh: Callable[[], Trial],
    undisturbed: References,
    monkeypatch: Any,
    breaks: Callable[[Deliver], Deliver],
    wrong: list[str],
) -> None:
    monkeypatch.setattr(TelegramAiogram, "deliver", breaks(TelegramAiogram.deliver))
    report = await in_this_process(
        fresh(), undisturbed, "aiogram", webhook=False, count=len(SCRIPTS), seed=1, rough=0.0
    )
    ((name, found),) = report.wrong.items()
    assert name.endswith("amends")
    assert found[0].startswith(wrong[0])


@pytest.mark.sqlite
async def test_a_bot_that_takes_a_redelivered_update_twice_is_found_out(
    fresh: Callable[[], Trial], undisturbed: References, monkeypatch: Any
) -> None:
    monkeypatch.setattr(conversations, "first_time", lambda *_, **__: True)
    report = await in_this_process(fresh(), undisturbed, "aiogram", webhook=True, count=22, seed=1, within_s=4.0)
    assert [one for found in report.wrong.values() for one in found if one.startswith("doubled: ")], report.wrong
