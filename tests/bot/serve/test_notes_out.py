"""Sealed notes go out: to the right keys alone, with a reason where one is needed, each with its entry."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import NOON, Site, at_desk
from page_site import Browser, Page, opening_key, publish, ref_of
from storage_site import add_agency
from storage_site import publish as publish_elsewhere

from bot.cli import main
from bot.trial import AGENCY
from storage import agencies, audit, cases, notes, outbox, timers
from storage.opened import words_of
from storage.sealing import base64url, keyfile
from storage.sealing.desk import Recipient
from storage.sealing.errors import NoteUnreadable
from storage.sealing.signing import SigningKey
from storage.sealing.suites import DEFAULT_SUITE, OpeningKey, generate
from storage.transaction import Transaction

MINUTE = timedelta(minutes=1)
CODE = "AB-1234-P"


def entries(site: Site, action: str) -> list[tuple[str, str, str, str]]:
    """(who, what kind of actor, reason, words) of an action, oldest first."""
    found = site.within(lambda tx: audit.listed(tx, at_most=200))
    return [
        (one.entry.actor.hex(), one.entry.actor_kind, one.reason, one.words)
        for one in found
        if one.entry.action == action
    ]


def opened_words(site: Site, key: OpeningKey) -> str:
    """The words of the last opening, with a key they may be sealed to."""
    last = [one for one in site.within(audit.listed) if one.entry.action == "note.opened"][-1]
    return words_of(last, key, [site.trial.installation.keyring().ingest.public])


async def of_a_case(page: Page, author_ref: bytes, text: str = "Of a case.", flag_level: int = 2) -> str:
    """A note of a case that its author works on; its id."""
    site = page.site

    def assign(tx: Transaction) -> None:
        cases.assign(tx, agencies.by_slug(tx, AGENCY).ref, CODE, author_ref, at=site.clock())

    site.within(assign)
    author = await page.author(author_ref)
    return await author.writes(text, flag_level=flag_level, case=author.agency()["cases"][0]["handle"])


async def opening(reader: Browser, note_id: str, **why: str) -> tuple[int, Any]:
    return await reader.post(f"/api/notes/{note_id}/open", why)


# ---------------------------------------------------------------- reasons


async def test_t33_without_a_reason_nothing_of_another_case_is_given_out(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    note_id = await of_a_case(page, officer)
    reader = await page.reader(coordinator)
    (row,) = (await reader.get("/api/notes"))[1]["notes"]
    assert row["needs_reason"] is True
    for why in ({}, {"reason": "handling"}, {"reason": "break-glass"}, {"reason": "break-glass", "words": "short"}):
        status, refused = await opening(reader, note_id, **why)
        assert (status, refused["code"], "notes" in refused) == (403, "reason", False)
    assert entries(page.site, "note.opened") == []

    why = {"reason": "break-glass", "words": "nobody of the case is on duty"}
    assert await reader.texts(note_id, page.coordinator_key, **why) == ["Of a case."]
    assert entries(page.site, "note.opened") == [(coordinator.hex(), "person", "break-glass", "")]
    assert opened_words(page.site, page.coordinator_key) == why["words"], "no supervisor has a key on this desk"
    assert page.site.within(lambda tx: timers.armed_until(tx, notes.READ, f"{note_id}.break-glass")) is not None


async def test_t33_supervisors_hear_of_it_and_not_why_in_words(page: Page, officer: bytes, coordinator: bytes) -> None:
    note_id = await of_a_case(page, officer, flag_level=0)
    reader = await page.reader(coordinator)
    await opening(reader, note_id, reason="break-glass", words="a secret canary of words")
    async with at_desk(page.site) as desk:
        await desk.app.timers.run_due()
        await desk.app.outbox.drained()
        heard = [say.text for say in desk.news("supervisor")]
    assert any("was opened" in text for text in heard)
    assert "canary" not in repr(heard)


async def test_t33_why_in_words_is_sealed_to_the_supervisors_of_the_desk(
    page: Page, officer: bytes, coordinator: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lead = OpeningKey(DEFAULT_SUITE, b"\x44" * 32)
    publish(page.site, Recipient(lead.public, "supervisor", "Supervisor"))
    note_id = await of_a_case(page, officer)
    reader = await page.reader(coordinator)
    await opening(reader, note_id, reason="break-glass", words="a canary of words, plovergranite")

    assert opened_words(page.site, lead) == "a canary of words, plovergranite"
    with pytest.raises(NoteUnreadable, match="recipient"):
        opened_words(page.site, page.coordinator_key)
    assert "plovergranite" not in repr(page.site.within(audit.listed))
    file = tmp_path / "lead.key"
    keyfile.write(file, keyfile.KeyFile(lead, "supervisor", "Supervisor", NOON.date(), demo=True))
    data, listing = ["--data", str(page.site.trial.installation.folder)], ["audit", "list", "--reasons"]
    assert main([*listing, *data]) == 0
    assert "words sealed to the supervisors" in capsys.readouterr().out
    assert main([*listing, *data, "--key", str(file)]) == 0
    assert "plovergranite" in capsys.readouterr().out
    assert main([*listing, *data, "--key", str(page.site.trial.coordinator_key)]) == 0
    assert "sealed to others than this key" in capsys.readouterr().out


async def test_a_reason_needs_a_fresh_answer_to_a_challenge(page: Page, officer: bytes, coordinator: bytes) -> None:
    reader = await page.reader(coordinator)
    note_id = await of_a_case(page, officer)
    page.later(6 * MINUTE)
    why = {"reason": "supervision"}
    status, refused = await opening(reader, note_id, **why)
    assert (status, refused["code"]) == (403, "step-up")
    assert entries(page.site, "note.opened") == []
    await reader.by_key(page.coordinator_key)
    assert (await opening(reader, note_id, **why))[0] == 200


async def test_who_works_on_the_case_or_took_the_flag_gives_no_reason(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    note_id = await of_a_case(page, officer)
    reader = await page.reader(coordinator)
    assert (await opening(reader, note_id))[0] == 403
    assert (await reader.post(f"/api/notes/{note_id}/take"))[0] == 200
    assert await reader.texts(note_id, page.coordinator_key) == ["Of a case."]
    (row,) = (await reader.get("/api/notes", params={"status": "mine"}))[1]["notes"]
    assert (row["needs_reason"], row["flag"]["mine"]) == (False, True)


async def test_t40_each_note_that_is_given_out_is_an_entry_and_so_is_each_list(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    author = await page.author(officer)
    first = await author.writes("First.", flag_level=1)
    await author.writes("Second.", amends=first)
    reader = await page.reader(coordinator)
    await reader.get("/api/notes")
    await opening(reader, first)

    assert len(entries(page.site, "note.opened")) == 2
    assert len(entries(page.site, "notes.listed")) == 1
    begun = entries(page.site, "session.begun")
    assert [(who, kind) for who, kind, _, _ in begun] == [
        (officer.hex(), "person"),
        *[(coordinator.hex(), "person")] * 3,
    ]
    assert entries(page.site, "key.linked") == [(coordinator.hex(), "person", "access", "")]


async def test_a_key_without_a_person_stands_in_the_log_by_its_id(page: Page, officer: bytes) -> None:
    note_id = await (await page.author(officer)).writes()
    reader = await page.browser().by_key(page.coordinator_key)
    await opening(reader, note_id)

    assert entries(page.site, "note.opened") == [(page.coordinator_key.kid.hex(), "key", "handling", "")]


# ---------------------------------------------------------------- whose


async def test_t34_notes_of_other_agencies_answer_as_those_that_are_not_there(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    site, elsewhere = page.site, generate(DEFAULT_SUITE)

    def other(tx: Transaction) -> None:
        add_agency(tx)
        publish_elsewhere(tx, site.trial.installation.pins, "southgate", SigningKey.generate())

    site.within(other)
    author = await page.author(officer)
    note_id = await author.writes(flag_level=3)
    theirs = await page.browser().by_key(page.coordinator_key)
    assert await theirs.references() == [(await author.get("/api/my/notes"))[1]["receipts"][0]["reference"]]
    assert (await theirs.get("/api/notes", params={"agency": "southgate"}))[1]["notes"] == []
    assert (await opening(theirs, os.urandom(16).hex()))[1]["code"] == "unknown"
    publish(site, Recipient(elsewhere.public, "coordinator", "Elsewhere"))
    site.within(lambda tx: agencies.change(tx, AGENCY, {"name": "Renamed"}))
    assert (await opening(await page.browser().by_key(elsewhere), note_id))[0] == 200


async def test_filters_order_and_pages(page: Page, officer: bytes, coordinator: bytes) -> None:
    page.later(MINUTE)  # a note without a flag is as old as its hour
    author = await page.author(officer)
    ids = {}
    for name, level in (("routine", 1), ("urgent", 3), ("today", 2), ("none", 0), ("late", 3)):
        ids[name] = await author.writes(name, flag_level=level)
        page.later(MINUTE)
    reader = await page.reader(coordinator)

    async def listed(**query: str) -> list[str]:
        names = {id: name for name, id in ids.items()}
        status, found = await reader.get("/api/notes", params=query)
        assert status == 200, found
        return [names[one["note_id"]] for one in found["notes"]]

    assert await listed() == ["urgent", "late", "today", "routine"]
    assert await listed(status="all", order="newest") == ["late", "today", "urgent", "routine", "none"]
    assert await listed(status="unflagged") == ["none"]
    assert await listed(urgency="urgent", order="newest") == ["late", "urgent"]
    await reader.post(f"/api/notes/{ids['urgent']}/take")
    assert await listed() == ["late", "today", "routine", "urgent"]
    assert await listed(status="open") == ["late", "today", "routine"]
    assert await listed(status="taken") == await listed(status="mine") == ["urgent"]
    await reader.post(f"/api/notes/{ids['urgent']}/close", {"outcome": "watching"})
    assert await listed(status="closed") == ["urgent"]
    assert await listed(limit="2") == ["late", "today"]
    assert (await reader.get("/api/notes", params={"limit": "2"}))[1]["next"] == "2"
    assert await listed(limit="2", after="2") == ["routine"]


async def test_a_query_that_is_none_is_refused(page: Page, coordinator: bytes) -> None:
    reader = await page.reader(coordinator)
    for query in ("status=odd", "limit=0", "limit=101", "after=-1", "x=1", "status=all&status=open", "urgency="):
        status, refused = await reader.get(f"/api/notes?{query}")
        assert (status, refused["code"]) == (400, "form"), query


# ---------------------------------------------------------------- tickets


async def test_an_attachment_goes_only_to_the_session_that_was_given_its_note(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    author, id = await page.author(officer), os.urandom(16).hex()
    path = f"/api/notes/{id}/attachments/1"
    await author.ask("PUT", path, author.sealed_attachment(id, 1, b"x" * 100_000))
    await author.writes(note_id=bytes.fromhex(id), attachments=[1])
    reader, other = await page.reader(coordinator), await page.browser().by_key(opening_key(page.site))
    ticket = (await opening(reader, id))[1]["notes"][0]["attachments"][0]["ticket"]

    assert (await reader.post(path, {"ticket": ticket}))[0] == 200
    for browser, where, given in (
        (other, path, ticket),
        (reader, path, base64url.encode(bytes(32))),
        (reader, f"/api/notes/{id}/attachments/2", ticket),
    ):
        assert (await browser.post(where, {"ticket": given}))[1]["code"] == "unknown"


# ---------------------------------------------------------------- acts


async def test_flags_are_taken_once_and_handed_on_by_whoever_has_them(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    supervisor, other = ref_of(page.site, "supervisor"), generate(DEFAULT_SUITE)
    publish(page.site, Recipient(other.public, "supervisor", "Lead"))
    note_id = await (await page.author(officer)).writes(flag_level=2)
    one, two = await page.reader(coordinator), await page.reader(supervisor, other)

    assert (await one.post(f"/api/notes/{note_id}/take"))[0] == 200
    for act, body in (("take", {}), ("close", {"outcome": "acted"}), ("hand-on", {"to": coordinator.hex()})):
        status, refused = await two.post(f"/api/notes/{note_id}/{act}", body)
        assert (status, refused["code"]) == (409, "taken"), act
    assert (await two.post(f"/api/notes/{note_id}/ask"))[1]["code"] == "taken"
    status, found = await two.get(f"/api/notes/{note_id}/colleagues")
    assert found == {"colleagues": [{"person": coordinator.hex(), "handle": "Coord-1"}]}
    status, found = await one.get(f"/api/notes/{note_id}/colleagues")
    assert found == {"colleagues": [{"person": supervisor.hex(), "handle": "Lead-1"}]}
    assert (await one.post(f"/api/notes/{note_id}/hand-on", {"to": "00" * 16}))[1]["code"] == "taken"
    assert (await one.post(f"/api/notes/{note_id}/close", {"outcome": "odd"}))[1]["code"] == "form"


async def test_a_flag_is_handed_on_to_a_colleague_who_hears_of_it(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    colleague = page.site.enrol("console", "second", "coordinator", "Coord-2")
    note_id = await (await page.author(officer)).writes(flag_level=2)
    reader = await page.reader(coordinator)
    await reader.post(f"/api/notes/{note_id}/take")
    status, handed = await reader.post(f"/api/notes/{note_id}/hand-on", {"to": colleague.hex()})

    assert (status, handed["flag"]["mine"]) == (200, False)
    chats = page.site.within(lambda tx: [one.chat for one in outbox.waiting(tx)])
    assert chats.count("second") == 2  # that a flag waits, and that it was handed on


async def test_what_is_not_flagged_cannot_be_taken_and_a_withdrawn_note_is_given_without_text(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    author, reader = await page.author(officer), await page.reader(coordinator)
    plain, gone = await author.writes(), await author.writes(flag_level=1)
    await author.post(f"/api/notes/{gone}/withdraw")

    assert (await reader.post(f"/api/notes/{plain}/take"))[1]["code"] == "unknown"
    status, given = await opening(reader, gone)
    assert (status, given["notes"][0]["record"], given["notes"][0]["state"]) == (200, None, "withdrawn")
    assert entries(page.site, "note.opened") == []
