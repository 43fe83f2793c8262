"""Where the bot's secrets lie, and what is refused there.

A secret is an owner-only file, or a systemd credential (``LoadCredential=``, ``LoadCredentialEncrypted=``): a file in
``$CREDENTIALS_DIRECTORY``, which systemd makes readable to the service alone. Never an environment variable, never an
argument.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from storage.errors import BadInstallation
from storage.sealing.errors import KeyFileError
from storage.sealing.keyfile import MOST_FILE_BYTES, owner_only

CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
KEY_BYTES: Final = 32


class KeyProvider(Protocol):
    """Gives the bot's own keys by name: ``master``, ``ingest``."""

    def get(self, name: str) -> bytes:
        """
        Returns:
            32 bytes.

        Raises:
            BadInstallation: missing, open to others, or not a key; the message says how to mend it.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileKeys:
    """``<name>.key`` in a folder: a regular file of the one who runs this, mode 0600 or less, no link."""

    folder: Path

    def get(self, name: str) -> bytes:
        path = self.folder / f"{name}.key"
        try:
            return _key(path.name, owner_only(path))
        except KeyFileError as refused:
            raise BadInstallation(str(refused)) from None


@dataclass(frozen=True, slots=True)
class CredentialKeys:
    """``integra.<name>`` among the credentials that systemd hands to the service."""

    folder: Path

    def get(self, name: str) -> bytes:
        return _key(f"integra.{name}", _credential(self.folder / f"integra.{name}"))


def provider(folder: Path, environment: Mapping[str, str] = os.environ) -> KeyProvider:
    """The credentials where systemd brings the master key, else the files of this folder."""
    handed = environment.get(CREDENTIALS)
    if handed and (Path(handed) / "integra.master").exists():
        return CredentialKeys(Path(handed))
    return FileKeys(folder)


def secret_text(path: Path, environment: Mapping[str, str] = os.environ) -> str:
    """The text of a secret named on the command line (bot token, webhook secret): a credential or an owner-only file.

    Raises:
        KeyFileError, BadInstallation: it is not safe there; the message says how to mend it.
    """
    handed = environment.get(CREDENTIALS)
    if handed and path.parent == Path(handed):
        return _credential(path)
    return owner_only(path)


def _credential(path: Path) -> str:
    """Read one. systemd may grant the service's user by an access list, whose mask shows as group rights."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        raise BadInstallation(f"the credential {path.name} is missing; see LoadCredential= in the unit") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_mode & 0o037:
            raise BadInstallation(f"the credential {path.name} is open to others; let systemd place it")
        raw = file.read(MOST_FILE_BYTES)
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise BadInstallation(f"the credential {path.name} is not text") from None


def _key(name: str, text: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadInstallation(f"{name} is not a key: {2 * KEY_BYTES} hexadecimal digits are expected")
    return key
