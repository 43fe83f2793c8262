"""`integra sync reconcile`: whether a case system holds what we say it does."""

import asyncio
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any

import typer

from bot import logs, sync_wiring
from bot.commands.common import AsJson, Data, Refusal, operator, out, out_json, progress
from bot.commands.sync.options import Dest, Destinations, Key
from bot.commands.sync.status import as_members as standing_members
from bot.commands.sync.status import sentences as standing_sentences
from bot.installation import Installation
from bot.sync_wiring import Parts
from storage.sync import destinations as rows
from storage.sync.base import Unanswered
from storage.sync.exchange import MEANINGS
from storage.sync.reconcile import MENDED, STATES, Report
from storage.sync.reconcile import reconcile as compared
from storage.sync.registry import read_destinations
from storage.sync.worker import Worker
from storage.transaction import Transaction

WORDS = {
    "missing_remote": "we say it is there, it is not",
    "unsettled": "it is there, we did not know",
    "duplicate_remote": "there more than once",
    "unowed": "not on the list of what is to be delivered",
    "unknown_remote": "there, and not known here: was this database restored?",
    "unexpected_remote": "there, though it was taken back, given up, or waits for a person",
    "orphan_remote": "there, by us, without a note's id",
    "hash_mismatch": "there, with other content than was sent",
    "field_drift": "there, with single fields changed",
    "gone": "deleted or merged there by somebody",
    "late": "waits for longer than it should",
    "gap": "not there yet, though a later note of its case is",
    "unacked_flag": "flagged, and no coordinator has taken it yet",
}
CANNOT_READ = 2


def reconcile(
    data: Data,
    destinations: Destinations,
    dest: Dest,
    key: Key = None,
    since: Annotated[str, typer.Option(help="Only notes from this day on, such as 2026-03-01.")] = "",
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended; what was mended is said.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare what we say was delivered with what is there. Exit code 0: the same; 1: differences; 2: it could not be
    read."""
    logs.configure(level="error")
    parts = sync_wiring.build(
        Installation.at(data), read_destinations(destinations), key, only=[dest], operator=operator()
    )
    try:
        report = asyncio.run(_compared(parts, _day(since), fix))
    except Unanswered as refused:
        reason = refused.outcome.reason
        typer.echo(f"integra: {dest} could not be read: {MEANINGS.get(reason, reason)}", err=True)
        raise typer.Exit(CANNOT_READ) from None
    if as_json:
        out_json(as_members(report))
    else:
        for line in sentences(report):
            out(line)
    if not report.clean:
        raise typer.Exit(1)


async def _compared(parts: Parts, since: datetime | None, fix: bool) -> Report:
    (worker,) = parts.workers
    try:
        if worker.name not in await parts.store.run(rows.names):
            raise Refusal(f"nothing was ever sent to {worker.name}: integra sync once --dest {worker.name}")
        if fix and await parts.store.run(partial(_registered, worker=worker)) == "unconfirmed":
            raise Refusal(f"{worker.name} is at another place than before: integra sync confirm --dest {worker.name}")
        return await compared(worker, since=since, fix=fix, progress=progress)
    finally:
        await parts.close()


def _registered(tx: Transaction, *, worker: Worker) -> str:
    """As the file says, and without owing anything: what is not owed is a difference."""
    return rows.register(tx, worker.settings, now=worker.now(tx))


def sentences(report: Report) -> list[str]:
    counts = ", ".join(f"{report.counts[state]} {state}" for state in STATES if report.counts[state])
    said = [
        *standing_sentences(report.standing),
        f"{report.read} records read there, {report.compared} deliveries compared.",
        f"logged {report.counts['logged']} = {counts or 'nothing'}" + ("" if report.balanced else "  DOES NOT ADD UP"),
    ]
    for name, which in report.found.items():
        if which:
            mended = f", {report.mended[name]} mended" if report.mended[name] else ""
            how = "" if mended or name not in MENDED else "; mend with --fix"
            said.append(f"{len(which)} {name} ({WORDS[name]}{mended}{how}): {' '.join(which[:10])}")
            if len(which) > 10:
                said[-1] += " …"
    for day, about in sorted(report.days.items()):
        if "digest" in about:
            said.append(f"{day}  {about.get('acked', 0)} acked  {about['digest']}")
    said.append("The same on both sides." if report.clean else "There are differences.")
    return said


def as_members(report: Report) -> dict[str, Any]:
    return {
        "destination": report.destination,
        "standing": standing_members(report.standing),
        "oldest_s": report.oldest_s,
        "read": report.read,
        "compared": report.compared,
        "counts": dict(report.counts),
        "balanced": report.balanced,
        "differences": {name: which for name, which in report.found.items() if which},
        "mended": {name: count for name, count in report.mended.items() if count},
        "days": report.days,
        "clean": report.clean,
    }


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day such as 2026-03-01") from None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
