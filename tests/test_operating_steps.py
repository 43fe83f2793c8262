"""From the first start to another server: the steps of docs/operating.md, one after the other, as they stand there."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from bot_site import NOON, open_notes
from operating_page import boxes, steps
from postgres_server import cluster
from released import build, place_of
from storage_site import keep_note

from bot.installation import Installation
from bot.trial import Trial
from storage import agencies, people
from storage.database import revisions_known
from storage.transaction import Transaction

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parent.parent
PASSPHRASE = "six quiet synthetic words in here\n"
BY_SCRIPT = {
    "integra keys make": " --passphrase-file words",
    "integra keys add-recipient": " --yes --passphrase-file words",
}
"""What stands in for somebody at a terminal, as the page says."""


@dataclass(frozen=True)
class Machine:
    """A folder in which the page's folders lie.

    Attributes:
        data: what the page calls /var/lib/integra/data.
    """

    folder: Path
    data: Path

    def does(self, step: str, *, code: int = 0, **environment: str) -> str:
        """Run one step as it stands; paths lead here.

        Raises:
            AssertionError: its exit code is another.
        """
        step += next((more for begin, more in BY_SCRIPT.items() if step.startswith(begin)), "")
        step = step.replace("/var/lib/integra/data", str(self.data)).replace("/opt/", f"{self.folder}/opt/")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("INTEGRA_", "PG"))}
        done = subprocess.run(
            ["bash", "-ec", step],
            cwd=self.folder,
            env={**clean, "PATH": f"{BIN}:{os.environ['PATH']}", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (step, done.stderr[-800:])
        return done.stdout

    def make_key(self, role: str, name: str) -> None:
        words = "" if role == "case-system" else " --passphrase-file words"
        self.does(f"exec integra keys make --role {role} --label label-{name} --out {name}.key{words}")

    def keeps_a_note(self, number: int) -> None:
        """Somebody enrolled keeps it; refused where the desk does not hold."""
        installation = Installation.at(self.data)
        store = installation.store()

        def keep(tx: Transaction) -> None:
            author = people.add(tx, agencies.by_slug(tx, "northbridge").ref, "officer", language="en", at=NOON)
            keep_note(tx, installation.pins, number, author)

        try:
            store.run_now(keep)
        finally:
            store.close()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "words").touch(mode=0o600)
    (tmp_path / "words").write_text(PASSPHRASE)
    return Machine(tmp_path, tmp_path / "data")


@pytest.fixture
def lived_in(tmp_path: Path) -> Trial:
    """The demo's installation, in place of one that came about by these steps."""
    return Trial.create(tmp_path / "trial", at=NOON, roles=("officer",))


def test_from_the_first_start_to_a_desk_and_to_a_new_admin_key(machine: Machine) -> None:
    for step in steps("First start"):
        machine.does(f"umask 077; {step}")
    for role, name in (("admin", "admin"), ("coordinator", "coordinator"), ("recovery", "recovery")):
        machine.make_key(role, name)
    machine.make_key("case-system", "case-system")
    add, listed = steps("A new agency")
    with pytest.raises(Exception, match="northbridge"):
        machine.keeps_a_note(1)
    machine.does(add)
    assert {"label-coordinator", "label-recovery", "label-case-system"} <= set(machine.does(listed).split())
    machine.keeps_a_note(1)

    machine.make_key("coordinator", "coordinator2")
    (machine.folder / "admin.key").unlink()
    make, remove, anew = steps("Lost and stolen keys")
    for step in (make, remove, anew):
        machine.does(step)
    words = machine.does(listed).split()
    assert "label-coordinator2" in words
    assert "label-coordinator" not in words
    machine.keeps_a_note(2)


def test_a_database_of_the_first_version_is_brought_up_to_date(machine: Machine, lived_in: Trial) -> None:
    revisions = list(revisions_known())
    build(place_of(lived_in), revisions[0], revisions, lived_in, NOON)
    machine = replace(machine, data=lived_in.installation.folder)
    check, upgrade = steps("Upgrade")
    machine.does(check, code=1)
    machine.does(upgrade)
    machine.does(check)
    assert sum(open_notes(lived_in).values()) == 3


@pytest.mark.second_engine
def test_it_moves_to_a_server_by_the_names_of_a_service_file(
    machine: Machine, lived_in: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = replace(machine, data=lived_in.installation.folder)
    machine.keeps_a_note(1)
    (file,) = boxes("Moving there", "toml")
    (machine.folder / "server.toml").touch(mode=0o600)
    (machine.folder / "server.toml").write_text(file)
    (sql,) = boxes("Moving there", "sql")
    with cluster() as server:
        with psycopg.connect(server.address("postgres"), autocommit=True) as superuser:
            for statement in filter(None, map(str.strip, sql.split(";"))):
                superuser.execute(statement)  # type: ignore[arg-type]  # SQL of our page
        services = machine.folder / "pg_service.conf"
        services.write_text(
            "".join(
                f"[integra_{role}]\nhost={server.folder}\ndbname=integra\nuser=integra_{role}_login\n"
                for role in ("bot", "reader", "admin", "server")
            )
        )
        for step in steps("Moving there"):
            machine.does(step, PGSERVICEFILE=str(services))
        assert (machine.data / "integra.db.moved").exists()
        told = machine.does(f"integra doctor --data {machine.data} || true", PGSERVICEFILE=str(services))
        assert "integra.db.moved" in told
        monkeypatch.setenv("PGSERVICEFILE", str(services))
        assert [text for _, text in open_notes(lived_in)] == ["Paper cranes by the window."]


@pytest.mark.long
def test_it_is_installed_from_the_lock(machine: Machine) -> None:
    """Needs the registry, as `make` does; the page's own environment, and a copy of the project without ours."""
    project = machine.folder / "project"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in tracked.decode().split("\0"):
        if name and not name.startswith("tests/"):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)
    (machine.folder / "opt" / "integra").mkdir(parents=True)
    said = ""
    for step in steps("Install"):
        said = machine.does(f"cd project; {step}")
    assert "0 to mend" in said
