"""Which program this is."""

import tomllib
from importlib import resources
from importlib.metadata import version

DISTRIBUTION = "integra-assistant"


def program() -> str:
    """Its version as it was installed, such as 1.2.3."""
    return version(DISTRIBUTION)


def content() -> str:
    """The shipped guide, in one line; an operator's own edition says nothing of itself here."""
    # The head of one file: to read all content, and what reads it, takes a second.
    head = tomllib.loads((resources.files("guidance") / "content" / "en" / "guide.toml").read_text("utf-8"))
    return f"shipped guide: version {head['version']}, reviewed {head['reviewed']}"
