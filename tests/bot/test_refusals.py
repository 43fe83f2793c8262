"""What Telegram refuses, through the whole assistant: who is told, who waits, what is dropped, what is said elsewhere.

Through each library, by polling and by webhook. What each call of a channel makes of a refusal:
``channels/test_telegram_faults.py``.
"""

import asyncio
from datetime import UTC, datetime

import pytest
from bot_site import Line, Site, Waits, lines, listening, on_telegram
from fake_telegram import TOKEN, FakeTelegram
from structlog.testing import capture_logs

from bot.channels.base import Stop
from bot.channels.registry import client
from bot.channels.telegram_floods import CHATS
from dialogues.model import Choice, Say, column
from storage import outbox, people, reach

CANARY = "Zebrafinch"
ROBIN, KIM, COORDINATOR, NEW = 1001, 1002, 2002, 1099


def through(*always: tuple[str, bool]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("library", "webhook"), lines(*always))


async def says(line: Line, chat: int, *said: Say | str) -> None:
    """What a turn or a timer would have queued."""
    queued = [Say(one) if isinstance(one, str) else one for one in said]
    line.site.within(lambda tx: outbox.put(tx, "telegram", str(chat), queued, at=line.site.clock()))
    await line.app.outbox.look()


def away(site: Site) -> list[str]:
    return [why for (why,) in site.rows("addresses", "unreachable_why") if why]


def dead(site: Site) -> list[str]:
    return [why for (why,) in site.rows("outbox", "dead")]


def known(site: Site, chat: int) -> bool:
    return site.within(lambda tx: people.at_address(tx, "telegram", str(chat))) is not None


def sent_to(line: Line, chat: int) -> int:
    return sum(call.parameters["chat_id"] == str(chat) for call in line.telegram.calls_of("sendMessage"))


@through(("ptb", True))
async def test_where_there_is_no_such_chat_it_is_marked_and_its_outbox_dropped(
    site: Site, library: str, webhook: bool
) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        coordinator = line.staff(COORDINATOR, "coordinator", "Coord-9")
        site.enrol("telegram", str(ROBIN), "officer", "PO-9")
        await says(line, ROBIN, "one", "two")
        await line.settled()
        assert (away(site), dead(site)) == (["gone"], ["gone", "gone"])
        assert sent_to(line, ROBIN) == 1, "the second is not tried"
        await line.later(reach.GATHER)
        await coordinator.hears("Nothing I write reaches PO-9")
        robin = line.telegram.person(ROBIN)
        robin.writes("/help")
        await robin.hears("What I can do")
        await line.settled()
        assert away(site) == []
        await says(line, ROBIN, "three")
        await robin.hears("three")
        await line.settled()
        assert not {"one", "two"}.intersection(robin.heard)


@through(("aiogram", True))
async def test_who_blocks_it_hears_no_reminder_until_they_unblock_and_a_coordinator_is_told(
    site: Site, library: str, webhook: bool
) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin = line.staff(ROBIN, "officer", "PO-9")
        coordinator = line.staff(COORDINATOR, "coordinator", "Coord-9")
        for words in ("/release AB-1234-P", "10 march 2027", "/menu"):
            robin.writes(words)
        await robin.hears("What do you need?")
        await line.settled()
        robin.blocks()
        await line.settled()
        assert away(site) == ["blocked"]
        await line.later(reach.GATHER)
        await coordinator.hears("Nothing I write reaches PO-9")
        before = sent_to(line, ROBIN)
        await line.later(datetime(2026, 12, 10, 8, tzinfo=UTC) - site.clock())
        assert sent_to(line, ROBIN) == before, "the reminder of that day"
        robin.unblocks()
        await line.settled()
        assert away(site) == []
        await line.later(datetime(2027, 1, 11, 8, tzinfo=UTC) - site.clock())
        await robin.hears("months before")
        await line.settled()


