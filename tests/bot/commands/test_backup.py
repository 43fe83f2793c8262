"""What `integra backup` writes, and what nobody finds in it."""

import asyncio
import json
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import Site, at_desk

from bot.clock import MovableClock, system_clock
from bot.trial import AGENCY, Trial
from storage.sealing import keyfile, publicfile
from storage.sealing.epochs import parse
from storage.sealing.errors import BackupRefused
from storage.sealing.keyfile import KeyFile
from storage.sealing.stream import StreamReader
from storage.sealing.suites import OpeningKey, SuiteId, generate

Integra = Callable[..., Any]
CANARIES = ("Zebrafinch", "QX-7431", "73004123", "Handle-Quartz")


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial.create(tmp_path / "world", at=system_clock(), roles=("officer", "coordinator"))


@pytest.fixture
def to(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "one"


def backed_up(integra: Integra, trial: Trial, to: Path, *more: object) -> dict[str, Any]:
    done = integra("backup", "--to", to, "--json", "--data", trial.installation.folder, *more)
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)
    return told


def epochs(to: Path) -> Path:
    return to.with_name("integra-epochs.json")


def recovery(trial: Trial) -> OpeningKey:
    key = keyfile.read(trial.folder / "safe" / "recovery.key").key
    assert isinstance(key, OpeningKey)
    return key


def plain(file: Path, key: OpeningKey) -> bytes:
    with open(file, "rb") as raw:
        reader, parts = StreamReader(raw, key), []
        while part := reader.read(65_536):
            parts.append(part)
    return b"".join(parts)


def test_t07_a_backup_tells_nothing_without_the_recovery_key_and_no_word_with_it(
    integra: Integra, trial: Trial, to: Path
) -> None:
    """Canaries in a note, a case code, a chat, a handle: not in the file, and not in what the recovery key opens."""
    site = Site(trial)

    async def work() -> None:
        async with at_desk(site) as desk:
            site.enrol("console", CANARIES[2], "officer", CANARIES[3])
            await desk.logs_note(CANARIES[2], f"{CANARIES[0]} about {CANARIES[1]}", "urgent")

    asyncio.run(work())
    told = backed_up(integra, trial, to)
    site.close()
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert told["rows"] > 20
    key = parse(epochs(to).read_bytes())[0].open(recovery(trial))
    inside = plain(to, key)
    assert AGENCY.encode() in inside, "the pin's file: the search would find a word"
    for canary in CANARIES:
        for spelling in (canary.encode(), canary.encode("utf-16le"), canary.encode().hex().encode()):
            assert spelling not in to.read_bytes()
            assert spelling not in inside
    keys = trial.installation.folder / "keys"
    for name in ("master.key", "ingest.key"):
        secret = (keys / name).read_text().strip()
        assert secret.encode() not in inside
        assert bytes.fromhex(secret) not in inside


def test_t07_no_other_key_opens_a_backup(integra: Integra, trial: Trial, to: Path) -> None:
    backed_up(integra, trial, to)
    epoch = parse(epochs(to).read_bytes())[0]
    tried = [trial.coordinator_key, trial.case_system_key]
    for key in [keyfile.read(path).key for path in tried] + [generate(), generate(SuiteId.X25519)]:
        assert isinstance(key, OpeningKey)
        with pytest.raises(BackupRefused):
            epoch.open(key)
        with pytest.raises(BackupRefused):
            plain(to, key)
    with pytest.raises(BackupRefused):
        plain(to, recovery(trial))  # not even without the file of epochs


