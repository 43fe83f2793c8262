"""`integra keys rotate|revoke|rewrap|show|list`, by script: the desk's life, and what must not happen in it."""

import json
import shutil
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from storage_site import NOON, keep_note, note_id, person_in_role

from bot.commands.keys import desk as desk_commands
from bot.commands.keys import leave, make, publish, rewrap
from bot.installation import Installation
from bot.trial import HANDLES, Trial
from dialogues.reference import reference
from storage import opened
from storage.errors import BadInstallation
from storage.pins import Pins
from storage.sealing import keyfile
from storage.sealing.errors import NoteUnreadable
from storage.sealing.suites import OpeningKey

NOW = datetime.now(UTC)
AGENCY = "northbridge"


class World:
    """A trial installation with its demo keys, and how the commands are called on it."""

    def __init__(self, trial: Trial, folder: Path, integra: Any) -> None:
        self.trial, self.folder, self._integra = trial, folder, integra
        self.data = trial.installation.folder
        self.admin = trial.folder / "safe" / "admin.key"
        (folder / "words").write_text("six quiet synthetic words in here\n")
        (folder / "words").chmod(0o600)

    def make(self, role: str, name: str) -> Path:
        path = self.folder / f"{name}.key"
        words = () if role == "case-system" else ("--passphrase-file", self.folder / "words")
        assert self._integra("keys", "make", "--role", role, "--label", name, "--out", path, *words).code == 0
        return path

    def keys(self, command: str, *arguments: object) -> Any:
        return self._integra("keys", command, *arguments, "--data", self.data)

    def desk(self, command: str, *arguments: object) -> Any:
        """With the agency and the admin's demo key."""
        return self.keys(command, "--agency", AGENCY, "--admin-key", self.admin, *arguments)

    def listed(self) -> dict[str, Any]:
        done = self.keys("list", "--agency", AGENCY, "--json")
        return {one["label"]: one for one in json.loads(done.out)["recipients"]}

    @property
    def version(self) -> int:
        return int(json.loads(self.keys("list", "--agency", AGENCY, "--json").out)["version"])

    def opens(self, path: Path, *, passphrase: str | None = None) -> int:
        key = keyfile.read(path, passphrase=passphrase).key
        assert isinstance(key, OpeningKey)
        return sum(self._opens(key, number) for number in range(1, 61))

    def _opens(self, key: OpeningKey, number: int) -> bool:
        store = Installation(self.data).store(reads_notes=True)
        ingest = (Installation(self.data).keyring().ingest.public,)
        try:
            store.run_now(
                lambda tx: opened.open_reference(
                    tx, reference(note_id(number)), key, ingest, at=NOON, reason="rehearsal"
                )
            )
        except NoteUnreadable:
            return False
        finally:
            store.close()
        return True


