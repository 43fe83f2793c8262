"""What a database that comes back from a backup must not do as if no time had passed, and what must not come back.

deletions   what was erased or ended since is erased and ended again
outbox      what waited to be said may have been said since: it is dropped; erasures are done again
questions   numbers jump ahead, so that no button of the lost time fits a later question
flags       deadlines that passed begin anew: who took a flag since is not known, and nobody is told of all at once
deliveries  what was not in a case system then may be since: it is looked for before it is sent
invites     those not used yet end: they may have been used since
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update

from storage import (
    audit,
    awaited,
    cases,
    deletions,
    deliveries,
    flags,
    notes,
    outbox,
    people,
    plans,
    retention,
    timers,
    walks,
)
from storage.deletions import Deletion
from storage.errors import Unknown
from storage.pins import Pin
from storage.schema import agencies as agency_rows
from storage.schema import conversations, invites
from storage.schema import flags as flag_rows
from storage.schema import notes as note_rows
from storage.schema import people as person_rows
from storage.schema import timers as timer_rows
from storage.sealing.signing import VerifyKey
from storage.transaction import Transaction, seconds

LEAP: Final = 1_000_000
"""More questions than a chat can have been asked since any backup."""
TOLD_ALREADY: Final = (notes.READ, cases.NEW_MEMBER, *deliveries.TOLD_AT_ONCE)
"""Timers due at once, which were taken right after the backup was made."""


@dataclass(slots=True)
class Settled:
    """
    Attributes:
        made_at: when the backup was made.
        entries: the number of the audit log's last entry in it.
        replayed: deletions since, done again.
        unsaid: messages that waited then and are not said.
        desks: agency ref -> the pin that holds since.
    """

    made_at: datetime
    entries: int = 0
    replayed: int = 0
    unsaid: int = 0
    desks: dict[bytes, Pin] = field(default_factory=dict)


def settle(tx: Transaction, since: Iterable[Deletion], *, made_at: datetime, at: datetime) -> Settled:
    """Do all of the above, in one transaction, and write it down in the audit log.

    Args:
        since: deletions that the file tells of; those that the database knows are passed over.
        made_at: when the backup was made.
        at: now.
    """
    done = Settled(made_at, audit.head(tx)[0])
    known = deletions.known(tx)
    for one in since:
        if one.ref not in known:
            deletions.adopt(tx, one, at=at)
            _again(tx, one, done, at)
            done.replayed += 1
    deliveries.doubt_all(tx)
    done.unsaid = outbox.drop_says(tx)
    tx.db.execute(update(conversations).values(question=conversations.c.question + LEAP))
    tx.db.execute(delete(timer_rows).where(timer_rows.c.kind.in_(TOLD_ALREADY)))
    _begin_anew(tx, at)
    tx.db.execute(delete(invites).where(invites.c.used_at.is_(None)))
    words = f"backup of {made_at:%Y-%m-%d %H:%M} UTC, log after entry {done.entries} lost"
    audit.record(tx, "backup.restored", at=at, reason="operation", words=words)
    tx.purged()
    return done


def _again(tx: Transaction, one: Deletion, done: Settled, at: datetime) -> None:
    about = [one.about[start : start + 16] for start in range(0, len(one.about), 16)]
    match one.kind:
        case "note-withdrawn":
            agency_ref = tx.db.scalar(select(note_rows.c.agency_ref).where(note_rows.c.id == about[0]))
            if notes.withdraw_again(tx, about[0].hex()):
                flags.withdraw(tx, about[0].hex())
                audit.record(tx, "note.withdrawn", at=at, reason="operation", agency=agency_ref or b"", about=about[0])
        case "note-erased":
            retention.erase_notes(tx, about, at=at, reason="operation")
        case "plan":
            plans.erase(tx, about[0].hex())
        case "walk":
            walks.erase(tx, about[0].hex())
        case "case":
            cases.close_by_tag(tx, about[0], about[1])
        case "member":
            cases.remove_by_tag(tx, about[0], about[1], about[2])
        case "role":
            if people.is_of(tx, about[0], about[1]):
                people.leave(tx, about[0], about[1], at=at, force=True)
        case "person":
            of = person_rows.c.ref == about[0], person_rows.c.revoked_at.is_(None)
            if tx.db.scalar(select(person_rows.c.ref).where(*of)) is not None:
                people.revoke(tx, about[0], at=at, force=True)
        case "address":
            people.forget_chat(tx, about[0], at=at)
        case "wish":
            awaited.take(tx, about[0])
        case "desk":
            if tx.db.scalar(select(agency_rows.c.ref).where(agency_rows.c.ref == about[0])) is not None:
                version = int.from_bytes(one.about[16:20], "big")
                done.desks[about[0]] = Pin(VerifyKey(one.about[20:]), version)


def _begin_anew(tx: Transaction, at: datetime) -> None:
    late = select(timer_rows.c.about).where(timer_rows.c.kind == flags.DEADLINE, timer_rows.c.due_at <= seconds(at))
    for note_id in tx.db.scalars(late).all():
        try:
            _, _, urgency = flags.about(tx, note_id)
        except Unknown:
            timers.disarm(tx, flags.DEADLINE, note_id)
            continue
        due_at = at + flags.DEADLINES[urgency]
        tx.db.execute(
            update(flag_rows).where(flag_rows.c.note_id == bytes.fromhex(note_id)).values(due_at=seconds(due_at))
        )
        timers.arm(tx, flags.DEADLINE, note_id, due_at)
