"""What a caller of the store can count on: who shares a commit, who falls alone, and what an answer means."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import event, insert, text
from storage_site import NOON, Mark, marks, outside

from bot.installation import Installation
from storage.database import open_database
from storage.errors import Busy, Damaged, Unknown
from storage.keyring import Keyring
from storage.schema import receipts, seen
from storage.store import MOST_SHARED, Store
from storage.transaction import Transaction, seconds

pytestmark = pytest.mark.sqlite

LONG_S = 20
"""Longer than anything here takes; nothing waits for it but a test that fails."""


class Gate:
    """A turn that holds the writer until it is opened, so that other turns come to wait together."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self, tx: Transaction) -> None:
        self.entered.set()
        assert self.opened.wait(LONG_S)


async def reached(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.entered.wait, LONG_S)


async def together(store: Store, *turns: Callable[[Transaction], object]) -> list[object]:
    """Results or exceptions of turns that share one transaction."""
    gate = Gate()
    held = store.run(gate)
    await reached(gate)
    waiting: list[Awaitable[object]] = [store.run(turn) for turn in turns]
    gate.opened.set()
    await held
    return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), LONG_S)


def failing(tx: Transaction) -> None:
    Mark("of the failing turn")(tx)
    raise Unknown("case")


def orphan(tx: Transaction) -> None:
    """Breaks a reference that is checked at COMMIT alone: the commit fails, no turn does."""
    tx.db.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    tx.db.execute(insert(receipts), {"note_id": b"\0" * 16, "author_ref": b"\0" * 16})


def impatient(store: Store) -> None:
    for _ in range(2):  # the log is emptied after the first turn of all, which sets it back
        store.run_now(lambda tx: tx.db.exec_driver_sql("PRAGMA busy_timeout=20"))


def test_a_result_is_committed_when_it_comes(store: Store, database: Path) -> None:
    for number in range(5):
        assert store.run_now(Mark(f"mark {number}")) == f"mark {number}"
        assert marks(database)[-1] == f"mark {number}"


async def test_no_result_is_out_before_the_commit_its_turn_shares(store: Store, database: Path) -> None:
    first, second = Gate(), Gate()
    held = store.run(first)
    await reached(first)
    early, late = asyncio.ensure_future(store.run(Mark("early"))), asyncio.ensure_future(store.run(second))
    first.opened.set()
    await held
    await reached(second)

    assert not early.done()
    assert marks(database) == []

    second.opened.set()
    assert await early == "early"
    assert marks(database) == ["early"]
    await late


async def test_waiting_turns_share_commits(installation: Installation, keyring: Keyring) -> None:
    engine, said = open_database(installation.database), list[str]()
    event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    store = Store(engine, keyring)
    try:
        await together(store, *[Mark(f"mark {number}") for number in range(MOST_SHARED + 1)])
    finally:
        await asyncio.to_thread(store.close)
    assert said.count("COMMIT") == 3  # the gate alone, a full share, and the one left over
    assert len(marks(installation.database)) == MOST_SHARED + 1


async def test_turns_are_run_in_the_order_they_came(store: Store, database: Path) -> None:
    names = [f"mark {number}" for number in range(150)]
    assert await together(store, *[Mark(name) for name in names]) == names
    assert marks(database) == names


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_failing_turn_falls_alone(store: Store, database: Path, place: int) -> None:
    turns: list[Callable[[Transaction], object]] = [Mark("one"), Mark("two")]
    turns.insert(place, failing)
    results = await together(store, *turns)

    assert isinstance(results.pop(place), Unknown)
    assert results == ["one", "two"]
    assert marks(database) == ["one", "two"]


async def test_a_turn_the_database_refuses_is_busy_alone(store: Store, database: Path) -> None:
    def refused(tx: Transaction) -> None:
        Mark("of the refused turn")(tx)
        tx.db.execute(text("INSERT INTO nowhere VALUES (1)"))

    one, error, two = await together(store, Mark("one"), refused, Mark("two"))

    assert isinstance(error, Busy)
    assert (one, two) == ("one", "two")
    assert marks(database) == ["one", "two"]


