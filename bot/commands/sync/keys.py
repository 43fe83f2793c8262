"""`integra sync public-key`, `integra sync importer`: what the agency at the other end of a file drop needs."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import out
from bot.sync_wiring import case_key
from storage.sync.own_keys import public_pem, signing_key

CaseKey = Annotated[
    Path, typer.Option("--key", envvar="INTEGRA_CASE_KEY", help="The case system's private key.", show_default=False)
]


def public_key(key: CaseKey) -> None:
    """Print the key that batches are signed with (PEM), for the agency's importer."""
    out(public_pem(signing_key(case_key(key)).public))


def importer() -> None:
    """Print the importer for agencies: a shell script that needs age, openssl, sha256sum and jq."""
    typer.echo((resources.files("storage.sync") / "integra-import.sh").read_text(encoding="utf-8"), nl=False)
