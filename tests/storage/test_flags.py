"""A flag has one owner or is heard of again, until somebody named closes it."""

import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event, select
from storage_site import NOON, add_agency, keep_note, keyset, note_id

from bot.installation import Installation
from bot.trial import AGENCY
from dialogues.model import FlagView
from dialogues.reference import reference
from storage import agencies, flags, people, timers
from storage.database import migrate, open_database
from storage.errors import Unknown
from storage.flags import DEADLINES, OPEN, URGENCIES
from storage.keyring import Keyring
from storage.pins import Pins
from storage.schema import flags as rows
from storage.schema import notes as note_rows
from storage.sealing.signing import SigningKey
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
    assert (view.urgency, view.state, view.due_at, view.owner) == (urgency, "open", NOON + within, "")


def test_whoever_takes_a_flag_is_its_owner_by_name(
    store: Store, flag: str, coordinator: bytes, agency_ref: bytes
) -> None:
    take(store, flag, coordinator)
    (view,) = seen(store, agency_ref)
    assert (view.state, view.owner, view.owner_handle) == ("taken", coordinator.hex(), "Coord-1")
    assert deadlines(store) == []


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


def test_a_flag_handed_on_is_open_with_a_new_deadline(
    store: Store, flag: str, coordinator: bytes, supervisor: bytes
) -> None:
    take(store, flag, coordinator)
    assert store.run_now(lambda tx: flags.hand_on(tx, flag, coordinator, at=LATER)) == "today"
    assert (row(store).state, row(store).owner_ref) == ("handed-on", None)
    assert [timer.due_at for timer in deadlines(store)] == [LATER + DEADLINES["today"]]
    assert row(store).due_at == seconds(LATER + DEADLINES["today"])
    take(store, flag, supervisor)
    assert row(store).owner_ref == supervisor
    assert deadlines(store) == []


def test_the_owner_alone_hands_on_and_closes(
    store: Store, flag: str, coordinator: bytes, supervisor: bytes, officer: bytes
) -> None:
    def hand_on(person: bytes) -> None:
        store.run_now(lambda tx: flags.hand_on(tx, flag, person, at=LATER))

    def close(person: bytes) -> None:
        store.run_now(lambda tx: flags.close(tx, flag, person, "no-concern", at=LATER))

    for person in (coordinator, officer):  # nobody owns it yet
        for act in (hand_on, close):
            with pytest.raises(Unknown):
                act(person)
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
        assert row(store).state == "overdue"
    assert at == NOON + 3 * DEADLINES["today"]
    take(store, flag, coordinator)
    assert deadlines(store) == []


def test_a_flag_that_was_taken_is_not_overdue(store: Store, flag: str, coordinator: bytes) -> None:
    take(store, flag, coordinator)
    assert not store.run_now(lambda tx: flags.overdue(tx, flag, at=LATER))
    assert row(store).state == "taken"
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


# ---------------------------------------------------------------- any order of acts

PEOPLE = st.integers(0, 2)
NUMBERS = st.integers(0, 3)


