"""Where the turns of other processes wait before they decide: the other end of tests/quick_leases.py's gate."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path


class Gate:
    """
    Attributes:
        inside: whose turns have come so far, in order.
        waits: by whose turn it is and how many of theirs have come: whether this one waits. All do, unless a test says
            otherwise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inside: list[str] = []
        self.waits: Callable[[str, int], bool] = lambda who, times: True
        self._open = asyncio.Event()
        self._news = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        who = (await reader.readline()).decode().strip()
        async with self._news:
            self.inside.append(who)
            self._news.notify_all()
        if self.waits(who, self.inside.count(who)):
            await self._open.wait()
        writer.write(b"g")
        writer.close()

    async def came(self, who: str, times: int) -> None:
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: self.inside.count(who) >= times)

    def open(self) -> None:
        self._open.set()

    @property
    def settings(self) -> dict[str, str]:
        return {"GATE": str(self.path)}


@asynccontextmanager
async def turn_gate() -> AsyncIterator[Gate]:
    folder = Path(tempfile.mkdtemp(prefix="integra-gate-"))  # a socket's path has at most 107 characters
    found = Gate(folder / "gate")
    server = await asyncio.start_unix_server(found.serve, found.path)
    try:
        yield found
    finally:
        found.open()
        server.close()
        shutil.rmtree(folder)
