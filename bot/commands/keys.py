"""`integra keys`: make keys, and say on the agency's desk who receives its notes."""

import getpass
import json
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, out, out_json, read_key, within
from bot.installation import Installation
from storage import agencies, audit
from storage.pins import Pin
from storage.sealing import base64url, keyfile
from storage.sealing.desk import ROLES as DESK_ROLES
from storage.sealing.desk import Manifest, Recipient, next_manifest, read, sign
from storage.sealing.errors import KeyRefused, ManifestError
from storage.sealing.fingerprint import words_for
from storage.sealing.keyfile import PROCESS_ROLES, ROLES, SIGNING_ROLES, KeyFile
from storage.sealing.signing import SigningKey
from storage.sealing.suites import PublicKey, SuiteId, generate
from storage.transaction import Transaction

keys = typer.Typer(help="Keys that open notes, and the desk they stand on.", no_args_is_help=True)

PUBLIC_FORMAT = "integra-public-1"
SHORTEST_PASSPHRASE = 12


@keys.command("make")
def make(
    role: Annotated[str, typer.Option(help="coordinator, supervisor, case-system, recovery or admin.")],
    to: Annotated[Path, typer.Option("--out", help="Where the private key goes; FILE.pub beside it.")],
    label: Annotated[str, typer.Option(help="What people call this key; no full name.")] = "",
    suite: Annotated[str, typer.Option(help="x-wing (default) or x25519.")] = "x-wing",
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key on the holder's own machine. The private file never leaves it; FILE.pub is for the admin."""
    if role not in ROLES or role == "ingest":
        raise Refusal("a role is one of: coordinator, supervisor, case-system, recovery, admin")
    try:
        key = SigningKey.generate() if role in SIGNING_ROLES else generate(SuiteId.named(suite))
    except ValueError:
        raise Refusal("a suite is x-wing or x25519") from None
    passphrase = None if role in PROCESS_ROLES else _new_passphrase(passphrase_file)
    made = KeyFile(key, ROLES[role], label or role, system_clock().date())
    keyfile.write(to, made, passphrase=passphrase)
    public = public_fields(made)
    beside = to.with_name(to.name + ".pub")
    beside.write_text(json.dumps(public, indent=1) + "\n")
    if as_json:
        out_json(
            {"private": str(to), "public": str(beside), "kid": public["kid"], "words": list(words_for(key.public))}
        )
        return
    out(f"Private key: {to}  (keep it; nobody can make it again)")
    out(f"Public key:  {beside}  (give this to the admin)")
    out(f"Compare aloud: {' '.join(words_for(key.public))}")


@keys.command("list")
def list_(
    data: Data, agency: Annotated[str, typer.Option(help="Slug of the agency.")], as_json: AsJson = False
) -> None:
    """List who receives the notes of an agency."""
    pins, now = Installation.at(data).pins, system_clock()

    def desk(tx: Transaction) -> Manifest | None:
        agencies.by_slug(tx, agency)
        return agencies.desk(tx, agency, pins, now)

    manifest = within(data, desk)
    if manifest is None:
        raise Refusal(f"{agency} has no desk that can be sealed to; see: integra keys add-recipient --help")
    listed = [
        {
            "kid": one.key.kid.hex(),
            "role": one.role,
            "label": one.label,
            "suite": one.key.suite.name_in_files,
            "not_after": one.not_after.isoformat() if one.not_after else None,
            "words": list(words_for(one.key)),
        }
        for one in manifest.recipients
    ]
    if as_json:
        out_json({"agency": agency, "version": manifest.version, "recipients": listed})
        return
    out(f"{agency}, version {manifest.version}; flags go to coordinators of: {', '.join(manifest.desk_agencies)}")
    for row in listed:
        out(f"{str(row['kid'])[:8]}  {row['role']}  {row['label']}  {row['suite']}")


@keys.command("add-recipient")
def add_recipient(
    data: Data,
    agency: Annotated[str, typer.Option(help="Slug of the agency.")],
    key: Annotated[list[Path], typer.Option("--key", help="Public key file (FILE.pub); may be given several times.")],
    admin_key: Annotated[Path, typer.Option("--admin-key", help="The admin's private signing key.")],
    desk: Annotated[
        list[str] | None, typer.Option("--desk", help="Slug of an agency whose coordinators take the flags.")
    ] = None,
    no_escrow: Annotated[
        bool, typer.Option("--no-escrow", help="There is no recovery key: lost keys mean lost notes.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign a new version of the desk with these keys added. The first admin key used is pinned."""
    installation = Installation.at(data)
    installation.refuse_inside(admin_key)
    admin = read_key(admin_key, passphrase_file).key
    if not isinstance(admin, SigningKey):
        raise Refusal("that is not an admin key; make one with: integra keys make --role admin --out FILE")
    added = [read_public(path) for path in key]
    now = system_clock()
    today = now.date()
    pin = installation.pins.of(agency)
    if pin is not None and pin.admin.raw != admin.public.raw:
        raise Refusal("another admin key is pinned for this agency")

    def publish(tx: Transaction) -> Manifest:
        ref = agencies.by_slug(tx, agency).ref
        stored = agencies.stored_desk(tx, agency)
        if stored is None:
            manifest = Manifest(
                agency=agency,
                agency_ref=ref,
                version=1,
                suites=(added[0].key.suite,),
                recipients=tuple(added),
                desk_agencies=tuple(desk or (agency,)),
                escrow=not no_escrow,
                created=today,
            )
        else:
            before = (
                Manifest.parse(
                    *stored,
                    admin.public,
                    at_least_version=pin.version if pin else 1,
                    now=today,
                    agency=agency,
                )
                if _live(stored[0], today)
                else read(stored[0])
            )
            manifest = next_manifest(before, created=today, add=added, desk_agencies=desk or None)
        canonical, signature = sign(manifest, admin)
        # The pin goes first: if the database fails after it, sealing stops loudly until this is run again.
        installation.pins.set(agency, Pin(admin.public, manifest.version))
        agencies.publish_desk(tx, manifest, canonical, signature)
        about, version = sha256(canonical).digest()[:16], f"version {manifest.version}"
        audit.record(tx, "desk.published", at=now, reason="access", agency=ref, about=about, words=version)
        return manifest

    manifest = within(data, publish)
    if as_json:
        out_json({"agency": agency, "version": manifest.version, "recipients": len(manifest.recipients)})
        return
    out(f"{agency}'s desk is version {manifest.version} with {len(manifest.recipients)} keys.")
    for one in added:
        out(f"Added {one.role} {one.label}. Compare aloud with the holder: {' '.join(words_for(one.key))}")


def public_fields(made: KeyFile) -> dict[str, str]:
    """What FILE.pub holds."""
    public = made.key.public
    suite = public.suite.name_in_files if isinstance(public, PublicKey) else "ed25519"
    return {
        "format": PUBLIC_FORMAT,
        "role": made.role,
        "label": made.label,
        "suite": suite,
        "kid": public.kid.hex(),
        "public": base64url.encode(public.raw),
    }


def read_public(path: Path) -> Recipient:
    """A recipient from its FILE.pub.

    Raises:
        Refusal: it is not one.
    """
    try:
        fields: dict[str, Any] = json.loads(path.read_text())
        if fields["format"] != PUBLIC_FORMAT:
            raise KeyError
        key = PublicKey(SuiteId.named(fields["suite"]), base64url.decode(fields["public"]))
        if key.kid.hex() != fields["kid"]:
            raise KeyError
        return Recipient(key, DESK_ROLES[fields["role"]], str(fields["label"]))
    except FileNotFoundError:
        raise Refusal(f"there is no {path}") from None
    except (OSError, ValueError, KeyError, TypeError, KeyRefused):
        raise Refusal(f"{path} is not the public half of a key that opens notes (FILE.pub)") from None


def _live(canonical: bytes, today: date) -> bool:
    """Whether somebody besides recovery can still be sealed to; if not, a key is just what is missing."""
    try:
        return bool({one.role for one in read(canonical).live(today)} - {"recovery"})
    except ManifestError:
        return False


def _new_passphrase(passphrase_file: Path | None) -> str:
    if passphrase_file is not None:
        passphrase = keyfile.owner_only(passphrase_file).rstrip("\n")
    elif sys.stdin.isatty():
        passphrase = getpass.getpass(f"New passphrase, at least {SHORTEST_PASSPHRASE} characters, best six words: ")
        if getpass.getpass("Again: ") != passphrase:
            raise Refusal("the two were not the same; nothing was made")
    else:
        raise Refusal("this key needs a passphrase: give --passphrase-file FILE")
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Refusal(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters; nothing was made")
    return passphrase