@through(("ptb", False))
async def test_who_is_found_to_be_gone_by_a_refused_message_is_marked_and_reached_again_once_they_write(
    site: Site, library: str, webhook: bool
) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin = line.staff(ROBIN, "officer", "PO-9")
        coordinator = line.staff(COORDINATOR, "coordinator", "Coord-9")
        robin.deactivates()
        await says(line, ROBIN, "one", "two")
        await line.settled()
        assert (away(site), dead(site)) == (["blocked"], ["blocked", "blocked"])
        await line.later(reach.GATHER)
        await coordinator.hears("Nothing I write reaches PO-9")
        robin.writes("/help")
        await robin.hears("What I can do")
        await line.settled()
        assert away(site) == []


@through(("ptb", True))
async def test_a_chat_that_moved_is_known_by_its_new_id_and_hears_there_what_waited(
    site: Site, library: str, webhook: bool
) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin = line.staff(ROBIN, "officer", "PO-9")
        robin.writes("/note")
        await robin.hears("Which case is it about?")
        await line.settled()
        heard = list(robin.heard)
        new = line.telegram.person(NEW, started=True)
        line.telegram.fail_next("sendMessage", status=400, migrate_to=NEW, chat_id=ROBIN)
        await says(line, ROBIN, "one", "two")
        await line.settled()
        assert (robin.heard, new.heard) == (heard, ["one", "two"])
        assert [known(site, chat) for chat in (ROBIN, NEW)] == [False, True]
        assert site.rows("outbox") == []
        new.writes("AB-1234-P")  # the conversation went along
        await new.hears("What kind of note")
        await line.settled()


