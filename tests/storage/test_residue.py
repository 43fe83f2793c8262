"""What stays in a chat is counted, asked for once, and forgotten when it is cleared."""

from datetime import timedelta

from storage_site import NOON

from storage import people, residue, timers
from storage.store import Store

LATER = NOON + timedelta(hours=1)


def test_it_adds_up_and_is_asked_for(store: Store, officer: bytes) -> None:
    address = store.run_now(lambda tx: people.reach_at(tx, officer, "telegram", "1"))
    assert store.run_now(lambda tx: residue.of(tx, address)) == 0
    for count in (2, 3):
        store.run_now(lambda tx, count=count: residue.add(tx, address, count, at=LATER))
    assert store.run_now(lambda tx: residue.of(tx, address)) == 5
    assert store.run_now(residue.total) == (5, 1)
    due = store.run_now(lambda tx: timers.due(tx, LATER))
    assert [one.address_ref for one in due if one.kind == residue.ASK] == [address]
    store.run_now(lambda tx: residue.cleared(tx, address))
    assert store.run_now(residue.total) == (0, 0)


def test_it_goes_with_the_address(store: Store, officer: bytes) -> None:
    address = store.run_now(lambda tx: people.reach_at(tx, officer, "telegram", "1"))
    store.run_now(lambda tx: residue.add(tx, address, 1, at=NOON))
    store.run_now(lambda tx: people.revoke(tx, officer, at=LATER))
    assert store.run_now(residue.total) == (0, 0)
