"""What a connector may use besides its settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from storage.sealing.signing import SigningKey
from storage.sync.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Given:
    """
    Attributes:
        clock: now, aware.
        source: who sends, the ``source`` of every event: a URI.
        signing: derived from the case system's key; signs batches and may sign requests.
        ledger: batches of this destination, for connectors that keep some.
    """

    clock: Callable[[], datetime]
    source: str
    signing: SigningKey
    ledger: Ledger
