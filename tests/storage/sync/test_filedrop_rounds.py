"""Every note that waits reaches the agency's folder once, whatever stops the run, and the agency says what it took."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from handover_site import WORDS, Crash, DropSite, note_id, raising
from sqlalchemy import select, update

from storage import deliveries
from storage.schema import notes
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId
from storage.sync import deciding
from storage.sync.acks import read_ack
from storage.sync.batch import DropRefused
from storage.sync.dropreader import read_drop
from storage.sync.filedrop import FOLDERS
from storage.sync.own_keys import signing_key

FILES = [f"notes-north-0000000001.{kind}" for kind in ("jsonl.age", "manifest.sig", "manifest.json")]
STEPS = [
    "claimed",
    "fixed",
    "packed",
    "fixed",
    *[f"{name}: {what}" for name in FILES for what in ("part is written", "linked", "durable")],
    "delivered",
    "marked",
    "sent",
    "settled",
]


async def settled(drop: DropSite, **changes: Any) -> None:
    """The agency reads and says so; we hear it."""
    drop.acknowledge(**changes)
    drop.wait(minutes=10)
    await drop.run()


async def test_row_27_handed_in_is_not_taken_until_it_is_acknowledged(drop: DropSite) -> None:
    drop.keep(1, 2)
    step = await drop.run()
    assert (step.done, drop.standing(), drop.ids()) == (2, {1: "sent", 2: "sent"}, [1, 2])
    assert set(drop.states().values()) == {"waiting"}
    assert drop.batch_rows()[0].data is not None
    await settled(drop)
    assert drop.standing() == {1: "acked", 2: "acked"}
    assert set(drop.states().values()) == {"handed-over"}
    assert drop.told("filed") == [note_id(1), note_id(2)]
    assert {row.remote_id for row in drop.deliveries()} == {"R1", "R2"}
    drop.wait(minutes=10)
    await drop.run()
    (row,) = drop.batch_rows()
    assert (row.data, row.manifest, row.signature) == (None, None, None)


async def test_without_acknowledgements_what_is_written_counts_as_taken(tmp_path: Path) -> None:
    drop = DropSite(tmp_path, acknowledges=False)
    drop.keep(1, 2)
    await drop.run()
    assert drop.standing() == {1: "acked", 2: "acked"}
    health = await drop.drop().probe()
    assert "no-acks" in {one.code for one in health.findings}
    drop.close()


async def test_nothing_is_handed_over_twice(drop: DropSite) -> None:
    drop.keep(1, 2)
    await drop.run()
    before = drop.files()
    for _ in range(3):
        drop.wait(minutes=10)
        assert (await drop.run()).tried == 0
    assert drop.files() == before


async def test_the_steps_of_a_run_are_those_that_crashes_are_tried_at(drop: DropSite) -> None:
    drop.keep(1)
    steps: list[str] = []
    await drop.run(steps.append)
    assert steps == STEPS


@pytest.mark.parametrize("step", sorted(set(STEPS)))
async def test_row_08_a_crash_at_any_step_loses_and_repeats_nothing(drop: DropSite, step: str) -> None:
    drop.keep(1, 2)
    assert await drop.crash(step)
    left = drop.files()
    drop.keep(3)
    for _ in range(2):
        drop.wait(minutes=5)
        await drop.run()
    assert sorted(drop.ids()) == [1, 2, 3]
    assert not [name for name in drop.files() if name.endswith(".part")]
    finished = {name: bytes_ for name, bytes_ in left.items() if not name.endswith(".part")}
    assert finished.items() <= drop.files().items()
    assert len(drop.line_rows()) == 3
    await settled(drop)
    assert set(drop.standing().values()) == {"acked"}


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from handover_site import DropSite

last = sys.argv[2]
drop = DropSite.with_identity(Path(sys.argv[1]), sys.argv[3])

def step(name):
    if name == last:
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(drop.run(step))
"""


