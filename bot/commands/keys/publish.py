"""The one place where an agency's desk is changed: the admin signs, the database takes it, the pin goes up.

The pin follows the commit. If the program dies between them, the desk is in force and the pin one behind; the next
change puts it right. The other way round a desk could stand still that no command gets going again.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from bot.clock import system_clock
from bot.commands.common import Refusal
from bot.commands.keyfiles import read_key
from bot.commands.within import within
from bot.installation import Installation
from storage import agencies, audit, deletions, flags, timers
from storage.pins import Pin
from storage.sealing.desk import Manifest, next_manifest, sign
from storage.sealing.errors import ManifestError
from storage.sealing.signing import SigningKey
from storage.sealing.succession import statement
from storage.transaction import Transaction

Change = Callable[[Manifest | None, bytes, int], Manifest]
"""From the desk as it is (None for a first one), the agency's ref, and the number it gets: the desk as it shall be."""


def admin_key(installation: Installation, path: Path, passphrase_file: Path | None) -> SigningKey:
    """
    Raises:
        Refusal: not an admin's key.
        BadInstallation: it lies inside the data folder.
    """
    installation.refuse_inside(path)
    read = read_key(path, passphrase_file)
    if not isinstance(read.key, SigningKey) or read.role != "admin":
        raise Refusal("that is not an admin key; make one with: integra keys make --role admin --out FILE")
    return read.key


def present(installation: Installation, slug: str) -> Manifest | None:
    """The desk as its pinned admin signed it, whether or not keys in it have expired; None where there is none.

    Raises:
        ManifestError: what is there was not signed so, or is older than what was seen.
        Unknown: no such agency.
    """
    pin = installation.pins.of(slug)

    def look(tx: Transaction) -> Manifest | None:
        agencies.by_slug(tx, slug)
        stored = agencies.stored_desk(tx, slug)
        if stored is None or pin is None:
            return agencies.checked_desk(tx, slug, installation.pins, system_clock().date())
        return Manifest.verified(*stored, pin.admin, at_least_version=pin.version, agency=slug)

    return within(installation.folder, look)


def publish(
    installation: Installation, slug: str, admin: SigningKey, change: Change, *, anew: bool = False
) -> Manifest:
    """Sign the next version of a desk and bring it into force. The first admin key used is pinned.

    Args:
        anew: take no account of what stands in the database, which may have been changed there.

    Raises:
        Refusal: another admin key is pinned.
        ManifestError: what stands there is not what was signed, or what ``change`` wants is not allowed.
        Unknown: no such agency.
    """
    pin = installation.pins.of(slug)
    if pin is not None and pin.admin.raw != admin.public.raw:
        raise Refusal(f"another admin key is pinned for {slug}; see docs/operating.md, Lost and stolen keys")
    seen = pin.version if pin is not None else 0

    def turn(tx: Transaction) -> Manifest:
        ref = agencies.by_slug(tx, slug).ref
        stored = agencies.stored_desk(tx, slug)
        before = None
        if stored is not None:
            try:
                before = Manifest.verified(*stored, admin.public, at_least_version=max(seen, 1), agency=slug)
            except ManifestError:
                if not anew:
                    raise
        # Also when it begins anew: no number is ever signed twice.
        number = 1 + (before.version if before is not None else seen)
        manifest = change(None if anew else before, ref, number)
        if manifest.version != number:
            raise Refusal("a desk is changed from the version that is in force; try again")
        _publish(tx, ref, manifest, *sign(manifest, admin))
        _count_leavers(tx, ref, before, manifest, admin)
        return manifest

    manifest = within(installation.folder, turn)
    installation.pins.set(slug, Pin(admin.public, manifest.version))
    return manifest


def succeed(installation: Installation, slug: str, former: SigningKey, new: SigningKey) -> Manifest:
    """Put a new admin key in a former one's place; both have to be there. May be repeated after it was interrupted.

    Raises:
        Refusal: the former is not the one that is pinned.
        ManifestError: what stands in the database is not what was signed.
    """
    pin = installation.pins.of(slug)
    if pin is None or pin.admin.raw != former.public.raw:
        raise Refusal(f"the former admin key is not the one that is pinned for {slug}; nothing was done")

    def turn(tx: Transaction) -> Manifest:
        stored = agencies.stored_desk(tx, slug)
        if stored is None:
            raise ManifestError("row", f"{slug}'s desk is gone from the database")
        try:
            return Manifest.verified(*stored, new.public, at_least_version=pin.version + 1, agency=slug)
        except ManifestError:
            before = Manifest.verified(*stored, former.public, at_least_version=pin.version, agency=slug)
        manifest = next_manifest(before, created=system_clock().date())
        ref = agencies.by_slug(tx, slug).ref
        _publish(tx, ref, manifest, *sign(manifest, new))
        _count_leavers(tx, ref, None, manifest, new)
        return manifest

    manifest = within(installation.folder, turn)
    agreed = statement(slug, former.public, new.public, manifest.version)
    to = Pin(new.public, manifest.version)
    installation.pins.hand_over(slug, to, former.sign(agreed), new.sign(agreed))
    return manifest


def _count_leavers(
    tx: Transaction, agency_ref: bytes, before: Manifest | None, now: Manifest, admin: SigningKey
) -> None:
    """A key that leaves a desk must not come back with an older backup; nor may a former admin's."""
    here = {one.key.kid for one in now.recipients}
    if before is None and now.version == 1:
        return
    if before is None or any(one.key.kid not in here for one in before.recipients):
        deletions.record(tx, "desk", agency_ref + now.version.to_bytes(4, "big") + admin.public.raw)


def _publish(tx: Transaction, agency_ref: bytes, manifest: Manifest, canonical: bytes, signature: bytes) -> None:
    agencies.publish_desk(tx, manifest, canonical, signature)
    timers.pull_in(tx, flags.DEADLINE, system_clock())  # what is in the hands of somebody it does not allow goes on
    about, version = sha256(canonical).digest()[:16], f"version {manifest.version}"
    audit.record(
        tx, "desk.published", at=system_clock(), reason="access", agency=agency_ref, about=about, words=version
    )
