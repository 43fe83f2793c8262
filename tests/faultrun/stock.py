"""A bot as tutorials write it: aiogram's Dispatcher, its FSM in memory, its own runners with their defaults.

It takes a note by a small form. Measured by the checker that measures the assistant, in the same weather, on one
dialogue that both have: begin, a text, how urgent, log it, see that it is there.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

import aiogram_built
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.backoff import BackoffConfig
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web
from fake_telegram import TOKEN, FakeTelegram
from ports import free_port

from . import checker
from .checker import Line
from .phone import Kept, Phone
from .runs import FIRST_NUMBER, PACE, Report
from .weather import Weather

WITHIN_S = 6.0
"""A step that has no answer by then has none coming: waits are paced, and an answer takes some milliseconds."""
AT_ONCE = 16


class Form(StatesGroup):
    words = State()
    urgency = State()
    sure = State()


def _keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=label, callback_data=label)] for label in labels]
    )


class Notebook:
    """The bot's handlers; ``notes`` is its database."""

    def __init__(self) -> None:
        self.notes: list[tuple[int, str]] = []
        self.router = Router()
        self.router.message.register(self.begin, Command("note"))
        self.router.message.register(self.count, Command("notes"))
        self.router.message.register(self.write, Form.words, F.text)
        self.router.callback_query.register(self.choose, Form.urgency)
        self.router.callback_query.register(self.log, Form.sure)
        self.router.callback_query.register(self.old, StateFilter("*"))

    async def begin(self, message: Message, state: FSMContext) -> None:
        await state.set_state(Form.words)
        await message.answer("What happened?")

    async def write(self, message: Message, state: FSMContext) -> None:
        await state.update_data(words=message.text)
        await state.set_state(Form.urgency)
        await message.answer("How urgent is it?", reply_markup=_keyboard("Routine", "Urgent"))

    async def choose(self, query: CallbackQuery, state: FSMContext) -> None:
        await query.answer()
        words = (await state.get_data())["words"]
        await state.set_state(Form.sure)
        assert isinstance(query.message, Message)
        await query.message.answer(f"This will be kept\n{words}\n{query.data}", reply_markup=_keyboard("Log it"))

    async def log(self, query: CallbackQuery, state: FSMContext) -> None:
        await query.answer()
        words = (await state.get_data())["words"]
        await state.clear()
        self.notes.append((query.from_user.id, words))
        assert isinstance(query.message, Message)
        await query.message.answer("Logged.")

    async def count(self, message: Message) -> None:
        count = sum(chat == message.chat.id for chat, _ in self.notes)
        await message.answer(f"Your notes: {count}")

    async def old(self, query: CallbackQuery) -> None:
        await query.answer("That is done already.")


@asynccontextmanager
async def serving(telegram: FakeTelegram, notebook: Notebook, *, webhook: bool) -> AsyncIterator[None]:
    """With the library's defaults; only its waits between polls are paced as everybody's are."""
    aiogram_built.build()
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    dispatcher = Dispatcher()
    dispatcher.include_router(notebook.router)
    if webhook:
        app, port = web.Application(), free_port()
        SimpleRequestHandler(dispatcher, bot).register(app, "/telegram")
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await bot.set_webhook(f"http://127.0.0.1:{port}/telegram")
        try:
            yield
        finally:
            await runner.cleanup()
            await bot.session.close()
        return
    paced = BackoffConfig(min_delay=PACE, max_delay=5 * PACE, factor=1.3, jitter=0.1)
    polling = asyncio.create_task(
        dispatcher.start_polling(bot, backoff_config=paced, handle_signals=False, close_bot_session=False)
    )
    try:
        await telegram.polled()
        yield
    finally:
        with suppress(RuntimeError):
            await dispatcher.stop_polling()
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        await bot.session.close()


async def fills_in(me: Phone) -> None:
    me.writes("/note")
    await me.hears("What happened?")
    text = me.words("asked for a transfer")
    me.writes(text)
    await me.hears("How urgent is it?")
    me.presses("Routine")
    await me.hears("This will be kept", text)
    me.presses("Log it")
    await me.hears("Logged.")
    me.kept.append(Kept("", text))
    me.writes("/notes")
    await me.hears("Your notes: 1")


async def in_this_process(
    *, webhook: bool, count: int, seed: int, rough: float = 1.0, without: Collection[str] = ()
) -> Report:
    """So many of its dialogues through the faults; see `Weather`."""
    undisturbed, _ = await _played(1, Weather(0, rough=0.0), webhook=False)
    heard, report = await _played(count, Weather(seed, rough=rough, without=without), webhook=webhook)
    report.title += "".join(f", no {fault}" for fault in without)
    for number, lines in heard.items():
        wrong = report.wrong.setdefault(str(number), [])
        wrong += checker.differences(undisturbed[FIRST_NUMBER], lines)
        if not wrong:
            del report.wrong[str(number)]
    return report


async def _played(count: int, weather: Weather, *, webhook: bool) -> tuple[dict[int, list[Line]], Report]:
    """What each was told; and the report, without a comparison to anything."""
    notebook = Notebook()
    report = Report(f"stock aiogram, {'webhook' if webhook else 'polling'}", count, faults=weather.counts)
    async with FakeTelegram(pace=PACE) as telegram, serving(telegram, notebook, webhook=webhook):
        telegram.faults.weather = weather
        numbers = range(FIRST_NUMBER, FIRST_NUMBER + count)
        phones = [Phone(telegram, number, weather=weather, within_s=WITHIN_S) for number in numbers]
        places = asyncio.Semaphore(AT_ONCE)

        async def one(phone: Phone) -> None:
            async with places:
                try:
                    await fills_in(phone)
                except (AssertionError, LookupError) as odd:
                    report.wrong[str(phone.number)] = [f"did not reach its end: {str(odd)[:100]}"]

        await asyncio.gather(*map(one, phones))
        report.messages, report.notes = len(telegram.record), len(notebook.notes)
        kept = Counter(notebook.notes)
        heard = {}
        for phone in phones:
            chat = checker.told([shown for shown in telegram.record if shown.chat_id == phone.chat_id])
            report.repeats.update(chat.repeats)
            heard[phone.number] = checker.plain(chat.lines, phone.names)
            wanted = {(phone.chat_id, one.text): 1 for one in phone.kept}
            if wanted != {note: times for note, times in kept.items() if note[0] == phone.chat_id}:
                report.wrong.setdefault(str(phone.number), []).append("the notes kept are not those it told of")
        return heard, report
