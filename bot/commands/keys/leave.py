"""`integra keys rotate`, `integra keys revoke`: keys that leave the desk, with or without another in their place."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands import guided
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, out, out_json
from bot.commands.keys.desk import AdminKey, Agency, NotAfter, Yes, compare, last_day, read_public
from bot.commands.keys.publish import admin_key, present, publish, succeed
from bot.commands.keys.show import read_public_half
from bot.installation import Installation
from storage.sealing.desk import Manifest, Recipient, next_manifest
from storage.sealing.fingerprint import words_for
from storage.sealing.suites import PublicKey

READERS = frozenset({"coordinator", "supervisor"})
SHORTEST_START = 4
KEPT_COPIES = (
    "Whoever could read a note may have kept it; nothing calls that back. What this stops: the key opening notes kept "
    "here."
)


def rotate(
    data: Data,
    agency: Agency = None,
    old: Annotated[
        str | None, typer.Option("--old", help="The key that goes: its id, four digits or more, or its file.")
    ] = None,
    new: Annotated[Path | None, typer.Option("--new", help="FILE.pub of the key in its place.")] = None,
    not_after: NotAfter = None,
    admin: AdminKey = None,
    new_admin: Annotated[
        Path | None,
        typer.Option("--new-admin-key", help="Instead: the private key of a new admin key. Both sign."),
    ] = None,
    yes: Yes = False,
    passphrase_file: PassphraseFile = None,
    new_passphrase_file: Annotated[
        Path | None, typer.Option("--new-passphrase-file", help="The same for the new admin key.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a new key in an old one's place, of the same role; or, with --new-admin-key, change who signs the desk."""
    installation = Installation.at(data)
    agency = guided.or_ask(agency, "--agency", "Which agency (slug)")
    if new_admin is not None:
        if old is not None or new is not None:
            raise typer.BadParameter("--new-admin-key goes without --old and --new")
        _rotate_admin(installation, agency, admin, new_admin, passphrase_file, new_passphrase_file, yes, as_json)
        return
    manifest = _desk(installation, agency)
    leaving = find(manifest, old if old is not None else _which(manifest, "Which key goes?"))
    public = Path(guided.or_ask(str(new) if new else None, "--new", "FILE.pub of the new key"))
    coming = read_public(public, not_after=last_day(not_after))
    if coming.role != leaving.role:
        raise Refusal(f"the new key is a {coming.role}'s and the old one a {leaving.role}'s; nothing was done")
    if any(one.key.kid == coming.key.kid for one in manifest.recipients):
        raise Refusal("the new key stands on the desk already; nothing was done")
    admin = admin or Path(guided.or_ask(None, "--admin-key", "Where is the admin's private key"))
    installation.refuse_inside(admin)
    if not as_json:
        out(f"{leaving.role} {leaving.label} ({leaving.key.kid.hex()[:8]}) goes. In its place:")
    compare([coming], yes=yes, as_json=as_json)
    done = _publish_without(installation, agency, admin, passphrase_file, manifest, [leaving], [coming])
    _said(done, [leaving], [coming], as_json)


