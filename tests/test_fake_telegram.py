"""What tests and benchmarks can rely on when they talk to the fake Bot API server.

Each rule is asked for over the loopback socket, with a plain HTTP client or with aiogram.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiogram_built
import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    InaccessibleMessage,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyParameters,
)
from aiohttp import web
from fake_telegram import FakeTelegram, Fault, Flood, Person
from fake_telegram.limits import Refused, units
from fake_telegram.texts import message_text
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
ROBIN = 1001
YES_NO = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y:1"}, {"text": "No", "callback_data": "n:1"}]]}


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    aiogram_built.build()


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(now=clock, poll_pace=0.01) as running:
        yield running


@pytest.fixture
def robin(telegram: FakeTelegram) -> Person:
    return telegram.person(ROBIN, started=True)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


Ask = Callable[..., Coroutine[Any, Any, tuple[int, Any]]]


@pytest.fixture
def ask(telegram: FakeTelegram, client: aiohttp.ClientSession) -> Ask:
    """Posts a method as a urlencoded form; returns the status and the result or the description."""

    async def send(method: str, **parameters: Any) -> tuple[int, Any]:
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        async with client.post(f"{telegram.url}/bot{telegram.token}/{method}", data=form) as answer:
            body = await answer.json()
            assert body["ok"] is (answer.status == 200)
            assert body.get("error_code", 200) == answer.status
            return answer.status, body["result"] if body["ok"] else body["description"]

    return send


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    running = Bot(telegram.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
    yield running
    await running.session.close()


class Hook:
    """The bot's webhook: remembers what came, answers with the statuses it was given, then with 200."""

    def __init__(self) -> None:
        self.came: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.answers: list[web.Response] = []
        self.held: dict[int, asyncio.Event] = {}
        self.url = ""
        self._news = asyncio.Event()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        update = await request.json()
        self.came.append(update)
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self._news.set()
        if update["update_id"] in self.held:
            await self.held[update["update_id"]].wait()
        return self.answers.pop(0) if self.answers else web.Response()

    async def has(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(5):
            while len(self.came) < count:
                self._news.clear()
                await self._news.wait()
        return self.came


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    found = Hook()
    runner = web.ServerRunner(web.Server(found.handle), shutdown_timeout=0.001)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield found
    await runner.cleanup()


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


# --- who may ask, and how ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/bot4242:wrong/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 404, "Not Found"),
        ("/bot/getMe", 404, "Not Found"),
        ("/", 404, "Not Found"),
        ("/file/bot4242:wrong/photos/file_0.jpg", 401, "Unauthorized"),
    ],
)
async def test_a_stranger_is_refused(
    telegram: FakeTelegram, client: aiohttp.ClientSession, path: str, status: int, description: str
) -> None:
    async with client.get(telegram.url + path) as answer:
        assert await answer.json() == {"ok": False, "error_code": status, "description": description}
        assert answer.status == status


async def test_an_unknown_method_is_not_found(ask: Ask) -> None:
    assert await ask("sendPigeon") == (404, "Not Found: method not found")


async def test_get_me_tells_the_bot(ask: Ask, telegram: FakeTelegram) -> None:
    _, me = await ask("GETME")
    assert (me["id"], me["is_bot"], me["username"]) == (telegram.bot_id, True, telegram.username)


async def test_parameters_come_in_four_ways(
    telegram: FakeTelegram, client: aiohttp.ClientSession, robin: Person
) -> None:
    url = f"{telegram.url}/bot{telegram.token}/sendMessage"
    keyboard = json.dumps(YES_NO)
    form = {"chat_id": str(ROBIN), "text": "one", "reply_markup": keyboard}
    parts = aiohttp.FormData(default_to_multipart=True)
    for name, value in {**form, "text": "two"}.items():
        parts.add_field(name, value)
    whole = {"chat_id": ROBIN, "text": "three", "reply_markup": YES_NO, "protect_content": True}
    await client.post(url, data=form)
    await client.post(url, data=parts)
    await client.post(url, json=whole)
    await client.get(url, params={**form, "text": "four"})

    assert robin.heard == ["one", "two", "three", "four"]
    assert {message.buttons[0][0].data for message in robin.screen} == {"y:1"}
    assert [message.protected for message in robin.screen] == [False, False, True, False]
    assert [call.json("reply_markup") for call in telegram.calls] == [YES_NO] * 4


async def test_a_json_body_must_be_an_object(telegram: FakeTelegram, client: aiohttp.ClientSession) -> None:
    for body in (b"[1]", b"{"):
        url = f"{telegram.url}/bot{telegram.token}/getMe"
        async with client.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400


# --- texts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Bad Request: message text is empty"),
        ("  \n ", "Bad Request: text must be non-empty"),
        ("\u200b", "Bad Request: text must be non-empty"),
        ("x" * 4097, "Bad Request: message is too long"),
        ("👍" * 2049, "Bad Request: message is too long"),
        ("x" * 32_769, "Bad Request: text is too long"),
    ],
)
async def test_a_text_has_1_to_4096_units(ask: Ask, robin: Person, text: str, said: str) -> None:
    assert await ask("sendMessage", chat_id=ROBIN, text=text) == (400, said)
    assert robin.screen == []


@pytest.mark.parametrize("text", ["x", "x" * 4096, "👍" * 2048, " \n" + "x" * 4096 + "  \n"])
async def test_a_text_is_measured_after_trimming(ask: Ask, robin: Person, text: str) -> None:
    status, message = await ask("sendMessage", chat_id=ROBIN, text=text)
    assert (status, message["text"], robin.heard) == (200, text.strip(), [text.strip()])


@pytest.mark.parametrize(
    ("entity", "said"),
    [
        ({"offset": 3, "length": 1}, "entity begins in a middle of a UTF-16 symbol at byte offset 6"),
        (
            {"offset": 1, "length": 2},
            "entity beginning at UTF-16 offset 1 ends in a middle of a UTF-16 symbol at byte offset 6",
        ),
        (
            {"offset": 4, "length": 2},
            "entity beginning at UTF-16 offset 4 ends after the end of the text at UTF-16 offset 6",
        ),
        ({"offset": 9, "length": 1}, "entity begins after the end of the text at UTF-16 offset 9"),
        ({"offset": -1, "length": 1}, "receive an entity with incorrect offset -1"),
        ({"offset": 0, "length": -1}, "receive an entity with incorrect length -1"),
        ({"offset": 0}, "can't parse MessageEntity: Can't find field \"length\""),
        ({"offset": "a", "length": 1}, 'can\'t parse MessageEntity: Field "offset" must be of type Number'),
    ],
)
async def test_entities_lie_on_the_text(ask: Ask, robin: Person, entity: dict[str, Any], said: str) -> None:
    entities = [{"type": "bold", **entity}]
    assert await ask("sendMessage", chat_id=ROBIN, text="ab👍c", entities=entities) == (
        400,
        f"Bad Request: {said}",
    )


async def test_an_unknown_kind_of_entity_is_refused(ask: Ask, robin: Person) -> None:
    entities = [{"type": "shout", "offset": 0, "length": 1}]
    assert await ask("sendMessage", chat_id=ROBIN, text="a", entities=entities) == (
        400,
        "Bad Request: can't parse MessageEntity: Unsupported type specified",
    )


