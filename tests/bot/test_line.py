"""What of one chat goes next: answers in order, turns whole, reminders last."""

from hypothesis import given
from hypothesis import strategies as st

from bot.line import Line
from storage.outbox import Outgoing, Priority

URGENT, REPLY, REMINDER = Priority


def turn(first: int, count: int = 1, priority: Priority = REPLY) -> list[Outgoing]:
    return [Outgoing(first + n, b"a", "console", "c", turn=first, priority=priority) for n in range(count)]


def line_of(*turns: list[Outgoing]) -> Line:
    line = Line()
    for one in turns:
        for message in one:
            line.join(message)
    return line


def drain(line: Line) -> list[int]:
    left = []
    while len(line):
        left.append(line.next().id)
        line.leave(left[-1])
    return left


def test_answers_and_urgent_ones_in_order_reminders_last() -> None:
    line = line_of(turn(1, 2, REMINDER), turn(3, 2), turn(5, 1, URGENT), turn(6, 1, REMINDER), turn(7))
    assert drain(line) == [3, 4, 5, 7, 1, 2, 6]


def test_nothing_comes_between_the_messages_of_a_turn_that_has_begun() -> None:
    line = line_of(turn(1, 3, REMINDER))
    assert line.next().id == 1
    line.join(*turn(4, 1, URGENT))
    assert line.next().id == 1, "what is under way is tried again before all others"
    line.leave(1)
    assert drain(line) == [2, 3, 4]


def test_a_turn_whose_beginning_was_said_before_a_restart_is_finished_first() -> None:
    line = line_of(turn(1, 3)[1:], turn(4, 1, URGENT))
    assert drain(line) == [2, 3, 4]
    line = line_of(turn(1, 3, REMINDER)[1:], turn(4, 1, URGENT))
    assert drain(line) == [2, 3, 4]


def test_what_is_brought_back_from_the_dead_does_not_split_a_turn_either() -> None:
    line = line_of(turn(10, 3))
    line.leave(line.next().id)
    line.join(turn(1, 2)[1])
    assert drain(line) == [11, 12, 2]


def test_messages_of_two_turns_that_were_numbered_crosswise_stay_apart() -> None:
    """Two processes number at the same time."""
    crosswise = [
        Outgoing(id, b"a", "console", "c", turn=first) for id, first in ((1, 1), (2, 2), (3, 1), (4, 2), (5, 1))
    ]
    assert drain(line_of(crosswise)) == [1, 3, 5, 2, 4]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(Priority)), max_size=8),
    st.lists(st.integers(0, 3), max_size=20),
)
def test_whatever_comes_when_each_turn_is_whole_and_answers_are_in_order(
    turns: list[tuple[int, Priority]], leaves: list[int]
) -> None:
    """``leaves``: how many go before the next turn comes."""
    line, left, id, came = Line(), list[Outgoing](), 1, dict[int, int]()
    for number, (count, priority) in enumerate(turns):
        came[id] = len(left)
        for one in turn(id, count, priority):
            line.join(one)
        id += count
        for _ in range(leaves[number] if number < len(leaves) else 0):
            if len(line):
                left.append(line.next())
                line.leave(left[-1].id)
    while len(line):
        left.append(line.next())
        line.leave(left[-1].id)
    said = [one.turn for one in left]
    assert len(left) == id - 1
    for first in set(said):
        place = said.index(first)
        mine = [one.id for one in left[place : place + said.count(first)]]
        assert mine == list(range(first, first + said.count(first))), "whole, and in order"
    for reminders in (True, False):
        kind = [one.id for one in left if (one.priority is REMINDER) is reminders]
        assert kind == sorted(kind)
    for place, one in enumerate(left):
        if one.priority is REMINDER and one.id == one.turn:
            passed = [
                other for other in left[place + 1 :] if other.priority is not REMINDER and came[other.turn] < place
            ]
            assert passed == [], "a reminder begins only when nothing else stands there"
