"""`integra doctor` names each trouble and what mends it, changes nothing, and breaks on nothing."""

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import NOON, Site
from storage_site import past_the_walls, publish

from bot.checks import meaning
from bot.checks.registry import CHECKS
from bot.clock import MovableClock
from bot.commands import doctor
from bot.trial import AGENCY, HANDLES, Trial
from dialogues.model import Say
from guidance.encoder import Unavailable
from storage import agencies, outbox, reach, timers
from storage.postgres import FILE, Addresses
from storage.sealing import keyfile
from storage.sealing.signing import SigningKey
from storage.transaction import Transaction

from .conftest import Integra

Break = Callable[[Trial], None]
ROOT = os.geteuid() == 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    clock = MovableClock(NOON)
    monkeypatch.setattr(doctor, "system_clock", clock)
    return clock


def examined(integra: Integra, trial: Trial, *options: object) -> tuple[int, list[dict[str, Any]]]:
    done = integra("doctor", "--json", "--data", trial.installation.folder, *options)
    assert done.err == ""
    said = json.loads(done.out)
    assert said["fine"] == (done.code == 0)
    return done.code, said["checks"]


def of(rows: list[dict[str, Any]], state: str) -> dict[str, str]:
    """What was told in a state, by check."""
    return {row["check"]: f"{row['told']} > {row['remedy']}" for row in rows if row["state"] == state}


def as_it_lies(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def asked(trial: Trial) -> set[str]:
    """What is looked at where no file of a secret is named."""
    server = trial.installation.whereabouts.on_server
    return {one.name for one in CHECKS if not (one.of_file if server else one.of_server)} - {"secrets"}


def kept_in(trial: Trial) -> Path:
    """The database, or the address of its server."""
    where = trial.installation.whereabouts
    return trial.installation.folder / FILE if where.on_server else where.file


def test_a_healthy_installation_is_fine_and_left_as_it_was(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    before = as_it_lies(trial.installation.folder)
    code, rows = examined(integra, trial)
    assert code == 0
    assert of(rows, "trouble") == of(rows, "skipped") == {}
    assert {row["check"] for row in rows} == asked(trial)
    assert as_it_lies(trial.installation.folder) == before


def test_for_people_it_is_a_line_each_with_what_to_do(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    path = kept_in(trial)
    path.chmod(0o644)
    done = integra("doctor", "--data", trial.installation.folder)
    assert done.code == 1
    assert f"TROUBLE  folder.modes: server/{path.name} is open to others (mode 644)" in done.out
    assert f"chmod 600 {path}" in done.out
    # An address that others could have read is not used at all.
    assert done.out.endswith(f"{2 if trial.installation.whereabouts.on_server else 1} in trouble\n")


def test_where_it_cannot_look_the_exit_code_is_2(integra: Integra, tmp_path: Path) -> None:
    done = integra("doctor", "--data", tmp_path / "nowhere")
    assert done.code == 2
    assert "No such file" in done.err


def test_every_check_has_a_name_of_its_own() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Unavailable("no sentence encoder is installed", "install it"), "note"),
        (Unavailable("the sentence encoder is installed but damaged", "install it again", broken=True), "trouble"),
    ],
)
def test_an_encoder_may_be_absent_and_must_not_be_broken(
    integra: Integra,
    trial: Trial,
    clock: MovableClock,
    monkeypatch: pytest.MonkeyPatch,
    found: Unavailable,
    state: str,
) -> None:
    monkeypatch.setattr(meaning, "load", lambda _: found)
    code, rows = examined(integra, trial)
    assert code == (state == "trouble")
    assert of(rows, state)["encoder"] == f"{found.reason} > {found.remedy}"


