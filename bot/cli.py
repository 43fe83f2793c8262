"""The `integra` command. Exit codes: 0 done, 1 failed, 2 asked wrongly."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer._click.exceptions import ClickException

from bot.commands import (
    audit,
    backup,
    case,
    content,
    doctor,
    edition,
    keys,
    move,
    notes,
    outbox,
    people,
    restore,
    retention,
    run,
    setup,
    sync,
    talk,
    upgrade,
)
from bot.commands.common import name_operator, refuse_secrets
from bot.commands.errors import FAILURES, said
from bot.hardening import harden

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

app = typer.Typer(
    name="integra",
    help="A secure chat assistant for people who work with somebody at risk of radicalisation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root(
    actor: Annotated[
        str,
        typer.Option("--actor", envvar="INTEGRA_ACTOR", help="Who acts, for the audit log; else this machine's user."),
    ] = "",
) -> None:
    name_operator(actor)


app.command("demo")(talk.demo)
app.command("chat")(talk.chat)
app.command("ask")(content.ask)
app.command("check")(content.check)
app.command("init")(setup.init)
app.add_typer(setup.agency, name="agency")
app.command("invite")(people.invite)
app.add_typer(people.people, name="people")
app.add_typer(case.case, name="case")
app.add_typer(edition.content, name="content")
app.add_typer(keys.keys, name="keys")
app.command("run")(run.run)
app.command("upgrade")(upgrade.upgrade)
app.command("doctor")(doctor.doctor)
app.add_typer(notes.notes, name="notes")
app.add_typer(outbox.outbox, name="outbox")
app.add_typer(sync.sync, name="sync")
app.add_typer(audit.audit, name="audit")
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("move")(move.move)
app.add_typer(retention.retention, name="retention")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 failed, 2 asked wrongly.
    """
    if argv is None:  # a process of its own, which may see keys and people's words
        harden()
    try:
        refuse_secrets(sys.argv[1:] if argv is None else argv)
        code = app(args=list(argv) if argv is not None else None, standalone_mode=False)
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
