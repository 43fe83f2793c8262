"""Long polling, whatever the library: an update is confirmed only after ``handle`` came back.

A batch is confirmed by the offset of the next poll, when all of it was taken. Chats go in parallel, one chat's updates
in order and none after one that failed. What nobody can read is logged by its kind and skipped.
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

CONFLICT_WAIT_S = 5.0
CONFLICT_AT_MOST_S = 60.0

TWO_POLLERS = "another instance of this bot asks Telegram for updates: stop one of the two"
WEBHOOK_IS_SET = (
    "a webhook is set for this bot, so polling hears nothing: run it with the webhook, or delete the webhook"
)

Ask = Callable[[int], Awaitable[list[Any]]]
_Heard = tuple[int, Inbound, str]

log = structlog.get_logger()


class Polling:
    """
    Args:
        ask: getUpdates with that offset; raises ChannelError.
        handle: see ``Channel.listen``.
        answer: gets the id of a pressed button's query once it was handled; must not wait.
        sleep: waits between tries; seconds.
    """

    def __init__(self, ask: Ask, handle: Handle, answer: Callable[[str], object], sleep: Sleep) -> None:
        self._ask, self._handle, self._answer, self._sleep = ask, handle, answer, sleep
        self._taken: set[int] = set()  # of a batch that has to come again: those that need not be handled again

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            Stop: it cannot go on.
        """
        offset = 0
        waits = growing()
        conflict_s = 0.0
        while True:
            try:
                batch = await self._ask(offset)
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
            heard, last = self._read(batch)
            if batch and (last is None or not await self._hand_over(heard)):
                await self._sleep(next(waits))
                continue
            waits = growing()
            self._taken.clear()
            if last is not None:
                # Not max(offset, last + 1): after a quiet week the ids start anew, perhaps lower.
                offset = last + 1

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

    async def _hand_over(self, heard: Sequence[_Heard]) -> bool:
        """Whether all were taken."""
        chats: dict[str, list[_Heard]] = {}
        for one in heard:
            chats.setdefault(one[1].chat, []).append(one)
        told = await asyncio.gather(*(self._tell(of_chat) for of_chat in chats.values()))
        return all(told)

    async def _tell(self, of_chat: Sequence[_Heard]) -> bool:
        for update_id, inbound, query_id in of_chat:
            try:
                await self._handle(inbound)
            except Exception as error:  # whatever it was, nothing was saved: the same again
                log.warning("update.not_taken", channel=updates.NAME, update_id=update_id, **failure(error))
                return False
            self._taken.add(update_id)
            if query_id:
                self._answer(query_id)
        return True
