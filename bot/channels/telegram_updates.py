"""Telegram's updates in our words, and our words as Telegram takes them; plain values on both sides.

Nothing here knows a Telegram library: a client turns what comes out into a request. Shapes and limits are those of
https://core.telegram.org/bots/api.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.channels.base import Inbound, Pressed, Reachable
from dialogues.clean import units
from dialogues.model import MOST_MEDIUM_BYTES, Choice, Edited, Media, Say, Sent, Wrote

NAME = "telegram"
LISTENS_TO = ["message", "edited_message", "callback_query", "my_chat_member"]
"""``allowed_updates``. In private chats, my_chat_member tells of blocking and unblocking alone."""

LARGEST_QUESTION = 10**15 - 1
"""With a key of at most 48 bytes, ``<question>.<key>`` then has at most the 64 bytes of callback_data."""

LAST_SECOND = 1 << 32
"""No message is of a later one; the protocol's own times end before."""

_DATA = re.compile(r"(0|[1-9][0-9]{0,14})\.([A-Za-z0-9.-]{1,48})")

# An animation also has `document`, a venue also has `location`: the more special name goes first.
_MEDIA: dict[str, Media] = {
    "photo": "photo",
    "voice": "voice",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "sticker": "sticker",
    "document": "document",
    "venue": "location",
    "location": "location",
    "contact": "contact",
    "audio": "other",
}

# What Telegram itself writes into a private chat; nobody waits for an answer to these.
_SERVICE = frozenset(
    [
        "boost_added",
        "chat_background_set",
        "chat_shared",
        "connected_website",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "gift",
        "message_auto_delete_timer_changed",
        "passport_data",
        "pinned_message",
        "proximity_alert_triggered",
        "refunded_payment",
        "successful_payment",
        "unique_gift",
        "users_shared",
        "web_app_data",
        "write_access_allowed",
    ]
)
_KIND = re.compile(r"[a-z_]{1,40}")


class Unreadable(Exception):
    """An update that is not shaped as the Bot API says; names the field, never what stands in it."""


def read(raw: Mapping[str, Any]) -> Inbound | None:
    """One update.

    Returns:
        None for what the assistant does not listen to: service messages, live locations on the move, channels, and
        in groups all but commands.

    Raises:
        Unreadable: skip this one; the next may be fine.
    """
    update = str(update_id(raw))
    if "message" in raw:
        return _message(update, _object(raw, "message"))
    if "edited_message" in raw:
        return _edited(update, _object(raw, "edited_message"))
    if "callback_query" in raw:
        return _pressed(update, _object(raw, "callback_query"))
    if "my_chat_member" in raw:
        return _member(update, _object(raw, "my_chat_member"))
    return None


def update_id(raw: Mapping[str, Any]) -> int:
    """
    Raises:
        Unreadable: there is none, so the update cannot even be confirmed.
    """
    found = _number(raw, "update_id")
    if not 0 <= found < 1 << 63:
        raise Unreadable("update_id is out of range")
    return found


def query_id(raw: Mapping[str, Any]) -> str:
    """Id of the button press to be answered (so that the button stops turning), or empty."""
    query = raw.get("callback_query")
    found = query.get("id") if isinstance(query, dict) else None
    return found if isinstance(found, str) else ""


def kind(raw: object) -> str:
    """The update's kind, fit for a log: a field name of the Bot API, or ``unknown``."""
    names = [name for name in raw if name != "update_id"] if isinstance(raw, dict) else []
    return names[0] if names and isinstance(names[0], str) and _KIND.fullmatch(names[0]) else "unknown"


def _message(update: str, message: Mapping[str, Any]) -> Inbound | None:
    text = message.get("text")
    if text is not None and not isinstance(text, str):
        raise Unreadable("text is no string")
    place = _place(message)
    if place != "private":
        is_command = place in ("group", "supergroup") and text is not None and text.startswith("/")
        return _inbound(update, message, Wrote(text or ""), private=False) if is_command else None
    if "forward_origin" in message:  # somebody else's words, perhaps with their name
        return _inbound(update, message, Sent("forwarded"))
    if text is not None:
        return _inbound(update, message, Wrote(text))
    if not _SERVICE.isdisjoint(message):
        return None
    media: Media = next((_MEDIA[name] for name in _MEDIA if name in message), "other")
    handle, size = _file(message, media)
    caption = message.get("caption")
    return _inbound(update, message, Sent(media, handle, size, caption if isinstance(caption, str) else ""))


def _file(message: Mapping[str, Any], media: Media) -> tuple[str, int]:
    """File id and size of a photo (its largest size within the limit) or voice message.

    Without one that is small enough the id is empty and the size that of the smallest; 0 where Telegram tells none.
    """
    found = message.get(media)
    if media == "voice":
        found = [found]
    if media not in ("photo", "voice") or not isinstance(found, list):
        return "", 0
    sizes = [one for one in found if isinstance(one, dict) and isinstance(one.get("file_id"), str)]
    sizes.sort(key=lambda one: (_count(one, "width") * _count(one, "height"), _count(one, "file_size")))
    fitting = [one for one in sizes if _count(one, "file_size") <= MOST_MEDIUM_BYTES]
    if fitting:
        return fitting[-1]["file_id"], _count(fitting[-1], "file_size")
    return "", _count(sizes[0], "file_size") if sizes else 0


