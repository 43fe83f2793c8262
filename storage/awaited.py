"""Who wishes to be told when a question is answered: a chat and the question, sealed together; for a limited time.

wished ─▶ told, once, when new content answers it · taken back · out of date · the chat or the access ends ─▶ gone
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from storage import deletions
from storage.errors import Unreadable
from storage.schema import awaited
from storage.transaction import Transaction, seconds

LOOK: Final = "answered"
"""Kind of the timer that asks the content again; ``about`` is the ref looked at last, or empty."""
AT_ONCE: Final = 20
"""Questions that are asked again in one transaction: some tens of milliseconds."""
MOST: Final = 20
"""Wishes of one chat; one more lets the oldest go."""


@dataclass(frozen=True, slots=True)
class Wish:
    """
    Attributes:
        question: screened.
        known: id of the answer that it led to when it was wished for, or empty; that one is not told.
        until: seconds.
    """

    ref: bytes
    address_ref: bytes
    language: str
    question: str = field(repr=False)
    known: str
    until: int


def keep(
    tx: Transaction,
    ref: str,
    address_ref: bytes,
    *,
    language: str,
    question: str,
    known: str,
    until: datetime,
) -> None:
    """Keep a wish; the same question of the same chat once."""
    mine = of_chat(tx, address_ref)
    gone = [one.ref for one in mine if (one.language, one.question) == (language, question)]
    if len(mine) - len(gone) >= MOST:
        gone.append(min(mine, key=lambda one: (one.until, one.ref)).ref)
    _delete(tx, gone)
    _insert(tx, Wish(bytes.fromhex(ref), address_ref, language, question, known, seconds(until)))


def of_chat(tx: Transaction, address_ref: bytes) -> list[Wish]:
    """Which chat a wish is of is sealed, so all are opened; there are few."""
    return [one for one in _every(tx) if one.address_ref == address_ref]


def drop(tx: Transaction, ref: str, address_ref: bytes) -> None:
    """The person takes a wish back; nothing happens where it is not theirs, or gone."""
    for one in of_chat(tx, address_ref):
        if one.ref.hex() == ref:
            take(tx, one.ref)


def forget(tx: Transaction, address_ref: bytes) -> None:
    """The chat is nobody's any more, or its person's access ended."""
    _delete(tx, [one.ref for one in of_chat(tx, address_ref)])


def move(tx: Transaction, old: bytes, new: bytes) -> None:
    """The chat is known by another address."""
    for one in of_chat(tx, old):
        values = {"sealed_wish": _sealed(tx, one, new)}
        tx.db.execute(update(awaited).where(awaited.c.ref == one.ref).values(**values))


def sweep(tx: Transaction, *, at: datetime) -> int:
    """Let go what is out of date. Returns how many."""
    gone = int(tx.db.execute(delete(awaited).where(awaited.c.until <= seconds(at))).rowcount)
    if gone:
        tx.purged()
    return gone


def clear(tx: Transaction) -> None:
    """Let all go, where no questions are kept any more."""
    if tx.db.execute(delete(awaited)).rowcount:
        tx.purged()


def are_there(tx: Transaction) -> bool:
    return tx.db.execute(select(awaited.c.ref).limit(1)).first() is not None


def after(tx: Transaction, ref: str, *, at: datetime) -> tuple[list[Wish], str]:
    """The next wishes that are not out of date, and where to go on, or empty: there are no more.

    Args:
        ref: hex; empty for the first ones.
    """
    query = select(awaited).where(awaited.c.ref > bytes.fromhex(ref), awaited.c.until > seconds(at))
    rows = tx.db.execute(query.order_by(awaited.c.ref).limit(AT_ONCE)).all()
    found = [wish for row in rows if (wish := _opened(tx, row)) is not None]
    return found, rows[-1].ref.hex() if len(rows) == AT_ONCE else ""


def take(tx: Transaction, ref: bytes) -> bool:
    """Remove a wish that is told or taken back, for good: the restore of an older backup does not bring it again.

    Returns:
        False: another process did, or it is gone.
    """
    taken = tx.db.execute(delete(awaited).where(awaited.c.ref == ref)).rowcount == 1
    if taken:
        deletions.record(tx, "wish", ref)
        tx.purged()
    return taken


def place(ref: bytes) -> bytes:
    """What the sealed column is bound to."""
    return b"awaited" + ref


def _every(tx: Transaction) -> list[Wish]:
    return [wish for row in tx.db.execute(select(awaited)).all() if (wish := _opened(tx, row)) is not None]


def _insert(tx: Transaction, wish: Wish) -> None:
    values = {"ref": wish.ref, "until": wish.until, "sealed_wish": _sealed(tx, wish, wish.address_ref)}
    tx.db.execute(insert(awaited), values)


def _sealed(tx: Transaction, wish: Wish, address_ref: bytes) -> bytes:
    fields = {"to": address_ref.hex(), "language": wish.language, "question": wish.question, "known": wish.known}
    return tx.seal("question", place(wish.ref), fields)


def _opened(tx: Transaction, row: Any) -> Wish | None:
    """None: it does not open; nobody's turn fails for that."""
    try:
        value = tx.open("question", place(row.ref), row.sealed_wish)
    except Unreadable:
        return None
    return Wish(row.ref, bytes.fromhex(value["to"]), value["language"], value["question"], value["known"], row.until)


def _delete(tx: Transaction, refs: list[bytes]) -> None:
    if refs:
        tx.db.execute(delete(awaited).where(awaited.c.ref.in_(refs)))
        tx.purged()
