"""The terminal as a channel: for trying without a token, for writers, for whole conversations as tests.

Every chat has a screen, as a phone has: messages come, are replaced and are erased there. What is printed is up to
``bot.chat``.
"""

import asyncio
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.channels.base import Ear, File, Gone, Handle, Inbound, Pressed, Refused
from dialogues.model import Attachable, Choice, Say, Sent, Wrote


@dataclass(slots=True)
class Message:
    """A message on a screen; ``say`` None: the person's own. ``saved``: where its file was put, or empty."""

    id: str
    text: str = field(repr=False)
    say: Say | None = field(default=None, repr=False)
    question: int = 0
    unread: bool = False
    file: File | None = None
    saved: str = ""


class Console:
    """
    Args:
        prefix: makes update and message ids unique over restarts on the same data.
        save: a folder that files are put into, readable to their owner alone; None: they are shown by name only.
    """

    name = "console"

    def __init__(
        self,
        prefix: str = "0",
        save: Path | None = None,
    ) -> None:
        self._prefix, self._save = prefix, save
        self._updates, self._messages = itertools.count(1), itertools.count(1)
        self.screens: dict[str, list[Message]] = {}
        self.ear = Ear()
        self.ear.listens()

    async def listen(self, handle: Handle) -> None:
        """Nothing comes by itself: whoever reads the terminal (``bot.chat``) hands over ``inbound`` and ``sends``."""
        await asyncio.Event().wait()

    def inbound(self, chat: str, line: str) -> Inbound:
        """A typed line as an update: ``[key]`` presses the newest button with that key, everything else is text."""
        update_id = f"{self._prefix}-{next(self._updates)}"
        if line.startswith("[") and line.endswith("]"):
            return Inbound(self.name, update_id, chat, self._pressed(chat, line[1:-1]))
        own = Message(self._message_id(), line)
        self.screens.setdefault(chat, []).append(own)
        return Inbound(self.name, update_id, chat, Wrote(line), message=own.id)

    def sends(self, chat: str, media: Attachable, path: Path) -> Inbound:
        """A file of this machine as a photo or voice message."""
        update_id = f"{self._prefix}-{next(self._updates)}"
        own = Message(self._message_id(), f"({media})")
        self.screens.setdefault(chat, []).append(own)
        sent = Sent(media, str(path.absolute()), path.stat().st_size)
        return Inbound(self.name, update_id, chat, sent, message=own.id)

    async def fetch(self, handle: str, at_most: int) -> bytes:
        try:
            content = await asyncio.to_thread(_read, handle, at_most + 1)
        except OSError:
            raise Refused("gone") from None
        if len(content) > at_most:
            raise Refused("too-large")
        return content

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        message = Message(self._message_id(), say.text, say, question, unread=True)
        self.screens.setdefault(chat, []).append(message)
        return message.id

    async def deliver_file(self, chat: str, file: File, say: Say, question: int) -> str:
        message = Message(self._message_id(), say.text, say, question, unread=True, file=file)
        message.saved = str(_saved(file, self._save)) if self._save is not None else ""
        self.screens.setdefault(chat, []).append(message)
        return message.id

    async def replace(self, chat: str, message: str, say: Say, question: int) -> None:
        for shown in self.screens.get(chat, []):
            if shown.id == message and shown.file is None:
                shown.text, shown.say, shown.question, shown.unread = say.text, say, question, True
                return
        raise Gone("not on the screen")

    async def erase(self, chat: str, messages: Sequence[str]) -> int:
        screen = self.screens.get(chat, [])
        screen[:] = [message for message in screen if message.id not in messages]
        return 0

    async def close(self) -> None:
        """Nothing is held open."""

    def unread(self, chat: str) -> list[Message]:
        """What came since the last call."""
        found = [message for message in self.screens.get(chat, []) if message.unread]
        for message in found:
            message.unread = False
        return found

    def choices(self, chat: str) -> tuple[Choice, ...]:
        """Buttons of the newest message that has any."""
        for message in reversed(self.screens.get(chat, [])):
            if message.say is not None and message.say.rows:
                return message.say.choices
        return ()

    def _message_id(self) -> str:
        # With the prefix: what an earlier run left to be erased must not hit a message of this one.
        return f"{self._prefix}-{next(self._messages)}"

    def _pressed(self, chat: str, key: str) -> Pressed:
        for message in reversed(self.screens.get(chat, [])):
            for choice in message.say.choices if message.say is not None else ():
                if choice.key == key:
                    return Pressed(0 if choice.lasting else message.question, key)
        return Pressed(-1, key)


def _saved(file: File, folder: Path) -> Path:
    """Where the file is now; one that has its name already stays, and this one gets a number."""
    name, dot, ending = file.name.rpartition(".")
    for number in itertools.count(1):
        path = folder / (file.name if number == 1 else f"{name}-{number}{dot}{ending}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "wb") as out:
            out.write(file.content)
        return path
    raise AssertionError("there is always another number")


def _read(path: str, at_most: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(at_most)
