"""An installation for tests on either engine, made once and copied for each test."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from postgres_server import Cluster

from bot.trial import Trial
from storage.postgres import FILE

SQLITE, POSTGRES = ENGINES = ("sqlite", "postgres")


@dataclass(frozen=True)
class Mould:
    """A trial that nobody uses, and copies of it.

    Attributes:
        cluster: where its database is; None: in a file.
    """

    folder: Path
    cluster: Cluster | None
    database: str = ""
    copies: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, cluster: Cluster | None, *, at: datetime, roles: tuple[str, ...]) -> "Mould":
        if cluster is None:
            Trial.create(folder, at=at, roles=roles)
            return cls(folder, None)
        database = cluster.new_database()
        Trial.create(folder, at=at, roles=roles, server=cluster.addresses(database))
        return cls(folder, cluster, database)

    def copy(self, folder: Path) -> Trial:
        """With a database of its own; ``drop`` it afterwards."""
        trial = Trial(Path(shutil.copytree(self.folder, folder)))
        trial.say_where()
        if self.cluster is not None:
            file = trial.installation.folder / FILE
            file.unlink()
            self.copies[folder] = self.cluster.new_database(self.database)
            self.cluster.addresses(self.copies[folder]).write(file)
        return trial

    def drop(self, trial: Trial) -> None:
        if self.cluster is not None:
            self.cluster.drop(self.copies.pop(trial.folder))
