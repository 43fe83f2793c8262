"""Who hears of flags and may see them; access that ends, moves, or spans two agencies."""

from datetime import timedelta
from functools import partial

from bot_site import NOON, Desk, Line, Site, texts

from bot.access import Access
from bot.trial import AGENCY
from storage import agencies, opened, people
from storage.sealing import keyfile
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction


def ref(site: Site, chat: str, channel: str = "console") -> bytes:
    found = site.within(lambda tx: people.at_address(tx, channel, chat))
    assert found is not None
    return found


def servants(site: Site, slug: str = AGENCY) -> list[str]:
    access = Access(site.trial.installation.pins)
    return site.within(lambda tx: [one.handle for one in access.servants(tx, slug, NOON)])


async def test_t35_revoked_in_the_middle_of_a_note_the_conversation_ends_at_the_next_update(line: Line) -> None:
    """T35."""
    robin = line.staff(1001, "officer", "PO-17")
    robin.writes("/menu")
    await robin.hears("What do you need?")
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?")
    robin.writes("He did not come.")
    await robin.hears("1 in this part")
    await line.settled()
    who = ref(line.site, "1001", "telegram")
    line.site.within(lambda tx: people.revoke(tx, who, at=NOON))
    robin.presses("Routine, no flag")
    await robin.hears("for enrolled staff and mentors only")
    robin.writes("/notes")
    await robin.hears("for enrolled staff and mentors only")
    await line.settled()
    await line.later(timedelta())  # what is left of the draft in the chat is deleted by a timer that is due at once
    for table in ("conversations", "traces"):
        assert line.site.rows(table) == []
    assert line.site.rows("outbox") == []
    assert line.site.notes() == {}


async def test_notes_of_somebody_revoked_stay_and_their_flags_stay_open(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "He did not come.", "urgent")
    who = ref(site, "officer")
    site.within(lambda tx: people.revoke(tx, who, at=NOON))
    assert site.notes() == {("PO-17", "He did not come."): 1}
    said = texts(await desk.says("coordinator", f"/inbox {reference}.take"))
    assert f"You have {reference}" in said
    assert "in hand" not in texts(desk.news("officer")), "nobody is told where nobody is any more"


async def test_a_revoked_coordinator_can_take_nothing_by_an_old_button(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "He did not come.", "urgent")
    who = ref(site, "coordinator")
    site.within(lambda tx: people.revoke(tx, who, at=NOON))
    said = texts(await desk.says("coordinator", f"[inbox.{reference}.take]"))
    assert "for enrolled staff" in said
    assert site.rows("flags", "state, owner_ref") == [("notified", None)]


async def test_after_a_move_the_new_chat_is_the_person_and_the_old_one_a_stranger(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-17")
    robin.writes("/menu")
    await robin.hears("What do you need?")
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?")
    await line.settled()
    who = ref(line.site, "1001", "telegram")
    line.site.within(lambda tx: people.replace_chat(tx, who, "telegram", "1009", at=NOON))
    robin.writes("He did not come.")
    await robin.hears("for enrolled staff and mentors only")
    new = line.telegram.person(1009)
    new.writes("/menu")
    await new.hears("What do you need?")
    new.writes("/notes")
    await new.hears("You have logged no notes")
    await line.settled()


def test_flags_go_to_coordinators_else_supervisors_else_admins(site: Site) -> None:
    assert servants(site) == ["Coord-1"]
    site.enrol("console", "lead", "supervisor", "Lead-1")
    assert servants(site) == ["Coord-1"]
    who = ref(site, "coordinator")
    site.within(lambda tx: people.revoke(tx, who, at=NOON))
    assert servants(site) == ["Lead-1"]
    lead = ref(site, "lead")
    site.within(lambda tx: people.revoke(tx, lead, at=NOON))
    assert servants(site) == ["Admin-1"]


def test_an_agency_without_anybody_has_no_servants_and_is_not_ready(site: Site) -> None:
    def add(tx: Transaction) -> None:
        agencies.add(tx, "empty", name="Empty", zone="Europe/Lisbon", case_pattern="A-9")

    site.within(add)
    assert servants(site, "empty") == []
    access = Access(site.trial.installation.pins)

    def ready(tx: Transaction) -> list[bool]:
        return [access.desk(tx, row, NOON).ready for row in agencies.every(tx) if row.slug in ("empty", AGENCY)]

    assert sorted(site.within(ready)) == [False, True]


def test_officers_and_mentors_see_no_desk_and_coordinators_only_their_own(site: Site) -> None:
    def add(tx: Transaction) -> None:
        agencies.add(tx, "other", name="Other", zone="Europe/Lisbon", case_pattern="A-9")

    site.within(add)
    site.enrol("console", "other-coordinator", "coordinator", "Coord-8", agency="other")
    access = Access(site.trial.installation.pins)

    def desks(tx: Transaction, chat: str) -> list[str]:
        from storage import conversations

        talk = conversations.load(tx, tx.keyring.address_ref("console", chat))
        assert talk is not None
        found = access.desks_of(tx, access.person(tx, talk, NOON), NOON)
        return [agencies.by_ref(tx, one).slug for one in found]

    for chat, wanted in (("officer", []), ("mentor", []), ("coordinator", [AGENCY]), ("other-coordinator", ["other"])):
        assert site.within(partial(desks, chat=chat)) == wanted


async def test_a_second_coordinator_is_told_who_has_the_flag(desk: Desk, site: Site) -> None:
    site.enrol("console", "second", "coordinator", "Coord-2")
    reference = await desk.logs_note("officer", "He did not come.", "urgent")
    assert reference in texts(desk.news("second"))
    await desk.says("coordinator", f"[inbox.{reference}.take]")
    said = texts(await desk.says("second", f"[inbox.{reference}.take]"))
    assert f"Coord-1 already has {reference}" in said
    await desk.says("coordinator", "[hand-on]", "[to.0]")
    handed = texts(desk.news("second"))
    assert f"Handed on to you: {reference}" in handed
    await desk.later(timedelta(minutes=15))
    assert f"OVERDUE: {reference}" in texts(desk.news("second")), "handed on is not taken"


async def test_t33_reading_a_note_for_another_reason_than_handling_it_is_told_to_supervisors(
    desk: Desk, site: Site
) -> None:
    site.enrol("console", "lead", "supervisor", "Lead-9")
    reference = await desk.logs_note("officer", "Paper cranes by the window.", "today")
    key = keyfile.read(site.trial.coordinator_key).key
    assert isinstance(key, OpeningKey)
    ingest = (site.trial.installation.keyring().ingest.public,)
    reader = site.trial.installation.store(reads_notes=True)
    for reason in ("handling", "complaint"):
        desk.news("lead")
        reader.run_now(
            lambda tx, reason=reason: opened.open_reference(tx, reference, key, ingest, at=site.clock(), reason=reason)
        )
        await desk.later(timedelta(0))
        told = texts(desk.news("lead"))
        assert ("was opened" in told) is (reason != "handling")
        assert "cranes" not in told
    assert reference in told
    assert "a complaint" in told
    reader.close()
