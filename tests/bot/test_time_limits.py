"""The daily look: erases by the agency's limit, some at a time, and tells admins of what is not handed over."""

from datetime import timedelta

import pytest
from bot_site import Desk, texts
from sqlalchemy import func, select
from storage_site import hand_all_over

from bot.trial import AGENCY
from storage import agencies, retention, timers
from storage.schema import notes
from storage.transaction import Transaction


def count(tx: Transaction) -> int:
    return tx.db.execute(select(func.count()).select_from(notes)).scalar_one()


async def test_t45_a_daily_look_erases_what_is_over_in_portions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(5):
        await desk.logs_note("officer", f"Paper cranes {number}.")
    await desk.later(timedelta(minutes=3))
    desk.site.within(hand_all_over)
    desk.site.within(lambda tx: agencies.change(tx, AGENCY, {"keep_days": 10}))
    await desk.later(timedelta(days=9))
    assert desk.site.within(count) == 5
    await desk.later(timedelta(days=2))
    assert desk.site.within(count) == 3
    for left in (1, 0):
        await desk.later(timedelta(seconds=1))
        assert desk.site.within(count) == left
    assert (
        desk.site.within(lambda tx: timers.armed_until(tx, retention.LOOK, "")) == desk.site.clock() + retention.EVERY
    )


async def test_t45_admins_are_told_weekly_of_notes_that_are_not_handed_over_and_none_goes(desk: Desk) -> None:
    await desk.logs_note("officer", "Paper cranes.")
    desk.site.within(lambda tx: agencies.change(tx, AGENCY, {"keep_days": 10}))
    await desk.later(timedelta(minutes=3))
    desk.news("admin")
    await desk.later(timedelta(days=11))
    heard = texts(desk.news("admin"))
    assert "One note was logged more than 10 days ago and is not handed over" in heard
    assert "Paper cranes" not in heard
    told = 0
    for _ in range(14):
        await desk.later(timedelta(days=1))
        told += "not handed over" in texts(desk.news("admin"))
    assert told == 2
    assert desk.site.within(count) == 1
    assert "not handed over" not in desk.screen("officer")
