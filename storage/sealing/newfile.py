"""Write a file that was not there: whole and durable, or not at all."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from storage.sealing.errors import KeyFileError

NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def write_new(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """
    Raises:
        KeyFileError: as ``new_file``.
    """
    with new_file(path, mode=mode) as file:
        file.write(content)


@contextlib.contextmanager
def new_file(path: Path, *, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Write beside the name, flush, then give it the name. Nothing is ever overwritten, and whoever is interrupted
    leaves nothing behind.

    Raises:
        KeyFileError: ``exists``, ``missing`` (the folder), ``io``.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        if os.path.lexists(path):
            raise FileExistsError
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _named(part, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        raise KeyFileError("exists", f"{path} is there already; choose another name") from None
    except FileNotFoundError:
        raise KeyFileError("missing", f"make the folder {path.parent} first") from None
    except OSError as failed:
        raise KeyFileError("io", f"{path} could not be written: {os.strerror(failed.errno or 0)}") from None


def _named(part: Path, path: Path) -> None:
    """A link never overwrites. File systems without links (sticks) have only the earlier look to go by."""
    try:
        os.link(part, path)
    except OSError as failed:
        if failed.errno not in NO_LINKS:
            raise
        os.rename(part, path)
