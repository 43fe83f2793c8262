"""A sign of life that is really written: one row among the timers for each process of the bot.

Each beat moves its deadline on. Where a process dies the row falls due a day later, and goes like any timer.
"""

from datetime import datetime, timedelta
from typing import Final

from storage import timers
from storage.transaction import Transaction

KIND: Final = "heartbeat"
GOOD_FOR: Final = timedelta(days=1)


def beat(tx: Transaction, process: str, at: datetime) -> None:
    """
    Args:
        process: which one, up to 64 characters; says nothing about it.
    """
    timers.arm(tx, KIND, process, at + GOOD_FOR)


def end(tx: Transaction, process: str) -> None:
    timers.disarm(tx, KIND, process)
