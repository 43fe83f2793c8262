"""Every connector there is, one line each; and the file of destinations, read."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from storage.errors import BadInstallation
from storage.sealing.signing import SigningKey
from storage.sync.base import Connector
from storage.sync.request_tracker import RequestTrackerDestination, open_request_tracker
from storage.sync.roundup import RoundupDestination, open_roundup
from storage.sync.settings import Destination
from storage.sync.webhook import WebhookDestination, open_webhook


@dataclass(frozen=True, slots=True)
class Given:
    """What a connector may use besides its settings.

    Attributes:
        clock: now, aware.
        source: who sends, the ``source`` of every event: a URI.
        signing: derived from the case system's key; signs batches and may sign requests.
    """

    clock: Callable[[], datetime]
    source: str
    signing: SigningKey


@dataclass(frozen=True, slots=True)
class ConnectorKind:
    """``open`` reads secrets and makes the connector; it connects nowhere yet. Raises ``BadInstallation``."""

    settings: type[Destination]
    open: Callable[[Any, Given], Connector]


CONNECTORS: Final[Mapping[str, ConnectorKind]] = {
    "request_tracker": ConnectorKind(RequestTrackerDestination, open_request_tracker),
    "roundup": ConnectorKind(RoundupDestination, open_roundup),
    "webhook": ConnectorKind(WebhookDestination, open_webhook),
}


def read_destinations(path: Path) -> tuple[Destination, ...]:
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
    if written or not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise BadInstallation(f"{path} should hold one or more tables [[destination]] and nothing else")
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
    return tuple(found)
