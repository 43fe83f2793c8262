"""A version of the guide stays as long as somebody walks it."""

from dataclasses import replace

from sqlalchemy import select
from storage_site import CASE, NOON

from bot.wiring import voices
from guidance.model import Content
from storage import guide_versions, walks
from storage.schema import guide_versions as rows
from storage.store import Store

CONTENT = voices()["en"].content


def version(number: int, purpose: str = "") -> Content:
    steps = dict(CONTENT.steps)
    if purpose:
        steps["S01"] = replace(steps["S01"], purpose=purpose)
    return replace(CONTENT, guide=replace(CONTENT.guide, version=number), steps=steps)


def walk(store: Store, person: bytes, agency_ref: bytes, number: int) -> None:
    store.run_now(
        lambda tx: walks.keep(
            tx,
            walk_id="cd" * 16,
            person_ref=person,
            agency_ref=agency_ref,
            guide_version=number,
            progress="{}",
            case_code=CASE,
            at=NOON,
        )
    )


def test_a_walked_version_comes_back_as_it_was(store: Store, officer: bytes, agency_ref: bytes) -> None:
    store.run_now(lambda tx: guide_versions.keep(tx, version(1, "As it was.")))
    walk(store, officer, agency_ref, 1)
    newer = version(2)
    store.run_now(lambda tx: guide_versions.keep(tx, newer))
    found = store.run_now(lambda tx: guide_versions.older(tx, newer))
    assert list(found) == [1]
    assert found[1] == version(1, "As it was.").version()


def test_the_version_in_use_is_no_older_one_and_its_newest_texts_count(store: Store) -> None:
    store.run_now(lambda tx: guide_versions.keep(tx, version(3, "First.")))
    store.run_now(lambda tx: guide_versions.keep(tx, version(3, "Mended.")))
    assert store.run_now(lambda tx: guide_versions.older(tx, version(3))) == {}
    body = store.run_now(lambda tx: tx.db.scalars(select(rows.c.body)).one())
    assert b"Mended." in body


def test_a_version_that_nobody_walks_goes(store: Store, officer: bytes, agency_ref: bytes) -> None:
    for number in (1, 2):
        store.run_now(lambda tx, number=number: guide_versions.keep(tx, version(number)))
    walk(store, officer, agency_ref, 2)
    now = version(3)
    store.run_now(lambda tx: guide_versions.keep(tx, now))
    assert list(store.run_now(lambda tx: guide_versions.older(tx, now))) == [2]
    walk(store, officer, agency_ref, 3)
    assert store.run_now(lambda tx: guide_versions.older(tx, now)) == {}
    left = store.run_now(lambda tx: tx.db.scalars(select(rows.c.version)).all())
    assert left == [3]
