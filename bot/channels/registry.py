"""Every library that can drive Telegram: one line each. Nobody enrolled notices which one runs."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from bot.channels.base import Channel, Handle


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


CLIENTS: Mapping[str, str] = {
    "aiogram": "bot.channels.telegram_aiogram:TelegramAiogram",
}
"""Name to module and class. A library takes seconds to import, so only the one that is used is imported."""

PACED = frozenset({"telegram"})
"""Channels whose service says how fast messages may come; all others take them as fast as they are said."""


def client(name: str) -> type[TelegramClient]:
    """
    Raises:
        KeyError: not in ``CLIENTS``.
    """
    module, _, kind = CLIENTS[name].partition(":")
    return cast(type[TelegramClient], getattr(import_module(module), kind))
