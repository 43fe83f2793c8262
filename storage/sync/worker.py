"""Delivers to one destination what it is owed: each note once in effect, in order within its case, however often this
is cut short.

    step:  paused? ─▶ probe ─▶ claim (lease) ─▶ open ─▶ fix the hash ─▶ find, where it may be there ─▶ send ─▶ settle
                                                                                                        └▶ look there

While nothing gets through there is one probe at a time, ever more rarely, and no note is touched. Nothing ends by age.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from secrets import SystemRandom
from typing import Final

import structlog

from storage import deliveries
from storage.store import Store
from storage.sync import destinations, looking, queue, settling
from storage.sync.base import (
    Accepted,
    Connector,
    Delivery,
    Health,
    Outcome,
    Park,
    Remote,
    Retry,
    Sent,
    Unanswered,
    Unsupported,
)
from storage.sync.opening import Opener, Ready, Unreadable
from storage.sync.pauses import asked_s, pause_s
from storage.sync.queue import Claimed, Now
from storage.sync.settings import Destination
from storage.transaction import Transaction

log = structlog.get_logger()

FIND_S: Final = 60.0
"""With the longest ``within_s`` still less than a lease."""
LOOK_EVERY_S: Final = 300
LOOK_EVERY_WITH_SENT_S: Final = 60
"""Where something was handed in and its proof is awaited."""
ALARM_EVERY_S: Final = 60
"""How often it is asked how long the oldest has waited: all that wait are read for that."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did.

    Attributes:
        tried: deliveries that were claimed.
        done: of those, that came to be there or were handed in.
        parked: that a person must look at now.
        state, why: of the destination, afterwards.
        next_at: when there is something to do again, seconds since 1970; None: not until something new is owed.
    """

    tried: int = 0
    done: int = 0
    parked: int = 0
    state: str = "open"
    next_at: int | None = None
    why: str = ""


@dataclass(slots=True)
class Worker:
    """
    Attributes:
        now: the clock, see ``queue.Now``.
        roll: evenly between 0 and 1.
        reached: told the name of each stage once it is past; tests stop the run there.
    """

    store: Store
    settings: Destination
    connector: Connector
    opener: Opener
    now: Now = queue.system_now
    roll: Callable[[], float] = SystemRandom().random
    reached: Callable[[str], None] = lambda name: None
    _alarm_at: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        return self.settings.name

    async def step(self) -> Step:
        """Deliver once what is due: one batch, or as many notes at once as the destination takes."""
        row, now, claimed, step = await self.store.run(self._begin)
        if row.state == "down" and step is None:
            if (trouble := await self._probe()) is not None:
                return await self.store.run(partial(self._went_down, trouble=trouble))
            claimed = await self.store.run(partial(self._claim, careful=True))
        if claimed:
            self.reached("claimed")
            step = await self._deliver(claimed)
        elif step is None:
            step = await self.store.run(self._answered)
        if step.state == "open" and self._may_look(row, now, step):
            await self._look()
            step = await self.store.run(partial(self._ended, step=step))
        return step

    async def health(self) -> Health:
        """What a probe says now.

        Raises:
            TimeoutError: nothing, for too long.
        """
        made = await self.store.run(lambda tx: queue.unproven(tx, self.name))
        return await asyncio.wait_for(self.connector.probe(made=made), FIND_S)

    async def look(self) -> None:
        """Learn now what became there of what was handed in."""
        await self._look()

    # ------------------------------------------------------------ one round

    def _begin(self, tx: Transaction) -> tuple[destinations.Row, int, list[Claimed], Step | None]:
        """The row, now, and what was claimed; or the step, if there is nothing to be done. Neither: it is to be asked
        first whether anything gets through."""
        row, now = destinations.get(tx, self.name), self.now(tx)
        if row.state in ("held", "unconfirmed"):
            self._alarm(tx, row, now)
            return row, now, [], Step(state=row.state, why=row.why)
        if row.state == "down":
            # A time far ahead was written by a clock that was ahead.
            self._alarm(tx, row, now)
            paused = now < row.next_at <= now + queue.DAY_S
            return row, now, [], Step(state="down", next_at=row.next_at, why=row.why) if paused else None
        claimed = self._claim(tx, careful=row.rejects >= destinations.SCHEMA_CHANGED_AFTER)
        return row, now, claimed, None if claimed else self._ended(tx, step=Step(), row=row)

    def _claim(self, tx: Transaction, *, careful: bool) -> list[Claimed]:
        caps = self.connector.caps
        together = caps.max_batch > 1
        most = 1 if careful else caps.max_batch if together else caps.parallel
        return queue.claim(tx, self.name, now=self.now(tx), most=most, together=together)

    def _answered(self, tx: Transaction) -> Step:
        destinations.answered(tx, self.name)
        return self._ended(tx, step=Step())

    async def _deliver(self, claimed: Sequence[Claimed]) -> Step:
        ready: list[Ready] = []
        unreadable: list[Unreadable] = []
        async for made in self.opener.opened(self.store, claimed, self.settings, self.connector.caps):
            ready.append(made) if isinstance(made, Ready) else unreadable.append(made)
        closed = {one.claimed.note_id for one in unreadable if one.claimed.version == deliveries.RECORDED}
        kept = {one.id for one in queue.without(closed, [one.claimed for one in ready])}
        ready = [one for one in ready if one.claimed.id in kept]
        dealt = {one.claimed.id for one in ready} | {one.claimed.id for one in unreadable}
        rest = [one for one in claimed if one.id not in dealt]
        await self.store.run(partial(self._fix, ready=ready, rest=rest))
        self.reached("fixed")
        outcomes = await self._outcomes(ready)
        found = await self._sought([one.claimed for one in unreadable if settling.may_be_there(one)])
        self.reached("sent")
        tried = len(claimed) - len(rest)

        def settle(tx: Transaction) -> Step:
            told = self._settle(tx, outcomes=outcomes, unreadable=unreadable, found=found)
            if not outcomes and "later" not in told:
                destinations.answered(tx, self.name)  # nothing was sent that could show it
            done = told.count("accepted") + told.count("sent")
            return self._ended(tx, step=Step(tried, done, told.count("parked")))

        step = await self.store.run(settle)
        self.reached("settled")
        return step

    def _fix(self, tx: Transaction, *, ready: Sequence[Ready], rest: Sequence[Claimed]) -> None:
        queue.give_back(tx, rest)
        for one in ready:
            if one.claimed.hash_for_sync is None:
                sealed = self.opener.hashes.seal(one.delivery.payload_sha256, one.claimed.key)
                queue.fix(tx, one.claimed, hash_for_sync=sealed, withhold=bool(one.delivery.withheld))

    async def _outcomes(self, ready: Sequence[Ready]) -> list[tuple[Ready, Outcome | settling.Later]]:
        """What became of each: looked for first where it may be there already, sent otherwise."""
        settled = {one.claimed.id: await self._found(one) for one in ready if one.claimed.ambiguous}
        to_send = [one for one in ready if settled.get(one.claimed.id) is None]
        sent: dict[int, Outcome] = {}
        if self.connector.caps.max_batch > 1:
            if to_send:
                answers = await self._send([one.delivery for one in to_send])
                sent = {one.claimed.id: answer for one, answer in zip(to_send, answers, strict=True)}
        else:
            each = await asyncio.gather(*(self._send([one.delivery]) for one in to_send))
            sent = {one.claimed.id: answers[0] for one, answers in zip(to_send, each, strict=True)}
        return [(one, settled.get(one.claimed.id) or sent[one.claimed.id]) for one in ready]

    async def _send(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        within_s = self.settings.within_s
        try:
            answers = await asyncio.wait_for(self.connector.send(deliveries, within_s=within_s), within_s + 5)
        except TimeoutError:
            return [Retry("timeout", ambiguous=True)] * len(deliveries)
        except Exception as odd:  # a fault of the connector's: it may have sent something
            log.error("sync.connector-failed", destination=self.name, error=type(odd).__name__)
            return [Retry("connector-failed", ambiguous=True)] * len(deliveries)
        if len(answers) != len(deliveries):
            return [Retry("connector-failed", ambiguous=True)] * len(deliveries)
        return answers

    async def _found(self, one: Ready) -> "Outcome | settling.Later | None":
        """None: it is not there, and may be sent."""
        if not self.connector.caps.finds:
            return None  # it is asked by sending again, which changes nothing there
        try:
            remotes = await self._find(one.claimed)
        except Unanswered as refused:
            return refused.outcome
        sha256 = one.delivery.payload_sha256
        if not remotes:
            lag = self.connector.caps.find_lag_s
            if one.claimed.sent_at is not None and lag:
                until = one.claimed.sent_at + round(lag)
                if await self.store.run(self.now) < until:
                    return settling.Later(until)
            return None
        if any(remote.payload_sha256 not in ("", sha256) for remote in remotes):
            return Park("conflict")
        first, *extra = remotes
        if first.state == "gone":  # made, not proven, and deleted since: a person decides
            return Park("gone")
        for duplicate in extra:
            await self._retire(first, duplicate)
        return _there(first)

    async def _find(self, one: Claimed) -> Sequence[Remote]:
        ref = settling.ref_of(one)
        try:
            return await asyncio.wait_for(self.connector.find(ref, remote_id=one.remote_id), FIND_S)
        except TimeoutError:
            raise Unanswered(Retry("timeout", ambiguous=True)) from None
        except Unanswered as refused:
            if isinstance(refused.outcome, Retry):  # whatever it was before, it stays that
                raise Unanswered(Retry(refused.outcome.reason, refused.outcome.after_s, ambiguous=True)) from None
            raise

    async def _retire(self, keep: Remote, extra: Remote) -> None:
        try:
            await self.connector.retire_duplicate(keep, extra)
            log.warning("sync.duplicate-retired", destination=self.name)
        except (Unsupported, Unanswered):
            log.warning("sync.duplicate", destination=self.name)  # reconciliation lists it

    async def _sought(self, closed: Sequence[Claimed]) -> dict[int, Outcome | None]:
        """Of notes that cannot be opened now: what they came to there, None where they are not."""
        found: dict[int, Outcome | None] = {}
        for one in closed if self.connector.caps.finds else ():
            try:
                remotes = await self._find(one)
                found[one.id] = _there(remotes[0]) if remotes else None
            except Unanswered:
                continue  # asked again with the next try
        return found

    def _settle(
        self,
        tx: Transaction,
        *,
        outcomes: Sequence[tuple[Ready, "Outcome | settling.Later"]],
        unreadable: Sequence[Unreadable],
        found: dict[int, Outcome | None],
    ) -> list[str]:
        now = self.now(tx)
        finds = self.connector.caps.finds
        told = [
            settling.unreadable(tx, self.name, one, found, finds=finds, now=now, pause=self._pause)
            for one in unreadable
        ]
        for one, outcome in outcomes:
            has_attached = bool(one.delivery.attachments)
            told.append(
                settling.settle(
                    tx, self.name, one.claimed, outcome, now=now, has_attached=has_attached, pause=self._pause
                )
            )
        return told

    def _pause(self, failures: int, after_s: float | None) -> float:
        return pause_s(failures, self.roll()) if after_s is None else asked_s(after_s)

    # ------------------------------------------------------------ the destination

    async def _probe(self) -> Retry | Park | None:
        """Why nothing gets through; None: it does."""
        try:
            return (await self.health()).trouble
        except TimeoutError:
            return Retry("timeout")
        except Exception as odd:
            log.error("sync.connector-failed", destination=self.name, error=type(odd).__name__)
            return Retry("connector-failed")

    def _went_down(self, tx: Transaction, *, trouble: Retry | Park) -> Step:
        row = destinations.down(
            tx,
            self.name,
            trouble.reason,
            now=self.now(tx),
            pause=self._pause,
            after_s=trouble.after_s if isinstance(trouble, Retry) else None,
            tell=isinstance(trouble, Park),
        )
        return self._ended(tx, step=Step(), row=row)

    def _may_look(self, row: destinations.Row, now: int, step: Step) -> bool:
        if not self.connector.caps.lists:
            return False
        every = LOOK_EVERY_WITH_SENT_S if self.connector.caps.repeat_safety == "file_ack" else LOOK_EVERY_S
        return not 0 <= now - row.looked_at < every

    async def _look(self) -> None:
        try:
            await looking.look(self.store, self.connector, self.opener.hashes, self.now, self.name)
        except Unanswered as refused:
            await self.store.run(partial(self._went_down, trouble=refused.outcome))
        except Exception as odd:
            log.error("sync.connector-failed", destination=self.name, error=type(odd).__name__)
            await self.store.run(partial(self._went_down, trouble=Retry("connector-failed")))

    def _ended(self, tx: Transaction, *, step: Step, row: destinations.Row | None = None) -> Step:
        row, now = row or destinations.get(tx, self.name), self.now(tx)
        self._alarm(tx, row, now)
        if row.state == "down":
            next_at: int | None = row.next_at
        elif step.tried:
            next_at = now  # it is asked what is due as soon as it is asked at all
        else:
            next_at = queue.next_due(tx, self.name)
        if row.state == "open" and self.connector.caps.repeat_safety == "file_ack":
            next_at = min(next_at or now + LOOK_EVERY_WITH_SENT_S, now + LOOK_EVERY_WITH_SENT_S)
        return Step(step.tried, step.done, step.parked, row.state, next_at, row.why)

    def _alarm(self, tx: Transaction, row: destinations.Row, now: int) -> None:
        if not 0 <= now - self._alarm_at < ALARM_EVERY_S:
            deliveries.alarm(tx, row.name, alarm_s=row.alarm_s, alarmed_at=row.alarmed_at, now=now)
            self._alarm_at = now


def _there(remote: Remote) -> Outcome | None:
    """What a record that was found means; None: the note is to be sent."""
    match remote.state:
        case "handed-in":
            return Sent(remote.remote_id)
        case "refused" | "missing":
            return None
        case _:
            return Accepted(remote.remote_id, remote.url, already=True, drift=remote.drift)


async def run_until_done(
    worker: Worker, *, progress: Callable[[int, int], None] = lambda done, total: None, stop: Callable[[], bool] = bool
) -> Step:
    """Step until nothing more can be done now.

    Args:
        progress: told how many of how many were dealt with.
        stop: asked between two steps.

    Returns:
        All steps in one.
    """
    total = await worker.store.run(lambda tx: queue.waiting(tx, worker.name))
    tried = done = parked = 0
    while True:
        step = await worker.step()
        tried, done, parked = tried + step.tried, done + step.done, parked + step.parked
        if step.tried:
            progress(min(done + parked, total), max(total, done + parked))
        if not step.tried or step.state != "open" or stop():
            return Step(tried, done, parked, step.state, step.next_at, step.why)
