"""Telegram through aiogram: long polling or a webhook in, Bot API methods out.

aiogram is used as a client alone (no Dispatcher, no FSM, no parse mode), so that an update is confirmed only after
``handle`` came back, and so that one update nobody can read does not hold up the rest.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any

import structlog
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
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    DeleteMessages,
    DeleteWebhook,
    GetFile,
    GetMyCommands,
    GetUpdates,
    SetMyCommands,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import BotCommand, BufferedInputFile, InputFile
from aiogram.types import File as TelegramFile
from aiogram.utils.token import TokenValidationError
from aiohttp import ClientError, ClientResponseError, JsonPayload, web

from bot.channels import telegram_updates as updates
from bot.channels.base import ChannelError, File, Gone, Handle, Inbound, Refused, Stop, TryLater
from bot.channels.telegram_webhook import webhook_app
from bot.logs import failure
from dialogues.model import Say

POLL_S = 25  # how long Telegram holds the line open when there is nothing new
POLL_ANSWER_S = 40  # when the line counts as dead
ANSWER_S = 15  # the same for all other methods
CONFLICT_WAIT_S = 5.0
CONFLICT_AT_MOST_S = 60.0
SET_WEBHOOK_EVERY_S = 1.0
SET_WEBHOOK_TRIES = 60
SHUTDOWN_S = 5.0  # how long a stop waits for turns under way; aiohttp then cancels them and waits once more
ERASE_AT_ONCE = 100
DOWNLOAD_S = 60
NO_PREVIEW = '{"is_disabled": true}'

BAD_TOKEN = "Telegram does not know this bot token: get the current one from @BotFather and put it into the token file"  # noqa: S105  says how to mend it, is none
TWO_POLLERS = "another instance of this bot asks Telegram for updates: stop one of the two"
WEBHOOK_IS_SET = (
    "a webhook is set for this bot, so polling hears nothing: run it with the webhook, or delete the webhook"
)

Sleep = Callable[[float], Awaitable[object]]

log = structlog.get_logger()


class GetRawUpdates(GetUpdates):
    """Updates as they came: aiogram's own reading fails for a whole batch when it cannot read one."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"


class SendRaw(TelegramMethod[dict[str, Any]]):
    """The answer is not read into a Message: a field that aiogram does not know yet must not make a message that was
    sent look unsent, and be sent again.

    What is sent holds no aiogram types either: ``telegram_updates`` wrote it, and building it once more costs nearly
    as much as all the rest of a request (measured, docs/figures.md). Fields in JSON are as the Bot API takes them.
    """

    __returning__ = dict[str, Any]
    __api_method__ = "sendMessage"

    chat_id: str
    text: str
    entities: str | None = None
    reply_markup: str | None = None
    protect_content: bool = True
    link_preview_options: str = NO_PREVIEW


class SendFileRaw(TelegramMethod[dict[str, Any]]):
    """As ``SendRaw``. ``document`` goes up as a part of its own, from memory."""

    __returning__ = dict[str, Any]
    __api_method__ = "sendDocument"

    chat_id: str
    document: InputFile
    caption: str | None = None
    caption_entities: str | None = None
    reply_markup: str | None = None
    protect_content: bool
    disable_content_type_detection: bool = True


class EditRaw(TelegramMethod[dict[str, Any]]):
    __returning__ = dict[str, Any]
    __api_method__ = "editMessageText"

    chat_id: str
    message_id: int
    text: str
    entities: str | None = None
    reply_markup: str | None = None
    link_preview_options: str = NO_PREVIEW


class JsonSession(AiohttpSession):
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


