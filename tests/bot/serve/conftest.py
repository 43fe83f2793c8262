"""The page's server, with synthetic people who have chats at a terminal."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from bot_site import NOON, STAFF, Site
from engines import Mould
from page_site import Page, served
from postgres_server import Cluster

from bot.trial import Trial
from storage import people


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, server_of: Cluster | None) -> Mould:
    return Mould.make(tmp_path_factory.mktemp("made") / "world", server_of, at=NOON, roles=(*STAFF, "supervisor"))


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
async def page(site: Site) -> AsyncIterator[Page]:
    async with served(site) as page:
        yield page


def ref_of(site: Site, role: str) -> bytes:
    ref = site.within(lambda tx: people.at_address(tx, "console", role))
    assert ref is not None
    return ref


@pytest.fixture
def officer(site: Site) -> bytes:
    return ref_of(site, "officer")


@pytest.fixture
def coordinator(site: Site) -> bytes:
    return ref_of(site, "coordinator")
