"""Everything storage may raise besides ``storage.sealing.errors``.

    StorageError
    ├── Busy             try the same call again: the database is locked, full or away
    ├── Damaged          what was asked for lies in a damaged page: tell the person, and the operator
    ├── Stale            somebody else moved the conversation on: load again, then decide again
    ├── Unreadable       a sealed column does not open with our keys, or stands in another row's place
    ├── NoRecipients     the agency's desk has nobody to seal to: tell the admin
    ├── Unknown          there is no such row (any more), or not for this person
    ├── ReasonNeeded     a note of a case that the reader does not work on: ask for a reason, then try again
    ├── LastAdmin        nobody would be left to hear alarms; the message says what to do
    ├── WrongVersion     the database is of a newer program: upgrade the program
    ├── CopyBroken       a copy of the database is not whole, or does not fit where it is put
    ├── DeletionsRefused the file of deletions has a line that is not this installation's
    └── BadInstallation  the data folder or a key file is not as it must be; the message says how to mend it

Messages name ids and codes, never content.
"""


class StorageError(Exception):
    """Root of this package's errors. ``code`` is stable: logs and docs use it."""

    code = "storage"


class Busy(StorageError):
    """``why``: full, read-only, locked, input-output, cannot-open, away; or empty."""

    code = "storage.busy"

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why


class Damaged(StorageError):
    code = "storage.damaged"


class Stale(StorageError):
    code = "storage.stale"


class Unreadable(StorageError):
    code = "storage.unreadable"


class NoRecipients(StorageError):
    code = "storage.no-recipients"


class Unknown(StorageError):
    code = "storage.unknown"


class ReasonNeeded(StorageError):
    code = "storage.reason-needed"


class LastAdmin(StorageError):
    code = "storage.last-admin"


class WrongVersion(StorageError):
    code = "storage.wrong-version"


class CopyBroken(StorageError):
    code = "storage.copy-broken"


class DeletionsRefused(StorageError):
    code = "storage.deletions"


class BadInstallation(StorageError):
    code = "storage.bad-installation"
