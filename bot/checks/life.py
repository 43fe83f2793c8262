"""Whether the assistant does its work: it runs, what it has to say goes out, deadlines are met, the clock is right."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from bot import duty, edition, evening, wiring
from bot.checks.base import Finding, Patient, fine, note, trouble
from bot.duty import DesksAlone
from bot.settings import Settings, SettingsError
from bot.site import SiteError, sites
from guidance.library import ContentError
from storage import agencies, condition, lock
from storage.transaction import Transaction

LATE: Final = timedelta(minutes=10)
AHEAD: Final = timedelta(minutes=5)
WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""This program did not exist before."""


def content(patient: Patient) -> Iterator[Finding]:
    """Settings, guidance and the operator's own file are such that the assistant starts with them."""
    try:
        settings = Settings.read(patient.installation.folder)
    except SettingsError as wrong:
        yield trouble(f"the settings have mistakes: {wrong}", "mend settings.toml or the environment")
        return
    try:
        voices = wiring.voices(settings.content) if not patient.deep else edition.checked_voices(settings.content)
        sites(patient.installation.site, next(iter(voices.values())).content)
    except ContentError:
        where = f" --content {settings.content}" if settings.content else ""
        yield trouble("the content has mistakes and is not used", f"see: integra check{where}")
    except SiteError as wrong:
        yield trouble(f"site.toml has {len(wrong.problems)} mistakes", "see: integra check --site site.toml")
    else:
        yield fine(f"settings and guidance ({', '.join(voices)}) are in order")


def assistant(patient: Patient) -> Iterator[Finding]:
    users = _users(patient.installation.folder / lock.FILE)
    if users is None:
        yield note("who uses the data folder cannot be told on this machine")
    elif users:
        yield fine(f"in use by process {', '.join(map(str, users))}")
    else:
        yield note("nobody uses the data folder", "start the assistant, if it should run: integra run")


def saying(patient: Patient) -> Iterator[Finding]:
    """Messages go out."""
    found = patient.rows(condition.waiting)
    if found.oldest is not None and patient.now - found.oldest > LATE:
        yield trouble(
            f"{found.count} messages wait, the oldest since {_minutes(patient.now - found.oldest)}",
            "is the assistant running (integra run)? Does it reach Telegram? Look for telegram.trouble in its log",
        )
    else:
        yield fine(f"{found.count} messages wait")
    for why, count in sorted(found.dead.items()):
        yield note(f"{count} messages can never arrive: {why}", DEAD.get(why, ""))


DEAD: Final = {
    "blocked": "ask those people to unblock the assistant in Telegram; see integra people list",
    "gone": "those chats are no more; integra people replace-chat for who has a new account",
    "bad": "Telegram does not take them: report it; see integra outbox list",
    "failed": "our own code failed on them: report it; after an upgrade: integra outbox retry",
    "unreadable": "they do not open with these keys: damaged, moved, or of another installation",
}


def warned(patient: Patient) -> Iterator[Finding]:
    """Somebody hears, should nobody hear of an agency's flags: each evening's warning reaches one of them."""
    for row in patient.rows(agencies.every):
        yield patient.rows(partial(_warned, patient=patient, row=row))


def _warned(tx: Transaction, *, patient: Patient, row: agencies.AgencyRow) -> Finding:
    there = duty.roster(tx, DesksAlone.of(patient.installation.pins), row, patient.now)
    heard = [one for one in evening.hearers(there) if one.accepted]
    if any(one.reached for one in heard):
        return fine(f"{row.slug}: the desk can be reached")
    if heard:
        return trouble(
            f"{row.slug}: nobody of the desk and no admin can be reached, so nobody hears of a flag, nor of this",
            "have them open the chat and press Start; see integra people list",
        )
    return note(f"{row.slug}: the desk has nobody yet who could hear of a flag", "invite somebody: integra invite")


def deadlines(patient: Patient) -> Iterator[Finding]:
    count, oldest = patient.rows(lambda tx: condition.overdue(tx, patient.now))
    if oldest is not None and patient.now - oldest > LATE:
        yield trouble(
            f"{count} deadlines have passed unnoticed, the earliest {_minutes(patient.now - oldest)} ago",
            "is the assistant running (integra run)? If it is, look for timer.failed in its log",
        )
    else:
        yield fine("deadlines are dealt with on time")


def clock(patient: Patient) -> Iterator[Finding]:
    """The machine's clock is not behind what was written down before."""
    if patient.now < WRITTEN:
        yield trouble(f"it is {patient.now:%Y-%m-%d} by this machine's clock", SET)
        return
    newest = patient.rows(condition.newest)
    if newest is not None and newest - patient.now > AHEAD:
        yield trouble(
            f"something was written down {_minutes(newest - patient.now)} from now: the clock is behind, or was ahead",
            SET,
        )
    else:
        yield fine(f"{patient.now:%Y-%m-%d %H:%M} UTC, later than all that was written down")


SET: Final = "set the clock, by network time; see docs/operating.md, Trouble"


def memory(patient: Patient) -> Iterator[Finding]:
    """What people write is not put on the disk behind the assistant's back."""
    swaps = _lines("/proc/swaps")[1:]
    plain = [one.split()[0] for one in swaps if one and not one.startswith(("/dev/dm-", "/dev/zram", "/dev/mapper/"))]
    if plain:
        yield note(
            f"memory may be written to {', '.join(plain)}, it seems not encrypted",
            "swapoff, encrypted swap, or MemorySwapMax=0 in the unit (cgroup v2)",
        )
    else:
        yield fine("no swap, or encrypted")
    for pid in _users(patient.installation.folder / lock.FILE) or ():
        limits = [one.split() for one in _lines(f"/proc/{pid}/limits") if one.startswith("Max core file size")]
        if limits and limits[0][5] != "0":
            yield note(f"process {pid} may leave a memory image behind", "LimitCORE=0 in the unit; upgrade the program")


def _users(path: Path) -> list[int] | None:
    """Processes that share the data folder's lock; None where the machine does not tell."""
    lines = _lines("/proc/locks")
    if not lines:
        return None
    if not path.exists():
        return []
    about = path.stat()
    place = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    return sorted({int(words[4]) for words in map(str.split, lines) if words[1] == "FLOCK" and place in words})


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _minutes(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 180 else f"{minutes // 60} hours"
