"""The Bot API methods, each as strict and as forgetful as the real server's.

A method takes parameters as text (as they come in forms; JSON values stay JSON) and uploaded files, and
returns its result; a second value is the description that goes along with it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from . import limits
from .chats import Attached, Chat, Message, same_content
from .faults import WEBHOOK
from .limits import Refused, bad, integer, units, yes
from .queues import Webhook, WebhookState
from .texts import caption, message_text

if TYPE_CHECKING:
    from .server import FakeTelegram

GET_UPDATES_LONGEST_S = 50
CONFLICT_PACE_S = 3.0
PUBLIC_PORTS = (443, 80, 88, 8443)
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    value: Any = field(repr=False)
    description: str = ""


Arguments = dict[str, str]
Files = dict[str, Upload]
Method = Callable[[Arguments, Files], Result] | Callable[[Arguments, Files], Awaitable[Result]]
Access = Literal["read", "edit", "write"]


@dataclass(slots=True, eq=False)
class LongPoll:
    aborted: str = ""


class Methods:
    """One bot's Bot API. ``table`` names every method; the server matches names in any letter case."""

    def __init__(self, telegram: "FakeTelegram") -> None:
        self._telegram = telegram
        self._poll: LongPoll | None = None
        self.held = asyncio.Event()  # set while a long poll is held open
        self._last_poll = (0, float("-inf"))
        self._last_conflict = float("-inf")
        self._last_set_webhook = float("-inf")
        self.webhook: Webhook | None = None
        self.commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.descriptions: dict[str, str] = {}
        self.short_descriptions: dict[str, str] = {}
        self.table: dict[str, Method] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "sendMessage": self._send_message,
            "sendDocument": self._send_document,
            "sendChatAction": self._send_chat_action,
            "editMessageText": self._edit_message_text,
            "editMessageReplyMarkup": self._edit_message_reply_markup,
            "deleteMessage": self._delete_message,
            "deleteMessages": self._delete_messages,
            "answerCallbackQuery": self._answer_callback_query,
            "setMyCommands": self._set_my_commands,
            "getMyCommands": self._get_my_commands,
            "deleteMyCommands": self._delete_my_commands,
            "setMyDescription": self._set_my_description,
            "getMyDescription": self._get_my_description,
            "setMyShortDescription": self._set_my_short_description,
            "getMyShortDescription": self._get_my_short_description,
            "getFile": self._get_file,
            "leaveChat": self._leave_chat,
        }
        self.names = {name.lower(): name for name in self.table}

    # --- updates ----------------------------------------------------------------------------------

    def _get_me(self, _: Arguments, __: Files) -> Result:
        return Result(
            {
                **self._telegram.me,
                "can_join_groups": True,
                "can_read_all_group_messages": False,
                "supports_inline_queries": False,
                "can_connect_to_business": False,
                "has_main_web_app": False,
            }
        )

    async def _get_updates(self, arguments: Arguments, _: Files) -> Result:
        log = self._telegram.log
        if self.webhook is not None:
            raise await self._conflict(WEBHOOK_ACTIVE)
        offset = integer(arguments.get("offset", ""))
        limit = integer(arguments.get("limit", ""), 100, 1, 100)
        timeout_s = float(integer(arguments.get("timeout", ""), 0, 0, GET_UPDATES_LONGEST_S))
        real_s = timeout_s * self._telegram.poll_pace
        log.allow(arguments.get("allowed_updates", ""))
        # The server slows down who asks for the same offset again and again. (It also hands out only one
        # update to who does so within half a second; left out, tests could not tell when.)
        last_offset, last_at = self._last_poll
        at = self._telegram.server_s()
        if offset == last_offset and timeout_s < 3 and at < last_at + 3:
            timeout_s, real_s = 3.0, max(real_s, 3 * self._telegram.pace)
        self._last_poll = (offset, at)
        log.confirm_before(offset)
        updates = log.handed_out(offset, limit)
        if updates or not timeout_s:
            return Result([update.body() for update in updates])
        self.abort_poll(OTHER_POLLER)
        poll = self._poll = LongPoll()
        self.held.set()
        loop = asyncio.get_running_loop()
        until = loop.time() + real_s
        while not updates and loop.time() < until:
            await log.arrival(until - loop.time())
            if poll.aborted:
                raise await self._conflict(poll.aborted)
            updates = log.handed_out(offset, limit)
        if self._poll is poll:
            self._poll = None
            self.held.clear()
        return Result([update.body() for update in updates])

    def abort_poll(self, why: str) -> None:
        if self._poll is not None:
            self._poll.aborted = why
            self._poll = None
            self.held.clear()
            self._telegram.log.wake()

    async def _conflict(self, why: str) -> Refused:
        """The first 409 comes at once, the next within 3 server seconds only after 3 more."""
        at = self._telegram.server_s()
        if at < self._last_conflict + CONFLICT_PACE_S:
            await asyncio.sleep(CONFLICT_PACE_S * self._telegram.pace)
        else:
            self._last_conflict = at
        return Refused(409, why)

    async def _set_webhook(self, arguments: Arguments, _: Files) -> Result:
        telegram = self._telegram
        url = arguments.get("url", "")
        if not url:
            return await self._delete_webhook(arguments, _)
        at = telegram.server_s()
        if at < self._last_set_webhook + 1:
            raise Refused(429, "Too Many Requests: retry after 1", {"retry_after": 1})
        self._last_set_webhook = at
        secret = arguments.get("secret_token", "")
        connections = integer(arguments.get("max_connections", ""), 40, 1, 100)
        drop = yes(arguments.get("drop_pending_updates", ""))
        old = None if self.webhook is None else self.webhook.state
        if (
            old is not None
            and (old.url, old.secret_token, old.max_connections) == (url, secret, connections)
            and not drop
        ):
            telegram.log.allow(arguments.get("allowed_updates", ""))
            return Result(True, "Webhook is already set")
        self.abort_poll("Conflict: terminated by setWebhook request")
        await self.end_webhook()
        if drop:
            telegram.log.drop_all()
        target = _checked_url(url)
        limits.secret_token(secret)
        self._note_what_is_not_public(target.scheme, target.port)
        telegram.log.allow(arguments.get("allowed_updates", ""))
        self.webhook = Webhook(
            WebhookState(url, secret, connections, ip_address=arguments.get("ip_address", "")),
            telegram.log,
            now=telegram.epoch,
            pace=telegram.pace,
            answer_s=telegram.webhook_answer_s,
            trouble=lambda update: telegram.faults.take(WEBHOOK, {"kind": update.kind}),
            on_method=telegram.carry_out,
            on_gone=self._gone,
        )
        return Result(True, "Webhook was set")

    def _note_what_is_not_public(self, scheme: str, port: int | None) -> None:
        if scheme != "https":
            self._telegram.notes.append("setWebhook: the public server takes https only")
        elif (port or 443) not in PUBLIC_PORTS:
            self._telegram.notes.append("setWebhook: the public server takes ports 443, 80, 88, 8443 only")

    def _gone(self) -> None:
        self._telegram.later(self.end_webhook())

    async def end_webhook(self) -> None:
        webhook, self.webhook = self.webhook, None
        if webhook is not None:
            await webhook.close()

    async def _delete_webhook(self, arguments: Arguments, _: Files) -> Result:
        existed = self.webhook is not None
        await self.end_webhook()
        if yes(arguments.get("drop_pending_updates", "")):
            self._telegram.log.drop_all()
        return Result(True, "Webhook was deleted" if existed else "Webhook is already deleted")

    def _get_webhook_info(self, _: Arguments, __: Files) -> Result:
        log, webhook = self._telegram.log, self.webhook
        info: dict[str, Any] = {
            "url": "" if webhook is None else webhook.state.url,
            "has_custom_certificate": False,
            "pending_update_count": len(log),
        }
        if webhook is not None:
            if webhook.state.last_error_date:
                info["last_error_date"] = webhook.state.last_error_date
                info["last_error_message"] = webhook.state.last_error_message
            info["max_connections"] = webhook.state.max_connections
            info["ip_address"] = webhook.state.ip_address or "<unknown>"
        if log.allowed is not None:
            info["allowed_updates"] = sorted(log.allowed)
        return Result(info)

    # --- sending ----------------------------------------------------------------------------------

    def _send_message(self, arguments: Arguments, _: Files) -> Result:
        given = message_text(arguments.get("text", ""), arguments.get("entities", ""), arguments.get("parse_mode", ""))
        return self._put(arguments, Message(0, 0, 0.0, True, {}, text=given.text, entities=given.entities))

    def _send_document(self, arguments: Arguments, files: Files) -> Result:
        named = arguments.get("document", "")
        upload = files.get(named.removeprefix("attach://") if named.startswith("attach://") else "document")
        if upload is None and (not named or named.startswith("attach://")):
            raise bad("There is no document in the request")
        given = caption(
            arguments.get("caption", ""),
            arguments.get("caption_entities", ""),
            arguments.get("parse_mode", ""),
        )
        if upload is None:
            known = self._telegram.files.get(named)
            if known is None:
                raise bad("Wrong file identifier/HTTP URL specified")
            upload = Upload(known.name, known.mime_type, known.content)
        if not upload.content:
            raise bad("File must be non-empty")
        chat = self._chat(arguments, "write")
        found = self._telegram.keep_file("document", upload.content, upload.name, upload.mime_type)
        attached = Attached("document", found["file_id"], upload.name, upload.mime_type, upload.content)
        extra = {"document": {**found, "file_name": upload.name, "mime_type": upload.mime_type}}
        message = Message(0, 0, 0.0, True, {}, text=given.text, entities=given.entities, attached=attached, extra=extra)
        return self._put(arguments, message, chat)

    def _put(self, arguments: Arguments, message: Message, chat: Chat | None = None) -> Result:
        message.markup = limits.reply_markup(arguments.get("reply_markup", ""))
        chat = chat or self._chat(arguments, "write")
        self._reply(arguments, chat, message)
        if self._telegram.flood is not None:
            self._telegram.flood.check(chat.chat_id, self._telegram.epoch)
        message.sender = self._telegram.me
        message.chat_id = chat.chat_id
        message.protected = yes(arguments.get("protect_content", ""))
        message.silent = yes(arguments.get("disable_notification", ""))
        self._telegram.deliver(chat, message)
        return Result(message.as_json(chat.description))

    def _reply(self, arguments: Arguments, chat: Chat, message: Message) -> None:
        raw = arguments.get("reply_parameters", "")
        lenient = yes(arguments.get("allow_sending_without_reply", ""))
        reply_to = integer(arguments.get("reply_to_message_id", ""))
        if raw:
            try:
                wanted = json.loads(raw)
            except ValueError:
                raise bad("Can't parse reply parameters JSON object") from None
            if not isinstance(wanted, dict):
                raise bad("Object expected as reply parameters")
            reply_to = integer(str(wanted.get("message_id", "")))
            lenient = wanted.get("allow_sending_without_reply") is True
        if reply_to <= 0:
            return
        answered = chat.visible(reply_to)
        if answered is not None:
            message.extra["reply_to_message"] = answered.as_json(chat.description)
        elif not lenient:
            raise bad("message to be replied not found")

    def _send_chat_action(self, arguments: Arguments, _: Files) -> Result:
        action = limits.chat_action(arguments.get("action", ""))
        self._chat(arguments, "write").actions.append(action)
        return Result(True)

    def _chat(self, arguments: Arguments, access: Access) -> Chat:
        raw = arguments.get("chat_id", "")
        if not raw:
            raise bad("chat_id is empty")
        chat = None if raw.startswith("@") else self._telegram.chats.get(integer(raw, low=-(1 << 63), high=1 << 63))
        if chat is None or chat.bot_may == "unknown":
            raise bad("chat not found")
        if access != "read" and chat.bot_may == "deactivated":
            raise Refused(403, "Forbidden: user is deactivated")
        if access != "read" and chat.bot_may == "left":
            raise Refused(403, "Forbidden: bot is not a member of the group chat")
        if access == "write" and chat.bot_may == "blocked":
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return chat

    # --- changing what was sent -------------------------------------------------------------------

    def _edit_message_text(self, arguments: Arguments, _: Files) -> Result:
        given = message_text(
            arguments.get("text", ""),
            arguments.get("entities", ""),
            arguments.get("parse_mode", ""),
            edit=True,
        )
        markup = limits.reply_markup(arguments.get("reply_markup", ""), only_inline=True)
        chat, message = self._to_edit(arguments)
        if message.attached is not None:
            raise bad("There is no text in the message to edit")
        if same_content(message, given, markup):
            raise Refused(400, limits.NOT_MODIFIED)
        message.text, message.entities = given.text, given.entities
        return self._edited(chat, message, markup)

    def _edit_message_reply_markup(self, arguments: Arguments, _: Files) -> Result:
        markup = limits.reply_markup(arguments.get("reply_markup", ""), only_inline=True)
        chat, message = self._to_edit(arguments)
        if same_content(message, None, markup):
            raise Refused(400, limits.NOT_MODIFIED)
        return self._edited(chat, message, markup)

    def _to_edit(self, arguments: Arguments) -> tuple[Chat, Message]:
        message_id = integer(arguments.get("message_id", ""))
        if not arguments.get("chat_id") and message_id <= 0:
            if not arguments.get("inline_message_id"):
                raise bad("Message identifier is not specified")
            raise bad("MESSAGE_ID_INVALID")
        chat = self._chat(arguments, "edit")
        message = chat.visible(message_id)
        if message is None:
            raise bad("message to edit not found")
        if not message.own or (message.markup is not None and "inline_keyboard" not in message.markup):
            raise bad("Message can't be edited")
        return chat, message

    def _edited(self, chat: Chat, message: Message, markup: dict[str, Any] | None) -> Result:
        if message.markup is not None:
            message.former_markups.append(message.markup)
        message.markup = markup
        message.edit_date = int(self._telegram.epoch())
        chat.show(message)
        self._telegram.note("edited", message)
        return Result(message.as_json(chat.description))

    def _delete_message(self, arguments: Arguments, _: Files) -> Result:
        if not arguments.get("chat_id"):
            raise bad("Chat identifier is not specified")
        message_id = integer(arguments.get("message_id", ""))
        if message_id <= 0:
            raise bad("Message identifier is not specified")
        chat = self._chat(arguments, "edit")
        if chat.visible(message_id) is None:
            raise bad("message to delete not found")
        return self._delete(chat, [message_id])

    def _delete_messages(self, arguments: Arguments, _: Files) -> Result:
        message_ids = limits.message_ids(arguments.get("message_ids", ""))
        chat = self._chat(arguments, "edit")
        return self._delete(chat, message_ids)

    def _delete(self, chat: Chat, message_ids: list[int]) -> Result:
        """All or none; messages that are not there count as deleted."""
        messages = [message for message in map(chat.visible, message_ids) if message is not None]
        for message in messages:
            if self._telegram.epoch() - message.date > limits.DELETE_WITHIN_S or (chat.chat_id < 0 and not message.own):
                raise bad("Message can't be deleted for everyone")
        for message in messages:
            message.deleted = True
        return Result(True)

    def _answer_callback_query(self, arguments: Arguments, _: Files) -> Result:
        press = self._telegram.pressed.get(arguments.get("callback_query_id", ""))
        if press is None or self._telegram.epoch() - press.at > limits.CALLBACK_LIFE_S:
            raise Refused(400, limits.QUERY_TOO_OLD)
        text = arguments.get("text", "")
        if units(text) > limits.CALLBACK_ANSWER_UNITS:
            raise bad("MESSAGE_TOO_LONG")
        self._telegram.answered(press, text, alert=yes(arguments.get("show_alert", "")))
        return Result(True)

    # --- about the bot ----------------------------------------------------------------------------

    def _command_key(self, arguments: Arguments) -> tuple[str, str]:
        scope = limits.command_scope(arguments.get("scope", ""))
        if "chat_id" in scope:
            self._chat({"chat_id": str(scope["chat_id"])}, "read")
        language = limits.language_code(arguments.get("language_code", ""))
        return json.dumps(scope, sort_keys=True), language

    def _set_my_commands(self, arguments: Arguments, _: Files) -> Result:
        wanted = limits.commands(arguments.get("commands", ""))
        self.commands[self._command_key(arguments)] = wanted
        return Result(True)

    def _get_my_commands(self, arguments: Arguments, _: Files) -> Result:
        return Result(self.commands.get(self._command_key(arguments), []))

    def _delete_my_commands(self, arguments: Arguments, _: Files) -> Result:
        self.commands.pop(self._command_key(arguments), None)
        return Result(True)

    def _set_my_description(self, arguments: Arguments, _: Files) -> Result:
        return self._describe(arguments, "description", self.descriptions, limits.DESCRIPTION_CHARACTERS)

    def _get_my_description(self, arguments: Arguments, _: Files) -> Result:
        language = limits.language_code(arguments.get("language_code", ""))
        return Result({"description": self.descriptions.get(language, "")})

    def _set_my_short_description(self, arguments: Arguments, _: Files) -> Result:
        return self._describe(
            arguments, "short_description", self.short_descriptions, limits.SHORT_DESCRIPTION_CHARACTERS
        )

    def _get_my_short_description(self, arguments: Arguments, _: Files) -> Result:
        language = limits.language_code(arguments.get("language_code", ""))
        return Result({"short_description": self.short_descriptions.get(language, "")})

    def _describe(self, arguments: Arguments, name: str, kept: dict[str, str], longest: int) -> Result:
        language = limits.language_code(arguments.get("language_code", ""))
        text = arguments.get(name, "")
        if len(text) > longest:
            # The limit is documented; the real server's wording for it could not be found.
            raise bad(f"Bot {name.replace('_', ' ')} is too long")
        kept[language] = text
        return Result(True)

    def _get_file(self, arguments: Arguments, _: Files) -> Result:
        file_id = arguments.get("file_id", "")
        if not file_id:
            raise bad("file_id not specified")
        found = self._telegram.files.get(file_id)
        if found is None:
            raise bad("invalid file_id")
        if found.size > limits.DOWNLOAD_BYTES:
            raise bad("file is too big")
        return Result({**found.as_json(), "file_path": self._telegram.open_path(found)})

    def _leave_chat(self, arguments: Arguments, _: Files) -> Result:
        chat = self._chat(arguments, "read")
        if chat.chat_id > 0:
            raise bad("Can't leave private chats")
        if chat.bot_may == "left":
            raise Refused(403, "Forbidden: bot is not a member of the group chat")
        chat.bot_may = "left"
        return Result(True)


def _checked_url(url: str) -> Any:
    try:
        target = urlsplit(url)
        port = target.port
    except ValueError:
        target, port = urlsplit(""), None
    if target.scheme not in ("http", "https") or not target.hostname or port == 0:
        raise Refused(400, "Bad Request: invalid webhook URL specified")
    return target
