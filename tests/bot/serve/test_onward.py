"""A note that was sealed in the browser goes on like any other: to the case system, and to a new reader."""

import pytest
from page_site import Page

from bot import sync_wiring
from bot.trial import AGENCY
from storage import deliveries, notes
from storage.rewrapping import Report, rewrap_some
from storage.sealing import keyfile
from storage.sealing.suites import DEFAULT_SUITE, OpeningKey, generate
from storage.sync.dropreader import read_drop
from storage.sync.own_keys import signing_key
from storage.sync.queue import at_seconds
from storage.sync.registry import read_destinations
from storage.sync.worker import run_until_done

pytestmark = pytest.mark.sqlite


async def test_a_note_of_the_page_is_handed_over_to_the_case_system(page: Page, officer: bytes) -> None:
    trial = page.site.trial
    key = keyfile.read(trial.case_system_key).key
    assert isinstance(key, OpeningKey)
    parts = sync_wiring.build(
        trial.installation,
        read_destinations(trial.destinations),
        trial.case_system_key,
        operator="case-system",
        now=at_seconds(page.site.clock),
    )
    (worker,) = parts.workers
    try:
        sync_wiring.register(parts.store, worker.settings, now=worker.now)
        note_id = await (await page.author(officer)).writes("Sealed in the browser.", flag_level=1)
        assert page.site.within(lambda tx: deliveries.held(tx, AGENCY)) == 1
        page.site.within(lambda tx: notes.release(tx, note_id))
        step = await run_until_done(worker)
    finally:
        await parts.close()

    assert (step.done, step.parked) == (1, 0)
    (event,) = read_drop(trial.drop, trial.age_identity.read_text().strip(), signing_key(key).public)
    assert event["data"]["parts"] == {"seen": "Sealed in the browser."}


async def test_a_note_of_the_page_is_sealed_anew_for_another_reader(page: Page, officer: bytes) -> None:
    note_id = await (await page.author(officer)).writes("Sealed in the browser.")
    trial, other, report = page.site.trial, generate(DEFAULT_SUITE), Report()
    store = trial.installation.store(reads_notes=True)
    try:
        ingest = (trial.installation.keyring().ingest.public,)
        store.run_now(
            lambda tx: rewrap_some(
                tx,
                [bytes.fromhex(note_id)],
                page.coordinator_key,
                (page.coordinator_key.public, other.public),
                ingest,
                report,
                at=page.site.clock(),
            )
        )
    finally:
        store.close()

    assert (report.rewrapped, report.left) == (1, [])
    reader = await page.browser().by_key(page.coordinator_key)
    assert await reader.texts(note_id, other) == ["Sealed in the browser."]