class HeldWaits:
    """The outbox waits as long as Telegram asks for, and until the test lets it go on; no time passes."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.begun, self.over = seconds, asyncio.Event(), asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        if seconds != self.seconds:
            await asyncio.sleep(seconds)
            return
        self.begun.set()
        await self.over.wait()


@through(("ptb", False))
async def test_429_makes_one_chat_wait_and_the_same_message_comes_first_then(
    site: Site, library: str, webhook: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin, kim = line.staff(ROBIN, "officer", "PO-9"), line.staff(KIM, "officer", "PO-8")
        waits = HeldWaits(17.0)
        monkeypatch.setattr(line.app.outbox, "_sleep", waits)
        line.telegram.fail_next("sendMessage", status=429, retry_after=17, chat_id=ROBIN)
        robin.writes("/help")
        await asyncio.wait_for(waits.begun.wait(), 5)
        await says(line, ROBIN, "later")
        kim.writes("/help")
        await kim.hears("What I can do")
        assert robin.heard == []
        assert sent_to(line, ROBIN) == 1
        waits.over.set()
        await line.settled()
        assert ["What I can do" in text for text in robin.heard] == [True, False]
        assert robin.heard[1] == "later"


@through(("aiogram", False))
async def test_a_limit_over_all_makes_everybody_wait(site: Site, library: str, webhook: bool) -> None:
    """Telegram does not say which limit it was: so many chats that have to wait at once are no chance."""
    async with on_telegram(site, library=library, webhook=webhook) as line:
        *flooded, other = (line.staff(1001 + number, "officer", f"PO-{number}") for number in range(CHATS + 1))
        for person in flooded:
            line.telegram.fail_next("sendMessage", status=429, retry_after=1, chat_id=person.chat_id)
            await says(line, person.chat_id, "one")
        await line.telegram.called("sendMessage", times=CHATS)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        other.writes("/help")
        await other.hears("What I can do")
        assert loop.time() - begun > 0.8
        await line.settled()
        assert [person.heard for person in flooded] == [["one"]] * CHATS


@through(("aiogram", True))
@pytest.mark.parametrize(("words", "anew"), [("message to edit not found", True), ("message is not modified", False)])
async def test_a_message_that_cannot_be_edited_is_said_anew_and_one_that_looks_like_it_is_left(
    site: Site, library: str, webhook: bool, words: str, anew: bool
) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin = line.staff(ROBIN, "officer", "PO-9")
        robin.writes("/guide")
        await robin.hears("Which step?")
        robin.presses("S01 Notice and record")
        await robin.hears("Which case is it about?")
        robin.presses("No case code")
        await robin.hears("Turn a worry into a short note")
        robin.presses("Checklist ▸")
        await robin.hears("Tick what is done or known")
        await line.settled()
        heard = len(robin.heard)
        line.telegram.fail_next("editMessageText", status=400, description=f"Bad Request: {words}")
        robin.presses("☐ 1")
        await line.telegram.called("editMessageText")
        await line.settled()
        assert len(robin.heard) == heard + anew
        assert ("☑ 1" in robin.heard[-1]) == anew
        assert dead(site) == []


@through(("aiogram", False))
async def test_what_telegram_would_never_take_is_dead_with_a_reason_and_holds_up_nothing(
    site: Site, library: str, webhook: bool
) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin = line.staff(ROBIN, "officer", "PO-9")
        too_long, bad_button = Say(CANARY * 450), Say(CANARY, rows=column(Choice("k" * 80, "Label")))
        with capture_logs() as logs:
            await says(line, ROBIN, too_long, bad_button, "fine")
            await robin.hears("fine")
            await line.settled()
        assert robin.heard == ["fine"]
        assert dead(site) == ["bad", "bad"]
        assert away(site) == []
        told = [(one["event"], one["log_level"], one["kind"]) for one in logs if one["event"] == "outbox.dead"]
        assert told == [("outbox.dead", "warning", "bad")] * 2
        assert CANARY not in str(logs)


@through(("ptb", True))
async def test_marks_that_telegram_cannot_read_are_left_out(site: Site, library: str, webhook: bool) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin = line.staff(ROBIN, "officer", "PO-9")
        line.telegram.fail_next("sendMessage", status=400, description="Bad Request: can't parse entities: at byte 3")
        with capture_logs() as logs:
            robin.writes("/menu")
            message = await robin.hears("What do you need?")
            await line.settled()
        assert message.entities == ()
        assert [one["event"] for one in logs] == ["message.marks_refused"]
        assert len(robin.heard) == 1


@through(("ptb", False))
async def test_a_token_that_is_revoked_meanwhile_stops_it_and_says_what_to_do(
    site: Site, library: str, webhook: bool
) -> None:
    async def revoked() -> None:
        async with on_telegram(site, library=library, webhook=webhook) as line:
            line.staff(ROBIN, "officer", "PO-9")
            line.telegram.fail_next(status=401, times=None)
            await says(line, ROBIN, "left for whoever brings the next token")
            await line.telegram.called("sendMessage")
            await asyncio.sleep(0.05)

    with pytest.raises(Stop, match="@BotFather"):
        await revoked()
    assert dead(site) == [None]


@pytest.mark.parametrize("library", ["ptb", pytest.param("aiogram", marks=pytest.mark.long)])
async def test_a_second_poller_is_waited_for_a_minute_and_then_told_with_nothing_lost(site: Site, library: str) -> None:
    site.enrol("telegram", str(ROBIN), "officer", "PO-9")
    waits = Waits()
    async with FakeTelegram(now=site.clock) as telegram:
        robin = telegram.person(ROBIN, started=True)
        channel = client(library).open(TOKEN, telegram.url, sleep=waits)
        telegram.fail_next("getUpdates", status=409, times=None)
        robin.writes("/help")
        with pytest.raises(Stop, match="another instance"):
            await asyncio.wait_for(site.app({"telegram": channel}).run(channel.listen), 20)
        assert sum(waits.seconds) == 60
        telegram.heal()
        site.restart()
        async with listening(site, telegram, library=library) as line:
            await robin.hears("What I can do")
            await line.settled()
