"""What is counted while the assistant runs, for Prometheus: how many, how long, how late. Never who, what, or where.

Label values come from the lists below or are ``other``; agencies, chats and people are no labels.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.about import program
from bot.channels.base import Inbound, Pressed
from dialogues.model import Edited, Sent, Wrote
from storage.totals import Totals
from storage.transaction import Transaction

CHANNELS: Final = ("telegram", "console")
KINDS: Final = {Wrote: "wrote", Pressed: "pressed", Sent: "sent", Edited: "edited"}
TIMER: Final = "timer"
"""The kind of turns that a deadline leads to; they come by no channel."""
REASONS: Final = ("", "blocked", "gone", "bad", "too-large", "flood", "out-of-reach", "database", "failed")
OTHER: Final = "other"

# Seconds. A turn is to take a fraction of one; an update that waited for an outage may be a day old.
TURN_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LAG_BUCKETS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks for

T = TypeVar("T")
Ticks = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Reading:
    """How things stood at one look. ``totals`` None: the database could not be read."""

    at: datetime
    checks: Mapping[str, bool | None]
    totals: Totals | None


class Timed:
    """One turn, from when it was asked for to how it ended."""

    def __init__(self, metrics: "Metrics", channel: str, kind: str) -> None:
        self._metrics, self._channel, self._kind = metrics, channel, kind
        self._asked = metrics.ticks()
        self._began: float | None = None

    def noting(self, turn: Callable[[Transaction], T]) -> Callable[[Transaction], T]:
        """The same turn, which notes when its transaction is there. It may be tried more than once."""

        def noted(tx: Transaction) -> T:
            if self._began is None:
                self._began = self._metrics.ticks()
            return turn(tx)

        return noted

    def ended(self, outcome: str) -> None:
        """``taken``, ``failed`` or ``busy``."""
        self._metrics.took(self._channel, self._kind, outcome, self._metrics.ticks() - self._asked)
        if self._began is not None:
            self._metrics.waited(self._began - self._asked)


class Metrics:
    """Counts of one process, in a registry of their own.

    Args:
        ticks: a clock that only goes forward; seconds.
    """

    def __init__(self, ticks: Ticks = time.monotonic) -> None:
        self.ticks = ticks
        self.sent_at: float | None = None
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._standing = _Standing()
        self._registry.register(self._standing)
        self._turns = self._counter("turns", "Turns, by how they ended.", "channel", "kind", "outcome")
        self._turn_s = self._histogram("turn_seconds", "From update to commit.", TURN_BUCKETS, "channel", "kind")
        self._wait_s = self._histogram("database_wait_seconds", "Until a turn's transaction began.", TURN_BUCKETS)
        self._lag_s = self._histogram("update_lag_seconds", "Age of an update when taken.", LAG_BUCKETS, "channel")
        self._sends = self._counter("sends", "Tries to send, by outcome.", "channel", "outcome", "reason")
        self._begin_at_nought()

    def _begin_at_nought(self) -> None:
        """What alerts look at: Prometheus sees no increase in a series that begins with its first event."""
        for outcome in ("taken", "failed", "busy"):
            self._turns.labels("", TIMER, outcome)
            for channel in CHANNELS:
                for kind in KINDS.values():
                    self._turns.labels(channel, kind, outcome)
        for channel in CHANNELS:
            for reason in REASONS:
                self._sends.labels(channel, "refused", reason)

    def turn(self, inbound: Inbound, now: datetime) -> Timed:
        """An update that is about to be taken."""
        channel = _one_of(CHANNELS, inbound.channel)
        if inbound.sent_at is not None:
            self._lag_s.labels(channel).observe(max(0.0, (now - inbound.sent_at).total_seconds()))
        return Timed(self, channel, KINDS.get(type(inbound.event), OTHER))

    def timer(self) -> Timed:
        """A deadline that is about to be dealt with."""
        return Timed(self, "", TIMER)

    def limited(self, inbound: Inbound) -> None:
        """An update over the limit of its chat, which is not taken."""
        kind = KINDS.get(type(inbound.event), OTHER)
        self._turns.labels(_one_of(CHANNELS, inbound.channel), kind, "limited").inc()

    def took(self, channel: str, kind: str, outcome: str, seconds: float) -> None:
        self._turns.labels(channel, kind, outcome).inc()
        self._turn_s.labels(channel, kind).observe(seconds)

    def waited(self, seconds: float) -> None:
        self._wait_s.observe(seconds)

    def arrived(self, channel: str) -> None:
        self.sent_at = self.ticks()
        self._sends.labels(_one_of(CHANNELS, channel), "ok", "").inc()

    def put_off(self, channel: str, reason: str) -> None:
        """To be sent again: ``flood``, ``out-of-reach`` or ``database``."""
        self._sends.labels(_one_of(CHANNELS, channel), "retry", _one_of(REASONS, reason)).inc()

    def refused(self, channel: str, reason: str) -> None:
        """Never to arrive; ``reason`` as in ``bot.channels.base.Refused``."""
        self._sends.labels(_one_of(CHANNELS, channel), "refused", _one_of(REASONS, reason)).inc()

    def read(self, reading: Reading) -> None:
        """From now on this is how things stand."""
        self._standing.reading = reading

    def page(self) -> bytes:
        """All of it, in Prometheus' text format 0.0.4."""
        return generate_latest(self._registry)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"integra_{name}", says, labels, registry=self._registry)

    def _histogram(self, name: str, says: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"integra_{name}", says, labels, buckets=buckets, registry=self._registry)


