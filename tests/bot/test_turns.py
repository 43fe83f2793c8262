"""One update, one transaction: repeats, order, failures, lasting and stale buttons, several agencies."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bot_site import (
    Broken,
    Desk,
    Line,
    Site,
    break_dialogue,
    lines,
    listening,
    on_telegram,
    pressed,
    reference_in,
    texts,
)
from engines import Mould
from fake_telegram import FakeTelegram
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update as change
from sqlalchemy.exc import OperationalError

from bot import turns
from bot.channels.base import Handle, Inbound, Pressed, Reachable
from bot.trial import AGENCY
from dialogues.model import Wrote
from storage import agencies, people
from storage.errors import Busy
from storage.schema import conversations as conversation_rows
from storage.transaction import Transaction

TABLES = ("seen", "conversations", "notes", "receipts", "flags", "timers", "traces", "outbox", "feedback", "walks")


def everything(site: Site) -> dict[str, list[Any]]:
    return {name: site.rows(name, "*" if name != "notes" else "id, reference, state, flag_level") for name in TABLES}


async def test_t19b_ids_of_notes_come_from_the_systems_random_source(desk: Desk, site: Site) -> None:
    assert desk.app.world.entropy is os.urandom
    drawn: set[bytes] = set()

    def watched(size: int) -> bytes:
        drawn.add(got := os.urandom(size))
        return got

    desk.app.renew(replace(desk.app.world, entropy=watched))
    for number in range(5):
        await desk.logs_note("officer", f"synthetic {number}", "routine")
    ids = {bytes(row[0]) for row in site.rows("notes", "id")}
    assert len(ids) == 5
    assert ids <= drawn


async def test_t25_the_same_update_twice_changes_nothing(desk: Desk, site: Site) -> None:
    """T25."""
    await desk.says("officer", "/menu", "[note.quick]")
    again = desk.console.inbound("officer", "He slammed the door.")
    await desk.takes(again)
    assert "1 in this part" in texts(desk.news("officer"))
    before = everything(site)
    await desk.takes(again, again)
    assert everything(site) == before
    assert desk.news("officer") == []


async def test_blocking_and_unblocking_are_taken_once_and_nobody_is_spoken_to(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/menu", "[note.quick]")
    before = everything(site)
    for number, can in enumerate((False, True)):
        told = Inbound("console", f"member-{number}", "officer", Reachable(can))
        await desk.takes(told, told)
    await desk.takes(Inbound("console", "member-2", "stranger", Reachable(True)))
    assert (desk.news("officer"), desk.news("stranger")) == ([], [])
    after = everything(site)
    assert len(after.pop("seen")) == len(before.pop("seen")) + 3
    assert [row[1] for row in after.pop("timers") if row not in before["timers"]] == ["unreachable"]
    before.pop("timers")
    assert after == before


async def test_a_turn_that_fails_on_it_says_nothing_of_not_saving(desk: Desk, site: Site) -> None:
    told = Inbound("console", "member-1", "officer", Reachable(True))
    assert site.within(lambda tx: turns.not_saved(tx, desk.app.world, told, alarm=False)) == []
    assert site.within(lambda tx: turns.take_turn(tx, desk.app.world, told)) == []
    wrote = replace(told, update_id="wrote-1", event=Wrote("x"))
    assert len(site.within(lambda tx: turns.not_saved(tx, desk.app.world, wrote, alarm=False))) == 1


async def test_a_note_logged_twice_by_a_repeated_press_is_kept_once(desk: Desk, site: Site) -> None:
    """T25."""
    await desk.says("officer", "/menu", "[note.quick]", "He slammed the door.", "[routine]")
    press = desk.console.inbound("officer", "[log]")
    await asyncio.gather(*(desk.app.take(press) for _ in range(5)))
    await desk.app.outbox.drained()
    assert texts(desk.news("officer")).count("Reference ") == 1
    assert sum(site.notes().values()) == 1


async def test_t25_two_presses_of_one_button_log_one_note_and_the_second_is_told_kindly(desk: Desk, site: Site) -> None:
    """T25."""
    await desk.says("officer", "/menu", "[note.quick]", "He slammed the door.", "[routine]")
    first, second = desk.console.inbound("officer", "[log]"), desk.console.inbound("officer", "[log]")
    await desk.takes(first, second)
    said = texts(desk.news("officer"))
    assert said.count("Reference ") == 1
    assert "That button belongs to an earlier question" in said
    assert sum(site.notes().values()) == 1


async def test_a_turn_that_raises_says_not_saved_leaves_nothing_half_and_the_next_message_works(
    desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "He slammed the door.")
    kept = [everything(site)[name] for name in ("conversations", "traces", "timers", "notes")]
    with monkeypatch.context() as patch:
        break_dialogue(patch, "note")
        said = await desk.says("officer", "and shouted")
    assert said[0].text.startswith("Not saved.")
    assert [everything(site)[name] for name in ("conversations", "traces", "timers", "notes")] == kept
    assert "2 in this part" in texts(await desk.says("officer", "and shouted"))
    await desk.says("officer", "[routine]", "[log]")
    assert site.notes() == {("PO-17", "He slammed the door.\nand shouted"): 1}


async def test_an_effect_that_cannot_be_done_undoes_the_whole_turn(
    desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "He slammed the door.", "[urgent]")
    before = everything(site)

    def no_flag(*_: object, **__: object) -> None:
        raise Broken("flags")

    with monkeypatch.context() as patch:
        patch.setattr("storage.flags.raise_flag", no_flag)
        said = await desk.says("officer", "[log]")
    assert "Not saved" in texts(said)
    after = everything(site)
    assert [after[name] for name in TABLES if name not in ("seen", "outbox")] == [
        before[name] for name in TABLES if name not in ("seen", "outbox")
    ]
    assert after["notes"] == []
    assert "Reference " in texts(await desk.says("officer", "[log]"))
    assert sum(site.notes().values()) == 1


async def test_admins_are_alarmed_at_most_once_an_hour_and_without_content(
    desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.app.steady = lambda: site.clock().timestamp()
    with monkeypatch.context() as patch:
        break_dialogue(patch, "ask")
        await desk.says("officer", "canary question one", "canary question two")
        for _ in range(3):
            await desk.says("mentor", "canary question three", "canary question four")
        alarms = desk.news("admin")
        assert [one.text for one in alarms] == [one.text for one in alarms[:1]]
        assert "was not saved" in alarms[0].text
        assert "canary" not in alarms[0].text
        site.clock.move(timedelta(minutes=61))
        await desk.says("officer", "canary question five", "canary question six")
        assert len(desk.news("admin")) == 1


async def test_an_alarm_that_could_not_be_written_is_not_the_alarm_of_that_hour(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_dialogue(monkeypatch, "ask")
    await desk.says("officer", "canary question one")
    desk.news("admin")
    desk.site.clock.move(timedelta(hours=2))
    with monkeypatch.context() as patch:

        def busy(*_: object, **__: object) -> None:
            raise OperationalError("", {}, Exception())

        patch.setattr(turns, "tell", busy)
        with pytest.raises(Busy):
            await desk.says("officer", "canary question two")
    await desk.says("officer", "canary question three")
    assert len(desk.news("admin")) == 1


async def test_a_failing_update_of_a_stranger_is_counted_as_taken_and_nobody_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def fails(*_: object, **__: object) -> None:
            raise Broken

        patch.setattr(turns, "_say", fails)
        assert await desk.says("nobody", "hello") == []
    assert "for enrolled staff" in texts(await desk.says("nobody", "hello"))


async def test_a_conversation_that_cannot_be_decrypted_does_not_come_again_for_ever(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "He slammed the door.")
    site.within(lambda tx: tx.db.execute(change(conversation_rows).values(sealed_state=bytes(range(1, 9)))))
    update = desk.console.inbound("officer", "and shouted")
    await desk.takes(update)
    assert "Not saved" in texts(desk.news("officer"))
    await desk.takes(update)
    assert desk.news("officer") == []


async def test_a_state_of_another_version_starts_afresh_and_says_so(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "He slammed the door.")

    def older(tx: Transaction) -> None:
        ref = tx.keyring.address_ref("console", "officer")
        sealed = tx.keyring.seal("state", ref, b'{"v":1,"frames":[["gone-dialogue","State",{}]],"parked":[]}')
        tx.db.execute(change(conversation_rows).values(sealed_state=sealed))

    site.within(older)
    said = texts(await desk.says("officer", "hello"))
    assert "I was updated and could not carry over" in said
    assert "What do you need?" in said


async def test_t62_a_busy_store_keeps_nothing_tells_nobody_and_takes_the_same_update_later(
    desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(site)
    update = desk.console.inbound("officer", "/help")
    with monkeypatch.context() as patch:

        def locked(*_: object, **__: object) -> None:
            raise OperationalError("", {}, Exception("database is locked"))

        patch.setattr("storage.conversations.load", locked)
        with pytest.raises(Busy):
            await desk.app.take(update)
    assert everything(site) == before
    assert desk.news("officer") == []
    await desk.takes(update)
    assert "What I can do" in texts(desk.news("officer"))


@pytest.mark.parametrize(("library", "webhook"), lines(("aiogram", False), ("ptb", True)))
async def test_t62_over_telegram_a_busy_store_is_not_confirmed_and_the_update_comes_again(
    site: Site, monkeypatch: pytest.MonkeyPatch, library: str, webhook: bool
) -> None:
    real, tries = turns.take_turn, []

    def busy_twice(tx: Transaction, *, world: turns.World, inbound: Inbound) -> Any:
        tries.append(inbound.update_id)
        if len(tries) <= 2:
            raise OperationalError("", {}, Exception("disk I/O error"))
        return real(tx, world=world, inbound=inbound)

    monkeypatch.setattr(turns, "take_turn", busy_twice)
    async with on_telegram(site, library=library, webhook=webhook) as line:
        robin = line.staff(1001, "officer", "PO-17")
        robin.writes("/help")
        await robin.hears("What I can do", within=10)
        await line.settled()
    assert len(tries) == 3
    assert len(set(tries)) == 1
    assert len([text for text in robin.heard if "What I can do" in text]) == 1


async def test_over_telegram_an_update_delivered_again_after_it_was_confirmed_is_silent(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-17")
    robin.writes("/help")
    await robin.hears("What I can do")
    await line.settled()
    heard = list(robin.heard)
    update_id = int(line.site.rows("seen", "update_id")[-1][0])
    line.telegram.repeat(update_id)
    robin.writes("/danger")
    await robin.hears("Call 112 now")
    await line.settled()
    assert len([text for text in robin.heard if "What I can do" in text]) == len(
        [text for text in heard if "What I can do" in text]
    )


async def test_one_chats_messages_are_taken_in_order_though_they_come_at_once(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-17")
    robin.writes("/note")
    for text in ("AB-1234-P", "he slammed the door of the cell", "then he sat down quietly again"):
        robin.writes(text)
    await robin.hears("Which case is it about?")
    await robin.hears("What kind of note")
    await robin.hears("Added to the text")
    await robin.hears("Added to the text")
    await line.settled()
    state = line.site.rows("conversations", "version")
    assert state == [(4,)]


async def test_a_chat_whose_turn_fails_does_not_hold_up_another_chat(site: Site) -> None:
    """Robin's update is refused again and again; Kim's, of the same batch, is answered."""
    async with FakeTelegram(now=site.clock) as telegram:
        refused = asyncio.Event()
        free = asyncio.Event()

        def holding(take: Handle) -> Handle:
            async def handle(inbound: Inbound) -> None:
                if inbound.chat == "1001" and not free.is_set():
                    refused.set()
                    raise Busy("held")
                await take(inbound)

            return handle

        async with listening(site, telegram, wraps=holding) as line:
            robin, kim = line.staff(1001, "officer", "PO-17"), line.staff(1002, "mentor", "Mentor-4")
            robin.writes("/help")
            kim.writes("/help")
            await refused.wait()
            await kim.hears("What I can do")
            assert robin.heard == []
            free.set()
            await robin.hears("What I can do", within=15)
            await line.settled()


async def test_different_chats_are_taken_in_parallel(site: Site) -> None:
    """Two turns of two chats are under way at the same time: neither ends before both have begun."""
    async with FakeTelegram(now=site.clock) as telegram:
        begun: set[str] = set()
        both = asyncio.Event()

        def together(take: Handle) -> Handle:
            async def handle(inbound: Inbound) -> None:
                begun.add(inbound.chat)
                if len(begun) == 2:
                    both.set()
                await asyncio.wait_for(both.wait(), 5)
                await take(inbound)

            return handle

        robin, kim = telegram.person(1001, started=True), telegram.person(1002, started=True)
        robin.writes("/help")
        kim.writes("/help")
        async with listening(site, telegram, wraps=together):
            await robin.hears("for enrolled staff")
            await kim.hears("for enrolled staff")


async def test_two_agencies_are_asked_for_and_each_coordinator_hears_only_of_their_own(desk: Desk, site: Site) -> None:
    def second(tx: Transaction) -> None:
        other = agencies.add(tx, "riverside", name="Riverside Mentors", zone="Europe/Lisbon", case_pattern="A-999")
        mentor = people.at_address(tx, "console", "mentor")
        assert mentor is not None
        people.join(tx, mentor, other, "mentor", at=site.clock() + timedelta(minutes=1))

    site.within(second)
    site.enrol("console", "other-coordinator", "coordinator", "Coord-8", agency="riverside")
    asked = await desk.says("mentor", "/menu", "[note.quick]")
    assert "For which agency" in texts(asked)
    await desk.says("mentor", f"[{AGENCY}]", "He did not come.", "[urgent]")
    reference = reference_in(await desk.says("mentor", "[log]"))
    assert reference in texts(desk.news("coordinator"))
    assert desk.news("other-coordinator") == []
    assert "No flags are waiting" in texts(await desk.says("other-coordinator", "/inbox"))
    refused = await desk.says("other-coordinator", f"/inbox {reference}.take")
    assert "I know no such flag on your desk" in texts(refused)
    assert site.rows("flags", "state, owner_ref") == [("notified", None)]
    told = await desk.says("mentor", "/menu", "[note.quick]", "[riverside]")
    assert "has nobody yet who could open a sealed note" in texts(told)


async def test_an_invite_to_a_second_agency_adds_the_role_to_the_same_person(desk: Desk, site: Site) -> None:
    token = site.invite("prison")
    said = await desk.says("officer", f"/start {token}")
    assert "What do you need?" in texts(said)
    assert len(site.rows("people")) == 5
    assert len([row for row in site.rows("memberships", "role") if row[0] == "prison"]) == 2


async def test_an_invite_lets_exactly_one_of_two_chats_in(desk: Desk, site: Site) -> None:
    token = site.invite("mentor")
    one, two = desk.console.inbound("first", f"/start {token}"), desk.console.inbound("second", f"/start {token}")
    await asyncio.gather(desk.app.take(one), desk.app.take(two))
    await desk.app.outbox.drained()
    said = [texts(desk.news("first")), texts(desk.news("second"))]
    assert sum("You have been invited" in one for one in said) == 1
    assert sum("This invitation cannot be used" in one for one in said) == 1


async def test_t27_a_group_hears_one_sentence_and_nothing_is_done(desk: Desk, site: Site) -> None:
    """T27."""
    await desk.takes(replace(desk.console.inbound("officer", "/note"), private=False))
    assert [say.text for say in desk.news("officer")] == ["I only work in a private chat, never in groups."]
    assert site.rows("conversations") == []


async def test_lone_surrogates_are_dropped_and_the_rest_of_the_text_is_kept(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "he left\ud83d the \x00room", "[routine]", "[log]")
    assert site.notes() == {("PO-17", "he left the room"): 1}


async def test_updates_are_remembered_for_48_hours_and_swept_after(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/help")
    assert len(site.rows("seen")) == 1
    await desk.later(timedelta(hours=47))
    assert len(site.rows("seen")) == 1
    await desk.later(timedelta(hours=2))
    assert site.rows("seen") == []


GARBAGE = st.text(alphabet=st.characters(codec=None), max_size=40)
ABOUT = st.one_of(
    GARBAGE,
    st.builds(
        ".".join,
        st.lists(
            st.sampled_from(
                ["carry", "parked", "amend", "resume", "case", "quick", "take", "undo", "step", "id", "", "zz", "S01"]
            ),
            max_size=4,
        ),
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    events=st.lists(
        st.one_of(
            st.builds(Wrote, GARBAGE),
            st.builds(Wrote, st.builds("/{} {}".format, st.sampled_from(["note", "guide", "inbox", "notes"]), ABOUT)),
            st.builds(Pressed, st.integers(-1, 9), GARBAGE),
            st.builds(
                Pressed,
                st.just(0),
                st.builds(
                    "{}.{}".format,
                    st.sampled_from(["note", "walk", "inbox", "my-notes", "ask", "danger", "home", "language", "help"]),
                    ABOUT,
                ),
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_comes_the_person_hears_something_and_the_next_message_works(
    tmp_path_factory: pytest.TempPathFactory, made: Mould, events: list[Wrote | Pressed]
) -> None:
    async def conversation() -> None:
        for number, event in enumerate(events):
            desk = DESKS["desk"]
            message = f"m{number}" if isinstance(event, Wrote) else ""
            inbound = replace(desk.console.inbound("prison", ""), event=event, message=message)
            await desk.app.take(inbound)
            await desk.app.outbox.drained()
            assert desk.news("prison"), "something is always said"
        said = texts(await DESKS["desk"].says("prison", "/menu"))
        assert "What do you need?" in said

    asyncio.run_coroutine_threadsafe(conversation(), LOOPS["loop"]).result(60)


DESKS: dict[str, Desk] = {}
LOOPS: dict[str, asyncio.AbstractEventLoop] = {}


@pytest.fixture(autouse=True, scope="module")
def shared_desk(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One desk for all the examples above, on a loop in a thread of its own."""
    import threading

    trial = made.copy(tmp_path_factory.mktemp("shared") / "world")
    site = Site(trial)
    loop = LOOPS["loop"] = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> None:
        DESKS["desk"] = desk = Desk(site)
        await desk.app.start()

    asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
    yield
    asyncio.run_coroutine_threadsafe(DESKS["desk"].app.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    site.close()
    made.drop(trial)


def test_a_press_with_a_question_that_is_over_is_told_so() -> None:
    """T25: Numbers that were never asked, and keys that no button carries."""

    async def conversation() -> str:
        desk = DESKS["desk"]
        await desk.says("prison", "/menu")
        await desk.takes(pressed(desk, "prison", 999_999, "log", "stale-1"))
        return texts(desk.news("prison"))

    said = asyncio.run_coroutine_threadsafe(conversation(), LOOPS["loop"]).result(30)
    assert "That button belongs to an earlier question" in said
