"""Finding by meaning: an extra, which may be absent and must not be broken."""

from collections.abc import Iterator

from bot.checks.base import Finding, Patient, fine, note, trouble
from bot.settings import Settings, SettingsError
from guidance.encoder import Unavailable, load


def encoder(patient: Patient) -> Iterator[Finding]:
    """The sentence encoder, where it is installed, can be used."""
    found = load("en")
    if isinstance(found, Unavailable):
        yield trouble(found.reason, found.remedy) if found.broken else note(found.reason, found.remedy)
        return
    try:
        wanted = Settings.read(patient.installation.folder).by_meaning
    except SettingsError:
        wanted = True  # what is wrong with the settings is found elsewhere
    if wanted:
        yield fine(f"the sentence encoder is whole, and answers are found by meaning, too ({found.name})")
    else:
        yield note(
            f"the sentence encoder is whole ({found.name}), and the settings leave it alone",
            "to find answers by meaning, too: by_meaning = true in settings.toml",
        )
