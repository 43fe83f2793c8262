"""Where turns wait in line for their transaction; each stands or falls alone.

SQLite: one writer, and those who wait share a commit.

    run(turn) ─▶ line ─▶ writer thread:  BEGIN IMMEDIATE
                                         SAVEPOINT · turn 1 · RELEASE
                                         SAVEPOINT · turn 2 · ROLLBACK TO      (it failed: only it is undone)
                                         …
                                         COMMIT                                (one fsync for all)
                                         ▼
                                         every waiting caller hears its result

Sharing commits makes ``synchronous=FULL`` nearly free under load (measured: about 2,000 turns a second against
about 140 one by one).

PostgreSQL: some threads, each with a connection and one turn at a time; the server shares commits by itself. Turns of
one chat are kept apart by ``Transaction.hold``. A turn that the server undid because two were in each other's way, at
a lock or at a row that both wanted to put, is run again: nothing of it was kept.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from storage.actor import ASSISTANT, Actor
from storage.database import empty_log
from storage.errors import Busy, StorageError
from storage.keyring import Keyring
from storage.transaction import DELETED, PURGED, Transaction
from storage.trouble import is_refusal, refusal

T = TypeVar("T")
MOST_SHARED = 64
EMPTY_AGAIN_S = 60.0  # after somebody who reads kept the log from being emptied
TRIES = 5
IN_EACH_OTHERS_WAY = ("40001", "40P01", "23505", "23503")
"""SQLSTATE of a serialization failure and of a deadlock; and of a row that another turn has put, or deleted, since this
one looked: the second time it sees what is so."""


@dataclass(slots=True)
class _Waiting(Generic[T]):
    turn: Callable[[Transaction], T]
    done: Future[T]
    waiter: asyncio.Future[T] | None = None  # in a loop, told instead of ``done``


_Result: TypeAlias = tuple[_Waiting[Any], Any, BaseException | None]


class Store:
    """Runs plain functions over one transaction each, in threads of its own.

    Args:
        engine: from ``storage.database.open_database`` or ``storage.postgres.open_postgres``; the store owns its
            connections until ``close``.
        keyring: handed on with every transaction.
        actor: whose acts these are, for the audit log; the bot says it anew for every turn.
        closed: called once, when the connections are closed.
        noted: called with a connection when deletions were committed, and once at the start; raises nothing of its own.

    Attributes:
        shared: other processes, on other machines too, may be writing to this database at the same time.
    """

    def __init__(
        self,
        engine: Engine,
        keyring: Keyring,
        actor: Actor = ASSISTANT,
        *,
        closed: Callable[[], None] = lambda: None,
        noted: Callable[[Connection], None] = lambda connection: None,
    ) -> None:
        self._engine, self._keyring, self._actor, self._on_closed = engine, keyring, actor, closed
        self.shared = engine.dialect.name != "sqlite"
        self._noted = noted
        self._line: queue.SimpleQueue[_Waiting[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        # Whoever was killed after a purge's commit left what was deleted in the log.
        self._to_empty, self._emptied_at = True, -EMPTY_AGAIN_S
        self._threads = [
            threading.Thread(target=self._write_one_by_one if self.shared else self._write, name="store", daemon=True)
            for _ in range(engine.pool.size() if isinstance(engine.pool, QueuePool) else 1)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, turn: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run ``turn`` inside a transaction; the result comes once it is committed, fsync included.

        Raises (from the awaited result):
            Busy: the commit or the database failed; nothing of this turn was kept, unless a server went away in the
                middle of its commit. Try the same call again.
            Damaged: the database is; nothing of this turn was kept, and the same call will fail again.
            Exception: whatever ``turn`` raised; nothing of it was kept.
        """
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._submit(turn, waiter)
        return waiter

    def run_now(self, turn: Callable[[Transaction], T]) -> T:
        """The same for code without an event loop (the command line); blocks until it is committed."""
        return self._submit(turn).result()

    def close(self) -> None:
        """Finish what waits, write the log back into the file, close the connections. Safe to repeat."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            for _ in self._threads:
                self._line.put(None)
        for thread in self._threads:
            thread.join()
        self._engine.dispose()
        self._on_closed()

    def _submit(self, turn: Callable[[Transaction], T], waiter: asyncio.Future[T] | None = None) -> Future[T]:
        done: Future[T] = Future()
        with self._closing:  # or a turn could come to stand behind the end of the line, and wait for ever
            if self._closed:
                raise Busy("the store is closed")
            self._line.put(_Waiting(turn, done, waiter))
        return done

    # ------------------------------------------------------------ SQLite

    def _write(self) -> None:
        connection: Connection | None = None
        while True:
            batch = [self._line.get()]
            while len(batch) < MOST_SHARED and batch[-1] is not None:
                try:
                    batch.append(self._line.get_nowait())
                except queue.Empty:
                    break
            # Whoever stopped waiting before the turn began is left out; from here on nobody can.
            waiting = [one for one in batch if one is not None and _wanted(one)]
            if waiting:
                try:
                    if connection is None:
                        connection = self._engine.connect()
                        self._noted(connection)  # what a crash kept from the file
                except Exception as failed:  # the next batch tries again
                    self._engine.dispose()
                    _tell([(one, None, refusal(failed)) for one in waiting])
                else:
                    if not self._share(connection, waiting):
                        # A file that was opened while the disk was read-only or broken stays so for who has it open.
                        with contextlib.suppress(DBAPIError):
                            connection.close()
                        self._engine.dispose()
                        connection = None
            if batch[-1] is None:
                if connection is not None:
                    with contextlib.suppress(DBAPIError):
                        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                    connection.close()
                return

    def _share(self, connection: Connection, waiting: list[_Waiting[Any]]) -> bool:
        """False: this connection may never serve again, a new one may."""
        results: list[_Result] = []
        good = True
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for one in waiting:
                results.append((one, *_alone(Transaction(connection, self._keyring, self._actor), one.turn)))
            connection.exec_driver_sql("COMMIT")
            # On a file that was opened read-only SQLite begins and commits all the same; only what writes is refused.
            good = all(_may_serve_again(error) for _, _, error in results)
        except BaseException as failed:
            with contextlib.suppress(DBAPIError):
                connection.exec_driver_sql("ROLLBACK")
            error = refusal(failed)
            good = isinstance(error, Busy) and _may_serve_again(error)
            results = [(one, None, refusal(failed)) for one in waiting]
        finally:
            # SQLAlchemy believes in a transaction of its own; the real one is ended above.
            with contextlib.suppress(DBAPIError):
                connection.rollback()
        if connection.info.pop(DELETED, False):
            self._noted(connection)
        if connection.info.pop(PURGED, False):
            self._to_empty, self._emptied_at = True, -EMPTY_AGAIN_S
        if good and self._to_empty and time.monotonic() - self._emptied_at >= EMPTY_AGAIN_S:
            self._to_empty, self._emptied_at = not empty_log(connection), time.monotonic()
        _tell(results)
        return good

    # ------------------------------------------------------------ PostgreSQL

    def _write_one_by_one(self) -> None:
        connection: Connection | None = None
        while (one := self._line.get()) is not None:
            if not _wanted(one):
                continue
            for tries_left in reversed(range(TRIES)):
                try:
                    connection = connection or self._connected()
                    result, error = self._alone_on(connection, one.turn)
                except BaseException as failed:  # also one that ends a program: nobody may be left waiting
                    result, error = None, failed if isinstance(failed, StorageError) else refusal(failed)
                if connection is not None and isinstance(error, Busy) and error.why == "read-only":
                    connection.invalidate()  # another server may be the one that is written to by now
                if connection is not None and connection.invalidated:  # the server went away, or came back
                    connection.close()
                    connection = None
                if not (isinstance(error, _Again) and tries_left):
                    break
            _tell([(one, result, error.why if isinstance(error, _Again) else error)])
        if connection is not None:
            connection.close()

    def _connected(self) -> Connection:
        connection = self._engine.connect()
        with contextlib.suppress(DBAPIError):
            self._noted(connection)  # what a crash kept from the file
        with contextlib.suppress(DBAPIError):
            connection.rollback()
        return connection

    def _alone_on(self, connection: Connection, turn: Callable[[Transaction], Any]) -> tuple[Any, BaseException | None]:
        try:
            try:
                result = turn(Transaction(connection, self._keyring, self._actor))
            except DBAPIError as failed:
                # Nothing was committed, so the same again is safe: also where a connection had died while it lay idle.
                again = failed.connection_invalidated or getattr(failed.orig, "sqlstate", None) in IN_EACH_OTHERS_WAY
                why = refusal(failed) if is_refusal(failed) or failed.connection_invalidated else failed
                return None, _Again(why) if again else why
            except Exception as failed:
                return None, failed
            connection.commit()
        finally:
            with contextlib.suppress(DBAPIError):
                connection.rollback()
        if connection.info.pop(DELETED, False):
            with contextlib.suppress(DBAPIError):  # the next deletion brings it to the file
                self._noted(connection)
            with contextlib.suppress(DBAPIError):
                connection.rollback()
        return result, None


class _Again(Exception):
    """Nothing was kept; the same turn may be run once more. ``why``: what to say when it was run often enough."""

    def __init__(self, why: Exception) -> None:
        self.why = why


def _wanted(one: _Waiting[Any]) -> bool:
    return not one.waiter.cancelled() if one.waiter is not None else one.done.set_running_or_notify_cancel()


def _may_serve_again(error: BaseException | None) -> bool:
    """Whether the connection it came from may."""
    return not isinstance(error, Busy) or error.why in ("", "locked", "full")


def _tell(results: list[_Result]) -> None:
    """Hand results to those who wait. A loop is woken once for all of its own: waking is what costs."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Result]] = {}
    for one in results:
        if one[0].waiter is None:
            _settle(one[0].done, *one[1:])
        else:
            by_loop.setdefault(one[0].waiter.get_loop(), []).append(one)
    for loop, of_loop in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed; nobody waits there any more
            loop.call_soon_threadsafe(_settle_all, of_loop)


def _settle_all(results: list[_Result]) -> None:
    for one, result, error in results:
        if one.waiter is not None and not one.waiter.done():  # done: whoever waited has been cancelled
            _settle(one.waiter, result, error)


def _settle(waiter: "Future[Any] | asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if error is None:
        waiter.set_result(result)
    else:
        waiter.set_exception(error)


def _alone(tx: Transaction, turn: Callable[[Transaction], Any]) -> tuple[Any, BaseException | None]:
    # Handed to the driver: through SQLAlchemy the two statements take ten times as long (measured: 10 to 1 µs).
    driver = cast(sqlite3.Connection, tx.db.connection.dbapi_connection)
    driver.execute("SAVEPOINT turn")
    try:
        result = turn(tx)
    except DBAPIError as failed:
        driver.execute("ROLLBACK TO turn")
        driver.execute("RELEASE turn")
        return None, refusal(failed) if is_refusal(failed) else failed
    except Exception as failed:
        driver.execute("ROLLBACK TO turn")
        driver.execute("RELEASE turn")
        return None, failed
    driver.execute("RELEASE turn")
    return result, None
