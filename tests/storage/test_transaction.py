"""What a transaction seals it opens, in the same place alone; times go in and out whole."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from storage_site import NOON, keyset

from storage.errors import Unreadable
from storage.keyring import Keyring
from storage.sealing.signing import SigningKey
from storage.store import Store
from storage.transaction import Transaction, moment, seconds

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYRING = Keyring(keyset(), SigningKey(bytes(32)))


@given(VALUES, st.binary(max_size=32))
def test_a_value_comes_back_as_it_went_in(value: Any, place: bytes) -> None:
    with create_engine("sqlite://").connect() as connection:
        tx = Transaction(connection, KEYRING)
        assert tx.open("outbox", place, tx.seal("outbox", place, value)) == value


def test_a_value_does_not_open_in_another_place(store: Store) -> None:
    def turn(tx: Transaction) -> None:
        tx.open("profile", b"b" * 16, tx.seal("profile", b"a" * 16, {"handle": "PO-17"}))

    with pytest.raises(Unreadable):
        store.run_now(turn)


def test_a_transaction_shows_no_key(store: Store) -> None:
    assert "Keyring()" in store.run_now(repr)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_a_time_comes_back_to_the_second(at: datetime) -> None:
    assert moment(seconds(at)) == at.replace(microsecond=0)


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    athens = NOON.astimezone(timezone(timedelta(hours=2)))
    assert seconds(athens) == seconds(NOON)
    assert moment(seconds(athens)).tzinfo is UTC
