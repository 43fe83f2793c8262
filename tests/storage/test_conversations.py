"""A conversation is moved on by one turn at a time, for people who have access."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from storage_site import NOON, add_agency

from storage import conversations, people, timers
from storage.conversations import Talk
from storage.errors import Stale, Unreadable
from storage.schema import conversations as rows
from storage.schema import seen
from storage.store import Store
from storage.transaction import Transaction

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def address(store: Store, officer: bytes) -> bytes:
    return store.run_now(lambda tx: people.contacts(tx, officer))[0].address_ref


def loaded(store: Store, address: bytes) -> Talk:
    talk = store.run_now(lambda tx: conversations.load(tx, address))
    assert talk is not None
    return talk


def move(store: Store, talk: Talk, state: bytes | None, question: int = 1) -> None:
    store.run_now(lambda tx: conversations.move_on(tx, talk, state=state, question=question, at=LATER))


# ---------------------------------------------------------------- updates


def test_an_update_is_taken_once(store: Store) -> None:
    def first(channel: str, update: str) -> bool:
        return store.run_now(lambda tx: conversations.first_time(tx, channel, update, at=NOON))

    assert [first("telegram", "1"), first("telegram", "1"), first("telegram", "1")] == [True, False, False]
    assert [first("telegram", "2"), first("console", "1")] == [True, True]
    assert store.run_now(lambda tx: len(tx.db.execute(select(seen)).all())) == 3


def test_an_update_is_taken_once_within_one_transaction_too(store: Store) -> None:
    def turn(tx: Transaction) -> list[bool]:
        return [conversations.first_time(tx, "telegram", "1", at=NOON) for _ in range(2)]

    assert store.run_now(turn) == [True, False]


def test_an_update_whose_turn_failed_counts_as_not_taken(store: Store) -> None:
    def failing(tx: Transaction) -> None:
        conversations.first_time(tx, "telegram", "1", at=NOON)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.run_now(failing)
    assert store.run_now(lambda tx: conversations.first_time(tx, "telegram", "1", at=NOON))


# ---------------------------------------------------------------- turns


def test_before_the_first_turn_there_is_a_person_and_no_state(
    store: Store, address: bytes, officer: bytes, agency_ref: bytes
) -> None:
    talk = loaded(store, address)
    assert (talk.person_ref, talk.handle, talk.language, talk.accepted) == (officer, "PO-17", "en", True)
    assert (talk.version, talk.question, talk.state, talk.moved_at) == (0, 0, None, NOON)
    assert [(ref, role) for ref, _, role in talk.places] == [(agency_ref, "officer")]


def test_each_turn_finds_what_the_last_one_left(store: Store, address: bytes) -> None:
    for turn, state in enumerate([b'{"a":1}', '{"b":"é"}'.encode(), None, b"[]"], start=1):
        move(store, loaded(store, address), state, question=turn * 2)
        talk = loaded(store, address)
        assert (talk.version, talk.question, talk.moved_at) == (turn, turn * 2, LATER)
        assert (talk.state or b"").strip() == (state or b"")
        assert (talk.state is None) is (state is None)


def test_state_survives_a_restart(store: Store, address: bytes, installation: object) -> None:
    move(store, loaded(store, address), b'{"draft":1}')
    store.close()
    again = installation.store()  # type: ignore[attr-defined]  # any installation
    try:
        assert (loaded(again, address).state or b"").strip() == b'{"draft":1}'
    finally:
        again.close()


@pytest.mark.parametrize("turns_before", [0, 1, 3])
def test_the_second_of_two_racing_turns_is_stale_and_leaves_nothing(
    store: Store, address: bytes, turns_before: int
) -> None:
    for _ in range(turns_before):
        move(store, loaded(store, address), b"0")
    one, two = loaded(store, address), loaded(store, address)
    move(store, one, b"1", question=7)
    with pytest.raises(Stale):
        move(store, two, b"2", question=8)

    talk = loaded(store, address)
    assert (talk.version, talk.question, (talk.state or b"").strip()) == (turns_before + 1, 7, b"1")


@pytest.mark.parametrize("turns_before", [0, 1])
def test_a_turn_of_somebody_who_was_revoked_meanwhile_is_stale(
    store: Store, address: bytes, officer: bytes, turns_before: int
) -> None:
    for _ in range(turns_before):
        move(store, loaded(store, address), b"0")
    talk = loaded(store, address)
    store.run_now(lambda tx: people.revoke(tx, officer, at=LATER))
    with pytest.raises(Stale):
        move(store, talk, b"1")
    assert store.run_now(lambda tx: tx.db.execute(select(rows)).all()) == []


# ---------------------------------------------------------------- who


def test_a_stranger_has_no_conversation(store: Store) -> None:
    assert store.run_now(lambda tx: conversations.load(tx, tx.keyring.address_ref("telegram", "1"))) is None


def test_the_revoked_have_no_conversation(store: Store, address: bytes, officer: bytes) -> None:
    move(store, loaded(store, address), b"{}")
    store.run_now(lambda tx: people.revoke(tx, officer, at=LATER))
    assert store.run_now(lambda tx: conversations.load(tx, address)) is None


def test_places_come_oldest_first(store: Store, address: bytes, officer: bytes, agency_ref: bytes) -> None:
    def join(tx: Transaction) -> bytes:
        other = add_agency(tx)
        people.join(tx, officer, other, "mentor", at=NOON + timedelta(days=1))
        return other

    other = store.run_now(join)
    assert [(ref, role) for ref, _, role in loaded(store, address).places] == [
        (agency_ref, "officer"),
        (other, "mentor"),
    ]
    assert loaded(store, address).version == 0


def test_a_state_moved_to_another_row_is_unreadable(store: Store, address: bytes, mentor: bytes) -> None:
    """Whoever can write to the database cannot hand one person's words to another."""
    other = store.run_now(lambda tx: people.contacts(tx, mentor))[0].address_ref
    move(store, loaded(store, address), b'{"mine":1}')
    move(store, loaded(store, other), b"{}")

    def swap(tx: Transaction) -> None:
        mine = tx.db.scalar(select(rows.c.sealed_state).where(rows.c.address_ref == address))
        tx.db.execute(rows.update().where(rows.c.address_ref == other).values(sealed_state=mine))

    store.run_now(swap)
    with pytest.raises(Unreadable):
        loaded(store, other)


