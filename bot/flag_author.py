"""The closed loop: whoever raised a flag hears that it was received, that it is in hand, and how it ended.

Phrases alone, with the reference: never a word of the note, nor who has it. In the quiet hours of its urgency it waits,
and is then told as it stands by then.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from bot import duty
from bot.duty import Roster
from bot.notices import tell
from dialogues.flag_life import OVER, OWNED, URGENCIES
from dialogues.model import Urgency
from storage import flags, notes, people, timers
from storage.errors import Unknown
from storage.flags import Standing
from storage.outbox import Outgoing, Priority
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

URGENT: Final = ("author-overdue", "flag-reaches-nobody")


def tell_author(
    tx: Transaction,
    world: "World",
    flag: Standing,
    there: Roster,
    phrase: str,
    at: datetime,
    *,
    at_once: bool = False,
    again: bool = False,
) -> list[Outgoing]:
    """Tell the author of a flagged note, or nobody, where the author is gone.

    Args:
        at_once: in quiet hours, too: the author is there, or must know.
        again: as in ``bot.notices.tell``.
    """
    author = notes.author_of(tx, bytes.fromhex(flag.note_id))
    if author is None:
        return []
    loud_at = there.loud(flag.urgency, at)
    if loud_at > at and not at_once:
        timers.arm(tx, flags.TELL_AUTHOR, flag.note_id, loud_at)
        return []
    timers.disarm(tx, flags.TELL_AUTHOR, flag.note_id)
    args: dict[str, str | int] = {"reference": flag.reference, "urgency": f"urgency-{flag.urgency}"}
    if flag.outcome:
        args["outcome"] = f"outcome-{flag.outcome}"
    if phrase == "author-received":
        args["by"] = _by(flag.life.due_at, at, ZoneInfo(there.row.profile["zone"]))
    worse = _worse(flag.urgency) or ("urgent" if flag.outcome else None)  # what is closed may be raised anew
    opens = f"my-notes.worse.{flag.reference}.{worse}" if worse else ""
    priority = Priority.URGENT if phrase in URGENT else Priority.REPLY
    return tell(
        tx, world, author, there.row.slug, phrase, args, at,
        opens=opens, label="button-worse", priority=priority, again=again,
    )  # fmt: skip


def quiet_is_over(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Take the timer of what an author was not told in quiet hours: it is told as it stands now."""
    try:
        flag = flags.standing(tx, note_id)
    except Unknown:
        return []
    phrase = "author-waits-again"
    if flag.life.state in OWNED:
        phrase = "author-in-hand"
    elif flag.life.state in OVER:
        if not flag.outcome:
            return []
        phrase = "author-closed"
    return tell_author(tx, world, flag, duty.of_agency(tx, world, flag.agency_ref, at), phrase, at)


def ask(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing] | None:
    """Have the author of a flagged note asked for more; in quiet hours when they are over.

    Returns:
        None: there is nobody who can be asked.
    """
    author = notes.author_of(tx, bytes.fromhex(note_id))
    if author is None or not people.contacts(tx, author):
        return None
    flag = flags.standing(tx, note_id)
    there = duty.of_agency(tx, world, flag.agency_ref, at)
    loud_at = there.loud(flag.urgency, at)
    if loud_at > at:
        timers.arm(tx, flags.ASK_AUTHOR, note_id, loud_at)
        return []
    opens = f"note.amend.{flag.reference}"
    args = {"reference": flag.reference}
    return tell(
        tx, world, author, there.row.slug, "author-asked", args, at, opens=opens, label="author-asked-add"
    )  # fmt: skip


def asked_in_quiet(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Take the timer of a question to an author that was asked in quiet hours."""
    try:
        over = flags.life(tx, note_id).state in OVER
    except Unknown:
        return []
    return [] if over else ask(tx, world, note_id, at) or []


def _worse(urgency: Urgency) -> Urgency | None:
    """The next urgency up."""
    place = URGENCIES.index(urgency) + 1
    return URGENCIES[place] if place < len(URGENCIES) else None


def _by(due_at: datetime, at: datetime, zone: ZoneInfo) -> str:
    there, here = due_at.astimezone(zone), at.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%d.%m. %H:%M}"
