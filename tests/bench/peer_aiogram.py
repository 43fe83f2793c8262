"""The measure for ``turns.py``: a bare aiogram client that answers every update and stores nothing.

    python peer_aiogram.py API_ADDRESS TOKEN [--button] [--webhook URL --port N]

Updates are read as raw dicts and taken a batch at a time; each is answered with one short sendMessage, and a pressed
button also with answerCallbackQuery. ``--button`` puts one button under every answer, for loads that press.
"""

import argparse
import asyncio
import contextlib
import gc
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import GetUpdates
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import web

BUTTON = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go on", callback_data="1.go")]])


class GetRawUpdates(GetUpdates):
    __returning__ = list[Any]
    __api_method__ = "getUpdates"


class Peer:
    def __init__(self, bot: Bot, button: bool) -> None:
        self._bot, self._button = bot, BUTTON if button else None
        self._tasks: set[asyncio.Task[bool]] = set()

    async def answer(self, raw: dict[str, Any]) -> None:
        query = raw.get("callback_query")
        message = query["message"] if query else raw["message"]
        await self._bot.send_message(message["chat"]["id"], "Noted.", reply_markup=self._button)
        if query:
            task = asyncio.create_task(self._bot.answer_callback_query(query["id"]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def poll(self) -> None:
        offset = 0
        while True:
            batch: list[Any] = await self._bot(GetRawUpdates(offset=offset, timeout=25), request_timeout=40)
            await asyncio.gather(*(self.answer(raw) for raw in batch))
            if batch:
                offset = batch[-1]["update_id"] + 1

    async def serve(self, url: str, port: int) -> None:
        async def post(request: web.Request) -> web.Response:
            await self.answer(await request.json())
            return web.Response()

        app = web.Application()
        app.router.add_post("/telegram", post)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await self._bot.set_webhook(url)
        await asyncio.Event().wait()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("api")
    parser.add_argument("token")
    parser.add_argument("--button", action="store_true")
    parser.add_argument("--webhook", default="")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    session = AiohttpSession(api=TelegramAPIServer.from_base(given.api))
    async with Bot(given.token, session=session) as bot:
        peer = Peer(bot, given.button)
        gc.collect()
        gc.freeze()
        await (peer.serve(given.webhook, given.port) if given.webhook else peer.poll())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