class AnyOrder(RuleBasedStateMachine):
    """Three people act on four flags while time passes; ``expected`` is what should have come of it."""

    folder: Path

    @initialize()
    def open(self) -> None:
        self.connection = open_database(self.folder / "integra.db").connect()
        self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        self.tx = Transaction(self.connection, Keyring(keyset(), SigningKey(bytes(32))))
        self.now = NOON
        self.agency = agencies.add(self.tx, AGENCY, name="Northbridge (demo)", zone="Europe/Paris", case_pattern="")
        self.people = [people.add(self.tx, self.agency, "coordinator", language="en", at=NOON) for _ in range(3)]
        self.expected: dict[str, tuple[str, bytes | None]] = {}
        self.due: dict[str, datetime] = {}

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.connection.exec_driver_sql("ROLLBACK")
            self.connection.engine.dispose()

    def state(self, number: int) -> tuple[str, tuple[str, bytes | None]]:
        note = note_id(number)
        return note, self.expected.get(note, ("none", None))

    @rule(number=NUMBERS, level=st.integers(1, 3))
    def raise_flag(self, number: int, level: int) -> None:
        note, (state, _) = self.state(number)
        if state != "none":
            return
        row: dict[str, Any] = {"id": bytes.fromhex(note), "agency_ref": self.agency, "reference": reference(note)}
        row |= {"flag_level": level, "hour": seconds(NOON), "state": "held", "body": b""}
        self.tx.db.execute(note_rows.insert(), row)
        urgency = flags.raise_flag(self.tx, note, self.agency, level, at=self.now)
        assert urgency == URGENCIES[level - 1]
        self.expected[note] = ("open", None)

    @rule(number=NUMBERS, who=PEOPLE)
    def take(self, number: int, who: int) -> None:
        note, (state, _) = self.state(number)
        if state in OPEN:
            flags.take(self.tx, note, self.people[who])
            self.expected[note] = ("taken", self.people[who])
        else:
            with pytest.raises(Unknown):
                flags.take(self.tx, note, self.people[who])

    @rule(number=NUMBERS, who=PEOPLE)
    def hand_on(self, number: int, who: int) -> None:
        note, found = self.state(number)
        if found == ("taken", self.people[who]):
            flags.hand_on(self.tx, note, self.people[who], at=self.now)
            self.expected[note] = ("handed-on", None)
        else:
            with pytest.raises(Unknown):
                flags.hand_on(self.tx, note, self.people[who], at=self.now)

    @rule(number=NUMBERS, who=PEOPLE)
    def close(self, number: int, who: int) -> None:
        note, found = self.state(number)
        if found == ("taken", self.people[who]):
            flags.close(self.tx, note, self.people[who], "no-concern", at=self.now)
            self.expected[note] = ("closed", self.people[who])
        else:
            with pytest.raises(Unknown):
                flags.close(self.tx, note, self.people[who], "no-concern", at=self.now)

    @rule(number=NUMBERS)
    def withdraw(self, number: int) -> None:
        note, (state, owner) = self.state(number)
        assert flags.withdraw(self.tx, note) is (state not in ("none", "closed"))
        if state not in ("none", "closed"):
            self.expected[note] = ("withdrawn", owner)

    @rule(who=PEOPLE)
    def owner_goes(self, who: int) -> None:
        flags.give_up(self.tx, self.people[who], at=self.now)
        for note, found in self.expected.items():
            if found == ("taken", self.people[who]):
                self.expected[note] = ("handed-on", None)

    @rule(minutes=st.sampled_from([1, 14, 15, 16, 240, 4320, 9999]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        for timer in timers.due(self.tx, self.now):
            assert timers.take(self.tx, timer)
            state, _ = self.expected[timer.about]
            assert flags.overdue(self.tx, timer.about, at=self.now) is (state in OPEN)
            if state in OPEN:
                self.expected[timer.about] = ("overdue", None)

    @invariant()
    def each_is_as_it_should_be(self) -> None:
        if hasattr(self, "tx"):
            found = self.tx.db.execute(select(rows.c.note_id, rows.c.state, rows.c.owner_ref))
            assert {id_.hex(): (state, owner) for id_, state, owner in found} == self.expected

    @invariant()
    def what_is_taken_has_an_owner_and_what_is_open_has_none(self) -> None:
        if hasattr(self, "tx"):
            for state, owner in self.tx.db.execute(select(rows.c.state, rows.c.owner_ref)):
                assert state not in ("taken", "closed") or owner in self.people
                assert state not in OPEN or owner is None

    @invariant()
    def just_what_is_open_will_be_heard_of(self) -> None:
        if hasattr(self, "tx"):
            armed = [timer.about for timer in timers.due(self.tx, self.now + timedelta(days=99))]
            assert sorted(armed) == sorted(note for note, (state, _) in self.expected.items() if state in OPEN)

    @invariant()
    def the_desk_sees_just_what_is_not_over(self) -> None:
        if hasattr(self, "tx"):
            views = {view.note_id: view.owner for view in flags.of_desks(self.tx, [self.agency])}
            assert views == {
                note: owner.hex() if owner else ""
                for note, (state, owner) in self.expected.items()
                if state in (*OPEN, "taken")
            }


@pytest.fixture(scope="module", autouse=True)
def _empty_database() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        AnyOrder.folder = Path(folder)
        migrate(AnyOrder.folder / "integra.db")
        yield


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


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
    store: Store, pins: Pins, officer: bytes
) -> None:
    ahead = NOON + timedelta(days=2)

    def turn(tx: Transaction) -> list[tuple[str, datetime]]:
        for number, level in ((1, 1), (2, 2), (3, 3)):
            keep_note(tx, pins, number, officer, at=ahead)
            flags.raise_flag(tx, note_id(number), tx.keyring.agency_ref(AGENCY), level, at=ahead)
        timers.disarm(tx, flags.DEADLINE, note_id(1))
        flags.pull_in(tx, at=NOON)
        due = timers.due(tx, ahead + timedelta(days=9), but=("release",))
        return sorted((one.about, one.due_at) for one in due if one.kind == flags.DEADLINE)

    wanted = [NOON + flags.DEADLINES[urgency] for urgency in flags.URGENCIES]
    assert store.run_now(turn) == [(note_id(number), at) for number, at in zip((1, 2, 3), wanted, strict=True)]
