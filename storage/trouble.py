"""What a database's refusal means: whose turn it is, and in plain words what is the matter and what mends it.

SQLite tells by number what is wrong, PostgreSQL by five signs; whatever else refuses to serve is ``Busy`` without more.
"""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from storage.errors import Busy, Damaged, StorageError

NO_ANSWER: Final = "08006"
"""SQLSTATE of a connection that failed; psycopg gives none where it could not be made at all."""
DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, "XX001", "XX002")
WHY: Final[dict[int | str, str]] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_IOERR: "input-output",
    sqlite3.SQLITE_CANTOPEN: "cannot-open",
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    "53100": "full",
    "25006": "read-only",
    "55P03": "locked",
    "58030": "input-output",
    NO_ANSWER: "away",
    "57P01": "away",
    "57P02": "away",
    "57P03": "away",
}
WORDS: Final = {
    "full": "the disk is full: make room on it",
    "read-only": "the disk or the database is read-only: mount it for writing, or name the server that is written to",
    "locked": "another program holds it: wait, or end that program",
    "input-output": "the disk does not read or write: look into the system's log",
    "away": "its server does not answer, or does not let this login in: look whether it runs, and at database.toml",
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
    return isinstance(failed, OperationalError) or _code(failed) != ""


def _code(failed: BaseException | None) -> int | str:
    """SQLite's primary result code or PostgreSQL's SQLSTATE, if it is one of ours; of this or of what it was raised
    from (a failed ROLLBACK hides it). Otherwise empty.
    """
    while failed is not None:
        driver = getattr(failed, "orig", failed)
        number = getattr(driver, "sqlite_errorcode", None)
        code = _sqlstate(driver) if number is None else number & 0xFF
        if code in WHY or code in DAMAGED:
            return code
        failed = failed.__context__
    return ""


def _sqlstate(driver: object) -> str:
    if not hasattr(driver, "sqlstate"):
        return ""
    return str(driver.sqlstate or (NO_ANSWER if type(driver).__name__ == "OperationalError" else ""))