async def test_entities_move_with_the_trimming(ask: Ask, robin: Person) -> None:
    entities = [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "url", "offset": 0, "length": 99},
        {"type": "italic", "offset": 8, "length": 40},
    ]
    _, message = await ask("sendMessage", chat_id=ROBIN, text="  \n👍ab\r c" + " " * 40, entities=entities)

    assert message["text"] == "👍ab c"
    assert message["entities"] == [
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "italic", "offset": 4, "length": 2},
    ]
    assert robin.screen[0].entities == tuple(message["entities"])


@given(st.text(max_size=40), st.integers(-2, 50), st.integers(-2, 50))
def test_what_is_let_through_lies_on_the_text(text: str, offset: int, length: int) -> None:
    """Whatever comes in: either a refusal, or entities within the text that was kept."""
    entities = json.dumps([{"type": "bold", "offset": offset, "length": length}])
    try:
        kept = message_text(text, entities)
    except Refused:
        return
    assert kept.text == kept.text.strip(" \n") or kept.entities
    for entity in kept.entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(kept.text)
        middle = kept.text.encode("utf-16-le", "surrogatepass")[: 2 * entity["offset"]]
        middle.decode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<b>", "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("a</b>", "can't parse entities: Unexpected end tag at byte offset 1"),
        ("é<blink>", 'can\'t parse entities: Unsupported start tag "blink" at byte offset 2'),
        (
            "<b><i>x</b></i>",
            'can\'t parse entities: Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
        ),
        ("a < b", "can't parse entities: Unclosed start tag at byte offset 2"),
    ],
)
async def test_odd_html_is_refused(ask: Ask, robin: Person, text: str, said: str) -> None:
    status, description = await ask("sendMessage", chat_id=ROBIN, text=text, parse_mode="HTML")
    assert (status, description) == (400, f"Bad Request: {said}")


async def test_html_becomes_entities(ask: Ask, robin: Person) -> None:
    _, message = await ask(
        "sendMessage", chat_id=ROBIN, text="<b>👍 &lt;1</b> <a href='http://x.test'>y</a>", parse_mode="HTML"
    )
    assert message["text"] == "👍 <1 y"
    assert message["entities"] == [
        {"type": "bold", "offset": 0, "length": 5},
        {"type": "text_link", "offset": 6, "length": 1, "url": "http://x.test"},
    ]


async def test_markdown_is_not_read_here(ask: Ask, robin: Person) -> None:
    status, description = await ask("sendMessage", chat_id=ROBIN, text="*a*", parse_mode="MarkdownV2")
    assert (status, description) == (400, "Bad Request: unsupported parse_mode")


# --- keyboards --------------------------------------------------------------------------------------


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "a", **button}]]}


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        (keyboard(callback_data="x" * 65), "BUTTON_DATA_INVALID"),
        (keyboard(callback_data="é" * 33), "BUTTON_DATA_INVALID"),
        (
            keyboard(callback_data=""),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"inline_keyboard": [[{"callback_data": "x"}]]},
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            {"inline_keyboard": [{"text": "a", "callback_data": "x"}]},
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
        (keyboard(url="nonsense"), "inline keyboard button URL 'nonsense' is invalid: Wrong HTTP URL"),
        ({"keyboard": ["a"]}, 'field "keyboard" must be an Array of Arrays'),
        ([], "object expected as reply markup"),
        ("{", "can't parse reply keyboard markup JSON object"),
        (
            {"inline_keyboard": [[{"text": "a", "callback_data": "x"}]] * 101},
            "reply markup is too long",
        ),
    ],
)
async def test_a_keyboard_has_its_shape(ask: Ask, robin: Person, markup: Any, said: str) -> None:
    assert await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=markup) == (
        400,
        f"Bad Request: {said}",
    )


@pytest.mark.parametrize("data", ["x", "x" * 64, "é" * 32])
async def test_callback_data_has_1_to_64_bytes(ask: Ask, robin: Person, data: str) -> None:
    status, message = await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=keyboard(callback_data=data))
    assert (status, message["reply_markup"]) == (200, keyboard(callback_data=data))


async def test_a_reply_keyboard_sends_its_label(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    markup = {"keyboard": [["Menu", {"text": "Help"}]]}
    _, message = await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=markup)
    assert "reply_markup" not in message
    assert robin.presses("Help") == ""
    _, updates = await ask("getUpdates")
    assert texts(updates) == ["Help"]


# --- where one may send -----------------------------------------------------------------------------


async def test_only_who_wrote_first_can_be_written_to(ask: Ask, telegram: FakeTelegram) -> None:
    person = telegram.person(7)
    for chat_id in ("7", "8", "@somebody"):
        assert await ask("sendMessage", chat_id=chat_id, text="a") == (400, "Bad Request: chat not found")
    assert await ask("sendMessage", text="a") == (400, "Bad Request: chat_id is empty")
    person.starts()
    assert (await ask("sendMessage", chat_id=7, text="a"))[0] == 200