@pytest.mark.parametrize("step", ["fixed", f"{FILES[2]}: linked", "sent"])
async def test_row_06_a_killed_process_loses_and_repeats_nothing(drop: DropSite, step: str) -> None:
    drop.keep(1, 2)
    drop.close()
    path = os.pathsep.join(str(Path(__file__).parents[up]) for up in (2, 3))
    done = subprocess.run(  # noqa: ASYNC221  it is killed within a second
        [sys.executable, "-c", KILLED, str(drop.folder), step, str(drop.identity)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    drop.open()
    drop.wait(minutes=5)
    await drop.run()
    assert drop.ids() == [1, 2]
    assert set(drop.standing().values()) == {"sent"}


async def test_the_bytes_are_fixed_before_the_folder_is_touched(drop: DropSite) -> None:
    drop.keep(1)
    assert await drop.crash("packed")
    assert (drop.files(), drop.batch_rows()) == ({}, [])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ENODEV])
async def test_row_33_a_full_or_vanished_disk_leaves_no_half_file_and_notes_waiting(
    drop: DropSite, number: int
) -> None:
    drop.keep(1)
    step = await drop.run(raising(f"{FILES[0]}: part is written", OSError(number, "no")))
    assert (step.state, drop.files()) == ("down", {})
    assert drop.standing() == {1: "pending"}
    assert drop.destination("north").why == errno.errorcode[number].lower()
    drop.keep(2)
    drop.wait(minutes=1)
    await drop.run()
    assert drop.ids() == [1, 2]


@pytest.mark.parametrize(("number", "acknowledges"), [(errno.ENOSPC, True), (errno.EROFS, False)])
async def test_row_33_a_note_taken_back_while_the_disk_is_full_is_withdrawn_in_a_later_batch(
    tmp_path: Path, number: int, acknowledges: bool
) -> None:
    """Its batch was fixed before, and leaves as it is."""
    drop = DropSite(tmp_path, acknowledges=acknowledges)
    drop.keep(1, 2)
    await drop.run(raising(f"{FILES[0]}: part is written", OSError(number, "no")))
    drop.take_back(1)
    assert drop.standing() == {1: "pending", 2: "pending", -1: "pending"}
    for _ in range(3):
        drop.wait(minutes=5)
        await drop.run()
    received = [(event["id"], event["type"]) for event in drop.received()]
    assert received == [
        (f"{note_id(1)}.v1", "incidentnote.recorded.v1"),
        (f"{note_id(2)}.v1", "incidentnote.recorded.v1"),
        (f"{note_id(1)}.v2", "incidentnote.withdrawn.v1"),
    ]
    await settled(drop)
    assert set(drop.standing().values()) == {"acked"}
    drop.close()


async def test_row_38_a_note_taken_back_before_its_batch_was_fixed_never_leaves(drop: DropSite) -> None:
    drop.keep(1, 2)
    drop.root.rename(drop.root.with_name("elsewhere"))
    await drop.run()
    drop.take_back(1)
    drop.root.with_name("elsewhere").rename(drop.root)
    for _ in range(2):
        drop.wait(minutes=5)
        await drop.run()
    assert (drop.ids(), drop.standing()) == ([2], {1: "withdrawn", 2: "sent", -1: "withdrawn"})


async def test_row_38_what_the_agency_refuses_after_it_was_taken_back_is_for_nobody_to_mend(drop: DropSite) -> None:
    drop.keep(1)
    await drop.run()
    drop.take_back(1)
    drop.acknowledge(refuse={f"{note_id(1)}.v1": "unknown-case"})
    for _ in range(2):
        drop.wait(minutes=10)
        await drop.run()
    await settled(drop)
    assert drop.standing() == {1: "withdrawn", -1: "acked"}
    assert drop.told("delivery-parked") == []


