"""Compare what we say was delivered with what the case system holds. Prints and keeps no word of any note.

missing_remote     we say it is there; it is not            mended: delivered again
unsettled          it is there; we did not know             mended: settled
duplicate_remote   it is there more than once               mended: the later ones are marked, where the system can
unowed             a note that this destination is not owed mended: owed
unexpected_remote  it is there, and was taken back before
                   that, given up, or is parked             for a person
unknown_remote     it names a note that we do not know      for a person: our database may be a restored one
orphan_remote      ours by its author, but names no note    for a person
hash_mismatch      it holds something else than was sent    for a person
field_drift        single fields differ                     for a person
gone               somebody deleted or merged it there      for a person

late               waits for longer than it should
gap                a later note of its case is there, and this one is not
unacked_flag       flagged, and no coordinator has taken it

The last three differ on no side: they are what both sides should know of.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal, get_args

from sqlalchemy import and_, func, literal, select, update

from dialogues.flag_life import UNOWNED
from storage import audit, deliveries
from storage.deliveries import Standing
from storage.schema import deliveries as rows
from storage.schema import destinations as destination_rows
from storage.schema import flags, notes
from storage.sync import destinations, looking, queue
from storage.sync.base import DeliveryRef, Park, Remote, Unanswered, Unsupported
from storage.sync.worker import Worker
from storage.transaction import Transaction, moment, seconds

AT_ONCE: Final = 500
Difference = Literal[
    "missing_remote", "unsettled", "duplicate_remote", "unowed", "unexpected_remote", "unknown_remote", "orphan_remote",
    "hash_mismatch", "field_drift", "gone", "late", "gap", "unacked_flag",
]  # fmt: skip
DIFFERENCES: Final[tuple[Difference, ...]] = get_args(Difference)
MENDED: Final = ("missing_remote", "unsettled", "duplicate_remote", "unowed")
OPEN_MATTERS: Final = ("late", "gap", "unacked_flag")
NOT_THERE: Final = ("pending", "leased", "sent", "parked", "dead")
STATES: Final = ("pending", "leased", "sent", "acked", "parked", "dead", "withdrawn")


@dataclass(slots=True)
class Report:
    """
    Attributes:
        standing: how the destination stands: what waits, since when, and whether anything gets through.
        read: records that the case system listed.
        compared: deliveries.
        counts: by state, and ``logged``: versions of notes that the destination is to be owed.
        days: day (UTC) -> counts by state, ``logged``, and ``digest`` over what is acknowledged: SHA-256 over the
            sorted lines ``note_id|version|payload_sha256``, each ended by LF: the same for whoever holds the same.
        found: difference -> references of notes, or ids of records.
        mended: difference -> how many.
        balanced: logged = the sum over all states, on each day.
    """

    standing: Standing
    now: datetime
    read: int = 0
    compared: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    days: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[Difference, list[str]] = field(default_factory=lambda: {name: [] for name in DIFFERENCES})
    mended: Counter[str] = field(default_factory=Counter)

    @property
    def destination(self) -> str:
        return self.standing.destination

    @property
    def oldest_s(self) -> int | None:
        """How long the oldest delivery has waited; None: none waits."""
        oldest = self.standing.oldest
        return None if oldest is None else max(0, round((self.now - oldest).total_seconds()))

    @property
    def balanced(self) -> bool:
        every: list[Mapping[str, int]] = [self.counts, *self.days.values()]
        return all(one.get("logged", 0) == sum(one.get(state, 0) for state in STATES) for one in every)

    @property
    def clean(self) -> bool:
        """Nothing is left that differs: ``OPEN_MATTERS`` and mended ones do not count."""
        left = [name for name, which in self.found.items() if which and self.mended[name] < len(which)]
        return self.balanced and not set(left) - set(OPEN_MATTERS)


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
        Unanswered: the case system could not be read, or is none that can be.
    """
    store, name = worker.store, worker.name
    if not worker.connector.caps.finds:
        raise Unanswered(Park("no-lookup", "destination"))
    remotes, loose = await _listed(worker)
    report = await store.run(partial(_begun, name=name, since=since, now=worker.now))
    report.read = sum(map(len, remotes.values())) + len(loose)
    report.found["orphan_remote"] = loose
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
    report.found["unknown_remote"] = [one.remote_id for key in unknown if key not in known for one in remotes[key]]
    report.found["gap"] = [one for one in report.found["gap"] if one not in report.found["unsettled"]]
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
    report = Report(how, moment(at))
    agency_ref = how.agency_ref
    from_hour = 0 if since is None else seconds(since)
    mine = and_(rows.c.destination == name, notes.c.hour >= from_hour)
    _count(
        report,
        tx,
        select(notes.c.hour, rows.c.state, func.count())
        .join(notes, notes.c.id == rows.c.note_id)
        .where(mine)
        .group_by(notes.c.hour, rows.c.state),
    )
    owed = select(rows.c.note_id).where(rows.c.destination == name, rows.c.note_id == notes.c.id).exists()
    its = and_(notes.c.agency_ref == agency_ref, notes.c.hour >= from_hour)
    logged = literal("logged")
    _count(
        report,
        tx,
        select(notes.c.hour, logged, func.count())
        .where(its, (notes.c.state != "withdrawn") | owed)
        .group_by(notes.c.hour),
    )
    _count(
        report,
        tx,
        select(notes.c.hour, logged, func.count())
        .join(rows, rows.c.note_id == notes.c.id)
        .where(mine, rows.c.version == deliveries.WITHDRAWAL)
        .group_by(notes.c.hour),
    )
    named = select(notes.c.reference)
    report.found["unowed"] = list(tx.db.scalars(named.where(its, notes.c.state != "withdrawn", ~owed)))
    report.found["unacked_flag"] = list(
        tx.db.scalars(
            named.join(flags, flags.c.note_id == notes.c.id)
            .where(its, flags.c.state.in_(UNOWNED))
            .order_by(notes.c.hour, notes.c.reference)
        )
    )
    alarm_s = tx.db.execute(select(destination_rows.c.alarm_s).where(destination_rows.c.name == name)).scalar_one()
    late = and_(
        rows.c.state.in_(("pending", "leased", "sent")),
        rows.c.case_seq.is_not(None),
        rows.c.created_at < at - alarm_s,
    )
    later = rows.alias("later")
    passed = select(later.c.id).where(
        later.c.destination == name,
        later.c.case_key == rows.c.case_key,
        later.c.case_seq > rows.c.case_seq,
        later.c.state == "acked",
    )
    gap = and_(rows.c.state.in_(NOT_THERE), passed.exists())
    mine_named = named.join(rows, rows.c.note_id == notes.c.id).where(mine).order_by(rows.c.id)
    report.found["late"] = list(tx.db.scalars(mine_named.where(late)))
    report.found["gap"] = list(tx.db.scalars(mine_named.where(gap)))
    return report


