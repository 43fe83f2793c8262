"""A flag has one owner or is heard of again, until somebody named closes it. Any order of acts: test_flag_machine."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import DatabaseError
from storage_site import NOON, add_agency, keep_note, note_id

from bot.installation import Installation
from bot.trial import Trial
from dialogues.flag_life import TAKEN_WITHIN as DEADLINES
from dialogues.flag_life import UNDO_WITHIN, URGENCIES, WARNED_BEFORE, WORKED_WITHIN
from dialogues.model import FlagView
from dialogues.reference import reference
from storage import flag_steps, flags, opened, timers
from storage.errors import Unknown
from storage.pins import Pins
from storage.schema import flag_steps as step_rows
from storage.schema import flags as rows
from storage.sealing import keyfile
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.timers import Timer
from storage.transaction import Transaction, seconds

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def flag(store: Store, pins: Pins, officer: bytes, agency_ref: bytes) -> str:
    """Id of a note with an open flag, due in four hours."""

    def turn(tx: Transaction) -> str:
        keep_note(tx, pins, 1, officer, flag_level=2)
        flags.raise_flag(tx, note_id(1), agency_ref, 2, at=NOON)
        return note_id(1)

    return store.run_now(turn)


def take(store: Store, flag: str, person: bytes) -> None:
    store.run_now(lambda tx: flags.take(tx, flag, person, at=NOON))


def row(store: Store) -> Any:
    return store.run_now(lambda tx: tx.db.execute(select(rows)).one())


def deadlines(store: Store) -> list[Timer]:
    found = store.run_now(lambda tx: timers.due(tx, NOON + timedelta(days=999)))
    return [timer for timer in found if timer.kind == flags.DEADLINE]


def seen(store: Store, *agency_refs: bytes, short: str | None = None) -> list[FlagView]:
    return store.run_now(lambda tx: flags.of_desks(tx, list(agency_refs), short=short))


@pytest.mark.parametrize(
    ("level", "urgency", "within"),
    [(1, "routine", timedelta(days=3)), (2, "today", timedelta(hours=4)), (3, "urgent", timedelta(minutes=15))],
)
def test_a_flag_has_a_deadline_by_its_level(
    store: Store, pins: Pins, officer: bytes, agency_ref: bytes, level: int, urgency: str, within: timedelta
) -> None:
    def turn(tx: Transaction) -> str:
        keep_note(tx, pins, 1, officer, flag_level=level)
        return flags.raise_flag(tx, note_id(1), agency_ref, level, at=NOON)

    assert store.run_now(turn) == urgency
    assert [(timer.about, timer.due_at) for timer in deadlines(store)] == [(note_id(1), NOON + within)]
    (view,) = seen(store, agency_ref)
    assert (view.urgency, view.state, view.due_at, view.owner) == (urgency, "raised", NOON + within, "")


def test_whoever_takes_a_flag_is_its_owner_by_name(
    store: Store, flag: str, coordinator: bytes, agency_ref: bytes
) -> None:
    take(store, flag, coordinator)
    (view,) = seen(store, agency_ref)
    assert (view.state, view.owner, view.owner_handle) == ("taken", coordinator.hex(), "Coord-1")
    assert [timer.due_at for timer in deadlines(store)] == [NOON + WORKED_WITHIN["today"] - WARNED_BEFORE["today"]]


def test_of_two_who_take_a_flag_the_first_has_it(
    store: Store, flag: str, coordinator: bytes, supervisor: bytes
) -> None:
    take(store, flag, coordinator)
    for person in (supervisor, coordinator):
        with pytest.raises(Unknown):
            take(store, flag, person)
    assert row(store).owner_ref == coordinator


def test_of_many_who_take_a_flag_at_once_one_has_it(
    installation: Installation, store: Store, flag: str, coordinator: bytes, supervisor: bytes
) -> None:
    ready, winners, losers = threading.Barrier(8), list[bytes](), list[bytes]()

    def attempt(person: bytes) -> None:
        own = installation.store()
        try:
            ready.wait(20)
            take(own, flag, person)
            winners.append(person)
        except Unknown:
            losers.append(person)
        finally:
            own.close()

    takers = [threading.Thread(target=attempt, args=(one,), daemon=True) for one in [coordinator, supervisor] * 4]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join(30)
    assert (len(winners), len(losers)) == (1, 7)
    assert row(store).owner_ref == winners[0]


def test_a_flag_handed_on_is_open_with_a_new_deadline_where_it_was_worked_on(
    store: Store, flag: str, coordinator: bytes, supervisor: bytes
) -> None:
    was = row(store).due_at
    take(store, flag, coordinator)
    assert store.run_now(lambda tx: flags.hand_on(tx, flag, coordinator, at=LATER)) == "today"
    assert (row(store).state, row(store).owner_ref, row(store).due_at) == ("routed", None, was)
    take(store, flag, supervisor)
    assert row(store).owner_ref == supervisor
    store.run_now(lambda tx: flags.move(tx, flag, "work", at=LATER, who=supervisor.hex()))
    store.run_now(lambda tx: flags.hand_on(tx, flag, supervisor, at=LATER))
    assert [timer.due_at for timer in deadlines(store)] == [LATER + DEADLINES["today"]]
    assert row(store).due_at == seconds(LATER + DEADLINES["today"])


def test_the_owner_alone_hands_on_and_closes(
    store: Store, flag: str, coordinator: bytes, supervisor: bytes, officer: bytes
) -> None:
    def hand_on(person: bytes) -> None:
        store.run_now(lambda tx: flags.hand_on(tx, flag, person, at=LATER))

    def close(person: bytes) -> None:
        store.run_now(lambda tx: flags.close(tx, flag, person, "no-concern", at=LATER))

    for person in (coordinator, officer):  # nobody owns it yet
        with pytest.raises(Unknown):
            close(person)
    take(store, flag, coordinator)
    for person in (supervisor, officer):
        for act in (hand_on, close):
            with pytest.raises(Unknown):
                act(person)
    assert (row(store).state, row(store).owner_ref) == ("taken", coordinator)

    close(coordinator)
    found = row(store)
    assert (found.state, found.outcome, found.closed_at, found.owner_ref) == (
        "closed",
        "no-concern",
        seconds(LATER),
        coordinator,
    )


def test_a_closed_flag_stays_closed(store: Store, flag: str, coordinator: bytes) -> None:
    take(store, flag, coordinator)
    store.run_now(lambda tx: flags.close(tx, flag, coordinator, "no-concern", at=LATER))
    before = row(store)
    with pytest.raises(Unknown):
        take(store, flag, coordinator)
    with pytest.raises(Unknown):
        store.run_now(lambda tx: flags.hand_on(tx, flag, coordinator, at=LATER))
    with pytest.raises(Unknown):
        store.run_now(lambda tx: flags.close(tx, flag, coordinator, "referred", at=LATER))
    assert not store.run_now(lambda tx: flags.withdraw(tx, flag, at=LATER))
    assert not store.run_now(lambda tx: flags.overdue(tx, flag, at=LATER))
    assert row(store) == before
    assert deadlines(store) == []


def test_an_overdue_flag_is_heard_of_again_and_again(store: Store, flag: str, coordinator: bytes) -> None:
    at = NOON
    for _ in range(3):
        (timer,) = deadlines(store)
        at = timer.due_at
        assert store.run_now(lambda tx, one=timer: timers.take(tx, one))  # type: ignore[misc]  # mypy: lambda defaults
        assert store.run_now(lambda tx, at=at: flags.overdue(tx, flag, at=at))  # type: ignore[misc]
        assert row(store).overdue_since == seconds(NOON + DEADLINES["today"])
    assert at == NOON + 3 * DEADLINES["today"]
    take(store, flag, coordinator)
    assert row(store).overdue_since is None


def test_a_take_that_is_undone_gains_no_time(store: Store, flag: str, coordinator: bytes) -> None:
    store.run_now(lambda tx: flags.take(tx, flag, coordinator, at=LATER))
    undone = LATER + timedelta(minutes=2)
    store.run_now(lambda tx: flags.move(tx, flag, "undo", at=undone, who=coordinator.hex()))
    found = row(store)
    assert (found.state, found.owner_ref, found.due_at) == ("routed", None, seconds(NOON + DEADLINES["today"]))
    assert [timer.due_at for timer in deadlines(store)] == [NOON + DEADLINES["today"]]


def test_a_take_cannot_be_undone_by_another_nor_late_nor_once_it_is_worked_on(
    store: Store, flag: str, coordinator: bytes, supervisor: bytes
) -> None:
    def undo(at: datetime, who: bytes) -> None:
        store.run_now(lambda tx: flags.move(tx, flag, "undo", at=at, who=who.hex()))

    take(store, flag, coordinator)
    for at, who in ((NOON, supervisor), (NOON + UNDO_WITHIN + timedelta(seconds=1), coordinator)):
        with pytest.raises(Unknown):
            undo(at, who)
    store.run_now(lambda tx: flags.move(tx, flag, "work", at=NOON, who=coordinator.hex()))
    with pytest.raises(Unknown):
        undo(NOON, coordinator)


def test_every_step_is_written_down_with_who_and_when(store: Store, flag: str, coordinator: bytes, pins: Pins) -> None:
    take(store, flag, coordinator)
    store.run_now(lambda tx: flags.worked(tx, bytes.fromhex(flag), coordinator, at=LATER, pins=pins))
    store.run_now(lambda tx: flags.close(tx, flag, coordinator, "acted", at=LATER, pins=pins))
    steps = store.run_now(lambda tx: flag_steps.of_flag(tx, bytes.fromhex(flag)))
    me = coordinator.hex()
    assert [(one.number, one.act, one.who, one.at) for one in steps] == [
        (1, "raise", "", NOON), (2, "take", me, NOON), (3, "work", me, LATER), (4, "close", me, LATER),
    ]  # fmt: skip


def test_why_is_sealed_to_the_desk_in_its_own_place(
    installation: Installation, trial: Trial, store: Store, flag: str, agency_ref: bytes, coordinator: bytes, pins: Pins
) -> None:
    """Nobody here can read it; the coordinator's key opens it, as this step of this flag and as nothing else."""
    take(store, flag, coordinator)
    store.run_now(lambda tx: flags.close(tx, flag, coordinator, "acted", at=LATER, pins=pins))
    key = keyfile.read(trial.coordinator_key).key
    assert isinstance(key, OpeningKey)
    ingest = (installation.keyring().ingest.public,)
    reader = installation.store(reads_notes=True)

    def steps(tx: Transaction) -> list[opened.OpenedStep]:
        return opened.steps_of(tx, bytes.fromhex(flag), agency_ref, key, ingest)

    assert [one.why for one in reader.run_now(steps)] == [{}, {}, {"outcome": "acted"}]
    body = reader.run_now(lambda tx: tx.db.scalar(select(step_rows.c.body).where(step_rows.c.number == 3)))
    assert b"acted" not in body
    reader.run_now(lambda tx: tx.db.execute(step_rows.update().where(step_rows.c.number == 2).values(body=body)))
    assert [one.why for one in reader.run_now(steps)] == [{}, None, {"outcome": "acted"}]
    reader.close()


