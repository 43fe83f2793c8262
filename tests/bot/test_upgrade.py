"""A database of every version of the schema, with data in it, is upgraded and then works with today's program."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from bot_site import NOON, Site, at_desk, open_notes, texts
from released import (
    ASKED,
    BUILDERS,
    CASE,
    DRAFTED,
    NOTES,
    STORY,
    TOKEN,
    TOLD,
    WALK,
    Place,
    build,
    place_of,
)
from sqlalchemy import inspect, text

from bot.installation import Installation
from bot.trial import AGENCY, Trial
from dialogues.reference import reference
from storage import audit, awaited, cases, gaps, invites
from storage.audit_chain import Verifier
from storage.transaction import Transaction

SCRIPTS = ScriptDirectory("storage/migrations")
REVISIONS = [one.revision for one in SCRIPTS.walk_revisions()][::-1]
HEAD = REVISIONS[-1]
NOW_CALLED = {"handovers": "batch_lines"}
"""Tables that a revision gave another name."""


@pytest.fixture
def place(trial: Trial) -> Place:
    return place_of(trial)


@pytest.fixture
def upgraded(trial: Trial, place: Place, revision: str) -> Iterator[Site]:
    """An installation that was of this revision, opened by today's program."""
    build(place, revision, REVISIONS, trial, NOON)
    Installation.at(trial.installation.folder)
    site = Site(trial)
    yield site
    site.close()


every_revision = pytest.mark.parametrize("revision", REVISIONS)


def revisions(those: list[str]) -> pytest.MarkDecorator:
    """The oldest and the newest two of those that are not the last; what lies between runs with `long`."""
    short = {those[0], *[one for one in those if one != HEAD][-2:]}
    return pytest.mark.parametrize(
        "revision", [one if one in short else pytest.param(one, marks=pytest.mark.long) for one in those]
    )


def test_every_revision_has_data_of_its_time() -> None:
    """A new revision: add its builder to tests/released.py."""
    assert list(BUILDERS) == REVISIONS


@every_revision
def test_every_column_of_a_revision_is_filled(trial: Trial, place: Place, revision: str) -> None:
    build(place, revision, REVISIONS, trial, NOON)
    with place.open() as connection:
        found = inspect(connection)
        for table in set(found.get_table_names()) - {"alembic_version"}:
            for column in found.get_columns(table):
                query = text(f"SELECT count(*) FROM {table} WHERE {column['name']} IS NOT NULL")
                assert connection.execute(query).scalar_one() > 0, f"{table}.{column['name']}"


@every_revision
def test_nothing_of_an_old_database_is_lost(trial: Trial, place: Place, revision: str) -> None:
    build(place, revision, REVISIONS, trial, NOON)
    old = lying_in(place)
    Installation.at(trial.installation.folder)
    assert_all_is_there(old, lying_in(place))


def assert_all_is_there(old: "Lying", new: "Lying") -> None:
    assert new.revision == HEAD
    for table, rows in old.rows.items():
        kept = [{name: row[name] for name in old.columns[table]} for row in new.rows[NOW_CALLED.get(table, table)]]
        expected = [{**row, **_changed(table, row, old.revision)} for row in rows]
        assert sorted(map(repr, kept)) == sorted(map(repr, expected)), table


def _changed(table: str, row: dict[str, Any], revision: str) -> dict[str, Any]:
    """An open flag's state has another name since 0012; those who hear of it have one level more since 0015."""
    if table != "flags":
        return {}
    changes: dict[str, Any] = {"state": "notified"} if row["state"] == "open" else {}
    if row.get("level", -1) >= 1 and revision < "0015":
        changes["level"] = row["level"] + 1
    return changes


@revisions(REVISIONS)
async def test_people_go_on_where_they_were(upgraded: Site, trial: Trial) -> None:
    flagged = reference(NOTES[1])
    async with at_desk(upgraded) as desk:
        await desk.app.outbox.drained()
        assert TOLD in texts(desk.news("mentor")), "what waited to be said"
        assert "1 in this part" in texts(await desk.says("officer", "/note")), "the draft is there"
        await desk.says("officer", "was said.", "[next]", "[next]", "[next]", "[next]", "[routine]", "[no]")
        screen = desk.screen("officer")
        assert DRAFTED in screen
        assert "was said." in screen
        assert CASE in screen
        assert flagged in texts(await desk.says("coordinator", "/inbox"))
        assert "You have" in texts(await desk.opens("coordinator", f"inbox.{flagged}.take"))
        said = await desk.says("officer", "/cancel", "[drop]", "/guide")
        (walk,) = [choice.key for say in said for choice in say.choices if choice.key == f"kept.{WALK[:16]}"]
        assert "Immediate-risk check" in texts(await desk.says("officer", f"[{walk}]"))
        assert reference(NOTES[4]) in texts(await desk.says("officer", "/notes"))
    assert upgraded.notes() == {("Officer-0", STORY): 3}, "those that were not withdrawn open"


@revisions(REVISIONS)
async def test_what_was_due_acts(upgraded: Site) -> None:
    upgraded.within(lambda tx: tx.db.execute(text("DELETE FROM outbox")))
    async with at_desk(upgraded) as desk:
        await desk.app.fetching.drained()  # a photo of that time is told of first
        await desk.later(timedelta(days=1))
        assert f"OVERDUE: {reference(NOTES[1])}" in texts(desk.news("coordinator"))
        assert "idle for 12 hours" in texts(desk.news("officer"))
    states = dict(upgraded.rows("notes", "reference, state"))
    assert states[reference(NOTES[4])] == "waiting"


