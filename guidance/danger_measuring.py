"""How well danger is heard in the words of strangers: a set of examples asked with what all other sets teach.

To ask what was also learnt from says little: a message once read is known by heart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from guidance.danger import DangerFinder
from guidance.danger_learning import Example, learn
from guidance.danger_learnt import Learnt
from guidance.library import DangerExamples
from guidance.model import DangerPhrases


@dataclass(frozen=True)
class Found:
    """How many messages of a kind were taken for danger.

    Attributes:
        file: the set that was left out and asked.
        kind: of the danger, or ``harmless``.
        messages: how many there are.
        phrases: taken by the phrases alone.
        learnt: taken by what was learnt alone.
        both: taken by both together, as people meet it.
    """

    file: str
    kind: str
    messages: int
    phrases: int
    learnt: int
    both: int


def of_strangers(
    name: str, examples: DangerExamples, phrases: Sequence[DangerPhrases], language: str
) -> tuple[Found, ...]:
    """The set called ``name``, asked with what the others teach; one entry a kind, in the set's order.

    Takes as long as learning does.
    """
    others = [one for other in sorted(examples.sets) if other != name for one in examples.sets[other]]
    learnt = Learnt(examples.groups, examples.bounds, learn(others, examples.groups, language, ""), language)
    finders = (
        DangerFinder(phrases, language),
        DangerFinder((), language, learnt),
        DangerFinder(phrases, language, learnt),
    )
    kinds: dict[str, list[Example]] = {}
    for one in examples.sets[name]:
        kinds.setdefault(one.kind or "harmless", []).append(one)
    return tuple(
        Found(name, kind, len(ones), *(sum(finder.danger(one.text) is not None for one in ones) for finder in finders))
        for kind, ones in kinds.items()
    )
