"""The closed loop: whoever raised a flag hears that it was received, that it is in hand, and how it ended.

Phrases alone, with the reference: never a word of the note, nor who has it. In the quiet hours of its urgency it waits,
and is then told as it stands by then.
"""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot import duty
from bot.notices import tell
from dialogues.flag_life import OVER, OWNED, URGENCIES
from dialogues.model import Urgency
from storage import agencies, flags, notes, timers
from storage.errors import Unknown
from storage.outbox import Outgoing, Priority
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

URGENT = ("author-overdue", "flag-reaches-nobody")


def tell_author(
    tx: Transaction,
    world: "World",
    note_id: str,
    phrase: str,
    at: datetime,
    *,
    outcome: str = "",
    at_once: bool = False,
    again: bool = False,
) -> list[Outgoing]:
    """Tell the author of a flagged note, or nobody, where the author is gone.

    Args:
        at_once: in quiet hours, too: the author is there, or must know.
        again: as in ``bot.notices.tell``.
    """
    author = notes.author_of(tx, bytes.fromhex(note_id))
    if author is None:
        return []
    agency_ref, short, urgency = flags.about(tx, note_id)
    loud_at = duty.loud_at(tx, world, agency_ref, urgency, at)
    if loud_at > at and not at_once:
        timers.arm(tx, flags.TELL_AUTHOR, note_id, loud_at)
        return []
    timers.disarm(tx, flags.TELL_AUTHOR, note_id)
    row = agencies.by_ref(tx, agency_ref)
    args: dict[str, str | int] = {"reference": short, "urgency": f"urgency-{urgency}"}
    if outcome:
        args["outcome"] = f"outcome-{outcome}"
    if phrase == "author-received":
        args["by"] = _by(flags.life(tx, note_id).due_at, at, row)
    worse = _worse(urgency) or ("urgent" if outcome else None)  # a flag that is closed may be raised anew
    opens = f"my-notes.worse.{short}.{worse}" if worse else ""
    priority = Priority.URGENT if phrase in URGENT else Priority.REPLY
    return tell(
        tx, world, author, row.slug, phrase, args, at,
        opens=opens, label="button-worse", priority=priority, again=again,
    )  # fmt: skip


def quiet_is_over(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Take the timer of what an author was not told in quiet hours: it is told as it stands now."""
    try:
        life, outcome = flags.life(tx, note_id), flags.outcome(tx, note_id)
    except Unknown:
        return []
    if life.state in OWNED:
        return tell_author(tx, world, note_id, "author-in-hand", at)
    if life.state in OVER:
        return tell_author(tx, world, note_id, "author-closed", at, outcome=outcome) if outcome else []
    return tell_author(tx, world, note_id, "author-waits-again", at)


def _worse(urgency: Urgency) -> Urgency | None:
    """The next urgency up."""
    place = URGENCIES.index(urgency) + 1
    return URGENCIES[place] if place < len(URGENCIES) else None


def _by(due_at: datetime, at: datetime, row: agencies.AgencyRow) -> str:
    zone = ZoneInfo(row.profile["zone"])
    there, here = due_at.astimezone(zone), at.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%d.%m. %H:%M}"
