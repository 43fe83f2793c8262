"""How the cost of a turn grows with what is stored, and which statements read whole tables.

    python tests/bench/growth.py [--quick] [--engine postgres]

The same turns on a small database (100 notes, 20 people) and a large one (100,000 notes, 20,000 people, each with a
conversation, a walk and a chat; an audit entry a note; as many updates as notes; 50 flags open, and
10,000 closed).
Rows are written by plain SQL with bodies of 1,000 random bytes: nothing here opens a note. CPU time of one turn in the
transaction's own thread, the median of so many, and the large over the small. The aim is at most 1.5.

Every statement that these turns run on the large database is explained (EXPLAIN QUERY PLAN, SQLite alone); those that
scan a table without an index are named. On PostgreSQL the CPU time of the server's process is counted, too.
"""

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import engine
from sqlalchemy import event, text

from bot import turns, wiring
from bot.channels.base import Inbound, Pressed
from bot.clock import MovableClock
from bot.timers import take_all
from bot.trial import AGENCY
from bot.turns import World
from dialogues.model import Wrote
from dialogues.reference import reference
from storage import outbox, people, timers
from storage.postgres import owned
from storage.store import Store
from storage.transaction import Transaction, seconds

NOW = datetime.now(UTC)
SMALL, LARGE = (100, 20), (100_000, 20_000)
TALKERS = 20
PART = "He came ten minutes late, kept his coat on and did not want tea."
OPEN_FLAGS = 50
MANY = 5_000


def cpu_s(tx: Transaction) -> float:
    """CPU seconds of this thread, and of what a server does for it."""
    if not tx.shared:
        return time.thread_time()
    backend: Any = tx.db.connection.dbapi_connection
    nanoseconds = Path(f"/proc/{backend.info.backend_pid}/schedstat").read_text().split()[0]
    return time.thread_time() + int(nanoseconds) / 1e9


def person_ref(number: int) -> bytes:
    return number.to_bytes(16, "big")


