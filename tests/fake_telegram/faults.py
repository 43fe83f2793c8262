"""Trouble, scripted or by a rule: refusals, broken answers, cut and held connections, floods."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from .limits import Refused

ANY = "*"
WEBHOOK = "webhook"  # posts to the bot meet faults under this name, as methods do; ``ANY`` does not mean them
GATEWAY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error",
}


@dataclass(slots=True)
class Gate:
    """A request that is held until it is let go.

    ``await gate.reached()`` returns when the request has come, ``gate.open()`` lets it go on.
    """

    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self, within: float = 5.0) -> None:
        await asyncio.wait_for(self._came.wait(), within)

    def open(self) -> None:
        self._opened.set()

    async def pass_through(self) -> None:
        self._came.set()
        await self._opened.wait()


@dataclass(slots=True)
class Fault:
    """What happens to the next ``times`` requests of ``method`` (None: to all of them).

    ``half`` ends the connection in the middle of the answer. Of posts to the webhook, where the server is who
    asks: ``cut`` before reaches nobody, ``cut`` after loses the bot's answer, ``drop`` goes away ``seconds`` after
    the post while the bot is at work.
    """

    method: str
    action: Literal["refuse", "html", "cut", "half", "drop", "hold", "delay"]
    when: Literal["before", "after"] = "before"
    times: int | None = 1
    chat_id: int | None = None
    refusal: Refused | None = None
    status: int = 502
    seconds: float = 0.0
    gate: Gate | None = None


Weather = Callable[[str, Mapping[str, str]], Fault | None]
"""A rule for requests that no scripted fault is meant for: method and parameters to a fault, or None."""


class Faults:
    """Faults in the order they were asked for; each request meets at most one.

    Attributes:
        weather: is asked where none was scripted; None: no trouble.
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.weather: Weather | None = None

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        for fault in self._faults:
            if fault.gate is not None:
                fault.gate.open()
        self._faults.clear()

    def take(self, method: str, arguments: Mapping[str, str]) -> Fault | None:
        scripted = self._scripted(method, arguments.get("chat_id", "")) if self._faults else None
        if scripted is None and self.weather is not None:
            return self.weather(method, arguments)
        return scripted

    def _scripted(self, method: str, chat_id: str) -> Fault | None:
        for fault in self._faults:
            same_method = fault.method.lower() == method.lower() or (fault.method == ANY and method != WEBHOOK)
            if same_method and (fault.chat_id is None or str(fault.chat_id) == chat_id):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None


def gateway_page(status: int) -> str:
    """What the proxy in front of the real server answers with."""
    title = f"{status} {GATEWAY[status]}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n"
    )


def refusal(status: int, description: str | None, retry_after: int | None, migrate_to: int | None) -> Refused:
    """The refusal for ``fail_next``, worded as the real server words that status."""
    if status == 429:
        seconds = 1 if retry_after is None else retry_after
        return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
    if migrate_to is not None:
        text = description or "Bad Request: group chat was upgraded to a supergroup chat"
        return Refused(status, text, {"migrate_to_chat_id": migrate_to})
    return Refused(status, description or WORDS.get(status, "Internal Server Error"))


@dataclass(slots=True)
class Bucket:
    per_s: float
    burst: float
    level: float = 0.0
    at: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0 takes the place at once."""
        self.level = max(0.0, self.level - (now - self.at) * self.per_s) if self.at else 0.0
        self.at = now
        if self.level + 1 > self.burst:
            return (self.level + 1 - self.burst) / self.per_s
        self.level += 1
        return 0.0


class Flood:
    """Token buckets: one a chat and one over all. The real server's numbers are guidelines, not promises.

    Defaults: 1 message/s a chat after a burst of 5, 30/s over all chats, 20/min in a group.
    """

    def __init__(self, *, per_chat_s: float = 1.0, chat_burst: int = 5, overall_s: float = 30.0) -> None:
        self._per_chat = (per_chat_s, chat_burst)
        self._overall = Bucket(overall_s, overall_s)
        self._chats: dict[int, Bucket] = {}

    def check(self, chat_id: int, now: Callable[[], float]) -> None:
        """Raises Refused(429) with ``retry_after`` in whole seconds, at least 1."""
        rate, burst = (20 / 60, 20) if chat_id < 0 else self._per_chat
        chat = self._chats.setdefault(chat_id, Bucket(rate, burst))
        wait = chat.wait(now()) or self._overall.wait(now())
        if wait:
            seconds = max(1, -int(-wait // 1))
            raise Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
