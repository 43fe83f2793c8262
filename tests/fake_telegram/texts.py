"""Texts and captions: trimming, entities, lengths; all in UTF-16 units, as the real server counts.

Pure: raw parameters in, `Text` out, or `limits.Refused` in the server's words.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from .limits import CAPTION_UNITS, TEXT_BYTES, TEXT_UNITS, Refused, bad, units
from .markup import from_html

_FORMATS = frozenset(
    [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "blockquote",
        "expandable_blockquote",
        "date_time",
    ]
)
# The server finds these itself and drops them when they are sent.
_FOUND_BY_THE_SERVER = frozenset(
    ["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"]
)
_REMOVED = "\r\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u0333\u033f\u030a"
_TO_SPACE = "".join(chr(code) for code in range(32) if chr(code) not in "\n\r")
_UNCLEAN = re.compile(f"[{re.escape(_REMOVED + _TO_SPACE)}]")
_CLEANING = str.maketrans(dict.fromkeys(_REMOVED, "") | dict.fromkeys(_TO_SPACE, " "))
_INVISIBLE = " \n\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_COMMAND_IN_TEXT = re.compile(r"(?<![\w/])/([A-Za-z0-9_]{1,64})(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")


@dataclass(frozen=True, slots=True)
class Text:
    """Trimmed text and the entities the bot asked for, offsets in UTF-16 units of ``text``."""

    text: str = field(repr=False)
    entities: tuple[dict[str, Any], ...] = ()


def message_text(raw: str, entities: str, parse_mode: str = "", *, edit: bool = False) -> Text:
    """Text of sendMessage and editMessageText: 1 to 4,096 units after trimming."""
    if not raw:
        raise bad("Message text is empty")
    checked = _formatted(raw, entities, parse_mode)
    if not checked.text.strip(_INVISIBLE):
        raise bad("Text must be non-empty")
    if units(checked.text) > TEXT_UNITS:
        raise bad("MESSAGE_TOO_LONG" if edit else "Message is too long")
    return checked


def caption(raw: str, entities: str, parse_mode: str = "") -> Text:
    """Caption of a document: 0 to 1,024 units after trimming."""
    checked = _formatted(raw, entities, parse_mode)
    if units(checked.text) > CAPTION_UNITS:
        raise bad("Message caption is too long")
    return checked


def _formatted(raw: str, entities: str, parse_mode: str) -> Text:
    if len(raw.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
        raise bad("Text is too long")
    mode = parse_mode.lower()
    if raw and mode not in ("", "none"):
        if mode != "html":
            raise bad("Unsupported parse_mode")
        raw, wanted = from_html(raw)
    else:
        wanted = _wanted_entities(entities)
    if not wanted and not _UNCLEAN.search(raw):
        return Text(raw.strip(" \n"))
    return _placed(raw, wanted)


def _wanted_entities(raw: str) -> list[dict[str, Any]]:
    try:
        listed = json.loads(raw) if raw else []
    except ValueError:
        return []  # the server takes unreadable entities for none
    if not isinstance(listed, list):
        return []
    return [entity for entity in map(_entity, listed) if entity is not None]


def _entity(value: object) -> dict[str, Any] | None:
    def wrong(why: str) -> Refused:
        return bad(f"Can't parse MessageEntity: {why}")

    if not isinstance(value, dict):
        raise wrong("expected an Object")
    for name in ("offset", "length"):
        if name not in value:
            raise wrong(f'Can\'t find field "{name}"')
        if not re.fullmatch(r"-?\d+", str(value[name])) or isinstance(value[name], bool):
            raise wrong(f'Field "{name}" must be of type Number')
    kind = value.get("type")
    if kind is None:
        raise wrong('Can\'t find field "type"')
    if not isinstance(kind, str):
        raise wrong('Field "type" must be of type String')
    if not kind:
        raise wrong("Type is not specified")
    if kind in _FOUND_BY_THE_SERVER:
        return None
    if kind not in _FORMATS:
        raise wrong("Unsupported type specified")
    needed = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}.get(kind)
    if needed and needed not in value:
        raise wrong(f'Can\'t find field "{needed}"')
    return {**value, "offset": int(value["offset"]), "length": int(value["length"])}


def _placed(raw: str, wanted: list[dict[str, Any]]) -> Text:
    """Entities moved along with the trimming; refused where they do not lie on the text."""
    for entity in wanted:
        if not 0 <= entity["offset"] <= 1_000_000:
            raise bad(f"Receive an entity with incorrect offset {entity['offset']}")
        if not 0 <= entity["length"] <= 1_000_000:
            raise bad(f"Receive an entity with incorrect length {entity['length']}")
    entities = sorted((entity for entity in wanted if entity["length"]), key=lambda e: (e["offset"], -e["length"]))
    kept_before: dict[int, int] = {}  # UTF-16 offset of each character in raw -> the same in the cleaned text
    at_byte: dict[int, int] = {}
    at = kept = byte = 0
    for character in raw:
        kept_before[at], at_byte[at] = kept, byte
        width = 2 if ord(character) > 0xFFFF else 1
        at += width
        byte += len(character.encode("utf-8", "surrogatepass"))
        kept += 0 if character in _REMOVED else width
    kept_before[at], at_byte[at] = kept, byte
    for entity in entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        if begin > at:
            raise bad(f"Entity begins after the end of the text at UTF-16 offset {begin}")
        if begin not in kept_before:
            raise bad(f"Entity begins in a middle of a UTF-16 symbol at byte offset {at_byte[begin + 1]}")
        if end > at:
            raise bad(
                f"Entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
            )
        if end not in kept_before:
            raise bad(
                f"Entity beginning at UTF-16 offset {begin} ends in a middle of a UTF-16 symbol "
                f"at byte offset {at_byte[end + 1]}"
            )
    text = raw.translate(_CLEANING).rstrip(" \n")
    end_of_text = units(text)
    moved = []
    for entity in entities:
        begin = kept_before[entity["offset"]]
        end = min(kept_before[entity["offset"] + entity["length"]], end_of_text)
        if end > begin:
            moved.append({**entity, "offset": begin, "length": end - begin})
    blanks = len(text) - len(text.lstrip(" \n"))
    cut = min(blanks, moved[0]["offset"]) if moved else blanks
    return Text(text[cut:], tuple({**entity, "offset": entity["offset"] - cut} for entity in moved))


def commands_in(text: str) -> list[dict[str, Any]]:
    """The bot_command entities the server finds in what a person types."""
    return [
        {"type": "bot_command", "offset": units(text[: found.start()]), "length": units(found.group())}
        for found in _COMMAND_IN_TEXT.finditer(text)
    ]
