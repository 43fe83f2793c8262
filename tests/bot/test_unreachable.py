"""Somebody blocks the bot: their coordinators hear of it without content, reminders stop, and it ends by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot_site import Desk, Line, Site, texts

from bot import turns
from bot.channels.base import Reachable, Refused
from dialogues.model import Say
from storage import outbox, reach

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def blocks(desk: Desk, who: str, *, can: bool = False) -> None:
    await desk.takes(replace(desk.console.inbound(who, ""), event=Reachable(can), message=""))


def away(site: Site) -> list[str]:
    return [why for (why,) in site.rows("addresses", "unreachable_why") if why]


async def test_the_coordinator_hears_who_cannot_be_reached_by_handle_alone_and_once(desk: Desk, site: Site) -> None:
    await blocks(desk, "officer")
    assert away(site) == ["blocked"]
    await desk.later(timedelta(minutes=1))
    (said,) = desk.news("coordinator")
    assert "PO-17" in said.text
    assert "officer" not in said.text, "no chat"
    assert [choice.key for choice in said.choices] == ["people"]
    assert desk.news("officer") == []
    for _ in range(6):
        await blocks(desk, "officer", can=True)
        await blocks(desk, "officer")
        await desk.later(HOUR)
        assert desk.news("coordinator") == []
    await desk.later(DAY)
    assert "PO-17" in texts(desk.news("coordinator"))


async def test_whoever_writes_or_unblocks_is_reached_again(desk: Desk, site: Site) -> None:
    await blocks(desk, "officer")
    assert "What do you need?" in texts(await desk.says("officer", "/menu"))
    assert away(site) == []
    await blocks(desk, "officer")
    await blocks(desk, "officer", can=True)
    assert away(site) == []
    assert desk.news("officer") == [], "nothing is said to that"


async def test_of_strangers_and_groups_nothing_is_kept_or_said(desk: Desk, site: Site) -> None:
    before = site.rows("outbox"), site.rows("timers")
    await blocks(desk, "nobody")
    await blocks(desk, "nobody", can=True)
    await desk.takes(replace(desk.console.inbound("group", ""), event=Reachable(False), message="", private=False))
    assert (site.rows("outbox"), site.rows("timers"), away(site)) == (*before, [])
    assert desk.news("nobody") == []


async def test_what_waited_is_buried_and_the_same_update_again_does_nothing(desk: Desk, site: Site) -> None:
    inbound = replace(desk.console.inbound("officer", ""), event=Reachable(False), message="")
    site.within(lambda tx: outbox.put(tx, "console", "officer", [Say("left over")], at=site.clock()))
    await desk.takes(inbound)
    assert site.rows("outbox", "dead") == [("blocked",)]
    await blocks(desk, "officer", can=True)
    await desk.takes(inbound)
    assert away(site) == []


async def test_where_all_coordinators_are_away_the_admins_hear_of_it(desk: Desk, site: Site) -> None:
    await blocks(desk, "coordinator")
    await desk.later(timedelta(minutes=1))
    assert "Nothing I write reaches Coord-" in texts(desk.news("admin"))
    assert desk.news("coordinator") == []


async def test_reminders_stop_and_go_on_afterwards_in_their_rhythm(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/release AB-1234-P", "10 march 2027", "/menu")
    await blocks(desk, "officer")
    desk.news("officer")
    await desk.later(datetime(2026, 12, 10, 8, tzinfo=UTC) - site.clock())
    assert desk.news("officer") == []
    assert [kind for (kind,) in site.rows("timers", "kind") if kind == "plan"] == ["plan"], "the plan's clock goes on"
    await blocks(desk, "officer", can=True)
    await desk.later(datetime(2027, 1, 11, 8, tzinfo=UTC) - site.clock())
    assert "months before" in texts(desk.news("officer"))


async def test_a_reminder_that_could_not_be_said_for_a_day_goes_unsaid(desk: Desk, site: Site) -> None:
    await desk.says("officer", "/release AB-1234-P", "10 march 2027", "/menu")
    site.clock.move(datetime(2026, 12, 10, 8, tzinfo=UTC) - site.clock())
    (timer,) = [
        one for one in site.within(lambda tx: turns.timers.due(tx, site.clock())) if one.kind == turns.plans.REMINDER
    ]
    said = site.within(lambda tx: turns.take_timer(tx, desk.app.world, timer))
    assert [(one.priority, one.expires_at) for one in said] == [(outbox.Priority.REMINDER, site.clock() + DAY)]
    desk.app.outbox.push(said)
    site.clock.move(DAY)
    await desk.app.outbox.drained()
    assert desk.news("officer") == []
    assert desk.app.outbox.expired == 1


async def test_a_flag_is_tried_where_nothing_arrived_and_its_author_told_to_phone(desk: Desk, site: Site) -> None:
    await blocks(desk, "coordinator")
    await desk.app.outbox.look()
    await desk.says("officer", "/menu", "[note.quick]", "He did not come.", "[urgent]")
    said = texts(await desk.says("officer", "[log]"))
    assert "Please phone your coordinator" in said
    assert "He did not come" not in texts(desk.news("coordinator"))
    assert away(site) == [], "it arrived, so the chat is reached again"


async def test_flags_and_danger_go_first_and_never_become_pointless(desk: Desk, site: Site) -> None:
    heard: list[outbox.Outgoing] = []
    real = desk.app.outbox.push

    def push(said: list[outbox.Outgoing]) -> None:
        heard.extend(said)
        real(said)

    desk.app.outbox.push = push  # type: ignore[method-assign,assignment]  # listens, and hands on
    await desk.says("officer", "he has a gun")
    assert {one.priority for one in heard} == {outbox.Priority.URGENT}
    heard.clear()
    await desk.says("nobody", "he has a gun")
    assert {one.priority for one in heard} == {outbox.Priority.URGENT}
    heard.clear()
    await desk.says("officer", "/help")
    assert {one.priority for one in heard} == {outbox.Priority.REPLY}
    heard.clear()
    reference = await desk.logs_note("officer", "He did not come.", "urgent")
    notices = [one for one in heard if one.chat == "coordinator"]
    assert {one.priority for one in notices} == {outbox.Priority.URGENT}
    heard.clear()
    await desk.later(timedelta(minutes=15))
    assert {one.chat for one in heard if one.priority is outbox.Priority.URGENT} >= {"coordinator", "officer"}
    heard.clear()
    await desk.says("coordinator", f"[inbox.{reference}.take]")
    assert {one.expires_at for one in heard} == {None}


async def test_an_ordinary_turn_takes_no_further_statement(desk: Desk, site: Site) -> None:
    """Of a chat that is reached nothing is asked; one that was marked costs what un-marking takes."""
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(site.store._engine, "before_cursor_execute", lambda *what: statements.append(what[2]))
    await desk.says("officer", "/help")
    assert not [one for one in statements if "unreachable" in one and not one.lstrip().startswith("SELECT people.ref")]
    assert sum("outbox" in one for one in statements) <= 3, "put, and deleted when it arrived"


async def test_on_telegram_a_refused_message_marks_and_a_message_of_theirs_unmarks(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-9")
    coordinator = line.staff(2002, "coordinator", "Coord-9")
    robin.blocks()
    line.site.within(lambda tx: outbox.put(tx, "telegram", "1001", [Say("hello")], at=line.site.clock()))
    await line.app.outbox.look()
    await line.settled()
    assert away(line.site) == ["blocked"]
    await line.later(reach.GATHER)
    await coordinator.hears("Nothing I write reaches PO-9")
    robin.unblocks()
    robin.writes("/help")
    await robin.hears("What I can do")
    await line.settled()
    assert away(line.site) == []


async def test_a_turn_that_fails_on_such_an_update_tells_nobody_that_it_was_not_saved(desk: Desk, site: Site) -> None:
    inbound = replace(desk.console.inbound("officer", ""), event=Reachable(True), message="")
    told = site.within(lambda tx: turns.not_saved(tx, desk.app.world, inbound, alarm=True))
    assert told == []


def test_what_channels_refuse_with_is_known() -> None:
    assert {Refused(why).why for why in ("blocked", "gone")} == reach.WHY
