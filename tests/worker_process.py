"""A part of the sync process or of the assistant in a process of its own, to be stopped and killed in earnest.

    python worker_process.py FOLDER ADDRESSES step PORT     one step of a worker, to a receiver; prints what it did
    python worker_process.py FOLDER ADDRESSES keep NUMBER   log a note, and be killed between it and what is owed of it

FOLDER and ADDRESSES (JSON): see ``handover_site.Site.reopened``.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from case_systems.stages import SIGNING, webhook_settings
from handover_site import SOURCE, Site

from storage import notes
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.webhook import open_webhook


async def step(site: Site, port: int) -> None:
    settings = webhook_settings(port, agency=site.agency)
    connector = open_webhook(settings, Given(site.clock, SOURCE, SIGNING, Ledger(site.sync, settings.name)))
    print(json.dumps(asdict(await site.bare_worker(connector, settings).step())), flush=True)
    await connector.close()


def keep(site: Site, number: int) -> None:
    class Killed:
        @staticmethod
        def owe(*_: Any, **__: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

    notes.deliveries = Killed  # type: ignore[assignment]
    site.keep(number)


def main(folder: str, addresses: str, what: str, number: str) -> None:
    site = Site.reopened(Path(folder), json.loads(addresses))
    if what == "step":
        asyncio.run(step(site, int(number)))
    else:
        keep(site, int(number))
    site.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
