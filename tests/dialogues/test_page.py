"""The link to the page: what stands in it, and the button that opens the page within the chat."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dialogues import page
from dialogues.model import FlagView, MakeLink, Scene

Scenes = Callable[..., Scene]
ORIGIN = "https://notes.example.org"


def link_in(scene: Scene) -> str:
    (said,) = page.begin(scene, "").says
    return next(line for line in said.text.splitlines() if line.startswith("http"))


def test_a_link_carries_a_fresh_token_and_the_keys_of_ones_agencies(scene: Scenes) -> None:
    here = scene()
    own = here.home
    known = replace(here.person, memberships=(replace(own, agency=replace(own.agency, admin_key="ab" * 16)),))
    turn = page.begin(replace(here, page=ORIGIN, person=known), "")

    assert turn.effects == (MakeLink(here.fresh),)
    assert link_in(replace(here, page=ORIGIN, person=known)) == f"{ORIGIN}/?pins={'ab' * 16}#link={here.fresh}"
    assert link_in(replace(here, page=ORIGIN)) == f"{ORIGIN}/#link={here.fresh}"


def test_without_a_page_there_is_no_link(scene: Scenes) -> None:
    assert page.begin(scene(), "").effects == ()


@pytest.mark.parametrize(
    ("origin", "in_chat", "opens"),
    [(ORIGIN, True, f"{ORIGIN}/"), (ORIGIN, False, ""), ("http://127.0.0.1:8444", True, "")],
)
def test_it_opens_within_the_chat_where_that_is_wanted_and_can_be(
    scene: Scenes, origin: str, in_chat: bool, opens: str
) -> None:
    (said,) = page.begin(replace(scene(), page=origin, page_in_chat=in_chat), "").says

    assert [choice.opens for choice in said.choices if choice.opens] == ([opens] if opens else [])
    assert all("link=" not in choice.opens for choice in said.choices)


def test_a_coordinator_is_told_to_open_a_flagged_note_there(talk: Callable[..., Any]) -> None:
    one = talk(role="coordinator")
    now = one.scene.now
    one.rows["flag"] = (FlagView("3" * 32, "K7QF-3M2D", "north", "North", "today", "notified", now, now, "", "", ""),)
    one.scene = replace(one.scene, page=ORIGIN)
    one.open("inbox.K7QF-3M2D")

    assert any(ORIGIN in say.small for say in one.says)
    assert not any("integra notes open" in say.small for say in one.says)
