"""The shipped content, or an operator's own edition in its place, read once at start.

``from_files`` is the pure half: file path to text, to content or problems. ``load`` puts the packaged files
in front of it and is the only place of the core that reads anything.

    ContentError           tell the writer: nothing is shown until it is mended
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from guidance import reader
from guidance.checker import broken_references
from guidance.danger_features import WordGroups
from guidance.danger_learning import Example
from guidance.danger_learnt import Bounds, Learnt, digest
from guidance.danger_reader import read_danger_examples, read_danger_groups, read_danger_weights
from guidance.handoff_reader import FOLDER, read_handoff
from guidance.model import Content, Problem
from guidance.timeline_reader import read_timeline

LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")

GROUPS, WEIGHTS, EXAMPLES = "danger_groups.toml", "danger_weights.toml", "danger_examples"
"""What danger is learnt from and with, below a language's folder; a language may do without."""


class ContentError(Exception):
    """Content that must not reach people. ``problems`` holds all errors, and no warnings."""

    code = "guidance.content"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.file}: {one.item}: {one.remedy}" for one in self.problems))


def languages(root: Traversable | None = None) -> tuple[str, ...]:
    """The languages there is guidance in, alphabetically: folders that hold a ``guide.toml``.

    Args:
        root: a folder in place of the packaged ``content``; here and in the functions below.
    """
    folders = (folder for folder in (root or _content()).iterdir() if LANGUAGE.fullmatch(folder.name))
    return tuple(sorted(folder.name for folder in folders if (folder / "guide.toml").is_file()))


def load(lang: str = "en", root: Traversable | None = None) -> Content:
    """All guidance of one language. Takes a fraction of a second; call once and keep it.

    Raises:
        ContentError: something must not reach people. Warnings alone do not raise.
    """
    files, unreadable = packaged(lang, root)
    content, problems = from_files(files, lang)
    if content is None or unreadable:
        raise ContentError(one for one in (*unreadable, *problems) if one.severity == "error")
    return content


@contextmanager
def place(root: Traversable | None = None) -> Iterator[Path]:
    """The content as a folder on the disk, for as long as the block lasts; a packed program unpacks it for that."""
    with resources.as_file(root or _content()) as folder:
        yield folder


def packaged(lang: str = "en", root: Traversable | None = None) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """The registers and one language's files, path below ``content`` to text; and what is no text."""
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path, file in _files(lang, root or _content()):
        try:
            # Some editors put a mark at the start of a file that TOML does not know.
            texts[path] = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            problems.append(Problem(path, "", "is not UTF-8 text: save it again as UTF-8"))
    return MappingProxyType(texts), tuple(problems)


