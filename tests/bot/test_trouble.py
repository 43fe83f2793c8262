"""The disk is full, the database locked or damaged: who wrote is told so, nothing is lost or doubled, and once the
trouble is over the assistant goes on by itself."""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from bot_process import process
from bot_site import Line, Site, at_desk, break_dialogue, lines, listening, open_notes
from fake_telegram import FakeTelegram, Person
from operating_page import steps
from read_only_disk import disk_below
from sqlalchemy import text
from storage_site import keep_note

from bot import wiring
from bot.app import App
from bot.channels.base import Handle, Inbound
from bot.channels.telegram_aiogram import TelegramAiogram
from bot.limits import STRANGER, Limits
from bot.trial import Trial
from storage.errors import Busy
from storage.transaction import Transaction

Trouble = Callable[[Site], Iterator[None]]


@contextmanager
def tmpfs(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A small disk of its own. Skips the test where this user may mount none."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=700", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write until nothing fits any more."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (65_536, 4_096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


@contextmanager
def full_disk(site: Site) -> Iterator[None]:
    """Really full; only on a small disk."""
    filler = fill(site.trial.folder)
    yield
    filler.unlink()


@contextmanager
def no_more_pages(site: Site) -> Iterator[None]:
    """SQLite refuses to let the file grow: the same error, without a disk of its own."""

    def limited(tx: Transaction) -> None:
        used = tx.db.scalar(text("PRAGMA page_count"))
        tx.db.exec_driver_sql(f"PRAGMA max_page_count={used}")

    site.within(limited)
    yield
    # A turn that only sets a limit needs no page.
    site.within(lambda tx: tx.db.exec_driver_sql("PRAGMA max_page_count=1000000"))


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Another program holds the database for longer than the assistant waits; or a server's tables that turns need."""
    if (server := site.trial.installation.whereabouts.server) is not None:
        with psycopg.connect(server.owner) as there:
            there.execute("LOCK TABLE seen, outbox")
            yield
        return
    site.within(lambda tx: tx.db.exec_driver_sql("PRAGMA busy_timeout=20"))
    with closing(sqlite3.connect(site.trial.installation.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def server_away(site: Site) -> Iterator[None]:
    """It ends all connections and takes no new ones, as while it restarts."""
    server = site.trial.installation.whereabouts.server
    assert server is not None
    name = psycopg.conninfo.conninfo_to_dict(server.owner)["dbname"]
    with psycopg.connect(server.owner, dbname="postgres", autocommit=True) as beside:
        beside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")  # type: ignore[arg-type]
        beside.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        beside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")  # type: ignore[arg-type]


class Tries:
    """Counts how often updates are handed over, and hands them on."""

    def __init__(self) -> None:
        self._count = 0
        self._news = asyncio.Condition()

    def __call__(self, take: Handle) -> Handle:
        async def handle(inbound: Inbound) -> None:
            async with self._news:
                self._count += 1
                self._news.notify_all()
            await take(inbound)

        return handle

    async def more(self, by: int, within: float = 20) -> None:
        wanted = self._count + by
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: self._count >= wanted)


@asynccontextmanager
async def talking(
    site: Site, library: str = "aiogram", *, webhook: bool = False, tries: Tries | None = None
) -> AsyncIterator[tuple[Line, Person]]:
    wraps = tries or Tries()
    async with (
        FakeTelegram(now=site.clock) as telegram,
        listening(site, telegram, library=library, webhook=webhook, wraps=wraps) as line,
    ):
        patient(line.app)
        yield line, line.staff(1001, "officer", "PO-9")


def patient(app: App) -> None:
    """A turn may take as long as it takes on a machine with much to do."""
    app.late.late_s = app.late.danger_late_s = 60.0


def impatient(app: App) -> None:
    app.late.late_s = app.late.danger_late_s = 0.02


async def preview(robin: Person, words: str) -> None:
    robin.writes("/menu")
    await robin.hears("What do you need?", within=20)
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?", within=20)
    robin.writes(words)
    await robin.hears("1 in this part", within=20)
    robin.presses("Routine, no flag")
    await robin.hears("This will be sealed", within=20)


def count(robin: Person, words: str) -> int:
    return sum(words in said for said in robin.heard)


async def saved_once_over(
    site: Site,
    trouble: Callable[[Site], AbstractContextManager[None]],
    library: str = "aiogram",
    *,
    webhook: bool = False,
) -> None:
    """A note logged in trouble: told that it is not saved yet, once; saved and told of once when that is over."""
    tries = Tries()
    async with talking(site, library, webhook=webhook, tries=tries) as (line, robin):
        await preview(robin, "He was calm.")
        await line.settled()
        with trouble(site):
            impatient(line.app)
            robin.presses("✔ Log it")
            await robin.hears("Not saved yet", within=20)
            await tries.more(2)
            assert len(line.telegram.log) == 1
            if (posts := line.telegram.methods.webhook) is not None:
                assert "503" in posts.state.last_error_message
            assert count(robin, "Reference ") == 0
        await robin.hears("Reference ", within=30)
        await line.settled()
        assert count(robin, "Not saved yet") == 1
        assert count(robin, "Not saved.") == 0
        assert count(robin, "Reference ") == 1
        robin.writes("/help")
        await robin.hears("What I can do", within=20)
        await line.settled()
    assert site.notes() == {("PO-9", "He was calm."): 1}


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(no_more_pages, marks=pytest.mark.sqlite),
        pytest.param(server_away, marks=pytest.mark.postgres),
    ],
)
async def test_a_note_logged_in_trouble_is_saved_once_that_is_over(site: Site, trouble: Trouble) -> None:
    await saved_once_over(site, trouble)


