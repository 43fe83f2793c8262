"""Every note that waits reaches the case system once, whatever stops the run, and nothing else reaches it."""

import errno
import logging
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from handover_site import NOON, WORDS, Crash, Site, note_id, raising, steps_of
from sqlalchemy import update

from dialogues.reference import reference
from storage.errors import Busy, Stale
from storage.schema import notes
from storage.sealing.suites import OpeningKey, SuiteId
from storage.sync import handover
from storage.sync.batch import DropConflict, DropUnwritable
from storage.sync.filedrop import FileDrop
from storage.sync.handover import Problem, Report, hand_over

FILES = [f"notes-north-0000000001.{kind}" for kind in ("jsonl.age", "manifest.sig", "manifest.json")]
STEPS = [
    "packed",
    "fixing",
    "fixed",
    *[f"{name}: {what}" for name in FILES for what in ("part is written", "linked", "durable")],
    "delivered",
    "marking",
    "marked",
]


def test_what_waits_is_handed_over_and_marked(site: Site) -> None:
    site.keep(1, 2)
    assert site.run() == Report(handed_over=2, waiting=0, parked=0, batch=1, problems=())
    assert site.ids() == [1, 2]
    assert set(site.states().values()) == {"handed-over"}
    assert [(row.batch, row.seq) for row in site.handover_rows()] == [(1, 1), (1, 2)]


def test_nothing_is_handed_over_twice(site: Site) -> None:
    site.keep(1, 2)
    site.run()
    before = site.files()
    assert [site.run() for _ in range(3)] == [Report(0, 0, 0, None, ())] * 3
    assert site.files() == before


def test_nothing_to_hand_over_writes_nothing(site: Site) -> None:
    assert site.run() == Report(0, 0, 0, None, ())
    assert site.files() == {}
    assert site.batch_rows() == []


def test_the_steps_of_a_run_are_those_that_crashes_are_tried_at(site: Site) -> None:
    site.keep(1)
    assert steps_of(site.run) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_loses_and_repeats_nothing(site: Site, step: str) -> None:
    site.keep(1, 2)
    assert site.crash(step)
    left = site.files()
    site.keep(3)

    report = site.run()

    assert sorted(site.ids()) == [1, 2, 3]
    assert site.ids()[:2] == [1, 2]
    assert set(site.states().values()) == {"handed-over"}
    assert report.handed_over == (1 if step == "marked" else 3)
    assert not [name for name in site.files() if name.endswith(".part")]
    finished = {name: bytes_ for name, bytes_ in left.items() if not name.endswith(".part")}
    assert finished.items() <= site.files().items()
    assert len(site.handover_rows()) == 3
    assert site.run().handed_over == 0


KILLED = """
import os, signal, sys
from pathlib import Path
from handover_site import NOON
from storage_site import keyset
from storage import database
from storage.keyring import Keyring
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId
from storage.store import Store
from storage.sync.filedrop import FileDrop
from storage.sync.handover import hand_over

folder, recipient, last = sys.argv[1:]
keyring = Keyring(keyset(1), SigningKey(bytes([2]) * 32))
store = Store(database.open_database(Path(folder) / "notes.sqlite3", reads_notes=True), keyring)
drop = FileDrop(Path(folder) / "outgoing", recipient, "integra-north", "north")
key = OpeningKey(SuiteId.XWING, bytes([3]) * 32)
step = lambda name: name == last and os.kill(os.getpid(), signal.SIGKILL)
hand_over(store, [keyring.ingest.public], key, drop, at=NOON, step=step)
"""


@pytest.mark.parametrize("step", ["fixing", "fixed", f"{FILES[0]}: linked", f"{FILES[2]}: part is written", "marking"])
def test_a_killed_process_loses_and_repeats_nothing(site: Site, step: str) -> None:
    site.keep(1, 2)
    site.close()
    command = [sys.executable, "-c", KILLED, str(site.folder), site.drop.recipient, step]
    tree = Path(handover.__file__).parents[2]
    path = os.pathsep.join([str(tree), str(tree / "tests")])
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    site.open()
    assert site.run().handed_over == 2
    assert site.ids() == [1, 2]
    assert not [name for name in site.files() if name.endswith(".part")]


