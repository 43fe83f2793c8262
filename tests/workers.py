"""Several `integra run` on one database: behind one webhook address, or taking turns at long polling."""

import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count

import aiohttp
from aiohttp import web
from bot_process import QUICK_LEASES, Process
from bot_site import SECRET
from fake_telegram import FakeTelegram
from ports import free_port

from bot.trial import Trial

PROGRAM = (sys.executable, str(QUICK_LEASES))
PATH = "/telegram"
BESIDES = 100_000
"""Ids that no update of a short test has."""


class Balancer:
    """The one address: gives each update to the next worker that takes it, and tells nobody who that was.

    Attributes:
        patience_s: a worker that does not answer for so long is given up, and the next is tried.
    """

    def __init__(self) -> None:
        self.patience_s = 30.0
        self.workers: list[Process] = []
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

    def turn_to(self, number: int) -> None:
        """The next update goes to this worker."""
        self._next = count(number)

    async def again(self) -> web.Response:
        """What came last, once more, to the next worker."""
        return await self._give(*self._last)

    async def besides(self, number: int, text: str) -> web.Response:
        """Another update of the chat that the last one came from, to this worker."""
        update = json.loads(self._last[0])
        update["update_id"] += BESIDES
        update["message"] |= {"message_id": update["message"]["message_id"] + BESIDES, "text": text, "entities": []}
        return await self._give_to(number, json.dumps(update).encode(), self._last[1])

    async def _give(self, body: bytes, headers: dict[str, str]) -> web.Response:
        for _ in self.workers:
            try:
                return await self._give_to(next(self._next) % len(self.workers), body, headers)
            except (aiohttp.ClientError, TimeoutError):
                continue
        return web.Response(status=502)

    async def _give_to(self, number: int, body: bytes, headers: dict[str, str]) -> web.Response:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self.patience_s, connect=2)) as client:
            to = f"http://127.0.0.1:{self.workers[number].serves_at}{PATH}"
            async with client.post(to, data=body, headers=headers) as answer:
                self.given.append(number)
                return web.Response(status=answer.status, headers=_retry(answer.headers))


def _retry(headers: "aiohttp.typedefs.LooseHeaders") -> dict[str, str]:
    return {name: value for name, value in dict(headers).items() if name.lower() == "retry-after"}


@asynccontextmanager
async def workers(
    trial: Trial, telegram: FakeTelegram, number: int, *, webhook: bool, settings: Sequence[Mapping[str, str]] = ()
) -> AsyncIterator[tuple[Balancer, Sequence[Process]]]:
    """``settings``: of each worker, see ``quick_leases``."""
    balancer = Balancer()
    app = web.Application()
    app.router.add_post(PATH, balancer.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", balancer.port).start()
    balancer.workers = [
        _worker(trial, telegram, balancer.url if webhook else "", settings[one] if settings else {})
        for one in range(number)
    ]
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


def _worker(trial: Trial, telegram: FakeTelegram, webhook: str, given: Mapping[str, str]) -> Process:
    options: tuple[str, ...] = ()
    settings = dict(given)
    port = free_port() if webhook else 0
    if webhook:
        secret = trial.folder / "secret"
        secret.write_text(SECRET + "\n")
        secret.chmod(0o600)
        options = ("--webhook", webhook, "--secret-file", str(secret))
        settings["INTEGRA_WEBHOOK_PORT"] = str(port)
    return Process(trial, telegram, PROGRAM, options=options, settings=settings, serves_at=port)
