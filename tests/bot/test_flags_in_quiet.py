"""What people do with flags in quiet hours wakes nobody, unless it is urgent; it is told when they are over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from bot_site import Desk, Site, texts
from rota_site import QUIET, ROTA, blocks, case_note, put, ref

from bot import flag_acts, flag_author, wiring
from storage import timers
from storage.outbox import Outgoing

CHATS = ("coordinator", "second", "third", "lead", "admin")
MINUTE = timedelta(minutes=1)


def paris(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{day}T{clock}+01:00").astimezone(UTC)


@pytest.fixture
def four(site: Site) -> Site:
    """On duty: Coord-1 by day, Coord-3 by night; routine is quiet from 20:00, today from 22:00, both to 07:00."""
    for chat, role, handle in (
        ("second", "coordinator", "Coord-2"), ("third", "coordinator", "Coord-3"), ("lead", "supervisor", "Lead-1"),
    ):  # fmt: skip
        site.enrol("console", chat, role, handle)
    put(site, ROTA + QUIET)
    return site


async def at(desk: Desk, day: int, clock: str) -> None:
    await desk.later(paris(day, clock) - desk.site.clock())


def heard(desk: Desk) -> set[str]:
    return {who for who in (*CHATS, "officer") if desk.news(who)}


def note_of(site: Site) -> str:
    (row,) = site.rows("flags", "note_id")
    return bytes(row[0]).hex()


async def test_worse_than_written_calls_the_desk_in_the_morning_and_what_is_urgent_at_once(
    desk: Desk, four: Site
) -> None:
    short = await case_note(desk, "routine")
    await at(desk, 23, "23:00")
    heard(desk)
    await desk.says("officer", f"[my-notes.worse.{short}.today]")
    await at(desk, 24, "06:59")
    assert heard(desk) == set()
    await at(desk, 24, "07:00")
    assert "Today" in texts(desk.news("third")), "the night shift is on duty until 08:00"
    assert "OVERDUE" not in desk.screen("lead")
    await desk.opens("officer", f"my-notes.worse.{short}.urgent")
    assert {"coordinator", "second", "third"} <= heard(desk)


async def test_urgent_breaks_through(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "today")
    await at(desk, 23, "23:00")
    heard(desk)
    await desk.says("officer", f"[my-notes.worse.{short}.urgent]")
    assert {"coordinator", "second", "third"} <= heard(desk)


async def test_whoever_has_it_hears_in_the_morning_that_it_is_worse(desk: Desk, four: Site) -> None:
    short = await case_note(desk, "routine")
    await desk.says("coordinator", f"[inbox.{short}.take]", "[work]")
    await at(desk, 23, "23:00")
    heard(desk)
    await desk.says("officer", f"[my-notes.worse.{short}.today]")
    assert heard(desk) == set()
    await at(desk, 24, "07:00")
    assert texts(desk.news("coordinator")).count(short) == 1
    assert heard(desk) == set()


async def test_an_undone_take_and_a_no_of_somebody_else_are_told_in_the_morning(desk: Desk, four: Site) -> None:
    await at(desk, 23, "20:30")
    short = await desk.logs_note("officer", "He did not come.", "today")
    await at(desk, 23, "21:30")
    assert {"coordinator", "second", "third"} <= heard(desk), "a level is called each hour"
    await at(desk, 23, "21:56")
    await desk.says("third", f"[inbox.{short}.take]")
    heard(desk)
    await at(desk, 23, "22:03")
    await desk.says("third", "[undo]")
    assert heard(desk) == set(), "the author neither"
    await desk.opens("coordinator", f"inbox.{short}.decline")
    await desk.says("coordinator", "[busy]")
    await at(desk, 24, "06:59")
    assert heard(desk) == set()
    await at(desk, 24, "07:00")
    assert {"third", "officer"} <= heard(desk)


async def test_a_no_by_somebody_who_was_not_called_wakes_nobody(desk: Desk, four: Site) -> None:
    early = await case_note(desk, "routine")
    await at(desk, 23, "22:30")
    late = await desk.logs_note("officer", "He came late.", "today")
    heard(desk)
    for short in (early, late):
        await desk.opens("second", f"inbox.{short}.decline")
        await desk.says("second", "[busy]")
    assert [row[0] for row in four.rows("flag_steps WHERE act = 'decline'", "act")] == 2 * ["decline"]
    assert heard(desk) == set()
    await at(desk, 24, "07:00")
    said = texts(desk.news("third"))
    assert early in said, "who is on duty now hears of what was called for by day"
    assert late in said


async def test_a_hand_on_is_heard_at_once_and_where_it_is_not_the_others_hear_in_the_morning(
    desk: Desk, four: Site
) -> None:
    short = await desk.logs_note("officer", "He did not come.", "today")
    await at(desk, 23, "22:30")
    people = {who: ref(four, who).hex() for who in ("second", "coordinator")}
    heard(desk)

    def hands(who: str, to: str) -> None:
        world = wiring.world(four.trial.installation, clock=four.clock)
        act = flag_acts.HandOnFlag(note_of(four), people[to])

        def turn(tx: flag_acts.Transaction) -> list[Outgoing]:
            person = world.access.person_of(tx, bytes.fromhex(people[who]), four.clock())
            assert person is not None
            return flag_acts.perform(tx, world, person, act, four.clock())

        desk.app.outbox.push(four.within(turn))

    await desk.says("coordinator", f"[inbox.{short}.take]")
    hands("coordinator", "second")
    await desk.later(MINUTE)
    assert heard(desk) == {"second"}
    await desk.says("second", f"[inbox.{short}.take]")
    blocks(four, "coordinator")
    await desk.later(MINUTE)
    heard(desk)
    hands("second", "coordinator")
    await desk.later(MINUTE)
    assert heard(desk) <= {"coordinator"}
    await at(desk, 24, "07:00")
    assert "third" in heard(desk)


@pytest.mark.parametrize("what", ["asks", "withdraws"])
async def test_a_question_to_the_author_and_a_withdrawal_wait_for_the_morning(
    desk: Desk, four: Site, what: str
) -> None:
    short = await case_note(desk, "routine")
    await at(desk, 23, "23:00")
    heard(desk)
    world = wiring.world(four.trial.installation, clock=four.clock)
    note = note_of(four)
    acts: dict[str, Callable[[flag_acts.Transaction], object]] = {
        "asks": lambda tx: flag_author.ask(tx, world, note, four.clock()),
        "withdraws": lambda tx: flag_acts.withdrawn(tx, world, note, four.clock()),
    }
    assert four.within(acts[what]) == []
    await at(desk, 24, "06:59")
    assert heard(desk) == set()
    await at(desk, 24, "07:00")
    who, words = {"asks": ("officer", "asks about"), "withdraws": ("third", "withdr")}[what]
    assert words in texts(desk.news(who))
    assert short in desk.screen(who)
    assert not four.within(lambda tx: timers.due(tx, four.clock()))
    if what == "asks":
        assert four.within(acts["asks"]), "by day at once"


async def test_quiet_hours_stop_the_clock_of_what_was_raised_before_them(desk: Desk, four: Site) -> None:
    await at(desk, 23, "21:55")
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert "third" in heard(desk)
    await at(desk, 24, "07:54")
    assert heard(desk) == set(), "five minutes of its hour were over before the night"
    await at(desk, 24, "07:55")
    assert {"coordinator", "second", "third"} <= heard(desk)
    await at(desk, 24, "10:54")
    assert "lead" not in heard(desk)
    await at(desk, 24, "10:55")
    assert f"OVERDUE: {short}" in texts(desk.news("lead"))


async def test_who_takes_a_flag_before_quiet_hours_has_their_time_after_them(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "today")
    await at(desk, 23, "21:00")
    await desk.opens("third", f"inbox.{short}.take")
    heard(desk)
    await at(desk, 24, "08:59")
    assert heard(desk) == set()
    await at(desk, 24, "09:00")
    assert "it does not move" in texts(desk.news("third")), "four hours, the last of them after the warning"
