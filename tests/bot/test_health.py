"""What counts as working, each part with its fault; and that asking often costs no more than asking once."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from bot_site import NOON, Desk, Site
from sqlalchemy import event
from structlog.testing import capture_logs

from bot import health as health_module
from bot.channels.base import Ear
from bot.health import FRESH_S, Health
from bot.installation import Installation
from dialogues.model import Say
from storage import heartbeat, timers
from storage import outbox as outbox_rows


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A health whose clocks both stand still; ``asks_anew`` lets its last look grow old first."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.ticks = desk, Ticks()
        desk.app.metrics.ticks = self.ticks
        self.health = Health(desk.app, desk.site.store, desk.site.trial.installation.keyring, ticks=self.ticks)
        self.health.started = True

    async def asks_anew(self) -> dict[str, bool | None]:
        self.ticks.now += FRESH_S
        return dict((await self.health.look()).checks)

    async def misses(self) -> set[str]:
        return {name for name, good in (await self.asks_anew()).items() if not good}


@pytest.fixture
async def watched(desk: Desk) -> Watched:
    await desk.app.timers.run_due()
    return Watched(desk)


def beats(site: Site) -> list[datetime]:
    rows = site.within(lambda tx: timers.due(tx, NOON + timedelta(days=9), at_most=1000))
    return [row.due_at for row in rows if row.kind == heartbeat.KIND]


async def test_where_all_is_well_all_checks_say_so(watched: Watched) -> None:
    ready, reading = await watched.health.ready()
    assert ready
    assert reading.checks == dict.fromkeys(("database", "outbox", "content", "keys", "timers", "channel"), True)


async def test_it_is_ready_only_between_start_and_stop(watched: Watched) -> None:
    watched.health.started = False
    assert not (await watched.health.ready())[0]
    watched.health.started = True
    assert (await watched.health.ready())[0]
    watched.health.stopping = True
    assert not (await watched.health.ready())[0]


# ---------------------------------------------------------------- asked often


@contextmanager
def counted_begins(site: Site) -> Iterator[list[str]]:
    begins: list[str] = []

    def hears(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("BEGIN"):
            begins.append(statement)

    def begun(_: Any) -> None:  # SQLAlchemy says it itself where the store does not
        begins.append("BEGIN")

    engine = site.store._engine
    heard = ("begin", begun) if site.store.shared else ("before_cursor_execute", hears)
    event.listen(engine, *heard)
    try:
        yield begins
    finally:
        event.remove(engine, *heard)


async def test_a_thousand_questions_at_once_are_one_transaction(watched: Watched) -> None:
    with counted_begins(watched.desk.site) as begins:
        readings = await asyncio.gather(*(watched.health.look() for _ in range(1000)))
    assert len(begins) == 1
    assert all(reading.totals is readings[0].totals for reading in readings)


async def test_a_look_is_good_for_some_seconds_and_then_written_anew(watched: Watched) -> None:
    site = watched.desk.site
    first = await watched.health.look()
    assert beats(site) == [NOON + timedelta(days=1)]
    site.clock.move(timedelta(seconds=4))
    watched.ticks.now += 4
    assert (await watched.health.look()).totals is first.totals
    assert beats(site) == [NOON + timedelta(days=1)]
    watched.ticks.now += 1
    assert (await watched.health.look()).totals is not first.totals
    assert beats(site) == [NOON + timedelta(days=1, seconds=4)]


async def test_the_heartbeat_goes_with_an_orderly_end_and_a_day_after_any_other(watched: Watched) -> None:
    desk = watched.desk
    await watched.health.look()
    await watched.health.end()
    assert beats(desk.site) == []
    await watched.asks_anew()
    await desk.later(timedelta(hours=23))
    assert len(beats(desk.site)) == 1
    await desk.later(timedelta(hours=1))
    assert beats(desk.site) == []
    assert desk.news("officer") == []


async def test_two_processes_have_a_row_each(watched: Watched) -> None:
    other = Watched(watched.desk)
    await watched.asks_anew()
    await other.asks_anew()
    assert len(beats(watched.desk.site)) == 2


# ---------------------------------------------------------------- the database


@pytest.mark.sqlite
async def test_a_full_database_does_not_count_as_working(watched: Watched) -> None:
    """A page more is refused, as by a full disk; it can still be read, and rows that fit a page are still written."""
    store = watched.desk.site.store
    pages = store.run_now(lambda tx: tx.db.exec_driver_sql("PRAGMA page_count").scalar())
    store.run_now(lambda tx: tx.db.exec_driver_sql(f"PRAGMA max_page_count={pages}") and None)
    for _ in range(200):
        other = Watched(watched.desk)
        checks = await other.asks_anew()
        if not checks["database"]:
            break
    else:
        raise AssertionError("it never filled")
    assert (checks["database"], checks["outbox"], checks["timers"]) == (False, None, None)
    assert store.run_now(lambda tx: tx.db.exec_driver_sql("SELECT count(*) FROM outbox").scalar()) == 0
    store.run_now(lambda tx: tx.db.exec_driver_sql("PRAGMA max_page_count=1073741823") and None)
    assert await watched.misses() == set()


@contextmanager
def held(installation: Installation) -> Iterator[None]:
    """By another process: the file, or the server's table that each look writes to."""
    if (server := installation.whereabouts.server) is not None:
        with psycopg.connect(server.owner) as there:
            there.execute("LOCK TABLE timers")
            yield
        return
    with closing(sqlite3.connect(installation.database, isolation_level=None)) as holds:
        holds.execute("BEGIN IMMEDIATE")
        yield


