"""`integra outbox`: messages that can never arrive. Told by id, reason and age; never by what they say or to whom."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, out, out_json
from bot.commands.within import within
from bot.commands.words import short_enough
from storage import dead_letters
from storage import outbox as rows
from storage.dead_letters import DeadLetter
from storage.transaction import Transaction

outbox = typer.Typer(help="Messages that wait, and those that can never arrive.", no_args_is_help=True)

Ids = Annotated[list[int] | None, typer.Argument(help="Ids as `integra outbox list` shows them.")]
Every = Annotated[bool, typer.Option("--all", help="All dead letters.")]
Reason = Annotated[
    str,
    typer.Option(
        "--reason",
        help="Why, up to 500 characters, for the audit log; no name of the person concerned.",
        callback=lambda words: short_enough(words),
    ),
]

AGES = (("an hour", timedelta(hours=1)), ("a day", timedelta(days=1)), ("a week", timedelta(days=7)))
OLDER = "older"


@outbox.command("list")
def list_(data: Data, as_json: AsJson = False) -> None:
    """List dead letters: id, reason, channel, kind, when queued; counts; and how many messages wait."""
    now = system_clock()

    def read(tx: Transaction) -> tuple[int, list[DeadLetter]]:
        return rows.counts(tx)[0], dead_letters.listed(tx)

    waiting, dead = within(data, read)
    counts = {
        "reason": Counter(one.why for one in dead),
        "channel": Counter(one.channel for one in dead),
        "age": Counter(_age(one, now) for one in dead),
    }
    if as_json:
        out_json({"waiting": waiting, "dead": [_as_json(one) for one in dead], "counts": counts})
        return
    out(f"{waiting} wait to be sent; {len(dead)} can never arrive.")
    for what, found in counts.items():
        if found:
            out(f"by {what}: " + ", ".join(f"{count} {name}" for name, count in found.most_common()))
    for one in dead:
        what = f"{one.priority.name.lower()} {one.what}"
        out(f"{one.id}  {one.why}  {one.channel}  {what}  {one.at.isoformat(timespec='minutes')}")


@outbox.command("retry")
def retry(data: Data, ids: Ids = None, every: Every = False, as_json: AsJson = False) -> None:
    """Let dead letters wait again; a running assistant takes them up within some seconds."""
    chosen = _chosen(ids, every)
    count = within(data, lambda tx: dead_letters.retry(tx, chosen))
    if as_json:
        out_json({"retried": count})
        return
    out(f"{count} wait again.")


@outbox.command("drop")
def drop(data: Data, reason: Reason, ids: Ids = None, every: Every = False, as_json: AsJson = False) -> None:
    """Destroy dead letters, with an entry in the audit log; whoever they were for never gets them."""
    chosen = _chosen(ids, every)
    count = within(data, lambda tx: dead_letters.drop(tx, chosen, reason=reason, at=system_clock()))
    if as_json:
        out_json({"dropped": count})
        return
    out(f"{count} dropped.")


def _chosen(ids: list[int] | None, every: bool) -> list[int] | None:
    """Ids, or None for all."""
    if bool(ids) == every:
        raise typer.BadParameter("say which: ids as `integra outbox list` shows them, or --all")
    return ids or None


def _age(one: DeadLetter, now: datetime) -> str:
    return next((f"less than {name}" for name, length in AGES if now - one.at < length), OLDER)


def _as_json(one: DeadLetter) -> dict[str, Any]:
    return {
        "id": one.id,
        "reason": one.why,
        "channel": one.channel,
        "kind": one.what,
        "priority": one.priority.name.lower(),
        "at": one.at.isoformat(),
    }
