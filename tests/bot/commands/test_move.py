"""`integra move`: the database to a server; interrupted anywhere, run again, it is in one place and whole."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from bot_site import NOON, Site, at_desk, open_notes, texts
from postgres_server import Cluster, cluster

from bot.trial import Trial
from storage import copying, postgres, relocation
from storage.postgres import Addresses

pytestmark = pytest.mark.sqlite

WORDS = "Paper cranes by the window."


@pytest.fixture
def lived_in(trial: Trial) -> Trial:
    """Notes, a flag, a draft, something on its way."""

    async def live() -> None:
        site = Site(trial)
        async with at_desk(site) as desk:
            await desk.logs_note("officer", WORDS, "urgent")
            await desk.logs_note("mentor", "Quiet day.")
            await desk.says("prison", "/menu", "[note.quick]", "A draft of mine")
        site.close()

    asyncio.run(live())
    return trial


@pytest.fixture
def address(server: Cluster, tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    server.addresses(server.new_database()).write(path)
    return path


def moves(integra: Any, trial: Trial, address: Path, *more: str) -> Any:
    return integra("move", "--data", trial.installation.folder, "--to-file", address, *more)


def test_everything_goes_over_and_the_assistant_goes_on_there(integra: Any, lived_in: Trial, address: Path) -> None:
    before = open_notes(lived_in)
    done = moves(integra, lived_in, address)
    assert done.code == 0, done.err
    assert "counts and digests are the same on both sides" in done.out
    data = lived_in.installation.folder
    assert not (data / "integra.db").exists()
    assert (data / "integra.db.moved").exists()
    assert "folder.moved: integra.db.moved, from before" in integra("doctor", "--data", data).out
    assert open_notes(lived_in) == before
    assert sorted(text for _, text in before) == ["Paper cranes by the window.", "Quiet day."]

    async def goes_on() -> str:
        site = Site(lived_in)
        async with at_desk(site) as desk:
            for _ in range(50):  # this terminal counts its updates from one again
                desk.console.inbound("nobody", "")
            said = texts(await desk.says("prison", "and a second line"))
            await desk.logs_note("officer", "A third note.")
        site.close()
        return said

    assert "2 in this part" in asyncio.run(goes_on()), "the draft went over too"
    assert len(open_notes(lived_in)) == 3
    assert integra("audit", "verify", "--data", data).code == 0


def test_run_again_it_says_the_same(integra: Any, lived_in: Trial, address: Path) -> None:
    first = json.loads(moves(integra, lived_in, address, "--json").out)
    second = json.loads(moves(integra, lived_in, address, "--json").out)
    assert first["tables"]["notes"] == second["tables"]["notes"]
    assert first["tables"]["notes"]["rows"] == 2


def test_a_service_name_is_an_address_too(
    integra: Any, lived_in: Trial, server: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, before = server.new_database(), open_notes(lived_in)
    logins = server.addresses(database)
    services = tmp_path / "pg_service.conf"
    services.write_text(
        "".join(
            f"[{role}]\nhost={server.folder}\ndbname={database}\nuser={login}\n"
            for role, login in (("bot", "test_bot"), ("reader", "test_reader"), ("all", "integra_test"))
        )
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    address = tmp_path / "server.toml"
    Addresses(bot="service=bot", reader="service=reader", owner="service=all").write(address)
    assert moves(integra, lived_in, address).code == 0
    data = lived_in.installation.folder
    assert "service=bot" in (data / postgres.FILE).read_text()
    assert open_notes(lived_in) == before
    assert "the assistant's login cannot read a note's body" in integra("doctor", "--data", data).out
    with psycopg.connect(logins.owner) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (2,)
    # One line in place of one for each role; and a service that nobody wrote down is a plain refusal.
    (data / postgres.FILE).write_text("service=all\n")
    assert open_notes(lived_in) == before
    assert "the assistant's login may do more than it needs" in integra("doctor", "--data", data).out
    (data / postgres.FILE).write_text("service=nobody\n")
    done = integra("people", "list", "--data", data)
    assert (done.code, done.out) == (1, "")
    assert "Traceback" not in done.err


KILLED = """
import os, signal, sys
from bot.cli import main
from storage import copying, relocation
def killed(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
setattr({"copying": copying, "relocation": relocation, "Whereabouts": relocation.Whereabouts}[sys.argv[1]],
        sys.argv[2], killed)
sys.exit(main(sys.argv[3:]))
"""


@pytest.mark.second_engine
@pytest.mark.parametrize(
    "place", [("copying", "raise_counters"), ("Whereabouts", "move"), ("relocation", "_leave_file")],
    ids=["while rows go over", "before the switch", "after the switch"],
)  # fmt: skip
def test_killed_it_is_in_one_place_and_again_finishes(
    integra: Any, lived_in: Trial, address: Path, place: tuple[str, str]
) -> None:
    before, data = open_notes(lived_in), lived_in.installation.folder
    command = [sys.executable, "-c", KILLED, *place, "move", "--data", str(data), "--to-file", str(address)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
    assert (data / "integra.db").exists(), "nothing is lost yet"
    assert (data / postgres.FILE).exists() == (place[1] == "_leave_file"), "it is in one place"
    done = moves(integra, lived_in, address)
    assert done.code == 0, done.err
    assert not (data / "integra.db").exists()
    assert open_notes(lived_in) == before
    assert integra("audit", "verify", "--data", data).code == 0


@pytest.mark.parametrize("place", ["while rows go over", "before the switch", "after the switch"])
def test_interrupted_it_is_in_one_place_and_again_finishes(
    integra: Any, lived_in: Trial, address: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    before = open_notes(lived_in)
    owner, name = {
        "while rows go over": (copying, "raise_counters"),
        "before the switch": (relocation.Whereabouts, "move"),
        "after the switch": (relocation, "_leave_file"),
    }[place]

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, dies)
    with pytest.raises(KeyboardInterrupt):
        relocation.relocate(lived_in.installation.folder, Addresses.read(address))
    monkeypatch.undo()
    assert moves(integra, lived_in, address).code == 0
    assert not (lived_in.installation.folder / "integra.db").exists()
    assert open_notes(lived_in) == before


def test_a_server_with_other_rows_is_left_alone_unless_it_is_said(
    integra: Any, lived_in: Trial, address: Path, tmp_path: Path
) -> None:
    server = Addresses.read(address)
    Trial.create(tmp_path / "other", at=NOON, roles=("officer",), server=server)
    before = relocation._digest(server)
    done = moves(integra, lived_in, address)
    assert (done.code, done.out, "--replace" in done.err) == (1, "", True)
    assert relocation._digest(server) == before
    assert (lived_in.installation.folder / "integra.db").exists()
    assert moves(integra, lived_in, address, "--replace").code == 0
    assert len(open_notes(lived_in)) == 2


def test_what_does_not_arrive_as_it_was_sent_is_not_switched_to(
    integra: Any, lived_in: Trial, address: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = copying.load

    def changes(connection: Any, *given: Any, **how: Any) -> Any:
        summary = load(connection, *given, **how)
        return copying.Summary(summary.revision, {**summary.tables, "notes": copying.Copied(1, bytes(32))})

    monkeypatch.setattr(copying, "load", changes)
    done = moves(integra, lived_in, address)
    assert (done.code, done.out) == (1, "")
    assert not (lived_in.installation.folder / postgres.FILE).exists()
    with psycopg.connect(Addresses.read(address).owner) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_nobody_may_be_using_it(integra: Any, lived_in: Trial, address: Path) -> None:
    site = Site(lived_in)
    done = moves(integra, lived_in, address)
    site.close()
    assert (done.code, "stop it first" in done.err) == (1, True)


def test_an_address_that_leads_nowhere_is_said_without_being_repeated(
    integra: Any, lived_in: Trial, tmp_path: Path
) -> None:
    path = tmp_path / "nowhere"
    path.write_text(f"postgresql://u:secret-word@/db?host={tmp_path}")
    path.chmod(0o600)
    done = moves(integra, lived_in, path)
    assert (done.code, done.out) == (1, "")
    assert "secret-word" not in done.err
    assert done.err


def test_a_new_installation_may_begin_there(integra: Any, address: Path, tmp_path: Path) -> None:
    assert integra("init", "--data", tmp_path / "new", "--database-file", address).code == 0
    assert not (tmp_path / "new" / "integra.db").exists()
    added = integra("agency", "add", "south", "--name", "Southgate", "--data", tmp_path / "new")
    assert added.code == 0, added.err


def test_a_backup_made_there_is_restored_into_a_file(
    integra: Any, lived_in: Trial, address: Path, tmp_path: Path
) -> None:
    assert moves(integra, lived_in, address).code == 0
    data = lived_in.installation.folder
    done = integra("backup", "--data", data, "--to", tmp_path / "all.backup")
    assert done.code == 0, done.err
    restored = integra(
        *("restore", tmp_path / "all.backup", "--data", tmp_path / "back", "--keys", data / "keys"),
        *("--recovery-key", lived_in.folder / "safe" / "recovery.key", "--deletions", data / "deletions"),
    )
    assert restored.code == 0, restored.err
    moved = integra("move", "--data", tmp_path / "back", "--to-file", address, "--replace")
    assert moved.code == 0, moved.err
    assert len(open_notes(lived_in)) == 2


def test_moving_goes_with_the_logins_of_the_page(integra: Any, trial: Trial, tmp_path: Path) -> None:
    """On a server that has never seen the program; the owner's login may make no role."""
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()
    block = page.split("### Moving there", 1)[1].split("```sql\n", 1)[1].split("```", 1)[0]
    with cluster() as fresh:
        with psycopg.connect(fresh.address("postgres"), autocommit=True) as superuser:
            for statement in filter(None, map(str.strip, block.split(";"))):
                superuser.execute(statement)  # type: ignore[arg-type]  # SQL of our page
        address = tmp_path / "server.toml"
        logins = {role: fresh.address("integra", f"integra_{role}_login") for role in ("bot", "reader", "admin")}
        Addresses(bot=logins["bot"], reader=logins["reader"], owner=logins["admin"]).write(address)
        done = moves(integra, trial, address)
        assert done.code == 0, done.err
        assert "in order" in integra("audit", "verify", "--data", trial.installation.folder).out
