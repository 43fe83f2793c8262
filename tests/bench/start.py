"""What it takes to start: CPU seconds of commands from their first instruction to their last, or until one listens.

    python tests/bench/start.py [--times 5] [--beside FOLDER]

Each is a process of its own, user and system time of all its threads, the least of so many starts. ``run`` counts until
the assistant says that it is ready (sd_notify). ``--beside`` takes another checkout of the assistant in turn with this
one, so that both meet the same machine.
"""

import argparse
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import engine
import turns

HERE = Path(__file__).parent.parent.parent
COMMANDS = {
    "--version": ("--version",),
    "--help": ("--help",),
    "people --help": ("people", "--help"),
    "people list": ("people", "list", "--data", "DATA"),
    "doctor": ("doctor", "--data", "DATA"),
    "ask": ("ask", "what is a red flag"),
    "chat": ("chat",),
    "run": ("run", "--data", "DATA", "--token-file", "TOKEN"),
}


def environment(root: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root), "INTEGRA_BY_MEANING": "false", **more}


def ended(root: Path, arguments: list[str]) -> float:
    """CPU seconds of a command that ends by itself; one line is typed to it."""
    was = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=root,
        env=environment(root),
        input="/menu\n",
        text=True,
        capture_output=True,
        check=False,
    )
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return now.ru_utime + now.ru_stime - was.ru_utime - was.ru_stime


def ready(root: Path, arguments: list[str], folder: Path, url: str) -> float:
    """CPU seconds of a worker until it is ready."""
    path = folder / "notify"
    path.unlink(missing_ok=True)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
        told.bind(str(path))
        told.settimeout(60)
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=root,
            env=environment(root, INTEGRA_TELEGRAM_API=url, NOTIFY_SOCKET=str(path)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while told.recv(100) != b"READY=1":
                pass
            return turns.cpu_s(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def main() -> None:
    parser = argparse.ArgumentParser(description="What it takes to start.")
    engine.add_option(parser)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--beside", type=Path, help="another checkout, measured in turn with this one")
    given = parser.parse_args()
    roots = [HERE, given.beside] if given.beside else [HERE]
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        data = engine.trial(folder / "trial", given.engine, at=datetime.now(UTC), roles=("coordinator",)).installation
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(turns.TOKEN)
        put = {"DATA": str(data.folder), "TOKEN": str(token)}
        with turns.running(["-m", "fake_telegram", "--bench"]) as telegram:
            assert telegram.stdout is not None
            url = telegram.stdout.readline().split()[0].removeprefix("url=")
            print(f"{'CPU seconds':24}" + "".join(f"{'here' if root == HERE else 'beside':>9}" for root in roots))
            for name, words in COMMANDS.items():
                arguments = [put.get(word, word) for word in words]
                taken: dict[Path, list[float]] = {root: [] for root in roots}
                for _ in range(given.times):
                    for root in roots:
                        run = ready(root, arguments, folder, url) if name == "run" else ended(root, arguments)
                        taken[root].append(run)
                print(f"{name:24}" + "".join(f"{min(taken[root]):9.2f}" for root in roots), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