async def test_a_failing_commit_makes_all_who_share_it_busy_and_keeps_nothing(store: Store, database: Path) -> None:
    results = await together(store, Mark("one"), orphan, Mark("two"))

    assert [type(result) for result in results] == [Busy, Busy, Busy]
    assert len({id(result) for result in results}) == 3
    assert marks(database) == []
    assert store.run_now(Mark("afterwards")) == "afterwards"
    assert marks(database) == ["afterwards"]


async def test_a_turn_that_failed_by_itself_is_busy_too_when_the_commit_fails(store: Store) -> None:
    assert [type(one) for one in await together(store, failing, orphan)] == [Busy, Busy]


def test_a_database_locked_by_another_is_busy_and_works_again_once_it_is_free(store: Store, database: Path) -> None:
    impatient(store)
    other = outside(database)
    other.execute("BEGIN IMMEDIATE")
    try:
        for _ in range(3):
            with pytest.raises(Busy):
                store.run_now(Mark("locked out"))
    finally:
        other.execute("ROLLBACK")
        other.close()

    assert marks(database) == []
    assert store.run_now(Mark("afterwards")) == "afterwards"
    assert marks(database) == ["afterwards"]


async def test_a_database_that_became_read_only_is_busy_and_keeps_nothing(
    installation: Installation, keyring: Keyring
) -> None:
    engine = open_database(installation.database)
    store = Store(engine, keyring)

    try:
        await store.run(Mark("before"))
        with engine.connect() as connection:  # the store's own, which is idle
            connection.exec_driver_sql("PRAGMA query_only=ON")
        results = await asyncio.gather(store.run(Mark("one")), store.run(Mark("two")), return_exceptions=True)
        assert [type(one) for one in results] == [Busy, Busy]
        assert marks(installation.database) == ["before"]
        assert await store.run(Mark("afterwards")) == "afterwards", "the connection was given up, and the next writes"
    finally:
        await asyncio.to_thread(store.close)
    assert marks(installation.database) == ["before", "afterwards"]


@pytest.mark.skipif(os.geteuid() == 0, reason="no mode keeps root from writing")
def test_a_file_that_may_not_be_written_is_busy(installation: Installation) -> None:
    installation.database.chmod(0o400)
    store = installation.store()
    try:
        with pytest.raises(Busy):
            store.run_now(Mark("one"))
    finally:
        store.close()
    installation.database.chmod(0o600)
    assert marks(installation.database) == []


async def test_a_full_disk_makes_all_busy_and_keeps_nothing(store: Store, database: Path) -> None:
    def fill(tx: Transaction) -> None:
        tx.db.execute(insert(seen), {"channel": "console", "update_id": "x" * 200_000, "at": seconds(NOON)})

    def limited(pages: int) -> None:
        store.run_now(lambda tx: tx.db.exec_driver_sql(f"PRAGMA max_page_count={pages}"))

    used = store.run_now(lambda tx: tx.db.scalar(text("PRAGMA page_count")))
    limited(used)
    results = await together(store, Mark("one"), fill, Mark("two"))

    assert [type(result) for result in results] == [Busy, Busy, Busy]
    assert marks(database) == []

    limited(1_000_000)
    assert await together(store, Mark("one"), fill, Mark("two")) == ["one", None, "two"]
    assert marks(database) == ["one", "two"]
    assert outside(database).execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_program_told_to_exit_inside_a_turn_keeps_nothing_and_hangs_nobody(
    store: Store, database: Path
) -> None:
    def leave(tx: Transaction) -> None:
        Mark("of the leaving turn")(tx)
        raise SystemExit

    assert [type(one) for one in await together(store, Mark("one"), leave)] == [Busy, Busy]
    assert marks(database) == []
    assert store.run_now(Mark("afterwards")) == "afterwards"


async def test_a_turn_nobody_waits_for_any_more_is_left_out(store: Store, database: Path) -> None:
    gate = Gate()
    held = store.run(gate)
    await reached(gate)
    given_up = asyncio.ensure_future(store.run(Mark("given up")))
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    gate.opened.set()
    await held

    assert await asyncio.wait_for(store.run(Mark("afterwards")), LONG_S) == "afterwards"
    assert marks(database) == ["afterwards"]


