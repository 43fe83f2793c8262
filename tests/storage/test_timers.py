"""Deadlines fall due in order, however late anybody looks, and each is taken once."""

import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from storage_site import NOON, keyset

from bot.installation import Installation
from storage import timers
from storage.keyring import Keyring
from storage.schema import metadata
from storage.sealing.signing import SigningKey
from storage.store import Store
from storage.timers import Timer
from storage.transaction import Transaction

MINUTE = timedelta(minutes=1)


def arm(store: Store, about: str, minutes: float, kind: str = "flag", address_ref: bytes = timers.NOBODY) -> None:
    at = NOON + minutes * MINUTE
    store.run_now(lambda tx: timers.arm(tx, kind, about, at, address_ref=address_ref))


def due(store: Store, minutes: float, at_most: int = 100) -> list[Timer]:
    return store.run_now(lambda tx: timers.due(tx, NOON + minutes * MINUTE, at_most=at_most))


def test_a_timer_is_due_from_its_second_on(store: Store) -> None:
    arm(store, "a", 5)
    assert due(store, 5 - 1 / 60) == []
    assert [one.about for one in due(store, 5)] == ["a"]
    assert due(store, 5)[0].due_at == NOON + 5 * MINUTE


def test_after_an_outage_of_three_days_timers_come_in_the_order_they_fell_due(store: Store) -> None:
    for about, minutes in [("c", 300), ("a", 1), ("d", 4000), ("b", 15), ("later", 9999)]:
        arm(store, about, minutes)
    assert [one.about for one in due(store, 3 * 24 * 60)] == ["a", "b", "c", "d"]


def test_timers_of_one_second_come_in_the_order_they_were_armed(store: Store) -> None:
    for about in ("b", "a", "c"):
        arm(store, about, 5)
    assert [one.about for one in due(store, 5)] == ["b", "a", "c"]


def test_a_long_queue_is_read_in_parts_the_earliest_first(store: Store) -> None:
    for number in range(7):
        arm(store, str(number), 7 - number)
    found = []
    while part := due(store, 60, at_most=3):
        assert len(part) <= 3
        for one in part:
            assert store.run_now(lambda tx, one=one: timers.take(tx, one))  # type: ignore[misc]  # mypy: lambda defaults
            found.append(one.about)
    assert found == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_timer_is_taken_once(store: Store) -> None:
    arm(store, "a", 5)
    (timer,) = due(store, 5)
    assert [store.run_now(lambda tx: timers.take(tx, timer)) for _ in range(3)] == [True, False, False]
    assert due(store, 60) == []


