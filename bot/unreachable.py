"""People whom nothing reaches: their chat is marked as it is heard of, and their coordinators are told."""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.channels.base import Inbound, Reachable
from bot.notices import tell
from storage import agencies, outbox, reach
from storage.outbox import Outgoing
from storage.timers import Timer
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

MOST_NAMED = 20
NO_HANDLE = "-"


def heard_of_reach(tx: Transaction, inbound: Inbound, event: Reachable, at: datetime) -> list[Outgoing]:
    """The person blocked the assistant, or took that back; nothing is said to them.

    Returns:
        What is now to be deleted from their chat.
    """
    address_ref = tx.keyring.address_ref(inbound.channel, inbound.chat)
    if event.can:
        return reach.unmark(tx, address_ref, at=at)
    reach.mark(tx, address_ref, "blocked", at=at)
    outbox.bury_all(tx, address_ref, "blocked")
    return []


def tell_of_unreachable(tx: Transaction, world: "World", timer: Timer, at: datetime) -> list[Outgoing]:
    """Take the timer of an agency: whoever keeps its people hears whom nothing reaches, by handle alone."""
    agency_ref = bytes.fromhex(timer.about)
    handles = reach.take_news(tx, agency_ref, due_at=timer.due_at, at=at)
    if not handles:
        return []
    named = ", ".join(handle or NO_HANDLE for handle in handles[:MOST_NAMED])
    args: dict[str, str | int] = {"n": len(handles), "who": named + (" …" if len(handles) > MOST_NAMED else "")}
    slug = agencies.by_ref(tx, agency_ref).slug
    return tell(tx, world, "keepers", slug, "unreachable-keeper", args, at, opens="people", label="button-people")
