"""What the sync process counts, for Prometheus, and how it is asked: how many, how old. Never a note, an agency or a
word; destinations go by their names in the operator's file."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.status import Address, Pages, alive, counted
from storage import deliveries
from storage.deliveries import Standing
from storage.store import Store
from storage.sync import queue
from storage.sync.worker import Step
from storage.transaction import Transaction, moment, seconds

STATES: Final = ("pending", "leased", "sent", "acked", "parked", "dead", "withdrawn")


class SyncMetrics:
    """Counts of one process, in a registry of their own. ``standing``: as it was read last."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._delivered = Counter(
            "integra_sync_deliveries", "Deliveries by how a step ended.", ("destination", "outcome"),
            registry=self.registry,
        )  # fmt: skip
        self._steps = Counter(
            "integra_sync_steps", "Rounds, by the state of the destination.", ("destination", "state"),
            registry=self.registry,
        )  # fmt: skip
        self.standing: list[Standing] = []
        self.now = 0
        self.registry.register(_Standing(self))

    def stepped(self, name: str, step: Step) -> None:
        self._steps.labels(name, step.state).inc()
        self._delivered.labels(name, "done").inc(step.done)
        self._delivered.labels(name, "parked").inc(step.parked)

    def page(self) -> bytes:
        return generate_latest(self.registry)


class _Standing(Collector):
    def __init__(self, metrics: SyncMetrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        notes = GaugeMetricFamily("integra_sync_notes", "Deliveries by state.", labels=("destination", "state"))
        oldest = GaugeMetricFamily(
            "integra_sync_oldest_seconds", "Age of the oldest that waits.", labels=("destination",)
        )
        up = GaugeMetricFamily("integra_sync_up", "1: things get through.", labels=("destination",))
        for one in self._metrics.standing:
            for state in STATES:
                notes.add_metric((one.destination, state), one.counts.get(state, 0))
            age = 0 if one.oldest is None else max(0, self._metrics.now - seconds(one.oldest))
            oldest.add_metric((one.destination,), age)
            up.add_metric((one.destination,), int(one.state == "open"))
        yield from (notes, oldest, up)


class SyncStatus(Pages):
    """GET /healthz and /metrics of the sync process."""

    def __init__(self, address: Address, store: Store, metrics: SyncMetrics) -> None:
        super().__init__(address, {"/healthz": alive, "/metrics": self._counted})
        self._store, self._metrics = store, metrics

    async def _counted(self, _: web.Request) -> web.Response:
        self._metrics.now, self._metrics.standing = await self._store.run(_read)
        return counted(self._metrics.page())


def _read(tx: Transaction) -> tuple[int, list[Standing]]:
    now = queue.system_now(tx)
    return now, deliveries.standing(tx, at=moment(now))
