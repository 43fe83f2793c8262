"""Receipts of my notes; undoing in time, and what is offered when it is late."""

from datetime import timedelta
from typing import Any

import pytest

from dialogues.model import LookUp, NoteView, WithdrawNote
from dialogues.reference import reference

ID = "3" * 32
SHORT = reference(ID)


def note(now: Any, state: str = "held", flag: str = "", left: int | None = 60) -> NoteView:
    until = None if left is None else now + timedelta(seconds=left)
    return NoteView(ID, SHORT, "north", now, state, flag, until, "")


def undone(talk: Any, **settings: Any) -> Any:
    one = talk()
    one.rows["my-note"] = (note(one.scene.now, **settings),)
    one.open(f"my-notes.undo.{SHORT}")
    return one


@pytest.mark.parametrize(("flag", "phrase"), [("", "undo-done"), ("open", "undo-done-flagged")])
def test_in_time_a_note_is_withdrawn(talk: Any, flag: str, phrase: str) -> None:
    one = undone(talk, flag=flag)
    assert one.made(WithdrawNote) == [WithdrawNote(ID)]
    assert one.says[0].text == one.phrase(phrase, reference=SHORT)
    assert one.looked_up == [LookUp("my-note", SHORT)]


@pytest.mark.parametrize(("state", "left"), [("held", 0), ("held", -1), ("waiting", None), ("handed-over", None)])
def test_late_an_amendment_is_offered_instead(talk: Any, state: str, left: int | None) -> None:
    one = undone(talk, state=state, left=left)
    assert one.made(WithdrawNote) == []
    assert f"note.amend.{SHORT}" in one.keys


def test_a_second_undo_is_harmless(talk: Any) -> None:
    one = undone(talk, state="withdrawn", left=None)
    assert one.made(WithdrawNote) == []
    assert one.says[0].text == one.phrase("undo-already", reference=SHORT)


def test_somebody_elses_note_is_not_found(talk: Any) -> None:
    one = talk()
    one.open(f"my-notes.undo.{SHORT}")
    assert one.says[0].text == one.phrase("note-not-yours")
    assert one.made(WithdrawNote) == []


@pytest.mark.parametrize("state", ["held", "waiting", "handed-over", "withdrawn"])
def test_the_list_shows_the_state_and_offers_amending_unless_withdrawn(talk: Any, state: str) -> None:
    one = talk()
    one.rows["my-notes"] = (note(one.scene.now, state=state, flag="closed"),)
    one.write("/notes")
    assert one.phrase(f"state-{state}") in one.said
    assert (SHORT in one.keys) == (state != "withdrawn")


def test_no_notes_is_said(talk: Any) -> None:
    one = talk()
    one.write("/notes")
    assert one.says[0].text == one.phrase("my-notes-none")
