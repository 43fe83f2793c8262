"""The data folder: there, the owner's alone, on a disk with room that can be written."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.checks.base import Finding, Patient, fine, note, trouble
from storage.deletions import FILE as DELETIONS_FILE
from storage.keyring import INGEST_FILE, MASTER_FILE
from storage.keyset import FILE as KEYSET_FILE
from storage.postgres import FILE as ADDRESS_FILE
from storage.relocation import MOVED
from storage.sealing.keyfile import FORMAT, MOST_FILE_BYTES

MEGABYTE: Final = 1_000_000
FLOOR_BYTES: Final = 100 * MEGABYTE
"""Less, and a busy hour with photos fills the disk."""
LOW_BYTES: Final = 500 * MEGABYTE
FEWEST_FILES: Final = 100
OWNERS_ALONE: Final = (
    *(f"{name}{beside}" for name in ("integra.db", MOVED) for beside in ("", "-wal", "-shm")),
    *(ADDRESS_FILE, DELETIONS_FILE, "lock"),
)


def modes(patient: Patient) -> Iterator[Finding]:
    """Who may read what, and whose it is."""
    folder = patient.installation.folder
    owner = folder.stat().st_uid
    found = False
    for path, closed in _with_wanted(folder):
        about = path.lstat()
        mode, name = stat.S_IMODE(about.st_mode), path.relative_to(folder.parent)
        if stat.S_ISLNK(about.st_mode):
            found = True
            yield trouble(f"{name} is a link", "put the file itself there: what a link leads to may be exchanged")
            continue
        if about.st_uid != owner:
            found = True
            yield trouble(f"{name} belongs to another user than the folder", f"chown --reference={folder} {path}")
        if mode & closed:
            found = True
            wanted = "700" if stat.S_ISDIR(about.st_mode) else "600"
            yield trouble(f"{name} is open to others (mode {mode:o})", f"chmod {wanted} {path}")
    if os.geteuid() not in (0, owner):
        found = True
        yield trouble("the folder belongs to another user than the one who runs this", "run this as that user")
    if not found:
        yield fine("it and all in it are its owner's alone")


def _with_wanted(folder: Path) -> Iterator[tuple[Path, int]]:
    """Files and the rights that others must not have."""
    yield folder, 0o077
    for name in OWNERS_ALONE:
        if os.path.lexists(folder / name):
            yield folder / name, 0o077
    if (folder / "keys").is_dir():
        yield folder / "keys", 0o077
        yield from ((path, 0o077) for path in sorted((folder / "keys").iterdir()))
    if (folder / "desks").is_dir():
        yield folder / "desks", 0o022
        yield from ((path, 0o022) for path in sorted((folder / "desks").iterdir()))
    for name in ("settings.toml", "site.toml"):
        if os.path.lexists(folder / name):
            yield folder / name, 0o022


def opening_keys(patient: Patient) -> Iterator[Finding]:
    """No key that opens notes lies where the assistant is."""
    folder = patient.installation.folder
    own = {folder / "keys" / name for name in (MASTER_FILE, INGEST_FILE, KEYSET_FILE)}
    found = False
    for path in sorted(folder.rglob("*")):
        if path in own or path.is_symlink() or not path.is_file() or path.stat().st_size > MOST_FILE_BYTES:
            continue
        if f'"{FORMAT}"'.encode() in path.read_bytes():
            found = True
            name = path.relative_to(folder)
            yield trouble(
                f"{name} is a private key of somebody who reads notes or signs desks",
                "take it away: who takes this machine must find no such key. Then put a new key in its place, see"
                " docs/operating.md, A lost or stolen key",
            )
    if not found:
        yield fine("no key that opens notes lies in the data folder")


def space(patient: Patient) -> Iterator[Finding]:
    """Room on the disk."""
    disk = os.statvfs(patient.installation.folder)
    free = disk.f_bavail * disk.f_frsize
    told = f"{free // MEGABYTE} MB are free on the disk"
    room = "make room on the disk; what people write is taken again by itself then. See docs/operating.md, Trouble"
    if free < FLOOR_BYTES:
        yield trouble(f"{told}, fewer than {FLOOR_BYTES // MEGABYTE}", room)
    elif free < LOW_BYTES:
        yield note(told, room)
    else:
        yield fine(told)
    if disk.f_files and disk.f_favail < FEWEST_FILES:
        yield trouble(f"the disk has room for {disk.f_favail} more files", "delete many small files on it")


def writable(patient: Patient) -> Iterator[Finding]:
    """The disk and the file can be written."""
    folder, database = patient.installation.folder, patient.installation.database
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        yield trouble(
            "the disk is mounted read-only",
            "look into the system's log why; check the disk; mount it for writing. See docs/operating.md, Trouble",
        )
        return
    closed = [path for path in (folder, database) if path.exists() and not os.access(path, os.W_OK)]
    for path in closed:
        yield trouble(f"{path.name} cannot be written by this user", f"chmod u+w {path}, or run this as its owner")
    if not closed:
        yield fine("the disk can be written")


def moved(patient: Patient) -> Iterator[Finding]:
    """Nothing is left of a database that went to a server."""
    left = [path for path in (patient.installation.folder / f"{MOVED}{end}" for end in ("", "-wal", "-shm"))
            if os.path.lexists(path)]  # fmt: skip
    if not left:
        yield fine("nothing is left of a former database")
        return
    yield note(
        f"{' and '.join(path.name for path in left)}, from before `integra move`, still lies here: what is erased from"
        " now on stays in it",
        "keep it until the assistant has run on its server for a day and a backup of that is made; then delete it:"
        f" rm {' '.join(map(str, left))}. See docs/operating.md, PostgreSQL",
    )
