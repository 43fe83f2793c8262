"""The rehearsal: an installation at work, a backup, more work, the folder lost, a restore, and the work goes on."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import Desk, Site, at_desk, open_notes, pressed, texts
from operating_page import steps
from postgres_server import Cluster
from sqlalchemy import select

from bot.channels.base import Inbound
from bot.clock import MovableClock, system_clock
from bot.trial import AGENCY, HANDLES, Trial
from dialogues.model import Say
from guidance.themes import EVEN
from storage import agencies, audit, awaited, cases, gaps, outbox, people
from storage import invites as invites_
from storage.backup import Contents, write
from storage.database import open_database, snapshot
from storage.schema import conversations, notes
from storage.sealing import epochs, keyfile
from storage.sealing.stream import StreamWriter
from storage.transaction import Transaction

Integra = Callable[..., Any]
CODE = "AB-1234-P"


@pytest.fixture
def world(server_of: Cluster | None, tmp_path: Path) -> Iterator["World"]:
    """An installation on one engine; what it is restored onto is of the same."""
    server = None if server_of is None else server_of.addresses(server_of.new_database())
    trial = Trial.create(tmp_path / "world", at=system_clock(), roles=tuple(HANDLES), server=server)
    found = World(trial, tmp_path, server_of)
    yield found
    found.site.close()


@dataclass
class World:
    trial: Trial
    folder: Path
    cluster: Cluster | None

    def __post_init__(self) -> None:
        for name in ("backups", "safe"):
            (self.folder / name).mkdir(mode=0o700)
        for name in ("master.key", "ingest.key"):
            shutil.copy2(self.data / "keys" / name, self.folder / "safe")
        self.site = self.opened()

    @property
    def data(self) -> Path:
        return self.trial.installation.folder

    def opened(self) -> Site:
        site = Site(self.trial)
        site.clock = MovableClock(system_clock())
        return site

    def backs_up(self, integra: Integra, name: str = "one.backup") -> Path:
        path = self.folder / "backups" / name
        done = integra("backup", "--to", path, "--data", self.data)
        assert done.code == 0, done.err
        return path

    def loses_all(self) -> None:
        """The folder is gone; what was copied elsewhere is not."""
        self.site.close()
        if (self.data / "deletions").exists():
            shutil.copy2(self.data / "deletions", self.folder / "safe")
        shutil.rmtree(self.data)

    def restore(self, integra: Integra, path: Path, *more: object, to: Path | None = None) -> Any:
        return integra(
            "restore", path, "--data", to or self.data, "--recovery-key", self.trial.folder / "safe" / "recovery.key",
            "--keys", self.folder / "safe", *more,
        )  # fmt: skip

    def comes_back(self, integra: Integra, path: Path) -> dict[str, Any]:
        done = self.restore(integra, path, *self._known(), "--json")
        assert done.code == 0, done.err
        if self.cluster is not None:  # a backup is restored into a file, and moved from there
            address = self.folder / f"server-{len(list(self.folder.iterdir()))}.toml"
            self.cluster.addresses(self.cluster.new_database()).write(address)
            moved = integra("move", "--data", self.data, "--to-file", address)
            assert moved.code == 0, moved.err
        self.site = self.opened()
        told: dict[str, Any] = json.loads(done.out)
        return told

    def _known(self) -> tuple[object, ...]:
        deletions = self.folder / "safe" / "deletions"
        return ("--deletions", deletions) if deletions.exists() else ("--no-deletions",)


async def begins_note(desk: Desk, who: str) -> None:
    await desk.says(who, "/note", CODE)
    assert "What kind of note" in desk.screen(who)


async def test_t46_work_goes_on_after_the_folder_is_lost_and_what_was_erased_stays_erased(
    integra: Integra, world: World
) -> None:
    site = world.site
    async with at_desk(site) as desk:
        kept = await desk.logs_note("officer", "Paper cranes by the window.", "today")
        await desk.later(timedelta(minutes=3))
        undone = await desk.logs_note("mentor", "A note that is undone.")
        await desk.says("coordinator", "/case", CODE, "[add]", "[p.0]")
        await begins_note(desk, "prison")
        await desk.takes(repeated(desk))
        shown = site.within(lambda tx: question(tx, "prison"))
        path = world.backs_up(integra)
        # Since then: a note that is lost, one that is undone, a case closed, a person gone, an answer given.
        lost = await desk.logs_note("officer", "A note that is lost.")
        await desk.opens("mentor", f"my-notes.undo.{undone}")
        site.within(lambda tx: withdrawn(tx, undone))
        site.within(lambda tx: cases.close(tx, ref(tx), CODE))
        site.within(lambda tx: people.revoke(tx, at(tx, "supervisor"), at=site.clock()))
        await desk.says("prison", "[incident]")
        entries = site.within(audit.head)[0]
    checkpoint = integra("audit", "checkpoint", "--data", world.data).out
    world.loses_all()

    told = world.comes_back(integra, path)
    assert told["deleted_again"] >= 3
    assert told["audit_entries"] < entries
    site = world.site
    opened = open_notes(world.trial)
    assert [text for _, text in opened] == ["Paper cranes by the window."]
    states = dict(site.within(lambda tx: tx.db.execute(select(notes.c.reference, notes.c.state)).all()))
    assert states[undone] == "withdrawn"
    assert kept in states
    assert lost not in states
    assert site.within(lambda tx: people.at_address(tx, "console", "supervisor")) is None
    assert site.within(lambda tx: cases.of_agency(tx, ref(tx))) == []
    async with at_desk(site, prefix="after") as desk:
        await desk.takes(repeated(desk))  # as Telegram does with what it had no answer to
        assert desk.news("admin") == []
        # A button of the lost time explains itself, and so does the open question's; typing and pressing goes on.
        for number in (shown, shown + 1):
            await desk.takes(pressed(desk, "prison", number, "incident", f"old {number}"))
            heard = texts(desk.news("prison"))
            assert "What kind of note" in heard
            assert "When did it happen" not in heard
        assert "When did it happen" in texts(await desk.says("prison", "[incident]"))
        assert await desk.logs_note("officer", "A note that is lost.")
    # The chain is whole, says where it was cut, and a checkpoint of the lost time does not fit it.
    assert integra("audit", "verify", "--data", world.data).code == 0
    rows = json.loads(integra("audit", "list", "--reasons", "--json", "--last", "1000", "--data", world.data).out)
    (cut,) = [row for row in rows if row["action"] == "backup.restored"]
    assert f"log after entry {told['audit_entries']} lost" in cut["words"]
    (world.folder / "checkpoints").write_text(checkpoint)
    refused = integra("audit", "verify", "--data", world.data, "--checkpoint", world.folder / "checkpoints")
    assert refused.code == 1
    assert "audit entry" in refused.err + refused.out


def repeated(desk: Desk) -> Inbound:
    return replace(desk.console.inbound("admin", "/menu"), update_id="an update")


def question(tx: Transaction, who: str) -> int:
    address = tx.keyring.address_ref("console", who)
    return tx.db.execute(select(conversations.c.question).where(conversations.c.address_ref == address)).scalar_one()


def ref(tx: Transaction) -> bytes:
    return agencies.by_slug(tx, AGENCY).ref


def at(tx: Transaction, who: str) -> bytes:
    found = people.at_address(tx, "console", who)
    assert found is not None
    return found


def withdrawn(tx: Transaction, short: str) -> None:
    assert tx.db.scalar(select(notes.c.state).where(notes.c.reference == short)) == "withdrawn"


# ---------------------------------------------------------------- what is refused, and leaves nothing behind


@pytest.fixture
def backed_up(integra: Integra, world: World) -> Path:
    return world.backs_up(integra)


def test_nothing_is_left_behind_where_a_restore_is_refused(integra: Integra, world: World, backed_up: Path) -> None:
    new = world.folder / "new"
    changed = bytearray(backed_up.read_bytes())
    changed[len(changed) // 2] ^= 1
    damaged = backed_up.with_name("damaged")
    damaged.write_bytes(changed)
    cut = backed_up.with_name("cut")
    cut.write_bytes(backed_up.read_bytes()[:-1])
    (world.folder / "full").mkdir()
    (world.folder / "full" / "something").touch()
    other = world.folder / "other"
    other.mkdir()
    for name in ("master.key", "ingest.key"):
        (other / name).write_text("ab" * 32)
        (other / name).chmod(0o600)
    for path, more, told in (
        (damaged, ("--no-deletions",), "changed or is not whole"),
        (cut, ("--no-deletions",), "changed or is not whole"),
        (world.data / "keys" / "master.key", ("--no-deletions",), "not a backup"),
        (backed_up, ("--keys", other, "--no-deletions"), "another master key"),
        (
            backed_up,
            ("--recovery-key", world.trial.coordinator_key, "--no-deletions"),
            "not made for this recovery key",
        ),
        (backed_up, ("--recovery-key", world.trial.folder / "safe" / "admin.key", "--no-deletions"), "signs"),
        (backed_up, ("--epochs", world.folder / "nowhere", "--no-deletions"), "nowhere"),
        (backed_up, ("--json",), "--deletions FILE"),
    ):
        epochs = ("--epochs", world.folder / "backups" / "integra-epochs.json")
        done = world.restore(integra, path, *epochs, *more, to=new)
        assert done.code == 1, (path, more)
        assert told in done.err, (path, more, done.err)
        assert not new.exists()
        assert [one.name for one in world.folder.iterdir() if one.name.endswith(".part")] == []
    done = world.restore(integra, backed_up, "--no-deletions", to=world.folder / "full")
    assert (done.code, "not empty" in done.err) == (1, True)


def test_a_backup_of_a_newer_program_is_refused_with_what_to_do(
    integra: Integra, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.copying._revision", lambda connection: "9999")
    path = world.backs_up(integra)
    monkeypatch.undo()
    done = world.restore(integra, path, "--no-deletions", to=world.folder / "new")
    assert done.code == 1
    assert "upgrade" in done.err


def test_a_backup_that_somebody_else_made_for_our_key_is_refused(
    integra: Integra, world: World, backed_up: Path, tmp_path: Path
) -> None:
    """Whoever reads the file of epochs can encrypt to its key; what they write is not this installation's."""
    theirs = World(Trial.create(tmp_path / "theirs" / "world", at=system_clock(), roles=()), tmp_path / "theirs", None)
    epoch = epochs.parse((world.folder / "backups" / "integra-epochs.json").read_bytes())[0]
    contents = Contents(0, {"keys/keyset.json": (world.data / "keys" / "keyset.json").read_bytes()})
    forged = world.folder / "backups" / "forged"
    engine = open_database(theirs.trial.installation.database, reads_notes=True)
    with open(forged, "wb") as file, snapshot(engine) as connection:
        write(StreamWriter(file, epoch.key), contents, connection, theirs.trial.installation.keyring().audit)
    engine.dispose()
    theirs.site.close()
    done = world.restore(integra, forged, "--no-deletions", to=world.folder / "new")
    assert done.code == 1
    assert "not made by the installation" in done.err
    assert not (world.folder / "new").exists()


