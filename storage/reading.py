"""Who may open a note without saying why: whoever has its flag in hand, works on its case, or serves its desk where it
is of no case. Everybody else of the desk says why, and the agency's supervisors are told.

Used where notes are given out (the page, the command line); it opens nothing itself, so the bot may import it.

    note_of ──▶ may_read ──▶ Own          ──▶ opening(reason="handling")
                        └──▶ NeedsReason  ──▶ opening(reason=…, words=…)   told to the supervisors
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import or_, select

from storage import audit, reading_words, timers
from storage.audit import ReadingReason
from storage.errors import ReasonNeeded, Unknown
from storage.notes import READ
from storage.pins import Pins
from storage.schema import case_members, flags, memberships, notes
from storage.transaction import Transaction

BREAK_GLASS: Final[ReadingReason] = "break-glass"
"""Handling a note of a case that one is no member of."""
LEAST_WORDS: Final = 8
"""Characters that a reason in words has at least, where one is needed."""


@dataclass(frozen=True, slots=True)
class Own:
    """Theirs to read. ``by``: a flag they took, a case they work on, or their desk, where the note is of no case."""

    by: Literal["flag", "case", "desk"]


@dataclass(frozen=True, slots=True)
class NeedsReason:
    """It is of a case that this person is no member of: reading it needs a reason, and is told."""


def note_of(tx: Transaction, short: str, desks: Collection[bytes]) -> bytes:
    """The id of the note of a reference.

    Args:
        desks: refs of the agencies whose desks the reader serves (``bot.access.Access.desks_of``).

    Raises:
        Unknown: no such note there; whether there is one elsewhere is not told.
    """
    here = (notes.c.reference == short, notes.c.agency_ref.in_(desks), notes.c.state != "withdrawn")
    found: bytes | None = tx.db.scalar(select(notes.c.id).where(*here))
    if found is None:
        raise Unknown("note")
    return found


def may_read(tx: Transaction, person_ref: bytes | None, note_id: bytes, desks: Collection[bytes]) -> Own | NeedsReason:
    """Whether a person may open a note, with its amendments, as theirs.

    Args:
        person_ref: None: nobody knows who it is; then a note of a case is nobody's own.
        desks: as in ``note_of``.

    Raises:
        Unknown: not of these desks, or not there.
    """
    here = select(notes.c.agency_ref, notes.c.case_tag, notes.c.amends).where(notes.c.id == note_id)
    row = tx.db.execute(here).one_or_none()
    if row is None or row.agency_ref not in desks:
        raise Unknown("note")
    root = row.amends or note_id
    whole = select(notes.c.id).where(or_(notes.c.id == root, notes.c.amends == root))
    taken = select(flags.c.note_id).where(
        flags.c.note_id.in_(whole), flags.c.owner_ref == person_ref, flags.c.state.not_in(("closed", "withdrawn"))
    )
    if person_ref is not None and tx.db.execute(taken).first() is not None:
        return Own("flag")
    if row.case_tag is None:
        return Own("desk")
    member = (
        select(case_members.c.since)
        .join(
            memberships,
            (memberships.c.person_ref == case_members.c.person_ref)
            & (memberships.c.agency_ref == case_members.c.agency_ref),
        )
        .where(
            case_members.c.agency_ref == row.agency_ref,
            case_members.c.tag == row.case_tag,
            case_members.c.person_ref == person_ref,
        )
    )
    works_on_it = person_ref is not None and tx.db.execute(member).first() is not None
    return Own("case") if works_on_it else NeedsReason()


def opening(
    tx: Transaction,
    person_ref: bytes | None,
    note_id: bytes,
    desks: Collection[bytes],
    *,
    at: datetime,
    reason: ReadingReason,
    words: str = "",
) -> None:
    """A person is about to open a note: may they, for this reason? Who is told is told by a timer due at once.

    The entry in the audit log is for whoever gives the note out, in the same transaction: ``given_out``.

    Args:
        person_ref, desks: as in ``may_read``.
        words: why, in words; needed with ``break-glass``.

    Raises:
        Unknown: as ``may_read``.
        ReasonNeeded: it is not theirs, and ``handling`` is no reason; or ``break-glass`` without words.
    """
    verdict = may_read(tx, person_ref, note_id, desks)
    if reason == "handling":
        if isinstance(verdict, NeedsReason):
            raise ReasonNeeded("that note is of a case you do not work on: say why you open it")
        return
    if reason == BREAK_GLASS and len(words.strip()) < LEAST_WORDS:
        raise ReasonNeeded("say in words why you open a note of a case you do not work on")
    timers.arm(tx, READ, f"{note_id.hex()}.{reason}", at)


def given_out(
    tx: Transaction,
    note_id: bytes,
    *,
    at: datetime,
    reason: ReadingReason,
    words: str = "",
    to: str = "",
    key: str = "",
    pins: Pins | None = None,
    outcome: audit.Outcome = "done",
) -> None:
    """The entry in the audit log that a note was given to whoever opens it; ``tx.actor`` says who.

    Args:
        words: sealed to the desk's supervisors, where the note is not opened for handling.
        to, key: see ``storage.audit.record``.
        pins: whose signature the desk must carry; None: the words are kept under the assistant's own keys.
    """
    here = select(notes.c.agency_ref).where(notes.c.id == note_id)
    agency_ref = tx.db.scalar(here) or b""
    sealed = b""
    if pins is not None and words and reason != "handling":
        sealed = reading_words.sealed(tx, pins, note_id, agency_ref, words, at=at)
    audit.record(
        tx,
        "note.opened",
        at=at,
        reason=reason,
        agency=agency_ref,
        about=note_id,
        words="" if sealed else words,
        sealed_words=sealed,
        to=to,
        key=key,
        outcome=outcome,
    )
