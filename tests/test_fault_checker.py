"""The checker of fault runs, fed with doctored records: it must see what is lost, swapped or doubled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from fake_telegram import Button, Message, Shown
from faultrun.checker import (
    Line,
    Screen,
    differences,
    plain,
    screen,
    screens_differ,
    stayed,
    tellings,
    told,
)
from faultrun.ledger import notes_differ
from faultrun.phone import Kept


def record() -> list[Shown]:
    """A chat of eight events, two of them changes of the third message, a second apart."""
    events = [
        ("sent", 1, "Which case is it about?"),
        ("sent", 3, "What kind of note?"),
        ("sent", 5, "Tick what is done"),
        ("edited", 5, "Tick what is done: 1"),
        ("edited", 5, "Tick what is done: 1, 2"),
        ("sent", 8, "This will be sealed"),
        ("sent", 10, "Reference K7QF-3M2D, written by PO-3007"),
        ("sent", 12, "Menu"),
    ]
    return [
        Shown(what, 1, message_id, text, ((Button("Next", f"{place}.next"),),), at=100.0 + place)  # type: ignore[arg-type]
        for place, (what, message_id, text) in enumerate(events)
    ]


SENT = [place for place, shown in enumerate(record()) if shown.what == "sent"]
EVERY = range(len(record()))


def found(run: Sequence[Shown], starts: Sequence[float] = ()) -> list[str]:
    return differences(told(record()).lines, told(run, starts).lines)


def again(shown: Shown, *, at: float | None = None) -> Shown:
    """The same message once more, under an id of its own."""
    return replace(shown, message_id=shown.message_id + 100, unheard=False, at=shown.at if at is None else at)


def test_the_same_is_the_same() -> None:
    assert found(record()) == []


@pytest.mark.parametrize("place", EVERY)
def test_a_lost_message_is_seen(place: int) -> None:
    run = record()
    lost = run.pop(place)
    assert any(odd.startswith("lost") and lost.text in odd for odd in found(run))


@pytest.mark.parametrize("place", EVERY[:-1])
def test_swapped_messages_are_seen(place: int) -> None:
    run = record()
    run[place], run[place + 1] = run[place + 1], run[place]
    assert found(run)


def test_swapped_messages_are_called_so() -> None:
    run = record()
    run[0], run[1] = run[1], run[0]
    assert found(run) == ["swapped: 'What kind of note?' where 'Which case is it about?' belongs"]


@pytest.mark.parametrize("place", SENT)
def test_a_doubled_message_is_seen(place: int) -> None:
    run = record()
    run.insert(place + 1, again(run[place]))
    assert any(odd.startswith("doubled") and run[place].text in odd for odd in found(run))


def test_a_message_of_another_dialogue_is_seen() -> None:
    run = record()
    run[6] = replace(run[6], text=run[6].text.replace("3007", "3008"))
    names = {"3007": "NUMBER"}
    assert differences(plain(told(record()).lines, names), plain(told(run).lines, names))


def test_another_reference_is_no_difference_but_a_mixed_up_one_is() -> None:
    def of(*texts: str) -> list[Line]:
        return plain([Line(text) for text in texts], {})

    assert of("Logged AAAA-1111", "Withdrawn AAAA-1111") == of("Logged BBBB-2222", "Withdrawn BBBB-2222")
    assert of("Logged AAAA-1111", "Withdrawn AAAA-1111") != of("Logged BBBB-2222", "Withdrawn CCCC-3333")


# ---------------------------------------------------------------- repeats with an excuse


@pytest.mark.parametrize("place", SENT)
def test_a_lost_answer_excuses_one_repeat_at_once(place: int) -> None:
    run = record()
    run[place].unheard = True
    run.insert(place + 1, again(run[place]))
    assert found(run) == []
    assert told(run).repeats == {"answer lost": 1}


@pytest.mark.parametrize("place", SENT)
def test_a_lost_answer_excuses_no_second_repeat(place: int) -> None:
    run = record()
    run[place].unheard = True
    run[place + 1 : place + 1] = [again(run[place]), again(again(run[place]))]
    assert any(odd.startswith("doubled") for odd in found(run))


def test_a_lost_answer_of_the_repeat_excuses_one_more() -> None:
    run = record()
    run[0].unheard = True
    run[1:1] = [replace(again(run[0]), unheard=True), again(again(run[0]))]
    assert found(run) == []
    assert told(run).repeats == {"answer lost": 2}


@pytest.mark.parametrize("place", SENT[:-1])
def test_a_lost_answer_excuses_no_repeat_after_another_message(place: int) -> None:
    run = record()
    run[place].unheard = True
    run.insert(place + 2, again(run[place]))
    assert found(run)


def test_a_change_of_a_repeated_message_is_a_change_of_the_same_line() -> None:
    run = record()
    run[2].unheard = True
    run.insert(3, again(run[2]))
    for change in (4, 5):
        run[change] = replace(run[change], message_id=run[3].message_id)
    assert found(run) == []


def test_a_change_of_the_wrong_message_is_seen() -> None:
    run = record()
    run[3] = replace(run[3], message_id=run[1].message_id)
    assert found(run)


@pytest.mark.parametrize("count", [1, 2])
def test_a_kill_excuses_one_repeat_of_each_of_the_last_messages(count: int) -> None:
    run = record()
    run[7:7] = [again(shown, at=106.9) for shown in run[7 - count : 7]]
    assert found(run, starts=[106.8]) == []
    assert told(run, starts=[106.8]).repeats == {"killed": count}
    assert found(run), "without a kill there is no excuse"


def test_a_kill_excuses_no_second_repeat() -> None:
    run = record()
    run[7:7] = [again(run[6], at=106.8), again(again(run[6], at=106.9))]
    assert any(odd.startswith("doubled") for odd in found(run, starts=[106.7]))


def test_a_kill_excuses_no_repeats_in_another_order() -> None:
    run = record()
    run[7:7] = [again(run[6], at=106.9), again(run[5], at=106.9)]
    assert any(odd.startswith("doubled") for odd in found(run, starts=[106.8]))


def test_a_kill_excuses_no_repeat_after_something_new() -> None:
    run = record()
    run.append(again(run[6], at=107.5))
    assert any(odd.startswith("doubled") for odd in found(run, starts=[106.8]))


def test_a_second_kill_before_the_repeat_excuses_it_still() -> None:
    run = record()
    run[7] = replace(run[7], at=161.0)
    run.insert(7, again(run[6], at=160.0))
    assert found(run, starts=[106.8, 159.0]) == []
    assert found(run, starts=[159.0])


def test_the_same_words_said_again_after_a_kill_may_be_new() -> None:
    """What was said before the kill had arrived: the second time is no repeat, and the record cannot tell."""
    words = replace(record()[0], text="Nothing was changed.", buttons=())
    usual = [*record(), replace(words, message_id=14, at=107.1), replace(words, message_id=16, at=107.2)]
    run = [*usual[:9], replace(usual[9], at=107.9)]
    wanted = [differences(told(usual).lines, telling.lines) for telling in tellings(run, [107.5])]
    assert [odd.partition(":")[0] for odd in wanted[0]] == ["lost"]
    assert wanted[1:] == [[]]


def test_a_kill_excuses_no_repeat_of_what_was_said_long_before() -> None:
    run = record()
    run[7] = replace(run[7], at=131.0)
    run.insert(7, again(run[6], at=130.0))
    assert any(odd.startswith("doubled") for odd in found(run, starts=[129.0]))


# ---------------------------------------------------------------- the screen


def messages(deleted: Sequence[int]) -> list[Message]:
    bots = {shown.message_id for shown in record()}
    return [
        Message(number, 1, 0.0, number in bots, {}, deleted=number in deleted)
        for number in sorted({*bots, 2, 4, 6, 9, 105})
        if number != 105
    ]


def test_what_should_be_deleted_and_is_there_is_seen() -> None:
    wanted = screen(messages([4, 8]), told(record()))
    assert wanted == Screen((0, 1, 2, 6, 7), (0, 2, 3))
    assert screens_differ(wanted, wanted) == []
    for deleted in ([4], [8], [4, 8, 12], [4, 6, 8]):
        assert screens_differ(wanted, screen(messages(deleted), told(record())))


def test_the_first_copy_of_a_repeated_message_may_stay_and_is_counted() -> None:
    run = record()
    run[5].unheard = True
    run.insert(6, again(run[5]))
    left = [*messages([4]), Message(108, 1, 0.0, True, {}, deleted=True)]
    assert screens_differ(screen(messages([4, 8]), told(record())), screen(left, told(run))) == []
    assert stayed(left, told(run)) == 1


# ---------------------------------------------------------------- the notes

ONE = Kept("K7QF-3M2D", "He shouted.", "PO-3001")
TWO = Kept("5WB9-Z6TY", "He came back.", "PO-3002", amends="K7QF-3M2D")
GONE = Kept("MPJF-01XV", "", "", withdrawn=True)


def test_notes_as_they_were_told() -> None:
    assert notes_differ([ONE, TWO, GONE], Counter([ONE, TWO, GONE])) == {}


@pytest.mark.parametrize(
    ("kept", "wrong"),
    [
        ([TWO, GONE], {ONE.reference: "lost: it was told that it is logged"}),
        ([ONE, ONE, TWO, GONE], {ONE.reference: "kept more than once"}),
        ([replace(ONE, text="He whispered."), TWO, GONE], {ONE.reference: "kept otherwise than it was told"}),
        ([replace(ONE, author="PO-3002"), TWO, GONE], {ONE.reference: "kept otherwise than it was told"}),
        ([ONE, replace(TWO, amends=""), GONE], {TWO.reference: "kept otherwise than it was told"}),
        ([replace(ONE, media=1), TWO, GONE], {ONE.reference: "kept otherwise than it was told"}),
        ([ONE, TWO, replace(ONE, reference=GONE.reference)], {GONE.reference: "kept otherwise than it was told"}),
        ([ONE, TWO, GONE, replace(ONE, reference="HRW6-3MQ1")], {"HRW6-3MQ1": "nobody was told of it"}),
    ],
    ids=["lost", "twice", "words", "author", "amends", "media", "not-withdrawn", "untold"],
)
def test_notes_that_are_not_as_they_were_told_are_seen(kept: list[Kept], wrong: dict[str, str]) -> None:
    assert notes_differ([ONE, TWO, GONE], Counter(kept)) == wrong
