"""Login by a key: something random, sealed to it, is given back by whoever can open it. Kept as hashes, for a minute.

ask ──▶ waiting ──answer, right or wrong, once──▶ gone
"""

import hmac
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from storage.schema import page_challenges, page_failures
from storage.sealing.labels import L
from storage.sealing.suites import PublicKey
from storage.transaction import Transaction, moment, seconds

LIVES: Final = timedelta(seconds=60)
SECRET_BYTES: Final = 32
FREE_FAILURES: Final = 5
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGET_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Challenge:
    """``sealed``: HPKE output over 32 random bytes."""

    id: bytes
    kid: bytes
    sealed: bytes = field(repr=False)
    expires_at: datetime


def info_of(challenge_id: bytes, kid: bytes, origin: str) -> bytes:
    """What a challenge is bound to; docs/formats/page-api.md."""
    return L + b"login" + challenge_id + kid + origin.encode("ascii")


def ask(tx: Transaction, kid: bytes, key: PublicKey, origin: str, *, at: datetime) -> Challenge:
    """
    Args:
        kid: what was asked for; where it is not ``key``'s, nobody can answer.
        origin: as the reader reaches this server.
    """
    id, secret = os.urandom(16), os.urandom(SECRET_BYTES)
    sealed = key.encrypt(secret, info=info_of(id, kid, origin))
    until = seconds(at + LIVES)
    row = {"id": id, "kid": kid, "answer_hash": _hash(tx, id, secret), "expires_at": until}
    tx.db.execute(insert(page_challenges), row)
    return Challenge(id, kid, sealed, moment(until))


def kid_of(tx: Transaction, challenge_id: bytes) -> bytes | None:
    """The key id that a challenge is for; None: there is no such challenge (any more)."""
    found: bytes | None = tx.db.scalar(select(page_challenges.c.kid).where(page_challenges.c.id == challenge_id))
    return found


def answered(tx: Transaction, challenge_id: bytes, answer: bytes, *, at: datetime) -> bool:
    """Whether an answer is right, and in time. The challenge is gone either way; the caller commits."""
    which = page_challenges.c.id == challenge_id
    row = tx.db.execute(select(page_challenges).where(which)).one_or_none()
    if row is None or tx.db.execute(delete(page_challenges).where(which)).rowcount != 1:
        return False
    right = hmac.compare_digest(row.answer_hash, _hash(tx, challenge_id, answer))
    return right and at < moment(row.expires_at)


def wait_of(tx: Transaction, kid: bytes, address: str, *, at: datetime) -> timedelta:
    """How long no answer for this key is taken from this address; zero: it is taken now."""
    until = tx.db.scalar(select(page_failures.c.until).where(page_failures.c.ref == _ref(tx, kid, address)))
    return max(timedelta(), moment(until) - at) if until is not None else timedelta()


def failed(tx: Transaction, kid: bytes, address: str, *, at: datetime) -> None:
    """An answer was wrong. From the sixth on each doubles the time in which no more is taken."""
    ref = _ref(tx, kid, address)
    times = (tx.db.scalar(select(page_failures.c.times).where(page_failures.c.ref == ref)) or 0) + 1
    wait = min(timedelta(seconds=2 ** min(times - FREE_FAILURES, 20)), LONGEST_WAIT) if times > FREE_FAILURES else None
    until = seconds(at + wait) if wait is not None else seconds(at)
    values = {"times": times, "until": until}
    if tx.db.execute(update(page_failures).where(page_failures.c.ref == ref).values(**values)).rowcount == 0:
        tx.db.execute(insert(page_failures), {"ref": ref, **values})


def succeeded(tx: Transaction, kid: bytes, address: str) -> None:
    tx.db.execute(delete(page_failures).where(page_failures.c.ref == _ref(tx, kid, address)))


def sweep(tx: Transaction, *, at: datetime) -> None:
    tx.db.execute(delete(page_challenges).where(page_challenges.c.expires_at <= seconds(at)))
    tx.db.execute(delete(page_failures).where(page_failures.c.until <= seconds(at - FORGET_AFTER)))


def _hash(tx: Transaction, challenge_id: bytes, secret: bytes) -> bytes:
    return tx.keyring.page_hash("challenge", challenge_id, secret)


def _ref(tx: Transaction, kid: bytes, address: str) -> bytes:
    return tx.keyring.page_hash("failure", kid, address.encode())[:16]
