"""The content as it was in a revision of a git repository."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

REGISTERS = ("sources.toml", "facts.toml")
WAIT_S = 60


class RevisionError(Exception):
    """It cannot be read; the message says what to do."""


def content_at(revision: str, folder: Path) -> Mapping[str, str]:
    """Path below the content folder to text, as ``guidance.library.from_files`` takes it.

    Args:
        folder: a content folder inside a repository, or a repository that holds one anywhere.

    Raises:
        RevisionError: no git, no repository, no such revision, or no content in it.
    """
    if shutil.which("git") is None:
        raise RevisionError("git is not installed here; it is needed to read older content")
    if not folder.is_dir():
        raise RevisionError(f"{folder} is not a folder")
    try:
        top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
        inside = _git(folder, "rev-parse", "--show-prefix").strip()
    except RevisionError:
        raise RevisionError(f"{folder} is not in a git repository; name one with --repo") from None
    try:
        commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    except RevisionError:
        raise RevisionError(f"there is no revision {revision} in {top}; git log shows those there are") from None
    names = [name for name in _git(top, "ls-tree", "-r", "--name-only", "-z", commit).split("\0") if name]
    start = _start(names, inside)
    if start is None:
        raise RevisionError(f"{revision} holds no content: no folder with {' and '.join(REGISTERS)}")
    wanted = [name for name in names if name.startswith(start) and name.endswith((".toml", ".ftl"))]
    return {name.removeprefix(start): _git(top, "show", f"{commit}:{name}") for name in wanted}


def _start(names: list[str], inside: str) -> str | None:
    """What the paths of the content begin with: the folder asked for, else the one nearest to the top."""
    there = {name.removesuffix(REGISTERS[0]) for name in names if f"/{name}".endswith(f"/{REGISTERS[0]}")}
    starts = sorted((start for start in there if start + REGISTERS[1] in names), key=lambda start: (len(start), start))
    if inside in starts:
        return inside
    return starts[0] if starts else None


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  no shell; a revision cannot become an option
            [shutil.which("git") or "git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            timeout=WAIT_S,
        )
        return done.stdout.decode("utf-8-sig")
    except subprocess.SubprocessError:
        raise RevisionError(f"git could not do: git {arguments[0]}") from None
    except UnicodeDecodeError:
        raise RevisionError("a file of the older content is not UTF-8 text") from None
