"""Members of a case share its ticks; nobody else sees them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from storage_site import CASE, NOON, add_agency

from storage import cases, people, timers, walks
from storage.cases import NEW_MEMBER
from storage.errors import Unknown
from storage.schema import case_members
from storage.schema import walks as walk_rows
from storage.store import Store
from storage.transaction import Transaction

LATER = NOON + timedelta(days=1)


@pytest.fixture
def team(store: Store, agency_ref: bytes, officer: bytes, mentor: bytes) -> None:
    """Officer and mentor work on the case; the coordinator does not."""

    def turn(tx: Transaction) -> None:
        assert cases.assign(tx, agency_ref, CASE, officer, at=NOON)
        assert cases.assign(tx, agency_ref, CASE, mentor, at=LATER)

    store.run_now(turn)


@pytest.mark.usefixtures("team")
def test_members_see_each_others_ticks_and_nobody_else_does(
    store: Store, agency_ref: bytes, officer: bytes, mentor: bytes, coordinator: bytes
) -> None:
    store.run_now(lambda tx: cases.tick(tx, agency_ref, CASE, "S01-C03", officer, done=True, at=LATER))
    for who in (officer, mentor):
        view = store.run_now(lambda tx, who=who: cases.view(tx, agency_ref, CASE, who))
        assert view is not None
        assert view.mine
        assert [(one.check, one.handle, one.at) for one in view.ticks] == [("S01-C03", "PO-17", LATER)]
        assert [one.handle for one in view.members] == ["PO-17", "Mentor-4"]
    seen = store.run_now(lambda tx: cases.view(tx, agency_ref, CASE, coordinator))
    assert seen is not None
    assert (seen.mine, seen.ticks, len(seen.members)) == (False, (), 2)


@pytest.mark.usefixtures("team")
def test_a_tick_keeps_who_was_first_and_anybody_may_take_it_back(
    store: Store, agency_ref: bytes, officer: bytes, mentor: bytes
) -> None:
    def tick(who: bytes, done: bool) -> None:
        store.run_now(lambda tx: cases.tick(tx, agency_ref, CASE, "S01-C01", who, done=done, at=NOON))

    tick(officer, True)
    tick(mentor, True)
    view = store.run_now(lambda tx: cases.view(tx, agency_ref, CASE, mentor))
    assert view is not None
    assert [one.handle for one in view.ticks] == ["PO-17"]
    tick(mentor, False)
    tick(mentor, False)
    view = store.run_now(lambda tx: cases.view(tx, agency_ref, CASE, officer))
    assert view is not None
    assert view.ticks == ()


@pytest.mark.usefixtures("team")
def test_who_is_no_member_cannot_tick(store: Store, agency_ref: bytes, coordinator: bytes) -> None:
    with pytest.raises(Unknown):
        store.run_now(lambda tx: cases.tick(tx, agency_ref, CASE, "S01-C01", coordinator, done=True, at=NOON))


def test_only_people_of_the_agency_become_members(store: Store, agency_ref: bytes, officer: bytes) -> None:
    other = store.run_now(add_agency)
    with pytest.raises(Unknown):
        store.run_now(lambda tx: cases.assign(tx, other, CASE, officer, at=NOON))
    with pytest.raises(Unknown):
        store.run_now(lambda tx: cases.assign(tx, agency_ref, " ", officer, at=NOON))


def test_the_same_code_at_two_agencies_is_two_cases(store: Store, agency_ref: bytes, officer: bytes) -> None:
    def turn(tx: Transaction) -> tuple[object, object]:
        other = add_agency(tx)
        people.join(tx, officer, other, "mentor", at=NOON)
        cases.assign(tx, agency_ref, CASE, officer, at=NOON)
        cases.assign(tx, other, CASE, officer, at=NOON)
        cases.tick(tx, agency_ref, CASE, "S01-C01", officer, done=True, at=NOON)
        return cases.view(tx, agency_ref, CASE, officer), cases.view(tx, other, CASE, officer)

    here, there = store.run_now(turn)
    assert (len(here.ticks), len(there.ticks)) == (1, 0)  # type: ignore[attr-defined]
    assert len(store.run_now(lambda tx: cases.of_person(tx, officer))) == 2


@pytest.mark.usefixtures("team")
def test_a_new_member_is_told_once_and_twice_is_not_twice(store: Store, agency_ref: bytes, officer: bytes) -> None:
    assert not store.run_now(lambda tx: cases.assign(tx, agency_ref, CASE, officer, at=LATER))
    due = store.run_now(lambda tx: timers.due(tx, LATER))
    assert [one.about for one in due if one.kind == NEW_MEMBER].count(officer.hex()) == 1


@pytest.mark.usefixtures("team")
def test_who_is_removed_loses_walks_of_the_case_and_keeps_others(
    store: Store, agency_ref: bytes, officer: bytes, mentor: bytes
) -> None:
    def walk(tx: Transaction, number: int, who: bytes, code: str) -> None:
        walks.keep(
            tx,
            walk_id=f"{number:032x}",
            person_ref=who,
            agency_ref=agency_ref,
            guide_version=1,
            progress="{}",
            case_code=code,
            at=NOON,
        )

    def turn(tx: Transaction) -> bool:
        walk(tx, 1, officer, CASE)
        walk(tx, 2, officer, "BB-9999-c")
        walk(tx, 3, officer, "")
        walk(tx, 4, mentor, CASE)
        return cases.remove(tx, agency_ref, CASE, officer)

    assert store.run_now(turn)
    left = store.run_now(lambda tx: tx.db.scalars(select(walk_rows.c.id)).all())
    assert sorted(int.from_bytes(one, "big") for one in left) == [2, 3, 4]
    assert not store.run_now(lambda tx: cases.remove(tx, agency_ref, CASE, officer))
    assert [one.handle for one in store.run_now(lambda tx: cases.members(tx, agency_ref, CASE))] == ["Mentor-4"]


@pytest.mark.usefixtures("team")
def test_a_closed_case_leaves_nothing(store: Store, agency_ref: bytes, officer: bytes) -> None:
    assert store.run_now(lambda tx: cases.close(tx, agency_ref, CASE))
    assert store.run_now(lambda tx: cases.view(tx, agency_ref, CASE, officer)) is None
    assert store.run_now(lambda tx: tx.db.scalar(select(func.count()).select_from(case_members))) == 0
    assert not store.run_now(lambda tx: cases.close(tx, agency_ref, CASE))


@pytest.mark.usefixtures("team")
def test_whoever_is_revoked_is_no_member(store: Store, agency_ref: bytes, officer: bytes) -> None:
    store.run_now(lambda tx: people.revoke(tx, officer, at=LATER))
    assert not store.run_now(lambda tx: cases.is_member(tx, agency_ref, CASE, officer))
    assert [one.handle for one in store.run_now(lambda tx: cases.members(tx, agency_ref, CASE))] == ["Mentor-4"]


@pytest.mark.usefixtures("team")
def test_cases_are_listed_by_code_with_their_members(store: Store, agency_ref: bytes, mentor: bytes) -> None:
    store.run_now(lambda tx: cases.assign(tx, agency_ref, "AA-0001-c", mentor, at=NOON))
    listed = store.run_now(lambda tx: cases.of_agency(tx, agency_ref))
    assert [(one.code, one.members) for one in listed] == [("AA-0001-c", 1), (CASE, 2)]
    assert CASE not in repr(listed)
