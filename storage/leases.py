"""Who does what only one may do at a time, of several processes on one database: until they give it back, or until it
runs out because they died, hang, or are cut off.

A lease keeps others from beginning. It does not stop whoever held it and goes on late; what that one writes has to be
harmless by other means (an update is taken once, a row is noted once).
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, text

from storage.schema import leases
from storage.transaction import Transaction, seconds

LASTS: Final = timedelta(seconds=30)
RENEW_EVERY_S: Final = 10.0

# In words of SQL that SQLite and PostgreSQL share. Whoever asks while another takes it waits for that one's commit.
_take = text(
    "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until)"
    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
    " WHERE leases.holder = excluded.holder OR leases.until <= :at"
)
_give_back = delete(leases).where(leases.c.name == bindparam("of"), leases.c.holder == bindparam("mine"))


def take(tx: Transaction, name: bytes, holder: bytes, *, at: datetime) -> bool:
    """Take a lease, or hold on to it. False: somebody else has it.

    Args:
        name: 16 bytes: the ref of what is to be done.
        holder: 16 bytes: who asks.
        at: the clocks of the machines that share a database must not differ by more than a part of ``LASTS``.
    """
    row = {"name": name, "holder": holder, "until": seconds(at + LASTS), "at": seconds(at)}
    return tx.db.execute(_take, row).rowcount == 1


def give_back(tx: Transaction, name: bytes, holder: bytes) -> None:
    tx.db.execute(_give_back, {"of": name, "mine": holder})


def holder_of(tx: Transaction, name: bytes, *, at: datetime) -> bytes | None:
    """Who has it now."""
    found: bytes | None = tx.db.scalar(
        select(leases.c.holder).where(leases.c.name == name, leases.c.until > seconds(at))
    )
    return found


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Forget those that ran out long ago."""
    tx.db.execute(delete(leases).where(leases.c.until <= seconds(at - 10 * LASTS)))
