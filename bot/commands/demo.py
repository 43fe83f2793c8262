"""`integra demo`: everything, in a throwaway folder."""

import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path

import typer

from bot import demo as demonstration
from bot import demo_page, logs, wiring
from bot.channels.console import Console
from bot.chat import Chat
from bot.clock import MovableClock
from bot.commands.serve import bundle_of
from bot.commands.talk import talk
from bot.demo import Demo
from bot.trial import Trial


def demo() -> None:
    """Try everything in a throwaway folder; without a terminal, play a scripted tour."""
    logs.configure()
    with tempfile.TemporaryDirectory(prefix="integra-demo-") as folder:
        trial = Trial.create(Path(folder), at=MovableClock()(), roles=demonstration.PEOPLE)
        asyncio.run(_talk(trial) if sys.stdin.isatty() else _tour(trial))


async def _talk(trial: Trial) -> None:
    bundle, port = bundle_of(None), demo_page.free_port()
    origin = demo_page.origin_at(port)
    typer.echo(demonstration.WELCOME)
    typer.echo(demo_page.NO_PAGE if bundle is None else demo_page.welcome(trial, origin))
    people = demonstration.PEOPLE
    if bundle is None:
        await talk(trial.installation, "officer", people, trial=trial)
    else:
        beside = partial(demo_page.beside, trial, bundle=bundle, port=port)
        await talk(trial.installation, "officer", people, trial=trial, origin=origin, beside=beside)


async def _tour(trial: Trial) -> None:
    store, clock = trial.installation.store(), MovableClock()
    try:
        console = Console(prefix="tour")
        app = wiring.app(trial.installation, store, {"console": console}, clock=clock)
        await app.start()
        talk = Chat(
            app,
            console,
            clock,
            person="officer",
            people=demonstration.PEOPLE,
            extras=Demo(trial, store, app, clock).extras,
        )
        await demonstration.tour(talk, typer.echo)
        await app.stop()
    finally:
        store.close()
