"""`integra flags`: where flags stand, and the way each went. Why it went there opens with a key of the desk alone."""

from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, out, out_json
from bot.commands.keyfiles import read_key
from bot.commands.rota import agency_row
from bot.commands.within import within
from bot.installation import Installation
from dialogues.model import FlagView
from dialogues.reference import read_reference
from storage import audit, opened
from storage import flags as rows
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction

flags = typer.Typer(help="Where flags stand, without a word of their notes.", no_args_is_help=True)

AgencySlug = Annotated[str, typer.Option("--agency", help="Slug of the agency.")]


@flags.command("list")
def list_(agency: AgencySlug, data: Data, as_json: AsJson = False) -> None:
    """List an agency's flags that are not over. An entry in the audit log."""

    def read(tx: Transaction) -> list[FlagView]:
        ref = agency_row(tx, agency).ref
        audit.record(tx, "flags.listed", at=system_clock(), reason="operation", agency=ref)
        return rows.of_desks(tx, [ref], at_most=1_000)

    found = within(data, read)
    if as_json:
        out_json([_fields(one) for one in found])
        return
    for one in found:
        late = "  OVERDUE" if one.overdue else ""
        owner = one.owner_handle or one.owner[:8] or "nobody"
        out(f"{one.reference}  {one.urgency}  {one.state}{late}  {owner}  by {one.due_at:%Y-%m-%d %H:%M} UTC")
    if not found:
        out("None.")


@flags.command("show")
def show(
    reference: Annotated[str, typer.Argument(help="The note's reference, for example K7QF-3M2D.")],
    agency: AgencySlug,
    data: Data,
    key: Annotated[
        Path | None, typer.Option("--key", help="Your private key file; with it, why is shown, too.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the way a flag went: every step, who, when; with a key why. An entry in the audit log."""
    short = read_reference(reference)
    if short is None:
        raise Refusal("that reference has a slip in it; a right one looks like K7QF-3M2D")
    installation = Installation.at(data)
    opener = None
    if key is not None:
        installation.refuse_inside(key)
        found_key = read_key(key, passphrase_file).key
        if not isinstance(found_key, OpeningKey):
            raise Refusal("that key signs; it does not open notes")
        opener = found_key
    ingest = (installation.keyring(reads_notes=True).ingest.public,)

    def read(tx: Transaction) -> tuple[FlagView, list[opened.OpenedStep]]:
        ref = agency_row(tx, agency).ref
        found = rows.of_desks(tx, [ref], short=short)
        if not found:
            raise Refusal(f"{agency} has no flag {short}")
        about = bytes.fromhex(found[0].note_id)
        audit.record(tx, "flag.viewed", at=system_clock(), reason="operation", agency=ref, about=about)
        return found[0], opened.steps_of(tx, about, ref, opener, ingest)

    flag, steps = within(data, read, reads_notes=True)
    if as_json:
        listed = [
            {"number": one.number, "at": one.at.isoformat(), "act": one.act, "who": one.who, "why": one.why}
            for one in steps
        ]
        out_json({**_fields(flag), "steps": listed})
        return
    out(f"{flag.reference}  {flag.urgency}  {flag.state}{'  OVERDUE' if flag.overdue else ''}")
    for one in steps:
        why = ", ".join(f"{name}: {value}" for name, value in (one.why or {}).items())
        sealed = "" if one.why is not None else "  (why is sealed; --key FILE)"
        who = one.handle or one.who[:8] or "the assistant"
        out(f"{one.at:%Y-%m-%d %H:%M}  {one.act}  {who}  {why}{sealed}".rstrip())


def _fields(one: FlagView) -> dict[str, object]:
    return {
        "reference": one.reference,
        "agency": one.agency,
        "urgency": one.urgency,
        "state": one.state,
        "overdue": one.overdue,
        "owner": one.owner,
        "raised_at": one.raised_at.isoformat(),
        "due_at": one.due_at.isoformat(),
        "outcome": one.outcome or None,
    }
