"""Agencies, and the desks that receive their notes and flags."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from dialogues.model import Agency
from guidance.site import NOWHERE, Site
from storage.errors import BadInstallation, Unknown, Unreadable
from storage.pins import Pin, Pins
from storage.schema import agencies, desks
from storage.sealing.desk import Manifest
from storage.sealing.errors import ManifestError
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """An agency as stored: ``ref`` 16 bytes; ``profile`` name, zone, case_pattern, alarm, country, media,
    keep_days."""

    ref: bytes
    slug: str
    version: int
    profile: dict[str, Any]


_insert = insert(agencies)
_all = select(agencies.c.ref, agencies.c.version, agencies.c.sealed_profile)
_one = _all.where(agencies.c.ref == bindparam("of"))
_versions = select(agencies.c.ref, agencies.c.version).order_by(agencies.c.ref)
_desk = select(desks.c.manifest, desks.c.signature).where(desks.c.agency_ref == bindparam("of"))


def add(
    tx: Transaction,
    slug: str,
    *,
    name: str,
    zone: str,
    case_pattern: str,
    alarm: str = "",
    country: str = "",
    media: bool = True,
    keep_days: int = 0,
) -> bytes:
    """Add an agency.

    Args:
        country: two capital letters, or empty: the operator's own file says where it is, or nobody does.
        media: photos and voice messages may go with a note.
        keep_days: see ``keep_days``.

    Returns:
        Its ref, a keyed pseudonym of the slug.

    Raises:
        BadInstallation: there is one with this slug.
    """
    ref = tx.keyring.agency_ref(slug)
    profile = {
        "slug": slug,
        "name": name,
        "zone": zone,
        "case_pattern": case_pattern,
        "alarm": alarm,
        "country": country,
        "media": media,
        "keep_days": keep_days,
    }
    try:
        tx.db.execute(_insert, {"ref": ref, "version": 1, "sealed_profile": tx.seal("agency", ref, profile)})
    except IntegrityError:
        raise BadInstallation(f"there is an agency {slug} already") from None
    return ref


def change(tx: Transaction, slug: str, fields: Mapping[str, str | bool | int]) -> bytes:
    """Write some fields of an agency's profile anew; in force from the next turn on.

    Returns:
        Its ref.

    Raises:
        Unknown: no such agency.
    """
    tx.hold(tx.keyring.agency_ref(slug))
    row = by_slug(tx, slug)
    sealed = tx.seal("agency", row.ref, {**row.profile, **fields})
    tx.db.execute(
        update(agencies).where(agencies.c.ref == row.ref).values(version=row.version + 1, sealed_profile=sealed)
    )
    return row.ref


def every(tx: Transaction) -> list[AgencyRow]:
    return [_read(tx, *row) for row in tx.db.execute(_all)]


def versions(tx: Transaction) -> list[tuple[bytes, int]]:
    """Ref and version of every agency, by ref."""
    return [(ref, version) for ref, version in tx.db.execute(_versions)]


def by_ref(tx: Transaction, ref: bytes) -> AgencyRow:
    """
    Raises:
        Unknown: no such agency.
    """
    row = tx.db.execute(_one, {"of": ref}).one_or_none()
    if row is None:
        raise Unknown("agency")
    return _read(tx, *row)


def by_slug(tx: Transaction, slug: str) -> AgencyRow:
    """
    Raises:
        Unknown: no such agency.
    """
    return by_ref(tx, tx.keyring.agency_ref(slug))


def name_of(tx: Transaction, ref: bytes) -> str:
    """An agency's slug; the first digits of its ref, where its profile cannot be read."""
    try:
        return by_ref(tx, ref).slug
    except Unreadable:
        return ref.hex()[:8]


def country(row: AgencyRow) -> str:
    """Two capital letters, or empty; profiles of earlier versions hold none."""
    return str(row.profile.get("country", ""))


def media(row: AgencyRow) -> bool:
    """Whether photos and voice messages may go with a note; profiles of earlier versions do not say."""
    return bool(row.profile.get("media", True))


