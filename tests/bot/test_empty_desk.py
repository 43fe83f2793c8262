"""A flag on a desk where nobody can be reached: never passed over in silence."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot import wiring
from bot.channels.console import Console
from bot.chat import Chat
from bot.clock import MovableClock
from bot.trial import Trial

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_flag_that_reaches_nobody_says_so_at_once(tmp_path: Path) -> None:
    trial = Trial.create(tmp_path / "world", at=NOON, roles=("officer",))
    assert "I can reach nobody on the desk" in asyncio.run(flagged(trial))


def test_a_flag_that_reaches_somebody_does_not_say_so(tmp_path: Path) -> None:
    trial = Trial.create(tmp_path / "world", at=NOON, roles=("officer", "coordinator"))
    assert "I can reach nobody" not in asyncio.run(flagged(trial))


def test_who_asks_for_a_call_hears_when_nobody_can_be_reached(tmp_path: Path) -> None:
    trial = Trial.create(tmp_path / "world", at=NOON, roles=("officer",))
    said = asyncio.run(talked(trial, "what is the capital of peru", "[coordinator]"))
    assert "I can reach nobody on the desk" in said


async def flagged(trial: Trial) -> str:
    """What the officer hears from logging an urgent quick note."""
    return await talked(trial, "/menu", "[note.quick]", "He left early.", "[urgent]", "[log]")


async def talked(trial: Trial, *lines: str) -> str:
    store, clock = trial.installation.store(), MovableClock(NOON)
    try:
        console = Console()
        app = wiring.app(trial.installation, store, {"console": console}, clock=clock)
        await app.start()
        chat = Chat(app, console, clock, person="officer")
        said = [await chat.line(line) for line in lines]
        await app.stop()
    finally:
        store.close()
    return said[-1]
