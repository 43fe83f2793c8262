"""`integra audit`: listed for people, checked by anybody, also far from the installation."""

import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from storage_site import outside

from bot.trial import Trial

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data(integra: Any, trial: Trial) -> Path:
    """An installation with a few entries of operator ``anna``."""
    for _ in range(3):
        integra("--actor", "anna", "people", "list", "--data", trial.installation.folder)
    return trial.installation.folder


def tampered(data: Path, statement: str) -> None:
    other = outside(data / "integra.db")
    for trigger in ("audit_is_not_changed", "audit_is_not_deleted"):
        other.execute(f"DROP TRIGGER {trigger}")
    other.execute(statement)
    other.close()


def test_entries_are_listed_for_reading_and_reasons_only_when_asked_for(integra: Any, data: Path) -> None:
    shown = integra("audit", "list", "--data", data, "--last", "2").out.splitlines()
    assert len(shown) == 2
    assert "people.listed  operator anna  -  all  done" in shown[0]
    assert "operation" not in shown[0]
    assert "operation" in integra("audit", "list", "--data", data, "--reasons").out
    rows = json.loads(integra("audit", "list", "--data", data, "--json").out)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert all("reason" not in row for row in rows)
    assert integra("audit", "list", "--data", data, "--note", "K7QF").code == 1
    assert integra("audit", "list", "--data", data, "--agency", "nowhere").code == 1


def test_without_a_name_the_machines_user_acts(integra: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")
    rows = json.loads(integra("audit", "list", "--data", data, "--json").out)
    assert rows[-1]["actor"] == f"operator {pwd.getpwuid(os.getuid()).pw_name}"
    monkeypatch.setenv("INTEGRA_ACTOR", "berta")
    rows = json.loads(integra("audit", "list", "--data", data, "--json").out)
    assert rows[-1]["actor"] == "operator berta"


@pytest.mark.parametrize("name", ["x" * 41, "a\nb", " ", "\x1b[31m"])
def test_a_name_that_is_none_is_refused(integra: Any, data: Path, name: str) -> None:
    done = integra("--actor", name, "people", "list", "--data", data)
    assert (done.code, done.out) == (1, "")
    assert "who acts" in done.err


def test_a_log_in_order_is_said_to_be_and_what_that_rests_on(integra: Any, data: Path, tmp_path: Path) -> None:
    plain = integra("audit", "verify", "--data", data)
    assert (plain.code, "all in order" in plain.out, "No checkpoint" in plain.out) == (0, True, True)
    kept = tmp_path / "checkpoints"
    lines = [integra("audit", "checkpoint", "--data", data).out]
    integra("people", "list", "--data", data)
    lines.append(integra("audit", "checkpoint", "--data", data).out)
    integra("people", "list", "--data", data)
    kept.write_text("\n".join(lines))
    done = integra("audit", "verify", "--data", data, "--checkpoint", kept)
    seq = json.loads(lines[-1])["seq"]
    assert (done.code, f"Up to entry {seq} as the checkpoints say" in done.out) == (0, True)
    found = json.loads(integra("audit", "verify", "--data", data, "--checkpoint", kept, "--json").out)
    assert (found["entries"], found["vouched"]) == (seq + 1, seq)


@pytest.mark.sqlite
def test_t41_the_command_names_the_first_bad_entry(integra: Any, data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints"
    kept.write_text(integra("audit", "checkpoint", "--data", data).out)
    last = json.loads(kept.read_text())["seq"]
    tampered(data, f"DELETE FROM audit WHERE seq = {last}")
    assert integra("audit", "verify", "--data", data).code == 0  # cut off, and nobody outside knows of more
    done = integra("audit", "verify", "--data", data, "--checkpoint", kept)
    assert (done.code, done.out) == (1, "")
    assert f"audit entry {last}: cut-off" in done.err
    other = outside(data / "integra.db")
    other.execute("UPDATE audit SET at = 0 WHERE seq = 2")
    other.close()
    assert "audit entry 2: changed" in integra("audit", "verify", "--data", data).err


def test_an_export_is_verified_far_from_the_installation(integra: Any, data: Path, tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    public = integra("audit", "public-key", "--data", data).out.strip()
    (far / "audit.pub").write_text(public + "\n")
    done = integra("audit", "export", "--data", data, "--to", far / "log.jsonl")
    entries = len((far / "log.jsonl").read_text().splitlines()) - 2
    assert (done.code, f"Wrote {entries} entries" in done.out) == (0, True)
    assert stat.S_IMODE((far / "log.jsonl").stat().st_mode) == 0o600
    assert integra("audit", "export", "--data", data, "--to", far / "log.jsonl").code == 1  # never written over
    data.rename(tmp_path / "gone")
    for key in (public, far / "audit.pub"):
        checked = integra("audit", "verify", "--file", far / "log.jsonl", "--public-key", key)
        assert (checked.code, f"{entries} entries, all in order" in checked.out) == (0, True)
    lines = (far / "log.jsonl").read_bytes().splitlines(keepends=True)
    (far / "cut").write_bytes(b"".join(lines[:3] + lines[4:]))
    cut = integra("audit", "verify", "--file", far / "cut", "--public-key", public)
    assert (cut.code, "audit entry 3: missing" in cut.err) == (1, True)


def test_an_export_can_go_through_a_pipe(data: Path) -> None:
    command = [sys.executable, "-m", "bot", "audit", "export", "--data", str(data), "--to", "-"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    lines = done.stdout.splitlines()
    assert (json.loads(lines[0])["format"], json.loads(lines[-1])["seq"]) == ("integra-audit-1", len(lines) - 2)


def test_what_cannot_be_checked_is_asked_for_again(integra: Any, data: Path, tmp_path: Path) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(os.urandom(5_000))
    public = integra("audit", "public-key", "--data", data).out.strip()
    line = integra("audit", "checkpoint", "--data", data).out
    changed = tmp_path / "changed"
    changed.write_text(line.replace('"seq":', '"seq":1'))
    for code, says, arguments in (
        (2, "--data", ()),
        (2, "--public-key", ("--file", noise)),
        (1, "audit entry 0: format", ("--file", noise, "--public-key", public)),
        (1, "no audit key", ("--file", noise, "--public-key", "abc")),
        (1, "no audit key", ("--file", noise, "--public-key", noise)),
        (1, "missing", ("--file", tmp_path / "missing", "--public-key", public)),
        (1, "no checkpoint", ("--data", data, "--checkpoint", noise)),
        (1, "not signed", ("--data", data, "--checkpoint", changed)),
    ):
        done = integra("audit", "verify", *arguments)
        assert (done.code, done.out) == (code, ""), arguments
        assert says in done.err
        assert "Traceback" not in done.err


def test_a_note_is_not_opened_without_a_reason_from_the_list(integra: Any, trial: Trial) -> None:
    how = ("notes", "open", "K7QF-3M2D", "--data", trial.installation.folder, "--key", trial.coordinator_key)
    for given in ((), ("--reason", "curiosity"), ("--reason", "handling", "--words", "x" * 501)):
        done = integra(*how, *given)
        assert (done.code, done.out) == (2, ""), given
