"""What is found for a question, and what to do with it."""

from dataclasses import dataclass, field
from typing import Literal

from guidance.small_talk import Kind


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that fits a question.

    Attributes:
        id: of an answer, a decline or a step (``S05``), as ``source`` says.
        score: 0 to 1, closeness; not a probability.
        facts: what it rests on.
        steps: guide steps it belongs to; for a step, itself.
    """

    id: str
    title: str
    score: float
    facts: tuple[str, ...]
    steps: tuple[str, ...]
    source: Literal["answer", "decline", "step"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do.

    Attributes:
        decision: ``danger``: go to ``step`` at once. ``decline``: say the first hit's reason and what to do instead.
            ``answer``: show the first hit. ``offer``: show the hits as a choice. ``refuse``: say that nothing fits.
        confidence: 0 to 1, how likely the first hit is what was meant.
        hits: at most three, best first. Declines are never offered: one is first with ``decline``, or not among them.
        kind: with ``danger`` the kind of danger; with ``refuse`` what small talk it is, if any; with ``offer``
            ``again`` where more is asked about what was shown last: the hits are beside it and may be none. Else None.
        step: with ``danger`` the step to walk, else None.
        asked: the question as typed where it is one of several that nothing was found for; else empty.
    """

    decision: Literal["answer", "offer", "refuse", "decline", "danger"]
    confidence: float
    hits: tuple[Found, ...] = ()
    kind: str | None = None
    step: str | None = None
    asked: str = field(default="", repr=False)

    @property
    def settled(self) -> bool:
        """There is one thing to say, and no need for another reading."""
        return self.decision in ("answer", "decline", "danger")


def small_talk(kind: Kind) -> Outcome:
    return Outcome("refuse", 0.0, kind=kind)


def surer(first: Outcome, *others: Outcome) -> Outcome:
    """The most confident of several readings that found anything; the first of equals."""
    return max((first, *others), key=lambda one: (one.decision != "refuse", one.confidence))


def merged(*outcomes: Outcome, at_most: int, without: str = "") -> tuple[Found, ...]:
    """What may be offered of several outcomes: the first hit of each, then the second of each, and so on."""
    deepest = max((len(one.hits) for one in outcomes), default=0)
    turns = (one.hits[at] for at in range(deepest) for one in outcomes if at < len(one.hits))
    distinct = {hit.id: hit for hit in turns if hit.source != "decline" and hit.id != without}
    return tuple(distinct.values())[:at_most]
