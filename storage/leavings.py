"""What a person would leave behind if access ended now: counts, nothing that opens."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select

from storage import people, residue
from storage.schema import conversations, invites, outbox, traces, walks
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Leavings:
    """
    Attributes:
        writing: a conversation is open; it may hold a draft.
        draft_messages: messages in the chat that hold a draft's words.
        waiting_messages: on their way to the chat.
        invites: made by them and not used yet.
        walks: under way.
        residue: messages with a note's words that the chat would not delete.
    """

    writing: bool
    draft_messages: int
    waiting_messages: int
    invites: int
    walks: int
    residue: int


def of_person(tx: Transaction, person_ref: bytes) -> Leavings:
    chats = people.addresses_of(tx, person_ref)
    here = conversations.c.address_ref.in_(chats), conversations.c.sealed_state.is_not(None)
    return Leavings(
        writing=_count(tx, conversations, *here) > 0,
        draft_messages=_count(tx, traces, traces.c.address_ref.in_(chats)),
        waiting_messages=_count(tx, outbox, outbox.c.address_ref.in_(chats), outbox.c.dead.is_(None)),
        invites=_count(tx, invites, invites.c.issuer_ref == person_ref, invites.c.used_at.is_(None)),
        walks=_count(tx, walks, walks.c.person_ref == person_ref),
        residue=sum(residue.of(tx, ref) for ref in chats),
    )


def _count(tx: Transaction, table: Table, *where: Any) -> int:
    return int(tx.db.execute(select(func.count()).select_from(table).where(*where)).scalar_one())
