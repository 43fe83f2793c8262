"""What time it is: a value that is handed in, so that three days take a moment in a test."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

JUMP_S: Final = 600.0
"""Less than that is how clocks are put right every day."""
DOUBT_S: Final = 900.0


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware, UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)


def boot_s() -> float:
    """Seconds since the machine was started, those it slept included; nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class MovableClock:
    """For the demo and tests: stands still, or runs from where it was moved to."""

    def __init__(self, start: datetime | None = None) -> None:
        self._fixed = start
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return (self._fixed or system_clock()) + self._ahead

    def move(self, by: timedelta) -> None:
        self._ahead += by


class Jumps:
    """Notices that the machine's clock was set: compares it with one that only ever runs on.

    A jump forward is not believed at once: for a quarter of an hour nothing is erased because of it. Whoever set the
    clock wrongly has that long to set it right; where hours have really passed (a machine that stood still), what was
    due waits a little longer.

    Args:
        steady: seconds since some moment, which nobody sets; counts on while the machine sleeps.
    """

    def __init__(self, steady: Callable[[], float] = boot_s) -> None:
        self._steady = steady
        self._ahead: float | None = None  # of the clock before the steady one, as believed
        self._leapt: tuple[float, float] | None = None  # when, and how far ahead it was before that

    def look(self, now: datetime) -> float:
        """
        Returns:
            By how many seconds the clock was set since the last look, or 0.0 where it just ran on.
        """
        steady = self._steady()
        ahead = now.timestamp() - steady
        jump = 0.0 if self._ahead is None else ahead - self._ahead
        self._ahead = ahead
        if self._leapt is not None and (steady - self._leapt[0] >= DOUBT_S or ahead - self._leapt[1] < JUMP_S):
            self._leapt = None
        if abs(jump) < JUMP_S:
            return 0.0
        if jump > 0:
            self._leapt = (steady, ahead - jump)
        return jump

    @property
    def doubtful(self) -> bool:
        """Whether the clock has leapt forward a short while ago."""
        return self._leapt is not None
