"""The audit log in the database: who did what, to which record, why. Only ever added to.

One call at the place of the act, in its transaction: ``audit.record(tx, "person.revoked", at=now, reason="access",
about=ref)``. Who acts stands in the transaction. docs/decisions/0011-… says why it is as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final, Literal, get_args

from sqlalchemy import Row, bindparam, insert, or_, select

from storage.audit_chain import START, AuditBroken, Checkpoint, Entry
from storage.errors import Unknown, Unreadable
from storage.schema import audit, notes
from storage.sealing import base64url
from storage.store import Store
from storage.transaction import Transaction, seconds

Action = Literal[
    # collecting, changing, erasing what is known of somebody
    "note.kept",
    "note.amended",
    "note.withdrawn",
    "note.erased",
    "flag.taken",
    "flag.untaken",
    "flag.declined",
    "flag.worked",
    "flag.worsened",
    "flag.handed-on",
    "flag.closed",
    "flag.asked",
    "case.ticked",
    "case.closed",
    "plan.kept",
    "plan.dropped",
    "messages.dropped",
    # looking
    "note.opened",
    "notes.listed",
    "flags.listed",
    "flag.viewed",
    "cases.listed",
    "case.viewed",
    "plans.listed",
    "plan.viewed",
    "people.listed",
    "audit.listed",
    "questions.listed",
    # giving out
    "note.handed-over",
    "destination.confirmed",
    "destination.paused",
    "destination.resumed",
    "delivery.retried",
    "delivery.given-up",
    "delivery.repaired",
    "audit.exported",
    "backup.made",
    "backup.restored",
    # who may do what
    "session.begun",
    "session.refused",
    "key.linked",
    "key.released",
    "agency.added",
    "agency.changed",
    "desk.published",
    "rota.changed",
    "note.rewrapped",
    "master.rotated",
    "database.moved",
    "invite.made",
    "invite.redeemed",
    "invite.killed",
    "case.assigned",
    "case.removed",
    "person.added",
    "person.joined",
    "person.moved",
    "person.placed",
    "person.renewed",
    "person.left",
    "person.revoked",
]
"""All there is an entry for. A new one: here, in docs/formats/audit-log.md, and driven in tests/test_audited.py."""

ActReason = Literal[
    "authorship",  # the author's own note
    "casework",  # working on a case together
    "desk",  # serving the desk, in the chat
    "time-limit",  # the agency's, for how long notes stay
    "hand-over",  # what the case system is owed
    "enrolment",  # coming in by an invite
    "access",  # deciding who may do what
    "operation",  # minding the installation
    "oversight",  # looking after those who look
]
"""Why an act is done whose purpose follows from what it is."""

ReadingReason = Literal[
    "handling",  # working on this case or flag
    "break-glass",  # handling a note of a case that one does not work on; why, stands in words
    "supervision",  # supervising who does
    "complaint",  # examining one
    "request",  # of the person the note is about, or their data protection officer
    "order",  # of a court or authority
    "rehearsal",  # trying whether notes open
]
"""Why a note is read; said by whoever reads it, from this list, so that it can be counted."""

Reason = ActReason | ReadingReason
Outcome = Literal["done", "refused"]

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
REASONS: Final[tuple[Reason, ...]] = (*get_args(ActReason), *get_args(ReadingReason))
TO_THE_HOUR: Final[frozenset[Action]] = frozenset({"note.kept", "note.amended", "note.withdrawn"})
"""The note's own row tells the hour alone; its entry must not tell more."""

