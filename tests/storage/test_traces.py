"""Messages with a draft's words are known until they are deleted, each by its draft alone."""

import pytest
from sqlalchemy import update
from storage_site import NOON

from storage import people, traces
from storage.errors import Unreadable
from storage.schema import traces as rows
from storage.store import Store
from storage.transaction import Transaction

ONE, TWO = "01" * 16, "02" * 16


@pytest.fixture
def address(store: Store, officer: bytes) -> bytes:
    return store.run_now(lambda tx: people.contacts(tx, officer))[0].address_ref


def leave(store: Store, address: bytes, draft: str, *messages: str) -> None:
    def turn(tx: Transaction) -> None:
        for message in messages:
            traces.leave(tx, address, draft, message, at=NOON)

    store.run_now(turn)


def messages(store: Store, address: bytes, draft: str) -> list[str]:
    return [one.message for one in store.run_now(lambda tx: traces.of(tx, address, draft))]


def test_a_drafts_messages_are_known_in_order(store: Store, address: bytes) -> None:
    leave(store, address, ONE, "11", "12")
    leave(store, address, TWO, "13")
    leave(store, address, ONE, "14")
    assert messages(store, address, ONE) == ["11", "12", "14"]
    assert messages(store, address, TWO) == ["13"]


def test_a_draft_of_one_chat_is_unknown_in_another(store: Store, address: bytes, mentor: bytes) -> None:
    other = store.run_now(lambda tx: people.contacts(tx, mentor))[0].address_ref
    leave(store, address, ONE, "11")
    assert messages(store, other, ONE) == []


def test_what_is_deleted_is_forgotten_and_the_rest_is_not(store: Store, address: bytes) -> None:
    leave(store, address, ONE, "11", "12", "13")
    first, _, last = store.run_now(lambda tx: traces.of(tx, address, ONE))
    store.run_now(lambda tx: traces.gone(tx, [first.id, last.id]))
    store.run_now(lambda tx: traces.gone(tx, []))
    assert messages(store, address, ONE) == ["12"]


def test_a_trace_moved_to_another_chat_is_unreadable(store: Store, address: bytes, mentor: bytes) -> None:
    other = store.run_now(lambda tx: people.contacts(tx, mentor))[0].address_ref
    leave(store, address, ONE, "11")
    store.run_now(lambda tx: tx.db.execute(update(rows).values(address_ref=other)))
    with pytest.raises(Unreadable):
        messages(store, other, ONE)


def test_a_trace_shows_no_message_id() -> None:
    assert "4711" not in repr(traces.Trace(1, "4711"))
