"""Telegram's calls through aiogram, as a client alone: no Dispatcher, no FSM, no parse mode, no types of its own."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import cache
from typing import Any

from aiohttp import ClientError, ClientResponseError, JsonPayload

from bot.channels.base import ChannelError, File
from bot.channels.telegram_channel import Parameters, Telegram
from bot.channels.telegram_errors import Bad, InTrouble, OutOfReach, no_file, refusal
from bot.channels.unbuilt import unbuilt

with unbuilt():
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
    from aiogram.exceptions import (
        AiogramError,
        ClientDecodeError,
        TelegramBadRequest,
        TelegramConflictError,
        TelegramEntityTooLarge,
        TelegramForbiddenError,
        TelegramMigrateToChat,
        TelegramNetworkError,
        TelegramNotFound,
        TelegramRetryAfter,
        TelegramServerError,
        TelegramUnauthorizedError,
    )
    from aiogram.methods import TelegramMethod
    from aiogram.types import BufferedInputFile, InputFile

DOWNLOAD_S = 60


@cache
def raw(method: str) -> type[TelegramMethod[Any]]:
    """A method of the Bot API that takes its parameters as they are, and gives its result as it came.

    Without aiogram's types: building them costs nearly as much as all the rest of a request (measured,
    docs/figures.md), and reading a batch of updates fails when it cannot read one of them.
    """
    return type(method, (TelegramMethod,), {"__module__": __name__, "__returning__": Any, "__api_method__": method})


class Session(AiohttpSession):
    """Bodies in JSON: a form is quoted byte by byte in Python (measured: 81 µs for a page of the guide, JSON 12)."""

    def build_form_data(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        files: dict[str, InputFile] = {}
        fields = {
            name: self.prepare_value(value, bot=bot, files=files)
            for name, value in method.model_dump(warnings=False).items()
        }
        if files:
            return super().build_form_data(bot, method)
        return JsonPayload({name: value for name, value in fields.items() if value})

    async def close(self) -> None:
        """Without the quarter of a second that older versions of aiohttp needed after it; this one waits by itself."""
        if self._session is not None:
            await self._session.close()


class Aiogram:
    """See ``bot.channels.telegram_channel.Wire``."""

    def __init__(self, token: str, api: str) -> None:
        server = TelegramAPIServer.from_base(api) if api else PRODUCTION
        self._bot = Bot(token, session=Session(api=server))

    async def call(self, method: str, parameters: Parameters, *, within_s: int, document: File | None = None) -> Any:
        request = raw(method)(**parameters)
        if document is not None:
            request = raw(method)(document=BufferedInputFile(document.content, document.name), **parameters)
        try:
            return await self._bot(request, request_timeout=within_s)
        except (AiogramError, UnicodeDecodeError) as error:
            failed = _ours(error)
        raise failed

    async def file(self, path: str) -> AsyncGenerator[bytes, None]:
        session = self._bot.session
        address = session.api.file_url(self._bot.token, path)
        failed: ChannelError
        try:
            async with aclosing(session.stream_content(address, timeout=DOWNLOAD_S)) as stream:
                async for part in stream:
                    yield part
            return
        except ClientResponseError as answer:
            failed = no_file(answer.status)
        except (ClientError, TimeoutError, OSError):
            failed = OutOfReach()
        raise failed

    async def close(self) -> None:
        await self._bot.session.close()


class TelegramAiogram(Telegram):
    wire = Aiogram


def _ours(error: Exception) -> ChannelError:
    match error:
        case TelegramRetryAfter():
            return refusal(429, retry_after=error.retry_after)
        case TelegramMigrateToChat():
            return refusal(400, moved_to=error.migrate_to_chat_id)
        case TelegramBadRequest():
            return refusal(400, error.message)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return refusal(401)
        case TelegramForbiddenError():
            return refusal(403)
        case TelegramConflictError():
            return refusal(409, error.message)
        case TelegramEntityTooLarge():  # a TelegramNetworkError, too
            return refusal(413)
        case TelegramNetworkError():
            return OutOfReach()
        case TelegramServerError() | ClientDecodeError() | UnicodeDecodeError():
            return InTrouble()  # with what cannot be read: half an answer, or the page of a proxy
        case _:
            return Bad()
