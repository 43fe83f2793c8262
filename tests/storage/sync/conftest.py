from collections.abc import Iterator
from pathlib import Path

import pytest
from handover_site import DropSite, Site
from postgres_server import Cluster


@pytest.fixture
def site(tmp_path: Path, server_of: Cluster | None) -> Iterator[Site]:
    """On each engine."""
    made = Site(tmp_path, cluster=server_of)
    yield made
    made.close()


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[DropSite]:
    """Whose agency acknowledges."""
    made = DropSite(tmp_path)
    yield made
    made.close()
