"""What a database's refusal means: whose turn it is, and in plain words what is the matter and what mends it.

SQLite tells by number what is wrong; of another database all refusals to serve are ``Busy`` without more.
"""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from storage.errors import Busy, Damaged, StorageError

DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
WHY: Final = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_IOERR: "input-output",
    sqlite3.SQLITE_CANTOPEN: "cannot-open",
}
WORDS: Final = {
    "full": "the disk is full: make room on it",
    "read-only": "the disk or the database file is read-only: mount it for writing",
    "locked": "another program holds it: wait, or end that program",
    "input-output": "the disk does not read or write: look into the system's log",
    "cannot-open": "its file or the log beside it cannot be opened: look at their owner and mode",
}
LOOK: Final = "integra doctor tells more"


def refusal(failed: BaseException) -> StorageError:
    """Ours for what a driver raised. The sentence holds no words of the driver's, which may quote what was written."""
    code = _code(failed)
    if code in DAMAGED:
        return Damaged(f"the database is damaged: stop the assistant and see docs/operating.md, Trouble; {LOOK}")
    why = WHY.get(code, "")
    if not why:
        return Busy(type(failed).__name__)
    return Busy(f"the database cannot be used: {WORDS[why]}; {LOOK}", why)


def is_refusal(failed: DBAPIError) -> bool:
    """Whether the database would not serve at all; otherwise it is a mistake of whoever asked."""
    return isinstance(failed, OperationalError) or _code(failed) in DAMAGED


def _code(failed: BaseException | None) -> int:
    """SQLite's primary result code, of this or of what it was raised from (a failed ROLLBACK hides it); or 0."""
    while failed is not None:
        code = getattr(getattr(failed, "orig", failed), "sqlite_errorcode", None) or 0
        if code & 0xFF in WHY or code & 0xFF in DAMAGED:
            return int(code) & 0xFF
        failed = failed.__context__
    return 0