@pytest.fixture(scope="session")
def made_now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With sixty notes; made today, for the commands read the real clock."""
    folder = tmp_path_factory.mktemp("now") / "world"
    trial = Trial.create(folder, at=NOW, roles=tuple(HANDLES))
    store, pins = trial.installation.store(), trial.installation.pins
    officer = store.run_now(lambda tx: person_in_role(tx, tx.keyring.agency_ref(AGENCY), "officer"))
    for number in range(1, 61):
        store.run_now(lambda tx, number=number: keep_note(tx, pins, number, officer, at=NOW))  # type: ignore[misc]
    store.close()
    return folder


@pytest.fixture
def world(made_now: Path, tmp_path: Path, integra: Any) -> World:
    shutil.copytree(made_now, tmp_path / "world")
    return World(Trial(tmp_path / "world"), tmp_path, integra)


def test_t39_a_coordinator_leaves_and_the_notes_are_sealed_anew(world: World) -> None:
    new, leaver, recovery = world.make("coordinator", "ben"), world.trial.coordinator_key, world.trial.folder / "safe"
    assert world.desk("add-recipient", "--key", f"{new}.pub", "--yes").code == 0
    revoked = world.desk("revoke", "--key", leaver, "--yes", "--json")
    assert (revoked.code, json.loads(revoked.out)["version"]) == (0, 3)
    assert "Coordinator (demo)" not in world.listed()
    assert world.opens(leaver) == 60

    done = world.keys("rewrap", "--agency", AGENCY, "--key", recovery / "recovery.key", "--json")

    said = {"agency": AGENCY, "rewrapped": 60, "already": 0, "not_reached": 0, "left": []}
    assert (done.code, json.loads(done.out)) == (0, said)
    assert world.opens(leaver) == 0
    assert world.opens(new, passphrase="six quiet synthetic words in here") == 60
    assert world.opens(recovery / "recovery.key") == world.opens(world.trial.case_system_key) == 60
    again = world.keys("rewrap", "--agency", AGENCY, "--key", recovery / "recovery.key")
    assert (again.code, "0 sealed anew, 60 were right already" in again.out) == (0, True)
    by_leaver = world.keys("rewrap", "--agency", AGENCY, "--key", leaver)
    assert (by_leaver.code, "60 were right already" in by_leaver.out) == (0, True)


def test_rewrap_stopped_by_hand_says_how_far_it_was_and_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    new, recovery = world.make("coordinator", "ben"), world.trial.folder / "safe" / "recovery.key"
    assert world.desk("add-recipient", "--key", f"{new}.pub", "--yes").code == 0

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rewrap, "progress", stop)
    stopped = world.keys("rewrap", "--agency", AGENCY, "--key", recovery)
    assert (stopped.code, "50 sealed anew" in stopped.out, "10 were not reached" in stopped.out) == (1, True, True)
    monkeypatch.undo()
    went_on = json.loads(world.keys("rewrap", "--agency", AGENCY, "--key", recovery, "--json").out)
    assert (went_on["rewrapped"], went_on["already"]) == (10, 50)


def test_rewrap_says_what_a_key_could_not_do(world: World) -> None:
    new = world.make("coordinator", "ben")
    assert world.desk("add-recipient", "--key", f"{new}.pub", "--yes").code == 0
    done = world.keys("rewrap", "--agency", AGENCY, "--key", new, "--passphrase-file", world.folder / "words")
    assert (done.code, "60 left as they were" in done.out) == (1, True)
    assert f"left  {reference(note_id(1))}  recipient" in done.out
    signs = world.keys("rewrap", "--agency", AGENCY, "--key", world.admin)
    assert (signs.code, "that key signs" in signs.err) == (1, True)
    nowhere = world.keys("rewrap", "--agency", "nowhere", "--key", world.trial.coordinator_key)
    assert nowhere.code == 1


def test_a_holder_gets_a_new_key_in_the_old_ones_place(world: World) -> None:
    new = world.make("coordinator", "ann-2")
    done = world.desk(
        "rotate", "--old", world.trial.coordinator_key, "--new", f"{new}.pub", "--not-after", "2099-12-31", "--yes"
    )
    assert done.code == 0, done.err
    assert "integra keys rewrap" in done.out
    listed = world.listed()
    assert ("ann-2" in listed, "Coordinator (demo)" in listed) == (True, False)
    assert listed["ann-2"]["not_after"] == "2099-12-31"
    assert world.version == 2


def test_a_recovery_key_is_rotated_and_a_case_system_key_says_what_else_must_change(world: World) -> None:
    for role, label in (("recovery", "Recovery (demo)"), ("case-system", "Case system (demo)")):
        new = world.make(role, f"{role}-2")
        done = world.desk("rotate", "--old", world.listed()[label]["kid"][:8], "--new", f"{new}.pub", "--yes")
        assert done.code == 0, done.err
        says = "destroy them once rewrap is done" if role == "recovery" else "integra sync public-key"
        assert says in done.out


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ("Coordinator (demo)", "leave nobody who reads the notes. First add another"),
        ("Recovery (demo)", "leave no recovery key"),
    ],
)
def test_the_last_of_its_kind_is_not_taken_off(world: World, role: str, says: str) -> None:
    done = world.desk("revoke", "--key", world.listed()[role]["kid"], "--yes")
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert "Nothing was done" in done.err
    assert world.version == 1


def test_two_coordinators_are_not_taken_off_at_once_either(world: World) -> None:
    new = world.make("supervisor", "lead")
    assert world.desk("add-recipient", "--key", f"{new}.pub", "--yes").code == 0
    listed = world.listed()
    both = [part for label in ("lead", "Coordinator (demo)") for part in ("--key", listed[label]["kid"])]
    assert "leave nobody who reads" in world.desk("revoke", *both, "--yes").err
    assert world.desk("revoke", "--key", listed["Coordinator (demo)"]["kid"], "--yes").code == 0


def test_without_escrow_a_desk_needs_no_recovery_but_never_loses_its_last_reader(world: World) -> None:
    ann, ben = world.make("coordinator", "ann"), world.make("coordinator", "ben")
    anew = world.desk("add-recipient", "--anew", "--no-escrow", "--key", f"{ann}.pub", "--key", f"{ben}.pub", "--yes")
    assert (anew.code, world.version) == (0, 2)
    assert "lost keys mean lost notes" in world.keys("list", "--agency", AGENCY).out
    assert world.desk("revoke", "--key", ann, "--yes").code == 0
    assert "leave nobody" in world.desk("revoke", "--key", ben, "--yes").err


def test_what_cannot_be_is_refused_before_anything_is_signed(world: World) -> None:
    new, lead = world.make("coordinator", "ben"), world.make("supervisor", "lead")
    kid = world.listed()["Coordinator (demo)"]["kid"]
    stranger = world.make("admin", "stranger")
    asked: tuple[tuple[tuple[object, ...], str], ...] = (
        (("revoke", "--key", "0000", "--yes"), "no one key"),
        (("revoke", "--key", kid[:3], "--yes"), "no one key"),
        (("revoke", "--key", world.admin, "--yes"), "no one key"),
        (("rotate", "--old", kid, "--new", f"{lead}.pub", "--yes"), "a supervisor's and the old one a coordinator's"),
        (("rotate", "--old", kid, "--new", f"{world.admin}", "--yes"), "is not the public half"),
        (("rotate", "--old", kid, "--new", f"{new}.pub"), "give --yes"),
        (("rotate", "--old", kid, "--new", f"{new}.pub", "--json"), "give --yes"),
        (("add-recipient", "--key", f"{new}.pub"), "give --yes"),
        (("add-recipient", "--key", f"{new}.pub", "--not-after", "2020-01-01", "--yes"), "that day is over"),
    )
    for arguments, says in asked:
        done = world.desk(*arguments)
        assert done.code == 1, arguments
        assert says in done.err, (arguments, done.err)
    other = ("--agency", AGENCY, "--admin-key", stranger, "--passphrase-file", world.folder / "words", "--yes")
    assert "another admin key is pinned" in world.keys("add-recipient", "--key", f"{new}.pub", *other).err
    for arguments in (
        ("add-recipient", "--agency", AGENCY),
        ("revoke", "--agency", AGENCY),
        ("rotate", "--agency", AGENCY),
        ("rotate", "--agency", AGENCY, "--old", kid, "--new-admin-key", stranger),
        ("add-recipient", "--agency", AGENCY, "--key", f"{new}.pub", "--not-after", "soon"),
    ):
        assert world.keys(*arguments).code == 2, arguments
    assert world.version == 1
    assert world.desk("add-recipient", "--key", f"{new}.pub", "--yes").code == 0
    assert "stands on northbridge's desk already" in world.desk("add-recipient", "--key", f"{new}.pub", "--yes").err


def test_the_admin_key_gives_way_to_another_and_signs_no_more(world: World) -> None:
    new_admin, ben = world.make("admin", "admin-2"), world.make("coordinator", "ben")
    words = ("--new-passphrase-file", world.folder / "words")
    done = world.desk("rotate", "--new-admin-key", new_admin, *words, "--yes", "--json")
    assert (done.code, json.loads(done.out)["version"]) == (0, 2), done.err
    assert "another admin key is pinned" in world.desk("add-recipient", "--key", f"{ben}.pub", "--yes").err
    by_new = ("--agency", AGENCY, "--admin-key", new_admin, "--passphrase-file", world.folder / "words", "--yes")
    assert world.keys("add-recipient", "--key", f"{ben}.pub", *by_new).code == 0
    assert sorted(world.listed()) == ["Case system (demo)", "Coordinator (demo)", "Recovery (demo)", "ben"]
    assert "is not the one that is pinned" in world.desk("rotate", "--new-admin-key", new_admin, *words, "--yes").err


def test_a_change_of_admin_keys_that_broke_off_is_finished_by_doing_it_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_admin = world.make("admin", "admin-2")
    words = ("--new-passphrase-file", world.folder / "words", "--yes")
    monkeypatch.setattr(Pins, "hand_over", lambda *_: (_ for _ in ()).throw(BadInstallation("power is gone")))
    assert world.desk("rotate", "--new-admin-key", new_admin, *words).code == 1
    assert "not signed by this agency's admin key" in world.keys("list", "--agency", AGENCY).err, "loud, not diverted"
    monkeypatch.undo()
    assert world.desk("rotate", "--new-admin-key", new_admin, *words).code == 0
    assert world.version == 2


def test_a_change_that_broke_off_before_the_pin_went_up_leaves_a_desk_that_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben, eve = world.make("coordinator", "ben"), world.make("coordinator", "eve")
    monkeypatch.setattr(Pins, "set", lambda *_: (_ for _ in ()).throw(BadInstallation("power is gone")))
    assert world.desk("add-recipient", "--key", f"{ben}.pub", "--yes").code == 1
    monkeypatch.undo()
    assert (world.version, "ben" in world.listed()) == (2, True)
    assert world.desk("add-recipient", "--key", f"{eve}.pub", "--yes").code == 0
    pin = world.trial.installation.pins.of(AGENCY)
    assert pin is not None
    assert (world.version, pin.version) == (3, 3)


def test_a_first_desk_that_broke_off_before_its_pin_is_begun_anew_under_another_number(
    world: World, monkeypatch: pytest.MonkeyPatch, integra: Any
) -> None:
    ann = world.make("coordinator", "ann")
    assert integra("agency", "add", "south", "--name", "South", "--data", world.data).code == 0
    options = ("--agency", "south", "--admin-key", world.admin, "--key", f"{ann}.pub", "--no-escrow", "--yes")
    monkeypatch.setattr(Pins, "set", lambda *_: (_ for _ in ()).throw(BadInstallation("power is gone")))
    assert world.keys("add-recipient", *options).code == 1
    monkeypatch.undo()
    assert "desks/south.json is gone" in world.keys("add-recipient", *options).err
    done = world.keys("add-recipient", "--anew", *options, "--json")
    assert (done.code, json.loads(done.out)["version"]) == (0, 2)


def test_t38_a_change_is_never_built_on_what_somebody_put_into_the_database(world: World) -> None:
    """Neither by whoever signs for themselves, nor by an earlier version put back."""
    ben = world.make("coordinator", "ben")
    before = rows_of(world)
    assert world.desk("add-recipient", "--key", f"{ben}.pub", "--yes").code == 0
    eve = world.make("coordinator", "eve")
    put_back(world, *before)
    refused = world.desk("add-recipient", "--key", f"{eve}.pub", "--yes")
    assert (refused.code, "older than 2" in refused.err) == (1, True)
    put_back(world, before[0], bytes(64))
    for command in (("add-recipient", "--key", f"{eve}.pub"), ("revoke", "--key", ben)):
        assert "not signed by this agency's admin key" in world.desk(*command, "--yes").err
    listed = world.keys("list", "--agency", AGENCY)
    assert (listed.code, listed.out) == (1, "")
    keys = [part for path in ("eve", "ben") for part in ("--key", world.folder / f"{path}.key.pub")]
    recovery = world.make("recovery", "recovery-2")
    anew = world.desk("add-recipient", "--anew", *keys, "--key", f"{recovery}.pub", "--yes")
    assert anew.code == 0, anew.err
    assert (world.version, sorted(world.listed())) == (3, ["ben", "eve", "recovery-2"])


def rows_of(world: World) -> tuple[bytes, bytes]:
    with sqlite3.connect(world.data / "integra.db") as connection:
        manifest, signature = connection.execute("SELECT manifest, signature FROM desks").fetchone()
    return manifest, signature


def put_back(world: World, manifest: bytes, signature: bytes) -> None:
    with sqlite3.connect(world.data / "integra.db") as connection:
        connection.execute("UPDATE desks SET manifest = ?, signature = ?", (manifest, signature))


def test_the_list_warns_of_old_keys_and_of_those_that_run_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    until = (NOW + timedelta(days=20)).date().isoformat()
    monkeypatch.setattr(make, "system_clock", lambda: NOW - timedelta(days=400))
    old = world.make("coordinator", "old")
    monkeypatch.setattr(make, "system_clock", lambda: NOW)
    short = world.make("coordinator", "short")
    assert world.desk("add-recipient", "--key", f"{old}.pub", "--yes").code == 0
    assert world.desk("add-recipient", "--key", f"{short}.pub", "--not-after", until, "--yes").code == 0
    listed = world.listed()
    assert "more than 12 months ago" in listed["old"]["warnings"][0]
    assert f"runs out on {until}" in listed["short"]["warnings"][0]
    assert listed["Coordinator (demo)"]["warnings"] == []
    assert "! made on" in world.keys("list", "--agency", AGENCY).out
    monkeypatch.setattr(desk_commands, "system_clock", lambda: NOW + timedelta(days=21))
    assert "out of date since" in world.listed()["short"]["warnings"][0]


def test_a_desk_whose_keys_ran_out_is_listed_with_its_fault_and_can_be_mended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, recovery = world.make("coordinator", "ann"), world.make("recovery", "rec")
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    keys = ("--key", f"{ann}.pub", "--key", f"{recovery}.pub", "--not-after", tomorrow, "--yes")
    assert world.desk("add-recipient", "--anew", *keys).code == 0
    for module in (desk_commands, leave, publish):
        monkeypatch.setattr(module, "system_clock", lambda: NOW + timedelta(days=3))
    done = world.keys("list", "--agency", AGENCY)
    assert (done.code, "No note can be sealed (expired)" in done.out) == (1, True)
    for role, name in (("coordinator", "ben"), ("recovery", "rec-2")):
        new = world.make(role, name)
        assert world.desk("add-recipient", "--key", f"{new}.pub", "--yes").code == 0
    assert world.keys("list", "--agency", AGENCY).code == 0


def test_show_tells_whose_key_it_is_and_where_it_stands(world: World, integra: Any) -> None:
    ben = world.make("coordinator", "ben")
    private, public = (json.loads(integra("keys", "show", path, "--json").out) for path in (ben, f"{ben}.pub"))
    assert {**private, "file": "public", "protection": ""} == public
    assert (public["role"], public["label"], len(public["words"])) == ("coordinator", "ben", 8)
    assert "64 MiB" in private["protection"]
    assert "stands on no desk" in world.keys("show", f"{ben}.pub").out
    on_desk = json.loads(world.keys("show", world.trial.coordinator_key, "--json").out)
    place = {"agency": AGENCY, "as": "coordinator Coordinator (demo)", "version": 1, "until": ""}
    assert on_desk["desks"] == [place]
    assert "northbridge: signs the desk, version 1" in world.keys("show", world.admin).out


def test_t37_a_file_whose_protection_is_below_the_floor_is_refused(world: World, integra: Any) -> None:
    ben = world.make("coordinator", "ben")
    whole = json.loads(ben.read_text())
    for weak in ({"t": 1}, {"m_kib": 19_455}, {"p": 0}, {"m_kib": 2_000_000}):
        ben.write_text(json.dumps({**whole, "protected": {**whole["protected"], **weak}}))
        shown = integra("keys", "show", ben)
        assert (shown.code, shown.out) == (1, ""), weak
        used = world.keys("rewrap", "--agency", AGENCY, "--key", ben, "--passphrase-file", world.folder / "words")
        assert (used.code, "too weak or too costly" in used.err) == (1, True), weak


def test_t37_weak_passphrases_of_ones_own_make_no_key(tmp_path: Path, integra: Any) -> None:
    for weak in ("short", "aaaaaaaaaaaaaaaa", "passwordpassword", "abcdefghijklmnop", ""):
        (tmp_path / "words").write_text(weak + "\n")
        (tmp_path / "words").chmod(0o600)
        options = ("--role", "coordinator", "--out", tmp_path / "a.key", "--passphrase-file", tmp_path / "words")
        done = integra("keys", "make", *options)
        assert (done.code, "nothing was made" in done.err) == (1, True), weak
        assert [path.name for path in tmp_path.iterdir()] == ["words"]


def test_show_refuses_what_is_no_key_file(tmp_path: Path, integra: Any) -> None:
    (tmp_path / "junk").write_bytes(b"\xff\xfe")
    (tmp_path / "text").write_text("hello")
    (tmp_path / "text").chmod(0o600)
    for name in ("junk", "text", "missing"):
        done = integra("keys", "show", tmp_path / name)
        assert (done.code, done.out) == (1, ""), name


def test_no_private_key_and_no_sheet_is_made_inside_a_data_folder(world: World, integra: Any) -> None:
    recovery = world.trial.folder / "safe" / "recovery.key"
    (world.data / "below").mkdir()
    for inside in (world.data / "a.key", world.data / "below" / "a.key"):
        made = integra("keys", "make", "--role", "case-system", "--out", inside)
        assert (made.code, "is a data folder" in made.err) == (1, True)
    for inside in (world.data, world.data / "below"):
        split = integra("keys", "split", "--key", recovery, "--out", inside)
        assert (split.code, "is a data folder" in split.err) == (1, True)
    assert list((world.data / "below").iterdir()) == []


def test_t48_split_and_combine_by_script(tmp_path: Path, integra: Any) -> None:
    (tmp_path / "words").write_text("six quiet synthetic words in here\n")
    (tmp_path / "words").chmod(0o600)
    words, key, sheets = ("--passphrase-file", tmp_path / "words"), tmp_path / "recovery.key", tmp_path / "sheets"
    assert integra("keys", "make", "--role", "recovery", "--out", key, *words).code == 0
    done = integra("keys", "split", "--key", key, "--out", sheets, *words, "--json")
    assert done.code == 0, done.err
    assert sorted(Path(path).name for path in json.loads(done.out)["files"]) == [
        f"share-{number}.{ending}" for number in (1, 2, 3) for ending in ("pdf", "txt")
    ]
    assert stat.S_IMODE(sheets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in sheets.iterdir()} == {0o600}
    seed = keyfile.read(key, passphrase="six quiet synthetic words in here").key.seed()
    for one, other in ((1, 2), (2, 3), (3, 1)):
        back = tmp_path / f"back-{one}{other}.key"
        pair = ("--share", sheets / f"share-{one}.txt", "--share", sheets / f"share-{other}.txt")
        made = integra("keys", "combine", *pair, "--out", back, *words, "--json")
        assert made.code == 0, made.err
        assert keyfile.read(back, passphrase="six quiet synthetic words in here").key.seed() == seed
    again = integra("keys", "split", "--key", key, "--out", sheets, *words)
    assert (again.code, "is there already" in again.err) == (1, True)
    assert len(list(sheets.iterdir())) == 6
    refused = tmp_path / "refused.key"
    lines = (sheets / "share-2.txt").read_text().splitlines()
    place = next(at for at, line in enumerate(lines) if line.startswith("05:"))
    lines[place] = lines[place][:-1] + ("2" if lines[place][-1] != "2" else "3")
    (sheets / "share-2.txt").write_text("\n".join(lines))
    for shares, says in (
        ((1, 2), "share-2.txt: share 2: line 5 has a slip"),
        ((1,), "a second is needed"),
        ((1, 1), "share 1 twice"),
    ):
        options = [part for number in shares for part in ("--share", sheets / f"share-{number}.txt")]
        done = integra("keys", "combine", *options, "--out", refused, *words)
        assert (done.code, done.out) == (1, "")
        assert says in done.err
    assert not refused.exists()
    assert integra("keys", "combine", "--out", refused, *words).code == 2
    other = tmp_path / "coordinator.key"
    assert integra("keys", "make", "--role", "coordinator", "--out", other, *words).code == 0
    kept = integra("keys", "split", "--key", other, "--out", tmp_path / "no", *words)
    assert (kept.code, "only a recovery key" in kept.err) == (1, True)
