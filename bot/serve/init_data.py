"""Who a Telegram Mini App says somebody is: checked, fresh, and read field by field.

https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app: the fields but ``hash``, sorted, a
line each, under HMAC-SHA256 with the key HMAC-SHA256("WebAppData", bot token). Or, without the token, all but ``hash``
and ``signature`` behind "BOT_ID:WebAppData" and a line feed, signed by Telegram (Ed25519).
"""

import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from storage.sealing import base64url
from storage.sealing.signing import VerifyKey

FRESH: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(seconds=30)
"""How far Telegram's clock may be ahead of ours."""
MOST_FIELDS: Final = 32
MOST_BYTES: Final = 4_096
TELEGRAM: Final = VerifyKey(bytes.fromhex("e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d"))
"""Telegram's public key for third parties, in production."""


class InitDataRefused(Exception):
    """Not to be believed; why is not told to whoever sent it."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """
    Attributes:
        user: Telegram's id of the user; of their private chat with the bot, too.
        until: from then on it is good no longer.
        once: names it, however its fields are ordered or escaped.
    """

    user: int
    until: datetime
    once: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verifier:
    """
    Attributes:
        token: the bot's, where this host has it; else empty, and ``bot_id`` and ``telegram`` count.
    """

    token: str = field(default="", repr=False)
    bot_id: int = 0
    telegram: VerifyKey = TELEGRAM

    def vouched(self, init_data: str, at: datetime) -> Vouched:
        """Whom Telegram vouches for.

        Raises:
            InitDataRefused: not signed, changed, for another bot, a field twice, too old, or from the future.
        """
        fields = _fields(init_data)
        given = fields.pop("hash", "")
        right = self._by_token(fields, given) if self.token else self._by_telegram(fields)
        if not right:
            raise InitDataRefused("signature")
        signed_at = _moment(fields.get("auth_date", ""))
        if not signed_at - AHEAD <= at < signed_at + FRESH:
            raise InitDataRefused("age")
        once = _lines(fields).encode("utf-8", "surrogatepass")
        return Vouched(_user_id(fields.get("user", "")), signed_at + FRESH, once)

    def _by_token(self, fields: dict[str, str], given: str) -> bool:
        key = hmac.digest(b"WebAppData", self.token.encode(), "sha256")
        expected = hmac.digest(key, _lines(fields).encode("utf-8", "surrogatepass"), "sha256").hex()
        return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))

    def _by_telegram(self, fields: dict[str, str]) -> bool:
        try:
            signature = base64url.decode(fields.pop("signature", "").rstrip("="))
        except ValueError:
            return False
        message = f"{self.bot_id}:WebAppData\n{_lines(fields)}".encode("utf-8", "surrogatepass")
        return self.telegram.verifies(signature, message)


def _fields(init_data: str) -> dict[str, str]:
    if len(init_data) > MOST_BYTES:
        raise InitDataRefused("length")
    try:
        pairs = parse_qsl(
            init_data, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise InitDataRefused("format") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InitDataRefused("a field twice")
    return fields


def _lines(fields: dict[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))


def _moment(text: str) -> datetime:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise InitDataRefused("auth_date")
    return datetime.fromtimestamp(int(text), UTC)


def _user_id(text: str) -> int:
    try:
        found = json.loads(text)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InitDataRefused("user") from None
    if type(found) is not int or not 0 < found < 2**53:
        raise InitDataRefused("user")
    return found
