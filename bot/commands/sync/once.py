"""`integra sync once`: deliver what waits, and end."""

import asyncio
from functools import partial
from typing import Any

import typer

from bot import logs, sync_wiring
from bot.commands.common import AsJson, Data, operator, out, out_json, progress
from bot.commands.sync.options import Destinations, Dests, Key
from bot.commands.sync.status import sentences
from bot.installation import Installation
from bot.sync_wiring import Parts
from storage import deliveries
from storage.deliveries import Standing
from storage.sync import destinations as rows
from storage.sync.registry import read_destinations
from storage.sync.worker import Step, Worker, run_until_done
from storage.transaction import Transaction, moment


def once(data: Data, destinations: Destinations, key: Key = None, dest: Dests = None, as_json: AsJson = False) -> None:
    """Deliver what waits, once; run it again any time, nothing is repeated. Exit code 1 while something waits or is
    parked."""
    installation = Installation.at(data)
    file = read_destinations(destinations)
    logs.configure(level="error")
    parts = sync_wiring.build(installation, file, key, only=dest or (), operator=operator())
    report = asyncio.run(_once(parts))
    if as_json:
        out_json(report)
    else:
        for one in report:
            for line in one["say"]:
                out(line)
    if not all(one["clean"] for one in report):
        raise typer.Exit(1)


def _standing(tx: Transaction, worker: Worker) -> list[Standing]:
    return deliveries.standing(tx, at=moment(worker.now(tx)), name=worker.name)


async def _once(parts: Parts) -> list[dict[str, Any]]:
    report = []
    try:
        for worker in parts.workers:
            state = sync_wiring.register(parts.store, worker.settings, now=worker.now)
            step = Step(state=state)
            if state not in ("held", "unconfirmed"):
                await parts.store.run(partial(rows.hurry, name=worker.name))
                step = await run_until_done(worker, progress=partial(progress, unit=worker.name))
            (how,) = await parts.store.run(partial(_standing, worker=worker))
            waits = sum(how.counts.get(one, 0) for one in ("pending", "leased"))
            parked = how.counts.get("parked", 0)
            caps = worker.connector.caps
            sent = "sent" if caps.repeat_safety == "file_ack" and caps.lists else "delivered"
            clean = not waits and not parked and how.state == "open"
            report.append(
                {
                    "destination": worker.name,
                    "delivered": step.done,
                    "waiting": waits,
                    "parked": parked,
                    "unproven": how.counts.get("sent", 0),
                    "state": how.state,
                    "why": how.why,
                    "clean": clean,
                    "say": [f"{worker.name}: {step.done} {sent}, {waits} wait, {parked} parked.", *sentences(how)[1:]],
                }
            )
    finally:
        await parts.close()
    return report
