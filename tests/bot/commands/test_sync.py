"""`integra sync` as its operator meets it: what it says, its exit codes, the process that runs until it is stopped."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import Site, at_desk
from ports import free_port
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from bot.commands.sync.check import findings_of
from bot.commands.sync.run import Telling
from bot.commands.sync.status import sentences
from bot.sync_metrics import SyncMetrics
from bot.sync_wiring import case_key
from bot.trial import AGENCY, Trial
from storage.deliveries import Standing
from storage.postgres import Addresses
from storage.schema import deliveries as rows
from storage.schema import delivery_log
from storage.sync.base import Finding, Health, Retry
from storage.sync.dropreader import read_drop
from storage.sync.filedrop import FileDrop
from storage.sync.own_keys import signing_key
from storage.sync.worker import Step
from storage.transaction import Transaction

INTEGRA = Path(sys.executable).with_name("integra")
WORDS = "Paper cranes by the window."
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def references(trial: Trial) -> list[str]:
    async def logged() -> list[str]:
        site = Site(trial)
        async with at_desk(site) as desk:
            found = [await desk.logs_note("officer", f"{WORDS} {number}") for number in range(2)]
            await desk.later(timedelta(minutes=3))
        site.close()
        return found

    return asyncio.run(logged())


@pytest.fixture
def options(trial: Trial) -> tuple[Any, ...]:
    data = ("--data", trial.installation.folder)
    return (*data, "--destinations", trial.destinations, "--key", trial.case_system_key)


def test_a_check_says_what_is_right_and_what_to_mend(integra: Any, trial: Trial, options: Any) -> None:
    fine = integra("sync", "check", *options)
    assert (fine.code, f"notes of {AGENCY}, full" in fine.out, "no ack_key_files" in fine.out) == (0, True, True)
    trial.drop.rename(trial.drop.with_name("away"))
    away = integra("sync", "check", *options)
    assert (away.code, "MEND" in away.out, "mkdir -p" in away.out) == (1, True, True)
    found = json.loads(integra("sync", "check", *options, "--json").out)
    assert {"destination": AGENCY, "level": "trouble", "code": "no-folder"}.items() <= found[-1].items()


def test_row_36_a_clock_that_is_off_is_told_before_notes_fail() -> None:
    def codes(**given: Any) -> dict[str, str]:
        return {one.code: one.level for one in findings_of(Health(**given), NOON)}

    assert codes(clock_skew_s=600.0) == {"clock": "trouble"}
    assert codes(clock_skew_s=-2.0) == {"clock": "fine"}
    assert codes(tls_until=NOON + timedelta(days=5)) == {"certificate": "warning"}
    assert codes(tls_until=NOON + timedelta(days=50)) == {"certificate": "fine"}
    assert codes(trouble=Retry("http-503")) == {"http-503": "trouble"}
    assert codes(findings=(Finding("trouble", "x", "y"),), trouble=Retry("z")) == {"x": "trouble"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "should hold tables"),
        ("x", "is not TOML"),
        ('[[destination]]\nname = "a"\nkind = "fax"', "kind is one of"),
        ('[[destination]]\nname = "A"\nkind = "filedrop"\npassword = "geheim"', "1 to 30"),
    ],
)
def test_a_file_with_mistakes_is_refused_and_its_values_are_not_repeated(
    integra: Any, trial: Trial, options: Any, text: str, says: str
) -> None:
    trial.destinations.write_text(text)
    for command in ("check", "once"):
        done = integra("sync", command, *options)
        assert (done.code, says in done.err, "geheim" in done.err) == (1, True, False), done.err


def test_status_says_what_waits_why_and_what_to_do(
    integra: Any, trial: Trial, options: Any, references: list[str]
) -> None:
    data = options[:2]
    assert "No destination is known yet" in integra("sync", "status", *data).out
    trial.drop.rename(trial.drop.with_name("away"))
    assert integra("sync", "once", *options).code == 1
    down = integra("sync", "status", *data)
    assert down.code == 1
    for words in ("0 filed, 2 wait", "Nothing gets through since", "mount it", "It is tried again at", "waits since"):
        assert words in down.out
    trial.drop.with_name("away").rename(trial.drop)
    assert integra("sync", "once", *options).code == 0, "who asks for it does not wait for the next try"
    fine = integra("sync", "status", *data)
    assert (fine.code, fine.out) == (0, f"{AGENCY} (filedrop, full): 2 filed, 0 wait, 0 parked.\n")
    (row,) = json.loads(integra("sync", "status", *data, "--json").out)
    assert (row["destination"], row["counts"], row["parked"]) == (AGENCY, {"acked": 2}, [])


def test_a_parked_note_is_told_with_what_to_do_tried_again_and_given_up(
    integra: Any, trial: Trial, options: Any, references: list[str]
) -> None:
    data = options[:2]
    integra("sync", "once", *options)
    store = trial.installation.store()
    store.run_now(lambda tx: tx.db.execute(rows.update().values(state="parked", why="unknown-person")))
    status = integra("sync", "status", *data)
    assert (status.code, f"{references[0]} parked since" in status.out, "enter it there" in status.out) == (
        1,
        True,
        True,
    )
    assert integra("sync", "retry", "--dest", AGENCY, *data).code == 2
    assert "not parked" in integra("sync", "retry", "--dest", AGENCY, "AAAA-AAAA", *data).err
    assert json.loads(integra("sync", "retry", "--dest", AGENCY, references[0], *data, "--json").out) == {"retried": 1}
    assert integra("sync", "give-up", "--dest", AGENCY, references[1], "--reason", "by hand", *data).code == 0
    assert integra("sync", "give-up", "--dest", AGENCY, references[1], "--reason", "by hand", *data).code == 1
    states = store.run_now(lambda tx: sorted(tx.db.scalars(rows.select().with_only_columns(rows.c.state)).all()))
    assert states == ["dead", "pending"]
    store.close()


def test_a_destination_that_moved_waits_until_it_is_confirmed(
    integra: Any, trial: Trial, options: Any, references: list[str], tmp_path: Path
) -> None:
    integra("sync", "check", *options)
    integra("sync", "once", *options)
    new = tmp_path / "other"
    for name in ("outgoing", "acks", "quarantine"):
        (new / name).mkdir(parents=True)
    trial.destinations.write_text(trial.destinations.read_text().replace(str(trial.drop.parent), str(new)))
    done = integra("sync", "once", *options)
    assert (done.code, "integra sync confirm" in done.out) == (1, True)
    assert integra("sync", "confirm", "--dest", AGENCY, *options[:4]).code == 0
    assert integra("sync", "once", *options).code == 0
    assert integra("sync", "confirm", "--dest", "nobody", *options[:4]).code == 1


def test_reconcile_says_and_exits_as_its_page_says(
    integra: Any, trial: Trial, options: Any, references: list[str]
) -> None:
    integra("sync", "once", *options)
    clean = integra("sync", "reconcile", "--dest", AGENCY, *options)
    assert (clean.code, "logged 2 = 2 acked" in clean.out, "The same on both sides." in clean.out) == (0, True, True)
    store = trial.installation.store()
    store.run_now(lambda tx: tx.db.execute(rows.update().values(remote_state="missing")))
    store.close()
    differs = integra("sync", "reconcile", "--dest", AGENCY, *options, "--json")
    assert (differs.code, sorted(json.loads(differs.out)["differences"]["missing_remote"])) == (1, sorted(references))
    fixed = integra("sync", "reconcile", "--dest", AGENCY, *options, "--fix")
    assert (fixed.code, "2 mended" in fixed.out) == (0, True)
    assert integra("sync", "reconcile", "--dest", AGENCY, *options, "--since", "yesterday").code == 2
    assert integra("sync", "reconcile", "--dest", "nobody", *options).code == 1


def test_reconcile_writes_nothing_unless_it_is_told_to_and_names_what_is_not_owed(
    integra: Any, trial: Trial, options: Any, references: list[str]
) -> None:
    fresh = integra("sync", "reconcile", "--dest", AGENCY, *options)
    assert (fresh.code, f"nothing was ever sent to {AGENCY}" in fresh.err) == (1, True)
    integra("sync", "once", *options)
    store = trial.installation.store()
    counted = select(func.count()).select_from(rows)

    def lose(tx: Transaction) -> None:
        tx.db.execute(delete(delivery_log))
        tx.db.execute(delete(rows))

    store.run_now(lose)
    differs = integra("sync", "reconcile", "--dest", AGENCY, *options, "--json")
    assert (differs.code, sorted(json.loads(differs.out)["differences"]["unowed"])) == (1, sorted(references))
    assert store.run_now(lambda tx: tx.db.scalar(counted)) == 0
    mended = integra("sync", "reconcile", "--dest", AGENCY, *options, "--fix")
    assert "2 unowed (not on the list of what is to be delivered, 2 mended)" in mended.out
    assert store.run_now(lambda tx: tx.db.scalar(counted)) == 2
    trial.destinations.write_text(trial.destinations.read_text().replace(str(trial.drop.parent), "/elsewhere"))
    moved = integra("sync", "reconcile", "--dest", AGENCY, *options, "--fix")
    assert (moved.code, "integra sync confirm" in moved.err) == (1, True)
    store.close()


def test_what_cannot_be_read_is_exit_code_two(
    integra: Any, trial: Trial, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage.sync.base import Unanswered

    async def nothing(self: FileDrop, cursor: str | None) -> Any:
        raise Unanswered(Retry("timeout"))
        yield

    integra("sync", "once", *options)
    monkeypatch.setattr(FileDrop, "list_since", nothing)
    pem = trial.folder / "agency.pem"
    subprocess.run(f"openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out {pem}", shell=True, check=True)
    with trial.destinations.open("a") as file:
        file.write(f'ack_key_files = ["{pem}"]\n')
    done = integra("sync", "reconcile", "--dest", AGENCY, *options)
    assert (done.code, done.err) == (
        2,
        f"integra: {AGENCY} could not be read: it did not answer in time; ask who runs it\n",
    )


def test_the_importer_is_printed_as_it_ships(integra: Any) -> None:
    done = integra("sync", "importer")
    assert (done.code, done.out.startswith("#!/usr/bin/env bash")) == (0, True)


def test_of_many_parked_notes_all_are_counted_and_each_command_is_whole() -> None:
    parked = tuple((f"K7QF-3M{number:02d}", "http-422", NOON) for number in range(10))
    said = sentences(
        Standing(
            destination="cases", agency_ref=bytes(16), kind="webhook", disclosure="full", state="held", why="",
            counts={"acked": 3, "parked": 12, "sent": 2}, oldest=NOON, failing_since=None, last_ok_at=None,
            next_at=None, parked=parked, late=True,
        )
    )  # fmt: skip
    assert said[:4] == [
        "cases (webhook, full): 3 filed, 0 wait, 12 parked.",
        "  A person paused it. To go on: integra sync resume --dest cases.",
        "  2 sent, not acknowledged yet.",
        "  The oldest waits since about Mon 23 Nov 12:00 UTC, longer than it should.",
    ]
    assert said[4].endswith("mend it there, then: integra sync retry --dest cases K7QF-3M00.")
    assert said[-1] == "  … and 2 more. Once all is mended: integra sync retry --dest cases --all."


def test_that_a_destination_went_down_and_came_back_is_logged_once() -> None:
    told = Telling(SyncMetrics())
    down = Step(state="down", why="refused-connection")
    with capture_logs() as logged:
        for step in (Step(2, 2), down, down, Step(state="down", why="certificate"), Step(1, 1), Step(), Step(1, 0, 1)):
            told("cases", step)
        told("other", Step())
    assert [(one["event"], one.get("count", one.get("code", ""))) for one in logged] == [
        ("sync.delivered", 2), ("sync.down", "refused-connection"), ("sync.down", "certificate"),
        ("sync.delivered", 1), ("sync.up", ""), ("sync.parked", 1),
    ]  # fmt: skip


@pytest.mark.sqlite
def test_it_runs_until_it_is_stopped_delivers_what_comes_and_says_how_it_is(
    trial: Trial, options: Any, references: list[str]
) -> None:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
    process = subprocess.Popen(
        [str(INTEGRA), "sync", "run", *map(str, options), "--status", f"127.0.0.1:{port}"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 60
        page = ""
        while time.monotonic() < until and 'state="acked"} 2.0' not in page:
            time.sleep(0.2)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    page = answer.read().decode()
            except OSError:
                continue
        assert f'integra_sync_notes{{destination="{AGENCY}",state="acked"}} 2.0' in page
        assert f'integra_sync_up{{destination="{AGENCY}"}} 1.0' in page
        assert len(list(trial.drop.iterdir())) == 3
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert events[-1] == "stopped"
    assert {"started", "sync.destination", "sync.delivered"} <= set(events)
    assert WORDS not in said + page


def test_a_note_that_is_taken_back_is_withdrawn_here_and_there(
    integra: Any, trial: Trial, options: Any, references: list[str]
) -> None:
    data = options[:2]
    integra("sync", "once", *options)
    assert integra("notes", "withdraw", references[0], *data).code == 1, "why, is asked"
    assert integra("notes", "withdraw", references[0], "--words", "Of another person", *data).code == 0
    again = integra("notes", "withdraw", references[0], "--words", "Of another person", *data)
    assert (again.code, "withdrawn already" in again.err) == (1, True)
    (report,) = json.loads(integra("sync", "once", *options, "--json").out)
    assert (report["delivered"], report["clean"]) == (1, True)
    events = read_drop(
        trial.drop, trial.age_identity.read_text().strip(), signing_key(case_key(trial.case_system_key)).public
    )
    assert [event["type"].split(".")[1] for event in events] == ["recorded", "recorded", "withdrawn"]
    assert events[-1]["data"]["reference"] == references[0]


@pytest.mark.postgres
def test_on_a_machine_of_its_own_it_delivers_with_its_own_login_and_no_master_key(
    integra: Any, trial: Trial, references: list[str], tmp_path: Path
) -> None:
    own, server = tmp_path / "own", trial.installation.whereabouts.server
    assert server is not None
    (own / "keys").mkdir(mode=0o700, parents=True)
    own.chmod(0o700)
    ingest = own / "keys" / "ingest.key"
    ingest.write_bytes((trial.installation.folder / "keys" / "ingest.key").read_bytes())
    ingest.chmod(0o600)
    Addresses(sync=server.sync).write(own / "database.toml")
    options = ("--data", own, "--destinations", trial.destinations, "--key", trial.case_system_key)
    assert integra("sync", "check", *options).code == 0
    (report,) = json.loads(integra("sync", "once", *options, "--json").out)
    assert (report["delivered"], report["clean"]) == (2, True)
    assert integra("sync", "status", "--data", own).code == 0
    assert integra("notes", "list", "--data", own).code == 1, "it has no login for that"
    listed = integra("audit", "list", "--reasons", "--data", trial.installation.folder)
    assert (listed.code, listed.out.count("note.handed-over")) == (0, 2)
