"""Help names every command, and gives the floor back."""

from typing import Any

from dialogues.desk import COMMANDS


def test_help_names_what_can_be_typed(talk: Any) -> None:
    one = talk()
    one.write("/help")
    for command in ("/guide", "/note", "/notes", "/danger", "/cancel", "/menu"):
        assert command in one.said
    assert {"/guide", "/note", "/notes", "/danger", "/menu"} <= set(COMMANDS)


def test_after_help_the_open_question_comes_again(talk: Any) -> None:
    one = talk()
    one.write("/note", "/help")
    assert "none" in one.keys
    assert one.floor.top.dialogue == "note"
