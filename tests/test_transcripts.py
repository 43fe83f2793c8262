"""Every transcript goes as written, over the real store: states go through their stored form between any two lines.

`pytest --write-transcripts` writes the files anew; the diff is then part of the review.
"""

import asyncio
import hashlib
import itertools
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from media import photo, voice
from storage_site import add_destination

from bot import wiring
from bot.channels.console import Console
from bot.chat import Chat, play
from bot.clock import MovableClock
from bot.trial import AGENCY, Trial, enrol
from dialogues.rota_file import read
from storage import agencies, invites, people, residue, rotas, sites
from storage.transaction import Transaction

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STAFF = ("officer", "prison", "mentor", "coordinator")
ROTA = """
shift = [
  { days = ["mon", "tue", "wed", "thu", "fri"], from = "08:00", to = "20:00", first = ["Coord-1"] },
  { days = "daily", from = "20:00", to = "08:00", first = ["Coord-7"], second = ["Coord-1"] },
  { days = ["sat", "sun"], from = "08:00", to = "20:00", first = ["Coord-1"] },
]
holiday = [{ day = 2026-11-27, like = "sun" }]
quiet = { routine = "20:00-07:00" }
"""
HARBOUR = '{ site = "Harbour prison", days = ["mon", "tue"], from = "07:00", to = "19:00", first = ["Coord-1"] },'


def counted() -> Callable[[int], bytes]:
    """Bytes that look random and are the same in every run, so that references can be written down."""
    numbers = itertools.count(1)
    return lambda size: hashlib.shake_256(str(next(numbers)).encode()).digest(size)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_it_goes_as_written(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    written = path.read_text()
    person, *setting = written.partition("\n")[0].removeprefix("# person:").split()
    played = asyncio.run(conversation(written, tmp_path, person, setting))
    if request.config.getoption("--write-transcripts"):
        path.write_text(played)
    assert played == written


async def conversation(written: str, folder: Path, person: str, setting: list[str]) -> str:
    """Play the lines of a transcript.

    Args:
        setting: words that change the world: ``stranger`` (nobody is enrolled at this chat, an invite is at hand),
            ``no-desk`` (the agency has nobody to seal to), ``two-agencies``, ``residue`` (two messages could not be
            deleted from this chat), ``rota`` (somebody is on duty at any hour), ``sites`` (of the agency, one with
            shifts of its own), ``lapses`` (the mentor's role ends in
            90 days), ``no-media`` (the agency takes no photos and no voice messages), ``page`` (there is a page in the
            browser).

    In its lines TOKEN stands for the invite, PHOTO and VOICE for the paths of files.
    """
    clock, effects = MovableClock(NOON), list[str]()
    trial = Trial.create(folder / "world", at=NOON, roles=tuple(role for role in STAFF if role not in setting))
    store = trial.installation.store()
    files = {"PHOTO": folder / "gate.jpg", "VOICE": folder / "talk.ogg"}
    files["PHOTO"].write_bytes(photo())
    files["VOICE"].write_bytes(voice())
    try:
        words = store.run_now(lambda tx: prepare(tx, person, setting))
        console = Console()
        app = wiring.app(
            trial.installation,
            store,
            {"console": console},
            clock=clock,
            entropy=counted(),
            witness=effects.append,
            page="https://notes.example.org" if "page" in setting else "",
        )
        await app.start()
        chat = Chat(app, console, clock, person=person, people=STAFF, effects=effects)
        lines: list[str] = []
        for line in written.splitlines():
            if line.startswith("#"):
                lines.append(line)
            elif line.startswith("> "):
                typed = line.removeprefix("> ")
                for word, meant in words.items():
                    typed = typed.replace(word, meant)
                for name, path in files.items():
                    typed = typed.replace(name, str(path))
                await play(chat, [typed], lines.append)
        await app.stop()
    finally:
        store.close()
    played = "\n".join(lines) + "\n"
    played = re.sub(r"pins=[0-9a-f]{32}", "pins=KEY", played)
    for word, meant in words.items():
        played = played.replace(meant, word)
    for name, path in files.items():
        played = played.replace(str(path), name)
    return played


def prepare(tx: Transaction, person: str, setting: list[str]) -> dict[str, str]:
    """Change the trial world as the transcript's first line says.

    Returns:
        What a transcript has words for, as it differs from run to run: an invite's token, refs of people.
    """
    first = agencies.every(tx)[0]
    if "no-desk" in setting:
        away = agencies.add(tx, "away", name="Away Association", zone="Europe/Lisbon", case_pattern="AA-9999-c")
        enrol(tx, away, "supervisor", at=NOON)
    if "no-media" in setting:
        agencies.change(tx, AGENCY, {"media": False})
    if "two-agencies" in setting:
        other = agencies.add(tx, "riverside", name="Riverside Mentors", zone="Europe/Lisbon", case_pattern="A-999")
        ref = people.at_address(tx, "console", person)
        assert ref is not None
        people.join(tx, ref, other, "mentor", at=NOON.replace(hour=13))
    if "case-systems" in setting:
        for name, disclosure in (("probation", "full"), ("city", "summary"), ("register", "pointer")):
            add_destination(tx, name, disclosure=disclosure)
    if "residue" in setting:
        residue.add(tx, tx.keyring.address_ref("console", person), 2, at=NOON)
    if "rota" in setting:
        rotas.keep(tx, first.ref, read(ROTA), at=NOON)
    if "sites" in setting:
        rotas.keep(tx, first.ref, read(ROTA.replace("\n]", f"\n  {HARBOUR}\n]", 1)), at=NOON)
        officer = people.at_address(tx, "console", "officer")
        assert officer is not None
        sites.put(tx, officer, first.ref, "Elm Road", at=NOON)
    if "lapses" in setting:
        mentor = people.at_address(tx, "console", "mentor")
        assert mentor is not None
        people.join(tx, mentor, first.ref, "mentor", at=NOON, days=90)
    if "stranger" in setting:
        return {"TOKEN": invites.make(tx, first.ref, "mentor", at=NOON).token}
    refs = {role: people.at_address(tx, "console", role) for role in STAFF}
    found = {role.upper(): ref.hex() for role, ref in refs.items() if ref is not None}
    whole = {f"REF-OF-{role}": ref for role, ref in found.items()}
    return whole | {f"ID-OF-{role}": ref[:8] for role, ref in found.items()}
