"""`integra notes` and `integra sync`: with a key of the coordinator's or the case system's, outside the data folder."""

import asyncio
import json
from typing import Any

import pytest
from bot_site import Site, at_desk

from bot.trial import AGENCY, Trial

WORDS = "He did not come to the workshop."


@pytest.fixture
def reference(trial: Trial) -> str:
    async def logged() -> str:
        site = Site(trial)
        async with at_desk(site) as desk:
            found = await desk.logs_note("officer", WORDS, "today")
            from datetime import timedelta

            await desk.later(timedelta(minutes=3))
        site.close()
        return found

    return asyncio.run(logged())


def test_notes_are_listed_without_content_and_opened_with_the_coordinators_key(
    integra: Any, trial: Trial, reference: str
) -> None:
    data = trial.installation.folder
    shown = integra("notes", "list", "--data", data)
    assert (shown.code, reference in shown.out, WORDS in shown.out) == (0, True, False)
    (row,) = json.loads(integra("notes", "list", "--data", data, "--json").out)
    assert (row["reference"], row["agency"], row["state"], row["flag"]) == (reference, AGENCY, "waiting", "open")
    opened = integra(
        "notes", "open", reference.lower(), "--data", data, "--reason", "handling", "--key", trial.coordinator_key
    )
    assert (opened.code, WORDS in opened.out) == (0, True)
    (note,) = json.loads(
        integra(
            "notes", "open", reference, "--data", data, "--reason", "handling", "--key", trial.coordinator_key, "--json"
        ).out
    )
    assert (note["reference"], note["note"]["parts"]["seen"]) == (reference, WORDS)


def test_a_note_does_not_open_with_the_wrong_key_a_wrong_reference_or_a_key_in_the_data_folder(
    integra: Any, trial: Trial, reference: str
) -> None:
    data = trial.installation.folder
    inside = data / "coordinator.key"
    inside.write_bytes(trial.coordinator_key.read_bytes())
    inside.chmod(0o600)
    admin = trial.folder / "safe" / "admin.key"
    for which, key, says in (
        ("no-such", trial.coordinator_key, "slip"),
        ("0000-0000", trial.coordinator_key, ""),
        (reference, inside, "must not lie inside"),
        (reference, admin, "does not open notes"),
        (reference, trial.folder / "missing.key", "missing.key"),
        (reference, trial.age_identity, ""),
    ):
        done = integra("notes", "open", which, "--data", data, "--reason", "handling", "--key", key)
        assert (done.code, done.out) == (1, ""), key.name
        assert says in done.err
        assert "Traceback" not in done.err


def test_sync_hands_over_once_and_says_so_to_people_and_machines(integra: Any, trial: Trial, reference: str) -> None:
    arguments = (
        *("sync", "once", "--data", trial.installation.folder, "--agency", AGENCY, "--key", trial.case_system_key),
        *("--to", trial.drop, "--age-recipient", trial.age_recipient),
    )
    first = json.loads(integra(*arguments, "--json").out)
    assert (first["handed_over"], first["waiting"], first["parked"]) == (1, 0, 0)
    again = integra(*arguments)
    assert (again.code, again.out.startswith("0 handed over")) == (0, True)
    (row,) = json.loads(integra("notes", "list", "--data", trial.installation.folder, "--json").out)
    assert (row["reference"], row["state"]) == (reference, "handed-over")


def test_the_key_that_batches_are_signed_with_is_printed(integra: Any, trial: Trial) -> None:
    done = integra("sync", "public-key", "--key", trial.case_system_key)
    assert (done.code, done.out.startswith("-----BEGIN PUBLIC KEY-----")) == (0, True)
    signing = integra("sync", "public-key", "--key", trial.folder / "safe" / "admin.key")
    assert (signing.code, signing.out) == (1, "")
    assert "does not open notes" in signing.err
