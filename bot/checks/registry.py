"""All checks, in the order they are made. Those that need nothing come first: they look at locks, which must be done
before this process opens the database."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Final

from bot.checks import backups, database, folder, keys, life, meaning, page
from bot.checks.base import Check, Finding, Patient, trouble
from bot.logs import failure
from storage.condition import looking
from storage.errors import BadInstallation, Damaged, StorageError
from storage.sealing.errors import SealError

FIRST: Final = (
    Check("folder.modes", folder.modes),
    Check("folder.opening-keys", folder.opening_keys),
    Check("folder.space", folder.space),
    Check("folder.writable", folder.writable),
    Check("folder.moved", folder.moved),
    Check("database.there", database.there, of_file=True),
    Check("database.free", database.free, of_file=True),
    Check("keys.cryptography", keys.cryptography),
    Check("keys.readable", keys.readable),
    Check("secrets", keys.secrets),
    Check("content", life.content),
    Check("encoder", meaning.encoder),
    Check("page", page.page),
    Check("assistant", life.assistant),
    Check("memory", life.memory),
)
THEN: Final = (
    Check("database.login", database.login, of_server=True, needs="rows"),
    Check("database.version", database.version, needs="look"),
    Check("database.whole", database.whole, of_file=True, needs="look"),
    Check("keys.fitting", keys.fitting, needs="rows"),
    Check("desks", keys.desks, needs="rows"),
    Check("flags", life.warned, needs="rows"),
    Check("messages", life.saying, needs="rows"),
    Check("deadlines", life.deadlines, needs="rows"),
    Check("clock", life.clock, needs="rows"),
    Check("backups", backups.keys_of_months, needs="rows"),
)
CHECKS: Final = (*FIRST, *THEN)


def examined(patient: Patient) -> Iterator[tuple[Check, Finding]]:
    """Every check's findings. None raises: a check that cannot be made is trouble by itself."""
    for check in _fitting(FIRST, patient):
        yield from ((check, one) for one in _findings(check, patient))
    with ExitStack() as stack:
        with suppress(BadInstallation):  # keys.readable has said so
            patient = replace(patient, keyring=patient.installation.keyring())
        refused = ""
        try:
            if not patient.on_file or patient.installation.database.is_file():
                patient = replace(patient, look=stack.enter_context(looking(patient.installation.whereabouts)))
        except StorageError as why:
            refused = str(why)
        for check in _fitting(THEN, patient):
            if check.of_server and patient.look is None:
                yield check, trouble(refused or "it cannot be looked at", "see docs/operating.md, PostgreSQL")
            elif check.needs and patient.look is None:
                yield check, Finding("skipped", refused or "the database is not there")
            elif check.needs == "rows" and patient.keyring is None:
                yield check, Finding("skipped", "the keys cannot be read")
            else:
                yield from ((check, one) for one in _findings(check, patient))


def _fitting(checks: tuple[Check, ...], patient: Patient) -> list[Check]:
    return [
        check
        for check in checks
        if (patient.on_file or not check.of_file) and not (check.of_server and patient.on_file)
    ]


def _findings(check: Check, patient: Patient) -> list[Finding]:
    found = []
    try:
        for one in check.look(patient):
            found.append(one)
    except (StorageError, SealError) as refused:
        remedy = database.RESTORE if isinstance(refused, Damaged) else "see the other checks"
        found.append(trouble(f"this could not be looked at: {refused}", remedy))
    except Exception as odd:  # a damaged database raises anything
        fields = failure(odd)
        found.append(
            trouble(
                f"this could not be looked at: {fields['error']} at {fields['where']}",
                "look at the other checks first; if they are fine, report this line",
            )
        )
    return found
