"""Backups: made at all; and those of months that are over open no more."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.checks.base import Finding, Patient, fine, note, trouble
from bot.settings import Settings, SettingsError
from storage import audit, epochs
from storage.sealing.errors import BackupRefused

LATE: Final = timedelta(days=2)
"""Where a backup is made every night, one a few hours into a month destroys what is over by then."""
MOST: Final = 2_000
"""Entries, the newest: years of one a day."""


def keys_of_months(patient: Patient) -> Iterator[Finding]:
    """No key lies where backups were made that is to be destroyed by now: with it old backups still open, and what was
    erased since is in them. Only a backup to the same place destroys it."""
    made = patient.rows(lambda tx: audit.listed(tx, action="backup.made", at_most=MOST))
    if not made:
        yield note("no backup was made yet", "have one made every night: docs/operating.md, Backup")
        return
    try:
        months = Settings.read(patient.installation.folder).backup_months
    except SettingsError:
        yield Finding("skipped", "the settings have mistakes")
        return
    days: dict[str, list[date]] = {}
    for one in made:
        days.setdefault(one.words, []).append(datetime.fromtimestamp(one.entry.at, UTC).date())
    due = (patient.now - LATE).date()
    found = [_at(Path(place), of_place, due, months) for place, of_place in days.items() if place]
    last = max(day for of_place in days.values() for day in of_place)
    yield from list(filter(None, found)) or [
        fine(f"the last backup was made on {last}; no key is left of a month that is over")
    ]


def _at(keys: Path, days: Sequence[date], due: date, months: int) -> Finding | None:
    """
    Args:
        keys: the file of a place where backups were made.
        days: when; the last one destroyed what was over by then.
        due: a key that is over on that day is to be gone.
    """
    last = days[-1]
    if not os.path.isdir(keys.parent):  # a disk that is taken away in between, or another machine's
        if any(epochs.is_over(day, due, months) and not epochs.is_over(day, last, months) for day in days):
            return note(
                f"the last backup beside {keys} was made on {last}; whether the key of an older month is gone, as it"
                " should be, cannot be seen from here",
                MEND.format(keys=keys),
            )
        return None
    try:
        left = epochs.left_over(keys, due, months)
    except FileNotFoundError:
        return None
    except (OSError, BackupRefused):
        return note(f"{keys} cannot be read", "run this as the user who makes backups, or take another copy of it")
    if not left:
        return None
    return trouble(
        f"{keys} still has the key of {', '.join(left)}, which is to be destroyed by now; the last backup there was of"
        f" {last}. Backups of that time still open, with all that was erased since",
        MEND.format(keys=keys),
    )


MEND: Final = "make a backup there; or, where none will be made any more, delete {keys}: docs/operating.md, Backup"
