"""`integra sync run`: deliver as notes come, until stopped."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import Annotated, Final

import structlog
import typer

from bot import logs, sync_wiring
from bot.commands.common import Data, operator
from bot.commands.sync.options import Destinations, Dests, Key
from bot.installation import Installation
from bot.logs import failure
from bot.notify import READY, STOPPING, keep_alive, notify
from bot.settings import Settings
from bot.status import Address
from bot.sync_metrics import SyncMetrics, SyncStatus
from bot.sync_wiring import Parts
from storage.errors import Busy
from storage.sync.registry import read_destinations
from storage.sync.worker import Step, Worker

LOOK_EVERY_S: Final = 5.0
"""How soon a note that was just released is noticed."""
BUSY_S: Final = 5.0

log = structlog.get_logger()


def run(
    data: Data,
    destinations: Destinations,
    key: Key = None,
    dest: Dests = None,
    status: Annotated[
        str, typer.Option("--status", help="Address of /healthz and /metrics, such as 127.0.0.1:9091.")
    ] = "",
    status_public: Annotated[
        bool, typer.Option("--status-public", help="Other machines may reach that address; it has no password.")
    ] = False,
) -> None:
    """Deliver until stopped (Ctrl-C or SIGTERM). What is under way is finished first; after a kill it is looked for."""
    settings = Settings.read(data)
    installation = Installation.at(data)
    file = read_destinations(destinations)
    address = Address.read(status, public=status_public) if status else None
    logs.configure(level=settings.log_level, form=settings.log_format)
    parts = sync_wiring.build(installation, file, key, only=dest or (), operator=operator())
    asyncio.run(_run(parts, address))


async def _run(parts: Parts, address: Address | None) -> None:
    metrics = SyncMetrics()
    served = SyncStatus(address, parts.store, metrics) if address is not None else None
    stop = asyncio.Event()

    told = Telling(metrics)
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stop.set)
    alive = asyncio.create_task(keep_alive(_came_round))
    try:
        for worker in parts.workers:
            state = sync_wiring.register(parts.store, worker.settings, now=worker.now)
            log.info("sync.destination", destination=worker.name, kind=worker.settings.kind, mode=state)
        if served is not None:
            await served.start()
            log.info("status.served", port=served.address.port)
        notify(READY)
        log.info("started", count=len(parts.workers))
        await asyncio.gather(*(deliver(worker, stop, told) for worker in parts.workers))
        log.info("stopped")
    finally:
        notify(STOPPING)
        alive.cancel()
        await asyncio.gather(alive, return_exceptions=True)
        if served is not None:
            await served.stop()
        await parts.close()


class Telling:
    """Counts and logs what each step did; that a destination went down, and why, or is back, is logged once."""

    def __init__(self, metrics: SyncMetrics) -> None:
        self._metrics = metrics
        self._ways: dict[str, str] = {}

    def __call__(self, name: str, step: Step) -> None:
        self._metrics.stepped(name, step)
        if step.done:
            log.info("sync.delivered", destination=name, count=step.done)
        if step.parked:
            log.warning("sync.parked", destination=name, count=step.parked)
        before, way = self._ways.get(name, "open"), step.why if step.state == "down" else step.state
        self._ways[name] = way
        if step.state == "down" and way != before:
            log.warning("sync.down", destination=name, code=way)
        elif step.state == "open" and before != "open":
            log.info("sync.up", destination=name)


async def deliver(worker: Worker, stop: asyncio.Event, told: Callable[[str, Step], None]) -> None:
    """Step, and wait until there is something to do again; the step under way is finished before a stop."""
    while not stop.is_set():
        wait_s = LOOK_EVERY_S
        try:
            step = await worker.step()
            told(worker.name, step)
            if step.tried and step.state == "open":
                continue
        except Busy:
            wait_s = BUSY_S
            log.warning("sync.busy", destination=worker.name)
        except Exception as odd:  # one destination's trouble is not the others'
            wait_s = 6 * BUSY_S
            log.error("sync.failed", destination=worker.name, **failure(odd))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait_s)


async def _came_round() -> bool:
    return True