def from_files(files: Mapping[str, str], lang: str = "en") -> tuple[Content | None, tuple[Problem, ...]]:
    """Content of one language from file texts; the pure half of ``load``.

    Args:
        files: path below ``content``, for example ``facts.toml`` or ``en/steps/S01.toml``, to text. Other
            languages' files are passed over.
        lang: a language tag that is also the folder's name, for example ``en`` or ``pt-BR``.

    Returns:
        The content, or None when at least one problem is an error; and all problems, warnings too.
    """
    common = reader.SITE_FOLDER
    own = {path: files[path] for path in sorted(files) if path.startswith((f"{lang}/", common)) or "/" not in path}
    problems: list[Problem] = []
    if LANGUAGE.fullmatch(lang) is None:
        return None, (Problem(lang[:20], "", 'is not a language folder: call it like "en" or "pt-BR"'),)
    for needed in ("sources.toml", "facts.toml", *(f"{lang}/{name}.toml" for name in reader.SINGLE_FILES)):
        if needed not in own:
            problems.append(Problem(needed, "", "is missing: this file must be there"))
            own[needed] = ""

    def one(path: str, read: "_Reads[_Value]") -> _Value:
        value, found = read(own.pop(path), path)
        # An empty stand-in for a missing file has one thing to mend, not five.
        if path in files:
            problems.extend(found)
        return value

    def folder(name: str, ending: str) -> list[str]:
        return [path for path in own if re.fullmatch(rf"{lang}/{name}/[^/]+\.{ending}", path)]

    def countries() -> list[str]:
        return [path for path in own if re.fullmatch(rf"{common}[a-z]{{2}}\.toml", path)]

    sources = one("sources.toml", reader.read_sources)
    facts = one("facts.toml", reader.read_facts)
    guide = one(f"{lang}/guide.toml", reader.read_guide)
    declines = one(f"{lang}/declines.toml", reader.read_declines)
    danger = one(f"{lang}/danger.toml", reader.read_danger)
    share_file = f"{lang}/share.toml"
    share = one(share_file, reader.read_share) if share_file in own else None
    timeline_file = f"{lang}/timeline.toml"
    timeline = one(timeline_file, read_timeline) if timeline_file in own else None
    aims = one("aims.toml", reader.read_aims) if "aims.toml" in own else ()
    sites = {site.country: site for path in countries() if (site := one(path, reader.read_site))}
    steps = [(path, step) for path in folder("steps", "toml") if (step := one(path, reader.read_step))]
    answers = [(path, answer) for path in folder("answers", "toml") for answer in one(path, reader.read_answers)]
    handoffs = [(path, form) for path in folder(FOLDER, "toml") if (form := one(path, read_handoff))]
    learnt = _learnt(lang, own, problems)
    phrases, found = reader.read_phrases(lang, {path: own.pop(path) for path in folder("phrases", "ftl")})
    problems.extend(found)
    for path in own:
        problems.append(Problem(path, "", "is read by nobody: is it in the right folder?", "warning"))

    by_id = _ById(problems)
    if guide is not None:
        content = Content(
            language=lang,
            guide=guide,
            steps=by_id("step", steps),
            answers=by_id("answer", answers),
            declines=by_id("answer", [(f"{lang}/declines.toml", decline) for decline in declines]),
            danger=danger,
            facts=by_id("fact", [("facts.toml", fact) for fact in facts]),
            sources=by_id("source", [("sources.toml", source) for source in sources]),
            phrases=phrases or reader.NO_PHRASES,
            share=share,
            timeline=timeline,
            sites=MappingProxyType(sites),
            handoffs=by_id("hand-off", handoffs),
            aims=by_id("aim", [("aims.toml", aim) for aim in aims]),
            danger_learnt=learnt,
        )
        problems.extend(broken_references(content))
        if not any(problem.severity == "error" for problem in problems):
            return content, tuple(problems)
    return None, tuple(problems)


@dataclass(frozen=True, slots=True)
class DangerExamples:
    """What there is to learn danger from.

    Attributes:
        sets: a file's name without its ending, mostly one author's, to its messages.
        digest: of the texts all this was read from.
    """

    sets: Mapping[str, tuple[Example, ...]]
    groups: WordGroups
    bounds: Bounds
    digest: str


def danger_examples(files: Mapping[str, str], lang: str = "en") -> tuple[DangerExamples | None, tuple[Problem, ...]]:
    """Examples of danger and harmless messages, from file texts as in ``from_files``.

    They are read for checking and learning only: people who ask wait for nothing but the weights.

    Returns:
        The examples, or None where a language has none or an error is among the problems.
    """
    groups_file = f"{lang}/{GROUPS}"
    texts = _example_texts(files, lang)
    if not texts:
        return None, ()
    groups, found = read_danger_groups(files.get(groups_file, ""), groups_file, lang)
    problems = [*found] if groups_file in files else [Problem(groups_file, "", "is missing: the examples need it")]
    sets: dict[str, tuple[Example, ...]] = {}
    first: dict[str, str] = {}
    for path, text in sorted(texts.items()):
        examples, found = read_danger_examples(text, path)
        problems += found
        for one in examples:
            if first.setdefault(one.text, path) != path:
                problems.append(Problem(path, one.text[:40], f"stands in {first[one.text]} too: take one out"))
        sets[path.rsplit("/", 1)[-1].removesuffix(".toml")] = examples
    every = [one for examples in sets.values() for one in examples]
    if not problems and {one.kind is None for one in every} != {True, False}:
        problems.append(Problem(f"{lang}/{EXAMPLES}", "", "needs messages that are danger and messages that are not"))
    if groups is None or any(problem.severity == "error" for problem in problems):
        return None, tuple(problems)
    of = digest(files[groups_file], texts)
    return DangerExamples(MappingProxyType(sets), *groups, of), tuple(problems)


