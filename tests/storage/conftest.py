"""One installation a test: an agency with a signed desk, a person of each role, a real database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from engines import Mould
from postgres_server import Cluster
from storage_site import NOON, person_in_role

from bot.installation import Installation
from bot.trial import AGENCY, HANDLES, Trial
from storage.keyring import Keyring
from storage.pins import Pins
from storage.store import Store


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory, server_of: Cluster | None) -> Mould:
    return Mould.make(tmp_path_factory.mktemp("trial") / "trial", server_of, at=NOON, roles=tuple(HANDLES))


@pytest.fixture
def trial(made_once: Mould, tmp_path: Path) -> Iterator[Trial]:
    trial = made_once.copy(tmp_path / "trial")
    yield trial
    made_once.drop(trial)


@pytest.fixture
def installation(trial: Trial) -> Installation:
    return trial.installation


@pytest.fixture
def database(installation: Installation) -> Path:
    return installation.database


@pytest.fixture
def pins(installation: Installation) -> Pins:
    return installation.pins


@pytest.fixture
def keyring(installation: Installation) -> Keyring:
    return installation.keyring()


@pytest.fixture
def store(installation: Installation) -> Iterator[Store]:
    opened = installation.store()
    yield opened
    opened.close()


@pytest.fixture
def agency_ref(keyring: Keyring) -> bytes:
    return keyring.agency_ref(AGENCY)


@pytest.fixture
def officer(store: Store, agency_ref: bytes) -> bytes:
    return store.run_now(lambda tx: person_in_role(tx, agency_ref, "officer"))


@pytest.fixture
def mentor(store: Store, agency_ref: bytes) -> bytes:
    return store.run_now(lambda tx: person_in_role(tx, agency_ref, "mentor"))


@pytest.fixture
def coordinator(store: Store, agency_ref: bytes) -> bytes:
    return store.run_now(lambda tx: person_in_role(tx, agency_ref, "coordinator"))


@pytest.fixture
def supervisor(store: Store, agency_ref: bytes) -> bytes:
    return store.run_now(lambda tx: person_in_role(tx, agency_ref, "supervisor"))
