"""Every evening the desk hears whether those who are on duty until tomorrow evening can be reached."""

from datetime import UTC, date, datetime, timedelta

import pytest
from bot_site import NOON, Desk, Site, at_desk, texts
from rota_site import ROTA, blocks, put, ref, served

from bot import evening
from bot.duty import DesksAlone
from bot.evening import Warned
from bot.trial import AGENCY
from storage import agencies, people
from storage.pins import Pin
from storage.sealing import keyfile
from storage.sealing.desk import Manifest, Recipient, sign
from storage.sealing.signing import SigningKey
from storage.sealing.suites import generate
from storage.transaction import Transaction

EVENING = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # 18:00 in Paris
DAY = timedelta(days=1)


@pytest.fixture
def staffed(site: Site) -> Site:
    for chat, handle in (("second", "Coord-2"), ("third", "Coord-3")):
        site.enrol("console", chat, "coordinator", handle)
    return site


def found(site: Site, start: datetime = EVENING, end: datetime = EVENING + DAY) -> list[Warned]:
    desks = DesksAlone.of(site.trial.installation.pins)
    return site.within(lambda tx: evening.warnings(tx, desks, agencies.by_slug(tx, AGENCY), start, end))


async def evening_comes(desk: Desk) -> None:
    for who in ("coordinator", "second", "third", "admin"):
        desk.news(who)
    await desk.later(EVENING - desk.site.clock())


async def test_with_everybody_in_reach_nothing_is_said(desk: Desk, staffed: Site) -> None:
    put(staffed)
    await evening_comes(desk)
    assert [desk.news(who) for who in ("coordinator", "second", "third", "admin")] == [[], [], [], []]


async def test_whoever_blocked_the_bot_is_named_to_the_desk_with_the_hours(desk: Desk, staffed: Site) -> None:
    put(staffed)
    blocks(staffed, "third")
    await desk.later(timedelta(minutes=1))
    await evening_comes(desk)
    for who in ("coordinator", "second", "admin"):
        said = texts(desk.news(who))
        assert "Coord-3 is on duty 23.11. 20:00–08:00, and nothing reaches them" in said
    await desk.later(DAY)
    assert "24.11. 20:00–08:00" in texts(desk.news("coordinator")), "every evening, until it is put right"


async def test_hours_with_nobody_are_told(desk: Desk, staffed: Site) -> None:
    put(staffed, ROTA + '[[absence]]\nwho = "Coord-3"\nfrom = 2026-11-23\nto = 2026-11-24\n')
    await evening_comes(desk)
    said = texts(desk.news("coordinator"))
    assert "nobody is on duty 23.11. 20:00–08:00" in said
    assert [choice.key for choice in desk.console.screens["coordinator"][-1].say.choices] == ["rota"]  # type: ignore[union-attr]  # it is a say


async def test_somebody_who_is_not_enrolled_or_has_left_is_told(desk: Desk, staffed: Site) -> None:
    put(staffed)
    third = ref(staffed, "third")
    staffed.within(lambda tx: people.revoke(tx, third, at=NOON))
    await evening_comes(desk)
    assert "Coord-3 is on duty 23.11. 20:00–08:00, and has no access here" in texts(desk.news("coordinator"))


def test_an_invited_person_who_has_not_finished_enrolment_is_not_enrolled(staffed: Site) -> None:
    def turn(tx: Transaction) -> bytes:
        return people.add(tx, tx.keyring.agency_ref(AGENCY), "coordinator", language="en", at=NOON)

    invited = staffed.within(turn)
    put(staffed, ROTA.replace("Coord-3", f"id:{invited.hex()[:8]}"))
    assert [(one.why, one.who) for one in found(staffed)] == [("not-enrolled", (f"id:{invited.hex()[:8]}",))]


