"""An agency's desk: who receives its notes and flags, signed by its admin. See docs/formats/desk-manifest.md.

Notes are sealed only to a manifest whose signature verifies. Without it, whoever can write to the database
could put a key of their own in and receive every new note.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from storage.sealing import base64url
from storage.sealing.envelope import MOST_RECIPIENTS
from storage.sealing.errors import KeyRefused, ManifestError
from storage.sealing.labels import L
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sealing.suites import PublicKey, SuiteId

FORMAT: Final = "integra-desk-1"
DeskRole = Literal["coordinator", "supervisor", "case-system", "recovery"]
ROLES: Final[dict[str, DeskRole]] = {
    "coordinator": "coordinator",
    "supervisor": "supervisor",
    "case-system": "case-system",
    "recovery": "recovery",
}
SLUG: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
MOST_LABEL: Final = 80
MOST_DESKS: Final = 32
MOST_BYTES: Final = 262_144
AGENCY_REF_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Recipient:
    """
    Attributes:
        key: whom to seal to.
        role: what the holder does.
        label: what people call the key, 1 to 80 printable characters; signed, but stands in clear.
        not_after: last day on which a note is sealed to it; None for no end.
        created: the day the key was made, as its holder's file says; None where that is not known.
    """

    key: PublicKey
    role: DeskRole
    label: str
    not_after: date | None = None
    created: date | None = None

    def live(self, today: date) -> bool:
        return self.not_after is None or today <= self.not_after


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    Attributes:
        agency: slug, 1 to 40 of a-z, 0-9 and hyphen.
        agency_ref: 16 bytes, the pseudonym that stands in headers of notes.
        version: 1 and up; never goes down.
        suites: what the agency allows, ascending. All recipients have keys of one of them, for a note is
            sealed under one suite and somebody would be left out otherwise.
        recipients: 1 to 32.
        desk_agencies: slugs of the agencies whose coordinators take this agency's flags; may name itself.
        escrow: False when the agency has declined a recovery key, in writing: lost keys mean lost notes.
        created: the day of this version.
    """

    agency: str
    agency_ref: bytes
    version: int
    suites: tuple[SuiteId, ...]
    recipients: tuple[Recipient, ...]
    desk_agencies: tuple[str, ...]
    escrow: bool
    created: date

    @property
    def suite(self) -> SuiteId:
        """The suite that notes of this agency are sealed under."""
        return self.recipients[0].key.suite

    def live(self, now: date) -> tuple[Recipient, ...]:
        return tuple(recipient for recipient in self.recipients if recipient.live(now))

    def sealing_keys(self, now: date) -> tuple[PublicKey, ...]:
        """Whom to seal a note to today.

        Raises:
            ManifestError: ``expired`` or ``recovery``; a manifest that was good when it was read may have run
                out since.
        """
        check_live(self, now)
        return tuple(recipient.key for recipient in self.live(now))

    def canonical(self) -> bytes:
        """The one byte form: JSON in UTF-8, keys sorted, no spaces, nothing escaped that need not be."""
        fields = {
            "format": FORMAT,
            "agency": self.agency,
            "agency_ref": self.agency_ref.hex(),
            "version": self.version,
            "suites": [suite.name_in_files for suite in self.suites],
            "recipients": [recipient_fields(recipient) for recipient in self.recipients],
            "desk_agencies": list(self.desk_agencies),
            "escrow": self.escrow,
            "created": self.created.isoformat(),
        }
        return canonical_json(fields)

    @classmethod
    def parse(
        cls,
        canonical: bytes,
        signature: bytes,
        admin_public: VerifyKey,
        *,
        at_least_version: int,
        now: date,
        agency: str | None = None,
    ) -> "Manifest":
        """A manifest that notes may be sealed to today.

        Args:
            canonical: as signed; any other spelling of the same content is refused.
            admin_public: pinned, from outside the database.
            at_least_version: the highest version seen, kept outside the database.
            now: today, UTC.
            agency: the slug it must be for; needed where one admin signs for several agencies, or a manifest
                of one could be put in place of another's.

        Raises:
            ManifestError: ``signature``, ``agency``, ``version``, ``expired`` (nobody but recovery is
                left), ``suite``, ``duplicate``, ``kid`` (not its key's), ``recovery`` (missing or expired,
                without the signed word that there is none), ``recipients`` (none, more than 32), ``format``.
        """
        manifest = cls.verified(canonical, signature, admin_public, at_least_version=at_least_version, agency=agency)
        check_live(manifest, now)
        return manifest

    @classmethod
    def verified(
        cls,
        canonical: bytes,
        signature: bytes,
        admin_public: VerifyKey,
        *,
        at_least_version: int,
        agency: str | None = None,
    ) -> "Manifest":
        """The same whatever the day: a manifest to build the next one on, although keys in it may have expired.

        Raises:
            ManifestError: as ``parse``, but for what depends on the day.
        """
        if len(canonical) > MOST_BYTES:
            raise ManifestError("format", "too long for a manifest")
        if not admin_public.verifies(signature, signed_part(canonical)):
            raise ManifestError("signature", "the manifest is not signed by this agency's admin key")
        manifest = read(canonical)
        if agency is not None and manifest.agency != agency:
            raise ManifestError("agency", "the manifest is for another agency")
        if manifest.version < at_least_version:
            raise ManifestError(
                "version",
                f"version {manifest.version} is older than {at_least_version}, which was seen before",
            )
        return manifest


