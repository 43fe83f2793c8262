"""What somebody sent and is not saved yet, because the database cannot be written: after some seconds they are told.

    begun ── some seconds ──▶ told, without a turn: nothing can be kept, so nothing of it is
      └── settled: saved, or told that it is not; nothing more is said

Told once an update, and a chat at most once a minute. Danger is told sooner, with what to do first.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.channels.base import Inbound, Pressed
from bot.limits import is_danger
from dialogues.model import Say, Voice

LATE_S: Final = 4.0
DANGER_LATE_S: Final = 1.0
TOLD_EVERY_S: Final = 60.0
MOST: Final = 10_000

Tell = Callable[[Inbound, Say], Awaitable[None]]


@dataclass(slots=True)
class _Waiting:
    inbound: Inbound
    alarm: asyncio.TimerHandle | None = None
    telling: asyncio.Task[None] | None = None


class Late:
    """Used by one event loop; holds no words longer than the update waits.

    Args:
        tell: says something at once, and once.
        voices: by language, as they are now.
        late_s, danger_late_s: seconds from the first try.
        steady: seconds, of a clock that nobody sets.
    """

    def __init__(
        self,
        tell: Tell,
        voices: Callable[[], Mapping[str, Voice]],
        *,
        late_s: float = LATE_S,
        danger_late_s: float = DANGER_LATE_S,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._voices, self._steady = tell, voices, steady
        self.late_s, self.danger_late_s = late_s, danger_late_s
        self._waiting: OrderedDict[tuple[str, str], _Waiting] = OrderedDict()
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    def waits(self, inbound: Inbound) -> bool:
        """Whether it was tried before and is not settled."""
        return _key(inbound) in self._waiting

    def begun(self, inbound: Inbound) -> None:
        """It is being tried; only the first time counts."""
        if self.waits(inbound) or not inbound.private:
            return
        one = self._waiting[_key(inbound)] = _Waiting(inbound)
        one.alarm = asyncio.get_running_loop().call_later(self.danger_late_s, self._look, one, True)
        while len(self._waiting) > MOST:
            _forget(self._waiting.popitem(last=False)[1])

    async def settled(self, inbound: Inbound) -> None:
        """Returns when nothing more will be said about it; whatever is said next comes after."""
        one = self._waiting.pop(_key(inbound), None)
        if one is not None:
            _forget(one)
            if one.telling is not None:
                await asyncio.gather(one.telling, return_exceptions=True)

    async def stop(self) -> None:
        while self._waiting:
            await self.settled(next(iter(self._waiting.values())).inbound)

    def _look(self, one: _Waiting, early: bool) -> None:
        one.alarm = None
        danger = is_danger(one.inbound, self._voices())
        if early and not danger:
            rest_s = max(0.0, self.late_s - self.danger_late_s)
            one.alarm = asyncio.get_running_loop().call_later(rest_s, self._look, one, False)
            return
        chat, now = (one.inbound.channel, one.inbound.chat), self._steady()
        if not danger and now - self._told.get(chat, -TOLD_EVERY_S) < TOLD_EVERY_S:
            return
        self._told[chat] = now
        self._told.move_to_end(chat)
        while len(self._told) > MOST:
            self._told.popitem(last=False)
        one.telling = asyncio.ensure_future(self._tell(one.inbound, self._say(one.inbound, danger=danger)))

    def _say(self, inbound: Inbound, *, danger: bool) -> Say:
        voices = self._voices()
        voice = voices.get(inbound.language) or next(iter(voices.values()))
        if danger:
            return Say(voice.text("danger-not-saved-yet"), title=voice.text("danger-first"))
        pressed = isinstance(inbound.event, Pressed)
        return Say(voice.text("not-saved-yet-button" if pressed else "not-saved-yet"))


def _key(inbound: Inbound) -> tuple[str, str]:
    return inbound.channel, inbound.update_id


def _forget(one: _Waiting) -> None:
    if one.alarm is not None:
        one.alarm.cancel()
