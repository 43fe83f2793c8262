"""A note that was sealed in the browser goes on like any other: to the case system, and to a new reader."""

import pytest
from page_site import Page

from bot.trial import AGENCY
from storage import notes
from storage.rewrapping import Report, rewrap_some
from storage.sealing import keyfile
from storage.sealing.suites import DEFAULT_SUITE, OpeningKey, generate
from storage.sync.dropreader import read_drop
from storage.sync.filedrop import FileDrop, signing_key
from storage.sync.handover import hand_over

pytestmark = pytest.mark.sqlite


async def test_a_note_of_the_page_is_handed_over_to_the_case_system(page: Page, officer: bytes) -> None:
    note_id = await (await page.author(officer)).writes("Sealed in the browser.", flag_level=1)
    trial = page.site.trial
    page.site.within(lambda tx: notes.release(tx, note_id))
    key = keyfile.read(trial.case_system_key).key
    assert isinstance(key, OpeningKey)
    drop = FileDrop(trial.drop, trial.age_recipient, sender="integra", stream=AGENCY)
    store = trial.installation.store(reads_notes=True)
    try:
        ingest = (trial.installation.keyring().ingest.public,)
        report = hand_over(store, ingest, key, drop, at=page.site.clock())
    finally:
        store.close()

    assert (report.handed_over, report.parked) == (1, 0)
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
