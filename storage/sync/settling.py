"""What an outcome leads to, in one transaction: for the delivery, its note, its destination, and the people who hear of
it. The log gets a code each time."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, assert_never

from storage import deliveries
from storage.sync import destinations, queue
from storage.sync.base import Accepted, DeliveryRef, Outcome, Park, Reject, Retry, Sent
from storage.sync.destinations import Pause
from storage.sync.opening import Unreadable
from storage.sync.queue import DAY_S, Claimed
from storage.transaction import Transaction, moment

TOLD_AFTER_S: Final = 60
"""People hear of a note that was refused only then: five in a row are no mistake of the notes."""
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Later:
    """It may be there and not be found yet: look again then."""

    until: int


def ref_of(one: Claimed) -> DeliveryRef:
    return DeliveryRef(one.note_id.hex(), one.version)


def settle(
    tx: Transaction,
    name: str,
    one: Claimed,
    outcome: "Outcome | Later",
    *,
    now: int,
    has_attached: bool,
    pause: Pause,
) -> str:
    """
    Args:
        has_attached: it was sent with attachments, and can be sent without.

    Returns:
        What the log says: accepted, sent, retry, parked, later, late.
    """
    match outcome:
        case Accepted():
            return _accepted(tx, name, one, outcome, now)
        case Sent(remote_id):
            if not queue.mark(
                tx, one, outcome="sent", now=now, state="sent", ambiguous=0, remote_id=remote_id[:255], why="",
                attempts=one.attempts + 1, sent_at=now,
            ):  # fmt: skip
                return "late"
            destinations.up(tx, name, now=now)
            return "sent"
        case Later(until):
            queue.mark(tx, one, outcome="later", now=now, state="pending", next_at=until, ambiguous=1)
            return "later"
        case Retry():
            return _again(tx, name, one, outcome, now, pause)
        case Park(reason, "destination"):
            if not queue.mark(
                tx, one, outcome="retry", now=now, why=reason[:32], state="pending", next_at=now, **_doubt(outcome, now)
            ):
                return "late"
            destinations.down(tx, name, reason, now=now, pause=pause, tell=True)
            return "retry"
        case Park(reason, _, again_s):
            destinations.answered(tx, name)
            next_at = None if again_s is None else now + round(again_s)
            return _parked(tx, name, one, reason, next_at, now, doubt=_doubt(outcome, now))
        case Reject("too-large") if has_attached and not outcome.ambiguous:
            # Nothing of it was taken, so that what is sent without them is what it is for ever.
            kept = queue.mark(
                tx, one, outcome="withheld", now=now, why="too-large", state="pending", withhold=1, next_at=now,
                hash_for_sync=None, attempts=one.attempts + 1,
            )  # fmt: skip
            return "retry" if kept else "late"
        case Reject():
            return _rejected(tx, name, one, outcome, now, pause)
        case _:
            assert_never(outcome)


def may_be_there(one: Unreadable) -> bool:
    """It is to be asked for: what is taken back is, after any try."""
    return one.claimed.tried if one.why == "gone" else one.claimed.ambiguous


def unreadable(
    tx: Transaction,
    name: str,
    one: Unreadable,
    found: Mapping[int, Outcome | None],
    *,
    finds: bool,
    now: int,
    pause: Pause,
) -> str:
    """A note that cannot be opened here: parked and tried again every day; one whose text was destroyed is withdrawn.
    What may be there without our seeing it is withdrawn there, too.

    Args:
        found: of those that may have arrived before: what they came to there, None where they are not; left out where
            nobody answered.
        finds: the destination can be asked at all.
    """
    claimed = one.claimed
    there = found.get(claimed.id)
    if there is not None:
        return settle(tx, name, claimed, there, now=now, has_attached=False, pause=pause)
    if one.why != "gone":
        return _parked(tx, name, claimed, one.why, now + DAY_S, now)
    if may_be_there(one) and finds and claimed.id not in found:
        queue.mark(tx, claimed, outcome="later", now=now, state="pending", next_at=now + 60, ambiguous=1)
        return "later"
    kept = queue.mark(tx, claimed, outcome="withdrawn", now=now, state="withdrawn", why="gone", done_at=now)
    unseen = may_be_there(one) and (not finds or claimed.remote_id)
    if kept and not unseen:
        deliveries.forget_withdrawal(tx, name, claimed.note_id, at=moment(now))
    return "withdrawn" if kept else "late"


def _accepted(tx: Transaction, name: str, one: Claimed, outcome: Accepted, now: int) -> str:
    kept = queue.mark(
        tx,
        one,
        outcome="found" if outcome.already else "accepted",
        now=now,
        state="acked",
        why="drift" if outcome.drift else "",
        ambiguous=0,
        attempts=one.attempts + 1,
        done_at=now,
        remote_id=outcome.remote_id[:255],
        remote_url=outcome.url[:512],
        remote_state="open",
    )
    if not kept:
        return "late"
    destinations.up(tx, name, now=now)
    if outcome.drift:
        deliveries.tell(tx, deliveries.PARKED, deliveries.about(one.note_id, one.version, name), at=moment(now))
    queue.filed(tx, one.note_id, now=now)
    return "accepted"


def _again(tx: Transaction, name: str, one: Claimed, outcome: Retry, now: int, pause: Pause) -> str:
    # Longer than the destination does: a note that alone brings it to its knees lets the others pass.
    wait_s = 2 * pause(one.attempts + 1, outcome.after_s)
    kept = queue.mark(
        tx, one, outcome="retry", now=now, why=outcome.reason[:32], state="pending", attempts=one.attempts + 1,
        next_at=now + max(1, round(wait_s)), **_doubt(outcome, now),
    )  # fmt: skip
    destinations.down(tx, name, outcome.reason, now=now, pause=pause, after_s=outcome.after_s)
    return "retry" if kept else "late"


def _doubt(outcome: Retry | Park | Reject, now: int) -> dict[str, Any]:
    """What is remembered of a try that may have left something there."""
    made = {"remote_id": outcome.made[:255]} if outcome.made else {}
    return {"ambiguous": 1, "sent_at": now, **made} if outcome.ambiguous else {}


def _parked(
    tx: Transaction,
    name: str,
    one: Claimed,
    reason: str,
    next_at: int | None,
    now: int,
    *,
    told_after_s: int = 0,
    doubt: Mapping[str, Any] = NOTHING,
) -> str:
    why = reason[:32]
    if one.version == deliveries.RECORDED and deliveries.taken_back(tx, name, one.note_id):
        # Nobody is to mend it: it is looked for, and its withdrawal follows.
        again = {"state": "pending", "next_at": now, "ambiguous": 1}
        return "retry" if queue.mark(tx, one, outcome="retry", now=now, why=why, **{**doubt, **again}) else "late"
    kept = queue.mark(
        tx, one, outcome="parked", now=now, why=why, state="parked", attempts=one.attempts + 1, next_at=next_at,
        done_at=now, **doubt,
    )  # fmt: skip
    if not kept:
        return "late"
    if one.why != why:
        deliveries.tell(
            tx, deliveries.PARKED, deliveries.about(one.note_id, one.version, name), at=moment(now + told_after_s)
        )
    return "parked"


def _rejected(tx: Transaction, name: str, one: Claimed, outcome: Reject, now: int, pause: Pause) -> str:
    reason = outcome.reason
    told = _parked(tx, name, one, reason, None, now, told_after_s=TOLD_AFTER_S, doubt=_doubt(outcome, now))
    if told != "parked":
        return told
    count = destinations.rejected(tx, name, reason[:32], now=now)
    if count < destinations.SCHEMA_CHANGED_AFTER:
        destinations.answered(tx, name)
        return told
    destinations.rules_changed(tx, name, reason[:32], now=now, pause=pause, count=count)
    return "retry"