async def test_a_database_that_another_process_holds_is_told_within_the_time_and_heals(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "DATABASE_S", 0.1)
    with held(watched.desk.site.trial.installation):
        checks = await asyncio.wait_for(watched.asks_anew(), 2)
        assert (checks["database"], checks["content"], checks["keys"]) == (False, True, True)
    monkeypatch.setattr(health_module, "DATABASE_S", 5.0)
    assert await watched.misses() == set()


# ---------------------------------------------------------------- the others


async def test_an_outbox_where_a_message_waits_and_none_arrives_is_stuck(watched: Watched) -> None:
    desk, site = watched.desk, watched.desk.site
    site.within(lambda tx: outbox_rows.put(tx, "elsewhere", "7", [Say("x")], at=site.clock()))
    site.clock.move(timedelta(minutes=4))
    await desk.app.timers.run_due()
    assert await watched.misses() == set()
    site.clock.move(timedelta(minutes=1))
    await desk.app.timers.run_due()
    assert await watched.misses() == {"outbox"}
    await desk.says("officer", "/menu")
    assert await watched.misses() == set(), "others arrive: it moves"
    watched.ticks.now += 300
    assert await watched.misses() == {"outbox"}


async def test_content_that_cannot_speak_is_told(watched: Watched) -> None:
    app = watched.desk.app
    app.renew(replace(app.world, voices={}))
    assert await watched.misses() == {"content"}


async def test_keys_that_the_next_start_could_not_read_are_told(watched: Watched) -> None:
    master = watched.desk.site.trial.installation.folder / "keys" / "master.key"
    master.chmod(0o644)
    assert await watched.misses() == {"keys"}
    master.chmod(0o600)
    assert await watched.misses() == set()
    kept = master.read_text()
    master.write_text("00" * 32)
    assert await watched.misses() == {"keys"}, "another master key opens no keyset"
    master.write_text(kept)
    master.unlink()
    assert await watched.misses() == {"keys"}


async def test_timers_that_nobody_looks_for_or_that_are_late_are_told(watched: Watched) -> None:
    desk, site = watched.desk, watched.desk.site
    site.clock.move(timedelta(seconds=59))
    assert await watched.misses() == set()
    site.clock.move(timedelta(seconds=1))
    assert await watched.misses() == {"timers"}
    await desk.app.timers.run_due()
    assert await watched.misses() == set()
    site.within(lambda tx: timers.arm(tx, "no-such-kind", "x", site.clock() - timedelta(minutes=1)))
    assert await watched.misses() == {"timers"}


async def test_before_the_first_look_timers_do_not_count_as_on_time(desk: Desk) -> None:
    assert await Watched(desk).misses() == {"timers"}


def test_an_ear_hears_for_a_while_after_each_poll_and_a_webhook_until_it_ends() -> None:
    ticks = Ticks()
    ear = Ear(ticks)
    assert not ear.hears()
    ear.heard()
    ticks.now = 89.0
    assert ear.hears()
    ticks.now = 90.0
    assert not ear.hears()
    ear.listens()
    ticks.now = 1e9
    assert ear.hears()
    ear.deaf()
    assert not ear.hears()


async def test_a_channel_that_hears_nothing_is_told(watched: Watched) -> None:
    watched.desk.console.ear.deaf()
    assert await watched.misses() == {"channel"}


async def test_what_is_missing_and_what_is_mended_is_logged_once_each(watched: Watched) -> None:
    with capture_logs() as lines:
        await watched.asks_anew()
        watched.desk.console.ear.deaf()
        await watched.asks_anew()
        await watched.asks_anew()
        watched.desk.console.ear.listens()
        await watched.asks_anew()
        await watched.asks_anew()
    told = [(line["event"], line["kind"]) for line in lines]
    assert told == [("health.missed", "channel"), ("health.mended", "channel")]