def sign(manifest: Manifest, admin: SigningKey) -> tuple[bytes, bytes]:
    """Canonical bytes and signature, both to be published.

    Raises:
        ManifestError: as in ``Manifest.parse``, but for what depends on the day; nothing is signed that no
            reader would take.
    """
    canonical = manifest.canonical()
    read(canonical)
    return canonical, admin.sign(signed_part(canonical))


def next_manifest(
    manifest: Manifest,
    *,
    created: date,
    add: Sequence[Recipient] = (),
    remove: Sequence[bytes] = (),
    desk_agencies: Sequence[str] | None = None,
    suites: Sequence[SuiteId] | None = None,
    escrow: bool | None = None,
) -> Manifest:
    """The following version, not yet signed.

    Args:
        remove: key ids; each must be listed. Removal happens first, so a key can be replaced by itself with
            another end date.

    Raises:
        ManifestError: ``kid`` when a key to remove is not listed, or what ``sign`` raises.
    """
    unknown = set(remove) - {recipient.key.kid for recipient in manifest.recipients}
    if unknown:
        raise ManifestError("kid", "a key to remove is not in the manifest")
    kept = tuple(recipient for recipient in manifest.recipients if recipient.key.kid not in remove)
    following = replace(
        manifest,
        version=manifest.version + 1,
        recipients=kept + tuple(add),
        desk_agencies=manifest.desk_agencies if desk_agencies is None else tuple(desk_agencies),
        suites=manifest.suites if suites is None else tuple(suites),
        escrow=manifest.escrow if escrow is None else escrow,
        created=created,
    )
    read(following.canonical())
    return following


def signed_part(canonical: bytes) -> bytes:
    return L + b"desk" + canonical


def read(canonical: bytes) -> Manifest:
    """Everything about a manifest that does not depend on who signed it or on the day."""
    broken = ManifestError("format", "not a manifest of format integra-desk-1")
    try:
        fields = json.loads(canonical)
        if not isinstance(fields, dict) or canonical_json(fields) != canonical:
            raise broken
    except (ValueError, RecursionError):
        raise broken from None
    names = {"format", "agency", "agency_ref", "version", "suites", "recipients", "desk_agencies", "escrow"}
    if set(fields) != names | {"created"} or fields["format"] != FORMAT:
        raise broken
    if type(fields["version"]) is not int or not 1 <= fields["version"] < 2**31:
        raise broken
    if not isinstance(fields["escrow"], bool) or not is_slug(fields["agency"]):
        raise broken
    suites = suites_of(fields["suites"])
    manifest = Manifest(
        agency=fields["agency"],
        agency_ref=hex_of(fields["agency_ref"], AGENCY_REF_BYTES),
        version=fields["version"],
        suites=suites,
        recipients=recipients_of(fields["recipients"], suites),
        desk_agencies=desks_of(fields["desk_agencies"]),
        escrow=fields["escrow"],
        created=day_of(fields["created"]),
    )
    if manifest.escrow and not any(recipient.role == "recovery" for recipient in manifest.recipients):
        raise ManifestError("recovery", "no recovery key, and the manifest does not say that there is none")
    return manifest


