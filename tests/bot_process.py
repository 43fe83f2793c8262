"""`integra run` as a process of its own, against a fake Bot API."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fake_telegram import TOKEN, FakeTelegram

from bot.trial import Trial

INTEGRA = Path(sys.executable).with_name("integra")


class Process:
    """`integra run` on a trial installation; what it prints is kept in ``printed``.

    Args:
        options: more of them, for `integra run`.
        settings: ``INTEGRA_...`` to value.
    """

    def __init__(
        self,
        trial: Trial,
        telegram: FakeTelegram,
        command: Sequence[str],
        options: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._command, self._options, self._settings = command, options, settings or {}
        self._trial, self._telegram = trial, telegram
        self.printed = b""
        self.running: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._token_file = trial.folder / "token"
        self._token_file.write_text(TOKEN + "\n")
        self._token_file.chmod(0o600)

    async def start(self) -> None:
        """Returns when it has begun to talk to Telegram."""
        before = len(self._telegram.calls_of("getMyCommands"))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
        self.running = await asyncio.create_subprocess_exec(
            *self._command,
            "run",
            "--data",
            str(self._trial.installation.folder),
            "--token-file",
            str(self._token_file),
            *self._options,
            env={**clean, "INTEGRA_TELEGRAM_API": self._telegram.url, **self._settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read(self.running))
        await self._telegram.called("getMyCommands", times=before + 1, within=180)

    async def end(self, how: signal.Signals) -> int:
        """Returns its exit code."""
        assert self.running is not None
        assert self._reading is not None
        self.running.send_signal(how)
        code = await asyncio.wait_for(self.running.wait(), 30)
        await self._reading
        self.running = None
        return code

    async def _read(self, running: asyncio.subprocess.Process) -> None:
        assert running.stdout is not None
        while read := await running.stdout.read(65_536):
            self.printed += read


@asynccontextmanager
async def process(
    trial: Trial,
    telegram: FakeTelegram,
    command: Sequence[str] = (str(INTEGRA),),
    *,
    options: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Process]:
    found = Process(trial, telegram, command, options, settings)
    try:
        yield found
    finally:
        if found.running is not None:
            await found.end(signal.SIGKILL)