class _Standing(Collector):
    """How things stood at the last look. Without a reading nothing is shown: no number is better than an old one."""

    def __init__(self) -> None:
        self.reading: Reading | None = None

    def collect(self) -> Iterator[Metric]:
        reading = self.reading
        yield _gauge("build_info", "Version of program and schema.", _built(reading), 1.0)
        if reading is None:
            return
        checks = GaugeMetricFamily("integra_check", "1 in order, 0 not, or not known.", labels=["check"])
        for name, good in reading.checks.items():
            checks.add_metric([name], float(good is True))
        yield checks
        found = reading.totals
        if found is None:
            return
        yield _gauge("outbox_waiting", "Messages that wait to be sent.", {}, found.outbox_waiting)
        yield _gauge("outbox_dead", "Messages that can never arrive.", {}, found.outbox_dead)
        oldest = _age(reading.at, found.outbox_oldest)
        yield _gauge("outbox_oldest_seconds", "Age of the oldest that waits; 0: none.", {}, oldest)
        yield _gauge("timers_due", "Deadlines passed and not dealt with.", {}, found.timers_due)
        late = _age(reading.at, found.timers_oldest)
        yield _gauge("timers_late_seconds", "How late the earliest of them is; 0: none.", {}, late)
        flags = GaugeMetricFamily("integra_flags", "Flags that are not closed.", labels=["state"])
        for state, count in found.flags.items():
            flags.add_metric([state], count)
        yield flags
        yield _gauge("notes_waiting", "Notes that wait for hand-over.", {}, found.notes_waiting)
        waits = _age(reading.at, found.notes_oldest)
        yield _gauge("notes_oldest_seconds", "Age of the oldest of them, to the hour; 0: none.", {}, waits)
        yield _gauge("invites", "Invites that can still be used.", {}, found.invites)
        yield _gauge("media_wanted", "Photos and voice messages still to be fetched.", {}, found.media)


def _built(reading: Reading | None) -> dict[str, str]:
    found = reading.totals if reading is not None else None
    return {"version": program(), "schema": found.revision if found is not None else ""}


def _gauge(name: str, says: str, labels: Mapping[str, str], value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"integra_{name}", says, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family


def _age(now: datetime, then: datetime | None) -> float:
    return 0.0 if then is None else max(0.0, (now - then).total_seconds())


def _one_of(known: tuple[str, ...], value: str) -> str:
    return value if value in known else OTHER
