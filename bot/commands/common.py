"""What all commands share: options, output for people or machines, who acts. Light: each command loads it."""

import getpass
import json
import os
import pwd
import re
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import typer

Data = Annotated[
    Path,
    typer.Option("--data", envvar="INTEGRA_DATA", help="Data folder of the installation.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Owner-only file with the passphrase; asked for when left out."),
]

LONGEST_NAME = 40
_operator: ContextVar[str] = ContextVar("operator", default="")


class Refusal(Exception):
    """A command cannot do what was asked; the message says what to do next. Exit code 1."""


TOKEN = re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}")
"""What a bot token looks like."""


def refuse_secrets(arguments: Sequence[str]) -> None:
    """
    Raises:
        Refusal: a bot token stands on the command line, where every user of the machine can read it.
    """
    if any(TOKEN.search(argument) for argument in arguments):
        raise Refusal(
            "a bot token must not stand on the command line: everybody on this machine can read it there. Revoke it at"
            " @BotFather, and put the new one into an owner-only file: --token-file FILE"
        )


def name_operator(name: str) -> None:
    """Who acts in the commands of this process; empty: the machine's user.

    Raises:
        Refusal: not a name.
    """
    if name and (not name.isprintable() or len(name) > LONGEST_NAME or not name.strip()):
        raise Refusal(f"who acts is named in at most {LONGEST_NAME} printable characters")
    _operator.set(name.strip())


def operator() -> str:
    """Who acts, for the audit log: as named by --actor, else this process's user as the machine knows it."""
    if _operator.get():
        return _operator.get()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def out(text: str) -> None:
    typer.echo(text)


def out_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


def secret(question: str) -> str:
    """Something typed that is not shown.

    Raises:
        typer.Abort: whoever was asked pressed Ctrl-C or Ctrl-D.
    """
    try:
        return getpass.getpass(question)
    except (KeyboardInterrupt, EOFError):
        typer.echo("", err=True)
        raise typer.Abort from None


def progress(done: int, total: int, unit: str = "") -> None:
    """How far a long task is, on a terminal."""
    if sys.stderr.isatty() and (done == total or done % 50 == 0 or unit):
        typer.echo(f"\r{done} of {total} {unit}".rstrip(), err=True, nl=done == total)
