"""What one transaction does to a flag holds, whatever another, begun before it was committed, believes of it."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from storage_site import NOON, keep_note, note_id, past_the_walls

from bot.installation import Installation
from storage import flags, timers
from storage.pins import Pins
from storage.schema import flags as rows
from storage.store import Store
from storage.transaction import Transaction

pytestmark = pytest.mark.postgres

FLAG = note_id(1)
LATER = NOON + timedelta(hours=1)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND wait_event_type = 'Lock'"


@pytest.fixture
def taken(store: Store, pins: Pins, officer: bytes, coordinator: bytes, agency_ref: bytes) -> None:
    def turn(tx: Transaction) -> None:
        keep_note(tx, pins, 1, officer, flag_level=2)
        flags.raise_flag(tx, FLAG, agency_ref, 2, at=NOON)
        flags.take(tx, FLAG, coordinator, at=NOON)

    store.run_now(turn)


def meanwhile(
    store: Store,
    installation: Installation,
    first: Callable[[Transaction], object],
    second: Callable[[Transaction], object],
) -> None:
    """Both at once: the first is committed when the second waits for it."""
    failed = list[BaseException]()

    def beside() -> None:
        other = installation.store()
        try:
            other.run_now(second)
        except BaseException as wrong:  # told in the test's own thread
            failed.append(wrong)
        finally:
            other.close()

    thread = threading.Thread(target=beside)

    def turn(tx: Transaction) -> None:
        first(tx)
        name = tx.db.exec_driver_sql("SELECT current_database()").scalar_one()
        thread.start()
        for _ in range(1000):
            if past_the_walls(installation, WAITING, name=name)[0][0]:
                return
            time.sleep(0.01)  # nothing tells
        raise AssertionError("nobody waited")

    store.run_now(turn)
    thread.join(30)
    assert failed == []


def test_who_leaves_gives_up_nothing_that_they_closed_this_moment(
    store: Store, installation: Installation, taken: None, coordinator: bytes
) -> None:
    meanwhile(
        store,
        installation,
        lambda tx: flags.close(tx, FLAG, coordinator, "acted", at=LATER),
        lambda tx: flags.give_up(tx, coordinator, at=LATER),
    )
    row = store.run_now(lambda tx: tx.db.execute(select(rows)).one())
    assert (row.state, row.outcome) == ("closed", "acted")
    assert store.run_now(lambda tx: timers.armed_until(tx, flags.DEADLINE, FLAG)) is None


def test_who_leaves_takes_a_flag_from_nobody_who_took_it_this_moment(
    store: Store, installation: Installation, taken: None, coordinator: bytes, supervisor: bytes
) -> None:
    def changes_hands(tx: Transaction) -> None:
        flags.hand_on(tx, FLAG, coordinator, at=LATER)
        flags.take(tx, FLAG, supervisor, at=LATER)

    meanwhile(store, installation, changes_hands, lambda tx: flags.give_up(tx, coordinator, at=LATER))
    row = store.run_now(lambda tx: tx.db.execute(select(rows)).one())
    assert (row.state, row.owner_ref) == ("taken", supervisor)


@pytest.mark.parametrize("what", ["worked", "arrived"])
def test_what_is_harmless_stays_so_beside_somebody_who_acts(
    store: Store, installation: Installation, taken: None, coordinator: bytes, what: str
) -> None:
    if what == "worked":
        acts: tuple[Callable[[Transaction], object], ...] = (
            lambda tx: flags.hand_on(tx, FLAG, coordinator, at=LATER),
            lambda tx: flags.worked(tx, bytes.fromhex(FLAG), coordinator, at=LATER),
        )
    else:
        store.run_now(lambda tx: flags.hand_on(tx, FLAG, coordinator, at=NOON))
        acts = (
            lambda tx: flags.take(tx, FLAG, coordinator, at=LATER),
            lambda tx: flags.arrived(tx, FLAG, at=LATER),
        )
    meanwhile(store, installation, *acts)
    state = store.run_now(lambda tx: tx.db.scalar(select(rows.c.state)))
    assert state == {"worked": "routed", "arrived": "taken"}[what]
