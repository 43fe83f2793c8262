"""Cases over the real store: who is told, who sees what, and what a stranger to a case cannot do by any way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from bot_site import NOON, Desk, Site, texts

from bot.effects import apply
from bot.lookups import find
from bot.trial import AGENCY
from bot.wiring import voices
from dialogues.model import AssignCase, CloseCase, LookUp, Scene, TickCase, UnassignCase
from guidance.model import ROLES
from storage import agencies, cases, conversations, people
from storage.errors import Unknown

CODE = "AB-1234-P"


def person_ref(site: Site, who: str) -> bytes:
    found = site.within(lambda tx: people.at_address(tx, "console", who))
    assert found is not None
    return found


async def test_a_new_member_hears_of_it_without_the_code(desk: Desk, site: Site) -> None:
    ref = person_ref(site, "officer")
    site.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, ref, at=NOON))
    await desk.later(timedelta(0))
    (told,) = desk.news("officer")
    assert told.text.startswith("You were made a member of a case.")
    assert CODE not in told.text
    assert [choice.key for choice in told.choices] == ["case"]
    await desk.later(timedelta(days=1))
    assert desk.news("officer") == []
    assert CODE in texts(await desk.says("officer", "[case]", "[c.0]"))


async def test_ticks_go_from_member_to_member_and_to_nobody_else(desk: Desk, site: Site) -> None:
    for who in ("officer", "mentor"):
        ref = person_ref(site, who)
        site.within(lambda tx, ref=ref: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, ref, at=NOON))
    await desk.says("officer", "/guide", "[S01]", CODE, "[go]", "[tick.1]")
    assert "☑ 1." in texts(await desk.says("mentor", "/guide", "[S01]", CODE, "[go]"))
    assert "☑" not in texts(await desk.says("prison", "/guide", "[S01]", CODE, "[go]"))
    assert "☑" not in texts(await desk.says("coordinator", "/guide", "[S01]", CODE, "[go]"))


def scene_of(site: Site, role: str, *, agency: str = AGENCY) -> tuple[Scene, Any]:
    ref = site.enrol("console", f"{role} at {agency}", role, f"{role[:4]}-9", agency=agency)
    app = site.app({})

    def read(tx: Any) -> Any:
        talk = conversations.load(tx, tx.keyring.address_ref("console", f"{role} at {agency}"))
        assert talk is not None
        assert talk.person_ref == ref
        return talk, app.world.access.person(tx, talk, NOON)

    talk, person = site.within(read)
    return Scene(NOON, NOON, person, voices(), "0f" * 16), (talk, app.world)


@pytest.fixture
def other_agency(site: Site) -> str:
    site.within(
        lambda tx: agencies.add(tx, "riverside", name="Riverside", zone="Europe/Lisbon", case_pattern="AA-9999-c")
    )
    return "riverside"


@pytest.mark.parametrize("own", [True, False], ids=["own agency", "other agency"])
@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what_with_a_case(site: Site, other_agency: str, role: str, own: bool) -> None:
    """Every role, every act, at the case's agency and from another one; what is not allowed is undone as a whole."""
    scene, (talk, world) = scene_of(site, role, agency=AGENCY if own else other_agency)
    officer = person_ref(site, "officer").hex()
    site.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, bytes.fromhex(officer), at=NOON))
    keeps = own and role in ("coordinator", "supervisor")
    acts = {
        AssignCase(AGENCY, CODE, scene.person.ref): keeps,
        TickCase(AGENCY, CODE, ("S01-C01",), True): keeps,  # only after having been made a member above
        UnassignCase(AGENCY, CODE, officer): keeps,
        CloseCase(AGENCY, CODE): keeps,
    }
    for act, allowed in acts.items():
        if allowed:
            site.within(lambda tx, act=act: apply(tx, world, talk, scene, act))
        else:
            with pytest.raises(Unknown):
                site.within(lambda tx, act=act: apply(tx, world, talk, scene, act))


@pytest.mark.parametrize("own", [True, False], ids=["own agency", "other agency"])
@pytest.mark.parametrize("role", ROLES)
def test_who_sees_what_of_a_case(site: Site, other_agency: str, role: str, own: bool) -> None:
    scene, (_, world) = scene_of(site, role, agency=AGENCY if own else other_agency)
    officer = person_ref(site, "officer")

    def see(what: Any, about: str = "") -> Any:
        return site.within(lambda tx: find(tx, world, LookUp(what, about), scene.person, NOON))

    nothing = {what: see(what, f"{AGENCY} {CODE}") for what in ("case", "cases")}
    site.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, officer, at=NOON))
    site.within(lambda tx: cases.tick(tx, tx.keyring.agency_ref(AGENCY), CODE, "S01-C01", officer, done=True, at=NOON))
    keeps = own and role in ("coordinator", "supervisor")
    for what, before in nothing.items():
        found = see(what, f"{AGENCY} {CODE}")
        assert len(found) == (1 if keeps else 0)
        assert all(one.ticks == () for one in found), "no member, no ticks"
        assert before == ()
    assert bool(see("staff", AGENCY)) is keeps


def test_what_a_member_may_see_ends_with_their_role_in_the_agency(site: Site, other_agency: str) -> None:
    scene, (_, world) = scene_of(site, "mentor")
    mine = bytes.fromhex(scene.person.ref)
    site.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, mine, at=NOON))
    seen = site.within(lambda tx: find(tx, world, LookUp("case", f"{AGENCY} {CODE}"), scene.person, NOON))
    assert [one.mine for one in seen] == [True]
    elsewhere = replace(scene.person, memberships=())
    assert site.within(lambda tx: find(tx, world, LookUp("case", f"{AGENCY} {CODE}"), elsewhere, NOON)) == ()
