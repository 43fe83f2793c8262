"""The words dialogues are written in."""

from dataclasses import replace
from typing import Any

from dialogues.model import Call, Choice, KeepNote, LookUp, Opened, Say, Turn, Wrote, column


def test_choices_are_the_same_by_key_whatever_the_label_says() -> None:
    assert Choice("a", "Yes") == Choice("a", "Ja")
    assert Choice("a", "Yes") != Choice("a", "Yes", lasting=True)


def test_choices_of_a_say_are_read_row_by_row() -> None:
    one, two, three = Choice("1", "one"), Choice("2", "two"), Choice("3", "three")
    assert Say("x", rows=((one, two), (three,))).choices == (one, two, three)
    assert column(one, two) == ((one,), (two,))


def test_a_scene_speaks_the_persons_language_or_the_first_offered(scene: Any) -> None:
    here = scene(language="fr")
    assert here.text("menu") == "‹menu›"
    assert here.speaking("xx").voice is here.voices["en"]
    assert here.speaking("en").person == replace(here.person, language="en")


def test_a_person_is_found_at_their_agencies_only(scene: Any, north: Any, south: Any) -> None:
    person = scene(agencies=(north, south)).person
    assert person.at("south").agency == south
    assert person.at("elsewhere") is None


def test_a_whole_turn_shows_nobodys_words() -> None:
    turn = Turn(
        None,
        (Say("canary", title="canary", small="canary", rows=column(Choice("k", "canary"))),),
        (KeepNote("3" * 32, "north", {"parts": {"seen": "canary"}}, "canary"),),
        LookUp("flag", "canary"),
        Call("ask", "canary"),
    )
    assert "canary" not in repr((turn, Wrote("canary"), Opened("note", "canary")))
