"""What a command may fail with, and how it is said: what is wrong and what to do next, without any content."""

from bot.channels.base import Stop
from bot.commands.common import Refusal
from bot.serve.bundle import BundleError
from bot.settings import SettingsError
from bot.site import SiteError
from bot.status import StatusError
from guidance.library import ContentError
from storage.errors import StorageError
from storage.sealing.errors import SealError

FAILURES = (
    Refusal,
    StorageError,
    SealError,
    SettingsError,
    SiteError,
    StatusError,
    BundleError,
    ContentError,
    Stop,
    OSError,
)


def said(failed: BaseException) -> str:
    """One sentence for the terminal."""
    if isinstance(failed, ContentError):
        return "The content has mistakes and is not used; see: integra check"
    if isinstance(failed, OSError):
        return f"integra: {failed.filename or 'a file'}: {failed.strerror or 'cannot be read or written'}"
    if isinstance(failed, SiteError):
        return f"The site file has mistakes; mend them all, then start again:\n{failed}"
    return f"integra: {failed}"
