"""The menu shows each role what it can do."""

from typing import Any, get_args

import pytest

from guidance.model import Role


@pytest.mark.parametrize("role", get_args(Role))
def test_only_those_who_serve_a_desk_see_the_flags(talk: Any, role: Role) -> None:
    one = talk(role=role)
    one.write("/menu")
    assert ("inbox" in one.keys) == (role in ("coordinator", "supervisor"))
    assert one.keys[0] == "danger"


def test_an_unfinished_note_is_offered(talk: Any) -> None:
    one = talk()
    one.write("/note", "AB-1234-P", "/menu")
    assert one.says[0].text == one.phrase("draft-put-aside", hours=12)
    assert "note.resume" in one.keys


@pytest.mark.parametrize("role", get_args(Role))
def test_all_but_admins_see_the_release_plan(talk: Any, role: Role) -> None:
    one = talk(role=role)
    one.write("/menu")
    assert ("timeline" in one.keys) == (role != "admin")


@pytest.mark.parametrize("key", ["danger", "inbox", "note.quick", "note", "walk", "timeline", "my-notes", "help"])
def test_every_button_of_the_menu_leads_somewhere(talk: Any, key: str) -> None:
    one = talk(role="coordinator")
    one.write("/menu")
    one.press(key)
    assert one.says
    assert one.phrase("old-button") not in one.said
