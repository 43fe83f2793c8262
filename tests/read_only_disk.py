"""A data folder whose disk turns read-only under a running process, and back: ``read_only_disk.c``."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True)
class Disk:
    """
    Attributes:
        settings: in the environment of every process that is to see the disk as it is.
    """

    settings: dict[str, str]
    _when: Path

    @contextmanager
    def read_only(self) -> Iterator[None]:
        self._when.touch()
        try:
            yield
        finally:
            self._when.unlink()


def disk_below(folder: Path, place: Path) -> Disk:
    """Skips the test where there is no C compiler.

    Args:
        folder: with all below it on that disk.
        place: for what is compiled; elsewhere.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    library, when = place / "read_only_disk.so", place / "read-only"
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-o", library, SOURCE, "-ldl"], check=True)
    return Disk(
        {"LD_PRELOAD": str(library), "READ_ONLY_FOLDER": str(folder.resolve()), "READ_ONLY_WHEN": str(when)}, when
    )
