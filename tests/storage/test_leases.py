"""One holder at a time, until it is given back or has run out by the database's clock.

That clock cannot be moved here; the leases are: to the past, as if time had gone by, or ahead, as if it had been ahead.
"""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from storage import leases
from storage.leases import FAR, LASTS
from storage.schema import leases as rows
from storage.store import Store

CHAT, OTHER = bytes(16), bytes([1]) * 16
ONE, TWO = b"1" * 16, b"2" * 16
SLOW = timedelta(seconds=6)
"""A test takes no longer than that from one step to the next."""


def takes(store: Store, holder: bytes, name: bytes = CHAT) -> bool:
    return store.run_now(lambda tx: leases.take(tx, name, holder))


def gives_back(store: Store, holder: bytes) -> None:
    store.run_now(lambda tx: leases.give_back(tx, CHAT, holder))


def goes_by(store: Store, time: timedelta, name: bytes | None = None) -> None:
    """Negative: the leases, or one of them, are those of a clock that was so far ahead and is put right."""
    which = update(rows) if name is None else update(rows).where(rows.c.name == name)
    store.run_now(lambda tx: tx.db.execute(which.values(until=rows.c.until - int(time.total_seconds()))))


def holders(store: Store) -> set[bytes]:
    return store.run_now(lambda tx: set(tx.db.scalars(select(rows.c.holder))))


def test_one_has_it_and_keeps_it_and_another_gets_it_when_it_is_given_back(store: Store) -> None:
    assert takes(store, ONE)
    assert not takes(store, TWO)
    goes_by(store, LASTS - SLOW)
    assert takes(store, ONE)
    goes_by(store, LASTS - SLOW)
    assert not takes(store, TWO), "it was renewed"
    gives_back(store, TWO)
    assert not takes(store, TWO), "only its holder gives it back"
    gives_back(store, ONE)
    assert takes(store, TWO)


def test_it_runs_out(store: Store) -> None:
    assert takes(store, ONE)
    goes_by(store, LASTS - SLOW)
    assert not takes(store, TWO)
    goes_by(store, SLOW)
    assert takes(store, TWO)
    assert not takes(store, ONE)


def test_one_who_had_it_by_a_clock_that_was_days_ahead_and_is_gone_keeps_nobody_from_it(store: Store) -> None:
    takes(store, ONE)
    goes_by(store, -timedelta(days=2))
    assert takes(store, TWO)
    assert not takes(store, ONE), "and now it is held as any other"


def test_a_clock_put_right_by_some_seconds_ends_no_lease(store: Store) -> None:
    takes(store, ONE)
    goes_by(store, -(FAR - 1) * LASTS + SLOW)
    assert not takes(store, TWO)
    goes_by(store, FAR * LASTS - SLOW)
    assert takes(store, TWO), "it ends a little later, that is all"


def test_leases_of_other_things_are_no_business_of_each_other(store: Store) -> None:
    assert takes(store, ONE)
    assert takes(store, TWO, OTHER)


def test_those_that_ran_out_long_ago_are_swept_and_those_of_a_clock_that_was_ahead(store: Store) -> None:
    old, ahead = bytes([2]) * 16, bytes([3]) * 16
    takes(store, b"3" * 16, old)
    goes_by(store, 9 * LASTS)
    takes(store, ONE)
    goes_by(store, 2 * LASTS)
    takes(store, b"4" * 16, ahead)
    goes_by(store, -timedelta(days=2), ahead)
    takes(store, TWO, OTHER)
    store.run_now(leases.sweep)
    assert holders(store) == {ONE, TWO}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([ONE, TWO, b"3" * 16]), st.integers(0, 3), st.booleans()), max_size=20))
def test_never_two_whatever_they_do(store: Store, steps: list[tuple[bytes, int, bool]]) -> None:
    store.run_now(lambda tx: tx.db.execute(rows.delete()))
    wait = LASTS * 2 / 5  # two are too few for it to run out, three enough, and the test's own time does not count
    now, owner, until = 0, b"", 0
    for who, waits, gives in steps:
        goes_by(store, waits * wait)
        now += waits
        got = takes(store, who)
        assert got == (now >= until or owner == who)
        if got:
            owner, until = who, now + 3
        if gives:
            gives_back(store, who)
            if owner == who:
                until = 0


@pytest.mark.postgres
async def test_of_many_who_ask_at_once_one_gets_it(store: Store) -> None:
    for number in range(20):
        take = partial(leases.take, name=bytes([number]) * 16)
        asks = [store.run(partial(take, holder=who)) for who in (ONE, TWO, b"3" * 16)]
        assert sorted(await asyncio.gather(*asks)) == [False, False, True]