def test_an_encoder_that_is_whole_is_used_unless_the_settings_say_no(
    integra: Integra, trial: Trial, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTEGRA_BY_MEANING")
    assert "found by meaning, too" in of(examined(integra, trial)[1], "fine")["encoder"]
    with (trial.installation.folder / "settings.toml").open("a") as file:
        file.write("by_meaning = false\n")
    assert "by_meaning = true" in of(examined(integra, trial)[1], "note")["encoder"]


@pytest.mark.parametrize(
    ("settings", "state", "told"),
    [
        ("", "fine", "no page is set up"),
        ('page_url = "http://notes.example.org"', "trouble", "put it behind https"),
        ('page_url = "https://notes.example.org"\npage_listen = "here"', "trouble", "IP address and a port"),
        ('page_url = "https://notes.example.org"\npage_folder = "FOLDER"', "trouble", "make page"),
        ('page_url = "https://notes.example.org"\npage_folder = "BUILT"', "fine", "1 files, SHA-256"),
    ],
)
def test_the_page_is_looked_at_where_it_is_set_up(
    integra: Integra, trial: Trial, clock: MovableClock, settings: str, state: str, told: str
) -> None:
    built = trial.folder / "built"
    built.mkdir()
    (built / "index.html").write_text("<!doctype html>")
    text = settings.replace("FOLDER", str(trial.folder)).replace("BUILT", str(built))
    (trial.installation.folder / "settings.toml").write_text(text)
    _, rows = examined(integra, trial)
    assert told in of(rows, state)["page"]


# ---------------------------------------------------------------- each trouble


def open_folder(trial: Trial) -> None:
    trial.installation.folder.chmod(0o755)


def open_key(trial: Trial) -> None:
    (trial.installation.folder / "keys" / "master.key").chmod(0o640)


def linked_database(trial: Trial) -> None:
    path = trial.installation.database
    path.rename(trial.folder / "elsewhere.db")
    path.symlink_to(trial.folder / "elsewhere.db")


def opening_key_inside(trial: Trial) -> None:
    shutil.copy(trial.coordinator_key, trial.installation.folder / "coordinator.key")


def no_database(trial: Trial) -> None:
    trial.installation.database.unlink()


def no_log(trial: Trial) -> None:
    (trial.installation.folder / "integra.db-wal").mkdir()


def no_header(trial: Trial) -> None:
    trial.installation.database.write_bytes(b"not a database " * 400)


def bad_page(trial: Trial) -> None:
    with closing(sqlite3.connect(trial.installation.database)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'timers'")
        ((size,),) = connection.execute("PRAGMA page_size")
    with trial.installation.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def newer(trial: Trial) -> None:
    changed(trial, "UPDATE alembic_version SET version_num = '9999'")


def changed(trial: Trial, statement: str, **values: object) -> None:
    past_the_walls(trial.installation, statement, **values)


def other_keys(trial: Trial) -> None:
    other = Trial.create(trial.folder / "other", at=NOON, roles=())
    shutil.rmtree(trial.installation.folder / "keys")
    shutil.copytree(other.installation.folder / "keys", trial.installation.folder / "keys")


def no_keyset(trial: Trial) -> None:
    (trial.installation.folder / "keys" / "keyset.json").unlink()


def no_pin(trial: Trial) -> None:
    (trial.installation.folder / "desks" / f"{AGENCY}.json").unlink()


def changed_desk(trial: Trial) -> None:
    ((manifest,),) = past_the_walls(trial.installation, "SELECT manifest FROM desks")
    changed(trial, "UPDATE desks SET manifest = :new", new=bytes(manifest).replace(b"Coordinator", b"Somebody_el"))


def no_desk(trial: Trial) -> None:
    within(trial, lambda tx: agencies.add(tx, "south", name="South", zone="UTC", case_pattern=""))


def within(trial: Trial, what: Callable[[Any], object]) -> None:
    site = Site(trial)
    site.within(what)
    site.close()


def bad_settings(trial: Trial) -> None:
    (trial.installation.folder / "settings.toml").write_text("draft_hours = 1000\n")


def bad_content(trial: Trial) -> None:
    (trial.folder / "content").mkdir()
    (trial.installation.folder / "settings.toml").write_text(f'content = "{trial.folder / "content"}"\n')


def bad_site(trial: Trial) -> None:
    trial.installation.site.write_text("[[number]]\nfor = 'nobody'\nnumber = '1'\n")


def silent(trial: Trial) -> None:
    early = NOON - timedelta(minutes=11)
    within(trial, lambda tx: outbox.put(tx, "telegram", "1001", [Say("hello")], at=early))


def unheard(trial: Trial) -> None:
    def turn(tx: Transaction) -> None:
        for chat in HANDLES:
            reach.mark(tx, tx.keyring.address_ref("console", chat), "blocked", at=NOON)

    within(trial, turn)


def unheeded(trial: Trial) -> None:
    within(trial, lambda tx: timers.arm(tx, "flag", "00" * 16, NOON - timedelta(hours=5)))


def ahead(trial: Trial) -> None:
    changed(trial, "INSERT INTO seen VALUES ('telegram', '1', :at)", at=int((NOON + timedelta(days=2)).timestamp()))


@pytest.mark.parametrize(
    ("breaks", "check", "told"),
    [
        (open_folder, "folder.modes", "chmod 700"),
        (open_key, "folder.modes", "keys/master.key is open to others"),
        pytest.param(linked_database, "folder.modes", "is a link", marks=pytest.mark.sqlite),
        (opening_key_inside, "folder.opening-keys", "take it away"),
        pytest.param(no_database, "database.there", "restore it from a backup", marks=pytest.mark.sqlite),
        pytest.param(no_log, "database.there", "integra.db-wal is no file", marks=pytest.mark.sqlite),
        pytest.param(no_header, "database.whole", "damaged", marks=pytest.mark.sqlite),
        pytest.param(bad_page, "database.whole", "restore the last backup", marks=pytest.mark.sqlite),
        (newer, "database.version", "of a newer program"),
        (other_keys, "keys.fitting", "not of one installation"),
        (no_keyset, "keys.readable", "keyset.json"),
        (open_key, "keys.readable", "chmod 600"),
        (no_pin, "desks", "desks/northbridge.json is gone"),
        (changed_desk, "desks", "does not hold"),
        (no_desk, "desks", "south has no desk"),
        (bad_settings, "content", "draft_hours"),
        (bad_content, "content", "integra check --content"),
        (bad_site, "content", "site.toml has"),
        (silent, "messages", "the oldest since 11 minutes"),
        (unheeded, "deadlines", "5 hours ago"),
        (unheard, "flags", "nobody of the desk and no admin can be reached"),
        (ahead, "clock", "48 hours from now"),
    ],
)
def test_trouble_is_named_with_what_mends_it(
    integra: Integra, trial: Trial, clock: MovableClock, breaks: Break, check: str, told: str
) -> None:
    breaks(trial)
    before = as_it_lies(trial.installation.folder)
    code, rows = examined(integra, trial)
    assert code == 1
    assert told in of(rows, "trouble")[check]
    assert all(row["remedy"] for row in rows if row["state"] == "trouble")
    assert as_it_lies(trial.installation.folder) == before


def test_a_clock_of_before_this_program_is_no_clock(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    clock.move(timedelta(days=-20 * 365))
    assert "2006-" in of(examined(integra, trial)[1], "trouble")["clock"]


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_a_file_of_another_user_is_named(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    os.chown(kept_in(trial), 12345, 12345)
    assert "belongs to another user" in of(examined(integra, trial)[1], "trouble")["folder.modes"]


def test_a_token_that_others_may_read_is_named(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    good, bad = trial.folder / "good", trial.folder / "bad"
    for path, mode in ((good, 0o600), (bad, 0o644)):
        path.write_text("4242:AAsomething\n")
        path.chmod(mode)
    code, rows = examined(integra, trial, "--token-file", good, "--secret-file", bad)
    assert code == 1
    assert f"chmod 600 {bad}" in of(rows, "trouble")["secrets"]
    assert "good" in of(rows, "fine")["secrets"]
    assert "AAsomething" not in str(rows)


def test_messages_that_can_never_arrive_are_no_trouble_yet(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    def dead(tx: Any) -> None:
        for reason in ("blocked", "failed"):
            (one,) = outbox.put(tx, "telegram", "1001", [Say("hello")], at=NOON)
            outbox.bury(tx, one.id, reason)

    within(trial, dead)
    code, rows = examined(integra, trial)
    assert code == 0
    assert "unblock" in str(rows)
    assert "integra outbox retry" in str(rows)
    assert "hello" not in str(rows)


def test_keys_that_end_soon_are_no_trouble_yet(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    admin = keyfile.read(trial.folder / "safe" / "admin.key").key
    assert isinstance(admin, SigningKey)
    last_day = NOON.date() + timedelta(days=20)
    within(trial, lambda tx: publish(tx, trial.installation.pins, AGENCY, admin, version=2, not_after=last_day))
    code, rows = examined(integra, trial)
    assert code == 0
    assert "end within 30 days" in of(rows, "note")["desks"]


@pytest.mark.parametrize("name", ["deletions", "integra.db.moved"])
def test_files_that_hold_what_was_are_the_owners_alone(
    integra: Integra, trial: Trial, clock: MovableClock, name: str
) -> None:
    path = trial.installation.folder / name
    path.touch()
    path.chmod(0o644)
    assert f"chmod 600 {path}" in of(examined(integra, trial)[1], "trouble")["folder.modes"]


def test_what_a_move_left_is_named_with_when_to_delete_it(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    assert "nothing is left" in of(examined(integra, trial)[1], "fine")["folder.moved"]
    left = [trial.installation.folder / f"integra.db.moved{end}" for end in ("", "-wal")]
    for path in left:
        path.touch(mode=0o600)
    code, rows = examined(integra, trial)
    assert code == 0, "right after the move it belongs there"
    told = of(rows, "note")["folder.moved"]
    assert "integra.db.moved and integra.db.moved-wal" in told
    assert "what is erased from now on stays in it" in told
    assert f"rm {left[0]} {left[1]}" in told


@pytest.fixture
def backed_up(integra: Integra, trial: Trial, clock: MovableClock, monkeypatch: pytest.MonkeyPatch,
              tmp_path: Path) -> Callable[[str], None]:  # fmt: skip
    monkeypatch.setattr("bot.commands.backup.system_clock", clock)

    def backs_up(place: str) -> None:
        (tmp_path / place).mkdir(exist_ok=True)
        to = tmp_path / place / f"{clock():%Y-%m-%d}"
        done = integra("backup", "--to", to, "--data", trial.installation.folder)
        assert done.code == 0, done.err

    return backs_up


def test_a_key_of_a_month_that_is_over_is_named_where_no_backup_destroyed_it(
    integra: Integra, trial: Trial, clock: MovableClock, backed_up: Callable[[str], None], tmp_path: Path
) -> None:
    def found(state: str) -> str:
        return of(examined(integra, trial)[1], state).get("backups", "")

    assert "no backup was made yet" in found("note")
    backed_up("one")  # 23 November
    assert found("fine").startswith("the last backup was made on 2026-11-23;")
    clock.move(timedelta(days=71))  # 2 February
    backed_up("two")
    assert "2026-11" not in found("trouble"), "tonight's backup may still come"
    clock.move(timedelta(days=1))
    keys = tmp_path / "one" / "integra-epochs.json"
    assert f"{keys} still has the key of 2026-11" in found("trouble")
    assert f"delete {keys}" in found("trouble")
    (tmp_path / "one").rename(tmp_path / "away")
    assert f"the last backup beside {keys} was made on 2026-11-23" in found("note")
    (tmp_path / "away").rename(tmp_path / "one")
    keys.write_text("{}")
    assert f"{keys} cannot be read" in found("note")
    keys.unlink()
    assert found("fine").startswith("the last backup was made on 2027-02-02;")
    backed_up("one")
    assert found("fine").startswith("the last backup was made on 2027-02-03;")


def test_a_schema_of_an_older_program_is_brought_up_to_date_by_the_next_start(
    integra: Integra, trial: Trial, clock: MovableClock
) -> None:
    changed(trial, "UPDATE alembic_version SET version_num = '0006'")
    code, rows = examined(integra, trial)
    assert code == 0
    assert "brings it up to date" in of(rows, "note")["database.version"]


HOLDS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.sqlite
def test_who_keeps_the_database_locked_is_named_and_beside_it_all_can_be_read(
    integra: Integra, trial: Trial, clock: MovableClock
) -> None:
    command = [sys.executable, "-c", HOLDS, trial.installation.database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        _, rows = examined(integra, trial)
        assert f"process {other.pid} (python" in of(rows, "trouble")["database.free"]
        assert list(of(rows, "trouble")) == ["database.free"]
        other.stdin.close()
    assert of(examined(integra, trial)[1], "trouble") == {}


def test_beside_a_running_assistant_all_is_fine_and_its_process_named(
    integra: Integra, site: Site, trial: Trial, clock: MovableClock
) -> None:
    site.enrol("telegram", "1001", "officer", "PO-9")
    code, rows = examined(integra, trial)
    assert code == 0
    assert str(os.getpid()) in of(rows, "fine")["assistant"]
    site.enrol("telegram", "1002", "officer", "PO-8")


@pytest.mark.sqlite
def test_deep_compares_indexes_and_references(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    changed(trial, "INSERT INTO receipts VALUES (zeroblob(16), zeroblob(16))")
    assert of(examined(integra, trial)[1], "trouble") == {}
    code, rows = examined(integra, trial, "--deep")
    assert code == 1
    assert "1 fault" in of(rows, "trouble")["database.whole"]


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 60))])
def test_on_whatever_lies_there_it_says_something_and_never_breaks(
    integra: Integra, trial: Trial, clock: MovableClock, seed: int
) -> None:
    """Random bytes anywhere in the database (or in the address of its server) and in a key file."""
    dice = random.Random(seed)
    folder = trial.installation.folder
    for path in (kept_in(trial), dice.choice(sorted((folder / "keys").iterdir()))):
        content = bytearray(path.read_bytes())
        for _ in range(dice.randint(1, 30)):
            start = dice.randrange(len(content))
            content[start : start + 200] = dice.randbytes(len(content[start : start + 200]))
        path.write_bytes(content)
    code, rows = examined(integra, trial)
    assert code == 1
    assert {row["check"] for row in rows} == asked(trial)


def test_on_a_disk_with_little_room_it_says_so(
    integra: Integra, trial: Trial, clock: MovableClock, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3000k,mode=700", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    try:
        shutil.copytree(trial.folder, disk / "world")
        small = Trial(disk / "world")
        found = of(examined(integra, small)[1], "trouble")
        assert "fewer than 100" in found["folder.space"]
        assert list(found) == ["folder.space"]
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert "mounted read-only" in of(examined(integra, small)[1], "trouble")["folder.writable"]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


# ---------------------------------------------------------------- a database on a server


@pytest.mark.postgres
def test_of_a_server_it_says_what_the_assistants_login_may(integra: Integra, trial: Trial, clock: MovableClock) -> None:
    code, rows = examined(integra, trial)
    assert (code, of(rows, "trouble"), of(rows, "skipped")) == (0, {}, {})
    assert "cannot read a note's body" in of(rows, "fine")["database.login"]
    assert {row["check"] for row in rows} == {check.name for check in CHECKS if not check.of_file} - {"secrets"}
    told = trial.installation.folder / FILE
    server = Addresses.read(told)
    told.unlink()
    Addresses(server.owner, server.owner, server.owner).write(told)
    code, rows = examined(integra, trial)
    assert (code, "it could read sealed bodies" in of(rows, "note")["database.login"]) == (0, True)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "text",
    ["bot = 'host=/nowhere dbname=x'\n", "no address at all\n", "", "\0", "bot = 1\n", "service=no_such_service\n"],
)
def test_a_server_that_does_not_answer_is_trouble(
    integra: Integra, trial: Trial, clock: MovableClock, text: str
) -> None:
    (trial.installation.folder / FILE).write_text(text)
    code, rows = examined(integra, trial)
    assert code == 1
    assert "database.toml" in of(rows, "trouble")["database.login"]
    assert "docs/operating.md, PostgreSQL" in of(rows, "trouble")["database.login"]


@pytest.mark.postgres
def test_an_address_that_others_may_read_is_named_and_not_used(
    integra: Integra, trial: Trial, clock: MovableClock
) -> None:
    (trial.installation.folder / FILE).chmod(0o644)
    code, rows = examined(integra, trial)
    assert code == 1
    assert "database.toml is open to others" in of(rows, "trouble")["folder.modes"]
    assert "chmod 600" in of(rows, "trouble")["database.login"]