@pytest.mark.parametrize("step", ["fixed", "sent"])
async def test_row_38_a_note_taken_back_after_a_crash_is_withdrawn_wherever_its_batch_stands(
    drop: DropSite, step: str
) -> None:
    drop.keep(1)
    seen: list[str] = []

    def stop(name: str) -> None:
        seen.append(name)
        if name == step and "packed" in seen:  # the worker has a step of that name, too
            raise Crash

    with pytest.raises(Crash):
        await drop.run(stop)
    drop.restart()
    drop.take_back(1)
    for _ in range(3):
        drop.wait(minutes=5)
        await drop.run()
    assert [event["id"] for event in drop.received()] == [f"{note_id(1)}.v1", f"{note_id(1)}.v2"]
    await settled(drop)
    assert drop.standing() == {1: "acked", -1: "acked"}


@contextmanager
def small_disk(at: Path, size: str) -> Iterator[None]:
    """A file system of its own there, so small; whoever may not mount one has to do without this test."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)], check=False)
    if mounted.returncode:
        pytest.skip("NOT TESTED: a disk that is really full; this user may not mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


async def test_row_33_a_disk_that_is_really_full_then_gone_then_back(drop: DropSite) -> None:
    with small_disk(drop.root, "64k"):
        for name in FOLDERS:
            (drop.root / name).mkdir()
        for number in range(1, 6):
            drop.keep(number, text="x" * 15_000)
        step = await drop.run()
        assert (step.state, drop.destination("north").why, drop.files()) == ("down", "enospc", {})
        assert set(drop.standing().values()) == {"pending"}
    for name in FOLDERS:
        (drop.root / name).rmdir()
    drop.wait(minutes=1)
    assert (await drop.run()).state == "down"
    assert drop.destination("north").why in ("no-folder", "enoent")
    with small_disk(drop.root, "8m"):
        for name in FOLDERS:
            (drop.root / name).mkdir()
        drop.wait(minutes=1)
        await drop.run()
        assert drop.ids() == [1, 2, 3, 4, 5]
        assert [row.number for row in drop.batch_rows()] == [1], "the batch that was fixed before anything was written"


async def test_row_33_a_folder_that_is_away_fixes_nothing(drop: DropSite) -> None:
    drop.keep(1)
    drop.root.rename(drop.root.with_name("elsewhere"))
    step = await drop.run()
    assert (step.state, drop.batch_rows()) == ("down", [])
    drop.root.with_name("elsewhere").rename(drop.root)
    drop.wait(minutes=1)
    await drop.run()
    assert drop.ids() == [1]


async def test_another_file_of_our_name_stops_it_and_is_left_alone(drop: DropSite) -> None:
    drop.keep(1)
    (drop.drop_folder / FILES[0]).write_bytes(b"not ours")
    step = await drop.run()
    assert (step.state, drop.destination("north").why) == ("down", "conflict")
    assert drop.told("destination-down") == ["north"]
    assert drop.files() == {FILES[0]: b"not ours"}
    assert drop.standing() == {1: "pending"}
    drop.wait(minutes=20)
    await drop.run()
    assert drop.destination("north").why == "conflict", "each time"


async def test_an_amendment_goes_in_the_same_batch_after_what_it_amends(drop: DropSite) -> None:
    drop.keep(1)
    drop.keep(3, amends=1)
    drop.keep(2)
    await drop.run()
    ids = drop.ids()
    assert sorted(ids) == [1, 2, 3]
    assert ids.index(1) < ids.index(3)
    assert len(drop.batch_rows()) == 1


async def test_row_40_an_amendment_stays_while_its_note_cannot_be_opened_though_both_are_due(drop: DropSite) -> None:
    drop.keep(1)
    drop.keep(2, amends=1)
    drop.keep(4, amends=2)
    drop.keep(3)
    first = notes.c.id == bytes.fromhex(note_id(1))
    whole = drop.store.run_now(lambda tx: tx.db.scalars(select(notes.c.body).where(first)).one())
    drop.store.run_now(lambda tx: tx.db.execute(update(notes).where(first).values(body=whole[:-9])).close())
    await drop.run()
    assert (drop.ids(), drop.standing()) == ([3], {1: "parked", 2: "pending", 3: "sent", 4: "pending"})
    drop.store.run_now(lambda tx: tx.db.execute(update(notes).where(first).values(body=whole)).close())
    drop.wait(hours=25)
    await drop.run()
    assert drop.ids() == [3, 1, 2, 4]


async def test_a_full_batch_leaves_the_rest_to_the_next_and_they_are_chained(tmp_path: Path) -> None:
    drop = DropSite(tmp_path, most_in_batch=3)
    drop.keep(*range(1, 8))
    await drop.run()
    assert (drop.ids(), [row.number for row in drop.batch_rows()]) == ([1, 2, 3, 4, 5, 6, 7], [1, 2, 3])
    drop.close()


async def test_a_withdrawal_travels_as_such_and_without_words(drop: DropSite) -> None:
    drop.keep(1)
    await drop.run()
    await settled(drop)
    drop.take_back(1)
    await drop.run()
    last = drop.received()[-1]
    assert (last["type"], last["data"]["supersedes"]) == ("incidentnote.withdrawn.v1", 1)
    assert WORDS not in str(last)


# ---------------------------------------------------------------- acknowledgements


async def test_row_29_an_acknowledgement_that_comes_again_changes_nothing(drop: DropSite) -> None:
    drop.keep(1)
    await drop.run()
    await settled(drop)
    before = drop.deliveries()
    await settled(drop)
    drop.wait(minutes=10)
    await drop.run()
    assert drop.deliveries() == before
    assert drop.logged() == ["sent", "acked"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": SigningKey(bytes([66]) * 32)},
        {"manifest_sha256": "0" * 64},
        {"batch": 7},
        {"format": "other"},
        {"results": [{"note_id": "x"}]},
    ],
)
async def test_row_30_an_acknowledgement_that_is_not_the_agencys_is_put_aside(
    drop: DropSite, wrong: dict[str, Any]
) -> None:
    drop.keep(1)
    await drop.run()
    drop.acknowledge(**wrong)
    drop.wait(minutes=10)
    await drop.run()
    assert drop.standing() == {1: "sent"}
    assert drop.told("destination-down") == ["north"]
    assert [path.name for path in drop.acks.iterdir()] == []
    assert sorted(path.suffix for path in (drop.root / "quarantine").iterdir()) == [".json", ".sig"]
    await settled(drop)
    drop.wait(minutes=10)
    await drop.run()
    assert drop.standing() == {1: "acked"}


async def test_row_31_a_batch_that_was_lost_on_the_way_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    drop = DropSite(tmp_path, most_in_batch=1)
    drop.keep(1, 2)
    await drop.run()
    before = drop.files()
    for name in before:
        if "0000000001" in name:
            (drop.drop_folder / name).unlink()
    drop.write_ack(1, {"format": "integra-ack-1", "stream": "north", "batch": 1, "status": "missing"})
    drop.wait(minutes=10)
    await drop.run()
    assert drop.files() == before
    await settled(drop)
    assert drop.standing() == {1: "acked", 2: "acked"}
    drop.close()


async def test_row_32_a_file_that_was_cut_short_is_refused_by_its_hash(drop: DropSite) -> None:
    drop.keep(1)
    await drop.run()
    data = drop.drop_folder / FILES[0]
    data.write_bytes(data.read_bytes()[:-7])
    with pytest.raises(DropRefused) as refused:
        drop.received()
    assert refused.value.code == "sync.hash"


async def test_row_26_each_note_of_a_batch_is_settled_by_its_own_answer(drop: DropSite) -> None:
    drop.keep(1, 2)
    await drop.run()
    await settled(drop, refuse={f"{note_id(1)}.v1": "unknown-person"})
    assert drop.standing() == {1: "parked", 2: "acked"}
    assert drop.deliveries()[0].why == "unknown-person"
    assert drop.told("delivery-parked") == [f"{note_id(1)}.north"]
    drop.sync.run_now(lambda tx: deciding.retry(tx, "north", None, at=drop.clock()))
    await drop.run()
    assert drop.standing() == {1: "sent", 2: "acked"}
    assert [row.number for row in drop.batch_rows()] == [1, 2]
    (drop.drop_folder / FILES[0]).touch()
    drop.write_ack(2, _ack_of(drop, 2, note_id(1)))
    drop.wait(minutes=10)
    await drop.run()
    assert drop.standing() == {1: "acked", 2: "acked"}


def _ack_of(drop: DropSite, batch: int, note: str) -> dict[str, Any]:
    row = drop.batch_rows()[batch - 1]
    return {
        "format": "integra-ack-1",
        "stream": "north",
        "batch": batch,
        "status": "accepted",
        "manifest_sha256": row.manifest_sha256.hex(),
        "last_seq": row.last_seq,
        "head": row.last_line_sha256.hex(),
        "results": [{"note_id": note, "note_version": 1, "status": "accepted", "remote_id": "R9"}],
    }


async def test_a_batch_that_the_importer_could_not_read_is_told_and_can_be_written_again(drop: DropSite) -> None:
    drop.keep(1)
    await drop.run()
    drop.acknowledge(status="rejected", results=[])
    drop.wait(minutes=10)
    await drop.run()
    assert drop.told("destination-down") == ["north"]
    for name in FILES:
        (drop.drop_folder / name).unlink()
    assert await drop.drop().resend(1)
    assert drop.ids() == [1]


async def test_row_39_after_a_new_signing_key_old_batches_still_verify(drop: DropSite) -> None:
    drop.keep(1)
    await drop.crash(f"{FILES[0]}: part is written")
    drop.wait(minutes=5)
    new = OpeningKey(SuiteId.XWING, bytes([14]) * 32)
    await drop.run(key=new)
    old_public = signing_key(drop.key).public
    events = read_drop(drop.drop_folder, str(drop.identity), signing_key(new).public, earlier=[old_public])
    assert [event["id"] for event in events] == [f"{note_id(1)}.v1"]


async def test_row_45_after_a_restore_of_ours_numbers_go_on_and_the_agency_keeps_each_note_once(
    drop: DropSite, tmp_path: Path
) -> None:
    drop.keep(1)
    await drop.run()
    drop.close()
    backup = drop.path.read_bytes()
    drop.open()
    drop.keep(2)
    await drop.run()
    drop.acknowledge()
    drop.close()
    for beside in drop.path.parent.glob("notes.sqlite3-*"):
        beside.unlink()
    drop.path.write_bytes(backup)
    drop.open()
    drop.store.run_now(deliveries.doubt_all)
    drop.keep(3)
    assert (await drop.drop().probe()).trouble is None
    assert [row.number for row in drop.batch_rows()] == [1], "a probe changes nothing"
    for _ in range(3):
        drop.wait(minutes=10)
        await drop.run()
    assert [row.number for row in drop.batch_rows()] == [1, 2, 3]
    drop.acknowledge()
    for _ in range(2):
        drop.wait(minutes=10)
        await drop.run()
    assert set(drop.standing().values()) == {"acked"}
    assert len(drop.imported) == 3


async def test_no_word_lies_in_a_file_or_an_error(drop: DropSite, capsys: pytest.CaptureFixture[str]) -> None:
    drop.keep(1)
    await drop.run()
    assert WORDS.encode() not in b"".join(drop.files().values())
    assert WORDS not in "".join(capsys.readouterr())


def test_an_acknowledgement_of_any_bytes_is_read_or_refused(tmp_path: Path) -> None:
    name = tmp_path / "ack-north-0000000001.json"
    for raw in (b"", b"{}", b"[]", b"null", b'{"format":"integra-ack-1"}', b"\xff"):
        name.write_bytes(raw)
        name.with_suffix(".sig").write_bytes(SigningKey(bytes([9]) * 32).sign(raw))
        with pytest.raises(DropRefused):
            read_ack(name, "north", [SigningKey(bytes([9]) * 32).public])
