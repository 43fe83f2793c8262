"""Chats that nothing arrives at: the person blocked the assistant, closed the account, or never began the chat.

mark ──▶ the coordinators are told, once a day at most, by a timer of the agency ──▶ unmark: it is heard from again
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from dialogues.permissions import SERVES
from storage import flags, outbox, people, residue, timers
from storage.outbox import Outgoing
from storage.schema import addresses, memberships
from storage.schema import people as people_rows
from storage.transaction import Transaction, moment, seconds

WHY: Final = frozenset({"blocked", "gone"})
"""Why nothing arrives: blocked, or the account closed; no such chat. A message is refused for other reasons, too."""

TELL: Final = "unreachable"
"""Kind of the timer that has an agency's coordinators told; its ``about`` is the agency's ref, hex."""
TELL_EVERY: Final = timedelta(days=1)
GATHER: Final = timedelta(minutes=1)
"""So long the first of a day waits for others, and for whoever takes it back at once."""


def mark(tx: Transaction, address_ref: bytes, why: str, *, at: datetime) -> None:
    """Nothing arrives there any more. Once is enough: the first time and reason stay."""
    here = (addresses.c.ref == address_ref, addresses.c.unreachable_since.is_(None))
    marked = tx.db.execute(update(addresses).where(*here).values(unreachable_since=seconds(at), unreachable_why=why))
    if marked.rowcount == 0:
        return
    person_ref: bytes = tx.db.execute(select(addresses.c.person_ref).where(addresses.c.ref == address_ref)).scalar_one()
    places = people.places(tx, person_ref)
    if any(role in SERVES for _, role in places):  # flags that called them go on to somebody else
        timers.pull_in(tx, flags.DEADLINE, at)
    for agency_ref, _ in places:
        if timers.armed_until(tx, TELL, agency_ref.hex()) is None:
            timers.arm(tx, TELL, agency_ref.hex(), at + GATHER)


def unmark(tx: Transaction, address_ref: bytes, *, at: datetime) -> list[Outgoing]:
    """Something is heard from there, or arrived. Harmless where it was not marked.

    What could not be deleted from the chat is asked about anew: the question was not said meanwhile.

    Returns:
        What is now to be deleted from the chat, as nobody could meanwhile.
    """
    here = (addresses.c.ref == address_ref, addresses.c.unreachable_since.is_not(None))
    blank = {"unreachable_since": None, "unreachable_why": None}
    if tx.db.execute(update(addresses).where(*here).values(**blank)).rowcount == 0:
        return []
    if residue.of(tx, address_ref):
        timers.arm(tx, residue.ASK, "", at, address_ref=address_ref)
    return outbox.raise_erasures(tx, address_ref)


def marked(tx: Transaction) -> frozenset[bytes]:
    """Refs of all addresses that nothing arrives at."""
    return frozenset(tx.db.scalars(select(addresses.c.ref).where(addresses.c.unreachable_since.is_not(None))))


def since(tx: Transaction) -> dict[bytes, datetime]:
    """Person's ref -> since when nothing arrives at one of their chats."""
    query = select(addresses.c.person_ref, addresses.c.unreachable_since)
    query = query.where(addresses.c.unreachable_since.is_not(None)).order_by(addresses.c.unreachable_since.desc())
    return {person_ref: moment(at) for person_ref, at in tx.db.execute(query)}


def take_news(tx: Transaction, agency_ref: bytes, *, due_at: datetime, at: datetime) -> list[str]:
    """Handles of an agency's people who cannot be reached since its coordinators were last told, longest first.

    Where there are some the timer is set again, for those of the next day.

    Args:
        due_at: of the timer that led here.
    """
    query = (
        select(addresses.c.person_ref, people_rows.c.sealed_profile)
        .join(people_rows, people_rows.c.ref == addresses.c.person_ref)
        .join(memberships, memberships.c.person_ref == addresses.c.person_ref)
        .where(
            memberships.c.agency_ref == agency_ref,
            people_rows.c.revoked_at.is_(None),
            addresses.c.unreachable_since >= seconds(due_at - TELL_EVERY),
        )
        .order_by(addresses.c.unreachable_since, addresses.c.ref)
    )
    found = tx.db.execute(query).all()
    if found:
        timers.arm(tx, TELL, agency_ref.hex(), at + TELL_EVERY)
    return [tx.open("profile", row.person_ref, row.sealed_profile)["handle"] for row in found]
