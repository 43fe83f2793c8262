"""The real process killed at named points (tests/crashing.py): what was promised holds after the next start.

One process start costs about two seconds, so one test dies at several points, one after the other.
"""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import resources
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from bot_process import Process, process
from bot_site import Site, lines, open_notes
from fake_telegram import FakeTelegram, Person
from sqlalchemy import create_engine
from storage_site import hand_all_over, keep_note, past_the_walls

from bot.trial import AGENCY, Trial
from storage import agencies, audit, keyset, retention, timers
from storage.custody import FileKeys
from storage.deletions import read

CANARY = "canary Zażółć"
CRASHING = Path(__file__).parents[1] / "crashing.py"
SENT = ("after-send", "before-mark")
"""Points between a send and its mark: there one message may come once more."""
TURN_POINTS = ("before-commit", "after-commit", "before-confirm", "before-send", *SENT)
PURGE_POINTS = ("before-purge", "before-emptying", "after-erasing")


class Crashing:
    """The process, and where it dies next."""

    def __init__(self, trial: Trial, telegram: FakeTelegram, bot: Process) -> None:
        self.trial, self.telegram, self._bot = trial, telegram, bot
        self._armed = trial.folder / "armed"

    async def start(self, point: str, library: str = "aiogram", *, webhook: bool = False, nth: int = 1) -> None:
        """Start it so that it will die at the NTH pass of a point after ``arm``."""
        self._armed.unlink(missing_ok=True)
        self._bot.library, self._bot.webhook = library, webhook
        self._bot.command = (sys.executable, str(CRASHING), str(self._armed), point, str(nth))
        await self._bot.start()

    def arm(self) -> None:
        self._armed.touch()

    async def dies(self) -> None:
        assert await self._bot.ends() == -signal.SIGKILL
        assert hits(self.trial.folder) == []

    async def survive(self) -> None:
        """Start it as it is."""
        self._armed.unlink(missing_ok=True)
        await self._bot.start()

    async def end(self) -> None:
        assert await self._bot.end(signal.SIGTERM) == 0
        assert b"canary" not in self._bot.printed
        assert b"Traceback" not in self._bot.printed


def hits(folder: Path) -> list[str]:
    words = [CANARY.encode(code) for code in ("utf-8", "utf-16le", "utf-16be")] + [b"canary", b"Za\\u017c"]
    return [
        path.name for path in folder.rglob("*") if path.is_file() and any(word in path.read_bytes() for word in words)
    ]


async def hears(person: Person, words: str) -> None:
    await person.hears(words, within=60)


def officer(trial: Trial, telegram: FakeTelegram, chat: int = 1001) -> Person:
    site = Site(trial)
    site.enrol("telegram", str(chat), "officer", "PO-9")
    site.close()
    return telegram.person(chat, started=True)


def receipts(person: Person) -> Counter[str]:
    return Counter(text for text in person.heard if "Reference " in text)


def twice(person: Person) -> list[str]:
    """What came more often than the person asked for it: receipts and previews, each of which is said once."""
    heard = Counter(text for text in person.heard if "Reference " in text or "This will be sealed" in text)
    return [text for text, count in heard.items() for _ in range(count - 1)]


def on_file(trial: Trial) -> bool:
    return not trial.installation.whereabouts.on_server


