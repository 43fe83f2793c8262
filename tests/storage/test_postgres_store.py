"""Transactions on the server: what was answered is there, what was not may be tried again, nobody waits for ever."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import psycopg
import pytest
from postgres_server import Cluster, cluster
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from storage_site import NOON, Mark, past_the_walls

from bot.installation import Installation
from storage import feedback, timers
from storage.database import snapshot
from storage.errors import BadInstallation, Busy, Damaged
from storage.keyring import Keyring
from storage.leases import LASTS
from storage.postgres import Addresses, migrate_postgres, open_postgres
from storage.schema import feedback as marks
from storage.schema import timers as deadlines
from storage.store import TRIES, Store
from storage.transaction import Transaction

pytestmark = pytest.mark.postgres


def names(installation: Installation) -> list[str]:
    return sorted(row[0] for row in past_the_walls(installation, "SELECT answer FROM feedback"))


def cut(tx: Transaction, installation: Installation) -> None:
    """The server ends this transaction's connection."""
    pid = tx.db.scalar(text("SELECT pg_backend_pid()"))
    past_the_walls(installation, "SELECT pg_terminate_backend(:pid, 5000)", pid=pid)


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110  nothing tells
        await asyncio.sleep(0.01)


class Wrong(Exception):
    pass


def fails(tx: Transaction) -> None:
    feedback.count(tx, "never", helpful=True)
    raise Wrong


def test_a_result_is_committed_when_it_comes(store: Store, installation: Installation) -> None:
    for number in range(5):
        assert store.run_now(Mark(f"mark {number}")) == f"mark {number}"
        assert names(installation)[-1] == f"mark {number}"


async def test_a_failing_turn_falls_alone(store: Store, installation: Installation) -> None:
    turns = [store.run(Mark(f"{number:02}")) for number in range(20)]
    turns.insert(10, store.run(fails))  # type: ignore[arg-type]
    results = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(one) for one in results if not isinstance(one, str)] == [Wrong]
    assert names(installation) == [f"{number:02}" for number in range(20)]


def test_what_is_held_by_another_is_busy_and_works_again_once_it_is_free(
    store: Store, installation: Installation
) -> None:
    def turn(tx: Transaction) -> None:
        tx.db.exec_driver_sql("SET LOCAL lock_timeout = '30ms'")
        tx.hold(b"a chat 1")
        Mark("kept")(tx)

    server = installation.whereabouts.server
    assert server is not None
    with psycopg.connect(server.owner) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(b"a chat 1", "big", signed=True),))
        with pytest.raises(Busy):
            store.run_now(turn)
    store.run_now(turn)
    assert names(installation) == ["kept"]


async def test_two_in_each_others_way_both_end_well(store: Store, installation: Installation) -> None:
    """The server undoes one of the two; it is run again."""
    both, runs = threading.Barrier(2, timeout=20), Counter[str]()

    class Crossing:
        def __init__(self, first: bytes, second: bytes, name: str) -> None:
            self.first, self.second, self.name = first, second, name

        def __call__(self, tx: Transaction) -> str:
            runs[self.name] += 1
            tx.hold(self.first)
            if runs[self.name] == 1:
                both.wait()
            tx.hold(self.second)
            return Mark(self.name)(tx)

    one, two = b"one chat", b"two chat"
    await asyncio.gather(store.run(Crossing(one, two, "a")), store.run(Crossing(two, one, "b")))
    assert sum(runs.values()) == 3
    assert names(installation) == ["a", "b"]


async def test_two_that_put_the_same_row_at_once_both_end_well(store: Store) -> None:
    """A deadline, for example: each finds none and puts it, the server takes one of the two, the other runs again."""
    both, runs = threading.Barrier(2, timeout=20), Counter[int]()
    row = {"kind": "sweep", "address_ref": timers.NOBODY, "about": "", "due_at": 1}

    def arms(number: int) -> Callable[[Transaction], None]:
        def turn(tx: Transaction) -> None:
            runs[number] += 1
            assert (timers.armed_until(tx, "sweep", "") is None) == (runs[number] == 1)
            if runs[number] == 1:
                both.wait()
                tx.db.execute(deadlines.insert().values(row))
            else:
                timers.arm(tx, "sweep", "", NOON)

        return turn

    await asyncio.gather(store.run(arms(1)), store.run(arms(2)))
    assert sum(runs.values()) == 3
    assert [timer.due_at for timer in store.run_now(lambda tx: timers.due(tx, NOON))] == [NOON]


