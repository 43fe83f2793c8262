"""What a command may fail with, and how it is said: what is wrong and what to do next, without any content."""

from bot.channels.base import Stop
from bot.commands.common import Refusal
from bot.settings import SettingsError
from guidance.library import ContentError
from storage.errors import StorageError
from storage.sealing.errors import SealError

FAILURES = (Refusal, StorageError, SealError, SettingsError, ContentError, Stop)


def said(failed: BaseException) -> str:
    """One sentence for the terminal."""
    if isinstance(failed, ContentError):
        return "The content has mistakes and is not used; see: integra check"
    return f"integra: {failed}"
