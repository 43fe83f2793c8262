"""Do something only while this process has the lease for it, where several share a database: listen by long polling."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from storage import leases
from storage.errors import Busy
from storage.store import Store
from storage.transaction import Transaction

Sleep = Callable[[float], Awaitable[object]]

log = structlog.get_logger()


class Leased:
    """
    Args:
        channel: listening on it is what the lease is for.
        holder: 16 bytes of this process alone.
        steady: seconds, of a clock that nobody sets; with it, how to wait between looks: a test hands in its own.

    Attributes:
        ours: from when it is taken to when it is lost.
    """

    def __init__(
        self,
        store: Store,
        channel: str,
        holder: bytes,
        steady: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._store, self._channel, self._holder = store, channel, holder
        self._steady, self._sleep = steady, sleep
        self._until = steady()
        self.ours = False

    async def run(self, what: Callable[[], Awaitable[None]]) -> None:
        """Do it whenever the lease is ours, until it ends by itself or this is cancelled. It is cancelled when the
        lease is lost, and begun anew when it is ours again."""
        waits = False
        while True:
            if not await self._taken():
                if not waits:
                    log.info("lease.waits")
                waits = True
                await self._sleep(leases.RENEW_EVERY_S)
                continue
            log.info("lease.ours")
            waits, self.ours = False, True
            doing = asyncio.ensure_future(what())
            keeping = asyncio.create_task(self._keep())
            try:
                await asyncio.wait((doing, keeping), return_when=asyncio.FIRST_COMPLETED)
                if doing.done():
                    return doing.result()
                self.ours = False
                log.warning("lease.lost")
            finally:
                for task in (doing, keeping):
                    task.cancel()
                await asyncio.gather(doing, keeping, return_exceptions=True)
                await self._give_back()

    async def _keep(self) -> None:
        """Returns when it is lost."""
        while True:
            await self._sleep(leases.RENEW_EVERY_S)
            if not await self._taken() and self._steady() >= self._until:
                return

    async def _taken(self) -> bool:
        asked = self._steady()
        try:
            taken = await self._store.run(partial(_take, channel=self._channel, holder=self._holder))
        except Busy:
            return False
        # Where somebody else has it, it is lost at once; where the database is away, when it runs out.
        self._until = asked + leases.LASTS.total_seconds() if taken else asked
        return taken

    async def _give_back(self) -> None:
        try:
            await self._store.run(partial(_give_back, channel=self._channel, holder=self._holder))
        except Busy:
            log.warning("lease.not-given-back")


def _take(tx: Transaction, *, channel: str, holder: bytes) -> bool:
    return leases.take(tx, tx.keyring.channel_ref(channel), holder)


def _give_back(tx: Transaction, *, channel: str, holder: bytes) -> None:
    leases.give_back(tx, tx.keyring.channel_ref(channel), holder)
