"""Reminders of release plans over the real store: on their day at eight, once, to whoever made the plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from bot_site import Desk, Site, at_desk, texts
from sqlalchemy import update

from bot.site import SiteError
from bot.trial import AGENCY
from bot.turns import World
from bot.wiring import renewed
from dialogues.case_code import check_character
from storage import cases, people
from storage.schema import conversations

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CASE = "AB-1234-P"  # the clock of a site begins at noon UTC on Monday 23 November 2026; the agency is in Paris


async def makes_plan(desk: Desk, who: str, release: str, case: str = CASE) -> None:
    await desk.says(who, f"/release {case}", release, "/menu")


async def until(desk: Desk, site: Site, moment: datetime) -> None:
    await desk.later(moment - site.clock())


def buttons(desk: Desk, who: str) -> list[str]:
    return [choice.key for say in desk.news(who) for choice in say.choices]


async def test_a_reminder_comes_at_eight_on_its_day_and_once(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")  # three months before: 10 December
    await until(desk, site, datetime(2026, 12, 10, 6, 59, 59, tzinfo=UTC))
    assert desk.news("officer") == []
    await desk.later(timedelta(seconds=1))
    said = texts(desk.news("officer"))
    assert "3 months before: 4 to do" in said
    assert CASE not in said
    for _ in range(48):
        await desk.later(HOUR)
    assert desk.news("officer") == []
    assert all(desk.news(who) == [] for who in ("prison", "mentor", "coordinator"))


async def test_quiet_weeks_stay_quiet(desk: Desk, site: Site) -> None:
    """A timer looks once a week; a look is no message, and no activity in the conversation."""
    await makes_plan(desk, "officer", "10 march 2027")
    before = site.rows("conversations", "moved_at, version")
    for _ in range(16):
        await desk.later(DAY)
    assert desk.news("officer") == []
    assert site.rows("conversations", "moved_at, version") == before


async def test_the_clocks_change_and_eight_stays_eight(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "28 april 2027")  # a month before: 28 March, the night the clocks go forward
    await desk.says("officer", f"/release {CASE}", "[m.m3]", "[tick.mentor-agreed]", "[tick.address-checked]")
    await until(desk, site, datetime(2027, 3, 27, 7, 0, tzinfo=UTC))
    desk.news("officer")
    await until(desk, site, datetime(2027, 3, 28, 5, 59, 59, tzinfo=UTC))
    assert desk.news("officer") == []
    await desk.later(timedelta(seconds=1))
    assert "1 month before: 5 to do" in texts(desk.news("officer"))


async def test_a_paused_plan_is_silent_and_goes_on_when_turned_on(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    await until(desk, site, datetime(2026, 12, 10, 7, 0, tzinfo=UTC))
    (pause,) = [key for key in buttons(desk, "officer") if ".pause." in key]
    await desk.says("officer", f"[{pause}]")
    assert [row for row in site.rows("timers", "kind") if row[0] == "plan"] == []
    await desk.later(40 * DAY)
    assert desk.news("officer") == []
    said = texts(await desk.says("officer", f"[{pause.replace('pause', 'resume')}]"))
    assert "are on" in said
    await desk.later(DAY)
    heard = desk.news("officer")
    assert (len(heard), "No housing" in texts(heard)) == (1, True), "what fell due meanwhile, once"
    await desk.later(DAY)
    assert desk.news("officer") == []
    await until(desk, site, datetime(2027, 2, 8, 7, 0, tzinfo=UTC))
    assert "30 days to go" in texts(desk.news("officer"))


async def test_another_date_moves_the_reminder(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    await desk.says("officer", f"/release {CASE}", "[date]", "20 march 2027", "/menu")
    await until(desk, site, datetime(2026, 12, 19, 12, 0, tzinfo=UTC))
    assert desk.news("officer") == []
    await until(desk, site, datetime(2026, 12, 20, 7, 0, tzinfo=UTC))
    assert "3 months before" in texts(desk.news("officer"))


async def test_three_weeks_of_outage_are_one_message_for_all_plans(desk: Desk, site: Site) -> None:
    releases = ("10 march 2027", "12 march 2027", "1 december 2026", "25 september 2027")
    for number, release in enumerate(releases):
        await makes_plan(desk, "officer", release, f"AB-{number}234-{check_character(f'AB{number}234')}")
    desk.news("officer")
    assert len(site.rows("plans")) == 4
    await desk.app.stop()
    site.restart()
    site.clock.move(timedelta(weeks=3))
    async with at_desk(site) as after:
        await after.later(timedelta())
        heard = after.news("officer")
        assert len(heard) == 1
        assert "3 release plans have something due" in heard[0].text
        assert "Release was 13 days ago" in heard[0].text
        assert [choice.key for choice in heard[0].choices] == ["timeline"]
        assert await after.app.timers.run_due() == 0
        assert len([row for row in site.rows("timers", "kind") if row[0] == "plan"]) == 3, "one is over"


async def test_an_outage_that_ends_at_night_lets_people_sleep(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    await until(desk, site, datetime(2026, 12, 16, 1, 0, tzinfo=UTC))
    assert desk.news("officer") == []
    await until(desk, site, datetime(2026, 12, 16, 7, 0, tzinfo=UTC))
    assert "3 months before: 4 to do" in texts(desk.news("officer"))


async def test_a_reminder_leaves_an_unfinished_note_and_its_buttons_alone(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    await until(desk, site, datetime(2026, 12, 10, 1, 0, tzinfo=UTC))
    await desk.says("officer", "/note quick", "He was calm today.")
    before = site.rows("conversations", "moved_at, version, question")
    await until(desk, site, datetime(2026, 12, 10, 7, 0, tzinfo=UTC))
    assert "3 months before" in texts(desk.news("officer"))
    assert site.rows("conversations", "moved_at, version, question") == before
    assert "will be sealed" in texts(await desk.says("officer", "[routine]")), "the old buttons still work"


async def test_the_idle_clock_goes_on_through_a_reminder(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    await until(desk, site, datetime(2026, 12, 10, 1, 0, tzinfo=UTC))
    await desk.says("officer", "/note quick", "He was calm today.")
    await until(desk, site, datetime(2026, 12, 10, 12, 59, tzinfo=UTC))
    assert "idle for 12 hours" not in texts(desk.news("officer"))
    await desk.later(timedelta(minutes=1))
    assert "idle for 12 hours" in texts(desk.news("officer"))


async def test_somebody_without_access_hears_nothing(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    site.within(lambda tx: people.revoke(tx, people.at_address(tx, "console", "officer") or b"", at=site.clock()))
    assert site.rows("plans") == []
    await desk.later(200 * DAY)
    assert desk.news("officer") == []
    assert [row for row in site.rows("timers", "kind") if row[0] == "plan"] == []


async def test_a_new_phone_gets_the_reminders(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    ref = site.within(lambda tx: people.at_address(tx, "console", "officer"))
    site.within(lambda tx: people.replace_chat(tx, ref or b"", "console", "new phone", at=site.clock()))
    await until(desk, site, datetime(2026, 12, 10, 7, 0, tzinfo=UTC))
    assert desk.news("officer") == []
    assert "3 months before" in texts(desk.news("new phone"))


async def test_a_state_that_cannot_be_read_does_not_swallow_the_reminder(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    address = site.within(lambda tx: tx.keyring.address_ref("console", "officer"))
    sealed = site.within(lambda tx: tx.keyring.seal("state", address, b'{"v":1,"frames":[["gone","X",{}]]}'))
    site.within(
        lambda tx: tx.db.execute(
            update(conversations).where(conversations.c.address_ref == address).values(sealed_state=sealed)
        )
    )
    await until(desk, site, datetime(2026, 12, 10, 7, 0, tzinfo=UTC))
    assert "3 months before" in texts(desk.news("officer"))
    assert [row for row in site.rows("timers", "kind") if row[0] == "plan"], "and the next one is armed"


@pytest.mark.one_engine
async def test_a_milestone_the_operator_moves_is_reminded_of_on_its_new_day(desk: Desk, site: Site) -> None:
    await makes_plan(desk, "officer", "10 march 2027")
    own = site.trial.installation.site
    own.write_text('[agency.northbridge.release]\nm3 = "-2 months"\n')
    desk.app.renew(renewed_at(site, desk))
    await until(desk, site, datetime(2027, 1, 8, 12, 0, tzinfo=UTC))
    assert desk.news("officer") == []
    await until(desk, site, datetime(2027, 1, 9, 7, 0, tzinfo=UTC))
    assert "No housing" in texts(desk.news("officer"))
    await until(desk, site, datetime(2027, 1, 10, 7, 0, tzinfo=UTC))
    assert "2 months before: 4 to do" in texts(desk.news("officer"))


def renewed_at(site: Site, desk: Desk) -> World:
    """As the operator's file is now, with the site's clock."""
    return replace(renewed(site.trial.installation, site.store), clock=site.clock, entropy=desk.app.world.entropy)


async def test_everybody_who_works_on_the_case_is_reminded_and_ticks_are_shared(desk: Desk, site: Site) -> None:
    await shared(desk, site)
    await until(desk, site, datetime(2026, 12, 10, 7, 0, tzinfo=UTC))
    for who in ("officer", "coordinator"):
        assert texts(desk.news(who)).count("3 months before: 4 to do") == 1
    tasks = ("housing-applied", "income-applied", "mentor-agreed", "address-checked")
    await desk.says("coordinator", f"/release {CASE}", "[m.m3]", *(f"[tick.{task}]" for task in tasks))
    said = texts(await desk.says("officer", f"/release {CASE}"))
    assert "Mentor and person have met" not in said
    desk.news("coordinator")
    await until(desk, site, datetime(2027, 2, 9, 7, 0, tzinfo=UTC))
    assert all(desk.news(who) == [] for who in ("officer", "coordinator"))


async def shared(desk: Desk, site: Site) -> None:
    """The officer's plan, whose case the coordinator works on, too."""
    await makes_plan(desk, "officer", "10 march 2027")
    ref = site.within(lambda tx: people.at_address(tx, "console", "coordinator"))
    agency = site.within(lambda tx: tx.keyring.agency_ref(AGENCY))
    site.within(lambda tx: cases.assign(tx, agency, CASE, ref or b"", at=site.clock()))
    await until(desk, site, datetime(2026, 12, 1, 12, 0, tzinfo=UTC))
    for who in ("officer", "coordinator"):
        desk.news(who)


