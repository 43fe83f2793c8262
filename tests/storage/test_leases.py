"""One holder at a time, until it is given back or has run out."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storage_site import NOON

from storage import leases
from storage.leases import LASTS
from storage.schema import leases as rows
from storage.store import Store

CHAT, OTHER = bytes(16), bytes([1]) * 16
ONE, TWO = b"1" * 16, b"2" * 16


def takes(store: Store, holder: bytes, after_s: float = 0, name: bytes = CHAT) -> bool:
    return store.run_now(lambda tx: leases.take(tx, name, holder, at=NOON + timedelta(seconds=after_s)))


def holder(store: Store, after_s: float = 0) -> bytes | None:
    return store.run_now(lambda tx: leases.holder_of(tx, CHAT, at=NOON + timedelta(seconds=after_s)))


def test_one_has_it_and_keeps_it_and_another_gets_it_when_it_is_given_back(store: Store) -> None:
    assert takes(store, ONE)
    assert not takes(store, TWO, 1)
    assert takes(store, ONE, 20)
    assert not takes(store, TWO, 49)
    assert holder(store, 49) == ONE
    store.run_now(lambda tx: leases.give_back(tx, CHAT, TWO))
    assert holder(store, 49) == ONE, "only its holder gives it back"
    store.run_now(lambda tx: leases.give_back(tx, CHAT, ONE))
    assert holder(store, 49) is None
    assert takes(store, TWO, 49)


def test_it_runs_out(store: Store) -> None:
    assert takes(store, ONE)
    assert not takes(store, TWO, LASTS.total_seconds() - 1)
    assert takes(store, TWO, LASTS.total_seconds())
    assert not takes(store, ONE, LASTS.total_seconds() + 1)


def test_leases_of_other_things_are_no_business_of_each_other(store: Store) -> None:
    assert takes(store, ONE)
    assert takes(store, TWO, name=OTHER)


def test_those_that_ran_out_long_ago_are_swept(store: Store) -> None:
    takes(store, ONE)
    takes(store, TWO, 11 * LASTS.total_seconds(), name=OTHER)
    store.run_now(lambda tx: leases.sweep(tx, at=NOON + 11 * LASTS))
    assert store.run_now(lambda tx: list(tx.db.scalars(rows.select().with_only_columns(rows.c.holder)))) == [TWO]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([ONE, TWO, b"3" * 16]), st.integers(0, 40), st.booleans()), max_size=20))
def test_never_two_whatever_they_do(store: Store, steps: list[tuple[bytes, int, bool]]) -> None:
    store.run_now(lambda tx: tx.db.execute(rows.delete()))
    now, owner, until = 0, b"", -1
    for who, wait, gives_back in steps:
        now += wait
        got = takes(store, who, now)
        assert got == (now >= until or owner == who)
        if got:
            owner, until = who, now + int(LASTS.total_seconds())
        if gives_back:
            store.run_now(lambda tx, who=who: leases.give_back(tx, CHAT, who))
            if owner == who:
                until = -1


@pytest.mark.postgres
async def test_of_many_who_ask_at_once_one_gets_it(store: Store) -> None:
    for number in range(20):
        take = partial(leases.take, name=bytes([number]) * 16, at=NOON)
        asks = [store.run(partial(take, holder=who)) for who in (ONE, TWO, b"3" * 16)]
        assert sorted(await asyncio.gather(*asks)) == [False, False, True]