def test_crash_after_crash_still_ends_well(site: Site) -> None:
    site.keep(1, 2)
    for step in STEPS[2:]:
        site.crash(step)
    site.run()
    assert site.ids() == [1, 2]
    assert len(site.batch_rows()) == 1


def test_the_bytes_are_fixed_before_the_folder_is_touched(site: Site) -> None:
    """A crash after fixing and a folder that is emptied again: the same bytes are written."""
    site.keep(1)
    site.crash("delivered")
    written = site.files()
    for path in site.drop_folder.iterdir():
        path.unlink()
    site.run()
    assert site.files() == written


def test_the_bytes_leave_the_database_once_they_are_delivered(site: Site) -> None:
    site.keep(1)
    site.crash("fixed")
    assert all(row.data and row.manifest and row.signature for row in site.batch_rows())
    site.run()
    (row,) = site.batch_rows()
    assert (row.data, row.manifest, row.signature) == (None, None, None)
    assert row.written_at == int(NOON.timestamp())


@pytest.mark.parametrize("step", [step for step in STEPS if "part is written" in step or "linked" in step])
def test_a_full_disk_leaves_no_half_file_and_the_notes_pending(site: Site, step: str) -> None:
    site.keep(1)
    with pytest.raises(DropUnwritable, match="ENOSPC"):
        site.run(step=raising(step, OSError(errno.ENOSPC, "full")))
    assert not [name for name in site.files() if name.endswith(".part")]
    assert FILES[2] not in site.files() or step == f"{FILES[2]}: linked"
    assert site.states() == {1: "waiting"}
    assert site.run() == Report(1, 0, 0, 1, ())
    assert site.ids() == [1]


def test_a_folder_that_is_away_fixes_nothing(site: Site) -> None:
    site.keep(1)
    site.drop_folder.rmdir()
    with pytest.raises(DropUnwritable, match="ENOENT"):
        site.run()
    assert site.batch_rows() == []
    site.drop_folder.mkdir()
    assert site.run().handed_over == 1


def test_another_file_of_our_name_stops_the_run_and_is_left_alone(site: Site) -> None:
    site.keep(1)
    site.crash("fixed")
    other = site.drop_folder / FILES[1]
    other.write_bytes(b"other")
    for _ in range(2):
        with pytest.raises(DropConflict):
            site.run()
    assert other.read_bytes() == b"other"
    assert FILES[2] not in site.files()
    assert site.states() == {1: "waiting"}
    other.unlink()
    assert site.run().handed_over == 1


def test_a_database_that_is_behind_its_drop_stops_before_anything_is_fixed(site: Site, tmp_path: Path) -> None:
    """Restored from an old backup: number 1 would be used again."""
    site.keep(1)
    site.run()
    (tmp_path / "restored").mkdir()
    restored = Site(tmp_path / "restored")
    restored.keep(2)
    drop = FileDrop(site.drop_folder, site.drop.recipient, "integra-north", "north")
    with pytest.raises(DropConflict, match="holds batch 1"):
        restored.run(drop=drop)
    assert restored.batch_rows() == []
    restored.close()


def test_held_and_withdrawn_notes_stay(site: Site) -> None:
    site.keep(1, 2, release=False)
    site.keep(3)
    site.withdraw(2)
    assert site.run().handed_over == 1
    assert site.ids() == [3]
    assert site.states() == {1: "held", 2: "withdrawn", 3: "handed-over"}
    site.release(1)
    site.run()
    assert site.ids() == [3, 1]


def test_notes_go_by_hour_and_then_by_reference(site: Site) -> None:
    site.keep(2, at=NOON + timedelta(hours=1))
    site.keep(1, at=NOON + timedelta(hours=2))
    site.keep(9, 4, 5, at=NOON)
    site.run()
    assert site.ids() == [4, 5, 9, 2, 1]


def test_an_amendment_goes_after_what_it_amends(site: Site) -> None:
    site.keep(8)
    site.keep(3, amends=8)
    site.keep(1, amends=3)
    site.keep(5)
    site.run()
    assert site.ids() == [5, 8, 3, 1]
    events = site.received()
    assert [event["data"].get("amends") for event in events] == [None, None, note_id(8), note_id(3)]
    assert events[2]["type"] == "incidentnote.amended.v1"


