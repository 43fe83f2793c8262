"""Says over HTTP how the assistant is, to a supervisor or Prometheus. No words, no names, no counts of one agency.

GET /healthz   200 {"alive": true}                      the process lives: its event loop came round to answering
GET /readyz    200 or 503 {"ready": …, "checks": {…}}   it works; see ``bot.health``
GET /metrics   200, Prometheus' text format             see ``bot.metrics``
"""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.health import Health
from bot.metrics import Metrics

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
CLOSES_S: Final = 2.0
ANSWER_S: Final = 5.0

Handler = Callable[[web.Request], Awaitable[web.Response]]


class StatusError(Exception):
    """It cannot be served there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @classmethod
    def read(cls, text: str, *, public: bool = False) -> "Address":
        """
        Args:
            text: ``127.0.0.1:9090``, ``[::1]:9090``, ``localhost:9090``; port 0: any that is free.
            public: whether other machines may reach it.

        Raises:
            StatusError: not an address, or other machines could reach it and nobody said that they may.
        """
        host, colon, port = text.rpartition(":")
        named = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
        try:
            found = ipaddress.ip_address(named)
            number = int(port) if port.isascii() and port.isdecimal() else -1
        except ValueError:
            number = -1
        if not colon or not 0 <= number <= 65535:
            raise StatusError("the status address is an IP address and a port, such as 127.0.0.1:9090")
        if not found.is_loopback and not public:
            raise StatusError(
                "the status address can be reached from other machines; take 127.0.0.1, or say that this is wanted:"
                " --status-public"
            )
        return cls(str(found), number)

    @property
    def url(self) -> str:
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


class Pages:
    """A server of GET pages without a body. ``address`` is where it really listens, once started."""

    def __init__(self, address: Address, pages: Mapping[str, Handler]) -> None:
        self.address = address
        app = web.Application(client_max_size=0)
        for path, page in pages.items():
            app.router.add_get(path, page)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSES_S)

    async def start(self) -> None:
        """
        Raises:
            StatusError: somebody else listens there, or there is no such address.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.address.host, self.address.port).start()
        except OSError as error:
            await self._runner.cleanup()
            where = f"{self.address.host}:{self.address.port}"
            raise StatusError(f"cannot serve the status on {where}: {error.strerror}; name another address") from None
        self.address = Address(self.address.host, self._runner.addresses[0][1])

    async def stop(self) -> None:
        await self._runner.cleanup()


class Status(Pages):
    """GET /healthz, /readyz and /metrics of the assistant."""

    def __init__(self, address: Address, health: Health, metrics: Metrics) -> None:
        super().__init__(address, {"/healthz": alive, "/readyz": self._ready, "/metrics": self._counted})
        self._health, self._metrics = health, metrics

    async def answers(self) -> bool:
        """Whether ``/healthz`` answers, asked over the socket as anybody else would."""
        try:
            async with (
                ClientSession(timeout=ClientTimeout(ANSWER_S), trust_env=False) as session,
                session.get(f"{self.address.url}/healthz") as answer,
            ):
                return answer.status == 200
        except (ClientError, TimeoutError, OSError):
            return False

    async def _ready(self, _: web.Request) -> web.Response:
        ready, reading = await self._health.ready()
        about = {
            "ready": ready,
            "started": self._health.started,
            "stopping": self._health.stopping,
            "checks": dict(reading.checks),
        }
        return _json(about, status=200 if ready else 503)

    async def _counted(self, _: web.Request) -> web.Response:
        await self._health.look()
        return counted(self._metrics.page())


async def alive(_: web.Request) -> web.Response:
    return _json({"alive": True})


def counted(page: bytes) -> web.Response:
    """Metrics, as Prometheus reads them."""
    return web.Response(body=page, headers={"Content-Type": PROMETHEUS, "Cache-Control": "no-store"})


def _json(about: dict[str, object], status: int = 200) -> web.Response:
    return web.json_response(about, status=status, headers={"Cache-Control": "no-store"})