def test_of_many_who_take_a_timer_at_once_one_has_it(installation: Installation, store: Store) -> None:
    arm(store, "a", 5)
    (timer,) = due(store, 5)
    ready, taken = threading.Barrier(8), list[bool]()

    def attempt() -> None:
        own = installation.store()
        try:
            ready.wait(20)
            taken.append(own.run_now(lambda tx: timers.take(tx, timer)))
        finally:
            own.close()

    takers = [threading.Thread(target=attempt, daemon=True) for _ in range(8)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join(30)
    assert sorted(taken) == [False] * 7 + [True]


def test_a_timer_whose_turn_failed_is_still_there(store: Store) -> None:
    arm(store, "a", 5)
    (timer,) = due(store, 5)

    def failing(tx: Transaction) -> None:
        assert timers.take(tx, timer)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.run_now(failing)
    assert due(store, 5) == [timer]


def test_a_timer_that_was_moved_meanwhile_is_not_taken(store: Store) -> None:
    arm(store, "a", 5)
    (timer,) = due(store, 5)
    arm(store, "a", 20)
    assert not store.run_now(lambda tx: timers.take(tx, timer))
    assert [one.about for one in due(store, 20)] == ["a"]


def test_arming_again_moves_it_and_makes_no_second(store: Store) -> None:
    for minutes in (5, 30, 10):
        arm(store, "a", minutes)
    assert due(store, 9) == []
    assert len(due(store, 60)) == 1


def test_kind_about_and_address_tell_timers_apart(store: Store) -> None:
    arm(store, "a", 1)
    arm(store, "b", 2)
    arm(store, "a", 3, kind="release")
    arm(store, "a", 4, address_ref=b"p" * 16)
    assert len(due(store, 60)) == 4
    store.run_now(lambda tx: timers.disarm(tx, "flag", "a"))
    assert [(one.kind, one.about, one.address_ref) for one in due(store, 60)] == [
        ("flag", "b", b""),
        ("release", "a", b""),
        ("flag", "a", b"p" * 16),
    ]


def test_a_disarmed_timer_is_never_due_and_may_be_disarmed_again(store: Store) -> None:
    arm(store, "a", 5)
    for _ in range(2):
        store.run_now(lambda tx: timers.disarm(tx, "flag", "a"))
    assert due(store, 60) == []


def test_a_timer_says_until_when_it_is_armed(store: Store) -> None:
    arm(store, "b", 20)
    arm(store, "a", 5)
    assert store.run_now(lambda tx: timers.armed_until(tx, "flag", "a")) == NOON + 5 * MINUTE
    assert store.run_now(lambda tx: timers.armed_until(tx, "flag", "b")) == NOON + 20 * MINUTE
    assert store.run_now(lambda tx: timers.armed_until(tx, "flag", "c")) is None


def test_what_is_further_away_than_it_can_be_is_pulled_in_and_the_rest_stays(store: Store) -> None:
    for about, minutes in (("near", 5), ("far", 9999), ("further", 99999)):
        arm(store, about, minutes)
    arm(store, "far", 9999, kind="release")
    store.run_now(lambda tx: timers.pull_in(tx, "flag", NOON + 60 * MINUTE, about="far"))
    assert [one.about for one in due(store, 60)] == ["near", "far"]
    store.run_now(lambda tx: timers.pull_in(tx, "flag", NOON + 60 * MINUTE))
    assert [one.about for one in due(store, 60)] == ["near", "far", "further"]
    assert len(due(store, 9999)) == 4


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 500)), max_size=25),
    st.lists(st.integers(0, 500), max_size=6),
)
def test_whenever_anybody_looks_each_timer_comes_once_and_in_order(
    armed: list[tuple[str, int]], looks: list[int]
) -> None:
    expected = dict(armed)
    with create_engine("sqlite://").connect() as connection:
        metadata.tables["timers"].create(connection)
        tx = Transaction(connection, Keyring(keyset(), SigningKey(bytes(32))))
        for about, minutes in armed:
            timers.arm(tx, "flag", about, NOON + minutes * MINUTE)
        heard: list[tuple[datetime, str]] = []
        for look in [*sorted(looks), 500]:
            for timer in timers.due(tx, NOON + look * MINUTE):
                assert timers.take(tx, timer)
                assert timer.due_at <= NOON + look * MINUTE
                heard.append((timer.due_at, timer.about))
    assert [at for at, _ in heard] == sorted(at for at, _ in heard)
    assert {about: at for at, about in heard} == {about: NOON + minutes * MINUTE for about, minutes in expected.items()}
    assert len(heard) == len(expected)


def test_what_was_armed_too_far_ahead_is_drawn_in_and_the_rest_stays(store: Store) -> None:
    def turn(tx: Transaction) -> list[tuple[str, datetime]]:
        timers.arm(tx, "early", "a", NOON + timedelta(hours=1))
        timers.arm(tx, "kind", "late", NOON + timedelta(days=2))
        timers.arm(tx, "kind", "soon", NOON + timedelta(minutes=5))
        timers.arm(tx, "other", "late", NOON + timedelta(days=2))
        timers.pull_in(tx, "kind", NOON + timedelta(hours=1))
        due = timers.due(tx, NOON + timedelta(days=3), but=("early",))
        return [(f"{one.kind} {one.about}", one.due_at) for one in due]

    assert store.run_now(turn) == [
        ("kind soon", NOON + timedelta(minutes=5)),
        ("kind late", NOON + timedelta(hours=1)),
        ("other late", NOON + timedelta(days=2)),
    ]
