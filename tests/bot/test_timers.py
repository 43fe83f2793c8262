"""What falls due: the end of undoing, overdue flags, idle drafts, and three days of outage at one go."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from bot_site import Broken, Desk, Site, at_desk, texts

from bot import turns, wiring
from bot.channels.console import Console
from bot.clock import Jumps
from bot.timers import Timers
from storage import people, timers
from storage.timers import Timer
from storage.transaction import Transaction, seconds

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_a_note_can_be_undone_for_two_minutes_and_not_after(desk: Desk, site: Site) -> None:
    first = await desk.logs_note("officer", "first text")
    await desk.later(timedelta(seconds=119))
    assert site.rows("notes", "state") == [("held",)]
    assert "Withdrawn" in texts(await desk.says("officer", f"[my-notes.undo.{first}]"))
    assert site.rows("notes", "state, reference") == [("withdrawn", first)]
    second = await desk.logs_note("officer", "second text")
    await desk.later(timedelta(seconds=120))
    assert ("waiting", second) in site.rows("notes", "state, reference")
    assert "The two minutes" in texts(await desk.says("officer", f"[my-notes.undo.{second}]"))
    assert site.notes() == {("PO-17", "second text"): 1}


async def test_undoing_at_the_very_end_is_refused_even_when_the_timer_was_not_looked_at(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "text")
    site.clock.move(timedelta(minutes=2))
    assert "The two minutes" in texts(await desk.says("officer", f"[my-notes.undo.{reference}]"))
    assert sum(site.notes().values()) == 1


async def test_an_urgent_flag_is_overdue_after_15_minutes_and_says_so_again_until_it_is_taken(
    desk: Desk, site: Site
) -> None:
    reference = await desk.logs_note("officer", "canary text", "urgent")
    assert texts(desk.news("coordinator")).count(reference) == 1
    await desk.later(timedelta(minutes=14, seconds=59))
    assert desk.news("coordinator") == []
    for _ in range(3):
        await desk.later(timedelta(minutes=15))
        said = texts(desk.news("coordinator"))
        assert said.count(f"OVERDUE: {reference}") == 1
        assert "canary" not in said
        assert "has not been taken in time" in texts(desk.news("officer"))
    assert site.rows("flags", "state, overdue_since IS NOT NULL") == [("notified", True)]
    await desk.says("coordinator", f"[inbox.{reference}.take]")
    desk.news("coordinator")
    await desk.later(timedelta(days=1))
    assert "OVERDUE" not in texts(desk.news("coordinator"))


async def test_a_flag_nobody_of_the_desk_can_hear_of_goes_to_the_admins(desk: Desk, site: Site) -> None:
    site.within(lambda tx: people.revoke(tx, people.at_address(tx, "console", "coordinator") or b"", at=site.clock()))
    reference = await desk.logs_note("officer", "text", "today")
    assert reference in texts(desk.news("admin"))
    await desk.later(4 * HOUR)
    assert f"OVERDUE: {reference}" in texts(desk.news("admin"))


async def test_a_draft_idle_for_12_hours_is_deleted_and_that_is_said(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "unfinished text")
    await desk.later(timedelta(hours=11, minutes=59))
    assert desk.news("officer") == []
    assert "1 in this part" in texts(await desk.says("officer", "/note")), "still there"
    await desk.later(timedelta(hours=11, minutes=59))
    assert desk.news("officer") == []
    await desk.later(MINUTE)
    assert "idle for 12 hours and has been deleted" in texts(desk.news("officer"))
    assert site.rows("traces") == []
    assert "unfinished text" not in desk.screen("officer")
    assert "What do you need?" in texts(await desk.says("officer", "/menu"))
    assert "Resume" not in texts(await desk.says("officer", "/menu"))


async def test_a_draft_that_was_touched_lives_12_hours_from_then_and_no_longer(desk: Desk) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "one")
    for _ in range(3):
        await desk.later(5 * HOUR)
        await desk.says("officer", "more")
    for _ in range(11):
        await desk.later(HOUR)
        assert desk.news("officer") == []
    await desk.later(HOUR)
    assert "idle for 12 hours" in texts(desk.news("officer"))


async def test_the_look_at_an_idle_draft_does_not_count_as_being_busy_with_it(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "one")
    await desk.later(HOUR)
    await desk.says("officer", "two")
    moved = site.rows("conversations", "moved_at, version")
    await desk.later(11 * HOUR)  # the timer armed at the beginning falls due and finds the draft busy an hour later
    assert site.rows("conversations", "moved_at, version") == moved


async def test_three_days_of_outage_are_caught_up_in_one_go(desk: Desk, site: Site) -> None:
    routine = await desk.logs_note("officer", "first", "routine")
    urgent = await desk.logs_note("mentor", "second", "urgent")
    today = await desk.logs_note("officer", "third", "today")
    await desk.says("prison", "/menu", "[note.quick]", "never finished")
    for who in ("prison", "coordinator", "officer", "mentor"):
        desk.news(who)
    await desk.later(timedelta(days=3))
    assert sorted(site.rows("notes", "reference, state")) == sorted(
        [(routine, "waiting"), (urgent, "waiting"), (today, "waiting")]
    )
    heard = texts(desk.news("coordinator"))
    assert [heard.count(f"OVERDUE: {one}") for one in (urgent, today)] == [1, 1], "once each, not once a missed period"
    assert "idle for 12 hours" in texts(desk.news("prison"))
    armed = [due_at for (due_at,) in site.rows("timers", "due_at")]
    assert armed
    assert min(armed) > seconds(site.clock())
    assert await desk.app.timers.run_due() == 0


async def test_the_outage_is_caught_up_after_a_restart_too(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "first", "urgent")
    await desk.app.stop()
    site.restart()
    site.clock.move(timedelta(days=3))
    async with at_desk(site) as after:
        await after.later(timedelta())
        assert f"OVERDUE: {reference}" in texts(after.news("coordinator"))
        said = texts(await after.says("coordinator", f"/inbox {reference}.take"))
        assert f"You have {reference}" in said


@pytest.mark.parametrize("failing", [1, 150])
async def test_timers_that_fail_do_not_hold_up_the_others_and_stay_for_the_next_look(
    desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    for number in range(failing):
        site.within(partial(timers.arm, kind="release", about=f"{number:032x}", due_at=site.clock()))
    reference = await desk.logs_note("officer", "text", "urgent")
    real = turns.take_timer

    def fails(tx: Transaction, *, world: turns.World, timer: Timer) -> Any:
        if timer.kind == "release" and timer.about.startswith("0" * 20):
            raise Broken("a timer")
        return real(tx, world=world, timer=timer)

    with monkeypatch.context() as patch:
        patch.setattr(turns, "take_timer", fails)
        await desk.later(15 * MINUTE)
        assert f"OVERDUE: {reference}" in texts(desk.news("coordinator"))
        left = [row for row in site.rows("timers", "kind, about") if row[0] == "release"]
        assert len(left) == failing
    await desk.later(timedelta())
    assert [row for row in site.rows("timers", "kind") if row[0] == "release"] == []


async def test_a_timer_of_somebody_who_left_is_dropped_silently(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "one")
    site.within(lambda tx: people.revoke(tx, people.at_address(tx, "console", "officer") or b"", at=site.clock()))
    desk.news("officer")
    await desk.later(13 * HOUR)
    assert desk.news("officer") == []
    assert [row for row in site.rows("timers", "kind") if row[0] == "idle"] == []


async def test_two_looks_at_once_take_each_timer_once(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "text", "urgent")
    desk.news("coordinator")
    site.clock.move(15 * MINUTE)
    await asyncio.gather(*(desk.app.timers.run_due() for _ in range(4)))
    await desk.app.outbox.drained()
    assert texts(desk.news("coordinator")).count(f"OVERDUE: {reference}") == 1


async def test_how_long_a_draft_lives_is_a_setting_and_people_are_told_the_same(site: Site) -> None:
    console = Console()
    app = wiring.app(site.trial.installation, site.store, {"console": console}, clock=site.clock, draft_hours=3)
    await app.start()
    for line in ("/note quick", "He stayed in his cell today.", "/menu"):
        await app.take(console.inbound("officer", line))
    await app.outbox.drained()
    assert "for 3 hours" in "\n".join(message.text for message in console.screens["officer"])
    site.clock.move(timedelta(hours=3, seconds=1))
    await app.timers.run_due()
    await app.outbox.drained()
    assert "idle for 3 hours" in "\n".join(message.text for message in console.screens["officer"])
    await app.stop()


class Machine:
    """The clock of a machine that can be set, and one that only runs."""

    def __init__(self, desk: Desk, site: Site) -> None:
        self.steady = 1000.0
        self._desk, self._site = desk, site
        self.timers = Timers(site.store, desk.app.world, desk.app.outbox, jumps=Jumps(lambda: self.steady))

    async def runs(self, by: timedelta) -> None:
        self.steady += by.total_seconds()
        await self.is_set(by)

    async def is_set(self, by: timedelta) -> None:
        self._site.clock.move(by)
        await self.timers.look()
        await self._desk.app.outbox.drained()


async def test_a_clock_that_leaps_forward_by_days_and_back_costs_nobody_a_draft_and_wakes_flags_once(
    desk: Desk, site: Site
) -> None:
    machine = Machine(desk, site)
    await machine.is_set(timedelta())
    reference = await desk.logs_note("officer", "flagged text", "today")
    desk.news("coordinator")
    await desk.says("mentor", "/menu", "[note.quick]", "unfinished text")
    for _ in range(3):
        await machine.is_set(timedelta(days=2))
        await machine.runs(timedelta(minutes=5))
        await machine.is_set(timedelta(days=-2))
    assert "deleted" not in texts(desk.news("mentor"))
    assert "1 in this part" in texts(await desk.says("mentor", "/note"))
    said = texts(desk.news("coordinator"))
    assert said.count(f"OVERDUE: {reference}") == 3, "once each time the clock said so: better too often than never"
    assert site.rows("flags", "overdue_since IS NOT NULL") == [(True,)]


async def test_hours_that_have_really_passed_are_believed_a_quarter_of_an_hour_later(desk: Desk, site: Site) -> None:
    machine = Machine(desk, site)
    await machine.is_set(timedelta())
    await desk.says("mentor", "/menu", "[note.quick]", "unfinished text")
    await machine.is_set(timedelta(hours=13))
    assert desk.news("mentor") == []
    await machine.runs(timedelta(minutes=16))
    assert "idle for 12 hours and has been deleted" in texts(desk.news("mentor"))


async def test_a_flag_raised_while_the_clock_was_days_ahead_is_overdue_15_minutes_after_it_is_put_right(
    desk: Desk, site: Site
) -> None:
    machine = Machine(desk, site)
    site.clock.move(timedelta(days=2))
    await machine.is_set(timedelta())
    reference = await desk.logs_note("officer", "flagged text", "urgent")
    await desk.says("mentor", "/menu", "[note.quick]", "unfinished text")
    desk.news("coordinator")
    await machine.is_set(timedelta(days=-2))
    await machine.runs(timedelta(minutes=2))
    assert site.rows("notes", "state") == [("waiting",)]
    assert desk.news("coordinator") == []
    await machine.runs(timedelta(minutes=13))
    assert texts(desk.news("coordinator")).count(f"OVERDUE: {reference}") == 1
    assert all(due <= seconds(site.clock() + 24 * HOUR) for (due,) in site.rows("timers", "due_at"))


async def test_a_start_after_the_clock_was_put_back_draws_in_what_was_armed_ahead(site: Site) -> None:
    site.clock.move(timedelta(days=2))
    async with at_desk(site) as desk:
        await desk.logs_note("officer", "flagged text", "urgent")
        await desk.later(timedelta())
    site.clock.move(timedelta(days=-2))
    async with at_desk(site) as desk:
        await desk.later(timedelta())
        desk.news("coordinator")
        await desk.later(timedelta(minutes=15))
        assert "OVERDUE" in texts(desk.news("coordinator"))


@pytest.mark.postgres
async def test_deadlines_that_another_process_has_are_looked_past(desk: Desk, site: Site) -> None:
    await desk.logs_note("officer", "He did not come.")
    site.clock.move(timedelta(minutes=3))
    server = site.trial.installation.whereabouts.server
    assert server is not None
    with psycopg.connect(server.owner) as other:
        held = other.execute("SELECT id FROM timers WHERE due_at <= %s FOR UPDATE", (seconds(site.clock()),))
        due = len(held.fetchall())
        assert due > 0
        async with asyncio.timeout(20):
            assert await desk.app.timers.run_due() == 0
    assert await desk.app.timers.run_due() == due
