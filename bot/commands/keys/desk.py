"""`integra keys list`, `integra keys add-recipient`: who stands on an agency's desk."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.clock import system_clock
from bot.commands import guided
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, out, out_json
from bot.commands.keys.publish import admin_key, present, publish
from bot.commands.within import within
from bot.installation import Installation
from storage import agencies
from storage.sealing import publicfile
from storage.sealing.desk import ROLES, Manifest, Recipient, next_manifest
from storage.sealing.errors import KeyFileError
from storage.sealing.fingerprint import words_for
from storage.sealing.suites import PublicKey

OLD_AFTER = timedelta(days=365)
SOON = timedelta(days=30)

Agency = Annotated[str | None, typer.Option(help="Slug of the agency.")]
AdminKey = Annotated[Path | None, typer.Option("--admin-key", help="The admin's private signing key.")]
NotAfter = Annotated[
    str | None, typer.Option("--not-after", help="Last day on which notes are sealed to it: 2027-12-31.")
]
Yes = Annotated[bool, typer.Option("--yes", help="It was compared; do not ask.")]


def list_(
    data: Data, agency: Annotated[str, typer.Option(help="Slug of the agency.")], as_json: AsJson = False
) -> None:
    """List who receives the notes of an agency. Exit code 1 when no note can be sealed to its desk."""
    installation, now = Installation.at(data), system_clock()
    manifest = present(installation, agency)
    if manifest is None:
        raise Refusal(f"{agency} has no desk that can be sealed to; see: integra keys add-recipient --help")
    fault = within(data, lambda tx: agencies.desk_fault(tx, agency, installation.pins, now))
    listed = [_row(one, now.date()) for one in manifest.recipients]
    if as_json:
        out_json({"agency": agency, "version": manifest.version, "fault": fault, "recipients": listed})
    else:
        out(f"{agency}, version {manifest.version}; flags go to coordinators of: {', '.join(manifest.desk_agencies)}")
        for row in listed:
            until = f"  until {row['not_after']}" if row["not_after"] else ""
            out(f"{row['kid'][:8]}  {row['role']}  {row['label']}  {row['suite']}{until}")
            for warning in row["warnings"]:
                out(f"          ! {warning}")
        if not manifest.escrow:
            out("There is no recovery key, by this agency's own word: lost keys mean lost notes.")
        if fault:
            out(f"! No note can be sealed ({fault}): put keys on that are not out of date.")
    if fault:
        raise typer.Exit(1)


def warnings(one: Recipient, today: date) -> list[str]:
    """What should be done about a key on the desk."""
    found = []
    if not one.live(today):
        found.append(f"out of date since {one.not_after}: nothing is sealed to it any more")
    elif one.not_after is not None and one.not_after - today <= SOON:
        found.append(f"runs out on {one.not_after}")
    if one.created is not None and today - one.created > OLD_AFTER and one.role != "recovery":
        found.append(f"made on {one.created}, more than 12 months ago: time for integra keys rotate")
    return found


def add_recipient(
    data: Data,
    agency: Agency = None,
    key: Annotated[
        list[Path] | None, typer.Option("--key", help="Public key file (FILE.pub); may be given several times.")
    ] = None,
    admin: AdminKey = None,
    desk: Annotated[
        list[str] | None, typer.Option("--desk", help="Slug of an agency whose coordinators take the flags.")
    ] = None,
    not_after: NotAfter = None,
    no_escrow: Annotated[
        bool, typer.Option("--no-escrow", help="There is no recovery key: lost keys mean lost notes.")
    ] = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Build the desk from these keys alone; what stands there is not believed.")
    ] = False,
    yes: Yes = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Compare keys with their holders, then sign a new version of the desk with them added.

    The first admin key used is pinned. At a terminal, what is left out is asked for.
    """
    installation = Installation.at(data)
    agency = guided.or_ask(agency, "--agency", "Which agency (slug)")
    added = [read_public(path, not_after=last_day(not_after)) for path in key or _keys_asked()]
    admin = admin or Path(guided.or_ask(None, "--admin-key", "Where is the admin's private key"))
    installation.refuse_inside(admin)
    _unlike_those_there(installation, agency, added, anew=anew)
    compare(added, yes=yes, as_json=as_json)
    signing = admin_key(installation, admin, passphrase_file)
    today = system_clock().date()

    def change(before: Manifest | None, ref: bytes, number: int) -> Manifest:
        if before is not None:
            return next_manifest(before, created=today, add=added, desk_agencies=desk or None)
        return Manifest(
            agency=agency,
            agency_ref=ref,
            version=number,
            suites=(added[0].key.suite,),
            recipients=tuple(added),
            desk_agencies=tuple(desk or (agency,)),
            escrow=not no_escrow,
            created=today,
        )

    manifest = publish(installation, agency, signing, change, anew=anew)
    if as_json:
        out_json({"agency": agency, "version": manifest.version, "recipients": len(manifest.recipients)})
        return
    out(f"{agency}'s desk is version {manifest.version} with {len(manifest.recipients)} keys.")
    for one in added:
        out(f"Added {one.role} {one.label}: {' '.join(words_for(one.key))}")
    if manifest.version > 1:
        out(
            "They open notes from now on. For those kept earlier, somebody who opens them runs: "
            f"integra keys rewrap --agency {agency} --key THEIR.key"
        )


