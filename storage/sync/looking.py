"""What a case system says of its records flows back: taken, refused, closed, gone. Never a word of them."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import and_, select, update

from storage import deliveries
from storage.schema import deliveries as rows
from storage.store import Store
from storage.sync import destinations, queue
from storage.sync.base import Connector, Remote, Unanswered
from storage.sync.own_keys import HashBox
from storage.sync.queue import Now
from storage.transaction import Transaction, moment

AT_ONCE: Final = 200
OPEN_STATES: Final = ("open", "closed", "merged", "withdrawn")
"""Of a record that is there."""


async def look(store: Store, connector: Connector, hashes: HashBox, now: Now, name: str) -> int:
    """Read what changed since the last look, and settle what it proves.

    Returns:
        How many records were read.

    Raises:
        Unanswered: see ``Connector.list_since``; what was read before counts.
    """
    cursor = (await store.run(lambda tx: destinations.get(tx, name))).cursor
    read, some = 0, list[Remote]()
    refused: Unanswered | None = None
    try:
        async for remote in connector.list_since(cursor or None):
            some.append(remote)
            if len(some) == AT_ONCE:
                cursor = await store.run(partial(_taken, some=some, cursor=cursor, hashes=hashes, now=now, name=name))
                read, some = read + len(some), []
    except Unanswered as failed:
        refused = failed
    await store.run(partial(_taken, some=some, cursor=cursor, hashes=hashes, now=now, name=name))
    if refused is not None:
        raise refused
    return read + len(some)


def _taken(tx: Transaction, *, some: Sequence[Remote], cursor: str, hashes: HashBox, now: Now, name: str) -> str:
    at = now(tx)
    for remote in some:
        take(tx, name, remote, hashes, now=at)
        cursor = remote.cursor or cursor
    destinations.looked(tx, name, now=at, cursor=cursor)
    return cursor


def take(tx: Transaction, name: str, remote: Remote, hashes: HashBox, *, now: int) -> str:
    """One record. What is under way is left alone: whoever sends it hears for himself.

    Returns:
        What it led to: ``acked``, ``parked``, ``noted``; empty: nothing.
    """
    try:
        note_id = bytes.fromhex(remote.note_id)
    except ValueError:
        return ""
    versions = [remote.version] if remote.version else [deliveries.RECORDED]
    row = tx.db.execute(
        select(rows).where(rows.c.destination == name, rows.c.note_id == note_id, rows.c.version.in_(versions))
    ).one_or_none()
    if row is None:
        return ""
    sent = hashes.open(row.hash_for_sync, f"{note_id.hex()}.v{row.version}")
    same = not sent or remote.payload_sha256 in ("", sent)
    here = and_(rows.c.id == row.id, rows.c.state == row.state)
    about = deliveries.about(note_id, row.version, name)
    if row.state in ("sent", "pending", "parked") and (row.state != "pending" or row.ambiguous):
        if remote.state == "refused" and row.state == "sent" and row.remote_id in ("", remote.remote_id):
            tx.db.execute(update(rows).where(here).values(remote_id=""))  # there is none
            return _parked(tx, name, row, (remote.reason or "refused-there")[:32], now)
        if remote.state in OPEN_STATES and not same and row.state == "sent":
            return _parked(tx, name, row, "conflict", now)
        if remote.state in OPEN_STATES and same and (row.state != "parked" or sent):
            tx.db.execute(
                update(rows)
                .where(here)
                .values(
                    state="acked",
                    why="drift" if remote.drift else "",
                    ambiguous=0,
                    next_at=0,
                    done_at=now,
                    remote_id=remote.remote_id[:255],
                    remote_url=remote.url[:512],
                    remote_state=remote.state,
                )
            )
            queue.log(tx, row.id, "acked", now=now)
            destinations.up(tx, name, now=now)
            queue.filed(tx, note_id, now=now)
            return "acked"
        return ""
    if row.state == "acked" and remote.state != row.remote_state and remote.state in (*OPEN_STATES, "gone", "missing"):
        tx.db.execute(update(rows).where(here).values(remote_state=remote.state))
        queue.log(tx, row.id, remote.state, now=now)
        if remote.state in ("closed", "gone", "merged", "missing"):
            deliveries.tell(tx, deliveries.CLOSED, about, at=moment(now))
        return "noted"
    return ""


def _parked(tx: Transaction, name: str, row: Any, why: str, now: int) -> str:
    """A person is to look at what was handed in; one that was taken back since is looked for by itself."""
    here = update(rows).where(rows.c.id == row.id, rows.c.state == row.state)
    if row.version == deliveries.RECORDED and deliveries.taken_back(tx, name, row.note_id):
        tx.db.execute(here.values(state="pending", why=why, next_at=now, ambiguous=1))
        queue.log(tx, row.id, "retry", now=now, why=why)
        return ""
    tx.db.execute(here.values(state="parked", why=why, next_at=None, done_at=now))
    queue.log(tx, row.id, "parked", now=now, why=why)
    deliveries.tell(tx, deliveries.PARKED, deliveries.about(row.note_id, row.version, name), at=moment(now))
    return "parked"