@pytest.mark.parametrize(("library", "webhook"), lines(("ptb", True)))
async def test_a_note_logged_while_the_database_is_locked_is_saved_once_that_is_over(
    site: Site, library: str, webhook: bool
) -> None:
    """By webhook each post is answered with 503 until then, and comes again."""
    await saved_once_over(site, locked, library, webhook=webhook)


@pytest.mark.sqlite
async def test_a_note_logged_on_a_full_disk_is_saved_once_there_is_room(trial: Trial, tmp_path: Path) -> None:
    with tmpfs(tmp_path / "disk", 3_000) as disk:
        shutil.copytree(trial.folder, disk / "world")
        site = Site(Trial(disk / "world"))
        try:
            await saved_once_over(site, full_disk)
        finally:
            site.close()


@pytest.mark.parametrize(("library", "webhook"), lines(("aiogram", False), ("ptb", True)))
async def test_in_danger_the_first_line_comes_although_nothing_can_be_saved(
    site: Site, library: str, webhook: bool
) -> None:
    async with talking(site, library, webhook=webhook) as (line, robin):
        robin.writes("/menu")
        await robin.hears("What do you need?")
        await line.settled()
        with locked(site):
            impatient(line.app)
            robin.writes("he has a knife and is coming at me")
            first = await robin.hears("what you sent is not saved yet", within=20)
            assert "112" in first.text.splitlines()[0]
        await robin.hears("112", within=30)
        await line.settled()
        assert count(robin, "what you sent is not saved yet") == 1


async def test_several_people_in_trouble_each_hear_of_it_and_each_are_answered_once(site: Site) -> None:
    async with talking(site) as (line, robin):
        sam = line.staff(1002, "officer", "PO-8")
        for one in (robin, sam):
            one.writes("/menu")
            await one.hears("What do you need?")
        await line.settled()
        with locked(site):
            impatient(line.app)
            for one in (robin, sam):
                one.writes("/help")
                one.writes("/notes")
            for one in (robin, sam):
                await one.hears("Not saved yet", within=20)
            patient(line.app)
        for one in (robin, sam):
            await one.hears("What I can do", within=30)
        await line.settled()
        for one in (robin, sam):
            assert count(one, "What I can do") == 1
            assert count(one, "Not saved yet") == 1
            assert len(one.heard) == 4


