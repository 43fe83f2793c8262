"""Dead letters are listed without what they say, wait again, or are dropped with an entry."""

import pytest
from sqlalchemy import update
from storage_site import NOON

from dialogues.model import Say
from storage import audit, dead_letters, outbox, people, residue, traces
from storage.errors import Unknown
from storage.outbox import Outgoing, Priority
from storage.schema import outbox as outbox_rows
from storage.store import Store
from storage.transaction import Transaction

DRAFT = "ab" * 16


def buried(store: Store, *texts: str, why: str = "blocked", priority: Priority = Priority.REPLY) -> list[Outgoing]:
    def turn(tx: Transaction) -> list[Outgoing]:
        put = outbox.put(tx, "console", "officer", [Say(text) for text in texts], at=NOON, priority=priority)
        for one in put:
            outbox.bury(tx, one.id, why)
        return put

    return store.run_now(turn)


def erasure(store: Store) -> Outgoing:
    """A buried one, of a draft with two messages."""

    def turn(tx: Transaction) -> Outgoing:
        ref = tx.keyring.address_ref("console", "officer")
        for message in ("m-1", "m-2"):
            traces.leave(tx, ref, DRAFT, message, at=NOON)
        (put,) = outbox.put(tx, "console", "officer", erase=[DRAFT], at=NOON)
        outbox.bury(tx, put.id, "blocked")
        return put

    return store.run_now(turn)


def test_they_are_listed_oldest_first_without_a_word_or_a_chat(store: Store) -> None:
    (one,) = buried(store, "canary", priority=Priority.URGENT)
    two = erasure(store)
    store.run_now(lambda tx: outbox.put(tx, "console", "officer", [Say("waits")], at=NOON))
    listed = store.run_now(dead_letters.listed)
    assert [(one.id, one.why, one.channel, one.what, one.priority, one.at) for one in listed] == [
        (one.id, "blocked", "console", "message", Priority.URGENT, NOON),
        (two.id, "blocked", "console", "erasure", Priority.REPLY, NOON),
    ]
    assert "canary" not in repr(listed)
    assert "officer" not in repr(listed)


def test_one_that_does_not_open_is_listed_and_dropped_all_the_same(store: Store) -> None:
    (one,) = buried(store, "canary")
    store.run_now(lambda tx: tx.db.execute(update(outbox_rows).values(sealed_body=b"\x02\x01")))
    (listed,) = store.run_now(dead_letters.listed)
    assert (listed.id, listed.channel) == (one.id, "?")
    assert store.run_now(lambda tx: dead_letters.drop(tx, [one.id], reason="broken", at=NOON)) == 1
    assert store.run_now(outbox.counts) == (0, 0)


def test_what_is_tried_again_waits_as_it_was(store: Store) -> None:
    one, two = buried(store, "one", "two")
    assert store.run_now(lambda tx: dead_letters.retry(tx, [two.id])) == 1
    assert store.run_now(outbox.waiting) == [two]
    assert store.run_now(lambda tx: dead_letters.retry(tx, None)) == 1
    assert store.run_now(outbox.waiting) == [one, two]
    assert store.run_now(lambda tx: dead_letters.retry(tx, None)) == 0


def test_what_is_no_dead_letter_is_refused_and_nothing_is_changed(store: Store) -> None:
    (one,) = buried(store, "one")
    (waits,) = store.run_now(lambda tx: outbox.put(tx, "console", "officer", [Say("waits")], at=NOON))
    for wrong in (waits.id, 999):
        with pytest.raises(Unknown, match=f"{wrong}; see: integra outbox list"):
            store.run_now(lambda tx, wrong=wrong: dead_letters.retry(tx, [one.id, wrong]))
        with pytest.raises(Unknown, match=str(wrong)):
            store.run_now(lambda tx, wrong=wrong: dead_letters.drop(tx, [one.id, wrong], reason="x", at=NOON))
    assert store.run_now(outbox.counts) == (1, 1)


def test_dropping_is_one_entry_with_the_reason_sealed(store: Store) -> None:
    buried(store, "one", "two")
    assert store.run_now(lambda tx: dead_letters.drop(tx, None, reason="left the agency", at=NOON)) == 2
    (entry,) = [one for one in store.run_now(audit.listed) if one.entry.action == "messages.dropped"]
    assert (entry.reason, entry.words, entry.entry.about) == ("operation", "left the agency", b"")
    assert store.run_now(lambda tx: dead_letters.drop(tx, None, reason="nothing", at=NOON)) == 0
    assert len([one for one in store.run_now(audit.listed) if one.entry.action == "messages.dropped"]) == 1


def test_words_that_were_to_be_deleted_count_as_left_in_the_chat(store: Store) -> None:
    one = erasure(store)
    store.run_now(lambda tx: dead_letters.drop(tx, [one.id], reason="gave up", at=NOON))
    assert store.run_now(residue.total) == (2, 1)
    assert store.run_now(lambda tx: traces.of(tx, one.address_ref, DRAFT)) == []


def test_nobody_is_asked_to_clear_a_chat_that_is_nobodys(store: Store, officer: bytes) -> None:
    one = erasure(store)
    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON, force=True))
    store.run_now(lambda tx: outbox.put(tx, "console", "officer", erase=[DRAFT], at=NOON))
    store.run_now(lambda tx: outbox.bury_all(tx, one.address_ref, "blocked"))
    store.run_now(lambda tx: dead_letters.drop(tx, None, reason="gave up", at=NOON))
    assert store.run_now(residue.total) == (0, 0)
