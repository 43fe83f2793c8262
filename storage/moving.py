"""A chat got another id: everything that is kept under the old one goes over, in one transaction."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Table, delete, insert, select, update

from storage import audit, awaited, outbox, people
from storage.outbox import Outgoing
from storage.reseal import COLUMNS, Sealed
from storage.schema import addresses, metadata, redemptions
from storage.schema import timers as timer_rows
from storage.transaction import Transaction

KEYED = tuple(table for table in metadata.sorted_tables if "address_ref" in table.c and table.name != "outbox")


def move(tx: Transaction, address_ref: bytes, channel: str, chat: str, *, at: datetime) -> list[Outgoing] | None:
    """Let a chat be known by another id.

    Args:
        chat: the new id.

    Returns:
        What waits there now, oldest first. None: somebody is reached at the new chat already; nothing was changed.
    """
    new = tx.keyring.address_ref(channel, chat)
    if new == address_ref:
        return outbox.of_address(tx, new)
    row = tx.db.execute(select(addresses).where(addresses.c.ref == address_ref)).one_or_none()
    if row is not None:
        if people.contact(tx, new) is not None:
            return None
        sealed = tx.seal("contact", new, {"channel": channel, "chat": chat})
        tx.db.execute(insert(addresses), {**row._mapping, "ref": new, "sealed_contact": sealed})
        tx.db.execute(delete(redemptions).where(redemptions.c.address_ref == new))  # of the time before it was known
        for table in KEYED:
            _rekey(tx, table, address_ref, new)
        awaited.move(tx, address_ref, new)
        about = {"about": address_ref.hex(), "kind": people.ERASE}
        where = [timer_rows.c[name] == value for name, value in about.items()]
        tx.db.execute(update(timer_rows).where(*where).values(about=new.hex()))
        tx.db.execute(delete(addresses).where(addresses.c.ref == address_ref))
        audit.record(tx, "person.moved", at=at, reason="operation", about=row.person_ref)
    outbox.readdress(tx, address_ref, channel, chat)
    tx.purged()
    return outbox.of_address(tx, new)


def _rekey(tx: Transaction, table: Table, old: bytes, new: bytes) -> None:
    """Columns that are bound to the address are sealed anew, in their new place."""
    keys = list(table.primary_key.columns)
    sealed = [one for one in COLUMNS if one.table is table]
    columns = {column.name: column for column in (*keys, table.c.address_ref, *(table.c[one.column] for one in sealed))}
    for row in tx.db.execute(select(*columns.values()).where(table.c.address_ref == old)).all():
        values: dict[str, Any] = {"address_ref": new}
        moved = SimpleNamespace(**{**row._mapping, "address_ref": new})
        for one in sealed:
            values |= _resealed(tx, one, row, moved)
        where = [key == getattr(row, key.name) for key in keys]
        tx.db.execute(update(table).where(*where).values(**values))


def _resealed(tx: Transaction, one: Sealed, row: Any, moved: Any) -> dict[str, bytes]:
    value = getattr(row, one.column)
    if value is None or one.place(row) == one.place(moved):
        return {}
    return {one.column: tx.keyring.seal(one.label, one.place(moved), tx.keyring.open(one.label, one.place(row), value))}