# ---------------------------------------------------------------- what comes back, and what does not


def test_what_waited_to_be_said_is_dropped_and_erasures_are_done_again(integra: Integra, world: World) -> None:
    def waits(tx: Transaction) -> None:
        outbox.put(
            tx, "console", "officer", [Say("said before the loss, perhaps")], erase=["ab" * 16], at=system_clock()
        )
        invites_.make(tx, ref(tx), "mentor", at=system_clock())

    world.site.within(waits)
    path = world.backs_up(integra)
    world.loses_all()
    assert world.comes_back(integra, path)["unsaid"] == 1
    waiting = world.site.within(outbox.waiting)
    assert [one.erase for one in waiting] == ["ab" * 16]
    assert world.site.rows("invites") == []


async def test_deadlines_that_passed_begin_anew_and_nobody_is_flooded(integra: Integra, world: World) -> None:
    async with at_desk(world.site) as desk:
        for _ in range(5):
            await desk.logs_note("officer", "Paper cranes.", "urgent")
        path = world.backs_up(integra)
    world.loses_all()
    _later(world, path, integra, days=3)
    async with at_desk(world.site) as desk:
        await desk.later(timedelta())
        assert desk.news("coordinator") == []
        await desk.later(timedelta(minutes=16))
        assert texts(desk.news("coordinator")).count("OVERDUE") == 5, "no flag dies silently"


