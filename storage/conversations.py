"""Where each conversation stands, who it is with, and how a turn moves it on.

One query brings everything a turn has to know; one statement writes it back.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from guidance.model import Role
from storage import timers
from storage.errors import Stale
from storage.schema import addresses, agencies, conversations, memberships, people
from storage.schema import timers as timer_rows
from storage.transaction import Transaction, lock_number, moment, seconds


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as loaded.

    Attributes:
        state: JSON as the codec wrote it, or None when the person is at home.
        places: (agency ref, agency version, role) of each membership, oldest first.
        version: 0 before the first turn.
        reached: False while nothing arrives at its chat.
    """

    address_ref: bytes
    person_ref: bytes
    handle: str = field(repr=False)
    language: str
    accepted: bool
    places: tuple[tuple[bytes, int, Role], ...]
    version: int
    question: int
    state: bytes | None = field(repr=False)
    moved_at: datetime
    reached: bool = True


Shown = tuple[int, str]
"""A question's number, and the id of the message that carries its buttons."""

# In words of SQL that SQLite and PostgreSQL share; SQLAlchemy has them for each dialect apart.
_seen = text("INSERT INTO seen (channel, update_id, at) VALUES (:channel, :update_id, :at) ON CONFLICT DO NOTHING")
_seen_held = text(
    "INSERT INTO seen (channel, update_id, at)"
    " SELECT :channel, :update_id, :at FROM pg_advisory_xact_lock(:what) ON CONFLICT DO NOTHING"
)
_load = (
    select(
        people.c.ref,
        people.c.sealed_profile,
        people.c.accepted_at,
        people.c.created_at,
        addresses.c.unreachable_since,
        conversations.c.version,
        conversations.c.question,
        conversations.c.sealed_state,
        conversations.c.moved_at,
        memberships.c.agency_ref,
        agencies.c.version.label("agency_version"),
        memberships.c.role,
    )
    .select_from(addresses)
    .join(people, people.c.ref == addresses.c.person_ref)
    .join(memberships, memberships.c.person_ref == people.c.ref)
    .join(agencies, agencies.c.ref == memberships.c.agency_ref)
    .outerjoin(conversations, conversations.c.address_ref == addresses.c.ref)
    .where(
        addresses.c.ref == bindparam("address"),
        people.c.revoked_at.is_(None),
        or_(memberships.c.until.is_(None), memberships.c.until > bindparam("at")),
    )
    .order_by(memberships.c.since, memberships.c.agency_ref)
)
_move = (
    update(conversations)
    .where(conversations.c.address_ref == bindparam("address"), conversations.c.version == bindparam("was"))
    .values(
        version=bindparam("now_version"),
        question=bindparam("now_question"),
        sealed_state=bindparam("now_state"),
        moved_at=bindparam("now"),
    )
)
_shown_of = select(conversations.c.sealed_shown).where(conversations.c.address_ref == bindparam("address"))
_shown = (
    update(conversations)
    .where(conversations.c.address_ref == bindparam("address"))
    .values(sealed_shown=bindparam("shown"))
)


def first_time(tx: Transaction, channel: str, update_id: str, *, at: datetime, hold: bytes | None = None) -> bool:
    """Note an update as taken. False: it was taken before, and nothing is to be done.

    Args:
        hold: address whose conversation is held from here on, see ``load``; in the same statement.
    """
    row = {"channel": channel, "update_id": update_id, "at": seconds(at)}
    if hold is None or not tx.shared:
        return tx.db.execute(_seen, row).rowcount == 1
    return tx.db.execute(_seen_held, {**row, "what": lock_number(hold)}).rowcount == 1


def load(tx: Transaction, address_ref: bytes, *, at: datetime | None = None, held: bool = False) -> Talk | None:
    """The conversation of an enrolled person at this address, or None for strangers and the revoked.

    It stays as it is until this transaction ends: another turn of the same chat waits here.

    Args:
        at: roles that ended by then do not count, whether their timer was taken or not.
        held: by ``first_time`` of this transaction.
    """
    if not held:
        tx.hold(address_ref)
    rows = tx.db.execute(_load, {"address": address_ref, "at": seconds(at) if at is not None else 0}).all()
    if not rows:
        return None
    first = rows[0]
    profile = tx.open("profile", first.ref, first.sealed_profile)
    state = None
    if first.sealed_state is not None:
        state = tx.keyring.open("state", address_ref, first.sealed_state)
    return Talk(
        address_ref=address_ref,
        person_ref=first.ref,
        handle=profile["handle"],
        language=profile["language"],
        accepted=first.accepted_at is not None,
        places=tuple((row.agency_ref, row.agency_version, row.role) for row in rows),
        version=first.version or 0,
        question=first.question or 0,
        state=state,
        moved_at=moment(first.moved_at if first.moved_at is not None else first.created_at),
        reached=first.unreachable_since is None,
    )


def move_on(tx: Transaction, talk: Talk, *, state: bytes | None, question: int, at: datetime) -> None:
    """Write one turn's state.

    Args:
        state: JSON as the codec writes it, or None: the person is at home.

    Raises:
        Stale: the stored version is not the one that was loaded, or the address is gone.
    """
    sealed = None if state is None else tx.keyring.seal("state", talk.address_ref, state)
    if talk.version == 0:
        row = {
            "address_ref": talk.address_ref,
            "version": 1,
            "question": question,
            "sealed_state": sealed,
            "moved_at": seconds(at),
        }
        try:
            tx.db.execute(insert(conversations), row)
        except IntegrityError:
            raise Stale("conversation") from None
        return
    moved = tx.db.execute(
        _move,
        {
            "address": talk.address_ref,
            "was": talk.version,
            "now_version": talk.version + 1,
            "now_question": question,
            "now_state": sealed,
            "now": seconds(at),
        },
    )
    if moved.rowcount != 1:
        raise Stale("conversation")


def pull_in(tx: Transaction, *, at: datetime) -> None:
    """Let none have moved later than now: what is idle is counted from there."""
    tx.db.execute(update(conversations).where(conversations.c.moved_at > seconds(at)).values(moved_at=seconds(at)))


def idle_by(tx: Transaction, kind: str, latest: datetime) -> None:
    """Every conversation that is under way has a timer of this kind, due no later than that."""
    timers.pull_in(tx, kind, latest)
    watched = select(timer_rows.c.address_ref).where(timer_rows.c.kind == kind)
    under_way = conversations.c.sealed_state.is_not(None) & conversations.c.address_ref.not_in(watched)
    for address_ref in tx.db.scalars(select(conversations.c.address_ref).where(under_way)).all():
        timers.arm(tx, kind, "", latest, address_ref=address_ref)


def shown(tx: Transaction, address_ref: bytes) -> Shown | None:
    """Which message carries the open question's buttons, if known."""
    return opened_shown(tx, address_ref, tx.db.scalar(_shown_of, {"address": address_ref}))


def opened_shown(tx: Transaction, address_ref: bytes, sealed: bytes | None) -> Shown | None:
    """What ``show`` sealed."""
    if sealed is None:
        return None
    question, message = tx.open("state", b"shown" + address_ref, sealed)
    return int(question), str(message)


def show(tx: Transaction, address_ref: bytes, question: int, message: str) -> None:
    """Remember which message carries a question's buttons."""
    sealed = tx.seal("state", b"shown" + address_ref, [question, message])
    tx.db.execute(_shown, {"address": address_ref, "shown": sealed})
