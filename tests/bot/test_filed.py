"""What the sync process wrote down is told to whom it concerns, without a word of the note."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from bot_site import Desk, texts
from sqlalchemy import select, update
from storage_site import add_destination

from bot import filed
from bot.commands.sync import advice
from guidance import library
from storage import deliveries, delivery_codes, timers
from storage.schema import deliveries as rows
from storage.schema import destinations, notes
from storage.sealing.errors import UnreadableCode
from storage.sync import answers
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
        (deliveries.PARKED, {"state": "parked", "why": "unknown-case"}, "is not known there yet"),
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


async def test_the_desk_hears_that_a_withdrawal_did_not_get_there(desk: Desk, note_id: bytes) -> None:
    def withdrawn(tx: Transaction) -> None:
        tx.db.execute(update(rows).values(state="acked"))
        deliveries.undo(tx, note_id, at=desk.site.clock())
        second = rows.c.version == deliveries.WITHDRAWAL
        tx.db.execute(update(rows).where(second).values(state="parked", why="unknown-case"))

    desk.site.within(withdrawn)
    about = deliveries.about(note_id, deliveries.WITHDRAWAL, "cases")
    said = await told(desk, deliveries.PARKED, about)
    assert "was taken back, but cases does not know yet: the person or case is not known" in said["coordinator"]
    assert said["officer"] == ""
    assert set((await told(desk, deliveries.CLOSED, about)).values()) == {""}
    longest = deliveries.about(note_id, deliveries.WITHDRAWAL, "d" * 30)
    assert len(longest) <= 64, "as long as the column is"


def emitted() -> dict[str, set[str]]:
    """Codes that the sync process gives for a note and for a destination, by its source."""
    found: dict[str, set[str]] = {"note": set(get_args(UnreadableCode)), "destination": set(answers.CODES.values())}
    for path in (Path(answers.__file__).parent).glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            name = getattr(call.func, "id", getattr(call.func, "attr", "")) if isinstance(call, ast.Call) else ""
            if not isinstance(call, ast.Call) or name not in SAYING or len(call.args) <= SAYING[name]:
                continue
            said = [[one.value for one in ast.walk(part) if isinstance(one, ast.Constant)] for part in call.args]
            if name == "Finding" and said[0] in (["fine"], ["warning"]):
                continue
            park = name == "Park" and "destination" not in [one for part in said[1:] for one in part]
            about = "note" if park or name in ("Reject", "Unreadable") else "destination"
            codes = [one for one in said[SAYING[name]] if isinstance(one, str) and one != "http-"]
            found[about] |= {one for one in codes if re.fullmatch("[a-z-]+", one) and one != "why"}  # of a ``getattr``
    return found


SAYING = {"Retry": 0, "NoAnswer": 0, "Park": 0, "Reject": 0, "Unreadable": 1, "Finding": 1, "down": 2}
"""Name of a call to the place of the code in it."""


def test_every_code_that_a_note_or_a_destination_can_stand_with_has_words() -> None:
    found = emitted()
    assert {"unknown-case", "conflict", "tag", "changed", "gone", "no-receipt"} <= found["note"]
    assert {"forbidden", "mapping", "not-json", "rules-changed", "tls", "address", "busy"} <= found["destination"]
    assert found["note"] <= set(delivery_codes.OF_NOTES)
    assert found["destination"] <= set(delivery_codes.OF_DESTINATIONS)
    assert set(filed.OF_NOTE) == set(delivery_codes.OF_NOTES)
    assert set(filed.OF_DESTINATION) == set(delivery_codes.OF_DESTINATIONS)
    assert set(delivery_codes.OF_NOTES) <= set(advice.NOTE)
    assert {*filed.OF_NOTE.values(), *filed.OF_DESTINATION.values()} <= set(library.load().phrases.keys())


async def test_what_was_mended_meanwhile_is_not_told(desk: Desk, note_id: bytes) -> None:
    said = await told(desk, deliveries.PARKED, f"{note_id.hex()}.cases", state="acked", why="")
    assert set(said.values()) == {""}
    said = await told(desk, deliveries.DOWN, "cases")
    assert set(said.values()) == {""}


async def test_desk_and_admins_hear_that_nothing_gets_through(desk: Desk, note_id: bytes) -> None:
    desk.site.within(lambda tx: tx.db.execute(update(destinations).values(state="down", why="forbidden")))
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