async def test_giving_up_on_a_turn_that_runs_hurts_nobody(store: Store, database: Path) -> None:
    gate = Gate()

    def turn(tx: Transaction) -> str:
        gate(tx)
        return Mark("given up too late")(tx)

    running = asyncio.ensure_future(store.run(turn))
    await reached(gate)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    gate.opened.set()

    assert await asyncio.wait_for(store.run(Mark("afterwards")), LONG_S) == "afterwards"
    assert marks(database) == ["given up too late", "afterwards"]


async def test_closing_finishes_what_waits(installation: Installation) -> None:
    store, gate = installation.store(), Gate()
    held = store.run(gate)
    await reached(gate)
    waiting = [store.run(Mark(f"mark {number}")) for number in range(MOST_SHARED * 2)]
    closing = asyncio.create_task(asyncio.to_thread(store.close))
    gate.opened.set()
    await asyncio.wait_for(closing, LONG_S)
    await held

    assert await asyncio.gather(*waiting) == [f"mark {number}" for number in range(MOST_SHARED * 2)]
    assert len(marks(installation.database)) == MOST_SHARED * 2


def test_closing_leaves_one_file_and_may_be_repeated(installation: Installation) -> None:
    store = installation.store()
    store.run_now(Mark("one"))
    store.close()
    store.close()
    assert [path.name for path in installation.folder.glob("integra.db*")] == ["integra.db"]
    assert marks(installation.database) == ["one"]


def test_a_closed_store_is_busy(installation: Installation) -> None:
    store = installation.store()
    store.close()
    with pytest.raises(Busy):
        store.run_now(Mark("too late"))
    assert marks(installation.database) == []


def test_nobody_is_left_waiting_by_a_store_that_closes_meanwhile(installation: Installation) -> None:
    store = installation.store()
    kept: list[str] = []

    def keep_on(who: int) -> None:
        for number in range(10_000):
            try:
                kept.append(store.run_now(Mark(f"{who}/{number}")))
            except Busy:
                return

    askers = [threading.Thread(target=keep_on, args=(who,), daemon=True) for who in range(8)]
    for asker in askers:
        asker.start()
    while len(kept) < 20:
        os.sched_yield()
    store.close()
    for asker in askers:
        asker.join(LONG_S)

    assert not any(asker.is_alive() for asker in askers)
    assert sorted(marks(installation.database)) == sorted(kept)


def test_a_file_that_is_no_database_is_damaged_rather_than_silent(installation: Installation) -> None:
    database = installation.database
    good = database.read_bytes()
    database.write_bytes(b"not a database " * 400)
    store = installation.store()
    try:
        with pytest.raises(Damaged):
            store.run_now(Mark("one"))
        database.write_bytes(good)
        assert store.run_now(Mark("two")) == "two"
    finally:
        store.close()
    assert marks(database) == ["two"]


PROCESS = """
import sys
from pathlib import Path
from bot.installation import Installation
from storage import feedback
store = Installation(Path(sys.argv[1])).store()
number = 0
while True:
    store.run_now(lambda tx: feedback.count(tx, f"mark {number}", helpful=True))
    print(number, flush=True)
    number += 1
"""


def test_what_was_answered_outlives_a_killed_process(installation: Installation) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS, installation.folder],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout is not None
        answered = [int(process.stdout.readline()) for _ in range(30)]
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.stdout if line.endswith(b"\n")]

    kept = marks(installation.database)
    assert kept[: len(answered)] == [f"mark {number}" for number in answered]
    assert len(kept) - len(answered) in (0, 1)  # one may have been committed and not yet answered


def test_two_stores_on_one_file_wait_for_each_other(installation: Installation) -> None:
    """As the command line does beside a bot that runs."""
    stores = [installation.store() for _ in range(2)]
    names = [[f"{who}/{number}" for number in range(30)] for who in range(2)]

    def work(who: int) -> None:
        for name in names[who]:
            stores[who].run_now(Mark(name))

    workers = [threading.Thread(target=work, args=(who,), daemon=True) for who in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LONG_S)
    for store in stores:
        store.close()
    kept = marks(installation.database)
    assert [[name for name in kept if name.startswith(f"{who}/")] for who in range(2)] == names
