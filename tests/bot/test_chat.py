"""The terminal: `integra chat` by pipe, restart persistence, the words of the terminal itself."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from bot_site import Desk, Site, open_notes

from bot.chat import Chat
from bot.installation import Installation
from dialogues.model import Say
from storage import outbox

INTEGRA = str(Path(sys.executable).with_name("integra"))


def integra(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
    return subprocess.run(
        [INTEGRA, *arguments], input=typed, capture_output=True, text=True, timeout=60, env=clean, check=False
    )


def test_a_note_is_written_through_a_pipe(tmp_path: Path) -> None:
    typed = "/menu\n[note.quick]\nHe did not come.\n[routine]\n[log]\n/notes\n"
    done = integra("chat", "--as", "mentor", typed=typed)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"Reference \w{4}-\w{4}\.", done.stdout)
    assert "can be undone" in done.stdout


def test_on_a_fresh_data_folder_it_works_and_a_note_says_aloud_that_there_is_no_recipient(tmp_path: Path) -> None:
    data = str(Installation.create(tmp_path / "data").folder)
    done = integra("chat", "--as", "officer", "--data", data, typed="/menu\n/note\ndo i need consent\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "has nobody yet who could open a sealed note" in done.stdout
    assert "consent" in done.stdout.lower()
    assert "What do you need?" in done.stdout


def test_a_draft_goes_on_in_the_next_run_and_what_the_first_run_left_is_erased_there_alone(site: Site) -> None:
    data = str(site.trial.installation.folder)
    site.within(lambda tx: outbox.put(tx, "telegram", "1001", [Say("a flag waits")], at=site.clock()))
    site.close()
    first = integra("chat", "--data", data, typed="/menu\n[note.quick]\nFirst half.\n")
    assert "1 in this part" in first.stdout
    second = integra("chat", "--data", data, typed="Second half.\n[routine]\n[log]\n[home]\n")
    assert "2 in this part" in second.stdout
    assert "First half.\nSecond half." in second.stdout
    assert "Reference " in second.stdout
    assert "That button belongs" not in second.stdout
    site.store = site.trial.installation.store()
    assert site.rows("outbox", "dead") == [(None,)], "what waits for Telegram is left for where that runs"
    assert open_notes(site.trial) == {("PO-17", "First half.\nSecond half."): 1}


async def test_the_terminals_own_words(desk: Desk, site: Site) -> None:
    chat = Chat(desk.app, desk.console, site.clock, person="officer", people=("coordinator",))
    assert "Nobody here is called that" in await chat.line("/as king")
    assert "You are the coordinator now" in await chat.line("/as coordinator")
    assert chat.person == "coordinator"
    assert "How long?" in await chat.line("/wait a while")
    before = site.clock()
    assert "(3m later.)" in await chat.line("/wait 3m")
    assert site.clock() - before == timedelta(minutes=3)
    await chat.line("/as officer")
    shown = await chat.line("/menu")
    assert chat.numbered("99") == "99"
    first = re.search(r"\[([\w.-]+): ", shown)
    assert first is not None
    assert chat.numbered("1") == f"[{first[1]}]"
    assert "earlier question" in await chat.line("[no-such-button]")


async def test_what_others_hear_is_told_without_its_words(desk: Desk, site: Site) -> None:
    chat = Chat(desk.app, desk.console, site.clock, person="officer", people=("coordinator",))
    for line in ("/menu", "[note.quick]", "He did not come.", "[urgent]"):
        await chat.line(line)
    assert "(coordinator's phone: 1 new, /as coordinator)" in await chat.line("[log]")
