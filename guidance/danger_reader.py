"""Files that danger is learnt from and with: from their texts to values, or to what a writer must mend."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from guidance.danger_features import WordGroups
from guidance.danger_learning import UNSORTED, Example
from guidance.danger_learnt import SCALE, Bounds, Weights
from guidance.fields import ID_LIMIT, Fields, no_doubles, opened
from guidance.model import DANGER_KINDS, Problem
from guidance.normal import words
from guidance.reader import SNAKE_ID, STEP_ID

EXAMPLE_LIMIT = 400
GROUP_LIMIT = 20_000
WEIGHTS_LIMIT = 2_000_000
WEIGHT_LIMIT = 9_999
WEIGHT = re.compile(r"-?[0-9]{1,4}")


def read_danger_groups(text: str, file: str, lang: str) -> tuple[tuple[WordGroups, Bounds] | None, tuple[Problem, ...]]:
    """``<language>/danger_groups.toml``: what stands for one another when danger is learnt, and how sure is sure."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    clear, unsure, unheard = (
        (top.whole(name, -WEIGHT_LIMIT, WEIGHT_LIMIT) or 0) / SCALE for name in ("clear", "unsure", "unheard")
    )
    if not unheard <= unsure <= clear:
        top.wrong("unsure", "must lie between unheard and clear")
    bounds = Bounds(clear, unsure, unheard, top.id("unsure_step", STEP_ID, "S02"))
    only, never, groups = top.table("only"), top.table("never"), top.table("groups")
    of: dict[str, list[str]] = {}
    listed: set[str] = set()
    for table in (only, never, groups):
        for name in table.names():
            if SNAKE_ID.fullmatch(name) is None:
                table.wrong(name[:ID_LIMIT], 'is not a good name: write it like "weapon"')
            for word in table.text(name, GROUP_LIMIT, lines=True).split():
                if words(word, lang) != [word]:
                    table.wrong(name[:ID_LIMIT], f'holds "{word[:ID_LIMIT]}": write a single word in small letters')
                elif table is not groups and word in listed:
                    table.wrong(
                        name[:ID_LIMIT], f'holds "{word[:ID_LIMIT]}", which stands in [only] or [never] already'
                    )
                elif table is never:
                    listed.add(word)
                else:
                    of.setdefault(word, []).append(name)
                    listed |= {word} if table is only else set()
    for table in (only, never, groups, top):
        table.done()
    hidden = frozenset(word for word in listed if word not in of)
    seen = MappingProxyType({word: tuple(dict.fromkeys(names)) for word, names in of.items()})
    return (WordGroups(seen, frozenset(listed) - hidden, hidden), bounds), tuple(problems)


def read_danger_weights(text: str, file: str) -> tuple[Weights | None, tuple[Problem, ...]]:
    """``<language>/danger_weights.toml``: what ``integra content learn-danger`` made of the examples."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    kinds = top.table("kinds")
    weights = Weights(
        danger=_weights(top, "danger"),
        kinds=MappingProxyType({kind: _weights(kinds, kind) for kind in DANGER_KINDS if kind in kinds.names()}),
        digest=top.text("digest", ID_LIMIT),
    )
    kinds.done()
    top.done()
    return weights, tuple(problems)


def _weights(table: Fields, field: str) -> Mapping[str, int]:
    """Lines of a feature, a blank and whole hundredths."""
    found: dict[str, int] = {}
    whole: dict[str, int] = {}  # thirty thousand weights, and five hundred different ones
    for number, line in enumerate(table.text(field, WEIGHTS_LIMIT, lines=True).split("\n"), 1):
        name, _, value = line.rpartition(" ")
        if not name or (value not in whole and WEIGHT.fullmatch(value) is None):
            table.wrong(field, f"cannot be read at line {number}: run integra content learn-danger")
            return MappingProxyType({})
        found[name] = whole.setdefault(value, int(value))
    return MappingProxyType(found)


def read_danger_examples(text: str, file: str) -> tuple[tuple[Example, ...], tuple[Problem, ...]]:
    """``<language>/danger_examples/*.toml``: messages that are danger, by kind, and messages that are not."""
    problems: list[Problem] = []
    found: list[Example] = []
    if (top := opened(text, file, problems)) is not None:
        counts = top.whole("harmless_counts", 1, 10, needed=False) or 1
        found += [Example(one, None, counts) for one in top.texts("harmless", EXAMPLE_LIMIT)]
        if "danger" in top.names():
            danger = top.table("danger")
            for kind in (*DANGER_KINDS, UNSORTED):
                found += [Example(one, kind) for one in danger.texts(kind, EXAMPLE_LIMIT)]
            danger.done()
        top.done()
        no_doubles(top, [one.text for one in found], "message")
    return tuple(found), tuple(problems)
