"""Messages that wait to be sent, in order within one chat, encrypted until they have arrived."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from dialogues.model import Choice, Document, Say
from storage.conversations import Shown, opened_shown
from storage.errors import Unreadable
from storage.schema import conversations, outbox
from storage.transaction import Transaction, moment, seconds

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class Priority(IntEnum):
    """What goes first where many wait; ``bot.line`` says what that means within one chat.

    URGENT: danger, and flags on their way to a desk. REPLY: what somebody waits for. REMINDER: what came by itself.
    """

    URGENT = 0
    REPLY = 1
    REMINDER = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message to others is about, for summing up several of them.

    Attributes:
        phrase: key of what it says.
        urgency: of the flag it is about, or empty.
        flag: that flag's reference, or empty.
        calls: ids, hex, of the flags that it calls its reader to take; these are kept with the message.
    """

    phrase: str
    urgency: str = ""
    flag: str = ""
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A committed message.

    Attributes:
        id: grows with time; the order within one address.
        channel, chat: where it goes; sealed with the rest, as strangers have no address.
        say: what to say, or None when it is an ``erase``.
        question: number of the question its buttons belong to.
        erase: id of the draft whose traces are to be deleted from the chat, or empty.
        turn: id of the first of the messages it was put together with, perhaps its own; nothing comes between these.
        expires_at: nobody needs it from then on; None: it is always needed.
        notice: what it is about; known in the turn that queued it. All that is kept of it is ``calls``.
    """

    id: int
    address_ref: bytes
    channel: str
    chat: str = field(repr=False)
    question: int = 0
    say: Say | None = field(default=None, repr=False)
    erase: str = ""
    turn: int = 0
    priority: Priority = Priority.REPLY
    expires_at: datetime | None = None
    notice: Notice | None = None

    def is_over(self, at: datetime) -> bool:
        """Whether it has become pointless."""
        return self.expires_at is not None and self.expires_at <= at


AT_ONCE = 500

_insert = insert(outbox)
_done = delete(outbox).where(outbox.c.id == bindparam("done"))
_waits = outbox.c.dead.is_(None)
_rows = select(outbox.c.id, outbox.c.address_ref, outbox.c.sealed_body, outbox.c.priority, outbox.c.expires_at)
_of_address = _rows.where(outbox.c.address_ref == bindparam("address"), _waits).order_by(outbox.c.id)
_of_address_shown = _of_address.add_columns(conversations.c.sealed_shown).outerjoin_from(
    outbox, conversations, conversations.c.address_ref == outbox.c.address_ref
)


def put(
    tx: Transaction,
    channel: str,
    chat: str,
    says: Sequence[Say] = (),
    *,
    question: int = 0,
    erase: Sequence[str] = (),
    notice: Notice | None = None,
    at: datetime,
    priority: Priority = Priority.REPLY,
    expires_at: datetime | None = None,
) -> list[Outgoing]:
    """Queue messages for one chat, in this order, erasures (draft ids) after them.

    Args:
        expires_at: from then on nobody needs them, and they go unsaid. None for danger, flags, receipts, answers.

    Returns:
        What was queued, for whoever sends it right after the commit.
    """
    address_ref = tx.keyring.address_ref(channel, chat)
    until = None if expires_at is None else seconds(expires_at)
    blank = Outgoing(
        0,
        address_ref,
        channel,
        chat,
        notice=notice,
        priority=priority,
        expires_at=None if until is None else moment(until),
    )
    queued: list[dict[str, Any]] = [{"question": question, "say": say} for say in says]
    queued += [{"erase": draft} for draft in erase]
    done: list[Outgoing] = []
    for what in queued:
        one = replace(blank, **what, turn=done[0].id if done else 0)
        row = {
            "address_ref": address_ref,
            "sealed_body": tx.seal("outbox", address_ref, _fields(one)),
            "created_at": seconds(at),
            "priority": int(priority),
            "expires_at": until,
        }
        key = tx.db.execute(_insert, row).inserted_primary_key
        assert key is not None  # noqa: S101  an insert of one row has one key
        done.append(replace(one, id=int(key[0]), turn=one.turn or int(key[0])))
    return done


def waiting(tx: Transaction, *, known: Collection[int] = (), at_most: int = 10_000) -> list[Outgoing]:
    """Rows that wait and are not yet known to whoever asks, oldest first: what a crash or an outage left, what another
    process queued, what was brought back from the dead. One that does not open is buried, and holds up no others.

    Args:
        known: ids that the asking process has in hand already; at most some thousand.
        at_most: so many are read; when so many come, there may be more.
    """
    seen = frozenset(known)
    ids = select(outbox.c.id).where(_waits).order_by(outbox.c.id).limit(at_most + len(seen))
    new = [id for id in tx.db.scalars(ids) if id not in seen][:at_most]
    found: list[Outgoing] = []
    for start in range(0, len(new), AT_ONCE):
        which = outbox.c.id.in_(new[start : start + AT_ONCE])
        for row in tx.db.execute(_rows.where(which, _waits).order_by(outbox.c.id)).all():
            try:
                found.append(_opened(tx, row))
            except Unreadable:
                bury(tx, row.id, "unreadable")
    return found


def of_address(tx: Transaction, address_ref: bytes) -> list[Outgoing]:
    """What waits for one chat, oldest first."""
    return [_opened(tx, row) for row in tx.db.execute(_of_address, {"address": address_ref})]


def of_address_shown(tx: Transaction, address_ref: bytes) -> tuple[list[Outgoing], Shown | None]:
    """The same, and where something waits, which message of the chat carries the open question's buttons, if known."""
    rows = tx.db.execute(_of_address_shown, {"address": address_ref}).all()
    shown = None
    with suppress(Unreadable):  # then a new message takes its place
        shown = opened_shown(tx, address_ref, rows[0].sealed_shown) if rows else None
    return [_opened(tx, row) for row in rows], shown


