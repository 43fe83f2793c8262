"""The file of the keys of backups: which key today's are sealed to, and which are over.

It lies beside the backups, not in the data folder: it must survive the loss of that, and lose a key once it is over.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from storage.keyset import replace_file
from storage.sealing import epochs
from storage.sealing.epochs import Epoch
from storage.sealing.errors import BackupRefused
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, PublicKey

FILE: Final = "integra-epochs.json"


@dataclass(frozen=True, slots=True)
class Turned:
    """
    Attributes:
        current: what today's backups are sealed to.
        began: a new key was made for it.
        ended: months whose keys were destroyed, ``2026-08``.
    """

    current: Epoch
    began: bool
    ended: tuple[str, ...]


def turn(path: Path, today: date, months: int, recovery: Collection[PublicKey], signer: SigningKey) -> Turned:
    """Destroy what is over, and have a key for this month; the file is durable when this returns.

    Keys of another installation that keeps its backups in the same place stay until they are over.

    Args:
        months: a key is destroyed when its month is so many months ago.
        recovery: not empty; each opens what is made alone.
        signer: this installation's audit key; a key that it did not sign is not sealed to.

    Raises:
        BackupRefused: ``epochs``: the file is damaged. Nothing was changed.
    """
    there = _read(path) if os.path.lexists(path) else []
    live = [one for one in there if not one.is_over(today, months)]
    wanted = {one.kid for one in recovery}
    fit = (
        one
        for one in live
        if one.month == epochs.month_of(today) and set(one.sealed) == wanted and one.verified_by(signer.public)
    )
    current, began = next(fit, None), False
    if current is None:
        current, began = Epoch.make(today, recovery, signer), True
        live.append(current)
    if live != there:
        _replace(path, epochs.render(live))
    ended = sorted({one.month.isoformat()[:7] for one in there if one not in live})
    return Turned(current, began, tuple(ended))


def is_over(made: date, today: date, months: int) -> bool:
    """Whether a backup of that day is to open no more."""
    return epochs.is_over(epochs.month_of(made), today, months)


def left_over(path: Path, today: date, months: int) -> list[str]:
    """Months whose keys are over and lie there still, ``2026-08``: the next backup there destroys them.

    Raises:
        BackupRefused: ``epochs``: the file is damaged.
        OSError: it cannot be read.
    """
    return sorted({one.month.isoformat()[:7] for one in _read(path) if one.is_over(today, months)})


def opened(path: Path, kid: bytes, recovery: OpeningKey) -> OpeningKey:
    """The private half of a key in the file.

    Raises:
        BackupRefused: ``epoch``: it is not there, or not any more; ``key``, ``epochs``.
        OSError: there is no such file.
    """
    for one in _read(path):
        if one.key.kid == kid:
            return one.open(recovery)
    raise BackupRefused(
        "epoch", f"the key of this backup is not in {path.name}, or was destroyed on schedule; nobody can open it then"
    )


def _read(path: Path) -> list[Epoch]:
    """Whoever else may write to the disk it lies on: each key carries its signature, and private halves are sealed."""
    with open(path, "rb") as file:
        return epochs.parse(file.read(epochs.MOST_BYTES + 1))


def _replace(path: Path, content: bytes) -> None:
    """Put the new file in the old one's place, then write zeros over the old one's bytes. Whether the disk keeps them
    elsewhere is the disk's to say; the keys in them are sealed to the recovery key even so."""
    old = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC) if os.path.lexists(path) else None
    try:
        replace_file(path, content)
        if old is not None:
            os.write(old, bytes(os.fstat(old).st_size))
            os.fsync(old)
    finally:
        if old is not None:
            os.close(old)
