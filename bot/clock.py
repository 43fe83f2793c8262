"""What time it is: a value that is handed in, so that three days take a moment in a test."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def __call__(self) -> datetime:
        """Now, aware, UTC."""


def system_clock() -> datetime:
    return datetime.now(UTC)


class MovableClock:
    """For the demo and tests: stands still, or runs from where it was moved to."""

    def __init__(self, start: datetime | None = None) -> None:
        self._fixed = start
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return (self._fixed or system_clock()) + self._ahead

    def move(self, by: timedelta) -> None:
        self._ahead += by
