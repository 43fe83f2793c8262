"""A phone is lost: access ends at once, and what its chat could still show is counted, without any content."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.access import Access
from dialogues.permissions import SERVES
from storage import agencies, cases, flags, leavings, notes, people
from storage.transaction import Transaction

ERASABLE = timedelta(hours=48)  # so long a bot may delete messages; older ones only the person can
MOST_NOTES = 1_000
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Lost:
    """What a lost phone means. References and counts alone: nothing here says what anything was about.

    Attributes:
        roles: agency's slug -> role; a piece of its ref, where its profile cannot be read.
        draft: something was being written; it is gone.
        draft_messages: messages with a draft's words that the chat is asked to delete.
        waiting_messages: were on their way to the chat and are not sent any more.
        invites: made by this person, unused; good for nothing now.
        reopened_flags: references of flags this person had taken; open again, and due now.
        seen_flags: references of open flags that this person's list showed.
        recent_notes: references of notes logged within 48 hours; their receipts may stand in the chat.
        older_notes: how many before that, of the last thousand.
        cases: how many cases this person was a member of; their codes may stand in the chat.
        walks: walks through the guide that were under way; their pages may stand in the chat.
        residue: messages with a note's words that could not be deleted from the chat.
        may_hold_key: the role often comes with a key that opens notes, which this does not take off any desk.
    """

    person: str
    roles: dict[str, str]
    draft: bool
    draft_messages: int
    waiting_messages: int
    invites: int
    reopened_flags: tuple[str, ...]
    seen_flags: tuple[str, ...]
    recent_notes: tuple[str, ...]
    older_notes: int
    cases: int
    walks: int
    residue: int
    may_hold_key: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def args(self) -> dict[str, str | int]:
        """For the phrase ``lost-report``."""
        return {
            "reopened": len(self.reopened_flags),
            "reopened-named": _named(self.reopened_flags),
            "seen": len(self.seen_flags),
            "seen-named": _named(self.seen_flags),
            "recent": len(self.recent_notes),
            "recent-named": _named(self.recent_notes),
            "older": self.older_notes,
            "cases": self.cases,
            "walks": self.walks,
            "residue": self.residue,
            "draft": self.draft_messages,
            "holder": int(self.may_hold_key),
        }


def lose(tx: Transaction, access: Access, person_ref: bytes, at: datetime, *, force: bool = False) -> Lost:
    """End all access of a person and tell what it had reached. Nothing that cannot be read holds that up: no pin, no
    agency's profile, no address of the person.

    Raises:
        LastAdmin: an agency would be left without an admin, and not ``force``.
    """
    report = _report(tx, access, person_ref, at)
    people.revoke(tx, person_ref, at=at, force=force)
    return report


def _report(tx: Transaction, access: Access, person_ref: bytes, at: datetime) -> Lost:
    places = people.places(tx, person_ref)
    roles = {agencies.name_of(tx, ref): role for ref, role in places}
    logged = notes.logged_by(tx, person_ref, at_most=MOST_NOTES)
    recent = tuple(reference for reference, hour in logged if hour > at - ERASABLE - timedelta(hours=1))
    serving = {slug for slug, role in roles.items() if role in SERVES}
    desks = {row.ref for row, served_by in access.served(tx, at) if serving & set(served_by)}
    desks |= {ref for ref, role in places if role in SERVES}  # also one that cannot be read
    left = leavings.of_person(tx, person_ref)
    return Lost(
        person=person_ref.hex(),
        roles=dict(roles),
        draft=left.writing,
        draft_messages=left.draft_messages,
        waiting_messages=left.waiting_messages,
        invites=left.invites,
        reopened_flags=tuple(flags.taken_by(tx, person_ref)),
        seen_flags=tuple(flags.listed(tx, desks)),
        recent_notes=recent,
        older_notes=len(logged) - len(recent),
        cases=len(cases.of_person(tx, person_ref)),
        walks=left.walks,
        residue=left.residue,
        may_hold_key=any(role in (*SERVES, "admin") for role in roles.values()),
    )


def _named(references: tuple[str, ...]) -> str:
    return ", ".join(references[:MOST_NAMED]) + (" …" if len(references) > MOST_NAMED else "")
