"""Telegram's calls through python-telegram-bot, as a client alone: no Application, no Updater, no types of its own.

Nothing is asked before it is needed: ``Bot.initialize`` would call getMe, and fail while Telegram is away.
"""

import asyncio
import json
import logging
import ssl
import warnings
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from httpx import HTTPError, create_ssl_context
from telegram import Bot, InputFile
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest
from telegram.warnings import PTBUserWarning

from bot.channels.base import ChannelError, File
from bot.channels.telegram_channel import Parameters, Telegram
from bot.channels.telegram_errors import InTrouble, OutOfReach, no_file, refusal

TELEGRAM = "https://api.telegram.org"
AT_ONCE = 8
"""Calls under way. With more of them each costs more CPU time: the HTTP client goes through all that wait."""
FILES_AT_ONCE = 4
DOWNLOAD_S = 60.0
TELLS_APART = frozenset({400, 401, 403, 404, 409, 429})
WITH_ADDRESSES = ("httpx", "httpcore", "telegram")
"""Loggers that write down requests and answers: the token stands in every address."""


class Answered(TelegramError):
    """A status that the library takes for trouble of the network, such as 413, which would be tried again for ever."""

    def __init__(self, status: int) -> None:
        super().__init__("")
        self.status = status


class Unread(TelegramError):
    """An answer that is no JSON object."""

    def __init__(self) -> None:
        super().__init__("")


class Lines(HTTPXRequest):
    """Connections to one server. How long a call may take is its caller's business."""

    def __init__(self, most: int, certificates: ssl.SSLContext) -> None:
        # From the environment (proxies, netrc) nothing is taken, as with the other client.
        more = {"trust_env": False, "verify": certificates}
        super().__init__(most, None, None, None, None, media_write_timeout=None, httpx_kwargs=more)

    async def do_request(self, *args: Any, **named: Any) -> tuple[int, bytes]:
        status, answer = await super().do_request(*args, **named)
        if status >= 400:
            if status not in TELLS_APART:
                raise Answered(status)
            self.parse_json_payload(answer)  # here it may raise what it likes; later the status alone would count
        return status, answer

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Not the library's, which writes what it cannot read into its log."""
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            raise Unread from None
        if not isinstance(answer, dict) or not ("result" in answer or "description" in answer):
            raise Unread
        return answer

    async def parts(self, address: str) -> AsyncGenerator[bytes, None]:
        """A file, piece by piece: the library's own way takes in all of it, however large."""
        async with self._client.stream("GET", address) as answer:
            if answer.status_code != 200:
                raise Answered(answer.status_code)
            async for part in answer.aiter_bytes():
                yield part


class Ptb:
    """See ``bot.channels.telegram_channel.Wire``."""

    def __init__(self, token: str, api: str) -> None:
        for name in WITH_ADDRESSES:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        # It warns of raw calls of methods that it knows, and of changes to come.
        warnings.filterwarnings("ignore", category=PTBUserWarning)
        base = api or TELEGRAM
        self._files = f"{base}/file/bot{token}/"
        certificates = create_ssl_context(trust_env=False)
        self._poll, self._calls = Lines(1, certificates), Lines(AT_ONCE + FILES_AT_ONCE, certificates)
        self._bot = Bot(token, f"{base}/bot", request=self._calls, get_updates_request=self._poll)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def call(self, method: str, parameters: Parameters, *, within_s: int, document: File | None = None) -> Any:
        given: dict[str, Any] = dict(parameters)
        if document is not None:
            given["document"] = InputFile(document.content, document.name)
        if method == "getUpdates":  # has a line of its own
            return await self._call(method, given, within_s)
        async with self._places:
            return await self._call(method, given, within_s)

    async def _call(self, method: str, given: dict[str, Any], within_s: int) -> Any:
        try:
            async with asyncio.timeout(within_s):
                return await self._bot.do_api_request(method, given)
        except (TelegramError, TimeoutError, KeyError) as error:  # KeyError: an answer without "result"
            failed = _ours(error)
        raise failed

    async def file(self, path: str) -> AsyncGenerator[bytes, None]:
        failed: ChannelError
        try:
            async with asyncio.timeout(DOWNLOAD_S), aclosing(self._calls.parts(self._files + path)) as parts:
                async for part in parts:
                    yield part
            return
        except Answered as answered:
            failed = no_file(answered.status)
        except (HTTPError, TimeoutError):
            failed = OutOfReach()
        raise failed

    async def close(self) -> None:
        await self._poll.shutdown()
        await self._calls.shutdown()


class TelegramPtb(Telegram):
    wire = Ptb


def _ours(error: Exception) -> ChannelError:
    match error:
        case RetryAfter():
            wait = error.retry_after
            return refusal(429, retry_after=wait.total_seconds() if isinstance(wait, timedelta) else wait)
        case ChatMigrated():
            return refusal(400, moved_to=error.new_chat_id)
        case BadRequest():  # is a NetworkError, as TimedOut is
            return refusal(400, error.message)
        case InvalidToken():
            return refusal(401)
        case Forbidden():
            return refusal(403)
        case Conflict():
            return refusal(409, error.message)
        case Answered():
            return refusal(error.status)
        case Unread() | KeyError():
            return InTrouble()
        case _:
            return OutOfReach()
