"""An agency is found by its slug; its desk counts only while its pinned admin vouches for it."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from storage_site import NOON, OTHER_AGENCY, add_agency, publish

from bot.trial import AGENCY
from storage import agencies
from storage.errors import BadInstallation, Unknown
from storage.pins import Pin, Pins
from storage.schema import desks
from storage.sealing.signing import SigningKey
from storage.store import Store
from storage.transaction import Transaction


def in_force(store: Store, pins: Pins, slug: str = AGENCY, at_day: int = 0) -> bool:
    at = NOON + timedelta(days=at_day)
    return store.run_now(lambda tx: agencies.desk(tx, slug, pins, at)) is not None


def test_an_agency_is_found_by_slug_and_by_ref(store: Store, agency_ref: bytes) -> None:
    by_slug = store.run_now(lambda tx: agencies.by_slug(tx, AGENCY))
    assert by_slug == store.run_now(lambda tx: agencies.by_ref(tx, agency_ref))
    assert (by_slug.ref, by_slug.slug) == (agency_ref, AGENCY)
    assert by_slug.profile["zone"] == "Europe/Paris"


def test_an_unknown_agency_is_unknown(store: Store) -> None:
    for find in (lambda tx: agencies.by_slug(tx, "nowhere"), lambda tx: agencies.by_ref(tx, bytes(16))):
        with pytest.raises(Unknown):
            store.run_now(find)


def test_a_slug_is_given_once(store: Store) -> None:
    store.run_now(add_agency)
    with pytest.raises(BadInstallation, match=OTHER_AGENCY):
        store.run_now(add_agency)
    assert sorted(row.slug for row in store.run_now(agencies.every)) == [AGENCY, OTHER_AGENCY]


def test_dialogues_see_the_profile(store: Store) -> None:
    seen = agencies.view(store.run_now(lambda tx: agencies.by_slug(tx, AGENCY)), ready=True)
    assert (seen.slug, str(seen.zone), seen.case_pattern, seen.ready) == (AGENCY, "Europe/Paris", "AA-9999-c", True)


def test_an_agency_without_a_desk_has_none(store: Store, pins: Pins) -> None:
    store.run_now(add_agency)
    assert not in_force(store, pins, OTHER_AGENCY)
    assert store.run_now(lambda tx: agencies.stored_desk(tx, OTHER_AGENCY)) is None


def test_a_desk_of_an_unknown_agency_is_not_published(store: Store, pins: Pins) -> None:
    with pytest.raises(Unknown):
        store.run_now(lambda tx: publish(tx, pins, "nowhere", SigningKey.generate()))


def test_a_new_desk_takes_the_place_of_the_old_and_tells_caches(store: Store, pins: Pins) -> None:
    admin = SigningKey.generate()
    store.run_now(add_agency)
    store.run_now(lambda tx: publish(tx, pins, OTHER_AGENCY, admin))
    before = store.run_now(lambda tx: agencies.by_slug(tx, OTHER_AGENCY)).version
    store.run_now(lambda tx: publish(tx, pins, OTHER_AGENCY, admin, version=2))
    desk = store.run_now(lambda tx: agencies.desk(tx, OTHER_AGENCY, pins, NOON))
    assert desk is not None
    assert desk.version == 2
    assert store.run_now(lambda tx: agencies.by_slug(tx, OTHER_AGENCY)).version == before + 1
    assert store.run_now(lambda tx: len(tx.db.execute(select(desks)).all())) == 2


def changed(tx: Transaction, change: Callable[[bytes], bytes], column: str) -> None:
    row = tx.db.execute(select(desks)).one()
    tx.db.execute(update(desks).values({column: change(getattr(row, column))}))


CHANGES: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("manifest", lambda raw: raw.replace(b"Coordinator", b"coordinator")),
    ("manifest", lambda raw: raw + b" "),
    ("manifest", lambda _: b""),
    ("manifest", lambda _: b"{}"),
    ("signature", lambda raw: bytes([raw[0] ^ 1]) + raw[1:]),
    ("signature", lambda _: b""),
]


@pytest.mark.parametrize(("column", "change"), CHANGES, ids=range(len(CHANGES)))
def test_a_desk_changed_in_the_database_is_none(store: Store, pins: Pins, column: str, change: Any) -> None:
    assert in_force(store, pins)
    store.run_now(lambda tx: changed(tx, change, column))
    assert not in_force(store, pins)


def test_a_desk_signed_by_another_admin_is_none(store: Store, pins: Pins, tmp_path: Any) -> None:
    """Whoever can write to the database alone diverts no note."""
    stranger = Pins(tmp_path / "strangers-desks")
    store.run_now(lambda tx: publish(tx, stranger, AGENCY, SigningKey.generate(), version=2))
    assert not in_force(store, pins)


def test_a_desk_older_than_its_pin_is_none(store: Store, pins: Pins) -> None:
    pin = pins.of(AGENCY)
    assert pin is not None
    pins.set(AGENCY, Pin(pin.admin, 2))
    assert not in_force(store, pins)


def test_a_desk_without_a_pin_is_none(store: Store, pins: Pins, installation: Any) -> None:
    os.unlink(installation.folder / "desks" / f"{AGENCY}.json")
    assert not in_force(store, pins)


def test_a_desk_in_another_agencys_place_is_none(store: Store, pins: Pins) -> None:
    """One admin may sign for two agencies; that does not make their desks each other's."""
    admin = SigningKey.generate()
    for slug in (OTHER_AGENCY, "eastgate"):
        store.run_now(lambda tx, slug=slug: add_agency(tx, slug))  # type: ignore[misc]  # mypy: lambda defaults
        store.run_now(lambda tx, slug=slug: publish(tx, pins, slug, admin))  # type: ignore[misc]
    assert in_force(store, pins, "eastgate")

    def swap(tx: Transaction) -> None:
        other = tx.db.execute(select(desks).where(desks.c.agency_ref == tx.keyring.agency_ref(OTHER_AGENCY))).one()
        tx.db.execute(
            update(desks)
            .where(desks.c.agency_ref == tx.keyring.agency_ref("eastgate"))
            .values(manifest=other.manifest, signature=other.signature)
        )

    store.run_now(swap)
    assert not in_force(store, pins, "eastgate")
    assert in_force(store, pins, OTHER_AGENCY)


def test_a_desk_runs_out_with_its_last_key(store: Store, pins: Pins) -> None:
    store.run_now(add_agency)
    last_day = (NOON + timedelta(days=7)).date()
    store.run_now(lambda tx: publish(tx, pins, OTHER_AGENCY, SigningKey.generate(), not_after=last_day))
    assert in_force(store, pins, OTHER_AGENCY, at_day=7)
    assert not in_force(store, pins, OTHER_AGENCY, at_day=8)
