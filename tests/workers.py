"""Several `integra run` on one database: behind one webhook address, or taking turns at long polling."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import aiohttp
from aiohttp import web
from bot_process import QUICK_LEASES
from bot_site import SECRET
from fake_telegram import TOKEN, FakeTelegram
from ports import free_port

from bot.trial import Trial

PROGRAM = (sys.executable, str(QUICK_LEASES))
PATH = "/telegram"


class Worker:
    """One process. ``port``: where it serves its webhook."""

    def __init__(self, trial: Trial, telegram: FakeTelegram, *, webhook: str, gate: Path | None) -> None:
        self._trial, self._telegram, self._webhook, self._gate = trial, telegram, webhook, gate
        self.port = free_port()
        self.running: asyncio.subprocess.Process | None = None
        self.printed = b""

    async def start(self) -> None:
        folder = self._trial.folder
        for name, text in (("token", TOKEN), ("secret", SECRET)):
            (folder / name).write_text(text + "\n")
            (folder / name).chmod(0o600)
        told = [*PROGRAM, "run", "--data", str(self._trial.installation.folder), "--token-file", str(folder / "token")]
        if self._webhook:
            told += ["--webhook", self._webhook, "--secret-file", str(folder / "secret")]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("INTEGRA_", "GATE"))}
        settings = {"INTEGRA_TELEGRAM_API": self._telegram.url, "INTEGRA_WEBHOOK_PORT": str(self.port)}
        if self._gate is not None:
            settings["GATE"] = str(self._gate)
        before = len(self._telegram.calls_of("getMyCommands"))
        self.running = await asyncio.create_subprocess_exec(
            *told, env={**clean, **settings}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        self._reading = asyncio.create_task(self._read(self.running))
        await self._telegram.called("getMyCommands", times=before + 1, within=90)
        if self._webhook:
            await self._serves()

    async def _serves(self) -> None:
        async with asyncio.timeout(90):
            while True:
                assert self.running is not None
                assert self.running.returncode is None, self.printed
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    def send(self, what: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(what)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Returns its exit code."""
        assert self.running is not None
        self.send(how)
        code = await asyncio.wait_for(self.running.wait(), 60)
        await self._reading
        self.running = None
        return code

    async def _read(self, running: asyncio.subprocess.Process) -> None:
        assert running.stdout is not None
        while read := await running.stdout.read(65_536):
            self.printed += read


class Balancer:
    """The one address: gives each update to the next worker that takes it, and tells nobody who that was."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.port = free_port()
        self.given: list[int] = []
        self._next = count()
        self._last: tuple[bytes, dict[str, str]] = (b"", {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in request.headers if name.startswith(("X-", "Content-Type"))}
        self._last = await request.read(), headers
        return await self._give(*self._last)

    async def again(self) -> web.Response:
        """What came last, once more, to the next worker."""
        return await self._give(*self._last)

    async def _give(self, body: bytes, headers: dict[str, str]) -> web.Response:
        for _ in self.workers:
            number = next(self._next) % len(self.workers)
            try:
                async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30, connect=2)) as client:
                    to = f"http://127.0.0.1:{self.workers[number].port}{PATH}"
                    async with client.post(to, data=body, headers=headers) as answer:
                        self.given.append(number)
                        return web.Response(status=answer.status, headers=_retry(answer.headers))
            except (aiohttp.ClientError, TimeoutError):
                continue
        return web.Response(status=502)


def _retry(headers: "aiohttp.typedefs.LooseHeaders") -> dict[str, str]:
    return {name: value for name, value in dict(headers).items() if name.lower() == "retry-after"}


@asynccontextmanager
async def workers(
    trial: Trial, telegram: FakeTelegram, number: int, *, webhook: bool, gate: Path | None = None
) -> AsyncIterator[tuple[Balancer, Sequence[Worker]]]:
    balancer = Balancer()
    app = web.Application()
    app.router.add_post(PATH, balancer.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", balancer.port).start()
    url = balancer.url if webhook else ""
    balancer.workers = [Worker(trial, telegram, webhook=url, gate=gate) for _ in range(number)]
    try:
        for worker in balancer.workers:
            await worker.start()
        yield balancer, balancer.workers
    finally:
        for worker in balancer.workers:
            if worker.running is not None:
                worker.send(signal.SIGCONT)
                await worker.end(signal.SIGKILL)
        await runner.cleanup()
