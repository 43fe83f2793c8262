"""The data folder: all state of one installation.

DIR/                 0700
  integra.db         the database (SQLite), 0600
  keys/              the bot's own keys, none of which opens a note
  lock               who is using the folder
  desks/             pins: whose signature each desk carries
  settings.toml      what can be set
  site.toml          local numbers, names, timings, alarm lines; only where the operator wrote one
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from storage import lock
from storage.actor import ASSISTANT, Actor
from storage.database import migrate, open_database
from storage.errors import BadInstallation
from storage.keyring import MASTER_FILE, Keyring
from storage.keyset import FILE as KEYSET_FILE
from storage.pins import Pins
from storage.store import Store

FIRST_SETTINGS = """\
# Settings of this installation; see the README. Environment variables INTEGRA_... win over this file.
# telegram_api = ""            # another Bot API server
# webhook_host = "127.0.0.1"
# webhook_port = 8443
# webhook_path = "/telegram"
# draft_hours = 12             # an unfinished note is dropped after so many idle hours
# content = "/srv/integra/content"   # an edition of your own, in place of the shipped content
"""


@dataclass(frozen=True, slots=True)
class Installation:
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "integra.db"

    @property
    def site(self) -> Path:
        return self.folder / "site.toml"

    @property
    def pins(self) -> Pins:
        return Pins(self.folder / "desks")

    @classmethod
    def create(cls, folder: Path) -> "Installation":
        """Make a new one: folder, keys, settings, database.

        Raises:
            BadInstallation: there is one already, or the folder is not empty.
        """
        if folder.exists() and any(folder.iterdir()):
            raise BadInstallation(f"{folder} is not empty; name a new folder")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        Keyring.create(folder / "keys")
        (folder / "desks").mkdir(mode=0o700)
        handle = os.open(folder / "settings.toml", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(FIRST_SETTINGS)
        made = cls(folder)
        migrate(made.database)
        return made

    @classmethod
    def at(cls, folder: Path) -> "Installation":
        """One that is there, its schema brought up to date.

        Raises:
            BadInstallation: it is not there, or open to others.
            WrongVersion: written by a newer program.
        """
        found = cls(folder)
        if not found.database.exists():
            raise BadInstallation(f"there is no installation in {folder}; make one with: integra init --data {folder}")
        if found.database.stat().st_size == 0 and any((folder / "desks").glob("*.json")):
            raise BadInstallation(f"{found.database} is empty, and was not: restore it from a backup")
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            raise BadInstallation(f"{folder} is open to others; run: chmod 700 {folder}")
        migrate(found.database)
        return found

    def keyring(self, *, reads_notes: bool = False) -> Keyring:
        """The bot's keys; for reading notes, on a copy without a master key, none that opens a column."""
        keys = self.folder / "keys"
        is_copy = reads_notes and not (keys / MASTER_FILE).exists() and not (keys / KEYSET_FILE).exists()
        return Keyring.blind(keys) if is_copy else Keyring.load(keys)

    def store(self, *, reads_notes: bool = False, operator: str = "") -> Store:
        """Open its database with its keys; close it after use.

        Args:
            operator: who acts at the command line, for the audit log; empty: the assistant itself.

        Raises:
            BadInstallation: a key is not as it must be, or the keys are being changed.
        """
        held = lock.share(self.folder)
        try:
            keyring = self.keyring(reads_notes=reads_notes)
        except BaseException:
            lock.leave(held)
            raise
        actor = Actor("operator", keyring.operator_ref(operator), operator) if operator else ASSISTANT
        engine = open_database(self.database, reads_notes=reads_notes)
        return Store(engine, keyring, actor, closed=lambda: lock.leave(held))

    def refuse_inside(self, path: Path, what: str = "a key that opens notes") -> None:
        """
        Raises:
            BadInstallation: an opening key, or ``what`` else it is, lies inside the data folder, where the bot is.
        """
        if path.resolve().is_relative_to(self.folder.resolve()):
            raise BadInstallation(f"{what} must not lie inside the data folder; keep it elsewhere")


def refuse_in_any(path: Path) -> None:
    """
    Raises:
        BadInstallation: the path lies inside some installation's data folder, where nothing that opens notes belongs.
    """
    for folder in path.resolve().parents:
        if (folder / "integra.db").exists() and (folder / "keys" / "master.key").exists():
            raise BadInstallation(f"{folder} is a data folder; what opens notes is kept elsewhere, name another place")