def _example_texts(files: Mapping[str, str], lang: str) -> Mapping[str, str]:
    return {path: text for path, text in files.items() if re.fullmatch(rf"{lang}/{EXAMPLES}/[^/]+\.toml", path)}


def _learnt(lang: str, own: dict[str, str], problems: list[Problem]) -> Learnt | None:
    """What was learnt for a language, with everything about it taken out of ``own``; None where there is nothing."""
    groups_file, weights_file = f"{lang}/{GROUPS}", f"{lang}/{WEIGHTS}"
    examples = _example_texts(own, lang)
    for path in examples:
        del own[path]
    groups_text, weights_text = own.pop(groups_file, None), own.pop(weights_file, None)
    if weights_text is None:
        if groups_text is not None or examples:
            remedy = "is missing: run integra content learn-danger, or danger is heard by its phrases alone"
            problems.append(Problem(weights_file, "", remedy, "warning"))
        return None
    if groups_text is None:
        problems.append(Problem(groups_file, "", "is missing: the weights are of no use without it"))
        return None
    groups, found = read_danger_groups(groups_text, groups_file, lang)
    weights, more = read_danger_weights(weights_text, weights_file)
    problems += [*found, *more]
    if groups is None or weights is None:
        return None
    if weights.digest != digest(groups_text, examples):
        remedy = "was learnt from other examples or groups than these: run integra content learn-danger"
        problems.append(Problem(weights_file, "digest", remedy, "warning"))
    return Learnt(*groups, weights, lang)


_Value = TypeVar("_Value")
_ValueOut = TypeVar("_ValueOut", covariant=True)


class _Reads(Protocol[_ValueOut]):
    def __call__(self, text: str, file: str, /) -> tuple[_ValueOut, tuple[Problem, ...]]: ...


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_HasId)


class _ById:
    """Mappings by id; of two with the same id the first stays."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._first: dict[tuple[str, str], str] = {}

    def __call__(self, space: str, items: Iterable[tuple[str, _Item]]) -> Mapping[str, _Item]:
        """``space`` is where ids must differ: answers and declines share one, as they share buttons."""
        kept: dict[str, _Item] = {}
        for file, item in items:
            if (space, item.id) in self._first:
                first = self._first[space, item.id]
                remedy = f"this id is already in {first}: give one of the two another"
                self._problems.append(Problem(file, item.id, remedy))
            elif item.id:
                self._first[space, item.id] = file
                kept[item.id] = item
        return MappingProxyType(kept)


def _content() -> Traversable:
    return resources.files("guidance") / "content"


def _files(lang: str, content: Traversable) -> Iterator[tuple[str, Traversable]]:
    yield from _inside(content, "", deep=False)
    if (content / "site").is_dir():
        yield from _inside(content / "site", reader.SITE_FOLDER, deep=False)
    if LANGUAGE.fullmatch(lang) and (content / lang).is_dir():
        yield from _inside(content / lang, f"{lang}/", deep=True)


def _inside(folder: Traversable, path: str, *, deep: bool) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.name.endswith((".toml", ".ftl")) and entry.is_file():
            yield f"{path}{entry.name}", entry
        elif deep and entry.is_dir():
            yield from _inside(entry, f"{path}{entry.name}/", deep=True)
