"""A conversation in the terminal, and as text: one line a turn, the format of the transcripts.

> /note                         what the person typed; [key] presses a button
> /photo gate.jpg               a file of this machine, sent as a photo; /voice as a voice message
Which case is it about? …       what was said
[none: No case code]            its buttons
! KeepNote                      effects, where they are recorded
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path

from bot.app import App
from bot.channels.base import Inbound, Pressed
from bot.channels.console import Console, Message
from bot.clock import MovableClock
from dialogues.model import Attachable

_WAIT = re.compile(r"(\d+)\s*(s|m|min|h|d)")
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
FILES: dict[str, Attachable] = {"/photo": "photo", "/voice": "voice"}

Extra = Callable[[str], Awaitable[str]]


class Chat:
    """Drives an app over a console, one line at a time.

    Args:
        clock: moved by ``/wait``.
        person: chat id of who types first; ``/as`` switches among ``people``.
        extras: further commands of this terminal, by word, each given the rest of the line.
        effects: names of effects heard so far; shown and cleared after each line when given.
        for_people: print for somebody at a terminal: space between messages, titles in bold, buttons by number.
    """

    def __init__(
        self,
        app: App,
        console: Console,
        clock: MovableClock,
        *,
        person: str,
        people: Iterable[str] = (),
        extras: dict[str, Extra] | None = None,
        effects: list[str] | None = None,
        for_people: bool = False,
    ) -> None:
        self._app, self._console, self._clock = app, console, clock
        self.person = person
        self._people = tuple(dict.fromkeys((person, *people)))
        self._extras = extras or {}
        self._effects = effects
        self._for_people = for_people

    async def line(self, typed: str) -> str:
        """Take one line and return what is to be printed, once everything it led to has been said."""
        word, _, rest = typed.partition(" ")
        if word == "/as":
            return await self._switch(rest.strip())
        if word == "/wait":
            return await self._wait(rest.strip())
        if word in self._extras:
            return await self._extras[word](rest.strip())
        inbound = self._sent(word, rest.strip()) if word in FILES else self._console.inbound(self.person, typed)
        if inbound is None:
            return f"Which file? For example: {word} ~/Pictures/gate.jpg"
        if isinstance(inbound.event, Pressed) or typed:
            await self._app.take(inbound)
        await self._settled()
        return self._shown()

    def numbered(self, typed: str) -> str:
        """For people at a terminal: a number presses that button of the newest message."""
        choices = self._console.choices(self.person)
        if typed.isdecimal() and len(typed) <= 2 and 1 <= int(typed) <= len(choices):
            return f"[{choices[int(typed) - 1].key}]"
        return typed

    def _sent(self, word: str, name: str) -> Inbound | None:
        """A file of this machine, or None when there is none of that name."""
        path = Path(name).expanduser()
        return self._console.sends(self.person, FILES[word], path) if path.is_file() else None

    async def _switch(self, person: str) -> str:
        if person not in self._people:
            return f"Nobody here is called that. There are: {', '.join(self._people)}"
        self.person = person
        return "\n".join((f"(You are the {person} now.)", self._shown())).strip()

    async def _wait(self, how_long: str) -> str:
        found = _WAIT.fullmatch(how_long)
        if found is None:
            return "How long? For example: /wait 2h (s, m, h, d)"
        self._clock.move(timedelta(seconds=int(found[1]) * _UNITS[found[2]]))
        await self._settled()
        return "\n".join((f"({how_long} later.)", self._shown())).strip()

    async def _settled(self) -> None:
        await self._app.fetching.drained()
        await self._app.outbox.drained()
        while await self._app.timers.run_due():
            await self._app.outbox.drained()

    def _shown(self) -> str:
        messages = self._console.unread(self.person)
        if self._for_people:
            newest = next((one for one in reversed(messages) if one.say is not None and one.say.rows), None)
            lines = [f"\n{render(one, numbers=one is newest, bold=True)}" for one in messages]
        else:
            lines = [render(message) for message in messages]
        for other in self._people:
            if other != self.person and (waiting := self._waiting(other)):
                lines.append(f"({other}'s phone: {waiting} new, /as {other})")
        if self._effects is not None:
            lines += [f"! {name}" for name in self._effects]
            self._effects.clear()
        return "\n".join(lines)

    def _waiting(self, person: str) -> int:
        return sum(message.unread for message in self._console.screens.get(person, []))


def render(message: Message, *, numbers: bool = False, bold: bool = False) -> str:
    """A message as text: title, words, small print, then a line for each row of buttons, by number or by key."""
    say = message.say
    if say is None:
        return message.text
    title = f"\033[1m{say.title}\033[0m" if bold and say.title else say.title
    lines = [part for part in (_file(message), title, say.text, say.small) if part]
    place = 0
    for row in say.rows:
        buttons = []
        for choice in row:
            place += 1
            buttons.append(f"{place}) {choice.label}" if numbers else f"[{choice.key}: {choice.label}]")
        lines.append(" ".join(buttons))
    return "\n".join(lines)


def _file(message: Message) -> str:
    if message.file is None:
        return ""
    pages = f"{message.file.pages} page{'s' if message.file.pages > 1 else ''}"
    return f"[PDF {message.file.name}, {pages}]{f' saved as {message.saved}' if message.saved else ''}"


async def play(chat: Chat, lines: Iterable[str], out: Callable[[str], None]) -> None:
    """Take lines until there are no more, printing each and what it led to."""
    for raw in lines:
        typed = raw.rstrip("\n")
        if typed.startswith("#") or not typed.strip():
            continue
        typed = typed.removeprefix("> ")
        out(f"> {typed}")
        if said := await chat.line(typed):
            out(said)
