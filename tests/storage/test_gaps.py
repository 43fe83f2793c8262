"""Questions without an answer: by theme, without who asked, for a limited time."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from storage_site import NOON, add_agency

from guidance.themes import EVEN
from storage import gaps
from storage.gaps import Theme
from storage.keyring import Keyring
from storage.schema import gaps as rows
from storage.store import Store
from storage.transaction import Transaction, moment

DOG = "can he keep a dog"
DOG_TOO = "may he keep a big dog"
CRANES = "who folds paper cranes"
DAYS = 90


def ask(
    store: Store, agency_ref: bytes, person: bytes, question: str = DOG, *, at: datetime = NOON, people: int = 3,
    why: Any = "refused", language: str = "en",
) -> None:  # fmt: skip
    store.run_now(
        lambda tx: gaps.keep(
            tx, agency_ref, person, language=language, question=question, why=why, rarity=EVEN, people=people, at=at
        )
    )


def themes(store: Store, agency_ref: bytes) -> list[Theme]:
    return store.run_now(lambda tx: gaps.of_agency(tx, agency_ref))


def crowd(number: int) -> list[bytes]:
    """So many people; a few more than that are sure to be told apart by one byte, see the module."""
    return [secrets.token_bytes(16) for _ in range(number)]


def test_what_asks_the_same_is_one_theme_and_what_does_not_another(store: Store, agency_ref: bytes) -> None:
    for question in (DOG, CRANES, DOG_TOO, DOG):
        ask(store, agency_ref, crowd(1)[0], question)
    found = sorted(themes(store, agency_ref), key=lambda one: len(one.asked))
    assert [one.texts for one in found] == [(CRANES,), (DOG, DOG_TOO)]
    assert [len(one.asked) for one in found] == [1, 3]
    assert found[1].why == {"refused": 3}
    assert found[1].last == NOON.replace(hour=0)


def test_questions_of_another_language_are_another_theme(store: Store, agency_ref: bytes) -> None:
    ask(store, agency_ref, crowd(1)[0])
    ask(store, agency_ref, crowd(1)[0], language="fr")
    assert sorted(one.language for one in themes(store, agency_ref)) == ["en", "fr"]


def test_one_person_who_asks_again_and_again_is_one(store: Store, agency_ref: bytes, officer: bytes) -> None:
    for number in range(20):
        ask(store, agency_ref, officer, (DOG, DOG_TOO)[number % 2], at=NOON + timedelta(days=number))
    (theme,) = themes(store, agency_ref)
    assert len(theme.asked) == 20
    assert len(theme.marks) == 1
    assert not theme.asked_by(2)


def test_several_people_are_told_apart_and_then_forgotten(store: Store, agency_ref: bytes) -> None:
    for person in crowd(2):
        ask(store, agency_ref, person)
    (theme,) = themes(store, agency_ref)
    assert not theme.asked_by(3)
    for person in crowd(8):
        ask(store, agency_ref, person)
    (theme,) = themes(store, agency_ref)
    assert theme.asked_by(3)
    assert theme.marks == {}, "whoever asked is not needed any more"
    assert len(theme.asked) == 10


def test_people_of_another_agency_do_not_count(store: Store, agency_ref: bytes) -> None:
    other = store.run_now(add_agency)
    for person in crowd(2):
        ask(store, agency_ref, person)
        ask(store, other, person)
    for ref in (agency_ref, other):
        (theme,) = themes(store, ref)
        assert theme.agency_ref == ref
        assert not theme.asked_by(3)


def test_marks_of_two_themes_have_nothing_in_common(keyring: Keyring) -> None:
    """As often equal as chance would have it: 4,000 pairs of a person's marks, of which 1 in 256 is equal."""
    person = secrets.token_bytes(16)
    pairs = [[keyring.asker(ref, person) for ref in crowd(2)] for _ in range(4_000)]
    assert sum(one == two for one, two in pairs) < 50
    ref = secrets.token_bytes(16)
    assert keyring.asker(ref, person) == keyring.asker(ref, person)
    assert len({keyring.asker(ref, one) for one in crowd(4_000)}) == 256, "a mark stands for many people"


def test_nothing_of_who_asked_is_in_a_row_when_it_is_opened(
    store: Store, agency_ref: bytes, officer: bytes, keyring: Keyring
) -> None:
    """Neither the person, nor the chat, nor a time: the day alone."""
    ask(store, agency_ref, officer, at=NOON + timedelta(hours=3, seconds=17))

    def read(tx: Transaction) -> tuple[Any, str]:
        row = tx.db.execute(select(rows)).one()
        return row, keyring.open("question", row.ref, row.sealed_theme).decode()

    row, opened = store.run_now(read)
    refs = [officer, keyring.address_ref("console", "officer")]
    for ref in refs:
        assert ref not in (row.ref, row.agency_ref, row.sealed_theme)
        assert ref.hex() not in opened
    midnight = int(NOON.replace(hour=0).timestamp())
    assert row.day == midnight
    assert str(midnight) in opened
    assert str(int((NOON + timedelta(hours=3, seconds=17)).timestamp())) not in opened


