"""One run of hand-over: what waits goes to a destination, each note once, whatever fails on the way.

    waiting notes ──open, render, pack──▶ one transaction: batch and its notes are fixed
                                            ▼
                                          deliver (again after a crash, the same bytes)
                                            ▼
                                          one transaction: notes are handed over, the bytes are dropped

A note that cannot be read is parked: tried again with every run, reported every time, in nobody's way but its own
amendments'.
"""

import heapq
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from storage import audit
from storage import notes as note_rows
from storage.errors import Stale
from storage.opened_attachments import Attached, attached
from storage.schema import batches, handovers, notes
from storage.sealing.errors import NoteUnreadable
from storage.sealing.opening import Expected, OpenedNote, open_note
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.sync import payload
from storage.sync.batch import NOWHERE, START, Batch, Connector, Event, Head, Step
from storage.sync.filedrop import signing_key
from storage.transaction import Transaction, seconds

MOST_IN_BATCH: Final = 1_000
"""Bounds memory: about 16 MB of text at the longest."""

MOST_ATTACHED_BYTES: Final = 50_000_000
"""Likewise: once a batch's photos and voice messages have so many bytes, no further note goes into it. A note has at
most 25 MB of them, and a third more in the batch."""

READ_AT_ONCE: Final = 100
"""Sealed notes fetched in one transaction, which holds up the bot for as long."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A note that was parked. ``code`` is one of ``storage.sealing.errors.UnreadableCode``, ``body``, or
    ``attachment``: one is missing, swapped or not to be opened with this key; see ``integra notes open``."""

    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class Report:
    """
    Attributes:
        handed_over: notes that this run brought over, those of a batch that an earlier run left among them.
        waiting: notes that wait still: what they amend is held or parked, or the batch was full.
        parked: notes that could not be read; each is in ``problems``.
        batch: number of the last batch delivered in this run, or None.
    """

    handed_over: int
    waiting: int
    parked: int
    batch: int | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    place: tuple[int, str]  # hour, reference
    amends: bytes | None
    event: Event = field(repr=False)

    def __lt__(self, other: "_Opened") -> bool:
        return self.place < other.place


def hand_over(
    store: Store,
    keyring_public: Collection[VerifyKey],
    key: OpeningKey,
    drop: Connector,
    *,
    at: datetime,
    agency_ref: bytes | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    step: Step = NOWHERE,
) -> Report:
    """Finish the batch that an earlier run left, then hand over what waits.

    Args:
        store: on a database opened with ``reads_notes=True``.
        keyring_public: ingest keys of every server whose notes are believed.
        key: the case system's; its signing key is derived from it.
        drop: where to.
        at: now, aware; the time of the batch.
        agency_ref: only this agency's notes; None: all. Where agencies share an installation, name it: a key
            that two desks list would bring one agency's notes to the other's case system.
        progress: told how many of how many notes were opened.
        step: see ``Step``.

    Raises:
        DropConflict, DropUnwritable, Busy: as the connector says; what was fixed stays and is delivered next time.
        Stale: another run or an erasure came between; nothing was fixed, run again.
    """
    destination = drop.destination
    delivered = _finish(store, drop, at, step)
    head = store.run_now(lambda tx: _head(tx, destination))
    candidates = store.run_now(lambda tx: _candidates(tx, destination, agency_ref))
    held = store.run_now(_held)
    opened, problems = _open(store, keyring_public, key, drop, candidates, held, progress)
    unopened = {row.id for row in candidates} - {one.event.note_id for one in opened}
    ordered = _in_order(opened, held | unopened)
    report = Report(
        handed_over=delivered[1],
        waiting=len(candidates) - len(problems) - len(ordered),
        parked=len(problems),
        batch=delivered[0],
        problems=tuple(problems),
    )
    if not ordered:
        return report
    drop.ready(head.batch + 1)
    events = [one.event for one in ordered]
    batch = drop.pack(events, head, signing_key(key), at)
    step("packed")
    store.run_now(lambda tx: _fix(tx, destination, head, batch, events, at, step))
    step("fixed")
    number, handed_over = _finish(store, drop, at, step)
    return Report(report.handed_over + handed_over, report.waiting, report.parked, number, report.problems)


def _finish(store: Store, drop: Connector, at: datetime, step: Step) -> tuple[int | None, int]:
    """Deliver the batch that is fixed and not yet marked; its number and notes, or (None, 0)."""
    fixed = store.run_now(lambda tx: _fixed(tx, drop.destination))
    if fixed is None:
        return None, 0
    drop.deliver(fixed, step)
    step("delivered")
    marked = store.run_now(lambda tx: _mark(tx, drop.destination, fixed.head.batch, at, step))
    step("marked")
    return fixed.head.batch, marked


def _open(
    store: Store,
    keyring_public: Collection[VerifyKey],
    key: OpeningKey,
    drop: Connector,
    candidates: Sequence[Any],
    held: Collection[bytes],
    progress: Callable[[int, int], None],
) -> tuple[list[_Opened], list[Problem]]:
    opened: list[_Opened] = []
    problems: list[Problem] = []
    stuck = set(held)  # these and their amendments take no place in the batch, or enough of them would stop it
    done = attached_bytes = 0
    for start in range(0, len(candidates), READ_AT_ONCE):
        rows = candidates[start : start + READ_AT_ONCE]
        bodies = store.run_now(partial(_bodies, ids=[row.id for row in rows]))
        for row in rows:
            if len(opened) == MOST_IN_BATCH or attached_bytes >= MOST_ATTACHED_BYTES:
                return opened, problems
            expected = Expected(row.agency_ref, row.id, row.flag_level, "chat")
            try:
                note = open_note(bodies.get(row.id) or b"", key, expected=expected, ingest_public_keys=keyring_public)
                things = store.run_now(partial(_attached, row=row, note=note, key=key, keyring_public=keyring_public))
                event = payload.event(
                    note.plaintext, note_id=row.id, reference=row.reference, source=drop.source, attachments=things
                )
                amends = payload.amended(event)
                if any(one.problem for one in things):
                    stuck.add(row.id)
                    problems.append(Problem(row.reference, "attachment"))
                elif amends in stuck:
                    stuck.add(row.id)
                else:
                    opened.append(_Opened((row.hour, row.reference), amends, event))
                    attached_bytes += sum(len(one.content) for one in things)
            except NoteUnreadable as refused:
                stuck.add(row.id)
                problems.append(Problem(row.reference, refused.code))
            except payload.NotAnEvent:
                stuck.add(row.id)
                problems.append(Problem(row.reference, "body"))
            done += 1
            progress(done, len(candidates))
    return opened, problems