async def test_what_arrived_while_that_could_not_be_noted_is_not_said_again(site: Site) -> None:
    """The receipt is on its way when the database is locked: it waits to be crossed off, and is said once."""
    async with talking(site) as (line, robin):
        await preview(robin, "He was calm.")
        await line.settled()
        gate = line.telegram.hold_next("sendMessage", after_work=True)
        robin.presses("✔ Log it")
        await gate.reached()
        with locked(site):
            gate.open()
            await robin.hears("Reference ")
            await asyncio.sleep(0.1)
        await line.settled()
        assert count(robin, "Reference ") == 1
        assert site.rows("outbox") == []


async def test_a_start_in_trouble_waits_for_its_end_and_tells_people_meanwhile(site: Site) -> None:
    site.enrol("telegram", "1001", "officer", "PO-9")
    async with FakeTelegram(now=site.clock) as telegram:
        robin = telegram.person(1001, started=True)
        channel = TelegramAiogram.open("4242:AAfake_token_for_loopback_only_00000", telegram.url)
        app: App = wiring.app(site.trial.installation, site.store, {"telegram": channel}, clock=site.clock)
        impatient(app)
        with locked(site):
            running = asyncio.create_task(app.run(channel.listen))
            robin.writes("/help")
            await robin.hears("Not saved yet", within=20)
        await robin.hears("What I can do", within=30)
        await telegram.confirmed()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert count(robin, "What I can do") == 1


# ---------------------------------------------------------------- damage


