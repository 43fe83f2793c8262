"""Which agencies' notes a key opens, by the signed desks in force, and what a page is told of a desk."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

from storage import agencies
from storage.agencies import AgencyRow
from storage.errors import BadInstallation, Unreadable
from storage.pins import Pins
from storage.pins import told as succession
from storage.sealing import base64url
from storage.sealing.desk import Manifest
from storage.sealing.suites import DEFAULT_SUITE, PublicKey, generate
from storage.transaction import Transaction

ReaderRole = Literal["coordinator", "supervisor"]
READERS: Final[dict[str, ReaderRole]] = {"coordinator": "coordinator", "supervisor": "supervisor"}
"""Roles on a desk whose keys log in here. The case system has a process of its own; recovery keys stay offline."""
MOST_CACHED: Final = 1_000
UNREAD: Final = object()


@dataclass(frozen=True, slots=True)
class Held:
    """A desk that a key stands on."""

    agency: AgencyRow
    role: ReaderRole
    key: PublicKey


@dataclass(slots=True)
class Desks:
    """Reads desks, remembering those that have not changed. Used within transactions only, by any thread.

    Attributes:
        nobody: a key that nobody has: what is sealed to it cannot be opened.
    """

    pins: Pins
    nobody: PublicKey = field(default_factory=lambda: generate(DEFAULT_SUITE).public)
    _rows: dict[tuple[bytes, int], AgencyRow] = field(default_factory=dict)
    _manifests: dict[tuple[bytes, int, date], Manifest | None] = field(default_factory=dict)

    def of(self, tx: Transaction, agency: AgencyRow, at: datetime) -> Manifest | None:
        """The manifest in force, or None where there is none that may be sealed to today."""
        key = (agency.ref, agency.version, at.date())
        found = self._manifests.get(key, UNREAD)
        if not isinstance(found, Manifest | None):
            try:
                found = agencies.desk(tx, agency.slug, self.pins, at)
            except BadInstallation:
                return None
            if len(self._manifests) >= MOST_CACHED:
                self._manifests.clear()
            self._manifests[key] = found
        return found

    def holding(self, tx: Transaction, kid: bytes, at: datetime) -> list[Held]:
        """The desks that a key stands on today as a reader's."""
        found = []
        for ref, version in agencies.versions(tx):
            try:
                agency = self._row(tx, ref, version)
            except Unreadable:
                continue
            manifest = self.of(tx, agency, at)
            for one in manifest.live(at.date()) if manifest is not None else ():
                if one.key.kid == kid and one.role in READERS:
                    found.append(Held(agency, READERS[one.role], one.key))
        return found

    def _row(self, tx: Transaction, ref: bytes, version: int) -> AgencyRow:
        row = self._rows.get((ref, version))
        if row is None:
            if len(self._rows) >= MOST_CACHED:
                self._rows.clear()
            row = agencies.by_ref(tx, ref)
            self._rows[(ref, version)] = row
        return row

    def told(self, tx: Transaction, agency: AgencyRow, at: datetime) -> dict[str, object] | None:
        """What a page seals by, and checks for itself; None: nothing can be sealed there today."""
        if self.of(tx, agency, at) is None:
            return None
        stored, pin = agencies.stored_desk(tx, agency.slug), self.pins.of(agency.slug)
        if stored is None or pin is None:
            return None
        return {
            "manifest": base64url.encode(stored[0]),
            "signature": base64url.encode(stored[1]),
            "admin": base64url.encode(pin.admin.raw),
            "at_least_version": pin.version,
            "successions": [succession(one) for one in self.pins.successions(agency.slug)],
        }
