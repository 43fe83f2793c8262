"""`integra sync status`: what waits, since when, why, and what to do."""

from datetime import datetime
from typing import Any

import typer

from bot.commands.common import AsJson, Data, operator, out, out_json
from bot.commands.sync import advice
from bot.installation import Installation
from storage import deliveries
from storage.deliveries import Standing
from storage.sync import queue
from storage.transaction import moment


def status(data: Data, as_json: AsJson = False) -> None:
    """Say of each destination what waits, since when, why, and what to do. No word of any note. Exit code 1 where
    somebody has to do something."""
    store = Installation.at(data).sync_store(operator=operator())
    try:
        found = store.run_now(lambda tx: deliveries.standing(tx, at=moment(queue.system_now(tx))))
    finally:
        store.close()
    if as_json:
        out_json([as_members(one) for one in found])
    elif not found:
        out("No destination is known yet: integra sync check, then integra sync run.")
    else:
        for one in found:
            for line in sentences(one):
                out(line)
    if any(one.parked or one.late or one.state != "open" for one in found):
        raise typer.Exit(1)


def sentences(one: Standing) -> list[str]:
    """For people: a line that says how it is, and one for each thing to do."""
    waits = sum(one.counts.get(state, 0) for state in ("pending", "leased"))
    done, parked = one.counts.get("acked", 0), one.counts.get("parked", 0)
    said = [f"{one.destination} ({one.kind}, {one.disclosure}): {done} filed, {waits} wait, {parked} parked."]
    if one.state == "down":
        since = f" since {_when(one.failing_since)}" if one.failing_since else ""
        said.append(f"  Nothing gets through{since} ({one.why}): {advice.of_destination(one.why, one.destination)}.")
        if one.next_at:
            said.append(f"  It is tried again at {_when(one.next_at)}.")
    elif one.state == "held":
        said.append(f"  A person paused it. To go on: integra sync resume --dest {one.destination}.")
    elif one.state == "unconfirmed":
        said.append(f"  Nothing is sent: {advice.of_destination(one.why, one.destination)}.")
    if one.counts.get("sent"):
        said.append(f"  {one.counts['sent']} sent, not acknowledged yet.")
    if one.oldest is not None:
        late = ", longer than it should" if one.late else ""
        said.append(f"  The oldest waits since about {_when(one.oldest)}{late}.")
    for reference, why, since_ in one.parked:
        said.append(
            f"  {reference} parked since {_when(since_)} ({why}): {advice.of_note(why, one.destination, reference)}."
        )
    if parked > len(one.parked):
        said.append(
            f"  … and {parked - len(one.parked)} more. Once all is mended:"
            f" integra sync retry --dest {one.destination} --all."
        )
    return said


def as_members(one: Standing) -> dict[str, Any]:
    """For machines."""
    return {
        "destination": one.destination,
        "kind": one.kind,
        "disclosure": one.disclosure,
        "state": one.state,
        "why": one.why,
        "counts": one.counts,
        "oldest": _iso(one.oldest),
        "failing_since": _iso(one.failing_since),
        "last_ok_at": _iso(one.last_ok_at),
        "next_at": _iso(one.next_at),
        "late": one.late,
        "parked": [
            {
                "reference": reference,
                "why": why,
                "since": since.isoformat(),
                "do": advice.of_note(why, one.destination, reference),
            }
            for reference, why, since in one.parked
        ],
    }


def _when(at: datetime | None) -> str:
    return at.strftime("%a %d %b %H:%M UTC") if at else "?"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
