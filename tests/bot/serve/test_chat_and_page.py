"""Flags are taken, handed on and closed from chat and page alike, and what one says the other says, too."""

from datetime import timedelta
from typing import Any

import pytest
from bot_site import Desk, Site, at_desk, texts
from page_site import Browser, Page

from dialogues.reference import reference
from storage import flags, outbox

MINUTE = timedelta(minutes=1)
ON_PAGE = {
    "raised": "open",
    "routed": "open",
    "notified": "open",
    "taken": "taken",
    "in-hand": "taken",
    "waiting": "taken",
    "closed": "closed",
}


class Both:
    """A flag, seen by Coord-1 in chat and page, and by Coord-2 in the chat."""

    def __init__(self, page: Page, desk: Desk, reader: Browser, note_id: str) -> None:
        self.page, self.desk, self.reader, self.note_id = page, desk, reader, note_id
        self.short = reference(note_id)

    async def on_page(self, act: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
        answer = await self.reader.post(f"/api/notes/{self.note_id}/{act}", body)
        await self.agree()
        return answer

    async def in_chat(self, who: str, opens: str, *lines: str) -> str:
        """Press a lasting button of the flag, then others."""
        said = texts(await self.desk.opens(who, f"inbox.{self.short}{opens}"))
        said += texts(await self.desk.says(who, *lines))
        await self.agree()
        return said

    async def agree(self) -> None:
        """The row, the page's list, and the chat's view tell the same."""
        life = self.page.site.within(lambda tx: flags.life(tx, self.note_id))
        rows = (await self.reader.get("/api/notes", params={"status": "all"}))[1]["notes"]
        (row,) = [one for one in rows if one["note_id"] == self.note_id]
        assert row["flag"]["state"] == ON_PAGE[life.state]
        mine = life.owner == self.reader.session["person"]["author_ref"]
        assert row["flag"]["mine"] is (mine and life.state in ("taken", "in-hand", "waiting"))
        assert ("take" in row["acts"]) is (ON_PAGE[life.state] == "open")
        assert ("close" in row["acts"]) is row["flag"]["mine"]
        shown = await self.desk.says("coordinator", "/menu", f"/inbox {self.short}")
        keys = [choice.key for say in shown for choice in say.choices]
        assert any(key.rpartition(".")[2] == "take" for key in keys) is (ON_PAGE[life.state] == "open"), keys
        assert any(key.rpartition(".")[2] == "close" for key in keys) is row["flag"]["mine"], keys


@pytest.fixture
async def both(page: Page, site: Site, officer: bytes, coordinator: bytes) -> Any:
    site.enrol("console", "second", "coordinator", "Coord-2")
    async with at_desk(site) as desk:
        note_id = await (await page.author(officer)).writes(flag_level=2)
        reader = await page.reader(coordinator)
        reader.session["person"]["author_ref"] = coordinator.hex()
        yield Both(page, desk, reader, note_id)


async def test_what_is_taken_in_the_chat_is_taken_on_the_page(both: Both) -> None:
    await both.in_chat("second", ".take")
    status, refused = await both.on_page("take")
    assert (status, refused["code"]) == (409, "taken")
    assert (await both.on_page("close", {"outcome": "acted"}))[1]["code"] == "taken"
    await both.in_chat("second", "", "[close]", "[acted]")
    assert (await both.on_page("take"))[0] == 409, "over is over"


async def test_what_is_taken_on_the_page_is_taken_in_the_chat_and_goes_on_there(both: Both) -> None:
    assert (await both.on_page("take"))[0] == 200
    said = await both.in_chat("second", ".take")
    assert "Coord-1 already has" in said
    await both.in_chat("coordinator", "", "[await]", "[health]")
    assert (await both.on_page("close", {"outcome": "watching"}))[0] == 200
    told = both.page.site.within(lambda tx: [one for one in outbox.waiting(tx) if one.chat == "officer"])
    assert any(one.say is not None and "noted, being watched" in one.say.text for one in told)


async def test_a_take_that_is_undone_in_the_chat_is_open_on_the_page(both: Both) -> None:
    assert (await both.on_page("take"))[0] == 200
    await both.in_chat("coordinator", "", "[undo]")
    assert (await both.on_page("take"))[0] == 200


async def test_what_is_handed_on_from_the_page_is_for_the_other_to_take(both: Both) -> None:
    await both.on_page("take")
    people = (await both.reader.get(f"/api/notes/{both.note_id}/colleagues"))[1]["colleagues"]
    (second,) = [one["person"] for one in people if one["handle"] == "Coord-2"]
    assert (await both.on_page("hand-on", {"to": second}))[0] == 200
    await both.in_chat("second", ".take")
    assert (await both.on_page("take"))[1]["code"] == "taken"


async def test_opening_it_on_the_page_puts_it_in_hand_and_it_does_not_open_to_all_again(both: Both) -> None:
    await both.in_chat("coordinator", ".take")
    assert (await both.on_page("open", {"reason": "handling"}))[0] == 200
    assert both.page.site.within(lambda tx: flags.life(tx, both.note_id)).state == "in-hand"
    await both.desk.later(timedelta(hours=5))
    assert both.short not in texts(both.desk.news("second"))
