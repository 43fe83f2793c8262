"""What a change of the content does to questions: which lead somewhere else than before.

before ─┐
        ├─ the same questions to both ─▶ moved · appears · vanishes
after  ─┘
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from guidance.asking import Asking
from guidance.model import Content
from guidance.outcome import Outcome

Change = Literal["moves", "appears", "vanishes"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question leads.

    Attributes:
        decision: as in ``guidance.outcome.Outcome``.
        ids: one id for an answer, a decline or the step that is for danger; those offered, alphabetically; or none.
    """

    decision: str
    ids: tuple[str, ...] = ()

    @property
    def nowhere(self) -> bool:
        return self.decision == "refuse"


@dataclass(frozen=True, slots=True)
class Moved:
    """A question that leads somewhere else. ``appears``: it led nowhere before; ``vanishes``: it does so now."""

    question: str
    before: Place
    after: Place

    @property
    def change(self) -> Change:
        if self.before.nowhere:
            return "appears"
        return "vanishes" if self.after.nowhere else "moves"

    @property
    def danger(self) -> bool:
        """Danger was heard in it before or is heard now, and the other is not so: look at these first."""
        return (self.before.decision == "danger") != (self.after.decision == "danger")


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    Attributes:
        asked: how many different questions were asked.
        moved: in the order asked, those about danger first.
        new: ids of steps, answers and declines that were not there before.
        gone: ids that were there. They may still stand on people's screens and in notes.
        same_version: steps read otherwise, and the guide's version was not raised: walks under way would not tell.
    """

    asked: int
    moved: tuple[Moved, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    same_version: tuple[str, ...]


def compare(before: Content, after: Content, further: Iterable[str] = ()) -> Comparison:
    """Ask both all phrasings of both, and further questions. Takes some milliseconds a question."""
    questions = tuple(dict.fromkeys((*phrasings(before), *phrasings(after), *further)))
    was, is_ = Asking(before), Asking(after)
    moved = [
        Moved(question, one, other)
        for question in questions
        if (one := _place(was.decide(question))) != (other := _place(is_.decide(question)))
    ]
    had, have = _ids(before), _ids(after)
    reworded = tuple(id for id, step in after.steps.items() if id in before.steps and before.steps[id] != step)
    return Comparison(
        asked=len(questions),
        moved=tuple(sorted(moved, key=lambda one: not one.danger)),
        new=tuple(id for id in have if id not in had),
        gone=tuple(id for id in had if id not in have),
        same_version=reworded if after.guide.version <= before.guide.version else (),
    )


def phrasings(content: Content) -> Iterator[str]:
    """Everything that answers and declines say they are asked as."""
    for answer in content.answers.values():
        yield from answer.asked_as
    for decline in content.declines.values():
        yield from decline.asked_as


def read_questions(text: str) -> tuple[str, ...]:
    """The questions of a question set: each text in a list; of a list in a list the first text, as the rest are ids.

    Raises:
        ValueError: it is no TOML.
    """
    return tuple(_questions(tomllib.loads(text)))


def in_words(place: Place, content: Content) -> str:
    """Where a question leads, for a writer: ``the answer "Sharing without consent" (share-without-consent)``."""
    named = ", ".join(f'"{_title(id, content)}" ({id})' for id in place.ids)
    match place.decision:
        case "danger":
            return f"danger: step {named}" if named else "danger"
        case "decline":
            return f"the decline {named}"
        case "offer":
            return f"an offer of {named}"
        case "refuse":
            return "nothing"
        case _:
            return f"the answer {named}" if set(place.ids) & set(content.answers) else f"the step {named}"


def _questions(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for part in value.values():
                yield from _questions(part)
        case list():
            for one in value:
                if isinstance(one, str):
                    yield one
                elif isinstance(one, list):
                    yield from (first for first in one[:1] if isinstance(first, str))
                else:
                    yield from _questions(one)


def _place(outcome: Outcome) -> Place:
    match outcome.decision:
        case "danger":
            return Place("danger", (outcome.step,) if outcome.step else ())
        case "offer":
            return Place("offer", tuple(sorted(hit.id for hit in outcome.hits)))
        case "refuse":
            return Place("refuse")
        case decision:
            return Place(decision, (outcome.hits[0].id,))


def _ids(content: Content) -> tuple[str, ...]:
    return (*content.steps, *content.answers, *content.declines)


def _title(id: str, content: Content) -> str:
    titles = {one.id: one.title for one in content.answers.values()}
    titles |= {one.id: one.title for one in content.declines.values()}
    titles |= {one.id: one.title for one in content.steps.values()}
    return titles.get(id, id)
