"""Files that are whole or not there: written beside their name, made durable, linked to it; never overwritten."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from storage.errors import Busy
from storage.sync.batch import DropConflict, DropUnwritable, Step

DATA, SIGNATURE, MANIFEST = KINDS = "jsonl.age", "manifest.sig", "manifest.json"
MOST_READ_BYTES: Final = 16 * 1024 * 1024


def file_name(stream: str, batch: int, kind: str) -> str:
    return f"notes-{stream}-{batch:010d}.{kind}"


def place(folder: Path, files: Sequence[tuple[str, bytes]], step: Step) -> bool:
    """Make files durable under their names, in order; each ``.part`` holds no more than the finished file.

    Returns:
        Whether all of them were there before, with the same bytes.

    Raises:
        DropConflict: other bytes have one of the names.
        DropUnwritable: no part of a file is left.
        Busy: another process writes to this folder.
    """
    try:
        with _alone(folder) as opened:
            placed = [_placed(opened, name, content, step) for name, content in files]
            return all(placed)
    except OSError as failed:
        raise unwritable(failed) from None


def there(folder: Path) -> list[str]:
    """Names in a folder.

    Raises:
        DropUnwritable: it is away.
    """
    try:
        return sorted(os.listdir(folder))
    except OSError as failed:
        raise unwritable(failed) from None


def read(path: Path) -> bytes:
    """A small regular file, no link; empty where there is none, or it is too large."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(handle, "rb") as file:
        try:
            content = file.read(MOST_READ_BYTES + 1)
        except OSError:
            return b""
    return content if len(content) <= MOST_READ_BYTES else b""


def unwritable(failed: OSError) -> DropUnwritable:
    return DropUnwritable(errno.errorcode.get(failed.errno or 0, "OSError"))


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    except BlockingIOError:
        raise Busy("another process writes to this folder") from None
    finally:
        os.close(folder)


def _placed(folder: int, name: str, content: bytes, step: Step) -> bool:
    part = name + ".part"
    try:
        is_there = _is_there(folder, name, content)
        if not is_there:
            _written(folder, part, content)
            step(f"{name}: part is written")
            os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            step(f"{name}: linked")
        _gone(folder, part)
        os.fsync(folder)
        step(f"{name}: durable")
    except OSError:
        with contextlib.suppress(OSError):
            _gone(folder, part)
        raise
    return is_there


def _is_there(folder: int, name: str, content: bytes) -> bool:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return False
    except OSError as failed:
        if failed.errno == errno.ELOOP:
            raise DropConflict(f"{name} is a symbolic link") from None
        raise
    with os.fdopen(handle, "rb") as file:
        if file.read(len(content) + 1) != content:
            raise DropConflict(f"{name} is there already with other bytes")
        os.fsync(file.fileno())
    return True


def _written(folder: int, part: str, content: bytes) -> None:
    # a part that a crash left may be linked to its name by now: writing into it would change the finished file
    _gone(folder, part)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(part, flags, 0o640, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _gone(folder: int, part: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part, dir_fd=folder)
