"""What waits to be sent keeps its order and its words until it has arrived."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, select, update
from storage_site import NOON, keyset

from bot.installation import Installation
from dialogues.model import Choice, Document, Say
from guidance.handoff import Line, Sheet, SheetPart
from storage import database, dead_letters, outbox
from storage.keyring import Keyring
from storage.outbox import Outgoing, Priority
from storage.schema import metadata
from storage.schema import outbox as rows
from storage.sealing.signing import SigningKey
from storage.store import Store
from storage.transaction import Transaction

DRAFT = "ab" * 16
HALF_SECOND = timedelta(seconds=0.5)
RICH = Say(
    "Did it happen today?",
    "When",
    "Guide, step 2",
    ((Choice("yes", "Yes"), Choice("no", "No")), (Choice("menu", "Menu", True),)),
    True,
    DRAFT,
    True,
)


def put(store: Store, *texts: str, chat: str = "officer") -> list[Outgoing]:
    says = [Say(text) for text in texts]
    return store.run_now(lambda tx: outbox.put(tx, "console", chat, says, question=3, at=NOON))


def waiting(store: Store) -> list[str]:
    return [one.say.text if one.say else one.erase for one in store.run_now(outbox.waiting)]


def test_what_was_put_waits_as_it_was_said(store: Store) -> None:
    put_ = store.run_now(lambda tx: outbox.put(tx, "console", "officer", [RICH], question=3, erase=[DRAFT], at=NOON))
    assert store.run_now(outbox.waiting) == put_
    said, erased = put_
    assert (said.say, said.question, said.channel, said.chat, said.erase) == (RICH, 3, "console", "officer", "")
    assert (erased.say, erased.erase) == (None, DRAFT)


TEXT = st.text(max_size=40)
CHOICES = st.builds(Choice, TEXT, TEXT, st.booleans())
ROWS = st.lists(st.lists(CHOICES, max_size=3).map(tuple), max_size=3).map(tuple)
KINDS = st.sampled_from(["text", "blank", "options", "columns", "ticked", "open", "chosen"])
LINES = st.builds(Line, KINDS, TEXT, st.lists(TEXT, max_size=3).map(tuple), st.integers(0, 12))
PARTS = st.lists(st.builds(SheetPart, TEXT, st.lists(LINES, max_size=3).map(tuple)), max_size=2).map(tuple)
HEADS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
FEET = st.lists(TEXT, max_size=3).map(tuple)
SHEETS = st.builds(Sheet, TEXT, TEXT, TEXT, TEXT, TEXT, HEADS, PARTS, FEET, TEXT, TEXT, TEXT, st.booleans())
DOCUMENTS = st.none() | st.builds(Document, SHEETS, TEXT)
SAYS = st.builds(Say, TEXT, TEXT, TEXT, ROWS, st.booleans(), TEXT, st.booleans(), DOCUMENTS, st.booleans())


@given(st.lists(SAYS, max_size=3), st.integers(0, 9), TEXT)
def test_every_say_comes_back_whole(says: list[Say], question: int, chat: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        metadata.tables["outbox"].create(connection)
        tx = Transaction(connection, Keyring(keyset(), SigningKey(bytes(32))))
        queued = outbox.put(tx, "telegram", chat, says, question=question, at=NOON)
        assert outbox.waiting(tx) == queued
        assert [one.say for one in queued] == says


def test_order_is_kept_within_and_between_turns(store: Store) -> None:
    put(store, "one", "two")
    put(store, "for another", chat="mentor")
    put(store, "three")
    assert waiting(store) == ["one", "two", "for another", "three"]


def test_erasures_come_after_the_messages_of_their_turn(store: Store) -> None:
    store.run_now(lambda tx: outbox.put(tx, "console", "officer", [Say("Kept.")], erase=[DRAFT], at=NOON))
    assert waiting(store) == ["Kept.", DRAFT]


def test_what_waits_survives_a_restart_in_order(installation: Installation, store: Store) -> None:
    put(store, "one", "two", "three")
    store.close()
    again = installation.store()
    try:
        put(again, "four")
        assert waiting(again) == ["one", "two", "three", "four"]
    finally:
        again.close()


def test_a_number_is_never_given_twice(installation: Installation, store: Store) -> None:
    """Or a message sent anew could be taken for one that arrived, and be lost."""
    last = put(store, "one", "two")[-1].id
    store.run_now(lambda tx: outbox.done(tx, [last - 1, last]))
    store.close()
    again = installation.store()
    try:
        assert put(again, "three")[0].id > last
    finally:
        again.close()


def test_what_arrived_is_gone(store: Store) -> None:
    one, two, three = put(store, "one", "two", "three")
    store.run_now(lambda tx: outbox.done(tx, [one.id, three.id]))
    assert waiting(store) == ["two"]
    store.run_now(lambda tx: outbox.done(tx, [one.id, two.id]))
    store.run_now(lambda tx: outbox.done(tx, []))
    assert waiting(store) == []


def test_what_can_never_arrive_waits_no_more_and_is_counted(store: Store) -> None:
    one, _, _ = put(store, "one", "two", "three")
    store.run_now(lambda tx: outbox.bury(tx, one.id, "blocked"))
    assert waiting(store) == ["two", "three"]
    assert store.run_now(outbox.counts) == (2, 1)


def test_nothing_waits_at_first(store: Store) -> None:
    assert store.run_now(outbox.counts) == (0, 0)
    assert waiting(store) == []


def test_at_most_so_many_are_read_at_once_the_oldest_first(store: Store) -> None:
    put(store, *[str(number) for number in range(9)])
    first = store.run_now(lambda tx: outbox.waiting(tx, at_most=4))
    assert [one.say.text for one in first if one.say] == ["0", "1", "2", "3"]


def test_a_message_of_a_turn_that_failed_is_never_said(store: Store) -> None:
    def failing(tx: Transaction) -> None:
        outbox.put(tx, "console", "officer", [Say("one")], at=NOON)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.run_now(failing)
    assert waiting(store) == []


def test_a_message_moved_to_another_chat_is_never_said_and_holds_up_no_other(store: Store) -> None:
    put(store, "one")
    elsewhere = store.run_now(lambda tx: tx.keyring.address_ref("console", "mentor"))
    store.run_now(lambda tx: tx.db.execute(update(rows).values(address_ref=elsewhere)))
    put(store, "two")
    assert waiting(store) == ["two"]
    dead = store.run_now(lambda tx: list(tx.db.scalars(select(rows.c.dead).order_by(rows.c.id))))
    assert dead == ["unreadable", None]


def test_a_stranger_may_be_answered(store: Store) -> None:
    put(store, "You are not enrolled.", chat="nobody we know")
    assert [one.chat for one in store.run_now(outbox.waiting)] == ["nobody we know"]


def test_the_messages_of_a_turn_know_each_other_and_how_urgent_they_are(store: Store) -> None:
    def turn(tx: Transaction) -> list[Outgoing]:
        says = [Say("one"), Say("two")]
        urgent = outbox.put(tx, "console", "officer", says, erase=[DRAFT], at=NOON, priority=Priority.URGENT)
        return urgent + outbox.put(tx, "console", "officer", [Say("three")], at=NOON, expires_at=NOON + HALF_SECOND)

    one, two, erased, three = put_ = store.run_now(turn)
    assert store.run_now(outbox.waiting) == put_
    assert [message.turn for message in put_] == [one.id, one.id, one.id, three.id]
    assert {one.priority, two.priority, erased.priority} == {Priority.URGENT}
    assert (three.priority, three.expires_at) == (Priority.REPLY, NOON)
    assert three.is_over(NOON)
    assert not three.is_over(NOON - HALF_SECOND)
    assert not one.is_over(NOON + timedelta(days=1000))


def test_what_is_known_already_is_not_read_again(store: Store) -> None:
    one, two, three = put(store, "one", "two", "three")

    def texts(known: list[int], at_most: int = 10) -> list[int]:
        return [found.id for found in store.run_now(lambda tx: outbox.waiting(tx, known=known, at_most=at_most))]

    assert texts([]) == [one.id, two.id, three.id]
    assert texts([one.id, 999]) == [two.id, three.id]
    assert texts([one.id, two.id], at_most=1) == [three.id], "those that are known leave room for the others"
    assert texts([one.id], at_most=1) == [two.id]
    assert texts([one.id, two.id, three.id]) == []
    store.run_now(lambda tx: outbox.bury(tx, three.id, "bad"))
    assert texts([one.id, two.id]) == []
    store.run_now(lambda tx: dead_letters.retry(tx, [three.id]))
    assert texts([one.id, two.id]) == [three.id]


def test_what_was_given_up_does_not_wait_any_more(store: Store) -> None:
    one, two = put(store, "one", "two")
    other = put(store, "for another", chat="mentor")
    assert store.run_now(lambda tx: outbox.bury_all(tx, one.address_ref, "blocked")) == [one.id, two.id]
    assert [store.run_now(lambda tx, id=id: outbox.still_waits(tx, id)) for id in (one.id, two.id, 999)] == [False] * 3
    assert store.run_now(outbox.waiting) == other
    assert store.run_now(lambda tx: outbox.bury_all(tx, one.address_ref, "gone")) == []
    assert [letter.why for letter in store.run_now(dead_letters.listed)] == ["blocked"] * 2, "the first reason stays"


@pytest.mark.sqlite
def test_what_waits_in_a_database_of_before_counts_as_answers_and_lasts(
    installation: Installation, tmp_path: Path
) -> None:
    """Migration 0008, with a row of each kind that there was."""
    path = tmp_path / "before" / "integra.db"
    path.parent.mkdir()
    with create_engine(f"sqlite:///{path}").begin() as connection:
        database.run_migrations(connection, "0007")
        keyring, sealed = installation.keyring(), []
        for fields in (
            {"to": ["console", "officer"], "text": "one", "title": "", "small": "", "rows": [], "refresh": False,
             "private": "", "standing": False, "question": 1},
            {"to": ["console", "officer"], "erase": DRAFT},
        ):  # fmt: skip
            ref = keyring.address_ref("console", "officer")
            sealed.append(keyring.seal("outbox", ref, json.dumps(fields).encode()))
        for body, dead in zip(sealed, (None, "bad"), strict=True):
            row = "INSERT INTO outbox (address_ref, sealed_body, dead, created_at) VALUES (?, ?, ?, 1)"
            connection.exec_driver_sql(row, (ref, body, dead))
    database.migrate(path)
    before = Store(database.open_database(path), installation.keyring())
    try:
        (one,) = before.run_now(outbox.waiting)
        assert (one.say, one.turn, one.priority, one.expires_at) == (Say("one"), one.id, Priority.REPLY, None)
        assert before.run_now(lambda tx: dead_letters.retry(tx, None)) == 1
        _, two = before.run_now(outbox.waiting)
        assert (two.erase, two.turn, two.priority) == (DRAFT, two.id, Priority.REPLY)
    finally:
        before.close()


def test_a_message_shows_neither_words_nor_chat() -> None:
    shown = repr(Outgoing(1, b"a", "telegram", "4711", say=Say("secret")))
    assert "secret" not in shown
    assert "4711" not in shown
