"""A note's key, sealed once to each recipient."""

from collections.abc import Sequence

from storage.sealing.envelope import MOST_RECIPIENTS, Stanza, wrap_info
from storage.sealing.errors import CannotSeal
from storage.sealing.suites import PublicKey, SuiteId


def stanzas_for(recipients: Sequence[PublicKey], suite: SuiteId, dek: bytes, hh: bytes) -> tuple[Stanza, ...]:
    """
    Raises:
        CannotSeal: ``recipients`` for none, more than 32, or one twice; ``suite`` when one has a key of
            another suite.
    """
    if not 1 <= len(recipients) <= MOST_RECIPIENTS:
        raise CannotSeal("recipients", f"a note is sealed to 1 to {MOST_RECIPIENTS} keys")
    if len({key.kid for key in recipients}) != len(recipients):
        raise CannotSeal("recipients", "a key is listed twice")
    for key in recipients:
        if key.suite is not suite:
            raise CannotSeal("suite", f"key {key.kid.hex()} is not of suite {suite.name_in_files}")
    return tuple(Stanza(key.kid, key.encrypt(dek, info=wrap_info(hh, key.kid))) for key in recipients)
