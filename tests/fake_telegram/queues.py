"""Updates until they are confirmed: the log, the long poll, and the webhook with its queues.

The rules are those of the open Bot API server (TQueue, WebhookActor): delivery at least once, one queue
a chat for messages and another a user for button presses, one update of a queue under way at a time.
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

import aiohttp

from .faults import Fault
from .limits import CALLBACK_LIFE_S, UPDATE_LIFE_S

FIRST_UPDATE_ID = 700_000_001
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
CALLBACK_QUEUE = 3 << 33  # added to the user id, so that presses never share a queue with messages
MEMBER_QUEUE = 5 << 33
MAX_RETRY_AFTER_S = 3600
LONGEST_BACKOFF_S = 60  # the server takes a random 1 to 2 times this
GONE_FOR_S = 23 * 3600


@dataclass(slots=True)
class Update:
    """One update, ``content`` without its id; ``expires_at`` in epoch seconds."""

    update_id: int
    content: dict[str, Any] = field(repr=False)
    queue: int
    expires_at: float
    fails: int = 0
    delay: int = 1

    @property
    def kind(self) -> str:
        return next((name for name in self.content if name != "update_id"), "")

    def body(self) -> dict[str, Any]:
        return {"update_id": self.update_id, **self.content}


class UpdateLog:
    """Updates by ascending id, each kept until it is confirmed or too old (24 h, button presses 150 s)."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._waiting: dict[int, Update] = {}
        self._confirmed: dict[int, Update] = {}
        self._repeats: list[Update] = []
        self._next_id = FIRST_UPDATE_ID
        self._next_expiry = float("inf")
        self._allowed: frozenset[str] | None = None
        self._arrival = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self.listener: Callable[[Update], None] | None = None
        self.keeps_confirmed = True
        self.expired = 0  # never taken by the bot

    def allow(self, raw: str) -> None:
        """``allowed_updates``: absent or unreadable leaves the former choice, ``[]`` takes the default."""
        if not raw:
            return
        try:
            listed = json.loads(raw)
        except ValueError:
            return
        if isinstance(listed, list) and all(isinstance(name, str) for name in listed):
            self._allowed = frozenset(name.lower() for name in listed) or None

    @property
    def newest(self) -> int:
        """Id of the update that was added last; `FIRST_UPDATE_ID` - 1 before the first."""
        return self._next_id - 1

    @property
    def allowed(self) -> frozenset[str] | None:
        """What the bot asked for; None stands for the default choice."""
        return self._allowed

    def allows(self, kind: str) -> bool:
        return kind not in NOT_BY_DEFAULT if self._allowed is None else kind in self._allowed

    def add(self, kind: str, value: dict[str, Any], queue: int) -> int | None:
        """Appends an update; None when the bot did not ask for its kind."""
        if not self.allows(kind):
            return None
        life = CALLBACK_LIFE_S if kind == "callback_query" else UPDATE_LIFE_S
        return self._append(Update(self._next_id, {kind: value}, queue, self._now() + life))

    def add_raw(self, content: dict[str, Any], queue: int) -> int:
        """Appends whatever it is given, also what no library can read."""
        update_id = int(content.get("update_id", self._next_id))
        return self._append(Update(update_id, dict(content), queue, self._now() + UPDATE_LIFE_S))

    def _append(self, update: Update) -> int:
        self._waiting[update.update_id] = update
        if update.update_id < self._next_id:
            self._waiting = dict(sorted(self._waiting.items()))
        self._next_id = max(self._next_id, update.update_id + 1)
        self._next_expiry = min(self._next_expiry, update.expires_at)
        self._emptied.clear()
        self._tell(update)
        return update.update_id

    def _tell(self, update: Update) -> None:
        self.wake()
        if self.listener is not None:
            self.listener(update)

    def repeat(self, update_id: int) -> None:
        """Hands the update out once more although it may be confirmed; KeyError for an unknown id.

        By polling, one that is not confirmed yet comes again by itself, and never before those that wait.
        """
        former = self._waiting.get(update_id) or self._confirmed[update_id]
        again = Update(update_id, former.content, former.queue, self._now() + UPDATE_LIFE_S)
        if self.listener is None and update_id not in self._waiting:
            self._repeats.append(again)
        self._tell(again)

    def handed_out(self, offset: int, limit: int) -> list[Update]:
        """What getUpdates returns: updates to be repeated and those that wait, by ascending id."""
        repeats, self._repeats = self._repeats, []
        waiting = self.first_from(offset, limit)
        return sorted((*repeats, *waiting), key=lambda update: update.update_id)[:limit] if repeats else waiting

    def waiting(self) -> list[Update]:
        """Unconfirmed updates in order; what is too old is gone."""
        self.expire()
        return list(self._waiting.values())

    def __len__(self) -> int:
        self.expire()
        return len(self._waiting)

    def expire(self) -> None:
        """Drop what is too old, and count it."""
        now = self._now()
        if now < self._next_expiry:
            return
        kept = {key: update for key, update in self._waiting.items() if update.expires_at > now}
        self.expired += len(self._waiting) - len(kept)
        self._waiting = kept
        self._next_expiry = min((update.expires_at for update in self._waiting.values()), default=float("inf"))
        self._mark()

    def first_from(self, offset: int, limit: int) -> list[Update]:
        """Those that wait. An offset far in the future counts as none."""
        self.expire()
        start = offset if 0 < offset <= self._next_id + 9 else 0
        return list(islice((u for u in self._waiting.values() if u.update_id >= start), limit))

    def confirm_before(self, offset: int) -> None:
        """getUpdates' offset. Far in the future: confirms nothing; negative: keeps the last -offset."""
        if offset < 0:
            done = list(self._waiting)[:offset]
        elif offset <= self._next_id + 9:
            done = list(takewhile(lambda update_id: update_id < offset, self._waiting))
        else:
            done = []
        for update_id in done:
            self.confirm(update_id)

    def confirm(self, update_id: int) -> None:
        update = self._waiting.pop(update_id, None)
        if update is not None and self.keeps_confirmed:
            self._confirmed[update_id] = update
        self._mark()

    def drop_all(self) -> None:
        self._waiting.clear()
        self._mark()

    def _mark(self) -> None:
        if not self._waiting:
            self._emptied.set()

    async def arrival(self, seconds: float) -> None:
        """Returns when an update is added, when `wake` is called or when ``seconds`` have passed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._arrival.wait(), seconds)

    def wake(self) -> None:
        """Whoever waits now goes on; each waits for an event of its own time, so that no clearing comes between."""
        arrived, self._arrival = self._arrival, asyncio.Event()
        arrived.set()

    async def emptied(self, seconds: float) -> None:
        """Returns when no update waits for confirmation; TimeoutError otherwise."""
        self.expire()
        await asyncio.wait_for(self._emptied.wait(), seconds)


@dataclass(slots=True)
class WebhookState:
    """What getWebhookInfo tells."""

    url: str
    secret_token: str = field(default="", repr=False)
    max_connections: int = 40
    ip_address: str = ""
    last_error_date: int = 0
    last_error_message: str = ""


Answered = Callable[[dict[str, Any]], Awaitable[None]]


class Webhook:
    """Posts updates to the bot until each is answered with 2xx.

    A failed update comes again at once, then after 2, 4, 8 … server seconds up to a random 60 to 120,
    or after its ``Retry-After``; the others of its queue wait. 410 for 23 hours ends the webhook.

    Args:
        pace: real seconds one server second of backoff takes.
        answer_s: real seconds the bot has to answer (60 at the real server).
        trouble: the fault that a post meets, see `faults.Fault`, or None.
        on_method: called with a method that stood in the answer's body.
    """

    def __init__(
        self,
        state: WebhookState,
        log: UpdateLog,
        *,
        now: Callable[[], float],
        pace: float,
        answer_s: float,
        trouble: Callable[[Update], Fault | None],
        on_method: Answered,
        on_gone: Callable[[], None],
    ) -> None:
        self.state = state
        self._log = log
        self._now = now
        self._pace = pace
        self._answer_s = answer_s
        self._trouble = trouble
        self._on_method = on_method
        self._on_gone = on_gone
        self._queues: dict[int, deque[Update]] = {}
        self._drains: dict[int, asyncio.Task[None]] = {}
        self._unloaded = deque(log.waiting())
        self._connections = asyncio.Semaphore(state.max_connections)
        self._dice = random.Random(0)  # the longest backoff is random; tests shall repeat
        self._gone_since: float | None = None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=state.max_connections),
            timeout=aiohttp.ClientTimeout(total=answer_s),
        )
        log.listener = self._arrived
        self._load()

    async def close(self) -> None:
        self._log.listener = None
        drains = list(self._drains.values())
        for drain in drains:
            drain.cancel()
        await asyncio.gather(*drains, return_exceptions=True)
        await self._session.close()

    def _arrived(self, update: Update) -> None:
        self._unloaded.append(update)
        self._load()

    def _load(self) -> None:
        """Loads updates in order, into at most twice as many queues as there are connections."""
        while self._unloaded and len(self._queues) < 2 * self.state.max_connections:
            self._enqueue(self._unloaded.popleft())

    def _enqueue(self, update: Update) -> None:
        if update.queue in self._queues:
            self._queues[update.queue].append(update)
            return
        self._queues[update.queue] = deque([update])
        self._drains[update.queue] = asyncio.create_task(self._drain(update.queue))

    async def _drain(self, queue: int) -> None:
        waiting = self._queues[queue]
        while waiting:
            update = waiting[0]
            if update.expires_at > self._now():
                retry_after = await self._post(update)
                if retry_after is not None and not self._gives_up(update, retry_after):
                    await asyncio.sleep(self._backoff(update, retry_after) * self._pace)
                    continue
            else:
                self._log.expire()
            self._log.confirm(update.update_id)
            waiting.popleft()
        del self._queues[queue]
        del self._drains[queue]
        self._load()

    def _gives_up(self, update: Update, retry_after: int) -> bool:
        return self._now() + retry_after > update.expires_at

    def _backoff(self, update: Update, retry_after: int) -> int:
        first = update.fails == 0
        update.fails += 1
        if retry_after:
            return retry_after
        if first:
            return 0
        update.delay = min(update.delay * 2, self._dice.randint(LONGEST_BACKOFF_S, 2 * LONGEST_BACKOFF_S))
        return update.delay

    async def _post(self, update: Update) -> int | None:
        """None when the bot took the update, else its Retry-After in server seconds, 0 without one."""
        headers = {"Content-Type": "application/json"}
        if self.state.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.state.secret_token
        body = json.dumps(update.body(), ensure_ascii=False).encode()
        fault = self._trouble(update)
        if fault is not None and (fault.action in ("delay", "hold") or fault.when == "before"):
            if fault.gate is not None:
                await fault.gate.pass_through()
            if fault.action == "delay":
                await asyncio.sleep(fault.seconds)
            if fault.action == "cut":
                self._note("Connection refused")
                return 0
        dropped_s = fault.seconds if fault is not None and fault.action == "drop" else None
        try:
            async with (
                self._connections,
                asyncio.timeout(dropped_s),
                self._session.post(self.state.url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                if fault is not None and fault.action == "cut":
                    self._note("Webhook connection closed")
                    return 0
                if 200 <= answer.status <= 299:
                    self._gone_since = None
                    await self._obey(await answer.read())
                    return None
                self._note(f"Wrong response from the webhook: {answer.status} {answer.reason}")
                self._count_gone(answer.status)
                retry_after = answer.headers.get("Retry-After", "")
                return min(int(retry_after), MAX_RETRY_AFTER_S) if retry_after.isdecimal() else 0
        except TimeoutError:
            self._note("Read timeout expired")
        except (aiohttp.ClientError, OSError) as lost:
            refused = isinstance(lost, aiohttp.ClientConnectorError)
            self._note("Connection refused" if refused else "Webhook connection closed")
        return 0

    async def _obey(self, answer: bytes) -> None:
        """A method in the answer's body is carried out; nobody hears its result."""
        if not answer.lstrip().startswith(b"{"):
            return
        with suppress(ValueError):
            wanted = json.loads(answer)
            name = str(wanted.get("method", "")).lower()
            if name and name not in ("deletewebhook", "setwebhook") and not name.startswith("get"):
                await self._on_method(wanted)

    def _note(self, message: str) -> None:
        self.state.last_error_date = int(self._now())
        self.state.last_error_message = message

    def _count_gone(self, status: int) -> None:
        if status != 410:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = self._now()
        elif self._now() > self._gone_since + GONE_FOR_S:
            self._on_gone()