def test_where_a_desk_has_no_keys_a_flag_goes_its_way_all_the_same(
    installation: Installation, store: Store, flag: str, agency_ref: bytes, coordinator: bytes, tmp_path: Path
) -> None:
    nobody = Pins(tmp_path / "none")
    take(store, flag, coordinator)
    store.run_now(lambda tx: flags.close(tx, flag, coordinator, "acted", at=LATER, pins=nobody))
    reader = installation.store(reads_notes=True)
    found = reader.run_now(lambda tx: opened.steps_of(tx, bytes.fromhex(flag), agency_ref, None, ()))
    reader.close()
    assert [one.why for one in found] == [{}, {}, {"outcome": "acted"}]


def test_the_assistants_own_connection_cannot_read_why(store: Store, flag: str, pins: Pins, coordinator: bytes) -> None:
    take(store, flag, coordinator)
    store.run_now(lambda tx: flags.close(tx, flag, coordinator, "acted", at=LATER, pins=pins))
    with pytest.raises(DatabaseError):
        store.run_now(lambda tx: tx.db.execute(select(step_rows.c.body)).all())
    assert deadlines(store) == []


def test_a_flag_that_never_was_is_unknown(store: Store, coordinator: bytes) -> None:
    with pytest.raises(Unknown):
        take(store, note_id(9), coordinator)
    with pytest.raises(Unknown):
        store.run_now(lambda tx: flags.about(tx, note_id(9)))
    assert not store.run_now(lambda tx: flags.withdraw(tx, note_id(9), at=NOON))
    assert not store.run_now(lambda tx: flags.overdue(tx, note_id(9), at=LATER))


