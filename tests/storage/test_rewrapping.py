"""Kept notes sealed anew: who was taken off opens none, the others all, and the text is not touched (T39)."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from storage_site import NOON, keep_note, note_id, past_the_walls

from bot.installation import Installation
from bot.trial import AGENCY, Trial
from dialogues.reference import reference
from storage import agencies, attachments, flags, notes, opened, rewrapping
from storage.attachments import Wanted
from storage.pins import Pin, Pins
from storage.rewrapping import Left, Report
from storage.schema import attachments as attachment_rows
from storage.schema import notes as rows
from storage.sealing import keyfile
from storage.sealing import record as records
from storage.sealing.attachment import Place
from storage.sealing.desk import Manifest, Recipient, next_manifest, sign
from storage.sealing.errors import NoteUnreadable
from storage.sealing.opening_attachment import open_attachment
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId, generate
from storage.store import Store
from storage.transaction import Transaction

TODAY = NOON.date()
MANY = 12


def key_in(path: Path) -> OpeningKey:
    key = keyfile.read(path).key
    assert isinstance(key, OpeningKey)
    return key


@pytest.fixture
def reading(installation: Installation, store: Store, pins: Pins, officer: bytes) -> Iterator[Store]:
    for number in range(1, MANY + 1):
        store.run_now(lambda tx, number=number: keep_note(tx, pins, number, officer, text=f"Crane {number}."))  # type: ignore[misc]
    reading = installation.store(reads_notes=True)
    yield reading
    reading.close()


@pytest.fixture
def revoked(trial: Trial) -> OpeningKey:
    return key_in(trial.coordinator_key)


@pytest.fixture
def recovery(trial: Trial) -> OpeningKey:
    return key_in(trial.folder / "safe" / "recovery.key")


def change_desk(trial: Trial, store: Store, add: list[Recipient], remove: list[bytes]) -> Manifest:
    admin = keyfile.read(trial.folder / "safe" / "admin.key").key
    assert isinstance(admin, SigningKey)
    pins = trial.installation.pins

    def turn(tx: Transaction) -> Manifest:
        before = agencies.checked_desk(tx, AGENCY, pins, TODAY)
        assert before is not None
        following = next_manifest(before, created=date(2026, 11, 24), add=add, remove=remove)
        agencies.publish_desk(tx, following, *sign(following, admin))
        return following

    manifest = store.run_now(turn)
    pins.set(AGENCY, Pin(admin.public, manifest.version))
    return manifest


def rewrap_all(trial: Trial, store: Store, key: OpeningKey, manifest: Manifest, *, only: int | None = None) -> Report:
    report, ingest = Report(), (trial.installation.keyring().ingest.public,)

    def turn(tx: Transaction) -> None:
        found = rewrapping.kept(tx, tx.keyring.agency_ref(AGENCY), open_only=False)[:only]
        rewrapping.rewrap_some(tx, found, key, manifest.sealing_keys(TODAY), ingest, report, at=NOON)

    store.run_now(turn)
    return report


def bodies(store: Store) -> dict[bytes, bytes]:
    return store.run_now(lambda tx: {row.id: row.body for row in tx.db.execute(select(rows.c.id, rows.c.body))})


def opens(store: Store, trial: Trial, key: OpeningKey) -> int:
    """How many of the notes a key opens to their own text."""
    ingest, count = (trial.installation.keyring().ingest.public,), 0
    for number in range(1, MANY + 1):
        try:
            (note,) = store.run_now(
                lambda tx, number=number: opened.open_reference(
                    tx, reference(note_id(number)), key, ingest, at=NOON, reason="rehearsal"
                )  # type: ignore[misc]
            )
        except NoteUnreadable as refused:
            assert refused.code == "recipient"  # noqa: PT017  some open, some do not
            continue
        assert note.body["parts"]["seen"] == f"Crane {number}."
        count += 1
    return count


def test_t39_after_revoking_and_rewrapping_the_key_opens_none_and_all_others_open_all(
    trial: Trial, reading: Store, revoked: OpeningKey, recovery: OpeningKey
) -> None:
    new = generate()
    before = bodies(reading)
    assert (opens(reading, trial, revoked), opens(reading, trial, new)) == (MANY, 0)
    manifest = change_desk(trial, reading, [Recipient(new.public, "coordinator", "New")], [revoked.kid])
    assert opens(reading, trial, revoked) == MANY, "what is kept is not touched by the desk alone"

    report = rewrap_all(trial, reading, recovery, manifest)

    assert (report.rewrapped, report.already, report.left) == (MANY, 0, [])
    assert opens(reading, trial, revoked) == 0
    for key in (new, recovery, key_in(trial.case_system_key)):
        assert opens(reading, trial, key) == MANY
    after = bodies(reading)
    for id_, body in after.items():
        old, now = records.parse(before[id_]), records.parse(body)
        assert now.envelope.body == old.envelope.body
        assert (now.envelope.commit, now.envelope.nonce) == (old.envelope.commit, old.envelope.nonce)
        assert now.envelope.header.canonical() == old.envelope.header.canonical()
        assert (now.signature, now.signer_kid) == (old.signature, old.signer_kid)
        assert revoked.kid not in now.envelope.kids


@pytest.mark.sqlite
def test_t39_nothing_of_the_former_stanzas_lingers_in_the_files(
    trial: Trial, reading: Store, revoked: OpeningKey, recovery: OpeningKey
) -> None:
    """Or a copy of the database made afterwards could still be opened with the key that was revoked."""
    stanzas = [
        stanza.wrapped[:48]
        for body in bodies(reading).values()
        for stanza in records.parse(body).envelope.stanzas
        if stanza.kid == revoked.kid
    ]
    files = [path for path in trial.installation.folder.iterdir() if path.name.startswith("integra.db")]
    on_disk = b"".join(path.read_bytes() for path in files)
    assert all(stanza in on_disk for stanza in stanzas), "the look can find them"
    manifest = change_desk(
        trial, reading, [Recipient(generate().public, "coordinator", "New")], [revoked.kid]
    )  # fmt: skip
    rewrap_all(trial, reading, recovery, manifest)
    on_disk = b"".join(path.read_bytes() for path in trial.installation.folder.iterdir() if path.is_file())
    assert not any(stanza in on_disk for stanza in stanzas)


def test_what_was_stopped_goes_on_where_it_was(
    trial: Trial, reading: Store, revoked: OpeningKey, recovery: OpeningKey
) -> None:
    manifest = change_desk(trial, reading, [Recipient(generate().public, "coordinator", "New")], [revoked.kid])
    first = rewrap_all(trial, reading, recovery, manifest, only=5)
    half = bodies(reading)
    second = rewrap_all(trial, reading, recovery, manifest)
    assert (first.rewrapped, second.rewrapped, second.already) == (5, MANY - 5, 5)
    done = bodies(reading)
    assert sum(half[id_] == done[id_] for id_ in done) == 5, "those that were done are left alone"
    third = rewrap_all(trial, reading, recovery, manifest)
    assert (third.rewrapped, third.already) == (0, MANY)


def test_a_key_that_opens_none_leaves_all_as_they_were(trial: Trial, reading: Store, revoked: OpeningKey) -> None:
    manifest = change_desk(trial, reading, [Recipient(generate().public, "coordinator", "New")], [revoked.kid])
    before = bodies(reading)
    report = rewrap_all(trial, reading, generate(), manifest)
    assert report.left == [Left(reference(note_id(number)), "recipient") for number in range(1, MANY + 1)]
    assert bodies(reading) == before


def test_a_note_that_was_changed_is_left_and_the_others_are_done(
    trial: Trial, reading: Store, recovery: OpeningKey, revoked: OpeningKey
) -> None:
    changed = "UPDATE notes SET flag_level = 3 WHERE id = :id"
    past_the_walls(trial.installation, changed, id=bytes.fromhex(note_id(4)))
    manifest = change_desk(trial, reading, [Recipient(generate().public, "coordinator", "New")], [revoked.kid])
    report = rewrap_all(trial, reading, recovery, manifest)
    assert (report.rewrapped, report.left) == (MANY - 1, [Left(reference(note_id(4)), "header")])


def test_notes_of_another_suite_are_left_and_said(trial: Trial, reading: Store, recovery: OpeningKey) -> None:
    before = bodies(reading)
    report, ingest = Report(), (trial.installation.keyring().ingest.public,)
    x25519 = (generate(SuiteId.X25519).public,)
    reading.run_now(lambda tx: rewrapping.rewrap_some(tx, list(before), recovery, x25519, ingest, report, at=NOON))
    assert {one.code for one in report.left} == {"suite"}
    assert bodies(reading) == before


def test_what_is_open_is_what_was_not_handed_over_or_whose_flag_is_not_closed(
    store: Store, pins: Pins, officer: bytes, coordinator: bytes, agency_ref: bytes
) -> None:
    for number in range(1, 7):
        store.run_now(lambda tx, number=number: keep_note(tx, pins, number, officer))  # type: ignore[misc]

    def turn(tx: Transaction) -> None:
        for number in (4, 5):
            flags.raise_flag(tx, note_id(number), agency_ref, 1, at=NOON)
            flags.take(tx, note_id(number), coordinator, at=NOON)
        flags.close(tx, note_id(5), coordinator, "acted", at=NOON)
        notes.withdraw(tx, note_id(6), officer)
        for number in (2, 3, 4, 5):
            notes.release(tx, note_id(number))
        over = [bytes.fromhex(note_id(number)) for number in (3, 4, 5)]
        tx.db.execute(rows.update().where(rows.c.id.in_(over)).values(state="handed-over"))

    store.run_now(turn)

    def kept(*, open_only: bool) -> list[str]:
        found = store.run_now(lambda tx: rewrapping.kept(tx, agency_ref, open_only=open_only))
        return [id_.hex() for id_ in found]

    assert kept(open_only=False) == [note_id(number) for number in (1, 2, 3, 4, 5)]
    assert kept(open_only=True) == [note_id(number) for number in (1, 2, 4)]
    assert store.run_now(lambda tx: rewrapping.kept(tx, bytes(16), open_only=False)) == []


def test_what_is_attached_is_sealed_anew_with_its_note(
    trial: Trial, reading: Store, pins: Pins, revoked: OpeningKey, recovery: OpeningKey
) -> None:
    """Also where the note itself has the right readers already: it was logged after the desk had changed."""
    wanted = Wanted(bytes.fromhex(note_id(1)), 1, b"a" * 16, "photo", "handle")

    def attach(tx: Transaction) -> None:
        attachments.want(tx, b"a" * 16, note_id(1), 1, agency=AGENCY, media="photo", handle="handle")
        attachments.seal(tx, pins, wanted, b"picture", at=NOON)
        attachments.keep(tx, note_id(1), [1])

    reading.run_now(attach)
    ingest = [trial.installation.keyring().ingest.public]
    place = Place(trial.installation.keyring().agency_ref(AGENCY), bytes.fromhex(note_id(1)), 1)

    def read(key: OpeningKey) -> bytes:
        record = reading.run_now(lambda tx: tx.db.scalars(select(attachment_rows.c.body)).one())
        return open_attachment(record, key, place=place, ingest_public_keys=ingest).content

    assert read(revoked) == b"picture"
    manifest = change_desk(trial, reading, [Recipient(generate().public, "coordinator", "New")], [revoked.kid])
    assert rewrap_all(trial, reading, recovery, manifest).rewrapped == MANY
    assert read(recovery) == b"picture"
    with pytest.raises(NoteUnreadable, match="recipient"):
        read(revoked)
    again = rewrap_all(trial, reading, recovery, manifest)
    assert (again.rewrapped, again.already) == (0, MANY)

    reading.run_now(lambda tx: tx.db.execute(attachment_rows.update().values(body=before_of(tx))))
    assert rewrap_all(trial, reading, recovery, manifest).left == [Left(reference(note_id(1)), "format")]


def before_of(tx: Transaction) -> bytes:
    """A record with a byte missing."""
    return bytes(tx.db.scalars(select(attachment_rows.c.body)).one())[:-1]
