"""A new master key: everything opens as before, nothing with the old, whenever it is interrupted."""

from pathlib import Path

import pytest
from sqlalchemy import select
from storage_site import NOON, past_the_walls

from bot.installation import Installation
from bot.trial import AGENCY
from dialogues.model import Say
from storage import cases, conversations, keyset, lock, outbox, people, plans, rotation, traces, walks
from storage.custody import FileKeys
from storage.errors import BadInstallation, Busy, Unreadable
from storage.keyring import MASTER_FILE, Keyring
from storage.reseal import COLUMNS, FOR_GOOD, after
from storage.schema import metadata
from storage.store import Store
from storage.transaction import Transaction

CHAT = "4711"


@pytest.fixture
def full(installation: Installation, store: Store, officer: bytes, agency_ref: bytes) -> Installation:
    """Something in every sealed column; nobody uses it."""

    def turn(tx: Transaction) -> None:
        address = people.reach_at(tx, officer, "telegram", CHAT)
        talk = conversations.load(tx, address)
        assert talk is not None
        conversations.move_on(tx, talk, state=b'["state"]', question=1, at=NOON)
        conversations.show(tx, address, 1, "77")
        traces.leave(tx, address, "ab" * 16, "78", at=NOON)
        outbox.put(tx, "telegram", CHAT, [Say(f"said {number}") for number in range(1_100)], at=NOON)
        plans.keep(
            tx,
            plan_id="ef" * 16,
            person_ref=officer,
            agency_ref=agency_ref,
            body="{}",
            case_code="AA-1234-c",
            remind_at=None,
            at=NOON,
        )
        cases.assign(tx, agency_ref, "AA-1234-c", officer, at=NOON)
        walks.keep(
            tx,
            walk_id="cd" * 16,
            person_ref=officer,
            agency_ref=agency_ref,
            guide_version=1,
            progress="{}",
            case_code="AA-1234-c",
            at=NOON,
        )

    store.run_now(turn)
    store.close()
    return installation


def everything(installation: Installation) -> list[object]:
    """What the installation knows, opened."""
    store = installation.store()

    def read(tx: Transaction) -> list[object]:
        address = tx.keyring.address_ref("telegram", CHAT)
        talk = conversations.load(tx, address)
        assert talk is not None
        return [
            talk.handle,
            talk.state,
            conversations.shown(tx, address),
            [one.message for one in traces.of(tx, address, "ab" * 16)],
            [one.say for one in outbox.waiting(tx)],
            [view.progress for view in walks.of_person(tx, talk.person_ref)],
            [one.code for one in cases.of_person(tx, talk.person_ref)],
            people.contact(tx, address),
        ]

    try:
        return store.run_now(read)
    finally:
        store.close()


def columns(installation: Installation) -> set[bytes]:
    """All sealed columns as they lie there."""
    found = set()
    for one in COLUMNS:
        query = f"SELECT {one.column} FROM {one.table.name} WHERE {one.column} IS NOT NULL"
        found |= {row[0] for row in past_the_walls(installation, query)}
    return found


def rotate(installation: Installation) -> int:
    return rotation.rotate(installation.folder)


def test_every_sealed_column_is_on_the_list() -> None:
    sealed = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.c
        if column.name.startswith("sealed_")
    }
    assert {(one.table.name, one.column) for one in COLUMNS} | set(FOR_GOOD) == sealed


def test_all_is_readable_as_before_and_nothing_lies_there_as_before(full: Installation) -> None:
    before, was = everything(full), columns(full)
    heard: list[int] = []
    count = rotation.rotate(full.folder, progress=heard.append)
    assert everything(full) == before
    now = columns(full)
    assert not was & now
    assert count == len(now) == heard[-1]
    assert {column[:2] for column in now} == {full.keyring().mark}


def test_the_old_master_key_opens_nothing_any_more(full: Installation) -> None:
    keys = full.folder / "keys"
    old, was = (keys / MASTER_FILE).read_text(), Keyring.load(keys)
    rotate(full)
    with pytest.raises(BadInstallation, match="another master key"):
        keyset.read(keys, bytes.fromhex(old.strip()))
    now = Keyring.load(keys)
    assert now.agency_ref(AGENCY) == was.agency_ref(AGENCY)
    assert now.ingest.public == was.ingest.public


def test_again_and_again(full: Installation) -> None:
    before = everything(full)
    counts = {rotate(full) for _ in range(3)}
    assert len(counts) == 1
    assert everything(full) == before


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", ["write 1", "replace 2", "reseal 1", "reseal 4", "reseal 9", "write 2"])
def test_killed_anywhere_it_works_and_another_run_finishes(
    full: Installation, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """``write 2`` dies before the second write of the keyset, ``replace 2`` before the master key is replaced."""
    before = everything(full)
    name, _, at = step.partition(" ")
    calls = 0

    def dying(real: object) -> object:
        def call(*arguments: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == int(at):
                raise Killed
            return real(*arguments, **named)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        module, attribute = {
            "write": (keyset, "write"),
            "replace": (keyset, "replace_file"),
            "reseal": (rotation, "reseal"),
        }[name]
        patch.setattr(module, attribute, dying(getattr(module, attribute)))
        with pytest.raises((Killed, Busy)):  # the writer thread says Busy of whatever ends it
            rotate(full)
    assert everything(full) == before
    rotate(full)
    assert everything(full) == before
    assert len(keyset.read(full.folder / "keys", FileKeys(full.folder / "keys").get("master")).boxes) == 1


def test_it_is_refused_while_somebody_uses_the_installation(full: Installation) -> None:
    store = full.store()
    with pytest.raises(BadInstallation, match="stop it first"):
        rotate(full)
    store.close()
    rotate(full)


def test_nobody_comes_in_while_keys_are_changed(full: Installation) -> None:
    with lock.alone(full.folder), pytest.raises(BadInstallation, match="try again"):
        full.store()
    full.store().close()


def test_a_column_that_does_not_open_stops_it_and_loses_nothing(full: Installation) -> None:
    past_the_walls(full, "UPDATE traces SET sealed_message = :bad", bad=b"\x02\x01" + bytes(60))
    with pytest.raises(Unreadable, match="trace"):
        rotate(full)
    store = full.store()
    assert len(store.run_now(lambda tx: tx.db.execute(select(walks.walks)).all())) == 1
    store.close()
    assert len(keyset.read(full.folder / "keys", FileKeys(full.folder / "keys").get("master")).boxes) == 2


@pytest.mark.parametrize(("start", "end"), [(b"\x02\x01", b"\x02\x02"), (b"\x02\xff", b"\x03\x00")])
def test_the_end_of_a_range_of_bytes(start: bytes, end: bytes) -> None:
    assert after(start) == end


def test_the_lock_is_the_owners_alone(full: Installation, tmp_path: Path) -> None:
    full.store().close()
    assert (full.folder / "lock").stat().st_mode & 0o777 == 0o600
