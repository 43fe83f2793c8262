"""Where an installation's database is: in a file of its data folder, or on a PostgreSQL server."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from storage.database import migrate, newest_revision, open_database, revisions
from storage.postgres import FILE, Addresses, migrate_postgres, open_postgres, revision_of

VARIABLE: Final = "INTEGRA_DATABASE_FILE"
"""Names a file to be read in place of ``database.toml``: a container's secret, for example."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """
    Attributes:
        folder: the data folder.
    """

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "integra.db"

    @property
    def server(self) -> Addresses | None:
        """The server's addresses; None: the database is the file.

        Raises:
            BadInstallation: see ``Addresses.read``.
        """
        path = self._address_file
        return Addresses.read(path) if path.exists() else None

    @property
    def _address_file(self) -> Path:
        return Path(os.environ.get(VARIABLE) or self.folder / FILE)

    @property
    def on_server(self) -> bool:
        """Whether it is said to be on a server; what says so may be in another form than it must be."""
        return self._address_file.exists()

    def known(self) -> bool:
        """Whether there is one, as far as the folder tells."""
        return self.file.exists() or self._address_file.exists()

    def move(self, server: Addresses) -> None:
        """From now on it is on this server."""
        server.write(self.folder / FILE)

    def revisions(self) -> tuple[str | None, str]:
        """The schema's revision, None where there is none, and this program's; nothing is changed.

        Raises:
            WrongVersion: the database is of a newer program.
            BadInstallation, Busy: see ``storage.postgres.migrate_postgres``.
        """
        if (server := self.server) is not None:
            return revision_of(server), newest_revision()
        return revisions(self.file)

    def upgrade(self) -> None:
        """Bring the schema to this program's version.

        Raises:
            WrongVersion: it is of a newer program.
            BadInstallation, Busy: see ``storage.postgres.migrate_postgres``.
        """
        if (server := self.server) is not None:
            migrate_postgres(server)
        else:
            migrate(self.file)

    def open(
        self, *, reads_notes: bool = False, serves: bool = False, delivers: bool = False, alone: bool = False
    ) -> Engine:
        """
        Args:
            reads_notes, serves, delivers: as in ``open_database``.
            alone: to change the keys; on a server nobody else may be connected, and nobody can until this is closed.
                In a folder ``storage.lock`` sees to that.
        """
        if (server := self.server) is not None:
            return open_postgres(server, reads_notes=reads_notes, serves=serves, delivers=delivers, alone=alone)
        return open_database(self.file, reads_notes=reads_notes, serves=serves, delivers=delivers)
