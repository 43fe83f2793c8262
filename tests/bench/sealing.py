"""A full write of one note: sealed for three recipients, accepted, and kept in the database.

    python tests/bench/sealing.py [--notes 200]

A body of 2 KB for coordinator, case system and recovery key (X-Wing). First the steps by themselves in CPU time; the
aim for a full write of a record is half a millisecond. Then ``storage.notes.keep`` through the store, one note a commit
(``synchronous=FULL``) and 32 waiting at once.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.trial import AGENCY, Trial
from storage import agencies, notes, people
from storage.errors import Unknown
from storage.pins import Pins
from storage.sealing.header import Header, hour_of
from storage.sealing.record import accept
from storage.sealing.seal import seal
from storage.store import Store
from storage.transaction import Transaction

BODY = {"v": 1, "parts": {"what": "He came ten minutes late and did not want tea. " * 43}}
NOW = datetime.now(UTC)


def keeping(pins: Pins, author: bytes) -> Callable[[Transaction], None]:
    """A turn that keeps one new note."""

    def keep(tx: Transaction) -> None:
        notes.keep(
            tx,
            pins,
            note_id=secrets.token_hex(16),
            agency=AGENCY,
            author_ref=author,
            body=BODY,
            case_code="",
            flag_level=0,
            amends="",
            at=NOW,
            undo=timedelta(minutes=2),
        )

    return keep


def steps(tx: Transaction, pins: Pins, author: bytes, times: int) -> dict[str, float]:
    """Milliseconds of CPU of each step, the median of so many."""
    manifest = agencies.desk(tx, AGENCY, pins, NOW)
    if manifest is None:
        raise Unknown("desk")
    keys = manifest.sealing_keys(NOW.date())
    header = Header(tx.keyring.agency_ref(AGENCY), secrets.token_bytes(16), author, 0, hour_of(NOW), 1, "chat")
    plaintext = json.dumps(BODY).encode()
    envelope = seal(plaintext, header, keys, manifest.suite)
    return {
        f"sealed for {len(keys)} ({len(plaintext)} bytes become {len(envelope)})": median_ms(
            lambda: seal(plaintext, header, keys, manifest.suite), times
        ),
        "accepted (read again and signed)": median_ms(lambda: accept(envelope, tx.keyring.ingest), times),
        "both: the full write of a record": median_ms(
            lambda: accept(seal(plaintext, header, keys, manifest.suite), tx.keyring.ingest), times
        ),
        "desk read and its signature checked": median_ms(lambda: agencies.desk(tx, AGENCY, pins, NOW), times),
    }


def median_ms(what: Callable[[], object], times: int) -> float:
    took = []
    for _ in range(times):
        began = time.thread_time()
        what()
        took.append(time.thread_time() - began)
    return 1000 * statistics.median(took)


async def together(store: Store, keep: Callable[[Transaction], None], count: int) -> float:
    """Notes a second with 32 waiting at once."""
    began = time.perf_counter()

    async def one_after_another() -> None:
        for _ in range(count // 32):
            await store.run(keep)

    await asyncio.gather(*(one_after_another() for _ in range(32)))
    return count // 32 * 32 / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description="A full write of one note.")
    parser.add_argument("--notes", type=int, default=256)
    count = parser.parse_args().notes
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial.create(Path(folder) / "trial", at=NOW, roles=("officer",))
        pins = trial.installation.pins
        store = trial.installation.store()
        try:
            author = store.run_now(lambda tx: people.at_address(tx, "console", "officer"))
            assert author is not None
            for name, took in store.run_now(lambda tx: steps(tx, pins, author, count)).items():
                print(f"{name:52}{took:8.2f} ms CPU")
            keep = keeping(pins, author)
            alone = []
            for _ in range(count):
                began = time.perf_counter()
                store.run_now(keep)
                alone.append(1000 * (time.perf_counter() - began))
            alone.sort()
            slowest = alone[int(len(alone) * 0.99)]
            print(f"{'kept, one a commit':52}{statistics.median(alone):8.2f} ms, p99 {slowest:.1f} ms")
            print(f"{'kept, 32 waiting at once':52}{asyncio.run(together(store, keep, count)):8.0f} a second")
        finally:
            store.close()


if __name__ == "__main__":
    main()
