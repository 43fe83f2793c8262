"""Sites of an agency: a flag calls whoever is there for its author's site, before the rest of the desk."""

from datetime import timedelta

import pytest
from bot_site import NOON, Desk, Site, texts
from rota_site import blocks, put, ref
from sqlalchemy import update

from bot import duty, evening
from bot.duty import DesksAlone
from bot.trial import AGENCY
from storage import agencies, cases, sites
from storage.schema import memberships
from storage.transaction import Transaction

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CHATS = ("coordinator", "second", "third", "lead", "admin")
WHOLE = """
zone = "Europe/Paris"
[[shift]]
days = "daily"
from = "08:00"
to = "08:00"
first = ["Coord-1"]
"""
EAST = """
[[shift]]
site = "East"
days = "daily"
from = "08:00"
to = "20:00"
first = ["Coord-3"]
second = ["Coord-2"]
"""


@pytest.fixture
def four(site: Site) -> Site:
    """Three coordinators and a supervisor; the officer works at East, the mentor at South, prison staff at none."""
    for chat, role, handle in (
        ("second", "coordinator", "Coord-2"), ("third", "coordinator", "Coord-3"), ("lead", "supervisor", "Lead-1"),
    ):  # fmt: skip
        site.enrol("console", chat, role, handle)
    place(site, "officer", "East")
    place(site, "mentor", "South")
    return site


def place(site: Site, who: str, where: str) -> None:
    person = ref(site, who)
    site.within(lambda tx: sites.put(tx, person, tx.keyring.agency_ref(AGENCY), where, at=site.clock()))


def heard(desk: Desk, short: str) -> dict[str, str]:
    """Chat -> what it heard of a flag since it was last asked; those who heard nothing left out."""
    news = {who: texts(desk.news(who)) for who in CHATS}
    return {who: said for who, said in news.items() if short in said}


async def test_whoever_is_on_duty_at_the_authors_site_hears_first_then_the_agency(desk: Desk, four: Site) -> None:
    put(four, WHOLE + EAST)
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    assert set(heard(desk, short)) == {"third"}
    await desk.later(5 * MINUTE)
    assert set(heard(desk, short)) == {"third", "second", "coordinator"}, "who is second there, and the agency's"
    await desk.later(10 * MINUTE)
    assert "lead" in heard(desk, short), "overdue as ever"


@pytest.mark.parametrize("who", ["mentor", "prison"])
async def test_authors_of_other_sites_or_of_none_call_the_agencys_shifts(desk: Desk, four: Site, who: str) -> None:
    put(four, WHOLE + EAST)
    short = await desk.logs_note(who, "He did not come.", "today")
    assert set(heard(desk, short)) == {"coordinator"}


async def test_a_site_nobody_of_which_is_reached_is_skipped_at_once_and_that_is_said_without_its_name(
    desk: Desk, four: Site
) -> None:
    put(four, WHOLE + EAST)
    blocks(four, "third")
    short = await desk.logs_note("officer", "He did not come.", "today")
    said = heard(desk, short)
    assert {"coordinator", "second"} <= set(said), "at once, not after an hour"
    assert all("Nobody at the author's site could be reached" in one for one in said.values())
    assert not [one for one in said.values() if "East" in one], "a notice tells no place"


async def test_a_gap_in_the_sites_shifts_goes_to_the_agency_at_once(desk: Desk, four: Site) -> None:
    put(four, WHOLE + EAST)
    four.clock.move(9 * HOUR)  # 22:00 in Paris
    short = await desk.logs_note("officer", "He did not come.", "urgent")
    assert set(heard(desk, short)) == {"coordinator"}


async def test_whoever_has_the_case_comes_before_the_site_and_with_it_where_it_is_urgent(
    desk: Desk, four: Site
) -> None:
    put(four, WHOLE + EAST)
    code, second = "AB-1234-P", ref(four, "second")
    four.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), code, second, at=NOON))
    for urgency, first in (("today", {"second"}), ("urgent", {"second", "third"})):
        await desk.says("officer", "/note", code, "[behaviour]", "[now]", "He did not come.", *4 * ("[next]",))
        said = texts(await desk.says("officer", f"[{urgency}]", "[yes]", "[threat]", "[log]"))
        assert set(heard(desk, said.partition("Reference ")[2][:9])) == first


