"""`integra run` as a process of its own, against a fake Bot API."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import psycopg
from bot_site import SECRET
from fake_telegram import TOKEN, FakeTelegram
from ports import free_port

from bot.trial import Trial

WAITING = """
SELECT count(*) FROM outbox
WHERE dead IS NULL AND address_ref IN (SELECT address_ref FROM conversations)
"""
INTEGRA = Path(sys.executable).with_name("integra")
QUICK_LEASES = Path(__file__).with_name("quick_leases.py")
UNPACED = {f"INTEGRA_{name}": "10000" for name in ("CHAT_PER_S", "CHAT_BURST", "ALL_PER_S", "ALL_BURST")}
QUICK = {**UNPACED, "INTEGRA_BY_MEANING": "false"}
"""... and no folder learns half a minute at its first start."""
"""A fake Telegram takes as much as it gets."""


class Process:
    """`integra run` on a trial installation; what it prints is kept in ``printed``.

    Args:
        library: that drives Telegram, at the next start.
        webhook: whether it is reached by webhook, from the next start on; at one address as long as it lives.
        options: more of them, for `integra run`.
        settings: name to value, in its environment.
        serves_at: port that is open once it has started; 0: it serves nothing.
    """

    def __init__(
        self,
        trial: Trial,
        telegram: FakeTelegram,
        command: Sequence[str],
        library: str = "aiogram",
        options: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        serves_at: int = 0,
        *,
        webhook: bool = False,
    ) -> None:
        self.command, self.library, self.webhook, self.serves_at = command, library, webhook, serves_at
        self._options, self._settings = options, settings or {}
        self._trial, self._telegram = trial, telegram
        self.printed = b""
        self._news = asyncio.Event()
        self.running: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._port = free_port()
        self._token_file, self._secret_file = trial.folder / "token", trial.folder / "secret"
        for file, secret in ((self._token_file, TOKEN), (self._secret_file, SECRET)):
            file.write_text(secret + "\n")
            file.chmod(0o600)

    async def start(self) -> None:
        """Returns when it has begun to talk to Telegram."""
        before = len(self._telegram.calls_of("getMyCommands"))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
        api = {"INTEGRA_TELEGRAM_API": self._telegram.url}
        options = [*self._options]
        if self.webhook:
            api["INTEGRA_WEBHOOK_PORT"] = str(self._port)
            url = f"http://127.0.0.1:{self._port}/telegram"
            options += ["--webhook", url, "--secret-file", str(self._secret_file)]
        self.running = await asyncio.create_subprocess_exec(
            *self.command,
            "run",
            "--data",
            str(self._trial.installation.folder),
            "--token-file",
            str(self._token_file),
            "--client",
            self.library,
            *options,
            env={**clean, **QUICK, **api, **self._settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read(self.running))
        await self._telegram.called("getMyCommands", times=before + 1, within=180)
        if self.serves_at:
            await self._serves()

    async def _serves(self) -> None:
        async with asyncio.timeout(90):
            while True:
                assert self.running is not None
                assert self.running.returncode is None, self.printed
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.serves_at)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    def send(self, what: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(what)

    async def prints(self, words: bytes, within: float = 60.0, *, times: int = 1) -> None:
        async with asyncio.timeout(within):
            while self.printed.count(words) < times:
                self._news.clear()
                await self._news.wait()

    async def ends(self) -> int:
        """Returns its exit code when it has ended by itself."""
        assert self.running is not None
        assert self._reading is not None
        code = await asyncio.wait_for(self.running.wait(), 60)
        await self._reading
        self.running = None
        return code

    async def quiet(self, within_s: float = 30.0) -> None:
        """Returns when every update is confirmed, and every message to somebody who wrote is noted as arrived."""
        await self._telegram.confirmed(within_s)
        async with asyncio.timeout(within_s):
            while self._waiting():  # noqa: ASYNC110  another process tells nobody when it is done
                await asyncio.sleep(0.02)

    def _waiting(self) -> int:
        if (server := self._trial.installation.whereabouts.server) is not None:
            with psycopg.connect(server.owner) as there:
                return int((there.execute(WAITING).fetchone() or (0,))[0])
        address = f"{self._trial.installation.database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return int(connection.execute(WAITING).fetchone()[0])

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Returns its exit code."""
        self.send(how)
        return await self.ends()

    async def _read(self, running: asyncio.subprocess.Process) -> None:
        assert running.stdout is not None
        while read := await running.stdout.read(65_536):
            self.printed += read
            self._news.set()


@asynccontextmanager
async def process(
    trial: Trial,
    telegram: FakeTelegram,
    command: Sequence[str] | None = None,
    *,
    library: str = "aiogram",
    webhook: bool = False,
    options: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Process]:
    """``command``: None: `integra`, on a server with leases of two seconds, or each kill would cost half a minute."""
    if command is None:
        command = (sys.executable, str(QUICK_LEASES)) if trial.installation.whereabouts.on_server else (str(INTEGRA),)
    found = Process(trial, telegram, command, library, options, settings, webhook=webhook)
    try:
        yield found
    finally:
        if found.running is not None:
            await found.end(signal.SIGKILL)