_CHAIN: Final = b"audit log"
MOST_WORDS: Final = 500
AT_ONCE: Final = 2_000
HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry with what is sealed in it, for reading.

    Attributes:
        operator: name of who acted at the command line.
        reason: one of ``REASONS``; ``?`` where it does not open with this installation's keys.
        words: what was typed besides.
        sealed_words: the same, sealed to others (``storage.reading_words``); then ``words`` is empty.
        to: who received it: a destination's name, or a person's ref in hex.
        key: id of the reader's key that opened it, hex.
    """

    entry: Entry
    operator: str = field(repr=False)
    reason: str
    words: str = field(repr=False)
    to: str = field(repr=False)
    key: str
    sealed_words: bytes = field(default=b"", repr=False)


_insert = insert(audit)
_head = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
_after = select(audit).where(audit.c.seq > bindparam("after")).order_by(audit.c.seq).limit(AT_ONCE)


def record(
    tx: Transaction,
    action: Action,
    *,
    at: datetime,
    reason: Reason,
    agency: bytes = b"",
    about: bytes = b"",
    words: str = "",
    to: str = "",
    key: str = "",
    sealed_words: bytes = b"",
    outcome: Outcome = "done",
) -> None:
    """Add an entry; it commits or not together with the act.

    Args:
        agency: ref of the agency concerned; empty for all of them.
        about: up to 32 bytes that name the record, never a word of it.
        words, to, key, sealed_words: see ``Listed``; sealed. ``words`` up to 500 characters.
    """
    if len(words) > MOST_WORDS:
        raise ValueError("words")
    tx.hold(_CHAIN)
    last, prev = head(tx)
    seq = last + 1
    told = {"reason": reason, "operator": tx.actor.name, "words": words, "to": to, "key": key}
    told["sealed_words"] = base64url.encode(sealed_words)
    sealed = tx.seal("audit", _place(seq), {name: value for name, value in told.items() if value})
    when = seconds(at)
    if action in TO_THE_HOUR:
        when -= when % HOUR_S
    entry = Entry(seq, when, tx.actor.kind, tx.actor.ref, action, agency, about, outcome, sha256(sealed).digest(), prev)
    tx.db.execute(
        _insert,
        {
            "seq": seq,
            "at": when,
            "actor_kind": entry.actor_kind,
            "actor": entry.actor,
            "action": action,
            "agency_ref": agency,
            "about": about,
            "outcome": outcome,
            "sealed_reason": sealed,
            "prev": prev,
            "hash": entry.digest(),
        },
    )


def head(tx: Transaction) -> tuple[int, bytes]:
    """Number and hash of the last entry; 0 and ``START`` when there is none."""
    found = tx.db.execute(_head).one_or_none()
    return (0, START) if found is None else (found.seq, found.hash)


def checkpoint(tx: Transaction, *, at: datetime) -> Checkpoint:
    """Where the log stands, signed."""
    return Checkpoint.sign(tx.keyring.audit, *head(tx), seconds(at))


def lines(store: Store, *, upto: int | None = None) -> Iterator[bytes]:
    """Every entry as the line it is in an export, in order; some thousand a transaction, so that the bot goes on.

    A row that cannot be an entry gives an empty line, which no verifier takes.
    """
    after = 0
    while True:
        rows = store.run_now(partial(_rows, after=after))
        for row in rows:
            if upto is not None and row.seq > upto:
                return
            yield _line(row)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].seq


def _rows(tx: Transaction, after: int) -> Sequence[Row[Any]]:
    return tx.db.execute(_after, {"after": after}).all()


def listed(
    tx: Transaction,
    *,
    agency: bytes | None = None,
    about: bytes | None = None,
    action: Action | None = None,
    at_most: int = 50,
) -> list[Listed]:
    """The newest entries, oldest first.

    Args:
        agency: those that concern it, those that concern all agencies among them.
        about: those about this record.
        action: those of this act.

    Raises:
        AuditBroken: a row that cannot be an entry.
    """
    query = select(audit).order_by(audit.c.seq.desc()).limit(at_most)
    if agency is not None:
        query = query.where(or_(audit.c.agency_ref == agency, audit.c.agency_ref == b""))
    if about is not None:
        query = query.where(audit.c.about == about)
    if action is not None:
        query = query.where(audit.c.action == action)
    return [_opened(tx, row) for row in reversed(tx.db.execute(query).all())]


def note_of(tx: Transaction, short: str) -> bytes:
    """The id of the note of a reference.

    Raises:
        Unknown: there is none.
    """
    found: bytes | None = tx.db.scalar(select(notes.c.id).where(notes.c.reference == short))
    if found is None:
        raise Unknown(f"there is no note {short}")
    return found


def _opened(tx: Transaction, row: Row[Any]) -> Listed:
    try:
        entry = Entry.parse(_line(row))
    except ValueError:
        raise AuditBroken(row.seq, "format") from None
    try:
        told = tx.open("audit", _place(row.seq), row.sealed_reason)
    except Unreadable:
        told = {"reason": "?"}
    return Listed(
        entry,
        told.get("operator", ""),
        told["reason"],
        told.get("words", ""),
        told.get("to", ""),
        told.get("key", ""),
        base64url.decode(told.get("sealed_words", "")),
    )


def _line(row: Row[Any]) -> bytes:
    try:
        return Entry(
            row.seq,
            row.at,
            row.actor_kind,
            row.actor,
            row.action,
            row.agency_ref,
            row.about,
            row.outcome,
            sha256(row.sealed_reason).digest(),
            row.prev,
            row.hash,
        ).line()
    except (TypeError, AttributeError):  # somebody put another type into a column
        return b""


def _place(seq: int) -> bytes:
    return seq.to_bytes(8, "big")