async def test_without_shifts_the_coordinators_of_the_site_hear_first_and_then_all(desk: Desk, four: Site) -> None:
    place(four, "third", "  east ")  # case and blanks do not count
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, short)) == {"third"}
    await desk.later(HOUR)
    assert set(heard(desk, short)) == {"coordinator", "second", "third"}


async def test_where_the_agency_has_shifts_and_the_site_none_the_rota_decides(desk: Desk, four: Site) -> None:
    place(four, "third", "East")
    put(four, WHOLE)
    short = await desk.logs_note("officer", "He did not come.", "today")
    assert set(heard(desk, short)) == {"coordinator"}


async def test_an_author_who_moves_takes_new_flags_along(desk: Desk, four: Site) -> None:
    put(four, WHOLE + EAST)
    place(four, "officer", "South")
    assert set(heard(desk, await desk.logs_note("officer", "He did not come.", "today"))) == {"coordinator"}
    place(four, "officer", "")
    assert set(heard(desk, await desk.logs_note("officer", "He did not come.", "today"))) == {"coordinator"}
    place(four, "officer", "EAST")
    assert set(heard(desk, await desk.logs_note("officer", "He did not come.", "today"))) == {"third"}


async def test_a_site_that_cannot_be_read_is_none(desk: Desk, four: Site) -> None:
    put(four, WHOLE + EAST)
    four.within(lambda tx: tx.db.execute(update(memberships).values(sealed_site=bytes(156))))
    assert set(heard(desk, await desk.logs_note("officer", "He did not come.", "today"))) == {"coordinator"}


async def test_the_evening_warns_of_each_site(desk: Desk, four: Site) -> None:
    put(four, WHOLE + EAST)
    blocks(four, "third")
    await desk.later(MINUTE)
    for who in CHATS:
        desk.news(who)
    await desk.later(5 * HOUR - MINUTE)  # 18:00 in Paris
    said = texts(desk.news("coordinator"))
    assert "Rota of East: Coord-3 is on duty 23.11. 18:00–20:00, 24.11. 08:00–18:00, and nothing reaches them" in said
    assert "Rota: " not in said, "the agency's own shifts are as they should be"
    assert "nobody is on duty" not in said, "between the site's shifts the agency's hold"


async def test_the_evening_warns_where_all_of_a_sites_shift_are_away(desk: Desk, four: Site) -> None:
    put(four, WHOLE + EAST + '[[absence]]\nwho = "Coord-3"\nfrom = 2026-11-24\nto = 2026-11-24\n')
    await desk.later(5 * HOUR)
    assert "Rota of East: nobody is on duty there 24.11. 08:00–18:00" in texts(desk.news("coordinator"))


def test_a_rota_of_sites_alone_warns_where_the_rest_of_the_agency_reaches_nobody(four: Site) -> None:
    put(four, EAST.replace('"20:00"', '"08:00"'))
    desks, row = DesksAlone.of(four.trial.installation.pins), four.within(lambda tx: agencies.by_slug(tx, AGENCY))

    def found() -> list[tuple[str, tuple[str, ...], str]]:
        return four.within(
            lambda tx: [(one.why, one.who, one.site) for one in evening.warnings(tx, desks, row, NOON, NOON + DAY)]
        )

    assert found() == []
    for who in ("coordinator", "second", "third", "lead"):
        blocks(four, who)
    assert found() == [("blocked", (), ""), ("blocked", ("Coord-3",), "East")]


def test_sites_are_sealed_where_they_lie(four: Site) -> None:
    for table in ("memberships", "invites"):
        for row in four.rows(table):
            assert b"East" not in b"".join(part for part in row if isinstance(part, bytes | memoryview))

    def read(tx: Transaction) -> tuple[str, ...]:
        return sites.of_agency(tx, tx.keyring.agency_ref(AGENCY))

    assert set(four.within(read)) == {"East", "South"}
    desks = DesksAlone.of(four.trial.installation.pins)
    there = four.within(lambda tx: duty.of_agency(tx, desks, tx.keyring.agency_ref(AGENCY), NOON))
    assert "East" not in repr(there)
