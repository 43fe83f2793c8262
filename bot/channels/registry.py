"""Every library that can drive Telegram: one line each. Nobody enrolled notices which one runs."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bot.channels.telegram_channel import Telegram

CLIENTS: Mapping[str, str] = {
    "aiogram": "bot.channels.telegram_aiogram:TelegramAiogram",
    "ptb": "bot.channels.telegram_ptb:TelegramPtb",
}
"""Name to module and class. A library takes seconds to import, so only the one that is used is imported."""

PACED = frozenset({"telegram"})
"""Channels whose service says how fast messages may come; all others take them as fast as they are said."""


def client(name: str) -> "type[Telegram]":
    """
    Raises:
        KeyError: not in ``CLIENTS``.
    """
    module, _, kind = CLIENTS[name].partition(":")
    return cast("type[Telegram]", getattr(import_module(module), kind))
