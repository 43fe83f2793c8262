"""The real process, `integra run`: stopped by SIGTERM, and killed at random moments. No acknowledged note is lost.

Nobody sleeps here: a kill comes at a random request of the bot's, before or after its work was done.
"""

import asyncio
import json
import random
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bot_process import QUICK_LEASES, process
from bot_site import Site, lines
from fake_telegram import TOKEN, FakeTelegram
from people_who_log import assert_in_order, assert_kept, enrolled, logs, previews, receipts
from turn_gate import turn_gate

from bot.channels.registry import CLIENTS
from bot.trial import Trial

LINES = lines(("aiogram", False), ("ptb", True))


@pytest.mark.parametrize(("library", "webhook"), LINES)
async def test_sigterm_in_the_middle_of_a_turn_lets_it_end_and_confirms_it_and_a_second_changes_nothing(
    trial: Trial, library: str, webhook: bool
) -> None:
    async with FakeTelegram() as telegram, turn_gate() as gate, systemd(gate.path.with_name("notify")) as told:
        settings = {**gate.settings, "NOTIFY_SOCKET": str(gate.path.with_name("notify"))}
        command = (sys.executable, str(QUICK_LEASES))
        async with process(trial, telegram, command, library=library, webhook=webhook, settings=settings) as bot:
            (robin,) = enrolled(trial, telegram, 1)
            await bot.start()
            robin.writes("/help")
            await gate.came("PO-00", 1)
            bot.send(signal.SIGTERM)
            await told("STOPPING=1")
            bot.send(signal.SIGTERM)
            assert (len(telegram.log), robin.heard) == (1, [])
            gate.open()
            assert await bot.ends() == 0
            if webhook:  # answered with 200, which a task of the fake server reads
                await telegram.confirmed()
            assert len(telegram.log) == 0
            assert len(robin.heard) == 1
            assert "What I can do" in robin.heard[0]
            assert b"Traceback" not in bot.printed
            assert b"Unclosed" not in bot.printed
            events = [json.loads(line)["event"] for line in bot.printed.splitlines()]
            assert [one for one in events if one != "lease.ours"] == ["started", "stopped"]
        site = Site(trial)
        assert site.rows("outbox") == []
        site.close()


@asynccontextmanager
async def systemd(path: Path) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """What it is told at a socket; the call given back returns when it is told that."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(path))
        heard.setblocking(False)

        async def told(what: str) -> None:
            async with asyncio.timeout(30):
                while await asyncio.get_running_loop().sock_recv(heard, 1024) != what.encode():
                    pass

        yield told


@pytest.mark.one_engine
@pytest.mark.parametrize(("library", "webhook"), lines(("ptb", True)))
async def test_sigterm_in_the_middle_of_a_conversation_loses_and_repeats_nothing(
    trial: Trial, library: str, webhook: bool
) -> None:
    async with FakeTelegram() as telegram, process(trial, telegram, library=library, webhook=webhook) as bot:
        people = enrolled(trial, telegram, 3)
        await bot.start()
        work = asyncio.gather(*(logs(person, number, 3) for number, person in enumerate(people)))
        await telegram.called("sendMessage", times=10, within=30)
        assert await bot.end(signal.SIGTERM) == 0
        await bot.start()
        await asyncio.wait_for(work, 60)
        await bot.end(signal.SIGTERM)
        if webhook:
            await telegram.confirmed()
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
