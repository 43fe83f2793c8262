"""Finding by meaning: an extra, which may be absent and must not be broken."""

from collections.abc import Iterator

from bot.checks.base import Finding, Patient, fine, note, trouble
from guidance.encoder import Unavailable, load


def encoder(patient: Patient) -> Iterator[Finding]:
    """The sentence encoder, where it is installed, can be used."""
    found = load("en")
    if not isinstance(found, Unavailable):
        yield fine(f"the sentence encoder is whole ({found.name}); conversations do not use it yet")
    elif found.broken:
        yield trouble(found.reason, found.remedy)
    else:
        yield note(found.reason, found.remedy)
