"""`integra notes` and `integra sync`: with a key of the coordinator's or the case system's, outside the data folder."""

import asyncio
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import NOON, Site, at_desk, reference_in
from media import photo, voice
from storage_site import past_the_walls

from bot.photo import cleaned_photo
from bot.trial import AGENCY, Trial
from storage import audit, cases, key_holders, people
from storage.sealing import keyfile
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction

WORDS = "He did not come to the workshop."
WHY = ("--reason", "handling")


@pytest.fixture
def reference(trial: Trial) -> str:
    async def logged() -> str:
        site = Site(trial)
        async with at_desk(site) as desk:
            found = await desk.logs_note("officer", WORDS, "today")
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
    assert (row["reference"], row["agency"], row["state"], row["flag"]) == (reference, AGENCY, "waiting", "notified")
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


def sync_options(trial: Trial) -> tuple[object, ...]:
    return "--destinations", trial.destinations, "--key", trial.case_system_key


def test_sync_hands_over_once_and_says_so_to_people_and_machines(integra: Any, trial: Trial, reference: str) -> None:
    arguments = ("sync", "once", "--data", trial.installation.folder, *sync_options(trial))
    (first,) = json.loads(integra(*arguments, "--json").out)
    assert (first["delivered"], first["waiting"], first["parked"], first["clean"]) == (1, 0, 0, True)
    again = integra(*arguments)
    assert (again.code, again.out) == (0, f"{AGENCY}: 0 delivered, 0 wait, 0 parked.\n")
    (row,) = json.loads(integra("notes", "list", "--data", trial.installation.folder, "--json").out)
    assert (row["reference"], row["state"]) == (reference, "handed-over")


def test_the_key_that_batches_are_signed_with_is_printed(integra: Any, trial: Trial) -> None:
    done = integra("sync", "public-key", "--key", trial.case_system_key)
    assert (done.code, done.out.startswith("-----BEGIN PUBLIC KEY-----")) == (0, True)
    signing = integra("sync", "public-key", "--key", trial.folder / "safe" / "admin.key")
    assert (signing.code, signing.out) == (1, "")
    assert "does not open notes" in signing.err


# ---------------------------------------------------------------- attachments


@pytest.fixture
def with_photo(trial: Trial, tmp_path: Path) -> str:
    """Reference of a note with a photo and a voice message."""
    (tmp_path / "gate.jpg").write_bytes(photo())
    (tmp_path / "talk.ogg").write_bytes(voice())

    async def logged() -> str:
        site = Site(trial)
        async with at_desk(site) as desk:
            await desk.says("officer", "/menu", "[note.quick]", WORDS)
            await desk.sends("officer", "photo", tmp_path / "gate.jpg")
            await desk.sends("officer", "voice", tmp_path / "talk.ogg")
            await desk.says("officer", "[routine]")
            found = reference_in(await desk.says("officer", "[log]"))
            await desk.later(timedelta(minutes=3))
        site.close()
        return found

    return asyncio.run(logged())


def test_attachments_are_listed_and_saved_only_when_asked_for(
    integra: Any, trial: Trial, with_photo: str, tmp_path: Path
) -> None:
    where = ("--data", trial.installation.folder, *WHY, "--key", trial.coordinator_key)
    shown = integra("notes", "open", with_photo, *where)
    clean = cleaned_photo(photo())
    assert (shown.code, f"Attached 1: photo, image/jpeg, {len(clean):,} bytes" in shown.out) == (0, True)
    folder = tmp_path / "deep" / "saved"
    saved = integra("notes", "open", with_photo, *where, "--save", folder)
    assert (saved.code, f"Saved {folder}/{with_photo}-1.jpg" in saved.out) == (0, True)
    files = {path.name: path for path in folder.iterdir()}
    assert sorted(files) == [f"{with_photo}-1.jpg", f"{with_photo}-2.ogg"]
    assert files[f"{with_photo}-1.jpg"].read_bytes() == clean
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*files.values(), folder)} == {0o600, 0o700}
    again = integra("notes", "open", with_photo, *where, "--save", folder)
    assert (again.code, again.out, "is there already" in again.err) == (1, "", True)
    other = tmp_path / "other"
    (row,) = json.loads(integra("notes", "open", with_photo, *where, "--save", other, "--json").out)
    assert [(one["kind"], one["problem"], one["saved"]) for one in row["attachments"]] == [
        ("photo", None, f"{other}/{with_photo}-1.jpg"),
        ("voice", None, f"{other}/{with_photo}-2.ogg"),
    ]


def test_attachments_are_not_saved_where_the_bot_is(integra: Any, trial: Trial, with_photo: str) -> None:
    data = trial.installation.folder
    done = integra(
        "notes", "open", with_photo, "--data", data, *WHY, "--key", trial.coordinator_key, "--save", data / "saved"
    )
    assert (done.code, done.out, "must not lie inside" in done.err) == (1, "", True)
    assert not (data / "saved").exists()


