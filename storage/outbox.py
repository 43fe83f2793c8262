"""Messages that wait to be sent, in order within one chat, encrypted until they have arrived."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, func, insert, select, update

from dialogues.model import Choice, Document, Say
from storage.errors import Unreadable
from storage.schema import outbox
from storage.transaction import Transaction, seconds


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A committed message.

    Attributes:
        id: grows with time; the order within one address.
        channel, chat: where it goes; sealed with the rest, as strangers have no address.
        say: what to say, or None when it is an ``erase``.
        question: number of the question its buttons belong to.
        erase: id of the draft whose traces are to be deleted from the chat, or empty.
    """

    id: int
    address_ref: bytes
    channel: str
    chat: str = field(repr=False)
    question: int = 0
    say: Say | None = field(default=None, repr=False)
    erase: str = ""


_documents = TypeAdapter(Document)
_insert = insert(outbox)
_done = delete(outbox).where(outbox.c.id == bindparam("done"))
_dead = update(outbox).where(outbox.c.id == bindparam("which")).values(dead=bindparam("why"))
_waiting = (
    select(outbox.c.id, outbox.c.address_ref, outbox.c.sealed_body).where(outbox.c.dead.is_(None)).order_by(outbox.c.id)
)


def put(
    tx: Transaction,
    channel: str,
    chat: str,
    says: Sequence[Say] = (),
    *,
    question: int = 0,
    erase: Sequence[str] = (),
    at: datetime,
) -> list[Outgoing]:
    """Queue messages for one chat, in this order, erasures (draft ids) after them.

    Returns:
        What was queued, for whoever sends it right after the commit.
    """
    address_ref = tx.keyring.address_ref(channel, chat)
    queued = [Outgoing(0, address_ref, channel, chat, question, say) for say in says]
    queued += [Outgoing(0, address_ref, channel, chat, erase=draft) for draft in erase]
    done = []
    for one in queued:
        sealed = tx.seal("outbox", address_ref, _fields(one))
        row = {"address_ref": address_ref, "sealed_body": sealed, "created_at": seconds(at)}
        key = tx.db.execute(_insert, row).inserted_primary_key
        assert key is not None  # noqa: S101  an insert of one row has one key
        done.append(replace(one, id=int(key[0])))
    return done


def waiting(tx: Transaction, *, at_most: int = 10_000) -> list[Outgoing]:
    """What a crash or an outage left, oldest first. One that does not open is buried, and holds up no others."""
    found = []
    for id, address_ref, sealed in tx.db.execute(_waiting.limit(at_most)).all():
        try:
            found.append(_outgoing(id, address_ref, tx.open("outbox", address_ref, sealed)))
        except Unreadable:
            bury(tx, id, "unreadable")
    return found


def of_address(tx: Transaction, address_ref: bytes) -> list[Outgoing]:
    """What waits for one chat, oldest first."""
    rows = tx.db.execute(_waiting.where(outbox.c.address_ref == address_ref))
    return [_outgoing(id, ref, tx.open("outbox", ref, sealed)) for id, ref, sealed in rows]


def still_waits(tx: Transaction, id: int) -> bool:
    """Whether it is still to be said; not when access to its chat has ended meanwhile."""
    return tx.db.scalar(select(outbox.c.id).where(outbox.c.id == id)) is not None


def done(tx: Transaction, ids: Iterable[int]) -> None:
    """They arrived, or must not arrive any more: their rows go."""
    rows = [{"done": id} for id in ids]
    if rows:
        tx.db.execute(_done, rows)


def bury(tx: Transaction, id: int, why: str) -> None:
    """It can never arrive; the row stays, with the reason, for `integra doctor`."""
    tx.db.execute(_dead, {"which": id, "why": why})


def counts(tx: Transaction) -> tuple[int, int]:
    """How many wait, and how many are dead."""
    row = tx.db.execute(select(func.count(), func.count(outbox.c.dead))).one()
    return int(row[0]) - int(row[1]), int(row[1])


def _fields(one: Outgoing) -> dict[str, Any]:
    if one.say is None:
        return {"to": [one.channel, one.chat], "erase": one.erase}
    say = one.say
    return {
        "to": [one.channel, one.chat],
        "text": say.text,
        "title": say.title,
        "small": say.small,
        "rows": [[[choice.key, choice.label, choice.lasting] for choice in row] for row in say.rows],
        "refresh": say.refresh,
        "private": say.private,
        "standing": say.standing,
        "question": one.question,
        **({"document": _documents.dump_python(say.document, mode="json")} if say.document is not None else {}),
    }


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
        _documents.validate_python(fields["document"]) if "document" in fields else None,
    )
    return Outgoing(id, address_ref, channel, chat, fields["question"], say)