def test_t44_a_backup_opens_no_more_when_the_key_of_its_month_was_destroyed(
    integra: Integra, trial: Trial, to: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every key there is: what was erased since is gone from old backups, too."""
    backed_up(integra, trial, to)
    later = system_clock() + timedelta(days=95)
    monkeypatch.setattr("bot.commands.backup.system_clock", lambda: later)
    told = backed_up(integra, trial, to.with_name("two"))
    assert told["began"]
    assert told["ended"] == [f"{system_clock():%Y-%m}"]
    done = integra("restore", to, "--data", tmp_path / "new", "--recovery-key", trial.folder / "safe" / "recovery.key",
                   "--keys", trial.installation.folder / "keys", "--no-deletions")  # fmt: skip
    assert done.code == 1
    assert "nobody can open it" in done.err


def test_how_long_a_month_opens_is_a_setting(
    integra: Integra, trial: Trial, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trial.installation.folder / "settings.toml").write_text("backup_months = 12\n")
    backed_up(integra, trial, to)
    later = system_clock() + timedelta(days=95)
    monkeypatch.setattr("bot.commands.backup.system_clock", lambda: later)
    assert backed_up(integra, trial, to.with_name("two"))["ended"] == []


def test_nothing_is_overwritten_and_nothing_half_is_left(
    integra: Integra, trial: Trial, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to.write_bytes(b"there already")
    done = integra("backup", "--to", to, "--data", trial.installation.folder)
    assert (done.code, "there already" in done.err) == (1, True)
    assert to.read_bytes() == b"there already"

    def breaks(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.copying.dump", breaks)
    done = integra("backup", "--to", to.with_name("two"), "--data", trial.installation.folder)
    assert (done.code, "No space left" in done.err) == (1, True)
    assert sorted(path.name for path in to.parent.iterdir()) == ["integra-epochs.json", "one"]


def test_a_backup_inside_the_data_folder_is_refused(integra: Integra, trial: Trial) -> None:
    folder = trial.installation.folder
    done = integra("backup", "--to", folder / "one", "--data", folder)
    assert (done.code, "outside" in done.err or "elsewhere" in done.err) == (1, True)


def test_without_a_recovery_key_a_public_half_is_asked_for(integra: Integra, tmp_path: Path, to: Path) -> None:
    data = tmp_path / "data"
    integra("init", "--data", data)
    done = integra("backup", "--to", to, "--data", data)
    assert (done.code, "--recovery FILE.pub" in done.err) == (1, True)
    assert list(to.parent.iterdir()) == []
    key = generate()
    public = tmp_path / "recovery.pub"
    public.write_text(publicfile.render(publicfile.of(KeyFile(key, "recovery", "Recovery", system_clock().date()))))
    assert integra("backup", "--to", to, "--recovery", public, "--data", data).code == 0
    assert plain(to, parse(epochs(to).read_bytes())[0].open(key)).startswith(b"INTEGRA BACKUP 1")
    other = publicfile.render(publicfile.of(KeyFile(key, "coordinator", "Somebody", system_clock().date())))
    public.write_text(other)
    assert integra("backup", "--to", to.with_name("two"), "--recovery", public, "--data", data).code == 1


def test_a_desk_that_does_not_hold_gives_no_key_and_that_is_said(integra: Integra, trial: Trial, to: Path) -> None:
    """Somebody who can write to the database cannot have backups sealed to a key of theirs."""
    store = trial.installation.store()
    store.run_now(lambda tx: tx.db.exec_driver_sql("UPDATE desks SET signature = x'00'"))
    store.close()
    done = integra("backup", "--to", to, "--data", trial.installation.folder)
    assert done.code == 1
    assert "does not hold" in done.err


async def test_people_are_served_while_a_backup_is_made(
    integra: Integra, trial: Trial, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dump that takes long holds up no turn, not even one that erases and empties the log."""
    from storage import copying

    site = Site(trial)
    site.clock = MovableClock(system_clock())
    reading, go_on = threading.Event(), threading.Event()
    dump = copying.dump

    def slow(connection: Any, write: Any, **more: Any) -> Any:
        copying.count(connection)  # the moment that is backed up
        reading.set()
        assert go_on.wait(60)
        return dump(connection, write, **more)

    monkeypatch.setattr(copying, "dump", slow)
    async with at_desk(site) as desk:
        before = await desk.logs_note("officer", "Logged before.")
        making = asyncio.create_task(asyncio.to_thread(backed_up, integra, trial, to))
        await asyncio.to_thread(reading.wait, 60)
        started = asyncio.get_running_loop().time()
        await desk.logs_note("officer", "Logged meanwhile.")
        await desk.opens("officer", f"my-notes.undo.{before}")
        took = asyncio.get_running_loop().time() - started
        go_on.set()
        await making
    site.close()
    assert took < 4, "SQLite would have the writer wait five seconds for the reader"
