from collections.abc import Iterator
from pathlib import Path

import pytest
from case_systems.request_tracker import RequestTracker
from case_systems.roundup_tracker import Roundup
from case_systems.shared import the_request_tracker, the_roundup
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


@pytest.fixture
def rt() -> RequestTracker:
    """As it was made."""
    found = the_request_tracker()
    found.restore()
    return found


@pytest.fixture
def roundup() -> Roundup:
    """As it was made."""
    found = the_roundup()
    found.restore()
    return found
