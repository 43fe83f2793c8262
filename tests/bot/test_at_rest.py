"""What lies on the disk of the bot's machine: nothing a thief could read, and nothing that opens a note."""

import asyncio
import contextvars
import gc
import os
import re
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest
from bot_process import process
from bot_site import NOON, Site, at_desk
from fake_telegram import TOKEN, FakeTelegram, Person
from storage_site import keep_note, note_id

from bot.installation import Installation
from bot.trial import Trial
from dialogues.reference import reference
from storage import keyset, opened
from storage.custody import FileKeys
from storage.keyring import Keyring
from storage.sealing import keyfile
from storage.sealing.errors import SealError
from storage.sealing.suites import OpeningKey, SuiteId
from storage.transaction import Transaction

CANARY = "Zażółć كناري 🦓 quartz"
CHAT = 1001


def spellings() -> list[bytes]:
    words = CANARY.split()
    return [word.encode(code) for word in words for code in ("utf-8", "utf-16le", "utf-16be")] + [
        word.encode("ascii", "backslashreplace") for word in words[:2]
    ]


def hits(folder: Path) -> list[str]:
    """Files below a folder that hold a word of the canary."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in spellings())
    ]


def test_the_scanner_finds_what_is_planted(tmp_path: Path) -> None:
    for number, word in enumerate(spellings()):
        (tmp_path / str(number)).write_bytes(b"x" * number + word)
    assert len(hits(tmp_path)) == len(spellings())


async def drafts(robin: Person) -> None:
    """Three steps of a note, and no more."""
    robin.writes("/note")
    await robin.hears("Which case is it about?", within=60)
    robin.writes("AB-1234-P")
    await robin.hears("What kind of note", within=60)
    robin.presses("Incident")
    await robin.hears("When did it happen?", within=60)
    robin.writes("10 min ago")
    await robin.hears("What did you see or hear yourself?", within=60)
    robin.writes(CANARY)
    await robin.hears("1 in this part", within=60)


@pytest.mark.one_engine
async def test_t06_a_half_written_note_lies_nowhere_in_clear_and_goes_on_after_a_kill(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also T05: no temporary file holds it, while the process is alive and after it was killed."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    site = Site(trial)
    site.enrol("telegram", str(CHAT), "officer", "PO-9")
    site.close()
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        robin = telegram.person(CHAT, started=True)
        await bot.start()
        await drafts(robin)
        await telegram.confirmed()
        assert hits(trial.folder) == hits(temporary) == []
        await bot.end(signal.SIGKILL)
        assert hits(trial.folder) == hits(temporary) == []
        await bot.start()
        robin.presses("Next ▸")
        await robin.hears("What were you told", within=60)
        robin.writes("/menu")
        await robin.hears("put aside", within=60)
        assert await bot.end(signal.SIGTERM) == 0
    assert hits(trial.folder) == hits(temporary) == []


@pytest.mark.sqlite
async def test_t14_after_the_token_was_changed_the_old_one_is_in_no_file(trial: Trial) -> None:
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        await bot.start()
        assert await bot.end(signal.SIGTERM) == 0
        assert with_token(trial.folder) == ["token"]
        (trial.folder / "token").write_text("4242:AAanother_token_that_is_the_next_one_000\n")
    assert with_token(trial.folder) == []


def with_token(folder: Path) -> list[str]:
    secret = TOKEN.partition(":")[2].encode()
    return [path.name for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


@pytest.mark.one_engine
async def test_t13_who_takes_the_whole_machine_opens_no_note_that_was_kept_before(trial: Trial) -> None:
    """Every file of the bot's host, and every key in any of them, tried on every note as every kind of key."""
    site = Site(trial)
    officer = site.enrol("telegram", str(CHAT), "officer", "PO-9")
    for number in range(1, 101):
        site.within(
            lambda tx, number=number: keep_note(tx, trial.installation.pins, number, officer, text=f"{CANARY} {number}")
        )
    site.close()
    stolen = trial.installation.folder
    keys = candidates(stolen)
    assert len(keys) >= 7, "master, ingest, five of the keyset"
    store = Installation(stolen).store(reads_notes=True)
    ingest = (Keyring.load(stolen / "keys").ingest.public,)

    def attack(tx: Transaction) -> int:
        tried = 0
        for row in opened.listed(tx):
            for key in keys:
                for suite in SuiteId:
                    with pytest.raises(SealError):
                        opened.open_reference(
                            tx, row.reference, OpeningKey(suite, key), ingest, at=NOON, reason="order"
                        )
                    tried += 1
        return tried

    tried = store.run_now(attack)
    store.close()
    assert tried == 100 * len(keys) * len(SuiteId)
    assert hits(stolen) == []


