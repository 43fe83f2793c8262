"""Where notes go: one TOML file, written by the operator, read by the sync process alone.

    source = "urn:integra:northbridge"       # who sends, in every event; left out: urn:integra:integra

    [[destination]]
    name        = "probation-rt"             # never changes: what was delivered is known by it
    kind        = "request_tracker"          # a connector of storage/sync/registry.py
    agency      = "northbridge"              # whose notes go there
    disclosure  = "full"                     # full | summary | pointer
    …                                        # what the connector asks for besides

Secrets are never in it: settings that end in ``_file`` name owner-only files.
"""

import os
import re
import stat
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from storage.errors import BadInstallation
from storage.sync.base import Disclosure

NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")
MOST_SECRET_BYTES: Final = 16_384


def _named(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("1 to 30 of a-z, 0-9 and hyphen")
    return name


Name = Annotated[str, AfterValidator(_named)]


class Destination(BaseModel):
    """What every destination has; a connector's own settings are a subclass.

    Attributes:
        name: 1 to 30 of a-z, 0-9 and hyphen; never used anew for another system.
        agency: slug.
        disclosure: how much leaves: everything; what the author wrote for others; reference and urgency alone.
        attachments: whether photos and voice messages go along; never with less than ``full``.
        max_attachment_bytes: of one note's attachments together; more are withheld and counted.
        key_file: the case system's private key, where destinations of one file have different ones.
        alarm_hours: coordinators are told when the oldest waiting note is older.
        within_s: seconds for one ``send``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Name
    kind: str
    agency: str
    disclosure: Disclosure = "full"
    key_file: Path | None = None
    attachments: bool = True
    max_attachment_bytes: int = Field(default=25_000_000, ge=0)
    alarm_hours: float = Field(default=24, gt=0)
    within_s: float = Field(default=45, ge=1, le=90)

    def where(self) -> str:
        """What must not change unnoticed: address, folder, keys of the receiver. Hashed and compared at every start;
        after a change nothing is sent until a person has confirmed it."""
        raise NotImplementedError


def read_secret(path: Path) -> str:
    """A secret from an owner-only file, without the line end.

    Raises:
        BadInstallation: it is not there, empty, too long, a link, or open to others. Nothing of it is repeated.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise BadInstallation(f"{path} cannot be read; it should hold a secret, and be no link") from None
    with os.fdopen(handle, "rb") as file:
        if stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
            raise BadInstallation(f"{path} is open to others; run: chmod 600 {path}")
        content = file.read(MOST_SECRET_BYTES + 1)
    try:
        secret = content.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError:
        secret = ""
    if not secret or len(content) > MOST_SECRET_BYTES:
        raise BadInstallation(f"{path} should hold one secret, up to {MOST_SECRET_BYTES} bytes")
    return secret
