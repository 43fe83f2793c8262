"""What was erased is in the file of deletions when the erasing is confirmed, once, and in nobody else's name."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from storage_site import CASE, NOON, keep_note, note_id, past_the_walls

from bot.installation import Installation
from storage import cases, deletions, notes, people, plans, walks
from storage.deletions import Deletion, Journal
from storage.errors import DeletionsRefused
from storage.keyring import Keyring
from storage.pins import Pins
from storage.store import Store
from storage.transaction import Transaction


def told(installation: Installation) -> list[tuple[str, bytes]]:
    keyring = installation.keyring()
    with open(installation.deletions, "rb") as lines:
        return [(one.kind, one.about) for one in deletions.read(lines, keyring)]


def tag(tx: Transaction, agency_ref: bytes) -> bytes:
    found = tx.keyring.case_tag(agency_ref, CASE)
    assert found is not None
    return found


def test_every_kind_of_deletion_is_told(
    installation: Installation, store: Store, pins: Pins, agency_ref: bytes, officer: bytes, mentor: bytes
) -> None:
    def begin(tx: Transaction) -> bytes:
        keep_note(tx, pins, 1, officer)
        cases.assign(tx, agency_ref, CASE, officer, at=NOON)
        cases.assign(tx, agency_ref, CASE, mentor, at=NOON)
        for number in ("cd", "ce"):
            walks.keep(tx, walk_id=number * 16, person_ref=officer, agency_ref=agency_ref, guide_version=1,
                       progress="[]", case_code="", at=NOON)  # fmt: skip
        plans.keep(tx, plan_id="ef" * 16, person_ref=officer, agency_ref=agency_ref, body="[]", case_code=CASE,
                   remind_at=None, at=NOON)  # fmt: skip
        return tag(tx, agency_ref)

    case = store.run_now(begin)
    assert told(installation) == []
    address = store.run_now(lambda tx: tx.keyring.address_ref("console", "mentor"))
    store.run_now(lambda tx: notes.withdraw(tx, note_id(1), officer))
    store.run_now(lambda tx: walks.drop(tx, "cd" * 16, officer))
    store.run_now(lambda tx: plans.drop(tx, "ef" * 16, officer))
    store.run_now(lambda tx: cases.remove(tx, agency_ref, CASE, officer))
    store.run_now(lambda tx: cases.close(tx, agency_ref, CASE))
    store.run_now(lambda tx: people.leave(tx, officer, agency_ref, at=NOON))
    store.run_now(lambda tx: people.revoke(tx, mentor, at=NOON))
    assert told(installation) == [
        ("note-withdrawn", bytes.fromhex(note_id(1))),
        ("walk", bytes.fromhex("cd" * 16)),
        ("plan", bytes.fromhex("ef" * 16)),
        ("member", agency_ref + case + officer),
        ("case", agency_ref + case),
        ("role", officer + agency_ref),
        *sorted([("address", address), ("person", mentor)], key=lambda one: told(installation).index(one)),
    ]
    assert installation.deletions.stat().st_mode & 0o777 == 0o600
    hours = [json.loads(line)["at"] for line in installation.deletions.read_bytes().splitlines()]
    assert all(at % 3_600 == 0 and at > 0 for at in hours), "no closer than a note's own row"


def test_what_is_not_committed_is_not_told(installation: Installation, store: Store) -> None:
    def fails(tx: Transaction) -> None:
        deletions.record(tx, "plan", bytes(16))
        raise KeyError

    with pytest.raises(KeyError):
        store.run_now(fails)
    store.run_now(lambda tx: None)
    assert told(installation) == []


def test_what_a_crash_kept_from_the_file_is_told_at_the_next_start(
    installation: Installation, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a full disk: the deletion is committed, the store goes on, and it is said in the log."""
    monkeypatch.setattr("storage.deletions._append", refuses)
    with structlog.testing.capture_logs() as logged:
        store.run_now(lambda tx: deletions.record(tx, "plan", bytes(16)))
        store.run_now(lambda tx: None)
    # On a server each connection says it.
    assert {(one["event"], one["error"]) for one in logged} == {("deletions.not-noted", "OSError")}
    assert store.shared or len(logged) == 1
    assert told(installation) == []
    monkeypatch.undo()
    store.close()
    other = installation.store()
    other.run_now(lambda tx: None)
    other.close()
    assert told(installation) == [("plan", bytes(16))]