def test_an_amendment_of_a_note_already_handed_over_goes_alone(site: Site) -> None:
    site.keep(8)
    site.run()
    site.keep(3, amends=8)
    site.run()
    assert site.ids() == [8, 3]


def test_an_amendment_waits_while_its_note_is_held(site: Site) -> None:
    site.keep(8, release=False)
    site.keep(3, amends=8)
    site.keep(1, amends=3)
    assert site.run() == Report(0, 2, 0, None, ())
    site.release(8)
    site.run()
    assert site.ids() == [8, 3, 1]


def test_an_amendment_of_a_withdrawn_note_goes_alone(site: Site) -> None:
    site.keep(8, release=False)
    site.keep(3, amends=8)
    site.withdraw(8)
    site.run()
    assert site.ids() == [3]


def test_a_note_that_does_not_open_is_parked_and_blocks_nobody_else(site: Site) -> None:
    site.keep(1, 2, 3)
    site.keep(4, amends=2)
    spoil(site, 2)
    parked = (Problem(reference(note_id(2)), "signature"),)
    assert site.run() == Report(2, 1, 1, 1, parked)
    assert site.ids() == [1, 3]
    assert site.run() == Report(0, 1, 1, None, parked)


def test_a_parked_note_goes_once_it_opens_again(site: Site) -> None:
    site.keep(2)
    site.keep(4, amends=2)
    whole = spoil(site, 2)
    site.run()
    site.store.run_now(
        lambda tx: tx.db.execute(update(notes).where(notes.c.body.is_not(None), OF_2).values(body=whole))
    )
    assert site.run() == Report(2, 0, 0, 1, ())
    assert site.ids() == [2, 4]


def test_a_row_that_was_changed_is_parked(site: Site) -> None:
    """Flag and agency in the row must be those that were sealed."""
    site.keep(2)
    site.store.run_now(lambda tx: tx.db.execute(update(notes).values(flag_level=0)))
    assert site.run().problems == (Problem(reference(note_id(2)), "header"),)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"note_id": note_id(77)},
        {"recorded_at": "2026-11-23T12:00:00"},
        {"parts": {"seen": 7}},
        {"author": None},
        {"kind": "amended"},
        {"flagged": 1},
    ],
    ids=str,
)
def test_a_body_of_another_kind_is_parked(site: Site, changes: dict[str, Any]) -> None:
    site.keep(1, **changes)
    site.keep(2)
    assert site.run() == Report(1, 0, 1, 1, (Problem(reference(note_id(1)), "body"),))


def test_another_key_opens_nothing_and_writes_nothing(site: Site) -> None:
    site.keep(1, 2)
    report = site.run(key=OpeningKey(SuiteId.XWING, bytes([99]) * 32))
    assert [problem.code for problem in report.problems] == ["recipient", "recipient"]
    assert (report.handed_over, site.files()) == (0, {})


def test_notes_of_an_unknown_server_are_parked(site: Site) -> None:
    site.keep(1)
    report = hand_over(site.store, [], site.key, site.drop, at=NOON)
    assert [problem.code for problem in report.problems] == ["signature"]


def test_one_agency_is_kept_from_another(site: Site) -> None:
    """Both desks list the same case-system key; the drop is the north's alone."""
    site.add_agency("mentors-south")
    site.keep(1)
    site.keep(2, agency="mentors-south")
    site.keep(3, agency="mentors-south", release=False)
    assert site.run(agency_ref=site.keyring.agency_ref("mentors-north")) == Report(1, 0, 0, 1, ())
    assert site.ids() == [1]
    assert site.states()[2] == "waiting"


def test_three_hundred_notes_are_one_batch(site: Site) -> None:
    site.keep(*range(300, 0, -1))
    seen: list[tuple[int, int]] = []
    report = site.run(progress=lambda done, total: seen.append((done, total)))
    assert (report.handed_over, report.batch) == (300, 1)
    assert site.ids() == list(range(1, 301))
    assert seen == [(done, 300) for done in range(1, 301)]


def test_a_full_batch_leaves_the_rest_to_the_next_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "MOST_IN_BATCH", 2)
    site.keep(1, 2, 3, 4, 5)
    site.keep(6, amends=5, at=NOON - timedelta(hours=1))
    runs = [site.run() for _ in range(6)]
    assert sum(report.handed_over for report in runs) == 6
    assert [report.waiting for report in runs][-1] == 0
    assert max(report.handed_over for report in runs) == 2
    assert site.ids() == [1, 2, 3, 4, 5, 6]


