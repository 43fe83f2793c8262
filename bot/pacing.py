"""How fast messages may go: a bucket for each chat, one over all, and whose turn it is. Pure arithmetic over a time
that is handed in, in nanoseconds of a clock that only goes forward.

Telegram's guideline, which fixes no numbers: one message a second in a chat, after a short burst; thirty a second over
all chats. What it really allows it says by 429, see ``bot.outbox``.

Nothing of this outlives the process. After a restart a chat that was told to wait is tried once, told so again, and
waits for what is left. Nothing is lost or said twice by it: what was refused was not said, and its row is there.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

SECOND_NS: Final = 1_000_000_000
FAIR_EVERY: Final = 4
"""Every fourth goes to whoever has waited longest, however urgent the others are."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pace:
    """``burst`` at once, then ``per_s`` a second: in no stretch of t seconds more than ``per_s`` * t + ``burst``."""

    per_s: float
    burst: int


@dataclass(frozen=True, slots=True)
class Paces:
    """Of one channel: in one chat, and over all its chats."""

    chat: Pace
    overall: Pace


TELEGRAM: Final = Paces(Pace(1.0, 5), Pace(30.0, 30))


class Bucket:
    """Full at first. Kept as one number, the time at which it will be full again: nothing is ever rounded away."""

    __slots__ = ("_every_ns", "_full_at", "_room_ns")

    def __init__(self, pace: Pace) -> None:
        self._every_ns = -int(-SECOND_NS // pace.per_s)  # rounded up: never faster
        self._room_ns = self._every_ns * (pace.burst - 1)
        self._full_at: int | None = None

    def wait_ns(self, at: int) -> int:
        """How long until one may go; 0: now."""
        return 0 if self._full_at is None else max(0, self._full_at - self._room_ns - at)

    def take(self, at: int) -> None:
        """One goes now.

        Raises:
            ValueError: it may not.
        """
        if self.wait_ns(at):
            raise ValueError("too early")
        self._full_at = (at if self._full_at is None else max(at, self._full_at)) + self._every_ns

    def is_full(self, at: int) -> bool:
        """Whether it remembers nothing that matters."""
        return self._full_at is None or self._full_at <= at


class Turns(Generic[T]):
    """Who goes next of those who wait: the most urgent, first come first served; but every ``FAIR_EVERY`` th time
    whoever has waited longest. So nobody waits for more than ``FAIR_EVERY`` times as many as came before.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, deque[tuple[int, T]]] = {}
        self._came = 0
        self._went = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def join(self, priority: int, who: T) -> None:
        """
        Args:
            priority: the lowest number goes first.
        """
        self._came += 1
        self._waiting.setdefault(priority, deque()).append((self._came, who))

    def next(self) -> T:
        """
        Raises:
            IndexError: nobody waits.
        """
        waiting = {priority: line for priority, line in self._waiting.items() if line}
        if not waiting:
            raise IndexError("nobody waits")
        self._went += 1
        if self._went % FAIR_EVERY == 0:
            return min(waiting.values(), key=lambda line: line[0][0]).popleft()[1]
        return waiting[min(waiting)].popleft()[1]
