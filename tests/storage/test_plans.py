"""A plan and its reminder are one thing, moved and deleted together; its maker and the members of its case see it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.exc import IntegrityError
from storage_site import CASE, NOON, add_agency

from bot.installation import Installation
from bot.trial import AGENCY
from storage import cases, people, plans, timers
from storage.database import migrate, run_migrations
from storage.keyring import Keyring
from storage.schema import plans as rows
from storage.store import Store

PLAN, OTHER = "cd" * 16, "ef" * 16
LATER = NOON + timedelta(days=3)


def keep(
    store: Store,
    person: bytes,
    agency_ref: bytes,
    body: str = "{}",
    *,
    plan: str = PLAN,
    remind_at: datetime | None = LATER,
    at: datetime = NOON,
) -> None:
    store.run_now(
        lambda tx: plans.keep(
            tx,
            plan_id=plan,
            person_ref=person,
            agency_ref=agency_ref,
            body=body,
            case_code=CASE,
            remind_at=remind_at,
            at=at,
        )
    )


def armed(store: Store, plan: str = PLAN) -> datetime | None:
    return store.run_now(lambda tx: timers.armed_until(tx, plans.REMINDER, plan))


def test_a_plan_comes_back_as_it_was_written_last(store: Store, officer: bytes, agency_ref: bytes) -> None:
    for body in ('{"release":1}', '{"release":"é"}'):
        keep(store, officer, agency_ref, body)
        for found in (plans.of_person, lambda tx, who: plans.one(tx, who, PLAN)):
            (view,) = store.run_now(lambda tx, found=found: found(tx, officer))
            assert (view.plan_id, view.agency, view.body.rstrip(" ")) == (PLAN, AGENCY, body)


def test_the_one_touched_last_comes_first(store: Store, officer: bytes, agency_ref: bytes) -> None:
    for number in (3, 1, 2):
        keep(store, officer, agency_ref, plan=f"{number:032x}", at=NOON + timedelta(minutes=number))
    found = store.run_now(lambda tx: plans.of_person(tx, officer))
    assert [int(view.plan_id, 16) for view in found] == [3, 2, 1]


def test_the_case_is_known_by_its_keyed_tag_alone(
    store: Store, keyring: Keyring, officer: bytes, agency_ref: bytes
) -> None:
    keep(store, officer, agency_ref)
    tag = store.run_now(lambda tx: tx.db.scalar(select(rows.c.case_tag)))
    assert tag == keyring.case_tag(agency_ref, CASE)


def test_the_reminder_moves_with_the_plan_and_goes_with_it(store: Store, officer: bytes, agency_ref: bytes) -> None:
    keep(store, officer, agency_ref)
    assert armed(store) == LATER
    keep(store, officer, agency_ref, remind_at=LATER + timedelta(days=1))
    assert armed(store) == LATER + timedelta(days=1)
    keep(store, officer, agency_ref, remind_at=None)
    assert armed(store) is None
    keep(store, officer, agency_ref)
    store.run_now(lambda tx: plans.drop(tx, PLAN, officer))
    assert armed(store) is None
    assert store.run_now(lambda tx: plans.of_person(tx, officer)) == []


def test_nobody_else_sees_moves_or_drops_a_plan(store: Store, officer: bytes, mentor: bytes, agency_ref: bytes) -> None:
    keep(store, officer, agency_ref, '{"a":1}')
    assert store.run_now(lambda tx: plans.of_person(tx, mentor)) == []
    assert store.run_now(lambda tx: plans.one(tx, mentor, PLAN)) == []
    with pytest.raises(IntegrityError):
        keep(store, mentor, agency_ref, '{"a":2}', remind_at=None)
    store.run_now(lambda tx: plans.drop(tx, PLAN, mentor))
    assert armed(store) == LATER
    (view,) = store.run_now(lambda tx: plans.of_person(tx, officer))
    assert view.body.rstrip(" ") == '{"a":1}'


@pytest.mark.parametrize("id", ["", "x", "cd", "cd" * 15 + "c", "é", "cd" * 40])
def test_any_text_may_be_asked_for(store: Store, officer: bytes, agency_ref: bytes, id: str) -> None:
    keep(store, officer, agency_ref)
    assert store.run_now(lambda tx: plans.one(tx, officer, id)) == []


def test_due_plans_are_taken_together_and_the_others_stay(
    store: Store, officer: bytes, mentor: bytes, agency_ref: bytes
) -> None:
    third, foreign = "11" * 16, "22" * 16
    keep(store, officer, agency_ref)
    keep(store, officer, agency_ref, plan=OTHER, remind_at=LATER - timedelta(hours=1))
    keep(store, officer, agency_ref, plan=third, remind_at=LATER + timedelta(seconds=1))
    keep(store, mentor, agency_ref, plan=foreign)
    taken = store.run_now(lambda tx: plans.take_due(tx, PLAN, LATER))
    assert {person: {view.plan_id for view in views} for person, views in taken.items()} == {officer: {PLAN, OTHER}}
    assert [armed(store, one) for one in (PLAN, OTHER)] == [None, None]
    assert armed(store, third) == LATER + timedelta(seconds=1)
    assert armed(store, foreign) == LATER


def test_a_plan_that_is_gone_reminds_nobody(store: Store) -> None:
    assert store.run_now(lambda tx: plans.take_due(tx, PLAN, LATER)) == {}


def test_who_loses_access_loses_plans_and_reminders(
    store: Store, officer: bytes, mentor: bytes, agency_ref: bytes
) -> None:
    keep(store, officer, agency_ref)
    keep(store, officer, agency_ref, plan=OTHER)
    keep(store, mentor, agency_ref, plan="11" * 16)
    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON))
    assert [armed(store, one) for one in (PLAN, OTHER)] == [None, None]
    assert store.run_now(lambda tx: list(tx.db.scalars(select(rows.c.person_ref)))) == [mentor]


def test_a_new_phone_keeps_the_plans_and_their_reminders(store: Store, officer: bytes, agency_ref: bytes) -> None:
    keep(store, officer, agency_ref)
    store.run_now(lambda tx: people.replace_chat(tx, officer, "console", "another phone", at=NOON))
    assert armed(store) == LATER
    assert len(store.run_now(lambda tx: plans.of_person(tx, officer))) == 1


def test_a_database_of_the_first_version_gets_the_table(installation: Installation) -> None:
    """From 0001 on, with rows in it."""
    path = installation.folder / "old.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        run_migrations(connection, "0001")
        assert not inspect(connection).has_table("plans")
        connection.exec_driver_sql("INSERT INTO feedback VALUES ('share', 1, 7)")
    migrate(path)
    with engine.connect() as connection:
        assert inspect(connection).has_table("plans")
        assert connection.exec_driver_sql("SELECT times FROM feedback").scalar_one() == 7
    engine.dispose()


# ---------------------------------------------------------------- a case has members


def assign(store: Store, agency_ref: bytes, *people: bytes) -> None:
    for minute, person in enumerate(people):
        at = NOON + timedelta(minutes=minute)
        store.run_now(lambda tx, person=person, at=at: cases.assign(tx, agency_ref, CASE, person, at=at))


def owner(store: Store) -> list[bytes]:
    return store.run_now(lambda tx: list(tx.db.scalars(select(rows.c.person_ref))))


def seen_by(store: Store, person: bytes) -> list[str]:
    return [view.body.rstrip(" ") for view in store.run_now(lambda tx: plans.of_person(tx, person))]


def test_members_of_the_case_see_change_and_drop_its_plan_and_nobody_else(
    store: Store, officer: bytes, mentor: bytes, coordinator: bytes, agency_ref: bytes
) -> None:
    keep(store, officer, agency_ref, '{"a":1}')
    assign(store, agency_ref, coordinator)
    keep(store, coordinator, agency_ref, '{"a":2}')
    assert [seen_by(store, one) for one in (officer, coordinator, mentor)] == [['{"a":2}'], ['{"a":2}'], []]
    assert store.run_now(lambda tx: plans.readers(tx, PLAN)) == [officer, coordinator]
    taken = store.run_now(lambda tx: plans.take_due(tx, PLAN, LATER))
    assert {who: len(views) for who, views in taken.items()} == {officer: 1, coordinator: 1}
    store.run_now(lambda tx: plans.drop(tx, PLAN, coordinator))
    assert owner(store) == []


def test_a_case_of_another_agency_with_the_same_code_is_another_case(
    store: Store, officer: bytes, mentor: bytes, agency_ref: bytes
) -> None:
    keep(store, officer, agency_ref)
    other = store.run_now(add_agency)
    store.run_now(lambda tx: people.join(tx, mentor, other, "mentor", at=NOON))
    store.run_now(lambda tx: cases.assign(tx, other, CASE, mentor, at=NOON))
    assert seen_by(store, mentor) == []


def test_a_plan_goes_to_another_member_when_its_maker_leaves(
    store: Store, officer: bytes, coordinator: bytes, agency_ref: bytes
) -> None:
    keep(store, officer, agency_ref)
    assign(store, agency_ref, officer, coordinator)
    store.run_now(lambda tx: cases.remove(tx, agency_ref, CASE, officer))
    assert owner(store) == [coordinator]
    assert seen_by(store, officer) == []
    assert armed(store) == LATER
    store.run_now(lambda tx: people.revoke(tx, coordinator, at=NOON))
    assert owner(store) == []
    assert armed(store) is None


def test_a_plan_of_another_case_stays_when_somebody_leaves_one(store: Store, officer: bytes, agency_ref: bytes) -> None:
    assign(store, agency_ref, officer)
    store.run_now(
        lambda tx: plans.keep(
            tx, plan_id=OTHER, person_ref=officer, agency_ref=agency_ref, body="{}", case_code="BB-1234-x",
            remind_at=None, at=NOON,
        )
    )  # fmt: skip
    store.run_now(lambda tx: cases.remove(tx, agency_ref, CASE, officer))
    assert owner(store) == [officer]


def test_a_closed_case_has_no_plan(store: Store, officer: bytes, coordinator: bytes, agency_ref: bytes) -> None:
    keep(store, officer, agency_ref)
    assign(store, agency_ref, coordinator)
    store.run_now(lambda tx: cases.close(tx, agency_ref, CASE))
    assert owner(store) == []
    assert armed(store) is None