def check_live(manifest: Manifest, now: date) -> None:
    roles = {recipient.role for recipient in manifest.live(now)}
    if not roles - {"recovery"}:
        raise ManifestError("expired", "the keys of all who would read a note have expired")
    if manifest.escrow and "recovery" not in roles:
        raise ManifestError("recovery", "the recovery key has expired")


def suites_of(names: Any) -> tuple[SuiteId, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ManifestError("format", "suites is a list of names")
    try:
        suites = tuple(SuiteId.named(name) for name in names)
    except ValueError:
        raise ManifestError("suite", "a suite that is not known here") from None
    if not suites or list(suites) != sorted(set(suites)):
        raise ManifestError("format", "suites is not empty, in ascending order, each once")
    return suites


def recipients_of(listed: Any, suites: tuple[SuiteId, ...]) -> tuple[Recipient, ...]:
    if not isinstance(listed, list):
        raise ManifestError("format", "recipients is a list")
    if not 1 <= len(listed) <= MOST_RECIPIENTS:
        raise ManifestError("recipients", f"a manifest lists 1 to {MOST_RECIPIENTS} keys")
    recipients = tuple(recipient_of(fields) for fields in listed)
    if len({recipient.key.kid for recipient in recipients}) != len(recipients):
        raise ManifestError("duplicate", "a key is listed twice")
    used = {recipient.key.suite for recipient in recipients}
    if len(used) != 1 or not used <= set(suites):
        raise ManifestError("suite", "all keys are of one suite, and of one that the agency allows")
    return recipients


def recipient_of(fields: Any) -> Recipient:
    broken = ManifestError("format", "a recipient is not as the format says")
    names = {"kid", "suite", "public", "role", "label"}
    if not isinstance(fields, dict) or set(fields) - {"not_after", "created"} != names:
        raise broken
    if not all(isinstance(text, str) for text in fields.values()) or fields["role"] not in ROLES:
        raise broken
    if not is_label(fields["label"]):
        raise broken
    try:
        suite = SuiteId.named(fields["suite"])
    except ValueError:
        raise ManifestError("suite", "a suite that is not known here") from None
    try:
        key = PublicKey(suite, base64url.decode(fields["public"]))
    except (ValueError, KeyRefused):
        raise ManifestError("format", "a public key that is none") from None
    if key.kid != hex_of(fields["kid"], len(key.kid)):
        raise ManifestError("kid", "a key id that is not its key's")
    not_after = day_of(fields["not_after"]) if "not_after" in fields else None
    created = day_of(fields["created"]) if "created" in fields else None
    return Recipient(key, ROLES[fields["role"]], fields["label"], not_after, created)


def recipient_fields(recipient: Recipient) -> dict[str, str]:
    fields = {
        "kid": recipient.key.kid.hex(),
        "suite": recipient.key.suite.name_in_files,
        "public": base64url.encode(recipient.key.raw),
        "role": recipient.role,
        "label": recipient.label,
    }
    if recipient.not_after is not None:
        fields["not_after"] = recipient.not_after.isoformat()
    if recipient.created is not None:
        fields["created"] = recipient.created.isoformat()
    return fields


def desks_of(slugs: Any) -> tuple[str, ...]:
    if not isinstance(slugs, list) or len(slugs) > MOST_DESKS or not all(is_slug(slug) for slug in slugs):
        raise ManifestError("format", "desk_agencies is a list of slugs")
    if len(set(slugs)) != len(slugs):
        raise ManifestError("format", "an agency is listed twice")
    return tuple(slugs)


def canonical_json(fields: dict[str, Any]) -> bytes:
    """
    Raises:
        ManifestError: ``format`` for half a character in a text.
    """
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ManifestError("format", "half a character") from None


def hex_of(text: Any, size: int) -> bytes:
    if isinstance(text, str) and len(text) == 2 * size and set(text) <= set("0123456789abcdef"):
        return bytes.fromhex(text)
    raise ManifestError("format", f"not {size} bytes in lower-case hexadecimal")


def day_of(text: Any) -> date:
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ManifestError("format", "a day reads like 2026-11-23")
    return day


def is_slug(text: Any) -> bool:
    return isinstance(text, str) and SLUG.fullmatch(text) is not None


def is_label(text: str) -> bool:
    return 1 <= len(text) <= MOST_LABEL and text.isprintable()
