"""What the process that serves the page may touch, table by table: its role on a server, its walls on a file.

It gives out sealed bodies and takes sealed notes; conversations, drafts, walks, plans, questions and hand-overs are
none of its business. No key in it opens a note.
"""

from collections.abc import Mapping
from typing import Final, Literal

Right = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]

_READ: Final[tuple[Right, ...]] = ("SELECT",)
_ADD: Final[tuple[Right, ...]] = ("SELECT", "INSERT")
_ALL: Final[tuple[Right, ...]] = ("SELECT", "INSERT", "UPDATE", "DELETE")

RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    "agencies": _READ,
    "desks": _READ,
    "people": _READ,
    "memberships": _READ,
    "addresses": _READ,
    "cases": _READ,
    "case_members": _READ,
    "notes": ("SELECT", "INSERT", "UPDATE"),
    "attachments": _ALL,
    "receipts": _ADD,
    "flags": ("SELECT", "INSERT", "UPDATE"),
    "flag_steps": _ADD,
    "rotas": _READ,
    "timers": _ALL,
    "outbox": _ADD,
    "destinations": _READ,
    "deliveries": ("SELECT", "INSERT", "UPDATE"),
    "case_counters": ("SELECT", "INSERT", "UPDATE"),
    "deletions": ("SELECT", "INSERT", "UPDATE"),
    "audit": _ADD,
    "page_links": _ALL,
    "page_sessions": _ALL,
    "page_challenges": _ALL,
    "page_failures": _ALL,
    "page_used": _ALL,
    "key_holders": _ALL,
    "page_uploads": _ALL,
    "page_counts": _ALL,
}
"""Table -> what may be done with its rows. A table that is not here is not seen."""