async def test_who_blocked_the_bot_hears_nothing(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    robin.blocks()
    blocked = (403, "Forbidden: bot was blocked by the user")
    assert await ask("sendMessage", chat_id=ROBIN, text="a") == blocked
    assert await ask("sendChatAction", chat_id=ROBIN, action="typing") == blocked
    with pytest.raises(ValueError, match="Unblock"):
        robin.writes("hello")
    robin.starts()
    assert (await ask("sendMessage", chat_id=ROBIN, text="b"))[0] == 200
    assert robin.heard == ["b"]
    _, updates = await ask("getUpdates")
    states = [u["my_chat_member"]["new_chat_member"]["status"] for u in updates if "my_chat_member" in u]
    assert states == ["kicked", "member"]
    assert {u["my_chat_member"]["chat"]["type"] for u in updates if "my_chat_member" in u} == {"private"}


async def test_blocking_twice_is_told_once(ask: Ask, robin: Person) -> None:
    robin.unblocks()
    robin.blocks()
    robin.blocks()
    robin.unblocks()
    robin.unblocks()
    _, updates = await ask("getUpdates")
    changes = [update["my_chat_member"] for update in updates]
    assert [(one["old_chat_member"]["status"], one["new_chat_member"]["status"]) for one in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]


async def test_blocking_is_told_only_to_who_asked_for_it(ask: Ask, robin: Person) -> None:
    await ask("getUpdates", allowed_updates='["message"]')
    robin.blocks()
    robin.starts()
    _, updates = await ask("getUpdates")
    assert [list(update) for update in updates] == [["update_id", "message"]]


async def test_a_deleted_account_is_deactivated(ask: Ask, robin: Person) -> None:
    robin.deactivates()
    assert await ask("sendMessage", chat_id=ROBIN, text="a") == (403, "Forbidden: user is deactivated")


async def test_the_bot_can_leave_a_group(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    assert robin.in_group("hello all", group_id=-5) is not None
    _, updates = await ask("getUpdates")
    assert updates[0]["my_chat_member"]["chat"]["type"] == "group"
    assert updates[1]["message"]["chat"] == {"id": -5, "type": "group", "title": "Group"}
    assert (await ask("sendMessage", chat_id=-5, text="a"))[0] == 200
    assert await ask("leaveChat", chat_id=-5) == (200, True)
    not_there = (403, "Forbidden: bot is not a member of the group chat")
    assert await ask("sendMessage", chat_id=-5, text="a") == not_there
    assert await ask("leaveChat", chat_id=-5) == not_there
    assert robin.in_group("gone?", group_id=-5) is None
    assert await ask("leaveChat", chat_id=ROBIN) == (400, "Bad Request: can't leave private chats")


async def test_a_chat_action_is_one_of_the_known(ask: Ask, robin: Person) -> None:
    assert await ask("sendChatAction", chat_id=ROBIN, action="typing") == (200, True)
    assert await ask("sendChatAction", chat_id=ROBIN, action="dance") == (
        400,
        "Bad Request: wrong parameter action in request",
    )
    assert robin.chat.actions == ["typing"]


async def test_a_reply_needs_its_message(ask: Ask, robin: Person) -> None:
    there = robin.writes("hello")
    _, message = await ask("sendMessage", chat_id=ROBIN, text="a", reply_parameters={"message_id": there})
    assert message["reply_to_message"]["text"] == "hello"
    gone = {"message_id": 99_999}
    assert await ask("sendMessage", chat_id=ROBIN, text="a", reply_parameters=gone) == (
        400,
        "Bad Request: message to be replied not found",
    )
    lenient = {**gone, "allow_sending_without_reply": True}
    assert (await ask("sendMessage", chat_id=ROBIN, text="b", reply_parameters=lenient))[0] == 200


# --- edits and deletes ------------------------------------------------------------------------------


async def test_an_edit_shows_on_the_screen(ask: Ask, robin: Person) -> None:
    _, message = await ask("sendMessage", chat_id=ROBIN, text="old", reply_markup=YES_NO)
    status, edited = await ask("editMessageText", chat_id=ROBIN, message_id=message["message_id"], text="new")
    assert (status, edited["text"], edited["edit_date"]) == (200, "new", int(NOON.timestamp()))
    assert "reply_markup" not in edited
    assert [shown.text for shown in robin.screen] == ["new"]
    assert robin.screen[0].buttons == ()
    assert robin.heard == ["old"]


async def test_an_edit_must_change_something(ask: Ask, robin: Person) -> None:
    _, message = await ask("sendMessage", chat_id=ROBIN, text="old", reply_markup=YES_NO)
    same = {"chat_id": ROBIN, "message_id": message["message_id"], "reply_markup": YES_NO}
    said = (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly "
        "the same as a current content and reply markup of the message"
    )
    assert await ask("editMessageText", **same, text=" old ") == (400, said)
    assert await ask("editMessageReplyMarkup", **same) == (400, said)
    bare = {"chat_id": ROBIN, "message_id": message["message_id"]}
    assert (await ask("editMessageReplyMarkup", **bare))[0] == 200
    assert await ask("editMessageReplyMarkup", **bare) == (400, said)


async def test_what_cannot_be_edited(ask: Ask, robin: Person) -> None:
    theirs = robin.writes("mine")
    _, shown = await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup={"keyboard": [["x"]]})
    _, plain = await ask("sendMessage", chat_id=ROBIN, text="a")
    edit = {"chat_id": ROBIN, "text": "b"}
    not_editable = (400, "Bad Request: message can't be edited")
    assert await ask("editMessageText", **edit, message_id=theirs) == not_editable
    assert await ask("editMessageText", **edit, message_id=shown["message_id"]) == not_editable
    assert await ask("editMessageText", **edit, message_id=99) == (
        400,
        "Bad Request: message to edit not found",
    )
    assert await ask("editMessageText", text="b") == (
        400,
        "Bad Request: message identifier is not specified",
    )
    long = {**edit, "text": "x" * 4097, "message_id": plain["message_id"]}
    assert await ask("editMessageText", **long) == (400, "Bad Request: MESSAGE_TOO_LONG")
    remove = {"reply_markup": {"remove_keyboard": True}}
    assert await ask("editMessageText", **edit, message_id=plain["message_id"], **remove) == (
        400,
        "Bad Request: inline keyboard expected",
    )


async def test_own_and_their_messages_go_within_48_hours(ask: Ask, clock: Clock, robin: Person) -> None:
    theirs = robin.writes("secret")
    _, own = await ask("sendMessage", chat_id=ROBIN, text="a")
    late = robin.writes("late")
    clock.forward(hours=48)
    assert await ask("deleteMessage", chat_id=ROBIN, message_id=theirs) == (200, True)
    assert await ask("deleteMessage", chat_id=ROBIN, message_id=own["message_id"]) == (200, True)
    assert [message.text for message in robin.screen] == ["late"]
    clock.forward(seconds=1)
    assert await ask("deleteMessage", chat_id=ROBIN, message_id=late) == (
        400,
        "Bad Request: message can't be deleted for everyone",
    )
    assert [message.text for message in robin.screen] == ["late"]


async def test_a_message_is_deleted_once(ask: Ask, robin: Person) -> None:
    gone = robin.writes("a")
    robin.deletes(gone)
    assert await ask("deleteMessage", chat_id=ROBIN, message_id=gone) == (
        400,
        "Bad Request: message to delete not found",
    )
    assert await ask("deleteMessage", message_id=gone) == (
        400,
        "Bad Request: chat identifier is not specified",
    )
    assert await ask("deleteMessage", chat_id=ROBIN) == (
        400,
        "Bad Request: message identifier is not specified",
    )


async def test_many_are_deleted_all_or_none(ask: Ask, clock: Clock, robin: Person) -> None:
    old = robin.writes("old")
    clock.forward(hours=49)
    new = robin.writes("new")
    assert (await ask("deleteMessages", chat_id=ROBIN, message_ids=[old, new]))[0] == 400
    assert len(robin.screen) == 2
    assert await ask("deleteMessages", chat_id=ROBIN, message_ids=[new, 99_999]) == (200, True)
    assert [message.text for message in robin.screen] == ["old"]


@pytest.mark.parametrize(
    ("message_ids", "said"),
    [
        ([], "message identifiers are not specified"),
        ("", "message identifiers are not specified"),
        ("{", "can't parse message_ids JSON object"),
        ({}, "expected an Array of message identifiers"),
        (list(range(1, 102)), "too many message identifiers specified"),
        ([None], "message identifier must be a Number"),
        (["x"], "can't parse message identifier as a Number"),
        ([0], "invalid message identifier specified"),
    ],
)
async def test_message_ids_are_checked(ask: Ask, robin: Person, message_ids: Any, said: str) -> None:
    assert await ask("deleteMessages", chat_id=ROBIN, message_ids=message_ids) == (
        400,
        f"Bad Request: {said}",
    )


# --- buttons ----------------------------------------------------------------------------------------


async def test_a_press_tells_the_bot(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    await ask("sendMessage", chat_id=ROBIN, text="older", reply_markup=YES_NO)
    await ask("sendMessage", chat_id=ROBIN, text="newer", reply_markup=YES_NO)
    query_id = robin.presses("No")
    _, [update] = await ask("getUpdates")
    query = update["callback_query"]
    assert (query["id"], query["data"], query["from"]["id"]) == (query_id, "n:1", ROBIN)
    assert (query["message"]["text"], query["message"]["from"]["is_bot"]) == ("newer", True)
    assert query["chat_instance"]
    assert await ask("answerCallbackQuery", callback_query_id=query_id, text="Noted") == (200, True)
    assert (robin.told, telegram.pressed[query_id].answers) == (["Noted"], [("Noted", False)])


async def test_a_button_that_is_not_there_cannot_be_pressed(ask: Ask, robin: Person) -> None:
    _, message = await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=YES_NO)
    with pytest.raises(LookupError):
        robin.presses("Maybe")
    await ask("editMessageReplyMarkup", chat_id=ROBIN, message_id=message["message_id"])
    with pytest.raises(LookupError):
        robin.presses("Yes")


async def test_a_press_can_race_with_edit_and_delete(ask: Ask, robin: Person) -> None:
    _, message = await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=YES_NO)
    place = {"chat_id": ROBIN, "message_id": message["message_id"]}
    await ask("editMessageReplyMarkup", **place)
    robin.presses("Yes", on=message["message_id"])
    await ask("deleteMessage", **place)
    robin.presses("y:1", on=message["message_id"])
    _, [edited, deleted] = await ask("getUpdates")
    assert edited["callback_query"]["message"]["text"] == "a"
    assert deleted["callback_query"]["message"]["date"] == 0
    assert "text" not in deleted["callback_query"]["message"]


