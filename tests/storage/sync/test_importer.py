"""The importer that ships: a shell script with common tools imports a drop, keeps each note once, and says so."""

import asyncio
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from handover_site import WORDS, DropSite, note_id

from dialogues.reference import reference
from storage.sync.own_keys import public_pem, signing_key
from storage.sync.reconcile import reconcile

SCRIPT = Path(__file__).parents[3] / "storage/sync/integra-import.sh"
MISSING = [tool for tool in ("bash", "age", "openssl", "sha256sum", "jq", "flock") if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get("CI"), reason=f"NOT TESTED: {', '.join(MISSING)} is not installed"
)


@pytest.fixture
def agency(drop: DropSite, tmp_path: Path) -> DropSite:
    """Its keys in files, as the script takes them."""
    (tmp_path / "agency.age").write_text(str(drop.identity) + "\n")
    (tmp_path / "sender.pem").write_text(public_pem(signing_key(drop.key).public))
    make = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(tmp_path / "ack.pem")]
    subprocess.run(make, check=True, capture_output=True)
    public = ["openssl", "pkey", "-in", str(tmp_path / "ack.pem"), "-pubout", "-out", str(tmp_path / "agency.pem")]
    subprocess.run(public, check=True, capture_output=True)
    return drop


def command(drop: DropSite, *more: str) -> list[str]:
    folder = drop.folder
    made = ["bash", str(SCRIPT), "--drop", str(drop.root), "--store", str(folder / "store")]
    made += ["--identity", str(folder / "agency.age"), "--sender-key", str(folder / "sender.pem")]
    return [*made, "--ack-key", str(folder / "ack.pem"), *more]


def imports(drop: DropSite, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(drop, *more), capture_output=True, text=True, check=False)


def deliver(drop: DropSite) -> None:
    drop.wait(minutes=10)
    asyncio.run(drop.run())


def test_it_imports_acknowledges_and_we_hear_it(agency: DropSite) -> None:
    agency.keep(1, text=f"{WORDS}\ntwo lines, é, \U0001f9a2, \x07")
    agency.keep(2, amends=1)
    deliver(agency)
    done = imports(agency, "--each", "jq -r .data.reference | sed 's/^/R-/'")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "batch 1: 2 notes, 2 taken\n")
    kept = json.loads((agency.folder / "store/notes" / f"{note_id(1)}.v1.json").read_text())
    assert kept == agency.received()[0]
    deliver(agency)
    assert agency.standing() == {1: "acked", 2: "acked"}
    assert [row.remote_id for row in agency.deliveries()] == [
        f"R-{one['data']['reference']}" for one in agency.received()
    ]
    again = imports(agency)
    assert (again.returncode, again.stdout) == (0, "")


def test_a_note_that_the_agency_refuses_comes_back_with_its_reason(agency: DropSite) -> None:
    agency.keep(1, 2)
    deliver(agency)
    refuse = f"grep -q {note_id(1)} && {{ echo unknown-person; exit 65; }}; exit 0"
    assert imports(agency, "--each", refuse).returncode == 0
    deliver(agency)
    assert agency.standing() == {1: "parked", 2: "acked"}
    assert agency.deliveries()[0].why == "unknown-person"


def saying(said: dict[int, str], code: int) -> str:
    """A command that says this of each note, as ``printf`` reads it, and ends so; others are taken."""
    cases = " ".join(f"*{note_id(number)}*) printf '{words}'; exit {code};;" for number, words in said.items())
    return f"case $(cat) in {cases} esac"


def test_reasons_of_any_words_become_codes_and_the_batch_is_acknowledged(agency: DropSite) -> None:
    agency.keep(1, 2, 3, 4)
    deliver(agency)
    said = {1: "Unknown case", 2: "** Fall unbekannt: bitte anlegen, und zwar heute! **", 3: "\\xff\\x01\\n"}
    assert imports(agency, "--each", saying(said, 65)).returncode == 0
    deliver(agency)
    assert agency.standing() == {1: "parked", 2: "parked", 3: "parked", 4: "acked"}
    whys = [row.why for row in agency.deliveries()]
    assert whys == ["unknown-case", "fall-unbekannt-bitte-anlegen-und", "refused-there", ""]
    assert agency.destination("north").state == "open"