class TelegramAiogram:
    """See ``bot.channels.base.Channel``. Message ids are Telegram's, decimal; so are chats.

    Args:
        sleep: waits between tries; seconds.
    """

    name = updates.NAME

    def __init__(self, bot: Bot, *, sleep: Sleep = asyncio.sleep) -> None:
        self._bot = bot
        self._sleep = sleep
        self._answering: set[asyncio.Task[None]] = set()

    @classmethod
    def open(cls, token: str, api: str | None = None, *, sleep: Sleep = asyncio.sleep) -> "TelegramAiogram":
        """
        Args:
            api: base address of another Bot API server, such as ``http://127.0.0.1:8081``; or empty.

        Raises:
            Stop: the token is no token.
        """
        server = TelegramAPIServer.from_base(api) if api else PRODUCTION
        try:
            return cls(Bot(token, session=JsonSession(api=server)), sleep=sleep)
        except TokenValidationError:
            raise Stop(BAD_TOKEN) from None

    async def close(self) -> None:
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await self._bot.session.close()

    # ------------------------------------------------------------ hearing: long polling

    async def listen(self, handle: Handle) -> None:
        """Poll until cancelled. A batch is confirmed (by the offset of the next poll) when all of it was taken."""
        offset = 0
        taken: set[int] = set()  # of a batch that has to come again: those that need not be handled again
        waits = _growing()
        conflict_s = 0.0
        while True:
            try:
                batch = await self._poll(offset)
            except TelegramConflictError as conflict:
                conflict_s += CONFLICT_WAIT_S
                if conflict_s > CONFLICT_AT_MOST_S:
                    raise Stop(WEBHOOK_IS_SET if "webhook" in conflict.message.lower() else TWO_POLLERS) from None
                await self._sleep(CONFLICT_WAIT_S)
                continue
            except (AiogramError, UnicodeDecodeError) as trouble:
                await self._sleep(_wait_out(trouble, waits))
                continue
            conflict_s = 0.0
            heard, last = _read(batch, taken)
            if batch and (last is None or not await self._hand_over(heard, handle, taken)):
                await self._sleep(next(waits))
                continue
            waits = _growing()
            taken.clear()
            if last is not None:
                # Not max(offset, last + 1): after a quiet week the ids start anew, perhaps lower.
                offset = last + 1

    async def _poll(self, offset: int) -> list[Any]:
        method = GetRawUpdates(offset=offset, timeout=POLL_S, allowed_updates=updates.LISTENS_TO)
        return await self._bot(method, request_timeout=POLL_ANSWER_S)

    async def _hand_over(self, heard: "Sequence[_Heard]", handle: Handle, taken: set[int]) -> bool:
        """Whether all were taken: chats in parallel, one chat's updates in order and none after one that failed."""
        chats: dict[str, list[_Heard]] = {}
        for one in heard:
            chats.setdefault(one[1].chat, []).append(one)
        told = await asyncio.gather(*(self._tell(of_chat, handle, taken) for of_chat in chats.values()))
        return all(told)

    async def _tell(self, of_chat: "Sequence[_Heard]", handle: Handle, taken: set[int]) -> bool:
        for update_id, inbound, query_id in of_chat:
            try:
                await handle(inbound)
            except Exception as error:  # whatever it was, nothing was saved: the same again
                log.warning("update.not_taken", channel=self.name, update_id=update_id, **failure(error))
                return False
            taken.add(update_id)
            if query_id:
                self._answer(query_id)
        return True

    def _answer(self, query_id: str) -> None:
        """Let the pressed button stop turning, behind the back of whoever waits for the next update."""
        task = asyncio.create_task(self._answered(query_id))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answered(self, query_id: str) -> None:
        # Too old, lost, away: the button stops turning by itself after a while.
        with suppress(AiogramError, UnicodeDecodeError):
            await self._bot(AnswerCallbackQuery(callback_query_id=query_id), request_timeout=ANSWER_S)

    # ------------------------------------------------------------ hearing: webhook

    async def listen_webhook(self, url: str, host: str, port: int, path: str, secret: str, handle: Handle) -> None:
        """Serve plain HTTP for Telegram's posts (behind a proxy that speaks TLS) until cancelled.

        The webhook stays set when this ends: updates wait at Telegram for the next start.

        Args:
            url: the public https address that reaches ``path`` here.
            secret: see ``webhook_app``.

        Raises:
            Stop: the secret, the address or the port will not do.
        """
        app = webhook_app(updates.read, handle, secret, path=path, after_callback=self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise Stop(f"cannot listen on {host}:{port}: {error.strerror}") from None
            await self._set_webhook(url, secret)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _set_webhook(self, url: str, secret: str) -> None:
        method = SetWebhook(url=url, secret_token=secret, allowed_updates=updates.LISTENS_TO)
        waits = _growing()
        for _ in range(SET_WEBHOOK_TRIES):
            try:
                await self._bot(method, request_timeout=ANSWER_S)
            except (TelegramConflictError, TelegramRetryAfter) as busy:
                # More than one call a second, or two at once, are refused; several workers may start together.
                await self._sleep(max(SET_WEBHOOK_EVERY_S, getattr(busy, "retry_after", 0)))
            except TelegramBadRequest as error:
                raise Stop(f"Telegram does not take the webhook address: {error.message}") from None
            except (AiogramError, UnicodeDecodeError) as trouble:
                await self._sleep(_wait_out(trouble, waits))
            else:
                return
        raise Stop("the webhook could not be set: something else sets it all the time, or Telegram is out of reach")

    async def end_webhook(self) -> None:
        """Delete the webhook so that ``listen`` hears; updates that wait are kept.

        Raises:
            TryLater, Stop.
        """
        await self._call(DeleteWebhook())

    # ------------------------------------------------------------ fetching

    async def fetch(self, handle: str, at_most: int) -> bytes:
        found: TelegramFile = await self._call(GetFile(file_id=handle))
        if (found.file_size or 0) > at_most:
            raise Refused("too-large")
        if not found.file_path or found.file_path.startswith("/"):
            raise Refused("bad")  # a path on the disk of a Bot API server run with --local
        got = await self._download(found.file_path, at_most)
        if isinstance(got, ChannelError):
            raise got
        return got

    async def _download(self, path: str, at_most: int) -> bytes | ChannelError:
        """Errors are returned, not raised: aiohttp's hold the address, with the token in it, and would hang on ours."""
        session = self._bot.session
        address = session.api.file_url(self._bot.token, path)
        content = bytearray()
        try:
            async with aclosing(session.stream_content(address, timeout=DOWNLOAD_S)) as stream:
                async for chunk in stream:
                    content += chunk
                    if len(content) > at_most:
                        return Refused("too-large")
        except ClientResponseError as answer:
            if answer.status == 401:
                return Stop(BAD_TOKEN)
            # 404: the path has expired since; asking for it again gives another.
            return TryLater("telegram does not give the file")
        except (ClientError, TimeoutError, OSError):
            return TryLater("telegram is out of reach")
        return bytes(content)

    # ------------------------------------------------------------ saying

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        message = updates.write(say, question)
        method = SendRaw(
            chat_id=chat,
            text=message.text,
            entities=_json(message.entities),
            reply_markup=_json(message.keyboard),
        )
        try:
            sent = await self._call(method)
        except _BadEntities:
            sent = await self._call(_plain(method))
        return str(sent["message_id"])

    async def deliver_file(self, chat: str, file: File, say: Say, question: int) -> str:
        caption = updates.write(say, question)
        method = SendFileRaw(
            chat_id=chat,
            document=BufferedInputFile(file.content, file.name),
            caption=caption.text or None,
            caption_entities=_json(caption.entities),
            reply_markup=_json(caption.keyboard),
            protect_content=file.protected,
        )
        try:
            sent = await self._call(method)
        except _BadEntities:
            sent = await self._call(_plain(method))
        return str(sent["message_id"])

    async def replace(self, chat: str, message: str, say: Say, question: int) -> None:
        if not message.isdecimal():
            raise Gone("no message id of this channel")
        new = updates.write(say, question)
        method = EditRaw(
            chat_id=chat,
            message_id=int(message),
            text=new.text,
            entities=_json(new.entities),
            # Only inline buttons can stand on an edited message.
            reply_markup=None if say.standing else _json(new.keyboard),
        )
        with suppress(_NotModified):
            try:
                await self._call(method)
            except _BadEntities:
                await self._call(_plain(method))

    async def erase(self, chat: str, messages: Sequence[str]) -> int:
        ids = [int(message) for message in dict.fromkeys(messages)]
        left = 0
        for start in range(0, len(ids), ERASE_AT_ONCE):
            chunk = ids[start : start + ERASE_AT_ONCE]
            try:
                await self._call(DeleteMessages(chat_id=chat, message_ids=chunk))
            except (_Bad, Gone):
                # One message that may not be deleted (older than 48 hours) spares all the others.
                left += sum([not await self._erase_one(chat, message_id) for message_id in chunk])
        return left

    async def _erase_one(self, chat: str, message_id: int) -> bool:
        try:
            await self._call(DeleteMessage(chat_id=chat, message_id=message_id))
        except Gone:
            return True
        except _Bad:
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
            wanted = [BotCommand(command=name, description=description) for name, description in listed]
            now = await self._call(GetMyCommands(language_code=language or None))
            if [(one.command, one.description) for one in now] != list(listed):
                await self._call(SetMyCommands(commands=wanted, language_code=language or None))

    async def _call(self, method: TelegramMethod[Any]) -> Any:
        try:
            return await self._bot(method, request_timeout=ANSWER_S)
        except (AiogramError, UnicodeDecodeError) as error:
            # Not "from error": the library's exceptions carry the request, and with it people's words.
            raise _ours(error) from None


def _plain(method: TelegramMethod[Any]) -> TelegramMethod[Any]:
    """The same without marks: what is said matters more than how it looks."""
    log.error("message.marks_refused", channel=updates.NAME, kind=method.__api_method__)
    field = "caption_entities" if "caption_entities" in type(method).model_fields else "entities"
    return method.model_copy(update={field: None})


class _Bad(Refused):
    """A refusal whose reason matters to some callers; ``bad`` for all others."""

    def __init__(self) -> None:
        super().__init__("bad")


class _BadEntities(_Bad):
    pass


class _NotModified(_Bad):
    pass


def _json(value: object) -> str | None:
    return json.dumps(value, ensure_ascii=False) if value else None


def _ours(error: Exception) -> ChannelError:
    """What to do about a library's exception. Descriptions as the server words them, see tests/fake_telegram."""
    match error:
        case TelegramRetryAfter():
            return TryLater("telegram asks to wait", after_s=error.retry_after)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return Stop(BAD_TOKEN)
        case TelegramConflictError():
            return TryLater("telegram is doing the same already", after_s=1.0)
        case TelegramForbiddenError():
            return Refused("blocked")
        case TelegramMigrateToChat():
            return Refused("gone")
        case TelegramBadRequest():
            return _bad_request(error.message.lower())
        case TelegramEntityTooLarge():
            return Refused("bad")
        case TelegramNetworkError():
            return TryLater("telegram is out of reach")
        case TelegramServerError() | ClientDecodeError() | UnicodeDecodeError():
            return TryLater("telegram is in trouble")
        case _:
            return Refused("bad")


def _bad_request(description: str) -> ChannelError:
    if "message is not modified" in description:
        return _NotModified()
    if any(words in description for words in _MESSAGE_GONE):
        return Gone("the message is not there any more")
    if "file is too big" in description:
        return Refused("too-large")
    if "file_id" in description or "file identifier" in description:
        return Refused("gone")
    if "chat not found" in description or "peer_id_invalid" in description:
        return Refused("gone")
    if "entit" in description:
        return _BadEntities()
    return _Bad()


_MESSAGE_GONE = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "message_id_invalid",
    "message to delete not found",
)