async def test_a_press_is_answered_within_150_seconds(ask: Ask, clock: Clock, robin: Person) -> None:
    await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=YES_NO)
    too_old = (
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    )
    query_id = robin.presses("Yes")
    clock.forward(seconds=150)
    assert await ask("answerCallbackQuery", callback_query_id=query_id) == (200, True)
    clock.forward(seconds=1)
    assert await ask("answerCallbackQuery", callback_query_id=query_id) == too_old
    assert await ask("answerCallbackQuery", callback_query_id="12345") == too_old
    assert await ask("answerCallbackQuery") == too_old


async def test_a_callback_answer_has_200_units(ask: Ask, robin: Person) -> None:
    await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=YES_NO)
    query_id = robin.presses("Yes")
    assert await ask("answerCallbackQuery", callback_query_id=query_id, text="x" * 200) == (200, True)
    assert await ask("answerCallbackQuery", callback_query_id=query_id, text="x" * 201) == (
        400,
        "Bad Request: MESSAGE_TOO_LONG",
    )


# --- getUpdates -------------------------------------------------------------------------------------


async def test_updates_come_until_a_higher_offset(ask: Ask, robin: Person) -> None:
    for text in ("a", "b", "c"):
        robin.writes(text)
    _, first = await ask("getUpdates", limit=2)
    assert texts(first) == ["a", "b"]
    _, again = await ask("getUpdates", offset=first[0]["update_id"])
    assert texts(again) == ["a", "b", "c"]
    _, rest = await ask("getUpdates", offset=first[1]["update_id"] + 1)
    assert texts(rest) == ["c"]
    _, from_the_start = await ask("getUpdates", offset=1, timeout=0)
    assert texts(from_the_start) == ["c"]
    assert await ask("getUpdates", offset=rest[0]["update_id"] + 1) == (200, [])


async def test_a_negative_offset_keeps_the_newest(ask: Ask, robin: Person) -> None:
    for text in ("a", "b", "c"):
        robin.writes(text)
    assert texts((await ask("getUpdates", offset=-1))[1]) == ["c"]
    assert texts((await ask("getUpdates"))[1]) == ["c"]


async def test_an_offset_in_the_far_future_confirms_nothing(ask: Ask, robin: Person) -> None:
    robin.writes("a")
    _, [update] = await ask("getUpdates")
    assert texts((await ask("getUpdates", offset=update["update_id"] + 11))[1]) == ["a"]
    assert (await ask("getUpdates", offset=update["update_id"] + 10))[1] == []


async def test_a_long_poll_is_held_until_something_comes(ask: Ask, robin: Person) -> None:
    poll = asyncio.create_task(ask("getUpdates", timeout=50))
    done, _ = await asyncio.wait([poll], timeout=0.02)
    assert not done
    robin.writes("now")
    assert texts((await poll)[1]) == ["now"]


async def test_a_long_poll_ends_empty(ask: Ask, telegram: FakeTelegram) -> None:
    assert await ask("getUpdates", timeout=1) == (200, [])


async def test_the_second_poller_ends_the_first(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    first = asyncio.create_task(ask("getUpdates", timeout=50))
    await telegram.polled()
    second = asyncio.create_task(ask("getUpdates", timeout=50))
    assert await first == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    robin.writes("a")
    assert texts((await second)[1]) == ["a"]


async def test_no_polling_beside_a_webhook(ask: Ask, hook: Hook) -> None:
    await ask("setWebhook", url=hook.url)
    assert await ask("getUpdates") == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
    assert await ask("deleteWebhook") == (200, True)
    assert await ask("getUpdates") == (200, [])


async def test_setting_a_webhook_ends_the_poll(ask: Ask, telegram: FakeTelegram, hook: Hook) -> None:
    poll = asyncio.create_task(ask("getUpdates", timeout=50))
    await telegram.polled()
    await ask("setWebhook", url=hook.url)
    assert await poll == (409, "Conflict: terminated by setWebhook request")


async def test_allowed_updates_are_remembered(ask: Ask, robin: Person) -> None:
    robin.writes("before")
    await ask("getUpdates", allowed_updates=["callback_query"])
    robin.writes("unheard")
    await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=YES_NO)
    robin.presses("Yes")
    _, updates = await ask("getUpdates")
    assert [set(update) - {"update_id"} for update in updates] == [{"message"}, {"callback_query"}]
    await ask("getUpdates", allowed_updates=[])
    robin.writes("heard")
    assert len((await ask("getUpdates"))[1]) == 3


async def test_updates_last_24_hours_and_presses_150_seconds(ask: Ask, clock: Clock, robin: Person) -> None:
    robin.writes("a")
    await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=YES_NO)
    robin.presses("Yes")
    clock.forward(seconds=149)
    assert len((await ask("getUpdates"))[1]) == 2
    clock.forward(seconds=1)
    assert texts((await ask("getUpdates"))[1]) == ["a"]
    clock.forward(hours=24)
    assert (await ask("getUpdates"))[1] == []


# --- the webhook ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"url": "nonsense"}, "invalid webhook URL specified"),
        ({"url": "ftp://x.test"}, "invalid webhook URL specified"),
        ({"url": "https://x.test", "secret_token": "a" * 257}, "secret token is too long"),
        ({"url": "https://x.test", "secret_token": "a b"}, "secret token contains unallowed characters"),
        ({"url": "https://x.test", "secret_token": "é"}, "secret token contains unallowed characters"),
    ],
)
async def test_a_bad_webhook_is_refused(ask: Ask, parameters: dict[str, str], said: str) -> None:
    assert await ask("setWebhook", **parameters) == (400, f"Bad Request: {said}")
    assert (await ask("getWebhookInfo"))[1]["url"] == ""


async def test_a_webhook_is_set_at_most_once_a_second(clock: Clock, hook: Hook, client: aiohttp.ClientSession) -> None:
    async with FakeTelegram(now=clock, pace=1.0) as telegram:
        url = f"{telegram.url}/bot{telegram.token}/setWebhook"
        async with client.post(url, data={"url": hook.url}) as answer:
            assert (await answer.json())["description"] == "Webhook was set"
        async with client.post(url, data={"url": hook.url}) as answer:
            assert answer.headers["Retry-After"] == "1"
            assert await answer.json() == {
                "ok": False,
                "error_code": 429,
                "description": "Too Many Requests: retry after 1",
                "parameters": {"retry_after": 1},
            }


async def test_a_plain_webhook_is_noted(ask: Ask, telegram: FakeTelegram, hook: Hook) -> None:
    await ask("setWebhook", url=hook.url)
    assert telegram.notes == ["setWebhook: the public server takes https only"]