def _count(report: Report, tx: Transaction, query: Any) -> None:
    """Hour, state, how many -> the counts of the report and of its days."""
    for hour, state, count in tx.db.execute(query):
        day = report.days.setdefault(_day(hour), {})
        day[state] = day.get(state, 0) + count
        report.counts[state] += count


def _some(tx: Transaction, *, name: str, since: datetime | None, after: int) -> list[Any]:
    second = rows.alias("second")
    followed = select(second.c.id).where(
        second.c.destination == name,
        second.c.note_id == rows.c.note_id,
        second.c.version > rows.c.version,
        second.c.state != "withdrawn",
    )
    query = (
        select(rows, notes.c.reference, notes.c.hour, followed.exists().label("followed"))
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
        if first is None or first.state not in looking.OPEN_STATES:
            return
        ours = bool(sha256) and first.payload_sha256 in ("", sha256)
        if row.state in ("parked", "dead", "withdrawn") and not (row.state == "parked" and ours):
            if not row.followed:  # its withdrawal is compared by itself
                report.found["unexpected_remote"].append(row.reference)
        elif row.state != "leased":
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
            report.found["missing_remote"].append(row.reference)
            if fix:
                await store.run(partial(_again, name=name, row=row, now=worker.now))
                report.mended["missing_remote"] += 1
        return
    if first.state in ("gone", "merged"):
        report.found["gone"].append(row.reference)
    elif first.state == "missing":
        report.found["missing_remote"].append(row.reference)
        if fix:
            await store.run(partial(_again, name=name, row=row, now=worker.now))
            report.mended["missing_remote"] += 1
    elif sha256 and first.payload_sha256 not in ("", sha256):
        report.found["hash_mismatch"].append(row.reference)
    elif first.drift:
        report.found["field_drift"].append(row.reference)


async def _duplicates(report: Report, worker: Worker, there: Sequence[Remote], *, fix: bool) -> None:
    keep, *extra = there
    for one in extra:
        report.found["duplicate_remote"].append(one.remote_id)
        if not fix:
            continue
        try:
            await worker.connector.retire_duplicate(keep, one)
            report.mended["duplicate_remote"] += 1
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
    again = {"state": "pending", "ambiguous": 1, "next_at": 0, "remote_id": "", "remote_state": "", "done_at": None}
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
