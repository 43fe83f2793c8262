"""The HTTP side: one bot's Bot API on a loopback port, and the object tests hold."""

import asyncio
import itertools
import json
import mimetypes
import re
import urllib.parse
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import aiohttp
from aiohttp import web

from .chats import Chat, Message, Person, Shown, press_queue
from .faults import ANY, WEBHOOK, Fault, Faults, Flood, Gate, gateway_page, refusal
from .limits import FILE_PATH_LIFE_S, UPLOAD_BYTES, Refused
from .load import Load
from .methods import Methods, Result, Upload
from .queues import UpdateLog

TOKEN = "4242:AAfake_token_for_loopback_only_00000"
FIRST_MESSAGE_ID = 101
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot: method, parameters as text, time, and the HTTP status it got (0: none)."""

    method: str
    parameters: dict[str, str] = field(repr=False)
    at: datetime
    status: int = 0

    def json(self, name: str) -> Any:
        """A JSON-valued parameter, such as ``reply_markup``; KeyError when it was not sent."""
        return json.loads(self.parameters[name])


@dataclass(frozen=True, slots=True)
class File:
    file_id: str
    path: str
    name: str
    mime_type: str
    size: int
    content: bytes = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        return {"file_id": self.file_id, "file_unique_id": self.file_id[:12], "file_size": self.size}


@dataclass(slots=True)
class Press:
    """A pressed button; ``answers`` holds (text, alert) of each answerCallbackQuery."""

    query_id: str
    person: Person
    at: float
    data: str
    answers: list[tuple[str, bool]] = field(default_factory=list)


class FakeTelegram:
    """A Bot API server for one bot: ``async with FakeTelegram() as telegram: ...``.

    Args:
        token: the bot's token; its id is what stands before the colon.
        now: the clock, aware; update life, the 48 h and 150 s rules and dates go by it.
        pace: real seconds one second of the server's own waiting takes (webhook backoff, Retry-After, the
            delay of repeated 409s). 1.0 is the real server.
        poll_pace: the same for the ``timeout`` of getUpdates.
        webhook_answer_s: real seconds a webhook has to answer; 60 at the real server.
        flood: token buckets for sends; None never answers 429 by itself.
        history: False keeps only the newest messages of a chat and no record of calls.

    Attributes:
        record: all that the bot has shown in any chat, in order: sent and edited.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "integra_test_bot",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pace: float = 0.001,
        poll_pace: float = 1.0,
        webhook_answer_s: float = 60.0,
        flood: Flood | None = None,
        history: bool = True,
        port: int = 0,
    ) -> None:
        self.token = token
        self.bot_id = int(token.partition(":")[0])
        self.username = username
        self.me = {"id": self.bot_id, "is_bot": True, "first_name": "INTEGRA", "username": username}
        self.now = now
        self.pace = pace
        self.poll_pace = poll_pace
        self.webhook_answer_s = webhook_answer_s
        self.flood = flood
        self.history = history
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, File] = {}
        self.pressed: dict[str, Press] = {}
        self.calls: list[Call] = []
        self.record: list[Shown] = []
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.notes: list[str] = []
        self.faults = Faults()
        self.log = UpdateLog(self.epoch)
        self.log.keeps_confirmed = history
        self.methods = Methods(self)
        self.load: Load | None = None
        self._people: dict[int, Person] = {}
        self._message_ids = itertools.count(FIRST_MESSAGE_ID)
        self._file_numbers = itertools.count(1)
        self._query_numbers = itertools.count(9_000_000_000_000_001)
        self._called = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._paths: dict[str, tuple[File, float]] = {}
        self._outage = False

    async def __aenter__(self) -> "FakeTelegram":
        server = web.Server(self._handle, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.001)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.faults.clear()
        self.methods.abort_poll("Conflict: terminated by setWebhook request")
        await self.methods.end_webhook()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``, without ``/bot``."""
        return f"http://127.0.0.1:{self._port}"

    def epoch(self) -> float:
        return self.now().timestamp()

    def server_s(self) -> float:
        """Seconds as the server feels them: real ones divided by ``pace``."""
        return asyncio.get_running_loop().time() / self.pace

    # --- the people -------------------------------------------------------------------------------

    def person(
        self,
        chat_id: int,
        *,
        first_name: str = "Robin",
        language_code: str | None = "en",
        username: str | None = None,
        started: bool = False,
    ) -> Person:
        """The person with that id, always the same one. The bot may write to them once they wrote to it;
        ``started=True`` means they did so long ago."""
        if chat_id not in self._people:
            self._people[chat_id] = Person(
                self, chat_id, first_name=first_name, language_code=language_code, username=username
            )
            if not self.history:
                self._people[chat_id].chat.keeps = 20
        person = self._people[chat_id]
        if started and person.chat.bot_may == "unknown":
            person.chat.bot_may = "write"
        return person

    def group(self, group_id: int, title: str = "Group") -> Chat:
        return self.chats.setdefault(group_id, Chat(group_id, {"id": group_id, "type": "group", "title": title}))

    def deliver(self, chat: Chat, message: Message, *, from_person: bool = False) -> int:
        """Puts a message into its chat; one from a person becomes an update. Returns its id."""
        message.message_id = next(self._message_ids)
        message.date = self.epoch()
        chat.put(message)
        if message.own:
            self.note("sent", message)
        if from_person:
            self.log.add("message", message.as_json(chat.description), chat.chat_id)
        return message.message_id

    def note(self, what: Literal["sent", "edited"], message: Message) -> None:
        """The bot has shown something."""
        if self.history:
            self.record.append(Shown.of(what, message))

    def press(self, person: Person, message: Message, data: str) -> str:
        query_id = str(next(self._query_numbers))
        chat = self.chats[message.chat_id]
        if message.deleted:
            shown = {"message_id": message.message_id, "chat": chat.description, "date": 0}
        else:
            shown = message.as_json(chat.description)
        self.pressed[query_id] = Press(query_id, person, self.epoch(), data)
        self.log.add(
            "callback_query",
            {
                "id": query_id,
                "from": person.user,
                "message": shown,
                "chat_instance": str(message.chat_id * 1_000_003),
                "data": data,
            },
            press_queue(person.chat_id),
        )
        return query_id

    def answered(self, press: Press, text: str, *, alert: bool) -> None:
        press.answers.append((text, alert))
        if text:
            press.person.told.append(text)
        if not self.history:
            del self.pressed[press.query_id]

    def keep_file(
        self, kind: str, content: bytes, name: str, mime_type: str, *, size: int | None = None
    ) -> dict[str, Any]:
        number = next(self._file_numbers)
        ending = name.rpartition(".")[2] if "." in name else mime_type.rpartition("/")[2]
        file_id = f"{number:012d}{kind}AgADfake"
        path = f"{kind}s/file_{number}.{ending}"
        found = File(file_id, path, name, mime_type, len(content) if size is None else size, content)
        if self.history:
            self.files[file_id] = found
        return found.as_json()

    def open_path(self, found: File) -> str:
        """A path that the file can be downloaded from for an hour from now."""
        self._paths[found.path] = (found, self.epoch() + FILE_PATH_LIFE_S)
        return found.path

    # --- scripted trouble -------------------------------------------------------------------------

    def fail_next(
        self,
        method: str = ANY,
        *,
        status: int = 500,
        retry_after: int | None = None,
        description: str | None = None,
        migrate_to: int | None = None,
        times: int | None = 1,
        chat_id: int | None = None,
        after_work: bool = False,
    ) -> None:
        """The next ``times`` requests of ``method`` are refused (None: all from now on).

        502, 503 and 504 come with an HTML body, as from the proxy in front of the real server; with
        ``after_work`` the method is carried out all the same.
        """
        when: Any = "after" if after_work else "before"
        if status in (502, 503, 504):
            self.faults.add(Fault(method, "html", when, times, chat_id, status=status))
            return
        refused = refusal(status, description, retry_after, migrate_to)
        self.faults.add(Fault(method, "refuse", when, times, chat_id, refusal=refused))

    def cut_next(
        self,
        method: str = ANY,
        *,
        after_work: bool,
        times: int | None = 1,
        chat_id: int | None = None,
    ) -> None:
        """Cuts the connection; ``after_work=True`` is the lost answer: the work is done."""
        self.faults.add(Fault(method, "cut", "after" if after_work else "before", times, chat_id))

    def half_next(self, method: str = ANY, *, times: int | None = 1, chat_id: int | None = None) -> None:
        """Does the work and cuts the connection in the middle of the answer."""
        self.faults.add(Fault(method, "half", "after", times, chat_id))

    def hold_next(self, method: str = ANY, *, after_work: bool = False, chat_id: int | None = None) -> Gate:
        """Holds the next request until the gate is opened."""
        gate = Gate()
        when: Any = "after" if after_work else "before"
        self.faults.add(Fault(method, "hold", when, 1, chat_id, gate=gate))
        return gate

    def drop_next_post(self, *, seconds: float) -> None:
        """The server goes away so many real seconds after it posted an update to the webhook, without an answer."""
        self.faults.add(Fault(WEBHOOK, "drop", seconds=seconds))

    def delay_next(
        self, method: str = ANY, *, seconds: float, times: int | None = 1, chat_id: int | None = None
    ) -> None:
        """Answers that much later, in real seconds."""
        self.faults.add(Fault(method, "delay", "before", times, chat_id, seconds=seconds))

    def heal(self) -> None:
        """Drops all faults that are still to come."""
        self.faults.clear()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Every connection is cut before any work while the block runs."""
        self._outage = True
        try:
            yield
        finally:
            self._outage = False

    def push_raw(self, update: dict[str, Any], *, queue: int = 1) -> int:
        """Injects an update as it stands, also a broken one; adds an ``update_id`` where it has none."""
        return self.log.add_raw(update, queue)

    def repeat(self, update_id: int) -> None:
        """Delivers an update once more although it was confirmed."""
        self.log.repeat(update_id)

    # --- what tests wait for ----------------------------------------------------------------------

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def called(self, method: str, *, times: int = 1, within: float = 5.0) -> list[Call]:
        """Returns the calls of a method once it was answered that often.

        Raises:
            AssertionError: it was not within so many real seconds.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        while len(found := self.calls_of(method)) < times:
            self._called.clear()
            try:
                await asyncio.wait_for(self._called.wait(), until - loop.time())
            except TimeoutError:
                raise AssertionError(f"{method} was called {len(found)} times, not {times}") from None
        return found

    async def confirmed(self, within: float = 5.0) -> None:
        """Returns once the bot has confirmed all updates; TimeoutError after so many real seconds."""
        await self.log.emptied(within)

    async def polled(self, within: float = 5.0) -> None:
        """Returns once the bot holds a long poll open; TimeoutError after so many real seconds."""
        await asyncio.wait_for(self.methods.held.wait(), within)

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- HTTP -------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if self._outage and not path.startswith("/control/"):
            return _cut(request)
        if path.startswith("/bot"):
            token, _, method = path[4:].partition("/")
            return _refused(self._stranger(token)) if token != self.token else await self._bot(request, method)
        if path.startswith("/file/bot"):
            token, _, name = path[9:].partition("/")
            return _refused(self._stranger(token)) if token != self.token else await self._download(request, name)
        if path.startswith("/control/"):
            return await self._control(request, path.removeprefix("/control/"))
        return _refused(Refused(404, "Not Found"))

    def _stranger(self, token: str) -> Refused:
        return Refused(401, "Unauthorized") if _TOKEN.fullmatch(token) else Refused(404, "Not Found")

    async def _download(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """Under the name ``download`` it meets faults and is recorded as a method is."""
        fault = self.faults.take("download", {"path": path})
        answer = await self._troubled(fault, request, None) if fault is not None else None
        if answer is None:
            found, until = self._paths.get(path, (None, 0.0))
            if found is None or self.epoch() > until:
                answer = _refused(Refused(404, "Not Found"))
            else:
                answer = web.Response(body=found.content, content_type="application/octet-stream")
        self._record("download", {"path": path}, 0 if isinstance(answer, _Cut) else answer.status)
        return answer

    async def _bot(self, request: web.BaseRequest, method: str) -> web.StreamResponse:
        try:
            arguments, files = await _read(request)
        except Refused as refused:
            return _refused(refused)
        method = method or arguments.get("method", "")
        name = self.methods.names.get(method.lower(), method)
        fault = self.faults.take(name, arguments)
        before = len(self.record)
        if fault is None:
            answer = await self._answer(name, arguments, files)
        elif fault.when == "after":
            answer = await self._answer(name, arguments, files)
            done = self.record[before:] if name != "getUpdates" else []  # the one method that waits, and shows nothing
            troubled = await self._troubled(fault, request, answer)
            for shown in done:
                shown.unheard = troubled is not answer
            answer = troubled
        else:
            troubled = await self._troubled(fault, request, None)
            answer = await self._answer(name, arguments, files) if troubled is None else troubled
        self._record(name, arguments, 0 if isinstance(answer, _Cut) else answer.status)
        return answer

    async def _troubled(self, fault: Fault, request: web.BaseRequest, answer: Any) -> Any:
        """The answer as the fault leaves it; ``answer`` itself when the fault only takes time."""
        if fault.action == "hold" and fault.gate is not None:
            await fault.gate.pass_through()
        if fault.action == "delay":
            await asyncio.sleep(fault.seconds)
        if fault.action == "cut":
            return _cut(request)
        if fault.action == "half":
            return await _half(request, answer)
        if fault.action == "html":
            return web.Response(status=fault.status, text=gateway_page(fault.status), content_type="text/html")
        if fault.action == "refuse" and fault.refusal is not None:
            return _refused(fault.refusal)
        return answer

    async def _answer(self, name: str, arguments: dict[str, str], files: dict[str, Upload]) -> web.Response:
        try:
            return _answer(await self._perform(name, arguments, files))
        except Refused as refused:
            self.refusals[f"{name}: {refused.description}"] += 1
            return _refused(refused)

    async def _perform(self, name: str, arguments: dict[str, str], files: dict[str, Upload]) -> Result:
        method = self.methods.table.get(name)
        if method is None:
            raise Refused(404, "Not Found: method not found")
        result = method(arguments, files)
        return await result if isinstance(result, Awaitable) else result

    async def carry_out(self, wanted: dict[str, Any]) -> None:
        """A method that stood in a webhook's answer."""
        arguments = _as_text(wanted)
        name = self.methods.names.get(arguments.pop("method").lower(), "")
        answer = await self._answer(name, arguments, {})
        self._record(name, arguments, answer.status)

    def _record(self, name: str, arguments: dict[str, str], status: int) -> None:
        self.counts[name] += 1
        if self.history:
            self.calls.append(Call(name, arguments, self.now(), status))
            self._called.set()

    async def _control(self, request: web.BaseRequest, what: str) -> web.Response:
        if what != "load":
            return web.json_response({"error": "no such control; there is /control/load"}, status=404)
        if request.method == "POST":
            wanted = json.loads(await request.content.read() or b"{}")
            wait = wanted.pop("wait", True)
            if self.load is not None and not self.load.done:
                return web.json_response({"error": "a load is under way"}, status=409)
            try:
                self.load = Load(self, **wanted)
            except TypeError as wrong:
                return web.json_response({"error": str(wrong)}, status=400)
            if wait:
                await self.load.run()
            else:
                self.later(self.load.run())
        if self.load is None:
            return web.json_response({"error": "no load was started"}, status=404)
        return web.json_response(self.load.report())


