"""A wish to be told: once, in that chat, for a limited time, and gone with the chat or the access."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from storage_site import NOON, add_agency

from storage import awaited, moving, people
from storage.awaited import Wish
from storage.keyring import Keyring
from storage.schema import awaited as rows
from storage.store import Store

UNTIL = NOON + timedelta(days=90)
QUESTION = "who feeds the paper cranes"


@pytest.fixture
def here(keyring: Keyring) -> bytes:
    return keyring.address_ref("console", "officer")


def wish(store: Store, address: bytes, number: int = 1, question: str = QUESTION) -> str:
    ref = f"{number:032x}"
    until = UNTIL + timedelta(seconds=number)
    store.run_now(lambda tx: awaited.keep(tx, ref, address, language="en", question=question, known="", until=until))
    return ref


def of(store: Store, address: bytes) -> list[Wish]:
    return store.run_now(lambda tx: awaited.of_chat(tx, address))


def test_a_wish_is_of_its_chat_alone_and_asked_once(store: Store, here: bytes) -> None:
    wish(store, here, 1)
    wish(store, here, 2)
    wish(store, b"x" * 16, 3)
    assert [(one.ref.hex(), one.question) for one in of(store, here)] == [(f"{2:032x}", QUESTION)]
    assert len(of(store, b"x" * 16)) == 1


def test_a_chat_has_so_many_wishes_and_the_oldest_gives_way(store: Store, here: bytes) -> None:
    for number in range(awaited.MOST + 3):
        wish(store, here, number, f"question {number}")
    kept = {one.question for one in of(store, here)}
    assert kept == {f"question {number}" for number in range(3, awaited.MOST + 3)}


def test_whose_wish_it_is_lies_nowhere_in_clear(store: Store, here: bytes) -> None:
    wish(store, here)
    assert set(rows.c.keys()) == {"ref", "until", "sealed_wish"}
    (row,) = store.run_now(lambda tx: tx.db.execute(select(rows)).all())
    assert here not in (row.ref, row.sealed_wish)


def test_only_whose_it_is_takes_it_back_and_a_second_time_does_nothing(store: Store, here: bytes) -> None:
    ref = wish(store, here)
    store.run_now(lambda tx: awaited.drop(tx, ref, b"x" * 16))
    assert len(of(store, here)) == 1
    for _ in range(2):
        store.run_now(lambda tx: awaited.drop(tx, ref, here))
        assert of(store, here) == []


def test_it_is_taken_once(store: Store, here: bytes) -> None:
    wish(store, here)
    (one,) = of(store, here)
    assert [store.run_now(lambda tx: awaited.take(tx, one.ref)) for _ in range(2)] == [True, False]


def test_it_ends_when_access_ends(store: Store, here: bytes, officer: bytes) -> None:
    wish(store, here)
    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON))
    assert store.run_now(awaited.are_there) is False


def test_it_ends_when_a_role_ends(store: Store, here: bytes, officer: bytes, agency_ref: bytes) -> None:
    wish(store, here)

    def leaves() -> None:
        store.run_now(lambda tx: people.leave(tx, officer, agency_ref, at=NOON))

    leaves()
    assert store.run_now(awaited.are_there) is False


def test_another_persons_wish_stays(store: Store, here: bytes, mentor: bytes) -> None:
    wish(store, here)
    store.run_now(add_agency)
    store.run_now(lambda tx: people.revoke(tx, mentor, at=NOON))
    assert len(of(store, here)) == 1


def test_with_a_new_phone_it_is_gone_and_with_a_new_id_of_the_chat_it_goes_over(
    store: Store, here: bytes, officer: bytes, keyring: Keyring
) -> None:
    wish(store, here)
    new = keyring.address_ref("console", "-100777")
    assert store.run_now(lambda tx: moving.move(tx, here, "console", "-100777", at=NOON)) is not None
    assert of(store, here) == []
    assert [one.question for one in of(store, new)] == [QUESTION]
    store.run_now(lambda tx: people.replace_chat(tx, officer, "console", "other", at=NOON))
    assert store.run_now(awaited.are_there) is False


def test_it_goes_when_it_is_out_of_date_and_not_before(store: Store, here: bytes) -> None:
    wish(store, here, 0)
    assert store.run_now(lambda tx: awaited.sweep(tx, at=UNTIL - timedelta(seconds=1))) == 0
    assert store.run_now(lambda tx: awaited.after(tx, "", at=UNTIL))[0] == [], "not told any more"
    assert store.run_now(lambda tx: awaited.sweep(tx, at=UNTIL)) == 1


def test_all_are_come_by_some_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaited, "AT_ONCE", 2)
    for number in range(1, 6):
        wish(store, f"{number:016}".encode(), number)
    met, after = [], ""
    while True:
        some, after = store.run_now(lambda tx, after=after: awaited.after(tx, after, at=NOON))  # type: ignore[misc]  # mypy: lambda defaults
        met += [int(one.ref.hex(), 16) for one in some]
        if not after:
            break
    assert met == [1, 2, 3, 4, 5]


def test_one_that_does_not_open_holds_up_nobody(store: Store, here: bytes, officer: bytes) -> None:
    ref = wish(store, here, 1)
    store.run_now(lambda tx: tx.db.execute(update(rows).values(sealed_wish=b"\2\1 spoilt")))
    wish(store, here, 2)
    assert [one.ref.hex() for one in of(store, here)] == [f"{2:032x}"]
    assert len(store.run_now(lambda tx: awaited.after(tx, "", at=NOON))[0]) == 1
    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON))
    store.run_now(lambda tx: awaited.sweep(tx, at=UNTIL + timedelta(days=1)))
    assert store.run_now(awaited.are_there) is False
    assert ref
