"""How fast notes reach a case system, what that costs in memory, how long a reconciliation takes.

    PYTHONPATH=tests .venv/bin/python tests/bench/sync.py [--notes 20000] [--engine sqlite|postgres]

Notes are sealed for real (X-Wing); the receiver is a server on a loopback socket that keeps each event by its id, or a
file drop on this disk. Memory is this process's resident size, read after each thousand notes.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from handover_site import AUTHOR, NOON, DropSite, Site, body
from postgres_server import cluster

from storage import notes as note_rows
from storage.sync.base import Accepted, Caps, Delivery, DeliveryRef, Health, Outcome, Remote
from storage.sync.reconcile import reconcile
from storage.sync.worker import Worker, run_until_done

PARALLEL = 8


class Receiver:
    """A case system that keeps events by their id, and a connector to it over a real socket."""

    def __init__(self) -> None:
        self.name, self.caps = "cases", Caps("put_by_id", parallel=PARALLEL)
        self.kept: dict[str, str] = {}

    async def start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_put("/{id}", self._put)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        self.session = aiohttp.ClientSession()

    async def close(self) -> None:
        await self.session.close()
        await self.runner.cleanup()

    async def _put(self, request: web.Request) -> web.Response:
        event = json.loads(await request.read())
        self.kept[request.match_info["id"]] = event["data"]["payload_sha256"]
        return web.json_response({"id": event["id"]})

    async def probe(self) -> Health:
        return Health()

    async def send(self, deliveries: Sequence[Delivery], *, within_s: float) -> Sequence[Outcome]:
        (one,) = deliveries
        async with self.session.put(f"{self.url}/{one.ref.key}", data=one.event) as answer:
            return [Accepted((await answer.json())["id"])]

    async def find(self, ref: DeliveryRef) -> Sequence[Remote]:
        return [self._remote(ref.key)] if ref.key in self.kept else []

    async def list_since(self, cursor: str | None) -> AsyncIterator[Remote]:
        for key in list(self.kept)[int(cursor or 0) :]:
            yield self._remote(key)

    def _remote(self, key: str) -> Remote:
        return Remote(key, key[:32], int(key[34:]), payload_sha256=self.kept[key])

    async def retire_duplicate(self, keep: Remote, extra: Remote) -> None:
        raise NotImplementedError


def fill(site: Site, count: int) -> float:
    """Log notes of 500 cases, a hundred a transaction; seconds."""
    began = time.monotonic()

    def some(tx: Any, first: int) -> None:
        for number in range(first, min(first + 100, count + 1)):
            case, id_ = f"C-{number % 500}", number_id(number)
            about = body(1, NOON) | {"note_id": id_, "case_code": case}
            about["reference"] = note_rows.reference(id_)
            note_rows.keep(
                tx, site.pins, note_id=id_, agency=site.agency, author_ref=AUTHOR, body=about, case_code=case,
                flag_level=2, amends="", at=NOON, undo=timedelta(minutes=2),
            )  # fmt: skip
            note_rows.release(tx, id_)

    for first in range(1, count + 1, 100):
        site.store.run_now(lambda tx, first=first: some(tx, first))
    return time.monotonic() - began


def number_id(number: int) -> str:
    """No two of one reference."""
    return (number * 2**20).to_bytes(5, "big").hex() + f"{number:022x}"


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def deliver(worker: Worker, count: int) -> tuple[float, list[float]]:
    """Seconds, and the resident size after each tenth."""
    sizes: list[float] = []
    began = time.monotonic()

    def progress(done: int, total: int) -> None:
        if done * 10 // count >= len(sizes):
            sizes.append(resident_mb())

    await run_until_done(worker, progress=progress)
    return time.monotonic() - began, sizes


async def measure(folder: Path, server: Any, count: int, engine: str) -> None:
    (folder / "http").mkdir()
    site = Site(folder / "http", cluster=server)
    receiver = Receiver()
    await receiver.start()
    site.register(site.settings())
    print(f"{engine}: {count} notes logged in {fill(site, count):.1f} s")
    site.clock.move(timedelta(minutes=5))
    worker = site.bare_worker(receiver, site.settings())
    took, sizes = await deliver(worker, count)
    assert len(receiver.kept) == count
    print(f"{engine}: receiver {count / took:.0f} notes/s, {PARALLEL} at once; resident MB {[round(s) for s in sizes]}")
    began = time.monotonic()
    report = await reconcile(worker)
    assert report.clean
    print(f"{engine}: {report.compared} reconciled in {time.monotonic() - began:.1f} s")
    await receiver.close()
    site.close()
    (folder / "drop").mkdir()
    drop = DropSite(folder / "drop", cluster=server, acknowledges=False)
    fill(drop, count)
    took, sizes = await deliver(drop.bare_worker(drop.drop(), drop.drop_settings), count)
    print(f"{engine}: file drop {count / took:.0f} notes/s, batches of 1,000; resident MB {[round(s) for s in sizes]}")
    drop.close()


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--notes", type=int, default=20_000)
    asked.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    given = asked.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(durable=True) if given.engine == "postgres" else nullcontext() as server,
    ):
        asyncio.run(measure(Path(folder), server, given.notes, given.engine))


if __name__ == "__main__":
    main()