def compare(added: list[Recipient], *, yes: bool, as_json: bool) -> None:
    """Show the words of each key, and go on only after a yes for every one.

    Raises:
        Refusal: no yes.
    """
    for one in added:
        if not as_json:
            out(f"\n{one.role} {one.label}, made {one.created or '(not known)'}, reads as:\n")
            out(f"    {' '.join(words_for(one.key))}\n")
            if not yes:
                out("Ring the holder on a number that you knew before, and let THEM read their eight words to you.")
        guided.agreed("Are all eight the same, in the same order?", yes, asks=not as_json)


def read_public(path: Path, *, not_after: date | None = None) -> Recipient:
    """A recipient from its FILE.pub.

    Raises:
        Refusal: it is not one.
    """
    try:
        public = publicfile.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"there is no {path}") from None
    except (OSError, UnicodeDecodeError, KeyFileError):
        raise Refusal(f"{path} is not the public half of a key that opens notes (FILE.pub)") from None
    if not isinstance(public.key, PublicKey) or public.role not in ROLES:
        raise Refusal(f"{path} is not the public half of a key that opens notes (FILE.pub)")
    return Recipient(public.key, ROLES[public.role], public.label, not_after, public.created)


def _unlike_those_there(installation: Installation, agency: str, added: list[Recipient], *, anew: bool) -> None:
    before = None if anew else present(installation, agency)
    for one in added:
        if before is not None and any(other.key.kid == one.key.kid for other in before.recipients):
            raise Refusal(f"{one.role} {one.label} stands on {agency}'s desk already; nothing was done")


def _keys_asked() -> list[Path]:
    if not guided.at_terminal():
        raise typer.BadParameter("--key is missing")
    found = [Path(guided.ask("Public key file of whom you add (FILE.pub)"))]
    while guided.yes("Another one?"):
        found.append(Path(guided.ask("Public key file")))
    return found


def last_day(text: str | None) -> date | None:
    """
    Raises:
        Refusal: it is over.
        typer.BadParameter: not a day.
    """
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("--not-after is a day like 2027-12-31") from None
    if day < system_clock().date():
        raise Refusal("that day is over; nothing was done")
    return day


def _row(one: Recipient, today: date) -> dict[str, Any]:
    return {
        "kid": one.key.kid.hex(),
        "role": one.role,
        "label": one.label,
        "suite": one.key.suite.name_in_files,
        "not_after": one.not_after.isoformat() if one.not_after else None,
        "created": one.created.isoformat() if one.created else None,
        "words": list(words_for(one.key)),
        "warnings": warnings(one, today),
    }
