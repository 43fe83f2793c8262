"""Builds the parts of the sync process and hands them to each other; the assistant never imports this."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.clock import system_clock
from bot.commands.common import Refusal
from bot.commands.keyfiles import read_key
from bot.installation import Installation
from storage import deliveries
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.sync import destinations, queue
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.opening import Opener
from storage.sync.own_keys import signing_key
from storage.sync.queue import Now, at_seconds
from storage.sync.registry import CONNECTORS, SyncFile
from storage.sync.settings import Destination
from storage.sync.worker import Worker
from storage.transaction import Transaction, moment


@dataclass(frozen=True, slots=True)
class Parts:
    """
    Attributes:
        workers: one for each destination of the file, or of those asked for.
    """

    store: Store
    workers: Sequence[Worker]

    async def close(self) -> None:
        for worker in self.workers:
            await worker.connector.close()
        self.store.close()


def case_key(path: Path) -> OpeningKey:
    """
    Raises:
        Refusal: not a key that opens notes.
    """
    key = read_key(path, None).key
    if not isinstance(key, OpeningKey):
        raise Refusal("that key signs; it does not open notes")
    return key


def build(
    installation: Installation,
    file: SyncFile,
    key: Path | None,
    *,
    only: Collection[str] = (),
    operator: str = "",
    now: Now = queue.system_now,
) -> Parts:
    """
    Args:
        key: the case system's private key, for destinations that name none of their own.
        only: names of destinations; empty: all.
        now: the clock of what is delivered when.

    Raises:
        Refusal: a destination is not in the file, or has no key.
        BadInstallation: a file that the destinations need is not as it must be.
    """
    listed = [one for one in file.destinations if not only or one.name in only]
    if missing := set(only) - {one.name for one in listed}:
        raise Refusal(f"the file names no destination {', '.join(sorted(missing))}")
    keys = {one.name: _key_of(installation, one, key) for one in listed}
    ingest = (installation.keyring(reads_notes=True).ingest.public,)
    store = installation.sync_store(operator=operator)
    try:
        workers = []
        for one in listed:
            given = Given(system_clock, file.source, signing_key(keys[one.name]), Ledger(store, one.name))
            connector = CONNECTORS[one.kind].open(one, given)
            workers.append(Worker(store, one, connector, Opener(keys[one.name], ingest, file.source), now))
    except BaseException:
        store.close()
        raise
    return Parts(store, workers)


def register(store: Store, settings: Destination, *, now: Now = queue.system_now) -> str:
    """Bring a destination's row up to the file, and owe it the notes that it is not owed yet.

    Returns:
        Its state.
    """
    state = store.run_now(lambda tx: destinations.register(tx, settings, now=now(tx)))
    while store.run_now(partial(_owe, settings=settings, now=now)):
        pass
    return state


def _owe(tx: Transaction, *, settings: Destination, now: Now) -> int:
    agency_ref = destinations.agency_of(tx, settings.agency)
    return deliveries.owe_all(tx, settings.name, agency_ref=agency_ref, at=moment(now(tx)))


def _key_of(installation: Installation, settings: Destination, key: Path | None) -> OpeningKey:
    path = settings.key_file or key
    if path is None:
        raise Refusal(f"no key for {settings.name}: name the case system's with --key, or as key_file in the file")
    installation.refuse_inside(path)
    return case_key(path)


__all__ = ["Parts", "at_seconds", "build", "case_key", "register"]
