"""The operator's own file, ``site.toml`` in the data folder: local numbers, names, timings and alarm lines."""

from collections.abc import Collection, Iterable
from pathlib import Path

from guidance.checker import check_own_site
from guidance.model import Content, Problem
from guidance.reader import read_own_site
from guidance.site import OwnSite, Sites


class SiteError(Exception):
    """The file must be mended before the assistant starts. ``problems`` holds all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{one.file}: {one.item}: {one.remedy}" for one in self.problems))


def checked(path: Path, content: Content) -> tuple[OwnSite | None, tuple[Problem, ...]]:
    """Read one such file against the guidance.

    Returns:
        What it says, or None while there is a problem; and all problems.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, (Problem(path.name, "", "is not UTF-8 text: save it again as UTF-8"),)
    except OSError:
        return None, (Problem(path.name, "", "cannot be read: is it a file that is there and may be read?"),)
    own, problems = read_own_site(text, path.name)
    if own is not None:
        problems += check_own_site(own, content, path.name)
    return (None if problems else own), problems


def sites(path: Path, content: Content, slugs: Collection[str] | None = None) -> Sites:
    """Country defaults and the operator's own file, where there is one.

    Args:
        slugs: agencies there are; a part for another one is a mistake that would hide its alarm line.

    Raises:
        SiteError: the file has problems.
    """
    if not path.exists():
        return Sites(content.sites)
    own, problems = checked(path, content)
    if own is not None and slugs is not None:
        remedy = "there is no such agency: correct it, or add the agency first"
        problems = tuple(Problem(path.name, f"agency / {slug}", remedy) for slug in own.agencies if slug not in slugs)
    if own is None or problems:
        raise SiteError(problems)
    return Sites(content.sites, own)
