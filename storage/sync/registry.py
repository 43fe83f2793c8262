"""Every connector there is, one line each; and the file of destinations, read."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from storage.errors import BadInstallation
from storage.sync.base import Connector
from storage.sync.filedrop import FileDrop, FileDropSettings
from storage.sync.given import Given
from storage.sync.request_tracker import RequestTrackerDestination, open_request_tracker
from storage.sync.roundup import RoundupDestination, open_roundup
from storage.sync.settings import Destination
from storage.sync.webhook import WebhookDestination, open_webhook

DEFAULT_SOURCE: Final = "urn:integra:integra"


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """``open`` reads secrets and makes the connector; it connects nowhere yet. Raises ``BadInstallation``."""

    settings: type[Destination]
    open: Callable[[Any, Given], Connector]


CONNECTORS: Final[Mapping[str, ConnectorKind]] = {
    "filedrop": ConnectorKind(FileDropSettings, FileDrop.open),
    "request_tracker": ConnectorKind(RequestTrackerDestination, open_request_tracker),
    "roundup": ConnectorKind(RoundupDestination, open_roundup),
    "webhook": ConnectorKind(WebhookDestination, open_webhook),
}


@dataclass(frozen=True, slots=True)
class SyncFile:
    """
    Attributes:
        source: URI of the sending installation; part of what is sent, so that it never changes.
    """

    source: str
    destinations: tuple[Destination, ...]


def read_destinations(path: Path) -> SyncFile:
    """
    Raises:
        BadInstallation: not there, not TOML, or with mistakes; all of them are listed, no values are repeated.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise BadInstallation(f"{path} cannot be read; it should list destinations") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise BadInstallation(f"{path} is not TOML") from None
    listed = written.pop("destination", None)
    source = written.pop("source", DEFAULT_SOURCE)
    if not isinstance(source, str) or not source.startswith("urn:integra:") or not source.isprintable():
        raise BadInstallation(f"{path}: source is a URI like {DEFAULT_SOURCE}")
    if written or not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise BadInstallation(f"{path} should hold tables [[destination]], perhaps a source, and nothing else")
    found: list[Destination] = []
    wrong: list[str] = []
    for number, one in enumerate(listed, 1):
        kind = CONNECTORS.get(str(one.get("kind")))
        if kind is None:
            wrong.append(f"destination {number}: kind is one of {', '.join(sorted(CONNECTORS))}")
            continue
        try:
            found.append(kind.settings.model_validate(one))
        except ValidationError as failed:
            wrong += [
                f"destination {number}: {'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in failed.errors(include_input=False)
            ]
    names = [one.name for one in found]
    wrong += [f"two destinations are called {name}" for name in sorted({n for n in names if names.count(n) > 1})]
    if wrong:
        raise BadInstallation(f"{path}: {'; '.join(wrong)}")
    return SyncFile(source, tuple(found))
