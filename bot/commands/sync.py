"""`integra sync`: hand sealed notes over to the case system. A process of its own with a key of its own."""

from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, operator, out, out_json, progress, read_key, within
from bot.installation import Installation
from storage import agencies
from storage.sealing.suites import OpeningKey
from storage.sync.filedrop import FileDrop, public_pem, signing_key
from storage.sync.handover import Report, hand_over
from storage.transaction import Transaction

sync = typer.Typer(help="Hand-over to the case system.", no_args_is_help=True)

Key = Annotated[Path, typer.Option("--key", help="The case system's private key, kept outside the data folder.")]


@sync.command("once")
def once(
    data: Data,
    agency: Annotated[str, typer.Option(help="Slug of the agency whose notes go there.")],
    key: Key,
    to: Annotated[Path, typer.Option("--to", help="Folder that the batches are written into.")],
    age_recipient: Annotated[str, typer.Option("--age-recipient", help="The agency's age public key, age1…")],
    as_json: AsJson = False,
) -> None:
    """Hand over what waits, once; run it again any time, nothing is repeated. Exit code 1 when a note was parked."""
    installation = Installation.at(data)
    installation.refuse_inside(key)
    drop = FileDrop(to, age_recipient, sender="integra", stream=agency)
    report = run_once(installation, agency, case_key(key), drop)
    if as_json:
        problems = [{"reference": one.reference, "code": one.code} for one in report.problems]
        out_json(
            {
                "handed_over": report.handed_over,
                "waiting": report.waiting,
                "parked": report.parked,
                "batch": report.batch,
                "problems": problems,
            }
        )
    else:
        batch = f" in batch {report.batch}" if report.batch is not None else ""
        out(f"{report.handed_over} handed over{batch}, {report.waiting} wait, {report.parked} parked.")
        for one in report.problems:
            out(f"parked  {one.reference}  {one.code}")
    if report.parked:
        raise typer.Exit(1)


@sync.command("public-key")
def public_key(key: Key) -> None:
    """Print the key that batches are signed with (PEM), for the agency's importer."""
    out(public_pem(signing_key(case_key(key)).public))


def case_key(path: Path) -> OpeningKey:
    """
    Raises:
        Refusal: not a key that opens notes.
    """
    key = read_key(path, None).key
    if not isinstance(key, OpeningKey):
        raise Refusal("that key signs; it does not open notes")
    return key


def run_once(installation: Installation, agency: str, key: OpeningKey, drop: FileDrop) -> Report:
    """One run for one agency, with progress on a terminal."""
    agency_ref = within(installation.folder, lambda tx: _ref(tx, agency))
    store = installation.store(reads_notes=True, operator=operator())
    try:
        return hand_over(
            store,
            (installation.keyring(reads_notes=True).ingest.public,),
            key,
            drop,
            at=system_clock(),
            agency_ref=agency_ref,
            progress=progress,
        )
    finally:
        store.close()


def _ref(tx: Transaction, agency: str) -> bytes:
    return agencies.by_slug(tx, agency).ref
