"""Whatever Telegram does to the bot, through each library: one row of ``ROWS`` a behaviour, one test a row.

What comes in is tested by polling and by webhook. In none of them a word of anybody, or the token, reaches a logger.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from bot_site import Site, listening
from channel_site import KIM, ROBIN, Clock, Ear, Waits, opened, running, served, stopped
from fake_telegram import TOKEN, FakeTelegram, Person
from ports import free_port
from structlog.testing import capture_logs

from bot.channels import telegram_channel
from bot.channels.base import ChannelError, File, Gone, Handle, Inbound, Moved, Pressed, Reachable, Refused, TryLater
from bot.channels.telegram_channel import Telegram
from bot.channels.telegram_floods import CHATS
from dialogues.model import Choice, Say, Wrote, column
from storage import outbox as rows

ROWS = {
    "429 with retry_after": "test_429_makes_its_chat_wait_and_many_chats_everybody",
    "502, 503, 504 with a page of HTML": "test_the_page_of_a_proxy_is_trouble_that_passes",
    "500 in JSON, also restarting": "test_500_is_trouble_that_passes",
    "no answer in time": "test_an_answer_that_does_not_come_is_not_waited_for",
    "a reset or cut connection": "test_a_connection_cut_before_the_work_is_tried_again",
    "a lost answer": "test_a_lost_answer_may_double_what_was_said_and_nothing_else",
    "half an answer": "test_half_an_answer_is_none",
    "an answer that is none of Telegram's": "test_an_answer_nobody_can_read_is_trouble_that_passes",
    "200 that is not ok": "test_200_that_says_it_is_not_ok_is_no_message_sent",
    "an answer with fields nobody knows": "test_fields_from_next_year_make_nothing_look_unsent",
    "400 message is not modified": "test_not_modified_is_done",
    "400 message to edit not found": "test_a_message_that_cannot_be_edited_is_said_anew",
    "400 message to delete not found": "test_a_message_that_is_gone_already_is_deleted",
    "400 message can't be deleted": "test_a_message_that_cannot_be_deleted_is_counted",
    "400 can't parse entities": "test_marks_that_are_refused_are_left_out_and_that_is_logged",
    "400 query is too old": "test_a_press_answered_too_late_disturbs_nobody",
    "400 chat not found": "test_a_chat_that_is_not_there_is_gone",
    "400 message is too long, empty, BUTTON_DATA_INVALID": "test_what_we_must_not_send_is_refused_for_good",
    "400 with migrate_to_chat_id": "test_a_chat_that_moved_tells_where_to",
    "other 4xx": "test_other_refusals_are_for_good",
    "403 blocked, deactivated": "test_who_blocked_the_bot_is_told_of_and_that_they_are_back",
    "401, 404": "test_a_token_that_is_no_good_stops_it_with_what_to_do",
    "409 on getUpdates: another poller": "test_another_poller_is_waited_for_and_then_told",
    "409 on getUpdates: a webhook is set": "test_a_webhook_in_the_way_of_polling_is_told",
    "409, 429 on setWebhook": "test_several_that_set_the_webhook_at_once_all_set_it",
    "a post not answered with 2xx comes again": "test_what_was_not_kept_comes_again_before_what_follows",
    "410 for 23 hours ends a webhook": "test_a_bot_that_keeps_nothing_for_a_day_keeps_its_webhook",
    "a connection dropped after the commit": "test_an_update_whose_answer_was_lost_is_taken_once",
    "an update again after it was confirmed": "test_an_update_again_after_a_restart_is_taken_once",
    "killed between commit and send": "test_what_was_kept_and_not_said_is_said_at_the_start_in_order",
    "messages and presses come in two queues": "test_a_press_that_comes_after_what_was_written_later_explains_itself",
    "an update nobody can read": "test_one_update_nobody_can_read_is_skipped_and_logged_by_its_kind",
    "a backlog of a day": "test_what_was_written_while_the_bot_was_away_is_answered_and_never_dropped",
    "a press older than 150 s never comes": "test_a_press_that_was_lost_can_be_pressed_again",
    "away at the start": "test_a_start_while_telegram_is_away_waits_for_it",
}
CANARY = "Zebrafinch"
SECRET = TOKEN.partition(":")[2]
PDF = File("referral-note-S03.pdf", b"%PDF-1.3 a page", 1, protected=True)
YES_NO = column(Choice("yes", "Yes"), Choice("no", "No"))
METHODS = ("sendMessage", "sendDocument", "editMessageText", "deleteMessages")


def test_every_row_has_its_test_and_every_test_its_row() -> None:
    here = {name for name in globals() if name.startswith("test_")} - {
        "test_every_row_has_its_test_and_every_test_its_row"
    }
    assert sorted(ROWS.values()) == sorted(here)


@pytest.fixture(autouse=True)
def nothing_leaks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Even where somebody lets every library log all it wants to, and looks at more than its lines."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="asyncio")
    caplog.set_level(logging.WARNING, logger="aiohttp.access")  # of the servers of these tests
    yield
    for record in caplog.get_records("call"):
        shown = f"{record.getMessage()}{record.args}"
        if record.exc_info and record.exc_info[1] is not None:
            shown += "".join(traceback.format_exception(record.exc_info[1]))
        assert SECRET not in shown, record.name
        assert CANARY not in shown, record.name


@pytest.fixture(params=["polling", "webhook"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def hearing(channel: Telegram, mode: str, handle: Handle) -> Awaitable[None]:
    return channel.listen(handle) if mode == "polling" else served(channel, handle, free_port())


async def call(channel: Telegram, method: str, message: str) -> None:
    say = Say(f"{CANARY} fell again.", title="Title")
    if method == "sendMessage":
        await channel.deliver(str(ROBIN), say, 1)
    elif method == "sendDocument":
        await channel.deliver_file(str(ROBIN), PDF, say, 1)
    elif method == "editMessageText":
        await channel.replace(str(ROBIN), message, say, 1)
    else:
        await channel.erase(str(ROBIN), [message])


async def fails(channel: Telegram, method: str, message: str = "") -> ChannelError:
    """What the call raises. Nothing of a library hangs on it, and it tells neither words nor chats."""
    with pytest.raises(ChannelError) as caught:
        await call(channel, method, message)
    error: BaseException | None = caught.value
    while error is not None:
        assert type(error).__module__.startswith("bot."), "an error of a library holds the request"
        assert not any(told in f"{error}{error!r}" for told in (CANARY, str(ROBIN), SECRET))
        error = error.__context__
    return caught.value


async def later(channel: Telegram, method: str, message: str = "") -> tuple[float, bool]:
    error = await fails(channel, method, message)
    assert isinstance(error, TryLater)
    return error.after_s, error.everywhere


async def said(channel: Telegram) -> str:
    return await channel.deliver(str(ROBIN), Say("An earlier one.", rows=YES_NO), 1)


# ---------------------------------------------------------------- refused, or not answered


async def test_429_makes_its_chat_wait_and_many_chats_everybody(
    telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear
) -> None:
    message = await said(channel)
    for method in METHODS:
        telegram.fail_next(method, status=429, retry_after=17)
        assert await later(channel, method, message) == (17.0, False)
    await call(channel, "sendMessage", message)

    seen = []
    for chat in range(2001, 2001 + CHATS - 1):
        telegram.person(chat, started=True)
        telegram.fail_next("sendMessage", status=429, retry_after=3, chat_id=chat)
        with pytest.raises(TryLater) as caught:
            await channel.deliver(str(chat), Say("x"), 1)
        seen.append((caught.value.after_s, caught.value.everywhere))
    assert seen == [(3.0, False)] * (CHATS - 2) + [(3.0, True)]

    telegram.fail_next("getUpdates", status=429, retry_after=33)
    robin.writes("hello")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert waits.seconds == [33.0]


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_the_page_of_a_proxy_is_trouble_that_passes(
    telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear, status: int
) -> None:
    message = await said(channel)
    for method in METHODS:
        telegram.fail_next(method, status=status)
        assert await later(channel, method, message) == (0.0, False)
    await goes_on_hearing(telegram, channel, robin, waits, ear, status=status)


@pytest.mark.parametrize("words", [None, "Internal Server Error: restart", "Internal Server Error: 500"])
async def test_500_is_trouble_that_passes(
    telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear, words: str | None
) -> None:
    message = await said(channel)
    for method in METHODS:
        telegram.fail_next(method, status=500, description=words)
        assert await later(channel, method, message) == (0.0, False)
    await goes_on_hearing(telegram, channel, robin, waits, ear, status=500, description=words)


async def goes_on_hearing(
    telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear, **refused: Any
) -> None:
    """Polling, and setting the webhook, wait longer each time and go on."""
    telegram.fail_next("getUpdates", times=3, **refused)
    robin.writes("hello")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert (ear.texts, waits.seconds) == (["hello"], [0.5, 1, 2])
    telegram.fail_next("setWebhook", times=2, **refused)
    async with running(served(channel, ear, free_port())):
        await telegram.called("setWebhook", times=3)
    assert waits.seconds[3:] == [0.5, 1]


async def test_an_answer_that_does_not_come_is_not_waited_for(
    telegram: FakeTelegram,
    channel: Telegram,
    robin: Person,
    waits: Waits,
    ear: Ear,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = await said(channel)
    monkeypatch.setattr(telegram_channel, "ANSWER_S", 0.05)
    monkeypatch.setattr(telegram_channel, "POLL_ANSWER_S", 0.05)
    for method in METHODS:
        gate = telegram.hold_next(method)
        assert await later(channel, method, message) == (0.0, False)
        gate.open()
    gate = telegram.hold_next("getUpdates")
    async with running(channel.listen(ear)):
        await waits.reached(1)
        gate.open()
        robin.writes("hello")
        await ear.hears(1)
    late = telegram.hold_next("setWebhook", after_work=True)
    await sets_it_once_more(telegram, channel, robin, waits, ear)
    late.open()


async def sets_it_once_more(telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear) -> None:
    """The webhook is set and the channel does not know: it sets it again, and what comes meanwhile is taken once."""
    tried = len(waits.seconds)
    robin.writes("by webhook")
    async with running(served(channel, ear, free_port())):
        await telegram.confirmed()
        calls = 0
        while not [one for one in telegram.calls_of("setWebhook") if one.status == 200]:
            calls += 1
            await telegram.called("setWebhook", times=calls)
    assert ear.texts.count("by webhook") == 1
    assert waits.seconds[tried] == 0.5


async def test_a_connection_cut_before_the_work_is_tried_again(
    telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear
) -> None:
    message = await said(channel)
    for method in METHODS:
        telegram.cut_next(method, after_work=False)
        assert await later(channel, method, message) == (0.0, False)
    assert len(robin.screen) == 1
    telegram.cut_next("getUpdates", after_work=False)
    robin.writes("hello")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert (ear.texts, waits.seconds) == (["hello"], [0.5])


async def test_a_lost_answer_may_double_what_was_said_and_nothing_else(
    telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear
) -> None:
    message = await said(channel)
    for method in ("editMessageText", "deleteMessages"):
        telegram.cut_next(method, after_work=True)
        assert await later(channel, method, message) == (0.0, False)
        if method == "editMessageText":
            await call(channel, method, message)
            assert [one.text for one in robin.screen] == [f"Title\n\n{CANARY} fell again."]
    assert await channel.erase(str(ROBIN), [message]) == 0
    telegram.cut_next("sendMessage", after_work=True)
    assert await later(channel, "sendMessage") == (0.0, False)
    await call(channel, "sendMessage", "")
    assert len(robin.screen) == 2, "Telegram has no key by which a repeat could be told"

    telegram.cut_next("getUpdates", after_work=True)
    robin.writes("hello")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert (ear.texts, waits.seconds) == (["hello"], [0.5])
    telegram.cut_next("setWebhook", after_work=True)
    await sets_it_once_more(telegram, channel, robin, waits, ear)


async def test_half_an_answer_is_none(
    telegram: FakeTelegram, channel: Telegram, robin: Person, waits: Waits, ear: Ear
) -> None:
    message = await said(channel)
    for method in METHODS:
        telegram.half_next(method)
        assert await later(channel, method, message) == (0.0, False)
    telegram.half_next("getUpdates")
    robin.writes("hello")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert (ear.texts, waits.seconds) == (["hello"], [0.5])
    telegram.half_next("setWebhook")
    await sets_it_once_more(telegram, channel, robin, waits, ear)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Log in to the hotel</html>", b'{"ok":true,"result":[{"upd', b"[1, 2]", b'"Sam"', b"{}", b"\xff\xfe"],
)
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_answer_nobody_can_read_is_trouble_that_passes(
    library: str, waits: Waits, ear: Ear, body: bytes, status: int
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type="text/html")

    app = web.Application()
    app.router.add_post("/{anything:.*}", answer)
    async with TestServer(app) as server, opened(library, str(server.make_url("/")), waits) as channel:
        assert await later(channel, "sendMessage") == (0.0, False)
        async with running(channel.listen(ear)):
            await waits.reached(4)
    assert (waits.seconds[:4], ear.heard) == ([0.5, 1, 2, 4], [])


async def test_200_that_says_it_is_not_ok_is_no_message_sent(library: str, waits: Waits) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "description": f"{CANARY} {SECRET}"})

    app = web.Application()
    app.router.add_post("/{anything:.*}", answer)
    async with TestServer(app) as server, opened(library, str(server.make_url("/")), waits) as channel:
        for method in METHODS[:3]:
            assert isinstance(await fails(channel, method, "7"), TryLater | Refused)


async def test_fields_from_next_year_make_nothing_look_unsent(library: str, waits: Waits, ear: Ear) -> None:
    message = {"message_id": 7, "date": "soon", "chat": [], "from": {"is_bot": "perhaps"}, "mood": {"is": 1}}
    text = {"message_id": 8, "chat": {"id": ROBIN, "type": "private"}, "date": "soon", "text": "hello", "mood": 1}
    updates = [{"update_id": 1, "message": text, "mood": 2}]

    async def answer(request: web.Request) -> web.Response:
        polled = request.path.endswith("/getUpdates")
        given = await (request.json() if request.content_type == "application/json" else request.post())
        if polled and given.get("timeout") != "0":
            await asyncio.sleep(10)
        return web.json_response({"ok": True, "result": updates if polled else message, "mood": 3})

    app = web.Application()
    app.router.add_post("/{anything:.*}", answer)
    async with TestServer(app) as server, opened(library, str(server.make_url("/")), waits) as channel:
        assert await channel.deliver(str(ROBIN), Say("x"), 1) == "7"
        assert await channel.deliver_file(str(ROBIN), PDF, Say("x"), 1) == "7"
        message["message_id"] = "seven"  # type: ignore[assignment]  # what it sent it cannot tell: that it sent counts
        assert await channel.deliver(str(ROBIN), Say("x"), 1) == ""
        async with running(channel.listen(ear)):
            assert (await ear.hears(1))[0].event == Wrote("hello")


async def test_not_modified_is_done(telegram: FakeTelegram, channel: Telegram, robin: Person) -> None:
    message = await said(channel)
    for _ in range(2):
        await channel.replace(str(ROBIN), message, Say("New"), 1)
    assert telegram.calls_of("editMessageText")[-1].status == 400
    assert [one.text for one in robin.screen] == ["New"]


@pytest.mark.parametrize(
    "words",
    ["message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID"],
)
async def test_a_message_that_cannot_be_edited_is_said_anew(
    telegram: FakeTelegram, channel: Telegram, robin: Person, words: str
) -> None:
    telegram.fail_next("editMessageText", status=400, description=f"Bad Request: {words}")
    assert isinstance(await fails(channel, "editMessageText", await said(channel)), Gone)
    assert isinstance(await fails(channel, "editMessageText", "999999"), Gone)


async def test_a_message_that_is_gone_already_is_deleted(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    message = await said(channel)
    robin.deletes(int(message))
    assert await channel.erase(str(ROBIN), [message]) == 0
    not_found = "Bad Request: message to delete not found"
    telegram.fail_next("deleteMessages", status=400, description=not_found)
    telegram.fail_next("deleteMessage", status=400, description=not_found)
    assert await channel.erase(str(ROBIN), [message]) == 0


async def test_a_message_that_cannot_be_deleted_is_counted(
    telegram: FakeTelegram, channel: Telegram, robin: Person, clock: Clock
) -> None:
    old = await said(channel)
    clock.at += timedelta(hours=48, seconds=1)
    new = await said(channel)
    assert await channel.erase(str(ROBIN), [old, new]) == 1
    assert [str(one.message_id) for one in robin.screen] == [old]


async def test_marks_that_are_refused_are_left_out_and_that_is_logged(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    message = await said(channel)
    with capture_logs() as logs:
        for method in METHODS[:3]:
            telegram.fail_next(method, status=400, description="Bad Request: can't parse entities: at byte 3")
            await call(channel, method, message)
    assert [(one.text, one.entities) for one in robin.screen] == [(f"Title\n\n{CANARY} fell again.", ())] * 3
    assert [(one["event"], one["kind"]) for one in logs] == [("message.marks_refused", one) for one in METHODS[:3]]
    assert CANARY not in str(logs)


async def test_a_press_answered_too_late_disturbs_nobody(
    telegram: FakeTelegram, channel: Telegram, robin: Person, clock: Clock, ear: Ear, mode: str
) -> None:
    await said(channel)
    robin.presses("Yes")

    async def slow(inbound: Inbound) -> None:
        if isinstance(inbound.event, Pressed):
            clock.at += timedelta(seconds=151)
        await ear(inbound)

    with capture_logs() as logs:
        async with running(hearing(channel, mode, slow)):
            answered = await telegram.called("answerCallbackQuery")
            robin.writes("still there")
            await ear.hears(2)
            await telegram.confirmed()
    assert [one.status for one in answered] == [400]
    assert logs == []


async def test_a_chat_that_is_not_there_is_gone(telegram: FakeTelegram, channel: Telegram) -> None:
    for method in METHODS:
        error = await fails(channel, method, "101")
        assert isinstance(error, Refused)
        assert error.why == "gone"


async def test_what_we_must_not_send_is_refused_for_good(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    for say in (Say("x" * 4097), Say(""), Say("x", rows=column(Choice("k" * 80, "Label")))):
        with pytest.raises(Refused, match="bad"):
            await channel.deliver(str(ROBIN), say, 1)
    assert robin.screen == []


async def test_a_chat_that_moved_tells_where_to(telegram: FakeTelegram, channel: Telegram, robin: Person) -> None:
    message = await said(channel)
    for method in METHODS:
        telegram.fail_next(method, status=400, migrate_to=-1009876)
        error = await fails(channel, method, message)
        assert isinstance(error, Moved)
        assert error.chat == "-1009876"
        assert "9876" not in f"{error}{error!r}"


@pytest.mark.parametrize("status", [402, 405, 413, 418, 422])
async def test_other_refusals_are_for_good(
    telegram: FakeTelegram, channel: Telegram, robin: Person, status: int
) -> None:
    for method in METHODS[:3]:
        message = await said(channel)
        telegram.fail_next(method, status=status, description="Request Entity Too Large")
        error = await fails(channel, method, message)
        assert isinstance(error, Refused)
        assert error.why == "bad"


async def test_who_blocked_the_bot_is_told_of_and_that_they_are_back(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, mode: str
) -> None:
    async with running(hearing(channel, mode, ear)):
        await (telegram.polled() if mode == "polling" else telegram.called("setWebhook"))
        robin.blocks()
        await ear.hears(1)
        error = await fails(channel, "sendMessage")
        robin.unblocks()
        await ear.hears(2)
        await said(channel)
        await telegram.confirmed()
    assert isinstance(error, Refused)
    assert error.why == "blocked"
    assert [(one.chat, one.event) for one in ear.heard] == [
        (str(ROBIN), Reachable(False)),
        (str(ROBIN), Reachable(True)),
    ]
    robin.deactivates()
    gone = await fails(channel, "sendMessage")
    assert isinstance(gone, Refused)
    assert gone.why == "blocked"


@pytest.mark.parametrize("status", [401, 404])
async def test_a_token_that_is_no_good_stops_it_with_what_to_do(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, waits: Waits, mode: str, status: int
) -> None:
    message = await said(channel)
    telegram.fail_next(status=status, times=None)
    for method in METHODS:
        assert "@BotFather" in str(await fails(channel, method, message))
    assert "@BotFather" in await stopped(hearing(channel, mode, ear))
    assert waits.seconds == []


# ---------------------------------------------------------------- who else listens


async def test_another_poller_is_waited_for_and_then_told(
    library: str, telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, waits: Waits
) -> None:
    telegram.fail_next("getUpdates", status=409, times=12)
    robin.writes("hello")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert (ear.texts, waits.seconds) == (["hello"], [5.0] * 12)

    async with opened(library, telegram.url, Waits()) as other:
        ends = await asyncio.gather(both(channel, other, ear), return_exceptions=True)
    assert "another instance" in str(ends)


async def both(channel: Telegram, other: Telegram, ear: Ear) -> str:
    """Two polls end each other until one gives up; what that one says."""
    tasks = [asyncio.create_task(one.listen(ear)) for one in (channel, other)]
    done, _ = await asyncio.wait(tasks, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return str([task.exception() for task in done])


async def test_a_webhook_in_the_way_of_polling_is_told(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    async with running(served(channel, ear, free_port())):
        await telegram.called("setWebhook")
        robin.writes("by webhook")
        await telegram.confirmed()
    robin.writes("meanwhile")
    assert "a webhook is set" in await stopped(channel.listen(ear))
    await channel.end_webhook()
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert ear.texts == ["by webhook", "meanwhile"]


async def test_several_that_set_the_webhook_at_once_all_set_it(
    library: str, telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, waits: Waits
) -> None:
    """The server takes one call a second (scaled), and answers 429 to others, 409 to two at once."""
    telegram.fail_next("setWebhook", status=409, description="Conflict: terminated by other setWebhook")
    patient = Waits()
    async with opened(library, telegram.url, patient) as other:
        ports = free_port(), free_port()
        async with running(served(channel, ear, ports[0])), running(served(other, ear, ports[1])):
            calls = 0
            while [one.status for one in telegram.calls_of("setWebhook")].count(200) < 2:
                calls += 1
                await telegram.called("setWebhook", times=calls)
            robin.writes("hello")
            await telegram.confirmed()
    assert set(waits.seconds + patient.seconds) == {1.0}
    assert ear.texts == ["hello"]


# ---------------------------------------------------------------- what comes again, late, or torn


async def test_what_was_not_kept_comes_again_before_what_follows(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, mode: str
) -> None:
    kim = telegram.person(KIM)
    robin.writes("one")
    robin.writes("two")
    kim.writes("other")
    ear.busy = 4
    async with running(hearing(channel, mode, ear)):
        await telegram.confirmed()
    assert [text for text in ear.texts if text != "other"] == ["one", "two"]
    assert ear.tries == 7


async def test_a_bot_that_keeps_nothing_for_a_day_keeps_its_webhook(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, clock: Clock
) -> None:
    ear.busy = 10**6
    async with running(served(channel, ear, free_port())):
        await telegram.called("setWebhook")
        robin.writes("lost with the day")
        for hours in (1, 22, 0.5):
            clock.at += timedelta(hours=hours)
            await ear.tried(ear.tries + 2)
        clock.at += timedelta(hours=1)
        await telegram.confirmed()
        assert telegram.methods.webhook is not None
        ear.busy = 0
        robin.writes("next day")
        await ear.hears(1)
    assert ear.texts == ["next day"]


async def test_one_update_nobody_can_read_is_skipped_and_logged_by_its_kind(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, mode: str
) -> None:
    robin.writes("before")
    bad = telegram.push_raw({"message": {"message_id": 1, "text": CANARY}}, queue=ROBIN)
    telegram.push_raw({"mood_changed": {"text": CANARY}}, queue=ROBIN)
    robin.writes("after")
    with capture_logs() as logs:
        async with running(hearing(channel, mode, ear)):
            await telegram.confirmed()
    assert ear.texts == ["before", "after"]
    assert [(one["event"], one["update_id"], one["update_kind"]) for one in logs] == [
        ("update.unreadable", bad, "message")
    ]
    assert CANARY not in str(logs)


# ---------------------------------------------------------------- the whole assistant


async def test_an_update_whose_answer_was_lost_is_taken_once(site: Site, library: str, mode: str) -> None:
    """Committed, and Telegram does not hear of it: it hands the update out once more."""
    async with FakeTelegram(now=site.clock) as telegram:
        taken: list[str] = []

        def counting(take: Handle) -> Handle:
            async def handle(inbound: Inbound) -> None:
                await take(inbound)
                taken.append(inbound.update_id)
                if mode == "polling" and len(taken) == 1:
                    raise OSError("the line is cut before the next poll confirms it")

            return handle

        async with listening(site, telegram, library=library, webhook=mode == "webhook", wraps=counting) as line:
            robin = line.staff(ROBIN, "officer", "PO-17")
            if mode == "webhook":
                telegram.cut_next("webhook", after_work=True)
            robin.writes("/help")
            await line.settled()
        assert len(taken) == 2
        assert len(set(taken)) == 1
        assert len([text for text in robin.heard if "What I can do" in text]) == 1


async def test_an_update_again_after_a_restart_is_taken_once(site: Site, library: str, mode: str) -> None:
    async with FakeTelegram(now=site.clock) as telegram:
        webhook = mode == "webhook"
        async with listening(site, telegram, library=library, webhook=webhook) as line:
            robin = line.staff(ROBIN, "officer", "PO-17")
            robin.writes("/help")
            await line.settled()
        heard = list(robin.heard)
        site.restart()
        telegram.repeat(int(site.rows("seen", "update_id")[-1][0]))
        robin.writes("/danger")
        async with listening(site, telegram, library=library, webhook=webhook) as line:
            await robin.hears("Call 112 now")
            await line.settled()
        assert robin.heard[: len(heard)] == heard
        assert not [text for text in robin.heard[len(heard) :] if "What I can do" in text]


async def test_what_was_kept_and_not_said_is_said_at_the_start_in_order(site: Site, library: str, mode: str) -> None:
    texts = [f"left {number}" for number in range(3)]
    site.within(lambda tx: rows.put(tx, "telegram", str(ROBIN), [Say(text) for text in texts], at=site.clock()))
    site.restart()
    async with FakeTelegram(now=site.clock) as telegram:
        robin = telegram.person(ROBIN, started=True)
        telegram.fail_next("sendMessage", status=502)
        async with listening(site, telegram, library=library, webhook=mode == "webhook") as line:
            await line.settled()
        assert robin.heard == texts
        assert site.rows("outbox") == []


async def test_a_press_that_comes_after_what_was_written_later_explains_itself(
    site: Site, library: str, mode: str
) -> None:
    """Pressed, then written. By webhook the press may come last; its question is answered by then."""
    async with FakeTelegram(now=site.clock) as telegram:
        wrote = asyncio.Event()

        def swapped(take: Handle) -> Handle:
            async def handle(inbound: Inbound) -> None:
                if mode == "webhook" and isinstance(inbound.event, Pressed):
                    await wrote.wait()
                await take(inbound)
                if inbound.event == Wrote("AB-1234-P"):
                    wrote.set()

            return handle

        async with listening(site, telegram, library=library, webhook=mode == "webhook", wraps=swapped) as line:
            robin = line.staff(ROBIN, "officer", "PO-17")
            robin.writes("/note")
            await robin.hears("Which case is it about?")
            robin.presses("No case code")
            robin.writes("AB-1234-P")
            await robin.hears("What kind of note")
            if mode == "webhook":
                await robin.hears("That button belongs to an earlier question. Nothing was changed.")
            await line.settled()
            robin.presses("Incident")
            await robin.hears("When did it happen?")
            assert len(await telegram.called("answerCallbackQuery", times=2)) == 2


async def test_what_was_written_while_the_bot_was_away_is_answered_and_never_dropped(
    site: Site, library: str, mode: str
) -> None:
    async with FakeTelegram(now=site.clock) as telegram:
        webhook = mode == "webhook"
        async with listening(site, telegram, library=library, webhook=webhook) as line:
            robin = line.staff(ROBIN, "officer", "PO-17")
            await line.settled()
        robin.writes("/danger")
        site.clock.move(timedelta(hours=1))
        robin.writes("/help")
        site.clock.move(timedelta(hours=22, minutes=59))
        async with listening(site, telegram, library=library, webhook=webhook) as line:
            await robin.hears("Call 112 now")
            await robin.hears("What I can do")
            await line.settled()
        dropped = [call for call in telegram.calls if "drop_pending_updates" in call.parameters]
        assert dropped == []


async def test_a_press_that_was_lost_can_be_pressed_again(site: Site, library: str, mode: str) -> None:
    async with FakeTelegram(now=site.clock) as telegram:
        webhook = mode == "webhook"
        async with listening(site, telegram, library=library, webhook=webhook) as line:
            robin = line.staff(ROBIN, "officer", "PO-17")
            robin.writes("/note")
            await robin.hears("Which case is it about?")
            await line.settled()
        robin.presses("No case code")
        site.clock.move(timedelta(seconds=151))
        async with listening(site, telegram, library=library, webhook=webhook) as line:
            await line.settled()
            heard = len(robin.heard)
            robin.presses("No case code")
            await robin.hears("What kind of note")
            await line.settled()
        assert len(robin.heard) == heard + 1


async def test_a_start_while_telegram_is_away_waits_for_it(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, waits: Waits, mode: str
) -> None:
    """Nothing is asked of Telegram before it is needed, and what is needed is asked for until it answers."""
    robin.writes("hello")
    async with running(hearing(channel, mode, ear)):
        with telegram.outage():
            await waits.reached(5)
        await telegram.confirmed()
    assert waits.seconds[:5] == [0.5, 1, 2, 4, 8]
    assert ear.texts == ["hello"]
    assert telegram.calls_of("getMe") == []
