"""Roles that end by themselves: the person and the coordinators are warned, and at the date access is over."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.notices import tell
from storage import agencies, lapses, people
from storage.outbox import Outgoing, Priority
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World


def access_due(tx: Transaction, world: "World", about: str, at: datetime) -> list[Outgoing]:
    """Take the timer of a role: warn, or end it. The last admin's role never ends by itself."""
    due = lapses.due(tx, about, at=at)
    if due is None:
        return []
    agency = agencies.by_ref(tx, due.agency_ref)
    on = f"{due.until.astimezone(ZoneInfo(agency.profile['zone'])):%d.%m.%Y}"
    opens = f"people.one.{due.person_ref.hex()}"
    args = {"date": on, "role": f"role-{due.role}", "agency": agency.profile["name"]}
    if not due.over:
        warns: dict[str, Any] = {"priority": Priority.REMINDER, "expires_at": due.until}
        said = tell(tx, world, due.person_ref, agency.slug, "access-ends", args, at, **warns)
        warns |= {"opens": opens, "label": "button-renew-whom"}
        return said + tell(tx, world, "keepers", agency.slug, "access-ends-keeper", args, at, **warns)
    people.leave(tx, due.person_ref, due.agency_ref, at=at, force=True)
    said = tell(tx, world, due.person_ref, agency.slug, "access-over", args, at)
    return said + tell(tx, world, "keepers", agency.slug, "access-over-keeper", args, at, opens="people")
