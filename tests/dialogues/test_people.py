"""Keeping people: who sees what, which acts are offered, and what is never done without a yes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dialogues.model import Agency, EndAccess, LosePhone, MakeInvite, RenewAccess, SetSite, StaffView
from dialogues.people import MOST_SHOWN, Listed, OnePerson
from dialogues.permissions import INVITED_IN_CHAT, KEEPS_PEOPLE
from dialogues.reference import read_token
from guidance.model import ROLES

Talk = Callable[..., Any]
ME = "aa" * 16


def one(number: int, role: Any = "officer", agency: str = "north", **more: Any) -> StaffView:
    return StaffView(f"{number:032x}", f"PO-{number}", role, agency, f"The {agency} agency", True, **more)


def opened(talk: Talk, who: StaffView, role: str = "coordinator", **settings: Any) -> Any:
    here = talk(role=role, **settings)
    here.rows["people"] = (who,)
    here.open(f"people.one.{who.person}")
    return here


@pytest.mark.parametrize("role", ROLES)
def test_the_list_is_for_those_who_keep_people(talk: Talk, role: str) -> None:
    here = talk(role=role)
    here.rows["people"] = (one(1),)
    here.write("/people")
    if role in KEEPS_PEOPLE:
        assert isinstance(here.state, Listed)
    else:
        assert (here.state, here.looked_up) == (None, [])
        assert "Only coordinators and admins" in here.said
    here.write("/menu")
    assert ("people" in here.keys) is (role in KEEPS_PEOPLE)


def test_a_long_list_is_shown_by_tens(talk: Talk) -> None:
    here = talk(role="coordinator")
    here.rows["people"] = tuple(one(number) for number in range(25))
    here.write("/people")
    assert [key for key in here.keys if key.startswith("p.")] == [f"p.{n}" for n in range(MOST_SHOWN)]
    here.press("more", "more")
    assert [key for key in here.keys if key.startswith("p.")] == [f"p.{n}" for n in range(20, 25)]
    assert "more" not in here.keys
    here.press("p.24")
    assert here.state == OnePerson(one(24))


@pytest.mark.parametrize("theirs", ROLES)
@pytest.mark.parametrize("own", KEEPS_PEOPLE)
def test_which_acts_are_offered(talk: Talk, own: str, theirs: str) -> None:
    here = opened(talk, one(1, theirs, until=talk().scene.now, days=90), own)
    acts = {"lost"} | ({"renew", "end"} if own == "admin" or theirs in INVITED_IN_CHAT else set())
    assert set(here.keys) == acts | {"list"}


@pytest.mark.parametrize(
    "who", [StaffView(ME, "Me", "coordinator", "north", "North", True), one(1, "admin", last_admin=True)]
)
def test_nobody_ends_themselves_or_the_last_admin(talk: Talk, who: StaffView) -> None:
    assert opened(talk, who, "admin").keys == ("list",)


@pytest.mark.parametrize(("act", "effect"), [("lost", LosePhone), ("end", EndAccess)])
def test_access_ends_only_after_a_yes(talk: Talk, act: str, effect: Any) -> None:
    here = opened(talk, one(1))
    here.press(act, "back", act)
    here.write("do it")
    assert here.effects == [] or not any(isinstance(made, effect) for made in here.effects)
    here = opened(talk, one(1))
    here.press(act, "yes")
    assert here.made(effect) == [effect("north", one(1).person)]
    assert here.state is None


def test_renewing_tells_the_new_date_and_is_not_offered_where_nothing_ends(talk: Talk) -> None:
    here = opened(talk, one(1, "mentor", until=talk().scene.now + timedelta(days=3), days=90))
    assert "Access ends on 26.11.2026" in here.said
    here.press("renew")
    assert here.made(RenewAccess) == [RenewAccess("north", one(1).person)]
    assert "PO-1 until 21.02.2027" in here.said
    assert "renew" not in opened(talk, one(1, "mentor")).keys


def test_an_invite_is_said_once_with_a_token_made_of_the_turns_own_random_bytes(talk: Talk) -> None:
    here = talk(role="coordinator")
    here.write("/people")
    here.press("invite", "mentor")
    (made,) = here.made(MakeInvite)
    assert (made.agency, made.role) == ("north", "mentor")
    assert read_token(made.token) == made.token.replace("-", "")
    assert here.said.count(made.token) == 1
    assert made.token not in repr(here.turn)


def test_with_two_agencies_it_is_asked_to_which(talk: Talk, north: Agency, south: Agency) -> None:
    here = talk(role="coordinator", agencies=(north, south))
    here.rows["people"] = (one(1), one(2, agency="south"))
    here.write("/people")
    assert "PO-2 · probation · south" in [choice.label for choice in here.choices]
    here.press("invite", "p.1", "prison")
    (made,) = here.made(MakeInvite)
    assert (made.agency, made.role) == ("south", "prison")


def test_of_two_roles_a_notice_opens_the_one_that_ends_first(talk: Talk, north: Agency, south: Agency) -> None:
    now = talk().scene.now
    here = talk(role="coordinator", agencies=(north, south))
    first = one(1, "mentor", "south", until=now + timedelta(days=3), days=90)
    here.rows["people"] = (one(1, "mentor"), one(1, "mentor", until=now + timedelta(days=9), days=90), first)
    here.open(f"people.one.{first.person}")
    assert here.state == OnePerson(first)


def test_somebody_who_went_meanwhile_is_said_to_be_gone(talk: Talk) -> None:
    here = talk(role="coordinator")
    here.rows["people"] = (one(1),)
    here.write("/people")
    here.rows["people"] = ()
    here.press("p.0")
    assert "no role in your agency any more" in here.said
    assert here.state is None


def test_where_the_agency_has_sites_an_invite_asks_where(talk: Talk, north: Agency, south: Agency) -> None:
    here = talk(role="coordinator", agencies=(north, south))
    here.rows["people"] = (one(1, sites=("Elm", "Oak")), one(2, agency="south"))
    here.write("/people")
    here.press("invite", "p.0", "officer", "p.1")
    (made,) = here.made(MakeInvite)
    assert (made.agency, made.role, made.site) == ("north", "officer", "Oak")
    assert "at Oak" in here.said
    here.write("/people")
    here.press("invite", "p.0", "officer", "nowhere")
    assert here.made(MakeInvite)[-1].site == ""
    here.write("/people")
    here.press("invite", "p.1", "officer")
    assert here.made(MakeInvite)[-1].agency == "south", "where there are none nothing is asked"


def test_where_somebody_works_is_changed_and_offered_only_where_there_are_sites(talk: Talk) -> None:
    assert "site" not in opened(talk, one(1)).keys
    here = opened(talk, one(1, site="Elm", sites=("Elm", "Oak")))
    assert "Works at Elm" in here.said
    here.press("site", "p.1")
    assert here.made(SetSite) == [SetSite("north", one(1).person, "Oak")]
    assert "Oak" not in repr(here.turn)
    here = opened(talk, one(1, site="Elm", sites=("Elm", "Oak")))
    here.press("site", "nowhere")
    assert here.made(SetSite) == [SetSite("north", one(1).person, "")]
