"""What the database keeps of logins to the page: hashes alone, for as long as they are good."""

from datetime import timedelta

import pytest
from storage_site import NOON

from storage import challenges, key_holders, people, sessions, settling
from storage.errors import Unknown
from storage.sealing.suites import DEFAULT_SUITE, generate
from storage.store import Store
from storage.transaction import Transaction

MINUTE = timedelta(minutes=1)
TABLES = ("page_links", "page_sessions", "page_challenges", "page_failures", "page_used")
TOKEN = "a-synthetic-token-of-a-link"
KEY = generate(DEFAULT_SUITE)
ORIGIN = "https://notes.example.org"


def counts(tx: Transaction) -> dict[str, int]:
    return {table: tx.db.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in TABLES}


def everything(tx: Transaction, person: bytes) -> str:
    """A row of each kind; a session's token."""
    sessions.make_link(tx, person, TOKEN, at=NOON)
    sessions.use_once(tx, b"init data", until=NOON + 5 * MINUTE)
    challenges.ask(tx, KEY.kid, KEY.public, ORIGIN, at=NOON)
    challenges.failed(tx, KEY.kid, "192.0.2.1", at=NOON)
    key_holders.link(tx, KEY.kid, person, at=NOON)
    return sessions.begin(tx, person_ref=person, kid=KEY.kid, at=NOON)[1]


def test_what_is_good_no_longer_is_swept_and_nothing_else(store: Store, officer: bytes) -> None:
    store.run_now(lambda tx: everything(tx, officer))
    for later, left in (
        (timedelta(), {"page_links", "page_sessions", "page_challenges", "page_failures", "page_used"}),
        (MINUTE, {"page_links", "page_sessions", "page_failures", "page_used"}),
        (5 * MINUTE, {"page_links", "page_sessions", "page_failures"}),
        (10 * MINUTE, {"page_sessions", "page_failures"}),
        (15 * MINUTE, {"page_failures"}),
        (timedelta(days=1), set()),
    ):

        def turn(tx: Transaction, at: timedelta = later) -> dict[str, int]:
            sessions.sweep(tx, at=NOON + at)
            challenges.sweep(tx, at=NOON + at)
            return counts(tx)

        assert {table for table, rows in store.run_now(turn).items() if rows} == left, later


def test_revoking_ends_it_all_and_a_restore_too(store: Store, officer: bytes) -> None:
    token = store.run_now(lambda tx: everything(tx, officer))
    store.run_now(lambda tx: settling.settle(tx, [], made_at=NOON, at=NOON))
    assert {table for table, rows in store.run_now(counts).items() if rows} == {"page_failures", "page_used"}
    with pytest.raises(Unknown):
        store.run_now(lambda tx: sessions.of_token(tx, token, at=NOON))
    store.run_now(lambda tx: sessions.make_link(tx, officer, TOKEN, at=NOON))
    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON, force=True))
    assert store.run_now(lambda tx: key_holders.holder_of(tx, KEY.kid)) == officer, "or it would log in as nobody's"
    assert store.run_now(lambda tx: key_holders.keys_of(tx, officer)) == [KEY.kid]
    assert store.run_now(counts)["page_links"] == 0


def test_a_session_from_the_future_is_none(store: Store, officer: bytes) -> None:
    """The clock was set back by a day: what began then is not good for a day longer."""
    token = store.run_now(lambda tx: sessions.begin(tx, person_ref=officer, kid=None, at=NOON))[1]
    with pytest.raises(Unknown):
        store.run_now(lambda tx: sessions.of_token(tx, token, at=NOON - timedelta(days=1)))


def test_nothing_is_used_twice(store: Store) -> None:
    store.run_now(lambda tx: sessions.use_once(tx, b"init data", until=NOON))
    with pytest.raises(Unknown):
        store.run_now(lambda tx: sessions.use_once(tx, b"init data", until=NOON))


def test_the_sixth_wrong_answer_waits_and_each_further_one_twice_as_long(store: Store) -> None:
    here = (KEY.kid, "192.0.2.1")

    def wrong(tx: Transaction) -> timedelta:
        challenges.failed(tx, *here, at=NOON)
        return challenges.wait_of(tx, *here, at=NOON)

    waits = [store.run_now(wrong).total_seconds() for _ in range(20)]
    assert waits == [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, *[900] * 6]
    assert store.run_now(lambda tx: challenges.wait_of(tx, KEY.kid, "192.0.2.2", at=NOON)) == timedelta()
    store.run_now(lambda tx: challenges.succeeded(tx, *here))
    assert store.run_now(lambda tx: challenges.wait_of(tx, *here, at=NOON)) == timedelta()


def test_a_key_is_one_persons(store: Store, officer: bytes, agency_ref: bytes) -> None:
    other = store.run_now(lambda tx: people.add(tx, agency_ref, "coordinator", language="en", at=NOON))
    assert store.run_now(lambda tx: key_holders.link(tx, KEY.kid, officer, at=NOON)) is True
    assert store.run_now(lambda tx: key_holders.link(tx, KEY.kid, officer, at=NOON)) is False
    with pytest.raises(Unknown):
        store.run_now(lambda tx: key_holders.link(tx, KEY.kid, other, at=NOON))
