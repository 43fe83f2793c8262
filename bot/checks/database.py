"""The database file: there, whole, of this program's version, free."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.checks.base import Finding, Patient, fine, note, trouble
from storage import condition

LOOKS: Final = 15
EVERY_S: Final = 0.1
"""The lock counts as held by one who does not let go when it is held at each of so many looks, so far apart."""
RESTORE: Final = "stop the assistant; restore the last backup, or save what can be read: docs/operating.md, Trouble"


def there(patient: Patient) -> Iterator[Finding]:
    path = patient.installation.database
    beside = [path.with_name(f"{path.name}-{end}") for end in ("wal", "shm")]
    if not path.exists():
        yield trouble("there is no database", "restore it from a backup: docs/operating.md, Restore")
        return
    for one in (path, *beside):
        if one.exists() and not one.is_file():
            yield trouble(f"{one.name} is no file", f"look what it is, and take it away: {one}")
            return
    log = beside[0].stat().st_size if beside[0].exists() else 0
    yield fine(f"{path.stat().st_size:,} bytes, {log:,} in its log")


def free(patient: Patient) -> Iterator[Finding]:
    """Nobody holds the lock for writing longer than a turn takes."""
    holder = -1
    for number in range(LOOKS):
        if number:
            patient.sleep(EVERY_S)
        found = condition.writer(patient.installation.database)
        if found is None or (number and found != holder):
            yield fine("nobody keeps it locked")
            return
        holder = found
    name = f"process {holder}{_named(holder)}" if holder else "a process that cannot be named here"
    yield trouble(
        f"{name} keeps the database locked, so nothing can be saved",
        "wait until it has finished, or end it; what people write is taken by itself then",
    )


def version(patient: Patient) -> Iterator[Finding]:
    assert patient.look is not None  # noqa: S101  ``Check.needs``
    found, known = patient.look.versions()
    if found == known[0]:
        yield fine(f"its version is {found}, this program's")
    elif found is None:
        yield trouble("it holds no schema", RESTORE)
    elif found in known:
        yield note(f"its version is {found}, this program's is {known[0]}", "the next start brings it up to date")
    else:
        yield trouble(f"its version is {found}, of a newer program", "upgrade the program: docs/operating.md, Upgrade")


def whole(patient: Patient) -> Iterator[Finding]:
    assert patient.look is not None  # noqa: S101  ``Check.needs``
    found = patient.look.faults(deep=patient.deep)
    if found:
        yield trouble(f"it is damaged: {len(found)} faults{' or more' if len(found) >= 10 else ''}", RESTORE)
    elif patient.deep:
        yield fine("every page, index and reference is in order")
    else:
        yield fine("every page is in order; --deep looks closer")


def _named(pid: int) -> str:
    try:
        return f" ({Path(f'/proc/{pid}/comm').read_text().strip()})"
    except OSError:
        return ""


def login(patient: Patient) -> Iterator[Finding]:
    """The server answers; and whoever takes over the assistant's login cannot read a note's body."""
    found = patient.rows(condition.login)
    if found.reads_bodies:
        yield note(
            f"PostgreSQL {found.version}; the assistant's login may do more than it needs: it could read sealed bodies",
            "give it a login that is a member of integra_bot alone: docs/operating.md, PostgreSQL",
        )
    else:
        yield fine(f"PostgreSQL {found.version}; the assistant's login cannot read a note's body")
