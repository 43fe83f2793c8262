"""Every sealed column there is, and how all of them come under the current generation of keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Row, Table, select, update

from storage import awaited as wishes
from storage import sites
from storage.keyring import Label
from storage.schema import (
    addresses,
    agencies,
    attachments,
    awaited,
    cases,
    conversations,
    flag_steps,
    gaps,
    invites,
    memberships,
    outbox,
    people,
    plans,
    rotas,
    traces,
    walks,
)
from storage.transaction import Transaction

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column. ``place``: what of its row it is bound to."""

    table: Table
    column: str
    label: Label
    place: Callable[[Row[Any]], bytes]


FOR_GOOD: Final = (("audit", "sealed_reason"),)
"""Columns that are never sealed anew: the audit log is only ever added to. See ``storage.keyring.FOR_GOOD``."""

COLUMNS: Final[tuple[Sealed, ...]] = (
    Sealed(agencies, "sealed_profile", "agency", lambda row: row.ref),
    Sealed(people, "sealed_profile", "profile", lambda row: row.ref),
    Sealed(memberships, "sealed_site", "profile", lambda row: sites.place(row.person_ref, row.agency_ref)),
    Sealed(invites, "sealed_site", "profile", lambda row: row.token_hash),
    Sealed(addresses, "sealed_contact", "contact", lambda row: row.ref),
    Sealed(conversations, "sealed_state", "state", lambda row: row.address_ref),
    Sealed(conversations, "sealed_shown", "state", lambda row: b"shown" + row.address_ref),
    Sealed(outbox, "sealed_body", "outbox", lambda row: row.address_ref),
    Sealed(traces, "sealed_message", "trace", lambda row: row.address_ref),
    Sealed(attachments, "sealed_handle", "medium", lambda row: row.note_id + bytes([row.number])),
    Sealed(walks, "sealed_progress", "walk", lambda row: row.id),
    Sealed(plans, "sealed_body", "plan", lambda row: row.id),
    Sealed(gaps, "sealed_theme", "question", lambda row: row.ref),
    Sealed(awaited, "sealed_wish", "question", lambda row: wishes.place(row.ref)),
    Sealed(flag_steps, "sealed_why", "flag", lambda row: row.note_id + row.number.to_bytes(4, "big")),
    Sealed(rotas, "sealed_rota", "rota", lambda row: row.agency_ref),
    Sealed(rotas, "sealed_before", "rota", lambda row: row.agency_ref),
    Sealed(cases, "sealed_case", "case", lambda row: row.agency_ref + row.tag),
)


def reseal(tx: Transaction, one: Sealed, *, at_most: int = AT_ONCE) -> int:
    """Bring some rows of a column under the current generation.

    Returns:
        How many were changed; 0: all of this column are.

    Raises:
        Unreadable: a row opens with no key there is; nothing of this transaction is kept.
    """
    column: Column[Any] = one.table.c[one.column]
    keys = list(one.table.primary_key.columns)
    # The first two bytes say version and generation; a range is the one test of bytes that both engines share.
    current = tx.keyring.mark
    readable = [
        other for other in one.table.c if other.name != "body"
    ]  # bodies are sealed to people, not to keys of ours
    others = select(*readable).where(column.is_not(None), (column < current) | (column >= after(current)))
    changed = 0
    for row in tx.db.execute(others.limit(at_most)).all():
        place = one.place(row)
        plain = tx.keyring.open(one.label, place, getattr(row, one.column))
        where = [key == getattr(row, key.name) for key in keys]
        sealed = tx.keyring.seal(one.label, place, plain)
        tx.db.execute(update(one.table).where(*where).values({one.column: sealed}))
        changed += 1
    return changed


def after(start: bytes) -> bytes:
    """The smallest bytes that are larger than all that begin with ``start``."""
    return (int.from_bytes(start, "big") + 1).to_bytes(len(start), "big")
