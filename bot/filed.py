"""What the sync process has people told: that a note is filed, parked, closed there; that nothing gets through.

It writes timers that are due at once; the words are found here, and no word of a note is known on either side.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from bot.notices import tell
from storage import agencies, deliveries, notes
from storage.outbox import Outgoing, Priority
from storage.timers import Timer
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

WHY: Final = {
    "unknown-person": "filed-why-unknown-person",
    "conflict": "filed-why-conflict",
    "attachment": "filed-why-attachment",
    "recipient": "filed-why-key",
    "too-large": "filed-why-too-large",
    "http-401": "filed-why-access",
    "http-403": "filed-why-access",
    "rules-changed": "filed-why-rules",
    "moved": "filed-why-place",
    "no-folder": "filed-why-place",
    "enoent": "filed-why-place",
}
GONE: Final = ("gone", "merged", "missing")


def tell_filed(tx: Transaction, world: "World", timer: Timer, now: datetime) -> list[Outgoing]:
    """One of ``storage.deliveries.TOLD_AT_ONCE``."""
    match timer.kind:
        case deliveries.FILED:
            return _filed(tx, world, timer.about, now)
        case deliveries.DOWN | deliveries.LATE:
            return _destination(tx, world, timer, now)
        case _:
            return _delivery(tx, world, timer, now)


def _filed(tx: Transaction, world: "World", about: str, now: datetime) -> list[Outgoing]:
    note_id = bytes.fromhex(about)
    author = notes.author_of(tx, note_id)
    reference = deliveries.reference_of(tx, note_id)
    if author is None or reference is None:
        return []
    return tell(tx, world, author, "", "filed", {"reference": reference}, now, priority=Priority.REMINDER)


def _delivery(tx: Transaction, world: "World", timer: Timer, now: datetime) -> list[Outgoing]:
    note_id, _, destination = timer.about.partition(".")
    found = deliveries.told_of(tx, bytes.fromhex(note_id), destination)
    if found is None:
        return []
    args: dict[str, str | int] = {"reference": found.reference, "destination": destination}
    if timer.kind == deliveries.CLOSED:
        phrase = "delivery-gone" if found.remote_state in GONE else "delivery-closed"
    elif found.state == "parked":
        phrase, args["why"] = "delivery-parked", WHY.get(found.why, "filed-why-other")
    elif found.why == "drift":
        phrase = "delivery-drifted"
    else:
        return []  # it was mended before anybody had to be told
    return tell(tx, world, "desk", agencies.by_ref(tx, found.agency_ref).slug, phrase, args, now)


def _destination(tx: Transaction, world: "World", timer: Timer, now: datetime) -> list[Outgoing]:
    standing = deliveries.standing(tx, at=now, name=timer.about)
    if not standing:
        return []
    (one,) = standing
    slug = agencies.by_ref(tx, one.agency_ref).slug
    if timer.kind == deliveries.LATE:
        waiting = sum(one.counts.get(state, 0) for state in ("pending", "leased", "sent"))
        if not waiting:
            return []
        return tell(tx, world, "desk", slug, "delivery-late", {"count": waiting, "destination": timer.about}, now)
    if one.state != "down":
        return []
    args: dict[str, str | int] = {"destination": timer.about, "why": WHY.get(one.why, "filed-why-other")}
    said = tell(tx, world, "desk", slug, "destination-down", args, now)
    return said + tell(tx, world, "admins", slug, "destination-down", args, now)
