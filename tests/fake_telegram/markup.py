"""``parse_mode=HTML`` as the server reads it: tags become entities, anything odd is refused.

Markdown is not read here; `limits` refuses it. Offsets in refusals are bytes, in entities UTF-16 units.
"""

import html
import re
from typing import Any

from .limits import bad, units

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_TAG = re.compile(r"<(/?)([^\s>]*)([^>]*)(>?)")
_ATTRIBUTE = re.compile(r"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w.-]+))")
_NAMED = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});?")


def from_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Plain text and entities; raises `limits.Refused` with "can't parse entities: …"."""
    text, at, position = "", 0, 0
    entities: list[dict[str, Any]] = []
    still_open: list[tuple[str, dict[str, str], int]] = []

    def wrong(why: str) -> Exception:
        return bad(f"Can't parse entities: {why}")

    def plain(piece: str) -> str:
        return _NAMED.sub(lambda found: html.unescape(found.group()), piece)

    for found in _TAG.finditer(source):
        piece = plain(source[position : found.start()])
        text, at, position = text + piece, at + units(piece), found.end()
        byte = len(source[: found.start()].encode())
        closing, name, rest, end = found.group(1), found.group(2).lower(), found.group(3), found.group(4)
        if not closing:
            if not end:
                raise wrong(f"Unclosed start tag at byte offset {byte}")
            if name not in _KINDS:
                raise wrong(f'Unsupported start tag "{name}" at byte offset {byte}')
            attributes = {
                key.lower(): html.unescape(double or single or bare)
                for key, double, single, bare in _ATTRIBUTE.findall(rest)
            }
            if name == "span" and attributes.get("class") != "tg-spoiler":
                raise wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {byte}')
            still_open.append((name, attributes, at))
            continue
        if not still_open:
            raise wrong(f"Unexpected end tag at byte offset {byte}")
        if not end or rest.strip():
            raise wrong(f"Unclosed end tag at byte offset {byte}")
        opened, attributes, begin = still_open.pop()
        if name not in ("", opened):
            raise wrong(f'Unmatched end tag at byte offset {byte}, expected "</{opened}>", found "</{name}>"')
        if at > begin:
            entity: dict[str, Any] = {"type": _KINDS[opened], "offset": begin, "length": at - begin}
            if opened == "a":
                entity["url"] = attributes.get("href", "")
                if not entity["url"]:
                    continue
            if opened == "tg-emoji":
                entity["custom_emoji_id"] = attributes.get("emoji-id", "")
            entities.append(entity)
    if still_open:
        raise wrong(f'Can\'t find end tag corresponding to start tag "{still_open[-1][0]}"')
    return text + plain(source[position:]), entities
