"""Sealed notes come in: kept once, held against session and desk, and nothing of them in clear anywhere."""

import asyncio
import os
from datetime import timedelta
from typing import Any

import pytest
from page_site import Page, publish, ref_of, served
from storage_site import past_the_walls

from bot.trial import AGENCY
from dialogues.reference import reference
from storage import agencies, cases, notes, outbox, page_notes, page_quota
from storage.opened import open_reference
from storage.sealing import base64url, record
from storage.sealing.attachment import Place
from storage.sealing.desk import Recipient
from storage.sealing.header import Header, hour_of
from storage.sealing.opening_attachment import open_attachment
from storage.sealing.seal import seal
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import DEFAULT_SUITE, SuiteId, generate

HOUR = timedelta(hours=1)


async def put(page: Page, author: Any, made: tuple[str, dict[str, Any]]) -> tuple[int, Any]:
    id, note = made
    return await author.ask("PUT", f"/api/notes/{id}", note)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- once


async def test_the_same_note_sent_again_changes_nothing_and_has_the_same_receipt(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    made = author.sealed(flag_level=1)
    first, second = await put(page, author, made), await put(page, author, made)

    assert (first[0], second[0]) == (201, 200)
    assert second[1] == {**first[1], "already_kept": True}
    assert len(page.site.rows("notes", "id")) == len(page.site.rows("flags", "note_id")) == 1
    kept = [action for (action,) in page.site.rows("audit", "action") if action == "note.kept"]
    assert len(kept) == 1


async def test_of_eight_at_once_one_keeps_it(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    made = author.sealed(flag_level=2)
    said = await asyncio.gather(*(put(page, author, made) for _ in range(8)))

    assert sorted(status for status, _ in said) == [*[200] * 7, 201]
    assert len({kept["receipt"]["reference"] for _, kept in said}) == 1
    told = page.site.within(
        lambda tx: [one.say.text for one in outbox.waiting(tx) if one.chat == "officer" and one.say]
    )
    assert len([text for text in told if "Logged and sealed in the browser" in text]) == 1


async def test_another_text_under_the_same_id_is_refused_and_so_is_another_authors(page: Page, officer: bytes) -> None:
    author, other = await page.author(officer), await page.author(ref_of(page.site, "mentor"))
    id = os.urandom(16)
    assert (await put(page, author, author.sealed("One.", note_id=id)))[0] == 201
    for status, refused in (
        await put(page, author, author.sealed("Two.", note_id=id)),
        await put(page, other, other.sealed("Three.", note_id=id)),
    ):
        assert (status, refused["code"]) == (409, "other-note")


async def test_a_reference_that_is_taken_is_said(page: Page, officer: bytes) -> None:
    author, id = await page.author(officer), os.urandom(16)
    twin = id[:15] + bytes([id[15] ^ 1])
    assert reference(id.hex()) == reference(twin.hex())
    await author.writes(note_id=id)
    status, refused = await put(page, author, author.sealed(note_id=twin))

    assert (status, refused["code"]) == (409, "reference")


async def test_a_withdrawn_note_does_not_come_back(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    id, note = author.sealed(flag_level=2)
    assert (await put(page, author, (id, note)))[1]["receipt"]["undo_until"] == "2026-11-23T12:02:00Z"
    status, receipt = await author.post(f"/api/notes/{id}/withdraw")
    assert (status, receipt["state"], receipt["flag_state"]) == (200, "withdrawn", "withdrawn")
    status, refused = await put(page, author, (id, note))
    assert (status, refused["code"]) == (410, "withdrawn")


async def test_a_note_is_undone_for_two_minutes_and_by_its_author_alone(page: Page, officer: bytes) -> None:
    author, other = await page.author(officer), await page.author(ref_of(page.site, "mentor"))
    id = await author.writes()
    assert (await other.post(f"/api/notes/{id}/withdraw"))[1]["code"] == "unknown"
    page.site.within(lambda tx: notes.release(tx, id))
    assert (await author.post(f"/api/notes/{id}/withdraw"))[1]["code"] == "unknown"


# ---------------------------------------------------------------- what is refused


BAD_HEADERS: dict[str, dict[str, Any]] = {
    "another agency": {"agency_ref": bytes(16)},
    "another note": {"note_id": bytes(16)},
    "another author": {"author_ref": bytes(16)},
    "another schema": {"schema_version": 2},
    "the chat's": {"channel": "chat"},
}


@pytest.mark.parametrize("why", BAD_HEADERS)
async def test_t16_a_note_sealed_for_another_place_is_refused(page: Page, officer: bytes, why: str) -> None:
    author = await page.author(officer)
    id, _ = author.sealed()
    _, note = author.sealed(**{"note_id": bytes.fromhex(id), **BAD_HEADERS[why]})
    if why == "another note":
        _, note = author.sealed(note_id=bytes(16))
    status, refused = await author.ask("PUT", f"/api/notes/{id}", note)

    assert (status, refused["code"]) == (400, "header")


@pytest.mark.parametrize(("ago", "status"), [(13 * 24 * HOUR, 201), (15 * 24 * HOUR, 400), (-2 * HOUR, 400)])
async def test_a_note_may_wait_two_weeks_on_a_device(page: Page, officer: bytes, ago: timedelta, status: int) -> None:
    author = await page.author(officer)

    assert (await put(page, author, author.sealed(hour=hour_of(page.site.clock() - ago))))[0] == status


async def test_what_is_no_envelope_is_refused(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    id, note = author.sealed()
    whole = base64url.decode(note["envelope"])
    for bad in (b"x", whole[:-1], whole + b"x", b"INE2" + whole[4:], whole[:4] + b"\x03" + whole[5:]):
        status, refused = await author.ask("PUT", f"/api/notes/{id}", {**note, "envelope": base64url.encode(bad)})
        assert (status, refused["code"]) == (400, "envelope")


async def test_recipients_are_exactly_those_of_the_desk_in_force(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    keys = author.manifest().sealing_keys(page.site.clock().date())
    stranger = generate(DEFAULT_SUITE).public
    for wrong in (keys[:-1], keys[1:], (*keys, stranger), (stranger,)):
        status, refused = await put(page, author, author.sealed(keys=wrong))
        assert (status, refused["code"]) == (400, "recipients")
    assert page.site.rows("notes", "id") == []


async def test_a_note_sealed_to_the_desk_before_is_kept_for_those_who_are_left(page: Page, officer: bytes) -> None:
    author, key = await page.author(officer), page.coordinator_key
    other = generate(DEFAULT_SUITE)
    id, note = author.sealed("Sealed before the desk changed.", flag_level=1)
    gone = next(one for one in author.manifest().recipients if one.role == "case-system")
    publish(page.site, Recipient(other.public, "coordinator", "Other"), drop=(gone.key.kid,))
    status, kept = await put(page, author, (id, note))

    assert (status, kept["recipients_dropped"], kept["recipients_missing"]) == (201, 1, 1)
    reader = await page.browser().by_key(key)
    assert await reader.texts(id, key) == ["Sealed before the desk changed."]
    status, given = await reader.post(f"/api/notes/{id}/open")

    kids = record.parse(base64url.decode(given["notes"][0]["record"])).envelope.kids
    assert gone.key.kid not in kids


async def test_a_note_that_only_those_who_left_could_read_is_refused(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    made = author.sealed()
    readers = [one for one in author.manifest().recipients if one.role != "recovery"]
    publish(
        page.site,
        Recipient(generate(DEFAULT_SUITE).public, "coordinator", "Other"),
        drop=tuple(one.key.kid for one in readers),
    )
    status, refused = await put(page, author, made)

    assert (status, refused["code"]) == (400, "recipients")


async def test_a_desk_that_the_server_does_not_know_yet_is_waited_for(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    status, refused = await put(page, author, author.sealed(desk_version=2))

    assert (status, refused["code"]) == (409, "desk-newer")


async def test_t18_a_suite_that_the_desk_does_not_allow_is_refused(page: Page, officer: bytes) -> None:

    author, id = await page.author(officer), os.urandom(16)
    manifest = author.manifest()
    header = Header(manifest.agency_ref, id, officer, 0, hour_of(page.site.clock()), 1, "page")
    weaker = seal(b"{}", header, [generate(SuiteId.X25519).public], SuiteId.X25519)
    _, note = author.sealed()
    status, refused = await put(page, author, (id.hex(), {**note, "envelope": base64url.encode(weaker)}))

    assert (status, refused["code"]) == (400, "suite")


async def test_t38_a_desk_that_was_changed_in_the_database_stops_notes(page: Page, officer: bytes) -> None:

    author = await page.author(officer)
    made = author.sealed()
    past_the_walls(page.site.trial.installation, "UPDATE desks SET signature = :other", other=bytes(64))
    past_the_walls(page.site.trial.installation, "UPDATE agencies SET version = version + 1")
    status, refused = await put(page, author, made)

    assert (status, refused["code"]) == (409, "no-desk")
    assert (await author.get("/api/session"))[1]["agencies"][0]["desk"] is None


# ---------------------------------------------------------------- amendments, cases, attachments


async def test_an_amendment_is_its_authors_and_comes_behind_its_note(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    author, other = await page.author(officer), await page.author(ref_of(page.site, "mentor"))
    first = await author.writes("First.", flag_level=2)
    status, refused = await put(page, other, other.sealed("Not mine.", amends=first))
    assert (status, refused["code"]) == (404, "unknown")
    page.later(HOUR)
    author = await page.author(officer)
    second = await author.writes("And then.", amends=first)
    status, refused = await put(page, author, author.sealed("Too deep.", amends=second))
    assert (status, refused["code"]) == (404, "unknown")

    reader = await page.reader(coordinator)
    assert await reader.texts(second, page.coordinator_key) == ["First.", "And then."]
    assert (await reader.get("/api/notes"))[1]["notes"][0]["amendments"] == 1


async def test_a_case_is_named_by_a_handle_of_ones_own_alone(page: Page, officer: bytes) -> None:
    site = page.site
    ref = site.within(lambda tx: agencies.by_slug(tx, AGENCY).ref)
    site.within(lambda tx: cases.assign(tx, ref, "AB-1234-P", officer, at=site.clock()))
    author = await page.author(officer)
    mine = author.agency()["cases"]
    assert [one["code"] for one in mine] == ["AB-1234-P"]
    await author.writes(case=mine[0]["handle"])
    tag = site.within(lambda tx: tx.keyring.case_tag(ref, "AB-1234-P"))
    assert site.rows("notes", "case_tag") == [(tag,)]
    other = site.within(lambda tx: tx.keyring.case_tag(ref, "AB-9999-X"))
    assert other is not None
    status, refused = await put(page, author, author.sealed(case=other.hex()))
    assert (status, refused["code"]) == (404, "unknown")


async def test_attachments_come_first_go_with_their_note_and_open(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    author, id = await page.author(officer), os.urandom(16).hex()
    photo = author.sealed_attachment(id, 1, b"\xff\xd8 a gate")
    path = f"/api/notes/{id}/attachments/1"
    assert (await author.ask("PUT", path, photo))[0] == 201
    assert (await author.ask("PUT", path, photo))[0] == 200
    unwanted = author.sealed_attachment(id, 2, b"\xff\xd8 another")
    assert (await author.ask("PUT", f"/api/notes/{id}/attachments/2", unwanted))[0] == 201
    status, refused = await author.ask("PUT", path, author.sealed_attachment(id, 1, b"other"))
    assert (status, refused["code"]) == (409, "other-note")
    await author.writes(note_id=bytes.fromhex(id), attachments=[1], flag_level=1)
    assert page.site.rows("attachments", "number, state") == [(1, "kept")]
    assert page.site.rows("page_uploads") == []

    reader = await page.reader(coordinator)
    status, given = await reader.post(f"/api/notes/{id}/open")
    (thing,) = given["notes"][0]["attachments"]
    status, sealed = await reader.post(path, {"ticket": thing["ticket"]})
    assert (status, len(sealed)) == (200, thing["size"])

    place = Place(author.manifest().agency_ref, bytes.fromhex(id), 1)
    trusted = [VerifyKey(base64url.decode(one)) for one in given["server_keys"]]
    opened = open_attachment(sealed, page.coordinator_key, place=place, ingest_public_keys=trusted)
    assert opened.content == b"\xff\xd8 a gate"


async def test_a_note_whose_attachment_is_missing_is_not_kept(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    status, refused = await put(page, author, author.sealed(attachments=[1]))

    assert (status, refused["code"]) == (409, "uploads")
    assert page.site.rows("notes", "id") == []


async def test_attachments_of_another_or_for_another_place_are_refused(page: Page, officer: bytes) -> None:
    author, other = await page.author(officer), await page.author(ref_of(page.site, "mentor"))
    id = os.urandom(16).hex()
    path = f"/api/notes/{id}/attachments/1"
    assert (await author.ask("PUT", path, author.sealed_attachment(id, 1, b"x")))[0] == 201
    for browser, envelope, code in (
        (other, other.sealed_attachment(id, 1, b"y"), "other-note"),
        (author, author.sealed_attachment(id, 2, b"y"), "header"),
        (author, b"nonsense", "envelope"),
    ):
        assert (await browser.ask("PUT", path, envelope))[1]["code"] == code
    status, refused = await put(page, other, other.sealed(note_id=bytes.fromhex(id), attachments=[1]))
    assert (status, refused["code"]) == (409, "uploads")


async def test_attachments_that_no_note_follows_are_gone_after_a_day(page: Page, officer: bytes) -> None:
    author, id = await page.author(officer), os.urandom(16).hex()
    await author.ask("PUT", f"/api/notes/{id}/attachments/1", author.sealed_attachment(id, 1, b"x"))
    page.later(23 * HOUR)
    assert page.site.within(lambda tx: page_notes.sweep(tx, at=page.site.clock())) == 0
    page.later(HOUR)
    assert page.site.within(lambda tx: page_notes.sweep(tx, at=page.site.clock())) == 1
    assert page.site.rows("attachments", "number") == []


async def test_an_agency_without_media_takes_none(page: Page, officer: bytes) -> None:
    page.site.within(lambda tx: agencies.change(tx, AGENCY, {"media": False}))
    author, id = await page.author(officer), os.urandom(16).hex()
    status, refused = await author.ask("PUT", f"/api/notes/{id}/attachments/1", author.sealed_attachment(id, 1, b"x"))

    assert (status, refused["code"]) == (403, "role")


# ---------------------------------------------------------------- beside the chat


async def test_a_note_of_the_page_opens_on_the_command_line_and_says_where_it_was_sealed(
    page: Page, officer: bytes
) -> None:
    author = await page.author(officer)
    id = await author.writes("Sealed in the browser.")
    site, key = page.site, page.coordinator_key
    store = site.trial.installation.store(reads_notes=True)
    ingest = (site.trial.installation.keyring().ingest.public,)
    try:
        (one,) = store.run_now(
            lambda tx: open_reference(tx, reference(id), key, ingest, at=site.clock(), reason="handling")
        )
    finally:
        store.close()

    assert one.body["parts"] == {"seen": "Sealed in the browser."}
    assert site.rows("notes", "channel") == [("page",)]


async def test_notes_of_a_day_are_counted_for_all_processes_and_one_that_comes_again_is_not(
    page: Page, officer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_quota, "OF_PERSON", 2)
    author = await page.author(officer)
    notes_made = [author.sealed() for _ in range(3)]
    said = [await put(page, author, made) for made in (*notes_made[:2], notes_made[0], notes_made[1], notes_made[2])]

    assert [status for status, _ in said] == [201, 201, 200, 200, 429]
    assert said[-1][1]["code"] == "day-full"
    assert said[-1][1]["retry_after_s"] == 12 * 3_600  # it is noon
    assert len(page.site.rows("notes", "id")) == 2
    async with served(page.site) as other:  # a second process, or the first one after a restart
        again = await other.author(officer)
        assert (await put(other, again, notes_made[2]))[1]["code"] == "day-full"
        page.later(timedelta(hours=12))
        assert (await put(other, await other.author(officer), notes_made[2]))[0] == 201


async def test_notes_to_an_agency_are_counted_whoever_writes_them(
    page: Page, officer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_quota, "OF_AGENCY", 2)
    mine, other = await page.author(officer), await page.author(ref_of(page.site, "mentor"))

    said = [await put(page, one, one.sealed()) for one in (mine, other, other)]

    assert [(status, told.get("code")) for status, told in said] == [(201, None), (201, None), (429, "day-full")]
    page.later(timedelta(days=2))
    page.site.within(lambda tx: page_quota.sweep(tx, at=page.site.clock()))
    assert page.site.rows("page_counts") == []


async def test_attachments_that_wait_for_their_notes_are_limited(page: Page, officer: bytes) -> None:
    author, id = await page.author(officer), os.urandom(16).hex()

    async def upload(note_id: str, number: int) -> int:
        envelope = author.sealed_attachment(note_id, number, b"x")
        status, _ = await author.ask("PUT", f"/api/notes/{note_id}/attachments/{number}", envelope)
        return int(status)

    assert [await upload(id, number) for number in range(1, 12)] == [*[201] * 10, 429]
    assert [await upload(os.urandom(16).hex(), 1) for _ in range(8)] == [*[201] * 7, 429]
