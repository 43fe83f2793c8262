"""Every library that can drive Telegram: one line each. Nobody enrolled notices which one runs."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.channels.base import Channel, Handle
from bot.channels.telegram_aiogram import TelegramAiogram


class TelegramClient(Channel, Protocol):
    """A channel on Telegram, also by webhook."""

    @classmethod
    def open(cls, token: str, api: str | None = None) -> "TelegramClient":
        """
        Raises:
            Stop: the token is no token.
        """

    async def listen_webhook(self, url: str, host: str, port: int, path: str, secret: str, handle: Handle) -> None:
        """Like ``listen``, by webhook."""

    async def end_webhook(self) -> None:
        """Take a webhook away that an earlier run has set; what waits is not dropped."""

    async def set_commands(self, commands: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Put the command menu in place, by language."""


CLIENTS: Mapping[str, type[TelegramClient]] = {
    "aiogram": TelegramAiogram,
}
