"""`integra chat`: talk to the assistant in the terminal, without Telegram."""

import asyncio
import os
import readline  # noqa: F401  gives input() history and editing
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from bot import logs, wiring
from bot.app import App
from bot.channels.console import Console
from bot.chat import Chat, play
from bot.clock import MovableClock
from bot.commands.common import Refusal, operator
from bot.demo import Demo
from bot.finding import AS_SHIPPED, Finding
from bot.installation import Installation
from bot.settings import Settings
from bot.trial import HANDLES, Trial, enrol
from dialogues.case_code import DEFAULT_PATTERN
from storage import agencies
from storage.transaction import Transaction

LOCAL_AGENCY = "local"

ChatData = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder; left out: a throwaway one with an agency, people and keys."),
]


def chat(
    who: Annotated[
        str, typer.Option("--as", help="Role of the synthetic person: " + ", ".join(HANDLES) + ".")
    ] = "officer",
    data: ChatData = None,
    record: Annotated[bool, typer.Option("--record", help="Print effects too, as transcripts have them.")] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", exists=True, file_okay=False, writable=True, help="At a terminal: put PDF files into this folder."
        ),
    ] = None,
) -> None:
    """Talk to the assistant here: one line a turn, [key] presses a button."""
    if who not in HANDLES:
        raise Refusal(f"a role is one of: {', '.join(HANDLES)}")
    if save is not None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refusal("--save is for somebody at a terminal; leave it out")
    logs.configure()
    if data is not None:
        settings = Settings.read(data)
        asyncio.run(talk(Installation.at(data), who, (), record=record, settings=settings, save=save))
        return
    with tempfile.TemporaryDirectory(prefix="integra-") as folder:
        trial = Trial.create(Path(folder), at=MovableClock()(), roles=tuple(HANDLES))
        asyncio.run(talk(trial.installation, who, tuple(HANDLES), record=record, trial=trial, save=save))


async def talk(
    installation: Installation,
    who: str,
    others: tuple[str, ...],
    *,
    record: bool = False,
    trial: Trial | None = None,
    settings: Settings | None = None,
    save: Path | None = None,
    origin: str = "",
    beside: Callable[[App], AbstractAsyncContextManager[None]] = lambda app: nullcontext(),
) -> None:
    """``origin``: what browsers reach the page as; empty: there is none. ``beside``: what runs as long as the talk."""
    store, clock, effects = installation.store(operator=operator()), MovableClock(), list[str]()
    try:
        await store.run(lambda tx: _enrol(tx, who, clock))
        console = Console(prefix=os.urandom(6).hex(), save=save)
        chosen = settings or Settings.model_construct()  # the defaults, whatever the environment says
        finding = AS_SHIPPED  # a throwaway folder would have to learn everything first
        if settings is not None:
            finding = Finding(installation.learnt, settings.by_meaning, quiet=True)
            if settings.by_meaning and not installation.learnt.exists():
                typer.echo("The first start learns the content by heart; that may take a minute.", err=True)
        app = wiring.app(
            installation,
            store,
            {"console": console},
            clock=clock,
            witness=effects.append,
            content=chosen.content,
            question_days=chosen.question_days,
            question_people=chosen.question_people,
            finding=finding,
            page=origin,
        )
        await app.start()
        extras = Demo(trial, store, app, clock).extras if trial is not None else {}
        chat = Chat(
            app,
            console,
            clock,
            person=who,
            people=others,
            extras=extras,
            effects=effects if record else None,
            for_people=sys.stdin.isatty() and sys.stdout.isatty(),
        )
        async with beside(app):
            if sys.stdin.isatty():
                await _interactive(chat)
            else:
                await play(chat, iter(sys.stdin.readline, ""), typer.echo)
        await app.stop()
    finally:
        store.close()


async def _interactive(talk: Chat) -> None:
    typer.echo(await talk.line("/menu"))
    while True:
        try:
            typed = await asyncio.to_thread(input, f"\n{talk.person}> ")
        except (EOFError, KeyboardInterrupt):
            typer.echo()
            return
        if typed.strip() in ("/quit", "/exit"):
            return
        if typed.strip() and (said := await talk.line(talk.numbered(typed.strip()))):
            typer.echo(said)


def _enrol(tx: Transaction, who: str, clock: MovableClock) -> None:
    """A synthetic person of this role, in the installation's first agency; one is made where there is none."""
    rows = agencies.every(tx)
    ref = (
        rows[0].ref
        if rows
        else agencies.add(tx, LOCAL_AGENCY, name="Local trial", zone="Europe/Brussels", case_pattern=DEFAULT_PATTERN)
    )
    enrol(tx, ref, who, at=clock())
