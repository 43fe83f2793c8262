"""Chats as a person sees them: what is on the screen, and what the person does there."""

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .limits import units
from .queues import CALLBACK_QUEUE, MEMBER_QUEUE
from .texts import Text, commands_in

if TYPE_CHECKING:
    from .server import FakeTelegram

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a message, content as it was sent."""

    kind: str
    file_id: str
    name: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Message:
    """One message in a chat. ``own``: the bot's. ``buttons`` are rows of an inline keyboard."""

    message_id: int
    chat_id: int
    date: float
    own: bool
    sender: dict[str, Any] = field(repr=False)
    text: str = field(default="", repr=False)
    entities: tuple[dict[str, Any], ...] = ()
    markup: dict[str, Any] | None = None
    attached: Attached | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False)
    protected: bool = False
    silent: bool = False
    edit_date: int | None = None
    deleted: bool = False
    former_markups: list[dict[str, Any]] = field(default_factory=list)

    @property
    def buttons(self) -> tuple[tuple[Button, ...], ...]:
        return _buttons(self.markup)

    def pressable(self, wanted: str, *, also_former: bool = False) -> Button | None:
        for markup in (self.markup, *(reversed(self.former_markups) if also_former else ())):
            for row in _buttons(markup):
                for button in row:
                    if wanted in (button.label, button.data):
                        return button
        return None

    def as_json(self, chat: dict[str, Any]) -> dict[str, Any]:
        """The Message object of the Bot API."""
        result: dict[str, Any] = {
            "message_id": self.message_id,
            "from": self.sender,
            "chat": chat,
            "date": int(self.date),
        }
        if self.edit_date is not None:
            result["edit_date"] = self.edit_date
        if self.protected:
            result["has_protected_content"] = True
        result.update(self.extra)
        captioned = self.attached is not None
        if self.text:
            result["caption" if captioned else "text"] = self.text
        entities = list(self.entities) if self.own else [*self.entities, *commands_in(self.text)]
        if entities:
            result["caption_entities" if captioned else "entities"] = entities
        if self.markup is not None and "inline_keyboard" in self.markup:
            result["reply_markup"] = self.markup
        return result


@dataclass(slots=True)
class Shown:
    """What the bot put on a screen: a message it sent, or what it changed one into.

    Attributes:
        buttons: rows of an inline keyboard.
        unheard: the bot never got the answer that told it so.
        at: seconds of the monotonic clock.
    """

    what: Literal["sent", "edited"]
    chat_id: int
    message_id: int
    text: str = field(repr=False)
    buttons: tuple[tuple[Button, ...], ...] = ()
    file: str = ""
    unheard: bool = False
    at: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, what: Literal["sent", "edited"], message: Message) -> "Shown":
        file = "" if message.attached is None else message.attached.name
        return cls(what, message.chat_id, message.message_id, message.text, message.buttons, file)


def _buttons(markup: dict[str, Any] | None) -> tuple[tuple[Button, ...], ...]:
    if markup is None or "inline_keyboard" not in markup:
        return ()
    return tuple(
        tuple(Button(b["text"], b.get("callback_data"), b.get("url")) for b in row) for row in markup["inline_keyboard"]
    )


class Chat:
    """One chat: a private one has the person's id, a group a negative id."""

    def __init__(self, chat_id: int, description: dict[str, Any]) -> None:
        self.chat_id = chat_id
        self.description = description
        self.messages: dict[int, Message] = {}
        self.bot_may: Literal["write", "blocked", "deactivated", "left", "unknown"] = "unknown"
        self.heard: list[str] = []
        self.actions: list[str] = []
        self.keeps: int | None = None  # at most so many messages; None: all
        self.listener: Callable[[Message], None] | None = None
        self._shown: deque[Message] = deque()
        self._news = asyncio.Event()

    @property
    def screen(self) -> list[Message]:
        """Messages visible in the chat, in order."""
        return [message for message in self.messages.values() if not message.deleted]

    def put(self, message: Message) -> None:
        self.messages[message.message_id] = message
        if self.keeps is not None:
            while len(self.messages) > self.keeps:
                del self.messages[next(iter(self.messages))]
        if message.own:
            if self.keeps is None:
                self.heard.append(message.text)
            self.show(message)

    def show(self, message: Message) -> None:
        """The bot sent or edited something."""
        if self.keeps is None:
            self._shown.append(message)
        self._news.set()
        if self.listener is not None:
            self.listener(message)

    def visible(self, message_id: int) -> Message | None:
        message = self.messages.get(message_id)
        return None if message is None or message.deleted else message

    def newest_first(self) -> Iterator[Message]:
        return (message for message in reversed(self.messages.values()) if not message.deleted)

    async def hears(self, substring: str, within: float = 5.0) -> Message:
        """The next message sent or edited by the bot that holds ``substring``.

        Looks only at what came after the message that the former call returned.

        Raises:
            AssertionError: it did not come within so many real seconds; names what came instead.
        """
        passed: list[str] = []
        deadline = asyncio.get_running_loop().time() + within
        while True:
            while self._shown:
                message = self._shown.popleft()
                if substring in message.text:
                    return message
                passed.append(message.text)
            try:
                await self.news(deadline - asyncio.get_running_loop().time())
            except TimeoutError:
                raise AssertionError(f"{substring!r} was not heard within {within} s, but {passed!r}") from None

    async def news(self, within: float) -> None:
        """Returns when the bot sends or edits something from now on; TimeoutError after so many real seconds."""
        self._news.clear()
        await asyncio.wait_for(self._news.wait(), within)


