"""Who does what only one may do at a time, of several processes on one database: until they give it back, or until it
runs out because they died, hang, or are cut off.

The database's clock says when that is, and no other: processes whose own clocks differ agree all the same.

A lease keeps others from beginning. It does not stop whoever held it and goes on late; what that one writes has to be
harmless by other means (an update is taken once, a row is noted once).
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import TextClause, bindparam, delete, text

from storage.schema import leases
from storage.transaction import Transaction

LASTS: Final = timedelta(seconds=30)
RENEW_EVERY_S: Final = 10.0
FAR: Final = 2
"""So many times ``LASTS`` ahead no lease can end, but where the clock was ahead when it was taken: it has run out. More
than once, for a clock that is put right by some seconds ends no lease."""

# ``excluded.until - :lasts`` is now. Whoever asks while another takes it waits for that one's commit.
_take = {
    "sqlite": text(
        "INSERT INTO leases (name, holder, until)"
        " VALUES (:name, :holder, CAST(strftime('%s', 'now') AS INTEGER) + :lasts)"
        " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
        " WHERE leases.holder = excluded.holder"
        " OR leases.until <= excluded.until - :lasts OR leases.until > excluded.until - :lasts + :far"
    ),
    "postgresql": text(  # not now(): that is when the turn began
        "INSERT INTO leases (name, holder, until)"
        " VALUES (:name, :holder, CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint) + :lasts)"
        " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
        " WHERE leases.holder = excluded.holder"
        " OR leases.until <= excluded.until - :lasts OR leases.until > excluded.until - :lasts + :far"
    ),
}
_sweep = {
    "sqlite": text(
        "DELETE FROM leases WHERE until <= CAST(strftime('%s', 'now') AS INTEGER) - :long"
        " OR until > CAST(strftime('%s', 'now') AS INTEGER) + :far"
    ),
    "postgresql": text(
        "DELETE FROM leases WHERE until <= extract(epoch FROM clock_timestamp()) - :long"
        " OR until > extract(epoch FROM clock_timestamp()) + :far"
    ),
}
_give_back = delete(leases).where(leases.c.name == bindparam("of"), leases.c.holder == bindparam("mine"))


def take(tx: Transaction, name: bytes, holder: bytes) -> bool:
    """Take a lease for ``LASTS``, or hold on to it. False: somebody else has it.

    Args:
        name: 16 bytes: the ref of what is to be done.
        holder: 16 bytes: who asks.
    """
    lasts = int(LASTS.total_seconds())
    row = {"name": name, "holder": holder, "lasts": lasts, "far": FAR * lasts}
    return tx.db.execute(_of(tx, _take), row).rowcount == 1


def give_back(tx: Transaction, name: bytes, holder: bytes) -> None:
    tx.db.execute(_give_back, {"of": name, "mine": holder})


def sweep(tx: Transaction) -> None:
    """Forget those that ran out long ago."""
    lasts = int(LASTS.total_seconds())
    tx.db.execute(_of(tx, _sweep), {"long": 10 * lasts, "far": FAR * lasts})


def _of(tx: Transaction, statements: dict[str, TextClause]) -> TextClause:
    return statements[tx.db.dialect.name]
