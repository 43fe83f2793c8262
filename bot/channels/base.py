"""What every channel gives and takes. A channel translates and decides nothing.

listen    update -> Inbound, one by one; an update is confirmed only after ``handle`` came back
deliver   Say -> message, deliver_file a PDF with one; errors become TryLater (the same again, later), Refused (never)
          or Moved (the same elsewhere)
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from dialogues.model import Edited, Say, Sent, Wrote


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed.

    Attributes:
        question: number of the question it belonged to; 0 for lasting buttons.
        key: the choice's key.
    """

    question: int
    key: str


@dataclass(frozen=True, slots=True)
class Reachable:
    """The person blocked the bot, so that nothing said arrives, or unblocked it. Nobody waits for an answer.

    Attributes:
        can: whether the bot can write to them from now on.
    """

    can: bool


@dataclass(frozen=True, slots=True)
class Inbound:
    """One update, in our words.

    Attributes:
        update_id: the channel's own, at most 64 characters; a repeat carries the same.
        chat: the channel's own id of the chat.
        message: id of the message that carried it, or empty.
        private: False for groups and the like, where nothing is done.
        language: a hint from the channel, for example ``pt-br``, or empty.
        sent_at: when the person sent it, where the channel knows.
    """

    channel: str
    update_id: str
    chat: str = field(repr=False)
    event: Wrote | Pressed | Sent | Edited | Reachable
    message: str = ""
    private: bool = True
    language: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A PDF in memory.

    Attributes:
        name: with its ending, ``referral-note-S03.pdf``.
        pages: 1 or more.
        protected: holds what must not leave the chat; otherwise approved content alone.
    """

    name: str
    content: bytes = field(repr=False)
    pages: int
    protected: bool


Handle = Callable[[Inbound], Awaitable[None]]


class ChannelError(Exception):
    """Root of what a channel may raise. Messages name no chat and no text."""


class TryLater(ChannelError):
    """The same message again after ``after_s`` seconds; ``everywhere``: the whole channel has to wait."""

    def __init__(self, why: str, *, after_s: float = 0.0, everywhere: bool = False) -> None:
        super().__init__(why)
        self.after_s = after_s
        self.everywhere = everywhere


class Refused(ChannelError):
    """This message will never arrive: ``blocked``, ``gone``, ``bad``; or this file: these, or ``too-large``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Moved(ChannelError):
    """The chat goes on under another id, ``chat``: the same message there. This one will never arrive here."""

    def __init__(self, chat: str) -> None:
        super().__init__("the chat has another id now")
        self.chat = chat


class Gone(ChannelError):
    """The message that was to be replaced is not there any more; say it anew."""


class Stop(ChannelError):
    """The channel cannot go on; the message says what to do (a revoked token, another instance running)."""


class Ear:
    """Whether a channel hears its service, for whoever asks how the assistant is.

    A poll that was answered counts for ``QUIET_S``; a webhook, once set, until it listens no more.

    Args:
        ticks: a clock that only goes forward; seconds.
    """

    QUIET_S: Final = 90.0  # two polls that Telegram held open, and what a dead line takes to be noticed

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._until = float("-inf")

    def heard(self) -> None:
        """The service answered a poll."""
        self._until = self._ticks() + self.QUIET_S

    def listens(self) -> None:
        """The service brings what there is, without being asked."""
        self._until = float("inf")

    def deaf(self) -> None:
        self._until = float("-inf")

    def hears(self) -> bool:
        return self._ticks() < self._until


class Channel(Protocol):
    """
    Attributes:
        name: as it stands in addresses, for example ``telegram``.
        ear: kept by ``listen``.
    """

    name: str
    ear: Ear

    async def listen(self, handle: Handle) -> None:
        """Hear until cancelled; every update is handed over once or more, a chat's updates in order. What was begun
        comes to its end then, and is confirmed.

        Raises:
            Stop: it cannot go on.
        """

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        """Say one message (it fits one message) and return the channel's id of it.

        Raises:
            TryLater, Refused, Moved, Stop.
        """

    async def deliver_file(self, chat: str, file: File, say: Say, question: int) -> str:
        """Send a file with the say as its caption (it fits one), and return the channel's id of the message.

        Raises:
            TryLater, Refused, Moved, Stop.
        """

    async def replace(self, chat: str, message: str, say: Say, question: int) -> None:
        """Put a message in the place of one said earlier. The same again is harmless.

        Raises:
            Gone, TryLater, Refused, Moved, Stop.
        """

    async def erase(self, chat: str, messages: Sequence[str]) -> int:
        """Delete messages, ours and the person's; those already gone count as deleted.

        Returns:
            How many could not be deleted for good.

        Raises:
            TryLater, Refused, Moved, Stop.
        """

    async def fetch(self, handle: str, at_most: int) -> bytes:
        """The bytes behind ``Sent.handle``, in memory alone.

        Args:
            at_most: bytes; no more are taken in, whatever the channel says of its size.

        Raises:
            TryLater, Stop.
            Refused: ``too-large``, ``gone``, ``bad``.
        """

    async def close(self) -> None:
        """Let go of connections."""