def damage(path: Path, table: str) -> bytes:
    """Overwrite the page a table begins on; returns the file as it was."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((size,),) = connection.execute("PRAGMA page_size")
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
    good = path.read_bytes()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    return good


@pytest.mark.sqlite
async def test_on_a_damaged_page_people_hear_not_saved_others_go_on_and_a_restored_file_works(site: Site) -> None:
    site.enrol("telegram", "1001", "officer", "PO-9")
    site.store.close()
    good = damage(site.trial.installation.database, "conversations")
    site.store = site.trial.installation.store()
    async with FakeTelegram(now=site.clock) as telegram:
        robin, stranger = telegram.person(1001, started=True), telegram.person(5005, started=True)
        async with listening(site, telegram):
            robin.writes("/menu")
            await robin.hears("Not saved.", within=20)
            robin.writes("he has a knife and is coming at me")
            await robin.hears("112", within=20)
            await telegram.confirmed()
            stranger.in_group("/start")
            await telegram.chats[-4001].hears("only work in a private chat", within=20)
            await telegram.confirmed()
        assert len(telegram.log) == 0
        site.store.close()
        for path in site.trial.installation.folder.glob("integra.db-*"):
            path.unlink()
        site.trial.installation.database.write_bytes(good)
        site.store = site.trial.installation.store()
        async with listening(site, telegram):
            robin.writes("/menu")
            await robin.hears("What do you need?", within=20)
            await telegram.confirmed()


# ---------------------------------------------------------------- the process


@pytest.mark.sqlite
async def test_a_log_that_cannot_be_written_any_further_is_told_of_and_got_over(trial: Trial) -> None:
    """The system refuses the running process to write files at all (RLIMIT_FSIZE), then allows it again."""
    site = Site(trial)
    site.enrol("telegram", "1001", "officer", "PO-9")
    site.close()
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        robin = telegram.person(1001, started=True)
        await bot.start()
        await preview(robin, "He was calm.")
        await bot.quiet()
        assert bot.running is not None
        resource.prlimit(bot.running.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        robin.presses("✔ Log it")
        await robin.hears("Not saved yet", within=60)
        resource.prlimit(bot.running.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await robin.hears("Reference ", within=60)
        await bot.quiet()
        assert await bot.end(signal.SIGTERM) == 0
        assert count(robin, "Not saved yet") == count(robin, "Reference ") == 1
        assert b"input-output" in bot.printed
        assert b"Traceback" not in bot.printed
    assert open_notes(trial) == {("PO-9", "He was calm."): 1}


@pytest.mark.sqlite
async def test_on_a_disk_that_turns_read_only_people_hear_not_saved_yet_and_the_note_is_saved_once_it_is_over(
    trial: Trial, tmp_path: Path
) -> None:
    """Under the running process, with its files open: as the system does it after errors of the disk. By webhook."""
    disk = disk_below(trial.installation.folder, tmp_path)
    site = Site(trial)
    for chat, handle in ((1001, "PO-9"), (1002, "PO-8")):
        site.enrol("telegram", str(chat), "officer", handle)
    site.close()
    async with (
        FakeTelegram(pace=0.2) as telegram,
        process(trial, telegram, library="ptb", webhook=True, settings=disk.settings) as bot,
    ):
        robin, sam = (telegram.person(chat, started=True) for chat in (1001, 1002))
        await bot.start()
        await preview(robin, "He was calm.")
        await bot.quiet()
        with disk.read_only():
            robin.presses("✔ Log it")
            await robin.hears("Not saved yet", within=60)
            sam.writes("he has a knife and is coming at me")
            assert "112" in (await sam.hears("what you sent is not saved yet", within=60)).text.splitlines()[0]
            examined = doctor(trial, disk.settings)
            assert examined.returncode == 1
            assert "TROUBLE  folder.writable: the disk is mounted read-only" in examined.stdout
            assert "mount it for writing" in examined.stdout
            await bot.prints(b'"read-only"')  # the first refusal may be of the log that was open: input-output
            assert not [text for person in (robin, sam) for text in person.heard if "Reference " in text]
        await robin.hears("Reference ", within=60)
        await bot.quiet()
        assert count(robin, "Not saved yet") == count(robin, "Reference ") == 1
        assert count(sam, "what you sent is not saved yet") == 1
        assert doctor(trial, disk.settings).returncode == 0
        await preview(sam, "All is well.")
        sam.presses("✔ Log it")
        await sam.hears("Reference ", within=60)
        await bot.quiet()
        assert count(sam, "ot saved yet") == 1, "nobody is told so once it is saved"
        assert await bot.end(signal.SIGTERM) == 0
        assert b"Traceback" not in bot.printed
    assert open_notes(trial) == {("PO-9", "He was calm."): 1, ("PO-8", "All is well."): 1}


def doctor(trial: Trial, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return integra("doctor", "--data", trial.installation.folder, env={**os.environ, **settings})


def integra(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    asked = [str(Path(sys.executable).with_name("integra")), *map(str, arguments)]
    return subprocess.run(asked, capture_output=True, text=True, check=False, env=env)


@pytest.mark.sqlite
def test_on_a_read_only_disk_it_does_not_start_and_says_why_and_starts_once_that_is_over(
    trial: Trial, tmp_path: Path
) -> None:
    with tmpfs(tmp_path / "disk", 3_000) as disk:
        shutil.copytree(trial.installation.folder, disk / "data")
        remount(disk, "ro")
        refused = integra("agency", "list", "--data", disk / "data")
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        assert "read-only" in refused.stderr.lower() or "cannot be opened" in refused.stderr
        remount(disk, "rw")
        assert integra("agency", "list", "--data", disk / "data").returncode == 0


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


@pytest.mark.sqlite
@pytest.mark.parametrize("table", ["agencies", "sqlite_master"])
def test_a_command_on_a_damaged_database_says_so_in_one_sentence(trial: Trial, table: str) -> None:
    path = trial.installation.database
    if table == "sqlite_master":
        path.write_bytes(b"not a database " * 400)
    else:
        damage(path, table)
    refused = integra("agency", "list", "--data", trial.installation.folder)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "the database is damaged" in refused.stderr
    assert "docs/operating.md" in refused.stderr
    assert os.path.getsize(path) > 0


# ---------------------------------------------------------------- what docs/operating.md says to do


def as_written(title: str, trial: Trial, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run all steps below a heading, in a folder, whatever each of them says."""
    script = "\n".join([*steps(title), "true"]).replace("/var/lib/integra/data", str(trial.installation.folder))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env={"PATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.sqlite
@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 command is not installed")
async def test_salvaging_a_damaged_database_as_the_page_says_keeps_all_but_what_lay_on_that_page(
    trial: Trial, tmp_path: Path
) -> None:
    site = Site(trial)
    officer = site.enrol("telegram", "1001", "officer", "PO-9")
    site.within(lambda tx: keep_note(tx, trial.installation.pins, 1, officer, text="He was calm."))
    site.close()
    damage(trial.installation.database, "timers")
    done = as_written("A damaged database", trial, tmp_path)
    assert "all in order" in done.stdout, done.stderr
    assert "PO-9" in done.stdout
    assert "every page, index and reference is in order" in done.stdout
    assert not (tmp_path / "salvaged.sql").exists()
    shutil.rmtree(trial.installation.folder)
    shutil.copytree(tmp_path / "salvaged", trial.installation.folder)
    site = Site(trial)
    assert site.rows("timers") == []
    async with at_desk(site) as desk:  # what lost its deadline has one again
        await desk.later(timedelta())
        await desk.later(timedelta(minutes=2))
        assert site.rows("notes", "state") == [("waiting",)]
    site.close()
    assert open_notes(trial) == {("PO-17", "He was calm."): 1}


@pytest.mark.sqlite
def test_a_database_that_was_cut_to_nothing_is_not_taken_for_a_new_one(trial: Trial) -> None:
    trial.installation.database.write_bytes(b"")
    refused = integra("people", "list", "--data", trial.installation.folder)
    assert refused.returncode == 1
    assert "restore it from a backup" in refused.stderr
    assert trial.installation.database.stat().st_size == 0


async def test_what_is_settled_is_not_said_to_be_unsaved_later(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Saved, refused by a step that broke, or seen before: none of them waits any more."""
    async with at_desk(site) as desk:
        saved = desk.console.inbound("officer", "/help")
        await desk.app.take(saved)
        await desk.app.take(saved)
        assert not desk.app.late.waits(saved)
        with monkeypatch.context() as patch:
            break_dialogue(patch, "ask")
            broken = desk.console.inbound("officer", "a question")
            await desk.app.take(broken)
        assert not desk.app.late.waits(broken)
        with locked(site):
            waiting = desk.console.inbound("officer", "/menu")
            with pytest.raises(Busy):
                await desk.app.take(waiting)
            assert desk.app.late.waits(waiting)
        await desk.app.take(waiting)
        assert not desk.app.late.waits(waiting)
        await desk.app.outbox.drained()


@pytest.mark.sqlite
async def test_what_waits_to_be_saved_costs_the_chat_nothing_of_its_limit(site: Site) -> None:
    """It is tried again and again, and must not be thrown away in the end for having been sent too often."""
    site.enrol("telegram", "1001", "officer", "PO-9")
    async with at_desk(site) as desk:
        limits = Limits()
        app = wiring.app(
            site.trial.installation, site.store, {"console": desk.console}, clock=site.clock, limits=limits
        )
        await app.start()
        with locked(site):
            one = desk.console.inbound("officer", "/help")
            for _ in range(STRANGER.burst + 5):
                with pytest.raises(Busy):
                    await app.take(one)
        await app.take(one)
        await app.outbox.drained()
        assert "Ask: type your question" in desk.screen("officer")
        await app.stop()
