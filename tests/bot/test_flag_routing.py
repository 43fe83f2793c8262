"""Whom a flag calls, one level after the other; what is skipped is said; who has it looks after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from bot_site import NOON, Desk, Site, at_desk, texts
from rota_site import CODE, QUIET, ROTA, blocks, case_note, put, ref, served

from bot import duty, evening
from bot.commands.keys.publish import publish
from bot.commands.rota import week
from bot.duty import DesksAlone
from bot.trial import AGENCY
from dialogues import rota as rotas_of
from dialogues.rota_file import write
from storage import agencies, cases, flag_steps, rotas
from storage.sealing.desk import Manifest
from storage.transaction import Transaction

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def four(site: Site) -> Site:
    """Three coordinators and a supervisor."""
    for chat, role, handle in (
        ("second", "coordinator", "Coord-2"), ("third", "coordinator", "Coord-3"), ("lead", "supervisor", "Lead-1"),
    ):  # fmt: skip
        site.enrol("console", chat, role, handle)
    return site


CHATS = ("coordinator", "second", "third", "lead", "admin")


def heard(desk: Desk, short: str) -> dict[str, str]:
    """Chat -> what it heard of a flag since it was last asked; those who heard nothing left out."""
    news = {who: texts(desk.news(who)) for who in CHATS}
    return {who: said for who, said in news.items() if short in said}


def steps(site: Site) -> list[str]:
    (note_id,) = site.within(lambda tx: tx.db.exec_driver_sql("SELECT note_id FROM flags").one())
    return [one.act for one in site.within(lambda tx: flag_steps.of_flag(tx, bytes(note_id)))]


async def test_whoever_is_on_duty_hears_first_then_the_second_then_all_then_supervisors_then_admins(
    desk: Desk, four: Site
) -> None:
    put(four)
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    assert set(heard(desk, short)) == {"coordinator"}
    await desk.later(5 * MINUTE)
    said = heard(desk, short)
    assert set(said) == {"coordinator", "second"}
    assert "still waits" in said["coordinator"]
    await desk.later(5 * MINUTE)
    assert set(heard(desk, short)) == {"coordinator", "second", "third"}
    await desk.later(5 * MINUTE)
    said = heard(desk, short)
    assert set(said) == {"coordinator", "second", "third", "lead"}
    assert all("OVERDUE" in one for one in said.values())
    await desk.later(15 * MINUTE)
    said = heard(desk, short)
    assert set(said) == set(CHATS)
    assert "You cannot take it yourself" in said["admin"]
    assert not [one for message in desk.console.screens["admin"] for one in message.say.choices if "take" in one.key]
    arrivals = ("route", "arrive")
    assert steps(four) == ["raise", *3 * arrivals, "overdue", *2 * arrivals]


async def test_an_unreachable_step_is_skipped_at_once_and_that_is_said(desk: Desk, four: Site) -> None:
    put(four)
    blocks(four, "coordinator")
    short = await desk.logs_note("officer", "He did not come.", "today")
    said = heard(desk, short)
    assert "second" in said, "at once, not after an hour"
    assert "Nobody on duty could be reached" in said["second"]
    assert "skip" in steps(four)
    assert "Coord-1" not in said["second"], "a notice names nobody"


async def test_an_empty_rota_names_nobody_and_all_coordinators_hear_at_once(desk: Desk, four: Site) -> None:
    put(four, ROTA.replace('"daily"', '["tue"]'))  # today is a Monday
    short = await desk.logs_note("officer", "He did not come.", "today")
    said = heard(desk, short)
    assert set(said) == {"coordinator", "second", "third"}
    assert all("Nobody on duty could be reached" in one for one in said.values())


async def test_who_blocks_the_bot_after_they_were_called_is_not_waited_for(desk: Desk, four: Site) -> None:
    put(four)
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, short)) == {"coordinator"}
    blocks(four, "coordinator")
    await desk.later(timedelta())
    assert "second" in heard(desk, short)


async def test_who_is_away_is_covered_and_a_swap_holds(desk: Desk, four: Site) -> None:
    put(four, ROTA + '[[absence]]\nwho = "Coord-1"\nfrom = 2026-11-20\nto = 2026-11-30\ncover = "Coord-3"\n')
    first = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, first)) == {"third"}
    put(four, ROTA + '[[swap]]\nday = 2026-11-23\nfrom = "08:00"\nfirst = ["Coord-2"]\n')
    second = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, second)) == {"second"}


async def test_at_night_the_night_shift_of_the_desks_own_zone_hears(desk: Desk, four: Site) -> None:
    put(four)
    four.clock.move(datetime(2026, 11, 23, 19, 5, tzinfo=UTC) - NOON)  # 20:05 in Paris
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    assert set(heard(desk, short)) == {"third"}


async def test_the_coordinator_who_has_the_case_comes_first(desk: Desk, four: Site) -> None:
    put(four)
    third = ref(four, "third")
    four.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, third, at=NOON))
    short = await case_note(desk, "today")
    assert set(heard(desk, short)) == {"third"}
    await desk.later(HOUR)
    assert set(heard(desk, short)) == {"third", "coordinator"}


async def test_where_it_is_urgent_whoever_is_on_duty_hears_with_whoever_has_the_case(desk: Desk, four: Site) -> None:
    put(four)
    third = ref(four, "third")
    four.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, third, at=NOON))
    short = await case_note(desk, "urgent")
    assert set(heard(desk, short)) == {"third", "coordinator"}


async def test_quiet_hours_hold_back_what_is_not_urgent_and_end_in_one_message(desk: Desk, four: Site) -> None:
    put(four, ROTA + QUIET)
    four.clock.move(datetime(2026, 11, 23, 21, 30, tzinfo=UTC) - NOON)  # 22:30 in Paris
    quiet = [await desk.logs_note("officer", f"text {number}", "today") for number in range(3)]
    assert desk.news("third") == []
    assert "by 24.11. 11:00" in desk.screen("officer"), "counted from the morning"
    loud = await desk.logs_note("officer", "text", "urgent")
    assert loud in texts(desk.news("third"))
    for who in CHATS:
        desk.news(who)
    await desk.says("third", f"[inbox.{loud}.take]", "[close]", "[acted]")
    desk.news("third")
    await desk.later(datetime(2026, 11, 24, 5, 59, tzinfo=UTC) - four.clock())
    assert desk.news("third") == []
    await desk.later(MINUTE)  # 07:00 in Paris; the night shift goes on until 08:00
    (say,) = [one for one in desk.news("third") if quiet[0] in one.text]
    assert all(short in say.text for short in quiet)


async def test_the_author_is_not_woken_either_and_hears_how_it_stands_in_the_morning(desk: Desk, four: Site) -> None:
    put(four, ROTA + QUIET)
    short = await desk.logs_note("officer", "He did not come.", "today")
    four.clock.move(datetime(2026, 11, 23, 21, 30, tzinfo=UTC) - four.clock())
    desk.news("officer")
    await desk.says("coordinator", f"[inbox.{short}.take]", "[close]", "[acted]")
    assert desk.news("officer") == []
    await desk.later(datetime(2026, 11, 24, 6, 0, tzinfo=UTC) - four.clock())
    said = texts(desk.news("officer"))
    assert f"{short} is closed: acted on" in said
    assert "in hand" not in said


async def test_an_accidental_take_is_undone_and_everybody_concerned_hears_so(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "today")
    heard(desk, short)
    await desk.says("coordinator", f"[inbox.{short}.take]", "[undo]")
    said = heard(desk, short)
    assert {"second", "third"} <= set(said)
    assert "It waits again" in said["second"]
    assert "waits for a coordinator again" in texts(desk.news("officer"))
    (row,) = four.rows("flags", "state, owner_ref, due_at")
    assert (row[1], row[2]) == (None, int((NOON + 4 * HOUR).timestamp()))


async def test_a_taken_flag_that_is_not_worked_on_opens_again_after_a_warning(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "today")
    await desk.says("coordinator", f"[inbox.{short}.take]")
    heard(desk, short)
    await desk.later(3 * HOUR)
    said = heard(desk, short)
    assert set(said) == {"coordinator"}
    assert "it does not move" in said["coordinator"]
    await desk.later(HOUR)
    said = heard(desk, short)
    assert {"coordinator", "second", "third"} <= set(said)
    assert "It waits again" in said["second"]
    assert "waits for a coordinator again" in texts(desk.news("officer"))
    assert four.rows("flags", "owner_ref") == [(None,)]


async def test_one_that_is_worked_on_stays_and_its_owner_is_asked_again(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    await desk.says("coordinator", f"[inbox.{short}.take]", "[work]")
    heard(desk, short)
    await desk.later(23 * HOUR)
    assert heard(desk, short) == {}
    await desk.later(HOUR)
    said = heard(desk, short)
    assert set(said) == {"coordinator", "lead"}
    assert "you have it" in said["coordinator"]
    assert "OVERDUE in somebody's hands" in said["lead"]
    assert four.rows("flags", "owner_ref") == [(ref(four, "coordinator"),)]


async def test_where_its_owner_cannot_be_reached_any_more_it_opens_for_the_others(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    await desk.says("coordinator", f"[inbox.{short}.take]", "[await]", "[police]")
    heard(desk, short)
    blocks(four, "coordinator")
    await desk.later(DAY)
    assert {"second", "third"} <= set(heard(desk, short))
    assert four.rows("flags", "owner_ref") == [(None,)]


async def test_who_cannot_take_it_passes_it_to_the_next_at_once(desk: Desk, four: Site) -> None:
    put(four)
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, short)) == {"coordinator"}
    await desk.says("coordinator", f"[inbox.{short}.decline]", "[off-duty]")
    said = heard(desk, short)
    assert set(said) == {"second"}
    assert "off duty" not in said["second"], "why is for nobody else"
    await desk.later(4 * HOUR)
    assert "coordinator" not in heard(desk, short)
    await desk.says("coordinator", f"[inbox.{short}.take]")
    assert "You have" in desk.screen("coordinator")


async def test_nobody_who_could_take_it_means_the_author_is_told_to_phone(desk: Desk, four: Site) -> None:
    for who in ("coordinator", "second", "third", "lead"):
        blocks(four, who)
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert "Please phone your coordinator" in desk.screen("officer")
    assert "find somebody who can, by phone" in heard(desk, short)["admin"]


async def test_worse_than_written_raises_the_urgency_with_an_amendment_and_calls_all(desk: Desk, four: Site) -> None:
    put(four)
    short = await desk.logs_note("officer", "He did not come.", "today")
    heard(desk, short)
    for press in range(2):  # the second press finds it done
        await desk.says("officer", f"[my-notes.worse.{short}.urgent]")
        said = heard(desk, short)
        assert ({"coordinator", "second", "third"} <= set(said)) is (press == 0)
    assert four.rows("flags", "urgency, due_at") == [("urgent", int((NOON + 15 * MINUTE).timestamp()))]
    assert len(four.rows("notes", "id")) == 2
    assert sum(row[0] is not None for row in four.rows("notes", "amends")) == 1


async def test_a_closed_flag_that_is_worse_after_all_is_raised_anew_once(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    await desk.says("coordinator", f"[inbox.{short}.take]", "[close]", "[no-action]")
    for _ in range(2):
        await desk.says("officer", f"[my-notes.worse.{short}.urgent]")
    assert sorted(four.rows("flags", "state")) == [("closed",), ("notified",)]


async def test_nobody_worsens_a_flag_of_somebody_else(desk: Desk, four: Site) -> None:
    short = await desk.logs_note("officer", "He did not come.", "today")
    said = texts(await desk.says("mentor", f"[my-notes.worse.{short}.urgent]", "/notes"))
    assert "urgent" not in said.lower()
    assert four.rows("flags", "urgency") == [("today",)]


async def test_an_agencys_desk_may_be_another_agencys_coordinators_on_their_rota(desk: Desk, four: Site) -> None:
    put(four)
    served(four)
    four.enrol("console", "away-officer", "officer", "PO-99", agency="away")
    four.enrol("console", "away-lead", "supervisor", "Lead-9", agency="away")
    short = await desk.logs_note("away-officer", "He did not come.", "urgent")
    assert set(heard(desk, short)) == {"coordinator"}
    await desk.later(15 * MINUTE)
    said = texts(desk.news("away-lead"))
    assert f"OVERDUE: {short}" in said
    assert "You cannot take it yourself" in said, "its own supervisor is not of the desk"
    await desk.says("second", f"[inbox.{short}.take]")
    assert "You have" in desk.screen("second")


async def test_a_notice_that_arrives_is_noted_and_puts_nothing_off(desk: Desk, four: Site) -> None:
    put(four)
    await desk.logs_note("officer", "He did not come.", "urgent")
    assert four.rows("flags", "state") == [("notified",)]
    (due_at,) = four.rows("timers WHERE kind = 'flag'", "due_at")[0]
    assert due_at == int((NOON + 5 * MINUTE).timestamp())


async def test_after_a_restart_it_goes_on_where_it_was(desk: Desk, four: Site) -> None:
    put(four)
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    heard(desk, short)
    await desk.app.stop()
    four.restart()
    async with at_desk(four, prefix="1") as again:
        await again.later(5 * MINUTE)
        assert "second" in heard(again, short)


async def test_who_cannot_after_the_rota_was_changed_does_not_leave_those_on_duty_now_in_the_dark(
    desk: Desk, four: Site
) -> None:
    put(four)
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, short)) == {"coordinator"}
    put(four, ROTA.replace("Coord-1", "Coord-3", 1))
    await desk.says("coordinator", f"[inbox.{short}.decline]", "[busy]")
    assert "It still waits" in heard(desk, short)["third"], "at once, not after an hour"


@pytest.mark.parametrize("spelled", ["coord-1", "id:"])
async def test_who_is_away_by_the_chat_is_away_however_the_rota_spells_them(
    desk: Desk, four: Site, spelled: str
) -> None:
    first = spelled if spelled != "id:" else f"id:{ref(four, 'coordinator').hex()[:8]}"
    put(four, ROTA.replace("Coord-1", first))
    *_, asked = await desk.says("second", "/rota", "[away]")
    (place,) = [one.key for one in asked.choices if one.label == "Coord-1"]
    said = texts(await desk.says("second", f"[{place}]", "[today]", "[same]", "[nobody]"))
    assert "08:00–20:00 NOBODY, then Coord-2" in said
    assert "Away: Coord-1" in said
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, short)) == {"second"}

    def looked(tx: Transaction) -> tuple[list[str], list[evening.Warned]]:
        desks, row = DesksAlone.of(four.trial.installation.pins), agencies.by_slug(tx, AGENCY)
        there = duty.roster(tx, desks, row, NOON)
        until = NOON + HOUR
        stretches = [("", one) for one in rotas_of.duties(there.whole, there.zone, NOON, until)]
        return week(there, "Desk", stretches, NOON, 1), evening.warnings(tx, desks, row, NOON, until)

    shown, warned = four.within(looked)
    assert shown[2].endswith("NOBODY  then Coord-2")
    assert shown[-1] == "Away: Coord-1, 2026-11-23 to 2026-11-23, no cover"
    assert [one.why for one in warned] == ["nobody"]
    assert first in write(four.within(lambda tx: rotas.of(tx, tx.keyring.agency_ref(AGENCY)).rota)), "as it was written"
    *_, asked = await desk.says("second", "/rota", "[back]")
    assert asked.choices[0].label.startswith("Coord-1 ")
    await desk.says("second", "[p.0]")
    assert "coordinator" in heard(desk, await desk.logs_note("officer", "He came late.", "today"))


async def hands_on(desk: Desk, who: str, short: str, to: str) -> None:
    await desk.opens(who, f"inbox.{short}.take")
    *_, asked = await desk.says(who, "[hand-on]")
    (place,) = [one.key for one in asked.choices if one.label == to]
    await desk.says(who, f"[{place}]")


async def test_a_colleague_who_does_not_take_what_was_handed_on_is_not_waited_for_alone(desk: Desk, four: Site) -> None:
    put(four)
    await desk.later(MINUTE)  # with the look at all flags that is made every hour
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    await hands_on(desk, "coordinator", short, "Coord-3")
    assert set(heard(desk, short)) >= {"third"}
    await desk.later(5 * MINUTE)
    assert set(heard(desk, short)) == {"coordinator", "second"}
    await desk.later(5 * MINUTE)
    assert "third" in heard(desk, short), "all of the desk"
    await desk.later(5 * MINUTE)
    assert "OVERDUE" in heard(desk, short)["lead"]


async def test_two_who_hand_a_flag_to_each_other_do_not_keep_it_from_being_overdue(desk: Desk, four: Site) -> None:
    put(four)
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    for who, to in 3 * (("coordinator", "Coord-2"), ("second", "Coord-1")):
        await hands_on(desk, who, short, to)
        await desk.later(2 * MINUTE)
    assert "lead" not in heard(desk, short)
    await desk.later(3 * MINUTE)
    assert "OVERDUE" in heard(desk, short)["lead"]


async def test_a_desk_that_another_agency_serves_from_now_on_takes_what_the_former_had_in_hand(
    desk: Desk, four: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = served(four)
    four.enrol("console", "away-officer", "officer", "PO-99", agency="away")
    four.enrol("console", "away-coordinator", "coordinator", "Coord-9", agency="away")
    short = await desk.logs_note("away-officer", "He did not come.", "urgent")
    await desk.says("coordinator", f"[inbox.{short}.take]", "[work]")
    own = await desk.logs_note("officer", "He came late.", "urgent")
    await desk.says("second", f"[inbox.{own}.take]", "[work]")
    await desk.later(MINUTE)
    heard(desk, short)
    assert desk.news("away-coordinator") == []

    def change(before: Manifest | None, _: bytes, number: int) -> Manifest:
        assert before is not None
        return replace(before, version=number, desk_agencies=("away",))

    monkeypatch.setattr("bot.commands.keys.publish.system_clock", four.clock)
    publish(four.trial.installation, "away", admin, change)
    await desk.later(timedelta())
    assert f"{short}" in texts(desk.news("away-coordinator")), "at once, not in a day"
    assert "waits for a coordinator again" in texts(desk.news("away-officer"))
    assert heard(desk, short) == {}
    assert sorted(row[0] for row in four.rows("flags", "state")) == ["in-hand", "notified"]
    await desk.opens("away-coordinator", f"inbox.{short}.take")
    assert "You have" in desk.screen("away-coordinator")
