"""The `integra` command. Exit codes: 0 done, 1 failed, 2 asked wrongly."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated

import typer
from typer._click.exceptions import ClickException

from bot.commands.common import name_operator, refuse_secrets
from bot.commands.errors import FAILURES, said
from bot.hardening import harden

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

COMMANDS: Mapping[str, str] = {
    "demo": "talk:demo",
    "chat": "talk:chat",
    "ask": "content:ask",
    "check": "content:check",
    "init": "setup:init",
    "invite": "people:invite",
    "run": "run:run",
    "serve": "serve:serve",
    "upgrade": "upgrade:upgrade",
    "doctor": "doctor:doctor",
    "backup": "backup:backup",
    "restore": "restore:restore",
    "move": "move:move",
    "agency": "setup:agency",
    "people": "people:people",
    "case": "case:case",
    "content": "edition:content",
    "keys": "keys:keys",
    "rota": "rota:rota",
    "flags": "flags:flags",
    "notes": "notes:notes",
    "outbox": "outbox:outbox",
    "sync": "sync:sync",
    "audit": "audit:audit",
    "retention": "retention:retention",
}
"""Command, or group of commands, to its module of ``bot.commands`` and its name there; in the order of the help."""


def root(
    actor: Annotated[
        str,
        typer.Option("--actor", envvar="INTEGRA_ACTOR", help="Who acts, for the audit log; else this machine's user."),
    ] = "",
) -> None:
    name_operator(actor)


def commands(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command that these arguments name, or all where they name none.

    Each brings along what it works with: the assistant runs without what opens notes, and all start sooner.
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
    for name in _named(arguments):
        module, _, what = COMMANDS[name].partition(":")
        found = getattr(import_module(f"bot.commands.{module}"), what)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _named(arguments: Sequence[str]) -> Sequence[str]:
    rest = iter(arguments)
    for word in rest:
        if word in COMMANDS:
            return (word,)
        if word == "--actor":
            next(rest, "")
        elif not word.startswith("--actor="):
            break
    return tuple(COMMANDS)


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
        code = commands(arguments)(args=arguments, standalone_mode=False)
    except typer.Abort:
        typer.echo("Stopped.", err=True)
        return 1
    except typer.Exit as done:
        code = done.exit_code
    except ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except FAILURES as failed:
        typer.echo(said(failed), err=True)
        return 1
    if code == INTERRUPTED:  # between two questions, where nobody else hears of Ctrl-C
        typer.echo("Stopped.", err=True)
        return 1
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
