"""`integra notes`: read sealed notes with a recipient's key, on the same machine as the data folder."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, out, out_json, read_key, within
from bot.installation import Installation
from dialogues.reference import read_reference
from storage import opened
from storage.sealing.suites import OpeningKey

notes = typer.Typer(help="Sealed notes.", no_args_is_help=True)


@notes.command("list")
def list_(data: Data, as_json: AsJson = False) -> None:
    """List notes without content."""
    rows = within(data, opened.listed)
    if as_json:
        out_json([{**_fields(row), "hour": row.hour.isoformat()} for row in rows])
        return
    for row in rows:
        out(f"{row.reference}  {row.agency}  {row.hour:%Y-%m-%d %H}h  {row.state}  flag: {row.flag or '-'}")


@notes.command("open")
def open_(
    reference: Annotated[str, typer.Argument(help="The note's reference, for example K7QF-3M2D.")],
    data: Data,
    key: Annotated[Path, typer.Option("--key", help="Your private key file, kept outside the data folder.")],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Open a note and its amendments with your key."""
    short = read_reference(reference)
    if short is None:
        raise Refusal("that reference has a slip in it; a right one looks like K7QF-3M2D")
    installation = Installation.at(data)
    installation.refuse_inside(key)
    opener = read_key(key, passphrase_file).key
    if not isinstance(opener, OpeningKey):
        raise Refusal("that key signs; it does not open notes")
    ingest = (installation.keyring(reads_notes=True).ingest.public,)
    found = within(data, lambda tx: opened.open_reference(tx, short, opener, ingest), reads_notes=True)
    if as_json:
        out_json([{"reference": one.reference, "state": one.state, "note": one.body} for one in found])
        return
    out("\n\n".join(opened.as_text(one) for one in found))


def _fields(row: opened.Listed) -> dict[str, object]:
    return {"reference": row.reference, "agency": row.agency, "state": row.state, "flag": row.flag}