def test_what_was_asked_goes_when_its_days_are_over_and_not_before(store: Store, agency_ref: bytes) -> None:
    ask(store, agency_ref, crowd(1)[0], DOG)
    ask(store, agency_ref, crowd(1)[0], DOG_TOO, at=NOON + timedelta(days=10))
    ask(store, agency_ref, crowd(1)[0], CRANES, at=NOON + timedelta(days=10))

    def purged(after: timedelta, days: int = DAYS) -> int:
        at = NOON.replace(hour=0) + after
        counted = store.run_now(lambda tx: gaps.count(tx, days=days, at=at))
        gone = store.run_now(lambda tx: gaps.purge(tx, days=days, at=at))
        assert counted == gone
        return gone

    assert purged(timedelta(days=DAYS) - timedelta(seconds=1)) == 0
    assert purged(timedelta(days=DAYS)) == 1
    assert {one.texts for one in themes(store, agency_ref)} == {(DOG_TOO,), (CRANES,)}
    assert purged(timedelta(days=DAYS)) == 0
    assert purged(timedelta(days=DAYS + 10)) == 2
    assert themes(store, agency_ref) == []


def test_with_no_days_everything_goes(store: Store, agency_ref: bytes) -> None:
    ask(store, agency_ref, crowd(1)[0])
    assert store.run_now(lambda tx: gaps.purge(tx, days=0, at=NOON)) == 1


def test_that_enough_people_asked_is_forgotten_with_their_questions(store: Store, agency_ref: bytes) -> None:
    for person in crowd(8):
        ask(store, agency_ref, person)
    later = NOON + timedelta(days=DAYS - 1)
    ask(store, agency_ref, crowd(1)[0], DOG_TOO, at=later)
    store.run_now(lambda tx: gaps.purge(tx, days=DAYS, at=later + timedelta(days=2)))
    (theme,) = themes(store, agency_ref)
    assert theme.texts == (DOG_TOO,)
    assert not theme.asked_by(2), "one person's question is not shown because others asked once"


def test_there_is_a_limit_to_wordings_themes_and_counts(
    store: Store, agency_ref: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "MOST_THEMES", 3)
    monkeypatch.setattr(gaps, "MOST_TEXTS", 2)
    monkeypatch.setattr(gaps, "MOST_ASKED", 5)
    for number in range(8):
        ask(store, agency_ref, crowd(1)[0], f"can he keep a dog {'very ' * number}")
    (theme,) = themes(store, agency_ref)
    assert len(theme.texts) == 2
    assert len(theme.asked) == 5
    for number, word in enumerate(("apples", "bridges", "cellars", "dragons")):
        ask(store, agency_ref, crowd(1)[0], f"{word} {word}{number}", at=NOON + timedelta(days=number + 1))
    texts = [text for one in themes(store, agency_ref) for text in one.texts]
    assert sorted(texts) == ["bridges bridges1", "cellars cellars2", "dragons dragons3"]


def test_a_theme_that_does_not_open_holds_up_nobody_and_goes_in_time(store: Store, agency_ref: bytes) -> None:
    ask(store, agency_ref, crowd(1)[0])
    store.run_now(lambda tx: tx.db.execute(update(rows).values(sealed_theme=b"\2\1 spoilt")))
    ask(store, agency_ref, crowd(1)[0])
    (theme,) = themes(store, agency_ref)
    assert theme.texts == (DOG,)
    store.run_now(lambda tx: gaps.purge(tx, days=DAYS, at=NOON + timedelta(days=DAYS)))
    assert store.run_now(lambda tx: tx.db.execute(select(rows)).all()) == []


def test_a_wish_lasts_as_long_as_a_question() -> None:
    assert gaps.until(NOON, DAYS) == NOON.replace(hour=0) + timedelta(days=DAYS)
    assert moment(0).tzinfo is not None


def test_a_row_says_no_more_than_agency_and_day() -> None:
    assert set(rows.c.keys()) == {"ref", "agency_ref", "day", "sealed_theme"}


@pytest.mark.sqlite
def test_the_file_does_not_tell_in_which_order_themes_came(store: Store) -> None:
    made = store.run_now(
        lambda tx: tx.db.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name IN ('gaps', 'awaited')").all()
    )
    assert len(made) == 2
    assert all("WITHOUT ROWID" in sql for (sql,) in made)


@pytest.mark.postgres
def test_a_turn_sees_the_themes_of_its_own_agency_alone(store: Store, agency_ref: bytes) -> None:
    other = store.run_now(add_agency)
    for ref in (agency_ref, other):
        ask(store, ref, crowd(1)[0])

    def walled(tx: Transaction) -> list[bytes]:
        tx.wall([agency_ref])
        return list(tx.db.scalars(select(rows.c.agency_ref)))

    assert store.run_now(walled) == [agency_ref]