async def test_a_note_that_could_still_be_undone_goes_on_to_the_hand_over(integra: Integra, world: World) -> None:
    async with at_desk(world.site) as desk:
        short = await desk.logs_note("officer", "Paper cranes.")
        path = world.backs_up(integra)
    world.loses_all()
    world.comes_back(integra, path)
    state = select(notes.c.state).where(notes.c.reference == short)
    assert world.site.within(lambda tx: tx.db.scalar(state)) == "held"
    async with at_desk(world.site, prefix="after") as desk:
        await desk.later(timedelta(minutes=3))
    assert world.site.within(lambda tx: tx.db.scalar(state)) == "waiting"


def _later(world: World, path: Path, integra: Integra, *, days: int) -> None:
    """Restore as if so many days had gone."""
    with pytest.MonkeyPatch.context() as patch:
        late = system_clock() + timedelta(days=days)
        patch.setattr("bot.commands.restore.system_clock", lambda: late)
        world.comes_back(integra, path)
    world.site.clock.move(timedelta(days=days))


def test_questions_come_back_and_a_wish_that_was_told_or_taken_back_does_not(integra: Integra, world: World) -> None:
    def asked(tx: Transaction) -> None:
        gaps.keep(tx, tx.keyring.agency_ref(AGENCY), ref(tx), language="en", question="zzyqx kwqzv", why="refused",
                  rarity=EVEN, people=3, at=system_clock())  # fmt: skip
        for number in range(1, 4):
            awaited.keep(tx, f"{number:032x}", at(tx, "officer"), language="en", question=f"zzyqx {number}", known="",
                         until=system_clock() + timedelta(days=9))  # fmt: skip

    world.site.within(asked)
    path = world.backs_up(integra)
    world.site.within(lambda tx: awaited.drop(tx, f"{1:032x}", at(tx, "officer")))
    world.site.within(lambda tx: awaited.take(tx, bytes.fromhex(f"{2:032x}")))
    world.loses_all()
    world.comes_back(integra, path)
    (theme,) = world.site.within(lambda tx: gaps.of_agency(tx, tx.keyring.agency_ref(AGENCY)))
    assert theme.texts == ("zzyqx kwqzv",)
    wishes = world.site.within(lambda tx: awaited.of_chat(tx, at(tx, "officer")))
    assert [one.question for one in wishes] == ["zzyqx 3"]


