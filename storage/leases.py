"""Who does what only one may do at a time, of several processes on one database: until they give it back, or until it
runs out because they died, hang, or are cut off.

A lease keeps others from beginning. It does not stop whoever held it and goes on late; what that one writes has to be
harmless by other means (an update is taken once, a row is noted once).
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, text, update

from storage.schema import leases
from storage.transaction import Transaction, seconds

LASTS: Final = timedelta(seconds=30)
RENEW_EVERY_S: Final = 10.0

_held = (
    select(leases.c.holder, leases.c.until).where(leases.c.name == bindparam("of")).with_for_update(skip_locked=True)
)
# In words of SQL that SQLite and PostgreSQL share.
_first = text("INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until) ON CONFLICT DO NOTHING")


def take(tx: Transaction, name: bytes, holder: bytes, *, at: datetime) -> bool:
    """Take a lease, or hold on to it. False: somebody else has it.

    Args:
        name: 16 bytes: the ref of what is to be done.
        holder: 16 bytes: who asks.
        at: the clocks of the machines that share a database must not differ by more than a part of ``LASTS``.
    """
    row = {"name": name, "holder": holder, "until": seconds(at + LASTS)}
    held = tx.db.execute(_held, {"of": name}).one_or_none()
    if held is None:  # nobody has it, or somebody is taking it or giving it back just now
        return tx.db.execute(_first, row).rowcount == 1
    if held.holder != holder and held.until > seconds(at):
        return False
    tx.db.execute(update(leases).where(leases.c.name == name).values(holder=holder, until=row["until"]))
    return True


def give_back(tx: Transaction, name: bytes, holder: bytes) -> None:
    tx.db.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def holder_of(tx: Transaction, name: bytes, *, at: datetime) -> bytes | None:
    """Who has it now."""
    found: bytes | None = tx.db.scalar(
        select(leases.c.holder).where(leases.c.name == name, leases.c.until > seconds(at))
    )
    return found


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Forget those that ran out long ago."""
    tx.db.execute(delete(leases).where(leases.c.until <= seconds(at - 10 * LASTS)))
