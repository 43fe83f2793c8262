"""Who is enrolled, where they are reached, and how they come in and go out."""

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import bindparam, delete, insert, select, update

from dialogues.permissions import SERVES
from guidance.model import Role
from storage import audit, awaited, deletions, lapses, outbox, plans, sites
from storage import timers as timer_rows
from storage.errors import LastAdmin, Unknown, Unreadable
from storage.schema import (
    addresses,
    attachments,
    case_members,
    conversations,
    invites,
    memberships,
    page_links,
    page_sessions,
    people,
    redemptions,
    residue,
    timers,
    traces,
    walks,
)
from storage.schema import outbox as outbox_rows
from storage.transaction import Transaction, moment, seconds

ERASE = "erase"
"""Kind of the timer that has the draft's words erased from a chat that is no longer anybody's; ``about`` is its address
ref in hex."""
ROLES: tuple[str, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a person is reached: a chat of a channel. ``reached``: False while nothing arrives there."""

    address_ref: bytes
    channel: str
    chat: str = field(repr=False)
    reached: bool = True


@dataclass(frozen=True, slots=True)
class PersonRow:
    ref: bytes
    handle: str = field(repr=False)
    language: str
    accepted: bool
    revoked: bool


@dataclass(frozen=True, slots=True)
class Servant:
    """Somebody who may have to hear of an agency's flags.

    Attributes:
        roles: (agency ref, role), each agency once.
        reached: something arrives at one of their chats, as far as is known.
        sites: names of where they work, of these agencies.
    """

    ref: bytes
    handle: str = field(repr=False)
    language: str
    accepted: bool
    reached: bool
    roles: tuple[tuple[bytes, Role], ...]
    sites: tuple[str, ...] = field(default=(), repr=False)

    def serves(self, agency_refs: Collection[bytes], *roles: Role) -> bool:
        """Whether they have one of these roles in one of these agencies."""
        return any(ref in agency_refs and role in roles for ref, role in self.roles)


@dataclass(frozen=True, slots=True)
class StaffRow:
    """Somebody of an agency: their role there, and when it ends by itself."""

    ref: bytes
    handle: str = field(repr=False)
    role: Role
    accepted: bool
    until: datetime | None
    days: int | None
    site: str = field(default="", repr=False)


_profile_of = select(people.c.sealed_profile).where(people.c.ref == bindparam("person"))
_address = select(addresses.c.ref, addresses.c.sealed_contact, addresses.c.unreachable_since)
_of_person = _address.where(addresses.c.person_ref == bindparam("person"))
_members = (
    select(people.c.ref, people.c.sealed_profile, people.c.accepted_at)
    .join(memberships, memberships.c.person_ref == people.c.ref)
    .where(
        memberships.c.agency_ref == bindparam("agency"),
        memberships.c.role.in_(bindparam("roles", expanding=True)),
        people.c.revoked_at.is_(None),
    )
    .order_by(memberships.c.since)
)
_servants = (
    select(
        people.c.ref,
        people.c.sealed_profile,
        people.c.accepted_at,
        memberships.c.agency_ref,
        memberships.c.role,
        memberships.c.sealed_site,
        select(addresses.c.ref)
        .where(addresses.c.person_ref == people.c.ref, addresses.c.unreachable_since.is_(None))
        .exists()
        .label("reached"),
    )
    .join(memberships, memberships.c.person_ref == people.c.ref)
    .where(
        memberships.c.agency_ref.in_(bindparam("agencies", expanding=True)),
        memberships.c.role.in_((*SERVES, "admin")),
        people.c.revoked_at.is_(None),
    )
    .order_by(memberships.c.since, people.c.ref)
)


def add(
    tx: Transaction,
    agency_ref: bytes,
    role: str,
    *,
    language: str,
    at: datetime,
    days: int | None = None,
    site: str = "",
) -> bytes:
    """A new person without an address yet; they accept the rules in their first conversation.

    Args:
        days: the role ends after so many, unless it is renewed; None: it does not end by itself.
        site: where they work, see ``storage.sites``.

    Returns:
        The person's ref, 16 random bytes.
    """
    ref = os.urandom(16)
    profile = {"handle": "", "language": language}
    tx.db.execute(
        insert(people),
        {"ref": ref, "sealed_profile": tx.seal("profile", ref, profile), "created_at": seconds(at)},
    )
    join(tx, ref, agency_ref, role, at=at, days=days, site=site)
    return ref


def join(
    tx: Transaction,
    person_ref: bytes,
    agency_ref: bytes,
    role: str,
    *,
    at: datetime,
    days: int | None = None,
    site: str = "",
    force: bool = False,
) -> None:
    """Give a person a role in an agency; one role in each, the newest counts. What only the old role could do ends.

    Args:
        days: as in ``add``.
        site: as in ``add``; empty: where they worked before, if they did.
        force: even if nobody is left who is admin there.

    Raises:
        LastAdmin: they are the last admin there, and would not be any more.
    """
    was = role_in(tx, person_ref, agency_ref)
    if was == "admin" != role and not force:
        keep_an_admin(tx, person_ref, agency_ref)
    if was in SERVES and role not in SERVES:
        _hand_back_flags(tx, person_ref, at)
    values: dict[str, Any] = {"role": role, **lapses.values(at, days)}
    if site:
        values["sealed_site"] = sites.seal(tx, sites.place(person_ref, agency_ref), site)
    if was is not None:
        where = (memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref)
        tx.db.execute(update(memberships).where(*where).values(**values))
    else:
        row = {"person_ref": person_ref, "agency_ref": agency_ref, "since": seconds(at), **values}
        tx.db.execute(insert(memberships), row)
    lapses.watch(tx, person_ref, agency_ref, at=at)


def role_in(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> Role | None:
    """A person's role in an agency, or None."""
    where = (memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref)
    found: Role | None = tx.db.scalar(select(memberships.c.role).where(*where))
    return found


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
    row = tx.db.execute(_address.where(addresses.c.ref == address_ref)).one_or_none()
    return None if row is None else _contact(tx, row)


def contacts(tx: Transaction, person_ref: bytes) -> list[Contact]:
    return [_contact(tx, row) for row in tx.db.execute(_of_person, {"person": person_ref})]


def addresses_of(tx: Transaction, person_ref: bytes) -> list[bytes]:
    """Refs of where a person is reached; nothing is opened for it."""
    return list(tx.db.scalars(select(addresses.c.ref).where(addresses.c.person_ref == person_ref)))


def _contact(tx: Transaction, row: Any) -> Contact:
    fields = tx.open("contact", row.ref, row.sealed_contact)
    return Contact(row.ref, fields["channel"], fields["chat"], row.unreachable_since is None)


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
    tx.hold(person_ref)
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
    for ref, sealed, accepted_at in tx.db.execute(_members, {"agency": agency_ref, "roles": list(roles)}):
        fields = tx.open("profile", ref, sealed)
        found.append(PersonRow(ref, fields["handle"], fields["language"], accepted_at is not None, False))
    return found


def servants(tx: Transaction, agency_refs: Collection[bytes]) -> list[Servant]:
    """Coordinators, supervisors and admins of some agencies, longest-serving first; one query, whoever they are."""
    rows: dict[bytes, list[Any]] = {}
    for row in tx.db.execute(_servants, {"agencies": list(agency_refs)}):
        rows.setdefault(row.ref, []).append(row)
    found = []
    for ref, several in rows.items():
        first = several[0]
        fields = tx.open("profile", ref, first.sealed_profile)
        roles = tuple((row.agency_ref, row.role) for row in several)
        accepted, reached = first.accepted_at is not None, bool(first.reached)
        at = (sites.unseal(tx, sites.place(ref, row.agency_ref), row.sealed_site) for row in several)
        found.append(
            Servant(ref, fields["handle"], fields["language"], accepted, reached, roles, tuple(filter(None, at)))
        )
    return found


def one(tx: Transaction, person_ref: bytes) -> PersonRow | None:
    """A person by ref, or None."""
    row = tx.db.execute(select(people).where(people.c.ref == person_ref)).one_or_none()
    if row is None:
        return None
    fields = tx.open("profile", row.ref, row.sealed_profile)
    return PersonRow(
        row.ref, fields["handle"], fields["language"], row.accepted_at is not None, row.revoked_at is not None
    )


def staff(tx: Transaction, agency_ref: bytes) -> list[StaffRow]:
    """Everybody who has a role in an agency, by role and handle."""
    query = (
        select(people, memberships.c.role, memberships.c.until, memberships.c.days, memberships.c.sealed_site)
        .join(memberships, memberships.c.person_ref == people.c.ref)
        .where(memberships.c.agency_ref == agency_ref, people.c.revoked_at.is_(None))
    )
    found = [
        StaffRow(
            row.ref,
            tx.open("profile", row.ref, row.sealed_profile)["handle"],
            row.role,
            row.accepted_at is not None,
            None if row.until is None else moment(row.until),
            row.days,
            sites.unseal(tx, sites.place(row.ref, agency_ref), row.sealed_site),
        )
        for row in tx.db.execute(query)
    ]
    return sorted(found, key=lambda one: (ROLES.index(one.role), one.handle, one.ref))


def every(tx: Transaction) -> list[tuple[PersonRow, list[tuple[bytes, str]]]]:
    """All people with their (agency ref, role); for the admin's list. ``?`` for a handle that cannot be read."""
    listed = []
    for row in tx.db.execute(select(people).order_by(people.c.created_at)).all():
        try:
            fields = tx.open("profile", row.ref, row.sealed_profile)
        except Unreadable:
            fields = {"handle": "?", "language": ""}
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


def places(tx: Transaction, person_ref: bytes) -> list[tuple[bytes, Role]]:
    """(agency ref, role) of each membership, oldest first."""
    query = select(memberships.c.agency_ref, memberships.c.role).where(memberships.c.person_ref == person_ref)
    return [(ref, role) for ref, role in tx.db.execute(query.order_by(memberships.c.since, memberships.c.agency_ref))]


def keep_an_admin(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> None:
    """
    Raises:
        LastAdmin: this person is the only admin of the agency who has finished enrolment.
    """
    if is_last_admin(tx, person_ref, agency_ref):
        raise LastAdmin(
            "this is the last admin of the agency: nobody would hear of alarms. Invite another first"
            " (integra invite --role admin) and wait until they are enrolled, or say --force"
        )


def is_last_admin(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> bool:
    if role_in(tx, person_ref, agency_ref) != "admin":
        return False
    tx.hold(agency_ref)  # or the last two could leave at the same time
    others = (
        select(people.c.ref)
        .join(memberships, memberships.c.person_ref == people.c.ref)
        .where(
            memberships.c.agency_ref == agency_ref,
            memberships.c.role == "admin",
            people.c.ref != person_ref,
            people.c.accepted_at.is_not(None),
            people.c.revoked_at.is_(None),
        )
    )
    return tx.db.execute(others).first() is None


def revoke(tx: Transaction, person_ref: bytes, *, at: datetime, force: bool = False) -> None:
    """End access at once: addresses, conversations, drafts, pending messages, invites and memberships go; notes stay.

    Whose their keys were stays known (``storage.key_holders``): they may still stand on a desk, and must not log in as
    nobody's.

    Flags they had taken are open again and due at once: nobody else could close them or hand them on. The chat is
    asked to delete what holds a draft's words.

    Raises:
        LastAdmin: an agency would be left without an admin; with ``force`` it is.
    """
    agency_refs = [agency_ref for agency_ref, _ in places(tx, person_ref)]
    for agency_ref in agency_refs:
        if not force:
            keep_an_admin(tx, person_ref, agency_ref)
        lapses.forget(tx, person_ref, agency_ref)
    _hand_back_flags(tx, person_ref, at)
    tx.db.execute(update(people).where(people.c.ref == person_ref).values(revoked_at=seconds(at)))
    for ref in addresses_of(tx, person_ref):
        _forget_address(tx, ref, at)
    agency_ref = agency_refs[0] if len(agency_refs) == 1 else b""
    deletions.record(tx, "person", person_ref)
    audit.record(tx, "person.revoked", at=at, reason="access", agency=agency_ref, about=person_ref)
    for table in (memberships, walks, case_members, page_links, page_sessions):
        tx.db.execute(delete(table).where(table.c.person_ref == person_ref))
    tx.db.execute(delete(invites).where(invites.c.issuer_ref == person_ref, invites.c.used_at.is_(None)))
    plans.leave(tx, person_ref)
    tx.purged()


def leave(tx: Transaction, person_ref: bytes, agency_ref: bytes, *, at: datetime, force: bool = False) -> None:
    """End a person's role in one agency: cases, walks and invites there; what they were writing is shed. Notes stay.

    Somebody without any role left is still known: a new invite gives them a role again.

    Raises:
        Unknown: they have none there.
        LastAdmin: as in ``revoke``.
    """
    was = role_in(tx, person_ref, agency_ref)
    if was is None:
        raise Unknown("person: has no role in this agency")
    if not force:
        keep_an_admin(tx, person_ref, agency_ref)
    if was in SERVES:
        _hand_back_flags(tx, person_ref, at)
    lapses.forget(tx, person_ref, agency_ref)
    deletions.record(tx, "role", person_ref + agency_ref)
    audit.record(tx, "person.left", at=at, reason="access", agency=agency_ref, about=person_ref)
    for table in (memberships, walks, case_members):
        tx.db.execute(delete(table).where(table.c.person_ref == person_ref, table.c.agency_ref == agency_ref))
    plans.leave(tx, person_ref, agency_ref=agency_ref)
    theirs = (invites.c.issuer_ref == person_ref, invites.c.agency_ref == agency_ref, invites.c.used_at.is_(None))
    tx.db.execute(delete(invites).where(*theirs))
    for one in contacts(tx, person_ref):
        _shed(tx, one, at)
    tx.purged()


def replace_chat(tx: Transaction, person_ref: bytes, channel: str, chat: str, *, at: datetime) -> None:
    """Move a person to a new phone or account; what was open in the old chat is gone."""
    for one in contacts(tx, person_ref):
        if one.channel == channel:
            _forget_address(tx, one.address_ref, at)
    reach_at(tx, person_ref, channel, chat)


def forget_chat(tx: Transaction, address_ref: bytes, *, at: datetime) -> None:
    """A person moved away from this chat after the backup that was restored."""
    if tx.db.scalar(select(addresses.c.ref).where(addresses.c.ref == address_ref)) is not None:
        _forget_address(tx, address_ref, at)


def _hand_back_flags(tx: Transaction, person_ref: bytes, at: datetime) -> None:
    from storage import flags  # here, because flags names their owners by this module

    flags.give_up(tx, person_ref, at=at)


def _shed(tx: Transaction, one: Contact, at: datetime) -> None:
    """Give up what a conversation holds; its number goes on, so that no old button fits a later question."""
    tx.hold(one.address_ref)
    here = conversations.c.address_ref == one.address_ref
    tx.db.execute(
        update(conversations)
        .where(here)
        .values(
            sealed_state=None,
            sealed_shown=None,
            question=conversations.c.question + 1,
            version=conversations.c.version + 1,
        )
    )
    for table in (timers, attachments):
        tx.db.execute(delete(table).where(table.c.address_ref == one.address_ref))
    awaited.forget(tx, one.address_ref)
    _erase_drafts(tx, one, at)


def _forget_address(tx: Transaction, ref: bytes, at: datetime) -> None:
    try:
        one = contact(tx, ref)
    except Unreadable:  # it goes all the same; only its chat cannot be asked to delete anything
        one = None
    tx.hold(ref)
    for table in (conversations, outbox_rows, timers, redemptions, residue, attachments):
        tx.db.execute(delete(table).where(table.c.address_ref == ref))
    awaited.forget(tx, ref)
    tx.db.execute(delete(addresses).where(addresses.c.ref == ref))
    deletions.record(tx, "address", ref)
    if one is not None:
        _erase_drafts(tx, one, at)
    tx.purged()


def _erase_drafts(tx: Transaction, one: Contact, at: datetime) -> None:
    """Have the messages that hold a draft's words deleted: the phone may be in other hands."""
    query = select(traces.c.draft).distinct().where(traces.c.address_ref == one.address_ref)
    drafts = [draft.hex() for draft in tx.db.scalars(query)]
    if drafts:
        outbox.put(tx, one.channel, one.chat, erase=drafts, at=at)
        timer_rows.arm(tx, ERASE, one.address_ref.hex(), at)
