"""What takes seconds to make and is the same each time, made once and kept beside what pytest keeps."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

KEPT = Path(__file__).parent.parent.parent / ".pytest_cache" / "case-systems"


def kept(name: str, about: str, make: Callable[[Path], None]) -> Path:
    """A folder that ``make`` has filled. Of several processes one makes it, the others wait. Only to be read.

    Args:
        about: all that it depends on; another one is made when this changes.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    folder = KEPT / f"{name}-{hashlib.sha256(about.encode()).hexdigest()[:16]}"
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for old in KEPT.glob(f"{name}-*"):
                shutil.rmtree(old)
            part = Path(tempfile.mkdtemp(dir=KEPT))
            try:
                make(part)
                os.rename(part, folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder
