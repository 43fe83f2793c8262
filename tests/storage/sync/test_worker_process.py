"""The worker in a process of its own that is stopped, woken late and killed by the system, over a real socket."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from case_systems.stages import SIGNING, receiving, webhook_settings
from fault_proxy import fault_proxy
from handover_site import SOURCE, Site, note_id

from storage.sync import queue
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.receiver import Receiver
from storage.sync.webhook import open_webhook
from storage.sync.worker import Worker

TESTS = Path(__file__).parents[2]


async def started(site: Site, *arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(TESTS / "worker_process.py"),
        str(site.folder),
        json.dumps(asdict(site.addresses)),
        *arguments,
        env={**os.environ, "PYTHONPATH": f"{TESTS.parent}:{TESTS}"},
        stdout=PIPE,
    )


@asynccontextmanager
async def struck(site: Site, tmp_path: Path, by: signal.Signals) -> AsyncIterator[tuple[Receiver, Worker, Process]]:
    """The first worker's process meets this signal when its note has reached the receiver, and the answer has not
    reached it. Another worker is at hand, whose clock says that the first one's lease ran out."""
    async with receiving(tmp_path, clock=site.clock) as (receiver, port), fault_proxy(port) as proxy:
        settings = webhook_settings(port, agency=site.agency)
        connector = open_webhook(settings, Given(site.clock, SOURCE, SIGNING, Ledger(site.sync, settings.name)))
        second = site.worker(connector, settings)
        site.keep(1)
        first: list[Process] = []
        proxy.before = lambda _: first[0].send_signal(by)
        first.append(await started(site, "step", str(proxy.port)))
        try:
            async with asyncio.timeout(60):
                while not receiver.ids():
                    assert first[0].returncode is None
                    await asyncio.sleep(0.01)
            assert site.standing() == {1: "leased"}
            site.wait(seconds=queue.LEASE_S + 1)
            yield receiver, second, first[0]
        finally:
            if first[0].returncode is None:
                first[0].kill()
            await first[0].wait()
            await connector.close()


async def test_row_10_a_process_that_is_stopped_beyond_its_lease_changes_nothing_when_it_wakes(
    site: Site, tmp_path: Path
) -> None:
    async with struck(site, tmp_path, signal.SIGSTOP) as (receiver, second, first):
        assert (await second.step()).done == 1
        assert (site.standing(), site.logged()) == ({1: "acked"}, ["found"])
        first.send_signal(signal.SIGCONT)
        said, _ = await first.communicate()
        assert first.returncode == 0
        assert json.loads(said)["done"] == 0
        assert (site.standing(), site.logged()) == ({1: "acked"}, ["found", "late"])
        assert receiver.ids() == [f"{note_id(1)}.v1"]


async def test_row_06_a_process_that_is_killed_after_it_sent_leaves_a_note_that_is_found(
    site: Site, tmp_path: Path
) -> None:
    async with struck(site, tmp_path, signal.SIGKILL) as (receiver, second, first):
        assert await first.wait() == -signal.SIGKILL
        assert (await second.step()).done == 1
        assert (site.standing(), site.logged()) == ({1: "acked"}, ["found"])
        assert receiver.ids() == [f"{note_id(1)}.v1"]


async def test_row_07_a_process_that_is_killed_between_a_note_and_what_is_owed_of_it_leaves_neither(site: Site) -> None:
    site.register(site.settings())
    killed = await started(site, "keep", "1")
    assert await killed.wait() == -signal.SIGKILL
    assert (site.states(), site.deliveries()) == ({}, [])
    site.keep(2)
    assert (site.states(), site.standing()) == ({2: "waiting"}, {2: "pending"})