_Heard = tuple[int, Inbound, str]


def _read(batch: Sequence[Any], taken: set[int]) -> tuple[list[_Heard], int | None]:
    """What is to be handled of a batch, and the id to confirm when it was."""
    heard: list[_Heard] = []
    last: int | None = None
    for raw in batch:
        update_id: int | None = None
        try:
            if not isinstance(raw, dict):
                raise updates.Unreadable("an update is no object")
            update_id = updates.update_id(raw)
            last = update_id if last is None else max(last, update_id)
            inbound = updates.read(raw)
        except updates.Unreadable:
            log.warning("update.unreadable", channel=updates.NAME, update_id=update_id, update_kind=updates.kind(raw))
            continue
        if inbound is not None and update_id not in taken:
            heard.append((update_id, inbound, updates.query_id(raw)))
    return heard, last


def _growing() -> Iterator[float]:
    """0.5, 1, 2, 4, 8, 10, 10 … seconds."""
    wait_s = 0.5
    while True:
        yield wait_s
        wait_s = min(wait_s * 2, 10.0)


def _wait_out(trouble: Exception, waits: Iterator[float]) -> float:
    """Seconds to wait before the same call again.

    Raises:
        Stop: there is nothing to wait for.
    """
    ours = _ours(trouble)
    if isinstance(ours, Stop):
        raise ours from None
    log.warning("telegram.trouble", channel=updates.NAME, **failure(trouble))
    after_s = ours.after_s if isinstance(ours, TryLater) else 0.0
    return after_s or next(waits)
