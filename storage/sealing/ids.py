"""Ids that nobody can guess or count."""

import os
from typing import Final

NOTE_ID_BYTES: Final = 16


def new_note_id() -> bytes:
    """16 bytes from the operating system's random source."""
    return os.urandom(NOTE_ID_BYTES)
