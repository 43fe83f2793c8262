"""Who has the floor, and what waits."""

from dialogues.floor import Floor, Frame

NOTE, WALK = Frame("note", 1), Frame("walk", 2)


def test_the_last_frame_is_on_top() -> None:
    assert Floor().top is None
    assert Floor((NOTE, WALK)).top == WALK


def test_one_draft_a_dialogue_waits() -> None:
    floor = Floor((WALK,)).park(NOTE).park(Frame("note", 3))
    assert floor.parked == (Frame("note", 3),)
    assert floor.parked_for("note") == Frame("note", 3)
    assert floor.parked_for("walk") is None
    assert floor.without_parked("note") == Floor((WALK,))


def test_what_a_frame_holds_is_not_shown() -> None:
    assert "canary" not in repr(Floor((Frame("note", "canary"),), (Frame("note", "canary"),)))