def test_a_missing_attachment_is_said_and_its_note_not_handed_over(
    integra: Any, trial: Trial, with_photo: str, tmp_path: Path
) -> None:
    data = trial.installation.folder
    past_the_walls(trial.installation, "DELETE FROM attachments WHERE number = 2")
    done = integra(
        "notes", "open", with_photo, "--data", data, *WHY, "--key", trial.coordinator_key, "--save", tmp_path / "s"
    )
    assert (done.code, "Attached 2: voice, cannot be read: missing" in done.out, WORDS in done.out) == (1, True, True)
    assert [path.name for path in (tmp_path / "s").iterdir()] == [f"{with_photo}-1.jpg"]
    run = integra("sync", "once", "--data", data, *sync_options(trial))
    assert (run.code, f"{with_photo} parked since" in run.out, "(attachment)" in run.out) == (1, True, True)


@pytest.fixture
def of_a_case(trial: Trial) -> str:
    """A flagged note of a case that nobody works on."""

    async def logged() -> str:
        site = Site(trial)
        async with at_desk(site) as desk:
            await desk.says("officer", "/note", "AB-1234-P", "[behaviour]", "[now]", WORDS, *4 * ("[next]",))
            said = await desk.says("officer", "[today]", "[yes]", "[threat]", "[log]")
        site.close()
        return reference_in(said)

    return asyncio.run(logged())


def person(integra: Any, trial: Trial, handle: str) -> str:
    rows = json.loads(integra("people", "list", "--data", trial.installation.folder, "--json").out)
    return next(str(row["id"])[:8] for row in rows if row["handle"] == handle)


def test_a_note_of_a_case_that_the_reader_does_not_work_on_needs_a_reason_and_is_told(
    integra: Any, trial: Trial, of_a_case: str
) -> None:
    data, me = trial.installation.folder, person(integra, trial, "Coord-1")
    how = ("notes", "open", of_a_case, "--data", data, "--key", trial.coordinator_key)
    for more in ((), ("--as", me)):
        refused = integra(*how, *WHY, *more)
        assert (refused.code, refused.out) == (1, "")
        assert "break-glass" in refused.err
    assert integra(*how, "--reason", "break-glass", "--as", me).code == 1, "words are needed"
    opened = integra(*how, "--reason", "break-glass", "--words", "on duty tonight, nobody has the case", "--as", me)
    assert (opened.code, WORDS in opened.out) == (0, True)
    site = Site(trial)
    assert [kind for (kind,) in site.rows("timers", "kind") if kind == "note-read"] == ["note-read"]
    site.close()


def test_whoever_took_its_flag_reads_it_as_theirs_and_it_is_in_hand_then(
    integra: Any, trial: Trial, of_a_case: str
) -> None:
    async def taken() -> None:
        site = Site(trial)
        async with at_desk(site, prefix="1") as desk:
            await desk.opens("coordinator", f"inbox.{of_a_case}.take")
        site.close()

    asyncio.run(taken())
    data, me = trial.installation.folder, person(integra, trial, "Coord-1")
    how = ("notes", "open", of_a_case, "--data", data, "--key", trial.coordinator_key, *WHY)
    opened = integra(*how, "--as", me)
    assert (opened.code, WORDS in opened.out) == (0, True), opened.err
    site = Site(trial)
    assert site.rows("flags", "state") == [("in-hand",)]
    assert [kind for (kind,) in site.rows("timers", "kind") if kind == "note-read"] == []
    site.close()
    assert integra(*how, "--as", person(integra, trial, "PO-17")).code == 1, "an officer serves no desk"


def test_a_key_that_is_linked_says_who_reads_and_nobody_else_is_taken_at_their_word(
    integra: Any, trial: Trial, of_a_case: str
) -> None:
    site, key = Site(trial), keyfile.read(trial.coordinator_key).key
    assert isinstance(key, OpeningKey)
    second = site.enrol("console", "second", "coordinator", "Coord-2")
    me, kid = person(integra, trial, "Coord-1"), key.kid

    def has_the_case(tx: Transaction) -> None:
        first = people.by_start(tx, me)
        cases.assign(tx, tx.keyring.agency_ref(AGENCY), "AB-1234-P", first, at=NOON)
        key_holders.link(tx, kid, second, at=NOON)

    site.within(has_the_case)
    how = ("notes", "open", of_a_case, "--data", trial.installation.folder, "--key", trial.coordinator_key)
    refused = integra(*how, *WHY, "--as", me)
    assert (refused.code, refused.out) == (1, "")
    assert f"that key is linked to {second.hex()[:8]}" in refused.err
    assert integra(*how, *WHY).code == 1, "whose key it is has nothing to do with the case"
    opened = integra(*how, "--reason", "break-glass", "--words", "on duty tonight, nobody has the case")
    assert opened.code == 0, opened.err
    (entry,) = [
        one for one in site.within(lambda tx: audit.listed(tx, at_most=50)) if one.entry.action == "note.opened"
    ]
    assert (entry.to, entry.key) == (second.hex(), kid.hex())
    assert entry.operator, "and the operator besides"
    site.close()
