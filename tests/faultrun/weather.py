"""Which request meets which fault, by a seed. Rates are shares of the requests."""

import random
from collections import Counter
from collections.abc import Collection, Mapping

from fake_telegram import Fault
from fake_telegram.faults import WEBHOOK, refusal

MOST_IN_A_ROW = 2
"""For one method and chat: a bot that gives up after some tries is not to be beaten by mere bad luck."""

CALLS: Mapping[str, float] = {
    "429 retry_after": 0.03,
    "502 HTML": 0.025,
    "500 JSON": 0.02,
    "no connection": 0.025,
    "answer cut in the middle": 0.02,
    "answer lost": 0.025,
    "502 after the work": 0.015,
    "delay": 0.05,
}
POLLS: Mapping[str, float] = {
    "409 conflict": 0.06,
    "502 HTML": 0.04,
    "500 JSON": 0.03,
    "no connection": 0.04,
    "answer cut in the middle": 0.04,
    "answer lost": 0.04,
    "delay": 0.05,
}
POSTS: Mapping[str, float] = {
    "post: no connection": 0.03,
    "post: answer lost after commit": 0.05,
    "post: dropped at work": 0.03,
    "post: held back": 0.10,
}
ACTS: Mapping[str, float] = {"redelivery": 0.06, "unreadable update": 0.04}

UNREADABLE: tuple[Mapping[str, object], ...] = (
    {"message": {"message_id": "eleven", "chat": 7}},
    {"message": None},
    {"callback_query": {"id": 5, "data": ["no", "text"]}},
    {"quantum_message": {"spin": 0.5}},
    {},
)


class Weather:
    """Asked by `fake_telegram` for every request; ``counts`` tells what it has done.

    Args:
        rough: multiplies all rates; 0 is a calm day.
        longest_s: real seconds of the longest delay.
        without: names of faults that do not come.
    """

    def __init__(
        self, seed: int, *, rough: float = 1.0, longest_s: float = 0.02, without: Collection[str] = ()
    ) -> None:
        self._dice = random.Random(seed)
        self._rough, self._longest_s, self._without = rough, longest_s, without
        self._in_a_row: Counter[tuple[str, str]] = Counter()
        self.counts: Counter[str] = Counter()

    def __call__(self, method: str, arguments: Mapping[str, str]) -> Fault | None:
        rates = {WEBHOOK: POSTS, "getUpdates": POLLS}.get(method, CALLS)
        about = arguments.get("chat_id") or arguments.get("file_id") or arguments.get("path", "")
        row = (method, about)
        name = self._pick(rates) if self._in_a_row[row] < MOST_IN_A_ROW else ""
        if name in ("", "delay", "post: held back"):
            del self._in_a_row[row]
        else:
            self._in_a_row[row] += 1
        return self._fault(method, name) if name else None

    def act(self) -> str:
        """What comes along with something a person does: a name of ``ACTS``, or nothing."""
        return self._pick(ACTS)

    def long_ago(self) -> int:
        """Which update comes again: so many before the newest."""
        return self._dice.choice((0, 0, 1, 3, 20))

    def unreadable(self) -> dict[str, object]:
        return dict(self._dice.choice(UNREADABLE))

    def _pick(self, rates: Mapping[str, float]) -> str:
        thrown = self._dice.random()
        for name, rate in rates.items():
            thrown -= rate * self._rough
            if thrown < 0:
                if name in self._without:
                    return ""
                self.counts[name] += 1
                return name
        return ""

    def _fault(self, method: str, name: str) -> Fault:
        seconds = self._dice.random() * self._longest_s
        match name:
            case "429 retry_after":
                return Fault(method, "refuse", refusal=refusal(429, None, self._dice.randint(1, 5), None))
            case "409 conflict":
                return Fault(method, "refuse", refusal=refusal(409, None, None, None))
            case "500 JSON":
                return Fault(method, "refuse", refusal=refusal(500, None, None, None))
            case "502 HTML":
                return Fault(method, "html")
            case "502 after the work":
                return Fault(method, "html", "after")
            case "no connection" | "post: no connection":
                return Fault(method, "cut")
            case "answer lost" | "post: answer lost after commit":
                return Fault(method, "cut", "after")
            case "answer cut in the middle":
                return Fault(method, "half", "after")
            case "post: dropped at work":
                return Fault(method, "drop", seconds=seconds / 4)
            case _:
                return Fault(method, "delay", seconds=seconds)
