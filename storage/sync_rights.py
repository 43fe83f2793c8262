"""What the sync process may do in the database: what it delivers, whether a flag is taken, and where it writes down how
that went. Nobody's name, chat, conversation or message.

On a server these are the grants of the role ``integra_sync``; in a file the authorizer of its connection.
"""

import sqlite3
from typing import Final

READS: Final[dict[str, tuple[str, ...]]] = {
    "alembic_version": (),
    "agencies": ("ref", "version"),
    "desks": (),
    "notes": (),
    "flags": ("note_id", "agency_ref", "state"),
    "attachments": ("note_id", "number", "agency_ref", "state", "body"),
    "destinations": (),
    "deliveries": (),
    "delivery_log": (),
    "case_counters": (),
    "batches": (),
    "batch_lines": (),
    "timers": ("id", "kind", "address_ref", "about", "due_at"),
    "audit": (),
}
"""Table to the columns it reads; empty: all."""

ADDS: Final = (
    "destinations", "deliveries", "delivery_log", "case_counters", "batches", "batch_lines", "timers", "audit",
)  # fmt: skip
CHANGES: Final[dict[str, tuple[str, ...]]] = {
    "notes": ("state",),
    "destinations": (),
    "deliveries": (),
    "case_counters": (),
    "batches": (),
    "timers": ("due_at",),
}
"""Table to the columns it changes; empty: all."""

_KEEPS_SCHEMA: Final = frozenset(
    getattr(sqlite3, f"SQLITE_{what}")
    for what in (
        "ATTACH", "DETACH", "DELETE", "ALTER_TABLE", "DROP_TABLE", "DROP_TRIGGER", "DROP_INDEX", "DROP_VIEW",
        "CREATE_TABLE", "CREATE_TRIGGER", "CREATE_VIEW", "CREATE_INDEX",
    )
)  # fmt: skip
_OF_SQLITE: Final = ("sqlite_master", "sqlite_sequence")


def authorize(action: int, table: str | None, column: str | None, *_: str | None) -> int:
    """For SQLite's ``set_authorizer``."""
    allowed = True
    if action == sqlite3.SQLITE_READ and table not in _OF_SQLITE:
        named = READS.get(table or "")
        # SQLite asks for a column of no name where a query counts rows.
        allowed = named is not None and (not named or not column or column in named)
    elif action == sqlite3.SQLITE_INSERT:
        allowed = table in ADDS or table in _OF_SQLITE
    elif action == sqlite3.SQLITE_UPDATE:
        changed = CHANGES.get(table or "")
        allowed = table in _OF_SQLITE or (changed is not None and (not changed or column in changed))
    elif action in _KEEPS_SCHEMA:
        allowed = False
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (table or "").lower() != "writable_schema"
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def grants(role: str) -> list[str]:
    """The same for PostgreSQL."""
    done = []
    for table, columns in READS.items():
        done.append(f"GRANT SELECT{_of(columns)} ON {table} TO {role}")
    done += [f"GRANT INSERT ON {table} TO {role}" for table in ADDS]
    for table, columns in CHANGES.items():
        done.append(f"GRANT UPDATE{_of(columns)} ON {table} TO {role}")
    return done


def _of(columns: tuple[str, ...]) -> str:
    return f" ({', '.join(columns)})" if columns else ""
