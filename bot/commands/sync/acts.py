"""What a named person decides about destinations and deliveries; each leaves an entry in the audit log."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot import sync_wiring
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, operator, out, out_json
from bot.commands.sync.options import Dest, Destinations, Key
from bot.commands.words import Words
from bot.installation import Installation
from storage import audit
from storage.audit import Action
from storage.sync import deciding
from storage.sync import destinations as rows
from storage.sync.filedrop import FileDrop
from storage.sync.registry import read_destinations
from storage.transaction import Transaction

T = TypeVar("T")
References = Annotated[list[str] | None, typer.Argument(help="References of notes, such as K7QF-3M2D.")]
Every = Annotated[bool, typer.Option("--all", help="All that are parked.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, up to 500 characters, for the audit log; no names.")]


def confirm(data: Data, destinations: Destinations, dest: Dest) -> None:
    """Say that a destination is right where the file says it is now; what waits for it is sent from now on."""
    listed = {one.name: one for one in read_destinations(destinations).destinations}
    if dest not in listed:
        raise Refusal(f"the file names no destination {dest}")
    state = _act(data, dest, "destination.confirmed", lambda tx: rows.confirm(tx, listed[dest]))
    held = f" It is paused still; to go on: integra sync resume --dest {dest}." if state == "held" else ""
    out(f"{dest} is confirmed.{held}")


def pause(data: Data, dest: Dest, words: Words = "") -> None:
    """Send nothing to a destination until somebody resumes it; nothing is lost."""
    _act(data, dest, "destination.paused", lambda tx: rows.hold(tx, dest, held=True), words)
    out(f"{dest} is paused.")


def resume(data: Data, dest: Dest) -> None:
    """Send to a paused destination again."""
    _act(data, dest, "destination.resumed", lambda tx: rows.hold(tx, dest, held=False))
    out(f"{dest} goes on.")


def retry(data: Data, dest: Dest, references: References = None, every: Every = False, as_json: AsJson = False) -> None:
    """Let parked notes be delivered again, once what was the matter is mended."""
    if bool(references) == every:
        raise typer.BadParameter("say which: references as `integra sync status` shows them, or --all")
    count = _within(data, lambda tx: deciding.retry(tx, dest, references, at=system_clock()))
    if as_json:
        out_json({"retried": count})
    else:
        out(f"{count} wait again.")


def give_up(data: Data, dest: Dest, reference: Annotated[str, typer.Argument()], reason: Reason) -> None:
    """Never deliver a parked note to this destination; it stays here, and counts as not handed over there."""
    if not reason.strip():
        raise Refusal("say why: --reason")
    _within(data, lambda tx: deciding.give_up(tx, dest, reference, words=reason, at=system_clock()))
    out(f"{reference} is given up for {dest}.")


def resend(
    data: Data,
    destinations: Destinations,
    dest: Dest,
    batch: Annotated[int, typer.Option("--batch", help="Number of the batch.")],
    key: Key = None,
) -> None:
    """Write a batch of files again, byte for byte, while it is not acknowledged."""
    parts = sync_wiring.build(
        Installation.at(data), read_destinations(destinations), key, only=[dest], operator=operator()
    )

    async def again() -> bool:
        try:
            connector = parts.workers[0].connector
            if not isinstance(connector, FileDrop):
                raise Refusal(f"{dest} takes no files")
            return await connector.resend(batch)
        finally:
            await parts.close()

    if not asyncio.run(again()):
        raise Refusal(f"batch {batch} is acknowledged, or there is none; its bytes are not kept")
    out(f"Batch {batch} is written again.")


def _act(data: Path, name: str, action: Action, what: Callable[[Transaction], T], words: str = "") -> T:
    def turn(tx: Transaction) -> T:
        done = what(tx)
        agency = rows.get(tx, name).agency_ref
        audit.record(tx, action, at=system_clock(), reason="hand-over", agency=agency, about=name.encode(), words=words)
        return done

    return _within(data, turn)


def _within(data: Path, what: Callable[[Transaction], T]) -> T:
    store = Installation.at(data).sync_store(operator=operator())
    try:
        return store.run_now(what)
    finally:
        store.close()
