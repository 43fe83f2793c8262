"""How fast notes reach a case system, what that costs in memory, how long a reconciliation takes.

    PYTHONPATH=tests .venv/bin/python tests/bench/sync.py [--notes 20000] [--engine sqlite|postgres]

Notes are sealed for real (X-Wing). The receiver is the one that ships, in a process of its own on a loopback socket,
and is sent to by the ``webhook`` connector; or a file drop on this disk. Memory is the sending process's resident size,
read after each tenth.
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

from case_systems.stages import SIGNING, webhook_settings
from handover_site import AUTHOR, NOON, SOURCE, DropSite, Site, body
from ports import free_port
from postgres_server import cluster

from storage import notes as note_rows
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.receiver import Receiver, serve
from storage.sync.reconcile import reconcile
from storage.sync.webhook import open_webhook
from storage.sync.worker import Worker, run_until_done

SENT_AT = NOON + timedelta(minutes=5)


async def receive(port: int, path: Path) -> None:
    """What the child process does: the receiver, whose clock stands where the sender's stands."""
    receiver = Receiver(path, [SIGNING.public], lambda: SENT_AT)
    await serve(receiver, "127.0.0.1", port)
    print("listens", flush=True)
    await asyncio.Event().wait()


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
    """Seconds, and the resident size at the start and after each tenth."""
    sizes = [resident_mb()]
    began = time.monotonic()

    def progress(done: int, total: int) -> None:
        if done * 10 // count >= len(sizes):
            sizes.append(resident_mb())

    step = await run_until_done(worker, progress=progress)
    assert step.done == count, step
    return time.monotonic() - began, sizes


def say(engine: str, what: str) -> None:
    print(f"{engine}: {what} (load {os.getloadavg()[0]:.1f})", flush=True)


async def compared(worker: Worker, engine: str, what: str) -> None:
    began = time.monotonic()
    report = await reconcile(worker)
    took = time.monotonic() - began
    assert report.clean, {name: len(which) for name, which in report.found.items()}
    say(engine, f"{what}: {report.compared} reconciled in {took:.1f} s; resident MB {resident_mb():.0f}")


async def by_http(folder: Path, server: Any, count: int, engine: str) -> None:
    site, port = Site(folder, cluster=server), free_port()
    settings = webhook_settings(port, agency=site.agency)
    site.register(settings)
    say(engine, f"{count} notes logged in {fill(site, count):.1f} s")
    site.clock.move(SENT_AT - NOON)
    receiving = (__file__, "--receive", str(port), str(folder / "received.sqlite3"))
    child = await asyncio.create_subprocess_exec(sys.executable, *receiving, stdout=asyncio.subprocess.PIPE)
    try:
        assert child.stdout is not None
        await child.stdout.readline()
        connector = open_webhook(settings, Given(site.clock, SOURCE, SIGNING, Ledger(site.sync, settings.name)))
        worker = site.bare_worker(connector, settings)
        took, sizes = await deliver(worker, count)
        at_once = connector.caps.parallel
        say(engine, f"receiver {count / took:.0f} notes/s, {at_once} at once; resident MB {[round(s) for s in sizes]}")
        await compared(worker, engine, "receiver")
        await connector.close()
    finally:
        child.kill()
        await child.wait()
        site.close()


async def by_files(folder: Path, server: Any, count: int, engine: str) -> None:
    drop = DropSite(folder, cluster=server, acknowledges=False)
    fill(drop, count)
    worker = drop.bare_worker(drop.drop(), drop.drop_settings)
    took, sizes = await deliver(worker, count)
    say(engine, f"file drop {count / took:.0f} notes/s, batches of 1,000; resident MB {[round(s) for s in sizes]}")
    await compared(worker, engine, "file drop")
    drop.close()


async def measure(folder: Path, server: Any, count: int, engine: str) -> None:
    for name, run in (("http", by_http), ("drop", by_files)):
        (folder / name).mkdir()
        await run(folder / name, server, count, engine)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--notes", type=int, default=20_000)
    asked.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    asked.add_argument("--receive", nargs=2, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.receive:
        asyncio.run(receive(int(given.receive[0]), Path(given.receive[1])))
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(durable=True) if given.engine == "postgres" else nullcontext() as server,
    ):
        asyncio.run(measure(Path(folder), server, given.notes, given.engine))


if __name__ == "__main__":
    main()
