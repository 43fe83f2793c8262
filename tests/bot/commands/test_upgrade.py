"""`integra upgrade`, and every command on a database of a newer program."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bot_process import INTEGRA
from bot_site import NOON
from fake_telegram import TOKEN
from released import BUILDERS, build, place_of
from sqlalchemy import inspect
from storage_site import past_the_walls

from bot.trial import Trial
from storage import lock

REVISIONS = list(BUILDERS)
HEAD = REVISIONS[-1]


@pytest.fixture
def old(trial: Trial) -> Path:
    """The data folder of an installation of the first version."""
    build(place_of(trial), "0001", REVISIONS, trial, NOON)
    return trial.installation.folder


@pytest.fixture
def newer(trial: Trial) -> Path:
    past_the_walls(trial.installation, "UPDATE alembic_version SET version_num = '9999'")
    return trial.installation.folder


def as_it_lies(trial: Trial) -> object:
    """The file; of a server's database the version and what it is made of."""
    if trial.installation.whereabouts.server is None:
        return trial.installation.database.read_bytes()
    with place_of(trial).open() as connection:
        tables = inspect(connection)
        made_of = {name: [one["name"] for one in tables.get_columns(name)] for name in tables.get_table_names()}
        return made_of, connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()


def test_a_look_tells_what_is_to_be_done_and_changes_nothing(integra: Any, trial: Trial, old: Path) -> None:
    before = as_it_lies(trial)
    for _ in range(2):
        done = integra("upgrade", "--check", "--data", old)
        assert (done.code, done.err) == (1, "")
        assert (
            done.out
            == f"The database is of version 0001, this program of {HEAD}. Stop, back up, then: integra upgrade\n"
        )
    done = integra("upgrade", "--check", "--json", "--data", old)
    assert (done.code, json.loads(done.out)) == (1, {"was": "0001", "is": "0001", "program": HEAD})
    assert as_it_lies(trial) == before


def test_it_upgrades_and_the_second_time_has_nothing_to_do(integra: Any, old: Path) -> None:
    done = integra("upgrade", "--data", old)
    assert (done.code, done.out) == (0, f"The database was of version 0001 and is of {HEAD} now.\n")
    for more in ((), ("--check",)):
        done = integra("upgrade", *more, "--data", old)
        assert (done.code, done.out) == (0, f"The database is of this version ({HEAD}); nothing is to be done.\n")
    done = integra("upgrade", "--json", "--data", old)
    assert json.loads(done.out) == {"was": HEAD, "is": HEAD, "program": HEAD}


def test_it_waits_for_nobody_who_works_with_the_folder(integra: Any, old: Path) -> None:
    held = lock.share(old)
    try:
        done = integra("upgrade", "--data", old)
    finally:
        lock.leave(held)
    assert (done.code, done.out) == (1, "")
    assert "stop it first" in done.err
    assert integra("upgrade", "--check", "--json", "--data", old).code == 1


@pytest.mark.parametrize(
    "command",
    [
        ("upgrade",),
        ("upgrade", "--check"),
        ("people", "list"),
        ("agency", "list"),
        ("audit", "list"),
        ("notes", "list"),
        ("case", "list", "--agency", "northbridge"),
        ("invite", "--agency", "northbridge", "--role", "officer"),
        ("keys", "list", "--agency", "northbridge"),
    ],
)
def test_a_newer_database_is_refused_in_one_sentence(integra: Any, newer: Path, command: tuple[str, ...]) -> None:
    done = integra(*command, "--data", newer)
    assert (done.code, done.out) == (1, "")
    assert done.err == "integra: this database was written by a newer version of the program; upgrade the program\n"


def test_the_assistant_does_not_start_on_a_newer_database(newer: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN)
    command = [INTEGRA, "run", "--data", newer, "--token-file", token]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "newer version of the program" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
