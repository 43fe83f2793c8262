"""A lost phone: one tap or one command ends it all, and what could have been seen is told by reference alone."""

from datetime import timedelta

import pytest
from bot_site import NOON, Desk, Site, texts

from bot.access import Access
from bot.lost import Lost, lose
from bot.trial import AGENCY
from storage import cases, people
from storage.errors import LastAdmin
from storage.transaction import Transaction

CODE = "AB-1234-P"
WORDS = "Paper cranes by the window"


def lost(site: Site, who: str) -> Lost:
    def turn(tx: Transaction) -> Lost:
        ref = people.at_address(tx, "console", who)
        assert ref is not None
        return lose(tx, Access(site.trial.installation.pins), ref, site.clock())

    return site.within(turn)


async def test_all_that_hung_on_the_phone_goes_and_is_counted(desk: Desk, site: Site) -> None:
    site.enrol("console", "second", "coordinator", "Coord-2")
    ref = site.within(lambda tx: people.at_address(tx, "console", "coordinator"))
    assert ref is not None
    site.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, ref, at=NOON))
    taken = await desk.logs_note("officer", WORDS, "today")
    waiting = await desk.logs_note("officer", WORDS, "urgent")
    own = await desk.logs_note("coordinator", WORDS)
    await desk.says("coordinator", f"[inbox.{taken}.take]", "/people", "[invite]", "[mentor]")
    await desk.says("coordinator", "/note quick", "Half a note")

    report = lost(site, "coordinator")

    assert report.roles == {AGENCY: "coordinator"}
    assert (report.draft, report.draft_messages, report.invites) == (True, 1, 1)
    assert report.reopened_flags == (taken,)
    assert set(report.seen_flags) == {taken, waiting}
    assert (report.recent_notes, report.older_notes) == ((own,), 0)
    assert (report.cases, report.walks, report.may_hold_key) == (1, 0, True)
    for word in (WORDS, CODE, "Half a note", "Coord-1"):
        assert word not in str(report.as_json())
    desk.news("second")
    await desk.later(timedelta(seconds=1))
    assert taken in texts(desk.news("second")), "open again, and due at once"
    assert "Half a note" not in desk.screen("coordinator"), "the chat was asked to delete it"
    for table in ("case_members", "traces", "outbox"):
        assert site.rows(table) == []
    assert "for enrolled staff" in texts(await desk.says("coordinator", "/inbox"))
    assert len(site.notes()) == 2


async def test_older_receipts_are_counted_and_not_named(desk: Desk, site: Site) -> None:
    old = await desk.logs_note("officer", WORDS)
    site.clock.move(timedelta(hours=50))
    new = await desk.logs_note("officer", WORDS)
    report = lost(site, "officer")
    assert (report.recent_notes, report.older_notes) == ((new,), 1)
    assert old not in str(report)
    assert (report.seen_flags, report.may_hold_key) == ((), False)


async def test_a_coordinator_ends_it_with_two_taps_and_hears_what_it_means(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", WORDS)
    asked = await desk.says("coordinator", "/people", "[p.0]", "[lost]")
    assert "lost or stolen?" in texts(asked)
    assert "What do you need?" in texts(await desk.says("officer", "/menu")), "not before the yes"
    told = texts(await desk.says("coordinator", "[yes]"))
    assert reference in told
    for word in (WORDS, CODE):
        assert word not in told
    assert "for enrolled staff" in texts(await desk.says("officer", "/menu"))


async def test_a_second_tap_does_nothing_more(desk: Desk) -> None:
    await desk.says("coordinator", "/people", "[p.0]")
    await desk.says("coordinator", "[lost]", "[yes]")
    again = texts(await desk.says("coordinator", "[yes]"))
    assert "belongs to an earlier question" in again


async def test_somebody_else_was_faster(desk: Desk, site: Site) -> None:
    await desk.says("coordinator", "/people")
    lost(site, "officer")
    assert "no role in your agency any more" in texts(await desk.says("coordinator", "[p.0]"))


def test_the_last_admins_phone_needs_a_clear_word(site: Site) -> None:
    with pytest.raises(LastAdmin) as refused:
        lost(site, "admin")
    assert "--force" in str(refused.value)
    assert site.within(lambda tx: people.at_address(tx, "console", "admin")) is not None


async def test_in_the_chat_the_last_admin_has_no_button_that_ends_them(desk: Desk, site: Site) -> None:
    shown = await desk.says("coordinator", "/people", "[p.4]")
    assert "last admin" in texts(shown)
    assert [choice.key for choice in shown[-1].choices] == ["list"]


async def test_a_damaged_pin_does_not_hold_it_up(desk: Desk, site: Site) -> None:
    site.enrol("console", "second", "coordinator", "Coord-2")
    (site.trial.installation.folder / "desks" / f"{AGENCY}.json").write_text("{")

    assert lost(site, "coordinator").roles == {AGENCY: "coordinator"}

    assert "for enrolled staff" in texts(await desk.says("coordinator", "/inbox"))
