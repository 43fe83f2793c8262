"""Flags are taken, handed on and closed from chat and page alike, and what one says the other says, too."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from bot_site import Desk, Site, at_desk, texts
from page_site import Browser, Page, ref_of

from dialogues.reference import reference
from storage import flag_steps, flags, outbox, sessions

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
    """A flag, seen by Coord-1 in chat and page, and by Coord-2 in the chat.

    Attributes:
        first: the first note; ``note_id``: the note or amendment that raised the flag.
    """

    def __init__(self, page: Page, desk: Desk, reader: Browser, note_id: str) -> None:
        self.page, self.desk, self.reader, self.first, self.note_id = page, desk, reader, note_id, note_id

    @property
    def short(self) -> str:
        return reference(self.note_id)

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
        (row,) = [one for one in rows if one["note_id"] == self.first]
        assert (row["flag"]["note_id"], row["flag"]["reference"]) == (self.note_id, self.short)
        assert row["flag"]["state"] == ON_PAGE[life.state]
        mine = life.owner == self.reader.session["person"]["author_ref"]
        assert row["flag"]["mine"] is (mine and life.state in ("taken", "in-hand", "waiting"))
        assert ("take" in row["acts"]) is (ON_PAGE[life.state] == "open")
        assert ("close" in row["acts"]) is row["flag"]["mine"]
        shown = await self.desk.says("coordinator", "/menu", f"/inbox {self.short}")
        keys = [choice.key for choice in shown[-1].choices]  # the notice itself may come in between
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


async def worse(both: Both) -> None:
    """Its author says that it is worse, after the flag was closed: another one is raised, by an amendment."""
    await both.on_page("take")
    await both.on_page("close", {"outcome": "acted"})
    await both.desk.opens("officer", f"my-notes.worse.{both.short}.urgent")
    (row,) = (await both.reader.get("/api/notes"))[1]["notes"]
    assert row["note_id"] == both.first
    both.note_id = row["flag"]["note_id"]
    assert both.note_id != both.first
    await both.agree()


async def test_a_flag_raised_anew_is_on_the_page_to_be_taken_worked_on_and_closed(both: Both) -> None:
    await worse(both)
    assert await both.reader.references(status="open") == [reference(both.first)]
    assert await both.reader.references(status="closed") == []
    (named,) = (await both.reader.get("/api/notes", params={"reference": both.short}))[1]["notes"]
    assert (named["flag"]["state"], named["flag"]["urgency"], named["acts"]) == ("open", "urgent", ["take"])

    status, opened = await both.on_page("open", {})
    assert (status, opened["flag"]["note_id"], opened["acts"]) == (200, both.note_id, ["take", "cannot"])
    assert [one["note_id"] for one in opened["notes"]] == [both.first, both.note_id]
    assert (await both.on_page("take"))[0] == 200
    assert await both.reader.references(status="mine") == [reference(both.first)]
    status, opened = await both.reader.post(f"/api/notes/{both.first}/open", {})
    assert opened["flag"]["note_id"] == both.note_id, "the first one's is over"
    assert both.page.site.within(lambda tx: flags.life(tx, both.note_id)).state == "in-hand"
    assert (await both.on_page("ask"))[0] == 200
    told = both.page.site.within(lambda tx: [one for one in outbox.waiting(tx) if one.chat == "officer"])
    assert any(one.say is not None and both.short in one.say.text for one in told)
    assert (await both.on_page("close", {"outcome": "watching"}))[0] == 200
    assert await both.reader.references(status="closed") == [reference(both.first)]


async def test_an_act_on_a_flag_that_is_over_does_not_reach_the_one_raised_anew(both: Both) -> None:
    await worse(both)
    for act, body in (("take", {}), ("close", {"outcome": "watching"})):
        status, refused = await both.reader.post(f"/api/notes/{both.first}/{act}", body)
        assert (status, refused["code"]) == (409, "taken")
    await both.in_chat("second", ".take")
    assert await both.reader.references(status="mine") == []
    assert await both.reader.references(status="taken") == [reference(both.first)]


async def test_of_two_flags_that_are_open_each_list_shows_the_one_it_is_about(both: Both) -> None:
    author = await both.page.author(ref_of(both.page.site, "officer"))
    await both.on_page("take")
    added = await author.writes("It went on.", flag_level=1, amends=both.first)

    async def shown(**query: str) -> list[str]:
        return [one["flag"]["note_id"] for one in (await both.reader.get("/api/notes", params=query))[1]["notes"]]

    assert await shown(status="flagged") == await shown(status="open") == [added]
    assert await shown(status="mine") == await shown(status="taken") == [both.first]
    assert await shown(status="all", urgency="today") == [both.first]
    assert await shown(status="closed") == []
    for one in (added, both.first):
        assert (await both.reader.post(f"/api/notes/{one}/open", {}))[1]["flag"]["note_id"] == one


def stands(both: Both) -> str:
    return both.page.site.within(lambda tx: flags.life(tx, both.note_id)).state


async def test_who_opens_first_and_takes_then_has_it_in_hand(both: Both) -> None:
    ticket = (await both.on_page("open", {}))[1]["ticket"]
    taken = (await both.on_page("take", {"ticket": ticket}))[1]
    assert (stands(both), taken["acts"]) == ("in-hand", ["await", "hand-on", "close", "ask"])
    await both.desk.later(timedelta(hours=5))
    assert both.short not in texts(both.desk.news("coordinator") + both.desk.news("second")), "nobody is warned"


async def test_a_ticket_of_another_session_or_none_is_no_reading(both: Both) -> None:
    other = await both.page.reader(ref_of(both.page.site, "coordinator"))
    ticket = (await other.post(f"/api/notes/{both.note_id}/open", {}))[1]["ticket"]
    await both.on_page("take", {"ticket": ticket})
    assert stands(both) == "taken"
    assert (await both.on_page("ask"))[0] == 200
    assert stands(both) == "in-hand", "who asks the author is at work"


async def test_the_page_has_the_acts_of_the_chat(both: Both) -> None:
    assert (await both.on_page("open", {}))[1]["acts"] == ["take", "cannot"]
    declined = (await both.on_page("cannot", {"why": "busy"}))[1]
    assert declined["acts"] == ["take"]
    taken = (await both.on_page("take"))[1]
    assert taken["acts"] == ["work", "await", "hand-on", "close", "ask", "undo"]
    both.page.later(11 * MINUTE)
    (row,) = (await both.reader.get("/api/notes"))[1]["notes"]
    assert row["acts"] == ["work", "await", "hand-on", "close", "ask"]
    assert (await both.on_page("undo"))[1]["code"] == "taken"
    assert (await both.on_page("work"))[1]["acts"] == ["await", "hand-on", "close", "ask"]
    assert (await both.on_page("await", {"whom": "police"}))[1]["acts"] == ["work", "hand-on", "close", "ask"]
    assert stands(both) == "waiting"
    for act, body in (("await", {"whom": "nobody"}), ("cannot", {"why": "tired"}), ("close", {"outcome": "well"})):
        assert (await both.on_page(act, body))[1]["code"] == "form"
    await both.in_chat("coordinator", "", "[close]", "[acted]")
    assert (await both.on_page("work"))[1]["code"] == "taken"


async def test_a_take_is_undone_on_the_page_and_open_in_the_chat(both: Both) -> None:
    await both.on_page("take")
    assert (await both.on_page("undo"))[1]["acts"] == ["take", "cannot"]
    await both.in_chat("second", ".take")
    assert (await both.on_page("undo"))[1]["code"] == "taken"


async def test_what_is_asked_for_again_after_a_lost_answer_is_done(both: Both) -> None:
    def steps() -> list[str]:
        return [
            one.act for one in both.page.site.within(lambda tx: flag_steps.of_flag(tx, bytes.fromhex(both.note_id)))
        ]

    def asked() -> int:
        return sum(action == "flag.asked" for (action,) in both.page.site.rows("audit", "action"))

    first, again = await both.on_page("take"), await both.on_page("take")
    assert first == again
    for at, sent in ((0, 1), (4, 1), (2, 2)):
        both.page.later(at * MINUTE)
        both.page.site.within(lambda tx: sessions.sweep(tx, at=both.page.site.clock()))
        assert (await both.on_page("ask"))[0] == 200
        assert asked() == sent
    first, again = await both.on_page("close", {"outcome": "acted"}), await both.on_page("close", {"outcome": "acted"})
    assert first == again
    assert (await both.on_page("close", {"outcome": "watching"}))[1]["code"] == "taken", "another end is another act"
    assert (steps().count("take"), steps().count("close")) == (1, 1)


async def test_a_flag_that_somebody_else_closed_is_not_closed_again(both: Both) -> None:
    await both.in_chat("second", ".take")
    await both.in_chat("second", "", "[close]", "[acted]")
    assert (await both.on_page("close", {"outcome": "acted"}))[1]["code"] == "taken"


@pytest.mark.postgres
async def test_a_note_that_the_chat_closes_while_it_is_opened_is_given_out(both: Both) -> None:
    await both.on_page("take")
    server = both.page.site.trial.installation.whereabouts.server
    assert server is not None
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    note_id = bytes.fromhex(both.note_id)
    with psycopg.connect(server.owner) as chat, psycopg.connect(server.owner, autocommit=True) as there:
        chat.execute("UPDATE flags SET state = 'closed', moved_at = moved_at + 1 WHERE note_id = %s", (note_id,))
        opening = asyncio.create_task(both.reader.post(f"/api/notes/{both.note_id}/open", {}))
        async with asyncio.timeout(30):
            while there.execute(waits).fetchone() == (0,):  # noqa: ASYNC110  the server tells nobody
                await asyncio.sleep(0.02)
        chat.commit()
        status, given = await opening
    assert (status, given["flag"]["state"], given["acts"]) == (200, "closed", [])