@pytest.mark.parametrize("taken", [False, True])
def test_a_withdrawn_flag_is_heard_of_no_more(
    store: Store, flag: str, coordinator: bytes, agency_ref: bytes, taken: bool
) -> None:
    if taken:
        take(store, flag, coordinator)
    assert store.run_now(lambda tx: flags.withdraw(tx, flag, at=LATER))
    assert deadlines(store) == []
    assert seen(store, agency_ref) == []
    with pytest.raises(Unknown):
        take(store, flag, coordinator)


def test_another_agencys_desk_sees_nothing(store: Store, flag: str, agency_ref: bytes) -> None:
    other = store.run_now(add_agency)
    short = reference(flag)
    assert seen(store, other) == []
    assert seen(store, other, short=short) == []
    assert seen(store) == []
    assert [view.note_id for view in seen(store, agency_ref)] == [flag]
    assert [view.note_id for view in seen(store, other, agency_ref, short=short)] == [flag]


def test_what_is_over_is_seen_by_its_reference_alone(
    store: Store, flag: str, coordinator: bytes, agency_ref: bytes
) -> None:
    take(store, flag, coordinator)
    store.run_now(lambda tx: flags.close(tx, flag, coordinator, "no-concern", at=LATER))
    assert seen(store, agency_ref) == []
    (view,) = seen(store, agency_ref, short=reference(flag))
    assert (view.state, view.outcome, view.owner_handle) == ("closed", "no-concern", "Coord-1")


