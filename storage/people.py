"""Who is enrolled, where they are reached, and how they come in and go out."""

import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, get_args

from sqlalchemy import and_, bindparam, delete, insert, select, update

from guidance.model import Role
from storage import audit, plans
from storage.actor import Actor
from storage.errors import Unknown
from storage.schema import (
    addresses,
    attachments,
    case_members,
    conversations,
    invites,
    memberships,
    outbox,
    people,
    residue,
    timers,
    traces,
    walks,
)
from storage.transaction import Transaction, seconds

INVITE_LIVES = timedelta(hours=24)
ROLES: tuple[str, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a person is reached: a chat of a channel."""

    address_ref: bytes
    channel: str
    chat: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonRow:
    ref: bytes
    handle: str = field(repr=False)
    language: str
    accepted: bool
    revoked: bool


_profile_of = select(people.c.sealed_profile).where(people.c.ref == bindparam("person"))
_reached = select(addresses.c.ref, addresses.c.sealed_contact).where(addresses.c.person_ref == bindparam("person"))
_members = (
    select(people.c.ref, people.c.sealed_profile)
    .join(memberships, memberships.c.person_ref == people.c.ref)
    .where(
        memberships.c.agency_ref == bindparam("agency"),
        memberships.c.role.in_(bindparam("roles", expanding=True)),
        people.c.revoked_at.is_(None),
    )
    .order_by(memberships.c.since)
)


def add(tx: Transaction, agency_ref: bytes, role: str, *, language: str, at: datetime) -> bytes:
    """A new person without an address yet; they accept the rules in their first conversation.

    Returns:
        The person's ref, 16 random bytes.
    """
    ref = os.urandom(16)
    profile = {"handle": "", "language": language}
    tx.db.execute(
        insert(people),
        {"ref": ref, "sealed_profile": tx.seal("profile", ref, profile), "created_at": seconds(at)},
    )
    join(tx, ref, agency_ref, role, at=at)
    return ref


def join(tx: Transaction, person_ref: bytes, agency_ref: bytes, role: str, *, at: datetime) -> None:
    """Give a person a role in an agency; one role in each, the newest counts."""
    where = and_(memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref)
    if tx.db.execute(update(memberships).where(where).values(role=role)).rowcount == 0:
        tx.db.execute(
            insert(memberships),
            {"person_ref": person_ref, "agency_ref": agency_ref, "role": role, "since": seconds(at)},
        )


def is_of(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> bool:
    """Whether a person has a role in an agency."""
    where = (memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref)
    return tx.db.scalar(select(memberships.c.since).where(*where)) is not None


def reach_at(tx: Transaction, person_ref: bytes, channel: str, chat: str) -> bytes:
    """Let a person be reached at a chat.

    Returns:
        The address's ref.
    """
    ref = tx.keyring.address_ref(channel, chat)
    sealed = tx.seal("contact", ref, {"channel": channel, "chat": chat})
    tx.db.execute(insert(addresses), {"ref": ref, "person_ref": person_ref, "sealed_contact": sealed})
    return ref


def at_address(tx: Transaction, channel: str, chat: str) -> bytes | None:
    """The ref of the person reached at a chat, or None."""
    ref = tx.keyring.address_ref(channel, chat)
    found: bytes | None = tx.db.scalar(select(addresses.c.person_ref).where(addresses.c.ref == ref))
    return found


def contact(tx: Transaction, address_ref: bytes) -> Contact | None:
    """The chat behind an address ref, or None when the address is gone."""
    sealed = tx.db.scalar(select(addresses.c.sealed_contact).where(addresses.c.ref == address_ref))
    if sealed is None:
        return None
    fields = tx.open("contact", address_ref, sealed)
    return Contact(address_ref, fields["channel"], fields["chat"])


def contacts(tx: Transaction, person_ref: bytes) -> list[Contact]:
    found = []
    for ref, sealed in tx.db.execute(_reached, {"person": person_ref}):
        fields = tx.open("contact", ref, sealed)
        found.append(Contact(ref, fields["channel"], fields["chat"]))
    return found


def profile(tx: Transaction, person_ref: bytes) -> dict[str, Any]:
    """
    Raises:
        Unknown: no such person.
    """
    sealed = tx.db.scalar(_profile_of, {"person": person_ref})
    if sealed is None:
        raise Unknown("person")
    opened: dict[str, Any] = tx.open("profile", person_ref, sealed)
    return opened


def settle(
    tx: Transaction,
    person_ref: bytes,
    *,
    at: datetime,
    language: str | None = None,
    handle: str | None = None,
    accepted: bool = False,
) -> None:
    """Write what the person settled; None leaves it as it was."""
    fields = profile(tx, person_ref)
    if language is not None:
        fields["language"] = language
    if handle is not None:
        fields["handle"] = handle
    values: dict[str, Any] = {"sealed_profile": tx.seal("profile", person_ref, fields)}
    if accepted:
        values["accepted_at"] = seconds(at)
    tx.db.execute(update(people).where(people.c.ref == person_ref).values(**values))


def in_roles(tx: Transaction, agency_ref: bytes, roles: tuple[str, ...]) -> list[PersonRow]:
    """People of an agency who hold one of these roles and have access, longest-serving first."""
    found = []
    for ref, sealed in tx.db.execute(_members, {"agency": agency_ref, "roles": list(roles)}):
        fields = tx.open("profile", ref, sealed)
        found.append(PersonRow(ref, fields["handle"], fields["language"], True, False))
    return found


def every(tx: Transaction) -> list[tuple[PersonRow, list[tuple[bytes, str]]]]:
    """All people with their (agency ref, role); for the admin's list."""
    listed = []
    for row in tx.db.execute(select(people).order_by(people.c.created_at)).all():
        fields = tx.open("profile", row.ref, row.sealed_profile)
        person = PersonRow(
            row.ref,
            fields["handle"],
            fields["language"],
            row.accepted_at is not None,
            row.revoked_at is not None,
        )
        places = tx.db.execute(
            select(memberships.c.agency_ref, memberships.c.role).where(memberships.c.person_ref == row.ref)
        )
        listed.append((person, [(ref, role) for ref, role in places]))
    return listed


def by_start(tx: Transaction, start: str) -> bytes:
    """The person whose ref begins with these hex digits.

    Raises:
        Unknown: none, or more than one.
    """
    refs: list[bytes] = list(tx.db.scalars(select(people.c.ref)))
    found = [ref for ref in refs if ref.hex().startswith(start.lower())]
    if len(found) != 1 or len(start) < 4:
        raise Unknown("person: give more digits of the id, see `integra people list`")
    return found[0]


def revoke(tx: Transaction, person_ref: bytes, *, at: datetime) -> None:
    """End access at once: addresses, conversations, drafts, pending messages and memberships go; notes stay.

    Flags they had taken are open again and due at once: nobody else could close them or hand them on.
    """
    from storage import flags  # here, because flags names their owners by this module

    flags.give_up(tx, person_ref, at=at)
    tx.db.execute(update(people).where(people.c.ref == person_ref).values(revoked_at=seconds(at)))
    for one in contacts(tx, person_ref):
        _forget_address(tx, one.address_ref)
    places = tx.db.scalars(select(memberships.c.agency_ref).where(memberships.c.person_ref == person_ref)).all()
    agency_ref = places[0] if len(places) == 1 else b""
    audit.record(tx, "person.revoked", at=at, reason="access", agency=agency_ref, about=person_ref)
    tx.db.execute(delete(memberships).where(memberships.c.person_ref == person_ref))
    tx.db.execute(delete(walks).where(walks.c.person_ref == person_ref))
    tx.db.execute(delete(case_members).where(case_members.c.person_ref == person_ref))
    plans.leave(tx, person_ref)


def replace_chat(tx: Transaction, person_ref: bytes, channel: str, chat: str) -> None:
    """Move a person to a new phone or account; what was open in the old chat is gone."""
    for one in contacts(tx, person_ref):
        if one.channel == channel:
            _forget_address(tx, one.address_ref)
    reach_at(tx, person_ref, channel, chat)


def _forget_address(tx: Transaction, address_ref: bytes) -> None:
    for table in (conversations, outbox, traces, timers, residue, attachments):
        tx.db.execute(delete(table).where(table.c.address_ref == address_ref))
    tx.db.execute(delete(addresses).where(addresses.c.ref == address_ref))
    tx.purged()


# ---------------------------------------------------------------- invites


def invite(tx: Transaction, agency_ref: bytes, role: str, *, at: datetime, lives: timedelta = INVITE_LIVES) -> str:
    """Make an invite.

    Returns:
        The token, 43 characters of ``A-Za-z0-9_-``; kept as a keyed hash only.
    """
    token = secrets.token_urlsafe(32)
    tx.db.execute(
        insert(invites),
        {
            "token_hash": tx.keyring.token_hash(token),
            "agency_ref": agency_ref,
            "role": role,
            "expires_at": seconds(at + lives),
        },
    )
    about = tx.keyring.token_hash(token)[:16]
    audit.record(tx, "invite.made", at=at, reason="access", agency=agency_ref, about=about)
    return token


def redeem(tx: Transaction, token: str, channel: str, chat: str, *, language: str, at: datetime) -> bytes | None:
    """Let the holder of an invite in; exactly one of several who try at once.

    A person already enrolled at this chat gets the further role.

    Returns:
        The person's ref, or None: wrong, used or out of date.
    """
    hashed = tx.keyring.token_hash(token)
    used = tx.db.execute(
        update(invites)
        .where(invites.c.token_hash == hashed, invites.c.used_at.is_(None), invites.c.expires_at > seconds(at))
        .values(used_at=seconds(at))
    )
    if used.rowcount != 1:
        return None
    agency_ref, role = tx.db.execute(
        select(invites.c.agency_ref, invites.c.role).where(invites.c.token_hash == hashed)
    ).one()
    person_ref = at_address(tx, channel, chat)
    if person_ref is not None:
        join(tx, person_ref, agency_ref, role, at=at)
    else:
        person_ref = add(tx, agency_ref, role, language=language, at=at)
        reach_at(tx, person_ref, channel, chat)
    whose = tx.acting(Actor.person(person_ref))
    audit.record(whose, "invite.redeemed", at=at, reason="enrolment", agency=agency_ref, about=hashed[:16])
    return person_ref
