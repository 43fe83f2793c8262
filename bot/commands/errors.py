"""What a command may fail with, and how it is said: what is wrong and what to do next, without any content."""

import sys
from collections.abc import Mapping
from typing import Final

from bot.commands.common import Refusal

FAILURES: Final[Mapping[str, str]] = {
    "storage.errors": "StorageError",
    "storage.sealing.errors": "SealError",
    "bot.settings": "SettingsError",
    "bot.site": "SiteError",
    "bot.status": "StatusError",
    "bot.serve.bundle": "BundleError",
    "guidance.library": "ContentError",
    "bot.channels.base": "Stop",
}
"""Module to what it raises. Only what a command has loaded can have failed, so that nothing is loaded to look."""


def failures() -> tuple[type[BaseException], ...]:
    """Of the modules that are loaded now."""
    loaded = (getattr(sys.modules[module], name) for module, name in FAILURES.items() if module in sys.modules)
    return (Refusal, OSError, *loaded)


def said(failed: BaseException) -> str:
    """One sentence for the terminal."""
    if isinstance(failed, OSError):
        return f"integra: {failed.filename or 'a file'}: {failed.strerror or 'cannot be read or written'}"
    match type(failed).__name__:
        case "ContentError":
            return "The content has mistakes and is not used; see: integra check"
        case "SiteError":
            return f"The site file has mistakes; mend them all, then start again:\n{failed}"
    return f"integra: {failed}"
