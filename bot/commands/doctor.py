"""`integra doctor`: what is wrong with an installation, and what mends it."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.checks.base import Patient
from bot.checks.registry import examined
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, out, out_json
from bot.installation import Installation

CANNOT_LOOK = 2
MARKS = {"fine": "ok     ", "note": "note   ", "trouble": "TROUBLE", "skipped": "-      "}

Secret = typer.Option("--token-file", "--secret-file", help="Also look at this file that the assistant starts with.")


def doctor(
    data: Data,
    secrets: Annotated[list[Path] | None, Secret] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Also compare every index and check all content: slow.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look for trouble and say what mends it; changes nothing. Exit code 0 fine, 1 trouble, 2 cannot look."""
    try:
        next(data.iterdir(), None)
    except OSError as refused:
        typer.echo(f"integra: {data}: {refused.strerror}; name the data folder with --data", err=True)
        raise typer.Exit(CANNOT_LOOK) from None
    installation = Installation(data)
    patient = Patient(
        installation,
        system_clock(),
        deep,
        tuple(secrets or ()),
        time.sleep,
        on_file=not installation.whereabouts.on_server,
    )
    rows: list[dict[str, Any]] = []
    for check, found in examined(patient):
        rows.append({"check": check.name, "state": found.state, "told": found.told, "remedy": found.remedy})
        if not as_json:
            out(f"{MARKS[found.state]}  {check.name}: {found.told}")
            if found.remedy:
                out(f"         {' ' * len(check.name)}  {found.remedy}")
    troubles = sum(row["state"] == "trouble" for row in rows)
    if as_json:
        out_json({"fine": not troubles, "checks": rows})
    else:
        out(f"{troubles} in trouble" if troubles else "Nothing is in trouble.")
    if troubles:
        raise typer.Exit(1)