class Person:
    """Somebody with a Telegram client, talking to the bot. Ids are at most 52 bits."""

    def __init__(
        self,
        telegram: "FakeTelegram",
        chat_id: int,
        *,
        first_name: str,
        language_code: str | None,
        username: str | None,
    ) -> None:
        self._telegram = telegram
        self.chat_id = chat_id
        self.user: dict[str, Any] = {"id": chat_id, "is_bot": False, "first_name": first_name}
        description: dict[str, Any] = {"id": chat_id, "type": "private", "first_name": first_name}
        if username:
            self.user["username"] = description["username"] = username
        if language_code:
            self.user["language_code"] = language_code
        self.chat = telegram.chats.setdefault(chat_id, Chat(chat_id, description))
        self.told: list[str] = []

    # --- what is seen -----------------------------------------------------------------------------

    @property
    def screen(self) -> list[Message]:
        """Messages visible in the private chat, in order, own and the bot's."""
        return self.chat.screen

    @property
    def heard(self) -> list[str]:
        """Texts and captions the bot sent, in order, also those deleted since; no edits."""
        return self.chat.heard

    async def hears(self, substring: str, within: float = 5.0) -> Message:
        """See `Chat.hears`."""
        return await self.chat.hears(substring, within)

    # --- what is done -----------------------------------------------------------------------------

    def writes(self, text: str, **extra: Any) -> int:
        """Sends a text of 1 to 4,096 UTF-16 units; returns the message id. ``extra`` joins the message."""
        if not 1 <= units(text) <= 4096:
            raise ValueError("a client cuts texts at 4,096 units and sends no empty ones")
        return self._sends(Message(0, self.chat_id, 0.0, False, self.user, text=text, extra=extra))

    def starts(self, payload: str = "") -> int:
        """Presses Start, from a link ``t.me/BOT?start=payload`` of at most 64 of ``A-Za-z0-9_-``."""
        if not _PAYLOAD.fullmatch(payload):
            raise ValueError("no client opens such a deep link")
        if self.chat.bot_may == "blocked":
            self.unblocks()
        return self.writes(f"/start {payload}".rstrip())

    def presses(self, label_or_data: str, *, on: int | None = None) -> str:
        """Presses a button; returns the callback query's id ("" for a reply keyboard: it sends text).

        Args:
            label_or_data: what stands on the button, or its callback data.
            on: message id; without it the newest visible message with such a button. With it also a button
                that was on the message before, and a message that is gone: presses race with edits.

        Raises:
            LookupError: there is no such button.
        """
        if on is not None:
            message = self.chat.messages[on]
            button = message.pressable(label_or_data, also_former=True)
            if button is not None:
                return self._press(message, button)
            raise LookupError(f"message {on} never had that button")
        for message in self.chat.newest_first():
            button = message.pressable(label_or_data)
            if button is not None:
                return self._press(message, button)
            if message.own and label_or_data in _reply_labels(message.markup):
                self.writes(label_or_data)
                return ""
        raise LookupError(f"no visible message has the button {label_or_data!r}")

    def _press(self, message: Message, button: Button) -> str:
        if button.data is None:
            raise LookupError("that button opens a link; the bot does not hear of it")
        return self._telegram.press(self, message, button.data)

    def edits(self, message_id: int, text: str) -> None:
        """Changes an own message's text."""
        message = self.chat.visible(message_id)
        if message is None or message.own:
            raise LookupError(f"no own visible message {message_id}")
        message.text = text
        message.edit_date = int(self._telegram.epoch())
        self._telegram.log.add("edited_message", message.as_json(self.chat.description), self.chat_id)

    def deletes(self, message_id: int) -> None:
        """Deletes a message for both sides; the bot is not told."""
        message = self.chat.visible(message_id)
        if message is None:
            raise LookupError(f"no visible message {message_id}")
        message.deleted = True

    def sends_photo(
        self,
        content: bytes = b"photo",
        *,
        caption: str = "",
        album: str | None = None,
        size: int | None = None,
    ) -> int:
        """A photo in two sizes; ``size`` pretends another file size than ``len(content)``, in bytes."""
        small = self._telegram.keep_file("photo", content[:64], "", "image/jpeg")
        big = self._telegram.keep_file("photo", content, "", "image/jpeg", size=size)
        sizes = [{**small, "width": 90, "height": 60}, {**big, "width": 1280, "height": 853}]
        extra: dict[str, Any] = {"photo": sizes}
        if album is not None:
            extra["media_group_id"] = album
        return self._sends_file(Attached("photo", big["file_id"], "", "image/jpeg", content), extra, caption)

    def sends_voice(self, content: bytes = b"voice", *, duration_s: int = 3, size: int | None = None) -> int:
        found = self._telegram.keep_file("voice", content, "", "audio/ogg", size=size)
        extra = {"voice": {**found, "duration": duration_s, "mime_type": "audio/ogg"}}
        return self._sends_file(Attached("voice", found["file_id"], "", "audio/ogg", content), extra)

    def sends_sticker(self, emoji: str = "👍") -> int:
        found = self._telegram.keep_file("sticker", b"sticker", "", "image/webp")
        sticker = {
            **found,
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": emoji,
        }
        attached = Attached("sticker", found["file_id"], "", "image/webp", b"sticker")
        return self._sends_file(attached, {"sticker": sticker})

    def sends_document(
        self,
        content: bytes = b"document",
        *,
        name: str = "paper.pdf",
        mime_type: str = "application/pdf",
        caption: str = "",
        size: int | None = None,
    ) -> int:
        found = self._telegram.keep_file("document", content, name, mime_type, size=size)
        extra = {"document": {**found, "file_name": name, "mime_type": mime_type}}
        return self._sends_file(Attached("document", found["file_id"], name, mime_type, content), extra, caption)

    def sends_location(self, latitude: float = 52.0, longitude: float = 5.0) -> int:
        place = {"latitude": latitude, "longitude": longitude}
        return self._sends(Message(0, self.chat_id, 0.0, False, self.user, extra={"location": place}))

    def sends_contact(self, phone_number: str = "+100000000", first_name: str = "Sam") -> int:
        card = {"phone_number": phone_number, "first_name": first_name}
        return self._sends(Message(0, self.chat_id, 0.0, False, self.user, extra={"contact": card}))

    def in_group(self, text: str, *, group_id: int = -4001, title: str = "Group") -> int | None:
        """Writes in a group. The first text there adds the bot; None when the bot has left it."""
        group = self._telegram.group(group_id, title)
        if group.bot_may == "unknown":
            group.bot_may = "write"
            self._member(group, "left", "member")
        if group.bot_may == "left":
            return None
        return self._telegram.deliver(group, Message(0, group_id, 0.0, False, self.user, text=text), from_person=True)

    def blocks(self) -> None:
        """Blocks the bot: it hears of it once (my_chat_member), and its sends are refused. Again changes nothing."""
        if self.chat.bot_may == "blocked":
            return
        self.chat.bot_may = "blocked"
        self._member(self.chat, "member", "kicked")

    def unblocks(self) -> None:
        """The bot hears of it, too. Without a block before it changes nothing."""
        if self.chat.bot_may != "blocked":
            return
        self.chat.bot_may = "write"
        self._member(self.chat, "kicked", "member")

    def deactivates(self) -> None:
        """Deletes the account; nobody tells the bot."""
        self.chat.bot_may = "deactivated"

    def _member(self, chat: Chat, old: str, new: str) -> None:
        def status(name: str) -> dict[str, Any]:
            member: dict[str, Any] = {"user": self._telegram.me, "status": name}
            return {**member, "until_date": 0} if name == "kicked" else member

        self._telegram.log.add(
            "my_chat_member",
            {
                "chat": chat.description,
                "from": self.user,
                "date": int(self._telegram.epoch()),
                "old_chat_member": status(old),
                "new_chat_member": status(new),
            },
            chat.chat_id + MEMBER_QUEUE,
        )

    def _sends_file(self, attached: Attached, extra: dict[str, Any], caption: str = "") -> int:
        return self._sends(
            Message(0, self.chat_id, 0.0, False, self.user, text=caption, attached=attached, extra=extra)
        )

    def _sends(self, message: Message) -> int:
        if self.chat.bot_may == "blocked":
            raise ValueError("a client offers Unblock before one can write; call unblocks() or starts()")
        self.chat.bot_may = "write"
        return self._telegram.deliver(self.chat, message, from_person=True)


def _reply_labels(markup: dict[str, Any] | None) -> list[str]:
    if markup is None:
        return []
    return [button["text"] for row in markup.get("keyboard", []) for button in row]


def same_content(message: Message, text: Text | None, markup: dict[str, Any] | None) -> bool:
    """True when an edit would change nothing."""
    if text is not None and (text.text, text.entities) != (message.text, message.entities):
        return False
    return json.dumps(markup, sort_keys=True) == json.dumps(message.markup, sort_keys=True)


def press_queue(user_id: int) -> int:
    return user_id + CALLBACK_QUEUE