def keep_days(row: AgencyRow) -> int:
    """Days that a note stays here after it was handed over; 0: until somebody sets it. Not in earlier profiles."""
    return int(row.profile.get("keep_days", 0))


def view(row: AgencyRow, *, ready: bool, site: Site = NOWHERE, admin_key: str = "") -> Agency:
    """What dialogues see of an agency."""
    profile = row.profile
    zone, pattern, alarm = ZoneInfo(profile["zone"]), profile["case_pattern"], profile["alarm"]
    return Agency(row.slug, profile["name"], zone, pattern, alarm, ready, site, media(row), admin_key)


def publish_desk(tx: Transaction, manifest: Manifest, canonical: bytes, signature: bytes) -> None:
    """Make a signed manifest the one in force. Who pins its key and version: ``storage.pins``.

    Raises:
        Unknown: no such agency.
    """
    ref = by_slug(tx, manifest.agency).ref
    row = {"agency_ref": ref, "version": manifest.version, "manifest": canonical, "signature": signature}
    found = tx.db.execute(
        update(desks).where(desks.c.agency_ref == ref),
        {"version": manifest.version, "manifest": canonical, "signature": signature},
    )
    if found.rowcount == 0:
        tx.db.execute(insert(desks), row)
    tx.db.execute(update(agencies).where(agencies.c.ref == ref).values(version=agencies.c.version + 1))


def desk(tx: Transaction, slug: str, pins: Pins, at: datetime) -> Manifest | None:
    """The manifest in force, or None when there is none that may be sealed to today.

    The pins lie outside the database: a row changed there does not divert notes, it stops them.
    """
    try:
        return checked_desk(tx, slug, pins, at.date())
    except ManifestError:
        return None


def desk_fault(tx: Transaction, slug: str, pins: Pins, at: datetime) -> str:
    """Why the desk must not be sealed to, as a code of ``ManifestError``; empty where it may, or where there never was
    one."""
    try:
        checked_desk(tx, slug, pins, at.date())
    except ManifestError as refused:
        return refused.code
    except BadInstallation:  # a damaged pin
        return "pin"
    return ""


def checked_desk(tx: Transaction, slug: str, pins: Pins, today: date) -> Manifest | None:
    """The manifest in force; None where neither manifest nor pin was ever made.

    Raises:
        ManifestError: as ``Manifest.parse``; ``row`` when the pin is there and the row gone, ``pin`` the other way.
    """
    stored, pin = stored_desk(tx, slug), pins.of(slug)
    if pin is None:
        if stored is None:
            return None
        raise ManifestError("pin", f"desks/{slug}.json is gone, which says whose signature {slug}'s desk must carry")
    if stored is None:
        raise ManifestError("row", f"{slug}'s desk is gone from the database")
    return Manifest.parse(*stored, pin.admin, at_least_version=pin.version, now=today, agency=slug)


def raise_pin(tx: Transaction, slug: str, pins: Pins, at: datetime) -> None:
    """Pin the version in force, should a crash have kept the pin behind: then it cannot be put back any more."""
    manifest, pin = desk(tx, slug, pins, at), pins.of(slug)
    if manifest is not None and pin is not None and manifest.version > pin.version:
        pins.set(slug, Pin(pin.admin, manifest.version))


def stored_desk(tx: Transaction, slug: str) -> tuple[bytes, bytes] | None:
    """Manifest bytes and signature as they lie there, unverified; for the admin's tools."""
    row = tx.db.execute(_desk, {"of": tx.keyring.agency_ref(slug)}).one_or_none()
    # What is no bytes was put there by somebody else, and carries no signature.
    return None if row is None else (_bytes(row.manifest), _bytes(row.signature))


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _read(tx: Transaction, ref: bytes, version: int, sealed: bytes) -> AgencyRow:
    profile = tx.open("agency", ref, sealed)
    return AgencyRow(ref, profile["slug"], version, profile)
