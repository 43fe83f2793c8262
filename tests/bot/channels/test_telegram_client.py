"""Telegram through each library, against a Bot API server on loopback: what it hears, what it says, in trouble too."""

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from channel_site import KIM, ROBIN, SECRET, Clock, Ear, Waits, opened, running, served, stopped
from fake_telegram import TOKEN, FakeTelegram, Gate, Person
from ports import free_port
from structlog.testing import capture_logs

from bot.channels import telegram_channel
from bot.channels.base import File, Gone, Inbound, Pressed, Reachable, Refused, Stop, TryLater
from bot.channels.registry import client
from bot.channels.telegram_channel import Telegram
from dialogues.model import Choice, Edited, Say, Sent, Wrote, column
from storage.errors import Busy

ALLOWED = frozenset({"message", "edited_message", "callback_query", "my_chat_member"})
YES_NO = column(Choice("yes", "Yes"), Choice("no", "No"))
ALWAYS = ((Choice("danger", "⚠ Danger now"), Choice("home", "☰ Menu")),)


# ---------------------------------------------------------------- hearing


async def test_a_chat_is_heard_in_order(telegram: FakeTelegram, channel: Telegram, ear: Ear) -> None:
    robin = telegram.person(ROBIN)
    first = robin.writes("one")
    robin.edits(first, "1")
    robin.sends_photo(caption="words")
    robin.sends_voice()
    robin.writes("two")

    async with running(channel.listen(ear)):
        await ear.hears(5)

    one, edited, picture, spoken, two = [one.event for one in ear.heard]
    assert (one, edited, two) == (Wrote("one"), Edited(), Wrote("two"))
    assert isinstance(picture, Sent)
    assert isinstance(spoken, Sent)
    assert (picture.media, picture.caption, spoken.media) == ("photo", "words", "voice")
    assert {(one.channel, one.chat, one.private, one.language) for one in ear.heard} == {
        ("telegram", str(ROBIN), True, "en")
    }
    assert ear.heard[0].message == str(first)
    assert [int(one.update_id) for one in ear.heard] == sorted({int(one.update_id) for one in ear.heard})


async def test_what_is_asked_for_and_how_long_the_line_is_held(
    telegram: FakeTelegram, channel: Telegram, ear: Ear
) -> None:
    async with running(channel.listen(ear)):
        await telegram.polled()
        assert telegram.log.allowed == ALLOWED
        telegram.person(ROBIN).writes("x")
        await ear.hears(1)
        await telegram.confirmed()
    # The first is answered at once, so that it is known whether Telegram can be heard.
    assert [call.parameters["timeout"] for call in telegram.calls_of("getUpdates")][:2] == ["0", "25"]


async def test_an_update_is_confirmed_only_after_the_whole_batch_was_taken(
    telegram: FakeTelegram, channel: Telegram
) -> None:
    telegram.person(ROBIN).writes("slow")
    telegram.person(KIM).writes("quick")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(inbound: Inbound) -> None:
        if inbound.event == Wrote("slow"):
            begun.set()
            await go_on.wait()

    async with running(channel.listen(handle)):
        await begun.wait()
        await asyncio.sleep(0.02)
        assert len(telegram.log) == 2
        go_on.set()
        await telegram.confirmed()


async def test_a_stop_lets_what_was_begun_end_and_confirms_that_alone(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    texts = ["begun", "not begun"]
    for text in texts:
        robin.writes(text)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(inbound: Inbound) -> None:
        begun.set()
        await go_on.wait()
        await ear(inbound)

    task = asyncio.ensure_future(channel.listen(slow))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0.02)
    assert (task.done(), len(telegram.log)) == (False, 2)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert (ear.texts, len(telegram.log)) == (texts[:1], 1)
    last = telegram.calls_of("getUpdates")[-1]
    assert (last.parameters["timeout"], last.parameters["limit"]) == ("0", "1")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert ear.texts == texts


