"""A proxy on the loopback that stands between a connector and a real system, and breaks what it is told to break.

A fault meets the next request that writes (POST, PUT, PATCH). The system has done its work
by then: that is what makes it a fault worth testing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from ports import free_port

WRITES = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    head: bytes
    body: bytes


Fault = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Gets the system's whole answer and the line to the client, and does what it likes."""


async def passing(answer: bytes, client: asyncio.StreamWriter) -> None:
    """No fault."""
    client.write(answer)


async def lose(answer: bytes, client: asyncio.StreamWriter) -> None:
    """The connection ends without an answer."""


async def reset(answer: bytes, client: asyncio.StreamWriter) -> None:
    client.transport.abort()


async def half(answer: bytes, client: asyncio.StreamWriter) -> None:
    client.write(answer[: len(answer) // 2])


async def endless(answer: bytes, client: asyncio.StreamWriter) -> None:
    client.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    with suppress(ConnectionError):
        while True:
            client.write(b" " * 16_384)
            await client.drain()


async def drip(answer: bytes, client: asyncio.StreamWriter) -> None:
    """A byte now and then, so that no single wait is long."""
    client.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    with suppress(ConnectionError):
        for _ in range(1000):
            client.write(b" ")
            await client.drain()
            await asyncio.sleep(0.02)


async def silent(answer: bytes, client: asyncio.StreamWriter) -> None:
    """Nothing, until the proxy stops."""
    await asyncio.Event().wait()


def status(code: int, *headers: str, body: bytes = b"") -> Fault:
    """Another answer than the system gave."""

    async def fault(answer: bytes, client: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} Fault", *headers, f"Content-Length: {len(body)}", "Connection: close", "", ""]
        client.write("\r\n".join(lines).encode() + body)

    return fault


class FaultProxy:
    """
    Attributes:
        port: where it listens.
        asked: what came in, in order.
        faults: for the requests to come that write, each used once.
        reading: likewise for those that only read.
        rule: says of a request what meets it before it reaches the system; None: nothing does.
        before: called with every request that writes before it reaches the system.
        always: for every request of every kind, before it reaches the system; None: none.
    """

    def __init__(self, upstream_port: int) -> None:
        self._upstream = upstream_port
        self.port = free_port()
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.reading: list[Fault] = []
        self.rule: Callable[[Asked], Fault | None] = lambda asked: None
        self.before: Callable[[Asked], None] = lambda asked: None
        self.always: Fault | None = None
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Nobody listens any more."""
        if self._server is not None:
            self._server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)
            self._server = None

    async def down(self, down: bool) -> None:
        await (self.stop() if down else self.start())

    def writes(self) -> int:
        return sum(one.method in WRITES for one in self.asked)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._one(reader, client)
        finally:
            client.close()

    async def _one(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ", 2)
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        body = await reader.readexactly(length)
        self.asked.append(Asked(method, target, head, body))
        ruled = self.always or self.rule(self.asked[-1])
        if ruled is not None:
            await ruled(b"", client)
        else:
            waiting = self.faults if method in WRITES else self.reading
            fault = waiting.pop(0) if waiting else passing
            if method in WRITES:
                self.before(self.asked[-1])
            await fault(await self._forwarded(head, body), client)
        with suppress(ConnectionError):
            await client.drain()

    async def _forwarded(self, head: bytes, body: bytes) -> bytes:
        reader, system = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            first, rest = head.split(b"\r\n", 1)
            lines = [line for line in rest.split(b"\r\n") if line]
            kept = [line for line in lines if not line.lower().startswith((b"connection:", b"host:"))]
            own = [f"Host: 127.0.0.1:{self._upstream}".encode(), b"Connection: close"]
            system.write(b"\r\n".join([first, *own, *kept, b"", b""]) + body)
            await system.drain()
            return await reader.read(-1)
        finally:
            system.close()


@asynccontextmanager
async def fault_proxy(upstream_port: int) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(upstream_port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
