"""`integra run` as a process of its own, killed at random moments while people talk to it, and started again."""

import asyncio
import random
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime

from bot_process import Process, process
from bot_site import Site
from fake_telegram import FakeTelegram
from storage_site import past_the_walls

from bot.trial import Trial

from .runs import COORDINATOR, References, Report, begun, chosen, enrol, judge, play
from .scripts import Coordinator
from .weather import Weather

PACE = 0.02
ROUGH = 0.4  # the bot waits in earnest here, so that there is less trouble a minute
AT_ONCE = 12
CALLS_BETWEEN = (10, 50)
"""Requests between two kills. With fewer of them and more people at once, some wait for minutes: a press is then too
old for Telegram (150 s) and a note too old to be undone."""
WITHIN_S = 240.0  # of a machine that does other things as well
METHODS = ("sendMessage", "sendMessage", "sendMessage", "deleteMessages", "editMessageText", "answerCallbackQuery")


async def killed(
    trial: Trial, undisturbed: References, client: str, *, webhook: bool, count: int, kills: int, seed: int
) -> Report:
    """Dialogues through faults and so many kills, unless everybody has finished before."""
    names, dice, weather = chosen(count, seed), random.Random(seed), Weather(seed, rough=ROUGH)
    site = Site(trial)
    tokens = enrol(site, names, at=datetime.now(UTC))
    site.close()
    title = f"{client}, {'webhook' if webhook else 'polling'}, killed"
    async with (
        FakeTelegram(pace=PACE) as telegram,
        process(trial, telegram, library=client, webhook=webhook) as bot,
    ):
        await bot.start()
        coordinator = Coordinator(telegram, COORDINATOR, WITHIN_S)
        dialogues = begun(telegram, weather, names, tokens, within_s=WITHIN_S)
        playing = asyncio.create_task(play(dialogues, coordinator, AT_ONCE))
        starts = await _kill(bot, telegram, playing, kills, dice)
        await playing
        telegram.faults.weather = None
        await telegram.confirmed(WITHIN_S)
        await _all_said(trial)
        assert await bot.end(signal.SIGTERM) == 0
        assert b"Traceback" not in bot.printed
        assert b"Canary" not in bot.printed
        assert not telegram.log.expired, "the machine is too slow for this: what people did grew too old at Telegram"
        return judge(title, telegram, dialogues, undisturbed, trial, weather, starts)


async def _kill(
    bot: Process, telegram: FakeTelegram, playing: asyncio.Task[None], kills: int, dice: random.Random
) -> list[float]:
    """Returns when it was started again, each time."""
    starts: list[float] = []
    while len(starts) < kills and not playing.done():
        await _some_calls(telegram, playing, dice.randint(*CALLS_BETWEEN))
        if dice.random() < 0.5:
            # In the middle of a request: before or after its work, and never answered.
            gate = telegram.hold_next(dice.choice(METHODS), after_work=dice.random() < 0.5)
            with suppress(TimeoutError):  # nobody made that request: any other moment will do
                await gate.reached(within=1.0)
        else:
            await asyncio.sleep(dice.random() * 0.03)
        if playing.done():
            break
        await bot.end(signal.SIGKILL)
        telegram.heal()
        await asyncio.sleep(0.05)  # what the dead process has asked for is done by now
        starts.append(time.monotonic())
        await bot.start()
    return starts


async def _some_calls(telegram: FakeTelegram, playing: asyncio.Task[None], count: int) -> None:
    until = len(telegram.calls) + count
    while len(telegram.calls) < until and not playing.done():
        await asyncio.wait({playing}, timeout=0.002)


async def _all_said(trial: Trial) -> None:
    until = time.monotonic() + WITHIN_S
    query = "SELECT count(*) FROM outbox WHERE dead IS NULL"
    while time.monotonic() < until:
        ((waiting,),) = past_the_walls(trial.installation, query)
        if not waiting:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the outbox does not empty")
