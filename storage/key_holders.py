"""Whose a desk's key is: for what people do and keys do not, taking flags, and so that a key reads no longer than its
person may. That a person's access has ended does not make their key nobody's: only ``unlink`` does.
"""

from datetime import datetime

from sqlalchemy import delete, insert, select

from storage.errors import Unknown
from storage.schema import key_holders, page_sessions
from storage.transaction import Transaction, seconds


def holder_of(tx: Transaction, kid: bytes) -> bytes | None:
    """The ref of the person a key was linked to, or None."""
    found: bytes | None = tx.db.scalar(select(key_holders.c.person_ref).where(key_holders.c.kid == kid))
    return found


def keys_of(tx: Transaction, person_ref: bytes) -> list[bytes]:
    """Ids of the keys that were linked to a person, also to one whose access has ended."""
    theirs = select(key_holders.c.kid).where(key_holders.c.person_ref == person_ref).order_by(key_holders.c.since)
    return list(tx.db.scalars(theirs))


def link(tx: Transaction, kid: bytes, person_ref: bytes, *, at: datetime) -> bool:
    """Say whose a key is.

    Returns:
        False: it was this person's before.

    Raises:
        Unknown: it is somebody else's.
    """
    tx.hold(kid)
    known = holder_of(tx, kid)
    if known == person_ref:
        return False
    if known is not None:
        raise Unknown("key")
    tx.db.execute(insert(key_holders), {"kid": kid, "person_ref": person_ref, "since": seconds(at)})
    return True


def by_start(tx: Transaction, start: str) -> bytes:
    """The linked key whose id begins with these hex digits.

    Raises:
        Unknown: none, or more than one.
    """
    found = [kid for kid in tx.db.scalars(select(key_holders.c.kid)) if kid.hex().startswith(start)]
    if len(found) != 1:
        raise Unknown("key")
    return bytes(found[0])


def unlink(tx: Transaction, kid: bytes) -> None:
    """The key is nobody's; sessions that it opened end."""
    tx.db.execute(delete(key_holders).where(key_holders.c.kid == kid))
    tx.db.execute(delete(page_sessions).where(page_sessions.c.kid == kid))
