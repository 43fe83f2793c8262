"""The content that is in use: the shipped one, or the folder that the operator set in its place."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from bot.finding import AS_SHIPPED, Finding
from dialogues.model import Voice
from guidance import library
from guidance.edition import must_be_mended
from guidance.library import ContentError
from guidance.model import Content, Problem


def shipped_voices(finding: Finding = AS_SHIPPED) -> Mapping[str, Voice]:
    """Every language that is shipped.

    Raises:
        ContentError: content that must not reach people.
    """
    return MappingProxyType({code: finding.voice(library.load(code)) for code in library.languages()})


def checked_voices(root: Path | None = None, finding: Finding = AS_SHIPPED) -> Mapping[str, Voice]:
    """Every language of an edition, read anew and checked as `integra check` does. Takes some seconds.

    Args:
        root: a folder in place of the shipped content; None: the shipped content as it is on the disk now.

    Raises:
        ContentError: with everything that must be mended, of all languages.
    """
    shipped = _as_at_start()
    problems: list[Problem] = []
    found: dict[str, Content] = {}
    codes = library.languages(root)
    if not codes:
        problems.append(Problem("", "", "holds no language: name a folder with en/guide.toml in it"))
    for code in codes:
        try:
            found[code] = library.load(code, root)
            problems += must_be_mended(found[code], shipped)
        except ContentError as refused:
            problems += refused.problems
    if problems:
        raise ContentError(dict.fromkeys(problems))
    return MappingProxyType({code: finding.voice(content) for code, content in found.items()})


@cache
def _as_at_start() -> Content:
    """What this program was written with; files that are changed while it runs do not change it."""
    return library.load(library.languages()[0])
