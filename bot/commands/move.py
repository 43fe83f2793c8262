"""`integra move`: the database from its file to a PostgreSQL server."""

from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, out, out_json, progress
from bot.commands.within import within
from bot.installation import Installation
from storage import audit, relocation
from storage.postgres import Addresses


def move(
    data: Data,
    to_file: Annotated[
        Path,
        typer.Option(
            "--to-file",
            help="Owner-only file with the server's addresses: lines bot, reader, owner, or one line for all three.",
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Empty the server's database first, whatever it holds.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move the database to a PostgreSQL server. Stop the assistant first; safe to repeat.

    The copy is compared with the file, row by row, before anything is switched. The file stays, under another name.
    """
    installation = Installation.at(data)
    server = Addresses.read(to_file)
    summary = relocation.relocate(
        installation.folder, server, replace=replace, progress=lambda done, total: progress(done, total)
    )
    now = system_clock()
    within(data, lambda tx: audit.record(tx, "database.moved", at=now, reason="operation"))
    if as_json:
        tables = {name: {"rows": one.rows, "sha256": one.sha256.hex()} for name, one in summary.tables.items()}
        out_json({"rows": summary.rows, "schema": summary.revision, "tables": tables})
        return
    out(f"Moved {summary.rows} rows in {len(summary.tables)} tables; counts and digests are the same on both sides.")
    out(f"The former database is {relocation.MOVED} in the data folder. Run the assistant for a day; then delete it,")
    out("and make a backup. Every machine that works on this database needs a copy of the data folder without it.")
