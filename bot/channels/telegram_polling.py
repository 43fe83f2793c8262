"""Long polling, whatever the library: an update is confirmed only after ``handle`` came back.

A batch is confirmed by the offset of the next poll, when all of it was taken. Chats go in parallel, one chat's updates
in order and none after one that failed. What nobody can read is logged by its kind and skipped. Who is cancelled begins
nothing new, and confirms what was taken up to the first that was not: it comes again, as does what came after it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from bot.channels import telegram_updates as updates
from bot.channels.base import ChannelError, Handle, Inbound, Stop
from bot.channels.telegram_errors import Conflict
from bot.channels.telegram_waits import Sleep, growing, wait_out
from bot.logs import failure

UNTAKEN_AT_MOST_S = 2.0
"""So long whoever else writes waits to be heard, perhaps of danger, while something cannot be taken."""
CONFLICT_WAIT_S = 5.0
CONFLICT_AT_MOST_S = 60.0

TWO_POLLERS = "another instance of this bot asks Telegram for updates: stop one of the two"
WEBHOOK_IS_SET = (
    "a webhook is set for this bot, so polling hears nothing: run it with the webhook, or delete the webhook"
)

Ask = Callable[[int], Awaitable[list[Any]]]
Confirm = Callable[[int], Awaitable[object]]
_Heard = tuple[int, Inbound, str]

log = structlog.get_logger()


class Polling:
    """
    Args:
        ask: getUpdates with that offset; raises ChannelError.
        confirm: the same, answered within seconds and of no interest but that it was; raises ChannelError.
        handle: see ``Channel.listen``.
        answer: gets the id of a pressed button's query once it was handled; must not wait.
        sleep: waits between tries; seconds.
    """

    def __init__(
        self, ask: Ask, confirm: Confirm, handle: Handle, answer: Callable[[str], object], sleep: Sleep
    ) -> None:
        self._ask, self._confirm, self._handle, self._answer, self._sleep = ask, confirm, handle, answer, sleep
        self._offset = self._confirmed = 0  # of the next poll; of the last one that was answered
        self._heard: list[_Heard] = []  # to be handled, of the last batch
        self._last: int | None = None  # the id to confirm when it was
        self._taken: set[int] = set()  # of a batch that has to come again: those that need not be handled again
        self._ends = False

    async def run(self) -> None:
        """Poll until cancelled; what was begun comes to its end then, and is confirmed.

        Raises:
            Stop: it cannot go on.
        """
        try:
            await self._poll()
        except asyncio.CancelledError:
            await self._confirm_taken()
            raise

    async def _poll(self) -> None:
        waits = growing()
        conflict_s = 0.0
        while True:
            try:
                batch = await self._ask(self._offset)
            except Conflict as conflict:
                conflict_s += CONFLICT_WAIT_S
                if conflict_s > CONFLICT_AT_MOST_S:
                    raise Stop(WEBHOOK_IS_SET if conflict.webhook else TWO_POLLERS) from None
                await self._sleep(CONFLICT_WAIT_S)
                continue
            except ChannelError as trouble:
                await self._sleep(wait_out(trouble, waits))
                continue
            conflict_s = 0.0
            self._confirmed = self._offset
            self._heard, self._last = self._read(batch)
            if batch and self._last is None:
                await self._sleep(next(waits))
                continue
            if not await self._hand_over():
                await self._sleep(min(next(waits), UNTAKEN_AT_MOST_S))
                continue
            waits = growing()
            self._offset = self._next()
            self._heard, self._last = [], None
            self._taken.clear()

    def _next(self) -> int:
        """The offset that confirms what was taken, and nothing from the first on that was not."""
        left = [update_id for update_id, *_ in self._heard if update_id not in self._taken]
        # Not max(offset, last + 1): after a quiet week the ids start anew, perhaps lower.
        return min(left, default=self._offset if self._last is None else self._last + 1)

    async def _confirm_taken(self) -> None:
        offset = self._next()
        if offset == self._confirmed:
            return
        try:
            await self._confirm(offset)
        except ChannelError as trouble:  # it comes again, and is known
            log.warning("update.not_confirmed", channel=updates.NAME, **failure(trouble))

    def _read(self, batch: Sequence[Any]) -> tuple[list[_Heard], int | None]:
        """What is to be handled of a batch, and the id to confirm when it was."""
        heard: list[_Heard] = []
        last: int | None = None
        for raw in batch:
            update_id: int | None = None
            try:
                if not isinstance(raw, dict):
                    raise updates.Unreadable("an update is no object")
                update_id = updates.update_id(raw)
                last = update_id if last is None else max(last, update_id)
                inbound = updates.read(raw)
            except updates.Unreadable:
                log.warning(
                    "update.unreadable", channel=updates.NAME, update_id=update_id, update_kind=updates.kind(raw)
                )
                continue
            if inbound is not None and update_id not in self._taken:
                heard.append((update_id, inbound, updates.query_id(raw)))
        return heard, last

    async def _hand_over(self) -> bool:
        """Whether all were taken."""
        chats: dict[str, list[_Heard]] = {}
        for one in self._heard:
            chats.setdefault(one[1].chat, []).append(one)
        told = asyncio.gather(*(self._tell(of_chat) for of_chat in chats.values()))
        try:
            return all(await asyncio.shield(told))
        except asyncio.CancelledError:
            self._ends = True
            await told
            raise

    async def _tell(self, of_chat: Sequence[_Heard]) -> bool:
        for update_id, inbound, query_id in of_chat:
            if self._ends:
                return False
            try:
                await self._handle(inbound)
            except Exception as error:  # whatever it was, nothing was saved: the same again
                log.warning("update.not_taken", channel=updates.NAME, update_id=update_id, **failure(error))
                return False
            self._taken.add(update_id)
            if query_id:
                self._answer(query_id)
        return True
