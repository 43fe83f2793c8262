"""Telegram, whatever the library: what is said and heard, and what to do in trouble. A library only carries the calls.

Telegram ─▶ Wire.call, Wire.file      one file a library: telegram_aiogram.py, telegram_ptb.py
   ├─ telegram_updates    raw updates in our words, our words as the Bot API takes them
   ├─ telegram_polling    long polling                   ├─ telegram_errors   what a refusal means
   └─ telegram_webhook    the webhook                    └─ telegram_floods   whose limit was met
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any, ClassVar, Protocol, Self, TypeVar

import structlog

from bot.channels import telegram_updates as updates
from bot.channels.base import ChannelError, Ear, File, Gone, Handle, Refused, Stop
from bot.channels.telegram_errors import BAD_TOKEN, Bad, BadMarks, Flooded, NotModified
from bot.channels.telegram_floods import Floods
from bot.channels.telegram_polling import Polling
from bot.channels.telegram_waits import Sleep
from dialogues.model import Say

POLL_S = 25  # how long Telegram holds the line open when there is nothing new
POLL_ANSWER_S = 40  # when the line counts as dead
ANSWER_S = 15  # the same for all other methods
CONFIRM_S = 5  # the same for the poll that ends it: Telegram takes 3 for an offset it has just heard
ERASE_AT_ONCE = 100
NO_PREVIEW = '{"is_disabled": true}'
LISTENS_TO = json.dumps(updates.LISTENS_TO)

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_/-]+")

Parameters = Mapping[str, str]
T = TypeVar("T")

log = structlog.get_logger()


class Wire(Protocol):
    """A library as a client alone. It knows the Bot API's transport and none of its meaning.

    What the library raises never leaves it, not even as the context of ours: it holds requests, and with them people's
    words, and addresses with the token in them.
    """

    def __init__(self, token: str, api: str) -> None:
        """
        Args:
            token: shaped like one.
            api: base address of another Bot API server, such as ``http://127.0.0.1:8081``; empty: Telegram's own.
        """

    async def call(self, method: str, parameters: Parameters, *, within_s: int, document: File | None = None) -> Any:
        """``result`` as it came, not read into types: a field that the library does not know yet must not make a
        message that was sent look unsent, and be sent again.

        Args:
            parameters: as the Bot API takes them in a form: text, or JSON.
            within_s: seconds until no answer counts as none.
            document: goes up as a part of its own, from memory.

        Raises:
            ChannelError: see ``telegram_errors.refusal``.
        """

    def file(self, path: str) -> AsyncGenerator[bytes, None]:
        """What is behind a ``file_path``, in parts.

        Raises:
            TryLater, Stop.
        """

    async def close(self) -> None:
        """Let go of connections. Twice is harmless."""


class Telegram:
    """See ``bot.channels.base.Channel``. Message ids are Telegram's, decimal; so are chats.

    Args:
        sleep: waits between tries; seconds.

    Attributes:
        wire: the library that carries the calls.
    """

    name = updates.NAME
    wire: ClassVar[type[Wire]]

    def __init__(self, wire: Wire, *, sleep: Sleep = asyncio.sleep) -> None:
        self._wire = wire
        self._sleep = sleep
        self._floods = Floods()
        self._answering: set[asyncio.Task[None]] = set()
        self.ear = Ear()

    @classmethod
    def open(cls, token: str, api: str | None = None, *, sleep: Sleep = asyncio.sleep) -> Self:
        """
        Args:
            api: base address of another Bot API server; or empty.

        Raises:
            Stop: the token is no token.
        """
        if not _TOKEN.fullmatch(token):
            raise Stop(BAD_TOKEN)
        return cls(cls.wire(token, (api or "").rstrip("/")), sleep=sleep)

    async def close(self) -> None:
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._wire.close()

    # ------------------------------------------------------------ hearing

    async def listen(self, handle: Handle, *, ours: Callable[[], bool] = lambda: True) -> None:
        """
        Args:
            ours: whether polling still is this process's; whoever has lost it may not end another's poll by one more.
        """

        async def confirm(offset: int) -> None:
            if ours():
                parameters = {"offset": str(offset), "timeout": "0", "limit": "1"}
                await self._wire.call("getUpdates", parameters, within_s=CONFIRM_S)

        await Polling(self._updates, confirm, handle, self._answer, self._sleep).run()

    async def _updates(self, offset: int) -> list[Any]:
        wait_s = POLL_S if self.ear.hears() else 0  # whether it hears at all is known at once
        parameters = {"offset": str(offset), "timeout": str(wait_s), "allowed_updates": LISTENS_TO}
        found = await self._wire.call("getUpdates", parameters, within_s=POLL_ANSWER_S)
        self.ear.heard()
        return found if isinstance(found, list) else [found]

    async def listen_webhook(self, url: str, host: str, port: int, path: str, secret: str, handle: Handle) -> None:
        """Serve plain HTTP for Telegram's posts (behind a proxy that speaks TLS) until cancelled.

        The webhook stays set when this ends: updates wait at Telegram for the next start.

        Args:
            url: the public https address that reaches ``path`` here.
            secret: see ``webhook_app``.

        Raises:
            Stop: the secret, the address or the port will not do.
        """
        from bot.channels.telegram_webhook import serve, set_webhook, webhook_app  # a poller needs no web server: 2 MB

        app = webhook_app(updates.read, handle, secret, path=path)
        parameters = {"url": url, "secret_token": secret, "allowed_updates": LISTENS_TO}

        async def tell() -> None:
            await set_webhook(lambda: self._call("setWebhook", parameters), self._sleep)
            self.ear.listens()
            try:
                await asyncio.Event().wait()
            finally:
                self.ear.deaf()  # at once; turns under way are waited for after this

        await serve(app, host, port, tell)

    async def end_webhook(self) -> None:
        """Delete the webhook so that ``listen`` hears; updates that wait are kept.

        Raises:
            TryLater, Stop.
        """
        await self._call("deleteWebhook", {})

    def _answer(self, query_id: str) -> None:
        """Let the pressed button stop turning, behind the back of whoever waits for the next update."""
        task = asyncio.create_task(self._answered(query_id))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answered(self, query_id: str) -> None:
        # Too old, lost, away: the button stops turning by itself after a while.
        with suppress(ChannelError):
            await self._call("answerCallbackQuery", {"callback_query_id": query_id})

    # ------------------------------------------------------------ fetching

    async def fetch(self, handle: str, at_most: int) -> bytes:
        found = await self._call("getFile", {"file_id": handle})
        if _field(found, "file_size", int, 0) > at_most:
            raise Refused("too-large")
        path = _field(found, "file_path", str, "")
        if not path or path.startswith("/"):
            raise Refused("bad")  # a path on the disk of a Bot API server run with --local
        content = bytearray()
        async with aclosing(self._wire.file(path)) as parts:
            async for part in parts:
                content += part
                if len(content) > at_most:
                    raise Refused("too-large")
        return bytes(content)

    # ------------------------------------------------------------ saying

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        message = updates.write(say, question)
        parameters = {
            "chat_id": chat,
            "text": message.text,
            "entities": _json(message.entities),
            "reply_markup": _json(message.keyboard),
            "protect_content": "true",
            "link_preview_options": NO_PREVIEW,
        }
        return _message_id(await self._marked("sendMessage", parameters))

    async def deliver_file(self, chat: str, file: File, say: Say, question: int) -> str:
        caption = updates.write(say, question)
        parameters = {
            "chat_id": chat,
            "caption": caption.text,
            "caption_entities": _json(caption.entities),
            "reply_markup": _json(caption.keyboard),
            "protect_content": "true" if file.protected else "",
            "disable_content_type_detection": "true",
        }
        return _message_id(await self._marked("sendDocument", parameters, file))

    async def replace(self, chat: str, message: str, say: Say, question: int) -> None:
        if not message.isdecimal():
            raise Gone("no message id of this channel")
        new = updates.write(say, question)
        parameters = {
            "chat_id": chat,
            "message_id": message,
            "text": new.text,
            "entities": _json(new.entities),
            # Only inline buttons can stand on an edited message.
            "reply_markup": "" if say.standing else _json(new.keyboard),
            "link_preview_options": NO_PREVIEW,
        }
        with suppress(NotModified):
            await self._marked("editMessageText", parameters)

    async def erase(self, chat: str, messages: Sequence[str]) -> int:
        wanted = dict.fromkeys(messages)
        ids = [int(message) for message in wanted if message.isdecimal()]
        left = len(wanted) - len(ids)  # Telegram never told which message that was
        for start in range(0, len(ids), ERASE_AT_ONCE):
            chunk = ids[start : start + ERASE_AT_ONCE]
            try:
                await self._call("deleteMessages", {"chat_id": chat, "message_ids": json.dumps(chunk)})
            except (Bad, Gone):
                # One message that may not be deleted (older than 48 hours) spares all the others.
                left += sum([not await self._erase_one(chat, message_id) for message_id in chunk])
        return left

    async def _erase_one(self, chat: str, message_id: int) -> bool:
        try:
            await self._call("deleteMessage", {"chat_id": chat, "message_id": str(message_id)})
        except Gone:
            return True
        except Bad:
            return False
        return True

    async def set_commands(self, commands: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Set the commands of Telegram's menu, where they differ from those that are set.

        Args:
            commands: two-letter language code (empty: for all other languages) -> (name without slash, description).

        Raises:
            TryLater, Refused, Stop.
        """
        for language, listed in commands.items():
            now = await self._call("getMyCommands", {"language_code": language})
            if [(one["command"], one["description"]) for one in now] != list(listed):
                wanted = [{"command": name, "description": description} for name, description in listed]
                await self._call("setMyCommands", {"commands": _json(wanted), "language_code": language})

    async def _marked(self, method: str, parameters: Parameters, document: File | None = None) -> Any:
        """Without marks where Telegram refuses them: what is said matters more than how it looks."""
        try:
            return await self._call(method, parameters, document)
        except BadMarks:
            log.error("message.marks_refused", channel=self.name, kind=method)
        plain = {name: value for name, value in parameters.items() if name not in ("entities", "caption_entities")}
        return await self._call(method, plain, document)

    async def _call(self, method: str, parameters: Parameters, document: File | None = None) -> Any:
        """Parameters that are empty stay out."""
        given = {name: value for name, value in parameters.items() if value}
        try:
            return await self._wire.call(method, given, within_s=ANSWER_S, document=document)
        except Flooded as flooded:
            if "chat_id" in given:
                flooded.everywhere = self._floods.everywhere(given["chat_id"], flooded.after_s)
            raise


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _message_id(sent: object) -> str:
    """Empty where the answer tells none: it was sent all the same."""
    found = _field(sent, "message_id", int, 0)
    return str(found) if found else ""


def _field(answer: object, name: str, kind: type[T], otherwise: T) -> T:
    found = answer.get(name) if isinstance(answer, dict) else None
    return found if isinstance(found, kind) else otherwise
