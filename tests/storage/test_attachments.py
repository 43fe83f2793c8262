"""Attachments are sealed as they come, kept with their note alone, and held against what the note says of them."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from storage_site import NOON, UNDO, note_id, past_the_walls, publish

from bot.installation import Installation
from bot.trial import AGENCY, Trial
from storage import attachments, notes, opened_attachments
from storage.attachments import Wanted
from storage.errors import NoRecipients, Unknown
from storage.opened_attachments import Attached
from storage.pins import Pins
from storage.schema import attachments as rows
from storage.sealing import keyfile
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.transaction import Transaction

ADDRESS = bytes([9]) * 16
HANDLE = "AgADquartz-handle"


def wanted(number: int, note: int = 1) -> Wanted:
    return Wanted(bytes.fromhex(note_id(note)), number, ADDRESS, "photo", HANDLE)


def want(tx: Transaction, number: int, note: int = 1) -> None:
    attachments.want(tx, ADDRESS, note_id(note), number, agency=AGENCY, media="photo", handle=HANDLE)


def seal(tx: Transaction, pins: Pins, number: int, content: bytes, note: int = 1) -> dict[str, object]:
    """Wanted and sealed; as the note lists it."""
    want(tx, number, note)
    digest = attachments.seal(tx, pins, wanted(number, note), content, at=NOON)
    return {
        "number": number,
        "kind": "photo",
        "media_type": "image/jpeg",
        "size": len(content),
        "digest": digest,
    }


def states(tx: Transaction) -> dict[int, str]:
    return {row.number: row.state for row in tx.db.execute(select(rows.c.number, rows.c.state))}


def key_of(trial: Trial) -> OpeningKey:
    key = keyfile.read(trial.coordinator_key).key
    assert isinstance(key, OpeningKey)
    return key


def read(trial: Trial, body: Any, note: int = 1) -> tuple[Attached, ...]:
    """As a coordinator reads them."""
    installation = trial.installation
    store = installation.store(reads_notes=True)
    ingest = [installation.keyring().ingest.public]
    ref = installation.keyring().agency_ref(AGENCY)
    try:
        return store.run_now(
            lambda tx: opened_attachments.attached(tx, ref, bytes.fromhex(note_id(note)), body, key_of(trial), ingest)
        )
    finally:
        store.close()


def test_what_is_wanted_is_found_after_a_restart_and_its_handle_lies_sealed(
    installation: Installation, store: Store
) -> None:
    store.run_now(lambda tx: want(tx, 1))
    store.close()
    again = installation.store()
    assert again.run_now(attachments.wanted) == [wanted(1)]
    assert again.run_now(lambda tx: attachments.is_wanted(tx, wanted(1)))
    again.close()
    (lies,) = past_the_walls(installation, "SELECT sealed_handle FROM attachments")
    assert lies[0]
    assert HANDLE.encode() not in lies[0]


def test_kept_with_their_note_they_are_what_it_lists(store: Store, trial: Trial, pins: Pins) -> None:
    listed = store.run_now(lambda tx: [seal(tx, pins, 1, b"one"), seal(tx, pins, 2, b"two")])
    store.run_now(lambda tx: attachments.keep(tx, note_id(1), (1, 2)))
    found = read(trial, {"attachments": listed})
    assert [(one.content, one.problem, one.ending) for one in found] == [(b"one", "", "jpg"), (b"two", "", "jpg")]
    assert store.run_now(lambda tx: tx.db.scalars(select(rows.c.address_ref)).all()) == [None, None]


def test_a_note_is_not_kept_with_less_than_it_lists(store: Store, pins: Pins) -> None:
    store.run_now(lambda tx: seal(tx, pins, 1, b"one"))
    store.run_now(lambda tx: want(tx, 2))
    for numbers in ((1, 2), (1, 3)):
        with pytest.raises(Unknown):
            store.run_now(lambda tx, numbers=numbers: attachments.keep(tx, note_id(1), numbers))  # type: ignore[misc]
    assert store.run_now(states) == {1: "sealed", 2: "wanted"}, "the whole turn is undone"


def test_it_is_sealed_once_and_only_where_it_is_wanted(store: Store, pins: Pins) -> None:
    store.run_now(lambda tx: seal(tx, pins, 1, b"one"))
    with pytest.raises(Unknown):
        store.run_now(lambda tx: attachments.seal(tx, pins, wanted(1), b"another", at=NOON))
    with pytest.raises(Unknown):
        store.run_now(lambda tx: attachments.seal(tx, pins, wanted(2), b"another", at=NOON))
    store.run_now(lambda tx: attachments.forget(tx, wanted(1)))
    assert store.run_now(states) == {1: "sealed"}, "what is sealed is not forgotten"


def test_a_desk_with_nobody_left_seals_nothing(installation: Installation, store: Store, pins: Pins) -> None:
    store.run_now(lambda tx: want(tx, 1))
    (installation.folder / "desks" / f"{AGENCY}.json").unlink()
    with pytest.raises(NoRecipients):
        store.run_now(lambda tx: attachments.seal(tx, pins, wanted(1), b"one", at=NOON))
    assert store.run_now(states) == {1: "wanted"}


def test_a_desk_that_changes_before_the_note_is_logged_changes_nothing_for_them(
    store: Store, trial: Trial, pins: Pins
) -> None:
    """Sealed to the desk of the moment: a reader of that desk opens them, one who came later does not."""
    listed = [store.run_now(lambda tx: seal(tx, pins, 1, b"one"))]
    admin = keyfile.read(trial.folder / "safe" / "admin.key").key
    assert isinstance(admin, SigningKey)
    store.run_now(lambda tx: publish(tx, pins, AGENCY, admin, version=2))
    listed.append(store.run_now(lambda tx: seal(tx, pins, 2, b"two")))
    store.run_now(lambda tx: attachments.keep(tx, note_id(1), (1, 2)))
    assert [one.problem for one in read(trial, {"attachments": listed})] == ["", "recipient"]


@pytest.mark.parametrize("kept", [False, True])
def test_dropping_takes_drafts_or_what_is_kept(store: Store, pins: Pins, kept: bool) -> None:
    store.run_now(lambda tx: seal(tx, pins, 1, b"one"))
    store.run_now(lambda tx: attachments.keep(tx, note_id(1), (1,)))
    store.run_now(lambda tx: want(tx, 2))
    store.run_now(lambda tx: seal(tx, pins, 3, b"three"))
    store.run_now(lambda tx: attachments.drop(tx, note_id(1), kept=kept))
    assert store.run_now(states) == ({2: "wanted", 3: "sealed"} if kept else {1: "kept"})


# ---------------------------------------------------------------- noticed when opened


def test_missing_swapped_and_unlisted_ones_are_noticed(store: Store, trial: Trial, pins: Pins) -> None:
    listed = store.run_now(lambda tx: [seal(tx, pins, number, b"%d" % number) for number in (1, 2, 3)])
    store.run_now(lambda tx: attachments.keep(tx, note_id(1), (1, 2, 3)))
    body: dict[str, Any] = {"attachments": listed[:2]}
    assert [(one.number, one.problem) for one in read(trial, body)] == [(1, ""), (2, ""), (3, "unlisted")]

    def move(tx: Transaction) -> None:
        tx.db.execute(rows.delete().where(rows.c.number == 2))
        tx.db.execute(update(rows).where(rows.c.number == 3).values(number=2))

    store.run_now(move)
    assert [(one.number, one.problem, one.content) for one in read(trial, {"attachments": listed})] == [
        (1, "", b"1"),
        (2, "header", b""),
        (3, "missing", b""),
    ]


def test_another_one_sealed_for_the_same_place_is_noticed(store: Store, trial: Trial, pins: Pins) -> None:
    """The server itself could seal another picture for the place; the note's digest tells them apart."""
    listed = store.run_now(lambda tx: seal(tx, pins, 1, b"one"))

    def replaced(tx: Transaction) -> None:
        tx.db.execute(rows.delete())
        seal(tx, pins, 1, b"two")
        attachments.keep(tx, note_id(1), (1,))

    store.run_now(replaced)
    assert [one.problem for one in read(trial, {"attachments": [listed]})] == ["swapped"]


