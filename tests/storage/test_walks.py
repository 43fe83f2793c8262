"""A walk is resumed by the person who walks it, and by nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from storage_site import CASE, NOON

from bot.trial import AGENCY
from storage import walks
from storage.store import Store

WALK = "cd" * 16


def keep(store: Store, person: bytes, agency_ref: bytes, progress: str, *, walk: str = WALK, minutes: int = 0) -> None:
    store.run_now(
        lambda tx: walks.keep(
            tx,
            walk_id=walk,
            person_ref=person,
            agency_ref=agency_ref,
            guide_version=3,
            progress=progress,
            case_code=CASE,
            at=NOON + timedelta(minutes=minutes),
        )
    )


def test_a_walk_comes_back_as_far_as_it_went(store: Store, officer: bytes, agency_ref: bytes) -> None:
    for progress in ('{"step":1}', '{"step":"é"}'):
        keep(store, officer, agency_ref, progress)
        (view,) = store.run_now(lambda tx: walks.of_person(tx, officer))
        assert (view.walk_id, view.agency, view.guide_version) == (WALK, AGENCY, 3)
        assert view.progress.rstrip(" ") == progress


def test_walks_come_newest_first(store: Store, officer: bytes, agency_ref: bytes) -> None:
    for number in range(33):
        keep(store, officer, agency_ref, "{}", walk=f"{number:032x}", minutes=number)
    found = store.run_now(lambda tx: walks.of_person(tx, officer))
    assert [int(view.walk_id, 16) for view in found] == list(range(32, 2, -1))


def test_nobody_else_sees_moves_or_drops_a_walk(store: Store, officer: bytes, mentor: bytes, agency_ref: bytes) -> None:
    keep(store, officer, agency_ref, '{"step":1}')
    assert store.run_now(lambda tx: walks.of_person(tx, mentor)) == []
    with pytest.raises(IntegrityError):
        keep(store, mentor, agency_ref, '{"step":2}')
    store.run_now(lambda tx: walks.drop(tx, WALK, mentor))
    (view,) = store.run_now(lambda tx: walks.of_person(tx, officer))
    assert view.progress.rstrip(" ") == '{"step":1}'


def test_a_dropped_walk_is_gone(store: Store, officer: bytes, agency_ref: bytes) -> None:
    keep(store, officer, agency_ref, "{}")
    store.run_now(lambda tx: walks.drop(tx, WALK, officer))
    assert store.run_now(lambda tx: walks.of_person(tx, officer)) == []
