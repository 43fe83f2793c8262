"""The page's server, with synthetic people who have chats at a terminal."""

from collections.abc import AsyncIterator

import pytest
from bot_site import NOON, STAFF, Site
from engines import Mould
from page_site import Page, ref_of, served
from postgres_server import Cluster


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, server_of: Cluster | None) -> Mould:
    return Mould.make(tmp_path_factory.mktemp("made") / "world", server_of, at=NOON, roles=(*STAFF, "supervisor"))


@pytest.fixture
async def page(site: Site) -> AsyncIterator[Page]:
    async with served(site) as page:
        yield page


@pytest.fixture
def officer(site: Site) -> bytes:
    return ref_of(site, "officer")


@pytest.fixture
def coordinator(site: Site) -> bytes:
    return ref_of(site, "coordinator")