def test_what_can_never_be_put_fails_for_what_it_is(store: Store) -> None:
    runs = 0

    def turn(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        for _ in range(2):
            tx.db.execute(marks.insert().values(answer="twice", helpful=1, times=1))

    with pytest.raises(IntegrityError):
        store.run_now(turn)
    assert runs == TRIES


async def test_turns_that_hold_the_same_come_one_after_the_other(store: Store) -> None:
    inside, most = 0, 0
    lock = threading.Lock()

    def turn(tx: Transaction) -> None:
        nonlocal inside, most
        tx.hold(b"one chat")
        with lock:
            inside += 1
            most = max(most, inside)
        tx.db.execute(text("SELECT pg_sleep(0.005)"))
        with lock:
            inside -= 1

    await asyncio.gather(*(store.run(turn) for _ in range(20)))
    assert most == 1


def test_a_connection_that_died_is_replaced_and_the_turn_run_again(store: Store, installation: Installation) -> None:
    runs = 0

    def turn(tx: Transaction) -> str:
        nonlocal runs
        runs += 1
        if runs == 1:
            Mark("lost")(tx)
            cut(tx, installation)
        return Mark("kept")(tx)

    assert store.run_now(turn) == "kept"
    assert (runs, names(installation)) == (2, ["kept"])


def test_a_turn_that_stands_still_is_cut_off_lets_go_what_it_holds_and_is_run_again(
    store: Store, installation: Installation
) -> None:
    server = installation.whereabouts.server
    assert server is not None
    runs = 0

    def turn(tx: Transaction) -> str:
        nonlocal runs
        runs += 1
        tx.hold(b"a chat 1")
        found = Mark(f"run {runs}")(tx)
        if runs == 1:
            tx.db.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
            with psycopg.connect(server.owner) as other:  # waits until it is let go
                other.execute("SET lock_timeout = '20s'")
                other.execute("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(b"a chat 1", "big", signed=True),))
        tx.db.exec_driver_sql("SELECT 1")
        return found

    assert store.run_now(turn) == "run 2"
    assert names(installation) == ["run 2"]


def test_who_takes_turns_stands_still_for_less_than_a_lease_and_who_copies_for_longer(
    store: Store, installation: Installation
) -> None:
    asked = "SELECT extract(epoch FROM current_setting('idle_in_transaction_session_timeout')::interval)::int"
    assert store.run_now(lambda tx: tx.db.exec_driver_sql(asked).scalar_one()) < LASTS.total_seconds()
    engine = installation.whereabouts.open(reads_notes=True)
    with snapshot(engine) as connection:
        assert connection.exec_driver_sql(asked).scalar_one() == 600
    engine.dispose()


@pytest.mark.parametrize(
    ("sign", "why"), [("53100", "full"), ("25006", "read-only"), ("55P03", "locked"), ("58030", "input-output")]
)
def test_what_the_server_refuses_is_told_with_what_to_do(store: Store, sign: str, why: str) -> None:
    with pytest.raises(Busy, match="integra doctor") as caught:
        store.run_now(lambda tx: raises(tx, sign))
    assert caught.value.why == why
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("sign", ["XX001", "XX002"])
def test_a_damaged_page_of_the_server_is_damage(store: Store, sign: str) -> None:
    with pytest.raises(Damaged, match="docs/operating"):
        store.run_now(lambda tx: raises(tx, sign))
    assert store.run_now(Mark("afterwards")) == "afterwards"


def raises(tx: Transaction, sign: str) -> None:
    """The server says so, as if it were true."""
    tx.db.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'canary' USING ERRCODE = '{sign}'; END $$")


def test_a_server_that_is_only_read_is_left_for_the_one_that_is_written_to(
    store: Store, installation: Installation
) -> None:
    """As after a change of servers behind one address."""
    setting = f"IN DATABASE {database_of(installation)} SET default_transaction_read_only ="
    past_the_walls(installation, f"ALTER ROLE test_bot {setting} on")
    for _ in range(6):  # more than there are threads
        with pytest.raises(Busy) as caught:
            store.run_now(Mark("never"))
        assert caught.value.why == "read-only"
    past_the_walls(installation, f"ALTER ROLE test_bot {setting} off")
    for _ in range(6):
        store.run_now(Mark("kept"))
    assert names(installation) == ["kept"]


def database_of(installation: Installation) -> str:
    return str(past_the_walls(installation, "SELECT current_database()")[0][0])


def test_a_connection_that_dies_each_time_is_busy(store: Store, installation: Installation) -> None:
    with pytest.raises(Busy):
        store.run_now(lambda tx: (cut(tx, installation), Mark("never")(tx)))
    assert store.run_now(Mark("afterwards")) == "afterwards"


async def test_a_program_told_to_exit_inside_a_turn_keeps_nothing_and_hangs_nobody(
    store: Store, installation: Installation
) -> None:
    def leaves(tx: Transaction) -> None:
        Mark("never")(tx)
        raise SystemExit

    for _ in range(6):  # more than there are threads
        with pytest.raises(Busy):
            await store.run(leaves)
    assert await store.run(Mark("afterwards")) == "afterwards"
    assert names(installation) == ["afterwards"]


async def test_a_turn_nobody_waits_for_any_more_is_left_out(store: Store, installation: Installation) -> None:
    held, go = threading.Barrier(5, timeout=20), threading.Event()

    def holds(tx: Transaction) -> None:
        held.wait()
        go.wait(20)

    busy = [store.run(holds) for _ in range(4)]
    await asyncio.to_thread(held.wait)
    given_up = store.run(Mark("given up"))
    assert isinstance(given_up, asyncio.Future)
    given_up.cancel()
    go.set()
    await asyncio.gather(*busy)
    assert await store.run(Mark("last")) == "last"
    assert names(installation) == ["last"]


async def test_closing_finishes_what_waits(installation: Installation) -> None:
    store = installation.store()
    waiting = [store.run(Mark(f"{number:02}")) for number in range(30)]
    await asyncio.to_thread(store.close)
    assert sorted(await asyncio.gather(*waiting)) == names(installation) == [f"{number:02}" for number in range(30)]
    store.close()
    with pytest.raises(Busy, match="closed"):
        store.run_now(Mark("late"))


def test_keys_are_not_changed_under_anybody_and_nobody_comes_in_meanwhile(
    store: Store, installation: Installation, keyring: Keyring
) -> None:
    store.run_now(Mark("connected"))
    with pytest.raises(BadInstallation, match="stop it first"):
        installation.whereabouts.open(alone=True).connect()
    store.close()
    engine = installation.whereabouts.open(alone=True)
    with engine.connect():
        late = Store(installation.whereabouts.open(), keyring)
        with pytest.raises(BadInstallation, match="try again"):
            late.run_now(Mark("late"))
        late.close()
    engine.dispose()
    again = installation.store()
    again.run_now(Mark("again"))
    again.close()


# ---------------------------------------------------------------- the server goes away


@pytest.fixture(scope="module")
def durable() -> Iterator[Cluster]:
    with cluster(durable=True) as running:
        yield running


@pytest.fixture
def there(durable: Cluster) -> Addresses:
    found = durable.addresses(durable.new_database())
    migrate_postgres(found)
    return found


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_restarted_in_the_middle_nothing_answered_is_lost(
    durable: Cluster, there: Addresses, keyring: Keyring, mode: str
) -> None:
    """``immediate`` is a crash of the server."""
    store = Store(open_postgres(there), keyring)
    answered: list[str] = []
    asked = 0
    over = asyncio.Event()

    async def one_after_the_other(lane: int) -> None:
        nonlocal asked
        while not over.is_set():
            asked += 1
            name = f"{lane}-{asked}"
            for _ in range(1_000):
                try:
                    answered.append(await store.run(Mark(name)))
                    break
                except Busy:
                    await asyncio.sleep(0.02)

    lanes = [asyncio.create_task(one_after_the_other(lane)) for lane in range(8)]
    await until(lambda: len(answered) >= 100)
    await asyncio.to_thread(durable.stop, mode)
    before = len(answered)
    await asyncio.to_thread(durable.start)
    await until(lambda: len(answered) >= before + 100)
    over.set()
    await asyncio.gather(*lanes)
    kept = dict(store.run_now(lambda tx: [(row.answer, row.times) for row in tx.db.execute(select(marks))]))
    store.close()
    assert set(answered) == set(kept)
    # Told to be busy in the middle of a commit, a turn may have been kept, and is then kept again: what must not be
    # doubled says so itself (an update is noted as taken).
    assert sum(times > 1 for times in kept.values()) <= 8
