"""The page in a real Chromium, on the real server, with the bot on a terminal next to it."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import page_tools
import pytest
from bot_site import NOON, STAFF, Site
from chromium import Chromium
from engines import Mould
from page_stories import Story, told
from postgres_server import Cluster
from two_readers import Node

from bot.trial import Trial


@pytest.fixture(scope="session")
def page_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The page's own code, asked in Node."""
    page_tools.demand(browser=False)
    script: Path = tmp_path_factory.mktemp("page") / "answer.mjs"
    page_tools.node(page_tools.TESTS / "build_answer.js", script)
    asked = Node(script)
    yield asked
    asked.close()


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built from the sources as they are."""
    page_tools.demand(browser=False)
    folder: Path = tmp_path_factory.mktemp("dist") / "dist"
    page_tools.node(page_tools.PAGE / "build.js", folder)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    page_tools.demand(browser=True)
    browser = Chromium()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, server_of: Cluster | None) -> Mould:
    return Mould.make(tmp_path_factory.mktemp("made") / "world", server_of, at=NOON, roles=(*STAFF, "supervisor"))


@pytest.fixture
def trial(made: Mould, tmp_path: Path) -> Iterator[Trial]:
    trial = made.copy(tmp_path / "world")
    yield trial
    made.drop(trial)
    shutil.rmtree(tmp_path / "world", ignore_errors=True)


@pytest.fixture
def site(trial: Trial) -> Iterator[Site]:
    site = Site(trial)
    yield site
    site.close()


@pytest.fixture
async def story(site: Site, browser: Chromium, dist: Path) -> AsyncIterator[Story]:
    async with told(site, browser, dist) as story:
        yield story
