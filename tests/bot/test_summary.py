"""After an outage each person hears once what fell due meanwhile, and all of it was done."""

from datetime import timedelta
from functools import partial

import pytest
from bot_site import Broken, Desk, Site, at_desk, texts
from sqlalchemy import update

from bot import notices
from bot.channels.base import TryLater
from bot.summary import MOST_NAMED
from bot.timers import take_all
from bot.trial import AGENCY
from dialogues.model import Say
from storage import lapses, outbox, people, timers
from storage.outbox import Outgoing
from storage.schema import flags
from storage.transaction import Transaction, seconds

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URGENCIES = ("today", "urgent", "routine")


def keys(say: Say) -> list[str]:
    return [choice.key for choice in say.choices]


def person(site: Site, who: str) -> bytes:
    ref = site.within(lambda tx: people.at_address(tx, "console", who))
    assert ref is not None
    return ref


async def flags_of_all_kinds(desk: Desk, each: int) -> dict[str, list[str]]:
    """Urgency -> references; from three authors."""
    raised: dict[str, list[str]] = {}
    for number in range(each):
        for who, urgency in zip(("officer", "mentor", "prison"), URGENCIES, strict=True):
            raised.setdefault(urgency, []).append(await desk.logs_note(who, f"text {number}", urgency))
    return raised


async def test_three_days_of_outage_are_one_message_a_person(desk: Desk, site: Site) -> None:
    raised = await flags_of_all_kinds(desk, 7)  # those called routine are notes without a flag
    await desk.says("prison", "/menu", "[note.quick]", "never finished")
    await desk.says("coordinator", "/release AB-1234-P", "30 november 2026", "/menu")
    for number in range(3):
        site.enrol("console", f"new-{number}", "mentor", f"M-{number}")
        ref, agency = person(site, f"new-{number}"), site.within(lambda tx: tx.keyring.agency_ref(AGENCY))
        site.within(partial(lapses.renew, person_ref=ref, agency_ref=agency, at=site.clock(), days=16))
    for who in ("prison", "coordinator", "officer", "mentor", "admin", "new-0", "new-1", "new-2"):
        desk.news(who)
    await desk.app.stop()
    site.restart()
    site.clock.move(3 * DAY + HOUR)
    async with at_desk(site) as after:
        await after.later(timedelta())

        (heard,) = after.news("coordinator")
        assert heard.title == "I was not running for a while. This fell due meanwhile:"
        named = [reference for reference in raised["urgent"] if f"OVERDUE: {reference}" in heard.text]
        assert len(named) == MOST_NAMED, "the most urgent are named"
        assert heard.text.count("OVERDUE") == MOST_NAMED
        assert f"and {14 - MOST_NAMED} more, 2 of them urgent" in heard.text
        assert "days to go" in heard.text
        assert "role: mentor. Renew it if they go on. (×3)" in heard.text
        assert {f"inbox.{reference}.take" for reference in named} <= set(keys(heard))
        assert {"inbox", "people"} < set(keys(heard))
        for who, phrase in (("officer", "not been taken in time"), ("prison", "idle for 12 hours")):
            (heard,) = after.news(who)
            assert phrase in heard.text
        assert [len(after.news(f"new-{number}")) for number in range(3)] == [1, 1, 1]

        assert site.rows("flags", "DISTINCT overdue_since IS NOT NULL") == [(True,)]
        armed = [due_at for kind, due_at in site.rows("timers", "kind, due_at") if kind == "flag"]
        assert len(armed) == 14
        assert min(armed) > seconds(site.clock()), "each is told again at its next deadline"
        assert await after.app.timers.run_due() == 0

        assert "You have" in texts(await after.opens("coordinator", f"inbox.{named[0]}.take"))
        assert raised["today"][0] in after.screen("coordinator") + texts(await after.opens("coordinator", "inbox"))


async def test_one_thing_that_is_due_is_said_as_ever(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "text", "urgent")
    desk.news("coordinator")
    await desk.later(3 * DAY)
    (heard,) = desk.news("coordinator")
    assert heard.title == ""
    assert heard.text.startswith(f"OVERDUE: {reference}")
    assert keys(heard) == [f"inbox.{reference}{act}" for act in (".take", "", ".decline", ".hand-on")]


