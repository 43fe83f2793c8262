"""A program driven over a pseudo-terminal: what a person at a keyboard sees and types."""

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

INTEGRA = Path(__file__).parent.parent / ".venv" / "bin" / "integra"
PATIENCE_S = 60.0
AGAIN_S = 5.0
"""Whoever sees nothing come of Ctrl-C so long presses it again."""

MARKS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal:
    """``integra`` on a terminal of its own; use it in a ``with`` block."""

    def __init__(self, *arguments: object, cwd: Path) -> None:
        self._master, slave = os.openpty()
        name = os.ttyname(slave)
        # A session leader that opens a terminal gets it as its own: then Ctrl-C is a signal, as at a keyboard.
        command: Sequence[str] = ["sh", "-c", f'exec "$0" "$@" <{name} >{name} 2>&1', str(INTEGRA)]
        env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LC_ALL": "C.UTF-8", "TERM": "dumb", "COLUMNS": "300"}
        self._child = subprocess.Popen(
            [*command, *map(str, arguments)], cwd=cwd, env=env, start_new_session=True, stdin=slave
        )
        os.close(slave)
        self.seen = ""
        self._from = 0
        self._interrupted = False

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
        os.close(self._master)

    def sees(self, text: str) -> str:
        """Wait until this stands on the screen, after what was seen before; returns what came up to it."""
        until = time.monotonic() + PATIENCE_S
        while (at := self.seen.find(text, self._from)) < 0:
            if not self._more(until):
                raise AssertionError(f"never saw {text!r} after:\n{self.seen[-1500:]}")
        passed = self.seen[self._from : at]
        self._from = at + len(text)
        return passed

    def types(self, text: str = "") -> None:
        """A line."""
        os.write(self._master, f"{text}\n".encode())

    def answers(self, question: str, text: str = "") -> None:
        self.sees(question)
        self.types(text)

    def interrupts(self) -> None:
        """Ctrl-C; ``ends`` presses it again while nothing comes of it. One that comes after a question was written and
        before Python waits for the answer wakes nobody: Python looks for it only when something is typed."""
        self._interrupted = True
        os.write(self._master, b"\x03")

    def ends(self) -> int:
        """Wait for the end; returns the exit code."""
        until = time.monotonic() + PATIENCE_S
        while True:
            pause = min(until, time.monotonic() + AGAIN_S) if self._interrupted else until
            if not self._more(pause):
                if not pause <= time.monotonic() < until:  # all was read, or patience is over
                    break
                os.write(self._master, b"\x03")
        return self._child.wait(timeout=PATIENCE_S)

    def _more(self, until: float) -> bool:
        left = until - time.monotonic()
        if left <= 0 or not select.select([self._master], [], [], left)[0]:
            return False
        try:
            read = os.read(self._master, 65_536)
        except OSError:  # the other side is closed
            return False
        self.seen += MARKS.sub("", read.decode(errors="replace").replace("\r", ""))
        return bool(read)
