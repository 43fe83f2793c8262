"""The commands in the README do what the README says, so that the page cannot drift from the program."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
INTEGRA = ROOT / ".venv" / "bin" / "integra"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def test_the_setup_block_runs_as_written(tmp_path: Path) -> None:
    """The blocks marked `sh`, one after another, in an empty folder."""
    script = "set -e\n" + "\n".join(blocks("sh"))
    assert script.count("integra ") >= 8
    env = {"PATH": f"{INTEGRA.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert "with 3 keys" in done.stdout
    assert "https://t.me/your_bot?start=" in done.stdout


@pytest.mark.parametrize("target", re.findall(r"`make ([a-z-]+)`", README))
def test_every_make_target_named_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_conversation_shown_goes_as_written(tmp_path: Path) -> None:
    """The transcript in the README, played by pipe."""
    (shown,) = blocks("transcript")
    typed = "\n".join(line[2:] for line in shown.splitlines() if line.startswith("> "))
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [str(INTEGRA), "chat", "--as", "officer"],
        input=typed + "\n",
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    heard = done.stdout.splitlines()
    for line in shown.splitlines():
        if line.strip() and not line.startswith("…"):
            assert line in heard, line
