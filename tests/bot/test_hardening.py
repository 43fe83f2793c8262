"""The assistant leaves no core dump and lets nobody look into its memory."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bot_process import process
from fake_telegram import FakeTelegram

from bot.trial import Trial

ASKED = """
import ctypes, resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
get = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
before = get()
from bot.hardening import harden
harden()
print(before, get(), *resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_t09_a_hardened_process_is_not_dumpable() -> None:
    asked = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
    assert asked.stdout.split() == ["1", "0", "0", "0"]


@pytest.mark.sqlite
async def test_t09_the_running_assistant_leaves_no_core(trial: Trial, tmp_path: Path) -> None:
    shell = ("/bin/sh", "-c", 'ulimit -c unlimited; cd "$0" && exec "$@"', str(tmp_path))
    integra = str(Path(sys.executable).with_name("integra"))
    async with FakeTelegram() as telegram, process(trial, telegram, (*shell, integra)) as bot:
        await bot.start()
        assert bot.running is not None
        assert core_limits(bot.running.pid) == ["0", "0"]
        assert await bot.end(signal.SIGABRT) == -signal.SIGABRT
    assert left(tmp_path) == []


def core_limits(pid: int) -> list[str]:
    """Soft and hard limit of the size of a core file."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (core,) = [line.split() for line in lines if line.startswith("Max core file size")]
    return core[4:6]


def left(folder: Path) -> list[Path]:
    return list(folder.glob("core*"))
