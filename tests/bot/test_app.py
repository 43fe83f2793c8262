"""The app on Telegram: bad input over the channel, stopping, starting again, a revoked token."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from bot_site import Line, Site, listening
from fake_telegram import TOKEN, FakeTelegram, Person

from bot.channels.base import Handle, Inbound, Stop
from bot.channels.telegram_aiogram import TelegramAiogram


@pytest.fixture
def robin(line: Line) -> Person:
    return line.staff(1001, "officer", "PO-17")


async def works_after(line: Line, robin: Person) -> None:
    """The next message works, nothing waits unconfirmed, and the log knows of no failed turn."""
    robin.writes("/help")
    await robin.hears("What I can do")
    await line.settled()
    assert not [text for text in robin.heard if "Not saved" in text]


async def test_an_unknown_command_is_answered_kindly(line: Line, robin: Person) -> None:
    robin.writes("/frobnicate now")
    await robin.hears("I do not know that command")
    await works_after(line, robin)


async def test_an_edited_message_is_answered_kindly(line: Line, robin: Person) -> None:
    first = robin.writes("/menu")
    await robin.hears("What do you need?")
    robin.edits(first, "/note")
    await robin.hears("I cannot follow changes to a message already sent")
    await works_after(line, robin)


@pytest.mark.parametrize(
    ("sends", "hears"),
    [
        (lambda one: one.sends_photo(), "I cannot read that photo"),
        (lambda one: one.sends_photo(caption="look at this"), "I cannot read that photo"),
        (lambda one: one.sends_voice(), "I cannot read that voice message"),
        (lambda one: one.sends_sticker(), "Stickers are nice"),
        (lambda one: one.sends_document(), "I cannot take files"),
        (lambda one: one.sends_location(), "I cannot take locations"),
        (lambda one: one.sends_contact(), "I cannot take contacts"),
    ],
    ids=["photo", "captioned-photo", "voice", "sticker", "document", "location", "contact"],
)
@pytest.mark.one_engine
async def test_what_is_no_text_is_answered_kindly_in_the_middle_of_a_note_which_goes_on(
    line: Line, robin: Person, sends: Any, hears: str
) -> None:
    robin.writes("/note")
    await robin.hears("Which case is it about?")
    sends(robin)
    refused = await robin.hears(hears)
    if "Which case is it about?" not in refused.text:
        await robin.hears("Which case is it about?")
    await works_after(line, robin)


async def test_a_group_is_told_once_per_command_and_nothing_else_is_heard(line: Line, robin: Person) -> None:
    robin.in_group("hello all")
    robin.in_group("/note")
    group = line.telegram.chats[-4001]
    await group.hears("I only work in a private chat")
    await works_after(line, robin)
    assert len(group.heard) == 1


async def test_5000_characters_arriving_as_two_messages_are_both_taken_and_the_rest_waits(
    line: Line, robin: Person
) -> None:
    words = " ".join(f"word{number:04d}" for number in range(556))[:5000]
    robin.writes("/menu")
    await robin.hears("What do you need?")
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?")
    robin.writes(words[:4096])
    robin.writes(words[4096:])
    await line.settled()
    robin.presses("Routine, no flag")
    await robin.hears("Waits for an amendment")
    robin.presses("✔ Log it")
    await robin.hears("Reference ")
    await line.settled()
    robin.presses("Next ▸")
    await robin.hears("This will be sealed")
    robin.presses("✔ Log it")
    await robin.hears("Reference ")
    await line.settled()
    kept = [text for _, text in sorted(line.site.notes(), key=lambda one: -len(one[1]))]
    # The client cut inside a word; joined without blanks, nothing is missing and nothing is there twice.
    assert "".join("".join(kept).split()) == "".join(words.split())
    assert not [message for message in robin.screen if "word0" in message.text]


@pytest.mark.parametrize(
    "text",
    [" ", "\n\n", "\u200b\u2060", "\x00", "\u202e", "\ufeff"],
    ids=["blank", "lines", "zero-width", "nul", "rtl", "bom"],
)
@pytest.mark.one_engine
async def test_what_is_empty_is_answered_kindly(line: Line, robin: Person, text: str) -> None:
    robin.writes(text)
    await robin.chat.hears("")
    await works_after(line, robin)


async def test_overrides_and_nul_in_a_note_do_not_reach_the_note_or_the_screen(line: Line, robin: Person) -> None:
    robin.writes("/menu")
    await robin.hears("What do you need?")
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?")
    robin.writes("he said \u202eabc\u202c and\x00 left now \U0001f600")
    await robin.hears("1 in this part")
    robin.presses("Routine, no flag")
    preview = await robin.hears("This will be sealed")
    assert "\u202e" not in preview.text
    robin.presses("✔ Log it")
    await robin.hears("Reference ")
    await works_after(line, robin)
    ((_, kept),) = line.site.notes()
    assert kept == "he said \u202eabc\u202c and left now \U0001f600"


async def test_a_button_from_yesterday_explains_itself_and_acts_no_more(line: Line, robin: Person) -> None:
    robin.writes("/note")
    old = await robin.hears("Which case is it about?")
    robin.presses("No case code")
    await robin.hears("What kind of note")
    await line.later(timedelta(hours=11))
    robin.presses("No case code", on=old.message_id)
    await robin.hears("That button belongs to an earlier question")
    await robin.hears("What kind of note")
    await works_after(line, robin)


def press(line: Line, robin: Person, data: Any, **changes: Any) -> None:
    query = {
        "id": "77",
        "from": robin.user,
        "message": {"message_id": 9, "chat": {"id": robin.chat_id, "type": "private"}, "date": 1, "text": "x"},
        "chat_instance": "1",
        "data": data,
        **changes,
    }
    line.telegram.push_raw({"callback_query": {name: value for name, value in query.items() if value is not None}})


@pytest.mark.parametrize(
    "data",
    ["", "garbage", "0.", "0.nosuch", "0.note.carry.zz.text", "0.note.amend.0000-0000", "0.walk.step.S99",
     "0.inbox.AAAA-AAAA.take", "-1.log", "999999999999999.log", "0." + "x" * 62, "0.my-notes.undo.", None],
)  # fmt: skip
@pytest.mark.one_engine
async def test_callback_data_that_no_button_of_ours_carries_is_answered_and_nothing_is_kept(
    line: Line, robin: Person, data: str | None
) -> None:
    press(line, robin, data)
    await robin.chat.hears("")
    robin.writes("/help")
    await robin.hears("What I can do")
    await line.settled()
    assert line.site.rows("notes", "id") == []


@pytest.mark.parametrize("message", [None, {"message_id": 9, "chat": {"id": 1001, "type": "private"}, "date": 0}])
async def test_a_press_on_a_message_telegram_does_not_show_any_more_works(
    line: Line, robin: Person, message: Any
) -> None:
    press(line, robin, "0.help", message=message)
    await robin.hears("What I can do")
    await works_after(line, robin)


async def test_updates_nobody_can_read_do_not_hold_up_those_that_follow(line: Line, robin: Person) -> None:
    line.telegram.push_raw({"message": {"chat": "no object"}})
    line.telegram.push_raw({"callback_query": {"id": 5}})
    line.telegram.push_raw({"message": {"message_id": 1, "text": 7, "chat": {"id": 1001, "type": "private"}}})
    await works_after(line, robin)


async def test_somebody_who_blocked_the_bot_misses_messages_and_is_served_again_after(
    line: Line, robin: Person
) -> None:
    coordinator = line.staff(2002, "coordinator", "Coord-9")
    coordinator.blocks()
    robin.writes("/menu")
    await robin.hears("What do you need?")
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?")
    robin.writes("He did not come.")
    await robin.hears("1 in this part")
    robin.presses("Flag: today")
    await robin.hears("This will be sealed")
    robin.presses("✔ Log it")
    await robin.hears("Reference ")
    await line.settled()
    assert [dead for (dead,) in line.site.rows("outbox", "dead") if dead] == ["blocked"]
    coordinator.unblocks()
    await line.later(timedelta(hours=4))
    await coordinator.hears("OVERDUE")
    await line.settled()


async def test_stopping_lets_the_turn_under_way_finish_and_be_said(site: Site) -> None:
    """Cancelled while a turn waits for the store: the turn is committed, and its message arrives."""
    async with FakeTelegram(now=site.clock) as telegram:
        under_way, go_on = asyncio.Event(), asyncio.Event()
        channel = TelegramAiogram.open(TOKEN, telegram.url)
        app = site.app({"telegram": channel})
        real = app._taken

        async def slow(inbound: Inbound) -> None:
            under_way.set()
            await go_on.wait()
            await real(inbound)

        app._taken = slow  # type: ignore[method-assign]  # holds a real turn up, changes nothing in it
        site.enrol("telegram", "1001", "officer", "PO-17")
        robin = telegram.person(1001, started=True)
        running = asyncio.create_task(app.run(channel.listen))
        robin.writes("/help")
        await under_way.wait()
        running.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with suppress(asyncio.CancelledError):
            await running
        assert [text for text in robin.heard if "What I can do" in text]
        assert site.rows("outbox") == []


async def test_a_restart_on_telegram_says_what_was_left_and_repeats_nothing(site: Site) -> None:
    async with FakeTelegram(now=site.clock) as telegram:
        async with listening(site, telegram) as line:
            robin = line.staff(1001, "officer", "PO-17")
            robin.writes("/menu")
            await robin.hears("What do you need?")
            await line.settled()
        site.restart()
        from storage import outbox as rows

        site.within(lambda tx: rows.put(tx, "telegram", "1001", [_say("left over")], at=site.clock()))
        robin.writes("/note")
        async with listening(site, telegram) as line:
            await robin.hears("left over")
            await robin.hears("Which case is it about?")
            await line.settled()
        assert robin.heard[-2:] == ["left over", robin.heard[-1]]
        assert len(robin.heard) == 3


def _say(text: str) -> Any:
    from dialogues.model import Say

    return Say(text)


async def test_a_revoked_token_ends_the_app_with_what_to_do(site: Site) -> None:
    async with FakeTelegram(now=site.clock) as telegram:
        channel = TelegramAiogram.open("4242:AAanother_token_that_is_not_this_bots", telegram.url)
        with pytest.raises(Stop, match="BotFather"):
            await asyncio.wait_for(site.app({"telegram": channel}).run(channel.listen), 10)


async def test_a_token_revoked_while_it_runs_ends_it_through_the_outbox_too(site: Site) -> None:
    async with FakeTelegram(now=site.clock) as telegram:
        channel = TelegramAiogram.open(TOKEN, telegram.url)
        app = site.app({"telegram": channel})

        async def listen(_: Handle) -> None:
            await asyncio.Event().wait()

        from storage import outbox as rows

        telegram.fail_next("sendMessage", status=401)
        site.within(lambda tx: rows.put(tx, "telegram", "1001", [_say("hello")], at=site.clock()))
        with pytest.raises(Stop, match="BotFather"):
            await asyncio.wait_for(app.run(listen), 10)
        assert len(site.rows("outbox")) == 1