def fill(tx: Transaction, *, notes: int, staff: int) -> None:
    """So many people and notes beside those that are there."""
    at, agency_ref = seconds(NOW), tx.keyring.agency_ref(AGENCY)

    def put(table: str, rows: "itertools.chain[dict[str, Any]] | list[dict[str, Any]]") -> None:
        waiting = iter(rows)
        while some := list(itertools.islice(waiting, MANY)):
            names = list(some[0])
            marks = ", ".join(f":{name}" for name in names)
            tx.db.execute(text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"), some)

    everybody, state = range(1, staff + 1), os.urandom(800)
    put("people", ({"ref": person_ref(n), "accepted_at": at, "created_at": at,
                    "sealed_profile": tx.seal("profile", person_ref(n), {"handle": f"PO-{n}", "language": "en"})}
                   for n in everybody))  # fmt: skip
    put("memberships", ({"person_ref": person_ref(n), "agency_ref": agency_ref, "role": "officer", "since": at}
                        for n in everybody))  # fmt: skip
    put("addresses", ({"ref": person_ref(n), "person_ref": person_ref(n),
                       "sealed_contact": tx.seal("contact", person_ref(n), {"channel": "console", "chat": f"old-{n}"})}
                      for n in everybody))  # fmt: skip
    put("conversations", ({"address_ref": person_ref(n), "version": 1, "question": 1, "sealed_state": state,
                           "moved_at": at} for n in everybody))  # fmt: skip
    put("walks", ({"id": os.urandom(16), "person_ref": person_ref(n), "agency_ref": agency_ref, "guide_version": 1,
                   "sealed_progress": state, "moved_at": at} for n in everybody))  # fmt: skip
    put("timers", ({"kind": "idle", "address_ref": person_ref(n), "about": "", "due_at": at + 30 * 86_400 + n}
                   for n in everybody))  # fmt: skip
    put("seen", ({"channel": "telegram", "update_id": f"old-{n}", "at": at} for n in range(notes)))
    ids = [(n * 2**20).to_bytes(5, "big") + os.urandom(11) for n in range(1, notes + 1)]  # no two of one reference
    put("notes", ({"id": id, "agency_ref": agency_ref, "reference": reference(id.hex()), "flag_level": 0,
                   "hour": at, "state": "handed-over", "case_tag": os.urandom(16), "body": os.urandom(1_000)}
                  for id in ids))  # fmt: skip
    put("receipts", ({"note_id": id, "author_ref": person_ref(1 + n % staff)} for n, id in enumerate(ids)))
    flagged = ids[:: max(2, notes // (OPEN_FLAGS * 200))]
    put("flags", ({"note_id": id, "agency_ref": agency_ref, "urgency": "today",
                   "state": "notified" if n < OPEN_FLAGS else "closed", "raised_at": at, "due_at": at + 14_400,
                   "take_by": at + 14_400, "moved_at": at, "level": 3}
                  for n, id in enumerate(flagged)))  # fmt: skip
    put("destinations", [{"name": "case-system", "agency_ref": agency_ref, "kind": "filedrop", "disclosure": "full",
                          "state": "open", "why": "", "place_hash": bytes(32), "since": 0, "failures": 0, "next_at": 0,
                          "alarm_s": 86_400, "cursor": "", "rejects": 0, "reject_why": "",
                          "rejects_from": 0}])  # fmt: skip
    put("deliveries", ({"destination": "case-system", "agency_ref": agency_ref, "note_id": id, "version": 1,
                        "disclosure": "full", "case_key": id, "case_seq": 1, "state": "acked", "why": "", "attempts": 1,
                        "ambiguous": 0, "withhold": 0, "remote_id": "", "remote_url": "", "remote_state": "open",
                        "created_at": at, "done_at": at} for id in ids))  # fmt: skip
    first = tx.db.execute(text("SELECT COALESCE(MAX(seq), 0) FROM audit")).scalar_one()
    put("audit", ({"seq": first + n + 1, "at": at, "actor_kind": "person", "actor": bytes(16), "action": "note.kept",
                   "agency_ref": agency_ref, "about": id, "outcome": "done", "sealed_reason": state[:160],
                   "prev": bytes(32), "hash": bytes(32)} for n, id in enumerate(ids)))  # fmt: skip


class Subject:
    """One database and the people whose turns are measured."""

    def __init__(self, folder: Path, chosen: str, notes: int, staff: int) -> None:
        trial = engine.trial(folder, chosen, at=NOW, roles=("officer", "coordinator", "admin"))
        self.store: Store = trial.installation.store()
        self.clock = MovableClock(NOW)
        self.world: World = wiring.world(trial.installation, clock=self.clock)
        self.numbers = itertools.count(1)
        self.question: dict[str, int] = {}
        self.store.run_now(partial(fill, notes=notes, staff=staff))
        self.store.run_now(self._enrol)
        if (server := trial.installation.whereabouts.server) is not None:
            with owned(server) as connection:
                connection.exec_driver_sql("ANALYZE")  # as the server does by itself within minutes
        (self.flag,) = self.store.run_now(
            lambda tx: tx.db.execute(
                text("SELECT reference FROM notes JOIN flags ON note_id = id WHERE flags.state = 'notified' LIMIT 1")
            ).one()
        )

    def _enrol(self, tx: Transaction) -> None:
        for number in range(TALKERS):
            ref = people.add(tx, tx.keyring.agency_ref(AGENCY), "officer", language="en", at=NOW)
            people.reach_at(tx, ref, "console", f"talker-{number}")
            people.settle(tx, ref, at=NOW, handle=f"PO-{number}", accepted=True)

    def take(self, chat: str, what: str) -> float:
        """One turn, a text or ``[the key of a button]``; seconds of CPU of its transaction."""
        act = Pressed(self.question.get(chat, 0), what[1:-1]) if what.startswith("[") else Wrote(what)
        if what.startswith("[inbox."):
            act = Pressed(0, what[1:-1])
        inbound = Inbound("console", f"{next(self.numbers)}", chat, act, message="1")

        def timed(tx: Transaction) -> float:
            began = cpu_s(tx)
            said = turns.take_turn(tx, self.world, inbound)
            took = cpu_s(tx) - began
            self.question[chat] = said[-1].question or self.question.get(chat, 0)
            outbox.done(tx, [one.id for one in said])
            return took

        return self.store.run_now(timed)

    def look(self) -> float:
        """One look at the timers, with nothing due."""

        def timed(tx: Transaction) -> float:
            began = cpu_s(tx)
            timers.due(tx, self.clock())
            return cpu_s(tx) - began

        return self.store.run_now(timed)

    def catch_up(self) -> float:
        """What is due after an outage of five hours: 50 flags, told in one message; per flag."""
        self.clock.move(timedelta(hours=5))

        def timed(tx: Transaction) -> float:
            due = [one for one in timers.due(tx, self.clock(), at_most=1_000) if one.kind == "flag"]
            began = cpu_s(tx)
            said, broken = take_all(tx, world=self.world, due=due)
            took = cpu_s(tx) - began
            assert not broken
            outbox.done(tx, [one.id for one in said])
            return took / max(len(due), 1)

        def arm(tx: Transaction) -> None:
            rows = tx.db.execute(text("SELECT note_id FROM flags WHERE owner_ref IS NULL AND state <> 'closed'")).all()
            for row in rows[:OPEN_FLAGS]:
                timers.arm(tx, "flag", row.note_id.hex(), NOW)

        self.store.run_now(arm)
        return self.store.run_now(timed)


def measured(subjects: list[Subject], times: int) -> list[dict[str, float]]:
    """Of each: name of a step -> milliseconds of CPU, the median over people and repetitions. They take turns."""
    took: list[dict[str, list[float]]] = [{} for _ in subjects]
    script: list[tuple[str, str]] = [
        ("menu", "/menu"),
        ("guide opened", "/guide"),
        ("step chosen", "[S02]"),
        ("case code left out", "[none]"),
        ("note opened", "/note quick"),
        ("text into a note", PART),
        ("urgency", "[routine]"),
        ("note kept (sealed, receipt, timer, audit)", "[log]"),
        ("own notes listed", "/notes"),
        ("question answered", "what is a warning sign"),
    ]
    for number in range(times):
        for subject, found in zip(subjects, took, strict=True):
            chat = f"talker-{number % TALKERS}"
            for name, what in script:
                found.setdefault(name, []).append(subject.take(chat, what))
            found.setdefault("inbox listed (50 open)", []).append(subject.take("coordinator", "/inbox"))
            found.setdefault("flag shown", []).append(subject.take("coordinator", f"[inbox.{subject.flag}]"))
            found.setdefault("look at the timers", []).append(subject.look())
    for subject, found in zip(subjects, took, strict=True):
        found["overdue flag told, a flag of 50"] = [subject.catch_up() for _ in range(3)]
    return [{name: 1000 * statistics.median(times_) for name, times_ in found.items()} for found in took]


def explained(store: Store, run: Callable[[], object]) -> list[str]:
    """The statements that ``run`` leads to and that read a whole table or sort one, each once."""
    heard: dict[str, Any] = {}

    def hear(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            heard.setdefault(statement, parameters[0] if many else parameters)

    found: list[str] = []

    def listening(tx: Transaction) -> None:
        event.listen(tx.db, "before_cursor_execute", hear)

    def explain(tx: Transaction) -> None:
        event.remove(tx.db, "before_cursor_execute", hear)
        for statement, parameters in heard.items():
            plan = [row[3] for row in tx.db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            scans = [line for line in plan if line.startswith("SCAN") and "USING" not in line]
            found.extend(f"{line}: {' '.join(statement.split())[:160]}" for line in scans)

    store.run_now(listening)
    run()
    store.run_now(explain)
    return sorted(set(found))


def main() -> None:
    parser = argparse.ArgumentParser(description="How the cost of a turn grows with what is stored.")
    engine.add_option(parser)
    parser.add_argument("--quick", action="store_true", help="a tenth of the large database")
    parser.add_argument("--times", type=int, default=40)
    given = parser.parse_args()
    large = tuple(size // 10 for size in LARGE) if given.quick else LARGE
    found: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        subjects = [Subject(Path(folder) / str(size[0]), given.engine, *size) for size in (SMALL, large)]
        for _ in range(2):  # the first warms up
            found = measured(subjects, given.times)
        print(f"{'CPU ms a turn':44}{SMALL[0]:>8} notes{large[0]:>8} notes   ratio")
        for name, small in found[0].items():
            print(f"{name:44}{small:14.2f}{found[1][name]:14.2f}{found[1][name] / small:8.2f}", flush=True)
        if given.engine == "sqlite":
            scans = explained(subjects[1].store, lambda: measured(subjects[1:], 1))
            print("\nread without an index:" if scans else "\nnothing is read without an index")
            print("\n".join(scans))
        for subject in subjects:
            subject.store.close()


if __name__ == "__main__":
    main()
