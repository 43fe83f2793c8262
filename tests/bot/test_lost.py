"""A lost phone: one tap or one command ends it all, and what could have been seen is told by reference alone."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from bot_site import NOON, Desk, Site, texts
from sqlalchemy import text

from bot.access import Access
from bot.lost import Lost, lose
from bot.trial import AGENCY
from storage import agencies, cases, people
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


def integra(*arguments: object) -> str:
    """What it prints."""
    asked = [str(Path(sys.executable).with_name("integra")), *map(str, arguments)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def spoil(site: Site, table: str, column: str, ref: bytes) -> None:
    """As a changed byte in the file leaves it: the row is there, and does not open."""
    site.within(lambda tx: tx.db.execute(text(f"UPDATE {table} SET {column} = :bad WHERE ref = :ref"),
                                         {"bad": bytes(60), "ref": ref}))  # fmt: skip


async def test_another_agency_that_cannot_be_read_holds_up_neither_the_taps_nor_the_command(
    desk: Desk, site: Site
) -> None:
    reference = await desk.logs_note("officer", WORDS, "today")
    south = site.within(lambda tx: agencies.add(tx, "south", name="South", zone="UTC", case_pattern=""))
    spoil(site, "agencies", "sealed_profile", south)
    assert reference in texts(await desk.says("coordinator", "/inbox"))
    told = texts(await desk.says("coordinator", "/people", "[p.0]", "[lost]", "[yes]"))
    assert "for enrolled staff" in texts(await desk.says("officer", "/menu")), told
    assert lost(site, "coordinator").seen_flags == (reference,)
    assert "for enrolled staff" in texts(await desk.says("coordinator", "/menu"))


@pytest.mark.parametrize("what", ["agency", "address", "person"])
@pytest.mark.one_engine
async def test_what_cannot_be_read_of_the_persons_own_does_not_hold_it_up(desk: Desk, site: Site, what: str) -> None:
    """By the command line, which is what is left then; it lists the person, too."""
    flagged = await desk.logs_note("officer", WORDS, "urgent")
    await desk.logs_note("coordinator", WORDS)
    await desk.says("coordinator", f"[inbox.{flagged}.take]", "/note quick", "Half a note")
    ref = site.within(lambda tx: people.at_address(tx, "console", "coordinator"))
    assert ref is not None
    match what:
        case "agency":
            spoil(site, "agencies", "sealed_profile", site.within(lambda tx: tx.keyring.agency_ref(AGENCY)))
        case "address":
            spoil(site, "addresses", "sealed_contact", site.within(lambda tx: people.addresses_of(tx, ref))[0])
        case "person":
            spoil(site, "people", "sealed_profile", ref)
    data = site.trial.installation.folder
    assert ref.hex() in integra("people", "list", "--json", "--data", data)
    report = json.loads(integra("people", "lost", ref.hex(), "--json", "--data", data))
    assert list(report["roles"].values()) == ["coordinator"]
    assert report["seen_flags"] == [flagged]
    assert len(report["recent_notes"]) + report["older_notes"] == 1
    assert report["draft"]
    assert site.within(lambda tx: people.at_address(tx, "console", "coordinator")) is None
    assert site.within(lambda tx: people.places(tx, ref)) == []
    assert site.within(lambda tx: people.addresses_of(tx, ref)) == []
