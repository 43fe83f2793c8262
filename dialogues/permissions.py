"""Who may do what: one row an effect or look-up, by its name. What has no row, nobody may.

A role counts in its own agency only. What is somebody's own (a note, a walk), or belongs to a case or a desk, is
looked at once more where it is done.
"""

from collections.abc import Mapping
from typing import Final

from dialogues.model import Person
from guidance.model import ROLES, Role

SERVES: Final[tuple[Role, ...]] = ("coordinator", "supervisor")
"""Roles that see and take the flags of the desks their agency serves."""
KEEPS_CASES: Final[tuple[Role, ...]] = ("coordinator", "supervisor")
"""Roles that say who is a member of their agency's cases."""
KEEPS_PEOPLE: Final[tuple[Role, ...]] = ("coordinator", "admin")
"""Roles that say who may use the assistant in their agency."""
KEEPS_ROTA: Final[tuple[Role, ...]] = ("coordinator", "supervisor")
"""Roles that say who is on duty at their agency's desk."""
INVITED_IN_CHAT: Final[tuple[Role, ...]] = ("officer", "prison", "mentor")
"""Roles that are invited, and end, in the chat. The others see flags or alarms: they are made by the command line."""

PERMISSIONS: Final[Mapping[str, tuple[Role, ...]]] = {
    # effects
    "KeepNote": ROLES,
    "WithdrawNote": ROLES,
    "FetchMedium": ROLES,
    "DropAttachments": ROLES,
    "TracePrivate": ROLES,
    "EraseTraces": ROLES,
    "Remind": ROLES,
    "Settle": ROLES,
    "KeepWalk": ROLES,
    "DropWalk": ROLES,
    "TickCase": ROLES,
    "KeepPlan": ROLES,
    "DropPlan": ROLES,
    "ClearResidue": ROLES,
    "CountFeedback": ROLES,
    "KeepQuestion": ROLES,
    "AwaitAnswer": ROLES,
    "DropAwaited": ROLES,
    "Tell": ROLES,
    "TakeFlag": SERVES,
    "UndoTake": SERVES,
    "DeclineFlag": SERVES,
    "WorkOnFlag": SERVES,
    "AwaitOther": SERVES,
    "HandOnFlag": SERVES,
    "CloseFlag": SERVES,
    "WorsenFlag": ROLES,
    "KeepRota": KEEPS_ROTA,
    "AssignCase": KEEPS_CASES,
    "UnassignCase": KEEPS_CASES,
    "CloseCase": KEEPS_CASES,
    "MakeInvite": KEEPS_PEOPLE,
    "SetSite": KEEPS_PEOPLE,
    "MakeLink": ROLES,
    "RenewAccess": KEEPS_PEOPLE,
    "EndAccess": KEEPS_PEOPLE,
    "LosePhone": KEEPS_PEOPLE,
    # look-ups
    "my-notes": ROLES,
    "my-note": ROLES,
    "destinations": ROLES,
    "my-walks": ROLES,
    "my-plans": ROLES,
    "plan": ROLES,
    "case": ROLES,
    "cases": ROLES,
    "open-flags": SERVES,
    "flag": SERVES,
    "colleagues": SERVES,
    "staff": KEEPS_CASES,
    "people": KEEPS_PEOPLE,
    "rota": KEEPS_ROTA,
}


def allows(person: Person, action: str, agency: str = "") -> bool:
    """Whether somebody may do this.

    Args:
        action: name of an effect's class, or of what is looked up.
        agency: slug, where it is about one; empty: a role anywhere is enough, and what it is about is looked at later.
    """
    roles = PERMISSIONS.get(action, ())
    return any(one.role in roles for one in person.memberships if agency in ("", one.agency.slug))


def may_invite(issuer: str, role: str) -> bool:
    """Whether somebody of this role may make an invite to that role in the chat, in their own agency."""
    return issuer in KEEPS_PEOPLE and role in INVITED_IN_CHAT


def may_end(own: str, role: str) -> bool:
    """Whether somebody of this role may end or renew that role in their own agency. A lost phone is apart."""
    return own == "admin" or (own in KEEPS_PEOPLE and role in INVITED_IN_CHAT)
