"""Invites and codes in the chat, and who hears of them; access that is renewed, or ends (T28 to T30b, T35)."""

from datetime import timedelta

import pytest
from bot_site import NOON, Desk, Site, texts

from bot.trial import AGENCY
from storage import agencies, invites, people
from storage.invites import Made
from storage.transaction import Transaction


def made(site: Site, role: str, *, issuer: str = "") -> Made:
    def turn(tx: Transaction) -> Made:
        issuer_ref = people.at_address(tx, "console", issuer) if issuer else None
        return invites.make(tx, tx.keyring.agency_ref(AGENCY), role, at=site.clock(), issuer_ref=issuer_ref)

    return site.within(turn)


def role_of(site: Site, chat: str) -> str | None:
    def turn(tx: Transaction) -> str | None:
        ref = people.at_address(tx, "console", chat)
        return None if ref is None else people.role_in(tx, ref, tx.keyring.agency_ref(AGENCY))

    return site.within(turn)


async def test_t30_a_coordinator_comes_in_with_the_code_and_the_admins_hear_of_it(desk: Desk, site: Site) -> None:
    """T30; the invite was made by the command line."""
    one = made(site, "coordinator")
    asked = texts(await desk.says("new", f"/start {one.token}"))
    assert "code of six digits" in asked
    assert "112" in asked
    assert "code of six digits" in texts(await desk.says("new", "what code?"))
    assert role_of(site, "new") is None
    assert desk.news("admin") == []
    said = texts(await desk.says("new", f" {one.code[:3]} {one.code[3:]} "))
    assert "You have been invited by Northbridge" in said
    assert role_of(site, "new") == "coordinator"
    (told,) = desk.news("admin")
    assert told.text.startswith("An invitation was used; role: coordinator.")
    assert [choice.lasting for choice in told.choices] == [True]
    assert "New" not in texts([told])
    opened = texts(await desk.says("admin", f"[{told.choices[0].key}]"))
    assert "Has not finished enrolment yet." in opened


async def test_t30_five_wrong_codes_end_an_invite_and_the_admins_hear_of_it(desk: Desk, site: Site) -> None:
    """T30."""
    one = made(site, "admin")
    wrong = f"{(int(one.code) + 1) % 10**6:06}"
    await desk.says("new", f"/start {one.token}")
    for left in ("4 tries are left", "3 tries are left", "2 tries are left", "One try is left"):
        assert left in texts(await desk.says("new", wrong))
    assert "cannot be used" in texts(await desk.says("new", wrong))
    assert "Five wrong codes" in texts(desk.news("admin"))
    assert "for enrolled staff" in texts(await desk.says("new", one.code))
    assert "cannot be used" in texts(await desk.says("new", f"/start {one.token}"))
    assert role_of(site, "new") is None


async def test_somebody_enrolled_gets_the_further_role_with_the_code_in_the_middle_of_anything(
    desk: Desk, site: Site
) -> None:
    one = made(site, "coordinator")
    await desk.says("officer", "/menu", "[note.quick]", "He left.")
    assert "code of six digits" in texts(await desk.says("officer", f"/start {one.token}"))
    assert "2 in this part" in texts(await desk.says("officer", "By the back door."))
    await desk.says("officer", one.code)
    assert role_of(site, "officer") == "coordinator"
    assert "Flags waiting" in str(
        [choice.label for say in await desk.says("officer", "/menu") for choice in say.choices]
    )


async def test_six_digits_are_words_like_others_where_no_code_is_waited_for(desk: Desk) -> None:
    await desk.says("officer", "/menu", "[note.quick]")
    assert "1 in this part" in texts(await desk.says("officer", "123456"))


async def test_an_invite_of_the_chat_is_read_out_used_and_told_to_its_issuer_alone(desk: Desk, site: Site) -> None:
    said = texts(await desk.says("coordinator", "/people", "[invite]", "[mentor]"))
    token = said.partition("/start ")[2].split()[0]
    desk.news("admin")
    spoken = token.lower().replace("-", " ")
    assert "You have been invited" in texts(await desk.says("new", f"/start {spoken}"))
    assert "An invitation was used; role: mentor." in texts(desk.news("coordinator"))
    assert desk.news("admin") == []
    assert "cannot be used" in texts(await desk.says("second", f"/start {token}"))
    lasting = [row[0] for row in site.rows("memberships", "until - since") if row[0] is not None]
    assert lasting == [90 * 86_400]


async def test_t28_an_invite_of_a_coordinator_whose_access_ended_lets_nobody_in(desk: Desk, site: Site) -> None:
    """T28 revoked issuer."""
    said = texts(await desk.says("coordinator", "/people", "[invite]", "[officer]"))
    token = said.partition("/start ")[2].split()[0]
    ref = site.within(lambda tx: people.at_address(tx, "console", "coordinator"))
    assert ref is not None
    site.within(lambda tx: people.revoke(tx, ref, at=NOON))
    assert "cannot be used" in texts(await desk.says("new", f"/start {token}"))


async def test_t35_the_next_update_of_somebody_revoked_is_refused_and_all_their_invites_and_codes_are_dead(
    desk: Desk, site: Site
) -> None:
    """T35."""
    one = made(site, "coordinator")
    await desk.says("officer", f"/start {one.token}")
    ref = site.within(lambda tx: people.at_address(tx, "console", "officer"))
    assert ref is not None
    site.within(lambda tx: people.revoke(tx, ref, at=NOON))
    assert "for enrolled staff" in texts(await desk.says("officer", one.code))
    assert role_of(site, "officer") is None
    assert "112 now" in texts(await desk.says("officer", "there is a man with a gun"))


@pytest.mark.parametrize("timers_run", [True, False], ids=["on time", "before the timer"])
async def test_access_that_is_over_is_refused_kindly_and_what_was_being_written_goes(
    desk: Desk, site: Site, timers_run: bool
) -> None:
    def lapsing(tx: Transaction) -> None:
        ref = people.at_address(tx, "console", "mentor")
        assert ref is not None
        people.join(tx, ref, tx.keyring.agency_ref(AGENCY), "mentor", at=site.clock(), days=2)

    site.within(lapsing)
    await desk.says("mentor", "/menu", "[note.quick]", "He left the house.")
    if timers_run:
        await desk.later(timedelta(days=2))
        await desk.later(timedelta(seconds=1))
        assert "has ended today" in texts(desk.news("mentor"))
        assert "Somebody's access has ended today" in texts(desk.news("coordinator"))
        assert "He left the house." not in desk.screen("mentor"), "erased from the chat"
        assert site.rows("traces") == []
        assert [row for row in site.rows("conversations", "sealed_state") if row[0] is not None] == []
    else:
        site.clock.move(timedelta(days=2))
    refused = texts(await desk.says("mentor", "By the back door."))
    assert "Your access has ended." in refused
    assert "112" in refused
    assert site.notes() == {}
    back = made(site, "mentor")
    assert "What do you need?" in texts(await desk.says("mentor", f"/start {back.token}")), "the same person again"


async def test_access_at_one_agency_that_ends_leaves_the_other(desk: Desk, site: Site) -> None:
    def two(tx: Transaction) -> None:
        ref = people.at_address(tx, "console", "mentor")
        other = agencies.add(tx, "riverside", name="Riverside", zone="Europe/Lisbon", case_pattern="A-9")
        assert ref is not None
        people.join(tx, ref, other, "mentor", at=site.clock(), days=2)

    site.within(two)
    await desk.later(timedelta(days=2))
    assert "Your access at Riverside has ended" in texts(desk.news("mentor"))
    assert "What do you need?" in texts(await desk.says("mentor", "/menu"))
