"""People and keys for trying: an installation with synthetic staff, and next to it the folders of the other parties.

FOLDER/server/          the bot's data folder; no key in it opens a note
FOLDER/coordinator/     what a coordinator keeps: the key that opens flagged notes
FOLDER/case-system/     the agency's side: its key, its age identity, the folder that batches arrive in, and the file
                        that says so
FOLDER/safe/            admin signing key and recovery key
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyrage

from bot.installation import Installation
from storage import agencies, audit, people
from storage.pins import Pin
from storage.postgres import Addresses
from storage.sealing import keyfile
from storage.sealing.desk import Manifest, Recipient, sign
from storage.sealing.keyfile import KeyFile, Role
from storage.sealing.signing import SigningKey
from storage.sealing.suites import DEFAULT_SUITE, OpeningKey, generate
from storage.transaction import Transaction

AGENCY = "northbridge"
DROP_FOLDERS = ("outgoing", "acks", "quarantine")
HANDLES = {
    "officer": "PO-17",
    "prison": "Wing-3",
    "mentor": "Mentor-4",
    "coordinator": "Coord-1",
    "supervisor": "Lead-1",
    "admin": "Admin-1",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """A complete small world to try things in."""

    folder: Path

    @property
    def installation(self) -> Installation:
        return Installation(self.folder / "server")

    @property
    def coordinator_key(self) -> Path:
        return self.folder / "coordinator" / "coordinator.key"

    @property
    def case_system_key(self) -> Path:
        return self.folder / "case-system" / "case-system.key"

    @property
    def age_identity(self) -> Path:
        return self.folder / "case-system" / "agency.age"

    @property
    def age_recipient(self) -> str:
        """The public half of the agency's age identity."""
        identity = pyrage.x25519.Identity.from_str(self.age_identity.read_text().strip())
        return str(identity.to_public())

    @property
    def drop(self) -> Path:
        """The folder that batches arrive in."""
        return self.folder / "case-system" / "drop" / "outgoing"

    @property
    def destinations(self) -> Path:
        """The file that says where notes go: the agency's file drop."""
        return self.folder / "case-system" / "destinations.toml"

    def say_where(self) -> None:
        """Write the file of destinations, for this folder."""
        self.destinations.write_text(
            f'[[destination]]\nname = "{AGENCY}"\nkind = "filedrop"\nagency = "{AGENCY}"\n'
            f'folder = "{self.drop.parent}"\nage_recipient = "{self.age_recipient}"\n'
        )

    @classmethod
    def create(cls, folder: Path, *, at: datetime, roles: tuple[str, ...], server: Addresses | None = None) -> "Trial":
        """Make one: an agency with a signed desk, and a synthetic person for each role, all in clear demo keys.

        Args:
            server: see ``Installation.create``.
        """
        trial = cls(folder)
        for part in ("coordinator", "case-system", "safe", *(f"case-system/drop/{name}" for name in DROP_FOLDERS)):
            (folder / part).mkdir(mode=0o700, parents=True)
        installation = Installation.create(folder / "server", server)
        admin = SigningKey.generate()
        coordinator, case_system, recovery = generate(), generate(), generate()
        _keep(trial.coordinator_key, coordinator, "coordinator", at)
        _keep(trial.case_system_key, case_system, "case-system", at)
        _keep(folder / "safe" / "recovery.key", recovery, "recovery", at)
        _keep(folder / "safe" / "admin.key", admin, "admin", at)
        with open(os.open(trial.age_identity, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(str(pyrage.x25519.Identity.generate()) + "\n")
        trial.say_where()
        store = installation.store()
        manifest = Manifest(
            agency=AGENCY,
            agency_ref=installation.keyring().agency_ref(AGENCY),
            version=1,
            suites=(DEFAULT_SUITE,),
            recipients=(
                Recipient(coordinator.public, "coordinator", "Coordinator (demo)"),
                Recipient(case_system.public, "case-system", "Case system (demo)"),
                Recipient(recovery.public, "recovery", "Recovery (demo)"),
            ),
            desk_agencies=(AGENCY,),
            escrow=True,
            created=at.date(),
        )
        canonical, signature = sign(manifest, admin)
        installation.pins.set(AGENCY, Pin(admin.public, 1))
        try:
            store.run_now(lambda tx: _settle(tx, manifest, canonical, signature, roles, at))
        finally:
            store.close()
        return trial


def enrol(tx: Transaction, agency_ref: bytes, role: str, *, at: datetime) -> None:
    """A synthetic person of a role, reached at the terminal's chat of that name, rules accepted."""
    if people.at_address(tx, "console", role) is not None:
        return
    ref = people.add(tx, agency_ref, role, language="en", at=at)
    people.reach_at(tx, ref, "console", role)
    people.settle(tx, ref, at=at, handle=HANDLES[role], accepted=True)
    audit.record(tx, "person.added", at=at, reason="access", agency=agency_ref, about=ref)


def _settle(
    tx: Transaction,
    manifest: Manifest,
    canonical: bytes,
    signature: bytes,
    roles: tuple[str, ...],
    at: datetime,
) -> None:
    agency_ref = agencies.add(
        tx, AGENCY, name="Northbridge Probation (demo)", zone="Europe/Paris", case_pattern="AA-9999-c", country="FR"
    )
    agencies.publish_desk(tx, manifest, canonical, signature)
    for role in roles:
        enrol(tx, agency_ref, role, at=at)


def _keep(path: Path, key: OpeningKey | SigningKey, role: Role, at: datetime) -> None:
    keyfile.write(path, KeyFile(key, role, f"{role} (demo)", at.date(), demo=True))