class _Cut(web.Response):
    """Stands for no answer at all: the connection is gone before it could be written."""


def _cut(request: web.BaseRequest) -> _Cut:
    if request.transport is not None:
        request.transport.abort()
    return _Cut()


async def _half(request: web.BaseRequest, answer: web.Response) -> _Cut:
    """Head and half of the body reach the client before the connection is gone."""
    body = answer.body
    assert isinstance(body, bytes)
    begun = web.StreamResponse(status=answer.status)
    begun.content_type = answer.content_type
    begun.content_length = len(body)
    await begun.prepare(request)
    await begun.write(body[: len(body) // 2])
    return _cut(request)


def _answer(result: Result) -> web.Response:
    body: dict[str, Any] = {"ok": True, "result": result.value}
    if result.description:
        body["description"] = result.description
    return _json(200, body)


def _refused(refused: Refused) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": refused.code, "description": refused.description}
    if refused.parameters:
        body["parameters"] = refused.parameters
    answer = _json(refused.code, body)
    if "retry_after" in refused.parameters:
        answer.headers["Retry-After"] = str(refused.parameters["retry_after"])
    return answer


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(
        status=status,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"),
        content_type="application/json",
    )


async def _read(request: web.BaseRequest) -> tuple[dict[str, str], dict[str, Upload]]:
    """Parameters from the address and a urlencoded, multipart or JSON body, and uploaded files."""
    arguments = dict(request.query) if request.query_string else {}
    files: dict[str, Upload] = {}
    if request.content_length is not None and request.content_length > UPLOAD_BYTES + (1 << 20):
        raise Refused(413, "Request Entity Too Large")
    kind = request.content_type
    if kind == "multipart/form-data":
        await _read_parts(request, arguments, files)
        return arguments, files
    body = await request.content.read()
    if not body:
        return arguments, files
    if kind == "application/json":
        try:
            given = json.loads(body)
        except ValueError:
            raise Refused(400, "Bad Request: can't parse JSON in the request") from None
        if not isinstance(given, dict):
            raise Refused(400, "Bad Request: can't parse JSON in the request")
        arguments.update(_as_text(given))
    elif kind == "application/x-www-form-urlencoded":
        arguments.update(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return arguments, files


async def _read_parts(request: web.BaseRequest, arguments: dict[str, str], files: dict[str, Upload]) -> None:
    async for part in aiohttp.MultipartReader(request.headers, request.content):
        if not isinstance(part, aiohttp.BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read())
        if part.filename is None:
            arguments[part.name] = content.decode("utf-8", "replace")
        elif len(content) > UPLOAD_BYTES:
            raise Refused(413, "Request Entity Too Large")
        else:
            mime_type = mimetypes.guess_type(part.filename)[0] or "application/octet-stream"
            files[part.name] = Upload(part.filename, mime_type, content)


def _as_text(given: dict[str, Any]) -> dict[str, str]:
    """Values of a JSON body as the server takes them: what is no string stays JSON text."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in given.items()
    }
