"""The data folder: all state of one installation.

DIR/                 0700
  integra.db         the database (SQLite), 0600; or
  database.toml      where the database is (PostgreSQL), 0600
  keys/              the bot's own keys, none of which opens a note
  deletions          what was erased or ended, for the restore of an older backup
  lock               who is using the folder
  desks/             pins: whose signature each desk carries
  learnt/            what the finders of answers learnt from the content; made anew where it is missing
  settings.toml      what can be set
  site.toml          local numbers, names, timings, alarm lines; only where the operator wrote one
"""

import os
import stat
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from bot.clock import system_clock
from bot.logs import failure
from storage import lock
from storage.actor import ASSISTANT, Actor
from storage.deletions import FILE as DELETIONS_FILE
from storage.deletions import Journal
from storage.errors import BadInstallation
from storage.keyring import MASTER_FILE, Keyring
from storage.keyset import FILE as KEYSET_FILE
from storage.pins import Pins
from storage.postgres import Addresses
from storage.store import Store
from storage.whereabouts import Whereabouts

log = structlog.get_logger()

FIRST_SETTINGS = """\
# Settings of this installation; see the README. Environment variables INTEGRA_... win over this file.
# telegram_api = ""            # another Bot API server
# webhook_host = "127.0.0.1"
# webhook_port = 8443
# webhook_path = "/telegram"
# draft_hours = 12             # an unfinished note is dropped after so many idle hours
# backup_months = 3            # the key of a month's backups is destroyed so many months later
# status = "127.0.0.1:9090"    # /healthz, /readyz and /metrics; not served when left out
# page_url = "https://notes.example.org"   # what browsers reach the page as; no page when left out
# page_listen = "127.0.0.1:8444"
# log_level = "info"           # info, warning or error
# log_format = "json"          # json or logfmt
# by_meaning = true            # where the extra for it is installed, answers are found by meaning, too
# content = "/srv/integra/content"   # an edition of your own, in place of the shipped content
"""


@dataclass(frozen=True, slots=True)
class Installation:
    folder: Path

    @property
    def whereabouts(self) -> Whereabouts:
        return Whereabouts(self.folder)

    @property
    def database(self) -> Path:
        """The file, where the database is one."""
        return self.whereabouts.file

    @property
    def site(self) -> Path:
        return self.folder / "site.toml"

    @property
    def deletions(self) -> Path:
        return self.folder / DELETIONS_FILE

    @property
    def learnt(self) -> Path:
        return self.folder / "learnt"

    @property
    def pins(self) -> Pins:
        return Pins(self.folder / "desks")

    @classmethod
    def create(cls, folder: Path, server: Addresses | None = None) -> "Installation":
        """Make a new one: folder, keys, settings, database.

        Args:
            server: a PostgreSQL database with nothing in it; None: a file in the folder.

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
        made.deletions.touch(mode=0o600)
        if server is not None:
            made.whereabouts.move(server)
        made.whereabouts.upgrade()
        return made

    @classmethod
    def at(cls, folder: Path) -> "Installation":
        """One that is there, its schema brought up to date.

        Raises:
            BadInstallation: it is not there, or open to others.
            WrongVersion: written by a newer program.
        """
        found = cls.found(folder)
        found.whereabouts.upgrade()
        return found

    @classmethod
    def found(cls, folder: Path) -> "Installation":
        """One that is there, its schema as it is.

        Raises:
            BadInstallation: it is not there, or open to others.
        """
        found = cls(folder)
        if not found.whereabouts.known():
            raise BadInstallation(f"there is no installation in {folder}; make one with: integra init --data {folder}")
        if (
            not found.whereabouts.on_server
            and found.database.stat().st_size == 0
            and any((folder / "desks").glob("*.json"))
        ):
            raise BadInstallation(f"{found.database} is empty, and was not: restore it from a backup")
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            raise BadInstallation(f"{folder} is open to others; run: chmod 700 {folder}")
        return found

    def keyring(self, *, reads_notes: bool = False) -> Keyring:
        """The bot's keys; for reading notes, on a copy without a master key, none that opens a column."""
        keys = self.folder / "keys"
        return Keyring.blind(keys) if reads_notes and self._is_copy else Keyring.load(keys)

    @property
    def _is_copy(self) -> bool:
        """Only for reading notes, without the keys of columns."""
        keys = self.folder / "keys"
        return not (keys / MASTER_FILE).exists() and not (keys / KEYSET_FILE).exists()

    def store(self, *, reads_notes: bool = False, serves: bool = False, operator: str = "") -> Store:
        """Open its database with its keys; close it after use.

        Args:
            reads_notes, serves: see ``storage.database.open_database``.
            operator: who acts at the command line, for the audit log; empty: the assistant itself.

        Raises:
            BadInstallation: a key is not as it must be, or the keys are being changed.
        """
        held = lock.share(self.folder)
        try:
            keyring = self.keyring(reads_notes=reads_notes)
            engine = self.whereabouts.open(reads_notes=reads_notes, serves=serves)
        except BaseException:
            lock.leave(held)
            raise
        actor = Actor("operator", keyring.operator_ref(operator), operator) if operator else ASSISTANT
        store = partial(Store, engine, keyring, actor, closed=lambda: lock.leave(held))
        return store() if self._is_copy else store(noted=self._journal(keyring, operator).catch_up)

    def sync_store(self, *, operator: str = "") -> Store:
        """The database as the sync process may see it (``storage.sync_rights``); close it after use.

        On a machine of its own the folder holds the public ingest key's file and ``database.toml``, no master key:
        entries of the audit log then carry no reason that this installation could open.

        Raises:
            BadInstallation: as ``store``.
        """
        held = lock.share(self.folder)
        try:
            keyring = self.keyring(reads_notes=True)
            engine = self.whereabouts.open(delivers=True)
        except BaseException:
            lock.leave(held)
            raise
        actor = Actor("operator", keyring.operator_ref(operator), operator) if operator else ASSISTANT
        return Store(engine, keyring, actor, closed=lambda: lock.leave(held))

    def _journal(self, keyring: Keyring, operator: str) -> Journal:
        """Writes committed deletions to their file. Where that cannot be, it is said, and tried again with the next."""

        def failed(why: Exception) -> None:
            if operator:
                sys.stderr.write(f"integra: what was deleted is not in {self.deletions} yet; is the disk full?\n")
            else:
                log.error("deletions.not-noted", **failure(why))

        return Journal(self.deletions, keyring, system_clock, failed)

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
        if Whereabouts(folder).known() and (folder / "keys" / "master.key").exists():
            raise BadInstallation(f"{folder} is a data folder; what opens notes is kept elsewhere, name another place")
