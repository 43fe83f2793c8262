"""The assistant's own keys, the desks that say who reads notes, and the files it is started with."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from bot.checks.base import Finding, Patient, fine, note, trouble
from storage import agencies, condition
from storage.agencies import AgencyRow
from storage.custody import secret_text
from storage.errors import BadInstallation
from storage.sealing.errors import ManifestError, SealError
from storage.sealing.known_answers import known_answers
from storage.transaction import Transaction

SOON: Final = timedelta(days=30)


def cryptography(patient: Patient) -> Iterator[Finding]:
    """This machine's cryptography gives the known answers."""
    try:
        known_answers()
    except SealError as broken:
        yield trouble(
            str(broken), "install from the lock file again; nothing is sealed by this installation until then"
        )
    else:
        yield fine("the cryptography of this machine gives the right answers")


def readable(patient: Patient) -> Iterator[Finding]:
    try:
        patient.installation.keyring()
    except BadInstallation as refused:
        yield trouble(str(refused), "see docs/operating.md, Lost and stolen keys")
    else:
        yield fine("master key, keyset and ingest key can be read")


def fitting(patient: Patient) -> Iterator[Finding]:
    """Keys and database are of one installation."""
    if patient.rows(condition.opens):
        yield fine("they open what lies in the database")
    else:
        yield trouble(
            "they do not open what lies in the database: keys and database are not of one installation, or of one time",
            "bring keys/ and the database from the same backup: docs/operating.md, Restore",
        )


def desks(patient: Patient) -> Iterator[Finding]:
    """Every agency's notes can be sealed to somebody, today and in a month."""
    rows = patient.rows(agencies.every)
    if not rows:
        yield note("there is no agency yet", "add one: integra agency add")
    for row in rows:
        yield patient.rows(partial(_desk, patient=patient, row=row))


def _desk(tx: Transaction, *, patient: Patient, row: AgencyRow) -> Finding:
    pins, today = patient.installation.pins, patient.now.date()
    try:
        manifest = agencies.checked_desk(tx, row.slug, pins, today)
    except (ManifestError, BadInstallation) as refused:
        return trouble(
            f"{row.slug}'s desk does not hold, so no note can be kept there: {refused}",
            "see docs/operating.md, When a desk does not hold",
        )
    if manifest is None:
        return trouble(
            f"{row.slug} has no desk, so no note can be kept there",
            f"the admin adds keys: integra keys add-recipient --agency {row.slug}",
        )
    soon = [one for one in manifest.recipients if one.live(today) and not one.live(today + SOON)]
    gone = len(manifest.recipients) - len(manifest.live(today))
    told = f"{row.slug}'s desk: {len(manifest.live(today))} keys in force"
    if soon or gone:
        return note(
            f"{told}, {len(soon)} of them end within {SOON.days} days, {gone} have ended",
            f"see: integra keys list --agency {row.slug}; then integra keys rotate",
        )
    return fine(told)


def secrets(patient: Patient) -> Iterator[Finding]:
    """Files named with --token-file and --secret-file."""
    for path in patient.secrets:
        try:
            secret_text(path)
        except (BadInstallation, SealError) as refused:
            yield trouble(str(refused), "mend the file; the assistant does not start with it")
        else:
            yield fine(f"{path.name} is its owner's alone")