def _count(of: Mapping[str, Any], name: str) -> int:
    found = of.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else 0


def _edited(update: str, message: Mapping[str, Any]) -> Inbound | None:
    # A shared live location comes as an edit every few seconds.
    if _place(message) != "private" or "location" in message:
        return None
    return _inbound(update, message, Edited())


def _pressed(update: str, query: Mapping[str, Any]) -> Inbound | None:
    sender = _object(query, "from")
    # Absent for old messages; date 0 stands for one that the bot may not see any more.
    message = _object(query, "message") if query.get("message") is not None else {}
    if "chat" in message and _place(message) != "private":
        return None
    seen = bool(message.get("date")) and "chat" in message
    chat = _number(_object(message, "chat"), "id") if seen else _number(sender, "id")
    return Inbound(
        NAME,
        update,
        str(chat),
        pressed(query.get("data")),
        message=str(_number(message, "message_id")) if "message_id" in message else "",
        language=_language(sender),
    )


def _member(update: str, changed: Mapping[str, Any]) -> Inbound | None:
    if _place(changed) != "private":
        return None
    status = _object(changed, "new_chat_member").get("status")
    if status not in ("member", "kicked"):
        return None
    chat = _number(_object(changed, "chat"), "id")
    return Inbound(NAME, update, str(chat), Reachable(status == "member"), language=_language(_object(changed, "from")))


def pressed(data: object) -> Pressed:
    """The button behind callback_data; Pressed(-1, "") for what no button of ours carries."""
    found = _DATA.fullmatch(data) if isinstance(data, str) else None
    return Pressed(int(found[1]), found[2]) if found else Pressed(-1, "")


def _inbound(update: str, message: Mapping[str, Any], event: Wrote | Sent | Edited, *, private: bool = True) -> Inbound:
    sender = message.get("from")
    return Inbound(
        NAME,
        update,
        str(_number(_object(message, "chat"), "id")),
        event,
        message=str(_number(message, "message_id")),
        private=private,
        language=_language(sender) if isinstance(sender, dict) else "",
        sent_at=_sent_at(message),
    )


def _sent_at(message: Mapping[str, Any]) -> datetime | None:
    """Of an edited message, when it was edited; None where it does not say."""
    at = message.get("edit_date", message.get("date"))
    if not isinstance(at, int) or not 0 < at < LAST_SECOND:
        return None
    return datetime.fromtimestamp(at, UTC)


def _place(message: Mapping[str, Any]) -> str:
    found = _object(message, "chat").get("type")
    if not isinstance(found, str):
        raise Unreadable("chat has no type")
    return found


def _language(sender: Mapping[str, Any]) -> str:
    found = sender.get("language_code")
    return found if isinstance(found, str) else ""


def _object(of: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    if not isinstance(found, dict):
        raise Unreadable(f"{name} is no object")
    return found


def _number(of: Mapping[str, Any], name: str) -> int:
    found = of.get(name)
    if not isinstance(found, int) or isinstance(found, bool):
        raise Unreadable(f"{name} is no number")
    return found


# ---------------------------------------------------------------- what is said


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message as sendMessage and editMessageText take it.

    Attributes:
        text: 1 to 4,096 UTF-16 units for a say that went through ``bot.says.fitting``.
        entities: ``{type, offset, length}``, in UTF-16 units of ``text``.
        keyboard: the value of reply_markup, or None.
    """

    text: str = field(repr=False)
    entities: list[dict[str, Any]]
    keyboard: dict[str, Any] | None = field(repr=False)


def write(say: Say, question: int) -> Outbound:
    """A say: title in bold, text, small print in italics, a blank line between; buttons below."""
    parts: list[str] = []
    entities: list[dict[str, Any]] = []
    at = 0
    for part, style in ((say.title, "bold"), (say.text, ""), (say.small, "italic")):
        if not part:
            continue
        if style:
            entities.append({"type": style, "offset": at, "length": units(part)})
        parts.append(part)
        at += units(part) + 2
    return Outbound("\n\n".join(parts), entities, _keyboard(say, question))


def _keyboard(say: Say, question: int) -> dict[str, Any] | None:
    rows = [row for row in say.rows if row]
    if not rows:
        return None
    if say.standing:
        keyboard = [[{"text": choice.label} for choice in row] for row in rows]
        return {"keyboard": keyboard, "is_persistent": True, "resize_keyboard": True}
    return {"inline_keyboard": [[{"text": choice.label, **_act(choice, question)} for choice in row] for row in rows]}


def _act(choice: Choice, question: int) -> dict[str, Any]:
    """What pressing it does: a Mini App opens, or we hear of it."""
    return {"web_app": {"url": choice.opens}} if choice.opens else {"callback_data": callback_data(choice, question)}


def callback_data(choice: Choice, question: int) -> str:
    """``<question>.<key>``, 0 for lasting choices; 64 bytes at most, see ``LARGEST_QUESTION``."""
    return f"{0 if choice.lasting else question}.{choice.key}"