def test_a_desk_sees_the_urgent_and_old_first_and_what_is_taken_last(
    store: Store, pins: Pins, officer: bytes, coordinator: bytes, agency_ref: bytes
) -> None:
    def turn(tx: Transaction) -> None:
        for number, level, minutes in ((1, 1, 0), (2, 3, 5), (3, 2, 1), (4, 3, 2), (5, 3, 0)):
            keep_note(tx, pins, number, officer, flag_level=level)
            flags.raise_flag(tx, note_id(number), agency_ref, level, at=NOON + timedelta(minutes=minutes))
        flags.take(tx, note_id(5), coordinator, at=NOON)

    store.run_now(turn)
    assert [view.note_id for view in seen(store, agency_ref)] == [note_id(number) for number in (4, 2, 3, 1, 5)]
    first = store.run_now(lambda tx: flags.of_desks(tx, [agency_ref], at_most=2))
    assert [view.note_id for view in first] == [note_id(4), note_id(2)]


def test_what_a_flag_is_about_is_told(store: Store, flag: str, agency_ref: bytes) -> None:
    assert store.run_now(lambda tx: flags.about(tx, flag)) == (agency_ref, reference(flag), "today")


@pytest.mark.sqlite  # a server chooses by its statistics
def test_a_flag_is_found_by_its_notes_key_however_many_are_over(
    store: Store, pins: Pins, officer: bytes, agency_ref: bytes
) -> None:
    """Read by its agency alone, one of 10,000 took 23 ms."""

    def asked(tx: Transaction) -> list[str]:
        keep_note(tx, pins, 1, officer, flag_level=3)
        flags.raise_flag(tx, note_id(1), agency_ref, 3, at=NOON)
        heard: list[tuple[str, Any]] = []

        def hear(*given: Any) -> None:
            heard.append((given[2], given[3]))

        event.listen(tx.db, "before_cursor_execute", hear)
        (found,) = flags.of_desks(tx, [agency_ref], short=reference(note_id(1)))
        event.remove(tx.db, "before_cursor_execute", hear)
        assert found.urgency == "urgent"
        statement, parameters = next(one for one in heard if "JOIN notes" in one[0])
        return [row[3] for row in tx.db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    plan = store.run_now(asked)
    assert any("SEARCH notes USING INDEX" in line and "reference=?" in line for line in plan), plan
    assert any("SEARCH flags" in line and "note_id=?" in line for line in plan), plan


def test_flags_raised_while_the_clock_was_ahead_or_without_a_timer_warn_within_their_time(
    store: Store, pins: Pins, officer: bytes, agency_ref: bytes
) -> None:
    ahead = NOON + timedelta(days=2)

    def turn(tx: Transaction) -> list[tuple[str, datetime]]:
        for number, level in ((1, 1), (2, 2), (3, 3)):
            keep_note(tx, pins, number, officer, at=ahead)
            flags.raise_flag(tx, note_id(number), agency_ref, level, at=ahead)
        timers.disarm(tx, flags.DEADLINE, note_id(1))
        flags.pull_in(tx, at=NOON)
        due = timers.due(tx, ahead + timedelta(days=9), but=("release",))
        assert {one.due_at for one in due if one.kind == flags.DEADLINE} == {NOON}, "looked at now, each"
        return sorted((one.about, flags.life(tx, one.about).due_at) for one in due if one.kind == flags.DEADLINE)

    wanted = [NOON + DEADLINES[urgency] for urgency in URGENCIES]
    assert store.run_now(turn) == [(note_id(number), at) for number, at in zip((1, 2, 3), wanted, strict=True)]