def test_a_chat_that_somebody_moved_away_from_stays_a_strangers(integra: Integra, world: World) -> None:
    path = world.backs_up(integra)
    world.site.within(lambda tx: people.replace_chat(tx, at(tx, "officer"), "console", "new phone", at=system_clock()))
    world.loses_all()
    world.comes_back(integra, path)
    assert world.site.within(lambda tx: people.at_address(tx, "console", "officer")) is None


def test_a_key_that_left_a_desk_since_is_not_sealed_to(integra: Integra, world: World) -> None:
    path = world.backs_up(integra)
    leaver = keyfile.read(world.trial.coordinator_key).key.kid.hex()
    with pytest.MonkeyPatch.context() as patch:  # else a desk must keep a reader
        patch.setattr("bot.commands.keys.leave.READERS", frozenset({"case-system"}))
        done = integra("keys", "revoke", "--agency", AGENCY, "--key", leaver, "--admin-key",
                       world.trial.folder / "safe" / "admin.key", "--yes", "--data", world.data)  # fmt: skip
    assert done.code == 0, done.err
    world.loses_all()
    told = world.comes_back(integra, path)
    assert told["desks"] == 1
    pins = world.trial.installation.pins
    fault = world.site.within(lambda tx: agencies.desk_fault(tx, AGENCY, pins, system_clock()))
    assert fault == "version"
    assert world.site.within(lambda tx: agencies.desk(tx, AGENCY, pins, system_clock())) is None


def test_without_the_file_of_deletions_what_was_erased_is_back_and_that_is_said_before(
    integra: Integra, world: World
) -> None:
    path = world.backs_up(integra)
    world.site.within(lambda tx: people.revoke(tx, at(tx, "supervisor"), at=system_clock()))
    world.loses_all()
    (world.folder / "safe" / "deletions").unlink()
    assert "comes back" in world.restore(integra, path).err
    world.comes_back(integra, path)
    assert world.site.within(lambda tx: people.at_address(tx, "console", "supervisor")) is not None


def test_a_backup_made_after_an_erasure_knows_of_it(integra: Integra, world: World) -> None:
    """Somebody who left and came in again before the backup is in after the restore."""

    def back(tx: Transaction) -> None:
        person = at(tx, "mentor")
        people.leave(tx, person, ref(tx), at=system_clock())
        people.join(tx, person, ref(tx), "mentor", at=system_clock())

    world.site.within(back)
    path = world.backs_up(integra)
    world.loses_all()
    assert world.comes_back(integra, path)["deleted_again"] == 0
    assert world.site.within(lambda tx: people.role_in(tx, at(tx, "mentor"), ref(tx))) == "mentor"


# ---------------------------------------------------------------- the page


@pytest.mark.one_engine
def test_t46_the_steps_of_the_page_run_as_written(world: World) -> None:
    """Backup and restore of docs/operating.md, in a shell, with other folders; then a note opens."""
    site = world.site

    async def logs() -> str:
        async with at_desk(site) as desk:
            return await desk.logs_note("officer", "Paper cranes by the window.", "today")

    reference = asyncio.run(logs())
    site.close()
    backup, restore = steps("Backup"), steps("Restore")
    assert (len(backup), len(restore)) == (4, 3)
    for name in ("mnt/backup", "media/recovery"):
        (world.folder / name).mkdir(parents=True)
    shutil.copy2(world.trial.folder / "safe" / "recovery.key", world.folder / "media" / "recovery" / "recovery.key")
    places = {
        "/var/lib/integra/data": world.data,
        "/var/lib/integra/restored": world.folder / "restored",
        "/mnt/": f"{world.folder}/mnt/",
        "/media/": f"{world.folder}/media/",
    }
    for step in [*backup, *restore]:
        for named, place in places.items():
            step = step.replace(named, str(place))
        env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(world.folder), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["bash", "-ec", step], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (step, done.stderr)
    shutil.rmtree(world.data)
    (world.folder / "restored").rename(world.data)
    assert [text for _, text in open_notes(world.trial)] == ["Paper cranes by the window."]
    assert reference
