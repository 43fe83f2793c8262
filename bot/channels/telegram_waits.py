"""How long to wait before Telegram is asked the same again."""

from collections.abc import Awaitable, Callable, Iterator

import structlog

from bot.channels.base import ChannelError, Stop, TryLater
from bot.channels.telegram_updates import NAME
from bot.logs import failure

Sleep = Callable[[float], Awaitable[object]]

log = structlog.get_logger()


def growing() -> Iterator[float]:
    """0.5, 1, 2, 4, 8, 10, 10 … seconds."""
    wait_s = 0.5
    while True:
        yield wait_s
        wait_s = min(wait_s * 2, 10.0)


def wait_out(trouble: ChannelError, waits: Iterator[float]) -> float:
    """Seconds to wait before the same call again: as many as Telegram asks for, else the next of ``waits``.

    Raises:
        Stop: there is nothing to wait for.
    """
    if isinstance(trouble, Stop):
        raise trouble
    log.warning("telegram.trouble", channel=NAME, **failure(trouble))
    return (trouble.after_s if isinstance(trouble, TryLater) else 0.0) or next(waits)