async def test_a_webhook_gets_the_secret_and_what_waits(
    ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook
) -> None:
    robin.writes("waiting")
    await ask("setWebhook", url=hook.url, secret_token="s-_1", max_connections=3)
    robin.writes("new")
    assert texts(await hook.has(2)) == ["waiting", "new"]
    assert hook.secrets == ["s-_1", "s-_1"]
    await telegram.confirmed()
    assert (await ask("getWebhookInfo"))[1] == {
        "url": hook.url,
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "max_connections": 3,
        "ip_address": "<unknown>",
    }


async def test_a_failed_update_holds_its_chat_alone(
    ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook
) -> None:
    """It comes again until it is taken; later ones of the chat wait, other chats do not."""
    hook.answers = [web.Response(status=500), web.Response(status=302), web.Response(status=503)]
    await ask("setWebhook", url=hook.url)
    robin.writes("a")
    robin.writes("b")
    assert texts(await hook.has(5)) == ["a", "a", "a", "a", "b"]
    assert len({update["update_id"] for update in hook.came}) == 2
    info = (await ask("getWebhookInfo"))[1]
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"


async def test_one_update_of_a_chat_is_under_way_at_a_time(
    ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook
) -> None:
    await ask("setWebhook", url=hook.url)
    await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=YES_NO)
    release = asyncio.Event()
    hook.held = {700_000_001: release}
    robin.writes("held")
    robin.writes("behind")
    telegram.person(2).writes("other chat")
    robin.presses("Yes")
    came = await hook.has(3)
    assert {update.get("message", {}).get("text") for update in came} == {"held", "other chat", None}
    release.set()
    assert (await hook.has(4))[3]["message"]["text"] == "behind"


async def test_retry_after_is_obeyed(clock: Clock, hook: Hook, client: aiohttp.ClientSession) -> None:
    """The first repeat would come at once; asked to wait, it comes 30 scaled seconds later."""
    async with FakeTelegram(now=clock, pace=0.001) as telegram:
        await client.post(f"{telegram.url}/bot{telegram.token}/setWebhook", data={"url": hook.url})
        hook.answers = [web.Response(status=503, headers={"Retry-After": "30"})]
        loop = asyncio.get_running_loop()
        began = loop.time()
        telegram.person(ROBIN).writes("a")
        await hook.has(2)
        assert loop.time() - began >= 0.03


async def test_an_update_is_given_up_after_its_life(
    ask: Ask, telegram: FakeTelegram, clock: Clock, robin: Person, hook: Hook
) -> None:
    await ask("setWebhook", url=hook.url)
    hook.held = {700_000_001: asyncio.Event()}
    hook.answers = [web.Response(status=500)]
    robin.writes("a")
    robin.writes("b")
    await hook.has(1)
    clock.forward(hours=23)
    robin.writes("c")
    clock.forward(hours=2)
    hook.held[700_000_001].set()
    assert texts(await hook.has(2)) == ["a", "c"]


async def test_a_bot_that_is_down_gets_everything_later(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    hook = Hook()
    runner = web.ServerRunner(web.Server(hook.handle), shutdown_timeout=0.001)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    await runner.cleanup()
    await ask("setWebhook", url=f"http://127.0.0.1:{port}/hook")
    robin.writes("a")
    info: dict[str, Any] = {}
    async with asyncio.timeout(5):
        while "last_error_message" not in info:
            _, info = await ask("getWebhookInfo")
    assert (info["last_error_message"], info["pending_update_count"]) == ("Connection refused", 1)
    runner = web.ServerRunner(web.Server(hook.handle), shutdown_timeout=0.001)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    assert texts(await hook.has(1)) == ["a"]
    await runner.cleanup()


async def test_a_method_in_the_answer_is_carried_out(
    ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook
) -> None:
    hook.answers = [web.json_response({"method": "sendMessage", "chat_id": ROBIN, "text": "inline"})]
    await ask("setWebhook", url=hook.url)
    robin.writes("a")
    assert (await robin.hears("inline")).own


async def test_gone_for_23_hours_ends_the_webhook(
    ask: Ask, telegram: FakeTelegram, clock: Clock, robin: Person, hook: Hook
) -> None:
    hook.answers = [web.Response(status=410) for _ in range(100)]
    await ask("setWebhook", url=hook.url)
    robin.writes("a")
    await hook.has(2)
    clock.forward(hours=23, seconds=1)
    info = {"url": hook.url}
    async with asyncio.timeout(5):
        while info["url"]:
            _, info = await ask("getWebhookInfo")
    assert texts((await ask("getUpdates"))[1]) == ["a"]


async def test_pending_updates_can_be_dropped(ask: Ask, robin: Person, hook: Hook) -> None:
    robin.writes("a")
    await ask("deleteWebhook", drop_pending_updates=True)
    assert await ask("getUpdates") == (200, [])


# --- faults -----------------------------------------------------------------------------------------


async def test_aiogram_sees_each_refusal_as_it_should(bot: Bot, telegram: FakeTelegram, robin: Person) -> None:
    telegram.fail_next("sendMessage", status=429, retry_after=3)
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(ROBIN, "a")
    assert caught.value.retry_after == 3
    for status, error in (
        (400, TelegramBadRequest),
        (401, TelegramUnauthorizedError),
        (403, TelegramForbiddenError),
        (404, TelegramNotFound),
        (409, TelegramConflictError),
        (500, TelegramServerError),
        (502, ClientDecodeError),
    ):
        telegram.fail_next("sendMessage", status=status)
        with pytest.raises(error):
            await bot.send_message(ROBIN, "a")
    assert robin.heard == []
    assert [call.status for call in telegram.calls_of("sendMessage")] == [429, 400, 401, 403, 404, 409, 500, 502]


async def test_a_gateway_answers_with_html(
    telegram: FakeTelegram, client: aiohttp.ClientSession, robin: Person
) -> None:
    telegram.fail_next("sendMessage", status=502, after_work=True)
    url = f"{telegram.url}/bot{telegram.token}/sendMessage"
    async with client.post(url, data={"chat_id": ROBIN, "text": "a"}) as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")
        assert "<h1>502 Bad Gateway</h1>" in await answer.text()
    assert robin.heard == ["a"]


async def test_a_connection_can_be_cut_before_or_after_the_work(
    bot: Bot, telegram: FakeTelegram, robin: Person
) -> None:
    telegram.cut_next("sendMessage", after_work=False)
    telegram.cut_next("sendMessage", after_work=True)
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ROBIN, "never")
    assert robin.heard == []
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ROBIN, "lost answer")
    assert robin.heard == ["lost answer"]
    await bot.send_message(ROBIN, "fine")
    assert [call.status for call in telegram.calls_of("sendMessage")] == [0, 0, 200]


async def test_an_answer_can_break_off_after_the_work(bot: Bot, telegram: FakeTelegram, robin: Person) -> None:
    telegram.half_next("sendMessage")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ROBIN, "half an answer")
    assert robin.heard == ["half an answer"]
    await bot.send_message(ROBIN, "fine")
    assert robin.heard == ["half an answer", "fine"]


