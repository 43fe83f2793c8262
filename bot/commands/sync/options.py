"""Options that the commands of `integra sync` share."""

from pathlib import Path
from typing import Annotated

import typer

Destinations = Annotated[
    Path,
    typer.Option(
        "--destinations",
        envvar="INTEGRA_DESTINATIONS",
        help="TOML file that says where notes go; see docs/case-systems.md.",
        show_default=False,
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        envvar="INTEGRA_CASE_KEY",
        help="The case system's private key, kept outside the data folder; for destinations without one of their own.",
    ),
]
Dests = Annotated[list[str] | None, typer.Option("--dest", help="Only this destination; may be given several times.")]
Dest = Annotated[str, typer.Option("--dest", help="A destination, as in the file.", show_default=False)]
