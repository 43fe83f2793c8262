"""`integra serve` as a process, and `integra notes … --server` against it: with a key, without the data folder."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout
from bot_process import process
from bot_site import Site
from fake_telegram import FakeTelegram
from page_site import Browser, opening_key, ref_of
from ports import free_port
from typer.testing import CliRunner

from bot import cli, logs
from bot.clock import system_clock
from bot.commands.common import Refusal
from bot.serve.origin import read_origin
from bot.trial import AGENCY
from dialogues.reference import reference
from storage import agencies, cases, key_holders, people, sessions

INTEGRA = Path(sys.executable).with_name("integra")
pytestmark = pytest.mark.sqlite


@asynccontextmanager
async def serving(site: Site, *options: str) -> AsyncIterator[str]:
    """`integra serve` as a process; its address. Everything it printed is looked at when it ends."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    folder = str(site.trial.installation.folder)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
    command = [str(INTEGRA), "serve", "--data", folder, "--url", origin, "--listen", f"127.0.0.1:{port}", *options]
    running = await asyncio.create_subprocess_exec(
        *command, env=clean, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(60):
            assert running.stdout is not None
            first = await running.stdout.readline()
            assert b"page.served" in first, first
        yield origin
    finally:
        running.send_signal(signal.SIGTERM)
        said, _ = await running.communicate()
        assert running.returncode == 0, said
        assert b"Paper cranes" not in said
        assert b"Traceback" not in said


async def notes(*arguments: str, home: Path) -> tuple[int, str, str]:
    """`integra notes …` as a process in an empty folder, with no data folder to be found."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
    running = await asyncio.create_subprocess_exec(
        str(INTEGRA), "notes", *arguments, cwd=home, env=clean,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await running.communicate()
    return running.returncode or 0, out.decode(), err.decode()


async def test_notes_are_listed_and_opened_from_a_server_with_a_key_alone(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def notes_here(*arguments: str) -> tuple[int, str, str]:
        """The same within this process, which is faster by what a process has to load."""
        capsys.readouterr()
        code = await asyncio.to_thread(cli.main, ["notes", *arguments])
        return code, *capsys.readouterr()

    monkeypatch.setattr(logs, "configure", lambda **_: None)
    home = tmp_path / "reader"
    home.mkdir()
    key = home / "coordinator.key"
    key.write_bytes(site.trial.coordinator_key.read_bytes())
    key.chmod(0o600)
    officer = ref_of(site, "officer")
    site.clock.move(system_clock() - site.clock())

    def prepare(tx):  # type: ignore[no-untyped-def]
        cases.assign(tx, agencies.by_slug(tx, AGENCY).ref, "AB-1234-P", officer, at=site.clock())
        sessions.make_link(tx, officer, "a-synthetic-link-of-the-tests", at=site.clock())

    site.within(prepare)
    async with serving(site) as origin, ClientSession(timeout=ClientTimeout(30), trust_env=False) as http:
        author = await Browser(http, origin, site.clock).by_link("a-synthetic-link-of-the-tests")
        id = os.urandom(16).hex()
        photo = author.sealed_attachment(id, 1, b"\xff\xd8 a gate")
        assert (await author.ask("PUT", f"/api/notes/{id}/attachments/1", photo))[0] == 201
        await author.writes(note_id=bytes.fromhex(id), flag_level=3, attachments=[1])
        added = await author.writes("It went on.", amends=id)
        other = await author.writes("Of a case.", case=author.agency()["cases"][0]["handle"])
        with_key = ("--server", origin, "--key", str(key))

        code, out, err = await notes("list", *with_key, home=home)
        assert (code, err) == (0, "")
        assert f"{reference(id)}  northbridge" in out
        assert "flag: open (urgent)  +1 amended" in out
        code, out, _ = await notes_here("list", *with_key, "--json")
        assert {one["note_id"] for one in json.loads(out)} == {id, other}

        code, out, err = await notes("open", reference(id), *with_key, "--reason", "handling", "--json", home=home)
        assert err == ""
        assert [one["note"]["parts"]["seen"] for one in json.loads(out)] == [
            "Paper cranes by the window.",
            "It went on.",
        ]
        assert code == 1  # the synthetic note lists no attachment, and one is there
        assert json.loads(out)[0]["attachments"][0]["problem"] == "unlisted"

        code, out, _ = await notes_here("open", reference(added), *with_key, "--reason", "handling", "--json")
        assert [one["reference"] for one in json.loads(out)] == [reference(id), reference(added)]
        code, _, err = await notes_here("open", reference(other), *with_key, "--reason", "handling")
        assert (code, "case you do not work on" in err) == (1, True)
        why = ("--reason", "break-glass", "--words", "nobody of the case is on duty")
        code, out, _ = await notes_here("open", reference(other), *with_key, *why)
        assert (code, "Of a case." in out) == (0, True)

        code, _, err = await notes_here("open", "K7QF-3M2D", *with_key, "--reason", "handling")
        assert code == 1
        stranger = site.trial.case_system_key
        code, _, err = await notes_here("list", "--server", origin, "--key", str(stranger))
        assert (code, "stands on no desk" in err) == (1, True)
        code, _, err = await notes_here("list", "--server", origin.replace("127.0.0.1", "localhost"), "--key", str(key))
        assert (code, "another address" in err) == (1, True)

        coordinator, kid = ref_of(site, "coordinator"), opening_key(site).kid
        site.within(lambda tx: key_holders.link(tx, kid, coordinator, at=site.clock()))
        assert (await notes_here("list", *with_key))[0] == 0
        site.within(lambda tx: people.revoke(tx, coordinator, at=site.clock(), force=True))
        code, out, err = await notes_here("list", *with_key)
        assert (code, out, "role does not allow" in err) == (1, "", True)
    code, _, err = await notes_here("list", *with_key)
    assert (code, "cannot be reached" in err) == (1, True)
    assert sorted(path.name for path in home.iterdir()) == ["coordinator.key"]


def test_where_the_notes_are_must_be_said() -> None:
    for arguments in (["notes", "list"], ["notes", "list", "--server", "http://127.0.0.1:1"]):
        done = CliRunner().invoke(cli.commands(), arguments, env={"INTEGRA_DATA": ""})
        assert isinstance(done.exception, Refusal)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://notes.example.org", "https://notes.example.org"),
        ("https://Notes.example.org/", "https://notes.example.org"),
        ("https://notes.example.org:443", "https://notes.example.org"),
        ("https://notes.example.org:8443", "https://notes.example.org:8443"),
        ("http://127.0.0.1:8444", "http://127.0.0.1:8444"),
        ("http://localhost:8444", "http://localhost:8444"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_address_is_taken_as_browsers_write_it(text: str, origin: str) -> None:
    assert read_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    ["", "notes.example.org", "http://notes.example.org", "https://", "https://a/b", "https://a?x", "https://u:p@a",
     "ftp://a", "https://a:99999", "https://ä.example"],
)  # fmt: skip
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(Refusal):
        read_origin(text)


def test_serving_needs_an_address(site: Site) -> None:
    done = CliRunner().invoke(cli.commands(), ["serve", "--data", str(site.trial.installation.folder)])

    assert isinstance(done.exception, Refusal)
    assert "--url" in str(done.exception)


async def test_the_page_beside_the_assistant_in_one_process(site: Site) -> None:
    """`integra run --serve`: what the page keeps is told in the chat at once."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    site.enrol("telegram", "7001", "officer", "PO-7")
    settings = {"INTEGRA_PAGE_URL": origin, "INTEGRA_PAGE_LISTEN": f"127.0.0.1:{port}"}
    async with (
        FakeTelegram() as telegram,
        process(site.trial, telegram, options=("--serve",), settings=settings) as bot,
    ):
        robin = telegram.person(7001, started=True)
        await bot.start()
        robin.writes("/page")
        said = await robin.hears("works once", 30)
        link = next(line for line in said.text.splitlines() if line.startswith(origin))
        async with ClientSession(timeout=ClientTimeout(30), trust_env=False) as http:
            author = await Browser(http, origin, system_clock).by_link(link.partition("#link=")[2])
            assert author.agency()["desk"]["admin"]
            await author.writes("Sealed in the browser.")
        await bot.prints(b"page.served")
        await robin.hears("sealed in the browser", 30)
        assert await bot.end() == 0