def still_waits(tx: Transaction, id: int) -> bool:
    """Whether it is still to be said; not when access to its chat has ended meanwhile, or it was given up."""
    return tx.db.scalar(select(outbox.c.id).where(outbox.c.id == id, _waits)) is not None


def still_waiting(tx: Transaction, ids: Sequence[int]) -> set[int]:
    """Which of many are still to be said."""
    parts = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
    return {id for part in parts for id in tx.db.scalars(select(outbox.c.id).where(outbox.c.id.in_(part), _waits))}


def count_of(tx: Transaction, address_ref: bytes, *, before: datetime) -> int:
    """How many of one chat wait since before a time."""
    which = (outbox.c.address_ref == address_ref, outbox.c.dead.is_(None), outbox.c.created_at < seconds(before))
    return int(tx.db.scalar(select(func.count()).where(*which)) or 0)


def done(tx: Transaction, ids: Iterable[int]) -> None:
    """They arrived, or must not arrive any more: their rows go."""
    rows = [{"done": id} for id in ids]
    if rows:
        tx.db.execute(_done, rows)


def bury(tx: Transaction, id: int, why: str) -> None:
    """It can never arrive; the row stays, with the reason, for `integra outbox`.

    Args:
        why: up to 32 characters, one word.
    """
    tx.db.execute(update(outbox).where(outbox.c.id == id).values(dead=why))


def bury_all(tx: Transaction, address_ref: bytes, why: str) -> list[int]:
    """Nothing arrives at this chat any more.

    Returns:
        Ids of those that waited.
    """
    here = (outbox.c.address_ref == address_ref, _waits)
    ids = list(tx.db.scalars(select(outbox.c.id).where(*here).order_by(outbox.c.id)))
    tx.db.execute(update(outbox).where(*here).values(dead=why))
    return ids


def raise_erasures(tx: Transaction, address_ref: bytes) -> list[Outgoing]:
    """The chat is reached again: words that were to be deleted there still are. Messages stay dead; they are old."""
    dead = [one for one in _read(tx, outbox.c.address_ref == address_ref, waits=False) if one.erase]
    for one in dead:
        tx.db.execute(update(outbox).where(outbox.c.id == one.id).values(dead=None))
    return dead


