"""`integra sync check`: whether a delivery would get through, before anything is sent."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import typer

from bot import logs, sync_wiring
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, operator, out, out_json
from bot.commands.sync.options import Destinations, Dests, Key
from bot.installation import Installation
from bot.sync_wiring import Parts
from storage.errors import BadInstallation
from storage.sync import destinations as rows
from storage.sync.base import Finding, Health
from storage.sync.registry import read_destinations
from storage.sync.worker import FIND_S, Worker

MOST_SKEW_S: Final = 60.0
ENDS_SOON: Final = timedelta(days=21)
MARKS: Final = {"fine": "ok  ", "warning": "look", "trouble": "MEND"}


def check(data: Data, destinations: Destinations, key: Key = None, dest: Dests = None, as_json: AsJson = False) -> None:
    """Try credentials, mapping, clock and certificate of each destination. Sends nothing, changes nothing. Exit code 1
    where something has to be mended."""
    installation = Installation.at(data)
    logs.configure(level="error")
    parts = sync_wiring.build(installation, read_destinations(destinations), key, only=dest or (), operator=operator())
    found = asyncio.run(_check(parts))
    if as_json:
        out_json(
            [
                {"destination": name, "level": one.level, "code": one.code, "what": one.what}
                for name, findings in found.items()
                for one in findings
            ]
        )
    else:
        for name, findings in found.items():
            out(name)
            for one in findings:
                out(f"  {MARKS[one.level]}  {one.what}")
    if any(one.level == "trouble" for findings in found.values() for one in findings):
        raise typer.Exit(1)


async def _check(parts: Parts) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    try:
        for worker in parts.workers:
            found[worker.name] = [*_agency(parts, worker), *findings_of(await _probed(worker), system_clock())]
    finally:
        await parts.close()
    return found


async def _probed(worker: Worker) -> Health:
    try:
        return await worker.health()
    except TimeoutError:
        return Health((Finding("trouble", "timeout", f"no answer within {FIND_S:.0f} seconds"),))


def _agency(parts: Parts, worker: Worker) -> list[Finding]:
    slug: Any = worker.settings.agency
    try:
        parts.store.run_now(lambda tx: rows.agency_of(tx, slug))
    except BadInstallation as unknown:
        return [Finding("trouble", "agency", str(unknown))]
    return [Finding("fine", "agency", f"notes of {slug}, {worker.settings.disclosure}")]


def findings_of(health: Health, at: datetime) -> list[Finding]:
    """What a probe found, with what follows of clock and certificate."""
    found = list(health.findings)
    if health.trouble is not None and not any(one.level == "trouble" for one in found):
        found.append(Finding("trouble", health.trouble.reason, f"nothing gets through: {health.trouble.reason}"))
    if health.clock_skew_s is not None:
        skew = health.clock_skew_s
        found.append(
            Finding(
                "fine" if abs(skew) <= MOST_SKEW_S else "trouble",
                "clock",
                f"its clock is {skew:+.0f} s from ours" if skew else "clocks agree",
            )
        )
    if health.tls_until is not None:
        left = health.tls_until - at.astimezone(UTC)
        found.append(
            Finding(
                "warning" if left < ENDS_SOON else "fine", "certificate", f"its certificate ends in {left.days} days"
            )
        )
    return found
