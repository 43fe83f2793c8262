"""A chat with a new id: whatever was kept under the old one is there under the new one, opens there, and is whole."""

from typing import Any

import pytest
from sqlalchemy import select
from storage_site import NOON

from dialogues.model import Say
from storage import attachments, audit, conversations, moving, outbox, people, reach, residue, timers, traces
from storage.schema import metadata, redemptions
from storage.store import Store
from storage.transaction import Transaction

DRAFT = "ab" * 16
KEYED = [table for table in metadata.sorted_tables if "address_ref" in table.c]


def keyed(tx: Transaction, ref: bytes) -> dict[str, int]:
    """How many rows of each table belong to an address; those of addresses, and timers about one, among them."""
    found = {
        table.name: len(tx.db.execute(select(table.c.address_ref).where(table.c.address_ref == ref)).all())
        for table in KEYED
    }
    found["addresses"] = int(people.contact(tx, ref) is not None)
    found["about"] = sum(one.about == ref.hex() for one in timers.due(tx, NOON))
    return found


def lived_in(tx: Transaction) -> tuple[bytes, bytes]:
    """A chat with something in every table; old and new ref."""
    ref = tx.keyring.address_ref("console", "officer")
    talk = conversations.load(tx, ref)
    assert talk is not None
    conversations.move_on(tx, talk, state=b'["state"]', question=4, at=NOON)
    conversations.show(tx, ref, 4, "m-9")
    traces.leave(tx, ref, DRAFT, "m-7", at=NOON)
    outbox.put(tx, "console", "officer", [Say("one"), Say("two")], erase=[DRAFT], at=NOON)
    dead = outbox.put(tx, "console", "officer", [Say("dead")], at=NOON)
    outbox.bury(tx, dead[0].id, "bad")
    residue.add(tx, ref, 3, at=NOON)
    timers.arm(tx, "idle", "", NOON, address_ref=ref)
    timers.arm(tx, people.ERASE, ref.hex(), NOON)
    attachments.want(tx, ref, DRAFT, 1, agency="northbridge", media="photo", handle="file-1")
    tx.db.execute(redemptions.insert(), {"address_ref": ref, "token_hash": bytes(32), "at": 0})
    return ref, tx.keyring.address_ref("console", "-100777")


def test_everything_goes_over_and_nothing_is_left(store: Store, officer: bytes) -> None:
    old, new = store.run_now(lived_in)
    before = store.run_now(lambda tx: keyed(tx, old))
    assert set(before) == {table.name for table in KEYED} | {"addresses", "about"}
    assert 0 not in before.values(), "a table the move does not know of: fill it above"
    store.run_now(lambda tx: reach.mark(tx, old, "blocked", at=NOON))
    moved = store.run_now(lambda tx: moving.move(tx, old, "console", "-100777", at=NOON))
    assert moved is not None
    assert [one.say.text if one.say else one.erase for one in moved] == ["one", "two", DRAFT]
    assert {(one.address_ref, one.chat) for one in moved} == {(new, "-100777")}
    assert len({one.turn for one in moved}) == 1
    assert store.run_now(lambda tx: keyed(tx, new)) == before
    assert set(store.run_now(lambda tx: keyed(tx, old)).values()) == {0}

    def opened(tx: Transaction) -> list[Any]:
        talk = conversations.load(tx, new)
        assert talk is not None
        (contact,) = people.contacts(tx, officer)
        return [
            (talk.state or b"").rstrip(),
            conversations.shown(tx, new),
            [one.message for one in traces.of(tx, new, DRAFT)],
            (contact.chat, contact.reached),
            [one.handle for one in attachments.wanted(tx)],
        ]

    assert store.run_now(opened) == [b'["state"]', (4, "m-9"), ["m-7"], ("-100777", False), ["file-1"]]
    assert store.run_now(outbox.counts) == (3, 1)


def test_moving_is_an_entry_without_the_chat(store: Store, officer: bytes) -> None:
    old, _ = store.run_now(lived_in)
    store.run_now(lambda tx: moving.move(tx, old, "console", "-100777", at=NOON))
    rows = store.run_now(lambda tx: tx.db.exec_driver_sql("SELECT action, actor_kind, about FROM audit").all())
    assert tuple(rows[-1]) == ("person.moved", "assistant", officer)


def test_a_strangers_messages_go_over_and_there_is_no_entry(store: Store) -> None:
    put = store.run_now(lambda tx: outbox.put(tx, "console", "nobody", [Say("hello")], at=NOON))
    before = store.run_now(audit.head)
    moved = store.run_now(lambda tx: moving.move(tx, put[0].address_ref, "console", "new", at=NOON))
    assert moved is not None
    assert [one.chat for one in moved] == ["new"]
    assert store.run_now(audit.head) == before


@pytest.mark.parametrize("chat", ["mentor", "officer"])
def test_a_chat_of_somebody_else_is_not_taken_over(store: Store, officer: bytes, mentor: bytes, chat: str) -> None:
    old, _ = store.run_now(lived_in)
    moved = store.run_now(lambda tx: moving.move(tx, old, "console", chat, at=NOON))
    if chat == "officer":
        assert moved is not None, "the same again is harmless"
        assert len(moved) == 3
    else:
        assert moved is None
    assert store.run_now(lambda tx: people.at_address(tx, "console", "officer")) == officer
    assert store.run_now(lambda tx: people.at_address(tx, "console", "mentor")) == mentor


def test_a_code_waited_for_in_the_new_chat_gives_way(store: Store) -> None:
    old, new = store.run_now(lived_in)
    other = {"address_ref": new, "token_hash": bytes(32), "at": 1}
    store.run_now(lambda tx: tx.db.execute(redemptions.insert(), other))
    assert store.run_now(lambda tx: moving.move(tx, old, "console", "-100777", at=NOON)) is not None
    assert store.run_now(lambda tx: keyed(tx, new))["redemptions"] == 1
