"""The page's server answers about another agency's notes as about what never was: the same words by the same statements
(T34). Nobody is told by a time what they are not told in words."""

import os
from typing import Any

import pytest
from page_site import Browser, Page
from statements import asked
from storage_site import OTHER_AGENCY, add_agency, keep_note, note_id, publish

from storage import cases, flags, people
from storage.sealing.signing import SigningKey
from storage.transaction import Transaction

THERE = note_id(7)
READER = {
    "open": ("POST", "open", {}),
    "open, with a reason": ("POST", "open", {"reason": "supervision"}),
    "open, in words": ("POST", "open", {"reason": "break-glass", "words": "at night, nobody else"}),
    "attachment": ("POST", "attachments/1", {"ticket": "A" * 43}),
    "colleagues": ("GET", "colleagues", None),
    "take": ("POST", "take", {}),
    "hand on": ("POST", "hand-on", {"to": "ab" * 16}),
    "close": ("POST", "close", {"outcome": "acted"}),
    "ask": ("POST", "ask", {}),
}


@pytest.fixture
def elsewhere(page: Page) -> Page:
    """Another agency has a flagged note of a case."""
    site = page.site

    def turn(tx: Transaction) -> None:
        other, pins = add_agency(tx), site.trial.installation.pins
        publish(tx, pins, OTHER_AGENCY, SigningKey.generate())
        author = people.add(tx, other, "officer", language="en", at=site.clock())
        keep_note(tx, pins, 7, author, agency=OTHER_AGENCY, flag_level=3, case_code="B-7")
        flags.raise_flag(tx, THERE, other, 3, at=site.clock())
        cases.assign(tx, other, "B-7", author, at=site.clock())

    site.within(turn)
    return page


async def both(browser: Browser, method: str, what: str, body: Any) -> list[tuple[Any, list[str]]]:
    """What is answered, and by which statements: about what was never there, to be warm; that again; what is there."""
    found = []
    for id in (os.urandom(16).hex(), os.urandom(16).hex(), THERE):
        with asked() as statements:
            answer = await browser.ask(method, f"/api/notes/{id}/{what}", body)
        found.append((answer, statements))
    return found[1:]


@pytest.mark.parametrize("name", READER)
async def test_t34_a_reader_of_another_desk_learns_nothing(elsewhere: Page, coordinator: bytes, name: str) -> None:
    """T34."""
    method, what, body = READER[name]
    never, there = await both(await elsewhere.reader(coordinator), method, what, body)
    assert never == there
    assert never[0][1]["code"] == "unknown"
    assert len(never[1]) > 3


async def test_t34_an_author_of_another_agency_learns_nothing(elsewhere: Page, officer: bytes) -> None:
    """T34."""
    author = await elsewhere.author(officer)
    never, there = await both(author, "POST", "withdraw", {})
    assert never == there
    assert never[0][1]["code"] == "unknown"
    amending = []
    for amends in (os.urandom(16).hex(), os.urandom(16).hex(), THERE):
        id, note = author.sealed(amends=amends)
        with asked() as statements:
            answer = await author.ask("PUT", f"/api/notes/{id}", note)
        amending.append((answer, statements))
    assert amending[1] == amending[2]
    assert amending[1][0][1]["code"] == "unknown"


async def test_t34_a_list_of_another_agency_is_one_of_no_agency(elsewhere: Page, coordinator: bytes) -> None:
    """T34."""
    reader, found = await elsewhere.reader(coordinator), []
    for agency in ("never-was", "never-was", OTHER_AGENCY):
        with asked() as statements:
            found.append((await reader.get("/api/notes", params={"agency": agency}), statements))
    assert found[1] == found[2]
    assert found[1][0][1]["notes"] == []
