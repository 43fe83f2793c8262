"""The real process, `integra run`: stopped by SIGTERM, and killed at random moments. No acknowledged note is lost.

Nobody sleeps here: a kill comes at a random request of the bot's, before or after its work was done.
"""

import asyncio
import json
import random
import signal
from collections import Counter

import pytest
from bot_process import process
from fake_telegram import TOKEN, FakeTelegram
from people_who_log import assert_in_order, assert_kept, enrolled, logs, previews, receipts

from bot.channels.registry import CLIENTS
from bot.trial import Trial


@pytest.mark.parametrize("library", CLIENTS)
async def test_sigterm_ends_it_with_exit_code_0_and_every_update_confirmed(trial: Trial, library: str) -> None:
    async with FakeTelegram() as telegram, process(trial, telegram, library=library) as bot:
        (robin,) = enrolled(trial, telegram, 1)
        await bot.start()
        robin.writes("/help")
        await robin.hears("What I can do", within=30)
        await telegram.confirmed()
        await telegram.polled()
        assert await bot.end(signal.SIGTERM) == 0
        assert len(telegram.log) == 0
        assert b'"stopped"' in bot.printed
        assert b"Traceback" not in bot.printed
        assert b"Unclosed" not in bot.printed
        events = [json.loads(line)["event"] for line in bot.printed.splitlines()]
        assert [one for one in events if one != "lease.ours"] == ["started", "stopped"]


@pytest.mark.one_engine
async def test_sigterm_in_the_middle_of_a_conversation_loses_and_repeats_nothing(trial: Trial) -> None:
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        people = enrolled(trial, telegram, 3)
        await bot.start()
        work = asyncio.gather(*(logs(person, number, 3) for number, person in enumerate(people)))
        await telegram.called("sendMessage", times=10, within=30)
        assert await bot.end(signal.SIGTERM) == 0
        await bot.start()
        await asyncio.wait_for(work, 60)
        await bot.end(signal.SIGTERM)
        for person in people:
            assert all(count == 1 for count in Counter(previews(person) + receipts(person)).values())
            assert_in_order(person)
        assert_kept(trial, people, 3)
        assert len(telegram.log) == 0


@pytest.mark.sqlite
async def test_a_start_while_telegram_is_away_waits_for_it(trial: Trial) -> None:
    async with FakeTelegram() as telegram, process(trial, telegram, library="ptb") as bot:
        (robin,) = enrolled(trial, telegram, 1)
        with telegram.outage():
            starting = asyncio.create_task(bot.start())
            await bot.prints(b"telegram.out-of-reach")
        await starting
        robin.writes("/help")
        await robin.hears("What I can do", within=30)
        assert await bot.end(signal.SIGTERM) == 0
        assert telegram.calls_of("getMe") == []
        assert TOKEN.partition(":")[2].encode() not in bot.printed


@pytest.mark.one_engine
async def test_t21_killed_at_random_moments_no_acknowledged_note_is_lost_and_none_is_kept_twice(trial: Trial) -> None:
    await kills(trial, "aiogram", kills=3, people=5, notes=4, seed=7)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("library", CLIENTS)
@pytest.mark.parametrize("seed", range(3))
async def test_killed_again_and_again(trial: Trial, library: str, seed: int) -> None:
    """So many notes each that nobody writes more than bot.limits takes at once."""
    await kills(trial, library, kills=25, people=25, notes=8, seed=seed)


async def kills(trial: Trial, library: str, *, kills: int, people: int, notes: int, seed: int) -> None:
    dice = random.Random(seed)
    async with FakeTelegram() as telegram, process(trial, telegram, library=library) as bot:
        persons = enrolled(trial, telegram, people)
        await bot.start()
        work = asyncio.gather(*(logs(person, number, notes) for number, person in enumerate(persons)))
        for _ in range(kills):
            if work.done():
                break
            method = dice.choice(["sendMessage", "sendMessage", "deleteMessages", "answerCallbackQuery", "getUpdates"])
            calls = len(telegram.calls_of(method)) + dice.randint(1, 6)
            await telegram.called(method, times=calls, within=60)
            gate = telegram.hold_next("sendMessage", after_work=dice.random() < 0.5)
            if dice.random() < 0.5 and not work.done():
                await gate.reached(within=60)
            await bot.end(signal.SIGKILL)
            telegram.heal()
            await bot.start()
        await asyncio.wait_for(work, 120)
        assert await bot.end(signal.SIGTERM) == 0
        assert_kept(trial, persons, notes)
        for person in persons:
            assert_in_order(person)
        assert b"Traceback" not in bot.printed
        assert b"canary" not in bot.printed
