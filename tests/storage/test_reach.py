"""Chats that nothing arrives at: marked once, told once a day, and forgotten when somebody is heard there."""

from datetime import timedelta

from storage_site import NOON, add_agency

from dialogues.model import Say
from storage import conversations, outbox, people, reach, residue, timers
from storage.store import Store
from storage.transaction import Transaction

DRAFT = "ab" * 16
DAY = timedelta(days=1)


def address(store: Store) -> bytes:
    return store.run_now(lambda tx: tx.keyring.address_ref("console", "officer"))


def marked(store: Store, why: str = "blocked", at: timedelta = timedelta()) -> None:
    ref = address(store)
    store.run_now(lambda tx: reach.mark(tx, ref, why, at=NOON + at))


def told(store: Store, agency_ref: bytes) -> list[tuple[object, list[str]]]:
    """Every telling there is in the next week: when, and who."""
    found: list[tuple[object, list[str]]] = []

    def take(tx: Transaction) -> bool:
        due = [one for one in timers.due(tx, NOON + timedelta(days=7)) if one.kind == reach.TELL]
        for one in due:
            assert one.about == agency_ref.hex()
            timers.take(tx, one)
            handles = reach.take_news(tx, agency_ref, due_at=one.due_at, at=one.due_at)
            found.extend([(one.due_at - NOON, handles)] if handles else [])
        return bool(due)

    while store.run_now(take):
        pass
    return found


def test_a_marked_chat_is_known_to_whoever_asks(store: Store, officer: bytes) -> None:
    ref = address(store)
    marked(store)
    marked(store, "gone", DAY)
    assert store.run_now(reach.marked) == {ref}
    assert store.run_now(reach.since) == {officer: NOON}, "the first time stays"
    assert [one.reached for one in store.run_now(lambda tx: people.contacts(tx, officer))] == [False]
    contact = store.run_now(lambda tx: people.contact(tx, ref))
    talk = store.run_now(lambda tx: conversations.load(tx, ref))
    assert contact is not None
    assert talk is not None
    assert (contact.reached, talk.reached) == (False, False)
    store.run_now(lambda tx: reach.unmark(tx, ref, at=NOON))
    assert store.run_now(reach.since) == {}
    talk = store.run_now(lambda tx: conversations.load(tx, ref))
    assert talk is not None
    assert talk.reached


def test_a_stranger_is_not_marked(store: Store) -> None:
    store.run_now(lambda tx: reach.mark(tx, b"x" * 16, "blocked", at=NOON))
    assert store.run_now(reach.marked) == frozenset()
    assert store.run_now(lambda tx: timers.due(tx, NOON + DAY)) == []
    assert store.run_now(lambda tx: reach.unmark(tx, b"x" * 16, at=NOON)) == []


def test_the_coordinators_of_every_agency_are_told_after_a_minute_and_once(
    store: Store, officer: bytes, agency_ref: bytes
) -> None:
    other = store.run_now(add_agency)
    store.run_now(lambda tx: people.join(tx, officer, other, "mentor", at=NOON))
    marked(store)
    due = store.run_now(lambda tx: timers.due(tx, NOON + DAY))
    assert {(one.kind, one.about) for one in due} == {(reach.TELL, ref.hex()) for ref in (agency_ref, other)}
    for ref in (other, agency_ref):
        news = store.run_now(lambda tx, ref=ref: reach.take_news(tx, ref, due_at=NOON + reach.GATHER, at=NOON + DAY))
        assert news == ["PO-17"]


def test_who_comes_and_goes_is_told_at_most_once_a_day(store: Store, agency_ref: bytes) -> None:
    ref = address(store)
    marked(store)
    assert told(store, agency_ref) == [(reach.GATHER, ["PO-17"])]
    for minutes in range(10, 70, 10):
        store.run_now(lambda tx: reach.unmark(tx, ref, at=NOON))
        marked(store, at=timedelta(days=8, minutes=minutes))
    found = store.run_now(lambda tx: timers.due(tx, NOON + timedelta(days=9)))
    assert [one.due_at - NOON for one in found if one.kind == reach.TELL] == [timedelta(days=8, minutes=11)]


def test_who_is_lost_within_the_day_is_told_at_its_end_and_nobody_is_told_twice(
    store: Store, mentor: bytes, agency_ref: bytes
) -> None:
    marked(store)
    (first,) = [one for one in store.run_now(lambda tx: timers.due(tx, NOON + DAY)) if one.kind == reach.TELL]
    store.run_now(lambda tx: timers.take(tx, first))
    store.run_now(lambda tx: reach.take_news(tx, agency_ref, due_at=first.due_at, at=first.due_at))
    other = store.run_now(lambda tx: tx.keyring.address_ref("console", "mentor"))
    store.run_now(lambda tx: reach.mark(tx, other, "gone", at=NOON + timedelta(hours=3)))
    handle = store.run_now(lambda tx: people.profile(tx, mentor))["handle"]
    assert told(store, agency_ref) == [(DAY + reach.GATHER, [handle])]


def test_who_takes_it_back_within_the_minute_is_not_told_of(store: Store, agency_ref: bytes) -> None:
    ref = address(store)
    marked(store)
    store.run_now(lambda tx: reach.unmark(tx, ref, at=NOON))
    assert told(store, agency_ref) == []


def test_when_somebody_is_heard_again_deletions_wait_again_and_residue_is_asked_about(store: Store) -> None:
    ref = address(store)
    store.run_now(lambda tx: outbox.put(tx, "console", "officer", [Say("old")], erase=[DRAFT], at=NOON))
    store.run_now(lambda tx: outbox.bury_all(tx, ref, "blocked"))
    marked(store)
    store.run_now(lambda tx: residue.add(tx, ref, 2, at=NOON))
    store.run_now(lambda tx: timers.disarm(tx, residue.ASK, "", address_ref=ref))
    (again,) = store.run_now(lambda tx: reach.unmark(tx, ref, at=NOON + DAY))
    assert again.erase == DRAFT
    assert [one.erase for one in store.run_now(outbox.waiting)] == [DRAFT]
    due = store.run_now(lambda tx: timers.due(tx, NOON + DAY))
    assert residue.ASK in {one.kind for one in due if one.address_ref == ref}