@revisions(REVISIONS)
def test_an_invite_of_that_time_lets_in(upgraded: Site) -> None:
    outcome = upgraded.within(lambda tx: invites.present(tx, TOKEN, "console", "new", language="en", at=NOON))
    assert isinstance(outcome, invites.Entered)
    assert outcome.role == "mentor"


@revisions(REVISIONS[1:])
def test_shared_ticks_are_there(upgraded: Site) -> None:
    (row,) = upgraded.rows("cases", "agency_ref")
    officer = next(ref for (ref,) in upgraded.rows("case_members", "person_ref"))
    view = upgraded.within(lambda tx: cases.view(tx, row[0], CASE, officer))
    assert view is not None
    assert [tick.check for tick in view.ticks] == ["S02-C01"]


@revisions(REVISIONS[2:])
async def test_a_release_plan_opens(upgraded: Site) -> None:
    async with at_desk(upgraded) as desk:
        assert CASE in str(await desk.says("officer", "/cancel", f"/release {CASE}")) + desk.screen("officer")


@revisions(REVISIONS[10:])
def test_questions_and_wishes_are_there(upgraded: Site) -> None:
    def read(tx: Transaction) -> tuple[list[gaps.Theme], list[awaited.Wish]]:
        here = tx.keyring.address_ref("console", "officer")
        return gaps.of_agency(tx, tx.keyring.agency_ref(AGENCY)), awaited.of_chat(tx, here)

    (theme,), (wish,) = upgraded.within(read)
    assert (theme.texts, wish.question) == ((ASKED,), ASKED)


@revisions([one for one in REVISIONS if one < "0014"])
def test_what_was_handed_over_counts_as_delivered_and_waits_for_nobody(upgraded: Site) -> None:
    (where,) = upgraded.rows("destinations", "name, state, why")
    assert tuple(where) == ("case-system", "unconfirmed", "upgraded")
    (given,) = upgraded.rows("deliveries", "destination, state, remote_id")
    assert tuple(given) == ("case-system", "acked", "1:1")


@revisions(REVISIONS[4:])
def test_the_audit_log_goes_on_in_one_chain(upgraded: Site) -> None:
    upgraded.within(lambda tx: audit.record(tx, "audit.listed", at=NOON, reason="oversight"))
    log = Verifier(upgraded.trial.installation.keyring().audit.public)
    for line in audit.lines(upgraded.store):
        log.take(line)
    log.close(upgraded.within(lambda tx: audit.checkpoint(tx, at=NOON)))
    assert log.seq == 3
    assert [one.operator for one in upgraded.within(audit.listed)][:2] == ["anna", "anna"]


# ---------------------------------------------------------------- cut short, twice, too new


KILLED_AT_THE_END = """
import os, pathlib, signal, sys
from alembic import command
from bot.installation import Installation
real = command.upgrade
command.upgrade = lambda *given: (real(*given), os.kill(os.getpid(), signal.SIGKILL))
Installation.at(pathlib.Path(sys.argv[1]))
"""
CRASHING = Path(__file__).parents[1] / "crashing.py"


@revisions(REVISIONS)
def test_an_upgrade_killed_before_its_commit_leaves_the_old_database_and_another_finishes(
    trial: Trial, place: Place, revision: str
) -> None:
    """Killed after every step of every migration was done."""
    if revision == HEAD:
        return
    build(place, revision, REVISIONS, trial, NOON)
    assert_dies_and_is_finished(trial, place, [sys.executable, "-c", KILLED_AT_THE_END, trial.installation.folder])


@pytest.mark.parametrize(
    "step", [1, 4, pytest.param(9, marks=pytest.mark.long), pytest.param(14, marks=pytest.mark.long)]
)
def test_an_upgrade_killed_at_a_step_leaves_the_old_database_and_another_finishes(
    trial: Trial, place: Place, step: int
) -> None:
    """Killed after so many statements that change the schema."""
    build(place, REVISIONS[0], REVISIONS, trial, NOON)
    armed = trial.folder / "armed"
    armed.touch()
    data = trial.installation.folder
    assert_dies_and_is_finished(
        trial, place, [sys.executable, CRASHING, armed, "in-migration", str(step), "agency", "list", "--data", data]
    )


def assert_dies_and_is_finished(trial: Trial, place: Place, command: list[str | Path]) -> None:
    old = lying_in(place)
    died = subprocess.run(command, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert lying_in(place) == old
    Installation.at(trial.installation.folder)
    assert_all_is_there(old, lying_in(place))
    assert open_notes(trial) == {("Officer-0", STORY): 3}


def test_several_programs_may_upgrade_at_once(trial: Trial, place: Place) -> None:
    build(place, REVISIONS[0], REVISIONS, trial, NOON)
    program = (
        "import sys, pathlib; from bot.installation import Installation; Installation.at(pathlib.Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, trial.installation.folder]
    all_at_once = [subprocess.Popen(command, env=os.environ) for _ in range(3)]
    assert [process.wait(60) for process in all_at_once] == [0, 0, 0]
    with place.open() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD
    assert open_notes(trial) == {("Officer-0", STORY): 3}


@dataclass(frozen=True)
class Lying:
    """What lies in a database: its revision, and of each table the columns (name, type) and all rows."""

    revision: str
    columns: dict[str, dict[str, str]]
    rows: dict[str, list[dict[str, Any]]]


def lying_in(place: Place) -> Lying:
    with place.open() as connection:
        found = inspect(connection)
        tables = set(found.get_table_names()) - {"alembic_version"}
        columns = {table: {one["name"]: str(one["type"]) for one in found.get_columns(table)} for table in tables}
        rows = {
            table: [dict(row._mapping) for row in connection.execute(text(f"SELECT * FROM {table}"))]
            for table in tables
        }
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        return Lying(str(version), columns, {table: sorted(some, key=repr) for table, some in rows.items()})