# ---------------------------------------------------------------- the message with the buttons


def test_the_message_with_the_buttons_is_remembered(store: Store, address: bytes) -> None:
    move(store, loaded(store, address), b"{}")
    assert store.run_now(lambda tx: conversations.shown(tx, address)) is None
    for question, message in ((1, "55"), (2, "56")):
        store.run_now(lambda tx, q=question, m=message: conversations.show(tx, address, q, m))  # type: ignore[misc]  # mypy: lambda defaults
        assert store.run_now(lambda tx: conversations.shown(tx, address)) == (question, message)
    assert loaded(store, address).version == 1


def test_a_talk_shows_no_words() -> None:
    talk = Talk(b"a", b"p", "PO-17", "en", True, (), 1, 1, b'{"said":"secret"}', NOON)
    assert "secret" not in repr(talk)
    assert "PO-17" not in repr(talk)


def test_who_is_in_the_middle_of_something_has_a_deadline_again(store: Store, officer: bytes) -> None:
    def turn(tx: Transaction) -> list[bytes]:
        address = people.reach_at(tx, officer, "telegram", "4711")
        talk = conversations.load(tx, address)
        assert talk is not None
        conversations.move_on(tx, talk, state=b'["state"]', question=1, at=NOON)
        for _ in range(2):
            conversations.idle_by(tx, "idle", NOON)
        return [one.address_ref for one in timers.due(tx, NOON) if one.kind == "idle" and one.address_ref == address]

    assert len(store.run_now(turn)) == 1
