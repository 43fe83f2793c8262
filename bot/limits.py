"""How much one chat may send: a token bucket each, before anything is asked of the database.

What is over the limit is not taken, and the person is told so once, in words. Danger still gets its first line.
Buckets live in memory alone, so many and no more; a restart gives everybody a full one.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from bot.arrivals import token_in
from bot.channels.base import Inbound, Pressed, Reachable
from dialogues.model import Say, Voice, Wrote
from storage.invites import code_in

MOST_CHATS = 10_000
LONGEST_READ = 4_096  # characters looked at for danger; no channel takes more from a person
DANGER_EVERY_S = 10.0

K = TypeVar("K")
V = TypeVar("V")
Verdict = Literal["take", "tell", "drop"]


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` at once, then one every ``every_s`` seconds."""

    burst: int
    every_s: float


ENROLLED = Rate(60, 2.0)
STRANGER = Rate(10, 20.0)
INVITE = Rate(10, 360.0)
"""Invites and codes, of everybody: ten an hour."""


class Bucket:
    """Full at first. Times are seconds; going back in time fills nothing."""

    __slots__ = ("_at", "_left", "_rate", "told")

    def __init__(self, rate: Rate, at: float) -> None:
        self._rate, self._left, self._at = rate, float(rate.burst), at
        self.told = False

    def take(self, at: float) -> bool:
        """Whether there is one left."""
        self._left = min(self._rate.burst, self._left + max(0.0, at - self._at) / self._rate.every_s)
        self._at = at
        if self._left >= self._rate.burst / 2:
            self.told = False  # calm again: the next time is said anew
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Limits:
    """Used by one event loop.

    Args:
        most: chats remembered; those heard least recently are forgotten first.
    """

    def __init__(self, *, most: int = MOST_CHATS) -> None:
        self._most = most
        self._buckets: OrderedDict[tuple[str, str, Rate], Bucket] = OrderedDict()
        self._enrolled: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._danger: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return max(len(self._buckets), len(self._enrolled), len(self._danger))

    def judge(self, inbound: Inbound, at: datetime) -> Verdict:
        """Take it; or tell the person that it is not taken; or drop it, as that was told already."""
        text = inbound.event.text if isinstance(inbound.event, Wrote) else ""
        rates = [ENROLLED if self.knows(inbound) else STRANGER]
        if token_in(text) or (code_in(text) and not self.knows(inbound)):
            rates.append(INVITE)
        for rate in rates:
            bucket = self._bucket(inbound, rate, at.timestamp())
            if not bucket.take(at.timestamp()):
                if isinstance(inbound.event, Reachable):
                    return "drop"  # nobody has written anything
                told, bucket.told = bucket.told, True
                return "drop" if told else "tell"
        return "take"

    def knows(self, inbound: Inbound) -> bool:
        """Whether somebody enrolled was heard at this chat."""
        return (inbound.channel, inbound.chat) in self._enrolled

    def learn(self, inbound: Inbound, *, enrolled: bool) -> None:
        """What a turn has found out about who this is."""
        chat = (inbound.channel, inbound.chat)
        if enrolled:
            _put(self._enrolled, chat, None, self._most)
        else:
            self._enrolled.pop(chat, None)

    def danger(self, inbound: Inbound, voices: Mapping[str, Voice], at: datetime) -> Say | None:
        """The first line for somebody in danger whose message is not taken; at most every ten seconds."""
        if not is_danger(inbound, voices):
            return None
        chat, now = (inbound.channel, inbound.chat), at.timestamp()
        before = self._danger.get(chat)
        if before is not None and 0 <= now - before < DANGER_EVERY_S:
            return None
        _put(self._danger, chat, now, self._most)
        voice = voices.get(inbound.language) or next(iter(voices.values()))
        return Say(voice.text("danger-limited"), title=voice.text("danger-first"))

    def _bucket(self, inbound: Inbound, rate: Rate, at: float) -> Bucket:
        key = (inbound.channel, inbound.chat, rate)
        bucket = self._buckets.get(key) or Bucket(rate, at)
        _put(self._buckets, key, bucket, self._most)
        return bucket


def is_danger(inbound: Inbound, voices: Mapping[str, Voice]) -> bool:
    """Whether a message tells of danger, or presses its button, in any language there is."""
    match inbound.event:
        case Pressed(0, "danger"):
            return True
        case Wrote(text) if len(text) <= LONGEST_READ:
            if text.lower().partition("@")[0].strip() == "/danger":
                return True
            return any(
                text == voice.text("button-danger") or voice.danger.danger(text) is not None
                for voice in voices.values()
            )
        case _:
            return False


def _put(into: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    into[key] = value
    into.move_to_end(key)
    while len(into) > most:
        into.popitem(last=False)
