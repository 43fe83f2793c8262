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

OF_NOTE: Final = {
    "unknown-case": "filed-why-unknown-person",
    "unknown-person": "filed-why-unknown-person",
    "conflict": "filed-why-conflict",
    "gone": "filed-why-gone",
    "attachment": "filed-why-attachment",
    "recipient": "filed-why-key",
    "too-large": "filed-why-too-large",
    "no-receipt": "filed-why-receipt",
    "drift": "filed-why-mapping",
    "refused-there": "filed-why-other",
    **dict.fromkeys(("another-agency", "body", "changed"), "filed-why-unreadable"),
    **dict.fromkeys(("commit", "format", "header", "padding", "signature", "suite", "tag"), "filed-why-unreadable"),
}
"""A code of ``storage.delivery_codes`` to its phrase."""
OF_DESTINATION: Final = {
    **dict.fromkeys(("credentials", "forbidden", "switched-off"), "filed-why-access"),
    **dict.fromkeys(("certificate", "tls"), "filed-why-certificate"),
    **dict.fromkeys(("mapping", "no-lookup"), "filed-why-mapping"),
    **dict.fromkeys(("address", "no-such-address", "redirect", "unresolved"), "filed-why-place"),
    **dict.fromkeys(("moved", "moved-held", "upgraded"), "filed-why-place"),
    **dict.fromkeys(("enodev", "enoent", "enotdir", "no-folder"), "filed-why-place"),
    **dict.fromkeys(("edquot", "enospc"), "filed-why-full"),
    **dict.fromkeys(("eacces", "eio", "eperm", "erofs", "estale"), "filed-why-disk"),
    **dict.fromkeys(("busy", "changed-meanwhile", "connector-failed", "cut-off", "not-http"), "filed-why-silent"),
    **dict.fromkeys(("not-json", "refused-connection", "timeout", "too-long"), "filed-why-silent"),
    "rules-changed": "filed-why-rules",
    "no-receipt": "filed-why-receipt",
    "conflict": "filed-why-folder",
    "ack-refused": "filed-why-ack",
    "batch-refused": "filed-why-batch",
}
"""Likewise."""
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
    found = deliveries.told_of(tx, timer.about)
    if found is None:
        return []
    args: dict[str, str | int] = {"reference": found.reference, "destination": found.destination}
    if timer.kind == deliveries.CLOSED and found.withdrawal:
        return []  # what was taken back is closed there; that is as it should be
    if timer.kind == deliveries.CLOSED:
        phrase = "delivery-gone" if found.remote_state in GONE else "delivery-closed"
    elif found.state == "parked":
        phrase = "withdrawal-parked" if found.withdrawal else "delivery-parked"
        args["why"] = OF_NOTE.get(found.why, "filed-why-other")
    elif found.why == "drift":
        phrase = "withdrawal-drifted" if found.withdrawal else "delivery-drifted"
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
    args: dict[str, str | int] = {"destination": timer.about, "why": OF_DESTINATION.get(one.why, "filed-why-silent")}
    said = tell(tx, world, "desk", slug, "destination-down", args, now)
    return said + tell(tx, world, "admins", slug, "destination-down", args, now)
