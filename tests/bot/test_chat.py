"""The terminal: `integra chat` by pipe, restart persistence, the words of the terminal itself."""

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bot_site import Desk, Site, at_desk, open_notes

from bot.channels.base import File
from bot.channels.console import Console
from bot.chat import Chat, render
from bot.installation import Installation
from dialogues.model import Say
from storage import outbox

INTEGRA = str(Path(sys.executable).with_name("integra"))


def integra(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
    clean["INTEGRA_BY_MEANING"] = "false"
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


@pytest.mark.one_engine
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


async def test_a_page_is_a_line_and_nothing_is_saved_unless_a_folder_is_given(site: Site) -> None:
    async with at_desk(site) as desk:
        chat = Chat(desk.app, desk.console, site.clock, person="officer")
        for line in ("/guide", "[S03]", "AB-1234-P", "[handoff]"):
            await chat.line(line)
        shown = await chat.line("[pdf]")
        assert shown.startswith("[PDF referral-note-S03-filled.pdf, 1 page]\nReferral note")
        assert "saved" not in shown


def test_saved_pages_are_their_owner_s_alone_and_none_is_written_over(tmp_path: Path) -> None:
    console = Console(save=tmp_path)
    file = File("page.pdf", b"%PDF one", 1, protected=True)
    for content in (b"%PDF one", b"%PDF two"):
        asyncio.run(console.deliver_file("officer", replace(file, content=content), Say("Yours."), 1))
    first, second = console.unread("officer")
    assert render(first).startswith(f"[PDF page.pdf, 1 page] saved as {tmp_path / 'page.pdf'}\nYours.")
    assert (Path(first.saved).read_bytes(), Path(second.saved).read_bytes()) == (b"%PDF one", b"%PDF two")
    assert second.saved == str(tmp_path / "page-2.pdf")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_saving_is_for_a_terminal_alone(tmp_path: Path) -> None:
    done = integra("chat", "--save", str(tmp_path), typed="/menu\n")
    assert done.returncode == 1
    assert "--save is for somebody at a terminal" in done.stderr
    assert integra("chat", "--save", str(tmp_path / "nowhere"), typed="").returncode == 2


def test_at_a_terminal_pages_are_saved_into_the_folder(tmp_path: Path) -> None:
    shown = typed_at_a_terminal(
        "chat", "--save", str(tmp_path), lines=["/guide", "[S03]", "[none]", "[handoff]", "[pdf]"]
    )
    assert "saved as" in shown
    assert [path.name for path in tmp_path.iterdir()] == ["referral-note-S03-filled.pdf"]


def typed_at_a_terminal(*arguments: str, lines: list[str]) -> str:
    """What a real terminal shows while these lines are typed, and /quit."""
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
    clean["INTEGRA_BY_MEANING"] = "false"
    running = subprocess.Popen([INTEGRA, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=clean)
    os.close(theirs)
    shown = b""
    for line in [*lines, "/quit"]:
        shown += until_prompt(ours)
        os.write(ours, f"{line}\n".encode())
    with suppress(OSError):  # the other end is closed
        while more := os.read(ours, 65_536):
            shown += more
    os.close(ours)
    assert running.wait(30) == 0
    return shown.decode(errors="replace").replace("\r\n", "").replace("\n", "")


def until_prompt(terminal: int) -> bytes:
    shown = b""
    while not shown.endswith(b"officer> "):
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, "no prompt came"
        shown += os.read(terminal, 65_536)
    return shown