async def test_who_ticks_in_the_early_morning_does_not_keep_it_from_the_others(desk: Desk, site: Site) -> None:
    await shared(desk, site)
    await until(desk, site, datetime(2026, 12, 10, 5, 0, tzinfo=UTC))
    await desk.says("coordinator", f"/release {CASE}", "[m.m3]", "[tick.mentor-agreed]", "/menu")
    await until(desk, site, datetime(2026, 12, 10, 7, 0, tzinfo=UTC))
    for who in ("officer", "coordinator"):
        assert texts(desk.news(who)).count("3 months before: 3 to do") == 1


async def test_who_moves_the_date_leaves_nobody_in_the_dark(desk: Desk, site: Site) -> None:
    await shared(desk, site)
    await desk.says("coordinator", f"/release {CASE}", "[date]", "20 december 2026", "/menu")
    desk.news("coordinator")
    assert desk.news("officer") == []
    await until(desk, site, datetime(2026, 12, 2, 6, 59, 59, tzinfo=UTC))
    assert desk.news("officer") == []
    await desk.later(timedelta(seconds=1))
    said = texts(desk.news("officer"))
    assert "18 days to go" in said
    assert "The address is" in said
    await desk.later(HOUR)
    assert desk.news("officer") == []


@pytest.mark.one_engine
def test_a_milestone_that_is_not_there_stops_the_start(site: Site) -> None:
    site.trial.installation.site.write_text('[release]\nm13 = "-10 months"\n')
    with pytest.raises(SiteError, match="release / m13"):
        renewed(site.trial.installation, site.store)
