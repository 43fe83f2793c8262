"""Who is logged in at the page: one-time links, and sessions, which the database knows as keyed hashes of their tokens.

link ──use──▶ author's session ──▶ (15 minutes idle, 8 hours in all, logout, access ends)
challenge answered (storage.challenges) ──▶ reader's session, likewise
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, or_, select, update

from storage.conversations import Talk
from storage.errors import Unknown
from storage.schema import agencies, memberships, page_links, page_sessions, page_used, people
from storage.sealing import base64url
from storage.transaction import Transaction, moment, seconds

LINK_LIVES: Final = timedelta(minutes=10)
IDLE: Final = timedelta(minutes=15)
WHOLE: Final = timedelta(hours=8)
STEP_UP: Final = timedelta(minutes=5)
SEEN_EVERY: Final = timedelta(seconds=30)
"""The last request is noted so exactly; a write for each would be one too many."""
TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Session:
    """
    Attributes:
        token_hash: what it is known by.
        person_ref: None: a key that belongs to no known person.
        kid: of the key that was proved; None: an author's.
    """

    token_hash: bytes
    person_ref: bytes | None
    kid: bytes | None
    started_at: datetime
    seen_at: datetime
    proved_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        return self.started_at + WHOLE

    @property
    def idle_until(self) -> datetime:
        return min(self.seen_at + IDLE, self.ends_at)

    @property
    def stepped_up_until(self) -> datetime | None:
        return None if self.proved_at is None else self.proved_at + STEP_UP

    def stepped_up(self, at: datetime) -> bool:
        return self.proved_at is not None and self.proved_at <= at < self.proved_at + STEP_UP


def make_link(tx: Transaction, person_ref: bytes, token: str, *, at: datetime) -> None:
    """Make a link for a person; their former one is good no longer.

    Args:
        token: at least 128 random bits.
    """
    tx.db.execute(delete(page_links).where(page_links.c.person_ref == person_ref))
    row = {
        "person_ref": person_ref,
        "token_hash": tx.keyring.page_hash("link", token.encode()),
        "expires_at": seconds(at + LINK_LIVES),
    }
    tx.db.execute(insert(page_links), row)


def use_link(tx: Transaction, token: str, *, at: datetime) -> bytes:
    """Use a link up; of several who try at once, one.

    Returns:
        The ref of the person it was made for.

    Raises:
        Unknown: it was used, is too old, or never was one.
    """
    which = page_links.c.token_hash == tx.keyring.page_hash("link", token.encode("utf-8", "replace"))
    row = tx.db.execute(select(page_links.c.person_ref, page_links.c.expires_at).where(which)).one_or_none()
    if row is None or tx.db.execute(delete(page_links).where(which)).rowcount != 1 or row.expires_at <= seconds(at):
        raise Unknown("link")
    ref: bytes = row.person_ref
    return ref


def use_once(tx: Transaction, what: bytes, *, until: datetime) -> None:
    """Remember something that may be used once, until it is good no longer anyway.

    Raises:
        Unknown: it was used before.
    """
    row = {"hash": tx.keyring.page_hash("used", what), "until": seconds(until)}
    if tx.db.scalar(select(page_used.c.until).where(page_used.c.hash == row["hash"])) is not None:
        raise Unknown("used")
    tx.db.execute(insert(page_used), row)  # of two at once on a server, one is run again and finds it


def begin(tx: Transaction, *, person_ref: bytes | None, kid: bytes | None, at: datetime) -> tuple[Session, str]:
    """A new session, and its token, which is told once and known to nobody here afterwards."""
    token = base64url.encode(os.urandom(TOKEN_BYTES))
    session = Session(_hash(tx, token), person_ref, kid, at, at, at if kid is not None else None)
    row = {
        "token_hash": session.token_hash,
        "person_ref": person_ref,
        "kid": kid,
        "started_at": seconds(at),
        "seen_at": seconds(at),
        "proved_at": None if kid is None else seconds(at),
    }
    tx.db.execute(insert(page_sessions), row)
    return session, token


def of_token(tx: Transaction, token: str, *, at: datetime, counts: bool = True) -> Session:
    """The session of a token.

    Args:
        counts: this request keeps it from being idle.

    Raises:
        Unknown: none, ended, or idle for too long.
    """
    hashed = _hash(tx, token)
    row = tx.db.execute(select(page_sessions).where(page_sessions.c.token_hash == hashed)).one_or_none()
    if row is None:
        raise Unknown("session")
    proved_at = None if row.proved_at is None else moment(row.proved_at)
    session = Session(hashed, row.person_ref, row.kid, moment(row.started_at), moment(row.seen_at), proved_at)
    if not session.started_at <= at + timedelta(seconds=1) or at >= session.idle_until:
        raise Unknown("session")
    if counts and at - session.seen_at >= SEEN_EVERY:
        tx.db.execute(update(page_sessions).where(page_sessions.c.token_hash == hashed).values(seen_at=seconds(at)))
        return Session(hashed, row.person_ref, row.kid, session.started_at, at, proved_at)
    return session


def prove(tx: Transaction, session: Session, *, at: datetime) -> Session:
    """Its key was proved again."""
    values = {"proved_at": seconds(at), "seen_at": seconds(at)}
    tx.db.execute(update(page_sessions).where(page_sessions.c.token_hash == session.token_hash).values(**values))
    return Session(session.token_hash, session.person_ref, session.kid, session.started_at, at, at)


def end(tx: Transaction, session: Session) -> None:
    tx.db.execute(delete(page_sessions).where(page_sessions.c.token_hash == session.token_hash))


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Forget what is good no longer."""
    now = seconds(at)
    tx.db.execute(delete(page_links).where(page_links.c.expires_at <= now))
    tx.db.execute(delete(page_used).where(page_used.c.until <= now))
    over = or_(
        page_sessions.c.seen_at <= now - int(IDLE.total_seconds()),
        page_sessions.c.started_at <= now - int(WHOLE.total_seconds()),
    )
    tx.db.execute(delete(page_sessions).where(over))


def talk_of(tx: Transaction, person_ref: bytes, *, at: datetime) -> Talk | None:
    """A person as turns know them, outside any chat (``address_ref`` is empty); None: they have no access."""
    query = (
        select(
            people.c.sealed_profile,
            people.c.accepted_at,
            memberships.c.agency_ref,
            agencies.c.version,
            memberships.c.role,
        )
        .join(memberships, memberships.c.person_ref == people.c.ref)
        .join(agencies, agencies.c.ref == memberships.c.agency_ref)
        .where(
            people.c.ref == person_ref,
            people.c.revoked_at.is_(None),
            people.c.accepted_at.is_not(None),
            or_(memberships.c.until.is_(None), memberships.c.until > seconds(at)),
        )
        .order_by(memberships.c.since, memberships.c.agency_ref)
    )
    rows = tx.db.execute(query).all()
    if not rows:
        return None
    profile = tx.open("profile", person_ref, rows[0].sealed_profile)
    return Talk(
        address_ref=b"",
        person_ref=person_ref,
        handle=profile["handle"],
        language=profile["language"],
        accepted=True,
        places=tuple((row.agency_ref, row.version, row.role) for row in rows),
        version=0,
        question=0,
        state=None,
        moved_at=at,
    )


def _hash(tx: Transaction, token: str) -> bytes:
    return tx.keyring.page_hash("session", token.encode("utf-8", "replace"))
