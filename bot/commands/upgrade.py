"""`integra upgrade`: bring the database to this version of the program, or only look."""

from typing import Annotated

import typer

from bot.commands.common import AsJson, Data, out, out_json
from bot.installation import Installation
from storage import lock


def upgrade(
    data: Data,
    check: Annotated[bool, typer.Option("--check", help="Only look; exit 1 where something is to be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database to this version of the program, in one transaction. Stop the assistant and back up first.

    Every other command does the same when it opens the installation; this one is for doing it by itself.
    """
    installation = Installation.found(data)
    before, wanted = installation.whereabouts.revisions()
    if not check:
        with lock.alone(installation.folder):
            installation.whereabouts.upgrade()
    done = before == wanted
    if as_json:
        out_json({"was": before, "is": before if check else wanted, "program": wanted})
    elif done:
        out(f"The database is of this version ({wanted}); nothing is to be done.")
    elif check:
        out(f"The database is of version {before}, this program of {wanted}. Stop, back up, then: integra upgrade")
    else:
        out(f"The database was of version {before} and is of {wanted} now.")
    if check and not done:
        raise typer.Exit(1)