def with_keys(site: Site, *recipients: Recipient) -> None:
    installation = site.trial.installation
    admin = keyfile.read(site.trial.folder / "safe" / "admin.key").key
    assert isinstance(admin, SigningKey)

    def turn(tx: Transaction) -> None:
        stored = agencies.stored_desk(tx, AGENCY)
        assert stored is not None
        old = Manifest.verified(*stored, admin.public, at_least_version=1)
        spare = [one for one in old.recipients if one.role in ("recovery", "case-system")]
        new = Manifest(AGENCY, old.agency_ref, 2, old.suites, (*recipients, *spare), (AGENCY,), True, NOON.date())
        installation.pins.set(AGENCY, Pin(admin.public, 2))
        agencies.publish_desk(tx, new, *sign(new, admin))

    site.within(turn)


def test_a_key_that_runs_out_tonight_is_told_from_then_on(staffed: Site) -> None:
    put(staffed)
    with_keys(staffed, Recipient(generate().public, "coordinator", "all of the desk", date(2026, 11, 23)))
    assert {one.why for one in found(staffed)} == {"key-expired"}
    assert min(one.start for one in found(staffed)) == datetime(2026, 11, 24, tzinfo=UTC), (
        "keys run out at midnight, UTC"
    )


async def test_a_key_that_runs_out_is_told_to_the_desk_in_words(desk: Desk, staffed: Site) -> None:
    put(staffed)
    yesterday = date(2026, 11, 22)
    keys = [Recipient(generate().public, "coordinator", "Coord-1 phone")]
    with_keys(staffed, *keys, Recipient(generate().public, "coordinator", "Coord-3 phone", yesterday))
    await evening_comes(desk)
    said = texts(desk.news("coordinator"))
    assert "no key of Coord-3 opens new notes 23.11. 20:00–" in said
    assert "Ask whoever runs the assistant" in said


def test_of_several_keys_the_one_with_the_persons_handle_counts(staffed: Site) -> None:
    put(staffed)
    yesterday = date(2026, 11, 22)
    with_keys(
        staffed,
        Recipient(generate().public, "coordinator", "Coord-1 phone"),
        Recipient(generate().public, "coordinator", "Coord-3 phone", yesterday),
    )
    assert {(one.why, one.who) for one in found(staffed)} == {("key-expired", ("Coord-3",))}


async def test_without_a_rota_the_desk_is_warned_where_no_coordinator_is_in_reach(desk: Desk, site: Site) -> None:
    await evening_comes(desk)
    assert desk.news("admin") == []
    blocks(site, "coordinator")
    await desk.later(timedelta(minutes=1))
    desk.news("admin")
    await desk.later(DAY)
    assert "No coordinator of the desk can be reached" in texts(desk.news("admin"))


async def test_a_change_of_the_hour_counts_from_the_next_start_and_the_old_hour_does_not(site: Site) -> None:
    site.enrol("console", "third", "coordinator", "Coord-3")
    async with at_desk(site):
        put(site, 'evening = "14:30"\n' + ROTA.replace("Coord-2", "Coord-1"))
    async with at_desk(site, prefix="1") as desk:
        blocks(site, "third")
        await desk.later(timedelta(minutes=1))
        desk.news("coordinator")
        await desk.later(timedelta(hours=1, minutes=29))  # 14:30 in Paris
        assert "Coord-3 is on duty" in texts(desk.news("coordinator"))
        await desk.later(EVENING - site.clock())
        assert desk.news("coordinator") == []


async def test_where_another_desk_serves_an_agency_tonights_person_needs_a_key_on_its_list_too(
    desk: Desk, staffed: Site
) -> None:
    put(staffed)
    served(staffed, keys=("Coord-1 phone", "Coord-2 phone"))
    await desk.later(timedelta(minutes=1))  # its evening is known from now on
    desks = DesksAlone.of(staffed.trial.installation.pins)
    there = staffed.within(lambda tx: evening.warnings(tx, desks, agencies.by_slug(tx, "away"), EVENING, EVENING + DAY))
    assert {(one.why, one.who) for one in there} == {("key-expired", ("Coord-3",))}
    assert found(staffed) == [], "their own list has a key of the whole desk"
    await evening_comes(desk)
    await desk.later(timedelta(hours=2))  # 18:00 in Lisbon, at the latest
    for who in ("coordinator", "third", "admin"):
        assert "no key of Coord-3 (Away Association) opens new notes" in texts(desk.news(who))