@pytest.mark.parametrize(
    "body",
    [
        [],
        "x",
        {"attachments": 3},
        {"attachments": [{}]},
        {"attachments": [{"number": 0, "kind": "photo", "media_type": "image/jpeg", "size": 1, "digest": ""}]},
        {"attachments": [{"number": True, "kind": "photo", "media_type": "image/jpeg", "size": 1, "digest": ""}]},
        {"attachments": [{"number": 1, "kind": "photo", "media_type": "image/jpeg", "size": 1, "digest": ""}] * 2},
    ],
)
def test_a_list_that_is_none_leaves_what_is_there_unlisted(store: Store, trial: Trial, pins: Pins, body: Any) -> None:
    store.run_now(lambda tx: seal(tx, pins, 1, b"one"))
    store.run_now(lambda tx: attachments.keep(tx, note_id(1), (1,)))
    assert [one.problem for one in read(trial, body)] == ["unlisted"]


def test_undoing_a_note_takes_them_and_leaves_those_of_others(
    installation: Installation, store: Store, pins: Pins, officer: bytes
) -> None:
    def kept(tx: Transaction, note: int) -> None:
        listed = [seal(tx, pins, 1, b"one", note)]
        body = {"attachments": listed}
        notes.keep(tx, pins, note_id=note_id(note), agency=AGENCY, author_ref=officer, body=body, case_code="",
                   flag_level=0, amends="", at=NOON, undo=UNDO)  # fmt: skip
        attachments.keep(tx, note_id(note), (1,))

    store.run_now(lambda tx: [kept(tx, 1), kept(tx, 2)])
    store.run_now(lambda tx: notes.withdraw(tx, note_id(1), officer))
    left = store.run_now(lambda tx: tx.db.scalars(select(rows.c.note_id)).all())
    assert left == [bytes.fromhex(note_id(2))]


def test_no_repr_shows_content_or_handle() -> None:
    shown = repr((wanted(1), Attached(1, "photo", "image/jpeg", 3, b"quartz")))
    assert "quartz" not in shown


def test_names_of_files_end_as_their_kind_does() -> None:
    endings = [Attached(1, "x", kind, 1).ending for kind in ("image/jpeg", "audio/ogg", "../../x")]
    assert endings == ["jpg", "ogg", "bin"]
    assert Path(f"K7QF-3M2D-1.{endings[2]}").name == "K7QF-3M2D-1.bin"