async def test_the_record_tells_what_was_shown_and_whether_the_bot_heard_of_it(
    ask: Ask, telegram: FakeTelegram, robin: Person
) -> None:
    _, sent = await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=keyboard(text="A", callback_data="a"))
    telegram.fail_next("sendMessage", status=500, after_work=True)
    await ask("sendMessage", chat_id=ROBIN, text="b")
    telegram.fail_next("sendMessage", status=500)
    await ask("sendMessage", chat_id=ROBIN, text="never")
    telegram.delay_next("editMessageText", seconds=0.001)
    await ask("editMessageText", chat_id=ROBIN, message_id=sent["message_id"], text="c")
    assert [(one.what, one.text, one.unheard) for one in telegram.record] == [
        ("sent", "a", False),
        ("sent", "b", True),
        ("edited", "c", False),
    ]
    assert [[button.label for row in one.buttons for button in row] for one in telegram.record] == [["A"], [], []]
    assert telegram.record[2].message_id == sent["message_id"]


async def test_weather_is_asked_where_no_fault_was_scripted(ask: Ask, telegram: FakeTelegram) -> None:
    asked: list[str] = []

    def weather(method: str, arguments: Mapping[str, str]) -> Fault | None:
        asked.append(method)
        return Fault(method, "refuse", refusal=Refused(503, "no")) if arguments.get("chat_id") == "7" else None

    telegram.faults.weather = weather
    telegram.fail_next("getMe", status=500)
    assert (await ask("getMe"))[0] == 500
    assert (await ask("getMe"))[0] == 200
    assert (await ask("sendMessage", chat_id=7, text="a"))[0] == 503
    assert asked == ["getMe", "sendMessage"]


async def test_a_post_can_be_lost_on_its_way_or_on_its_way_back(
    ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook
) -> None:
    await ask("setWebhook", url=hook.url)
    telegram.cut_next("webhook", after_work=False)
    robin.writes("a")
    await telegram.confirmed()
    assert texts(hook.came) == ["a"]
    telegram.cut_next("webhook", after_work=True)
    robin.writes("b")
    await telegram.confirmed()
    assert texts(hook.came) == ["a", "b", "b"]
    telegram.fail_next(status=500)
    robin.writes("c")
    await telegram.confirmed()
    assert texts(hook.came) == ["a", "b", "b", "c"], "posts are no method"


async def test_a_post_can_be_dropped_while_the_bot_is_at_work(
    ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook
) -> None:
    await ask("setWebhook", url=hook.url)
    telegram.drop_next_post(seconds=0.05)
    at_work = hook.held[telegram.log.newest + 1] = asyncio.Event()
    robin.writes("a")
    robin.writes("b")
    await hook.has(2)
    at_work.set()
    await hook.has(3)
    assert texts(hook.came) == ["a", "a", "b"]


async def test_a_post_can_be_held_back_while_another_queue_goes_on(
    ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook
) -> None:
    await ask("setWebhook", url=hook.url)
    gate = telegram.hold_next("webhook")
    robin.writes("held")
    await gate.reached()
    telegram.person(2).writes("overtakes")
    await hook.has(1)
    gate.open()
    await hook.has(2)
    assert texts(hook.came) == ["overtakes", "held"]


