"""What waits for one chat, and what of it goes next. Pure.

    first    what is under way: the same again, then the rest of its turn
    then     turns in the order they were committed: what is urgent, answers
    last     reminders

So an urgent notice passes waiting reminders, nothing comes between the messages of one turn, and answers stay in order.
What was under way when the process died is known by this: the first of its turn is not there any more.
"""

from collections.abc import Iterator
from typing import Final

from storage.outbox import Outgoing, Priority

NEVER: Final = -1.0


class Line:
    """
    Attributes:
        waited: one had to wait, and so had those behind it.
        ours_until: where several processes send, until then this one alone does so here; of the outbox's steady clock.
        said: ids of what was said and perhaps not noted yet.
        arrived: what was said and is noted as the chat is let go, each with the message that it became.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Outgoing] = {}
        self._next: Outgoing | None = None
        self._turn = 0  # of the last that left
        self.waited = False
        self.ours_until = NEVER
        self.said: list[int] = []
        self.arrived: list[tuple[Outgoing, str]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Outgoing]:
        return iter(self._waiting.values())

    def join(self, one: Outgoing) -> None:
        self._waiting[one.id] = one

    def next(self) -> Outgoing:
        """The same until it has left.

        Raises:
            ValueError: nothing waits.
        """
        if self._next is None:
            self._next = min(self._waiting.values(), key=self._place)
        return self._next

    def leave(self, id: int) -> None:
        """It arrived, or never will; also one that is not here any more."""
        self._waiting.pop(id, None)
        if self._next is not None and self._next.id == id:
            self._turn, self._next = self._next.turn, None

    def _place(self, one: Outgoing) -> tuple[bool, bool, bool, int, int]:
        under_way, begun = one.turn == self._turn, one.turn not in self._waiting
        return not under_way, not begun, one.priority is Priority.REMINDER, one.turn, one.id