def _in_order(opened: Sequence[_Opened], blocked: Collection[bytes]) -> list[_Opened]:
    """By hour and reference, each after the note it amends; without those that amend, near or far, a blocked one."""
    going = {one.event.note_id for one in opened}
    followers: dict[bytes, list[_Opened]] = {}
    ready: list[_Opened] = []
    for one in opened:
        if one.amends is not None and (one.amends in going or one.amends in blocked):
            followers.setdefault(one.amends, []).append(one)
        else:
            ready.append(one)
    heapq.heapify(ready)
    ordered: list[_Opened] = []
    while ready:
        first = heapq.heappop(ready)
        ordered.append(first)
        for follower in followers.get(first.event.note_id, ()):
            heapq.heappush(ready, follower)
    return ordered


def _head(tx: Transaction, destination: str) -> Head:
    last = tx.db.execute(
        select(batches.c.number, batches.c.last_seq, batches.c.last_line_sha256, batches.c.manifest_sha256)
        .where(batches.c.destination == destination)
        .order_by(batches.c.number.desc())
        .limit(1)
    ).one_or_none()
    return START if last is None else Head(*last)


def _candidates(tx: Transaction, destination: str, agency_ref: bytes | None) -> Sequence[Any]:
    given = select(handovers.c.note_id).where(handovers.c.destination == destination)
    query = (
        select(notes.c.id, notes.c.agency_ref, notes.c.reference, notes.c.flag_level, notes.c.hour)
        .where(notes.c.state == "waiting", notes.c.id.not_in(given))
        .order_by(notes.c.hour, notes.c.reference)
    )
    if agency_ref is not None:
        query = query.where(notes.c.agency_ref == agency_ref)
    return tx.db.execute(query).all()


def _bodies(tx: Transaction, ids: Sequence[bytes]) -> dict[bytes, bytes | None]:
    return {row.id: row.body for row in tx.db.execute(select(notes.c.id, notes.c.body).where(notes.c.id.in_(ids)))}


def _attached(
    tx: Transaction, row: Any, note: OpenedNote, key: OpeningKey, keyring_public: Collection[VerifyKey]
) -> tuple[Attached, ...]:
    try:
        body = json.loads(note.plaintext)
    except (ValueError, RecursionError):
        raise payload.NotAnEvent("body") from None
    return attached(tx, row.agency_ref, row.id, body, key, keyring_public)


def _held(tx: Transaction) -> set[bytes]:
    return set(tx.db.scalars(select(notes.c.id).where(notes.c.state == "held")))


def _fix(
    tx: Transaction,
    destination: str,
    after: Head,
    batch: Batch,
    events: Sequence[Event],
    at: datetime,
    step: Step,
) -> None:
    ids = [event.note_id for event in events]
    waiting = tx.db.scalar(select(func.count()).where(notes.c.id.in_(ids), notes.c.state == "waiting"))
    if _head(tx, destination) != after or _fixed(tx, destination) is not None or waiting != len(ids):
        raise Stale("another run or an erasure came between")
    tx.db.execute(
        insert(batches),
        {
            "destination": destination,
            "number": batch.head.batch,
            "last_seq": batch.head.seq,
            "last_line_sha256": batch.head.line_sha256,
            "manifest_sha256": batch.head.manifest_sha256,
            "data": batch.data,
            "manifest": batch.manifest,
            "signature": batch.signature,
        },
    )
    rows = [
        {"destination": destination, "note_id": note_id, "batch": batch.head.batch, "seq": seq}
        for seq, note_id in enumerate(ids, after.seq + 1)
    ]
    tx.db.execute(insert(handovers), rows)
    # Here, not once it has arrived: what may be out there has an entry, wherever the run is cut short.
    for note_id in ids:
        agency_ref = note_rows.agency_of(tx, note_id)
        audit.record(
            tx, "note.handed-over", at=at, reason="hand-over", agency=agency_ref, about=note_id, to=destination
        )
    step("fixing")


def _fixed(tx: Transaction, destination: str) -> Batch | None:
    row = tx.db.execute(
        select(batches).where(batches.c.destination == destination, batches.c.written_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    head = Head(row.number, row.last_seq, row.last_line_sha256, row.manifest_sha256)
    return Batch(head, row.data, row.manifest, row.signature)


def _mark(tx: Transaction, destination: str, number: int, at: datetime, step: Step) -> int:
    its = select(handovers.c.note_id).where(handovers.c.destination == destination, handovers.c.batch == number)
    marked = tx.db.execute(
        update(notes).where(notes.c.id.in_(its), notes.c.state == "waiting").values(state="handed-over")
    )
    tx.db.execute(
        update(batches)
        .where(batches.c.destination == destination, batches.c.number == number)
        .values(written_at=seconds(at), data=None, manifest=None, signature=None)
    )
    step("marking")
    return marked.rowcount