def test_ids_of_any_form_are_acknowledged_as_far_as_they_can_be_kept(agency: DropSite) -> None:
    agency.keep(1, 2, 3)
    deliver(agency)
    odd = "R-7\\t\\033[1m\\xe2\\x80\\x8b!\\nmore"
    said = {1: "F\u00e4lle/2026 \u2116 17", 2: odd, 3: "x" * 5_000}
    assert imports(agency, "--each", saying(said, 0)).returncode == 0
    deliver(agency)
    assert set(agency.standing().values()) == {"acked"}
    assert [row.remote_id for row in agency.deliveries()] == ["F\u00e4lle/2026 \u2116 17", "R-7[1m!", "x" * 255]


def test_an_acknowledgement_that_replaces_another_is_never_seen_half_replaced(agency: DropSite, tmp_path: Path) -> None:
    """At each file that the importer moves into its place, we look; the batch that was asked for comes then."""
    agency.keep(1)
    deliver(agency)
    agency.keep(2)
    deliver(agency)
    away = tmp_path / "away"
    away.mkdir()
    for path in agency.drop_folder.glob("*0000000001*"):
        path.rename(away / path.name)
    assert imports(agency).returncode == 3
    for path in away.iterdir():
        path.rename(agency.drop_folder / path.name)
    tools = tmp_path / "tools"
    tools.mkdir()
    waits = f"until [ -e {tools}/on ]; do sleep 0.01; done; rm {tools}/on"
    for name in ("mv", "rm"):
        tool = tools / name
        body = f'/bin/{name} "$@"\ncase $2 in */drop/acks/ack-*) touch {tools}/moved; {waits} ;; esac\n'
        tool.write_text(f"#!/bin/bash\nPATH=/bin:/usr/bin\n{body}")
        tool.chmod(0o755)
    looks = 0
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    with subprocess.Popen(command(agency), env=environment, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            if (tools / "moved").exists():
                (tools / "moved").unlink()
                deliver(agency)
                looks += 1
                (tools / "on").touch()
            time.sleep(0.01)
    deliver(agency)
    assert (running.returncode, looks) == (0, 6), "of each of two: away, its signature, itself"
    assert list((agency.root / "quarantine").iterdir()) == []
    assert (agency.standing(), agency.told("destination-down")) == ({1: "acked", 2: "acked"}, [])


def test_a_command_that_fails_stops_it_and_nothing_is_acknowledged(agency: DropSite) -> None:
    agency.keep(1, 2)
    deliver(agency)
    done = imports(agency, "--each", f"grep -q {note_id(1)}")
    assert (done.returncode, list(agency.acks.iterdir())) == (1, [])
    assert imports(agency).returncode == 0
    deliver(agency)
    assert agency.standing() == {1: "acked", 2: "acked"}


@pytest.mark.parametrize("what", ["jsonl.age", "manifest.sig", "manifest.json"])
def test_row_32_what_was_changed_on_the_way_is_not_imported(agency: DropSite, what: str) -> None:
    agency.keep(1)
    deliver(agency)
    path = agency.drop_folder / f"notes-north-0000000001.{what}"
    path.write_bytes(path.read_bytes()[:-1])
    done = imports(agency)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert list((agency.folder / "store/notes").iterdir()) == []


def test_row_31_a_missing_batch_is_asked_for_and_comes_again(agency: DropSite) -> None:
    agency.keep(1)
    deliver(agency)
    agency.keep(2)
    deliver(agency)
    for path in agency.drop_folder.glob("*0000000001*"):
        path.unlink()
    asked = imports(agency)
    assert (asked.returncode, "batch 1 is missing" in asked.stderr) == (3, True)
    deliver(agency)
    assert imports(agency).returncode == 0
    deliver(agency)
    assert agency.standing() == {1: "acked", 2: "acked"}


def backed_up(drop: DropSite) -> Path:
    """The agency's store as it is now."""
    return Path(shutil.copytree(drop.folder / "store", drop.folder / "backup"))


def restored(drop: DropSite, backup: Path) -> None:
    shutil.rmtree(drop.folder / "store")
    backup.rename(drop.folder / "store")


def kept_by(drop: DropSite) -> list[int]:
    return sorted(int(path.name[:4], 16) for path in (drop.folder / "store/notes").glob("*.json"))


def test_row_44_a_store_restored_from_an_old_backup_reads_again_what_lies_in_the_folder(agency: DropSite) -> None:
    agency.keep(1)
    deliver(agency)
    imports(agency)
    backup = backed_up(agency)
    agency.keep(2)
    deliver(agency)
    imports(agency)
    deliver(agency)
    restored(agency, backup)
    assert imports(agency).returncode == 0
    deliver(agency)
    assert (kept_by(agency), agency.standing()) == ([1, 2], {1: "acked", 2: "acked"})


def test_row_44_of_what_lies_nowhere_any_more_the_notes_come_again_in_a_new_batch(agency: DropSite) -> None:
    agency.keep(1)
    deliver(agency)
    imports(agency)
    backup = backed_up(agency)
    agency.keep(2)
    deliver(agency)
    imports(agency)
    deliver(agency)
    restored(agency, backup)
    for path in agency.drop_folder.iterdir():
        path.unlink()
    agency.keep(3)
    deliver(agency)
    asked = imports(agency)
    assert (asked.returncode, "lost for good? --go-on-with 3" in asked.stderr) == (3, True)
    deliver(agency)
    worker = agency.bare_worker(agency.drop(), agency.drop_settings)
    report = asyncio.run(reconcile(worker, fix=True))
    assert (report.found["missing_remote"], report.mended["missing_remote"]) == ([reference(note_id(2))], 1)
    deliver(agency)
    assert imports(agency).returncode == 3
    done = imports(agency, "--go-on-with", "3")
    assert (done.returncode, done.stdout) == (0, "batch 3: 1 notes, 1 taken\nbatch 4: 1 notes, 1 taken\n"), done.stderr
    deliver(agency)
    assert (kept_by(agency), set(agency.standing().values())) == ([1, 2, 3], {"acked"})
    deliver(agency)
    report = asyncio.run(reconcile(agency.bare_worker(agency.drop(), agency.drop_settings)))
    assert (report.clean, report.found["missing_remote"]) == (True, []), "that it once asked for batch 2 is past"


def test_it_goes_on_with_a_batch_by_the_sender_alone(agency: DropSite) -> None:
    for number in (1, 2):
        agency.keep(number)
        deliver(agency)
    for path in agency.drop_folder.glob("*0000000001*"):
        path.unlink()
    path = agency.drop_folder / "notes-north-0000000002.manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"first_seq":2', b'"first_seq":1'))
    done = imports(agency, "--go-on-with", "2")
    assert (done.returncode, kept_by(agency)) == (1, [])
    assert "not signed" in done.stderr


def test_both_sides_compute_the_same_digest(agency: DropSite) -> None:
    agency.keep(1, 2, 3)
    deliver(agency)
    imports(agency)
    deliver(agency)
    told = imports(agency, "--digest").stdout.split()
    worker = agency.bare_worker(agency.drop(), agency.drop_settings)
    report = asyncio.run(reconcile(worker))
    assert told == ["2026-11-23", report.days["2026-11-23"]["digest"]]


def test_an_acknowledgement_that_was_lost_is_written_again(agency: DropSite) -> None:
    agency.keep(1)
    deliver(agency)
    imports(agency)
    for path in agency.acks.iterdir():
        path.unlink()
    imports(agency)
    deliver(agency)
    assert agency.standing() == {1: "acked"}


def test_it_is_asked_rightly_or_says_how(tmp_path: Path) -> None:
    done = subprocess.run(["bash", str(SCRIPT), "--no"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "first lines of this script" in done.stderr