async def test_a_fault_can_aim_at_one_chat(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    telegram.person(2, started=True)
    telegram.fail_next("sendMessage", status=429, retry_after=1, chat_id=2, times=2)
    assert (await ask("sendMessage", chat_id=ROBIN, text="a"))[0] == 200
    assert [(await ask("sendMessage", chat_id=2, text="a"))[0] for _ in range(3)] == [429, 429, 200]


async def test_faults_can_last_and_be_healed(ask: Ask, telegram: FakeTelegram) -> None:
    telegram.fail_next(status=500, times=None)
    assert [(await ask("getMe"))[0] for _ in range(3)] == [500, 500, 500]
    telegram.heal()
    assert (await ask("getMe"))[0] == 200


async def test_a_request_can_be_held(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    gate = telegram.hold_next("sendMessage", after_work=True)
    held = asyncio.create_task(ask("sendMessage", chat_id=ROBIN, text="a"))
    await gate.reached()
    assert (robin.heard, held.done()) == (["a"], False)
    gate.open()
    assert (await held)[0] == 200


async def test_a_request_can_be_late(ask: Ask, telegram: FakeTelegram) -> None:
    loop = asyncio.get_running_loop()
    telegram.delay_next("getMe", seconds=0.02)
    began = loop.time()
    assert (await ask("getMe"))[0] == 200
    assert loop.time() - began >= 0.02


async def test_an_outage_cuts_every_connection(bot: Bot, telegram: FakeTelegram) -> None:
    with telegram.outage(), pytest.raises(TelegramNetworkError):
        await bot.get_me()
    assert (await bot.get_me()).id == telegram.bot_id


async def test_a_broken_update_stays_in_front_of_aiogram(bot: Bot, telegram: FakeTelegram) -> None:
    """The trap this server is there to show: the whole batch fails, for ever."""
    broken = telegram.push_raw({"message": {"message_id": "?"}})
    telegram.person(ROBIN).writes("behind")
    for _ in range(2):
        with pytest.raises(ClientDecodeError):
            await bot.get_updates()
    [fine] = await bot.get_updates(offset=broken + 1)
    assert fine.message is not None
    assert fine.message.text == "behind"


async def test_a_confirmed_update_can_come_again(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    robin.writes("a")
    _, [update] = await ask("getUpdates")
    assert (await ask("getUpdates", offset=update["update_id"] + 1))[1] == []
    telegram.repeat(update["update_id"])
    assert (await ask("getUpdates", offset=update["update_id"] + 1))[1] == [update]
    assert (await ask("getUpdates", offset=update["update_id"] + 1))[1] == []


async def test_an_answer_to_a_post_can_be_lost(ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook) -> None:
    await ask("setWebhook", url=hook.url)
    telegram.cut_next("webhook", after_work=True)
    robin.writes("a")
    robin.writes("b")
    assert texts(await hook.has(3)) == ["a", "a", "b"]
    await telegram.confirmed()


async def test_an_answer_can_be_cut_in_its_middle(
    telegram: FakeTelegram, robin: Person, client: aiohttp.ClientSession
) -> None:
    telegram.half_next("sendMessage")
    with pytest.raises(aiohttp.ClientPayloadError):
        async with client.post(
            f"{telegram.url}/bot{telegram.token}/sendMessage", data={"chat_id": ROBIN, "text": "a"}
        ) as answer:
            await answer.read()
    assert robin.heard == ["a"]


async def test_what_grows_too_old_is_dropped_and_counted(
    ask: Ask, telegram: FakeTelegram, robin: Person, clock: Clock
) -> None:
    await ask("sendMessage", chat_id=ROBIN, text="a", reply_markup=keyboard(text="A", callback_data="a"))
    robin.presses("A")
    robin.writes("still here")
    clock.forward(seconds=151)
    assert texts((await ask("getUpdates"))[1]) == ["still here"]
    assert telegram.log.expired == 1


async def test_a_repeat_never_comes_before_what_waits(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    """Or the bot would confirm what it has not seen."""
    for text in "abc":
        robin.writes(text)
    telegram.repeat(telegram.log.newest)
    _, waiting = await ask("getUpdates")
    assert texts(waiting) == ["a", "b", "c"]
    _, rest = await ask("getUpdates", offset=waiting[1]["update_id"])
    telegram.repeat(waiting[0]["update_id"])
    _, again = await ask("getUpdates", offset=waiting[1]["update_id"])
    assert texts(rest) == ["b", "c"]
    assert texts(again) == ["a", "b", "c"]


async def test_a_webhook_can_get_an_update_twice(ask: Ask, telegram: FakeTelegram, robin: Person, hook: Hook) -> None:
    await ask("setWebhook", url=hook.url)
    robin.writes("a")
    await hook.has(1)
    await telegram.confirmed()
    telegram.repeat(hook.came[0]["update_id"])
    came = await hook.has(2)
    assert came[0] == came[1]


async def test_a_group_can_move(ask: Ask, telegram: FakeTelegram, robin: Person) -> None:
    robin.in_group("hello", group_id=-5)
    telegram.fail_next("sendMessage", status=400, migrate_to=-1005)
    assert await ask("sendMessage", chat_id=-5, text="a") == (
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
    )


async def test_floods_are_refused(clock: Clock, client: aiohttp.ClientSession) -> None:
    async with FakeTelegram(now=clock, flood=Flood(chat_burst=2)) as telegram:
        robin = telegram.person(ROBIN, started=True)
        url = f"{telegram.url}/bot{telegram.token}/sendMessage"

        async def send() -> int:
            async with client.post(url, data={"chat_id": ROBIN, "text": "a"}) as answer:
                return int((await answer.json()).get("parameters", {}).get("retry_after", 0))

        assert [await send() for _ in range(4)] == [0, 0, 1, 1]
        clock.forward(seconds=1)
        assert [await send() for _ in range(2)] == [0, 1]
        assert robin.heard == ["a"] * 3


# --- files, commands, descriptions ------------------------------------------------------------------


async def test_what_people_send_can_be_downloaded(bot: Bot, robin: Person) -> None:
    robin.sends_photo(b"\xff\xd8 picture", caption="look")
    robin.sends_voice(b"OggS")
    robin.sends_document(b"%PDF", name="form.pdf")
    robin.sends_sticker()
    robin.sends_location(52.1, 5.1)
    robin.sends_contact(first_name="Kim")
    messages = [update.message for update in await bot.get_updates()]
    photo, voice, document, sticker, location, contact = (message for message in messages if message)
    assert photo.photo is not None
    assert voice.voice is not None
    assert document.document is not None
    assert sticker.sticker is not None
    assert location.location is not None
    assert contact.contact is not None
    assert (photo.caption, document.document.file_name) == ("look", "form.pdf")
    assert (location.location.latitude, contact.contact.first_name) == (52.1, "Kim")
    for file_id, content in (
        (photo.photo[-1].file_id, b"\xff\xd8 picture"),
        (voice.voice.file_id, b"OggS"),
        (document.document.file_id, b"%PDF"),
    ):
        found = await bot.download(file_id)
        assert found is not None
        assert found.read() == content


async def test_files_are_found_by_id_and_at_most_20_megabytes(ask: Ask, robin: Person) -> None:
    assert await ask("getFile") == (400, "Bad Request: file_id not specified")
    assert await ask("getFile", file_id="nonsense") == (400, "Bad Request: invalid file_id")
    robin.sends_document(size=20 << 20)
    robin.sends_document(size=(20 << 20) + 1)
    _, [fits, too_big] = await ask("getUpdates")
    assert (await ask("getFile", file_id=fits["message"]["document"]["file_id"]))[0] == 200
    assert await ask("getFile", file_id=too_big["message"]["document"]["file_id"]) == (
        400,
        "Bad Request: file is too big",
    )


async def test_a_document_arrives_with_its_caption(bot: Bot, robin: Person) -> None:
    sent = await bot.send_document(
        ROBIN, BufferedInputFile(b"%PDF-1.7", "card.pdf"), caption="Your card", protect_content=True
    )
    assert sent.document is not None
    assert (sent.document.file_size, sent.document.mime_type) == (8, "application/pdf")
    [shown] = robin.screen
    assert shown.attached is not None
    assert (shown.attached.content, shown.attached.name) == (b"%PDF-1.7", "card.pdf")
    assert (shown.text, shown.protected) == ("Your card", True)
    again = await bot.send_document(ROBIN, sent.document.file_id)
    assert again.document is not None
    assert robin.heard == ["Your card", ""]


@pytest.mark.parametrize(
    ("document", "caption", "said"),
    [
        (BufferedInputFile(b"x", "a.txt"), "x" * 1025, "message caption is too long"),
        (BufferedInputFile(b"x", "a.txt"), "👍" * 513, "message caption is too long"),
        (BufferedInputFile(b"", "a.txt"), "", "file must be non-empty"),
        ("nonsense", "", "wrong file identifier/HTTP URL specified"),
    ],
)
async def test_a_bad_document_is_refused(
    bot: Bot, robin: Person, document: BufferedInputFile | str, caption: str, said: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=said):
        await bot.send_document(ROBIN, document, caption=caption)
    assert robin.screen == []


async def test_a_document_must_be_there(ask: Ask, robin: Person) -> None:
    assert await ask("sendDocument", chat_id=ROBIN) == (
        400,
        "Bad Request: there is no document in the request",
    )


async def test_commands_belong_to_scope_and_language(bot: Bot, robin: Person) -> None:
    start = BotCommand(command="start", description="Begin")
    own = BotCommand(command="flags", description="Open flags")
    await bot.set_my_commands([start])
    await bot.set_my_commands([own], scope=BotCommandScopeChat(chat_id=ROBIN), language_code="nl")
    assert [found.command for found in await bot.get_my_commands()] == ["start"]
    [found] = await bot.get_my_commands(scope=BotCommandScopeChat(chat_id=ROBIN), language_code="nl")
    assert (found.command, found.description) == ("flags", "Open flags")
    assert await bot.get_my_commands(scope=BotCommandScopeChat(chat_id=ROBIN)) == []
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.set_my_commands([own], scope=BotCommandScopeChat(chat_id=12))


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ([{"command": "Start", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "", "description": "x"}], "command must be non-empty"),
        ([{"command": "x" * 33, "description": "x"}], "command length must not exceed 32"),
        ([{"command": "x", "description": " "}], "command description must be non-empty"),
        ([{"command": "x", "description": "x" * 257}], "command description length must not exceed 256"),
        ([{"command": "x"}], "can't parse BotCommand: Can't find field \"description\""),
        ([{"command": f"c{n}", "description": "x"} for n in range(101)], "BOT_COMMANDS_TOO_MUCH"),
        ({}, "expected an Array of BotCommand"),
    ],
)
async def test_commands_are_checked(ask: Ask, commands: Any, said: str) -> None:
    assert await ask("setMyCommands", commands=commands) == (400, f"Bad Request: {said}")


async def test_descriptions_have_their_length(ask: Ask, telegram: FakeTelegram) -> None:
    assert await ask("setMyDescription", description="x" * 512, language_code="nl") == (200, True)
    assert (await ask("setMyDescription", description="x" * 513))[0] == 400
    assert await ask("setMyShortDescription", short_description="x" * 120) == (200, True)
    assert (await ask("setMyShortDescription", short_description="x" * 121))[0] == 400
    assert await ask("getMyDescription", language_code="nl") == (200, {"description": "x" * 512})
    assert await ask("setMyDescription", description="x", language_code="dutch") == (
        400,
        "Bad Request: invalid language code specified",
    )


# --- people -----------------------------------------------------------------------------------------


async def test_a_start_link_arrives_as_text(bot: Bot, telegram: FakeTelegram) -> None:
    kim = telegram.person(3, first_name="Kim", language_code="nl")
    kim.starts("abc-DEF_1")
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.from_user is not None
    assert (update.message.text, update.message.from_user.language_code) == ("/start abc-DEF_1", "nl")
    assert update.message.entities is not None
    assert [(e.type, e.offset, e.length) for e in update.message.entities] == [("bot_command", 0, 6)]
    with pytest.raises(ValueError, match="deep link"):
        kim.starts("x" * 65)


async def test_an_edit_arrives_as_one(bot: Bot, robin: Person) -> None:
    message_id = robin.writes("ofice")
    robin.edits(message_id, "office")
    [_, update] = await bot.get_updates()
    assert update.edited_message is not None
    assert (update.edited_message.message_id, update.edited_message.text) == (message_id, "office")


async def test_hearing_goes_forward_only(bot: Bot, robin: Person) -> None:
    await bot.send_message(ROBIN, "first")
    await bot.send_message(ROBIN, "second")
    assert (await robin.hears("first")).text == "first"
    with pytest.raises(AssertionError, match="was not heard"):
        await robin.hears("first", within=0.01)
    hearing = asyncio.create_task(robin.hears("third"))
    await bot.send_message(ROBIN, "third")
    assert (await hearing).text == "third"


async def test_calls_can_be_waited_for(bot: Bot, telegram: FakeTelegram, robin: Person) -> None:
    waiting = asyncio.create_task(telegram.called("sendMessage", times=2))
    await bot.send_message(ROBIN, "a")
    await bot.send_message(ROBIN, "b")
    assert [call.parameters["text"] for call in await waiting] == ["a", "b"]
    assert [call.at for call in telegram.calls] == [NOON, NOON]
    with pytest.raises(AssertionError, match="called 0 times"):
        await telegram.called("deleteMessage", within=0.01)


async def test_records_hide_what_was_said(bot: Bot, telegram: FakeTelegram, robin: Person) -> None:
    robin.writes("a secret")
    await bot.send_message(ROBIN, "another secret")
    assert "secret" not in repr((telegram.calls, robin.screen, telegram.log.waiting()))


# --- a whole dialogue with aiogram ------------------------------------------------------------------


async def test_a_dialogue_with_aiogram(bot: Bot, telegram: FakeTelegram) -> None:
    """Poll, answer with buttons, edit after the press, answer the press, delete."""
    robin = telegram.person(ROBIN)
    robin.starts()
    [update] = await bot(GetUpdates(timeout=5), request_timeout=10)
    markup = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="y:1")]])
    assert update.message is not None
    question = await bot.send_message(
        ROBIN,
        "Shall I keep it?",
        entities=[MessageEntity(type="bold", offset=0, length=5)],
        reply_markup=markup,
        reply_parameters=ReplyParameters(message_id=update.message.message_id),
    )
    robin.presses("Yes")
    robin.presses("Yes")
    first, second = await bot(GetUpdates(offset=update.update_id + 1), request_timeout=10)
    assert first.callback_query is not None
    assert second.callback_query is not None
    assert first.callback_query.data == "y:1"
    await bot.answer_callback_query(first.callback_query.id, text="Kept")
    await bot.edit_message_text("Kept.", chat_id=ROBIN, message_id=question.message_id)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("Kept.", chat_id=ROBIN, message_id=question.message_id)
    await bot.delete_message(ROBIN, update.message.message_id)
    assert [(message.own, message.text) for message in robin.screen] == [(True, "Kept.")]
    assert robin.told == ["Kept"]
    robin.presses("Yes", on=question.message_id)
    await bot.delete_messages(ROBIN, [question.message_id])
    robin.presses("Yes", on=question.message_id)
    *_, gone = await bot.get_updates(offset=second.update_id + 1)
    assert gone.callback_query is not None
    assert isinstance(gone.callback_query.message, InaccessibleMessage)


