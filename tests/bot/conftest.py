"""A fresh installation for each test, copied from one that is made once a session."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from bot_site import NOON, STAFF, Desk, Line, Site, at_desk, on_telegram
from engines import Mould
from postgres_server import Cluster

from bot.trial import Trial


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, server_of: Cluster | None) -> Mould:
    return Mould.make(tmp_path_factory.mktemp("made") / "world", server_of, at=NOON, roles=STAFF)


@pytest.fixture
def trial(made: Mould, tmp_path: Path) -> Iterator[Trial]:
    trial = made.copy(tmp_path / "world")
    yield trial
    made.drop(trial)


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
