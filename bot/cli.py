"""The `integra` command. Exit codes: 0 done, 1 failed, 2 asked wrongly."""

import gc
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer._click.exceptions import ClickException

from bot import about
from bot.commands.common import Refusal, name_operator, refuse_secrets
from bot.commands.errors import failures, said
from bot.hardening import harden
from bot.memory import absent, uncollected

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""


class Command(NamedTuple):
    """
    Attributes:
        module: of ``bot.commands``.
        name: there, of one command or of a group.
        help: its line in the list of all; its own help begins with it.
    """

    module: str
    name: str
    help: str


COMMANDS: Final[Mapping[str, Command]] = {
    "demo": Command("demo", "demo", "Try everything in a throwaway folder; without a terminal, play a scripted tour."),
    "chat": Command("talk", "chat", "Talk to the assistant here: one line a turn, [key] presses a button."),
    "ask": Command("content", "ask", "Find the approved answer to a question, or say that there is none."),
    "check": Command("content", "check", "Check all content and report what a writer must mend."),
    "init": Command(
        "setup",
        "init",
        "Make a new installation: folder, the bot's own keys, settings, database (a file, or on a server).",
    ),
    "invite": Command("people", "invite", "Make a one-time invite for one person."),
    "run": Command("run", "run", "Listen on Telegram until stopped (Ctrl-C or SIGTERM)."),
    "serve": Command(
        "serve",
        "serve",
        "Serve the page until stopped (Ctrl-C or SIGTERM): notes sealed in the browser come in, sealed notes go out.",
    ),
    "upgrade": Command("upgrade", "upgrade", "Bring the database to this version of the program, in one transaction."),
    "doctor": Command("doctor", "doctor", "Look for trouble and say what mends it; changes nothing."),
    "backup": Command("backup", "backup", "Write database, pins and settings into one encrypted file."),
    "restore": Command("restore", "restore", "Make a new data folder from a backup."),
    "move": Command("move", "move", "Move the database to a PostgreSQL server."),
    "agency": Command("setup", "agency", "Agencies whose people use the assistant."),
    "people": Command("people", "people", "People who are enrolled."),
    "case": Command("case", "case", "Cases and their members."),
    "content": Command(
        "edition", "content", "What the guidance covers and what it lacks, and pocket cards and forms of it."
    ),
    "keys": Command("keys", "keys", "Keys that open notes, and the desk they stand on."),
    "rota": Command("rota", "rota", "Who is on duty at an agency's desk."),
    "flags": Command("flags", "flags", "Where flags stand, without a word of their notes."),
    "notes": Command("notes", "notes", "Sealed notes."),
    "outbox": Command("outbox", "outbox", "Messages that wait, and those that can never arrive."),
    "sync": Command("sync", "sync", "Hand-over to case systems."),
    "audit": Command("audit", "audit", "Who read, exported, erased or changed what."),
    "retention": Command("retention", "retention", "How long notes stay here after they were handed over."),
}
"""In the order of the help."""


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"integra {about.program()}\n{about.content()}")
        raise typer.Exit


def root(
    actor: Annotated[
        str,
        typer.Option("--actor", envvar="INTEGRA_ACTOR", help="Who acts, for the audit log; else this machine's user."),
    ] = "",
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the program's version and exit.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    name_operator(actor)


def commands(arguments: Sequence[str] | None = None) -> typer.Typer:
    """The command that these arguments name; where they name none, all as they stand in the list, to be read alone.

    Each brings along what it works with: the assistant runs without what opens notes, and all start sooner.

    Args:
        arguments: None: all commands, each as it is.
    """
    app = typer.Typer(
        name="integra",
        help="A secure chat assistant for people who work with somebody at risk of radicalisation.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(root)
    named = tuple(COMMANDS) if arguments is None else _named(arguments)
    if not named:
        for name, command in COMMANDS.items():
            app.command(name, help=command.help)(_listed)
    for name in named:
        found = _loaded(COMMANDS[name])
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _loaded(command: Command) -> Any:
    with uncollected():
        with absent("rich"):  # structlog would draw tracebacks with it, which no log here has: 3 MB, and 80 ms
            import_module("structlog")
        return getattr(import_module(f"bot.commands.{command.module}"), command.name)


def _listed() -> None:
    """In place of a command that is in the list alone; reached where the arguments are read otherwise than here."""
    raise Refusal("write the command right behind `integra`, its options behind it")


def _named(arguments: Sequence[str]) -> tuple[str, ...]:
    rest = iter(arguments)
    for word in rest:
        if word in COMMANDS:
            return (word,)
        if word == "--actor":
            next(rest, "")
        elif word != "--" and not word.startswith("--actor="):
            break
    return ()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 failed, 2 asked wrongly.
    """
    if argv is None:  # a process of its own, which may see keys and people's words
        harden()
    try:
        arguments = list(sys.argv[1:] if argv is None else argv)
        refuse_secrets(arguments)
        app = commands(arguments)
        if argv is None:
            gc.freeze()  # what was loaded stays, and the collector need not look through it again and again
        code = app(args=arguments, standalone_mode=False)
    except typer.Abort:
        typer.echo("Stopped.", err=True)
        return 1
    except typer.Exit as done:
        code = done.exit_code
    except ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except Exception as failed:
        if not isinstance(failed, failures()):
            raise
        typer.echo(said(failed), err=True)
        return 1
    if code == INTERRUPTED:  # between two questions, where nobody else hears of Ctrl-C
        typer.echo("Stopped.", err=True)
        return 1
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
