"""What an operator's own edition of the content must have so that the assistant can work with it.

Beside all that ``integra check`` finds: what the code asks for by name, as the shipped content has it.
"""

from collections.abc import Iterator

from guidance.checker import RULES, missing_phrase_keys
from guidance.model import Content, Problem


def must_be_mended(content: Content, shipped: Content) -> tuple[Problem, ...]:
    """Everything of severity ``error``; an edition with none may be shown to people.

    Args:
        shipped: content that the code is known to work with, in any language.
    """
    found = [problem for rule in RULES.values() for problem in rule(content)]
    if content.language != shipped.language:
        found += missing_phrase_keys(content, [shipped])
    else:
        found += _missing_keys(content, shipped)
    found += [*_unknown_arguments(content, shipped), *_missing_shortcuts(content, shipped)]
    return tuple(problem for problem in found if problem.severity == "error")


def _missing_keys(content: Content, shipped: Content) -> Iterator[Problem]:
    have = set(content.phrases.keys())
    for key in shipped.phrases.keys():  # noqa: SIM118  (a method of Phrases, which is no mapping)
        if key not in have:
            yield Problem(f"{content.language}/phrases", key, "is missing: the assistant needs this phrase")


def _unknown_arguments(content: Content, shipped: Content) -> Iterator[Problem]:
    known = set(shipped.phrases.keys())
    for key in content.phrases.keys():  # noqa: SIM118  (a method of Phrases, which is no mapping)
        if key not in known:
            continue
        for name in sorted(content.phrases.arguments(key) - shipped.phrases.arguments(key)):
            remedy = f"uses {{ ${name} }}, which is not given for this phrase: take it out"
            yield Problem(f"{content.language}/phrases", key, remedy)


def _missing_shortcuts(content: Content, shipped: Content) -> Iterator[Problem]:
    for name in shipped.guide.shortcuts:
        if name not in content.guide.shortcuts:
            remedy = "is missing: name the step that it enters"
            yield Problem(f"{content.language}/guide.toml", f"shortcuts / {name}", remedy)