def assert_sound(trial: Trial) -> None:
    """The database is whole, and nobody has tampered with the audit log."""
    if on_file(trial):
        with closing(sqlite3.connect(trial.installation.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    done = integra("audit", "verify", "--data", trial.installation.folder)
    assert done.returncode == 0, done.stderr


async def begins(robin: Person, text: str) -> None:
    """The first part of a quick note."""
    robin.writes("/menu")
    await hears(robin, "What do you need?")
    robin.presses("Quick note (3 taps)")
    await hears(robin, "What happened?")
    robin.writes(text)
    await hears(robin, "1 in this part")


async def preview(robin: Person, text: str) -> None:
    """A flagged quick note up to the question whether to log it."""
    await begins(robin, text)
    robin.presses("Flag: today")
    await hears(robin, "This will be sealed")


async def told(robin: Person, count: int) -> None:
    """Returns when so many different receipts have come."""
    async with asyncio.timeout(60):
        while len(receipts(robin)) < count:
            await robin.hears("", within=60)


@pytest.mark.timeout(600)  # five starts, on a machine with much to do
@pytest.mark.one_engine
async def test_killed_at_points_of_a_turn_the_note_is_there_once_and_is_told_of_once(trial: Trial) -> None:
    """Through each library, by polling and by webhook: what was begun by one is ended by another."""
    deaths = [
        ("before-commit", "aiogram", False),
        ("after-commit", "ptb", True),
        ("after-send", "ptb", False),
        ("before-emptying", "aiogram", True),
    ]
    await dies_at(trial, *(deaths if on_file(trial) else deaths[:-1]))


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("library", "webhook"), lines())
async def test_killed_at_every_point_of_a_turn(trial: Trial, library: str, webhook: bool) -> None:
    points = [*TURN_POINTS, *(one for one in PURGE_POINTS if on_file(trial) or one != "before-emptying")]
    await dies_at(trial, *((point, library, webhook) for point in points))


async def dies_at(trial: Trial, *deaths: tuple[str, str, bool]) -> None:
    """A note for each (point, library, by webhook), at which the process dies once the person has pressed "Log it"."""
    async with FakeTelegram() as telegram, process(trial, telegram) as running:
        robin, bot = officer(trial, telegram), Crashing(trial, telegram, running)
        sam = officer(trial, telegram, 1002)
        await bot.start(deaths[0][0], deaths[0][1], webhook=deaths[0][2])
        await begins(sam, f"{CANARY} of a draft.")
        repeats = 0
        for number, (point, *_) in enumerate(deaths):
            await preview(robin, f"{CANARY} {number}.")
            await running.quiet()
            drafted = sealed_state(trial)
            bot.arm()
            robin.presses("✔ Log it")
            await bot.dies()
            if on_file(trial):
                assert found(trial, drafted), "the search would find it"
            following, library, webhook = deaths[(number + 1) % len(deaths)]
            await bot.start(following, library, webhook=webhook)
            await told(robin, number + 1)
            await running.quiet()
            assert len(receipts(robin)) == number + 1, point
            # Exactly so many: the kill came where it was meant to come. Only erasing does not wait for what is said, so
            # there one message may have left and not be marked yet.
            again, repeats = len(twice(robin)) - repeats, len(twice(robin))
            assert again == (point in SENT) or (again == 1 and point in PURGE_POINTS), point
            if on_file(trial):
                await nothing_of(trial, drafted)
            assert not [message for message in robin.screen if "canary" in message.text], point
        sam.writes("One more line.")
        await hears(sam, "2 in this part")
        await running.quiet()
        await bot.end()
        assert flags_with_deadlines(trial) == len(deaths)
        assert open_notes(trial) == {("PO-9", f"{CANARY} {number}."): 1 for number in range(len(deaths))}
    assert_sound(trial)


@pytest.mark.parametrize("point", ["time-limit", pytest.param("deletions-told", marks=pytest.mark.long)])
@pytest.mark.one_engine
async def test_killed_while_a_time_limit_erases_it_is_done_once_and_whole(trial: Trial, point: str) -> None:
    """Before the commit, and between it and the line in the file of deletions."""
    site = Site(trial)
    author = site.enrol("telegram", "1001", "officer", "PO-9")
    then = datetime.now(UTC) - timedelta(days=30)
    for number in range(1, 4):
        site.within(partial(keep_note, pins=trial.installation.pins, number=number, author_ref=author, at=then))
    site.within(partial(hand_all_over, at=then))
    deletions = trial.installation.deletions
    sealed = bytes(past_the_walls(trial.installation, "SELECT body FROM notes")[0][0])
    async with FakeTelegram() as telegram, process(trial, telegram) as running:
        bot = Crashing(trial, telegram, running)
        await bot.start(point)
        bot.arm()
        site.within(lambda tx: agencies.change(tx, AGENCY, {"keep_days": 10}))
        site.within(lambda tx: timers.arm(tx, retention.LOOK, "", then))
        await bot.dies()
        left = len(past_the_walls(trial.installation, "SELECT id FROM notes"))
        assert left == (3 if point == "time-limit" else 0)
        assert deletions.read_bytes() == b""
        await bot.survive()
        async with asyncio.timeout(60):
            while len(deletions.read_bytes().splitlines()) < 3:  # noqa: ASYNC110  another process tells nobody
                await asyncio.sleep(0.02)
        if on_file(trial):
            await nothing_of(trial, sealed)
        await bot.end()
    assert past_the_walls(trial.installation, "SELECT id FROM notes") == []
    erased = site.within(lambda tx: [one.entry.about for one in audit.listed(tx) if one.entry.action == "note.erased"])
    assert len(erased) == len(set(erased)) == 3
    with deletions.open("rb") as file:
        told = [one for one in read(file, trial.installation.keyring()) if one.kind == "note-erased"]
    assert sorted(one.about for one in told) == sorted(erased)
    site.close()
    assert_sound(trial)


async def nothing_of(trial: Trial, sealed: bytes) -> None:
    """Returns when a deleted column lies in no file any more."""
    async with asyncio.timeout(60):
        while found(trial, sealed):  # noqa: ASYNC110  another process tells nobody when it is done
            await asyncio.sleep(0.02)


def sealed_state(trial: Trial) -> bytes:
    """The conversation's state that was written last, as it lies there."""
    query = "SELECT sealed_state FROM conversations WHERE sealed_state IS NOT NULL ORDER BY version DESC"
    return bytes(past_the_walls(trial.installation, query)[0][0])


def flags_with_deadlines(trial: Trial) -> int:
    """Open flags that will be overdue in time."""
    rows = partial(past_the_walls, trial.installation)
    open_ = {row[0].hex() for row in rows("SELECT note_id FROM flags WHERE owner_ref IS NULL")}
    armed = {row[0] for row in rows("SELECT about FROM timers WHERE kind = 'flag'")}
    return len(open_ & armed)


def found(trial: Trial, sealed: bytes) -> list[str]:
    """Files that hold a piece of it; a page holds no column of a kilobyte in one piece."""
    piece = sealed[20:120]
    return [path.name for path in trial.installation.folder.glob("integra.db*") if piece in path.read_bytes()]


def integra(*arguments: object) -> subprocess.CompletedProcess[str]:
    asked = [str(Path(sys.executable).with_name("integra")), *map(str, arguments)]
    return subprocess.run(asked, capture_output=True, text=True, check=False)


def killed(trial: Trial, point: str, nth: int, *arguments: object) -> None:
    """Run a command that dies there."""
    armed = trial.folder / "armed"
    armed.touch()
    asked = [sys.executable, CRASHING, armed, point, str(nth), *arguments]
    done = subprocess.run(list(map(str, asked)), capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def schema(trial: Trial) -> tuple[str, list[str]]:
    """Version and tables."""
    with closing(sqlite3.connect(trial.installation.database)) as connection:
        ((version,),) = connection.execute("SELECT version_num FROM alembic_version")
        tables = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    return version, [str(sql) for (sql,) in tables]


@pytest.mark.sqlite  # on a server: tests/storage/test_postgres.py
@pytest.mark.parametrize("nth", [2, pytest.param(1, marks=pytest.mark.long), pytest.param(6, marks=pytest.mark.long)])
def test_killed_in_a_migration_the_database_is_as_before_and_the_next_start_finishes(trial: Trial, nth: int) -> None:
    data = trial.installation.folder
    for path in data.glob("integra.db*"):
        path.unlink()
    migrate_to(trial.installation.database, "0003")
    before = schema(trial)
    killed(trial, "in-migration", nth, "agency", "list", "--data", data)
    assert schema(trial) == before
    assert integra("agency", "list", "--data", data).returncode == 0
    assert schema(trial)[0] > "0003"
    assert_sound(trial)


def migrate_to(path: Path, revision: str) -> None:
    """A new database of an older program."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"isolation_level": None})
    config = Config()
    config.set_main_option("script_location", str(resources.files("storage") / "migrations"))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.rollback()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()
    path.chmod(0o600)


@pytest.mark.long
@pytest.mark.parametrize(
    ("point", "nth"),
    [("writing-keys", 1), ("keys-written", 1), ("writing-keys", 2), ("keys-written", 2), ("sealing-anew", 1),
     ("sealing-anew", 4), ("writing-keys", 3), ("keys-written", 3)],
)  # fmt: skip
def test_killed_while_the_master_key_is_changed_it_works_and_another_run_finishes(
    trial: Trial, point: str, nth: int
) -> None:
    data = trial.installation.folder
    people = integra("people", "list", "--data", data, "--json").stdout
    killed(trial, point, nth, "keys", "rotate-master", "--data", data)
    assert integra("people", "list", "--data", data, "--json").stdout == people
    assert integra("keys", "rotate-master", "--data", data).returncode == 0
    assert integra("people", "list", "--data", data, "--json").stdout == people
    assert len(keyset.read(data / "keys", FileKeys(data / "keys").get("master")).boxes) == 1
    assert_sound(trial)