async def test_two_that_are_due_while_it_runs_are_one_message_that_speaks_of_no_outage(desk: Desk) -> None:
    both = [await desk.logs_note("officer", "text", "urgent") for _ in range(2)]
    desk.news("coordinator")
    await desk.later(2 * MINUTE)
    await desk.later(13 * MINUTE)
    (heard,) = desk.news("coordinator")
    assert heard.title == "Several things are due"
    assert all(f"OVERDUE: {one}" in heard.text for one in both)


async def test_a_crash_before_the_commit_takes_nothing_and_says_nothing(desk: Desk, site: Site) -> None:
    for _ in range(3):
        await desk.logs_note("officer", "text", "urgent")
    desk.news("coordinator")
    site.clock.move(DAY)

    def crashing(tx: Transaction) -> None:
        said, broken = take_all(tx, world=desk.app.world, due=timers.due(tx, site.clock()))
        assert said
        assert not broken
        raise Broken

    before = site.rows("timers"), site.rows("flags")
    with pytest.raises(Broken):
        site.within(crashing)
    assert (site.rows("timers"), site.rows("flags")) == before
    assert site.rows("outbox") == []
    await desk.later(timedelta())
    assert len(desk.news("coordinator")) == 1


async def test_what_a_failing_timer_would_have_said_is_not_in_the_summary(desk: Desk, site: Site) -> None:
    good = [await desk.logs_note("officer", "text", "urgent") for _ in range(2)]
    bad = await desk.logs_note("officer", "text", "urgent")
    (note_id,) = next(row for row in site.rows("notes", f"id, reference = '{bad}'") if row[1])[:1]
    desk.news("coordinator")
    statement = update(flags).where(flags.c.note_id == bytes(note_id)).values(urgency="odd")
    site.within(lambda tx: tx.db.execute(statement))
    await desk.later(DAY)
    (heard,) = desk.news("coordinator")
    assert all(one in heard.text for one in good)
    assert bad not in heard.text
    assert sorted(site.rows("flags", "overdue_since IS NOT NULL")) == [(False,), (True,), (True,)]


async def test_while_a_chat_is_out_of_reach_its_warnings_do_not_pile_up(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram is away for three days: an urgent flag would be told every 15 minutes, 288 times."""
    desk = Desk(site)
    await desk.app.start()
    reference = await desk.logs_note("officer", "text", "urgent")
    desk.news("coordinator")

    async def away(*_: object) -> str:
        raise TryLater("away", after_s=1000)

    with monkeypatch.context() as patch:
        patch.setattr(desk.console, "deliver", away)
        for _ in range(3 * 24 * 4):
            site.clock.move(15 * MINUTE)
            await desk.app.timers.run_due()
    for (count,) in site.rows("outbox GROUP BY address_ref", "count(*)"):
        assert count == notices.MOST_WAITING
    await desk.app.outbox.stop(within_s=0)
    site.restart()
    async with at_desk(site) as after:
        await after.app.outbox.drained()
        assert texts(after.news("coordinator")).count(f"OVERDUE: {reference}") == notices.MOST_WAITING
        another = await after.logs_note("mentor", "text", "urgent")
        await after.later(15 * MINUTE)
        said = texts(after.news("coordinator"))
        assert f"OVERDUE: {reference}" in said
        assert f"OVERDUE: {another}" in said


async def test_a_first_warning_is_queued_however_much_waits(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "text", "urgent")

    def waiting(tx: Transaction) -> list[Outgoing]:
        says = [Say(f"{number}") for number in range(20)]
        return outbox.put(tx, "elsewhere", "coordinator", says, at=site.clock())

    site.within(waiting)
    ref = person(site, "coordinator")
    site.within(lambda tx: people.reach_at(tx, ref, "elsewhere", "coordinator"))
    before = len(site.rows("outbox"))
    await desk.later(15 * MINUTE)
    assert len(site.rows("outbox")) == before + 1, reference
    await desk.later(15 * MINUTE)
    assert len(site.rows("outbox")) == before + 1