def revoke(
    data: Data,
    agency: Agency = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="The key: its id, four digits or more, or its file; may be given several times."),
    ] = None,
    admin: AdminKey = None,
    yes: Yes = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Take keys off the desk: nothing is sealed to them from then on. Then seal kept notes anew with rewrap."""
    installation = Installation.at(data)
    agency = guided.or_ask(agency, "--agency", "Which agency (slug)")
    manifest = _desk(installation, agency)
    leaving = [find(manifest, one) for one in key or [_which(manifest, "Which key is taken off?")]]
    refuse_what_leaves_nobody(manifest, leaving, system_clock().date())
    admin = admin or Path(guided.or_ask(None, "--admin-key", "Where is the admin's private key"))
    installation.refuse_inside(admin)
    for one in leaving:
        if not as_json:
            out(f"{one.role} {one.label}: {' '.join(words_for(one.key))}")
        guided.agreed("Take this key off the desk?", yes, asks=not as_json)
    done = _publish_without(installation, agency, admin, passphrase_file, manifest, leaving, [])
    _said(done, leaving, [], as_json)


def refuse_what_leaves_nobody(manifest: Manifest, leaving: list[Recipient], today: date) -> None:
    """
    Raises:
        Refusal: no coordinator or supervisor would be left who can read, or no recovery key.
    """
    gone = {one.key.kid for one in leaving}
    stay = [one for one in manifest.recipients if one.key.kid not in gone]
    readers = {one.role for one in leaving} & READERS
    if readers and not any(one.role in READERS and one.live(today) for one in stay):
        raise Refusal(
            "that would leave nobody who reads the notes. First add another coordinator (integra keys add-recipient), "
            "or put a new key in this one's place (integra keys rotate). Nothing was done"
        )
    if manifest.escrow and not any(one.role == "recovery" and one.live(today) for one in stay):
        raise Refusal(
            "that would leave no recovery key: if the others were lost, the notes would be lost. Put a new recovery "
            "key in its place (integra keys rotate). Nothing was done"
        )
    if not any(one.role != "recovery" and one.live(today) for one in stay):
        raise Refusal("that would leave nobody but recovery on the desk. First add another key. Nothing was done")


def find(manifest: Manifest, what: str) -> Recipient:
    """The key on the desk that an id, or a file, tells of.

    Raises:
        Refusal: none, or more than one.
    """
    if Path(what).is_file():
        public = read_public_half(Path(what)).key
        start = public.kid.hex() if isinstance(public, PublicKey) else "-"
    else:
        start = what.strip().lower()
    found = [one for one in manifest.recipients if one.key.kid.hex().startswith(start)]
    if len(found) != 1 or len(start) < SHORTEST_START:
        raise Refusal(f"no one key on {manifest.agency}'s desk is {what}; see: integra keys list")
    return found[0]


def _desk(installation: Installation, agency: str) -> Manifest:
    manifest = present(installation, agency)
    if manifest is None:
        raise Refusal(f"{agency} has no desk yet; see: integra keys add-recipient --help")
    return manifest


def _which(manifest: Manifest, question: str) -> str:
    if not guided.at_terminal():
        raise typer.BadParameter("which key is missing: give --old or --key")
    return guided.choose(question, {one.key.kid.hex()[:8]: f"{one.role} {one.label}" for one in manifest.recipients})


def _publish_without(
    installation: Installation,
    agency: str,
    admin: Path,
    passphrase_file: Path | None,
    seen: Manifest,
    leaving: list[Recipient],
    coming: list[Recipient],
) -> Manifest:
    signing, today = admin_key(installation, admin, passphrase_file), system_clock().date()
    kids = [one.key.kid for one in leaving]

    def change(before: Manifest | None, _: bytes, number: int) -> Manifest:
        if before != seen:
            raise Refusal("the desk was changed meanwhile; look at it again. Nothing was done")
        following = next_manifest(seen, created=today, add=coming, remove=kids)
        return replace(following, version=number)

    return publish(installation, agency, signing, change)


def _said(done: Manifest, leaving: list[Recipient], coming: list[Recipient], as_json: bool) -> None:
    if as_json:
        out_json(
            {
                "agency": done.agency,
                "version": done.version,
                "removed": [one.key.kid.hex() for one in leaving],
                "added": [one.key.kid.hex() for one in coming],
            }
        )
        return
    out(f"{done.agency}'s desk is version {done.version} with {len(done.recipients)} keys.")
    out(KEPT_COPIES)
    out(
        "Next, by somebody whose key opens the notes kept so far: "
        f"integra keys rewrap --agency {done.agency} --key FILE"
    )
    if any(one.role == "case-system" for one in leaving):
        out("A new case-system key also signs batches anew: integra sync public-key, for the agency's importer.")
    if any(one.role == "recovery" for one in leaving):
        out("Sheets of the old recovery key still open what was kept before: destroy them once rewrap is done.")


def _rotate_admin(
    installation: Installation,
    agency: str,
    admin: Path | None,
    new_admin: Path,
    passphrase_file: Path | None,
    new_passphrase_file: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    admin = admin or Path(guided.or_ask(None, "--admin-key", "Where is the private key of the former admin key"))
    installation.refuse_inside(admin)
    installation.refuse_inside(new_admin)
    words = words_for(read_public_half(new_admin).key)
    if not as_json:
        out(f"\n{agency}'s desk shall be signed by:\n\n    {' '.join(words)}\n")
    guided.agreed("Are these the words of the new admin key?", yes, asks=not as_json)
    former = admin_key(installation, admin, passphrase_file)
    new = admin_key(installation, new_admin, new_passphrase_file or passphrase_file)
    done = succeed(installation, agency, former, new)
    if as_json:
        out_json({"agency": agency, "version": done.version, "admin": new.kid.hex()})
        return
    out(f"{agency}'s desk is version {done.version}, signed by the new admin key, which is pinned now.")
    out("The former one signs nothing here any more: destroy it. Every other agency it signs for needs the same.")
