"""Invites: made for one role in one agency, used once, for some roles only together with a code told by another way.

    make ─▶ token, perhaps a code ─▶ present(token) ─▶ Entered
                                          └─▶ AskCode ─▶ give_code ─▶ Entered, or AskCode again, or Refused

Kept are keyed hashes alone. An invite is worth what its issuer may still do when it is used.
"""

import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from dialogues.permissions import may_invite
from dialogues.reference import read_token
from storage import audit, people, sites
from storage.actor import Actor
from storage.errors import Unknown
from storage.schema import invites, redemptions
from storage.transaction import Transaction, seconds

LIVES = timedelta(hours=24)
WITH_CODE = ("coordinator", "supervisor", "admin")
"""Roles whose link alone, which passes through Telegram, lets nobody in."""
MOST_WRONG_CODES = 5

_CODE = re.compile(r"\s*([0-9]{3})[ -]?([0-9]{3})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Made:
    """A new invite. ``code``: six digits to be told by another way than the token, or empty."""

    token: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in. ``issuer_ref``: who made the invite in the chat, or None for the command line."""

    person_ref: bytes
    agency_ref: bytes
    role: str
    issuer_ref: bytes | None


@dataclass(frozen=True, slots=True)
class AskCode:
    """The code is needed. ``left``: tries that are left; ``wrong``: one was just told that is not it."""

    left: int
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Wrong, used, out of date, or its issuer may not invite to it any more; which of these is not told.

    Attributes:
        killed: agency ref, role and issuer of an invite that died by wrong codes just now.
    """

    killed: tuple[bytes, str, bytes | None] | None = None


Outcome = Entered | AskCode | Refused


def make(
    tx: Transaction,
    agency_ref: bytes,
    role: str,
    *,
    at: datetime,
    lives: timedelta = LIVES,
    days: int | None = None,
    issuer_ref: bytes | None = None,
    token: str = "",
    site: str = "",
) -> Made:
    """Make an invite.

    Args:
        days: the role ends after so many, unless it is renewed; None: it does not end by itself.
        issuer_ref: who makes it in the chat; None: the command line.
        token: one of the chat, to be read out; empty: 43 characters of ``A-Za-z0-9_-``, as links take them.
        site: where they will work, see ``storage.sites``.

    Raises:
        Unknown: the issuer may not invite to this role in this agency.
    """
    if issuer_ref is not None and not _may(tx, issuer_ref, agency_ref, role):
        raise Unknown("agency")
    token = token or secrets.token_urlsafe(32)
    code = f"{secrets.randbelow(10**6):06}" if role in WITH_CODE else ""
    token_hash = tx.keyring.token_hash(_plain(token))
    tx.db.execute(
        insert(invites),
        {
            "token_hash": token_hash,
            "agency_ref": agency_ref,
            "role": role,
            "expires_at": seconds(at + lives),
            "code_hash": tx.keyring.code_hash(token_hash, code) if code else None,
            "issuer_ref": issuer_ref,
            "days": days,
            "sealed_site": sites.seal(tx, token_hash, site),
        },
    )
    audit.record(tx, "invite.made", at=at, reason="access", agency=agency_ref, about=token_hash[:16])
    return Made(token, code)


def present(tx: Transaction, token: str, channel: str, chat: str, *, language: str, at: datetime) -> Outcome:
    """Somebody shows an invite. Without a code they are in; exactly one of several who try at once.

    A person already enrolled at this chat gets the further role.
    """
    row = _live(tx, tx.keyring.token_hash(_plain(token)), at)
    if row is None:
        return Refused()
    if row.code_hash is None:
        return _enter(tx, row, channel, chat, language, at)
    here = tx.keyring.address_ref(channel, chat)
    tx.db.execute(delete(redemptions).where(redemptions.c.address_ref == here))
    tx.db.execute(insert(redemptions), {"address_ref": here, "token_hash": row.token_hash, "at": seconds(at)})
    return AskCode(MOST_WRONG_CODES - row.wrong_codes)


def give_code(tx: Transaction, text: str, channel: str, chat: str, *, language: str, at: datetime) -> Outcome | None:
    """Six digits were typed; None: no invite waits for a code here. Five wrong ones, from anywhere, kill the invite."""
    code = code_in(text)
    here = tx.keyring.address_ref(channel, chat)
    waiting = tx.db.scalar(select(redemptions.c.token_hash).where(redemptions.c.address_ref == here))
    if waiting is None or not code:
        return None
    row = _live(tx, waiting, at)
    if row is None or row.code_hash is None:
        tx.db.execute(delete(redemptions).where(redemptions.c.address_ref == here))
        return Refused()
    if hmac.compare_digest(row.code_hash, tx.keyring.code_hash(waiting, code)):
        return _enter(tx, row, channel, chat, language, at)
    counted = update(invites).where(invites.c.token_hash == waiting).values(wrong_codes=invites.c.wrong_codes + 1)
    tx.db.execute(counted)
    wrong = tx.db.execute(select(invites.c.wrong_codes).where(invites.c.token_hash == waiting)).scalar_one()
    if wrong < MOST_WRONG_CODES:
        return AskCode(MOST_WRONG_CODES - wrong, wrong=True)
    tx.db.execute(update(invites).where(invites.c.token_hash == waiting).values(used_at=seconds(at)))
    tx.db.execute(delete(redemptions).where(redemptions.c.token_hash == waiting))
    audit.record(tx, "invite.killed", at=at, reason="access", agency=row.agency_ref, about=waiting[:16])
    return Refused((row.agency_ref, row.role, row.issuer_ref))


def code_in(text: str) -> str:
    """The six digits that a message is, or nothing."""
    found = _CODE.fullmatch(text)
    return found[1] + found[2] if found else ""


def waits_for_code(tx: Transaction, channel: str, chat: str, *, at: datetime) -> bool:
    """Whether an invite was shown in this chat that is still good and needs its code."""
    here = tx.keyring.address_ref(channel, chat)
    waiting = tx.db.scalar(select(redemptions.c.token_hash).where(redemptions.c.address_ref == here))
    return waiting is not None and _live(tx, waiting, at) is not None


def sweep(tx: Transaction, *, at: datetime) -> None:
    """Forget the chats that never told a code in time."""
    live = select(invites.c.token_hash).where(invites.c.used_at.is_(None), invites.c.expires_at > seconds(at))
    tx.db.execute(delete(redemptions).where(redemptions.c.token_hash.not_in(live)))


def _enter(tx: Transaction, row: Row[Any], channel: str, chat: str, language: str, at: datetime) -> Entered | Refused:
    person_ref = people.at_address(tx, channel, chat)
    if person_ref is not None and row.role != "admin" and people.is_last_admin(tx, person_ref, row.agency_ref):
        return Refused()  # an invite must not take the last admin away
    live = (
        invites.c.token_hash == row.token_hash,
        invites.c.used_at.is_(None),
        invites.c.expires_at > seconds(at),
        invites.c.wrong_codes < MOST_WRONG_CODES,
    )
    if tx.db.execute(update(invites).where(*live).values(used_at=seconds(at))).rowcount != 1:
        return Refused()
    tx.db.execute(delete(redemptions).where(redemptions.c.token_hash == row.token_hash))
    site = sites.unseal(tx, row.token_hash, row.sealed_site)
    if person_ref is not None:
        people.join(tx, person_ref, row.agency_ref, row.role, at=at, days=row.days, site=site)
    else:
        person_ref = people.add(tx, row.agency_ref, row.role, language=language, at=at, days=row.days, site=site)
        people.reach_at(tx, person_ref, channel, chat)
    whose = tx.acting(Actor.person(person_ref))
    about = row.token_hash[:16]
    audit.record(whose, "invite.redeemed", at=at, reason="enrolment", agency=row.agency_ref, about=about)
    return Entered(person_ref, row.agency_ref, row.role, row.issuer_ref)


def _live(tx: Transaction, token_hash: bytes, at: datetime) -> Row[Any] | None:
    """The invite, if it can still be used and whoever made it could still make it."""
    where = (
        invites.c.token_hash == token_hash,
        invites.c.used_at.is_(None),
        invites.c.expires_at > seconds(at),
        invites.c.wrong_codes < MOST_WRONG_CODES,
    )
    row = tx.db.execute(select(invites).where(*where)).one_or_none()
    if row is None or (row.issuer_ref is not None and not _may(tx, row.issuer_ref, row.agency_ref, row.role)):
        return None
    return row


def _may(tx: Transaction, issuer_ref: bytes, agency_ref: bytes, role: str) -> bool:
    own = people.role_in(tx, issuer_ref, agency_ref)
    return own is not None and may_invite(own, role)


def _plain(token: str) -> str:
    """A token as it is hashed: one that was read out is good with other blanks, dashes, and small letters."""
    return read_token(token) or token
