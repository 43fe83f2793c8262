"""What tests of the page need from outside: Node, the packages of page/, Chromium. Missing, they are skipped aloud;
where ``CI=true`` they fail."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from two_readers import OLDEST_NODE

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "page"
TESTS = Path(__file__).parent / "page"


def chromium() -> str | None:
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


def what_lacks(*, browser: bool) -> str | None:
    node = shutil.which("node")
    if node is None:
        return f"there is no node; install Node.js {OLDEST_NODE} or newer, then `make page`"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        return f"node is {version}; install Node.js {OLDEST_NODE} or newer, then `make page`"
    if not (PAGE / "node_modules" / "ready").exists():
        return "the packages of page/ are not installed; run `make page`"
    if browser and chromium() is None:
        return "there is no Chromium; install the package `chromium`"
    return None


def demand(*, browser: bool) -> None:
    """Skip aloud, or fail in CI, where something is missing."""
    lacks = what_lacks(browser=browser)
    if lacks is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"the page was not tested: {lacks}")
    pytest.skip(f"THE PAGE WAS NOT TESTED: {lacks}")


SOURCES = (
    *("page/src", "page/build.js", "page/package.json", "page/tsconfig.json"),
    *("guidance/content", "dialogues/identifying.py", "tests/vectors/known-answers.json"),
    *("storage/sealing/fingerprint.py", "storage/sealing/passphrase_words.txt"),
)
"""What the page is built from."""


def copied_to(project: Path) -> Path:
    """What the page is built from, elsewhere."""
    for name in SOURCES:
        source, target = PROJECT / name, project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    (project / "page" / "node_modules").symlink_to(PAGE / "node_modules")
    return project


def node(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a script to its end; what it prints comes back."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        ["node", *map(str, arguments)], check=True, capture_output=True, text=True, timeout=120, **options
    )