def readdress(tx: Transaction, address_ref: bytes, channel: str, chat: str) -> None:
    """Seal what is queued for one chat, the dead among it, to another."""
    new = tx.keyring.address_ref(channel, chat)
    for one in _read(tx, outbox.c.address_ref == address_ref, waits=None):
        moved = replace(one, channel=channel, chat=chat, turn=0 if one.turn == one.id else one.turn)
        values = {"address_ref": new, "sealed_body": tx.seal("outbox", new, _fields(moved))}
        tx.db.execute(update(outbox).where(outbox.c.id == one.id).values(**values))


def drop_says(tx: Transaction) -> int:
    """After a restore: what waited to be said may have been said; what was to be erased from a chat is erased again.

    Returns:
        How many messages were dropped.
    """
    dropped, after = 0, 0
    while rows := tx.db.execute(_rows.where(_waits, outbox.c.id > after).order_by(outbox.c.id).limit(AT_ONCE)).all():
        after = rows[-1].id
        gone = [row.id for row in rows if "erase" not in tx.open("outbox", row.address_ref, row.sealed_body)]
        done(tx, gone)
        dropped += len(gone)
    return dropped


def counts(tx: Transaction) -> tuple[int, int]:
    """How many wait, and how many are dead."""
    row = tx.db.execute(select(func.count(), func.count(outbox.c.dead))).one()
    return int(row[0]) - int(row[1]), int(row[1])


def _read(tx: Transaction, *where: ColumnElement[bool], waits: bool | None = True) -> list[Outgoing]:
    """``waits``: those that wait, those that are dead, or None for both; oldest first."""
    if waits is not None:
        where = (*where, _waits if waits else outbox.c.dead.is_not(None))
    return [_opened(tx, row) for row in tx.db.execute(_rows.where(*where).order_by(outbox.c.id)).all()]


def _opened(tx: Transaction, row: Any) -> Outgoing:
    fields = tx.open("outbox", row.address_ref, row.sealed_body)
    return replace(
        _outgoing(row.id, row.address_ref, fields),
        turn=fields.get("turn", 0) or row.id,
        priority=Priority(row.priority),
        expires_at=None if row.expires_at is None else moment(row.expires_at),
    )


def _fields(one: Outgoing) -> dict[str, Any]:
    turn = {"turn": one.turn} if one.turn else {}
    if one.say is None:
        return {"to": [one.channel, one.chat], "erase": one.erase, **turn}
    say = one.say
    return {
        "to": [one.channel, one.chat],
        "text": say.text,
        "title": say.title,
        "small": say.small,
        "rows": [[_choice(choice) for choice in row] for row in say.rows],
        "refresh": say.refresh,
        "private": say.private,
        "standing": say.standing,
        "question": one.question,
        **({"document": _documents().dump_python(say.document, mode="json")} if say.document is not None else {}),
        **({"urgent": True} if say.urgent else {}),
        **({"calls": list(one.notice.calls)} if one.notice is not None and one.notice.calls else {}),
        **turn,
    }


def _choice(one: Choice) -> list[Any]:
    return [one.key, one.label, one.lasting, *([one.opens] if one.opens else [])]


def _outgoing(id: int, address_ref: bytes, fields: dict[str, Any]) -> Outgoing:
    channel, chat = fields["to"]
    if "erase" in fields:
        return Outgoing(id, address_ref, channel, chat, erase=fields["erase"])
    rows = tuple(tuple(Choice(*choice) for choice in row) for row in fields["rows"])
    say = Say(
        fields["text"],
        fields["title"],
        fields["small"],
        rows,
        fields["refresh"],
        fields["private"],
        fields["standing"],
        _documents().validate_python(fields["document"]) if "document" in fields else None,
        fields.get("urgent", False),
    )
    notice = Notice("", calls=tuple(fields["calls"])) if "calls" in fields else None
    return Outgoing(id, address_ref, channel, chat, fields["question"], say, notice=notice)


@cache
def _documents() -> "TypeAdapter[Document]":
    from pydantic import TypeAdapter  # a tenth of a second that most commands do without

    return TypeAdapter(Document)