def test_amendments_that_wait_do_not_fill_the_batch(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "MOST_IN_BATCH", 2)
    site.keep(1)
    site.keep(2, 3, 4, amends=1)
    site.keep(5, 6)
    spoil(site, 1)
    assert site.run() == Report(2, 3, 1, 1, (Problem(reference(note_id(1)), "signature"),))
    assert site.ids() == [5, 6]


def test_batches_are_chained(site: Site) -> None:
    for number in (1, 2, 3):
        site.keep(number)
        assert site.run().batch == number
    assert site.ids() == [1, 2, 3]
    assert [row.seq for row in site.handover_rows()] == [1, 2, 3]


def test_an_erasure_that_comes_between_fixes_nothing(site: Site) -> None:
    site.keep(1, 2)

    def erase(name: str) -> None:
        if name == "packed":
            site.store.run_now(lambda tx: tx.db.execute(update(notes).where(OF_2).values(state="withdrawn", body=None)))

    with pytest.raises(Stale):
        site.run(step=erase)
    assert (site.batch_rows(), site.files()) == ([], {})
    assert site.run().handed_over == 1
    assert site.ids() == [1]


def test_of_two_runs_at_once_one_gives_way(site: Site) -> None:
    site.keep(1)

    def second(name: str) -> None:
        if name == "packed":
            site.run()

    with pytest.raises(Stale):
        site.run(step=second)
    assert site.ids() == [1]


def test_a_run_that_was_overtaken_takes_no_number_again(site: Site) -> None:
    """Two agencies' runs to one destination: the other's batch came between, of notes that this run has not seen."""
    site.add_agency("mentors-south")
    site.keep(1)
    site.keep(2, agency="mentors-south")
    north, south = (site.keyring.agency_ref(slug) for slug in ("mentors-north", "mentors-south"))

    def second(name: str) -> None:
        if name == "packed":
            site.run(agency_ref=south)

    with pytest.raises(Stale):
        site.run(step=second, agency_ref=north)
    assert site.run(agency_ref=north).batch == 2
    assert site.ids() == [2, 1]


def test_two_runs_do_not_write_to_one_folder_at_once(site: Site) -> None:
    site.keep(1)

    def second(name: str) -> None:
        if name == f"{FILES[0]}: part is written":
            with pytest.raises(Busy):
                site.run()

    assert site.run(step=second).handed_over == 1
    assert site.ids() == [1]


def test_no_words_reach_logs_errors_or_files(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """At every step, everything under the installation's folder is searched, temporary files included."""
    caplog.set_level(logging.DEBUG)
    site.keep(1)
    site.keep(2, parts={"seen": WORDS, "told": 7})
    searched: list[int] = []

    def search(_: str) -> None:
        held = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        assert not any(word in content for content in held for word in (b"cranes", b"C-17", b"mentor-17"))
        searched.append(len(held))

    report = site.run(step=search)
    assert (report.handed_over, report.parked, len(searched)) == (1, 1, len(STEPS))
    assert "cranes" not in repr(report) + caplog.text + "".join(capfd.readouterr())


def test_an_error_carries_no_words(site: Site) -> None:
    site.keep(1)
    with pytest.raises(Crash) as crashed:
        site.run(step=raising("packed", Crash()))
    trace = crashed.value.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == handover.__file__:
            assert "cranes" not in repr(trace.tb_frame.f_locals)
        trace = trace.tb_next


OF_2 = notes.c.id == bytes.fromhex(note_id(2))


def spoil(site: Site, number: int) -> bytes:
    """Turn a bit of the sealed note; returns what it was."""

    def turn(tx: object) -> bytes:
        db = tx.db  # type: ignore[attr-defined]  # a Transaction
        where = notes.c.id == bytes.fromhex(note_id(number))
        whole: bytes = db.execute(notes.select().where(where)).one().body
        db.execute(update(notes).where(where).values(body=whole[:-1] + bytes([whole[-1] ^ 1])))
        return whole

    return site.store.run_now(turn)
