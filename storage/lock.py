"""Who works with the data folder: many at a time, or one alone who changes its keys."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from storage.errors import BadInstallation

FILE: Final = "lock"
BEING_CHANGED: Final = "the keys of this installation are being changed; try again when that is done"
IN_USE: Final = "the assistant or another command is using this installation; stop it first"


def share(folder: Path) -> int:
    """Take a share; it ends with ``leave``, or with the process.

    Raises:
        BadInstallation: somebody changes the keys.
    """
    handle = _open(folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise BadInstallation(BEING_CHANGED) from None
    return handle


def leave(handle: int) -> None:
    os.close(handle)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """
    Raises:
        BadInstallation: somebody else works with the folder.
    """
    handle = _open(folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BadInstallation(IN_USE) from None
    finally:
        os.close(handle)


def _open(folder: Path) -> int:
    return os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