# --- benchmarks -------------------------------------------------------------------------------------


async def echo(telegram: FakeTelegram, client: aiohttp.ClientSession) -> None:
    """The smallest bot: polls, answers each update with a button."""
    base = f"{telegram.url}/bot{telegram.token}"
    offset = 0
    while True:
        async with client.post(f"{base}/getUpdates", data={"offset": offset, "timeout": 30}) as answer:
            updates = (await answer.json())["result"]
        for update in updates:
            offset = update["update_id"] + 1
            await reply(base, client, update)


async def reply(base: str, client: aiohttp.ClientSession, update: dict[str, Any]) -> None:
    said = update.get("message") or update["callback_query"]["message"]
    form = {"chat_id": said["chat"]["id"], "text": "?", "reply_markup": json.dumps(YES_NO)}
    async with client.post(f"{base}/sendMessage", data=form) as answer:
        assert answer.status == 200


async def test_a_load_of_dialogues_by_polling(client: aiohttp.ClientSession) -> None:
    async with FakeTelegram(history=False) as telegram:
        bot = asyncio.create_task(echo(telegram, client))
        wanted = {"chats": 3, "turns": 4, "opening": ["/start code{n}"], "within_s": 5}
        async with client.post(f"{telegram.url}/control/load", json=wanted) as answer:
            report = await answer.json()
        bot.cancel()
    assert (report["turns"], report["lost"], report["pressed"], report["messages"]) == (12, 0, 9, 12)
    assert (report["delivery"], report["calls"]["sendMessage"]) == ("getUpdates", 12)
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"] <= report["latency_ms"]["max"]
    assert telegram.calls == []


async def test_a_load_of_dialogues_by_webhook(client: aiohttp.ClientSession) -> None:
    async with FakeTelegram(history=False) as telegram:
        base = f"{telegram.url}/bot{telegram.token}"

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            await reply(base, client, await request.json())
            return web.Response()

        runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.001)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hook = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        await client.post(f"{base}/setWebhook", data={"url": hook})
        wanted = {"chats": 3, "turns": 4, "press": False, "wait": False, "within_s": 5}
        async with client.post(f"{telegram.url}/control/load", json=wanted) as answer:
            report = await answer.json()
        while not report["done"]:
            async with client.get(f"{telegram.url}/control/load") as answer:
                report = await answer.json()
        await runner.cleanup()
    assert (report["turns"], report["lost"], report["pressed"]) == (12, 0, 0)
    assert (report["delivery"], report["refusals"]) == ("webhook", {})


async def test_a_lost_turn_is_reported(telegram: FakeTelegram, client: aiohttp.ClientSession) -> None:
    wanted = {"chats": 2, "turns": 3, "within_s": 0.01}
    async with client.post(f"{telegram.url}/control/load", json=wanted) as answer:
        report = await answer.json()
    assert (report["turns"], report["lost"], report["unconfirmed"]) == (0, 2, 2)
    async with client.post(f"{telegram.url}/control/load", json={"nonsense": 1}) as answer:
        assert answer.status == 400


async def test_the_server_runs_in_a_process_of_its_own(client: aiohttp.ClientSession) -> None:
    command = [sys.executable, "-m", "fake_telegram", "--bench", "--token", "77:process"]
    here = str(Path(__file__).parent)
    process = await asyncio.create_subprocess_exec(*command, cwd=here, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        url = line.split()[0].removeprefix("url=")
        async with client.get(f"{url}/bot77:process/getMe") as answer:
            assert (await answer.json())["result"]["id"] == 77
    finally:
        process.terminate()
        await process.wait()