def candidates(folder: Path) -> list[bytes]:
    """Every run of 64 hexadecimal digits in a file, and the keys inside the keyset."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size < 1_000_000:
            found |= {
                bytes.fromhex(run.decode()) for run in re.findall(rb"(?<![0-9a-f])[0-9a-f]{64}", path.read_bytes())
            }
    inside = keyset.read(folder / "keys", FileKeys(folder / "keys").get("master"))
    return sorted(found | set(inside.fixed.values()) | set(inside.boxes.values()))


@pytest.mark.sqlite
def test_a_copy_without_the_master_key_opens_notes_for_their_reader_and_nothing_else(
    trial: Trial, tmp_path: Path
) -> None:
    site = Site(trial)
    officer = site.enrol("telegram", str(CHAT), "officer", "PO-9")
    site.within(lambda tx: keep_note(tx, trial.installation.pins, 1, officer, text="Paper cranes."))
    site.close()
    copy = tmp_path / "copy"
    (copy / "keys").mkdir(mode=0o700, parents=True)
    copy.chmod(0o700)
    for name in ("integra.db", "keys/ingest.key"):
        (copy / name).write_bytes((trial.installation.folder / name).read_bytes())
        os.chmod(copy / name, 0o600)
    integra = [str(Path(sys.executable).with_name("integra"))]
    listed = subprocess.run([*integra, "notes", "list", "--data", copy], capture_output=True, text=True, check=False)
    assert listed.returncode == 1
    found = opened_in(copy, trial)
    assert "Paper cranes." in found


def opened_in(folder: Path, trial: Trial) -> str:
    integra = str(Path(sys.executable).with_name("integra"))
    command = [
        integra,
        "notes",
        "open",
        reference(note_id(1)),
        "--key",
        trial.coordinator_key,
        "--data",
        folder,
        "--reason",
        "rehearsal",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


PHONE = {"first_name": "Zebrafinch Quartz", "username": "zebrafinch_quartz"}
FAR_CHAT = 7_300_412_345


@pytest.mark.sqlite
async def test_t02_who_somebody_is_at_telegram_lies_nowhere_in_clear(trial: Trial) -> None:
    """Chat id in decimal, hexadecimal and as eight bytes either way round, names and user name."""
    site = Site(trial)
    site.enrol("telegram", str(FAR_CHAT), "officer", "PO-9")
    site.close()
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        robin = telegram.person(FAR_CHAT, started=True, **PHONE)
        await bot.start()
        await drafts(robin)
        await telegram.confirmed()
        assert named_in(trial.folder) == []
        assert await bot.end(signal.SIGTERM) == 0
    assert named_in(trial.folder) == []
    (trial.folder / "planted").write_bytes(b"x" + FAR_CHAT.to_bytes(8, "little"))
    assert named_in(trial.folder) == ["planted"]


def named_in(folder: Path) -> list[str]:
    words = [name.encode(code) for name in PHONE.values() for code in ("utf-8", "utf-16le")]
    words += [str(FAR_CHAT).encode(), f"{FAR_CHAT:x}".encode(), f"{FAR_CHAT:X}".encode()]
    words += [FAR_CHAT.to_bytes(8, order) for order in ("little", "big")]
    return [path.name for path in folder.rglob("*") if path.is_file() and any(w in path.read_bytes() for w in words)]


@pytest.mark.one_engine
async def test_t05_no_file_is_made_outside_the_data_folder(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    site = Site(trial)
    site.enrol("telegram", str(CHAT), "officer", "PO-9")
    site.close()
    before = set(trial.folder.rglob("*"))
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        robin = telegram.person(CHAT, started=True)
        await bot.start()
        await drafts(robin)
        assert list(temporary.iterdir()) == []
        assert await bot.end(signal.SIGTERM) == 0
    made = {path.name for path in set(trial.folder.rglob("*")) - before}
    assert made <= {"integra.db-wal", "integra.db-shm", "lock", "token", "secret"}
    assert list(temporary.iterdir()) == []


async def test_t08_nothing_the_running_assistant_holds_opens_a_note(trial: Trial) -> None:
    """Every object that can be reached from it: no opening key, and no seed of one in any bytes."""
    site = Site(trial)
    async with at_desk(site) as desk:
        await desk.logs_note("officer", "Paper cranes.", "today")
        reached = reachable(desk.app)  # before this test itself holds any key
        seeds = {keyfile.read(path).key.seed() for path in (trial.coordinator_key, trial.case_system_key)}
        assert len(reached) > 10_000
        assert [one for one in reached if isinstance(one, OpeningKey)] == []
        assert not any(isinstance(one, bytes) and any(seed in one for seed in seeds) for one in reached)
        held = [OpeningKey(SuiteId.XWING, next(iter(seeds)))]
        assert [one for one in reachable(held) if isinstance(one, OpeningKey)] == held, "the search would find one"
    site.close()


NOT_ITS_OWN = (type, types.ModuleType, types.FrameType, asyncio.AbstractEventLoop, contextvars.Context)
"""What leads to everything else in the process: code, and what runs beside it."""


def reachable(start: object) -> list[object]:
    """Everything that hangs on an object, of functions what they have captured, and not the module they stand in."""
    seen, found, waiting = set[int](), list[object](), [start]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, NOT_ITS_OWN):
            continue
        seen.add(id(one))
        found.append(one)
        if isinstance(one, types.FunctionType):
            waiting += [one.__closure__, one.__defaults__, one.__kwdefaults__]
        else:
            waiting += gc.get_referents(one)
    return found
