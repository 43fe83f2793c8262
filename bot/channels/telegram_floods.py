"""Whose limit was met when Telegram answers 429: its answer does not say whether the chat's or the bot's."""

import time
from collections.abc import Callable

CHATS = 3
"""So many chats that have to wait at once are no chance: the bot says too much altogether."""


class Floods:
    """The chats that Telegram makes wait now.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def everywhere(self, chat: str, after_s: float) -> bool:
        """A chat has to wait so long; whether all the others have to as well."""
        now = self._clock()
        self._until = {other: until for other, until in self._until.items() if until > now}
        self._until[chat] = now + after_s
        return len(self._until) >= CHATS