async def test_a_stop_confirms_what_was_taken_before_the_next_poll_reached_telegram(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    robin.writes("hello")
    poll: asyncio.Future[Gate] = asyncio.get_running_loop().create_future()

    async def handle(_: Inbound) -> None:
        poll.set_result(telegram.hold_next("getUpdates"))

    async with running(channel.listen(handle)):
        held = await asyncio.wait_for(poll, 5)
        await held.reached()
        assert len(telegram.log) == 1
    assert len(telegram.log) == 0
    held.open()


async def test_a_stop_asks_nothing_where_nothing_is_to_be_confirmed_or_another_polls_now(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    async with running(channel.listen(ear)):
        await telegram.polled()
    robin.writes("hello")
    async with running(channel.listen(ear, ours=lambda: False)):
        await ear.hears(1)
    assert not [call for call in telegram.calls_of("getUpdates") if "limit" in call.parameters]
    assert len(telegram.log) == 1


@pytest.mark.parametrize("trouble", ["away", "refused", "no answer"])
async def test_a_stop_that_cannot_confirm_ends_all_the_same_and_the_update_comes_again(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(telegram_channel, "CONFIRM_S", 0.05)
    robin.writes("hello")

    async def handle(inbound: Inbound) -> None:
        await ear(inbound)
        if trouble == "away":
            telegram.cut_next("getUpdates", after_work=False, times=None)
        elif trouble == "refused":
            telegram.fail_next("getUpdates", status=401, times=None)
        else:
            telegram.delay_next("getUpdates", seconds=5, times=None)
        task.cancel()

    with capture_logs() as logs:
        task = asyncio.ensure_future(channel.listen(handle))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 3)
    assert [(one["event"], one["error"]) for one in logs] == [
        ("update.not_confirmed", {"refused": "Stop"}.get(trouble, "OutOfReach"))
    ]
    telegram.heal()
    async with running(channel.listen(ear)):
        await telegram.confirmed()
    assert len({one.update_id for one in ear.heard}) == 1
    assert len(ear.heard) == 2


async def test_chats_do_not_wait_for_each_other(telegram: FakeTelegram, channel: Telegram) -> None:
    telegram.person(ROBIN).writes("waits for Kim")
    telegram.person(KIM).writes("wakes Robin")
    kim_came = asyncio.Event()

    async def handle(inbound: Inbound) -> None:
        if inbound.chat == str(KIM):
            kim_came.set()
        await kim_came.wait()

    async with running(channel.listen(handle)):
        await telegram.confirmed()


async def test_one_chat_is_handled_one_at_a_time(telegram: FakeTelegram, channel: Telegram) -> None:
    robin = telegram.person(ROBIN)
    for number in range(20):
        robin.writes(str(number))
    under_way, most, order = 0, 0, []

    async def handle(inbound: Inbound) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        assert isinstance(inbound.event, Wrote)
        order.append(inbound.event.text)
        under_way -= 1

    async with running(channel.listen(handle)):
        await telegram.confirmed()

    assert (most, order) == (1, [str(number) for number in range(20)])


async def test_what_was_not_saved_comes_again_after_waits_short_enough_for_whoever_else_writes(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    robin = telegram.person(ROBIN)
    robin.writes("first")
    robin.writes("second")
    ear.busy = 7

    async with running(channel.listen(ear)):
        await telegram.confirmed()

    assert ear.texts == ["first", "second"]
    assert waits.seconds == [0.5, 1, 2, 2, 2, 2, 2]


async def test_a_failing_chat_keeps_its_order_and_others_are_handled_once(
    telegram: FakeTelegram, channel: Telegram, waits: Waits
) -> None:
    telegram.person(KIM).writes("kim")
    telegram.person(ROBIN).writes("one")
    telegram.person(ROBIN).writes("two")
    order: list[str] = []
    failures = 2

    async def handle(inbound: Inbound) -> None:
        nonlocal failures
        assert isinstance(inbound.event, Wrote)
        if inbound.event.text == "one" and failures:
            failures -= 1
            raise Busy("database is locked")
        order.append(inbound.event.text)

    with capture_logs() as logs:
        async with running(channel.listen(handle)):
            await telegram.confirmed()

    assert order == ["kim", "one", "two"]
    assert [one["error"] for one in logs if one["event"] == "update.not_taken"] == ["Busy", "Busy"]
    assert "locked" not in str(logs)


async def test_waits_start_small_again_once_a_batch_was_taken(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    ear.busy = 2
    telegram.person(ROBIN).writes("first")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
        ear.busy = 1
        telegram.person(ROBIN).writes("second")
        await telegram.confirmed()

    assert waits.seconds == [0.5, 1, 0.5]


async def test_a_repeated_update_carries_the_same_id(telegram: FakeTelegram, channel: Telegram, ear: Ear) -> None:
    telegram.person(ROBIN).writes("once")
    async with running(channel.listen(ear)):
        await telegram.confirmed()
        telegram.repeat(int(ear.heard[0].update_id))
        await ear.hears(2)
        telegram.person(ROBIN).writes("next")
        await ear.hears(3)
        await telegram.confirmed()

    assert ear.heard[0].update_id == ear.heard[1].update_id != ear.heard[2].update_id


async def test_ids_that_start_anew_lower_are_heard_all_the_same(
    telegram: FakeTelegram, channel: Telegram, ear: Ear
) -> None:
    """After a week without updates Telegram goes on from a random id."""
    async with running(channel.listen(ear)):
        telegram.person(ROBIN).writes("before")
        await telegram.confirmed()
        message = {"message_id": 7, "date": 1, "chat": {"id": ROBIN, "type": "private"}, "text": "after"}
        telegram.log._next_id = 5_000
        telegram.push_raw({"update_id": 5_000, "message": message})
        await ear.hears(2)
        await telegram.confirmed()

    assert ear.texts == ["before", "after"]


@pytest.mark.parametrize(
    "broken",
    [
        {"message": {"message_id": 1}},
        {"message": "Sam fell"},
        {"callback_query": {"id": 5, "data": []}},
        {"Sam fell": {"text": "Sam fell"}},
    ],
)
async def test_an_update_nobody_can_read_does_not_hold_up_the_rest(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, broken: dict[str, Any]
) -> None:
    telegram.person(ROBIN).writes("before")
    bad = telegram.push_raw(broken)
    telegram.person(ROBIN).writes("after")

    with capture_logs() as logs:
        async with running(channel.listen(ear)):
            await telegram.confirmed()

    assert ear.texts == ["before", "after"]
    found = [one for one in logs if one["event"] == "update.unreadable"]
    if next(iter(broken)) in ("message", "callback_query"):
        assert [(one["update_id"], one["update_kind"]) for one in found] == [(bad, next(iter(broken)))]
    assert "Sam" not in str(logs)


async def test_of_groups_only_commands_are_heard_and_of_being_blocked_that_it_is(
    telegram: FakeTelegram, channel: Telegram, ear: Ear
) -> None:
    robin = telegram.person(ROBIN, started=True)
    robin.in_group("hello all")
    robin.in_group("/start")
    robin.blocks()
    robin.unblocks()

    async with running(channel.listen(ear)):
        await telegram.confirmed()

    assert [(one.event, one.private, one.chat) for one in ear.heard] == [
        (Wrote("/start"), False, "-4001"),
        (Reachable(False), True, str(ROBIN)),
        (Reachable(True), True, str(ROBIN)),
    ]


async def test_a_pressed_button_is_answered_after_its_turn(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    message = await channel.deliver(str(ROBIN), Say("Shall we?", rows=YES_NO), 12)
    query = robin.presses("Yes")
    answered_before: list[int] = []
    heard: list[Inbound] = []

    async def handle(inbound: Inbound) -> None:
        await asyncio.sleep(0.01)
        answered_before.append(len(telegram.calls_of("answerCallbackQuery")))
        heard.append(inbound)

    async with running(channel.listen(handle)):
        await telegram.called("answerCallbackQuery")

    assert answered_before == [0]
    assert telegram.pressed[query].answers == [("", False)]
    assert (heard[0].event, heard[0].chat, heard[0].message) == (Pressed(12, "yes"), str(ROBIN), message)


async def test_a_button_that_cannot_be_answered_disturbs_nobody(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    await channel.deliver(str(ROBIN), Say("Shall we?", rows=YES_NO), 12)
    telegram.fail_next("answerCallbackQuery", status=400, description="Bad Request: query is too old")
    telegram.fail_next("answerCallbackQuery", status=502)
    telegram.cut_next("answerCallbackQuery", after_work=False)
    for _ in range(3):
        robin.presses("Yes")

    async with running(channel.listen(ear)):
        await telegram.called("answerCallbackQuery", times=3)
        robin.writes("still there")
        await ear.hears(4)


async def test_nobody_waits_for_the_answer_to_a_button(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    await channel.deliver(str(ROBIN), Say("Shall we?", rows=YES_NO), 12)
    gate = telegram.hold_next("answerCallbackQuery")
    robin.presses("Yes")
    async with running(channel.listen(ear)):
        await gate.reached()
        robin.writes("meanwhile")
        await ear.hears(2)
        gate.open()


# ---------------------------------------------------------------- hearing in trouble


async def test_polling_goes_on_after_every_kind_of_trouble(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    telegram.fail_next("getUpdates", status=502)
    telegram.fail_next("getUpdates", status=500)
    telegram.cut_next("getUpdates", after_work=False)
    telegram.cut_next("getUpdates", after_work=True)
    telegram.fail_next("getUpdates", status=429, retry_after=33)
    telegram.fail_next("getUpdates", status=418)
    telegram.person(ROBIN).writes("hello")

    async with running(channel.listen(ear)):
        await telegram.confirmed()

    assert ear.texts == ["hello"]
    assert waits.seconds == [0.5, 1, 2, 4, 33, 8]


async def test_polling_survives_an_outage(telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits) -> None:
    telegram.person(ROBIN).writes("hello")
    async with running(channel.listen(ear)):
        with telegram.outage():
            await waits.reached(8)
        await ear.hears(1)

    assert waits.seconds[:8] == [0.5, 1, 2, 4, 8, 10, 10, 10]


async def test_another_poller_is_waited_for_a_minute(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    telegram.fail_next("getUpdates", status=409, times=None)

    assert "another instance" in await stopped(channel.listen(ear))
    assert sum(waits.seconds) == 60


async def test_another_poller_that_ends_in_time_is_no_reason_to_stop(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    telegram.fail_next("getUpdates", status=409, times=12)
    telegram.person(ROBIN).writes("hello")
    async with running(channel.listen(ear)):
        await ear.hears(1)
        await telegram.confirmed()
        telegram.fail_next("getUpdates", status=409, times=12)
        telegram.person(ROBIN).writes("and again")
        await ear.hears(2)
        await telegram.confirmed()


async def test_two_instances_at_once(library: str, telegram: FakeTelegram, channel: Telegram, ear: Ear) -> None:
    """The real thing: two polls end each other until one has waited long enough."""
    async with opened(library, telegram.url, Waits()) as other:
        first = asyncio.create_task(channel.listen(ear))
        await telegram.polled()
        await asyncio.sleep(0.01)
        second = asyncio.create_task(other.listen(ear))
        done, _ = await asyncio.wait([first, second], timeout=5, return_when=asyncio.FIRST_COMPLETED)
        for task in (first, second):
            task.cancel()
        ends = await asyncio.gather(first, second, return_exceptions=True)

    assert len(done) == 1
    assert sorted(type(end).__name__ for end in ends) == ["CancelledError", "Stop"]


async def test_polling_beside_a_webhook_says_so_and_ending_it_helps(
    telegram: FakeTelegram, channel: Telegram, ear: Ear
) -> None:
    async with aiohttp.ClientSession() as client:
        await client.post(f"{telegram.url}/bot{TOKEN}/setWebhook", data={"url": "http://127.0.0.1:9/telegram"})

    assert "webhook" in await stopped(channel.listen(ear))

    await channel.end_webhook()
    telegram.person(ROBIN).writes("hello")
    async with running(channel.listen(ear)):
        await ear.hears(1)


async def test_updates_without_any_id_are_waited_out(library: str, waits: Waits, ear: Ear) -> None:
    """They cannot be confirmed; asking for them again at once would go round and round."""

    async def get_updates(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": [{"message": {}}, "Sam fell", None]})

    app = web.Application()
    app.router.add_post(f"/bot{TOKEN}/getUpdates", get_updates)
    async with TestServer(app) as server, opened(library, str(server.make_url("/")), waits) as channel:
        with capture_logs() as logs:
            async with running(channel.listen(ear)):
                await waits.reached(6)

    assert waits.seconds[:6] == [0.5, 1, 2, 4, 8, 10]
    assert (ear.heard, "Sam" in str(logs)) == ([], False)


@pytest.mark.parametrize("token", ["4242:AAanother_token_that_is_revoked", "4242:AA/malformed"])
async def test_a_wrong_token_stops_at_once(
    library: str, telegram: FakeTelegram, waits: Waits, ear: Ear, token: str
) -> None:
    async with opened(library, telegram.url, waits, token) as channel:
        said = await stopped(channel.listen(ear))
        with pytest.raises(Stop):
            await channel.deliver(str(ROBIN), Say("x"), 1)

    assert "@BotFather" in said
    assert token not in said
    assert waits.seconds == []


@pytest.mark.parametrize("token", ["", "no token", "4242:", "AA:4242"])
def test_what_is_no_token_is_told_without_repeating_it(library: str, token: str) -> None:
    with pytest.raises(Stop) as caught:
        client(library).open(token, None)
    assert caught.value.__cause__ is None
    assert str(caught.value).startswith("Telegram does not know this bot token")


# ---------------------------------------------------------------- saying


async def test_a_say_arrives_with_its_marks_and_buttons_protected(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    say = Say("See https://example.org <b>now</b>", title="👍 Kept", small="Source: x", rows=YES_NO)
    message_id = await channel.deliver(str(ROBIN), say, 7)

    message = robin.screen[-1]
    assert message_id == str(message.message_id)
    assert message.text == "👍 Kept\n\nSee https://example.org <b>now</b>\n\nSource: x"
    assert [one["type"] for one in message.entities] == ["bold", "italic"]
    assert [[(one.label, one.data) for one in row] for row in message.buttons] == [[("Yes", "7.yes")], [("No", "7.no")]]
    assert message.protected
    call = telegram.calls_of("sendMessage")[-1]
    assert call.json("link_preview_options") == {"is_disabled": True}
    assert "parse_mode" not in call.parameters


async def test_the_longest_say_fits(telegram: FakeTelegram, channel: Telegram, robin: Person) -> None:
    await channel.deliver(str(ROBIN), Say("😀" * 2040, title="Title", small="small"), 1)

    assert robin.heard[-1].endswith("small")


async def test_standing_buttons_come_back_as_their_labels(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    await channel.deliver(str(ROBIN), Say("Done.", rows=ALWAYS, standing=True), 1)
    markup = telegram.calls_of("sendMessage")[-1].json("reply_markup")
    assert (markup["is_persistent"], markup["resize_keyboard"]) == (True, True)
    robin.presses("⚠ Danger now")

    async with running(channel.listen(ear)):
        await ear.hears(1)

    assert ear.heard[0].event == Wrote("⚠ Danger now")


async def test_marks_that_the_server_refuses_are_left_out(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    telegram.fail_next(
        "sendMessage", status=400, description="Bad Request: can't parse entities: Unsupported start tag"
    )
    message_id = await channel.deliver(str(ROBIN), Say("Text.", title="Title", rows=YES_NO), 1)
    assert robin.screen[-1].text == "Title\n\nText."
    assert robin.screen[-1].entities == ()
    assert robin.screen[-1].buttons
    assert len(robin.screen) == 1

    telegram.fail_next("editMessageText", status=400, description="Bad Request: can't parse MessageEntity: no")
    await channel.replace(str(ROBIN), message_id, Say("New.", title="Title"), 1)
    assert (robin.screen[-1].text, robin.screen[-1].entities) == ("Title\n\nNew.", ())


PDF = File("referral-note-S03.pdf", b"%PDF-1.3 a page", 1, protected=True)


async def test_a_file_goes_up_from_memory_with_its_caption_marked_and_protected(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    message_id = await channel.deliver_file(str(ROBIN), PDF, Say("<b>Yours</b>", title="👍 Page", rows=YES_NO), 7)

    message = robin.screen[-1]
    assert message.attached is not None
    assert (message.attached.name, message.attached.content) == (PDF.name, PDF.content)
    assert (message.attached.mime_type, message.protected) == ("application/pdf", True)
    assert (message_id, message.text) == (str(message.message_id), "👍 Page\n\n<b>Yours</b>")
    assert [one["type"] for one in message.entities] == ["bold"]
    assert message.buttons[0][0].data == "7.yes"
    assert "parse_mode" not in telegram.calls_of("sendDocument")[-1].parameters


async def test_the_longest_caption_fits_and_one_sign_more_is_refused(channel: Telegram, robin: Person) -> None:
    await channel.deliver_file(str(ROBIN), PDF, Say("😀" * 512), 1)
    with pytest.raises(Refused, match="bad"):
        await channel.deliver_file(str(ROBIN), PDF, Say("😀" * 512 + "x"), 1)
    assert [message.attached is not None for message in robin.screen] == [True]


async def test_an_empty_file_is_refused(channel: Telegram, robin: Person) -> None:
    with pytest.raises(Refused, match="bad"):
        await channel.deliver_file(str(ROBIN), replace(PDF, content=b""), Say("x"), 1)


async def test_marks_of_a_caption_that_the_server_refuses_are_left_out(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    telegram.fail_next("sendDocument", status=400, description="Bad Request: can't parse entities: no")
    await channel.deliver_file(str(ROBIN), PDF, Say("Text.", title="Title"), 1)
    assert (robin.screen[-1].text, robin.screen[-1].entities) == ("Title\n\nText.", ())
    assert len(robin.screen) == 1


Fault = Callable[[FakeTelegram, Person, str], object]


def refused(**how: Any) -> Fault:
    return lambda telegram, _, method: telegram.fail_next(method, **how)


LATER: list[tuple[Fault, float]] = [
    (refused(status=429, retry_after=17), 17.0),
    (refused(status=500), 0.0),
    (refused(status=500, description="Internal Server Error: restart"), 0.0),
    (refused(status=502), 0.0),
    (refused(status=504), 0.0),
    (lambda telegram, _, method: telegram.cut_next(method, after_work=False), 0.0),
    (lambda telegram, _, method: telegram.cut_next(method, after_work=True), 0.0),
]
NEVER: list[tuple[Fault, str]] = [
    (lambda telegram, robin, _: robin.blocks(), "blocked"),
    (lambda telegram, robin, _: robin.deactivates(), "blocked"),
    (refused(status=403), "blocked"),
    (refused(status=400, description="Bad Request: chat not found"), "gone"),
    (refused(status=400, description="Bad Request: BUTTON_DATA_INVALID"), "bad"),
    (refused(status=400, description="Bad Request: message is too long"), "bad"),
    (refused(status=400, description="Bad Request: can't parse entities: no", times=2), "bad"),
    (refused(status=413, description="Request Entity Too Large"), "bad"),
    (refused(status=418, description="I'm a teapot"), "bad"),
]
STOPS = [refused(status=401), refused(status=404)]


@pytest.mark.parametrize(("fault", "after_s"), LATER)
@pytest.mark.parametrize("method", ["sendMessage", "sendDocument", "editMessageText", "deleteMessages"])
async def test_trouble_that_passes_is_told_with_its_wait(
    telegram: FakeTelegram, channel: Telegram, robin: Person, fault: Fault, after_s: float, method: str
) -> None:
    message = await channel.deliver(str(ROBIN), Say("Sam fell."), 1)
    fault(telegram, robin, method)

    with pytest.raises(TryLater) as caught:
        await call(channel, method, message)

    assert (caught.value.after_s, caught.value.everywhere) == (after_s, False)
    assert_tells_nothing(caught.value)


@pytest.mark.parametrize(("fault", "why"), NEVER)
@pytest.mark.parametrize("method", ["sendMessage", "sendDocument"])
async def test_what_never_arrives_is_told_with_its_reason(
    telegram: FakeTelegram, channel: Telegram, robin: Person, fault: Fault, why: str, method: str
) -> None:
    message = await channel.deliver(str(ROBIN), Say("Sam fell."), 1)
    fault(telegram, robin, method)

    with pytest.raises(Refused) as caught:
        await call(channel, method, message)

    assert caught.value.why == why
    assert_tells_nothing(caught.value)


@pytest.mark.parametrize("method", ["sendMessage", "sendDocument", "editMessageText", "deleteMessages"])
@pytest.mark.parametrize("fault", STOPS)
async def test_a_token_that_is_no_good_any_more_stops_the_channel(
    telegram: FakeTelegram, channel: Telegram, robin: Person, fault: Fault, method: str
) -> None:
    message = await channel.deliver(str(ROBIN), Say("x"), 1)
    fault(telegram, robin, method)

    with pytest.raises(Stop) as caught:
        await call(channel, method, message)
    assert telegram.token not in str(caught.value)


async def call(channel: Telegram, method: str, message: str) -> None:
    say = Say("Sam fell again.", title="Sam")
    if method == "sendMessage":
        await channel.deliver(str(ROBIN), say, 1)
    elif method == "sendDocument":
        await channel.deliver_file(str(ROBIN), PDF, say, 1)
    elif method == "editMessageText":
        await channel.replace(str(ROBIN), message, say, 1)
    else:
        await channel.erase(str(ROBIN), [message])


def assert_tells_nothing(error: BaseException) -> None:
    """Neither words nor chats, and no error of a library behind it, which would tell both."""
    assert error.__cause__ is None
    assert error.__context__ is None or type(error.__context__).__module__.startswith("bot.")
    assert "Sam" not in str(error)
    assert str(ROBIN) not in str(error)


async def test_a_chat_that_never_was_is_gone(channel: Telegram) -> None:
    with pytest.raises(Refused, match="gone"):
        await channel.deliver("31337", Say("x"), 1)


async def test_an_answer_with_fields_from_next_year_is_no_failure(
    telegram: FakeTelegram, channel: Telegram, robin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that was sent must not look unsent because its answer is not all understood."""
    monkeypatch.setitem(telegram.me, "is_bot", "perhaps")

    assert await channel.deliver(str(ROBIN), Say("x"), 1) == str(robin.screen[-1].message_id)


async def test_nothing_goes_through_a_proxy_of_the_environment(
    library: str, telegram: FakeTelegram, robin: Person, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with opened(library, telegram.url, waits) as channel:
        await channel.deliver(str(ROBIN), Say("x"), 1)
    assert robin.heard == ["x"]


# ---------------------------------------------------------------- changing and erasing


async def test_a_message_is_replaced_and_the_same_again_is_harmless(channel: Telegram, robin: Person) -> None:
    message = await channel.deliver(str(ROBIN), Say("Old", rows=YES_NO), 1)
    new = Say("New", title="Title", rows=column(Choice("ok", "OK")))
    await channel.replace(str(ROBIN), message, new, 2)
    await channel.replace(str(ROBIN), message, new, 2)

    assert len(robin.screen) == 1
    assert robin.screen[0].text == "Title\n\nNew"
    assert robin.screen[0].buttons[0][0].data == "2.ok"


@pytest.mark.parametrize("message", ["999999", "not-of-telegram"])
async def test_a_message_that_is_not_there_cannot_be_replaced(channel: Telegram, robin: Person, message: str) -> None:
    with pytest.raises(Gone):
        await channel.replace(str(ROBIN), message, Say("New"), 1)


async def test_a_persons_own_message_cannot_be_replaced(channel: Telegram, robin: Person) -> None:
    with pytest.raises(Gone):
        await channel.replace(str(ROBIN), str(robin.writes("mine")), Say("New"), 1)


async def test_erasing_takes_both_sides_messages_a_hundred_at_a_time(
    telegram: FakeTelegram, channel: Telegram, robin: Person
) -> None:
    messages = [str(robin.writes(str(number))) for number in range(150)]
    messages.append(await channel.deliver(str(ROBIN), Say("x"), 1))

    assert await channel.erase(str(ROBIN), messages) == 0

    assert robin.screen == []
    sizes = [len(one.json("message_ids")) for one in telegram.calls_of("deleteMessages")]
    assert sizes == [100, 51]
    assert await channel.erase(str(ROBIN), messages) == 0
    assert await channel.erase(str(ROBIN), []) == 0


async def test_what_is_too_old_to_be_erased_is_counted_and_spares_nothing_else(
    telegram: FakeTelegram, channel: Telegram, robin: Person, clock: Clock
) -> None:
    old = [str(robin.writes("old")), str(robin.writes("old too"))]
    clock.at += timedelta(hours=48, seconds=1)
    new = str(robin.writes("new"))
    gone = robin.writes("gone")
    robin.deletes(gone)

    assert await channel.erase(str(ROBIN), [*old, new, str(gone)]) == 2
    assert [str(one.message_id) for one in robin.screen] == old


async def test_a_message_that_telegram_never_named_is_counted_and_spares_nothing_else(
    channel: Telegram, robin: Person
) -> None:
    """``deliver`` gives "" where the answer named no message."""
    messages = [str(robin.writes("one")), "", str(robin.writes("two"))]

    assert await channel.erase(str(ROBIN), messages) == 1

    assert robin.screen == []


# ---------------------------------------------------------------- commands


async def test_commands_are_set_only_when_they_differ(telegram: FakeTelegram, channel: Telegram) -> None:
    commands = {"": [("menu", "Menu"), ("note", "Write a note")], "de": [("menu", "Menü")]}
    await channel.set_commands(commands)
    await channel.set_commands(commands)
    assert len(telegram.calls_of("setMyCommands")) == 2

    await channel.set_commands(commands | {"de": [("menu", "Hauptmenü")]})
    assert len(telegram.calls_of("setMyCommands")) == 3
    assert [[one["command"] for one in set_] for set_ in telegram.methods.commands.values()] == [
        ["menu", "note"],
        ["menu"],
    ]
    assert telegram.calls_of("setMyCommands")[-1].json("commands")[0]["description"] == "Hauptmenü"


# ---------------------------------------------------------------- webhook


async def test_a_webhook_hears_and_stays_set_after_the_end(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    robin.writes("before")
    async with running(served(channel, ear, free_port())):
        await telegram.confirmed()
        robin.writes("after")
        await telegram.confirmed()
    robin.writes("while down")
    await asyncio.sleep(0.01)

    assert ear.texts == ["before", "after"]
    assert telegram.methods.webhook is not None
    assert telegram.methods.webhook.state.secret_token == SECRET
    assert telegram.log.allowed == ALLOWED
    assert telegram.calls_of("deleteWebhook") == []
    assert len(telegram.log) == 1


async def test_a_webhook_answers_buttons_and_repeats_what_was_not_saved(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    await channel.deliver(str(ROBIN), Say("Shall we?", rows=YES_NO), 12)
    ear.busy = 3
    query = robin.presses("Yes")
    async with running(served(channel, ear, free_port())):
        await telegram.called("answerCallbackQuery")

    assert [one.event for one in ear.heard] == [Pressed(12, "yes")]
    assert ear.tries == 4
    assert telegram.pressed[query].answers == [("", False)]


async def test_a_stop_waits_for_turns_under_way(telegram: FakeTelegram, channel: Telegram, robin: Person) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(_: Inbound) -> None:
        begun.set()
        await go_on.wait()

    robin.writes("hello")
    task = asyncio.ensure_future(served(channel, handle, free_port()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0.01)
    assert len(telegram.log) == 1
    go_on.set()
    await telegram.confirmed()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_setting_the_webhook_is_tried_until_it_is_set(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    telegram.fail_next("setWebhook", status=409)
    telegram.fail_next("setWebhook", status=429, retry_after=1)
    telegram.fail_next("setWebhook", status=502)
    async with running(served(channel, ear, free_port())):
        await telegram.called("setWebhook", times=4)

    assert waits.seconds == [1.0, 1.0, 0.5]


async def test_setting_the_webhook_outlasts_any_outage(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    """As polling does; meanwhile the channel hears nothing, and says in the log why."""
    with capture_logs() as logs, telegram.outage():
        serving = asyncio.create_task(served(channel, ear, free_port()))
        await waits.reached(70)
        assert not serving.done()
        assert not channel.ear.hears()
    async with running(serving), asyncio.timeout(5):
        while not channel.ear.hears():  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.001)
    assert waits.seconds[:7] == [0.5, 1, 2, 4, 8, 10, 10]
    assert max(waits.seconds) == 10
    told = [(line["event"], line["error"]) for line in logs]
    assert set(told) == {("telegram.trouble", "OutOfReach")}


async def test_a_token_that_is_revoked_in_an_outage_stops_the_webhook(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    telegram.fail_next("setWebhook", status=502, times=100)
    telegram.fail_next("setWebhook", status=401)
    assert "@BotFather" in await stopped(served(channel, ear, free_port()))
    assert len(waits.seconds) == 100


async def test_a_webhook_that_cannot_be_set_stops(
    telegram: FakeTelegram, channel: Telegram, ear: Ear, waits: Waits
) -> None:
    telegram.fail_next("setWebhook", status=400, description="Bad Request: bad webhook: HTTPS url must be provided")
    assert "https url" in (await stopped(served(channel, ear, free_port()))).lower()

    telegram.fail_next("setWebhook", status=401)
    assert "@BotFather" in await stopped(served(channel, ear, free_port()))

    telegram.fail_next("setWebhook", status=409, times=None)
    assert "something else sets one" in await stopped(served(channel, ear, free_port()))


async def test_a_taken_port_and_a_short_secret_stop(telegram: FakeTelegram, channel: Telegram, ear: Ear) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "cannot listen" in await stopped(served(channel, ear, taken.getsockname()[1]))
    assert "openssl" in await stopped(served(channel, ear, free_port(), "short"))
    assert telegram.calls_of("setWebhook") == []


async def test_no_log_line_holds_what_people_wrote(
    telegram: FakeTelegram, channel: Telegram, robin: Person, ear: Ear
) -> None:
    ear.busy = 1
    robin.writes("Sam fell.")
    with capture_logs() as logs:
        async with running(channel.listen(ear)):
            await telegram.confirmed()

    assert logs
    assert "Sam" not in json.dumps(logs)
    assert str(ROBIN) not in json.dumps(logs)
