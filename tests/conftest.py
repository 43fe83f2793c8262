"""Options of the whole suite, and the engines it runs on."""

import logging
import os
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from engines import ENGINES, POSTGRES
from hypothesis import settings
from postgres_server import Cluster, cluster, programs
from structlog._config import BoundLoggerLazyProxy

# Else each data folder would learn half a minute at its first start; tests/bot/test_finding.py is about that.
os.environ["INTEGRA_BY_MEANING"] = "false"

# How long an example takes depends on what else the machine does; a test says nothing of it.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

NO_SERVER = "PostgreSQL is not on this machine (Debian: postgresql); half of these tests did not run"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-transcripts", action="store_true", help="write tests/transcripts/*.txt anew from what happens"
    )
    parser.addoption("--engine", choices=ENGINES, help="only what runs on this engine, and what needs none")


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is long
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Which test runs where and when.

    A test marked with an engine runs on that one alone; one marked ``one_engine`` is long on PostgreSQL. What else runs
    on both does so on PostgreSQL in `make test-postgres`.
    """
    wanted = config.getoption("--engine")
    kept, left = [], []
    for item in items:
        engine = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
        if engine == POSTGRES and item.get_closest_marker("one_engine"):
            item.add_marker("long")
        if engine == POSTGRES and not item.get_closest_marker(POSTGRES):
            item.add_marker("second_engine")
        marked = {name for name in ENGINES if item.get_closest_marker(name)}
        skip = engine is not None and (engine != wanted if wanted else bool(marked) and engine not in marked)
        skip = skip or (engine is not None and bool(marked) and engine not in marked)
        (left if skip else kept).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that was run in this process may have pointed the logs at a stream of that test alone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        for module in list(sys.modules.values()):
            if isinstance(log := vars(module).get("log"), BoundLoggerLazyProxy):
                vars(log).pop("bind", None)  # what it keeps from its first use


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A private PostgreSQL cluster, one a session."""
    if programs() is None:
        if os.environ.get("CI"):
            pytest.fail(NO_SERVER)
        pytest.skip(NO_SERVER)
    with cluster() as running:
        yield running


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every test with a database runs on both engines, unless it is marked ``sqlite`` or ``postgres``."""
    return str(request.param)


@pytest.fixture(scope="session")
def server_of(engine: str, request: pytest.FixtureRequest) -> Cluster | None:
    """The cluster, where the engine is that; None: a file."""
    found: Cluster | None = request.getfixturevalue("server") if engine == POSTGRES else None
    return found
