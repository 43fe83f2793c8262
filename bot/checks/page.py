"""The page in the browser: where it is set up, whether it can be served."""

from collections.abc import Iterator

from bot.checks.base import Finding, Patient, fine, note, trouble
from bot.commands.common import Refusal
from bot.commands.serve import bundle_of, origin_of
from bot.serve.bundle import BundleError
from bot.settings import Settings, SettingsError
from bot.status import Address, StatusError


def page(patient: Patient) -> Iterator[Finding]:
    """Address, built page and, on a server, the role that it works as."""
    try:
        settings = Settings.read(patient.installation.folder)
    except SettingsError as wrong:
        yield trouble(f"the settings cannot be read: {wrong}", "mend them, or settings.toml")
        return
    if not settings.page_url:
        yield fine("no page is set up (page_url)")
        return
    try:
        origin = origin_of("", settings)
        Address.read(settings.page_listen, public=True)
        bundle = bundle_of(settings.page_folder)
    except (Refusal, StatusError, BundleError) as refused:
        yield trouble(str(refused), "mend page_url, page_listen or page_folder in the settings")
        return
    server = patient.installation.whereabouts.server
    if server is not None and not server.server:
        yield trouble(
            "the page is set up, and database.toml has no address for the role server",
            "add one, see docs/operating.md, PostgreSQL; a machine that does not serve the page needs none",
        )
    elif bundle is None:
        yield note(f"{origin} is set up, and the page is not built here", "make page; or name its folder: page_folder")
    else:
        yield fine(f"{origin}, {len(bundle.files)} files, SHA-256 {bundle.sha256[:16]}…")