def refuses(path: Path, lines: bytes) -> None:
    raise OSError(28, "No space left on device")


def test_a_line_that_was_cut_off_is_taken_out_and_comes_again(installation: Installation, store: Store) -> None:
    store.run_now(lambda tx: deletions.record(tx, "plan", bytes(16)))
    whole = installation.deletions.read_bytes()
    with open(installation.deletions, "ab") as file:
        file.write(whole[:40])
    assert told(installation) == [("plan", bytes(16))]
    store.run_now(lambda tx: deletions.record(tx, "walk", bytes(16)))
    assert told(installation) == [("plan", bytes(16)), ("walk", bytes(16))]


def test_a_file_that_is_gone_is_written_whole_again(installation: Installation, store: Store) -> None:
    for number in range(3):
        store.run_now(lambda tx, number=number: deletions.record(tx, "plan", bytes([number]) * 16))  # type: ignore[misc]
    installation.deletions.unlink()
    store.run_now(lambda tx: deletions.record(tx, "walk", bytes(16)))
    assert sorted(told(installation)) == [*(("plan", bytes([number]) * 16) for number in range(3)), ("walk", bytes(16))]


def test_a_copy_without_keys_gets_no_file(installation: Installation, store: Store, tmp_path: Path) -> None:
    store.run_now(lambda tx: deletions.record(tx, "plan", bytes(16)))
    store.close()
    for name in ("master.key", "keyset.json"):
        (installation.folder / "keys" / name).unlink()
    installation.deletions.unlink()
    reader = installation.store(reads_notes=True)
    reader.run_now(lambda tx: None)
    reader.close()
    assert not installation.deletions.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b'"plan"', b'"walk"'),
        lambda line: line.replace(b'"at":', b'"at": '),
        lambda line: line.replace(b"00", b"01", 1),
        lambda line: b"{}\n",
        lambda line: b"\n",
        lambda line: b"[" * 400 + b"\n",
        lambda line: line[:20] + b"\xff" + line[21:],
    ],
)
def test_a_line_that_is_not_ours_is_refused_by_number(keyring: Keyring, change: Callable[[bytes], bytes]) -> None:
    line = deletions.line(Deletion(bytes(16), "plan", bytes(16)), 1, keyring)
    assert list(deletions.read([line, line], keyring)) == [Deletion(bytes(16), "plan", bytes(16))]
    with pytest.raises(DeletionsRefused, match="line 2"):
        list(deletions.read([line, change(line)], keyring))


def test_another_installations_file_is_refused(keyring: Keyring) -> None:
    from storage_site import keyset

    from storage.sealing.signing import SigningKey

    other = Keyring(keyset(7), SigningKey.generate())
    with pytest.raises(DeletionsRefused):
        list(deletions.read([deletions.line(Deletion(bytes(16), "plan", bytes(16)), 1, other)], keyring))


def test_the_file_is_durable_before_the_row_counts_as_noted(
    installation: Installation, store: Store, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, the line comes twice and means the same."""
    monkeypatch.setattr(Journal, "_catch_up", lambda self, connection: None)
    store.run_now(lambda tx: deletions.record(tx, "plan", bytes(16)))
    monkeypatch.undo()
    ((ref,),) = past_the_walls(installation, "SELECT ref FROM deletions")
    installation.deletions.write_bytes(deletions.line(Deletion(bytes(ref), "plan", bytes(16)), 1, keyring))
    store.run_now(lambda tx: deletions.record(tx, "walk", bytes(16)))
    assert installation.deletions.read_bytes().count(b'"plan"') == 2
    assert sorted(told(installation)) == [("plan", bytes(16)), ("walk", bytes(16))]
    assert past_the_walls(installation, "SELECT count(*) FROM deletions WHERE noted_at IS NULL") == [(0,)]
