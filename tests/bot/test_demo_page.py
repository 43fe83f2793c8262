"""The demo at a terminal serves the page, and what is written there is heard in the chat; without a page it says so."""

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout
from page_site import Browser
from terminal import Terminal

from bot import demo_page
from bot.clock import system_clock
from bot.commands.serve import BUILT
from storage.sealing import keyfile
from storage.sealing.suites import OpeningKey

pytestmark = pytest.mark.sqlite


@pytest.fixture
def built() -> None:
    if not BUILT.joinpath("index.html").is_file():
        pytest.skip("the page is not built: make page")


@pytest.mark.usefixtures("built")
def test_what_the_demo_says_to_try_goes_as_it_says(tmp_path: Path) -> None:
    with Terminal("demo", cwd=tmp_path) as screen:
        screen.sees("The page in the browser runs too, on this machine alone: ")
        said = screen.sees("(a demo key")
        origin, key_file = said.split()[0], Path(re.findall(r"/\S+\.key", said)[-1])
        screen.sees("officer> ")
        screen.types("/page")
        officers = link_of(screen)
        screen.types("/as coordinator")
        screen.sees("coordinator> ")
        screen.types("/page")
        coordinators = link_of(screen)
        key = keyfile.read(key_file).key
        assert isinstance(key, OpeningKey)
        assert asyncio.run(story(origin, officers, coordinators, key)) == ["Sealed in the browser."]
        screen.types("/as officer")
        screen.sees("sealed in the browser")
        screen.sees("is in hand")
        screen.types("/quit")


def link_of(screen: Terminal) -> str:
    screen.sees("#link=")
    return screen.sees("The link works once").strip()


async def story(origin: str, officers: str, coordinators: str, key: OpeningKey) -> list[str]:
    """A note is written and flagged, read and taken; its words as they were read."""
    async with ClientSession(timeout=ClientTimeout(30), trust_env=False) as http:
        author = await Browser(http, origin, system_clock).by_link(officers)
        assert (await author.get("/"))[0] == 200
        note_id = await author.writes("Sealed in the browser.", flag_level=3)
        reader = await Browser(http, origin, system_clock).by_link(coordinators)
        await reader.by_key(key)
        found = await reader.texts(note_id, key)
        assert (await reader.post(f"/api/notes/{note_id}/take"))[0] == 200
        return found


def test_where_there_is_no_page_the_demo_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.commands import serve

    monkeypatch.setattr(serve, "BUILT", tmp_path)

    assert serve.bundle_of(None) is None
    assert "terminal alone" in demo_page.NO_PAGE
