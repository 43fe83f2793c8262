"""A fresh installation for each test, copied from one that is made once a session."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from bot_site import NOON, STAFF, Desk, Line, Site, at_desk, on_telegram

from bot.trial import Trial


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "world"
    Trial.create(folder, at=NOON, roles=STAFF)
    return folder


@pytest.fixture
def trial(made: Path, tmp_path: Path) -> Trial:
    shutil.copytree(made, tmp_path / "world")
    return Trial(tmp_path / "world")


@pytest.fixture
def site(trial: Trial) -> Iterator[Site]:
    site = Site(trial)
    yield site
    site.close()


@pytest.fixture
async def desk(site: Site) -> AsyncIterator[Desk]:
    async with at_desk(site) as desk:
        yield desk


@pytest.fixture
async def line(site: Site) -> AsyncIterator[Line]:
    """By long polling."""
    async with on_telegram(site) as line:
        yield line
