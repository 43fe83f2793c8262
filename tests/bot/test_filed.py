"""What the sync process wrote down is told to whom it concerns, without a word of the note."""

from datetime import timedelta
from typing import Any

import pytest
from bot_site import Desk, texts
from sqlalchemy import select, update
from storage_site import add_destination

from storage import deliveries, timers
from storage.schema import deliveries as rows
from storage.schema import destinations, notes
from storage.transaction import Transaction

WORDS = "Paper cranes by the window."


@pytest.fixture
async def note_id(desk: Desk) -> bytes:
    """A note that is owed to a destination, and waits."""

    desk.site.within(lambda tx: add_destination(tx, "cases"))
    await desk.logs_note("officer", WORDS)
    await desk.later(timedelta(minutes=3))
    for who in ("officer", "coordinator", "admin"):
        desk.news(who)
    found: bytes = desk.site.within(lambda tx: tx.db.scalars(select(notes.c.id)).one())
    assert desk.site.within(lambda tx: tx.db.scalars(select(rows.c.case_seq)).one()) == 1
    return found


async def told(desk: Desk, kind: str, about: str, **values: Any) -> dict[str, str]:
    def turn(tx: Transaction) -> None:
        if values:
            tx.db.execute(update(rows).values(**values))
        timers.arm(tx, kind, about, desk.site.clock())

    desk.site.within(turn)
    await desk.later(timedelta(seconds=1))
    said = {who: texts(desk.news(who)) for who in ("officer", "coordinator", "admin")}
    assert WORDS not in str(said)
    return said


async def test_the_author_hears_that_a_note_is_filed(desk: Desk, note_id: bytes) -> None:
    said = await told(desk, deliveries.FILED, note_id.hex())
    reference = desk.site.within(lambda tx: deliveries.reference_of(tx, note_id))
    assert said["officer"].strip() == f"Note {reference} is in the case system."
    assert said["coordinator"] == said["admin"] == ""


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (deliveries.PARKED, {"state": "parked", "why": "unknown-person"}, "is not known there yet"),
        (deliveries.PARKED, {"state": "parked", "why": "http-422"}, "did not take it"),
        (deliveries.PARKED, {"state": "acked", "why": "drift"}, "came back otherwise"),
        (deliveries.CLOSED, {"state": "acked", "remote_state": "closed"}, "was closed in cases"),
        (deliveries.CLOSED, {"state": "acked", "remote_state": "gone"}, "deleted or merged"),
    ],
)
async def test_the_desk_hears_what_became_of_a_note(
    desk: Desk, note_id: bytes, kind: str, values: dict[str, str], words: str
) -> None:
    said = await told(desk, kind, f"{note_id.hex()}.cases", **values)
    assert words in said["coordinator"]
    assert said["officer"] == ""


async def test_what_was_mended_meanwhile_is_not_told(desk: Desk, note_id: bytes) -> None:
    said = await told(desk, deliveries.PARKED, f"{note_id.hex()}.cases", state="acked", why="")
    assert set(said.values()) == {""}
    said = await told(desk, deliveries.DOWN, "cases")
    assert set(said.values()) == {""}


async def test_desk_and_admins_hear_that_nothing_gets_through(desk: Desk, note_id: bytes) -> None:
    desk.site.within(lambda tx: tx.db.execute(update(destinations).values(state="down", why="http-403")))
    said = await told(desk, deliveries.DOWN, "cases")
    for who in ("coordinator", "admin"):
        assert "does not let us in" in said[who]


async def test_the_desk_hears_that_notes_wait_where_no_sync_process_runs(desk: Desk, note_id: bytes) -> None:
    desk.site.within(lambda tx: tx.db.execute(update(destinations).values(alarm_s=7_200)))
    await desk.later(timedelta(minutes=30))
    assert texts(desk.news("coordinator")) == ""
    await desk.later(timedelta(hours=3))
    assert "One note waits" in texts(desk.news("coordinator"))
    await desk.later(timedelta(hours=3))
    assert "One note waits" not in texts(desk.news("coordinator")), "once a day"


async def test_the_desk_hears_when_notes_wait_too_long(desk: Desk, note_id: bytes) -> None:
    assert "One note waits" in (await told(desk, deliveries.LATE, "cases"))["coordinator"]
