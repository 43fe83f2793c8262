"""What the real server refuses, and the words it refuses with.

Pure functions: raw parameter text in, checked values out, or `Refused` with the real server's
description. Lengths of text are UTF-16 code units, of callback data bytes of UTF-8.
Sources: https://core.telegram.org/bots/api and the open server, tdlib/telegram-bot-api 10.0 with tdlib.
"""

import json
import re
from typing import Any

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
TEXT_BYTES = 1 << 15
CALLBACK_DATA_BYTES = 64
CALLBACK_ANSWER_UNITS = 200
BUTTONS = 100
MARKUP_BYTES = 10_240
MESSAGE_IDS = 100
COMMANDS = 100
COMMAND_CHARACTERS = 32
COMMAND_DESCRIPTION_CHARACTERS = 256
DESCRIPTION_CHARACTERS = 512
SHORT_DESCRIPTION_CHARACTERS = 120
SECRET_TOKEN_CHARACTERS = 256
DOWNLOAD_BYTES = 20 << 20
FILE_PATH_LIFE_S = 3600
UPLOAD_BYTES = 50 << 20
CALLBACK_LIFE_S = 150
UPDATE_LIFE_S = 24 * 3600
DELETE_WITHIN_S = 48 * 3600

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"

_ACTIONS = frozenset(
    [
        "cancel",
        "typing",
        "record_video",
        "upload_video",
        "record_audio",
        "record_voice",
        "upload_audio",
        "upload_voice",
        "upload_photo",
        "upload_document",
        "choose_sticker",
        "pick_up_location",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_SECRET = re.compile(r"[A-Za-z0-9_-]*")


class Refused(Exception):
    """The server's refusal of one request.

    ``code`` is the HTTP status and ``error_code``, ``description`` the text after it,
    ``parameters`` what ResponseParameters holds (``retry_after``, ``migrate_to_chat_id``).
    """

    def __init__(self, code: int, description: str, parameters: dict[str, int] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters or {}


def bad(message: str) -> Refused:
    """A 400 worded as the server does: first letter lowered unless the second is a capital or ``_``."""
    shouted = len(message) > 1 and (message[1] == "_" or "A" <= message[1] <= "Z")
    return Refused(400, "Bad Request: " + (message if shouted else message[:1].lower() + message[1:]))


def units(text: str) -> int:
    """Length in UTF-16 code units, what Telegram counts text and entity offsets in."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def yes(raw: str) -> bool:
    return raw.strip().lower() in ("true", "yes", "1")


def integer(raw: str, default: int = 0, low: int = -(1 << 31), high: int = (1 << 31) - 1) -> int:
    """As lenient as the server: what is no number counts as 0, what is out of range is clamped."""
    if raw == "":
        return max(low, min(high, default))
    match = re.match(r"-?\d+", raw)
    return max(low, min(high, int(match.group()) if match else 0))


# --- keyboards ------------------------------------------------------------------------------------


def reply_markup(raw: str, *, only_inline: bool = False) -> dict[str, Any] | None:
    """The keyboard in ``reply_markup``, or None; keyboards without a button count as none."""
    if not raw:
        return None
    try:
        markup = json.loads(raw)
    except ValueError:
        raise bad("Can't parse reply keyboard markup JSON object") from None
    if not isinstance(markup, dict):
        raise bad("Object expected as reply markup")
    for name, complaint in (
        ("keyboard", 'Field "keyboard" must be an Array of Arrays'),
        ("inline_keyboard", 'Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'),
    ):
        rows = markup.get(name)
        if rows is None:
            continue
        if not isinstance(rows, list):
            raise bad(f'Field "{name}" must be of type Array')
        if any(not isinstance(row, list) for row in rows):
            raise bad(complaint)
    reply_rows = _rows(markup.get("keyboard") or [], _reply_button)
    inline_rows = _rows(markup.get("inline_keyboard") or [], _inline_button)
    if markup.get("keyboard"):
        kept: dict[str, Any] | None = {**markup, "keyboard": reply_rows} if reply_rows else None
        inline = False
    elif markup.get("inline_keyboard"):
        kept, inline = ({"inline_keyboard": inline_rows} if inline_rows else None), True
    elif markup.get("remove_keyboard") or markup.get("force_reply"):
        kept, inline = markup, False
    else:
        return None
    if only_inline and not inline:
        raise bad("Inline keyboard expected")
    for row in inline_rows:
        for button in row:
            if len(button.get("callback_data", "").encode()) > CALLBACK_DATA_BYTES:
                raise bad("BUTTON_DATA_INVALID")
            url = button.get("url")
            if url is not None and not re.match(r"(https?://[^\s/?#]+\S*|tg://\S+|[\w-]+(\.[\w-]+)+\S*)$", url):
                raise bad(f"Inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if sum(map(len, reply_rows or inline_rows)) > (BUTTONS if inline else 300) or (
        kept is not None and len(json.dumps(kept, ensure_ascii=False).encode()) > MARKUP_BYTES
    ):
        raise bad("reply markup is too long")
    return kept


def _rows(rows: list[list[Any]], read: Any) -> list[list[dict[str, Any]]]:
    buttons = [[button for button in map(read, row) if button["text"]] for row in rows]
    return [row for row in buttons if row]


def _text_of(button: dict[str, Any], kind: str) -> str:
    if "text" not in button:
        raise bad(f"Can't parse {kind}: Can't find field \"text\"")
    if not isinstance(button["text"], str | int | float) or isinstance(button["text"], bool):
        raise bad(f'Can\'t parse {kind}: Field "text" must be of type String')
    return str(button["text"])


def _reply_button(button: object) -> dict[str, Any]:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button, dict):
        raise bad("Can't parse keyboard button: KeyboardButton must be a String or an Object")
    return {**button, "text": _text_of(button, "keyboard button")}


def _inline_button(button: object) -> dict[str, Any]:
    kind = "inline keyboard button"
    if not isinstance(button, dict):
        raise bad(f"Can't parse {kind}: InlineKeyboardButton must be an Object")
    checked = {**button, "text": _text_of(button, kind)}
    for name in ("url", "callback_data"):
        if name in button and not isinstance(button[name], str):
            raise bad(f'Can\'t parse {kind}: Field "{name}" must be of type String')
    acts = [
        "callback_game",
        "pay",
        "switch_inline_query",
        "switch_inline_query_chosen_chat",
        "switch_inline_query_current_chat",
        "login_url",
        "web_app",
        "copy_text",
    ]
    if not (button.get("url") or button.get("callback_data") or any(act in button for act in acts)):
        raise bad(f"Can't parse {kind}: Text buttons are unallowed in the inline keyboard")
    return checked


# --- the rest -------------------------------------------------------------------------------------


def message_ids(raw: str) -> list[int]:
    """1 to 100 message ids of deleteMessages."""
    if not raw:
        raise bad("Message identifiers are not specified")
    try:
        listed = json.loads(raw)
    except ValueError:
        raise bad("Can't parse message_ids JSON object") from None
    if not isinstance(listed, list):
        raise bad("Expected an Array of message identifiers")
    if len(listed) > MESSAGE_IDS:
        raise bad("Too many message identifiers specified")
    ids = []
    for value in listed:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise bad("Message identifier must be a Number")
        if not re.fullmatch(r"-?\d{1,10}", str(value)):
            raise bad("Can't parse message identifier as a Number")
        if int(value) <= 0:
            raise bad("Invalid message identifier specified")
        ids.append(int(value))
    if not ids:
        raise bad("Message identifiers are not specified")
    return ids


def chat_action(raw: str) -> str:
    if raw.lower() not in _ACTIONS:
        raise bad("Wrong parameter action in request")
    return raw.lower()


def commands(raw: str) -> list[dict[str, str]]:
    """0 to 100 commands of setMyCommands; none is the same as deleting them."""
    if not raw:
        return []
    try:
        listed = json.loads(raw)
    except ValueError:
        raise bad("Can't parse commands JSON object") from None
    if not isinstance(listed, list):
        raise bad("Expected an Array of BotCommand")
    checked = []
    for value in listed:
        if not isinstance(value, dict):
            raise bad("Can't parse BotCommand: expected an Object")
        for name in ("command", "description"):
            if name not in value:
                raise bad(f"Can't parse BotCommand: Can't find field \"{name}\"")
        command = str(value["command"]).strip().removeprefix("/")
        description = str(value["description"]).strip()
        if not command:
            raise bad("Command must be non-empty")
        if len(command) > COMMAND_CHARACTERS:
            raise bad(f"Command length must not exceed {COMMAND_CHARACTERS}")
        if not description:
            raise bad("Command description must be non-empty")
        if len(description) > COMMAND_DESCRIPTION_CHARACTERS:
            raise bad(f"Command description length must not exceed {COMMAND_DESCRIPTION_CHARACTERS}")
        if not _COMMAND.fullmatch(command):
            raise bad("BOT_COMMAND_INVALID")
        checked.append({"command": command, "description": description})
    if len(checked) > COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    return checked


def command_scope(raw: str) -> dict[str, Any]:
    """The scope of setMyCommands and getMyCommands; ``chat_id`` is not looked up here."""

    def wrong(why: str) -> Refused:
        return bad(f"Can't parse BotCommandScope: {why}")

    if not raw:
        return {"type": "default"}
    try:
        scope = json.loads(raw)
    except ValueError:
        raise bad("Can't parse BotCommandScope JSON object") from None
    if not isinstance(scope, dict):
        raise wrong("BotCommandScope must be an Object")
    kind = scope.get("type")
    if kind is None:
        raise wrong('Can\'t find field "type"')
    if kind in ("default", "all_private_chats", "all_group_chats", "all_chat_administrators"):
        return {"type": kind}
    if kind not in ("chat", "chat_administrators", "chat_member"):
        raise wrong("Unsupported type specified")
    if "chat_id" not in scope:
        raise wrong('Can\'t find field "chat_id"')
    if str(scope["chat_id"]) == "":
        raise wrong("Empty chat_id specified")
    found = {"type": kind, "chat_id": str(scope["chat_id"])}
    if kind == "chat_member":
        if integer(str(scope.get("user_id", ""))) <= 0:
            raise wrong("Invalid user_id specified")
        found["user_id"] = str(scope["user_id"])
    return found


def language_code(raw: str) -> str:
    if raw and not _LANGUAGE.fullmatch(raw):
        raise bad("Invalid language code specified")
    return raw


def secret_token(raw: str) -> str:
    if len(raw) > SECRET_TOKEN_CHARACTERS:
        raise Refused(400, "Bad Request: secret token is too long")
    if not _SECRET.fullmatch(raw):
        raise Refused(400, "Bad Request: secret token contains unallowed characters")
    return raw
