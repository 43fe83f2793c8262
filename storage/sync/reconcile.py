"""Compare what we say was delivered with what the case system holds. Prints and keeps no word of any note.

missing        we say it is there; it is not            mended: delivered again
unsettled      it is there; we did not know             mended: settled
duplicate      it is there more than once               mended: the later ones are marked, where the system can
unowed         a note that this destination is not owed mended: owed
unknown        it names a note that we do not know      for a person: our database may be a restored one
orphan         ours by its author, but names no note    for a person
mismatch       it holds something else than was sent    for a person
drift          single fields differ                     for a person
gone           somebody deleted or merged it there      for a person
late           waits for longer than it should
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, get_args

from sqlalchemy import and_, func, select, update

from storage import audit, deliveries
from storage.schema import deliveries as rows
from storage.schema import destinations as destination_rows
from storage.schema import notes
from storage.sync import destinations, looking, queue
from storage.sync.base import DeliveryRef, Remote, Unanswered, Unsupported
from storage.sync.worker import Worker
from storage.transaction import Transaction, moment, seconds

AT_ONCE: Final = 500
Difference = Literal[
    "missing", "unsettled", "duplicate", "unowed", "unknown", "orphan", "mismatch", "drift", "gone", "late"
]
DIFFERENCES: Final[tuple[Difference, ...]] = get_args(Difference)
MENDED: Final = ("missing", "unsettled", "duplicate", "unowed")
STATES: Final = ("pending", "leased", "sent", "acked", "parked", "dead", "withdrawn")


@dataclass(slots=True)
class Report:
    """
    Attributes:
        read: records that the case system listed.
        compared: deliveries.
        counts: by state, and ``logged``: versions of notes that the destination is to be owed.
        days: day (UTC) -> counts by state, and ``digest`` over what is acknowledged: SHA-256 over the sorted lines
            ``note_id|version|payload_sha256``, each ended by LF. Whoever holds the same notes has the same.
        found: difference -> references of notes, or ids of records.
        mended: difference -> how many.
        balanced: logged = the sum over all states.
    """

    destination: str
    state: str
    oldest: datetime | None = None
    read: int = 0
    compared: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    days: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[Difference, list[str]] = field(default_factory=lambda: {name: [] for name in DIFFERENCES})
    mended: Counter[str] = field(default_factory=Counter)

    @property
    def balanced(self) -> bool:
        return self.counts["logged"] == sum(self.counts[state] for state in STATES)

    @property
    def clean(self) -> bool:
        """Nothing is left that differs: late and mended ones do not count."""
        left = [name for name, which in self.found.items() if which and self.mended[name] < len(which)]
        return self.balanced and not [name for name in left if name != "late"]


async def reconcile(
    worker: Worker,
    *,
    since: datetime | None = None,
    fix: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """
    Args:
        since: only notes from then on; None: all there are.
        fix: mend what can be mended; each leaves an entry in the audit log.

    Raises:
        Unanswered: the case system could not be read.
    """
    store, name = worker.store, worker.name
    remotes, loose = await _listed(worker)
    report = await store.run(partial(_begun, name=name, since=since, now=worker.now))
    report.read = sum(map(len, remotes.values())) + len(loose)
    report.found["orphan"] = loose
    digests: dict[str, list[str]] = defaultdict(list)
    total = sum(report.counts[state] for state in STATES)
    last, ours = 0, set[str]()
    while some := await store.run(partial(_some, name=name, since=since, after=last)):
        last = some[-1].id
        for row in some:
            key = f"{row.note_id.hex()}.v{row.version}"
            ours.add(key)
            sha256 = worker.opener.hashes.open(row.hash_for_sync, key)
            if row.state == "acked":
                digests[_day(row.hour)].append(f"{row.note_id.hex()}|{row.version}|{sha256}\n")
            there = remotes.get(key, [])
            if not there and row.state == "acked" and worker.connector.caps.repeat_safety != "file_ack":
                # A list may be cut short, or of one folder alone; what is asked for by its id is there or is not.
                ref = DeliveryRef(row.note_id.hex(), row.version)
                there = list(await worker.connector.find(ref, remote_id=row.remote_id))
            await _compare(report, worker, row, sha256, there, fix=fix)
        report.compared += len(some)
        progress(report.compared, total)
    unknown = [key for key in remotes if key not in ours]
    known = await store.run(partial(_known, name=name, keys=unknown)) if since is not None else set[str]()
    report.found["unknown"] = [one.remote_id for key in unknown if key not in known for one in remotes[key]]
    for day, lines in digests.items():
        report.days.setdefault(day, {})["digest"] = digest(lines)
    if fix:
        report.mended["unowed"] = await store.run(partial(_owe, worker=worker))
    return report


def digest(lines: Sequence[str]) -> str:
    """Over lines as ``Report.days`` says, in any order."""
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


async def _listed(worker: Worker) -> tuple[dict[str, list[Remote]], list[str]]:
    """Records by the id of what they hold, as they stand last; and ids of those that name no note."""
    last: dict[str, Remote] = {}
    if worker.connector.caps.lists:
        async for remote in worker.connector.list_since(None):
            last[f"{remote.note_id}.{remote.version}.{remote.remote_id}"] = remote
    found: dict[str, list[Remote]] = defaultdict(list)
    loose = []
    for remote in last.values():
        if not remote.note_id:
            loose.append(remote.remote_id)
        elif remote.state != "refused":
            found[DeliveryRef(remote.note_id, remote.version or deliveries.RECORDED).key].append(remote)
    return dict(found), loose


def _begun(tx: Transaction, *, name: str, since: datetime | None, now: queue.Now) -> Report:
    at = now(tx)
    (how,) = deliveries.standing(tx, at=moment(at), name=name)
    report = Report(name, how.state, how.oldest)
    agency_ref = how.agency_ref
    from_hour = 0 if since is None else seconds(since)
    mine = and_(rows.c.destination == name, notes.c.hour >= from_hour)
    by_day = (
        select(notes.c.hour, rows.c.state, func.count())
        .join(notes, notes.c.id == rows.c.note_id)
        .where(mine)
        .group_by(notes.c.hour, rows.c.state)
    )
    for hour, state, count in tx.db.execute(by_day):
        day = report.days.setdefault(_day(hour), {})
        day[state] = day.get(state, 0) + count
        report.counts[state] += count
    owed = select(rows.c.note_id).where(rows.c.destination == name, rows.c.note_id == notes.c.id)
    unowed = select(notes.c.reference).where(
        notes.c.agency_ref == agency_ref, notes.c.hour >= from_hour, notes.c.state != "withdrawn", ~owed.exists()
    )
    report.found["unowed"] = list(tx.db.scalars(unowed))
    withdrawals = (
        select(func.count())
        .select_from(rows.join(notes, notes.c.id == rows.c.note_id))
        .where(mine, rows.c.version == deliveries.WITHDRAWAL)
    )
    logged = (
        select(func.count())
        .select_from(notes)
        .where(
            notes.c.agency_ref == agency_ref,
            notes.c.hour >= from_hour,
            (notes.c.state != "withdrawn") | owed.exists(),
        )
    )
    report.counts["logged"] = (tx.db.scalar(logged) or 0) + (tx.db.scalar(withdrawals) or 0)
    late_before = (
        at - tx.db.execute(select(destination_rows.c.alarm_s).where(destination_rows.c.name == name)).scalar_one()
    )
    late = (
        select(notes.c.reference)
        .join(rows, rows.c.note_id == notes.c.id)
        .where(
            mine,
            rows.c.state.in_(("pending", "leased", "sent")),
            rows.c.case_seq.is_not(None),
            rows.c.created_at < late_before,
        )
        .order_by(rows.c.id)
        .limit(AT_ONCE)
    )
    report.found["late"] = list(tx.db.scalars(late))
    return report


def _some(tx: Transaction, *, name: str, since: datetime | None, after: int) -> list[Any]:
    query = (
        select(rows, notes.c.reference, notes.c.hour)
        .join(notes, notes.c.id == rows.c.note_id)
        .where(rows.c.destination == name, rows.c.id > after)
        .order_by(rows.c.id)
        .limit(AT_ONCE)
    )
    if since is not None:
        query = query.where(notes.c.hour >= seconds(since))
    return list(tx.db.execute(query).all())


def _known(tx: Transaction, *, name: str, keys: Sequence[str]) -> set[str]:
    found = set[str]()
    for start in range(0, len(keys), AT_ONCE):
        ids = [bytes.fromhex(key[:32]) for key in keys[start : start + AT_ONCE] if len(key) > 32]
        query = select(rows.c.note_id, rows.c.version).where(rows.c.destination == name, rows.c.note_id.in_(ids))
        found |= {f"{note_id.hex()}.v{version}" for note_id, version in tx.db.execute(query)}
    return found


async def _compare(
    report: Report, worker: Worker, row: Any, sha256: str, there: Sequence[Remote], *, fix: bool
) -> None:
    store, name = worker.store, worker.name
    if len(there) > 1:
        await _duplicates(report, worker, there, fix=fix)
    first = there[0] if there else None
    if row.state != "acked":
        if first is not None and row.state in ("sent", "pending") and first.state in looking.OPEN_STATES:
            report.found["unsettled"].append(row.reference)
            if fix and await store.run(partial(_settle, name=name, row=row, remote=first, worker=worker)):
                report.mended["unsettled"] += 1
        return
    if first is None:
        gone = row.remote_state in ("gone", "merged")
        lost = row.remote_state == "missing" or worker.connector.caps.repeat_safety != "file_ack"
        if gone:
            report.found["gone"].append(row.reference)
        elif lost:
            report.found["missing"].append(row.reference)
            if fix:
                await store.run(partial(_again, name=name, row=row, now=worker.now))
                report.mended["missing"] += 1
        return
    if first.state in ("gone", "merged"):
        report.found["gone"].append(row.reference)
    elif first.state == "missing":
        report.found["missing"].append(row.reference)
        if fix:
            await store.run(partial(_again, name=name, row=row, now=worker.now))
            report.mended["missing"] += 1
    elif sha256 and first.payload_sha256 not in ("", sha256):
        report.found["mismatch"].append(row.reference)
    elif first.drift:
        report.found["drift"].append(row.reference)


async def _duplicates(report: Report, worker: Worker, there: Sequence[Remote], *, fix: bool) -> None:
    keep, *extra = there
    for one in extra:
        report.found["duplicate"].append(one.remote_id)
        if not fix:
            continue
        try:
            await worker.connector.retire_duplicate(keep, one)
            report.mended["duplicate"] += 1
        except (Unsupported, Unanswered):
            continue


def _settle(tx: Transaction, *, name: str, row: Any, remote: Remote, worker: Worker) -> bool:
    now = worker.now(tx)
    here = and_(rows.c.id == row.id, rows.c.state == row.state)
    tx.db.execute(update(rows).where(here).values(ambiguous=1))
    done = looking.take(tx, name, remote, worker.opener.hashes, now=now) == "acked"
    _audit(tx, name, row, now)
    return done


def _again(tx: Transaction, *, name: str, row: Any, now: queue.Now) -> None:
    at = now(tx)
    here = and_(rows.c.id == row.id, rows.c.state == "acked")
    again = {"state": "pending", "ambiguous": 1, "next_at": 0, "remote_state": "", "done_at": None}
    tx.db.execute(update(rows).where(here).values(**again))
    queue.log(tx, row.id, "missed", now=at)
    _audit(tx, name, row, at)


def _audit(tx: Transaction, name: str, row: Any, now: int) -> None:
    audit.record(
        tx,
        "delivery.repaired",
        at=moment(now),
        reason="hand-over",
        agency=row.agency_ref,
        about=row.note_id,
        to=name,
    )


def _owe(tx: Transaction, *, worker: Worker) -> int:
    at = moment(worker.now(tx))
    agency_ref = destinations.get(tx, worker.name).agency_ref
    return deliveries.owe_all(tx, worker.name, agency_ref=agency_ref, at=at, at_most=10_000)


def _day(hour: int) -> str:
    return moment(hour).date().isoformat()
